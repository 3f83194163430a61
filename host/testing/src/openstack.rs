//! OpenStack's own programs: a real Keystone, real Barbicans and their unmodified clients.
//!
//! `tests/run` installs them into `$XDG_CACHE_HOME/portcullis/tools/openstack` (or `PORTCULLIS_OPENSTACK` names
//! another virtual environment). One Keystone, and one Barbican for each regime, serve all the tests of a process.

pub mod barbican;
pub mod client;
pub mod keystone;

use barbican::{Barbican, Regime};
use keystone::Keystone;

use super::needs::{missing, virtual_environment};
use std::fs::File;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What runs, for one test. Where the test fails, the servers' logs are shown.
pub struct Openstack {
    pub tools: Tools,
    pub keystone: &'static Keystone,
}

/// The virtual environment.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
}

static KEYSTONE: OnceLock<Keystone> = OnceLock::new();
static BARBICANS: [OnceLock<Barbican>; 2] = [OnceLock::new(), OnceLock::new()];

impl Openstack {
    /// The Keystone with everybody in it; nothing, and a line that says what is missing, where it cannot be had.
    /// Where `PORTCULLIS_NEED_OPENSTACK` is set, that fails instead.
    #[track_caller]
    pub fn needed() -> Option<Self> {
        let tools = Tools::find()?;
        Some(Self { keystone: KEYSTONE.get_or_init(|| Keystone::start(&tools)), tools })
    }

    /// The Barbican of that regime that tests share: they keep to secrets of their own.
    pub fn barbican(&self, regime: Regime) -> &'static Barbican {
        let start = || Barbican::start(&self.tools, self.keystone, regime, "");
        BARBICANS[regime as usize].get_or_init(start)
    }

    /// Runs a Python program in the virtual environment, as this user of `project_a`, with the key manager of
    /// this region.
    pub fn python(&self, user: &str, region: &str) -> Command {
        let mut command = Command::new(self.tools.program("python"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OS_") {
                command.env_remove(name);
            }
        }
        let project = format!("project_{}", user.chars().last().unwrap());
        command
            .envs([("OS_AUTH_URL", &*self.keystone.url()), ("OS_USERNAME", user), ("OS_PASSWORD", "pw")])
            .envs([
                ("OS_PROJECT_NAME", &*project),
                ("OS_REGION_NAME", region),
                ("OS_IDENTITY_API_VERSION", "3"),
            ])
            .envs([("OS_USER_DOMAIN_ID", "default"), ("OS_PROJECT_DOMAIN_ID", "default")]);
        command
    }
}

impl Drop for Openstack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keystone.show_log();
            BARBICANS.iter().filter_map(OnceLock::get).for_each(Barbican::show_log);
        }
    }
}

impl Tools {
    #[track_caller]
    fn find() -> Option<Self> {
        let folder = virtual_environment("openstack");
        let found = folder.map(|folder| Self { folder }).filter(|tools| {
            ["python", "keystone-manage", "barbican-manage", "openstack"]
                .iter()
                .all(|name| tools.program(name).is_file())
        });
        found.or_else(|| missing("openstack", "Keystone and Barbican are not installed (tests/run does it)"))
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}

/// A Python program of ours.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/openstack").join(name)
}

/// A server in a folder of its own. It ends when this process does, however that ends, and takes its folder with
/// it: what is shared by all tests is never dropped.
pub struct Server {
    child: Child,
    folder: PathBuf,
    url: String,
}

/// A server's socket before there is a server: its address is needed to write configurations.
pub struct Place {
    listener: TcpListener,
    pub url: String,
}

impl Place {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }
}

impl Server {
    /// Starts `keystone` or `barbican`, whose configuration `prepare` writes. The first answer may take a while.
    pub fn start(tools: &Tools, name: &str, place: Place, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir().unwrap().keep();
        prepare(&folder);
        let log = File::create(folder.join("output")).unwrap();
        let child = Command::new(tools.program("python"))
            .arg(script("serve.py"))
            .arg(std::process::id().to_string())
            .arg(&folder)
            .arg(name)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::from(OwnedFd::from(place.listener)))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, folder, url: place.url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The last lines of what it has said.
    pub fn show_log(&self) {
        for name in ["output", "log"] {
            let text = std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            // Keystone says this at each password.
            let lines = text.lines().filter(|line| !line.contains("Truncating password"));
            let last: Vec<_> = lines.collect::<Vec<_>>().into_iter().rev().take(30).collect();
            eprintln!("{} of {}:", name, self.folder.display());
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
