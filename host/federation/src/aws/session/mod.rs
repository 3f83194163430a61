//! One session to be had: a role, by whom, and how.
//!
//! What a policy grants is text, and STS is particular. Everything is checked here, before STS is called, so that a
//! policy's mistake is told in words and costs no call. Where the limits come from: STS API Reference, `AssumeRole`
//! and `Tag`; IAM User Guide, IAM and STS quotas.
//!
//! * `limits`: what STS takes, field by field
//! * `name`: a session name from a user's name
//! * [`SessionError`]: what is wrong

mod error;
mod limits;
mod name;
#[cfg(test)]
mod tests;

use portcullis_contract::aws::Grant;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::account::Account;

pub use error::SessionError;

/// Duration of a session that no grant sets (STS API Reference, `DurationSeconds`).
const DEFAULT_DURATION: u32 = 3600;

/// The longest session, also of the console.
const LONGEST: Duration = Duration::from_hours(12);

/// The shortest session that STS gives.
const SHORTEST: Duration = Duration::from_mins(15);

/// One session to be had, every field within the limits of STS: it cannot be made otherwise.
///
/// Two sessions are equal if they are for the same user of the same mount and STS would be asked the same, to the
/// letter. The user counts as it is and not as the session name that was made of it, and the mount because another
/// mount's `alice` may be another user: no two users ever share credentials.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Session {
    account: Account,
    mount: String,
    user: String,
    role_arn: String,
    name: String,
    /// As it was granted.
    duration: u32,
    /// Whether the policy says so, or what is left of the token of who asks.
    limited: bool,
    /// When it has to end if that is earlier, but for [`SHORTEST`].
    until: Option<SystemTime>,
    source_identity: Option<String>,
    tags: Vec<(String, String)>,
    policy: Option<String>,
    external_id: Option<String>,
}

impl Session {
    /// The session that `grant` gives to `user` of the mount at `mount`, in `account`, for which the grant's own name is
    /// not looked at.
    ///
    /// Without a session name in the grant one is made of `user`: characters that STS does not take become `-`, and
    /// a name that had to be changed ends in a piece of the user's SHA-256, so that two users stay two in
    /// `CloudTrail`. Without a duration it is an hour.
    ///
    /// # Errors
    /// The field that STS would not take, and its limit.
    pub fn new(account: &Account, mount: &str, user: &str, grant: &Grant) -> Result<Self, SessionError> {
        let (role_arn, name) = Self::known_as(account, user, grant)?;
        Ok(Self {
            account: *account,
            mount: mount.into(),
            user: user.into(),
            role_arn,
            name,
            duration: limits::duration(grant.duration_seconds.unwrap_or(DEFAULT_DURATION))?,
            limited: grant.duration_seconds.is_some(),
            until: None,
            source_identity: grant.source_identity.as_deref().map(limits::source_identity).transpose()?,
            tags: limits::tags(&grant.tags)?,
            policy: grant.session_policy.as_deref().map(limits::policy).transpose()?,
            external_id: grant.external_id.as_deref().map(limits::external_id).transpose()?,
        })
    }

    /// The same session, ended by what proved who asks, at `until`.
    ///
    /// STS gives no session of less than 15 minutes. Where less than that is left the session lasts as long, and is the
    /// same for each such token: some providers' tokens never have more.
    #[must_use]
    pub fn ending(mut self, until: SystemTime, now: SystemTime) -> Self {
        let left = until.duration_since(now).unwrap_or_default();
        if left <= SHORTEST {
            self.duration = limits::SHORTEST;
            self.limited = true;
        } else if left < LONGEST {
            self.until = Some(until);
        }
        self
    }

    /// The role's ARN and the session's name: by these `CloudTrail` knows everything that is done with it.
    ///
    /// # Errors
    /// Those that [`new`](Self::new) has for them.
    pub fn known_as(account: &Account, user: &str, grant: &Grant) -> Result<(String, String), SessionError> {
        if user.is_empty() {
            return Err(SessionError::NoUser);
        }
        let name = match &grant.session_name {
            Some(name) => limits::name(name).then(|| name.clone()).ok_or_else(|| SessionError::name(name))?,
            None => name::of_user(user),
        };
        Ok((limits::role_arn(account, &grant.role)?, name))
    }

    /// Whether there can be a role of this name in any account.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn check_role(role: &str) -> Result<(), SessionError> {
        limits::role(role)
    }

    /// Whether STS takes these tags, keys and values.
    ///
    /// # Errors
    /// The first that it would reject, and the limit.
    pub fn check_tags(tags: &[(String, String)]) -> Result<(), SessionError> {
        limits::tags(tags).map(drop)
    }

    /// When it must end by the token of who asks, if that is earlier than granted.
    pub(super) fn until(&self) -> Option<SystemTime> {
        self.until
    }

    /// Whether two sessions differ in nothing but when the token of who asks ends.
    pub(super) fn is_same_but_for_its_end(&self, other: &Self) -> bool {
        let endless = |session: &Self| Self { until: None, ..session.clone() };
        // Most differ in these, which costs no copy.
        self.user == other.user && self.role_arn == other.role_arn && endless(self) == endless(other)
    }

    /// Whether it is a session of that user of that mount.
    pub(super) fn is_of(&self, mount: &str, user: &str) -> bool {
        self.mount == mount && self.user == user
    }

    /// Whether both are of one user of one mount.
    pub(super) fn is_of_same_user(&self, other: &Self) -> bool {
        self.user == other.user && self.mount == other.mount
    }

    /// The account whose role it is.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Who asked, as they were named.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The role's ARN.
    pub fn role_arn(&self) -> &str {
        &self.role_arn
    }

    /// `RoleSessionName`: the name of the session's user in `CloudTrail`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long it lasts if it begins now.
    pub fn duration(&self) -> Duration {
        let granted = Duration::from_secs(self.duration.into());
        self.left().map_or(granted, |left| left.min(granted))
    }

    /// How long it may last by what proved who asks, in whole seconds.
    fn left(&self) -> Option<Duration> {
        let left = self.until?.duration_since(SystemTime::now()).unwrap_or_default();
        Some(Duration::from_secs(left.as_secs()).max(SHORTEST))
    }

    /// How long the policy, or the token of who asks, said that it lasts, if one of them said so.
    pub(super) fn limit(&self) -> Option<Duration> {
        let granted = self.limited.then(|| Duration::from_secs(self.duration.into()));
        granted.into_iter().chain(self.left()).min()
    }

    /// `SourceIdentity`.
    pub(super) fn source_identity(&self) -> Option<&str> {
        self.source_identity.as_deref()
    }

    /// `Tags`, key and value.
    pub(super) fn tags(&self) -> &[(String, String)] {
        &self.tags
    }

    /// `Policy`.
    pub(super) fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// `ExternalId`.
    pub(super) fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }
}

/// The external id and the values of tags stay away: they were not chosen to be logged.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .field("role_arn", &self.role_arn)
            .field("name", &self.name)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}
