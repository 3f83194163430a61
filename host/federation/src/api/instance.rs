//! `/meta-data/iam/...`: what a machine may have, which must be one role in one account.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use portcullis_contract::aws::Grant;
use serde::Serialize;
use std::time::SystemTime;

use super::call::{Call, Purpose};
use crate::aws::{AwsError, Session};
use crate::metadata::{LEAST_LEFT, SHORTEST};
use crate::response::{self, Credential, Failure};
use crate::route::Fact;

/// The name of the role. Nothing, and 200, where AWS does not let us have it and AFP's own clients ask: they know this
/// as "no role", and wait. SDKs (`versioned`) would take it for a role without a name.
pub(super) async fn role(call: &Call<'_>, versioned: bool) -> Result<Response, Failure> {
    let (grant, session) = only(call).await?;
    let name = match call.credentials(&session, LEAST_LEFT).await {
        Ok(_) => grant.role,
        Err(AwsError::Denied { .. }) if !versioned => String::new(),
        Err(error) => return Err(Failure::of_aws(&error)),
    };
    let mut response = response::text(name);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Ok(response)
}

pub(super) async fn credentials(call: &Call<'_>, role: &str) -> Result<Response, Failure> {
    let (grant, session) = only(call).await?;
    if grant.role != role {
        return Err(Failure::other_role());
    }
    let credentials =
        call.credentials(&session, LEAST_LEFT).await.map_err(|error| Failure::of_aws(&error))?;
    let body = Credential::for_sdks(&credentials, SystemTime::now());
    Ok(response::of_user(response::json(&body), call.user()))
}

/// What `AWS.NET` asks before it asks for the role.
pub(super) async fn info(call: &Call<'_>) -> Result<Response, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Info {
        code: &'static str,
        last_updated: String,
        instance_profile_arn: String,
        instance_profile_id: &'static str,
    }
    let (_, session) = only(call).await?;
    let info = Info {
        code: "Success",
        last_updated: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        instance_profile_arn: session.role_arn().replacen(":role/", ":instance-profile/", 1),
        instance_profile_id: "AIPAPORTCULLIS000000",
    };
    Ok(response::of_user(response::json(&info), call.user()))
}

/// Where the machine is and what it is called, as the mount is configured; none where it is not.
pub(super) fn fact(call: &Call<'_>, fact: Fact) -> Option<Response> {
    /// The keys of AWS's document that SDKs read. No signature of it is served, so it proves nothing.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        region: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        availability_zone: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        instance_id: Option<&'a str>,
        version: &'static str,
        signed: bool,
    }
    let metadata = call.mount.metadata.as_ref()?;
    let text = match fact {
        Fact::Region => metadata.region.clone(),
        Fact::AvailabilityZone => metadata.availability_zone.clone(),
        Fact::InstanceId => metadata.instance_id.clone(),
        Fact::Document => {
            let document = Document {
                region: metadata.region.as_deref()?,
                availability_zone: metadata.availability_zone.as_deref(),
                instance_id: metadata.instance_id.as_deref(),
                version: "2017-09-30",
                signed: false,
            };
            return Some(response::of_user(response::json(&document), call.user()));
        }
    };
    text.map(|text| response::of_user(response::text(text), call.user()))
}

/// The one role that is granted. The metadata service knows of one, and SDKs take two names for one.
async fn only(call: &Call<'_>) -> Result<(Grant, Session), Failure> {
    let (mut grants, decision) = call.all_with_decision(Purpose::Metadata).await?;
    match (grants.pop(), grants.len()) {
        (Some(grant), 0) => {
            let session = call.session(&grant)?;
            if session.duration() < SHORTEST {
                return Err(Failure::configuration(&format!(
                    "role `{}` is granted for {}, which is too short for metadata: a machine wants 20 minutes left at \
                     any time, so grant 27 or more",
                    grant.role,
                    humantime::format_duration(session.duration())
                )));
            }
            Ok((grant, session))
        }
        (None, _) => Err(Failure::configuration(&format!(
            "no role is granted to this machine, which is {} here (decision {decision})",
            known_as(call)
        ))),
        (Some(_), more) => Err(Failure::configuration(&format!(
            "{} roles are granted to this machine, and metadata can tell of one; it is {} here (decision {decision})",
            more + 1,
            known_as(call)
        ))),
    }
}

/// The machine as policies see it: its address or name, and the name that the DNS confirms.
fn known_as(call: &Call<'_>) -> String {
    let host = call.principal.attributes.iter().find(|(name, _)| name == "host-name");
    let host = host.map(|(_, name)| format!(" (`{name}`)")).unwrap_or_default();
    format!("`{}`{host}", call.user())
}
