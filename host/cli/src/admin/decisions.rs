//! `portcullis explain ID` and `portcullis decisions`: the records of the running host.

use http_body_util::BodyExt as _;
use portcullis_server::ServeError;
use serde_json::Value;
use std::time::Duration;

use super::{Ask, Target, record, refused};
use crate::{http, print, runtime};

/// How long the head of a response that follows records may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The decision's id, with which the text of a refusal ends
    id: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Decisions {
    /// Print records as they are written, until interrupted
    #[arg(long)]
    follow: bool,
    /// Only records whose field is this, e.g. `verdict=deny` or `principal=alice`; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = filter)]
    filter: Vec<(String, String)>,
    /// The most records, newest first
    #[arg(long, default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    target: Target,
}

fn filter(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("write FIELD=VALUE, e.g. `verdict=deny`")?;
    Ok((field.to_owned(), value.to_owned()))
}

pub(crate) fn explain(arguments: &Explain) -> Result<(), ServeError> {
    let record = arguments.target.record(&arguments.id)?;
    if arguments.target.json {
        print(format_args!("{record:#}"));
    } else {
        print(explained(&record));
    }
    Ok(())
}

/// A record as a person reads it.
pub(super) fn explained(record: &Value) -> String {
    let text = |at: &str| record::text(record, at);
    let mut lines = vec![format!("{} {} at {}", text("/kind"), text("/id"), text("/time"))];
    let principal = record::user(record);
    let from = match text("/peer") {
        "" => String::new(),
        peer => format!(" from {peer}"),
    };
    // Facts that an operator writes may lack what every record has.
    let method = match text("/principal/authentication") {
        "" => String::new(),
        method => format!(" ({method})"),
    };
    let groups: Vec<_> = list(record, "/principal/groups").filter_map(Value::as_str).collect();
    let groups = if groups.is_empty() { String::new() } else { format!(", in {}", groups.join(", ")) };
    lines.push(format!("who       {principal}{method}{groups}{from}"));
    let targets: Vec<_> = list(record, "/targets")
        .map(|target| {
            format!(
                "{} `{}`",
                target["kind"].as_str().unwrap_or("?"),
                target["as_sent"].as_str().unwrap_or("")
            )
        })
        .collect();
    lines.push(
        format!("what      {} {} {}", text("/api"), text("/operation"), targets.join(", "))
            .trim_end()
            .to_owned(),
    );
    if !text("/uri").is_empty() {
        lines.push(format!("request   {} {}", text("/method"), text("/uri")));
    }
    lines.extend(facts(record));
    let by = record::decided_by(record);
    lines.push(format!("verdict   {} by {by}{}", text("/verdict"), by_rule(", rule", text("/rule"))));
    if !text("/reason").is_empty() {
        lines.push(format!("reason    {}", text("/reason")));
    }
    if !text("/error").is_empty() {
        lines.push(format!("error     {}", text("/error")));
    }
    lines.push(format!("policies  of generation {}, {} us:", record["generation"], record["micros"]));
    for outcome in list(record, "/outcomes") {
        let field = |name: &str| outcome[name].as_str().unwrap_or_default();
        let said = match field("verdict") {
            "" => field("outcome").to_owned(),
            verdict => format!("{verdict}{}", by_rule(" by rule", field("rule"))),
        };
        let why = [field("reason"), field("detail")].into_iter().find(|text| !text.is_empty());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let revision = field("revision").get(..12).unwrap_or_default();
        lines.push(format!(
            "  {} ({}, revision {revision}) {said}, {} us{why}",
            field("policy"),
            field("mode"),
            outcome["micros"]
        ));
    }
    for pair in list(record, "/extra") {
        let (name, value) = (pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
        lines.push(format!("{name:9} {value}"));
    }
    lines.join("\n")
}

/// What a Docker request runs, and how.
fn facts(record: &Value) -> Vec<String> {
    let words = |at: &str| {
        let words = list(record, at).filter_map(Value::as_str);
        words.collect::<Vec<_>>().join(" ")
    };
    let mounts = list(record, "/facts/mounts").map(|mount| {
        let field = |name: &str| mount[name].as_str().unwrap_or_default();
        format!("{} {} at {} ({})", field("kind"), field("source"), field("target"), field("access"))
    });
    let paths = list(record, "/facts/host_paths").map(|path| {
        let field = |name: &str| path[name].as_str().unwrap_or_default();
        format!("{} ({}, {})", field("path"), field("why"), field("access"))
    });
    let one = |name: &str| record["facts"][name].as_str().unwrap_or_default().to_owned();
    let rows = [
        ("image", one("image")),
        ("entry", words("/facts/entrypoint")),
        ("command", words("/facts/command")),
        ("user", one("user")),
        ("mounts", mounts.collect::<Vec<_>>().join(", ")),
        ("paths", paths.collect::<Vec<_>>().join(", ")),
        ("networks", words("/facts/networks")),
        ("with", words("/facts/privileges")),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    rows.map(|(name, value)| format!("{name:9} {value}")).collect()
}

/// An opinion that abstains names no rule.
fn by_rule(before: &str, rule: &str) -> String {
    if rule.is_empty() { String::new() } else { format!("{before} {rule}") }
}

fn list<'a>(record: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> {
    record.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn decisions(arguments: &Decisions) -> Result<(), ServeError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (field, value) in &arguments.filter {
        query.append_pair(field, value);
    }
    if arguments.follow {
        query.append_pair("follow", "true");
    } else {
        query.append_pair("limit", &arguments.limit.to_string());
    }
    let ask = Ask::new("GET", format!("/decisions?{}", query.finish()));
    runtime()?.block_on(async {
        let target = &arguments.target;
        let response = http::send(&target.address()?, target.request(ask)?, PATIENCE).await;
        let response = response.map_err(ServeError::Usage)?;
        if !response.status().is_success() {
            let (status, body) = http::read(response).await.map_err(ServeError::Usage)?;
            return Err(refused(status, &body));
        }
        let (mut body, mut rest) = (response.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| ServeError::Usage(error.to_string()))?;
            rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                show(&String::from_utf8_lossy(&line), target.json);
            }
        }
        Ok(())
    })
}

