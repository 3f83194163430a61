//! `portcullis aws login` at an OpenID provider, without a browser: the test opens the URLs that are printed.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use tempfile::TempDir;

use super::host::{Host, PROGRAM};
use super::provider::Provider;
use portcullis_testing::Run;
use portcullis_testing::aws_tools::{Tools, clean};

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
    /// It runs until the value is dropped.
    _provider: Provider,
}

impl World {
    /// The provider's tokens last for so many seconds.
    #[track_caller]
    fn start(tools: &Tools, lasts: u32) -> Self {
        let home = tempfile::tempdir().unwrap();
        let provider = Provider::start(tools, home.path(), lasts, None);
        let issuer = provider.issuer.clone();
        let host = Host::start(&MOUNT.replace("ISSUER", &issuer));
        Self { issuer, host, home, _provider: provider }
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
        serde_json::from_str(&get(&format!("{}/log", self.issuer))).unwrap()
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
fn url(line: &str) -> &str {
    line.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn by_a_browser_on_this_machine() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools, 7200);
    let said = world.login(&[], |line| {
        let redirect = form_urlencoded_value(url(line), "redirect_uri");
        // Any page can send a browser there: that neither ends the login nor wins it.
        let foreign = format!("{redirect}?code=stolen&state=guessed");
        let foreign =
            Run::of(Command::new("curl").args(["--silent", "--write-out", "%{http_code}", &foreign])).ok();
        assert!(foreign.ends_with("400"), "{foreign}");
        let page = get(url(line));
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
    world.login(&[], |line| drop(get(url(line))));
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
        assert_eq!(get(url(line)), "approved");
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

/// A parameter of a URL's query, decoded.
fn form_urlencoded_value(url: &str, name: &str) -> String {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap();
    value.replace("%3A", ":").replace("%2F", "/")
}
