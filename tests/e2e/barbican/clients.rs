//! Unmodified clients: the `openstack` command and python-barbicanclient see the same from Portcullis as from the
//! real Barbican beside it.

use super::host::Host;
use super::normal::marked;
use portcullis_testing::{Openstack, Regime, openstack};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// The commands that made the requests in `tests/data/barbican/cli-trace.jsonl`, and more of the kind.
const COMMANDS: &str = r#"
secret store -n cli -p hello
secret store -n cli --payload hello -t text/plain -f json
secret get {secret}
secret get {secret} --payload
secret get {secret} -p -f value
secret list -n cli -f json -c Name -c Status
acl get {secret}
acl submit -u u1 -u u2 --no-project-access {secret}
acl get {secret} -f json
acl user add -u u3 {secret}
acl user remove -u u1 {secret}
acl user add -u u9 --project-access {secret}
acl delete {secret}
acl get {secret}
acl submit {secret}
acl submit -o read -u u1 {secret} -f value
acl get http://127.0.0.1:1/v1/secrets/00000000-0000-0000-0000-000000000000
acl get http://127.0.0.1:1/v1/secrets/11111111-1111-4111-8111-111111111111
acl get 2bab36fb-ab6e-4e44-adf1-1cffd1148606
--os-username member_b --os-project-name project_b acl get {secret}
--os-username member_b --os-project-name project_b secret get {secret} --payload
--os-username reader_a secret get {secret}
secret store -n later
secret update {secret} payload
secret get {secret} -p
secret store -n dated -p x -x 2096-02-03T04:05:06 -s passphrase
secret consumer list {secret}
secret consumer create -s lb -t listener -i l1 {secret}
secret consumer create -s lb -t listener -i l2 {secret}
secret consumer create -s lb -t listener -i l1 {secret}
secret consumer list {secret}
secret consumer delete -s lb -t listener -i l2 {secret}
secret consumer delete -s lb -t listener -i l2 {secret}
secret consumer list {secret} -f json
secret consumer delete -s lb -t listener -i l1 {secret}
secret container create -n cli-c --type generic --secret k={secret}
secret container get {container}
secret container list -n cli-c -f json -c Name -c Type
acl submit -u u1 {container}
acl get {container} -f json
secret container delete {container}
secret delete {secret}
secret get {secret}
--os-username member_b --os-project-name project_b secret order create key -n cli-k
--os-username member_b --os-project-name project_b secret order get {order}
--os-username member_b --os-project-name project_b secret order get {order} -f json
--os-username reader_b --os-project-name project_b secret order get {order}
secret order get {order}
--os-username member_b --os-project-name project_b secret order delete {order}
--os-username member_b --os-project-name project_b secret order get {order}
--os-username member_b --os-project-name project_b secret order create key -n cli-e -b 1024
--os-username member_b --os-project-name project_b secret order get {order}
--os-username member_b --os-project-name project_b secret order create asymmetric -n cli-p -a rsa -b 2048 -x 2096-02-03
--os-username member_b --os-project-name project_b secret order get {order}
--os-username member_b --os-project-name project_b secret order create asymmetric -a rsa -b 2047
--os-username member_b --os-project-name project_b secret order list -l 2
--os-username member_b --os-project-name project_b secret order list -o 1 -f json -c Type -c Status
--os-username reader_b --os-project-name project_b secret order list
"#;

/// Runs a script of `tests/support/openstack` as owner_a, with `input` on its standard input.
fn script(openstack: &Openstack, region: &str, name: &str, input: &str) -> String {
    let mut command = openstack.python("owner_a", region);
    finish(command.arg(openstack::script(name)), input)
}

fn finish(command: &mut Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}{error}");
    out.into_owned()
}

/// What each command gives, without what is different each time.
fn commands(openstack: &Openstack, region: &str) -> Vec<String> {
    let list = COMMANDS.lines().filter(|line| !line.is_empty());
    let list: Value = list.map(|line| json!(line.split(' ').collect::<Vec<_>>())).collect();
    let results: Value =
        serde_json::from_str(&script(openstack, region, "cli.py", &list.to_string())).unwrap();
    let part = |result: &Value, name: &str| result[name].as_str().unwrap_or_default().to_owned();
    let pairs = COMMANDS.lines().filter(|line| !line.is_empty()).zip(results.as_array().unwrap());
    pairs
        .map(|(command, result)| {
            let text = format!("{}{}", part(result, "stdout"), part(result, "stderr"));
            format!("$ openstack {command}\n{}\n[{}]", told(&text), result["status"])
        })
        .collect()
}

