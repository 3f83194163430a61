//! Handshakes, client certificates, and certificates that change.

use super::support::{Client, PATIENCE, Place, listen};
use portcullis_files::FileWatcher;
use portcullis_listen::{Activation, Address, Drain, Limits, Listener, Local, Options, Tls, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A CA that lives for one test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Self { issuer: Issuer::new(params, key), pem, der }
    }

    fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A certificate for `localhost` and its key, written to the folder.
    fn server(&self, folder: &Path) -> TlsFiles {
        let (certificate, key) = self.issue("localhost", ExtendedKeyUsagePurpose::ServerAuth);
        let files =
            TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem"), client_ca: None };
        fs::write(&files.certificate, certificate.pem()).unwrap();
        write_key(&files.key, key.serialize_pem().as_bytes());
        files
    }

    /// A client that trusts this CA.
    fn client(&self, own: Option<(&rcgen::Certificate, &KeyPair)>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

/// Only the owner can read it.
fn write_key(path: &Path, pem: &[u8]) {
    fs::write(path, pem).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

async fn tcp(place: &Place) -> TcpStream {
    let Local::Tcp(address) = place.local else { panic!() };
    TcpStream::connect(address).await.unwrap()
}

async fn connect(place: &Place, connector: &TlsConnector) -> std::io::Result<Client> {
    let stream = connector.connect("localhost".try_into().unwrap(), tcp(place).await).await?;
    Ok(Client::new(Box::new(stream)))
}

/// Whether the server's certificate is from this CA, by a new connection.
async fn is_from(place: &Place, authority: &Authority) -> bool {
    connect(place, &authority.client(None)).await.is_ok()
}

fn at(files: &TlsFiles, limits: Limits) -> (Place, Tls) {
    let tls = Tls::load(files.clone(), &FileWatcher::idle()).unwrap();
    (listen("127.0.0.1:0", Some(tls.clone()), limits, Drain::default()), tls)
}

#[tokio::test]
async fn without_a_client_ca_everybody_may_speak_and_nobody_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("one");
    let (place, _) = at(&authority.server(folder.path()), Limits::default());
    let own = authority.issue("alice", ExtendedKeyUsagePurpose::ClientAuth);
    let connector = authority.client(Some((&own.0, &own.1)));
    let answer = connect(&place, &connector).await.unwrap().get("/certificate").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[tokio::test]
async fn with_a_client_ca_its_certificates_are_demanded_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, clients, strangers) =
        (Authority::new("one"), Authority::new("clients"), Authority::new("others"));
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &clients.pem).unwrap();
    let files = TlsFiles { client_ca: Some(ca), ..authority.server(folder.path()) };
    let (place, _) = at(&files, Limits::default());

    let (certificate, key) = clients.issue("alice", ExtendedKeyUsagePurpose::ClientAuth);
    let mut client = connect(&place, &authority.client(Some((&certificate, &key)))).await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.get("/certificate").await.body, certificate.der().to_vec());
    }
    let stranger = strangers.issue("alice", ExtendedKeyUsagePurpose::ClientAuth);
    let server = clients.issue("alice", ExtendedKeyUsagePurpose::ServerAuth);
    for own in [None, Some((&stranger.0, &stranger.1)), Some((&server.0, &server.1))] {
        // In TLS 1.3 a client learns of its refusal when it first reads.
        let refused = match connect(&place, &authority.client(own)).await {
            Err(_) => true,
            Ok(mut client) => {
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
                client.answer().await.is_none()
            }
        };
        assert!(refused);
    }
}

#[tokio::test]
async fn a_slow_handshake_holds_up_nobody_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("one");
    let limits = Limits { header_timeout: Duration::from_millis(300), ..Limits::default() };
    let (place, _) = at(&authority.server(folder.path()), limits);
    let mut silent = Vec::new();
    for _ in 0..32 {
        silent.push(Client::new(Box::new(tcp(&place).await)));
    }
    silent[0].send("\x16\x03\x01").await;
    let answer = connect(&place, &authority.client(None)).await.unwrap().get("/").await;
    assert_eq!(answer.text(), "hello");
    for client in &mut silent {
        client.is_hung_up_on().await;
    }
}

