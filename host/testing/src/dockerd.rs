//! A dockerd of one's own: its data, its socket and its containers are in a folder that goes with it.
//!
//! Containers have no network but `none` (`--network none`), nor does `docker build`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

use super::child::{Run, Service};
use super::http;
use super::needs::missing;

/// How long starting may take. It is half a second on a machine that is not busy.
const START: Duration = Duration::from_mins(1);
/// How long ending may take before it is killed: it ends its containers first.
const STOP: Duration = Duration::from_secs(20);

/// The programs that tests with a real dockerd need.
#[derive(Debug, Clone)]
pub struct Needed {
    dockerd: PathBuf,
    busybox: PathBuf,
    /// Every Docker CLI there is, oldest API last found first: they speak differently.
    pub clients: Vec<PathBuf>,
}

/// What is needed to run a dockerd, or nothing and a line that says what is missing. Where
/// `PORTCULLIS_NEED_DOCKERD` is set, that fails instead: a machine that is to run these tests must run them.
pub fn need_dockerd() -> Option<Needed> {
    let missing = |what: &str| {
        missing("dockerd", &format!("{what} (apt-get install docker.io busybox-static, and be root)"))
    };
    let Some(dockerd) = find("dockerd").next() else { return missing("there is no dockerd") };
    let clients: Vec<_> = find("docker").collect();
    if clients.is_empty() {
        return missing("there is no docker command");
    }
    let Some(busybox) = find("busybox").next() else { return missing("there is no busybox") };
    if !rustix::process::geteuid().is_root() {
        return missing("it needs root");
    }
    Some(Needed { dockerd, busybox, clients })
}

/// Every program of that name, once, in the order of `PATH` and the places where Debian puts it.
fn find(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in std::env::split_paths(&path).chain(["/usr/bin".into(), "/usr/sbin".into()]) {
        let Ok(file) = folder.join(name).canonicalize() else { continue };
        if file.is_file() && !found.contains(&file) {
            found.push(file);
        }
    }
    found.into_iter()
}

/// TLS on TCP, with client certificates: PEM files, the clients' named as `docker --tlsverify` wants them.
#[derive(Debug, Clone)]
pub struct DockerTls {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// A folder with `ca.pem`, `cert.pem` and `key.pem` (`DOCKER_CERT_PATH`).
    pub client: PathBuf,
}

/// A running dockerd.
pub struct Dockerd {
    needed: Needed,
    folder: TempDir,
    service: Service,
    tls: Option<(String, DockerTls)>,
}

