use super::{is_secret, name, text, uri};
use proptest::prelude::*;

#[test]
fn names_that_promise_a_secret() {
    for secret in [
        "buildargs",
        "token",
        "access_token",
        "accessToken",
        "password",
        "PASSWORD",
        "client_secret",
        "auth",
        "authconfig",
        "X-Registry-Auth",
        "X-Registry-Config",
        "unlockKey",
        "UnlockKey",
        "JoinToken",
        "SigninToken",
        "Session",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "x-api-key",
        "pass%77ord",
        "pass%2577ord",
        "changes",
    ] {
        assert!(is_secret(secret), "{secret}");
    }
    for open in [
        "all",
        "author",
        "fromImage",
        "tag",
        "name",
        "filters",
        "remote",
        "rotateWorkerToken",
        "rotateManagerUnlockKey",
        "passive",
        "sigma",
        "",
    ] {
        assert!(!is_secret(open), "{open}");
    }
}

#[test]
fn uris() {
    for (sent, shown) in [
        ("/v1.41/containers/json?all=1", "/v1.41/containers/json?all=1"),
        ("/_ping", "/_ping"),
        ("/v1.41/containers/a%2Fb/json?x=%7B%7D", "/v1.41/containers/a%2Fb/json?x=%7B%7D"),
        (
            "/build?buildargs=%7B%22A%22%3A%22s3cret%22%7D&t=x&labels=%7B%7D",
            "/build?buildargs=***&t=x&labels=%7B%7D",
        ),
        ("/build?remote=https%3A%2F%2Fu%3Ap%40h%2Fr.git%23main", "/build?remote=https://***@h/r.git%23main"),
        ("/build?remote=https://ghp_token@h/r.git&t=x", "/build?remote=https://***@h/r.git&t=x"),
        ("/build?remote=https%253A%252F%252Fu%253Ap%2540h%252Fr", "/build?remote=https://***@h/r"),
        ("/build?remote=u:p@github.com/x", "/build?remote=***@github.com/x"),
        ("/build?remote=https://u:p/w@h/r", "/build?remote=https://***@h/r"),
        ("/build?remote=git@github.com:o/r", "/build?remote=git@github.com:o/r"),
        ("http://u:p@h/v1.41/info", "http://***@h/v1.41/info"),
        ("http://h:2375/a@b", "http://h:2375/a@b"),
        ("http://[::1]/a@b", "http://[::1]/a@b"),
        ("/images/u:p@h/x/push", "/images/***@h/x/push"),
        (
            "/images/busybox:1@sha256:0123456789abcdef0123456789abcdef/json",
            "/images/busybox:1@sha256:0123456789abcdef0123456789abcdef/json",
        ),
        ("/x?token=a;b&all=1", "/x?token=***&all=1"),
        ("/x?all=1;token=a;b", "/x?all=1;token=***"),
        ("/x?token=", "/x?token="),
        ("/x?token", "/x?token"),
        ("/x?ACCESS_TOKEN=a%26b", "/x?ACCESS_TOKEN=***"),
        ("/x?%74oken=a", "/x?%74oken=***"),
        (
            "/images/create?fromSrc=https%3A%2F%2Fs3%2Fo%3FX-Amz-Signature%3Dabc%26y%3D1",
            "/images/create?fromSrc=https://s3/o%3FX-Amz-Signature=***%26y=1",
        ),
        ("/x?filters={\"label\":[\"a:b@c\"]}", "/x?filters={\"label\":[\"a:b@c\"]}"),
        ("/x?a=%zz%4", "/x?a=%zz%4"),
    ] {
        assert_eq!(uri(sent), shown, "{sent}");
    }
}

