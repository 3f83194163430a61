//! Times as they are written, by the standard library alone.

use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn unix_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Year, month and day of a day since 1970 (the algorithm is Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// `2026-11-22T04:17:47Z`.
pub(super) fn iso(seconds: i64) -> String {
    let ((year, month, day), time) = (civil(seconds.div_euclid(86_400)), seconds.rem_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

/// `Sun, 22 Nov 2026 04:17:47 GMT`.
pub(super) fn http_date(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = civil(days);
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap()];
    let month = MONTHS[usize::try_from(month - 1).unwrap()];
    format!("{weekday}, {day:02} {month} {year} {} GMT", &iso(seconds)[11..19])
}

/// `20261122T041747Z` in seconds since 1970.
pub(super) fn compact(date: &str) -> i64 {
    let part = |from: usize, to: usize| -> i64 { date[from..to].parse().unwrap() };
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let days = (0..100_000).find(|days| civil(*days) == (year, month, day)).unwrap();
    days * 86_400 + part(9, 11) * 3600 + part(11, 13) * 60 + part(13, 15)
}
