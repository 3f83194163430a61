//! Holding an answer against a recorded one: ids, moments and the order of users are not promised.

/// The text with every UUID and every moment replaced, and the users of an ACL sorted.
pub fn normal(text: &str) -> String {
    let text = sort_users(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let (replaced, length) = if is_like(rest, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
            ("<uuid>", 36)
        } else if is_like(rest, "9999-99-99T99:99:99") {
            let fraction = rest[19..].strip_prefix('.').unwrap_or_default();
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            ("<moment>", 19 + if digits > 0 { digits + 1 } else { 0 })
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.push_str(replaced);
        rest = &rest[length..];
    }
    out
}

fn is_like(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, like)| match like {
            b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            b'9' => byte.is_ascii_digit(),
            like => byte == like,
        })
}

fn sort_users(text: &str) -> String {
    let Some(begin) = text.find("\"users\": [") else { return text.to_owned() };
    let begin = begin + "\"users\": ".len();
    let Some(end) = text[begin..].find(']') else { return text.to_owned() };
    let end = begin + end + 1;
    let Ok(mut users) = serde_json::from_str::<Vec<String>>(&text[begin..end]) else {
        return text.to_owned();
    };
    users.sort();
    format!("{}{users:?}{}", &text[..begin], &text[end..])
}

/// The description of a refusal by policy, without what stands behind Barbican's own sentence.
pub fn without_explanation(text: &str) -> String {
    let sentence = "please review your user/project privileges";
    match text.find(sentence) {
        Some(at) if text[at + sentence.len()..].starts_with(": ") => {
            format!("{}\"}}", &text[..at + sentence.len()])
        }
        _ => text.to_owned(),
    }
}
