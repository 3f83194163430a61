//! `X-Registry-Auth` and `X-Registry-Config`: `{"registryId": N}` becomes the credentials that are stored for that registry,
//! and real credentials pass through as they are.
//!
//! dockerd sends credentials to the registry that the image's name says, and ignores `serveraddress` (moby
//! `registry/auth.go`). So stored credentials are inserted only where that is the registry that they are for.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use portcullis_contract::docker;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::error::GatewayError;
use crate::registry::RegistryCredentials;

/// The header with the credentials of one registry.
pub(crate) const X_REGISTRY_AUTH: HeaderName = HeaderName::from_static("x-registry-auth");
/// The header of a build, with the credentials of several registries by host.
const X_REGISTRY_CONFIG: HeaderName = HeaderName::from_static("x-registry-config");

/// Any of the spellings that clients use. dockerd reads the padded one alone.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Names of Docker Hub.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Which registry the credentials of a header are for, and where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The number of the registry; 0 is Docker Hub without credentials.
    pub(crate) registry: i64,
    /// The key in `X-Registry-Config`.
    host: Option<String>,
    header: HeaderName,
}

/// References to stored credentials in the headers of a request.
pub(crate) fn references(headers: &HeaderMap) -> Result<Vec<Reference>, GatewayError> {
    let mut found = Vec::new();
    if let Some(value) = decode(headers, &X_REGISTRY_AUTH)?
        && let Some(registry) = registry_id(&value)?
    {
        found.push(Reference { registry, host: None, header: X_REGISTRY_AUTH });
    }
    for (host, value) in decode(headers, &X_REGISTRY_CONFIG)?.unwrap_or_default() {
        let registry = value.as_object().map(registry_id).transpose()?.flatten();
        if let Some(registry) = registry {
            found.push(Reference { registry, host: Some(host), header: X_REGISTRY_CONFIG });
        }
    }
    Ok(found)
}

impl Reference {
    /// Refuses to send credentials to any host but that of their registry. dockerd sends those of `X-Registry-Auth` to the
    /// registry of the image, and those of a build to the host that they are given for.
    pub(crate) fn check(
        &self,
        credentials: &RegistryCredentials,
        request: &docker::Request,
    ) -> Result<(), GatewayError> {
        let receivers = match &self.host {
            Some(host) => vec![bare_host(host)],
            None => registries(request),
        };
        let refuse = |details: String| {
            let message = "Stored credentials are sent to no other registry";
            Err(GatewayError::new(StatusCode::FORBIDDEN, message, details))
        };
        if receivers.is_empty() {
            return refuse(
                "The request names no image, so it does not say which registry would get them".into(),
            );
        }
        match receivers.iter().find(|receiver| !is_same_registry(receiver, &credentials.host)) {
            None => Ok(()),
            Some(other) => refuse(format!(
                "Those of registry {} are for `{}`, and the image is at `{other}`",
                self.registry, credentials.host
            )),
        }
    }

    /// Puts credentials in the place of the reference; none are Docker Hub's, without a user.
    pub(crate) fn insert(
        &self,
        credentials: Option<&RegistryCredentials>,
        headers: &mut HeaderMap,
    ) -> Result<(), GatewayError> {
        let value = match credentials {
            Some(known) => json!({
                "username": known.username,
                "password": known.password.expose_secret(),
                "serveraddress": known.host,
            }),
            None => json!({ "username": "", "password": "", "serveraddress": "docker.io" }),
        };
        let value = match &self.host {
            None => value,
            Some(host) => {
                let mut all = decode(headers, &self.header)?.unwrap_or_default();
                all.insert(host.clone(), value);
                Value::Object(all)
            }
        };
        let text = base64::engine::general_purpose::URL_SAFE.encode(value.to_string());
        let mut header =
            HeaderValue::try_from(text).map_err(|_| malformed(&self.header, "it is too long"))?;
        header.set_sensitive(true);
        headers.insert(self.header.clone(), header);
        Ok(())
    }
}

/// The registries that dockerd would send the credentials of a request to.
fn registries(request: &docker::Request) -> Vec<String> {
    let targets = request.targets.iter().filter_map(|target| target.image.as_ref());
    let workload = request.workload.iter().filter_map(|workload| workload.image.as_ref());
    targets.chain(workload).map(|image| image.domain.to_ascii_lowercase()).collect()
}

/// `https://index.docker.io/v1/` is `index.docker.io`.
fn bare_host(key: &str) -> String {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    key.split('/').next().unwrap_or_default().to_ascii_lowercase()
}

fn is_same_registry(one: &str, other: &str) -> bool {
    one == other || (DOCKER_HUB.contains(&one) && DOCKER_HUB.contains(&other))
}

/// The object in a header. What is no object in base64 is the client's own affair, as dockerd ignores it.
fn decode(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Map<String, Value>>, GatewayError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed(name, "it is there twice"));
    }
    let Ok(text) = value.to_str() else { return Ok(None) };
    let text = text.trim().replace('+', "-").replace('/', "_");
    let decoded = BASE64.decode(text).ok();
    Ok(decoded.and_then(|json| serde_json::from_slice(&json).ok()))
}

/// The number under `registryId`, which Go reads in any case.
fn registry_id(object: &Map<String, Value>) -> Result<Option<i64>, GatewayError> {
    let mut found = None;
    for (key, value) in object {
        if !key.eq_ignore_ascii_case("registryId") || value.is_null() {
            continue;
        }
        let id = value.as_i64().filter(|id| *id >= 0);
        let id = id.ok_or_else(|| malformed(&X_REGISTRY_AUTH, "`registryId` is the number of a registry"))?;
        if found.replace(id).is_some() {
            return Err(malformed(&X_REGISTRY_AUTH, "`registryId` is there twice"));
        }
    }
    Ok(found)
}

