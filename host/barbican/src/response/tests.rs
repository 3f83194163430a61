use super::*;

fn refused(rule: &str, policy: Option<&str>) -> Refused {
    Refused {
        reason: "no".into(),
        rule: rule.into(),
        policy: policy.map(Into::into),
        id: "id".into(),
        ..Refused::default()
    }
}

#[test]
fn load_is_503_and_says_when_to_try_again() {
    let refused = Refused { fault: true, overloaded: true, ..refused("host:queue-full", Some("p")) };
    let response = Refusal::refused("Secret retrieval", &refused).into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
}

#[test]
fn a_refusal_begins_with_barbicans_sentence() {
    for (rule, policy, end) in [
        ("r", Some("p"), "no (policy p, rule r, decision id)"),
        ("r", None, "no (rule r, decision id)"),
        ("", None, "no (decision id)"),
    ] {
        let refusal = Refusal::refused("Secret retrieval", &refused(rule, policy));
        let text = refusal.description.unwrap_or_default();
        let begin = "Secret retrieval attempt not allowed - please review your user/project privileges: ";
        assert_eq!(text, format!("{begin}{end}"));
    }
}

#[test]
fn a_store_that_is_away_is_503() {
    let away = Refusal::store("Secret retrieval", &StoreError::Unavailable("the disk at /secret".into()));
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    let broken = Refusal::store("Secret retrieval", &StoreError::Damaged("row 7".into()));
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    for refusal in [away, broken] {
        let text = refusal.description.unwrap_or_default();
        assert!(text.starts_with("Secret retrieval failure seen - "), "{text}");
        assert!(!text.contains("disk") && !text.contains("row"), "{text}");
    }
}
