//! What it means that STS gave nothing.

use aws_sdk_sts::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sts::operation::RequestId as _;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use portcullis_errors::chain;
use std::time::Duration;

use crate::aws::error::{AwsError, excerpt};
use crate::aws::session::Session;

/// Codes that say that it is our own keys, or how they were used, that are refused (STS API Reference, Common
/// Errors, and `AssumeRole`). Several come with status 403.
const OWN_KEYS: [&str; 16] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RegionDisabledException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What the SDK says, in our words. What STS says of a signature is left out: it repeats what was signed.
pub(super) fn read(error: &SdkError<AssumeRoleError>, session: &Session, timeout: Duration) -> AwsError {
    match error {
        SdkError::TimeoutError(_) => AwsError::Timeout(timeout),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => AwsError::Timeout(timeout),
        SdkError::DispatchFailure(failure) => {
            let reason = failure
                .as_connector_error()
                .map_or_else(|| "it did not answer".into(), |it| excerpt(&chain(it)));
            AwsError::Unreachable(reason)
        }
        SdkError::ServiceError(refused) => {
            let raw = refused.raw();
            let status = raw.status().as_u16();
            let wrapped =
                refused.err().code().is_none().then(|| raw.body().bytes().and_then(wrapped)).flatten();
            let code = refused.err().code().or(wrapped.as_ref().map(|(code, _)| code.as_str()));
            let message = refused.err().message().or(wrapped.as_ref().map(|(_, message)| message.as_str()));
            let Some(code) = code else {
                return AwsError::Unreadable(format!("it has the status {status}, and cannot be read"));
            };
            let request_id = error.request_id().map(excerpt);
            judge(status, code, message.unwrap_or("no reason given"), request_id, session)
        }
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            AwsError::Unreadable(format!("it has the status {status}, and cannot be read"))
        }
        _ => AwsError::Unreachable("the request could not be made".into()),
    }
}

fn judge(status: u16, code: &str, message: &str, request_id: Option<String>, session: &Session) -> AwsError {
    if matches!(code, "AccessDenied" | "AccessDeniedException") {
        let role_arn = session.role_arn().to_owned();
        AwsError::Denied { role_arn, message: excerpt(message), request_id }
    } else if OWN_KEYS.contains(&code) {
        AwsError::OwnKeys { reason: format!("`{code}`"), request_id }
    } else {
        AwsError::Failed { status, code: excerpt(code), message: excerpt(message), request_id }
    }
}

/// Code and message where `Error` is one level deeper than STS itself has it, as some servers in its place do.
fn wrapped(body: &[u8]) -> Option<(String, String)> {
    let body = std::str::from_utf8(body).ok()?;
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(text.to_owned())
    };
    Some((element("Code")?, element("Message").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Account, Partition};
    use portcullis_contract::aws::Grant;

    fn session() -> Session {
        let account = Account { id: "123456789012".parse().unwrap(), partition: Partition::default() };
        Session::new(&account, "", "alice", &Grant { role: "deploy".into(), ..Grant::default() }).unwrap()
    }

    #[test]
    fn only_access_denied_is_about_the_user() {
        for code in ["AccessDenied", "AccessDeniedException"] {
            assert!(judge(403, code, "no", None, &session()).is_denial(), "{code}");
        }
        for code in OWN_KEYS {
            let error =
                judge(403, code, "the canonical string: x-amz-security-token:hunter2", None, &session());
            assert!(matches!(error, AwsError::OwnKeys { .. }), "{code}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{code}");
        }
        for (status, code) in
            [(400, "ValidationError"), (403, "Throttling"), (403, ""), (500, "InternalFailure")]
        {
            let error = judge(status, code, "m\u{1b}\nm", Some("id".into()), &session());
            assert!(matches!(error, AwsError::Failed { .. }), "{code}");
            assert!(error.to_string().ends_with("m  m (request `id`)"), "{error}");
        }
    }

    #[test]
    fn errors_one_level_deeper() {
        let body =
            b"<ErrorResponse><Errors><Error><Code>AccessDenied</Code><Message>no</Message></Error></Errors>";
        assert_eq!(wrapped(body), Some(("AccessDenied".into(), "no".into())));
        assert_eq!(wrapped(b"<html>"), None);
        assert_eq!(wrapped(b"<Code>"), None);
        assert_eq!(wrapped(&[0xff]), None);
    }
}
