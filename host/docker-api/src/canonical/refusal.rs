//! Refusals of the host itself: no policy is asked about what cannot be read.

use std::fmt::Display;

use crate::operation::Operation;

/// The host's own rules.
pub mod rule {
    /// The request target cannot be read as dockerd reads it.
    pub const UNREADABLE_URI: &str = "host:unreadable-uri";
    /// The query can be read in two ways.
    pub const AMBIGUOUS_QUERY: &str = "host:ambiguous-query";
    /// The body can be read in two ways.
    pub const AMBIGUOUS_BODY: &str = "host:ambiguous-body";
    /// The body is not what dockerd could decode.
    pub const UNREADABLE_BODY: &str = "host:unreadable-body";
    /// There is a body, and dockerd did not show it.
    pub const BODY_NOT_SHOWN: &str = "host:body-not-shown";
    /// The body is a form, whose values would override the query's.
    pub const FORM_BODY: &str = "host:form-body";
    /// A container is to be started with another configuration than it was created with.
    pub const START_WITH_BODY: &str = "host:start-with-body";
    /// What the request says about the client cannot be authenticated.
    pub const IDENTITY: &str = "host:identity";
}

/// A request that no policy is asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// One of [`rule`].
    pub rule: &'static str,
    /// For the person who sent the request.
    pub reason: String,
    /// Where it was known by then.
    pub operation: Option<Operation>,
}

impl Refusal {
    /// A refusal by one of [`rule`].
    pub fn new(rule: &'static str, reason: impl Display, operation: Option<Operation>) -> Self {
        Self { rule, reason: format!("{reason}"), operation }
    }
}
