//! Several policies on one hook, and those that only watch.

use super::asking::{Asked, allow, bystander, eventually, guest, hostile, policy};

/// A policy that denies `ContainerList`, whatever the hook, and allows the rest.
fn no_lists(rest: &str) -> String {
    let settings = "settings = { denied = [\"ContainerList\"] }\ndeadline = \"20s\"";
    policy("no-lists", &guest("every-hook"), &format!("{settings}\n{rest}"))
}

fn patient() -> String {
    hostile("deadline = \"20s\"")
}

const REQUEST: &str = "hooks = [\"docker-request\"]";

#[test]
fn a_denial_wins_in_either_order() {
    for (policies, outcomes) in [
        (patient() + &no_lists(REQUEST), ["opinion", "opinion"]),
        (no_lists(REQUEST) + &patient(), ["opinion", "not-asked"]),
    ] {
        let asked = Asked::start(&policies);
        asked.door.get("/v1.44/images/json").allowed();
        let answer = asked.door.get("/v1.44/containers/json");
        assert!(answer.refused("denied").text.contains("policy no-lists"), "{answer:?}");
        let record = asked.record_of(&answer);
        assert_eq!(record["operation"], "ContainerList");
        assert_eq!([&record["outcomes"][0]["outcome"], &record["outcomes"][1]["outcome"]], outcomes);
    }
}

#[test]
fn to_abstain_grants_nothing_and_a_fault_outweighs_a_grant() {
    let alone = Asked::start(&patient());
    let answer = alone.door.get("/hostile/abstain");
    assert!(answer.refused("host:no-grant").text.starts_with("no policy allowed it (rule host:no-grant"));
    assert!(alone.record_of(&answer).get("policy").is_none());
    for policies in [patient() + &allow(), allow() + &patient()] {
        let asked = Asked::start(&policies);
        asked.door.get("/hostile/abstain").allowed();
        asked.door.get("/hostile/deny").refused("deny");
        asked.door.get("/hostile/trap").refused("host:trap");
        asked.door.get("/hostile/error").refused("host:policy-error");
    }
}

#[test]
fn an_answer_passes_unless_a_policy_withholds_it() {
    let asked = Asked::start(&patient());
    asked.door.show("/hostile/deny").allowed();
    let asked = Asked::start(&(allow() + &no_lists("hooks = [\"docker-response\"]")));
    asked.door.get("/v1.44/containers/json").allowed();
    asked.door.show("/v1.44/images/json").allowed();
    let answer = asked.door.show("/v1.44/containers/json");
    assert!(answer.refused("denied").text.starts_with("status Some(200)"), "{answer:?}");
    let record = asked.record_of(&answer);
    assert_eq!((&record["hook"], &record["status"]), (&"docker-response".into(), &200.into()));
}

#[test]
fn a_policy_that_watches_neither_refuses_nor_delays() {
    let watching = hostile("mode = \"monitor\"\ndeadline = \"5s\"");
    let asked = Asked::start(&(watching + &allow() + &bystander()));
    for (act, outcome) in
        [("deny", "opinion"), ("trap", "trap"), ("grow", "out-of-memory"), ("spin", "deadline")]
    {
        let first = asked.record_of_allowed(&format!("/hostile/{act}"));
        assert_eq!((&first["verdict"], &first["policy"]), (&"allow".into(), &"allow".into()), "{act}");
        assert_eq!(first["outcomes"].as_array().unwrap().len(), 1, "{act}: {first:#}");
        let id = first["id"].as_str().unwrap();
        if act == "spin" {
            // It spins for five seconds, and the answer is here already.
            assert_eq!(asked.records_of(id, 1).len(), 1);
            asked.door.get("/hostile/ok").allowed();
            asked.door.show("/containers/json").allowed();
        }
        let second = asked.records_of(id, 2).remove(1);
        assert_eq!((&first["kind"], &second["kind"]), (&"decision".into(), &"monitor".into()), "{act}");
        assert_eq!(second["rule"], "host:monitor", "{act}");
        assert_eq!(second["outcomes"][0]["mode"], "monitor", "{act}");
        assert_eq!(second["outcomes"][0]["outcome"], outcome, "{act}");
        assert_eq!(second["uri"], first["uri"], "{act}");
    }
    let (status, metrics) = eventually("metrics", || Some(asked.door.admin("/metrics")));
    assert_eq!(status, 200);
    assert!(metrics.contains(r#"mode="monitor""#), "{metrics}");
}

#[test]
fn a_policy_that_watches_alone_grants_nothing() {
    let asked = Asked::start(&hostile("mode = \"monitor\"\ndeadline = \"20s\""));
    asked.door.get("/hostile/ok").refused("host:no-policy");
    assert_eq!(asked.door.admin("/readyz").0, 503);
    assert_eq!(asked.door.admin("/healthz").0, 200);
}
