//! Values with a form of their own.

use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;
use toml::Spanned;

use crate::{ConfigError, SourceFile};

/// A duration between `least` and `most`, e.g. `300s`.
///
/// # Errors
/// It is none, or out of bounds.
pub fn duration(
    raw: &Spanned<String>,
    least: Duration,
    most: Duration,
    key: &str,
    source_file: &SourceFile<'_>,
) -> Result<Duration, ConfigError> {
    let text = raw.get_ref();
    let wrong = |message: String| source_file.wrong(&raw.span(), message);
    let time = humantime::parse_duration(text)
        .map_err(|error| wrong(format!("`{text}` is no duration, e.g. \"300s\": {error}")))?;
    if (least..=most).contains(&time) {
        return Ok(time);
    }
    let (least, most) = (humantime::format_duration(least), humantime::format_duration(most));
    Err(wrong(format!("`{key}` is between {least} and {most}, not `{text}`")))
}

/// An address or a network, e.g. `10.0.0.0/8`.
///
/// # Errors
/// It is neither.
pub fn network(raw: &Spanned<String>, source_file: &SourceFile<'_>) -> Result<IpNet, ConfigError> {
    let text = raw.get_ref();
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        let message = format!("`{text}` is neither an address nor a network, e.g. \"10.0.0.0/8\"");
        source_file.wrong(&raw.span(), message)
    })
}

/// Whether it is the URL of an HTTP service.
pub fn is_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// How long the last good state of a file stays in force while the file cannot be used.
///
/// # Errors
/// It is no duration, or less than a second or more than a year.
pub fn max_stale(
    raw: &Spanned<String>,
    key: &str,
    source_file: &SourceFile<'_>,
) -> Result<Duration, ConfigError> {
    duration(raw, Duration::from_secs(1), Duration::from_hours(24 * 365), key, source_file)
}
