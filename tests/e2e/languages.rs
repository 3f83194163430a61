//! The example in each language, built by its own script and asked through the host.
//!
//! Where a language's tools cannot be had, its test says so by name and passes; where `PORTCULLIS_NEED_LANGUAGES` is
//! set it fails.

use base64::Engine as _;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::asking::{Answer, Asked, allow, complaint_of, policy, repository};

const REGISTRIES: &str = r#"settings = { allowed_registries = ["docker.io", "registry.example.com:5000"] }"#;

/// The example's module, or nothing and a line that says why.
fn build(language: &str, folder: &Path) -> Option<PathBuf> {
    let script = repository(&format!("examples/{language}/build"));
    build_by(&script, language, folder.join("policy.wasm"))
}

/// The module that a build script makes.
fn build_by(script: &Path, language: &str, module: PathBuf) -> Option<PathBuf> {
    let mut command = Command::new(script);
    command.env("PORTCULLIS", env!("CARGO_BIN_EXE_portcullis"));
    command.arg(&module).stdin(std::process::Stdio::null());
    // cargo's own variables are about this program, and not about the example.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    if output.status.success() && module.is_file() {
        return Some(module);
    }
    let text =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let why = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    portcullis_testing::needs::missing(
        "languages",
        &format!("a policy in {language} cannot be built here: {why}"),
    )
}

/// The example as a policy that must pass the cases that all languages share.
fn registries(module: &Path, rest: &str) -> String {
    let cases = repository("examples/cases.json");
    policy("registries", module, &format!("{REGISTRIES}\ncases = \"{}\"\n{rest}", cases.display()))
}

fn create(asked: &Asked, body: &Value) -> Answer {
    asked.door.ask(&json!({
        "RequestMethod": "POST",
        "RequestUri": "/v1.44/containers/create",
        "RequestHeaders": { "Content-Type": "application/json" },
        "RequestBody": base64::engine::general_purpose::STANDARD.encode(body.to_string()),
    }))
}

/// Starts the example beside `builtin:allow` and asks what every language must answer alike.
#[track_caller]
fn assert_it_decides(module: &Path) -> Asked {
    assert_decisions(Asked::start(&(registries(module, "deadline = \"20s\"") + &allow())))
}

#[track_caller]
fn assert_decisions(asked: Asked) -> Asked {
    create(&asked, &json!({ "Image": "busybox" })).allowed();
    create(&asked, &json!({ "Image": "registry.example.com:5000/a/b:1", "Cmd": ["true"] })).allowed();
    asked.door.get("/v1.44/containers/json").allowed();
    for _ in 0..3 {
        let answer = create(&asked, &json!({ "Image": "evil.example/x" }));
        answer.refused("registry");
        let reason = "no images from `evil.example`: allowed are `docker.io`, `registry.example.com:5000`";
        assert!(
            answer.text.starts_with(&format!("{reason} (policy registries, rule registry, ")),
            "{answer:?}"
        );
        let answer = create(&asked, &json!({ "Image": "busybox", "HostConfig": { "Privileged": true } }));
        assert!(answer.refused("privileged").text.starts_with("leave out `--privileged` ("), "{answer:?}");
        let record = asked.record_of(&answer);
        assert_eq!(record["outcomes"][0]["outcome"], "opinion");
        assert_eq!(record["operation"], "ContainerCreate");
    }
    asked
}

/// Nothing is built: the module is in the program, and the policy is its settings.
#[test]
fn rego() {
    let file = |name: &str| repository(&format!("examples/rego/{name}")).display().to_string();
    let cases = repository("examples/cases.json");
    let config = format!(
        "[[policies]]\nname = \"registries\"\nmodule = \"builtin:rego\"\nhooks = [\"docker-request\"]\nsettings_files = {{ \
         files = [\"{}\"], data = \"{}\" }}\ncases = \"{}\"\n",
        file("registries.rego"),
        file("data.json"),
        cases.display()
    );
    let asked = assert_decisions(Asked::start(&(config + &allow())));
    assert_eq!(not_preinitialized_because(&asked), Value::Null);
}

/// As Rego. A reason in Cedar is one text, so the example has cases of its own.
#[test]
fn cedar() {
    let file = |name: &str| repository(&format!("examples/cedar/{name}")).display().to_string();
    let config = format!(
        "[[policies]]\nname = \"registries\"\nmodule = \"builtin:cedar\"\nhooks = [\"docker-request\"]\nsettings_files = {{ \
         files = [\"{}\"] }}\ncases = \"{}\"\n",
        file("registries.cedar"),
        file("cases.json"),
    );
    let asked = Asked::start(&(config + &allow()));
    create(&asked, &json!({ "Image": "busybox" })).allowed();
    let answer = create(&asked, &json!({ "Image": "evil.example/x" }));
    answer.refused("registry");
    let answer = create(&asked, &json!({ "Image": "busybox", "HostConfig": { "Privileged": true } }));
    assert!(answer.refused("privileged").text.starts_with("leave out `--privileged` ("), "{answer:?}");
    assert_eq!(not_preinitialized_because(&asked), Value::Null);
}

