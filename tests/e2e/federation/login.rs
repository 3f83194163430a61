//! `portcullis aws login` at an OpenID provider, without a browser: the test opens the URLs that are printed.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use tempfile::TempDir;

use super::host::{Host, PROGRAM};
use super::provider::Provider;
use portcullis_testing::Run;
use portcullis_testing::aws_tools::{Tools, clean};
use portcullis_testing::pki::{Authority, Issued};

const MOUNT: &str = r#"
[[federation.mounts]]
prefix = "/people"
identity = { jwt = { issuer = "ISSUER", audience = "the-client", jwks = "ISSUER/jwks", groups_claim = "groups" } }
policies = ["people"]
accounts = { production = "111111111111" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { groups = [{ pattern = "aws-(?P<account>[^-]+)-(?P<role>.+)" }] }
"#;

/// A provider, a mount that trusts it, and the home of alice.
struct World {
    issuer: String,
    host: Host,
    home: TempDir,
    provider: Provider,
}

impl World {
    /// The provider's tokens last for so many seconds.
    #[track_caller]
    fn start(tools: &Tools, lasts: u32) -> Self {
        Self::with(tools, lasts, None)
    }

    /// With a provider that has this certificate.
    #[track_caller]
    fn with(tools: &Tools, lasts: u32, tls: Option<&Issued>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let provider = Provider::start(tools, home.path(), lasts, tls);
        let issuer = provider.issuer.clone();
        let ca = tls.map(|tls| format!(", ca = \"{}\"", tls.ca.display())).unwrap_or_default();
        let host = Host::start(
            &MOUNT.replace(", groups_claim", &format!("{ca}, groups_claim")).replace("ISSUER", &issuer),
        );
        Self { issuer, host, home, provider }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        clean(&mut command, self.home.path());
        command.env_remove("XDG_CONFIG_HOME").arg("aws").args(arguments);
        command
    }

    fn url(&self) -> String {
        format!("{}/people", self.host.url())
    }

    /// Signs in: `open` gets the line with the URL. What the command prints at last.
    #[track_caller]
    fn login(&self, arguments: &[&str], open: impl FnOnce(&str)) -> String {
        let url = self.url();
        let login =
            ["login", "--no-browser", "--issuer", &self.issuer, "--client-id", "the-client", "--url", &url];
        let mut command = self.command(&[&login[..], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        open(&line);
        let output = child.wait_with_output().unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut errors, &mut rest).unwrap();
        assert!(output.status.success(), "{line}{rest}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the provider was asked for tokens with.
    fn grants(&self) -> Vec<String> {
        serde_json::from_str(&self.provider.get(&format!("{}/log", self.issuer))).unwrap()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(".config/portcullis").join(name)
    }
}

#[track_caller]
fn get(url: &str) -> String {
    Run::of(Command::new("curl").args(["--silent", "--show-error", "--fail-with-body", "--location", url]))
        .ok()
}

/// The URL in a line for people.
fn url_in(line: &str) -> &str {
    line.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn by_a_browser_on_this_machine() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 7200);
    let said = world.login(&[], |line| {
        let redirect = form_urlencoded_value(url_in(line), "redirect_uri");
        // Any page can send a browser there: that neither ends the login nor wins it.
        let foreign = format!("{redirect}?code=stolen&state=guessed");
        let foreign =
            Run::of(Command::new("curl").args(["--silent", "--write-out", "%{http_code}", &foreign])).ok();
        assert!(foreign.ends_with("400"), "{foreign}");
        let page = get(url_in(line));
        assert!(page.contains("You are signed in"), "{page}");
    });
    assert!(said.contains("1 roles"), "{said}");
    for name in ["aws.toml", "aws-login.json"] {
        assert_eq!(fs::metadata(world.file(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    // Nothing else is to be said from now on.
    let text = Run::of(&world.command(&["credentials", "production/reader"])).ok();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["Version"], 1);
    assert_eq!(world.grants(), ["authorization_code"]);
    // A file that others may read is refused, and the advice works.
    let file = world.file("aws-login.json");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let error = Run::of(&world.command(&["credentials", "production/reader"])).refused();
    let advice = error.split('`').find(|part| part.starts_with("chmod")).unwrap();
    Run::of(Command::new("sh").args(["-c", advice])).ok();
    Run::of(&world.command(&["credentials", "production/reader"])).ok();

    assert!(Run::of(&world.command(&["logout"])).ok().contains("signed out"));
    assert_eq!(world.grants(), ["authorization_code", "revoke"]);
    assert!(!file.exists());
    let error = Run::of(&world.command(&["credentials", "production/reader"])).refused();
    assert!(error.contains("run `portcullis aws login`"), "{error}");
    let log = world.host.portcullis.log();
    assert!(!log.contains("refresh-") && !log.contains("eyJ"), "{log}");
}

#[test]
fn a_token_is_refreshed_once_however_many_need_it() {
    let Some(tools) = Tools::needed() else { return };
    // Less than what must be left when a token is sent.
    let world = World::start(&tools, 50);
    world.login(&[], |line| drop(get(url_in(line))));
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = world.command(&["credentials", "production/reader"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    // A refresh token that is used twice is refused by the provider.
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let grants = world.grants();
    assert_eq!(grants[0], "authorization_code");
    assert!(grants.len() == 5 && grants[1..].iter().all(|grant| grant == "refresh_token"), "{grants:?}");
}

#[test]
fn by_a_browser_on_another_device() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 7200);
    // The provider first says `slow_down`, which means five seconds more between two requests.
    let said = world.login(&["--device"], |line| {
        assert!(line.contains("enter the code"), "{line}");
        assert_eq!(get(url_in(line)), "approved");
    });
    assert!(said.contains("1 roles"), "{said}");
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(world.grants(), [grant, grant]);
    Run::of(&world.command(&["credentials", "production/reader"])).ok();
}

#[test]
fn what_cannot_be_signed_in_says_why() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 7200);
    let url = world.url();
    let slash = format!("{}/", world.issuer);
    for (arguments, part) in [
        (&["--url", url.as_str()][..], "give `--issuer URL` and `--client-id ID`"),
        (&["--url", &url, "--client-id", "x", "--issuer", &slash], "write that, to the letter"),
        (&["--url", &url, "--client-id", "x", "--issuer", "http://host.example"], "write `https://`"),
        (&["--url", &url, "--client-id", "x", "--issuer", &url], "its configuration has the status 404"),
        (&["--client-id", "x", "--issuer", &world.issuer], "give `--url URL`"),
    ] {
        let error = Run::of(&world.command(&[&["login", "--no-browser"][..], arguments].concat())).refused();
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    assert!(!world.file("aws.toml").exists(), "nothing is remembered of a login that failed");
}

#[test]
fn a_provider_with_a_certificate_authority_of_its_own() {
    let Some(tools) = Tools::needed() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tls = Authority::new(folder.path(), "provider").server("server");
    // Less than what must be left when a token is sent: each request refreshes it.
    let world = World::with(&tools, 50, Some(&tls));
    let url = world.url();
    let login =
        ["login", "--no-browser", "--issuer", &world.issuer, "--client-id", "the-client", "--url", &url];
    let error = Run::of(&world.command(&login)).refused();
    assert!(error.contains("127.0.0.1") && error.contains("certificate"), "{error}");
    let ca = tls.ca.display().to_string();
    world.login(&["--issuer-ca", &ca], |line| {
        let page = world.provider.get(url_in(line));
        assert!(page.contains("You are signed in"), "{page}");
    });
    // It is remembered, for the refresh and for the end.
    Run::of(&world.command(&["credentials", "production/reader"])).ok();
    Run::of(&world.command(&["logout"])).ok();
    let grants = world.grants();
    assert_eq!(
        (grants[0].as_str(), grants.last().unwrap().as_str()),
        ("authorization_code", "revoke"),
        "{grants:?}"
    );
    assert!(grants.iter().any(|grant| grant == "refresh_token"), "{grants:?}");
}

#[test]
fn the_token_goes_to_no_other_server() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 7200);
    world.login(&[], |line| drop(get(url_in(line))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://{}/people", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let request: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        stream
            .write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        request.join("\n").to_lowercase()
    });
    let error = Run::of(&world.command(&["credentials", "production/reader", "--url", &other])).refused();
    assert!(error.contains("run `portcullis aws login`"), "{error}");
    let request = server.join().unwrap();
    assert!(request.starts_with("get /people/") && !request.contains("authorization"), "{request}");
}

#[test]
fn a_refresh_token_that_is_lost_ends_the_login() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 50);
    world.login(&[], |line| drop(get(url_in(line))));
    let login: Value = serde_json::from_slice(&fs::read(world.file("aws-login.json")).unwrap()).unwrap();
    let token = format!("token={}", login["refresh_token"].as_str().unwrap());
    let mut revoke = Command::new("curl");
    revoke.args(["--silent", "--fail", "--data", &token, &format!("{}/revoke", world.issuer)]);
    Run::of(&revoke).ok();
    let error = Run::of(&world.command(&["credentials", "production/reader"])).refused();
    assert!(error.contains("the login has expired: run `portcullis aws login`"), "{error}");
    assert!(!error.contains("refresh-"), "{error}");
}

/// A refresh that is under way must not store the login again that was forgotten.
#[test]
fn a_logout_beside_refreshes_leaves_no_login() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 50);
    for _ in 0..3 {
        world.login(&[], |line| drop(get(url_in(line))));
        let start = |arguments: &[&str]| {
            let mut command = world.command(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let mut children: Vec<_> = (0..3).map(|_| start(&["credentials", "production/reader"])).collect();
        let logout = start(&["logout"]).wait_with_output().unwrap();
        assert!(logout.status.success(), "{}", String::from_utf8_lossy(&logout.stderr));
        for child in children.drain(..) {
            child.wait_with_output().unwrap();
        }
        assert!(!world.file("aws-login.json").exists());
    }
    assert_eq!(world.grants().iter().filter(|grant| *grant == "revoke").count(), 3);
}

/// A parameter of a URL's query, decoded.
fn form_urlencoded_value(url: &str, name: &str) -> String {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap();
    value.replace("%3A", ":").replace("%2F", "/")
}
