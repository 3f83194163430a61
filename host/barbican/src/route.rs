//! Every route of the API, and how a path is read: as Paste's `urlmap` and pecan's object dispatch read it.
//!
//! | path | methods |
//! | --- | --- |
//! | `/` | GET |
//! | `/healthcheck` | any |
//! | `/oslo-policy/{service}` | POST |
//! | `/v1` | GET |
//! | `/v1/secrets`, `/v1/containers` | GET, POST |
//! | `/v1/orders` | GET, POST |
//! | `/v1/orders/{id}` | GET, DELETE |
//! | `/v1/secrets/{id}` | GET, PUT, DELETE |
//! | `/v1/secrets/{id}/payload` | GET |
//! | `/v1/secrets/{id}/metadata` | GET, POST, PUT |
//! | `/v1/secrets/{id}/metadata/{key}` | GET, PUT, DELETE |
//! | `/v1/containers/{id}` | GET, DELETE |
//! | `/v1/containers/{id}/secrets` | POST, DELETE |
//! | `/v1/secrets/{id}/acl`, `/v1/containers/{id}/acl` | GET, PUT, PATCH, DELETE |
//! | `/v1/secrets/{id}/consumers`, `/v1/containers/{id}/consumers` | GET, POST, DELETE |
//! | `/v1/quotas`, `/v1/project-quotas` | GET |
//! | `/v1/project-quotas/{project}` | GET, PUT, DELETE |
//! | `/v1/transport_keys` | GET: an empty list |
//! | `/v1/secret-stores` | GET: 404, as without multiple backends |
//!
//! Slashes at the end and slashes in a row count for nothing.

use uuid::{Uuid, Variant};

use crate::vault::Kind;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The document of versions, without authentication.
    Versions,
    /// `GET /v2` and every other path beside `/v1`.
    NoVersion,
    /// For load balancers.
    HealthCheck,
    /// The question of an oslo.policy `http:` check, for that service.
    OsloPolicy(String),
    /// Beneath `/v1`: with a token.
    V1(V1),
}

/// What a path beneath `/v1` leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V1 {
    /// To what.
    pub place: Place,
    /// Whether the path ends in `.json`, so that `Accept` is not looked at.
    pub json: bool,
}

/// A place beneath `/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The version's document.
    Version,
    /// The secrets or the containers.
    List(Kind),
    /// A secret or a container, or something of it. The id is not looked at yet.
    Entity(Kind, String, Part),
    /// The quotas of the token's project.
    Quotas,
    /// The quotas of all projects, or of one by its id.
    ProjectQuotas(Option<String>),
    /// The list of transport keys, or one by its id.
    TransportKeys(Option<String>),
    /// The list of secret stores, or what is beneath.
    SecretStores {
        /// The list itself.
        list: bool,
    },
    /// The orders of the token's project.
    Orders,
    /// One order. The id is not looked at yet.
    Order {
        /// Its id.
        id: String,
        /// Whether the path goes on behind it.
        below: bool,
    },
    /// Nothing that is known.
    Nowhere,
}

/// What of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Itself.
    Whole,
    /// A secret's payload.
    Payload,
    /// A secret's user metadata.
    Metadata,
    /// One of them, by its key.
    Metadatum(String),
    /// Its ACL.
    Acl,
    /// The secrets of a container.
    Secrets,
    /// Its consumers.
    Consumers,
    /// One of them, by its id.
    Consumer(String),
    /// Nothing that is offered.
    Unknown,
}

impl Route {
    /// Reads a path, its percent escapes decoded.
    pub fn parse(path: &str) -> Self {
        let (path, json) = match path.trim_end_matches('/').strip_suffix(".json") {
            Some(path) => (path, true),
            None => (path, false),
        };
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        match segments.next() {
            None => Self::Versions,
            Some("healthcheck") => Self::HealthCheck,
            Some("oslo-policy") => match (segments.next(), segments.next()) {
                (Some(service), None) => Self::OsloPolicy(service.to_owned()),
                _ => Self::NoVersion,
            },
            Some("v1") => Self::V1(V1 { place: Place::parse(segments), json }),
            Some(_) => Self::NoVersion,
        }
    }
}