/// Why the policy is not pre-initialized.
fn not_preinitialized_because(asked: &Asked) -> Value {
    asked.policies()["policies"][0]["not_preinitialized_because"].clone()
}

#[track_caller]
fn assert_wrong_settings_are_named(module: &Path) {
    let line = complaint_of("check", &policy("registries", module, "settings = { allowed_registries = 5 }"));
    assert!(line.starts_with("policy `registries`: its settings: the policy refuses them: "), "{line}");
    assert!(line.contains("allowed_registries"), "{line}");
}

fn test(language: &str, is_preinitialized: bool) {
    let folder = tempfile::tempdir().unwrap();
    let Some(module) = build(language, folder.path()) else { return };
    let asked = assert_it_decides(&module);
    assert_eq!(
        not_preinitialized_because(&asked).is_null(),
        is_preinitialized,
        "{}",
        not_preinitialized_because(&asked)
    );
    assert_eq!(asked.policies()["policies"][0]["hooks"], json!(["docker-request"]));
    let imports = &asked.policies()["policies"][0]["imports"];
    let other = imports.as_array().unwrap().iter().find(|import| *import != "portcullis:policy/log@0.1.0");
    assert_eq!(other, None, "no language needs more than `log`");
    assert_wrong_settings_are_named(&module);
    let micros: Vec<_> =
        asked.records().iter().filter_map(|record| record["outcomes"][0]["micros"].as_u64()).collect();
    eprintln!("{language}: {} decisions, each {micros:?} us", micros.len());
}

#[test]
fn rust() {
    test("rust", true);
}

#[test]
fn c() {
    test("c", true);
}

#[test]
fn python() {
    test("python", true);
}

/// With the tests of the SDK, and those of the example, in Go itself.
#[test]
fn go() {
    for folder in ["guest-sdk/go", "examples/go"] {
        let folder = repository(folder);
        if !go_tests_pass(&folder, &["test", "-count=1", "./..."]) {
            return;
        }
        go_tests_pass(&folder, &["vet", "./..."]);
        assert_is_gofmt(&folder);
    }
    assert_is_gofmt(&repository("tests/guests/go"));
    test("go", true);
}

/// False, and a line that says why, where there is no Go.
fn go_tests_pass(folder: &Path, arguments: &[&str]) -> bool {
    let go = repository("guest-sdk/go/go");
    let has_go = Command::new(&go).arg("version").output().unwrap();
    if !has_go.status.success() {
        let text = String::from_utf8_lossy(&has_go.stderr).into_owned();
        let why = format!("Go cannot be had from PyPI: {}", text.lines().last().unwrap_or_default());
        return portcullis_testing::needs::missing::<()>("languages", &why).is_some();
    }
    let output = Command::new(&go).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    true
}

/// As gofmt writes it.
#[track_caller]
fn assert_is_gofmt(folder: &Path) {
    let root = Command::new(repository("guest-sdk/go/go")).args(["env", "GOROOT"]).output().unwrap().stdout;
    let gofmt = Path::new(String::from_utf8_lossy(&root).trim()).join("bin/gofmt");
    let output = Command::new(gofmt).args(["-l", "-d"]).arg(folder).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
}

/// The policy that the guide writes step by step.
#[test]
fn the_policy_of_the_guide_to_go_passes_its_cases() {
    let guide = std::fs::read_to_string(repository("docs/policy-authors.md")).unwrap();
    let (_, section) = guide.split_once("\n## Go\n").unwrap();
    let lines =
        || section.lines().filter_map(|line| line.strip_prefix("       ").or(line.is_empty().then_some("")));
    let policy: Vec<_> = lines()
        .skip_while(|line| *line != "package main")
        .take_while(|line| *line != "func main() {}")
        .collect();
    let cases: Vec<_> = lines().filter(|line| line.starts_with("{\"")).take(4).collect();
    let folder = tempfile::tempdir().unwrap();
    portcullis(folder.path(), &["policy", "new", "go", "house"]).ok();
    let project = folder.path().join("house");
    std::fs::write(project.join("policy.go"), policy.join("\n") + "\nfunc main() {}\n").unwrap();
    std::fs::write(project.join("cases.jsonl"), cases.join("\n")).unwrap();
    go_tests_pass(&project, &["test"]);
    // Each of its cases can fail.
    std::fs::write(project.join("cases.jsonl"), cases.join("\n").replace("weekend", "memory")).unwrap();
    let failed =
        Command::new(repository("guest-sdk/go/go")).arg("test").current_dir(&project).output().unwrap();
    assert!(!failed.status.success());
}

