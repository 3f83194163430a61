//! `context.time`: the moment of the decision, in UTC and with the operator's offset.

use cedar_policy::RestrictedExpression;

use crate::value::{Value, record, text, whole};

/// Date and time of day at one offset.
struct Clock {
    year: i64,
    month: i64,
    day: i64,
    weekday: i64,
    hour: i64,
    minute: i64,
}

impl Clock {
    /// Of seconds since 1970-01-01, by Howard Hinnant's `civil_from_days`.
    fn at(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let second = seconds.rem_euclid(86_400);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            // 1970-01-01 was a Thursday.
            weekday: (days + 3).rem_euclid(7) + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
        }
    }

    fn date(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    fn fields(&self) -> [(&'static str, Option<Value>); 4] {
        [
            ("weekday", Some(whole(self.weekday))),
            ("hour", Some(whole(self.hour))),
            ("minute", Some(whole(self.minute))),
            ("date", Some(text(&self.date()))),
        ]
    }
}

/// The value of `context.time`.
pub(crate) fn of(now: u64, offset_minutes: i64) -> Result<Value, String> {
    // The last second of the year 9999: Cedar's `datetime` has four digits for a year.
    const LAST: u64 = 253_402_300_799;
    let seconds = i64::try_from((now / 1000).min(LAST)).unwrap_or(0);
    let utc = Clock::at(seconds);
    let local = Clock::at(seconds + offset_minutes * 60);
    let moment = format!(
        "{}T{:02}:{:02}:{:02}.{:03}Z",
        utc.date(),
        utc.hour,
        utc.minute,
        seconds.rem_euclid(60),
        now % 1000
    );
    let fields =
        [("now", Some(RestrictedExpression::new_datetime(moment))), ("local", Some(record(local.fields())?))];
    record(fields.into_iter().chain(utc.fields()))
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn dates_and_weekdays_are_those_of_the_calendar() {
        for (seconds, date, weekday, hour, minute) in [
            (0, "1970-01-01", 4, 0, 0),
            (-1, "1969-12-31", 3, 23, 59),
            (951_782_400, "2000-02-29", 2, 0, 0),
            (951_868_799, "2000-02-29", 2, 23, 59),
            (1_795_694_400, "2026-11-26", 4, 12, 0),
            (1_795_867_200, "2026-11-28", 6, 12, 0),
            (4_107_542_400, "2100-03-01", 1, 0, 0),
            (253_402_300_799, "9999-12-31", 5, 23, 59),
        ] {
            let clock = Clock::at(seconds);
            let said = (clock.date(), clock.weekday, clock.hour, clock.minute);
            assert_eq!(said, (date.to_owned(), weekday, hour, minute), "{seconds}");
        }
    }
}
