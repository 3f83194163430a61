//! Errors of the admin API, and how each is answered: `{"message", "step"}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis_errors::chain;
use portcullis_policy_store::ChangeError;
use serde_json::json;

/// Why a request of the admin API is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AdminError {
    /// On TCP, without a token that reads.
    #[error(
        "on TCP this needs `Authorization: Bearer TOKEN`, with the token of `read_token` or `change_token` in `[admin]`; \
         the unix socket needs none"
    )]
    NoToken,
    /// A token that reads, for a change.
    #[error("this token reads; changes need that of `change_token` in `[admin]`, or the unix socket")]
    ReadOnly,
    /// For something that is done on the machine alone.
    #[error("the glass is broken on the machine alone: ask on the admin API's unix socket")]
    NotLocal,
    /// The request makes no sense.
    #[error("{0}")]
    Request(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// As many follow records as may.
    #[error("too many clients follow decisions; try again")]
    TooManyFollowers,
    /// A change of policies is refused.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// The body of a refusal, for the description of the API.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "a description: the body itself is written below")]
pub(crate) struct Refusal {
    /// Why, for a person.
    message: String,
    /// At which step a change of policies failed.
    step: Option<String>,
}

impl AdminError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::ReadOnly | Self::NotLocal => StatusCode::FORBIDDEN,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::TooManyFollowers => StatusCode::SERVICE_UNAVAILABLE,
            Self::Change(error) => match error {
                ChangeError::Load(_) => StatusCode::UNPROCESSABLE_ENTITY,
                ChangeError::Unknown(_) | ChangeError::NoShadow(_) | ChangeError::NoSuchRevision { .. } => {
                    StatusCode::NOT_FOUND
                }
                ChangeError::LosesHook(_)
                | ChangeError::NothingToShadow(_)
                | ChangeError::NoEarlierRevision(_)
                | ChangeError::NotInFile(_)
                | ChangeError::Withdrawn { .. } => StatusCode::CONFLICT,
                ChangeError::NoModule(_) | ChangeError::Name(_) | ChangeError::Twice(_) => {
                    StatusCode::BAD_REQUEST
                }
                _ => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let step = match &self {
            Self::Change(error) => Some(error.step()),
            _ => None,
        };
        let status = self.status();
        let body = format!("{:#}\n", json!({ "message": chain(&self), "step": step }));
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
