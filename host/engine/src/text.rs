//! Text from a guest is untrusted: bounded here, and harmless on a terminal.

/// The most that a reason may have, in bytes.
pub(crate) const REASON: usize = 1024;
/// The most that a rule may have, in bytes.
const RULE: usize = 64;

/// `text` with everything replaced that moves a cursor, hides or reorders text, cut to `limit` bytes.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let c = if is_harmless(c) { c } else { '\u{fffd}' };
        if out.len() + c.len_utf8() > limit {
            let mut cut = limit.saturating_sub('…'.len_utf8());
            while !out.is_char_boundary(cut.min(out.len())) {
                cut -= 1;
            }
            out.truncate(cut);
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

/// The same for an error's text, on one line.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    printable(&text.replace('\n', " "), limit)
}

/// A rule as the contract allows it; anything else becomes `_`.
pub(crate) fn rule(text: &str) -> String {
    text.chars()
        .take(RULE)
        .map(|c| if matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | ':' | '-') { c } else { '_' })
        .collect()
}

fn is_harmless(c: char) -> bool {
    !c.is_control()
        // Unicode's format characters that a terminal or an editor acts upon: zero width, bidi controls,
        // separators of lines and paragraphs, tags, the byte order mark.
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_harmless() {
        let shown = printable("\u{1b}[2Jgone\r\nsecond\u{202e}line\u{7}", 100);
        assert_eq!(shown, "\u{fffd}[2Jgone\u{fffd}\u{fffd}second\u{fffd}line\u{fffd}");
    }

    #[test]
    fn a_cut_falls_between_characters_and_is_seen() {
        for limit in 3..40 {
            let shown = printable(&"äöü€𝄞".repeat(10), limit);
            assert!(shown.len() <= limit, "{limit}: {}", shown.len());
            assert!(shown.ends_with('…'));
        }
        assert_eq!(printable("short", 5), "short");
    }

    #[test]
    fn a_rule_keeps_to_its_alphabet() {
        assert_eq!(rule("host.mount:etc_1"), "host.mount:etc_1");
        assert_eq!(rule("Bad Rule\u{1b}"), "_ad__ule_");
        assert_eq!(rule(&"x".repeat(100)).len(), 64);
    }
}
