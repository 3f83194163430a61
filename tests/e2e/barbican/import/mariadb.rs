//! A MariaDB of one's own: its data and its socket are in a folder that goes with it.

use portcullis_testing::child::{Run, Service};
use portcullis_testing::needs::missing;
use rustix::process::Signal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(20);

pub(super) struct MariaDb {
    folder: TempDir,
    service: Service,
}

impl MariaDb {
    /// A new one. Where it cannot be had, nothing and a line that says so; where `PORTCULLIS_NEED_MARIADB` is set, that
    /// fails instead.
    pub(super) fn start() -> Option<Self> {
        let server = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"]
            .map(Path::new)
            .into_iter()
            .find(|file| file.is_file());
        let Some(server) = server else {
            return missing(
                "mariadb",
                "there is none (apt-get install mariadb-server-core mariadb-client-core)",
            );
        };
        let folder = tempfile::Builder::new().prefix("mariadb-").tempdir().unwrap();
        let data = format!("--datadir={}", folder.path().join("data").display());
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", &data]);
        Run::of(install.args(user())).ok();
        let mut command = Command::new(server);
        command
            .args(["--no-defaults", "--skip-networking", "--innodb-buffer-pool-size=16M", &data])
            .args(user());
        command.arg(format!("--socket={}", socket(folder.path()).display()));
        command.arg(format!("--pid-file={}", folder.path().join("pid").display()));
        let mut service = Service::start(&mut command, &folder.path().join("log"));
        service.wait_until(START, || {
            let mut ping = Command::new("mariadb");
            ping.args(["--no-defaults", "--user=root", "--execute", "SELECT 1"]);
            ping.arg(format!("--socket={}", socket(folder.path()).display()));
            ping.output().unwrap().status.success()
        });
        Some(Self { folder, service })
    }

    /// Makes a database of these statements, and gives its URL.
    pub(super) fn database(&self, statements: &Path) -> String {
        let client = |database: &str, sql: &str| {
            let mut client = Command::new("mariadb");
            client.args([
                "--no-defaults",
                "--user=root",
                "--default-character-set=utf8mb4",
                "--execute",
                sql,
                database,
            ]);
            client.arg(format!("--socket={}", socket(self.folder.path()).display()));
            Run::of(&client).ok()
        };
        client("mysql", "CREATE DATABASE barbican CHARACTER SET utf8mb4");
        client("barbican", &format!("SOURCE {}", statements.display()));
        client("mysql", "CREATE USER importer IDENTIFIED BY 'pw'; GRANT SELECT ON barbican.* TO importer");
        format!(
            "mysql+pymysql://importer@localhost/barbican?charset=utf8&socket={}",
            socket(self.folder.path()).display()
        )
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what MariaDB said:\n{}", self.service.log());
        }
        self.service.signal(Signal::KILL);
        self.service.wait(STOP);
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

/// It refuses to run as root unless it is told to.
fn user() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}