#[tokio::test]
async fn silence_after_the_handshake_ends_unless_a_certificate_was_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, clients) = (Authority::new("one"), Authority::new("clients"));
    let limits = Limits { header_timeout: Duration::from_millis(500), ..Limits::default() };
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &clients.pem).unwrap();
    let files = authority.server(folder.path());
    let (proving, _) = at(&TlsFiles { client_ca: Some(ca), ..files.clone() }, limits.clone());
    let (certificate, key) = clients.issue("dockerd", ExtendedKeyUsagePurpose::ClientAuth);
    let connector = authority.client(Some((&certificate, &key)));
    let mut proven = connect(&proving, &connector).await.unwrap();

    let (place, _) = at(&files, limits);
    let mut silent = connect(&place, &authority.client(None)).await.unwrap();
    silent.is_hung_up_on().await;
    assert_eq!(proven.get("/").await.status, 200, "dockerd keeps connections that it has not used yet");
}

#[tokio::test]
async fn a_silent_handshake_makes_room_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("one");
    let limits = Limits { max_connections: 2, header_timeout: PATIENCE * 9, ..Limits::default() };
    let (place, _) = at(&authority.server(folder.path()), limits);
    let mut silent = [tcp(&place).await, tcp(&place).await].map(|stream| Client::new(Box::new(stream)));
    let connector = authority.client(None);
    let connected = tokio::time::timeout(PATIENCE, connect(&place, &connector)).await;
    assert_eq!(connected.unwrap().unwrap().get("/").await.text(), "hello");
    silent[0].is_hung_up_on().await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let files = one.server(folder.path());
    let (place, tls) = at(&files, Limits::default());
    let mut early = connect(&place, &one.client(None)).await.unwrap();
    assert!(!tls.reload().unwrap());

    let key = fs::read(&files.key).unwrap();
    two.server(folder.path());
    assert!(tls.reload().unwrap());
    assert!(is_from(&place, &two).await && !is_from(&place, &one).await);
    assert_eq!(early.get("/").await.status, 200, "who is connected stays so");

    write_key(&files.key, &key);
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("does not belong to the certificate"), "{error}");
    fs::remove_file(&files.key).unwrap();
    assert!(tls.reload().is_err());
    assert!(is_from(&place, &two).await);
}

#[tokio::test]
async fn a_change_is_noticed_also_behind_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    fs::create_dir(&first).unwrap();
    fs::create_dir(&second).unwrap();
    one.server(&first);
    two.server(&second);
    let link = folder.path().join("live");
    std::os::unix::fs::symlink(&first, &link).unwrap();
    let files = TlsFiles { certificate: link.join("cert.pem"), key: link.join("key.pem"), client_ca: None };
    let watcher = FileWatcher::start().unwrap();
    let tls = Tls::load(files, &watcher).unwrap();
    let place = listen("127.0.0.1:0", Some(tls), Limits::default(), Drain::default());
    assert!(is_from(&place, &one).await);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&second, &link).unwrap();
    let noticed = async {
        while !is_from(&place, &two).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, noticed).await.unwrap();
}

#[tokio::test]
async fn bad_files_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let good = Authority::new("one").server(folder.path());
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let torn = folder.path().join("torn.pem");
    fs::write(&torn, &fs::read(&good.certificate).unwrap()[..100]).unwrap();
    let missing: PathBuf = folder.path().join("missing.pem");
    let readable = folder.path().join("readable.pem");
    fs::copy(&good.key, &readable).unwrap();
    fs::set_permissions(&readable, fs::Permissions::from_mode(0o644)).unwrap();
    write_key(&folder.path().join("text.pem"), &fs::read(&good.certificate).unwrap());
    for (files, says) in [
        (TlsFiles { certificate: missing.clone(), ..good.clone() }, "cannot read `"),
        (TlsFiles { certificate: empty.clone(), ..good.clone() }, "empty.pem` holds no certificate in PEM"),
        (TlsFiles { certificate: torn.clone(), ..good.clone() }, "torn.pem` holds no certificate in PEM"),
        (
            TlsFiles { key: folder.path().join("text.pem"), ..good.clone() },
            "text.pem` holds no private key in PEM",
        ),
        (
            TlsFiles { key: readable, ..good.clone() },
            "readable.pem`: others may read or change it (mode 0644)",
        ),
        (TlsFiles { client_ca: Some(empty), ..good.clone() }, "empty.pem` holds no certificate in PEM"),
        (TlsFiles { client_ca: Some(missing), ..good.clone() }, "cannot read `"),
    ] {
        let error = Tls::load(files, &FileWatcher::idle()).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
    let address = Address::parse("unix:/run/x.sock").unwrap();
    let tls = Tls::load(good, &FileWatcher::idle()).unwrap();
    let bound = Listener::bind(&address, Some(tls), &Options::default(), &mut Activation::default());
    assert!(bound.err().unwrap().to_string().contains("a unix socket has no TLS"));
}
