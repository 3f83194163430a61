use super::*;
use proptest::prelude::*;

#[test]
fn texts_read_as_python_reads_them() {
    for (text, repr) in [
        ("null", "None"),
        (" [ ] ", "[]"),
        ("[true,false]", "[True, False]"),
        ("NaN", "nan"),
        ("[Infinity,-Infinity]", "[inf, -inf]"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("1e999", "inf"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        (r#"{"a":1,"b":2,"a":3}"#, "{'a': 3, 'b': 2}"),
        (r#""\ud83d\ude00""#, "'😀'"),
        (r#""a\u0000b""#, r"'a\x00b'"),
        (r#""\/\b\f""#, r"'/\x08\x0c'"),
    ] {
        assert_eq!(parse(text.as_bytes()).unwrap().repr(), repr, "{text}");
    }
}

#[test]
fn texts_that_python_refuses_are_refused() {
    for text in [
        "",
        "   ",
        "{",
        "{\"read\":",
        "[1,]",
        "{\"a\":1,}",
        "'x'",
        "{} x",
        "01",
        "-",
        "1.",
        "1e",
        ".5",
        "+1",
        "nul",
        "nan",
        "-NaN",
        "\"a\nb\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "[1 2]",
        "{1:2}",
        "\u{feff}{}",
        "\"",
        "{\"a\" 1}",
        "\u{a0}1",
    ] {
        assert_eq!(parse(text.as_bytes()), Err(JsonError::Syntax), "{text}");
    }
    assert_eq!(parse(&vec![b'1'; 4301]), Err(JsonError::Syntax));
    assert!(parse(&vec![b'1'; 4300]).is_ok());
}

#[test]
fn what_python_chokes_on_has_its_own_error() {
    assert_eq!(parse(b"\"\xff\xfe\""), Err(JsonError::Encoding));
    for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800x""#] {
        assert_eq!(parse(text.as_bytes()), Err(JsonError::Surrogate), "{text}");
    }
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(parse(deep(MAX_DEPTH + 1).as_bytes()), Err(JsonError::Depth));
    assert_eq!(parse(deep(100_000).as_bytes()), Err(JsonError::Depth));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_text_of_json_makes_it_panic(text in "[\\[\\]{}\",:0-9eE.+\\-\\\\unatrfls dDc8]{0,60}") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn what_serde_json_reads_is_read_alike(text in "[\\[\\]{}\",:019eE.\\- a]{0,24}") {
        if let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&text) {
            let ours = parse(text.as_bytes()).map(|value| value.is_falsy());
            let falsy = match &theirs {
                serde_json::Value::Null => true,
                serde_json::Value::Bool(value) => !value,
                serde_json::Value::Number(number) => number.as_f64() == Some(0.0),
                serde_json::Value::String(text) => text.is_empty(),
                serde_json::Value::Array(items) => items.is_empty(),
                serde_json::Value::Object(members) => members.is_empty(),
            };
            prop_assert_eq!(ours, Ok(falsy));
        }
    }
}
