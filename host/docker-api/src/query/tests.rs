use proptest::prelude::*;

use super::*;

fn pairs(query: &str) -> Vec<(String, String)> {
    parse(query).unwrap().into_pairs()
}

#[test]
fn queries_are_read_as_go_reads_them() {
    let table: &[(&str, &[(&str, &str)])] = &[
        ("", &[]),
        ("&&", &[]),
        ("name=web", &[("name", "web")]),
        ("name", &[("name", "")]),
        ("=x", &[("", "x")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a=1&a=2&A=3", &[("a", "1"), ("a", "2"), ("A", "3")]),
        ("changes=CMD+%5B%22sh%22%5D&x=%2B%26%3D", &[("changes", "CMD [\"sh\"]"), ("x", "+&=")]),
        ("n%61me=x", &[("name", "x")]),
        ("a=%3B", &[("a", ";")]),
        ("a?b#c=/start", &[("a?b#c", "/start")]),
    ];
    for (query, expected) in table {
        let expected: Vec<_> = expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(pairs(query), expected, "{query}");
    }
}

#[test]
fn what_go_reports_is_refused() {
    let table = [
        ("a=1;b=2", QueryError::Semicolon),
        ("a=1&b;", QueryError::Semicolon),
        ("a=%", QueryError::Escape),
        ("a=%4", QueryError::Escape),
        ("%gg=1", QueryError::Escape),
        ("a=%ff", QueryError::NotUtf8),
    ];
    for (query, expected) in table {
        assert_eq!(parse(query), Err(expected), "{query}");
    }
}

#[test]
fn the_first_value_counts_and_lists_take_all() {
    let query = parse("name=a&name=b&t=x&t=y").unwrap();
    assert_eq!(query.first("name"), "a");
    assert_eq!(query.all("t").collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!((query.first("Name"), query.first("none")), ("", ""));
    assert!(query.repeats_a_scalar());
    assert!(!parse("t=x&t=y&name=a").unwrap().repeats_a_scalar());
}

#[test]
fn booleans_are_read_as_dockerd_reads_them() {
    for value in ["", "0", "no", "false", "none", "FALSE", "+No+", "%09none"] {
        assert!(!parse(&format!("a={value}")).unwrap().flag("a"), "{value}");
    }
    for value in ["1", "true", "yes", "2", "-", "f", "off"] {
        assert!(parse(&format!("a={value}")).unwrap().flag("a"), "{value}");
    }
    assert!(!parse("").unwrap().flag("a"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(query in any::<String>()) {
        let _ = parse(&query);
    }

    #[test]
    fn what_is_escaped_comes_back(expected in prop::collection::vec((any::<String>(), any::<String>()), 0..6)) {
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let query: Vec<String> = expected.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect();
        prop_assert_eq!(pairs(&query.join("&")), expected);
    }
}
