//! `portcullis docker doctor`: does dockerd ask us?
//!
//! The last check is the proof: a call with a mark in it goes to dockerd, and must turn up among our records. The
//! ones before it say what is wrong where it does not.

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::{TcpStream, UnixStream};

use super::{config_of, print, runtime};
use crate::config::{Config, Endpoint};
use crate::serve::ServeError;
use portcullis_listen::Address;

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
    /// The plugin's name for dockerd
    #[arg(long, default_value = "portcullis")]
    name: String,
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
    if proved { Ok(()) } else { Err(ServeError::Usage("dockerd was not seen to ask this host".into())) }
}

async fn examine(arguments: &Arguments, config: &Config) -> Vec<Finding> {
    let mut findings =
        vec![Finding { check: "daemon.json", result: daemon_json(&arguments.daemon_json, &arguments.name) }];
    for endpoint in &config.listen.docker {
        findings.push(Finding { check: "this host answers", result: answers(endpoint).await });
    }
    findings.push(Finding {
        check: "dockerd lists it",
        result: listed(&arguments.docker, &arguments.name).await,
    });
    findings.push(Finding { check: "dockerd asks it", result: asked(&arguments.docker, config).await });
    findings
}

/// dockerd started by hand may be told on its command line, so a missing file is no failure of its own.
fn daemon_json(file: &Path, name: &str) -> Result<String, String> {
    let Ok(text) = std::fs::read_to_string(file) else {
        return Ok(format!(
            "`{}` is not there; dockerd must be told by --authorization-plugin={name}",
            file.display()
        ));
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|error| format!("`{}` is no JSON: {error}", file.display()))?;
    let plugins = value.get("authorization-plugins").and_then(Value::as_array);
    match plugins {
        Some(plugins) if plugins.iter().any(|plugin| plugin == name) => Ok(format!("`{name}` is in it")),
        Some(_) => {
            Err(format!("`authorization-plugins` does not name `{name}`; see `portcullis docker spec`"))
        }
        None => {
            let similar = value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key)
                .find(|key| key.contains("authori"));
            let hint = similar.map(|key| format!("; `{key}` is not how it is spelt")).unwrap_or_default();
            Err(format!("it has no `authorization-plugins`{hint}; see `portcullis docker spec`"))
        }
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
    ping.map_err(|error| format!("dockerd at `{}`: {error}", docker.display()))?;
    let admin = config.listen.admin.iter().find(|endpoint| endpoint.tls.is_none());
    let admin = admin.ok_or("`[listen] admin` has no address without TLS to read the records from")?;
    let records = call(&admin.address, "GET", "/decisions").await;
    let records = records.map_err(|error| format!("the records at {}: {error}", admin.address))?;
    if records.lines().any(|line| line.contains(&mark)) {
        return Ok("a marked call to dockerd is among our records".into());
    }
    Err("a marked call went through dockerd, and nobody asked us: dockerd is open".into())
}

/// One request, and its answer's body, whatever its status.
async fn call(address: &Address, method: &str, path: &str) -> Result<String, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    match address {
        Address::Unix(socket) => {
            send(UnixStream::connect(socket).await.map_err(|error| text(&error))?, method, path).await
        }
        Address::Tcp { host, port } => {
            send(
                TcpStream::connect((host.as_str(), *port)).await.map_err(|error| text(&error))?,
                method,
                path,
            )
            .await
        }
    }
}

async fn send<IO>(io: IO, method: &str, path: &str) -> Result<String, String>
where
    IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let exchange = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
        tokio::spawn(connection);
        let request =
            Request::builder().method(method).uri(path).header("host", "localhost").body(Body::empty());
        // INVARIANT: both are our own constants, but for a mark of letters and digits.
        let request = request.unwrap_or_default();
        let answer = sender.send_request(request).await?;
        answer.into_body().collect().await.map(http_body_util::Collected::to_bytes)
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(20), exchange).await;
    let bytes = answer.map_err(|_| "no answer within 20 s".to_owned())?.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
        assert!(judged("{").unwrap_err().contains("no JSON"));
    }
}
