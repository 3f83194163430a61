//! Policies and what they decide; settings that are refused, with the texts that their author reads.

mod answers;
mod conformance;
mod inputs;
mod opa;
mod refused;

use crate::Rego;
use portcullis_policy_sdk::prelude::*;
use serde_json::{Value, json};

/// The policy with these settings.
fn configured(settings: &Value) -> Result<Rego, String> {
    Rego::configure(portcullis_policy_sdk::parse(&settings.to_string())?)
}

/// A file of cases with other settings.
fn cases(settings: &Value, cases: &str) -> String {
    let mut file: Value = serde_json::from_str(cases).unwrap();
    file["settings"] = settings.clone();
    file.to_string()
}

/// A policy of one text for `docker-request`.
fn text(text: &str) -> Rego {
    configured(&json!({"rego": text})).unwrap()
}

fn ask(policy: &Rego, request: &docker::Request) -> Result<Opinion, String> {
    DockerRequest::authorize(policy, request)
}

const HOUSE: [(&str, &str); 3] = [
    ("house.rego", include_str!("../tests/house.rego")),
    ("secrets.rego", include_str!("../tests/secrets.rego")),
    ("aws.rego", include_str!("../tests/aws.rego")),
];

#[test]
fn one_policy_decides_for_docker_secrets_and_roles() {
    let settings = json!({
        "files": BTreeMap::from(HOUSE),
        "data": {"registry": "registry.example.com", "memory": 2_147_483_648_u64, "groups": {"ci": ["bob"]},
                 "aws": [{"group": "ops", "account": "production", "role": "reader"}]},
        "query": {"docker-request": "data.portcullis.docker", "secret-access": "data.portcullis.secrets",
                  "aws-roles": "data.portcullis.aws"}
    });
    let mut file: Value =
        serde_json::from_str(&cases(&settings, include_str!("../tests/house.json"))).unwrap();
    // The SDK asks no cases for roles.
    file["cases"].as_array_mut().unwrap().retain(|case| case["hook"] != "aws-roles");
    let file = file.to_string();
    portcullis_policy_sdk::cases::docker_request::<Rego>(&file).unwrap();
    portcullis_policy_sdk::cases::secret_access::<Rego>(&file).unwrap();

    let mut request = aws::Request::default();
    request.principal.groups = vec!["ops".into()];
    let answer = configured(&settings).unwrap().grants(&request).unwrap();
    let [grant] = answer.grants.as_slice() else { panic!("{answer:?}") };
    assert_eq!(
        (grant.account.as_str(), grant.role.as_str(), grant.reason.as_str()),
        ("production", "reader", "group ops")
    );
    // No query, no opinion.
    let response = docker::Response::default();
    let opinion = DockerResponse::authorize(&configured(&settings).unwrap(), &response).unwrap();
    assert_eq!(opinion.verdict, Verdict::Abstain);
}
