//! The page for browsers, in a real one.

use std::path::Path;
use std::process::Command;

use super::boto::PASSWORDS;
use super::host::{Host, PREFIX, Setup};
use super::provider::Provider;
use super::requests;
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::needs::missing;
use portcullis_testing::pki::Authority;

const MOUNT: &str = r#"
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { password_file = "FOLDER/passwords" }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222", "a b" = "033333333333" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { grants = [{ users = "*", accounts = "*", roles = ["admin", "reader", "team/deploy"] }] }
"#;

/// Where the script, a browser and what drives it are.
#[track_caller]
fn parts(script: &str) -> Option<(std::path::PathBuf, Tools)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/federation_page").join(script);
    let tools = Tools::needed()?;
    let folder = tempfile::tempdir().unwrap();
    let mut playwright = tools.command("python", folder.path());
    let what = if !script.is_file() {
        "its script"
    } else if !Run::of(Command::new("chromium").arg("--version")).status.success() {
        "chromium"
    } else if !Run::of(playwright.args(["-c", "import playwright"])).status.success() {
        "playwright"
    } else {
        return Some((script, tools));
    };
    missing("browser", &format!("{what} is not installed"))
}

#[test]
fn the_page_works_by_keyboard() {
    let Some((script, tools)) = parts("page.py") else { return };
    let host = Setup::new().file("passwords", PASSWORDS).start(MOUNT);
    let mut command = tools.python(script, host.files());
    command.arg(format!("{}{PREFIX}/console", host.url())).arg(screenshots(&host));
    command.args(["--user", "alice:PASSWORD", "--sign-in", &host.sign_in.url()]);
    // It ends by itself, since each of its steps does; how soon is the browser's affair.
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.trim_end().ends_with("OK"), "{said}{complaints}");
}

#[test]
fn roles_are_requested_and_approved_by_keyboard() {
    let Some((script, tools)) = parts("requests.py") else { return };
    let database = tempfile::tempdir().unwrap();
    let host = requests::start(&database);
    let mut command = tools.python(script, host.files());
    command.arg(format!("{}/people/console", host.url())).arg(screenshots(&host));
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.trim_end().ends_with("OK"), "{said}{complaints}");
}

/// At the root of an address with TLS, where cookies are for this host alone.
const SIGN_IN: &str = r#"
[store]
url = "sqlite:FOLDER/portcullis.db"
key = { file = "FOLDER/store.key" }
[federation]
listen = [{ address = "127.0.0.1:0", tls = { certificate = "SERVER/cert.pem", key = "SERVER/key.pem" } }]
[[federation.mounts]]
identity = { jwt = { issuer = "ISSUER", audience = "portcullis", jwks = "ISSUER/jwks", groups_claim = "groups" } }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222" }
requests = true
MORE
[[policies]]
name = "people"
module = "builtin:aws-roles"
[policies.settings]
groups = [{ pattern = "aws-(?P<account>[^-]+)-(?P<role>.+)" }]
[[policies.settings.requests]]
groups = ["developers"]
accounts = ["production"]
roles = ["repair"]
approvers = { groups = ["leads"] }
longest = "4h"
"#;

#[test]
fn people_sign_in_at_a_provider_and_out_by_keyboard() {
    let Some((script, tools)) = parts("sign_in.py") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Authority::new(folder.path(), "tests").server("server");
    let provider = Provider::of_another_site(&tools, folder.path(), 7200);
    let mount =
        SIGN_IN.replace("ISSUER", &provider.issuer).replace("SERVER", &server.folder.display().to_string());
    let setup = Setup::new().file("client-secret", "a secret");
    let mut host = setup.start(&mount.replace("MORE", ""));
    let url = format!("https://{}/console", host.client.address());
    provider.tell(
        "register",
        &[
            ("client", "portcullis"),
            ("secret", "a secret"),
            ("redirect_uri", &format!("{url}/callback")),
            ("logout_uri", &format!("{url}/signed-out")),
        ],
    );
    // The port is known once it is bound.
    let sign_in = format!(
        "[federation.mounts.sign_in]\nclient_id = \"portcullis\"\nclient_secret = {{ file = \"FOLDER/client-secret\" }}\n\
         redirect_uri = \"{url}/callback\""
    );
    host.set(&mount.replace("MORE", &sign_in));
    let mut command = tools.python(script, host.files());
    command.arg(url).arg(screenshots(&host)).arg(host.sign_in.url());
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.trim_end().ends_with("OK"), "{said}{complaints}");
}

/// Where screenshots are kept to be looked at, or else for as long as the test lasts.
fn screenshots(host: &Host) -> std::path::PathBuf {
    std::env::var_os("PORTCULLIS_SCREENSHOTS").map_or_else(|| host.files().join("screenshots"), Into::into)
}