impl Place {
    fn parse<'a>(mut segments: impl Iterator<Item = &'a str>) -> Self {
        let kind = match segments.next() {
            None => return Self::Version,
            Some("secrets") => Kind::Secret,
            Some("containers") => Kind::Container,
            Some("transport_keys") => return Self::TransportKeys(segments.next().map(Into::into)),
            Some("secret-stores") => return Self::SecretStores { list: segments.next().is_none() },
            Some("orders") => {
                let Some(id) = segments.next() else { return Self::Orders };
                return Self::Order { id: id.to_owned(), below: segments.next().is_some() };
            }
            Some("quotas") if segments.next().is_none() => return Self::Quotas,
            Some("project-quotas") => {
                let project = segments.next().map(Into::into);
                return if segments.next().is_none() { Self::ProjectQuotas(project) } else { Self::Nowhere };
            }
            Some(_) => return Self::Nowhere,
        };
        let Some(id) = segments.next() else { return Self::List(kind) };
        let part = match (segments.next(), segments.next()) {
            (None, _) => Part::Whole,
            (Some("acl"), None) => Part::Acl,
            // Barbican does not look at what follows.
            (Some("secrets"), _) if kind == Kind::Container => Part::Secrets,
            (Some("consumers"), None) => Part::Consumers,
            (Some("consumers"), Some(id)) if segments.next().is_none() => Part::Consumer(id.to_owned()),
            (Some("metadata"), None) if kind == Kind::Secret => Part::Metadata,
            (Some("metadata"), Some(key)) if kind == Kind::Secret && segments.next().is_none() => {
                Part::Metadatum(key.to_owned())
            }
            (Some("payload"), None) if kind == Kind::Secret => Part::Payload,
            _ => Part::Unknown,
        };
        Self::Entity(kind, id.to_owned(), part)
    }
}

/// An id as Barbican gives them: the text of a random UUID, exactly as it writes it (`validate_id_is_uuid` in
/// "barbican/common/utils.py").
pub fn id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let canonical = id.hyphenated().to_string() == text;
    (canonical && id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122).then_some(id)
}