const GO_ACTS: &str = include_str!("../guests/go/policy.go");

/// What a policy in Go does wrong is a fault; where the runtime lives on, with the text and the line.
#[test]
fn what_goes_wrong_in_go_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    portcullis(folder.path(), &["policy", "new", "go", "acts"]).ok();
    let project = folder.path().join("acts");
    std::fs::write(project.join("policy.go"), GO_ACTS).unwrap();
    if build_by(&project.join("build"), "go", project.join("policy.wasm")).is_none() {
        return;
    }
    // What ends Go's runtime is a trap.
    let stopped = "it broke off: ";
    let acts = [
        ("error", "it reported an error: no such luck"),
        ("panic", "it reported an error: panic: lost (main.authorize, policy.go:"),
        (
            "index",
            "it reported an error: panic: runtime error: index out of range [3] with length 0 (main.authorize, policy.go:",
        ),
        (
            "nil",
            "it reported an error: panic: runtime error: invalid memory address or nil pointer dereference (main.authorize, ",
        ),
        ("no-verdict", "it reported an error: the answer has no verdict"),
        ("file", "it reported an error: open /etc/passwd: "),
        // Go throws on its own stack, and then shows that stack at any length.
        ("now", "it logged more than it may in one decision"),
        ("random", stopped),
        ("exit", stopped),
        ("goroutine", stopped),
        ("deadlock", stopped),
        ("recursion", stopped),
        ("memory", "it wanted more than 64 MiB of memory"),
        ("loop", "it used more than 100 ms of processor time"),
    ];
    let case = |(act, _): &(&str, &str)| {
        let expect = json!({ "verdict": "allow" });
        let case =
            json!({ "name": act, "hook": "docker-request", "input": { "operation": act }, "expect": expect });
        format!("{case}\n")
    };
    std::fs::write(project.join("faults.jsonl"), acts.iter().map(case).collect::<String>()).unwrap();
    let state = folder.path().join("state").display().to_string();
    let test = ["policy", "test", "policy.wasm", "--state", &state, "--json", "--cases"];
    let run = portcullis(&project, &[&test[..], &["faults.jsonl"]].concat());
    // Go's own words are in the log.
    for words in ["clock_time_get failed", "elsewhere", "all goroutines are asleep - deadlock!"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let said = run.stdout;
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    for (at, (act, fault)) in acts.iter().enumerate() {
        let said = report["cases"][at]["said"]["fault"].as_str().unwrap_or_default();
        assert!(said.starts_with(fault), "{act}: {}", report["cases"][at]);
    }
    let good = [
        ("goroutines", json!({}), "6 of 6"),
        // Once more the same: what the first decision wrote is forgotten.
        ("count", json!({}), "1"),
        ("count", json!({}), "1"),
        // No time passes.
        ("sleep", json!({}), "slept"),
        ("environment", json!({}), "[GOTRACEBACK=none] []"),
        ("invalid", json!({}), "\u{fffd}x"),
        ("print", json!({}), "printed"),
        ("time", json!({ "context": { "now": 1_785_801_600_000_u64 } }), "Tuesday 2026-08-04 00:00"),
        (
            "facts",
            json!({
                "principal": { "name": "alice", "groups": ["ci", "ops"], "certificate": { "common_name": "a", "uris": ["b"] } },
                "api_version": [1, 44], "body": { "json": "{}" }, "query": [["all", "1"], ["all", "2"]], "path": ["containers"],
                "workload": {
                    "memory_limit": 9_007_199_254_740_993_u64, "masked_paths": [], "labels": [["owner", "alice"]],
                    "published": [{ "container_port": 65535, "protocol": "tcp" }],
                    "device_requests": [{ "count": -1, "capabilities": [["gpu"], []] }],
                    "mounts": [{ "kind": "bind", "read_only": true, "host_path": "/etc" }, { "kind": "tmpfs" }],
                },
            }),
            "alice [ci ops] a [b] 1.44 1 {} 1 [1 2] [containers] 9007199254740993 true 0 alice 65535/tcp -1 [[gpu] []] \
             bind true /etc, tmpfs false -",
        ),
    ];
    let case = |(act, input, reason): &(&str, Value, &str)| {
        let mut input = input.clone();
        input["operation"] = json!(act);
        let expect = json!({ "verdict": "deny", "rule": act, "reason": reason });
        format!("{}\n", json!({ "name": act, "hook": "docker-request", "input": input, "expect": expect }))
    };
    std::fs::write(project.join("good.jsonl"), good.iter().map(case).collect::<String>()).unwrap();
    let said =
        portcullis(&project, &["policy", "test", "policy.wasm", "--state", &state, "--cases", "good.jsonl"])
            .ok();
    assert!(said.ends_with("9 cases, 0 failed\n"), "{said}");
}

