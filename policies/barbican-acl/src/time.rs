//! The time at which an entry expires: `2026-12-31T00:00:00Z`, UTC, to the second, and in no other form.

/// Milliseconds since 1970-01-01 UTC; nothing where the text is not a time.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if bytes.len() != 20 || marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_u64, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let valid = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let days = || {
        let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
        let months: u64 = (1..month).map(|month| days_of(year, month)).sum();
        years + months + day - 1
    };
    valid.then(|| (((days() * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

const fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_and_nothing_else_is() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:34:56Z", Some(951_827_696_000)),
            ("2026-11-22T00:00:00Z", Some(1_795_305_600_000)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000)),
            ("2100-02-29T00:00:00Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-04-31T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:60:00Z", None),
            ("2026-01-01T00:00:60Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00z", None),
            ("2026-01-01t00:00:00Z", None),
            ("2026-01-01 00:00:00Z", None),
            ("2026-01-01T00:00:00+0", None),
            ("2026-01-01T00:00:0+Z", None),
            ("+026-01-01T00:00:00Z", None),
            ("2026-01-01T00:00:00.0Z", None),
            ("2026-01-01", None),
            ("２２026-01-01T00:00Z", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_later_day_is_exactly_a_day_later(day in 1_u64..28, month in 1_u64..=12, year in 1970_u64..9999) {
            let at = |day: u64| parse(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z")).unwrap();
            prop_assert_eq!(at(day) + 86_400_000, at(day + 1));
            let year_later = parse(&format!("{:04}-01-01T00:00:00Z", year + 1)).unwrap();
            let last = parse(&format!("{year:04}-12-31T23:59:59Z")).unwrap();
            prop_assert_eq!(last + 1000, year_later);
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,24}|[0-9:TZ-]{20}") {
            let _ = parse(&text);
        }
    }
}
