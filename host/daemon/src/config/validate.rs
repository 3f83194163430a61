//! Raw values become addresses, policies and limits, or one message with its line.

use bytesize::ByteSize;
use portcullis_contract::HookName;
use portcullis_docker::door::DoorSettings;
use portcullis_engine::case::CaseFile;
use portcullis_engine::source::Source;
use portcullis_engine::{Limits, Mode, PolicySpec};
use portcullis_listen::{Address, TlsFiles};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

use super::error::{ConfigError, line_of};
use super::{Audit, Config, Endpoint, Listen, raw, settings};
use crate::builtin;

/// Where the text came from.
pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    /// Absent where lines would not be those of the file.
    pub(super) text: Option<&'a str>,
    /// What relative paths are relative to.
    pub(super) folder: &'a Path,
}

impl Place<'_> {
    fn wrong(&self, span: Range<usize>, message: impl std::fmt::Display) -> ConfigError {
        let (file, message) = (self.file.to_owned(), message.to_string());
        match self.text {
            Some(text) => ConfigError::At { file, line: line_of(text, span.start), message },
            None => ConfigError::In { file, message },
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

/// The configuration, if everything in it holds.
pub(super) fn validate(raw: raw::File, place: &Place<'_>) -> Result<Config, ConfigError> {
    let policies = raw.policies.into_iter().map(|raw| policy(raw, place)).collect::<Result<Vec<_>, _>>()?;
    for (at, policy) in policies.iter().enumerate() {
        if policies[..at].iter().any(|other| other.name == policy.name) {
            let message = format!("two policies have the name `{}`", policy.name);
            return Err(ConfigError::In { file: place.file.to_owned(), message });
        }
    }
    let sections = [
        ("store", &raw.store),
        ("barbican", &raw.barbican),
        ("federation", &raw.federation),
        ("gateway", &raw.gateway),
    ];
    let dormant =
        sections.into_iter().filter(|(_, section)| section.is_some()).map(|(name, _)| name).collect();
    Ok(Config {
        listen: listen(raw.listen, place)?,
        policies,
        docker: docker(raw.docker, place)?,
        audit: Audit {
            file: raw
                .audit
                .file
                .map(Spanned::into_inner)
                .filter(|file| file != "-")
                .map(|file| place.path(&file)),
            recent: raw.audit.recent.map_or(1000, Spanned::into_inner).min(100_000),
        },
        state: raw.state.map(|state| place.path(state.get_ref())).or_else(default_state),
        dormant,
    })
}

fn listen(raw: raw::Listen, place: &Place<'_>) -> Result<Listen, ConfigError> {
    let endpoints = |raw: Option<Vec<Spanned<raw::Endpoint>>>, default: &dyn Fn() -> Vec<Endpoint>| match raw
    {
        None => Ok(default()),
        Some(raw) => raw.into_iter().map(|raw| endpoint(raw, place)).collect::<Result<Vec<_>, _>>(),
    };
    // Checked, and used by the doors that come.
    endpoints(raw.api, &Vec::new)?;
    Ok(Listen {
        docker: endpoints(raw.docker, &|| vec![default_docker_socket()])?,
        admin: endpoints(raw.admin, &|| vec![local_admin()])?,
    })
}

fn endpoint(raw: Spanned<raw::Endpoint>, place: &Place<'_>) -> Result<Endpoint, ConfigError> {
    let span = raw.span();
    let table = match raw.into_inner() {
        raw::Endpoint::Address(address) => raw::EndpointTable { address, tls: None, mode: None, group: None },
        raw::Endpoint::Table(table) => table,
    };
    let wrong = |message: String| place.wrong(span.clone(), message);
    let address = Address::parse(&table.address).map_err(|error| wrong(error.to_string()))?;
    let mode = |text: String| {
        u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o777).ok_or_else(|| {
            wrong(format!("`{text}` is no mode for a socket: write it in octal, e.g. \"0660\""))
        })
    };
    Ok(Endpoint {
        tls: table.tls.map(|tls| TlsFiles {
            certificate: place.path(&tls.certificate),
            key: place.path(&tls.key),
            client_ca: tls.client_ca.map(|file| place.path(&file)),
        }),
        mode: table.mode.map(mode).transpose()?,
        group: table.group,
        address,
    })
}

fn policy(raw: Spanned<raw::Policy>, place: &Place<'_>) -> Result<PolicySpec, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    let name = raw.name.get_ref().clone();
    if name.is_empty()
        || name.len() > 64
        || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    {
        let message =
            format!("`{name}` is no name for a policy: use up to 64 letters, digits, `.`, `_` and `-`");
        return Err(place.wrong(raw.name.span(), message));
    }
    let spec = PolicySpec {
        source: source(&raw.module, place)?,
        sha256: optional(raw.sha256.as_ref(), place, |text| {
            text.parse().map_err(|error| format!("{error}"))
        })?,
        hooks: raw
            .hooks
            .map(|hooks| hooks.iter().map(|hook| self::hook(hook, place)).collect())
            .transpose()?,
        mode: optional(raw.mode.as_ref(), place, |text| match text.as_str() {
            "enforce" => Ok(Mode::Enforce),
            "monitor" => Ok(Mode::Monitor),
            other => Err(format!("`{other}` is no mode: it is `enforce` or `monitor`")),
        })?
        .unwrap_or_default(),
        settings: settings::to_json(&raw.settings)
            .map_err(|error| place.wrong(span, format!("the settings of `{name}`: {error}")))?,
        limits: Limits {
            deadline: optional(raw.deadline.as_ref(), place, deadline)?.unwrap_or(Limits::default().deadline),
            memory: optional(raw.memory.as_ref(), place, memory)?.unwrap_or(Limits::default().memory),
            concurrency: optional(raw.concurrency.as_ref(), place, |count| match count {
                1..=1000 => Ok(*count),
                _ => Err("`concurrency` is between 1 and 1000".into()),
            })?
            .unwrap_or(Limits::default().concurrency),
            ..Limits::default()
        },
        cases: optional(raw.cases.as_ref(), place, |path| cases(&place.path(path)))?.unwrap_or_default(),
        wasi: raw.wasi.iter().map(|interface| wasi(interface, place)).collect::<Result<_, _>>()?,
        name,
    };
    Ok(spec)
}

fn optional<T, U>(
    raw: Option<&Spanned<T>>,
    place: &Place<'_>,
    read: impl FnOnce(&T) -> Result<U, String>,
) -> Result<Option<U>, ConfigError> {
    raw.map(|raw| read(raw.get_ref()).map_err(|message| place.wrong(raw.span(), message))).transpose()
}

fn source(raw: &Spanned<String>, place: &Place<'_>) -> Result<Source, ConfigError> {
    if let Some(name) = raw.get_ref().strip_prefix("builtin:") {
        let unknown = || format!("there is no `builtin:{name}`; there are {}", builtin::names());
        return builtin::find(name).ok_or_else(|| place.wrong(raw.span(), unknown()));
    }
    let path = place.path(raw.get_ref());
    if !path.is_file() {
        return Err(place.wrong(raw.span(), format!("there is no file `{}`", path.display())));
    }
    Ok(Source::File(path))
}

fn hook(raw: &Spanned<String>, place: &Place<'_>) -> Result<HookName, ConfigError> {
    HookName::from_name(raw.get_ref()).ok_or_else(|| {
        let known = HookName::ALL.map(|hook| format!("`{hook}`")).join(", ");
        place.wrong(raw.span(), format!("there is no hook `{}`; there are {known}", raw.get_ref()))
    })
}

fn wasi(raw: &Spanned<String>, place: &Place<'_>) -> Result<String, ConfigError> {
    let name = raw.get_ref();
    if name.starts_with("wasi:") && name.contains('/') {
        return Ok(name.clone());
    }
    Err(place.wrong(raw.span(), format!("`{name}` is no WASI interface; e.g. `wasi:clocks/wall-clock`")))
}

fn deadline(text: &String) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("`{text}` is no duration, e.g. \"100ms\": {error}"))?;
    // dockerd waits for ever; a person at a terminal does not.
    if (Duration::from_millis(1)..=Duration::from_secs(30)).contains(&duration) {
        return Ok(duration);
    }
    Err("`deadline` is between 1ms and 30s".into())
}

