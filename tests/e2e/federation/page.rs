//! The page for browsers, in a real one.

use std::path::Path;
use std::process::Command;

use super::boto::PASSWORDS;
use super::host::{PREFIX, Setup};
use super::requests;
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::needs::missing;

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
    command.arg(format!("{}{PREFIX}/console", host.url())).arg(host.files().join("screenshots"));
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
    command.arg(format!("{}/people/console", host.url())).arg(host.files().join("screenshots"));
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.trim_end().ends_with("OK"), "{said}{complaints}");
}
