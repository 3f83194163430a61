//! Why AWS gave nothing.

use humantime::format_duration;
use std::time::Duration;

use super::account::Partition;

/// Why AWS gave nothing.
///
/// The texts are for the log and the record, and hold no secret. A client learns only which kind it is: what STS
/// says names our own user, and the reasons name hosts. Each kind says which status the API responds with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// STS does not let us have this role for this user (`AccessDenied`): 403. The only one that is about the
    /// user's permission, and the only one after which nothing is served from the cache.
    #[error("AWS refuses `{role_arn}`: {message}{}", request(.request_id.as_ref()))]
    Denied {
        /// The role.
        role_arn: String,
        /// What STS said, shortened.
        message: String,
        /// AWS's id of the call.
        request_id: Option<String>,
    },
    /// Our own keys are refused, or there are none: 502. STS says 403 to some of these, and yet the user has done
    /// nothing wrong: it is the operator who must know. Logged as an error already.
    #[error("our own AWS keys cannot be used: {reason}{}", request(.request_id.as_ref()))]
    OwnKeys {
        /// AWS's code and text, or why none were found.
        reason: String,
        /// AWS's id of the call.
        request_id: Option<String>,
    },
    /// AWS takes no signature of our time: 502. The SDK has tried with AWS's own. Logged as an error already.
    #[error("AWS rejects the time of our signature; is this machine's clock right? AWS says {reason}{}", request(.request_id.as_ref()))]
    Clock {
        /// AWS's code and text.
        reason: String,
        /// AWS's id of the call.
        request_id: Option<String>,
    },
    /// STS of the region is not activated in our own account: 502. Logged as an error already.
    #[error("STS is not activated for our own account in this region; AWS says {reason}{}", request(.request_id.as_ref()))]
    RegionDisabled {
        /// AWS's code and text.
        reason: String,
        /// AWS's id of the call.
        request_id: Option<String>,
    },
    /// The role's `MaxSessionDuration` is less than what was granted: 502.
    #[error("the role allows no session of {}: its `MaxSessionDuration` is less{}", format_duration(*.duration), request(.request_id.as_ref()))]
    TooLong {
        /// What was asked for.
        duration: Duration,
        /// AWS's id of the call.
        request_id: Option<String>,
    },
    /// More than AWS allows to those whose own keys are temporary ("role chaining", IAM User Guide): 502. STS was not
    /// asked.
    #[error(
        "a session of {} is not allowed: our own AWS keys are temporary, and with such a session lasts an hour at most",
        format_duration(*.0)
    )]
    Chained(Duration),
    /// The account is in another partition than the configured region, where our keys are unknown: 502. STS was not
    /// asked.
    #[error("the account is in the partition `{partition}`, and the configured region `{region}` is not")]
    OtherPartition {
        /// The account's.
        partition: Partition,
        /// As configured.
        region: String,
    },
    /// STS refuses, for another reason: 502.
    #[error("STS answered with {status}, `{code}`: {message}{}", request(.request_id.as_ref()))]
    Failed {
        /// The HTTP status.
        status: u16,
        /// AWS's code.
        code: String,
        /// What STS said, shortened.
        message: String,
        /// AWS's id of the call.
        request_id: Option<String>,
    },
    /// STS answers with something that is no answer: 502.
    #[error("the answer of STS cannot be used: {0}")]
    Unreadable(String),
    /// STS does not answer in time: 502.
    #[error("STS did not answer within {}", format_duration(*.0))]
    Timeout(Duration),
    /// STS cannot be reached: 502.
    #[error("STS cannot be reached: {0}")]
    Unreachable(String),
    /// More is being asked of STS than we can keep in mind: 502.
    #[error("too many questions to STS are under way")]
    Overloaded,
    /// The question came to no end, e.g. since the program is about to stop: 502.
    #[error("the question to STS was given up")]
    GivenUp,
    /// The federation endpoint gives no sign-in token: 502.
    #[error("the federation endpoint answered with {0}")]
    SignInRefused(u16),
    /// It does not answer in time: 502.
    #[error("the federation endpoint did not answer within {}", format_duration(*.0))]
    SignInTimeout(Duration),
    /// It cannot be reached: 500, as AFP has it.
    #[error("the federation endpoint cannot be reached: {0}")]
    SignInUnreachable(String),
    /// Its answer is no JSON, or has no sign-in token: 500, as AFP has it.
    #[error("the answer of the federation endpoint cannot be used: {0}")]
    SignInUnreadable(&'static str),
    /// The place in the console that was asked for is none: 400. It may be shown to the client.
    #[error("`{0}` is no page of the AWS console")]
    Destination(String),
    /// The console was asked for in a region that is none of the account's partition: 400. It may be shown to the client.
    #[error("`{region}` is no region of `{partition}`: write e.g. `eu-central-1`")]
    ConsoleRegion {
        /// As it was asked for.
        region: String,
        /// The partition.
        partition: &'static str,
    },
    /// An option that cannot be worked with. Only [`Aws::open`](super::Aws::open) says so.
    #[error("`{key}` {reason}")]
    Option {
        /// Its name.
        key: &'static str,
        /// What is wrong with it; follows the name.
        reason: String,
    },
}

impl AwsError {
    /// Whether it is AWS's answer to whether this user may: see [`Denied`](Self::Denied).
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    pub(super) fn option(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Option { key, reason: reason.into() }
    }
}

fn request(id: Option<&String>) -> String {
    id.map(|id| format!(" (request `{id}`)")).unwrap_or_default()
}

/// Foreign text on one line, without control characters and short enough for a log.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 500;
    let plain = |char: char| if char.is_control() { ' ' } else { char };
    text.trim().chars().take(LONGEST).map(plain).collect()
}
