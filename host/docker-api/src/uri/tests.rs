use proptest::prelude::*;

use super::*;

#[test]
fn targets_are_read_as_dockerd_reads_them() {
    type Row<'r> = (&'r str, &'r str, Option<(u32, u32)>, &'r str, &'r [&'r str]);
    let table: &[Row<'_>] = &[
        ("/_ping", "/_ping", None, "", &[]),
        ("/v1.41/containers/json?all=1&x=/start", "/containers/json", Some((1, 41)), "all=1&x=/start", &[]),
        ("/v1.41/%63ontainers/json", "/containers/json", Some((1, 41)), "", &["percent-encoded-path"]),
        (
            "/v1.41%2Fcontainers%2fjson",
            "/containers/json",
            Some((1, 41)),
            "",
            &["percent-encoded-path", "encoded-slash"],
        ),
        ("/%761.41/info", "/info", Some((1, 41)), "", &["percent-encoded-path"]),
        ("http://evil:1/v1.41/version", "/version", Some((1, 41)), "", &["absolute-form"]),
        ("ftp:///version", "/version", None, "", &["absolute-form"]),
        ("/v01.041/info", "/info", Some((1, 41)), "", &["odd-version"]),
        ("/v1.0041/info", "/info", Some((1, 41)), "", &["odd-version"]),
        ("/v1.41.0/info", "/info", Some((1, 41)), "", &["odd-version"]),
        ("/v1.41./info", "/info", Some((1, 41)), "", &["odd-version"]),
        ("/v1/info", "/info", Some((1, 0)), "", &["odd-version"]),
        ("/v../info", "/info", Some((0, 0)), "", &["odd-version"]),
        ("/v1.99999999999/info", "/info", Some((1, u32::MAX)), "", &["odd-version"]),
        ("/v1.23/info", "/info", Some((1, 23)), "", &[]),
        ("/V1.41/info", "/V1.41/info", None, "", &[]),
        ("/v1.41", "/v1.41", None, "", &[]),
        ("/vx/info", "/vx/info", None, "", &[]),
        ("/v1.41/v1.41/info", "/v1.41/info", Some((1, 41)), "", &[]),
        ("/info#x", "/info#x", None, "", &[]),
        ("/info?a#b?c", "/info", None, "a#b?c", &[]),
        ("/info?", "/info", None, "", &[]),
        ("/networks/", "/networks/", None, "", &[]),
        ("/images/a+b%20c/json", "/images/a+b c/json", None, "", &["percent-encoded-path"]),
        ("/images/a%252Fb/json", "/images/a%2Fb/json", None, "", &["percent-encoded-path"]),
    ];
    for (target, path, version, query, anomalies) in table {
        let uri = parse(target).unwrap_or_else(|error| panic!("{target}: {error}"));
        let read = (uri.path.as_str(), uri.api_version, uri.query, uri.anomalies.as_slice());
        assert_eq!(read, (*path, *version, *query, *anomalies), "{target}");
    }
}

#[test]
fn what_can_be_split_in_two_ways_is_refused() {
    use UriError::*;
    let table = [
        ("", NoPath(String::new())),
        ("*", NoPath("*".into())),
        ("info", NoPath("info".into())),
        ("http:/info", NoPath("http:/info".into())),
        ("http://host", NoPath("http://host".into())),
        ("://host/info", NoPath("://host/info".into())),
        ("http://alice:secret@host/info", Credentials),
        ("/info x", Character),
        ("/info\n", Character),
        ("/info?a=\0", Character),
        ("/info\u{7f}", Character),
        ("/containers/\u{fffd}/json", Character),
        ("/%", Escape),
        ("/%6", Escape),
        ("/%zz", Escape),
        ("/containers/%ff/json", NotUtf8),
        ("/info%00", Control),
        ("/containers/a%0Ab/json", Control),
        ("/containers\\json", Backslash),
        ("/containers%5Cjson", Backslash),
        ("//info", EmptySegment),
        ("/v1.41//info", EmptySegment),
        ("/containers/%2Fjson", EmptySegment),
        ("/./info", DotSegment),
        ("/containers/../info", DotSegment),
        ("/containers/%2e%2e/info", DotSegment),
        ("/containers/.%2E", DotSegment),
        ("/v1.41/.", DotSegment),
    ];
    for (target, expected) in table {
        assert_eq!(parse(target), Err(expected), "{target:?}");
    }
}

#[test]
fn segments_keep_a_slash_at_the_end() {
    assert_eq!(parse("/v1.41/images/a/b/json").unwrap().segments(), ["images", "a", "b", "json"]);
    assert_eq!(parse("/networks/").unwrap().segments(), ["networks", ""]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(target in any::<String>(), tail in "[/%.?v0-9a-f\\\\]{0,32}") {
        let _ = parse(&target);
        let _ = parse(&format!("/{tail}"));
    }

    #[test]
    fn escaping_any_byte_changes_nothing_but_the_anomalies(
        path in "/v1\\.[0-9]{1,2}/[a-z0-9/._-]{1,20}",
        mask in prop::collection::vec(any::<bool>(), 40),
    ) {
        let escaped: String = path.bytes().zip(mask.into_iter().chain(std::iter::repeat(false)))
            .map(|(byte, escape)| if escape && byte != b'/' { format!("%{byte:02x}") } else { char::from(byte).to_string() })
            .collect();
        match (parse(&path), parse(&escaped)) {
            (Ok(plain), Ok(tricked)) => {
                prop_assert_eq!((plain.path, plain.api_version), (tricked.path, tricked.api_version));
            }
            (plain, tricked) => prop_assert_eq!(plain.err(), tricked.err()),
        }
    }
}
