//! `metadata` of a mount: what machines are told of themselves; and the key of their tokens.

use portcullis_config::{ConfigError, SecretText, SourceFile, secret};
use portcullis_federation::Metadata;
use toml::{Spanned, Value};

use super::raw;

/// Bytes of a key, as many as its signatures have.
const KEY: usize = 32;
const MAX_NAME: usize = 64;

/// None where it is off.
pub(super) fn metadata(
    raw: Spanned<raw::Metadata>,
    source_file: &SourceFile<'_>,
) -> Result<Option<Metadata>, ConfigError> {
    let span = raw.span();
    match raw.into_inner() {
        raw::Metadata::Switch(on) => Ok(on.then(Metadata::default)),
        raw::Metadata::Table(table) => {
            of_table(table).map(Some).map_err(|message| source_file.wrong(&span, message))
        }
    }
}

fn of_table(raw: raw::MetadataTable) -> Result<Metadata, String> {
    let raw::MetadataTable { v2_only, region, availability_zone, instance_id } = raw;
    for (key, value, example) in [
        ("region", &region, "eu-central-1"),
        ("availability_zone", &availability_zone, "eu-central-1a"),
        ("instance_id", &instance_id, "i-0123456789abcdef0"),
    ] {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_good = |text: &String| (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(plain);
        if let Some(text) = value.as_ref().filter(|text| !is_good(text)) {
            return Err(format!("`{text}` is no `{key}`: write e.g. \"{example}\""));
        }
    }
    if let Some(zone) = &availability_zone {
        // SDKs that ask for the zone make the region of it.
        let of = zone.trim_end_matches(|last: char| last.is_ascii_lowercase());
        if region.as_deref() != Some(of) {
            return Err(format!(
                "the availability zone `{zone}` is not in the `region`, which must stand beside it: write e.g. \
                 `region = \"eu-central-1\", availability_zone = \"eu-central-1a\"`"
            ));
        }
    }
    Ok(Metadata { v2_only, region, availability_zone, instance_id })
}

/// The key that replicas share.
pub(super) fn token_key(
    raw: &Spanned<Value>,
    source_file: &SourceFile<'_>,
) -> Result<SecretText, ConfigError> {
    let key = secret(raw, source_file)?;
    if key.expose().len() < KEY {
        let message = format!(
            "`token_key` has {} bytes, and tokens could be forged: it needs {KEY}, e.g. of `openssl rand -base64 32`",
            key.expose().len()
        );
        return Err(source_file.wrong(&raw.span(), message));
    }
    Ok(key)
}
