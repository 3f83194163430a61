//! `time.*`, but for formats: regorus's own reads a clock that a policy has not.

use anyhow::{Result, anyhow, bail};
use chrono::{DateTime, Datelike as _, Days, LocalResult, NaiveDate, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use regorus::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Adding, Now};

pub(super) fn add(to: &mut Adding<'_>, now: &Now) -> Result<()> {
    to.function("time.clock", 1, clock)?;
    to.function("time.date", 1, date)?;
    to.function("time.weekday", 1, weekday)?;
    to.function("time.parse_rfc3339_ns", 1, parse)?;
    to.function("time.add_date", 4, add_date)?;
    let now = Arc::clone(now);
    // The time that the host gives a decision, and records.
    let now_ns = move |_: Vec<Value>| Ok(Value::from(i128::from(now.load(Ordering::Relaxed)) * 1_000_000));
    to.engine.add_extension("time.now_ns".to_owned(), 0, Box::new(now_ns))
}

/// A time in nanoseconds since 1970, or a list of that and the name of a time zone.
fn time(value: &Value) -> Result<DateTime<Tz>> {
    let (nanos, zone) = match value {
        Value::Array(list) => match list.as_slice() {
            [nanos] => (nanos, Tz::UTC),
            [nanos, Value::String(zone)] => (nanos, named(zone)?),
            _ => bail!("a time is a number of nanoseconds, or a list of that and a time zone"),
        },
        nanos => (nanos, Tz::UTC),
    };
    let nanos = nanos.as_i64().map_err(|_| anyhow!("a time is a whole number of nanoseconds of 64 bits"))?;
    Ok(DateTime::<Utc>::from_timestamp_nanos(nanos).with_timezone(&zone))
}

fn named(zone: &str) -> Result<Tz> {
    match zone {
        "" => Ok(Tz::UTC),
        "Local" => bail!("the time zone `Local` is that of a machine; name one such as `Europe/Berlin`"),
        zone => zone.parse().map_err(|_| anyhow!("there is no time zone `{zone}`")),
    }
}

fn one(args: &[Value]) -> Result<DateTime<Tz>> {
    let [value] = args else { bail!("it takes one time") };
    time(value)
}

fn clock(args: &[Value]) -> Result<Value> {
    let time = one(args)?;
    Ok(Value::from(vec![Value::from(time.hour()), Value::from(time.minute()), Value::from(time.second())]))
}

fn date(args: &[Value]) -> Result<Value> {
    let time = one(args)?;
    let year = Value::from(i64::from(time.year()));
    Ok(Value::from(vec![year, Value::from(time.month()), Value::from(time.day())]))
}

fn weekday(args: &[Value]) -> Result<Value> {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let day = one(args)?.weekday().num_days_from_monday();
    Ok(Value::from(usize::try_from(day).ok().and_then(|day| NAMES.get(day)).copied().unwrap_or_default()))
}

fn parse(args: &[Value]) -> Result<Value> {
    let [Value::String(text)] = args else { bail!("`time.parse_rfc3339_ns` expects one string") };
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| anyhow!("`{text}` is no time of RFC 3339"))?;
    nanos(&time)
}

fn nanos<Z: chrono::TimeZone>(time: &DateTime<Z>) -> Result<Value> {
    let nanos =
        time.timestamp_nanos_opt().ok_or_else(|| anyhow!("the time is beyond 64 bits of nanoseconds"))?;
    Ok(Value::from(nanos))
}

/// Years, months and days later. A day that the month does not have is counted on into the next, as in Go.
fn add_date(args: &[Value]) -> Result<Value> {
    let [start, years, months, days] = args else {
        bail!("`time.add_date` expects a time and three numbers")
    };
    let start = time(start)?;
    let small = |value: &Value| {
        let number = value.as_i64().ok().and_then(|number| i32::try_from(number).ok());
        number.map(i64::from).ok_or_else(|| anyhow!("`time.add_date` expects whole numbers of 32 bits"))
    };
    let beyond = || anyhow!("the date is beyond what can be computed");
    let (years, months, days) = (small(years)?, small(months)?, small(days)?);
    let month = (i64::from(start.year()) + years) * 12 + i64::from(start.month0()) + months;
    let year = i32::try_from(month.div_euclid(12)).map_err(|_| beyond())?;
    let first = u32::try_from(month.rem_euclid(12))
        .ok()
        .and_then(|month| NaiveDate::from_ymd_opt(year, month + 1, 1));
    let days = i64::from(start.day0()) + days;
    let distance = Days::new(days.unsigned_abs());
    let date =
        first
            .and_then(|first| {
                if days < 0 { first.checked_sub_days(distance) } else { first.checked_add_days(distance) }
            })
            .ok_or_else(beyond)?;
    match start.timezone().from_local_datetime(&date.and_time(start.time())) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => nanos(&time),
        LocalResult::None => bail!("there is no such time on that day in its time zone"),
    }
}
