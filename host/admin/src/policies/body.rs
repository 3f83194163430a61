//! What a change of policies says: its query, and the policies that are put.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_contract::HookName;
use portcullis_engine::Mode;
use portcullis_engine::case::Case;
use portcullis_policy_store::PolicyPatch;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::error::AdminError;
use crate::parse;
use crate::query::Switch;

/// What may stand in the query of a change.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Flags {
    /// Allows a change after which no policy enforces some hook.
    #[param(value_type = Option<bool>)]
    pub(super) confirm: Option<Switch>,
    /// For a rollback: cases are not run.
    #[param(value_type = Option<bool>)]
    pub(super) force: Option<Switch>,
    /// For a rollback: which revision, by its digest or the first digits of it.
    pub(super) revision: Option<String>,
}

/// A policy as it is put in JSON. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutPolicy {
    /// A WebAssembly component, in base64.
    module: Option<String>,
    #[schema(value_type = Option<Object>)]
    settings: Option<serde_json::Map<String, Value>>,
    /// `enforce` or `monitor`.
    #[schema(value_type = Option<String>)]
    mode: Option<Mode>,
    /// E.g. `docker-request`.
    #[schema(value_type = Option<Vec<String>>)]
    hooks: Option<Vec<HookName>>,
    /// As in a file of cases.
    #[schema(value_type = Option<Vec<Object>>)]
    cases: Option<Vec<Case>>,
}

/// A whole set as it is put.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutPolicies {
    policies: Vec<NamedPolicy>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct NamedPolicy {
    name: String,
    #[serde(flatten)]
    policy: PutPolicy,
}

impl PutPolicies {
    /// Names and patches, in order.
    pub(super) fn patches(self) -> Result<Vec<(String, PolicyPatch)>, AdminError> {
        self.policies.into_iter().map(|named| Ok((named.name, named.policy.patch()?))).collect()
    }
}

impl PutPolicy {
    fn patch(self) -> Result<PolicyPatch, AdminError> {
        let module = self.module.map(|text| STANDARD.decode(text)).transpose();
        let module =
            module.map_err(|error| AdminError::Request(format!("`module` is no base64: {error}")))?;
        Ok(PolicyPatch {
            module: module.map(Into::into),
            settings: self.settings.map(|settings| Value::Object(settings).to_string()),
            mode: self.mode,
            hooks: self.hooks,
            cases: self.cases,
        })
    }
}

/// A module, or a JSON object that says more.
pub(super) fn patch(headers: &HeaderMap, body: &Bytes) -> Result<PolicyPatch, AdminError> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/wasm" => Ok(PolicyPatch { module: Some(body.to_vec().into()), ..PolicyPatch::default() }),
        "application/json" => parse::<PutPolicy>(body)?.patch(),
        _ => Err(AdminError::Request(
            "send a module as `Content-Type: application/wasm`, or an object with `module` (base64), `settings`, `mode`, \
             `hooks` or `cases` as `application/json`"
                .into(),
        )),
    }
}
