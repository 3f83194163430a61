//! What a decision leaves behind, and how long each part of it may be.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::borrow::Cow;
use std::sync::Arc;

use portcullis_contract::HookName;
use portcullis_contract::secrets;
use portcullis_contract::types::{self, Verdict};

use crate::facts::Facts;
use crate::fields::{Clip, ENTRIES, KeyValues, List, NAME, Names, TEXT, Time, URI};
use crate::input::RecordedInput;
use crate::mask;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A decision, by the policies in force or by the host.
    Decision,
    /// The outcomes of monitoring policies, asked beside a decision. Its `id` is the decision's.
    Monitor,
    /// A candidate that would have answered otherwise than the policy in force. Its `id` is the decision's.
    Shadow,
    /// A login with a name and a password, that succeeded or failed. No policy is asked.
    Authentication,
    /// A change of what is in force, e.g. of policies, or its refusal.
    Change,
}

impl Kind {
    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Monitor => "monitor",
            Self::Shadow => "shadow",
            Self::Authentication => "authentication",
            Self::Change => "change",
        }
    }
}

/// One decision. Fields are as they were seen; secrets are masked and lengths bounded when the line is made.
///
/// There is no way to see the raw fields of a record through `Debug`: it shows the line.
#[derive(Clone)]
pub struct Record {
    /// What the record is about.
    pub kind: Kind,
    /// The decision's id, as it stands at the end of a refusal's text.
    pub id: String,
    /// When the question was asked: milliseconds since 1970-01-01 UTC, as the policies were told.
    pub now: u64,
    /// The API that asked, e.g. `docker-plugin`.
    pub api: Cow<'static, str>,
    /// What the policies were asked. Absent for an authentication and a change.
    pub hook: Option<HookName>,
    /// The set of policies that was in force.
    pub generation: u64,
    /// What came of it: `allow` or `deny`.
    pub verdict: Verdict,
    /// The rule that decided; the host's own begin with `host:`.
    pub rule: String,
    /// Why, as the caller was told.
    pub reason: String,
    /// The policy that decided; absent where the host did.
    pub policy: Option<Arc<str>>,
    /// What each policy said.
    pub outcomes: Vec<PolicyRecord>,
    /// How long the policies took, microseconds.
    pub micros: u64,
    /// From the request's arrival to its answer, microseconds.
    pub total_micros: u64,
    /// Who asked.
    pub principal: Option<Principal>,
    /// The address the question came from.
    pub peer: Option<String>,
    /// The daemon's label.
    pub daemon: Option<Arc<str>>,
    /// The operation, in the peer's own words, e.g. `ContainerCreate`.
    pub operation: Option<Cow<'static, str>>,
    /// The HTTP method that was asked for.
    pub method: Option<String>,
    /// The URI that was asked for.
    pub uri: Option<String>,
    /// What it would read, change or make.
    pub targets: Vec<Target>,
    /// What it would run, and with which privileges.
    pub facts: Option<Facts>,
    /// Major and minor.
    pub api_version: Option<(u32, u32)>,
    /// The HTTP status of the answer, where it tells of a fault.
    pub status: Option<u16>,
    /// What went wrong in the host, for the operator.
    pub error: Option<String>,
    /// Further fields of the API.
    pub extra: Vec<(Cow<'static, str>, String)>,
    /// What the policies were asked, where one that was asked has `record_inputs`.
    pub input: Option<RecordedInput>,
}

/// What one policy said, or why it said nothing.
#[derive(Debug, Clone)]
pub struct PolicyRecord {
    /// Its name in the configuration.
    pub policy: Arc<str>,
    /// Module, settings and limits together.
    pub revision: Arc<str>,
    /// SHA-256 of the module.
    pub module_sha256: Arc<str>,
    /// SHA-256 of the settings.
    pub settings_sha256: Arc<str>,
    /// `enforce` or `monitor`.
    pub mode: Cow<'static, str>,
    /// `opinion`, or the fault: `deadline`, `out-of-memory`, `log-flood`, `oversized-answer`, `trap`,
    /// `malformed-answer`, `queue-full`, `queue-timeout`, `time-budget`, `host-fault`, `policy-error`; `not-asked` where an earlier one had settled it.
    pub outcome: Cow<'static, str>,
    /// Its opinion; absent where it gave none.
    pub verdict: Option<Verdict>,
    /// Its name for the rule.
    pub rule: String,
    /// Its reason.
    pub reason: Option<String>,
    /// For the operator, e.g. the first line of a trap's backtrace.
    pub detail: Option<String>,
    /// How long it took, with waiting, microseconds.
    pub micros: u64,
    /// How long it waited for other decisions, microseconds.
    pub queue_micros: u64,
}

/// Who asked.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Absent means anonymous.
    pub name: Option<String>,
    /// How the name was proved.
    pub authentication: Cow<'static, str>,
    /// The groups it is in.
    pub groups: Vec<String>,
    /// The client certificate's subject.
    pub certificate: Option<String>,
}

