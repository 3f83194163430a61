//! Candidates that never go live: each is refused with its step and its reason, and the old set misses no request.

use super::super::engine::asking::{guest, repository};
use super::*;

#[test]
fn a_candidate_that_cannot_be_used_changes_nothing() {
    let host = Host::start(ALLOWS);
    let put = |media_type: &str, body: &[u8]| {
        let path = "/policies/docker-baseline";
        let (status, text) = http::call_unix(&host.admin(), "PUT", path, media_type, body).unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap_or_else(|_| panic!("{status} {text}")))
    };
    let module = fs::read(guest("hostile")).unwrap();
    let baseline = fs::read(repository("policies/prebuilt/docker-baseline.wasm")).unwrap();
    let wasm = "application/wasm";
    let json_body = |value: Value| value.to_string().into_bytes();
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD.encode(&module);
    let hostile = |act: &str| json_body(json!({ "module": base64, "settings": { "configure": act } }));
    let case = json!({ "name": "a list is denied", "hook": "docker-request",
        "input": { "operation": "ContainerList" }, "expect": { "verdict": "deny" } });
    let cases = [
        (wasm, Vec::new(), "encode", "it is empty"),
        (wasm, b"allow = true".to_vec(), "encode", "not WebAssembly"),
        (wasm, baseline[..baseline.len() / 2].to_vec(), "encode", "unexpected end-of-file"),
        (wasm, b"\x7fELF native".to_vec(), "encode", "not WebAssembly"),
        (wasm, fs::read(guest("greedy")).unwrap(), "inspect", "it imports `wasi:"),
        (wasm, fs::read(guest("no-hook")).unwrap(), "inspect", "it exports no hook"),
        (
            "application/json",
            json_body(json!({ "settings": { "alowed_mounts": [] } })),
            "configure",
            "alowed_mounts",
        ),
        ("application/json", hostile("spin"), "configure", ""),
        ("application/json", hostile("grow"), "configure", ""),
        ("application/json", hostile("trap"), "configure", ""),
        ("application/json", json_body(json!({ "cases": [case] })), "cases", "a list is denied"),
    ];
    let generation = host.policies()["generation"].clone();
    for (media_type, body, step, reason) in cases {
        let (status, answer) = put(media_type, &body);
        assert_eq!((status, &answer["step"]), (422, &json!(step)), "{answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.starts_with("policy `docker-baseline`") && message.contains(reason), "{message}");
        assert!(host.allows(), "{message}");
        let listed = host.policies();
        assert_eq!(listed["generation"], generation);
        assert_eq!(
            (&listed["last_refusal"]["step"], &listed["last_refusal"]["reason"]),
            (&json!(step), &json!(message))
        );
        let record = host.records("change").pop().unwrap();
        assert_eq!(
            (&record["verdict"], &record["operation"]),
            (&json!("deny"), &json!("PutPolicy")),
            "{record}"
        );
        assert!(record["extra"].to_string().contains(step), "{record}");
    }
    // A module of another hook would leave Docker without a policy.
    let other = fs::read(repository("policies/prebuilt/aws-roles.wasm")).unwrap();
    let other = base64::engine::general_purpose::STANDARD.encode(other);
    let (status, answer) = put("application/json", &json_body(json!({ "module": other, "settings": {} })));
    assert!(
        status == 422 && answer["message"].as_str().unwrap().contains("which the revision in force serves"),
        "{answer}"
    );
    for (media_type, body, status) in [
        ("text/plain", b"x".to_vec(), 400),
        ("application/json", b"{".to_vec(), 400),
        (wasm, vec![0; 100 << 20], 400),
    ] {
        let (found, answer) = put(media_type, &body);
        assert_eq!(found, status, "{answer}");
    }
    assert!(host.allows() && host.policies()["generation"] == generation);
}
