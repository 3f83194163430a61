use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    parse(text.as_bytes()).unwrap().write()
}

#[test]
fn values_are_read_and_written_in_one_spelling() {
    let table = [
        ("null", "null"),
        (" \t\r\n[ true , false ] \n", "[true,false]"),
        (r#"{ "b" : 1 , "a" : {} }"#, r#"{"b":1,"a":{}}"#),
        ("[0,-0,1.50,1E+2,-1e-9]", "[0,-0,1.50,1E+2,-1e-9]"),
        (r#""\u0041\/\"\\\b\f\n\r\t\u001f\u00e9""#, r#""A/\"\\\b\f\n\r\t\u001fé""#),
        (r#""\ud83d\ude00 \u0000""#, r#""😀 \u0000""#),
        (r#""\u003ca\u0026""#, r#""<a&""#),
        ("\"\u{7f}\u{2028}\"", "\"\u{7f}\u{2028}\""),
        (r#"{"":0,"Ab":1,"ab":2}"#, r#"{"":0,"Ab":1,"ab":2}"#),
    ];
    for (text, expected) in table {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn whatever_leaves_room_for_a_second_reading_is_refused() {
    use JsonError::*;
    let twice = |key: &str| DuplicateKey(key.to_owned());
    let table: &[(&[u8], JsonError)] = &[
        (b"", Empty),
        (b" \n", Empty),
        (b"\xEF\xBB\xBF{}", ByteOrderMark),
        (b"{\"a\":\"\xff\"}", NotUtf8(6)),
        (b"\"\xed\xa0\x80\"", NotUtf8(1)),
        (b"{}{}", Trailing(2)),
        (b"{} x", Trailing(3)),
        (b"{}\0", Trailing(2)),
        (b"1 2", Trailing(2)),
        (b"01", Number(0)),
        (b"-", Number(0)),
        (b"-x", Number(0)),
        (b"1.", Number(0)),
        (b"[1.e2]", Number(1)),
        (b"1e", Number(0)),
        (b"1e+", Number(0)),
        (b"+1", Unexpected(0)),
        (b".5", Unexpected(0)),
        (b"0x10", Trailing(1)),
        (b"NaN", Unexpected(0)),
        (b"Infinity", Unexpected(0)),
        (b"nul", Unexpected(0)),
        (b"True", Unexpected(0)),
        (b"'a'", Unexpected(0)),
        (b"\xC2\xA0{}", Unexpected(0)),
        (b"{", Unfinished),
        (b"[", Unfinished),
        (b"{\"a\"", Unfinished),
        (b"{\"a\":", Unfinished),
        (b"{\"a\":1", Unfinished),
        (b"\"a", Unfinished),
        (b"\"a\\", Unfinished),
        (b"\"\\u00", Unfinished),
        (b"{,}", Unexpected(1)),
        (b"{\"a\":1,}", Unexpected(7)),
        (b"[1,]", Unexpected(3)),
        (b"[1 2]", Unexpected(3)),
        (b"{a:1}", Unexpected(1)),
        (b"{1:1}", Unexpected(1)),
        (b"{\"a\" 1}", Unexpected(5)),
        (b"[1}", Unexpected(2)),
        (b"/**/{}", Unexpected(0)),
        (b"\"a\nb\"", Control(2)),
        (b"\"\x1f\"", Control(1)),
        (b"\"\\x41\"", Escape(1)),
        (b"\"\\u00g0\"", Escape(1)),
        (b"\"\\u+123\"", Escape(1)),
        (b"\"\\U0041\"", Escape(1)),
        (b"\"\\ud800\"", Surrogate(1)),
        (b"\"\\udc00\"", Surrogate(1)),
        (b"\"\\ud800\\ud800\"", Surrogate(1)),
        (b"\"\\ud800\\u0041\"", Surrogate(1)),
        (b"\"\\ud800\\n\"", Surrogate(1)),
        (br#"{"a":1,"a":1}"#, twice("a")),
        (br#"{"a":1,"b":2,"\u0061":3}"#, twice("a")),
        (br#"{"x":[{"":1,"":2}]}"#, twice("")),
    ];
    for (text, expected) in table {
        assert_eq!(parse(text).unwrap_err(), *expected, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        for depth in [MAX_DEPTH + 1, 200, 11_000, 1_000_000] {
            let text = nested(depth);
            assert_eq!(parse(text.as_bytes()), Err(JsonError::TooDeep(MAX_DEPTH * open.len())), "{depth}");
        }
    }
}

#[test]
fn a_repeated_key_is_found_in_objects_of_every_size() {
    for size in [2, 3, 8, 63, 64, 65, 66, 1000] {
        let mut keys: Vec<String> = (0..size).map(|number| format!("k{number}")).collect();
        let object = |keys: &[String]| {
            let members: Vec<String> = keys.iter().map(|key| format!("{key:?}:1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(parse(object(&keys).as_bytes()).is_ok(), "{size}");
        let first = keys[0].clone();
        keys[size - 1].clone_from(&first);
        assert_eq!(parse(object(&keys).as_bytes()), Err(JsonError::DuplicateKey(first)), "{size}");
    }
}

#[test]
fn messages_show_keys_short_and_without_control_characters() {
    let text = format!("{{\"\\u001b{0}\":1,\"\\u001b{0}\":2}}", "k".repeat(500));
    let message = parse(text.as_bytes()).unwrap_err().to_string();
    assert!(message.starts_with("the key `\\u{1b}kkk") && message.len() < 150, "{message}");
}

#[test]
fn accessors_answer_only_for_their_own_kind() {
    let value =
        parse(br#"{"s":"x","t":true,"i":-7,"f":7.0,"e":1e3,"a":[1],"n":null,"big":9223372036854775808}"#);
    let value = value.unwrap();
    let object = value.as_object().unwrap();
    let get = |key| object.get(key).unwrap();
    assert_eq!(get("s").as_str(), Some("x"));
    assert_eq!(get("t").as_bool(), Some(true));
    assert_eq!(get("i").as_i64(), Some(-7));
    for key in ["f", "e", "big", "s", "t", "n"] {
        assert_eq!(get(key).as_i64(), None, "{key}");
    }
    assert_eq!(get("a").as_array().map(<[Value]>::len), Some(1));
    assert!(get("n").is_null() && !get("s").is_null());
    assert_eq!((get("s").as_bool(), get("t").as_str(), object.get("S")), (None, None, None));
    assert_eq!(object.len(), 8);
}

#[test]
fn what_ends_a_plain_run_is_found_at_every_place() {
    for before in 0..40 {
        for filler in ["a", "é", "\u{7f}", "\u{ff}", " ", "!", "#", "[", "]"] {
            let run = filler.repeat(before);
            assert_eq!(canonical(&format!("\"{run}\"")), format!("\"{run}\""));
            assert_eq!(canonical(&format!("\"{run}\\n{run}\"")), format!("\"{run}\\n{run}\""));
            for control in 0..0x20 {
                let text = format!("\"{run}{}{run}\"", char::from(control));
                assert_eq!(parse(text.as_bytes()), Err(JsonError::Control(1 + run.len())));
            }
        }
    }
}

#[test]
fn a_document_is_written_anew_once_it_is_changed() {
    let mut document = Document::read(b" [1] ").unwrap();
    document.change(|_| Ok::<_, ()>(false)).unwrap();
    assert_eq!(document.write(), "[1]");
    let change = |value: &mut Value<'_>| {
        *value = Value::Null;
        Ok::<_, ()>(true)
    };
    document.change(change).unwrap();
    assert_eq!(document.write(), "null");
    let mut document = Document::read(b"[1]").unwrap();
    let fail = |value: &mut Value<'_>| {
        *value = Value::Null;
        Err(())
    };
    document.change(fail).unwrap_err();
    assert_eq!(document.write(), "null");
}

#[test]
fn strings_without_escapes_are_borrowed() {
    let value = parse(br#"["plain","\n"]"#).unwrap();
    let Value::Array(items) = value else { panic!() };
    assert!(matches!(&items[0], Value::String(Cow::Borrowed("plain"))));
    assert!(matches!(&items[1], Value::String(Cow::Owned(_))));
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Any;
    let leaf = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::from),
        any::<i64>().prop_map(Any::from),
        any::<String>().prop_map(Any::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Any::from),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Any::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_an_independent_writer_writes_reads_the_same(document in any_json(), pretty in any::<bool>()) {
        let text = if pretty { format!("{document:#}") } else { document.to_string() };
        let value = parse(text.as_bytes()).unwrap();
        let written = value.write();
        prop_assert_eq!(&Document::read(text.as_bytes()).unwrap().write(), &written);
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&written).unwrap(), &document);
        prop_assert_eq!(parse(written.as_bytes()).unwrap(), value);
    }

    #[test]
    fn what_is_accepted_an_independent_reader_accepts(text in r#"[\[\]{}",:\\u0-9a-eE.+\- dDtrufalsn\n]{0,24}"#) {
        if let Ok(value) = parse(text.as_bytes()) {
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&value.write()).unwrap(), theirs);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes);
    }
}
