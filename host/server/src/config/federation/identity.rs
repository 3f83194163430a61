//! Who says who asks at a mount.

use portcullis_config::{ConfigError, SourceFile, duration, max_stale, network};
use portcullis_federation::aws::Session;
use portcullis_identity::source::{
    AuthMethod, AuthenticatorOptions, CertificateName, Groups, HostNames, JwtKeys, JwtOptions,
};
use std::time::Duration;
use toml::Spanned;

use super::raw;

const ONE: &str = "a mount has one source of identity: write one of `header`, `address`, `password_file`, \
                   `certificate` and `jwt`";

pub(super) fn source(
    raw: Spanned<raw::Identity>,
    source_file: &SourceFile<'_>,
) -> Result<AuthenticatorOptions, ConfigError> {
    let span = raw.span();
    let mut raw = raw.into_inner();
    let proofs = [
        raw.header.is_some(),
        raw.address.as_ref().is_some_and(|address| *address.get_ref()),
        raw.password_file.is_some(),
        raw.certificate.is_some(),
        raw.jwt.is_some(),
    ];
    if proofs.iter().filter(|there| **there).count() != 1 {
        return Err(source_file.wrong(&span, ONE));
    }
    let mut groups = Vec::new();
    if let Some(name) = raw.groups_header.take_if(|_| raw.header.is_some()) {
        groups.push(Groups::Header { name: name.into_inner() });
    }
    for jwt in raw.jwt.iter().flat_map(|jwt| &jwt.get_ref().0) {
        if let Some(name) = jwt.groups_claim.clone() {
            let prefix = jwt.groups_prefix.clone().unwrap_or_default();
            groups.push(Groups::Claim { name, issuer: Some(jwt.issuer.clone()), prefix });
        }
    }
    let proof = proof(&mut raw, source_file)?;
    unused(&raw, source_file)?;
    groups.extend(crate::config::groups::groups(raw.groups.unwrap_or_default(), source_file)?);
    let max_stale =
        raw.max_stale.as_ref().map(|time| max_stale(time, "max_stale", source_file)).transpose()?;
    let options = AuthenticatorOptions { proof, groups, max_stale };
    if let (Some(max_stale), false) = (&raw.max_stale, options.has_files()) {
        let message = "`max_stale` is about files, and this source of identity reads none";
        return Err(source_file.wrong(&max_stale.span(), message));
    }
    Ok(options)
}

/// The proof, taken out of `raw` with everything that belongs to it.
fn proof(raw: &mut raw::Identity, source_file: &SourceFile<'_>) -> Result<AuthMethod, ConfigError> {
    if let Some(header) = raw.header.take() {
        let trusted = raw.trusted.take().map(Spanned::into_inner).unwrap_or_default();
        let trust_unix = raw.trust_unix.take().is_some_and(Spanned::into_inner);
        if trusted.is_empty() && !trust_unix {
            let message =
                "`trusted` names the addresses of the proxies that set the header, e.g. [\"127.0.0.1\"]";
            return Err(source_file.wrong(&header.span(), message));
        }
        let trusted = trusted.iter().map(|text| network(text, source_file)).collect::<Result<_, _>>()?;
        return Ok(AuthMethod::Header { name: header.into_inner(), trusted, trust_unix });
    }
    if let Some(file) = raw.password_file.take() {
        let mut proof = AuthMethod::password(source_file.path(file.get_ref()));
        if let (AuthMethod::Password { realm, .. }, Some(ours)) = (&mut proof, raw.realm.take()) {
            *realm = ours.into_inner();
        }
        return Ok(proof);
    }
    if let Some(name) = raw.certificate.take() {
        let known = match name.get_ref().as_str() {
            "common-name" => CertificateName::CommonName,
            "email" => CertificateName::Email,
            "dns" => CertificateName::Dns,
            "uri" => CertificateName::Uri,
            "spiffe" => CertificateName::Spiffe {
                trust_domains: raw.trust_domains.take().map(Spanned::into_inner).unwrap_or_default(),
            },
            other => {
                let message = format!(
                    "`{other}`: the name is the `common-name`, the first `email`, `dns` or `uri`, or the ID of `spiffe`"
                );
                return Err(source_file.wrong(&name.span(), message));
            }
        };
        return Ok(AuthMethod::Certificate { name: known });
    }
    if let Some(token) = raw.jwt.take() {
        let issuers = token.into_inner().0.into_iter().map(|one| jwt(one, source_file));
        return Ok(AuthMethod::Jwt(issuers.collect::<Result<_, _>>()?));
    }
    raw.address = None;
    let wanted = raw.host_name.take().is_some_and(Spanned::into_inner);
    let servers = if wanted { raw.name_servers.take() } else { None };
    let mut host_name = wanted.then(HostNames::default);
    for text in servers.map(Spanned::into_inner).unwrap_or_default() {
        let address = text
            .get_ref()
            .parse()
            .or_else(|_| text.get_ref().parse::<std::net::IpAddr>().map(|address| (address, 53).into()));
        let address = address.map_err(|_| {
            source_file
                .wrong(&text.span(), format_args!("`{}` is no address of a name server", text.get_ref()))
        })?;
        host_name.get_or_insert_default().servers.push(address);
    }
    Ok(AuthMethod::Address { host_name })
}