/// Something that a request reads, changes or makes.
#[derive(Debug, Clone)]
pub struct Target {
    /// e.g. `container`
    pub kind: Cow<'static, str>,
    /// As it stood in the request.
    pub as_sent: String,
}

impl Record {
    /// A record of which nothing is known but what every record has.
    pub fn new(
        id: impl Into<String>,
        now: u64,
        api: impl Into<Cow<'static, str>>,
        hook: HookName,
        verdict: Verdict,
    ) -> Self {
        Self::empty(Kind::Decision, Some(hook), (id.into(), now, api.into()), verdict)
    }

    fn empty(
        kind: Kind,
        hook: Option<HookName>,
        (id, now, api): (String, u64, Cow<'static, str>),
        verdict: Verdict,
    ) -> Self {
        Self {
            kind,
            id,
            now,
            api,
            hook,
            generation: 0,
            verdict,
            rule: String::new(),
            reason: String::new(),
            policy: None,
            outcomes: Vec::new(),
            micros: 0,
            total_micros: 0,
            principal: None,
            peer: None,
            daemon: None,
            operation: None,
            method: None,
            uri: None,
            targets: Vec::new(),
            facts: None,
            api_version: None,
            status: None,
            error: None,
            extra: Vec::new(),
            input: None,
        }
    }

    /// A record of a login. No policy is asked, so it has no hook.
    pub fn authentication(
        id: impl Into<String>,
        now: u64,
        api: impl Into<Cow<'static, str>>,
        verdict: Verdict,
    ) -> Self {
        Self::empty(Kind::Authentication, None, (id.into(), now, api.into()), verdict)
    }

    /// A record of a change of what is in force. No policy is asked, so it has no hook.
    pub fn change(
        id: impl Into<String>,
        now: u64,
        api: impl Into<Cow<'static, str>>,
        verdict: Verdict,
    ) -> Self {
        Self::empty(Kind::Change, None, (id.into(), now, api.into()), verdict)
    }

    /// Turns the record into that of a refusal, since its caller is told that it could not be written.
    pub(crate) fn refuse_unrecorded(&mut self, why: &str) {
        self.verdict = Verdict::Deny;
        self.rule = "host:unrecorded".into();
        self.reason = "the decision cannot be recorded, so nothing is allowed".into();
        self.error = Some(why.into());
        self.policy = None;
    }
}

impl From<&types::Principal> for Principal {
    fn from(principal: &types::Principal) -> Self {
        Self {
            name: principal.name.clone(),
            authentication: principal.authentication.clone().into(),
            groups: principal.groups.clone(),
            certificate: principal.certificate.as_ref().map(|certificate| certificate.subject.clone()),
        }
    }
}

/// By the user's id: names may be another's tomorrow.
impl From<&secrets::Requester> for Principal {
    fn from(requester: &secrets::Requester) -> Self {
        Self {
            name: requester.user.clone(),
            authentication: if requester.user.is_some() { "token" } else { "anonymous" }.into(),
            groups: requester.groups.clone(),
            certificate: None,
        }
    }
}

/// Writes a field where there is something to write.
macro_rules! optional {
    ($to:ident, $name:literal, $value:expr, $wrap:expr) => {
        match $value {
            Some(value) => $to.serialize_field($name, &$wrap(value))?,
            None => $to.skip_field($name)?,
        }
    };
}

fn left_out<T>(list: &[T]) -> Option<usize> {
    list.len().checked_sub(ENTRIES).filter(|more| *more > 0)
}

fn clip<const N: usize>(text: &(impl AsRef<str> + ?Sized)) -> Clip<'_, N> {
    Clip(Cow::Borrowed(text.as_ref()))
}