#[test]
fn typescript() {
    test("typescript", false);
}

#[test]
fn javascript_is_configured_for_every_decision() {
    test("javascript", false);
}

#[test]
fn what_cannot_be_preinitialized_says_why_and_must_be_quick_to_configure() {
    let folder = tempfile::tempdir().unwrap();
    let Some(module) = build("javascript", folder.path()) else { return };
    let asked = Asked::start(&(registries(&module, "deadline = \"20s\"") + &allow()));
    let reason = not_preinitialized_because(&asked);
    let reason = reason.as_str().unwrap();
    assert!(reason.contains("component"), "{reason}");
    let many: Vec<_> = (0..60_000).map(|number| format!("\"registry-{number}.example.com\"")).collect();
    let settings = format!("settings = {{ allowed_registries = [{}] }}", many.join(","));
    let line =
        complaint_of("check", &policy("registries", &module, &format!("{settings}\ndeadline = \"5ms\"")));
    let wanted = format!(
        "policy `registries`: it cannot be pre-initialized ({reason}), and configuring each instance takes "
    );
    let rest = line.strip_prefix(&wanted).unwrap_or_else(|| panic!("{line}"));
    let (took, remedy) = rest.split_once(" ms of the 5 ms it has; ").unwrap_or_else(|| panic!("{line}"));
    assert!(took.parse::<u32>().unwrap() >= 2, "{line}");
    assert_eq!(remedy, "raise `deadline` or make its settings smaller");
}

const HOOKS: [&str; 5] = ["docker-request", "docker-response", "docker-edit", "secret-access", "aws-roles"];

fn portcullis(folder: &Path, arguments: &[&str]) -> portcullis_testing::Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    portcullis_testing::Run::of(command.args(arguments).current_dir(folder))
}

/// A new project with these hooks, built and asked its own cases: the same for every language.
fn new_project_passes(language: &str, hooks: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let said =
        portcullis(folder.path(), &["policy", "new", language, "house", "--hooks", &hooks.join(",")]).ok();
    let project = folder.path().join("house");
    let commands: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("    portcullis ")).collect();
    let is_built = project.join("build").exists();
    // What is typed next is what was printed.
    if is_built && build_by(&project.join("build"), language, project.join("policy.wasm")).is_none() {
        return;
    }
    let tests = said.lines().filter_map(|line| line.strip_prefix("    sdk/guest-sdk/go/go "));
    for arguments in tests {
        assert!(go_tests_pass(&project, &arguments.split(' ').collect::<Vec<_>>()), "{said}");
        assert_is_gofmt(&project);
    }
    for command in &commands {
        let said = portcullis(&project, &command.split(' ').collect::<Vec<_>>()).ok();
        assert!(said.ends_with(" cases, 0 failed\n") && !said.ends_with("\n0 cases, 0 failed\n"), "{said}");
        let rules = [("docker-request", "privileged"), ("secret-access", "deletion")];
        for (_, rule) in rules.into_iter().filter(|(hook, _)| hooks.contains(hook)) {
            assert!(
                said.lines().any(|line| line.starts_with("rules reached: ") && line.contains(rule)),
                "{said}"
            );
        }
    }
    assert_eq!(commands.len(), 1, "{said}");
    // The configuration that comes with it, where an API of it asks the policy.
    if hooks.contains(&"docker-request") {
        let said = portcullis(&project, &["check", "--config", "portcullis.toml"]).ok();
        assert!(said.contains("portcullis.toml holds; "), "{said}");
    }
}

#[test]
fn a_new_project_in_rust() {
    new_project_passes("rust", &HOOKS);
}

#[test]
fn a_new_project_in_python() {
    new_project_passes("python", &HOOKS);
}

#[test]
fn a_new_project_in_javascript() {
    new_project_passes("javascript", &HOOKS);
}

#[test]
fn a_new_project_in_rego() {
    new_project_passes("rego", &HOOKS);
}