/// Keys that stand beside a proof that does not know them.
fn unused(raw: &raw::Identity, source_file: &SourceFile<'_>) -> Result<(), ConfigError> {
    let left = [
        ("trusted", raw.trusted.as_ref().map(Spanned::span)),
        ("trust_unix", raw.trust_unix.as_ref().map(Spanned::span)),
        ("groups_header", raw.groups_header.as_ref().map(Spanned::span)),
        ("address", raw.address.as_ref().map(Spanned::span)),
        ("host_name", raw.host_name.as_ref().map(Spanned::span)),
        ("name_servers", raw.name_servers.as_ref().map(Spanned::span)),
        ("realm", raw.realm.as_ref().map(Spanned::span)),
        ("trust_domains", raw.trust_domains.as_ref().map(Spanned::span)),
    ];
    match left.into_iter().find_map(|(key, span)| Some((key, span?))) {
        Some((key, span)) => {
            Err(source_file.wrong(&span, format_args!("`{key}` does not belong to this source of identity")))
        }
        None => Ok(()),
    }
}

fn jwt(raw: raw::Jwt, source_file: &SourceFile<'_>) -> Result<JwtOptions, ConfigError> {
    let jwks = raw.jwks.get_ref();
    let ca = raw.ca.map(|ca| source_file.path(&ca));
    let keys = if jwks.contains("://") {
        JwtKeys::Url { url: jwks.clone(), ca }
    } else {
        JwtKeys::File(source_file.path(jwks))
    };
    let span = raw.audience.span();
    let audiences = match raw.audience.into_inner() {
        raw::OneOrMore::One(audience) => vec![audience],
        raw::OneOrMore::More(audiences) => audiences,
    };
    if audiences.is_empty() {
        return Err(source_file.wrong(&span, "`audience` names whom the tokens are for: us"));
    }
    let mut options = JwtOptions::new(raw.issuer, String::new(), keys);
    options.audiences = audiences;
    if let Some(claim) = raw.user_claim {
        options.user_claim = claim;
    }
    if let (None, Some(_)) = (&raw.groups_claim, &raw.groups_prefix) {
        return Err(source_file
            .wrong(&span, "`groups_prefix` stands before groups of a `groups_claim`, and there is none"));
    }
    options.user_prefix = raw.user_prefix.unwrap_or_default();
    options.attributes = raw.attributes.into_iter().collect();
    if let Some(tags) = raw.session_tags {
        let keys: Vec<_> = tags.get_ref().iter().map(|name| (name.clone(), String::new())).collect();
        Session::check_tags(&keys).map_err(|error| source_file.wrong(&tags.span(), error))?;
        options.session_tags = tags.into_inner();
    }
    options.session_ends_with_token = raw.session_ends_with_token.unwrap_or(true);
    if let Some(leeway) = raw.leeway {
        options.leeway = duration(&leeway, Duration::ZERO, Duration::from_mins(5), "leeway", source_file)?;
    }
    Ok(options)
}
