//! The six examples of docker-leash, and the configurations of its issues 30 and 56.

use super::*;

const GROUPS: &str = "
admins: [mal]
users: [jre]
anonymous: [Anonymous]
everybody: ['*']
";

/// Host, user, request, and whether it is allowed.
type Row<'r> = (&'r str, &'r str, Request, bool);

fn try_all(policies: &str, rows: Vec<Row<'_>>) {
    let policy = leash(GROUPS, policies);
    for (host, user, mut request, expected) in rows {
        request.daemon = host.into();
        request.principal.name = Some(user.to_owned()).filter(|user| !user.is_empty());
        let opinion = policy.authorize(&request).unwrap();
        let is_allowed = opinion.verdict == Verdict::Allow;
        assert_eq!(is_allowed, expected, "{host} `{user}` {:?}: {}", request.operation, opinion.reason);
    }
}

fn list() -> Request {
    request("", "GET", "ContainerList", vec![target("container", "")])
}

fn new(name: &str) -> Request {
    create("", name, Workload::default())
}

fn remove(name: &str) -> Request {
    request("", "DELETE", "ContainerDelete", vec![target("container", name)])
}

fn images_list() -> Request {
    request("", "GET", "ImageList", vec![target("image", "")])
}

#[test]
fn example_1_allows_everything() {
    let rows =
        ["", "mal"].into_iter().flat_map(|user| [("h", user, list(), true), ("h", user, new(""), true)]);
    try_all("- {hosts: ['+.*'], default: Allow}", rows.collect());
}

#[test]
fn example_2_is_read_only_but_for_administrators() {
    let policies = "
- hosts: ['+.*']
  default: ReadOnly
  policies:
    - {members: [admins], rules: {any: Allow}}
    - {members: [anonymous], rules: {any: Deny}}
";
    let expected = [("mal", true, true), ("jre", true, false), ("", false, false)];
    let rows = expected.into_iter().flat_map(|(user, reads, writes)| {
        [("h", user, list(), reads), ("h", user, new(""), writes), ("h", user, remove("x"), writes)]
    });
    try_all(policies, rows.collect());
}

#[test]
fn example_3_limits_users_to_their_containers() {
    let policies = "
- hosts: ['+.*']
  default: Deny
  policies:
    - {members: [admins], rules: {any: Allow}}
    - members: [users]
      rules:
        containers:
          ContainerName: [^foo-, ^bar-, ^$USER-]
        any: ReadOnly
";
    let mut nothing = request("", "POST", "", vec![]);
    nothing.operation = None;
    let image = request("", "DELETE", "ImageDelete", vec![target("image", "x")]);
    let mut rows = vec![
        ("h", "jre", new("foo-bar"), true),
        ("h", "jre", new("jre-bar"), true),
        ("h", "jre", new("something"), false),
        ("h", "jre", nothing, false),
        ("h", "jre", images_list(), true),
        ("h", "jre", image.clone(), false),
        ("h", "jre", remove("abc123"), false),
        ("h", "jre", remove("foo-bar"), true),
        ("h", "jre", remove("jre-bar"), true),
    ];
    for request in [new("foo-bar"), new("something"), list(), images_list(), image, remove("abc123")] {
        rows.extend([("h", "mal", request.clone(), true), ("h", "", request, false)]);
    }
    try_all(policies, rows);
}

const SERVERS: &str = r"
- hosts: ['+^srv\d\d']
  default: Deny
  policies: [{members: [admins], rules: {any: Allow}}]
";

#[test]
fn example_4_has_administrators_on_servers_and_users_elsewhere() {
    let policies = format!(
        "{SERVERS}
- hosts: ['+.*']
  default: Deny
  policies: [{{members: [users], rules: {{any: Allow}}}}]
"
    );
    let expected = [
        ("srv01", "mal", true),
        ("srv01", "jre", false),
        ("srv01", "vol", false),
        ("srv01", "", false),
        ("other01", "mal", false),
        ("other01", "jre", true),
        ("other01", "vol", false),
        ("other01", "", false),
    ];
    try_all(
        &policies,
        expected.into_iter().map(|(host, user, allowed)| (host, user, list(), allowed)).collect(),
    );
}