/// Free text may quote a URL with a password in it.
fn masked<const N: usize>(text: &(impl AsRef<str> + ?Sized)) -> Clip<'_, N> {
    Clip(mask::text(text.as_ref()))
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Record", 30)?;
        to.serialize_field("time", &Time(self.now))?;
        to.serialize_field("kind", self.kind.as_str())?;
        to.serialize_field("id", &clip::<NAME>(&self.id))?;
        to.serialize_field("api", &clip::<NAME>(&self.api))?;
        optional!(to, "hook", self.hook, std::convert::identity);
        to.serialize_field("generation", &self.generation)?;
        to.serialize_field("verdict", &self.verdict)?;
        to.serialize_field("rule", &clip::<NAME>(&self.rule))?;
        to.serialize_field("reason", &masked::<TEXT>(&self.reason))?;
        optional!(to, "policy", &self.policy, clip::<NAME>);
        optional!(to, "principal", &self.principal, std::convert::identity);
        optional!(to, "peer", &self.peer, clip::<NAME>);
        optional!(to, "daemon", &self.daemon, clip::<NAME>);
        optional!(to, "operation", &self.operation, clip::<NAME>);
        optional!(to, "method", &self.method, clip::<NAME>);
        optional!(to, "uri", &self.uri, |uri: &'_ String| Clip::<URI>(Cow::Owned(
            mask::uri(uri).into_owned()
        )));
        optional!(to, "api_version", self.api_version, |(major, minor)| format!("{major}.{minor}"));
        to.serialize_field("targets", &List(&self.targets))?;
        optional!(to, "targets_left_out", left_out(&self.targets), std::convert::identity);
        optional!(to, "facts", &self.facts, std::convert::identity);
        to.serialize_field("outcomes", &List(&self.outcomes))?;
        optional!(to, "outcomes_left_out", left_out(&self.outcomes), std::convert::identity);
        to.serialize_field("micros", &self.micros)?;
        to.serialize_field("total_micros", &self.total_micros)?;
        optional!(to, "status", self.status, std::convert::identity);
        optional!(to, "error", &self.error, masked::<TEXT>);
        if self.extra.is_empty() {
            to.skip_field("extra")?;
        } else {
            to.serialize_field("extra", &KeyValues(&self.extra))?;
        }
        optional!(to, "extra_left_out", left_out(&self.extra), std::convert::identity);
        match &self.input {
            None => {}
            Some(RecordedInput::Kept(input)) => to.serialize_field("input", input)?,
            Some(RecordedInput::LeftOut(why)) => to.serialize_field("input_left_out", &clip::<TEXT>(why))?,
        }
        to.end()
    }
}

impl Serialize for PolicyRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("PolicyRecord", 12)?;
        to.serialize_field("policy", &clip::<NAME>(&self.policy))?;
        to.serialize_field("revision", &clip::<NAME>(&self.revision))?;
        to.serialize_field("module_sha256", &clip::<NAME>(&self.module_sha256))?;
        to.serialize_field("settings_sha256", &clip::<NAME>(&self.settings_sha256))?;
        to.serialize_field("mode", &clip::<NAME>(&self.mode))?;
        to.serialize_field("outcome", &clip::<NAME>(&self.outcome))?;
        optional!(to, "verdict", self.verdict, std::convert::identity);
        to.serialize_field("rule", &clip::<NAME>(&self.rule))?;
        optional!(to, "reason", &self.reason, masked::<TEXT>);
        optional!(to, "detail", &self.detail, masked::<TEXT>);
        to.serialize_field("micros", &self.micros)?;
        optional!(
            to,
            "queue_micros",
            Some(self.queue_micros).filter(|micros| *micros > 0),
            std::convert::identity
        );
        to.end()
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Principal", 5)?;
        optional!(to, "name", &self.name, clip::<NAME>);
        to.serialize_field("authentication", &clip::<NAME>(&self.authentication))?;
        to.serialize_field("groups", &Names(&self.groups))?;
        optional!(to, "groups_left_out", left_out(&self.groups), std::convert::identity);
        optional!(to, "certificate", &self.certificate, clip::<TEXT>);
        to.end()
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Target", 2)?;
        to.serialize_field("kind", &clip::<NAME>(&self.kind))?;
        to.serialize_field("as_sent", &Clip::<TEXT>(mask::name(&self.as_sent)))?;
        to.end()
    }
}