fn malformed(name: &HeaderName, why: &str) -> GatewayError {
    GatewayError::new(StatusCode::BAD_REQUEST, format!("The header `{name}` is malformed"), why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE as PADDED, URL_SAFE_NO_PAD};

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), value.parse().unwrap())])
    }

    fn of(json: &str) -> Result<Vec<i64>, StatusCode> {
        let found = references(&headers(&X_REGISTRY_AUTH, &PADDED.encode(json)));
        found.map(|found| found.iter().map(|found| found.registry).collect()).map_err(|error| error.status)
    }

    #[test]
    fn a_reference_is_found_in_any_spelling_and_credentials_are_left_alone() {
        // Portainer's own example.
        let example = references(&headers(&X_REGISTRY_AUTH, "eyJyZWdpc3RyeUlkIjoxfQ==")).unwrap();
        assert_eq!(example[0].registry, 1);
        let odd = r#"{"registryId":17,"x":"??>>"}"#;
        for spelled in [
            STANDARD.encode(odd),
            STANDARD_NO_PAD.encode(odd),
            PADDED.encode(odd),
            URL_SAFE_NO_PAD.encode(odd),
        ] {
            assert_eq!(
                references(&headers(&X_REGISTRY_AUTH, &spelled)).unwrap()[0].registry,
                17,
                "{spelled}"
            );
        }
        assert_eq!(of(r#"{"REGISTRYID":2}"#), Ok(vec![2]));
        assert_eq!(of(r#"{"registryId":0}"#), Ok(vec![0]));
        for text in
            ["{}", r#"{"registryId":null}"#, r#"{"username":"u","password":"p"}"#, "null", "7", "nonsense"]
        {
            assert_eq!(of(text), Ok(vec![]), "{text}");
        }
        assert_eq!(references(&headers(&X_REGISTRY_AUTH, "%%%")), Ok(vec![]));
        for text in [
            r#"{"registryId":"1"}"#,
            r#"{"registryId":1.5}"#,
            r#"{"registryId":-1}"#,
            r#"{"registryId":1,"RegistryID":2}"#,
        ] {
            assert_eq!(of(text), Err(StatusCode::BAD_REQUEST), "{text}");
        }
        let mut twice = headers(&X_REGISTRY_AUTH, "e30=");
        twice.append(X_REGISTRY_AUTH, "eyJyZWdpc3RyeUlkIjoxfQ==".parse().unwrap());
        assert_eq!(references(&twice).unwrap_err().status, StatusCode::BAD_REQUEST);
    }

    fn credentials(host: &str) -> RegistryCredentials {
        RegistryCredentials {
            host: host.into(),
            username: "robot".into(),
            password: "hunter2".to_owned().into(),
        }
    }

    #[test]
    fn credentials_go_to_their_registry_and_nowhere_else() {
        let reference = Reference { registry: 1, host: None, header: X_REGISTRY_AUTH };
        let request = |domain: &str| docker::Request {
            targets: vec![docker::Target {
                kind: "image".into(),
                image: Some(docker::Image { domain: domain.into(), ..docker::Image::default() }),
                ..docker::Target::default()
            }],
            ..docker::Request::default()
        };
        for (host, image, ok) in [
            ("registry.example.org:5000", "registry.example.org:5000", true),
            ("registry.example.org:5000", "Registry.Example.org:5000", true),
            ("registry.example.org", "registry.example.org:5000", false),
            ("registry.example.org", "evil.example", false),
            ("registry.example.org", "docker.io", false),
            ("index.docker.io", "docker.io", true),
            ("docker.io", "evil.example", false),
            ("registry.example.org", "", false),
        ] {
            assert_eq!(reference.check(&credentials(host), &request(image)).is_ok(), ok, "{host} {image}");
        }
        assert!(reference.check(&credentials("docker.io"), &docker::Request::default()).is_err());
    }

    #[test]
    fn what_is_sent_is_padded_and_keeps_the_other_hosts_of_a_build() {
        let mut sent = headers(&X_REGISTRY_AUTH, "eyJyZWdpc3RyeUlkIjoxfQ==");
        references(&sent).unwrap()[0].insert(Some(&credentials("r.example")), &mut sent).unwrap();
        let decoded = PADDED.decode(sent[X_REGISTRY_AUTH].as_bytes()).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&decoded).unwrap(),
            json!({ "username": "robot", "password": "hunter2", "serveraddress": "r.example" })
        );
        let config =
            json!({ "r.example": { "registryId": 1 }, "other": { "username": "u", "password": "p" } });
        let mut sent = headers(&X_REGISTRY_CONFIG, &PADDED.encode(config.to_string()));
        let found = references(&sent).unwrap();
        assert!(found[0].check(&credentials("evil.example"), &docker::Request::default()).is_err());
        found[0].check(&credentials("r.example"), &docker::Request::default()).unwrap();
        found[0].insert(Some(&credentials("r.example")), &mut sent).unwrap();
        let decoded = PADDED.decode(sent[X_REGISTRY_CONFIG].as_bytes()).unwrap();
        let decoded: Value = serde_json::from_slice(&decoded).unwrap();
        assert_eq!(decoded["r.example"]["password"], "hunter2");
        assert_eq!(decoded["other"]["username"], "u");
    }
}