/// The path of a URI with its escapes decoded; `None` where that is not UTF-8.
pub fn decode(path: &str) -> Option<String> {
    percent_encoding::percent_decode_str(path).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_lead_where_barbicans_lead() {
        let v1 = |place, json| Route::V1(V1 { place, json });
        let entity = |kind, id: &str, part| v1(Place::Entity(kind, id.into(), part), false);
        for (path, route) in [
            ("/", Route::Versions),
            ("//", Route::Versions),
            ("/v2/", Route::NoVersion),
            ("/v1x", Route::NoVersion),
            ("/V1/secrets", Route::NoVersion),
            ("/x", Route::NoVersion),
            ("/healthcheck", Route::HealthCheck),
            ("/healthcheck/x", Route::HealthCheck),
            ("/oslo-policy/key-manager", Route::OsloPolicy("key-manager".into())),
            ("/oslo-policy", Route::NoVersion),
            ("/oslo-policy/a/b", Route::NoVersion),
            ("/v1", v1(Place::Version, false)),
            ("/v1//", v1(Place::Version, false)),
            ("/v1/secrets", v1(Place::List(Kind::Secret), false)),
            ("/v1/containers/", v1(Place::List(Kind::Container), false)),
            ("/v1/secrets.json", v1(Place::List(Kind::Secret), true)),
            ("/v1/Secrets", v1(Place::Nowhere, false)),
            ("/v1/cas", v1(Place::Nowhere, false)),
            ("/v1/orders", v1(Place::Orders, false)),
            ("/v1/orders/x.json", v1(Place::Order { id: "x".into(), below: false }, true)),
            ("/v1/orders/x/y", v1(Place::Order { id: "x".into(), below: true }, false)),
            ("/v1/quotas/", v1(Place::Quotas, false)),
            ("/v1/quotas/x", v1(Place::Nowhere, false)),
            ("/v1/project-quotas", v1(Place::ProjectQuotas(None), false)),
            ("/v1/project-quotas/x", v1(Place::ProjectQuotas(Some("x".into())), false)),
            ("/v1/project-quotas/x/y", v1(Place::Nowhere, false)),
            ("/v1/transport_keys/", v1(Place::TransportKeys(None), false)),
            ("/v1/transport_keys/x", v1(Place::TransportKeys(Some("x".into())), false)),
            ("/v1/secret-stores", v1(Place::SecretStores { list: true }, false)),
            ("/v1/secret-stores/preferred", v1(Place::SecretStores { list: false }, false)),
            ("/v1/containers/x/secrets", entity(Kind::Container, "x", Part::Secrets)),
            ("/v1/containers/x/secrets/y/z", entity(Kind::Container, "x", Part::Secrets)),
            ("/v1/secrets/x/secrets", entity(Kind::Secret, "x", Part::Unknown)),
            ("/v1/secrets/x/consumers", entity(Kind::Secret, "x", Part::Consumers)),
            ("/v1/containers/x/consumers/y", entity(Kind::Container, "x", Part::Consumer("y".into()))),
            ("/v1/containers/x/consumers/y/z", entity(Kind::Container, "x", Part::Unknown)),
            ("/v1/secrets/x", entity(Kind::Secret, "x", Part::Whole)),
            ("/v1/secrets//x///acl//", entity(Kind::Secret, "x", Part::Acl)),
            ("/v1/secrets/x/payload", entity(Kind::Secret, "x", Part::Payload)),
            ("/v1/secrets/x/metadata/", entity(Kind::Secret, "x", Part::Metadata)),
            ("/v1/secrets/x/metadata/K", entity(Kind::Secret, "x", Part::Metadatum("K".into()))),
            ("/v1/secrets/x/metadata/k/y", entity(Kind::Secret, "x", Part::Unknown)),
            ("/v1/containers/x/metadata", entity(Kind::Container, "x", Part::Unknown)),
            ("/v1/containers/x/payload", entity(Kind::Container, "x", Part::Unknown)),
            ("/v1/containers/x/acl/", entity(Kind::Container, "x", Part::Acl)),
            ("/v1/secrets/x/acls", entity(Kind::Secret, "x", Part::Unknown)),
            ("/v1/secrets/x/acl/read", entity(Kind::Secret, "x", Part::Unknown)),
            ("/v1/secrets/x/../acl", entity(Kind::Secret, "x", Part::Unknown)),
            ("/v1/secrets/x/acl.zzz", entity(Kind::Secret, "x", Part::Unknown)),
            ("/v1/secrets/x/acl.json", v1(Place::Entity(Kind::Secret, "x".into(), Part::Acl), true)),
            ("/v1/secrets/x.json/", v1(Place::Entity(Kind::Secret, "x".into(), Part::Whole), true)),
        ] {
            assert_eq!(Route::parse(path), route, "{path}");
        }
    }

    #[test]
    fn an_id_is_exactly_the_text_of_a_random_uuid() {
        assert!(id("11111111-1111-4111-8111-111111111111").is_some());
        assert!(id("2bab36fb-ab6e-4e44-adf1-1cffd1148606").is_some());
        for text in [
            "",
            "not-a-uuid",
            "2bab36fbab6e4e44adf11cffd1148606",
            "2BAB36FB-AB6E-4E44-ADF1-1CFFD1148606",
            "{2bab36fb-ab6e-4e44-adf1-1cffd1148606}",
            "urn:uuid:2bab36fb-ab6e-4e44-adf1-1cffd1148606",
            "2bab36fb-ab6e-4e44-adf1-1cffd1148606 ",
            "6d4ab0b2-c716-11f0-9d1e-0242ac120002",
            "2bab36fb-ab6e-3e44-adf1-1cffd1148606",
            "2bab36fb-ab6e-5e44-adf1-1cffd1148606",
            "2bab36fb-ab6e-7e44-adf1-1cffd1148606",
            "11111111-1111-4111-1111-111111111111",
            "11111111-1111-4111-c111-111111111111",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(id(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "\\PC{0,60}") {
            let _ = Route::parse(&path);
            let _ = id(&path);
        }
    }
}