#[test]
fn texts_and_names() {
    for (sent, shown) in [
        ("refused: https://u:p@h/x and http://h/y", "refused: https://***@h/x and http://h/y"),
        ("see https://h/x?token=a, then", "see https://h/x?token=*** then"),
        ("there is no `GET /x?a=1&password=b` here? no", "there is no `GET /x?a=1&password=*** here? no"),
        ("mail a:b@c", "mail a:b@c"),
        ("`//u:p@h/share` may not be mounted", "`//***@h/share` may not be mounted"),
        ("see //h/x@sha256:0", "see //h/x@sha256:0"),
    ] {
        assert_eq!(text(sent), shown, "{sent}");
    }
    for (sent, shown) in [
        ("busybox:1", "busybox:1"),
        ("https://u:p@h/r.git", "https://***@h/r.git"),
        ("u:p@h/x", "***@h/x"),
        ("https://h/r?access_token=z", "https://h/r%3Faccess_token=***"),
    ] {
        assert_eq!(name(sent), shown, "{sent}");
    }
}

/// Each byte as it is, or encoded once or twice.
fn spelled(text: &str, how: &[u8]) -> String {
    text.bytes()
        .zip(how.iter().cycle())
        .map(|(byte, how)| match how % 5 {
            1 => format!("%{byte:02X}"),
            2 => format!("%25{byte:02x}"),
            _ => char::from(byte).to_string(),
        })
        .collect()
}

proptest! {
    #[test]
    fn a_secret_value_is_never_shown(
        key in prop::sample::select(vec!["buildargs", "Token", "access_token", "PASSWORD", "auth", "authconfig",
            "X-Registry-Auth", "unlockKey", "JoinToken", "session", "client_secret", "X-Amz-Signature", "sig"]),
        how in prop::collection::vec(any::<u8>(), 1..9),
        secret in "[a-zA-Z0-9]{12}",
        before in "([a-z]{1,3}=[a-z0-9;?/:@%]{0,6}&){0,3}",
        glue in "[;+/?:@#]{0,2}",
        after in "(&[a-z]{1,3}=[a-z]{0,3}){0,2}",
    ) {
        let key = spelled(key, &how);
        let sent = format!("/v1.41/x?{before}{key}={glue}{secret}{glue}{after}");
        let shown = uri(&sent).into_owned();
        prop_assert!(!shown.contains(&secret), "{sent} became {shown}");
    }

    #[test]
    fn user_information_is_never_shown(
        place in prop::sample::select(vec!["/build?remote=", "/images/create?tag=x&fromSrc=", "/x?any=", "", "/images/"]),
        how in prop::collection::vec(any::<u8>(), 1..9),
        secret in "[a-zA-Z0-9]{12}",
        user in "[a-z]{1,4}:",
        odd in "[/?#@:!]{0,1}",
        rest in "[a-z.]{1,8}(:[0-9]{1,4})?(/[a-z]{0,4}){0,2}",
    ) {
        let encoded = if place.is_empty() { format!("{user}{secret}@") } else { spelled(&format!("{user}{secret}{odd}@"), &how) };
        // An unescaped `?`, `&` or `#` ends the value in a URI itself, which leaves no user information.
        prop_assume!(place.is_empty() || place.contains('?') || !odd.contains(['?', '/']));
        let sent = format!("{place}https://{encoded}{rest}");
        let shown = uri(&sent).into_owned();
        prop_assert!(!shown.contains(&secret), "{sent} became {shown}");
    }

    #[test]
    fn anything_can_be_masked(sent in "\\PC{0,64}", odd in "[%@:/?&;=a-f0-9]{0,64}") {
        for sent in [&sent, &odd] {
            let _ = (uri(sent), text(sent), name(sent), is_secret(sent));
        }
    }
}

#[test]
fn hostile_lengths_take_no_time_worth_mentioning() {
    for part in ["://", "://a:b", "?", "a=b?", ";", "%25", "://u:p@", "token=;", "&a=b%3F"] {
        let long = part.repeat(65536 / part.len());
        let started = std::time::Instant::now();
        let _ = (uri(&long), text(&long), name(&long), uri(&format!("/x?a={long}@")));
        assert!(started.elapsed().as_millis() < 500, "{part}: {:?}", started.elapsed());
    }
}
