//! AFP's configuration without the provider: the identity source, AWS's keys, the log.

use super::accounts::Accounts;
use super::error::{Findings, Place};
use super::fields::Fields;
use super::identity::{self, Identity};
use super::provider::{self, Provider};
use super::yaml::{Map, Node, Value};

/// What AFP was told.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) identity: Identity,
    /// The access key id; the secret is put into a file by hand.
    pub(super) access_key: Option<String>,
    pub(super) provider: Provider,
    pub(super) syslog: Option<String>,
}

pub(super) fn read(place: Place, config: Map, accounts: &Accounts, findings: &mut Findings) -> Settings {
    let mut fields = Fields::new("", place, config);
    let identity = identity::read(&mut fields, findings);
    let access_key = aws(&mut fields, findings);
    let syslog = log(&mut fields, findings);
    let provider = if let Some(provider) = fields.table("provider", findings) {
        provider::read(provider, identity.as_ref(), accounts, findings)
    } else {
        findings.refuse(&fields.place, "there is no `provider`, so AFP grants nothing to anybody");
        None
    };
    fields.finish(findings);
    Settings {
        identity: identity.unwrap_or_default(),
        access_key,
        provider: provider.unwrap_or_default(),
        syslog,
    }
}

/// `aws`: both keys, or neither.
fn aws(fields: &mut Fields, findings: &mut Findings) -> Option<String> {
    let mut aws = fields.table("aws", findings)?;
    let access_key = aws.text("access_key", findings);
    let secret = aws.secret("secret_key");
    let place = aws.place.clone();
    aws.finish(findings);
    match (access_key, secret) {
        (Some((_, access_key)), true) => {
            findings.warn(
                "put AFP's `aws.secret_key` into the file `afp-secret-key`, mode 0600, beside the configuration",
            );
            Some(access_key)
        }
        (None, false) => None,
        _ => {
            findings.refuse(&place, "`aws.access_key` and `aws.secret_key` go together");
            None
        }
    }
}

/// `logging_handler`, `log_level`, `log_format`. What AFP logs are lines of text; here a record is kept of each
/// decision, so its form and level are not carried over. Where it goes is, if that is syslog.
fn log(fields: &mut Fields, findings: &mut Findings) -> Option<String> {
    for key in ["log_level", "log_format"] {
        if let Some((place, _)) = fields.scalar(key, findings) {
            findings.warn_at(
                &place,
                format_args!("`{key}` has no equivalent: every decision is recorded, in one form"),
            );
        }
    }
    let Some(mut handler) = fields.table("logging_handler", findings) else { return Some("/dev/log".into()) };
    let module = handler.text("module", findings).map_or_else(|| "logging.handlers".into(), |(_, text)| text);
    let class = handler.text("class", findings).map_or_else(|| "SysLogHandler".into(), |(_, text)| text);
    let args = handler.take("args");
    let kwargs = handler.take("kwargs");
    let place = handler.place.clone();
    handler.finish(findings);
    if (module.as_str(), class.as_str()) != ("logging.handlers", "SysLogHandler") {
        findings.warn_at(
            &place,
            format_args!(
                "AFP logged by `{module}.{class}`, which has no equivalent; set `file` or `syslog` under `[audit]`"
            ),
        );
        return None;
    }
    let mut address = None;
    for (name, (place, node)) in arguments(args, kwargs) {
        match (name.as_str(), node.value) {
            ("address", value) => address = self::address(&place, value, findings),
            (name, _) => findings.warn_at(
                &place,
                format_args!(
                    "`{name}` of AFP's SysLogHandler has no equivalent: records go out with facility 10 (security), \
                     by datagram"
                ),
            ),
        }
    }
    Some(address.unwrap_or_else(|| "/dev/log".into()))
}

/// The handler's arguments by name; `args` have the order of Python's `SysLogHandler(address, facility, socktype)`.
fn arguments(args: Option<(Place, Node)>, kwargs: Option<(Place, Node)>) -> Vec<(String, (Place, Node))> {
    let names = ["address", "facility", "socktype"];
    let mut arguments = Vec::new();
    if let Some((_, Node { value: Value::List(list), .. })) = args {
        for (at, node) in list.into_iter().enumerate() {
            let name = names.get(at).copied().unwrap_or("args");
            arguments.push((name.to_owned(), (node.place.clone(), node)));
        }
    }
    if let Some((_, Node { value: Value::Map(map), .. })) = kwargs {
        arguments.extend(map);
    }
    arguments
}

/// A path, or host and port.
fn address(place: &Place, value: Value, findings: &mut Findings) -> Option<String> {
    let found = match value {
        Value::Scalar(scalar) => Some((*scalar.text).clone()).filter(|path| path.starts_with('/')),
        Value::List(list) => match list.iter().map(Node::text).collect::<Option<Vec<_>>>().as_deref() {
            Some([host, port]) if port.parse::<u16>().is_ok() && !host.is_empty() => {
                let host = if host.contains(':') { format!("[{host}]") } else { (*host).to_owned() };
                Some(format!("udp:{host}:{port}"))
            }
            _ => None,
        },
        Value::Map(_) => None,
    };
    if found.is_none() {
        findings
            .refuse(place, "the `address` of AFP's SysLogHandler is neither a path nor a host and a port");
    }
    found
}
