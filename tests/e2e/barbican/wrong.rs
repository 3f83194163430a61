//! Everything that can be wrong with a request's body or with an id in its path.

use serde_json::{Value, json};

/// Bodies that are no ACL, by what is wrong with them.
pub(crate) fn acls() -> Vec<(&'static str, Vec<u8>)> {
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("cut off", br#"{"read": {"users": ["#.to_vec()),
        ("single quotes", b"{'read': {}}".to_vec()),
        ("trailing garbage", br#"{"read": {}} x"#.to_vec()),
        ("two documents", br#"{"read": {}}{"read": {}}"#.to_vec()),
        ("trailing comma", br#"{"read": {},}"#.to_vec()),
        ("comment", br#"{"read": {}} // x"#.to_vec()),
        ("infinity", br#"{"read": {"project-access": Infinity}}"#.to_vec()),
        ("not a number", br#"{"read": {"project-access": NaN}}"#.to_vec()),
        ("huge number", br#"{"read": {"project-access": 1e999}}"#.to_vec()),
        ("byte order mark", b"\xef\xbb\xbf{\"read\": {}}".to_vec()),
        ("UTF-16", "\u{feff}{\"read\": {}}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-32", "{\"read\": {}}".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        ("invalid UTF-8", b"{\"read\": {\"users\": [\"\xff\xfe\"]}}".to_vec()),
        ("overlong UTF-8", b"{\"read\": {\"users\": [\"\xc0\x80\"]}}".to_vec()),
        ("raw surrogate", b"{\"read\": {\"users\": [\"\xed\xa0\x80\"]}}".to_vec()),
        ("raw surrogate pair", b"{\"read\": {\"users\": [\"\xed\xa0\xbd\xed\xb8\x80\"]}}".to_vec()),
        ("raw NUL", b"{\"read\": {\"users\": [\"a\0b\"]}}".to_vec()),
        ("raw NUL outside", b"{\"read\": {}\0}".to_vec()),
        ("raw newline in a text", b"{\"read\": {\"users\": [\"a\nb\"]}}".to_vec()),
        ("bad escape", br#"{"read": {"users": ["\x"]}}"#.to_vec()),
        ("3,000 arrays deep", b"[".repeat(3000)),
        ("3,000 arrays deep and back", [b"[".repeat(3000), b"]".repeat(3000)].concat()),
        ("3,000 objects deep", [br#"{"read":"#.repeat(3000), b"1".to_vec(), b"}".repeat(3000)].concat()),
        ("100,000 arrays deep", b"[".repeat(100_000)),
        ("1 MB of one user", format!(r#"{{"read":{{"users":["{}"]}}}}"#, "u".repeat(1 << 20)).into_bytes()),
        (
            "1 MB of users",
            format!(r#"{{"read":{{"users":[{}"x"]}}}}"#, r#""u","#.repeat(1 << 18)).into_bytes(),
        ),
        ("1 MB of nothing", vec![b' '; 1 << 20]),
        ("1 MB of zeros", vec![0; 1 << 20]),
        ("form", b"read=%7B%7D".to_vec()),
    ];
    let users = [
        "null",
        "1",
        "1.5",
        "true",
        "[]",
        "{}",
        r#"["x"]"#,
        r#""\ud800""#,
        r#""\udc00x""#,
        r#""\ud800\ud800""#,
        r#""a\u0000b""#,
    ];
    for user in users {
        for text in
            [format!("[{user}]"), format!(r#"["u1", {user}]"#), format!(r#"["u1", "u2", "u3", {user}]"#)]
        {
            bodies.push(("a user", format!(r#"{{"read": {{"users": {text}}}}}"#).into_bytes()));
        }
    }
    let long = format!(r#"["u1", "{}"]"#, "ü".repeat(256));
    for users in ["null", "true", "1", r#""u1""#, r#"{"u1": 1}"#, &long] {
        bodies.push(("users", format!(r#"{{"read": {{"users": {users}}}}}"#).into_bytes()));
    }
    for flag in ["null", "0", "1", r#""""#, r#""true""#, r#""False""#, "[]", "{}", "0.0"] {
        bodies.push(("project-access", format!(r#"{{"read": {{"project-access": {flag}}}}}"#).into_bytes()));
    }
    let whole = [
        "null",
        "true",
        "0",
        "-1.5",
        r#""read""#,
        "[]",
        r#"[{"read": {}}]"#,
        r#"{"read": null}"#,
        r#"{"read": []}"#,
        r#"{"read": false}"#,
        r#"{"read": "x"}"#,
        r#"{"read": 0}"#,
        r#"{"write": {}}"#,
        r#"{"list": {"users": []}}"#,
        r#"{"delete": {}}"#,
        r#"{"READ": {}}"#,
        r#"{"read ": {}}"#,
        r#"{"": {}}"#,
        r#"{"read": {}, "write": {}}"#,
        r#"{"read": {"groups": []}}"#,
        r#"{"read": {"project_access": true}}"#,
        r#"{"read": {"users ": []}}"#,
        r#"{"read": {"created": "2026-01-01T00:00:00"}}"#,
        r#"{"read": {"users": ["u"], "users": [1]}}"#,
        r#"{"read\u0000": {}}"#,
        r#"{"\ud800": {}}"#,
    ];
    bodies.extend(whole.map(|text| ("shape", text.as_bytes().to_vec())));
    bodies
}

/// Ids that are none.
pub(crate) const IDS: [&str; 22] = [
    "x",
    "-",
    "%20",
    "%00",
    "%2e%2e",
    "..%2f",
    "%ff%fe",
    "%ed%a0%80",
    "%",
    "%zz",
    "null",
    "0",
    "'",
    "\"",
    ";",
    "*",
    "{id}",
    "2bab36fbab6e4e44adf11cffd1148606",
    "2BAB36FB-AB6E-4E44-ADF1-1CFFD1148606",
    "00000000-0000-0000-0000-000000000000",
    "6d4ab0b2-c716-11f0-9d1e-0242ac120002",
    "11111111-1111-4111-8111-111111111111",
];

/// Secrets that cannot be.
pub(crate) fn secrets() -> Vec<Value> {
    let text = |payload: &str, media: &str| json!({ "payload": payload, "payload_content_type": media });
    let octets = |payload: &str, encoding: &str| {
        json!({
            "payload": payload, "payload_content_type": "application/octet-stream",
            "payload_content_encoding": encoding,
        })
    };
    vec![
        json!(null),
        json!([]),
        json!("x"),
        json!({ "name": 1 }),
        json!({ "payload": "x" }),
        json!({ "payload": 1, "payload_content_type": "text/plain" }),
        text("", "text/plain"),
        text("x", "text/html"),
        text("x", "nothing"),
        text("x", ""),
        octets("aGVsbG8", "base64"),
        octets("aGVsbG8=", "rot13"),
        octets("", "base64"),
        json!({ "payload_content_type": "text/plain" }),
        json!({ "secret_type": "nothing" }),
        json!({ "bit_length": 0 }),
        json!({ "bit_length": -8 }),
        json!({ "bit_length": "256" }),
        json!({ "bit_length": 40000 }),
        json!({ "algorithm": 1 }),
        json!({ "mode": [] }),
        json!({ "expiration": "yesterday" }),
        json!({ "expiration": "2014-02-28T19:14:44.180394" }),
        json!({ "expiration": 5 }),
        json!({ "expiration": "2096-13-45T99:99:99" }),
        json!({ "name": "x".repeat(256) }),
        text(&"x".repeat(20_001), "text/plain"),
        text(&"x".repeat(1 << 20), "text/plain"),
    ]
}

/// Containers that cannot be, of this secret of this host.
pub(crate) fn containers(base: &str, secret: &str) -> Vec<Value> {
    let unknown = "11111111-1111-4111-8111-111111111111";
    let reference = |id: &str| format!("{base}/v1/secrets/{id}");
    let refs = |refs: Value| json!({ "type": "generic", "name": "x", "secret_refs": refs });
    vec![
        json!(null),
        json!([]),
        json!({}),
        json!({ "type": "nothing", "secret_refs": [] }),
        json!({ "type": 1, "secret_refs": [] }),
        refs(json!(null)),
        refs(json!({})),
        refs(json!([1])),
        refs(json!([{}])),
        refs(json!([{ "name": "k" }])),
        refs(json!([{ "name": "k", "secret_ref": 1 }])),
        refs(json!([{ "name": "k", "secret_ref": "" }])),
        refs(json!([{ "name": "k", "secret_ref": "x" }])),
        refs(json!([{ "name": "k", "secret_ref": reference(unknown) }])),
        refs(json!([{ "name": "k", "secret_ref": reference("x") }])),
        refs(
            json!([{ "name": "k", "secret_ref": reference(secret) }, { "name": "l", "secret_ref": reference(secret) }]),
        ),
        json!({ "type": "rsa", "secret_refs": [{ "name": "k", "secret_ref": reference(secret) }] }),
        json!({ "type": "rsa", "secret_refs": [{ "name": "public_key", "secret_ref": reference(secret) }] }),
        json!({ "type": "certificate", "secret_refs": [{ "name": "private_key", "secret_ref": reference(secret) }] }),
        json!({ "type": "generic", "name": 5, "secret_refs": [] }),
    ]
}