fn memory(text: &String) -> Result<u64, String> {
    let size: ByteSize =
        text.parse().map_err(|error| format!("`{text}` is no size, e.g. \"64MiB\": {error}"))?;
    if (1 << 20..=1 << 32).contains(&size.as_u64()) {
        return Ok(size.as_u64() & !0xffff);
    }
    Err("`memory` is between 1MiB and 4GiB".into())
}

fn cases(path: &Path) -> Result<Vec<portcullis_engine::case::Case>, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let file: CaseFile =
        serde_json::from_slice(&text).map_err(|error| format!("`{}`: {error}", path.display()))?;
    Ok(file.cases)
}

fn docker(raw: raw::Docker, place: &Place<'_>) -> Result<DoorSettings, ConfigError> {
    let mut settings = DoorSettings::default();
    if let Some(daemon) = raw.daemon {
        settings.daemon = daemon.into_inner();
    }
    if let Some(operations) = raw.always_allow {
        let mut known = BTreeSet::new();
        for operation in operations {
            if !portcullis_docker::routes::all().any(|known| known == operation.get_ref()) {
                let message = format!(
                    "`{}` is no operation of the Docker Engine API; they are written as Docker's operationIds, e.g. \
                     `SystemPing`",
                    operation.get_ref()
                );
                return Err(place.wrong(operation.span(), message));
            }
            known.insert(operation.into_inner());
        }
        settings.always_allow = known;
    }
    Ok(settings)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn home(variable: &str, below_home: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(below_home)))
}

/// dockerd finds a plugin by its socket in `/run/docker/plugins`, where only root may write.
fn default_docker_socket() -> Endpoint {
    let folder = if is_root() {
        PathBuf::from("/run/docker/plugins")
    } else {
        home("XDG_RUNTIME_DIR", ".local/state/portcullis").unwrap_or_else(|| ".".into())
    };
    Endpoint { address: Address::Unix(folder.join("portcullis.sock")), tls: None, mode: None, group: None }
}

fn local_admin() -> Endpoint {
    let address = Address::Tcp { host: "127.0.0.1".into(), port: 8182 };
    Endpoint { address, tls: None, mode: None, group: None }
}

fn default_state() -> Option<PathBuf> {
    if is_root() {
        return Some("/var/lib/portcullis".into());
    }
    home("XDG_STATE_HOME", ".local/state").map(|folder| folder.join("portcullis"))
}
