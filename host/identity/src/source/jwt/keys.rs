//! A JWK set (RFC 7517), and which of its keys a token may be signed with.

use jsonwebtoken::Algorithm::{self, ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Header};
use serde::Deserialize;
use serde_json::Value;

/// What a token may be signed with.
pub(super) const ALGORITHMS: [Algorithm; 9] = [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA];

/// The keys of a set that signatures can be checked with.
pub(super) struct Keys(Vec<Key>);

struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

#[derive(Deserialize)]
struct Raw {
    keys: Vec<Value>,
}

impl Keys {
    /// Keys that cannot verify a signature are passed over, as RFC 7517 (5) demands; if no other is there,
    /// the set cannot be used.
    ///
    /// # Errors
    /// What is wrong with the set.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| format!("it is no JWK set: {error}"))?;
        let keys: Vec<Key> = raw.keys.into_iter().filter_map(key).collect();
        if keys.is_empty() {
            return Err("it holds no key that a signature can be checked with".into());
        }
        Ok(Self(keys))
    }

    /// Whether the set knows the key that a token names.
    pub(super) fn knows(&self, header: &Header) -> bool {
        self.fitting(header).next().is_some()
    }

    /// The keys that a token can have been signed with. One that names no key has been signed with the only one
    /// there is, or with none.
    pub(super) fn fitting<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a DecodingKey> {
        let fits = |key: &&Key| key.algorithms.contains(&header.alg);
        let single = header.kid.is_some() || self.0.iter().filter(fits).count() == 1;
        self.0
            .iter()
            .filter(fits)
            .filter(move |key| single && (header.kid.is_none() || key.id == header.kid))
            .map(|key| &key.decoding)
    }
}

fn key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    if jwk.common.key_operations.as_ref().is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return None;
    }
    let mut algorithms = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => vec![RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(params) => match params.curve {
            EllipticCurve::P256 => vec![ES256],
            EllipticCurve::P384 => vec![ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(params) if params.curve == EllipticCurve::Ed25519 => vec![EdDSA],
        _ => return None,
    };
    if let Some(only) = jwk.common.key_algorithm {
        let only = Algorithm::try_from(only).ok()?;
        algorithms.retain(|algorithm| *algorithm == only);
    }
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    (!algorithms.is_empty()).then_some(Key { id: jwk.common.key_id, algorithms, decoding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Keys, the algorithm and the key that a token names, and how many keys fit; none if the set is refused.
    type Row = (Vec<Value>, Algorithm, Option<&'static str>, Option<usize>);

    const RSA: (&str, &str) = ("RSA", "AQAB");

    fn rsa(more: &Value) -> Value {
        let mut key = json!({ "kty": RSA.0, "n": "AQAB", "e": RSA.1 });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    }

    fn fitting(keys: &[Value], algorithm: Algorithm, id: Option<&str>) -> Option<usize> {
        let keys = Keys::parse(json!({ "keys": keys }).to_string().as_bytes()).ok()?;
        let header = Header { kid: id.map(String::from), ..Header::new(algorithm) };
        assert_eq!(keys.knows(&header), keys.fitting(&header).count() > 0);
        Some(keys.fitting(&header).count())
    }

    #[test]
    fn which_key_a_token_can_have_been_signed_with() {
        let p256 = json!({ "kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB", "kid": "p" });
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQAB", "kid": "e" });
        let a = rsa(&json!({ "kid": "a" }));
        let table: [Row; 26] = [
            (vec![], RS256, None, None),
            (vec![a.clone()], RS256, Some("a"), Some(1)),
            (vec![a.clone()], PS512, Some("a"), Some(1)),
            (vec![a.clone()], RS256, Some("b"), Some(0)),
            (vec![a.clone()], RS256, None, Some(1)),
            (vec![a.clone()], ES256, Some("a"), Some(0)),
            (vec![a.clone()], Algorithm::HS256, Some("a"), Some(0)),
            (vec![a.clone(), rsa(&json!({ "kid": "b" }))], RS256, None, Some(0)),
            (vec![a.clone(), a.clone()], RS256, Some("a"), Some(2)),
            (vec![a.clone(), p256.clone(), ed.clone()], RS256, None, Some(1)),
            (vec![a.clone(), p256.clone(), ed.clone()], ES256, Some("p"), Some(1)),
            (vec![a.clone(), p256.clone(), ed.clone()], ES384, Some("p"), Some(0)),
            (vec![a.clone(), p256, ed], EdDSA, Some("e"), Some(1)),
            (vec![rsa(&json!({}))], RS256, None, Some(1)),
            (vec![rsa(&json!({}))], RS256, Some("a"), Some(0)),
            (vec![rsa(&json!({ "use": "sig", "alg": "RS256" }))], RS256, None, Some(1)),
            (vec![rsa(&json!({ "use": "sig", "alg": "RS256" }))], PS256, None, Some(0)),
            (vec![rsa(&json!({ "use": "enc" }))], RS256, None, None),
            (vec![rsa(&json!({ "alg": "RSA-OAEP" }))], RS256, None, None),
            (vec![rsa(&json!({ "alg": "HS256" }))], RS256, None, None),
            (vec![rsa(&json!({ "key_ops": ["encrypt"] }))], RS256, None, None),
            (vec![rsa(&json!({ "key_ops": ["verify"] }))], RS256, None, Some(1)),
            (vec![json!({ "kty": "oct", "k": "AQAB" })], Algorithm::HS256, None, None),
            (
                vec![json!({ "kty": "oct", "k": "AQAB", "kid": "a" }), a.clone()],
                Algorithm::HS256,
                Some("a"),
                Some(0),
            ),
            (
                vec![json!({ "kty": "EC", "crv": "secp256k1", "x": "AQAB", "y": "AQAB" }), a.clone()],
                RS256,
                None,
                Some(1),
            ),
            (vec![json!(1), json!({}), a], RS256, Some("a"), Some(1)),
        ];
        for (keys, algorithm, id, expected) in table {
            assert_eq!(fitting(&keys, algorithm, id), expected, "{algorithm:?} {id:?} {keys:?}");
        }
        for text in ["", "[]", "{}", "{\"keys\": {}}", "{\"keys\": []}"] {
            assert!(Keys::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
