//! Which checks hold for a host, a user and an action.

use super::*;

const GROUPS: &str = "
admins: [mal]
users: [jre]
anonymous: [Anonymous]
monitoring: ['*']
";
const POLICIES: &str = r"
- description: servers
  hosts: ['+^srv\d\d.*', '-^srv3\d.*', '+^srv38.*']
  default: Deny
  policies:
    - {members: [admins], rules: {any: Allow}}
    - {members: [monitoring], rules: {containersList: Allow}}
- description: workstations
  hosts:
    - +^wks\d\d.*
  default: ReadOnly
  policies:
    - {members: [admins], rules: {any: Allow}}
    - members: [users]
      rules:
        containersLogs:
          ContainerName: [^bar-, ^foo-, ^$USER-]
        containers:
          ContainerName:
            - ^foo-
            - ^$USER-
          BindMounts:
            - -/
            - +/home/$USER
            - +/0
- hosts: ['+.*']
  default: ReadOnly
  policies:
    - {members: [anonymous], rules: {any: Deny}}
    - {members: [admins], rules: {any: Allow}}
";

fn policy() -> Leash {
    leash(GROUPS, POLICIES)
}

fn at(host: &str, request: &Request) -> String {
    refused(&policy(), &Request { daemon: host.into(), ..request.clone() })
}

#[test]
fn the_last_line_that_matches_a_host_decides() {
    let set = |hosts: &str| leash("", &format!("- hosts: {hosts}\n  default: Allow"));
    let servers = set(r"['+^srv\d\d.*', '-^srv3\d.*', '+^srv38.*']");
    let list = request("", "GET", "ContainerList", vec![target("container", "")]);
    for (policy, host, expected) in [
        (&servers, "srv01", true),
        (&servers, "srv02", true),
        (&servers, "srv36", false),
        (&servers, "srv38", true),
        (&servers, "wks01", false),
        (&servers, "other01", false),
        (&set(r"['+^wks\d\d.*']"), "wks01", true),
        (&set(r"['+^wks\d\d.*']"), "srv01", false),
        (&set("['+.*']"), "anything", true),
        (&set("['+.*']"), "", true),
    ] {
        let request = Request { daemon: host.into(), ..list.clone() };
        assert_eq!(is_allowed(policy, &request), expected, "{host}");
        assert_eq!(refused(policy, &request), if expected { "" } else { "no-ruleset" });
    }
}

#[test]
fn the_first_ruleset_and_the_first_policy_decide() {
    let list = |user: &str| request(user, "GET", "ContainerList", vec![target("container", "")]);
    let logs = |name: &str| request("jre", "GET", "ContainerLogs", vec![target("container", name)]);
    let pull = request("jre", "POST", "ImageCreate", vec![]);
    for (host, request, expected) in vec![
        ("srv01", list(""), ""),
        ("srv01", request("", "GET", "ImageList", vec![]), "deny"),
        ("srv01", request("mal", "POST", "SwarmLeave", vec![]), ""),
        // Excluded from the first ruleset, it falls to the last.
        ("srv33", request("jre", "GET", "ImageList", vec![]), ""),
        ("srv33", pull.clone(), "read-only"),
        ("wks01", list(""), ""),
        ("wks01", request("", "GET", "SystemPing", vec![]), ""),
        ("wks01", pull, "read-only"),
        ("wks01", logs("bar-1"), ""),
        // Of the namespace alone: `bar-` is allowed for logs.
        (
            "wks01",
            request("jre", "POST", "ContainerStop", vec![target("container", "bar-1")]),
            "container-name",
        ),
        ("wks01", request("jre", "POST", "ContainerStop", vec![target("container", "jre-1")]), ""),
        ("wks01", create("jre", "foo-bar", Workload::default()), ""),
        ("wks01", create("jre", "foobar", Workload::default()), "container-name"),
        ("wks01", create("jre", "", Workload::default()), "container-name"),
        ("wks01", create("", "", Workload::default()), "read-only"),
        ("wks01", binds("jre", &["/0"]), ""),
        ("wks01", binds("jre", &["/etc"]), "bind-mounts"),
        ("wks01", binds("", &["/0"]), "read-only"),
        ("wks01", binds("", &["/etc"]), "read-only"),
        ("other01", list(""), "deny"),
        ("other01", list("mal"), ""),
        ("other01", create("", "", Workload::default()), "deny"),
        ("other01", create("mal", "", Workload::default()), ""),
    ] {
        assert_eq!(at(host, &request), expected, "{host} {:?} {:?}", request.operation, request.targets);
    }
}

#[test]
fn groups_have_everybody_the_anonymous_and_users() {
    let of = |members: &str, user: &str| {
        let groups = format!("g: {members}");
        let policies = "- {hosts: ['+.*'], default: Deny, policies: [{members: [g], rules: {any: Allow}}]}";
        is_allowed(&leash(&groups, policies), &request(user, "GET", "ImageList", vec![]))
    };
    for (members, user, expected) in [
        ("['*']", "", true),
        ("['*']", "mal", true),
        ("'*'", "mal", true),
        ("[Anonymous]", "", true),
        ("[Anonymous]", "mal", false),
        ("['*', Anonymous]", "", true),
        ("[mal]", "mal", true),
        ("[mal]", "", false),
        ("mal", "mal", true),
        ("", "mal", false),
        // docker-leash looks for a part of the text.
        ("malcolm", "mal", false),
        // A certificate with this name is not what the word means.
        ("[Anonymous]", "Anonymous", false),
    ] {
        assert_eq!(of(members, user), expected, "{members} {user}");
    }
    let unknown =
        "- {hosts: ['+.*'], default: Deny, policies: [{members: [nobody-of-these], rules: {any: Allow}}]}";
    assert!(!is_allowed(&leash("", unknown), &request("mal", "GET", "ImageList", vec![])));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let set = |lines: &str| format!("- hosts: ['+.*']\n  {lines}");
    for (groups, policies, expected) in [
        ("", "", "there is no ruleset"),
        ("", "[]", "has no ruleset"),
        ("", "- hosts: ['.*']\n  default: Deny", "begins with neither"),
        ("", "- hosts: ['-.*']\n  default: Deny", "for no host"),
        ("", "- hosts: []\n  default: Deny", "for no host"),
        ("", "- hosts: ['+(']\n  default: Deny", "no regular expression"),
        ("", "- hosts: ['+.*']", "default"),
        ("", &set("default: Denied"), "there is no check `Denied`"),
        ("", &set("default: {ImageName: }"), "`ImageName`: it has no pattern"),
        ("", &set("default: {User: []}"), "`User`: it has no pattern"),
        ("", &set("default: []"), "there is no check"),
        ("", &set("default: {ContainerName: '('}"), "no regular expression"),
        ("", &set("default: {BindMounts: ['/foo']}"), "begins with neither"),
        ("", &set("default: {BindMounts: ['-']}"), "has no path"),
        ("", &set("default: Deny\n  polices: []"), "unknown field `polices`"),
        (
            "",
            &set("default: Deny\n  policies: [{members: [a], rules: {container: Allow}}]"),
            "`container` is no action",
        ),
        ("a: [b", "- {hosts: ['+.*'], default: Deny}", "`groups`: "),
        ("a: [b]\na: [c]", "- {hosts: ['+.*'], default: Deny}", "`groups`: "),
    ] {
        let error = configured(groups, policies).err().unwrap_or_else(|| panic!("{policies}"));
        assert!(error.contains(expected), "{policies}: {error}");
    }
}
