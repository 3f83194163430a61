//! Whose role it is: an account in a partition of AWS.

use std::fmt;
use std::str::FromStr;

/// An AWS account id: exactly 12 ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

/// Something that is no account id.
///
/// The advice is about YAML 1.1, in which a bare number that begins with a zero and has only the digits 0 to 7 is
/// octal: `012345670123` becomes 1402433619, another account or none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no account id: write 12 digits in quotes", shown(.0))]
pub struct AccountIdError(String);

/// Something that is no partition we can serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no partition: it is `aws`, `aws-cn` or `aws-us-gov`", shown(.0))]
pub struct UnknownPartition(String);

/// A part of AWS that has accounts, keys and hosts of its own (AWS General Reference, Amazon Resource Names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Partition {
    /// `aws`, all commercial regions but those in China.
    #[default]
    Aws,
    /// `aws-cn`, China.
    AwsCn,
    /// `aws-us-gov`, what AWS runs for the government of the United States.
    AwsUsGov,
}

/// An account, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its partition.
    pub partition: Partition,
}

impl Partition {
    /// As it stands in an ARN.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
        }
    }

    /// The region whose STS is asked if none is configured.
    pub const fn default_region(self) -> &'static str {
        match self {
            Self::Aws => "us-east-1",
            Self::AwsCn => "cn-north-1",
            Self::AwsUsGov => "us-gov-west-1",
        }
    }

    /// The federation endpoint (IAM User Guide, Enabling custom identity broker access to the AWS console).
    pub const fn sign_in(self) -> &'static str {
        match self {
            Self::Aws => "https://signin.aws.amazon.com/federation",
            Self::AwsCn => "https://signin.amazonaws.cn/federation",
            Self::AwsUsGov => "https://signin.amazonaws-us-gov.com/federation",
        }
    }

    /// Where a console session begins.
    pub const fn console(self) -> &'static str {
        match self {
            Self::Aws => "https://console.aws.amazon.com/",
            Self::AwsCn => "https://console.amazonaws.cn/",
            Self::AwsUsGov => "https://console.amazonaws-us-gov.com/",
        }
    }

    /// The domain under which all its consoles are, those of single regions and services too.
    pub(super) const fn console_domain(self) -> &'static str {
        match self {
            Self::Aws => "aws.amazon.com",
            Self::AwsCn => "amazonaws.cn",
            Self::AwsUsGov => "amazonaws-us-gov.com",
        }
    }

    /// Whose region that is, by its name. None for the partitions that AWS keeps for itself.
    pub fn of_region(region: &str) -> Option<Self> {
        match region {
            _ if region.starts_with("cn-") => Some(Self::AwsCn),
            _ if region.starts_with("us-gov-") => Some(Self::AwsUsGov),
            _ if region.contains("-iso") || region.starts_with("eusc-") => None,
            _ => Some(Self::Aws),
        }
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(Self).ok_or_else(|| AccountIdError(text.into()))
    }
}

impl FromStr for Partition {
    type Err = UnknownPartition;

    fn from_str(text: &str) -> Result<Self, UnknownPartition> {
        [Self::Aws, Self::AwsCn, Self::AwsUsGov]
            .into_iter()
            .find(|partition| partition.as_str() == text)
            .ok_or_else(|| UnknownPartition(text.into()))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Configured text for an error: truncated, and without control characters.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_account_id_is_twelve_digits() {
        for text in ["123456789012", "000000000000", "012345670123"] {
            assert_eq!(text.parse::<AccountId>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "1402433619",
            "1234567890123",
            "12345678901a",
            "+23456789012",
            " 23456789012",
            "１２３４５６７８９０１２",
        ] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
        let error = "1402433619".parse::<AccountId>().unwrap_err().to_string();
        assert_eq!(error, "`1402433619` is no account id: write 12 digits in quotes");
    }

    #[test]
    fn partitions_by_name_and_by_region() {
        for partition in [Partition::Aws, Partition::AwsCn, Partition::AwsUsGov] {
            assert_eq!(partition.as_str().parse(), Ok(partition));
            assert_eq!(Partition::of_region(partition.default_region()), Some(partition));
            assert!(partition.console().contains(partition.console_domain()));
        }
        assert!("AWS".parse::<Partition>().is_err());
        assert_eq!(Partition::of_region("eu-central-1"), Some(Partition::Aws));
        assert_eq!(Partition::of_region("us-iso-east-1"), None);
    }

    #[test]
    fn what_is_shown_is_short_and_plain() {
        assert_eq!(shown("a\u{1b}[31m\nb"), "a\u{fffd}[31m\u{fffd}b");
        assert_eq!(shown(&"ä".repeat(65)), format!("{}...", "ä".repeat(64)));
    }

    proptest! {
        #[test]
        fn every_id_is_shown_as_it_was_read(text in "[0-9]{12}") {
            prop_assert_eq!(text.parse::<AccountId>().unwrap().to_string(), text);
        }

        #[test]
        fn nothing_else_is_an_id(text in ".{0,20}") {
            let digits = text.len() == 12 && text.chars().all(|char| char.is_ascii_digit());
            prop_assert_eq!(text.parse::<AccountId>().is_ok(), digits);
        }
    }
}
