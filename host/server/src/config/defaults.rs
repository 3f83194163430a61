//! What is in force where nothing else is said.

use portcullis_listen::Address;
use std::path::PathBuf;
use std::time::Duration;

/// How long a client may keep a connection that it does not use, but for dockerd.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The configuration without a file.
pub(super) const TEXT: &str = r#"[[policies]]
name     = "docker-baseline"
module   = "builtin:docker-baseline"
settings = { otherwise = "allow" }
"#;

/// dockerd finds a plugin by its socket in `/run/docker/plugins`, where only root may write.
pub(super) fn docker_socket() -> Address {
    let folder = if is_root() {
        PathBuf::from("/run/docker/plugins")
    } else {
        home("XDG_RUNTIME_DIR", ".local/state/portcullis").unwrap_or_else(|| ".".into())
    };
    Address::Unix(folder.join("portcullis.sock"))
}

/// Loopback: an address that is reached from other machines needs a certificate.
pub(super) fn api() -> Address {
    Address::Tcp { host: "127.0.0.1".into(), port: 8181 }
}

/// A unix socket of mode [`ADMIN_MODE`]: records tell who did what, and policies are changed here.
pub(super) fn admin() -> Address {
    let folder = if is_root() {
        PathBuf::from("/run/portcullis")
    } else {
        home("XDG_RUNTIME_DIR", ".local/state/portcullis").unwrap_or_else(|| ".".into())
    };
    Address::Unix(folder.join("portcullis-admin.sock"))
}

/// Of the admin API's unix sockets, unless the configuration says otherwise.
pub(super) const ADMIN_MODE: u32 = 0o600;

/// Where compiled policies are kept.
pub(super) fn state() -> Option<PathBuf> {
    if is_root() {
        return Some("/var/lib/portcullis".into());
    }
    home("XDG_STATE_HOME", ".local/state").map(|folder| folder.join("portcullis"))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The folder that the variable names, else one below the home folder (XDG Base Directory Specification: a path
/// that is not absolute does not count).
fn home(variable: &str, below_home: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(below_home)))
}
