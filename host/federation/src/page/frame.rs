//! What every page has around it: the document, its style and its script, and the policy that lets a browser take
//! these and nothing else (W3C, Content Security Policy Level 3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// A portcullis. In colours that both themes can bear.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath \
    d='M3 2v11m5-11v11m5-11v11M1 4h14M1 9h14' stroke='%234c86d8' stroke-width='2' fill='none'/%3E%3C/svg%3E";

/// By their digests, the style and the script; of the rest, nothing from anywhere, and forms for us alone.
///
/// Chromium holds `form-action` against every address that the answer to a form redirects to, and AWS's sign-in
/// redirects further, to hosts of its own choice. So a console is not opened by a redirect: see [`super::opening`].
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
});

/// The value of `Content-Security-Policy` for every page.
pub(crate) fn content_security_policy() -> &'static str {
    &POLICY
}

fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// A whole document; `refresh` is an address that the browser goes to by itself.
pub(super) fn document(title: &str, refresh: Option<&str>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(address) = refresh {
                    meta http-equiv="refresh" content={ "0; url=" (address) };
                }
                title { (title) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests;
