//! What an application credential is restricted to (keystonemiddleware `auth_token/__init__.py`,
//! `validate_allowed_request` and `_path_matches`).

use http::Method;

use super::token::ValidatedToken;
use crate::AuthError;

/// Whether the token's access rules, if it has any, let this request through.
///
/// A service that calls on the user's behalf may go on with what the user was allowed to begin. Who does not know
/// which service it is cannot tell whether a rule is about it, and lets nothing through.
pub(super) fn permit(
    known: &ValidatedToken,
    service_type: Option<&str>,
    by_service: bool,
    method: &Method,
    path: &str,
) -> Result<(), AuthError> {
    let Some(rules) = &known.access_rules else { return Ok(()) };
    let Some(service_type) = service_type else {
        return Err(AuthError::unauthorized(
            "the token has access rules, and `service_type` is not set, so they cannot be enforced",
        ));
    };
    if !known.in_catalog {
        return Err(AuthError::unauthorized(format!(
            "the token has access rules, and its catalog has no service of type `{service_type}`"
        )));
    }
    if by_service {
        return Ok(());
    }
    let path = canonical(path);
    let permitted = rules.iter().any(|rule| {
        rule.method == method.as_str() && rule.service == service_type && matches(&path, &rule.path)
    });
    if permitted {
        Ok(())
    } else {
        Err(AuthError::unauthorized("no access rule of the application credential permits this request"))
    }
}

/// The path as WSGI sees it: decoded, slashes in a row made one (paste `urlmap.py`, `normalize_url`), and encoded again
/// in one way (webob `Request.path`).
fn canonical(path: &str) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let sent = path.as_bytes();
    let mut canonical = Vec::with_capacity(sent.len());
    let mut at = 0;
    while let Some(&byte) = sent.get(at) {
        let decoded = (byte == b'%')
            .then(|| sent.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| Some(hex(digits[0])? << 4 | hex(digits[1])?));
        at += if decoded.is_some() { 3 } else { 1 };
        let byte = decoded.unwrap_or(byte);
        if byte == b'/' && canonical.last() == Some(&b'/') {
            continue;
        }
        if byte.is_ascii_alphanumeric() || b"_.-/~!$&'()*+,;=:@".contains(&byte) {
            canonical.push(byte);
        } else {
            canonical.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    canonical
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// `{name}` and `*` stand for one segment or a part of one, `**` for anything, all else for itself.
fn matches(path: &[u8], pattern: &str) -> bool {
    // Which beginnings of the path the pattern, as far as it was read, stands for.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut rest = pattern.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let tag = (first == b'{').then(|| after.iter().position(|&byte| byte == b'}')).flatten();
        if let Some(end) = tag {
            rest = &after[end + 1..];
            spread(&mut reached, path, 1, |byte| byte != b'/');
        } else if first == b'*' && after.first() == Some(&b'*') {
            rest = &after[1..];
            spread(&mut reached, path, 0, |_| true);
        } else if first == b'*' {
            rest = after;
            spread(&mut reached, path, 1, |byte| byte != b'/');
        } else {
            rest = after;
            for at in (0..path.len()).rev() {
                reached[at + 1] = reached[at] && path[at] == first;
            }
            reached[0] = false;
        }
    }
    reached[path.len()]
}

/// From each place reached, over at least `least` bytes that `over` takes.
fn spread(reached: &mut [bool], path: &[u8], least: usize, over: impl Fn(u8) -> bool) {
    let mut going = false;
    for at in 0..reached.len() {
        let passed = at > 0 && going && over(path[at - 1]);
        going = passed || reached[at];
        reached[at] = passed || (least == 0 && reached[at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made with keystonemiddleware 13.0.1's own `_path_matches`.
    const RECORDED: &str = include_str!("access_rules/recorded.tsv");

    #[test]
    fn patterns_match_what_they_match_in_keystonemiddleware() {
        for line in RECORDED.lines() {
            let [pattern, path, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("malformed: {line}")
            };
            assert_eq!(matches(path.as_bytes(), pattern), expected == "1", "{pattern} {path}");
        }
        assert!(RECORDED.lines().count() > 500);
    }

    #[test]
    fn a_literal_is_no_regular_expression() {
        for (pattern, path) in [
            ("/v1.0/x", "/v1a0/x"),
            ("/v1/a|/v1/b", "/v1/a"),
            ("/v1/[ab]", "/v1/a"),
            ("/v1/a?", "/v1/"),
            ("/v1/{a", "/v1/a"),
            ("/v1/a}", "/v1/a"),
        ] {
            assert!(!matches(path.as_bytes(), pattern), "{pattern} {path}");
        }
    }

    #[test]
    fn a_path_is_compared_as_wsgi_sees_it() {
        for (sent, canonical) in [
            ("/v1/secrets/a/acl", "/v1/secrets/a/acl"),
            ("/v1/%73ecrets", "/v1/secrets"),
            ("/v1/a%2facl", "/v1/a/acl"),
            ("/v1/a%20b", "/v1/a%20b"),
            ("//v1//secrets///a/acl//", "/v1/secrets/a/acl/"),
            ("/v1/%2fsecrets/%2F%2facl", "/v1/secrets/acl"),
            ("/v1/a%", "/v1/a%25"),
            ("/v1/%zz%7b", "/v1/%25zz%7B"),
            ("/v1/%c3%A4", "/v1/%C3%A4"),
            ("/v1/ä", "/v1/%C3%A4"),
        ] {
            assert_eq!(String::from_utf8(super::canonical(sent)).unwrap(), canonical, "{sent}");
        }
    }

    proptest! {
        #[test]
        fn a_star_never_reaches_over_a_slash(path in "[a-z/]{0,30}") {
            let path = format!("/v1/{path}");
            let one = path.len() > 4 && !path[4..].contains('/');
            prop_assert_eq!(matches(path.as_bytes(), "/v1/*"), one);
            prop_assert_eq!(matches(path.as_bytes(), "/v1/{id}"), one);
            prop_assert!(matches(path.as_bytes(), "/v1/**"));
        }

        #[test]
        fn a_pattern_without_stars_is_itself(pattern in "/[a-z./]{0,20}", path in "/[a-z./]{0,20}") {
            prop_assert!(matches(pattern.as_bytes(), &pattern));
            prop_assert_eq!(matches(path.as_bytes(), &pattern), path == pattern);
        }

        #[test]
        fn no_pattern_is_too_hard(pattern in "[*{}a/]{0,128}", path in "[a/]{0,400}") {
            matches(path.as_bytes(), &pattern);
        }
    }
}
