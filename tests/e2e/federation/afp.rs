//! `afp`, the command that people have installed (PyPI `afp-cli`), unmodified.

use std::fs;
use std::process::Command;

use super::boto::PASSWORDS;
use super::host::{Host, PREFIX, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::fake_sts::{Mood, SECRET, TOKEN};

/// Accounts and roles with what a URL has another meaning for. `/` is none of these: `afp` cannot ask for it.
const MOUNT: &str = r###"
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { password_file = "FOLDER/passwords" }
policies = ["people"]
accounts = { production = "111111111111", "##test_account##" = "022222222222", "a b?c%20+d" = "333333333333" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
[policies.settings]
grants = [
    { users = ["alice"], accounts = ["production"], roles = ["reader", "admin"] },
    { users = ["alice"], accounts = ["##test_account##"], roles = ["test+role=1,2@x.y"] },
    { users = ["alice"], accounts = ["a b?c%20+d"], roles = ["r"] },
]
denials = [{ accounts = ["production"], roles = ["root"], rule = "no-root", reason = "nobody is root; ask on-call" }]
"###;

struct Afp {
    tools: Tools,
    host: Host,
}

impl Afp {
    #[track_caller]
    fn needed() -> Option<Self> {
        let tools = Tools::needed()?;
        let host = Setup::new().file("passwords", PASSWORDS).start(MOUNT);
        // moto has these, and real ones have had them.
        host.sts.be(Mood::Microseconds);
        Some(Self { tools, host })
    }

    fn command(&self, user: &str, arguments: &[&str]) -> Command {
        let mut command = self.tools.command("afp", self.host.files());
        command.arg(format!("--api-url={}{PREFIX}", self.host.url()));
        command.args(["--password-provider", "testing", "--user", user]).args(arguments);
        command
    }

    /// What it prints, since it succeeds and complains about nothing.
    #[track_caller]
    fn prints(&self, arguments: &[&str]) -> String {
        let run = Run::of(&self.command("alice", arguments));
        assert_eq!(run.stderr, "", "{}", run.stdout);
        run.ok()
    }

    /// What it complains about, since it fails.
    #[track_caller]
    fn complains(&self, user: &str, arguments: &[&str]) -> String {
        Run::of(&self.command(user, arguments)).refused()
    }
}

#[test]
fn the_list() {
    let Some(afp) = Afp::needed() else { return };
    let list = afp.prints(&[]);
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split("   ").map(str::trim).collect()).collect();
    let first: Vec<_> = lines.iter().map(|line| *line.first().unwrap()).collect();
    assert_eq!(first, ["##test_account##", "a b?c%20+d", "production"], "{list}");
    let last: Vec<_> = lines.iter().map(|line| *line.last().unwrap()).collect();
    assert_eq!(last, ["test+role=1,2@x.y", "r", "admin,reader"], "{list}");
}

#[test]
fn credentials_are_shown() {
    let Some(afp) = Afp::needed() else { return };
    let shown = afp.prints(&["--show", "production", "reader"]);
    let names: Vec<_> = shown.lines().map(|line| line.split('=').next().unwrap()).collect();
    let all = [
        "AWS_ACCESS_KEY_ID",
        "AWS_ACCOUNT_NAME",
        "AWS_ASSUMED_ROLE",
        "AWS_EXPIRATION_DATE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
        "AWS_VALID_SECONDS",
    ];
    assert_eq!(names, all, "{shown}");
    for part in ["AWS_ACCESS_KEY_ID='ASIAFAKE000000000001'", "AWS_ASSUMED_ROLE='reader'"] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(shown.contains(&format!("AWS_SECRET_ACCESS_KEY='{SECRET}1'")), "{shown}");
    assert!(shown.contains(&format!("AWS_SESSION_TOKEN='{TOKEN}1=='")), "{shown}");
    // It could read when they expire: where it cannot it assumes 3600 and says so.
    let seconds = shown.split("AWS_VALID_SECONDS='").nth(1).unwrap().split('\'').next().unwrap();
    assert!((3500..3600).contains(&seconds.parse::<u32>().unwrap()), "{shown}");
    assert!(!shown.contains("Failed to parse"), "{shown}");
}

#[test]
fn without_a_role_it_takes_the_first() {
    let Some(afp) = Afp::needed() else { return };
    let shown = afp.prints(&["--show", "production"]);
    assert!(shown.contains("AWS_ASSUMED_ROLE='admin'"), "{shown}");
    assert!(afp.host.sts.questions()[0].form["RoleArn"].ends_with(":role/admin"));
}

#[test]
fn credentials_are_exported_to_a_shell() {
    let Some(afp) = Afp::needed() else { return };
    let exported = afp.prints(&["--export", "production", "reader"]);
    assert!(exported.lines().all(|line| line.starts_with("export AWS_")), "{exported}");
    let shell = format!("{exported}\nprintf %s \"$AWS_SESSION_TOKEN\"");
    assert_eq!(Run::of(Command::new("sh").args(["-c", &shell])).ok(), format!("{TOKEN}1=="));
}

#[test]
fn credentials_are_written_to_a_profile() {
    let Some(afp) = Afp::needed() else { return };
    afp.prints(&["--write", "--profile=work", "production", "reader"]);
    let written = fs::read_to_string(afp.host.files().join(".aws/credentials")).unwrap();
    assert!(
        written.contains("[work]") && written.contains("aws_access_key_id = ASIAFAKE000000000001"),
        "{written}"
    );
    assert!(written.contains(&format!("{SECRET}1")) && written.contains(&format!("{TOKEN}1==")), "{written}");
}

#[test]
fn names_that_a_url_cannot_hold_as_they_are() {
    let Some(afp) = Afp::needed() else { return };
    for (account, role, arn) in [
        ("##test_account##", "test+role=1,2@x.y", "arn:aws:iam::022222222222:role/test+role=1,2@x.y"),
        ("a b?c%20+d", "r", "arn:aws:iam::333333333333:role/r"),
    ] {
        let shown = afp.prints(&["--show", account, role]);
        assert!(shown.contains(&format!("AWS_ACCOUNT_NAME='{account}'")), "{shown}");
        assert_eq!(afp.host.sts.questions().last().unwrap().form["RoleArn"], arn);
    }
}

#[test]
fn a_refusal_says_why_and_where_it_is_recorded() {
    let Some(afp) = Afp::needed() else { return };
    for (role, why) in [
        (
            "owner",
            "Permission Denied: no policy grants you this role in this account (rule host:no-grant, decision ",
        ),
        ("root", "Permission Denied: nobody is root; ask on-call (policy people, rule no-root, decision "),
    ] {
        let said = afp.complains("alice", &["--show", "production", role]);
        assert!(said.contains(why), "{said}");
        assert_eq!(afp.host.record(&said)["targets"][0]["as_sent"], format!("production/{role}"));
    }
    let said = afp.complains("mallory", &[]);
    assert!(said.contains("401 Unauthorized"), "{said}");
    afp.host.sts.be(Mood::Error(400, "ValidationError", "no"));
    let said = afp.complains("alice", &["--show", "production", "reader"]);
    assert!(said.contains("Call to AWS failed: STS answered `ValidationError`"), "{said}");
}