/// A table's columns are as wide as what is in them; users come in any order; a refusal may go on after Barbican's
/// sentence; the client ends that one with a full stop of its own making, or not.
fn told(text: &str) -> String {
    let lines = marked(text).lines().map(squeezed).collect::<Vec<_>>();
    let cut = |line: &String| {
        let end = line.find("user/project privileges").map(|at| at + "user/project privileges".len());
        line[..end.unwrap_or(line.len())].to_owned()
    };
    let text = lines.iter().map(cut).collect::<Vec<_>>().join("\n");
    // The same list, as `-f json` shows it.
    in_order(&text, "\"Users\": [\n", "\n ]", ",\n")
}

fn squeezed(line: &str) -> String {
    let mut squeezed = String::new();
    for character in line.chars() {
        if !([' ', '-'].contains(&character) && squeezed.ends_with(character)) {
            squeezed.push(character);
        }
    }
    in_order(&squeezed, "['", "']", "', '").trim_end().to_owned()
}

/// The list between the two in alphabetical order.
fn in_order(text: &str, start: &str, end: &str, between: &str) -> String {
    let Some((before, rest)) = text.split_once(start) else { return text.to_owned() };
    let Some((list, after)) = rest.split_once(end) else { return text.to_owned() };
    let mut items: Vec<_> = list.split(between).collect();
    items.sort_unstable();
    [before, start, &items.join(between), end, after].concat()
}

/// Fails with the first ones that differ.
#[track_caller]
fn assert_same(real: &[String], ours: &[String]) {
    let pairs = real.iter().zip(ours).filter(|(real, ours)| real != ours);
    let wrong: Vec<_> = pairs.map(|(real, ours)| format!("Barbican: {real}\nhere: {ours}")).collect();
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), real.len(), wrong.join("\n\n"));
    assert_eq!(real.len(), ours.len());
}

/// The same from the real Barbican and from a host of ours, at the same time.
fn both<T: Send>(openstack: &Openstack, run: impl Fn(&str) -> T + Sync) -> (T, T) {
    let host = Host::start(openstack);
    let real = openstack.keystone.region(openstack.barbican(Regime::Default).url());
    let ours = openstack.keystone.region(&host.url);
    std::thread::scope(|scope| {
        let real = scope.spawn(|| run(&real));
        let ours = run(&ours);
        (real.join().unwrap(), ours)
    })
}

#[test]
fn the_openstack_command_shows_the_same() {
    let Some(openstack) = Openstack::needed() else { return };
    let (real, ours) = both(&openstack, |region| commands(&openstack, region));
    assert_same(&real, &ours);
    assert_eq!(ours.len(), 58);
}

#[test]
fn programs_with_python_barbicanclient_see_the_same() {
    let Some(openstack) = Openstack::needed() else { return };
    let lines =
        |region: &str| script(&openstack, region, "client.py", "").lines().map(marked).collect::<Vec<_>>();
    let (real, ours) = both(&openstack, lines);
    assert_same(&real, &ours);
    assert!(ours.len() > 100, "{}", ours.join("\n"));
}

#[test]
fn services_with_castellan_see_the_same() {
    let Some(openstack) = Openstack::needed() else { return };
    let lines = |region: &str| {
        script(&openstack, region, "castellan_manager.py", "").lines().map(marked).collect::<Vec<_>>()
    };
    let (real, ours) = both(&openstack, lines);
    assert_same(&real, &ours);
    assert!(ours.len() > 30, "{}", ours.join("\n"));
}

#[test]
fn programs_with_openstacksdk_see_the_same() {
    let Some(openstack) = Openstack::needed() else { return };
    let lines =
        |region: &str| script(&openstack, region, "sdk.py", "").lines().map(marked).collect::<Vec<_>>();
    let (real, ours) = both(&openstack, lines);
    assert_same(&real, &ours);
    assert!(ours.len() > 20, "{}", ours.join("\n"));
}

#[test]
fn the_command_as_it_is_installed() {
    let Some(openstack) = Openstack::needed() else { return };
    let host = Host::start(&openstack);
    let token = openstack.keystone.token("owner_a");
    let secret = format!("{}/v1/secrets/{}", host.url, host.key_manager.secret(&token));
    let python = openstack.python("owner_a", &openstack.keystone.region(&host.url));
    let mut command = Command::new(openstack.tools.program("openstack"));
    command.envs(python.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let shown =
        finish(command.args(["acl", "submit", &secret, "-u", "u1", "-f", "value", "-c", "Users"]), "");
    assert_eq!(shown, "['u1']\n");
}
