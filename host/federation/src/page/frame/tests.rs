//! The policy lets in what is there; and everybody can read it, in both themes.

use super::*;
use std::collections::HashMap;

/// What stands between the first `open` and the `close` after it.
fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let from = text.find(open).unwrap() + open.len();
    &text[from..from + text[from..].find(close).unwrap()]
}

#[test]
fn a_browser_finds_the_digests_that_it_was_told() {
    let page = document("t", None, &html! { p { "x" } });
    let policy = content_security_policy();
    for (open, close, directive) in
        [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
    {
        let digest = digest(between(&page, open, close));
        assert!(policy.contains(&format!("{directive} '{digest}'; ")), "{directive}: {digest} in {policy}");
        assert_eq!(page.matches(open).count(), 1, "{open}");
    }
    // The SHA-256 of nothing (FIPS 180-4's test vectors).
    assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

#[test]
fn nothing_is_let_in_that_is_not_named() {
    let rest: Vec<&str> =
        content_security_policy().split("; ").filter(|directive| !directive.contains("sha256-")).collect();
    assert_eq!(
        rest,
        [
            "default-src 'none'",
            "img-src data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'"
        ]
    );
    for (file, text) in [("page.css", STYLE), ("page.js", SCRIPT)] {
        assert!(!text.contains("</") && !text.contains("//cdn") && !text.contains("url("), "{file}");
        assert!(!text.contains("innerHTML") && !text.contains("eval("), "{file}");
    }
    let page = document("t", None, &html! {});
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}

type Colours = HashMap<String, [f64; 3]>;

/// The variables of a `:root`, each channel 0 to 255.
fn colours(css: &str) -> Colours {
    let channel = |hex: &str, at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
    css.lines()
        .filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"))
        .map(|(name, hex)| (name.to_owned(), [channel(hex, 0), channel(hex, 2), channel(hex, 4)]))
        .collect()
}

/// WCAG 2.2, relative luminance.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let channel = channel / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// WCAG 2.2, contrast ratio.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn everything_can_be_read_in_both_themes() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
    let (light, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let themes = [("light", colours(light)), ("dark", colours(rest.split_once("* {").unwrap().0))];
    assert_eq!(themes[0].1.len(), 12);
    // AA: 4.5 for text (1.4.3), 3 for the edges of what can be operated and for the focus (1.4.11).
    let text = ["text", "muted", "accent", "accent-strong", "good", "bad"];
    for (theme, colours) in &themes {
        let check = |one: &str, other: &str, least: f64| {
            let found = contrast(colours[one], colours[other]);
            assert!(found >= least, "{theme}: {one} on {other} has {found:.2}, not {least}");
        };
        for ground in ["ground", "card"] {
            for text in text {
                check(text, ground, 4.5);
            }
            check("edge", ground, 3.0);
        }
        check("accent", "soft", 4.5);
        check("accent-strong", "soft", 4.5);
        check("on-accent", "accent", 4.5);
        check("on-accent", "accent-strong", 4.5);
    }
    assert_eq!(STYLE.matches('#').count(), 24, "a colour that is no variable is not tested");
}
