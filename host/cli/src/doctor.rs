//! `portcullis docker doctor`: does dockerd ask us?
//!
//! The last check is the proof: a call with a mark in it goes to dockerd, and must turn up among our records. The
//! ones before it say what is wrong where it does not.

use portcullis_listen::Address;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::http::call;
use super::{config_of, print, runtime, spec};
use portcullis_server::{Config, Endpoint, ServeError};

/// How long the record of a call that has been answered may take to be seen.
const RECORDED_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration that this host runs with
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// dockerd's socket
    #[arg(long, value_name = "PATH", default_value = "/var/run/docker.sock")]
    docker: PathBuf,
    /// dockerd's configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/docker/daemon.json")]
    daemon_json: PathBuf,
    /// The plugin's name for dockerd [default: as `docker spec` says]
    #[arg(long)]
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What one check found: `Err` says what to do.
struct Finding {
    check: &'static str,
    result: Result<String, String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let config = config_of(arguments.config.as_deref())?;
    let findings = runtime()?.block_on(examine(arguments, &config));
    let proved = findings.last().is_some_and(|finding| finding.result.is_ok());
    if arguments.json {
        let list: Vec<_> = findings
            .iter()
            .map(|Finding { check, result }| match result {
                Ok(text) => json!({ "check": check, "ok": true, "text": text }),
                Err(text) => json!({ "check": check, "ok": false, "text": text }),
            })
            .collect();
        print(format_args!("{:#}", json!({ "asked": proved, "checks": list })));
    } else {
        for Finding { check, result } in &findings {
            match result {
                Ok(text) => print(format_args!("ok    {check}: {text}")),
                Err(text) => print(format_args!("FAIL  {check}: {text}")),
            }
        }
    }
    let failure = if !proved {
        "dockerd was not seen to ask this host"
    } else if findings.iter().any(|finding| finding.result.is_err()) {
        "dockerd asks this host now, and may not after its next start"
    } else {
        return Ok(());
    };
    Err(ServeError::Usage(failure.into()))
}

async fn examine(arguments: &Arguments, config: &Config) -> Vec<Finding> {
    let name = arguments.name.clone().unwrap_or_else(|| spec::name(config));
    let mut findings =
        vec![Finding { check: "daemon.json", result: daemon_json(&arguments.daemon_json, &name) }];
    let mut answering = !config.listen.docker.is_empty();
    if !answering {
        let result = Err("`[listen] docker` is empty: the Docker plugin listens nowhere".into());
        findings.push(Finding { check: "this host answers", result });
    }
    for endpoint in &config.listen.docker {
        let result = answers(endpoint).await;
        answering &= result.is_ok();
        findings.push(Finding { check: "this host answers", result });
    }
    let (listed, asked) = if answering {
        (listed(&arguments.docker, &name).await, asked(&arguments.docker, config).await)
    } else {
        // dockerd would keep each call waiting for 15 s.
        let left_out = || Err("not tried, since this host does not answer".to_owned());
        (left_out(), left_out())
    };
    findings.push(Finding { check: "dockerd lists it", result: listed });
    findings.push(Finding { check: "dockerd asks it", result: asked });
    findings
}

/// dockerd may be told on its command line instead, so a file that does not speak of it is no failure of its own.
fn daemon_json(file: &Path, name: &str) -> Result<String, String> {
    let elsewhere = format!("dockerd must be told by --authorization-plugin={name}");
    let Ok(text) = std::fs::read_to_string(file) else {
        return Ok(format!("`{}` is not there; {elsewhere}", file.display()));
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|error| format!("`{}` is no JSON: {error}", file.display()))?;
    let keys = value.as_object().ok_or_else(|| format!("`{}` is no JSON object", file.display()))?;
    match keys.get("authorization-plugins").map(Value::as_array) {
        Some(Some(plugins)) if plugins.iter().any(|plugin| plugin == name) => {
            Ok(format!("`{name}` is in it"))
        }
        Some(_) => {
            Err(format!("`authorization-plugins` does not name `{name}`; see `portcullis docker spec`"))
        }
        None => match keys.keys().find(|key| key.contains("auth")) {
            Some(key) => Err(format!(
                "it has no `authorization-plugins`; `{key}` is not how it is spelt; see `portcullis docker spec`"
            )),
            None => Ok(format!("it has no `authorization-plugins`; {elsewhere}")),
        },
    }
}

