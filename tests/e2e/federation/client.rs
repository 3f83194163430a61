//! `portcullis aws`: what it prints, writes and runs, against the program itself over HTTPS, with moto as STS where boto3
//! uses its profiles.

use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;

use super::boto::PASSWORDS;
use super::host::{Host, PATIENCE, PEOPLE, PROGRAM, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::{Tools, clean};
use portcullis_testing::child::LOOK;
use portcullis_testing::moto::Moto;
use portcullis_testing::pki::Authority;

const MOUNT: &str = r#"
[federation]
listen = [{ address = "127.0.0.1:0", tls = { certificate = "SERVER/cert.pem", key = "SERVER/key.pem" } }]
[[federation.mounts]]
prefix = "/people"
identity = { password_file = "FOLDER/passwords", groups = { file = "FOLDER/groups" } }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222" }
[[policies]]"#;

/// A mount over HTTPS, and the home of alice.
struct Mount {
    host: Host,
    home: TempDir,
    ca: String,
    url: String,
}

impl Mount {
    #[track_caller]
    fn start(setup: Setup) -> Self {
        let home = tempfile::tempdir().unwrap();
        let server = Authority::new(&home.path().join("pki"), "tests").server("server");
        let (_, policy) = PEOPLE.split_once("[[policies]]").unwrap();
        let mount = MOUNT.replace("SERVER", &server.folder.display().to_string());
        let host = setup.file("passwords", PASSWORDS).start(&[&mount, policy].concat());
        let port = host.client.address().rsplit_once(':').unwrap().1.to_owned();
        fs::write(home.path().join("password"), "PASSWORD\n").unwrap();
        Self {
            host,
            home,
            ca: server.ca.display().to_string(),
            url: format!("https://localhost:{port}/people"),
        }
    }

    /// The program, in a clean environment but for the mount, its certificate authority, and alice's password.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        clean(&mut command, self.home.path());
        command
            .env_remove("XDG_CONFIG_HOME")
            .env("PORTCULLIS_AWS_URL", &self.url)
            .env("PORTCULLIS_AWS_CA", &self.ca);
        command.env("PORTCULLIS_AWS_USER", "alice");
        command.env("PORTCULLIS_AWS_PASSWORD_FILE", self.home.path().join("password"));
        command.arg("aws").args(arguments);
        command
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        Run::of(&self.command(arguments)).ok()
    }
}

#[test]
fn boto3_finds_the_profiles() {
    let Some(tools) = Tools::needed() else { return };
    let moto = Moto::shared(&tools);
    let mount = Mount::start(Setup::new().moto(moto));
    let file = mount.home.path().join("config");
    let own = b"# caf\xe9\r\n[default]\r\nregion = eu-north-1\r\n[profile own]\nregion = x";
    fs::write(&file, own).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let config = || {
        let text =
            mount.ok(&["config", "--region", "eu-central-1", "--json", "--file", file.to_str().unwrap()]);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let first = config();
    let names = serde_json::json!(["production/reader", "production/team/deploy", "staging/admin"]);
    assert_eq!((&first["changed"], &first["profiles"]), (&true.into(), &names));
    let written = fs::read(&file).unwrap();
    assert!(written.starts_with(own));
    let status = fs::metadata(&file).unwrap();
    assert_eq!(status.mode() & 0o777, 0o644);
    assert_eq!(config()["changed"], false);
    assert_eq!(fs::read(&file).unwrap(), written);
    assert_eq!(fs::metadata(&file).unwrap().ino(), status.ino(), "nothing is written that is there");

    // botocore reads UTF-8 alone.
    fs::write(&file, [b"[profile own]\nregion = eu-north-1\n", &written[own.len() + 1..]].concat()).unwrap();
    for (profile, arn) in [
        ("production/reader", "arn:aws:sts::111111111111:assumed-role/reader/alice"),
        ("staging/admin", "arn:aws:sts::022222222222:assumed-role/admin/alice"),
    ] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/federation/who_am_i.py");
        let mut boto = tools.python(script, mount.home.path());
        boto.env("AWS_CONFIG_FILE", &file).env("AWS_PROFILE", profile);
        boto.env("AWS_ENDPOINT_URL_STS", &moto.url).env("AWS_EC2_METADATA_DISABLED", "true");
        let found: Value = serde_json::from_str(&Run::of(&boto).ok()).unwrap();
        assert_eq!((&found["arn"], &found["method"]), (&arn.into(), &"custom-process".into()), "{found}");
    }
}

