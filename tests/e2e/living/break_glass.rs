//! The way out of a bad policy.

use super::*;

#[test]
fn what_a_policy_refuses_is_allowed_and_recorded_until_it_is_closed() {
    let host = Host::start(DENIES);
    assert!(!host.allows());
    let open = json!({ "for": "10m", "reason": "policy of 12:00 locks us out", "apis": ["docker-plugin"] });
    host.accepted("POST", "/break-glass", &open);
    assert!(host.allows());
    let record = host.records("decision").pop().unwrap();
    assert_eq!(
        (&record["verdict"], &record["rule"]),
        (&json!("allow"), &json!("host:break-glass")),
        "{record}"
    );
    let extra = record["extra"].to_string();
    assert!(
        extra.contains("policy of 12:00 locks us out") && extra.contains("no policy allowed it"),
        "{extra}"
    );
    assert_eq!(host.policies()["break_glass"]["reason"], "policy of 12:00 locks us out");
    // What the host itself cannot read is refused all the same.
    let unreadable = ask(&host.place.door(), &message("GET", "/containers/../json", None)).1;
    assert_eq!(unreadable["Allow"], false, "{unreadable}");
    host.accepted("DELETE", "/break-glass", &Value::Null);
    assert!(!host.allows());
    let changes: Vec<_> = host.records("change").iter().map(|change| change["operation"].clone()).collect();
    assert_eq!(changes, ["OpenBreakGlass", "CloseBreakGlass"]);
    for (wrong, message) in [
        (json!({ "for": "10m", "reason": " ", "apis": ["docker-plugin"] }), "`reason` says why"),
        (json!({ "for": "25h", "reason": "x", "apis": ["docker-plugin"] }), "between 1s and 24h"),
        (json!({ "for": "1m", "reason": "x", "apis": ["aws-federation"] }), "cannot be opened"),
        (json!({ "for": "1m", "reason": "x", "apis": [] }), "`apis` names what is opened"),
    ] {
        let (status, answer) = host.call("POST", "/break-glass", &wrong);
        assert_eq!(status, 400, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(message), "{answer}");
    }
    assert!(!host.allows());
}

#[test]
fn it_ends_with_the_process() {
    let mut host = Host::start(DENIES);
    let open = json!({ "for": "10m", "reason": "x", "apis": ["docker-plugin"] });
    host.accepted("POST", "/break-glass", &open);
    assert!(host.allows());
    host.portcullis.restart();
    assert!(!host.allows());
}
