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
const OWN_KEYS: [&str; 14] = [
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
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Codes that say that our clock is wrong.
const CLOCK: [&str; 2] = ["RequestExpired", "RequestTimeTooSkewed"];
/// How the text of `SignatureDoesNotMatch` begins where the clock is wrong and not the key.
const CLOCK_TEXTS: [&str; 2] = ["Signature expired", "Signature not yet current"];

/// What the SDK says, in our words.
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
    let reason = || format!("`{}`: {}", excerpt(code), said(message));
    if matches!(code, "AccessDenied" | "AccessDeniedException") {
        let role_arn = session.role_arn().to_owned();
        AwsError::Denied { role_arn, message: excerpt(message), request_id }
    } else if CLOCK.contains(&code) || CLOCK_TEXTS.iter().any(|text| message.starts_with(text)) {
        AwsError::Clock { reason: reason(), request_id }
    } else if code == "RegionDisabledException" {
        AwsError::RegionDisabled { reason: reason(), request_id }
    } else if OWN_KEYS.contains(&code) {
        AwsError::OwnKeys { reason: reason(), request_id }
    } else if code == "ValidationError" && message.contains("MaxSessionDuration") {
        AwsError::TooLong { duration: session.duration(), request_id }
    } else {
        AwsError::Failed { status, code: excerpt(code), message: excerpt(message), request_id }
    }
}

/// What STS says, for the log. Of a signature it repeats what was signed ("The Canonical String for this request should
/// have been"), on further lines, and that may hold a session token: both are left out, and so is any word that is as
/// long as one.
fn said(message: &str) -> String {
    const LONGEST_WORD: usize = 48;
    let first = message.trim_start().lines().next().unwrap_or_default();
    let lower = first.to_ascii_lowercase();
    let signed =
        ["canonical string", "string-to-sign", "string to sign"].iter().filter_map(|text| lower.find(text));
    let first = &first[..signed.min().unwrap_or(first.len())];
    // A part of a token or key, in base64; of the words that AWS writes only names with a colon have a slash.
    let is_secret = |word: &str| word.contains(['/', '+']) && !word.contains(':');
    let words =
        first.split(' ').map(|word| if word.len() > LONGEST_WORD || is_secret(word) { "..." } else { word });
    excerpt(&words.collect::<Vec<_>>().join(" "))
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

    const SIGNED: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                          Secret Access Key and signing method.\n\nThe Canonical String for this request should have been\n\
                          'POST\n/\n\nx-amz-security-token:hunter2'";

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
            let error = judge(403, code, SIGNED, None, &session());
            assert!(matches!(error, AwsError::OwnKeys { .. }), "{code}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2") && text.contains("does not match the signature"), "{text}");
        }
        for signed in [
            "The Canonical String: hunter2",
            "canonical string hunter2",
            "The String-to-Sign should be hunter2",
        ] {
            let error = judge(403, "SignatureDoesNotMatch", signed, None, &session());
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        let token = "h".repeat(100);
        let error = judge(403, "InvalidToken", &format!("the token {token} is invalid"), None, &session());
        assert!(error.to_string().contains("`InvalidToken`: the token ... is invalid"), "{error}");
        for (status, code) in
            [(400, "ValidationError"), (403, "Throttling"), (403, ""), (500, "InternalFailure")]
        {
            let error = judge(status, code, "m\u{1b}\nm", Some("id".into()), &session());
            assert!(matches!(error, AwsError::Failed { .. }), "{code}");
            assert!(error.to_string().ends_with("m  m (request `id`)"), "{error}");
        }
    }

    #[test]
    fn a_wrong_clock_a_disabled_region_and_too_long_a_session_are_no_wrong_keys() {
        let judged = |status, code, message| judge(status, code, message, None, &session());
        for (code, message) in [
            (
                "SignatureDoesNotMatch",
                "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z (20260101T011500Z - 15 min.)",
            ),
            (
                "SignatureDoesNotMatch",
                "Signature not yet current: 20260101T020000Z is still later than 20260101T011500Z",
            ),
            (
                "InvalidSignatureException",
                "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z",
            ),
            ("RequestExpired", "Request has expired."),
        ] {
            let error = judged(403, code, message);
            assert!(matches!(&error, AwsError::Clock { .. }), "{code}: {error}");
            assert!(error.to_string().contains(message), "AWS's own text is for the operator: {error}");
        }
        let disabled = "STS is not activated in this region for account:111111111111. Your account administrator can \
                        activate STS in this region using the IAM Console.";
        let error = judged(403, "RegionDisabledException", disabled);
        assert!(
            matches!(error, AwsError::RegionDisabled { .. }) && error.to_string().contains(disabled),
            "{error}"
        );
        let long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        let error = judged(400, "ValidationError", long);
        assert!(matches!(error, AwsError::TooLong { .. }), "{error}");
        assert_eq!(error.to_string(), "the role allows no session of 1h: its `MaxSessionDuration` is less");
        assert!(matches!(judged(400, "ValidationError", "1 validation error"), AwsError::Failed { .. }));
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