#[test]
fn exec_takes_the_place_of_the_program_and_leaves_no_other_credentials() {
    let mount = Mount::start(Setup::new());
    let role = "production/reader";
    let mut command = mount.command(&["exec", role, "--", "sh", "-c", "echo $$; env; exit 7"]);
    for name in [
        "AWS_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_SESSION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "PORTCULLIS_AWS_TOKEN",
    ] {
        command.env(name, "leftover");
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id().to_string();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(7), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().next(), Some(&*id), "the program is another process");
    assert!(!text.contains("leftover"), "{text}");
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    assert!(value("AWS_ACCESS_KEY_ID").is_some_and(|id| id.starts_with("ASIA")), "{text}");
    for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"] {
        assert!(value(name).is_some_and(|value| !value.is_empty()), "{name} {text}");
    }
    assert_eq!(value("AWS_REGION"), Some("eu-central-1"), "that of the environment");
    let regions = mount.ok(&[
        "exec",
        role,
        "--region",
        "us-west-2",
        "--",
        "sh",
        "-c",
        "echo $AWS_REGION $AWS_DEFAULT_REGION",
    ]);
    assert_eq!(regions, "us-west-2 us-west-2\n");
    // What the program sets for itself is inherited over execve(2), and undone.
    let status = mount.ok(&["exec", role, "--", "cat", "/proc/self/status"]);
    assert!(!status.contains("THP_enabled:\t0"), "{status}");

    let run = Run::of(&mount.command(&["exec", role, "--", "/no/such/program"]));
    assert_eq!(run.status.code(), Some(127), "{}", run.stderr);
    assert!(run.stderr.contains("`/no/such/program` cannot be run"), "{}", run.stderr);
    let run =
        Run::of(&mount.command(&["exec", role, "--", mount.home.path().join("password").to_str().unwrap()]));
    assert_eq!(run.status.code(), Some(126), "{}", run.stderr);
}

#[test]
fn credentials_in_each_format_and_a_console() {
    let mount = Mount::start(Setup::new());
    let role = "production/team/deploy";
    let process: Value = serde_json::from_str(&mount.ok(&["credentials", role])).unwrap();
    assert_eq!(process["Version"], 1);
    let json: Value = serde_json::from_str(&mount.ok(&["credentials", role, "--format", "json"])).unwrap();
    assert_eq!(json["session_token"], process["SessionToken"]);
    let env = mount.ok(&["credentials", role, "--format", "env"]);
    let script = format!("AWS_PROFILE=x\n{env}echo $AWS_SESSION_TOKEN$AWS_PROFILE");
    let echoed = Run::of(Command::new("sh").args(["-c", &script])).ok();
    assert_eq!(echoed.trim(), process["SessionToken"].as_str().unwrap());
    assert!(
        mount.ok(&["credentials", role, "--format", "powershell"]).contains("$Env:AWS_SESSION_TOKEN = '")
    );

    let destination = "https://eu-central-1.console.aws.amazon.com/s3/home?region=eu-central-1#x";
    let url = mount.ok(&["console", role, "--destination", destination]);
    assert!(
        url.contains(
            "&Destination=https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fs3%2Fhome%3Fregion%3D"
        ),
        "{url}"
    );
    for (arguments, part) in [
        (&["console", role, "--region", "eu-west-1"][..], "console%2Fhome%3Fregion%3Deu-west-1&"),
        // The page stays, in the other region.
        (
            &["console", role, "--region", "eu-west-1", "--destination", destination],
            "s3%2Fhome%3Fregion%3Deu-west-1%23x&",
        ),
    ] {
        let url = mount.ok(arguments);
        assert!(url.contains(part), "{arguments:?}: {url}");
    }
    for region in ["cn-north-1", "eu-west-1&x=y"] {
        let refused = Run::of(&mount.command(&["console", role, "--region", region])).refused();
        assert!(refused.contains(&format!("`{region}` is no region of `aws`")), "{refused}");
    }
    let json: Value = serde_json::from_str(&mount.ok(&["console", role, "--json"])).unwrap();
    assert!(json["url"].as_str().unwrap().contains("Action=login"), "{json}");
    let refused =
        Run::of(&mount.command(&["console", role, "--destination", "https://evil.example/"])).refused();
    assert!(refused.contains("`https://evil.example/`"), "{refused}");

    let opener = mount.home.path().join("xdg-open");
    let opened = mount.home.path().join("opened");
    fs::write(&opener, format!("#!/bin/sh\necho \"$1\" > '{0}.new'; mv '{0}.new' '{0}'\n", opened.display()))
        .unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", mount.home.path().display(), std::env::var("PATH").unwrap());
    let shown = Run::of(mount.command(&["console", role, "--open"]).env("PATH", path)).ok();
    assert_eq!(shown, "", "the URL is opened, not printed");
    let late = Instant::now() + PATIENCE;
    while !opened.exists() {
        assert!(Instant::now() < late, "nothing was opened");
        thread::sleep(LOOK);
    }
    assert!(fs::read_to_string(opened).unwrap().contains("Action=login"));
}

