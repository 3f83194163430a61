//! Access for a time, as the host tells of it: requests that were approved are in the request's `extra`, under the name
//! `access`, which no client can write to.

use portcullis_policy_sdk::aws;
use serde::Deserialize;

/// The name in `extra`, of requests and of grants.
pub(crate) const ACCESS: &str = "access";

/// What the host asks for. Grants for the last two are no roles to be had, and are marked as what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Roles that the caller has.
    Roles,
    /// Roles that the caller may request.
    Request,
    /// Roles whose requests the caller may approve.
    Approve,
}

impl Purpose {
    pub(crate) fn of(request: &aws::Request) -> Self {
        match request.purpose.as_str() {
            "request" => Self::Request,
            "approve" => Self::Approve,
            _ => Self::Roles,
        }
    }
}

/// A request that was approved. The host leaves out those that have ended, and those of other users.
#[derive(Debug, Deserialize)]
pub(crate) struct Approved {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) approver: String,
    /// Why the user wants it.
    pub(crate) reason: String,
}

/// All of them. What cannot be read grants nothing.
pub(crate) fn approved(request: &aws::Request) -> Vec<Approved> {
    let of_access = request.extra.iter().filter(|(name, _)| name == ACCESS);
    of_access.filter_map(|(_, json)| serde_json::from_str(json).ok()).collect()
}
