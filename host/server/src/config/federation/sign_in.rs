//! `sign_in` of a mount: the client at the OpenID provider that people sign in with on the page.

use portcullis_config::{ConfigError, SourceFile, secret};
use portcullis_federation::BrowserSignInOptions;
use portcullis_identity::SecretString;
use portcullis_identity::source::{AuthMethod, AuthenticatorOptions, JwtKeys, JwtOptions};
use toml::Spanned;

use super::raw;

/// The options. A browser presents the provider's token to the mount, which must take such tokens: they are of an issuer of its
/// `jwt`, and for the client.
pub(super) fn sign_in(
    raw: Spanned<raw::SignIn>,
    source: &AuthenticatorOptions,
    source_file: &SourceFile<'_>,
) -> Result<BrowserSignInOptions, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    let AuthMethod::Jwt(issuers) = &source.proof else {
        let message = "`sign_in` is for a mount that takes tokens of an OpenID provider: write `identity = { jwt = ... }`";
        return Err(source_file.wrong(&span, message));
    };
    let issuer = issuer(raw.issuer.as_ref(), issuers, &span, source_file)?;
    let client_id = raw.client_id.get_ref();
    if !issuer.audiences.contains(client_id) {
        let message = format!(
            "`{client_id}` is no `audience` of the issuer `{}`, so that the mount would refuse each token of a sign-in: add it \
             there",
            issuer.issuer
        );
        return Err(source_file.wrong(&raw.client_id.span(), message));
    }
    let client_secret = raw.client_secret.as_ref().map(|raw| secret(raw, source_file)).transpose()?;
    let ca = raw.ca.as_deref().map(|ca| source_file.path(ca)).or_else(|| match &issuer.keys {
        JwtKeys::Url { ca, .. } => ca.clone(),
        JwtKeys::File(_) => None,
    });
    Ok(BrowserSignInOptions {
        issuer: issuer.issuer.clone(),
        client_id: client_id.clone(),
        client_secret: client_secret.map(|secret| SecretString::from(secret.expose())),
        scopes: raw.scopes.unwrap_or_else(|| vec!["openid".into()]),
        redirect_uri: raw.redirect_uri.into_inner(),
        ca,
    })
}

fn issuer<'a>(
    named: Option<&Spanned<String>>,
    issuers: &'a [JwtOptions],
    span: &std::ops::Range<usize>,
    source_file: &SourceFile<'_>,
) -> Result<&'a JwtOptions, ConfigError> {
    match (named, issuers) {
        (None, [only]) => Ok(only),
        (None, _) => {
            let message = "the mount has several issuers: write `issuer` beside `client_id`";
            Err(source_file.wrong(span, message))
        }
        (Some(named), _) => {
            issuers.iter().find(|issuer| issuer.issuer == *named.get_ref()).ok_or_else(|| {
                let message = format!("`{}` is no `issuer` of this mount's `jwt`", named.get_ref());
                source_file.wrong(&named.span(), message)
            })
        }
    }
}
