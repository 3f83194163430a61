//! `[admin]`: who may call the admin API on TCP.

use portcullis_admin::Tokens;
use portcullis_config::{ConfigError, SourceFile, secret};
use portcullis_engine::Digest;
use toml::Spanned;

use super::raw;

/// Characters of a token: shorter ones can be guessed.
const LENGTH: usize = 32;

pub(super) fn tokens(raw: &raw::Admin, source_file: &SourceFile<'_>) -> Result<Tokens, ConfigError> {
    let token =
        |raw: &Option<Spanned<toml::Value>>| raw.as_ref().map(|raw| token(raw, source_file)).transpose();
    let tokens = Tokens { read: token(&raw.read_token)?, change: token(&raw.change_token)? };
    if let (Some(raw), true) = (&raw.change_token, tokens.read.is_some() && tokens.read == tokens.change) {
        let message = "`read_token` and `change_token` are the same: who reads could change policies too";
        return Err(source_file.wrong(&raw.span(), message));
    }
    Ok(tokens)
}

fn token(raw: &Spanned<toml::Value>, source_file: &SourceFile<'_>) -> Result<Digest, ConfigError> {
    let token = secret(raw, source_file)?;
    if token.expose().len() < LENGTH {
        let message = format!("a token has at least {LENGTH} characters: `openssl rand -hex 32` makes one");
        return Err(source_file.wrong(&raw.span(), message));
    }
    Ok(Digest::of(token.expose().as_bytes()))
}
