//! The `input` of opa-docker-authz, made of facts that were read strictly: where the original can be misled (a second
//! spelling of `Content-Type`, a key that is there twice, `HostConfig` at the top level), these facts cannot.

use portcullis_policy_sdk::prelude::*;
use regorus::Value;

/// As `makeInput` of opa-docker-authz 0.9 (main.go) makes it. `Resolved` of a bind is its cleaned path: symbolic links
/// are not followed.
pub(crate) fn input(request: &docker::Request) -> Result<Value, String> {
    let path = decode(request.uri.split('?').next().unwrap_or_default());
    let body = match &request.body {
        docker::Body::Json(text) => {
            Value::from_json_str(text).map_err(|error| format!("the body: {error}"))?
        }
        docker::Body::Absent | docker::Body::Unseen(_) => Value::Null,
    };
    let mut query: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    for (name, value) in &request.query {
        query.entry(name.as_str().into()).or_default().push(value.as_str().into());
    }
    let query: BTreeMap<Value, Value> =
        query.into_iter().map(|(name, values)| (name, values.into())).collect();
    let headers = request.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
    let mounts = request.workload.iter().flat_map(|workload| &workload.mounts);
    let mounts: Vec<Value> = mounts.filter(|mount| mount.kind == "bind").map(bind_mount).collect();
    let authentication = match request.principal.authentication.as_str() {
        "certificate" => "TLS",
        "anonymous" | "unstated" => "",
        other => other,
    };
    Ok(object([
        ("Headers", headers.collect::<BTreeMap<Value, Value>>().into()),
        ("Path", request.uri.as_str().into()),
        ("PathPlain", path.as_str().into()),
        ("PathArr", path.split('/').map(Value::from).collect::<Vec<_>>().into()),
        ("Query", query.into()),
        ("Method", request.method.as_str().into()),
        ("Body", body),
        ("User", request.principal.name.as_deref().unwrap_or_default().into()),
        ("AuthMethod", authentication.into()),
        ("BindMounts", mounts.into()),
    ]))
}

fn bind_mount(mount: &docker::Mount) -> Value {
    let source = match mount.origin.as_str() {
        // The whole entry, `SOURCE:TARGET:OPTIONS`.
        "binds" => mount.as_sent.split(':').next().unwrap_or_default(),
        _ => mount.as_sent.as_str(),
    };
    let resolved = mount.host_path.as_deref().or(mount.source.as_deref()).unwrap_or_default();
    object([("Source", source.into()), ("ReadOnly", mount.read_only.into()), ("Resolved", resolved.into())])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect::<BTreeMap<Value, Value>>().into()
}

/// Percent-decoding, as Go's `url.URL.Path`. The host has refused escapes that are none.
fn decode(path: &str) -> String {
    let mut bytes = path.bytes();
    let mut decoded = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        let mut rest = bytes.clone();
        let escaped = match (byte, rest.next(), rest.next()) {
            (b'%', Some(high), Some(low)) => digit(high).zip(digit(low)),
            _ => None,
        };
        decoded.push(match escaped {
            Some((high, low)) => {
                bytes = rest;
                high * 16 + low
            }
            None => byte,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
