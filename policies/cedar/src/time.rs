//! `context.time`: the moment of the decision, in UTC and with the operator's offset.

use cedar_policy::RestrictedExpression;
use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};

use crate::value::{Value, record, text, whole};

/// The last millisecond of the year 9999: Cedar's `datetime` has four digits for a year.
const LAST: u64 = 253_402_300_799_999;

fn moment(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

fn fields(at: DateTime<Utc>) -> [(&'static str, Option<Value>); 4] {
    [
        ("weekday", Some(whole(at.weekday().number_from_monday().into()))),
        ("hour", Some(whole(at.hour().into()))),
        ("minute", Some(whole(at.minute().into()))),
        ("date", Some(text(&at.date_naive().to_string()))),
    ]
}

/// The value of `context.time`.
pub(crate) fn of(now: u64, offset_minutes: i64) -> Result<Value, String> {
    let now = i64::try_from(now.min(LAST)).unwrap_or_default();
    let utc = moment(now);
    let local = record(fields(moment(now + offset_minutes * 60_000)))?;
    let now = RestrictedExpression::new_datetime(utc.to_rfc3339_opts(SecondsFormat::Millis, true));
    record([("now", Some(now)), ("local", Some(local))].into_iter().chain(fields(utc)))
}
