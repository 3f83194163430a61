//! What two answers may differ in without being different: ids, addresses, times, and the order of users.

use serde_json::Value;
use std::collections::BTreeMap;

/// A text with `{user:NAME}` for the ids of users, `<uuid>`, `<base>` for the server and `<time>`. JSON is written
/// with its keys and an ACL's users in order.
pub(crate) fn normal(text: &str, users: &BTreeMap<String, String>) -> String {
    let named = users
        .iter()
        .fold(text.to_owned(), |text, (name, id)| text.replace(id.as_str(), &format!("{{user:{name}}}")));
    let text = marked(&named);
    let Ok(mut json) = serde_json::from_str::<Value>(&text) else { return text };
    if let Some(users) = json.pointer_mut("/read/users").and_then(Value::as_array_mut) {
        users.sort_by_key(ToString::to_string);
    }
    json.to_string()
}

/// The same text with marks in the place of what is different each time.
pub(crate) fn marked(text: &str) -> String {
    let (mut rest, mut marked) = (text, String::new());
    while let Some(character) = rest.chars().next() {
        let found = [(uuid as fn(&str) -> _, "<uuid>"), (time, "<time>"), (base, "<base>")];
        let found = found.into_iter().find_map(|(length, mark)| Some((length(rest)?, mark)));
        let (length, mark) = found.unwrap_or((character.len_utf8(), &rest[..character.len_utf8()]));
        marked.push_str(mark);
        rest = &rest[length..];
    }
    marked
}

/// How much of the text fits a pattern: `x` is a hexadecimal digit in lower case, `0` a decimal one, `T` also a blank.
fn fits(text: &str, pattern: &str) -> Option<usize> {
    let bytes = text.as_bytes().get(..pattern.len())?;
    let fit = |(byte, wanted): (&u8, u8)| match wanted {
        b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
        b'0' => byte.is_ascii_digit(),
        b'T' => [b'T', b' '].contains(byte),
        wanted => *byte == wanted,
    };
    bytes.iter().zip(pattern.bytes()).all(fit).then_some(pattern.len())
}

fn uuid(text: &str) -> Option<usize> {
    fits(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn time(text: &str) -> Option<usize> {
    let mut length = fits(text, "0000-00-00T00:00:00")?;
    if text[length..].starts_with('.') {
        length += 1 + digits(&text[length + 1..]);
    }
    Some(length + if text[length..].starts_with("+00:00") { 6 } else { 0 })
}

fn base(text: &str) -> Option<usize> {
    let start =
        ["http://127.0.0.1:", "https://127.0.0.1:"].into_iter().find(|start| text.starts_with(start))?;
    Some(start.len() + digits(&text[start.len()..]))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[test]
fn only_what_is_different_each_time_is_marked() {
    let text = "http://127.0.0.1:9311/v1/secrets/2bab36fb-ab6e-4e44-adf1-1cffd1148606/acl at \
                2026-11-21T19:48:40.262692, ü 2026-11-21 19:40:17+00:00 and 2BAB36FB-AB6E-4E44-ADF1-1CFFD1148606";
    let expected =
        "<base>/v1/secrets/<uuid>/acl at <time>, ü <time> and 2BAB36FB-AB6E-4E44-ADF1-1CFFD1148606";
    assert_eq!(marked(text), expected);
    let users = BTreeMap::from([("bob".to_owned(), "b0b".to_owned())]);
    let json = r#"{"read":{"users":["u2","b0b"],"project-access":true}}"#;
    assert_eq!(normal(json, &users), r#"{"read":{"project-access":true,"users":["u2","{user:bob}"]}}"#);
}