#[test]
fn an_error_says_what_to_do_next() {
    let mount = Mount::start(Setup::new());
    let wrong = mount.home.path().join("wrong");
    fs::write(&wrong, "hunter2-wrong").unwrap();
    let wrong = wrong.to_str().unwrap();
    let elsewhere = mount.url.replace("/people", "/nowhere");
    let get = ["credentials", "production/reader"];
    for (arguments, change, parts) in [
        (&get[..], Some(("PORTCULLIS_AWS_PASSWORD_FILE", wrong)), &["must hold the password of `alice`"][..]),
        (&get, Some(("PORTCULLIS_AWS_USER", "")), &["portcullis aws login", "--token-file FILE"]),
        (&get, Some(("PORTCULLIS_AWS_URL", "")), &["give `--url URL`", "PORTCULLIS_AWS_URL"]),
        (&get, Some(("PORTCULLIS_AWS_URL", "http://host.example/people")), &["write `https://`"]),
        (&get, Some(("PORTCULLIS_AWS_URL", &elsewhere)), &["with the prefix"]),
        (
            &get,
            Some(("PORTCULLIS_AWS_URL", "https://localhost:1/people")),
            &["`localhost` cannot be asked", "--url"],
        ),
        (&get, Some(("PORTCULLIS_AWS_CA", "")), &["certificate", "--ca"]),
        (&["credentials", "production/owner"], None, &["Permission Denied", "decision "]),
        (&["credentials", "production"], None, &["write ACCOUNT/ROLE"]),
    ] {
        let mut command = mount.command(arguments);
        match change {
            Some(("PORTCULLIS_AWS_USER", "")) => {
                command.env_remove("PORTCULLIS_AWS_USER").env_remove("PORTCULLIS_AWS_PASSWORD_FILE");
            }
            Some((name, "")) => drop(command.env_remove(name)),
            Some((name, value)) => drop(command.env(name, value)),
            None => {}
        }
        let said = Run::of(&command).refused();
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?} {change:?}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("PASSWORD\n"), "{said}");
    }
    let mut unprompted = mount.command(&get);
    unprompted.env_remove("PORTCULLIS_AWS_PASSWORD_FILE");
    // Without a controlling terminal.
    let mut session = Command::new("setsid");
    session.arg("--wait").arg(PROGRAM).args(unprompted.get_args());
    for (name, value) in unprompted.get_envs() {
        match value {
            Some(value) => session.env(name, value),
            None => session.env_remove(name),
        };
    }
    let said = Run::of(&session).refused();
    assert!(said.contains("give `--password-file FILE`"), "{said}");
    let everything = format!("{}{}", mount.host.portcullis.log(), mount.host.decisions());
    assert!(!everything.contains("hunter2"), "{everything}");
}

/// A proxy that knows `CONNECT` alone, and the servers that it was asked for.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let servers = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            let server = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap().to_owned();
            servers.lock().unwrap().push(server.clone());
            let server = TcpStream::connect(server.replace("localhost", "127.0.0.1")).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server.try_clone().unwrap(), client.try_clone().unwrap()),
            ] {
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    (url, asked)
}

#[test]
fn https_goes_through_the_proxy_of_the_environment() {
    let mount = Mount::start(Setup::new());
    let (proxy, asked) = proxy();
    let get = ["credentials", "production/reader"];
    Run::of(mount.command(&get).env("HTTPS_PROXY", &proxy)).ok();
    let server = mount.url.strip_prefix("https://").unwrap().split('/').next().unwrap();
    assert_eq!(*asked.lock().unwrap(), [server]);
    Run::of(mount.command(&get).env("HTTPS_PROXY", &proxy).env("NO_PROXY", "localhost")).ok();
    assert_eq!(asked.lock().unwrap().len(), 1);
}
