//! Policies and what they decide; settings that are refused, with the texts that their author reads.

mod answers;
mod entities;
mod facts;
mod refused;
mod tutorial;

use crate::Cedar;
use portcullis_policy_sdk::prelude::*;
use serde_json::{Value, json};

/// The policy with these settings.
fn configured(settings: &Value) -> Result<Cedar, String> {
    Cedar::configure(portcullis_policy_sdk::parse(&settings.to_string())?)
}

/// A policy of one text.
fn text(text: &str) -> Cedar {
    configured(&json!({"cedar": text})).unwrap()
}

fn ask(policy: &Cedar, request: &docker::Request) -> Result<Opinion, String> {
    DockerRequest::authorize(policy, request)
}

/// A call of the operation on the container `web`, by no user.
fn operation(operation: &str) -> docker::Request {
    let target = docker::Target { kind: "container".into(), as_sent: "web".into(), ..Default::default() };
    docker::Request { operation: Some(operation.into()), targets: vec![target], ..Default::default() }
}

#[test]
fn one_policy_decides_for_docker_secrets_and_roles() {
    let entities: Value = serde_json::from_str(include_str!("../tests/entities.json")).unwrap();
    let settings =
        json!({"files": {"house.cedar": include_str!("../tests/house.cedar")}, "entities": entities});
    let mut file: Value = serde_json::from_str(include_str!("../tests/house.json")).unwrap();
    file["settings"] = settings;
    let file = file.to_string();
    portcullis_policy_sdk::cases::docker_request::<Cedar>(&file).unwrap();
    portcullis_policy_sdk::cases::secret_access::<Cedar>(&file).unwrap();
    portcullis_policy_sdk::cases::aws_roles::<Cedar>(&file).unwrap();
}
