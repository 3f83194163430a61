//! What may be a user's or a group's name, and the text of a header.

use http::{HeaderMap, HeaderName};

use crate::AuthError;

/// In bytes. What real directories allow is less: 104 in Active Directory, 255 as the `sub` of a JWT.
pub(super) const MAX_NAME: usize = 256;

/// A user's name as it stands.
pub(super) fn user(text: &str) -> Result<String, AuthError> {
    check(text).map_err(|reason| AuthError::unauthorized(format!("the user's name {reason}")))?;
    Ok(text.to_owned())
}

/// What is wrong with a name; follows the word for it.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    if text.len() > MAX_NAME {
        return Err("is longer than 256 bytes");
    }
    if text.chars().any(char::is_control) {
        return Err("has a control character in it");
    }
    Ok(())
}

/// The text of a header that may stand once. Bytes that are no UTF-8 are refused: read as Latin-1 they would be
/// another user's name.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(AuthError::unauthorized(format!("the header `{name}` stands more than once")));
    }
    std::str::from_utf8(value.as_bytes())
        .map(|text| Some(text.trim_matches([' ', '\t'])))
        .map_err(|_| AuthError::unauthorized(format!("the header `{name}` is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    const NAME: HeaderName = HeaderName::from_static("x-remote-user");

    /// The values of the header, and the name or why there is none.
    type Row<'a> = (&'a [&'a [u8]], Result<&'a str, &'a str>);

    fn named(values: &[&[u8]]) -> Result<String, AuthError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, HeaderValue::from_bytes(value).unwrap());
        }
        user(header(&headers, &NAME)?.unwrap_or_default())
    }

    #[test]
    fn every_odd_name_has_an_answer() {
        let (longest, longer) = ("n".repeat(MAX_NAME), "n".repeat(MAX_NAME + 1));
        let table: &[Row] = &[
            (&[b"alice"], Ok("alice")),
            (&[b" alice\t"], Ok("alice")),
            (&[b"Alice Liddell"], Ok("Alice Liddell")),
            (&[b"DOM\\alice"], Ok("DOM\\alice")),
            (&["b\u{f6}rge".as_bytes()], Ok("b\u{f6}rge")),
            (&["\u{738b}".as_bytes()], Ok("\u{738b}")),
            (&[longest.as_bytes()], Ok(&longest)),
            (&[], Err("empty")),
            (&[b""], Err("empty")),
            (&[b"  "], Err("empty")),
            (&["\u{a0}".as_bytes()], Err("empty")),
            (&[b"alice", b"alice"], Err("more than once")),
            (&[b"b\xf6rge"], Err("not UTF-8")),
            (&[b"a\tb"], Err("control character")),
            (&["a\u{85}b".as_bytes()], Err("control character")),
            (&[longer.as_bytes()], Err("longer than 256")),
        ];
        for (values, expected) in table {
            match (named(values), expected) {
                (Ok(name), Ok(expected)) => assert_eq!(name, *expected),
                (Err(AuthError::Unauthorized { reason, .. }), Err(part)) if reason.contains(part) => {}
                (result, _) => panic!("{values:?} gave {result:?}, not {expected:?}"),
            }
        }
    }

    fn value() -> impl Strategy<Value = HeaderValue> {
        let bytes = proptest::collection::vec(32_u8..=255, 0..300);
        let texts = "[ a-c\u{80}-\u{a0}\u{f6}\u{738b}]{0,140}".prop_map(String::into_bytes);
        prop_oneof![bytes, texts]
            .prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("")))
    }

    proptest! {
        #[test]
        fn a_name_is_what_was_sent_or_nobody(value in value()) {
            let text = std::str::from_utf8(value.as_bytes()).map(|text| text.trim_matches(' ').to_owned());
            let headers = HeaderMap::from_iter([(NAME, value)]);
            let found = header(&headers, &NAME).and_then(|text| user(text.unwrap_or_default()));
            let fine = text.clone().is_ok_and(|text| {
                !text.trim().is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control)
            });
            prop_assert_eq!(found.is_ok(), fine, "{:?}", found);
            if let Ok(name) = found {
                prop_assert_eq!(name, text.unwrap());
            }
        }
    }
}
