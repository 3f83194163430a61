//! The question of an oslo.policy elsewhere: `True` or `False`, and nothing else.

use axum::http::Request;
use portcullis_barbican::api::Options;
use portcullis_listen::Peer;
use serde_json::json;
use std::sync::Arc;

use super::regime::Barbican23;
use super::world::World;

async fn world(clients: &[&str]) -> World {
    let options = Options {
        oslo_services: vec!["barbican".into()],
        oslo_clients: clients.iter().copied().map(String::from).collect(),
        ..Options::default()
    };
    World::with(Arc::new(Barbican23), options).await
}

/// What Barbican's oslo.policy posts for `secret:get`.
fn question(user: &str, roles: &[&str]) -> String {
    let target = json!({
        "enforce_new_defaults": true, "target.secret.project_id": "p1", "target.secret.creator_id": "creator",
        "target.secret.read_project_access": true,
    });
    let credentials = json!({
        "user_id": user, "project_id": "p1", "roles": roles, "system_scope": null, "domain_id": null,
        "user_domain_id": "default", "project_domain_id": "default", "is_admin": false, "is_admin_project": true,
        "service_user_id": null, "service_user_domain_id": null, "service_project_id": null,
        "service_project_domain_id": null, "service_roles": [],
    });
    json!({ "rule": "secret:get", "target": target.to_string(), "credentials": credentials.to_string() })
        .to_string()
}

#[tokio::test]
async fn the_answer_is_exactly_true_or_false() {
    let world = world(&[]).await;
    let line = "POST /oslo-policy/barbican | Content-Type: application/json";
    for (body, answered) in [
        (question("u1", &["member"]), "True"),
        (question("u1", &["reader"]), "False"),
        ("{".into(), "False"),
        (String::new(), "False"),
        ("x".repeat(300 << 10), "False"),
    ] {
        let shown = body.chars().take(60).collect::<String>();
        let answer = world.ask("", line, body).await;
        assert_eq!((answer.status, answer.text()), (200, answered), "{shown}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    }
}

#[tokio::test]
async fn only_services_that_are_named_may_ask() {
    let world = world(&[]).await;
    let question = question("u1", &["member"]);
    for (line, status) in [
        ("POST /oslo-policy/nova | Content-Type: application/json", 404),
        ("POST /oslo-policy | Content-Type: application/json", 404),
        ("GET /oslo-policy/barbican", 405),
    ] {
        let answer = world.ask("", line, question.clone()).await;
        assert_eq!(answer.status, status, "{line}");
        assert_ne!(answer.text(), "True");
    }
}

#[tokio::test]
async fn who_must_show_a_certificate_and_shows_another_hears_false() {
    let world = world(&["CN=barbican"]).await;
    for (name, answered) in [(None, "False"), (Some("nova"), "False"), (Some("barbican"), "True")] {
        let mut request = Request::post("/oslo-policy/barbican").header("Content-Type", "application/json");
        let certificate = name.map(|name| {
            let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            let key = rcgen::KeyPair::generate().unwrap();
            Arc::new(params.self_signed(&key).unwrap().der().to_vec())
        });
        request = request.extension(Peer {
            address: "192.0.2.7:1".into(),
            certificate,
            user: None,
            timeouts: portcullis_listen::Timeouts::default(),
        });
        let answer = world.send(request.body(question("u1", &["member"]).into()).unwrap()).await;
        assert_eq!((answer.status, answer.text()), (200, answered), "{name:?}");
    }
}

/// Keeps what was asked and what was refused.
#[derive(Default)]
struct Records(std::sync::Mutex<Vec<portcullis_contract::secrets::Access>>);

impl portcullis_barbican::decide::Decider for Records {
    fn ready(&self) -> Result<(), portcullis_authorization::NotReady> {
        Ok(())
    }

    fn decide(
        &self,
        question: portcullis_barbican::decide::Question,
    ) -> portcullis_barbican::decide::Deciding<'_> {
        self.0.lock().unwrap().push(question.access);
        Box::pin(std::future::ready(Ok(())))
    }

    fn refuse(
        &self,
        question: portcullis_barbican::decide::Question,
        rule: &'static str,
        reason: String,
    ) -> portcullis_barbican::decide::Deciding<'_> {
        self.0.lock().unwrap().push(question.access.clone());
        super::regime::refused(question, rule, reason)
    }
}

/// What Barbican 22.0.0 posts for an ACL: its target says neither `read` nor `read_project_access`.
fn of_acl() -> String {
    let question: serde_json::Value = serde_json::from_str(&question("u1", &["member"])).unwrap();
    let target = json!({
        "enforce_new_defaults": true, "target.secret.project_id": "p1", "target.secret.creator_id": "creator",
    });
    json!({ "rule": "secret_acls:get", "target": target.to_string(), "credentials": question["credentials"] })
        .to_string()
}

#[tokio::test]
async fn an_older_barbican_asks_about_acls_and_the_record_names_who_asked() {
    use portcullis_barbican::oslo::Release;
    let line = "POST /oslo-policy/barbican | Content-Type: application/json";
    for (oslo_release, answered) in [(Release::UpTo22, "True"), (Release::From23, "False")] {
        let records = Arc::new(Records::default());
        let options = Options { oslo_services: vec!["barbican".into()], oslo_release, ..Options::default() };
        let world = World::with(records.clone(), options).await;
        assert_eq!(world.ask("", line, of_acl()).await.text(), answered, "{oslo_release:?}");
        let asked = records.0.lock().unwrap().remove(0);
        // Also where it was refused before any policy.
        assert_eq!(asked.principal.user.as_deref(), Some("u1"), "{oslo_release:?}");
        assert_eq!(asked.principal.project.as_deref(), Some("p1"));
        for (name, value) in [("oslo-rule", "secret_acls:get"), ("oslo-service", "barbican")] {
            assert!(asked.extra.contains(&(name.into(), value.into())), "{oslo_release:?} {name}");
        }
    }
}