#[test]
fn a_new_project_in_typescript() {
    new_project_passes("typescript", &HOOKS);
}

#[test]
fn a_new_project_in_go() {
    new_project_passes("go", &HOOKS);
}

/// Cedar edits nothing.
#[test]
fn a_new_project_in_cedar() {
    let hooks: Vec<_> = HOOKS.into_iter().filter(|hook| *hook != "docker-edit").collect();
    new_project_passes("cedar", &hooks);
    for hook in hooks {
        new_project_passes("cedar", &[hook]);
    }
}

#[test]
fn a_new_project_in_c_for_each_hook() {
    for hook in HOOKS {
        new_project_passes("c", &[hook]);
    }
}

#[test]
fn a_project_for_one_hook_exports_no_other() {
    for language in ["rust", "python", "javascript"] {
        let folder = tempfile::tempdir().unwrap();
        portcullis(folder.path(), &["policy", "new", language, "house", "--hooks", "secret-access"]).ok();
        let project = folder.path().join("house");
        let Some(module) = build_by(&project.join("build"), language, project.join("policy.wasm")) else {
            continue;
        };
        let settings = r#"{"deleting_roles":["admin"]}"#;
        let module = module.display().to_string();
        let said = portcullis(&project, &["policy", "inspect", &module, "--settings", settings]).ok();
        assert!(said.lines().any(|line| line == "hooks    secret-access"), "{said}");
    }
}

/// Little but state differs between two settings of a module: hardly a function is compiled anew.
#[test]
fn other_settings_of_a_module_compile_hardly_anything() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let kept = || -> Vec<(u64, u64)> {
        let files = std::fs::read_dir(folder.path().join("state/artifacts")).unwrap();
        let mut files: Vec<_> = files
            .map(|file| file.unwrap().metadata().unwrap())
            .map(|file| (file.len(), file.ino()))
            .collect();
        files.sort_unstable();
        files
    };
    let test = |otherwise: &str| {
        let settings = json!({ "settings": { "otherwise": otherwise } });
        let case =
            json!({ "name": "c", "hook": "docker-request", "input": {}, "expect": { "verdict": "deny" } });
        std::fs::write(folder.path().join("c.jsonl"), format!("{settings}\n{case}\n")).unwrap();
        portcullis(
            folder.path(),
            &["policy", "test", "builtin:docker-baseline", "--cases", "c.jsonl", "--state", "state"],
        )
    };
    test("allow").ok();
    // The artifact, and what all settings share, which is larger.
    let first = kept();
    assert_eq!(first.len(), 2, "{first:?}");
    test("abstain").ok();
    let second = kept();
    assert_eq!(second.len(), 3, "{second:?}");
    // A few functions depend on how much memory there is at the start: the file grows by less than a twentieth.
    assert!(second[2].0 < first[1].0 + first[1].0 / 20, "{first:?} {second:?}");
    // Also settings that are refused.
    let said = test("sometimes").refused();
    assert!(said.contains("its settings: the policy refuses them"), "{said}");
    assert_eq!(kept(), second);
}

/// Cedar recurses, and a sandbox cannot tell how much stack is left: what `src/limits.rs` of the policy lets through fits.
#[test]
fn cedar_has_the_stack_that_its_limits_need() {
    let folder = tempfile::tempdir().unwrap();
    let chain = |part: &str, count: usize| vec![part; count].join(" ");
    let conditions = [
        format!("0 < 1 {}", chain("+ 1", 499)),
        format!("true {}", chain("|| true", 499)),
        format!("{}true{} {}", "if true then ".repeat(60), " else false".repeat(60), chain("&& true", 400)),
        format!("0 < {}1{}", "(".repeat(60), " + 1 + 1 + 1 + 1 + 1 + 1 + 1)".repeat(60)),
        format!("{0}1{1} == {0}1{1}", r#"{"a":"#.repeat(60), "}".repeat(60)),
        format!("true }} {} when {{ true", chain("when { true }", 490)),
    ];
    for condition in conditions {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let settings = json!({ "settings": { "cedar": text } });
        let input = json!({ "operation": "ContainerCreate", "principal": { "name": "alice" } });
        let case = json!({ "name": "c", "hook": "docker-request", "input": input, "expect": { "verdict": "allow" } });
        std::fs::write(folder.path().join("c.jsonl"), format!("{settings}\n{case}\n")).unwrap();
        let said = portcullis(
            folder.path(),
            &["policy", "test", "builtin:cedar", "--cases", "c.jsonl", "--state", "state"],
        );
        assert!(said.ok().ends_with("1 cases, 0 failed\n"));
    }
}
