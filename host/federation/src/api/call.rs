//! A request whose sender is known, and how it asks what may be had.

use axum::http::request::Parts;
use portcullis_contract::Pairs;
use portcullis_contract::aws::{Grant, Request};
use portcullis_contract::types::Principal;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::session_tags;
use crate::access::{AccessRequest, AccessRequests};
use crate::aws::{AwsError, Credentials, Session};
use crate::decide::{ACCESS, APPROVE, Decider, InForce, Question, REQUEST, access_of};
use crate::mounts::Mount;
use crate::response::Failure;
use crate::sign_in::Session as BrowserSession;

/// A request whose sender is known.
pub(super) struct Call<'a> {
    pub(super) decider: &'a dyn Decider,
    pub(super) requests: Option<&'a AccessRequests>,
    /// What others have approved for the user, as policies are told.
    pub(super) approved: Vec<AccessRequest>,
    /// Of the browser that asks; none where the request itself says who sends it.
    pub(super) session: Option<Arc<BrowserSession>>,
    pub(super) in_force: Arc<dyn InForce>,
    pub(super) mount: &'a Mount,
    pub(super) parts: &'a Parts,
    pub(super) principal: Principal,
    /// When a session must end that is had by it.
    pub(super) until: Option<SystemTime>,
    /// Tags of every session that is had by it, beside those that policies grant.
    pub(super) session_tags: Vec<(String, String)>,
    pub(super) peer: Option<String>,
    pub(super) begun: Instant,
}

/// What a decision is for, as policies are told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    List,
    Credentials,
    Console,
    Metadata,
    /// Which roles the user may request.
    Request,
    /// Which requests of others the user may approve.
    Approve,
}

impl Purpose {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Credentials => "credentials",
            Self::Console => "console",
            Self::Metadata => "metadata",
            Self::Request => REQUEST,
            Self::Approve => APPROVE,
        }
    }
}

