//! A hook's whole input, as a record keeps it where the operator asked for it: masked, and bounded in size.
//!
//! The names of the fields are those of the contract, so what holds a secret is known by its field; names and values that
//! come from a request (query, headers, labels, options) are masked by [`mask`]:
//!
//! * `environment`: the value of each variable
//! * `body`: every text in it. Numbers, switches and keys stay
//! * `query`, `headers`, and all other pairs: values whose name promises a secret. `outputs` of an image build may hold
//!   credentials of a registry or a cache
//! * `driver_options`: passwords in mount options, e.g. `o=username=u,password=p` of CIFS
//! * `command`, `entrypoint`: `NAME=value`, `--name=value` and `--name value` where the name promises a secret
//! * every text: the user information of URLs, also without a scheme
//!
//! Who asks (`principal`) stays as it is, besides attributes: a policy judges by it, and a record shows it anyway.

use serde::Serialize;
use serde_json::Value;
use std::io;

use crate::mask::{self, MASK};

/// Bytes of an input as JSON. A larger one is left out.
pub const INPUT: usize = 32 << 10;

/// A masked input, or why it was left out.
#[derive(Debug, Clone)]
pub enum RecordedInput {
    /// The input.
    Kept(Value),
    /// Why there is none.
    LeftOut(String),
}

impl RecordedInput {
    /// Masks an input.
    pub fn of(input: &impl Serialize) -> Self {
        let mut value = match serde_json::to_value(input) {
            Ok(value) => value,
            Err(error) => return Self::LeftOut(format!("it cannot be written as JSON: {error}")),
        };
        field("", &mut value);
        let mut size = Counter(0);
        match serde_json::to_writer(&mut size, &value) {
            Ok(()) if size.0 <= INPUT => Self::Kept(value),
            Ok(()) => Self::LeftOut(format!("it has {} bytes, of {INPUT} at most", size.0)),
            Err(error) => Self::LeftOut(format!("it cannot be written as JSON: {error}")),
        }
    }
}

/// Masks the value of a field of the contract.
fn field(name: &str, value: &mut Value) {
    match (name, value) {
        ("body", value) => body(value),
        ("principal", Value::Object(fields)) => {
            fields.retain(|_, value| !value.is_null());
            if let Some(attributes) = fields.get_mut("attributes") {
                field("attributes", attributes);
            }
        }
        // Absent fields are empty ones, as in files of cases.
        (_, Value::Object(fields)) => {
            fields.retain(|_, value| !value.is_null());
            fields.iter_mut().for_each(|(name, value)| field(name, value));
        }
        ("environment", Value::Array(variables)) => variables.iter_mut().for_each(variable),
        ("command" | "entrypoint", Value::Array(arguments)) => {
            mask::arguments(arguments.iter_mut().filter_map(text));
        }
        (name, Value::Array(list)) => {
            for entry in list {
                match entry {
                    Value::Array(pair) => match pair.as_mut_slice() {
                        [Value::String(key), Value::String(value)] => *value = pair_value(name, key, value),
                        _ => pair.iter_mut().for_each(|value| field(name, value)),
                    },
                    entry => field(name, entry),
                }
            }
        }
        ("uri" | "callback_url", Value::String(text)) => *text = mask::uri(text).into_owned(),
        (_, Value::String(text)) => *text = mask::name(text).into_owned(),
        _ => {}
    }
}

fn variable(value: &mut Value) {
    if let Value::String(variable) = value
        && let Some((name, _)) = variable.split_once('=')
    {
        *variable = format!("{name}={MASK}");
    }
}

fn text(value: &mut Value) -> Option<&mut String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

fn pair_value(of: &str, key: &str, value: &str) -> String {
    if mask::is_secret(key) || (of == "query" && key.eq_ignore_ascii_case("outputs")) {
        return MASK.into();
    }
    if of == "driver_options" {
        return value.split(',').map(mask::option).collect::<Vec<_>>().join(",");
    }
    mask::name(value).into_owned()
}

/// A body: every text in it is masked.
fn body(value: &mut Value) {
    if let Some(Value::String(text)) = value.get_mut("json") {
        // The JSON that the policy was given, as a text.
        *text = match serde_json::from_str(text) {
            Ok(mut json) => {
                texts(&mut json);
                json.to_string()
            }
            Err(_) => MASK.into(),
        };
    }
}

