//! Why what a request names cannot be looked up.

use axum::http::StatusCode;
use portcullis_docker_api::inspect::{InspectError, TooManyJoinsError};
use portcullis_http_client::proxy::ProxyError;
use std::time::Duration;

/// Why what a request names cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookUpError {
    /// The daemon cannot be reached.
    #[error("the daemon does not answer at the address of `look_up` in `[docker]`")]
    Unreachable(#[from] ProxyError),
    /// The daemon, or another plugin of it, takes too long.
    #[error("the daemon gives no answer within {}: send the request again", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// The daemon refuses to say.
    #[error(
        "the daemon refuses the host's own look-up: each other authorization plugin has to allow GET of \
         `/containers/json`, `/containers/.../json`, `/exec/.../json`, `/volumes/...`, `/info`, `/version` and `/events` \
         to clients without a certificate"
    )]
    Refused,
    /// The daemon responds with an error, e.g. since the beginning of an id is that of several.
    #[error("the daemon answers with status {status}: {message}; write the whole name or id")]
    Status {
        /// Its status.
        status: StatusCode,
        /// Its text.
        message: String,
    },
    /// The daemon's response breaks off, or is too long.
    #[error("the daemon's response broke off, or is longer than {0} bytes")]
    Broken(usize),
    /// The daemon's response is not what dockerd writes.
    #[error(transparent)]
    Unreadable(#[from] InspectError),
    /// No path can carry the name, or two containers could be meant.
    #[error("the name could be read in several ways: write the container's id")]
    Ambiguous,
    /// A request under way makes, renames or removes it.
    #[error("it is being made, renamed or removed: send the request again")]
    UnderWay,
    /// It was changed again and again meanwhile.
    #[error("it was changed meanwhile: send the request again")]
    Changed,
    /// Containers whose namespaces it joins, which join those of others.
    #[error(transparent)]
    Joins(#[from] TooManyJoinsError),
    /// Volumes of one container or request.
    #[error("it mounts more than {0} volumes: mount fewer")]
    Volumes(usize),
    /// Containers whose volumes it takes over.
    #[error("it takes over the volumes of more than {0} containers: name fewer")]
    TakenOver(usize),
    /// Too much at once.
    #[error("too many look-ups or changes are under way: send the request again")]
    TooMany,
}

impl LookUpError {
    /// Whether no decision could be made, and the request is not what is wrong.
    pub(crate) fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Timeout(_) | Self::Refused | Self::Broken(_) | Self::TooMany
        )
    }
}