impl Call<'_> {
    /// The name of who asks.
    pub(super) fn user(&self) -> &str {
        self.principal.name.as_deref().unwrap_or_default()
    }

    /// What forms of this browser's session say.
    pub(super) fn csrf(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.csrf())
    }

    /// The last value of a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.parts.uri.query().unwrap_or_default().as_bytes();
        let found = form_urlencoded::parse(query).filter(|(found, _)| found == name).last();
        found.map(|(_, value)| value.into_owned())
    }

    /// Everything that may be had.
    pub(super) async fn all(&self, purpose: Purpose) -> Result<Vec<Grant>, Failure> {
        self.all_with_decision(purpose).await.map(|(grants, _)| grants)
    }

    /// Everything that may be had, and the id of the decision.
    pub(super) async fn all_with_decision(&self, purpose: Purpose) -> Result<(Vec<Grant>, String), Failure> {
        self.ask(purpose, None, Pairs::new()).await
    }

    /// The one role, if it may be had.
    pub(super) async fn one(&self, purpose: Purpose, account: &str, role: &str) -> Result<Grant, Failure> {
        self.one_with(purpose, account, role, Pairs::new()).await
    }

    /// The one role, if it may be had, where policies are told more.
    pub(super) async fn one_with(
        &self,
        purpose: Purpose,
        account: &str,
        role: &str,
        extra: Pairs,
    ) -> Result<Grant, Failure> {
        let (granted, _) = self.ask(purpose, Some((account, role)), extra).await?;
        granted.into_iter().next().ok_or_else(|| Failure::configuration("the policies answered nothing"))
    }

    async fn ask(
        &self,
        purpose: Purpose,
        role: Option<(&str, &str)>,
        more: Pairs,
    ) -> Result<(Vec<Grant>, String), Failure> {
        let approved = self.approved.iter().map(|request| (ACCESS.to_owned(), request.for_policies()));
        let request = Request {
            context: portcullis_authorization::context("aws-federation", self.peer.clone()),
            principal: self.principal.clone(),
            mount: self.mount.name.clone(),
            purpose: purpose.as_str().into(),
            account: role.map(|(account, _)| account.into()),
            role: role.map(|(_, role)| role.into()),
            callback_url: self.parameter("callbackurl"),
            extra: approved.chain(more).collect(),
        };
        let id = request.context.decision.clone();
        let question = Question {
            request,
            policies: Arc::clone(&self.mount.policies),
            method: self.parts.method.to_string(),
            uri: self.parts.uri.to_string(),
            session_tags: self.session_tags.clone(),
            begun: self.begun,
        };
        let decision = Arc::clone(&self.in_force).decide(question).await;
        decision.map(|grants| (grants, id)).map_err(|refused| Failure::refused(&refused))
    }

    /// The session that a grant is about.
    pub(super) fn session(&self, grant: &Grant) -> Result<Session, Failure> {
        let account = self.mount.accounts.get(&grant.account);
        let account = account.ok_or_else(|| {
            Failure::configuration(&format!("account `{}` has no id on this mount", grant.account))
        })?;
        let grant = Grant { tags: session_tags::merged(&grant.tags, &self.session_tags), ..grant.clone() };
        let session = Session::new(account, &self.mount.name, self.user(), &grant);
        let until = self.until.into_iter().chain(self.access_ends(&grant)?).min();
        let session = session.map(|session| match until {
            Some(until) => session.ending(until, SystemTime::now()),
            None => session,
        });
        session.map_err(|error| {
            tracing::error!(
                mount = self.mount.name, account = grant.account, role = grant.role, %error,
                "a policy grants what is no session that AWS can give"
            );
            Failure::grant(&error)
        })
    }

    /// When the access ends that a grant is by; none where it is by none.
    fn access_ends(&self, grant: &Grant) -> Result<Option<SystemTime>, Failure> {
        let Some(id) = access_of(grant) else { return Ok(None) };
        let is_meant = |request: &&AccessRequest| {
            request.id == *id && (&request.account, &request.role) == (&grant.account, &grant.role)
        };
        let request = self.approved.iter().find(is_meant).ok_or_else(|| {
            Failure::grant(&"a policy grants the role by a request that nobody has approved for this user")
        })?;
        end_of(request, SystemTime::now()).map(Some)
    }

    /// Credentials for a person, who wants to work with them: at least half of what was granted is left, and so much
    /// that SDKs do not ask for new ones at once, which they do from 15 minutes before the end on.
    pub(super) async fn fresh(&self, session: &Session) -> Result<Arc<Credentials>, AwsError> {
        self.credentials(session, (session.duration() / 2).max(Duration::from_mins(20))).await
    }

    /// Credentials with at least so much of their life left.
    pub(super) async fn credentials(
        &self,
        session: &Session,
        least_left: Duration,
    ) -> Result<Arc<Credentials>, AwsError> {
        self.mount.aws.credentials(session, least_left).await
    }
}

/// When an approved access ends. The policies may have taken so long that it is over: no session is begun then, which would
/// last 15 minutes.
fn end_of(request: &AccessRequest, now: SystemTime) -> Result<SystemTime, Failure> {
    let ends = Duration::from_secs(u64::try_from(request.ends).unwrap_or_default());
    let ends = SystemTime::UNIX_EPOCH.checked_add(ends).filter(|ends| *ends > now);
    ends.ok_or_else(|| {
        Failure::forbidden(&format!(
            "the access by request `{}` has ended: request the role again",
            request.id
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::State;

    #[test]
    fn no_session_begins_after_the_access() {
        let request = AccessRequest {
            id: "7f".into(),
            mount: String::new(),
            requester: "alice".into(),
            account: "production".into(),
            role: "repair".into(),
            duration_seconds: 900,
            reason: "x".into(),
            state: State::Approved,
            created: 0,
            ends: 1000,
            by: None,
        };
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(end_of(&request, at(999)).ok(), Some(at(1000)));
        for now in [1000, 1001] {
            let failure = end_of(&request, at(now)).unwrap_err().to_string();
            assert!(failure.contains("request `7f` has ended"), "{failure}");
        }
    }
}