fn texts(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_empty() => *text = MASK.into(),
        Value::Array(list) => list.iter_mut().for_each(texts),
        Value::Object(fields) => fields.values_mut().for_each(texts),
        _ => {}
    }
}

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_contract::docker::{Body, Mount, Request, Workload};
    use portcullis_contract::types::Principal;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    fn kept(input: &impl Serialize) -> Value {
        match RecordedInput::of(input) {
            RecordedInput::Kept(value) => value,
            RecordedInput::LeftOut(why) => panic!("{why}"),
        }
    }

    #[test]
    fn no_secret_is_left_in_an_input() {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let request = Request {
            principal: Principal {
                name: Some("alice".into()),
                groups: words(&["urn:a:b@example"]),
                attributes: vec![pair("api-token", "SECRET")],
                ..Principal::default()
            },
            uri: "/v1.44/build?buildargs=%7B%22A%22%3A%22SECRET%22%7D&remote=https://u:SECRET@h/x".into(),
            query: vec![
                pair("outputs", "[{\"Attrs\":{\"x\":\"SECRET\"}}]"),
                pair("remote", "https://u:SECRET@h/x"),
                pair("t", "web"),
            ],
            headers: vec![pair("X-Registry-Auth", "SECRET"), pair("User-Agent", "curl")],
            body: Body::Json(r#"{"password":"SECRET","Nested":[{"Env":["A=SECRET"]}],"Count":3}"#.into()),
            workload: Some(Workload {
                environment: words(&["A=SECRET", "B"]),
                command: words(&[
                    "run",
                    "--password",
                    "SECRET",
                    "--api-token=SECRET",
                    "-v",
                    "TOKEN=SECRET sh -c x",
                ]),
                labels: vec![pair("db.password", "SECRET"), pair("owner", "alice")],
                masked_paths: Some(vec![]),
                ..Workload::default()
            }),
            volume: Some(Mount {
                driver_options: vec![
                    pair("o", "username=u,password=SECRET,vers=3.0"),
                    pair("device", "//u:SECRET@host/share"),
                ],
                ..Mount::default()
            }),
            ..Request::default()
        };
        let value = kept(&request);
        assert!(!value.to_string().contains("SECRET"), "{value:#}");
        // It is still an input of the hook, and what is no secret is what it was.
        let again: Request = serde_json::from_value(value).unwrap();
        assert_eq!(again.principal.groups, request.principal.groups);
        let workload = again.workload.unwrap();
        assert_eq!(workload.environment, ["A=***", "B"]);
        assert_eq!(
            workload.command,
            ["run", "--password", "***", "--api-token=***", "-v", "TOKEN=*** sh -c x"]
        );
        assert_eq!(workload.labels, [pair("db.password", "***"), pair("owner", "alice")]);
        assert_eq!(workload.masked_paths, Some(vec![]));
        assert_eq!(
            again.body,
            Body::Json(r#"{"Count":3,"Nested":[{"Env":["***"]}],"password":"***"}"#.into())
        );
        assert_eq!(
            again.volume.unwrap().driver_options,
            [pair("o", "username=u,password=***,vers=3.0"), pair("device", "//***@host/share")]
        );
        assert_eq!(again.query[2], pair("t", "web"));
        assert_eq!(again.headers, [pair("X-Registry-Auth", "***"), pair("User-Agent", "curl")]);
    }

    #[test]
    fn an_input_without_secrets_stays_the_same() {
        let request = Request {
            operation: Some("ContainerCreate".into()),
            uri: "/v1.44/containers/create?name=web".into(),
            path: vec!["containers".into(), "create".into()],
            api_version: Some((1, 44)),
            workload: Some(Workload { memory_limit: Some(7), privileged: true, ..Workload::default() }),
            ..Request::default()
        };
        assert_eq!(serde_json::from_value::<Request>(kept(&request)).unwrap(), request);
    }

    #[test]
    fn a_large_input_is_left_out() {
        let request = Request { anomalies: vec!["a".repeat(INPUT)], ..Request::default() };
        let RecordedInput::LeftOut(why) = RecordedInput::of(&request) else { panic!("it was kept") };
        assert!(why.ends_with("bytes, of 32768 at most"), "{why}");
    }
}