impl Dockerd {
    /// Starts it with these authorization plugins, and waits until it answers. With `tls` its clients come by TCP
    /// and with their certificate; else by its unix socket.
    #[track_caller]
    pub fn start(needed: &Needed, plugins: &[&str], tls: Option<DockerTls>) -> Self {
        let folder = tempfile::Builder::new().prefix("dockerd-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("daemon.json"), "{}").unwrap();
        fs::create_dir(at("client")).unwrap();
        let mut command = Command::new(&needed.dockerd);
        command
            .arg("--host")
            .arg(format!("unix://{}", at("docker.sock").display()))
            .arg("--config-file")
            .arg(at("daemon.json"))
            .arg("--data-root")
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .args(["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"])
            .args(["--bridge=none", "--storage-driver=vfs", "--group=root"]);
        for plugin in plugins {
            command.arg("--authorization-plugin").arg(plugin);
        }
        let tls = tls.map(|tls| (format!("localhost:{}", free_port()), tls));
        if let Some((address, tls)) = &tls {
            command.arg("--host").arg(format!("tcp://{address}")).arg("--tlsverify");
            command.arg("--tlscacert").arg(&tls.ca);
            command.arg("--tlscert").arg(&tls.certificate).arg("--tlskey").arg(&tls.key);
        }
        let service = Service::start(&mut command, &at("log"));
        let mut started = Self { needed: needed.clone(), folder, service, tls };
        let socket = started.socket();
        // Any answer will do: a plugin may refuse even this.
        started.service.wait_until(START, || http::get_unix(&socket, "/_ping").is_ok());
        started
    }

    /// Its unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// Everything it has said.
    pub fn log(&self) -> String {
        self.service.log()
    }

    /// Runs the first Docker CLI with these arguments.
    #[track_caller]
    pub fn docker(&self, arguments: &[&str]) -> Run {
        Run::of(self.client(&self.needed.clients[0]).args(arguments))
    }

    /// Runs every Docker CLI with these arguments, one after the other.
    #[track_caller]
    pub fn every_docker(&self, arguments: &[&str]) -> Vec<Run> {
        self.needed.clients.iter().map(|client| Run::of(self.client(client).args(arguments))).collect()
    }

    /// A Docker CLI that speaks to this daemon, with no configuration of the user's.
    pub fn client(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for name in
            ["DOCKER_CONTEXT", "DOCKER_API_VERSION", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]
        {
            command.env_remove(name);
        }
        command.env("DOCKER_CONFIG", self.folder.path().join("client")).env("DOCKER_BUILDKIT", "0");
        match &self.tls {
            None => command.env("DOCKER_HOST", format!("unix://{}", self.socket().display())),
            Some((address, tls)) => command
                .env("DOCKER_HOST", format!("tcp://{address}"))
                .env("DOCKER_TLS_VERIFY", "1")
                .env("DOCKER_CERT_PATH", &tls.client),
        };
        command
    }

    /// Every Docker CLI, as a command that speaks to `host` (`DOCKER_HOST`) with the configuration in `folder`.
    pub fn clients_at(&self, host: &str, folder: &Path) -> Vec<Command> {
        let at = |program: &PathBuf| {
            let mut command = self.client(program);
            command.env("DOCKER_HOST", host).env("DOCKER_CONFIG", folder);
            command.env_remove("DOCKER_TLS_VERIFY").env_remove("DOCKER_CERT_PATH");
            command
        };
        self.needed.clients.iter().map(at).collect()
    }

    /// Makes the image `name` of busybox, and nothing else, without a registry.
    #[track_caller]
    pub fn import_busybox(&self, name: &str) {
        let archive = self.busybox_archive();
        self.docker(&["import", &archive.to_string_lossy(), name]).ok();
    }

    /// The archive that `docker import` makes an image of busybox from.
    #[track_caller]
    pub fn busybox_archive(&self) -> PathBuf {
        let root = self.folder.path().join("root");
        let bin = root.join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::copy(&self.needed.busybox, bin.join("busybox")).unwrap();
        for tool in ["sh", "true", "false", "echo", "cat", "id", "ls", "sleep"] {
            let _ = std::os::unix::fs::symlink("busybox", bin.join(tool));
        }
        let archive = self.folder.path().join("root.tar");
        Run::of(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg(".")).ok();
        archive
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("what dockerd said last:");
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
        // A shell that is process 1 ignores SIGTERM, and would hold up the daemon's end for ten seconds.
        let containers = names(&self.folder.path().join("data/containers"));
        kill_every(|process| {
            let groups = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
            containers.iter().any(|id| groups.contains(id))
        });
        self.service.stop(STOP);
        // Where it had to be killed, its containerd is left.
        let folder = self.folder.path().to_string_lossy();
        kill_every(|process| {
            let read = |file| fs::read_to_string(process.join(file)).unwrap_or_default();
            read("comm").starts_with("containerd") && read("cmdline").contains(&*folder)
        });
        unmount_below(self.folder.path());
    }
}

/// Kills the processes of which that is true, by their folder in `/proc`.
fn kill_every(is_ours: impl Fn(&Path) -> bool) {
    let processes = names(Path::new("/proc"));
    for process in processes.iter().filter(|name| is_ours(&Path::new("/proc").join(name))) {
        if let Some(process) = process.parse().ok().and_then(rustix::process::Pid::from_raw) {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
    }
}

/// What is in a folder; nothing, if it is not there.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Its data folder is a mount of its own, and containers that it did not end have theirs: a folder with a mount
/// in it cannot be deleted.
fn unmount_below(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    let mut below: Vec<_> = points.filter(|point| Path::new(point).starts_with(folder)).collect();
    below.reverse();
    for point in below {
        let _ = Command::new("umount").arg("-l").arg(point).output();
    }
}