async fn answers(endpoint: &Endpoint) -> Result<String, String> {
    if endpoint.tls.is_some() {
        return Ok(format!("{} speaks TLS: left to the last check", endpoint.address));
    }
    let answer = call(&endpoint.address, "POST", "/Plugin.Activate").await;
    let answer =
        answer.map_err(|error| format!("{}: {error}; is `portcullis serve` running?", endpoint.address))?;
    if answer.contains("authz") {
        Ok(endpoint.address.to_string())
    } else {
        Err(format!("{} is something else", endpoint.address))
    }
}

async fn listed(docker: &Path, name: &str) -> Result<String, String> {
    let info = call(&Address::Unix(docker.to_owned()), "GET", "/info").await;
    let info = info.map_err(|error| format!("dockerd at `{}`: {error}", docker.display()))?;
    let info: Value = serde_json::from_str(&info).map_err(|error| format!("dockerd's answer: {error}"))?;
    if let Some(message) = info.get("message").and_then(Value::as_str) {
        return Err(format!("dockerd did not say, since `SystemInfo` was refused: {message}"));
    }
    let plugins = info.pointer("/Plugins/Authorization").and_then(Value::as_array);
    if plugins.is_some_and(|plugins| plugins.iter().any(|plugin| plugin == name)) {
        return Ok(format!("`{name}`"));
    }
    Err(format!("it lists no authorization plugin `{name}`: restart it after changing daemon.json"))
}

async fn asked(docker: &Path, config: &Config) -> Result<String, String> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mark = format!("portcullis-doctor={nanos:x}");
    let ping = call(&Address::Unix(docker.to_owned()), "GET", &format!("/_ping?{mark}")).await;
    ping.map_err(|error| format!("dockerd at `{}`: {error}; is it running?", docker.display()))?;
    let admin = config.listen.admin.iter().find(|endpoint| endpoint.tls.is_none());
    let admin = admin.ok_or("`[listen] admin` has no address without TLS to read the records from")?;
    if config.audit.recent == 0 {
        return Err("`[audit] recent` is 0: no records are kept to look among".into());
    }
    // A record is made after its answer has gone out.
    let until = Instant::now() + RECORDED_WITHIN;
    loop {
        let records = call(&admin.address, "GET", "/decisions").await;
        let records = records.map_err(|error| format!("the records at {}: {error}", admin.address))?;
        if records.lines().any(|line| line.contains(&mark)) {
            return Ok("a marked call to dockerd is among our records".into());
        }
        if Instant::now() > until {
            return Err("a marked call went through dockerd, and nobody asked us: dockerd is open".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn judged(text: &str) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        daemon_json(file.path(), "portcullis")
    }

    #[test]
    fn a_typo_in_daemon_json_is_named() {
        assert!(judged(r#"{"authorization-plugins": ["portcullis"]}"#).is_ok());
        assert!(judged(r#"{"authorization-plugins": ["portculis"]}"#).is_err());
        let error = judged(r#"{"authorisation-plugins": ["portcullis"]}"#).unwrap_err();
        assert!(error.contains("`authorisation-plugins` is not how it is spelt"), "{error}");
        assert!(judged(r#"{"authorization-plugins": "portcullis"}"#).is_err());
        assert!(judged(r#"{"log-level": "debug"}"#).unwrap().contains("--authorization-plugin=portcullis"));
        for text in ["{", "[]"] {
            assert!(judged(text).unwrap_err().contains("no JSON"));
        }
    }
}
