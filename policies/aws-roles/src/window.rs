//! When a rule holds: days of the week and hours, at a fixed distance from UTC.

use serde::Deserialize;

use crate::names::Names;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// As written.
#[derive(Debug, Deserialize)]
pub struct Written {
    /// `mon` to `sun`, or `mon-fri`.
    #[serde(default)]
    pub days: Option<Names>,
    /// `HH:MM`, from which on it holds.
    #[serde(default)]
    pub from: Option<String>,
    /// `HH:MM`, from which on it does not; up to `24:00`. Before `from`, it means the next day.
    #[serde(default)]
    pub to: Option<String>,
    /// `+HH:MM` or `-HH:MM`. Daylight saving time is not followed.
    #[serde(default)]
    pub utc_offset: Option<String>,
}

/// As used: minutes, and a bit per day, Monday first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Window {
    days: u8,
    from: u16,
    to: u16,
    offset: i64,
}

impl Window {
    /// Whether it holds at this time, in milliseconds since 1970-01-01 UTC. Past midnight it is the day on which the
    /// window began that counts.
    pub(crate) fn holds(&self, now: u64) -> bool {
        let minutes = i64::try_from(now / 60_000).unwrap_or(i64::MAX / 2) + self.offset;
        let (day, minute) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        // 1970-01-01 was a Thursday.
        let on = |day: i64| self.days & 1 << (day + 3).rem_euclid(7) != 0;
        if from < to {
            on(day) && (from..to).contains(&minute)
        } else {
            on(day) && minute >= from || on(day - 1) && minute < to
        }
    }
}

impl TryFrom<Written> for Window {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { days, from, to, utc_offset } = written;
        if days.is_none() && from.is_none() && to.is_none() {
            return Err("says neither `days` nor `from` nor `to`".into());
        }
        let time = |text: Option<String>, otherwise| {
            text.map_or(Ok(otherwise), |text| {
                clock(&text).ok_or_else(|| format!("`{text}` is no time of day; write `HH:MM`"))
            })
        };
        let (from, to) = (time(from, 0)?, time(to, MINUTES_OF_A_DAY)?);
        if from == to || from == MINUTES_OF_A_DAY {
            return Err("begins where it ends".into());
        }
        let offset = utc_offset.map_or(Ok(0), |text| {
            offset(&text)
                .ok_or_else(|| format!("`{text}` is no offset; write `+01:00`, from -12:00 to +14:00"))
        })?;
        let days = days.map_or(Ok(0x7f), |days| {
            days.iter().try_fold(0, |bits, text| {
                let more =
                    span(text).ok_or_else(|| format!("`{text}` is no day; write `mon` or `mon-fri`"))?;
                Ok::<u8, String>(bits | more)
            })
        })?;
        Ok(Self { days, from, to, offset })
    }
}

/// `mon`, or `fri-mon`.
fn span(text: &str) -> Option<u8> {
    let day = |text: &str| DAYS.iter().position(|day| *day == text);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let length = (last + 7 - first) % 7;
    Some((0..=length).fold(0, |bits, more| bits | 1 << ((first + more) % 7)))
}

/// `HH:MM` from `00:00` to `24:00`, in minutes.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u16>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= MINUTES_OF_A_DAY).then_some(all)
}

/// The offsets that are in use on earth.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let minutes = sign * i64::from(clock(&text[1..])?);
    (-12 * 60..=14 * 60).contains(&minutes).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(json: &str) -> Window {
        serde_json::from_str(json).unwrap()
    }

    /// Minutes after Monday 2026-11-16 00:00 UTC.
    fn at(day: u64, hour: u64, minute: u64) -> u64 {
        1_794_787_200_000 + ((day * 24 + hour) * 60 + minute) * 60_000
    }

    #[test]
    fn days_and_hours() {
        let office = r#"{"days":["mon-fri"],"from":"09:00","to":"17:30"}"#;
        let berlin = r#"{"days":["mon-fri"],"from":"09:00","to":"17:30","utc_offset":"+01:00"}"#;
        let night = r#"{"days":["fri"],"from":"22:00","to":"06:00"}"#;
        let table = [
            (office, at(0, 9, 0), true),
            (office, at(0, 8, 59), false),
            (office, at(4, 17, 29) + 59_999, true),
            (office, at(4, 17, 30), false),
            (office, at(5, 12, 0), false),
            (office, at(6, 12, 0), false),
            (berlin, at(0, 8, 0), true),
            (berlin, at(0, 7, 59), false),
            (berlin, at(0, 16, 30), false),
            (night, at(4, 22, 0), true),
            (night, at(4, 21, 59), false),
            (night, at(5, 5, 59), true),
            (night, at(5, 6, 0), false),
            (night, at(4, 5, 0), false),
            (night, at(3, 23, 0), false),
            (r#"{"days":"sat-mon"}"#, at(5, 0, 0), true),
            (r#"{"days":"sat-mon"}"#, at(6, 23, 59), true),
            (r#"{"days":"sat-mon"}"#, at(0, 0, 0), true),
            (r#"{"days":"sat-mon"}"#, at(1, 0, 0), false),
            (r#"{"days":"sun","utc_offset":"-12:00"}"#, at(0, 11, 59), true),
            (r#"{"days":"sun","utc_offset":"-12:00"}"#, at(0, 12, 0), false),
            (r#"{"from":"12:00"}"#, at(2, 23, 59), true),
            (r#"{"from":"12:00"}"#, at(2, 11, 59), false),
            (r#"{"to":"24:00","from":"00:00"}"#, at(2, 0, 0), true),
            (r#"{"days":"thu","utc_offset":"-01:00"}"#, 0, false),
            (r#"{"days":"wed","utc_offset":"-01:00"}"#, 0, true),
        ];
        for (json, now, expected) in table {
            assert_eq!(window(json).holds(now), expected, "{json} at {now}");
        }
        let _ = window(office).holds(u64::MAX);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, expected) in [
            ("{}", "neither `days` nor"),
            (r#"{"days":["monday"]}"#, "`monday` is no day"),
            (r#"{"days":["mon-"]}"#, "`mon-` is no day"),
            (r#"{"days":[]}"#, "the list is empty"),
            (r#"{"from":"9:00"}"#, "`9:00` is no time of day"),
            (r#"{"from":"09:60"}"#, "`09:60` is no time"),
            (r#"{"to":"24:01"}"#, "`24:01` is no time"),
            (r#"{"to":"+1:00"}"#, "`+1:00` is no time"),
            (r#"{"from":"09:00","to":"09:00"}"#, "begins where it ends"),
            (r#"{"from":"24:00"}"#, "begins where it ends"),
            (r#"{"from":"09:00","utc_offset":"01:00"}"#, "`01:00` is no offset"),
            (r#"{"from":"09:00","utc_offset":"+14:01"}"#, "`+14:01` is no offset"),
            (r#"{"from":"09:00","utc_offset":"é"}"#, "`é` is no offset"),
        ] {
            let error = serde_json::from_str::<Window>(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_window_and_its_complement_share_no_minute(from in 0_u16..1440, to in 0_u16..1440, now in 0_u64..5_000_000_000_000) {
            prop_assume!(from != to);
            let window = |from, to| Window { days: 0x7f, from, to, offset: 0 };
            prop_assert_ne!(window(from, to).holds(now), window(to, from).holds(now));
        }
    }
}
