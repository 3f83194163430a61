//! How long a session lasts: a number of seconds, or `2h`, `90m`, `1h30m`.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;

/// What `AssumeRole` takes (AWS documentation, STS API reference). The role's own maximum may be less.
const LIMITS: std::ops::RangeInclusive<u64> = 900..=43_200;

/// The length of a session in seconds, from 900 to 43200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub(crate) u32);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds or a text such as `2h`")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
                within(seconds, &seconds)
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                within(u64::try_from(seconds).unwrap_or(0), &seconds)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Seconds, E> {
                let seconds = parse(text).ok_or_else(|| {
                    E::custom(format_args!("`{text}` is no duration; write 7200, `2h`, `90m` or `1h30m`"))
                })?;
                within(seconds, &text)
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

fn within<E: Error>(seconds: u64, written: &impl fmt::Display) -> Result<Seconds, E> {
    let checked = LIMITS.contains(&seconds).then(|| u32::try_from(seconds).ok()).flatten();
    checked.map(Seconds).ok_or_else(|| {
        E::custom(format_args!("`{written}` is not from 15 minutes to 12 hours (900 to 43200 seconds)"))
    })
}

/// Units in falling order, each at most once.
fn parse(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut seconds = 0_u64;
    for (unit, length) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            seconds = seconds.checked_add(digits(number)?.checked_mul(length)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(seconds)
}

fn digits(number: &str) -> Option<u64> {
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts() {
        let read = |json: &str| serde_json::from_str::<Seconds>(json).map_err(|error| error.to_string());
        for (json, seconds) in [
            ("900", 900),
            ("43200", 43_200),
            (r#""15m""#, 900),
            (r#""2h""#, 7200),
            (r#""1h30m""#, 5400),
            (r#""1h0m1s""#, 3601),
            (r#""3600s""#, 3600),
        ] {
            assert_eq!(read(json), Ok(Seconds(seconds)), "{json}");
        }
        for (json, expected) in [
            ("899", "`899` is not from 15 minutes to 12 hours"),
            ("43201", "`43201` is not from"),
            ("-3600", "`-3600` is not from"),
            ("4294971000", "`4294971000` is not from"),
            (r#""13h""#, "`13h` is not from"),
            (r#""1s""#, "`1s` is not from"),
            (r#""3600""#, "`3600` is no duration"),
            (r#""30m1h""#, "is no duration"),
            (r#""1h1h""#, "is no duration"),
            (r#""1 h""#, "is no duration"),
            (r#""+1h""#, "is no duration"),
            (r#""h""#, "is no duration"),
            (r#""99999999999999999999h""#, "is no duration"),
            (r#""9999999999999999999h""#, "is no duration"),
            (r#""""#, "is no duration"),
            ("3600.5", "expected a number of seconds"),
            ("true", "expected a number of seconds"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
