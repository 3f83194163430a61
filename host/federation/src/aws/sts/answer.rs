//! What STS answers, looked at before it is believed.

use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use humantime::{format_duration, format_rfc3339_seconds};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::aws::credentials::{Credentials, Moment};
use crate::aws::error::AwsError;

pub(super) type Answer = AssumeRoleOutput;

/// The longest that a session lasts.
const LONGEST: Duration = Duration::from_hours(12);
/// How far our clock may be behind that of AWS, which signs with 15 minutes' tolerance.
const SLACK: Duration = Duration::from_mins(15);
/// Credentials that work no longer than this are of no use to anybody.
pub(in crate::aws) const TOO_LITTLE: Duration = Duration::from_mins(1);

/// The SDK fills in what is missing with nothing, and with 1970.
pub(super) fn read(answer: Answer, now: Moment, long_term_keys: bool) -> Result<Credentials, AwsError> {
    let unreadable = |reason: String| AwsError::Unreadable(reason);
    let given = answer.credentials.ok_or_else(|| unreadable("it has no `Credentials`".into()))?;
    for (name, value) in [
        ("AccessKeyId", &given.access_key_id),
        ("SecretAccessKey", &given.secret_access_key),
        ("SessionToken", &given.session_token),
    ] {
        // They go into HTTP headers.
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unreadable(format!("its `{name}` is missing, or is none")));
        }
    }
    let expiration = u64::try_from(given.expiration.secs())
        .ok()
        .filter(|seconds| *seconds != 0)
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        .ok_or_else(|| unreadable("its `Expiration` is missing, or is none".into()))?;
    check(expiration, now.time).map_err(unreadable)?;
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key.into(),
        given.session_token.into(),
        expiration,
        now,
        long_term_keys,
    ))
}

fn check(expiration: SystemTime, now: SystemTime) -> Result<(), String> {
    let wrong = |far: String| {
        let at = shown(expiration);
        format!(
            "its credentials expire at {at}, which is {far}; is this machine's clock right? It says {}",
            shown(now)
        )
    };
    match expiration.duration_since(now) {
        Err(error) => Err(wrong(format!("{} ago", format_duration(whole(error.duration()))))),
        Ok(left) if left <= TOO_LITTLE => Err(wrong("now".into())),
        Ok(left) if left > LONGEST + SLACK => {
            Err(wrong(format!("{} ahead, and no session lasts so long", format_duration(whole(left)))))
        }
        Ok(_) => Ok(()),
    }
}

fn whole(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

/// Some years cannot be written, and an answer may name any.
fn shown(time: SystemTime) -> String {
    const YEAR_9999: Duration = Duration::from_secs(253_402_300_799);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) if since <= YEAR_9999 => format_rfc3339_seconds(time).to_string(),
        _ => "a time that cannot be written".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sts::primitives::DateTime;
    use aws_sdk_sts::types;
    use secrecy::ExposeSecret as _;

    fn answer(expiration: DateTime, change: impl Fn(&mut types::Credentials)) -> Answer {
        let mut credentials = types::Credentials::builder()
            .access_key_id("ASIAEXAMPLE")
            .secret_access_key("hunter2")
            .session_token("token")
            .expiration(expiration)
            .build()
            .unwrap();
        change(&mut credentials);
        Answer::builder().credentials(credentials).build()
    }

    fn at(now: Moment, offset: i64) -> DateTime {
        let now = now.time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        DateTime::from_secs(i64::try_from(now).unwrap() + offset)
    }

    #[test]
    fn expirations() {
        let now = Moment::now();
        for offset in [62, 900, 3600, 43_200, 43_200 + 890] {
            let credentials = read(answer(at(now, offset), |_| ()), now, true).unwrap();
            let life = credentials.life();
            assert!(life.as_secs().abs_diff(offset.unsigned_abs()) <= 1, "{offset} {life:?}");
        }
        for offset in [-86_400, -1, 0, 59, 43_200 + 910, 315_360_000, 8_000_000_000_000] {
            let error = read(answer(at(now, offset), |_| ()), now, true).unwrap_err().to_string();
            assert!(error.contains("is this machine's clock right"), "{offset} {error}");
        }
        for missing in [DateTime::from_secs(0), DateTime::from_secs(-1), DateTime::from_secs(i64::MIN)] {
            let error = read(answer(missing, |_| ()), now, true).unwrap_err().to_string();
            assert!(error.contains("`Expiration` is missing"), "{error}");
        }
    }

    #[test]
    fn fractions_of_a_second_are_dropped() {
        let now = Moment::now();
        let hour = now.time.duration_since(UNIX_EPOCH).unwrap() + Duration::from_hours(1);
        let precise = DateTime::from_secs_and_nanos(i64::try_from(hour.as_secs()).unwrap(), 123_456_000);
        let credentials = read(answer(precise, |_| ()), now, true).unwrap();
        assert_eq!(credentials.expiration(), UNIX_EPOCH + Duration::from_secs(hour.as_secs()));
    }

    type Change = fn(&mut types::Credentials);

    #[test]
    fn every_field_is_there() {
        let now = Moment::now();
        let good = read(answer(at(now, 3600), |_| ()), now, false).unwrap();
        assert_eq!(good.access_key_id(), "ASIAEXAMPLE");
        assert_eq!(good.secret_access_key().expose_secret(), "hunter2");
        assert_eq!(good.session_token().expose_secret(), "token");
        assert!(!good.by_long_term_keys());
        let changes: [(&str, Change); 4] = [
            ("AccessKeyId", |credentials| credentials.access_key_id.clear()),
            ("SecretAccessKey", |credentials| credentials.secret_access_key.clear()),
            ("SessionToken", |credentials| credentials.session_token.clear()),
            ("SessionToken", |credentials| credentials.session_token.push('\n')),
        ];
        for (name, change) in changes {
            let error = read(answer(at(now, 3600), change), now, true).unwrap_err().to_string();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
        assert!(read(Answer::builder().build(), now, true).is_err());
    }
}
