//! Microversions: the header `OpenStack-API-Version`, as `microversion_parse` reads it.

use std::fmt;

use crate::json;

/// Barbican's name in the header.
pub const SERVICE_TYPE: &str = "key-manager";

/// A microversion that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Microversion(u8);

impl Microversion {
    /// 1.0, and what is used where the client asks for none.
    pub const MIN: Self = Self(0);
    /// 1.1: secrets have consumers, and the versions documents another form.
    pub const V1_1: Self = Self(1);
    /// 1.2: a secret with consumers is only deleted by force.
    pub const MAX: Self = Self(2);
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// Why a microversion cannot be served; the text is Barbican's, with the error's place before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// A version that is not served: 406.
    #[error("Invalid microversion: Unacceptable version header: {0}")]
    Unacceptable(String),
    /// Not a version: 400.
    #[error("Invalid microversion: invalid version string: {text}; {problem}")]
    Malformed {
        /// As it was sent.
        text: String,
        /// What Python says of it.
        problem: String,
    },
}

/// The microversion that the headers ask for: the last that names our service.
pub fn parse<'a>(headers: impl DoubleEndedIterator<Item = &'a str>) -> Result<Microversion, VersionError> {
    let asked = headers.rev().flat_map(|header| header.rsplit(',')).find_map(|value| {
        let (service, version) = json::strip(value).split_once(|c: char| c.is_whitespace())?;
        service
            .eq_ignore_ascii_case(SERVICE_TYPE)
            .then(|| json::strip(version))
            .filter(|text| !text.is_empty())
    });
    match asked {
        None => Ok(Microversion::MIN),
        Some("latest") => Ok(Microversion::MAX),
        Some(text) => version(text),
    }
}

fn version(text: &str) -> Result<Microversion, VersionError> {
    let malformed = |problem| VersionError::Malformed { text: text.to_owned(), problem };
    let missing = "Version.__new__() missing 1 required positional argument: 'minor'";
    let (major, minor) = match text.split_once('.') {
        Some((major, minor)) => (integer(major), integer(minor)),
        None => match integer(text) {
            Ok(_) => return Err(malformed(missing.to_owned())),
            problem => (problem, Ok(0)),
        },
    };
    match (major.map_err(&malformed)?, minor.map_err(&malformed)?) {
        (1, minor @ 0..=2) => Ok(Microversion(u8::try_from(minor).unwrap_or_default())),
        _ => Err(VersionError::Unacceptable(text.to_owned())),
    }
}

/// Python's `int(text)`; what is too large for us is the largest there is.
pub(crate) fn integer(text: &str) -> Result<i128, String> {
    let number = json::strip(text);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    if !digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(format!("invalid literal for int() with base 10: {}", json::quoted(text)));
    }
    let size: i128 = digits.replace('_', "").parse().unwrap_or(i128::MAX);
    Ok(if number.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_read_as_barbican_reads_them() {
        for (headers, version) in [
            (&[][..], "1.0"),
            (&["key-manager 1.0"], "1.0"),
            (&["key-manager 1.1"], "1.1"),
            (&["key-manager 1.2"], "1.2"),
            (&["key-manager latest"], "1.2"),
            (&["KEY-MANAGER 1.1"], "1.1"),
            (&["key-manager  1.2 "], "1.2"),
            (&["key-manager 01.1"], "1.1"),
            (&["key-manager 1. 1"], "1.1"),
            (&["compute 2.1,key-manager 1.1"], "1.1"),
            (&["key-manager 1.1, key-manager 1.2"], "1.2"),
            (&["key-manager 1.1, compute 2.1"], "1.1"),
            (&["key-manager 1.1", "compute 2.1"], "1.1"),
            (&["key-manager"], "1.0"),
            (&["1.1"], "1.0"),
            (&["latest"], "1.0"),
            (&["compute 2.1"], "1.0"),
            (&[""], "1.0"),
        ] {
            let parsed = parse(headers.iter().copied()).map(|version| version.to_string());
            assert_eq!(parsed.as_deref(), Ok(version), "{headers:?}");
        }
    }

    #[test]
    fn versions_that_are_none_are_refused_in_barbicans_words() {
        for (version, text) in [
            ("9.9", "Unacceptable version header: 9.9"),
            ("1.3", "Unacceptable version header: 1.3"),
            ("-1.0", "Unacceptable version header: -1.0"),
            ("1.99999999999999999999", "Unacceptable version header: 1.99999999999999999999"),
            ("x", "invalid version string: x; invalid literal for int() with base 10: 'x'"),
            ("1.x", "invalid version string: 1.x; invalid literal for int() with base 10: 'x'"),
            ("1.0.0", "invalid version string: 1.0.0; invalid literal for int() with base 10: '0.0'"),
            ("1.'", "invalid version string: 1.'; invalid literal for int() with base 10: \"'\""),
            (
                "1",
                "invalid version string: 1; Version.__new__() missing 1 required positional argument: 'minor'",
            ),
            ("LATEST", "invalid version string: LATEST; invalid literal for int() with base 10: 'LATEST'"),
        ] {
            let header = format!("key-manager {version}");
            let error = parse([header.as_str()].into_iter()).unwrap_err();
            assert_eq!(error.to_string(), format!("Invalid microversion: {text}"));
        }
    }
}