/// One record on one line.
fn show(line: &str, json: bool) {
    let line = line.trim_end();
    let record: Value = match serde_json::from_str(line) {
        Ok(record) if !json => record,
        _ => return print(line),
    };
    let text = |at: &str| record.pointer(at).and_then(Value::as_str).unwrap_or("-");
    if let Some(missed) = record["missed"].as_u64() {
        return print(format_args!("({missed} records were missed)"));
    }
    print(format_args!(
        "{} {} {:5} {} {} {} {} {}",
        text("/time"),
        text("/id"),
        text("/verdict"),
        text("/api"),
        text("/principal/name"),
        text("/operation"),
        text("/rule"),
        record["reason"].as_str().unwrap_or_default()
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_is_explained_by_who_what_and_why() {
        let record = json!({
            "time": "2026-11-27T12:00:15.885Z", "kind": "decision", "id": "01", "api": "docker-plugin", "generation": 3,
            "verdict": "deny", "rule": "privileged", "reason": "no privileged containers", "policy": "docker-baseline",
            "principal": { "authentication": "certificate", "name": "alice", "groups": ["dev"] }, "peer": "unix",
            "operation": "ContainerCreate", "method": "POST", "uri": "/v1.41/containers/create", "micros": 201,
            "targets": [{ "kind": "container", "as_sent": "web" }],
            "outcomes": [
                { "policy": "docker-baseline", "revision": "3f11cd520000aa", "mode": "enforce", "outcome": "opinion",
                  "verdict": "deny", "rule": "privileged", "reason": "no privileged containers", "micros": 195 },
                { "policy": "allow", "revision": "6ae36a62", "mode": "enforce", "outcome": "not-asked", "rule": "", "micros": 0 }
            ],
        });
        let text = explained(&record);
        for part in [
            "who       alice (certificate), in dev from unix",
            "what      docker-plugin ContainerCreate container `web`",
            "verdict   deny by policy docker-baseline, rule privileged",
            "reason    no privileged containers",
            "  docker-baseline (enforce, revision 3f11cd520000) deny by rule privileged, 195 us: no privileged containers",
            "  allow (enforce, revision ) not-asked, 0 us",
        ] {
            assert!(text.lines().any(|line| line == part), "{part}\n{text}");
        }
    }
}
