//! `[telemetry]`: the collector that traces and log entries are sent to.

use http::Uri;
use portcullis_config::{ConfigError, SourceFile, duration, secret};
use portcullis_telemetry::TelemetryOptions;
use std::net::IpAddr;
use std::time::Duration;
use toml::Spanned;

use super::raw;

/// How long a request may take: OpenTelemetry's own default.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn telemetry(
    raw: &Spanned<raw::Telemetry>,
    source_file: &SourceFile<'_>,
) -> Result<TelemetryOptions, ConfigError> {
    let span = raw.span();
    let raw = raw.get_ref();
    let (traces, logs) = (raw.traces.unwrap_or(true), raw.logs.unwrap_or(false));
    if !traces && !logs {
        return Err(source_file.wrong(&span, "neither `traces` nor `logs` are sent: leave `[telemetry]` out"));
    }
    if !raw.headers.is_empty() && is_in_clear_text(raw.endpoint.get_ref()) {
        return Err(source_file.wrong(
            &raw.endpoint.span(),
            "`headers` are secrets, and would be sent in clear text to another machine: write an `https` URL",
        ));
    }
    let headers = raw
        .headers
        .iter()
        .map(|(name, value)| Ok((name.clone(), secret(value, source_file)?.expose().to_owned())))
        .collect::<Result<Vec<_>, ConfigError>>()?;
    let timeout = raw.timeout.as_ref().map_or(Ok(TIMEOUT), |timeout| {
        duration(timeout, Duration::from_millis(100), Duration::from_mins(1), "timeout", source_file)
    })?;
    let options = TelemetryOptions {
        endpoint: raw.endpoint.get_ref().clone(),
        headers,
        ca: raw.ca.as_ref().map(|ca| source_file.path(ca)),
        service: raw.service.clone().unwrap_or_else(|| "portcullis".into()),
        traces,
        logs,
        timeout,
    };
    options.check().map_err(|error| source_file.wrong(&raw.endpoint.span(), error))?;
    Ok(options)
}

/// Whether it is another machine that is asked without TLS. What is no URL is refused for that.
fn is_in_clear_text(endpoint: &str) -> bool {
    let Ok(endpoint) = endpoint.parse::<Uri>() else { return false };
    let host = endpoint.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    endpoint.scheme_str() == Some("http") && !is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_not_asked_in_clear_text_however_its_url_is_spelled() {
        for (endpoint, expected) in [
            ("http://collector:4318", true),
            ("HTTP://collector:4318", true),
            ("http://10.0.0.1", true),
            ("http://[2001:db8::1]:4318", true),
            ("https://collector", false),
            ("http://localhost:4318/x", false),
            ("http://127.0.0.2", false),
            ("http://[::1]:4318", false),
        ] {
            assert_eq!(is_in_clear_text(endpoint), expected, "{endpoint}");
        }
    }
}
