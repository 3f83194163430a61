//! What the policies in force would decide, for facts that an operator writes.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use portcullis_authorization::context;
use portcullis_contract::HookName;
use portcullis_engine::case::CaseInput;
use serde_json::{Map, Value, json};

use crate::error::{AdminError, Refusal};
use crate::{Admin, json_response, parse};

/// What the policies in force would decide; nothing is carried out or recorded
#[utoipa::path(
    post, path = "/ask/{hook}", tag = "decisions",
    params(("hook" = String, Path, description = "E.g. `docker-request`")),
    request_body(content = Object, description = "Facts, as the `input` of a case"),
    responses(
        (status = 200, content_type = "application/json", body = Object, description = "A record, and what was granted or edited"),
        (status = "4XX", body = Refusal, description = "The facts cannot be read")
    )
)]
pub(crate) async fn ask(
    State(admin): State<Admin>,
    Path(hook): Path<String>,
    body: Bytes,
) -> Result<Response, AdminError> {
    let named = HookName::from_name(&hook).ok_or_else(|| {
        let hooks: Vec<_> = HookName::ALL.iter().map(|hook| format!("`{hook}`")).collect();
        AdminError::NotFound(format!("there is no hook `{hook}`; there are {}", hooks.join(", ")))
    })?;
    let facts: Value = parse(&body)?;
    if !facts.is_object() {
        return Err(AdminError::Request("the body: the input is an object of facts".into()));
    }
    let input = CaseInput::read(named, with_context(named, facts)).map_err(AdminError::Request)?;
    let asked = admin.authorizer.policies().ask(&input).await;
    let mut answer = json!(asked.record);
    if let Value::Object(fields) = &mut answer {
        match named {
            HookName::AwsRoles => {
                let grants = asked.grants.iter();
                let grants = grants.map(|(policy, grant)| json!({ "policy": &**policy, "grant": grant }));
                fields.insert("grants".into(), grants.collect());
                let denials = asked.denials.iter();
                let denials =
                    denials.map(|(policy, denial)| json!({ "policy": &**policy, "denial": denial }));
                fields.insert("denials".into(), denials.collect());
            }
            HookName::DockerEdit => {
                fields.insert("edits".into(), json!(asked.edits));
            }
            _ => {}
        }
    }
    Ok(json_response(&answer))
}

/// The facts with time, id and API where they have none, as for a request that comes now.
fn with_context(hook: HookName, mut facts: Value) -> Value {
    let now = context("admin", None);
    let of = match hook {
        HookName::DockerResponse => {
            let facts = facts.as_object_mut();
            facts.map(|facts| facts.entry("request").or_insert_with(|| Value::Object(Map::new())))
        }
        _ => Some(&mut facts),
    };
    if let Some(Value::Object(of)) = of {
        let given = of.entry("context").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(given) = given {
            for (key, value) in
                [("now", json!(now.now)), ("decision", json!(now.decision)), ("api", json!(now.api))]
            {
                given.entry(key).or_insert(value);
            }
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_added_where_there_is_none() {
        let facts = with_context(HookName::SecretAccess, json!({ "operation": "secret-get" }));
        assert!(facts["context"]["now"].as_u64().is_some_and(|now| now > 0), "{facts}");
        let facts =
            with_context(HookName::DockerRequest, json!({ "context": { "now": 7, "api": "docker-plugin" } }));
        assert_eq!(
            (&facts["context"]["now"], &facts["context"]["api"]),
            (&json!(7), &json!("docker-plugin"))
        );
        let facts = with_context(HookName::DockerResponse, json!({ "status": 200 }));
        assert!(facts["request"]["context"]["decision"].is_string(), "{facts}");
        for other in [json!([]), json!("x"), json!({ "context": 3 })] {
            assert_eq!(with_context(HookName::DockerRequest, other.clone()), other);
        }
    }
}