#[test]
fn example_5_has_a_key_that_matches_no_action() {
    let policies = format!(
        r"{SERVERS}
- hosts: ['+^wks\d\d']
  default: Deny
  policies:
    - {{members: [admins], rules: {{any: Allow}}}}
    - members: [users]
      rules:
        containers: {{BindMounts: ['-/.*', '+/home/$USER']}}
        images: Allow
        all: ReadOnly
- hosts: ['+.*']
  default: ReadOnly
"
    );
    let bind = |path: &str| binds("", &[path]);
    let volumes = request("", "GET", "VolumeList", vec![target("volume", "")]);
    let pull = request("", "POST", "ImageCreate", vec![]);
    let mut rows = vec![
        ("srv01", "mal", list(), true),
        ("srv01", "jre", list(), false),
        ("wks01", "mal", list(), true),
        ("wks01", "jre", list(), true),
        ("wks01", "jre", remove("x"), true),
        ("wks01", "jre", images_list(), true),
        ("wks01", "jre", bind("/"), false),
        ("wks01", "jre", bind("/home"), false),
        ("wks01", "jre", bind("/home/jre"), true),
        ("wks01", "jre", volumes, false),
        ("wks01", "vol", list(), false),
        ("wks01", "", list(), false),
    ];
    for user in ["mal", "jre", "vol", ""] {
        rows.extend([("other01", user, list(), true), ("other01", user, pull.clone(), false)]);
    }
    try_all(&policies, rows);
}

#[test]
fn example_6_limits_the_user_in_the_container() {
    let policies = "
- hosts: ['+.*']
  default: Allow
  policies: [{members: [everybody], rules: {any: {User: [^nobody$, ^$USER$]}}}]
";
    let with = |user: Option<&str>| {
        create("", "x", Workload { user: user.map(str::to_owned), ..Workload::default() })
    };
    try_all(
        policies,
        vec![
            ("h", "foobar", list(), true),
            ("h", "foobar", with(None), true),
            ("h", "foobar", with(Some("")), true),
            ("h", "foobar", with(Some("foobar")), true),
            ("h", "foobar", with(Some("other")), false),
            ("h", "foobar", with(Some("nobody")), true),
            ("h", "", with(Some("nobody")), true),
            ("h", "", with(Some("foobar")), false),
        ],
    );
}

#[test]
fn issue_30_has_the_users_own_containers() {
    let policies = "
- hosts: ['+.*']
  default: Deny
  policies:
    - {members: [admins], rules: {any: Allow}}
    - {members: [everybody], rules: {containers: {ContainerName: $USER-}}}
";
    try_all(
        policies,
        vec![
            ("h", "mal", list(), true),
            ("h", "mal", new("x"), true),
            ("h", "cru", list(), true),
            ("h", "cru", new("cru-bar"), true),
            ("h", "cru", new("foo-bar"), false),
            ("h", "cru", remove("cru-bar"), true),
            ("h", "cru", remove("foo-bar"), false),
        ],
    );
}

#[test]
fn issue_56_limits_clients_without_a_name_too() {
    let policies = "
- hosts: ['+.*']
  default: ReadOnly
  policies: [{members: [everybody], rules: {containers: {ContainerName: [^foo-]}}}]
";
    let inspect = |name: &str| request("", "GET", "ContainerInspect", vec![target("container", name)]);
    let rows = ["mal", ""].into_iter().flat_map(|user| {
        [
            ("h", user, new("foo-bar"), true),
            ("h", user, new("blabla"), false),
            ("h", user, inspect("foo-bar"), true),
            ("h", user, inspect("blabla"), false),
        ]
    });
    try_all(policies, rows.collect());
}
