//! Host configuration outside of `HostConfig`.
//!
//! Until version 27 or so dockerd decoded the body of `ContainerCreate` into a struct that embeds the host
//! configuration beside the member `HostConfig` (moby runconfig, `ContainerConfigWrapper.getHostConfig`):
//! without that member, `Privileged` or `Binds` at the top count in full, and with it a few still fill gaps.

use crate::json::{Object, Value};
use crate::schema;

/// Those that fill a gap in a `HostConfig` that is there.
const FILL_GAPS: [&str; 5] = ["Memory", "MemorySwap", "CpuShares", "CpusetCpus", "VolumeDriver"];

/// What became of host configuration at the top.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hoisted {
    /// Any of it was moved.
    pub(crate) moved: bool,
    /// Any of what was moved said something.
    pub(crate) said: bool,
}

/// Moves host configuration from the top to `HostConfig`, wherever dockerd reads it so.
pub(crate) fn hoist_host_config(body: &mut Object<'_>) -> Hoisted {
    let gaps: Vec<&str> = match body.get("HostConfig") {
        None | Some(Value::Null) => return hoist_all(body),
        Some(Value::Object(host)) => {
            let says = |object: &Object<'_>, key| object.get(key).is_some_and(|value| !is_zero(value));
            FILL_GAPS.into_iter().filter(|key| says(body, key) && !says(host, key)).collect()
        }
        Some(_) => return Hoisted::default(),
    };
    if gaps.is_empty() {
        return Hoisted::default();
    }
    if let Some(Value::Object(mut host)) = body.get("HostConfig").cloned() {
        for key in gaps {
            if let Some(value) = body.remove(key) {
                host.insert(key, value);
            }
        }
        body.insert("HostConfig", Value::Object(host));
    }
    Hoisted { moved: true, said: true }
}

fn hoist_all(body: &mut Object<'_>) -> Hoisted {
    let mut host = Object::default();
    let mut said = false;
    for key in host_fields() {
        if let Some(value) = body.remove(key) {
            said |= !is_zero(&value);
            host.insert(key, value);
        }
    }
    let moved = !host.is_empty();
    if moved {
        body.insert("HostConfig", Value::Object(host));
    }
    Hoisted { moved, said }
}

/// The names of `HostConfig`'s members, from the one table that has them.
fn host_fields() -> impl Iterator<Item = &'static str> {
    schema::container::HOST.iter().map(|(name, _)| *name)
}

/// What Go takes for nothing said.
fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(text) => text.parse() == Ok(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.iter().all(|(_, value)| is_zero(value)),
    }
}
