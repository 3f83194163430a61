//! A `slapd` of one's own: its configuration, its entries, and its end.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Who may read, and with which password.
pub(crate) const READER: (&str, &str) = ("cn=reader,dc=example,dc=org", "reader's secret");
const ADMIN: (&str, &str) = ("cn=admin,dc=example,dc=org", "admin's secret");

const ENTRIES: &str = "\
dn: dc=example,dc=org
objectClass: domain
dc: example

dn: cn=reader,dc=example,dc=org
objectClass: person
cn: reader
sn: reader
userPassword: reader's secret

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit

dn: ou=others,ou=people,dc=example,dc=org
objectClass: organizationalUnit

dn: uid=alice,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Alice
sn: A

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Bob
sn: B

dn: uid=carol,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Carol
sn: C

dn: uid=b\u{f6}rge,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: B
sn: B

dn: uid=odd (one)*,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: O
sn: O

dn: uid=twin,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: T
sn: T

dn: uid=twin,ou=others,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: T
sn: T

dn: cn=ops,ou=groups,dc=example,dc=org
objectClass: groupOfNames
member: uid=alice,ou=people,dc=example,dc=org
member: uid=b\u{f6}rge,ou=people,dc=example,dc=org

dn: cn=dev,ou=groups,dc=example,dc=org
objectClass: groupOfNames
member: uid=bob,ou=people,dc=example,dc=org
member: uid=alice,ou=people,dc=example,dc=org

dn: cn=odd\\2c group \\5c (1),ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: odd, group \\ (1)
member: uid=odd (one)*,ou=people,dc=example,dc=org

dn: cn=posix,ou=groups,dc=example,dc=org
objectClass: posixGroup
gidNumber: 1000
memberUid: alice
";

/// A running server. It ends with this value.
pub(crate) struct Slapd {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    child: Option<Child>,
}

impl Slapd {
    /// None where it is not installed, after saying so.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let installed =
            ["/usr/sbin/slapd", "/usr/libexec/slapd"].into_iter().find(|path| Path::new(path).exists());
        if installed.is_none() {
            let why = format!("{test}: it is not installed (`apt-get install slapd ldap-utils`)");
            return portcullis_testing::needs::missing("slapd", &why);
        }
        let folder = tempfile::tempdir().unwrap();
        let [port, tls_port] = free_ports();
        let mut slapd = Self { folder, port, tls_port, child: None };
        slapd.configure();
        slapd.run("/usr/sbin/slapadd", &["-f", "slapd.conf", "-l", "entries.ldif"], "");
        slapd.restart();
        Some(slapd)
    }

    pub(crate) fn url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    pub(crate) fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    pub(crate) fn unix_url(&self) -> String {
        let path = self.folder.path().join("socket");
        format!("ldapi://{}", path.display().to_string().replace('/', "%2F"))
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    pub(crate) fn other_ca(&self) -> PathBuf {
        let path = self.folder.path().join("other.pem");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&path, made.cert.pem()).unwrap();
        path
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        let urls =
            format!("ldap://127.0.0.1:{} ldaps://127.0.0.1:{} {}", self.port, self.tls_port, self.unix_url());
        let mut command = Command::new("/usr/sbin/slapd");
        // With a level of debugging, even none, it stays in the foreground.
        command.args(["-d", "0", "-f", "slapd.conf", "-h", &urls]).current_dir(self.folder.path());
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], self.tls_port));
        let start = Instant::now();
        // It has no way to tell that it listens but to be listened to.
        while TcpStream::connect(address).is_err() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(
                ended.is_none() && start.elapsed() < Duration::from_mins(1),
                "slapd: {ended:?} {}",
                log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn take_alice_out_of_ops(&self) {
        let change = "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\ndelete: member\n\
                      member: uid=alice,ou=people,dc=example,dc=org\n";
        self.run("ldapmodify", &["-x", "-H", &self.url(), "-D", ADMIN.0, "-w", ADMIN.1], change);
    }

    fn configure(&self) {
        let folder = self.folder.path();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        fs::create_dir(folder.join("database")).unwrap();
        fs::write(folder.join("entries.ldif"), ENTRIES).unwrap();
        let schemas = ["core", "cosine", "nis", "inetorgperson"]
            .map(|name| format!("include /etc/ldap/schema/{name}.schema\n"));
        let configuration = format!(
            "{schemas}pidfile {folder}/pid\nargsfile {folder}/args\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             TLSCertificateFile {folder}/certificate.pem\nTLSCertificateKeyFile {folder}/key.pem\n\
             disallow bind_anon\nrequire bind\n\
             database mdb\nsuffix \"dc=example,dc=org\"\ndirectory {folder}/database\nmaxsize 10485760\n\
             rootdn \"{}\"\nrootpw \"{}\"\n\
             access to attrs=userPassword by * auth\naccess to * by dn.exact=\"{}\" read by * none\n",
            ADMIN.0,
            ADMIN.1,
            READER.0,
            schemas = schemas.concat(),
            folder = folder.display(),
        );
        fs::write(folder.join("slapd.conf"), configuration).unwrap();
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Two ports that were free just now, and are not each other's.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
