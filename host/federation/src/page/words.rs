//! Times, durations and counts, as people read them.

use humantime::format_rfc3339_seconds;
use maud::{Markup, html};
use std::time::{Duration, SystemTime};

/// A time in UTC. The script adds what the clock on the reader's wall says then.
pub(super) fn time(time: SystemTime) -> Markup {
    let iso = format_rfc3339_seconds(time).to_string();
    let shown = iso.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(iso) { (shown) } }
}

/// In whole minutes, never more than there is.
pub(super) fn duration(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".into(),
        (0, minutes) => count(minutes, "minute"),
        (hours, 0) => count(hours, "hour"),
        (hours, minutes) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
    }
}

/// A reason without what is for the operator alone: AFP's words for a group go on with the regular expression that found it.
pub(super) fn for_users(reason: &str) -> &str {
    let group = reason.strip_prefix("user is in ").and_then(|rest| rest.split_once(" which matches regexp "));
    group.map_or(reason, |(group, _)| group)
}

/// So many of something whose plural has an `s`.
pub(super) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn durations_are_rounded_down() {
        for (seconds, wanted) in [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (3_599, "59 minutes"),
            (3_600, "1 hour"),
            (3_660, "1 hour 1 minute"),
            (43_199, "11 hours 59 minutes"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), wanted);
        }
    }

    #[test]
    fn a_reason_for_users_has_no_regular_expression() {
        for (reason, shown) in [
            (
                r#"user is in group "aws-shop-b" which matches regexp "^aws-(?P<account>.+)-(?P<role>.+)$""#,
                r#"group "aws-shop-b""#,
            ),
            (r#"user is in group "ops""#, r#"user is in group "ops""#),
            ("on call", "on call"),
            ("a host which matches regexp \"x\"", "a host which matches regexp \"x\""),
            ("", ""),
        ] {
            assert_eq!(for_users(reason), shown);
        }
    }

    #[test]
    fn times_are_for_people_and_for_the_script() {
        let time = time(UNIX_EPOCH + Duration::from_hours(500_000)).into_string();
        assert_eq!(time, r#"<time datetime="2027-01-15T08:00:00Z">2027-01-15 08:00:00 UTC</time>"#);
    }
}
