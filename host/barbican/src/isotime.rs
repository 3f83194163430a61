//! Moments as Barbican's clients write and read them: ISO 8601, and UTC where no zone stands beside them.
//!
//! Sources: Python's `iso8601` ("iso8601/iso8601.py") for reading, `datetime.isoformat` for writing.

/// Microseconds since 1970-01-01 UTC; `None` for what is no date, or one before the year 1 or after 9999.
pub fn parse(text: &str) -> Option<i64> {
    let mut read = Reader { rest: text };
    let year = read.digits(4, 4)?;
    let (mut month, mut day) = (1, 1);
    let mut time = (0, 0, 0, 0);
    let mut offset = 0;
    if !read.rest.is_empty() {
        let dashed = read.eat("-");
        month = if dashed { read.digits(1, 2)? } else { read.digits(2, 2)? };
        if !dashed && read.rest.is_empty() {
            return None;
        }
    }
    if !read.rest.is_empty() {
        day = if read.eat("-") { read.digits(1, 2)? } else { read.digits(2, 2)? };
    }
    if !read.rest.is_empty() {
        if !read.eat("T") && !read.eat(" ") {
            return None;
        }
        time.0 = read.digits(2, 2)?;
        if read.digit_after_colon() {
            time.1 = read.digits(2, 2)?;
            if read.digit_after_colon() {
                time.2 = read.digits(1, 2)?;
                if read.eat(".") || read.eat(",") {
                    time.3 = read.fraction()?;
                }
            }
        }
        offset = read.zone()?;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=days_in_month).contains(&day) || time.0 > 23 || time.1 > 59 || time.2 > 59 {
        return None;
    }
    let minutes = (days(year, month, day) * 24 + time.0) * 60 + time.1 - offset;
    let micros = (minutes * 60 + time.2) * 1_000_000 + time.3;
    (days(1, 1, 1) * 86_400_000_000..days(10_000, 1, 1) * 86_400_000_000).contains(&micros).then_some(micros)
}

/// The moment as Python's `isoformat` writes one without a zone: the fraction is left out where it is none.
pub fn format(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The other way round: 400 years have 146,097 days, the last of them a leap day.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (of_year * 5 + 2) / 153;
    let day = of_year - (shifted_month * 153 + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction == 0 { date } else { format!("{date}.{fraction:06}") }
}

/// Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 719_469
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// As many digits as there are, up to `most`.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits.parse().ok()
    }

    /// A colon, or none, with a digit behind it.
    fn digit_after_colon(&mut self) -> bool {
        let rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let found = rest.starts_with(|c: char| c.is_ascii_digit());
        if found {
            self.rest = rest;
        }
        found
    }

    fn fraction(&mut self) -> Option<i64> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        format!("{digits:0<6.6}").parse().ok().filter(|_| count > 0)
    }

    /// Minutes east of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.rest.is_empty() || self.rest == "Z" {
            return Some(0);
        }
        let east = if self.eat("+") {
            1
        } else if self.eat("-") {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2, 2)?;
        self.eat(":");
        let minutes = if self.rest.is_empty() { 0 } else { self.digits(2, 2)? };
        (self.rest.is_empty() && hours < 24).then_some(east * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_read_as_iso8601_reads_them() {
        let day = 86_400_000_000;
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-02", Some(day)),
            ("1970-1-2", Some(day)),
            ("19700102", Some(day)),
            ("1970", Some(0)),
            ("1970-02", Some(31 * day)),
            ("197002", None),
            ("2000-03-01", Some(11_017 * day)),
            ("1969-12-31 23:59:59.5", Some(-500_000)),
            ("2030-01-02T03:04:05.678+02:00", Some(1_893_546_245_678_000)),
            ("2030-01-02T03:04:05,6789999+0200", Some(1_893_546_245_678_999)),
            ("2030-01-02T030405-02", Some(1_893_560_645_000_000)),
            ("2030-01-02T03:04", Some(1_893_553_440_000_000)),
            ("2030-01-02T03", Some(1_893_553_200_000_000)),
            ("2024-02-29", Some(19_782 * day)),
            ("2023-02-29", None),
            ("2023-13-01", None),
            ("2023-00-01", None),
            ("0000-01-01", None),
            ("2023-01-01T24:00:00", None),
            ("2023-01-01T00:60:00", None),
            ("2023-01-01T00:00:60", None),
            ("2023-01-01T", None),
            ("2023-01-01T00:00:00z", None),
            ("2023-01-01T00:00:00.", None),
            ("2023-01-01T00:00:00 Z", None),
            ("2023-01-01x", None),
            ("9999-12-31T23:59:59-01:00", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(parse(text), micros, "{text}");
        }
    }

    #[test]
    fn moments_are_written_as_python_writes_them() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00"),
            (-500_000, "1969-12-31T23:59:59.500000"),
            (1_893_546_245_678_000, "2030-01-02T01:04:05.678000"),
            (1_709_164_800_000_001, "2024-02-29T00:00:00.000001"),
            (951_782_400_000_000, "2000-02-29T00:00:00"),
        ] {
            assert_eq!(format(micros), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in -60_000_000_000_000_000i64..250_000_000_000_000_000) {
            prop_assert_eq!(parse(&format(micros)), Some(micros));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }

        #[test]
        fn days_follow_one_another(year in 1i64..9999, month in 1u8..=12, day in 1u8..28) {
            let date = |day: u8| parse(&format!("{year:04}-{month:02}-{day:02}")).unwrap();
            prop_assert_eq!(date(day + 1) - date(day), 86_400_000_000);
        }
    }
}
