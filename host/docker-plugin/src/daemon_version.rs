//! Versions of dockerd, and what later ones no longer do with bodies that they do not show to a plugin.
//!
//! The version is what the operator says (`[docker] daemon_version`). With `[docker] look_up` the daemon is asked too: the older
//! one counts, and a daemon that does not say its version is the oldest. [`AssumedBodies`] has the operations that [`crate::unshown`] takes for
//! requests without a body.

use portcullis_docker_api::Operation;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A version of dockerd, as `docker version` shows it under `Server`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaemonVersion {
    major: u16,
    minor: u16,
    patch: u16,
    /// A candidate for a release is before it.
    is_release: bool,
}

/// From which version on dockerd obeys no body that it does not show. No version does so where it reads a form: that is neither
/// shown nor refused, in any of them (moby `httputils.ParseForm`).
const SHOWN_OR_REFUSED: [(DaemonVersion, Operation); 3] = [
    // API versions below 1.24, in which a start took a host configuration and `copy` existed, are removed (moby#47155). 25.0
    // serves them with DOCKER_MIN_API_VERSION (moby#46887).
    (DaemonVersion::release(26, 0, 0), Operation::ContainerStart),
    (DaemonVersion::release(26, 0, 0), Operation::ContainerCopy),
    // JSON of any length and framing is shown or refused (CVE-2026-34040), and a commit reads nothing but JSON.
    (DaemonVersion::release(29, 3, 1), Operation::ImageCommit),
];

impl DaemonVersion {
    /// A released version.
    pub const fn release(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch, is_release: true }
    }
}

impl fmt::Display for DaemonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, patch, is_release } = self;
        write!(f, "{major}.{minor}.{patch}{}", if *is_release { "" } else { " before its release" })
    }
}

/// A text that is no version of dockerd.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of dockerd: write e.g. \"24.0.7\", as `docker version` shows it under `Server`")]
pub struct UnknownVersionError(String);

impl FromStr for DaemonVersion {
    type Err = UnknownVersionError;

    /// Reads `24.0.7`, `20.10.24+dfsg1` and `29.3.1-rc.1`. What stands behind `+` says who built it; anything else behind the
    /// numbers may say that it is not released yet.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownVersionError(text.chars().take(64).collect());
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
        let (numbers, suffix) = text.split_at(end);
        let mut parts = numbers.split('.').map(str::parse::<u16>);
        let mut next = || parts.next().ok_or_else(unknown)?.map_err(|_| unknown());
        let (major, minor, patch) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(unknown());
        }
        Ok(Self { major, minor, patch, is_release: suffix.is_empty() || suffix.starts_with('+') })
    }
}

/// The version that the daemon says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportedVersion {
    /// Without `[docker] look_up`.
    NotAsked,
    /// It gave no answer, or none that can be read.
    Unknown,
    Known(DaemonVersion),
}

/// The operations whose requests have no body unless dockerd shows one, by the version of dockerd.
#[derive(Debug)]
pub(crate) struct AssumedBodies {
    oldest: BTreeSet<Operation>,
    /// From each version on.
    since: Vec<(DaemonVersion, BTreeSet<Operation>)>,
    configured: Option<DaemonVersion>,
}

impl AssumedBodies {
    /// `assumed` are those of the operator, and `configured` is the version that the operator says.
    pub(crate) fn new(assumed: &BTreeSet<Operation>, configured: Option<DaemonVersion>) -> Self {
        let versions: BTreeSet<_> = SHOWN_OR_REFUSED.iter().map(|(since, _)| *since).collect();
        let at = |version: DaemonVersion| {
            let opened = SHOWN_OR_REFUSED.iter().filter(|(since, _)| *since <= version);
            (version, opened.map(|(_, operation)| *operation).chain(assumed.iter().copied()).collect())
        };
        Self { oldest: assumed.clone(), since: versions.into_iter().map(at).collect(), configured }
    }

    /// The operations, by what the daemon says of itself.
    pub(crate) fn of(&self, reported: ReportedVersion) -> &BTreeSet<Operation> {
        let version = match reported {
            ReportedVersion::NotAsked => self.configured,
            // The configured one does not replace it: another daemon may run by now.
            ReportedVersion::Unknown => None,
            ReportedVersion::Known(reported) => {
                Some(self.configured.map_or(reported, |configured| reported.min(configured)))
            }
        };
        let Some(version) = version else { return &self.oldest };
        let known = self.since.iter().rfind(|(since, _)| *since <= version);
        known.map_or(&self.oldest, |(_, operations)| operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_dockerd_writes_them_and_candidates_are_older() {
        let read = |text: &str| text.parse::<DaemonVersion>();
        let ascending = [
            "18.09.1-ce",
            "20.10.24+dfsg1",
            "24.0.7",
            "25.0.0-rc.1",
            "25.0.0",
            "29.3.1-beta.2",
            "29.3.1",
            "100.0.0",
        ];
        for pair in ascending.windows(2) {
            assert!(read(pair[0]).unwrap() < read(pair[1]).unwrap(), "{pair:?}");
        }
        for wrong in ["", "24", "24.0", "24.0.7.1", "24..7", "v24.0.7", "dev", "24.0.70000", " 24.0.7"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read("20.10.24+dfsg1").unwrap().to_string(), "20.10.24");
    }

    #[test]
    fn a_version_opens_what_its_daemon_shows_or_refuses_and_an_unknown_one_nothing() {
        use Operation as O;
        let version = |text: &str| Some(text.parse().unwrap());
        let known = |text: &str| ReportedVersion::Known(text.parse().unwrap());
        let (not_asked, unknown) = (ReportedVersion::NotAsked, ReportedVersion::Unknown);
        let assumed = BTreeSet::from([O::ImageTag]);
        for (configured, reported, opened) in [
            (None, not_asked, &[][..]),
            (version("24.0.9"), not_asked, &[]),
            (version("25.0.0"), not_asked, &[]),
            (version("25.0.6"), not_asked, &[]),
            (version("26.0.0-rc.1"), not_asked, &[]),
            (version("26.0.0"), not_asked, &[O::ContainerStart, O::ContainerCopy]),
            (None, known("25.0.0"), &[]),
            (None, known("29.3.0"), &[O::ContainerStart, O::ContainerCopy]),
            (version("29.3.1"), not_asked, &[O::ContainerStart, O::ContainerCopy, O::ImageCommit]),
            (None, known("30.0.0"), &[O::ContainerStart, O::ContainerCopy, O::ImageCommit]),
            // The older one counts.
            (version("29.3.1"), known("20.10.24"), &[]),
            (version("20.10.24"), known("29.3.1"), &[]),
            (version("29.3.1"), known("29.3.0"), &[O::ContainerStart, O::ContainerCopy]),
            // The daemon is asked and does not say it.
            (version("29.3.1"), unknown, &[]),
            (None, unknown, &[]),
        ] {
            let bodies = AssumedBodies::new(&assumed, configured);
            let expected: BTreeSet<_> = opened.iter().copied().chain(assumed.clone()).collect();
            assert_eq!(*bodies.of(reported), expected, "{configured:?} {reported:?}");
        }
        for (_, operation) in SHOWN_OR_REFUSED {
            assert!(crate::unshown::may_lack_body(operation), "{operation}");
        }
    }
}
