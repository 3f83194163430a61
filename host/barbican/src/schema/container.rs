//! A container as a client writes it (`ContainerValidator`).

use std::collections::{BTreeSet, HashSet};

use super::{Invalid, Schema, Type, validate, without_nul};
use crate::json::Value;

const NAME: &str = "Container";
const REFS: &str = "secret_refs";

static REF: Schema = Schema {
    required: &["secret_ref"],
    properties: &[
        ("name", Schema { max_length: Some(255), ..Schema::of(&[Type::String, Type::Null]) }),
        ("secret_ref", Schema { non_empty: true, ..Schema::of(&[Type::String]) }),
    ],
    ..Schema::of(&[Type::Object])
};

static BODY: Schema = Schema {
    properties: &[
        ("name", Schema { max_length: Some(255), ..Schema::of(&[Type::String, Type::Null]) }),
        ("type", Schema { one_of: &["generic", "rsa", "certificate"], ..Schema::of(&[Type::String]) }),
        (REFS, Schema { items: Some(&REF), ..Schema::of(&[Type::Array]) }),
    ],
    required: &["type"],
    ..Schema::of(&[Type::Object])
};

/// A container that a client wants made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBody {
    /// Its name.
    pub name: Option<String>,
    /// `generic`, `rsa` or `certificate`.
    pub container_type: String,
    /// The names under which it holds secrets, and their ids.
    pub secrets: Vec<(Option<String>, String)>,
}

/// The container in a body whose strings are stripped. `host` is the base of our own references.
pub fn parse(body: &Value, host: &str) -> Result<RequestBody, Invalid> {
    validate(body, &BODY, NAME)?;
    without_nul(body.get("name"), NAME, "name")?;
    let text = |value: &Value, key| value.get(key).and_then(Value::as_str).map(String::from);
    let container_type = text(body, "type").unwrap_or_default();
    let refs = body.get(REFS).and_then(Value::as_array).unwrap_or_default();
    let mut secrets = Vec::with_capacity(refs.len());
    let mut names = BTreeSet::new();
    let mut ids = HashSet::new();
    let mut ours = true;
    for held in refs {
        without_nul(held.get("name"), NAME, REFS)?;
        let reference = held.get("secret_ref").and_then(Value::as_str).unwrap_or_default();
        ours &= reference.starts_with(host);
        ids.insert(id(reference));
        // A name that is absent is the empty one to Barbican, and one that is null is not.
        names.insert(held.get("name").map_or(Some(""), Value::as_str));
        secrets.push((text(held, "name"), id(reference).to_owned()));
    }
    if names.len() != secrets.len() {
        return Err(wrong("Duplicate reference names are not allowed"));
    }
    if ids.len() != secrets.len() {
        return Err(wrong("Duplicate secret ids are not allowed"));
    }
    if !ours {
        return Err(Invalid::ForeignReference);
    }
    if !secrets.is_empty() {
        hold_names_against(&container_type, &names)?;
    }
    Ok(RequestBody { name: text(body, "name"), container_type, secrets })
}

/// The last segment of a reference, be there a slash after it or not.
fn id(reference: &str) -> &str {
    let reference = reference.strip_suffix('/').unwrap_or(reference);
    reference.rsplit('/').next().unwrap_or(reference)
}

fn wrong(reason: &str) -> Invalid {
    Invalid::Object { schema: NAME, reason: reason.to_owned(), property: REFS }
}

fn hold_names_against(container_type: &str, names: &BTreeSet<Option<&str>>) -> Result<(), Invalid> {
    let (required, optional, unsupported, missing): (&[_], &[_], _, _) = match container_type {
        "rsa" => (
            &["public_key", "private_key"],
            &["private_key_passphrase"],
            "only 'private_key', 'public_key' and 'private_key_passphrase' reference names are allowed for RSA type",
            "The minimum required reference names are 'public_key' and'private_key' for RSA type",
        ),
        "certificate" => (
            &["certificate"],
            &["private_key", "private_key_passphrase", "intermediates"],
            "only 'private_key', 'certificate' , 'private_key_passphrase',  or 'intermediates' reference names are \
             allowed for Certificate type",
            "The minimum required reference name is 'certificate' for Certificate type",
        ),
        _ => return Ok(()),
    };
    let supported =
        |name: Option<&str>| name.is_some_and(|name| required.contains(&name) || optional.contains(&name));
    if !names.iter().copied().all(supported) {
        return Err(wrong(unsupported));
    }
    if !required.iter().all(|name| names.contains(&Some(*name))) {
        return Err(wrong(missing));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> Result<RequestBody, String> {
        let mut body = json::parse(text.as_bytes()).unwrap();
        body.strip();
        parse(&body, "http://h").map_err(|error| error.to_string())
    }

    #[test]
    fn containers_are_read() {
        let text = r#"{"name":" c ","type":"generic","x":1,"secret_refs":[
            {"name":"a","secret_ref":"http://h/v1/secrets/1"},
            {"secret_ref":"http://h/v1/secrets/2/"},
            {"name":null,"secret_ref":"http://h/v1/secrets/3"}]}"#;
        let written = RequestBody {
            name: Some("c".into()),
            container_type: "generic".into(),
            secrets: vec![(Some("a".into()), "1".into()), (None, "2".into()), (None, "3".into())],
        };
        assert_eq!(read(text), Ok(written));
        assert!(read(r#"{"type":"rsa"}"#).is_ok());
    }

    #[test]
    fn a_reference_to_another_host_is_not_ours() {
        for reference in ["http://other/v1/secrets/1", "1"] {
            let text = format!(r#"{{"type":"generic","secret_refs":[{{"secret_ref":"{reference}"}}]}}"#);
            assert_eq!(read(&text), Err("Provided field value is not supported".into()));
        }
    }
}
