//! A candidate in shadow: asked for live requests, compared, promoted.

use super::super::program::place::until;
use super::*;

#[test]
fn a_shadow_disagrees_is_listed_promoted_and_rolled_back() {
    let mut host = Host::start(ALLOWS);
    let settings: Value = serde_json::from_str(DENIES).unwrap();
    host.accepted("PUT", "/policies/docker-baseline/shadow", &json!({ "settings": settings }));
    assert!(host.allows(), "a shadow's word counts for nothing");
    // Denied by both, through another rule.
    let privileged = json!({ "Image": "x", "HostConfig": { "Privileged": true } });
    ask(&host.place.door(), &message("POST", "/v1.41/containers/create", Some(&privileged)));
    let shadow = || get_json(&host.admin(), "/policies/docker-baseline/shadow");
    until("both are compared", || {
        let shadow = shadow();
        shadow["agreed"] == 1 && shadow["disagreed"] == 1
    });
    until("the disagreement is described", || shadow()["disagreements"].as_array().unwrap().len() == 1);
    let disagreement = &shadow()["disagreements"][0];
    let verdicts = [0, 1].map(|at| disagreement["outcomes"][at]["verdict"].clone());
    assert_eq!(verdicts, ["allow", "abstain"], "{disagreement}");
    let decision = host.records("decision").into_iter().find(|record| record["operation"] == "ContainerList");
    assert_eq!(disagreement["id"], decision.unwrap()["id"]);
    until("it is recorded", || host.records("shadow").len() == 1);

    // It survives a restart, with its counters beginning anew, and the swap of the policy beside it.
    host.portcullis.restart();
    let restarted = get_json(&host.admin(), "/policies/docker-baseline/shadow");
    assert_eq!(
        (&restarted["revision"], &restarted["agreed"]),
        (&disagreement["outcomes"][1]["revision"], &json!(0))
    );

    let promoted = host.accepted("POST", "/policies/docker-baseline/shadow/promote", &Value::Null);
    assert_eq!(promoted["changed"][0]["revision"], restarted["revision"]);
    assert!(!host.allows());
    assert_eq!(host.call("GET", "/policies/docker-baseline/shadow", &Value::Null).0, 404);
    host.accepted("POST", "/policies/docker-baseline/rollback", &Value::Null);
    assert!(host.allows());
    let (status, answer) = host.call("PUT", "/policies/nothing/shadow", &json!({ "settings": {} }));
    assert_eq!(status, 409, "{answer}");
}
