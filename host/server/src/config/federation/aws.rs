//! How AWS is asked.

use portcullis_config::{ConfigError, SourceFile, duration, is_http, secret};
use portcullis_federation::aws::{AwsOptions, Keys};
use std::time::Duration;
use toml::Spanned;

use super::raw;

pub(super) fn options(
    raw: Spanned<raw::Aws>,
    source_file: &SourceFile<'_>,
) -> Result<AwsOptions, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    for url in [&raw.endpoint, &raw.sign_in, &raw.console].into_iter().flatten() {
        if !is_http(url.get_ref()) {
            let message =
                format!("`{}` is no URL, e.g. \"https://sts.eu-central-1.amazonaws.com\"", url.get_ref());
            return Err(source_file.wrong(&url.span(), message));
        }
    }
    let keys = match (raw.access_key, raw.secret_key) {
        (Some(access_key_id), Some(key)) => {
            Some(Keys { access_key_id, secret_access_key: secret(&key, source_file)?.expose().into() })
        }
        (None, None) => None,
        _ => return Err(source_file.wrong(&span, "`access_key` and `secret_key` go together")),
    };
    let mut options = AwsOptions {
        endpoint: raw.endpoint.map(Spanned::into_inner),
        region: raw.region,
        keys,
        sign_in: raw.sign_in.map(Spanned::into_inner),
        console: raw.console.map(Spanned::into_inner),
        long_term_keys: raw.long_term_keys,
        ..AwsOptions::default()
    };
    if let Some(time) = raw.timeout {
        let (least, most) = (Duration::from_millis(100), Duration::from_mins(1));
        options.timeout = duration(&time, least, most, "timeout", source_file)?;
        options.sign_in_timeout = options.timeout;
    }
    Ok(options)
}
