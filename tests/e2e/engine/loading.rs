//! What does not load: one clear line that names what is wrong, an exit code that says so, and nothing listens.

use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use super::asking::{Asked, PROGRAM, allow, bystander, complaint, config, guest, hostile, policy};
use portcullis_testing::Portcullis;

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Native code, as the engine itself makes it: what lies in the cache behind its seal.
fn native(folder: &TempDir) -> PathBuf {
    let asked = Asked::start(&allow());
    let kept =
        fs::read_dir(asked.portcullis.folder().join("state/artifacts")).unwrap().next().unwrap().unwrap();
    let kept = fs::read(kept.path()).unwrap();
    let elf = kept.windows(4).position(|bytes| bytes == b"\x7fELF").unwrap();
    write(folder, "native.wasm", &kept[elf..])
}

#[test]
fn a_file_that_is_no_policy_is_refused_by_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let module = fs::read(guest("hostile")).unwrap();
    let component = fs::read(guest("no-hook")).unwrap();
    let big = folder.path().join("big.wasm");
    fs::File::create(&big).unwrap().set_len(200 << 20).unwrap();
    let not_webassembly = "not a usable module: this is not WebAssembly: it begins with other bytes";
    let cases = [
        (native(&folder), "this is a compiled artifact, not WebAssembly; only modules are loaded"),
        (write(&folder, "empty.wasm", b""), "not a usable module: it is empty"),
        (write(&folder, "text.wasm", b"allow = true\n"), not_webassembly),
        (write(&folder, "magic.wasm", &module[..4]), not_webassembly),
        (PathBuf::from("/proc/self/exe"), "larger than 64 MiB"),
        (
            write(&folder, "half.wasm", &module[..module.len() / 2]),
            "it does not validate: unexpected end-of-file",
        ),
        (
            write(&folder, "half-component.wasm", &component[..component.len() / 2]),
            "it does not validate: unexpected end-of-file",
        ),
        (guest("no-hook"), "it exports no hook; there are `portcullis:policy/docker-request`"),
        (guest("unknown-hook"), "this host does not know `portcullis:policy/teleport@0.1.0`"),
        (guest("unknown-version"), "this host does not know `portcullis:policy/docker-request@0.2.0`"),
        (guest("missing-function"), "`portcullis:policy/docker-request@0.1.0` has no `authorize`"),
        (guest("wrong-types"), "`docker-request.authorize` has another signature"),
        (guest("greedy"), "it imports `wasi:clocks/wall-clock@0.2.0`, which it was not given; add it to the"),
    ];
    for (path, wanted) in cases {
        let line = complaint(&policy("odd", &path, ""));
        assert!(line.starts_with("policy `odd`: ") && line.contains(wanted), "{}: {line}", path.display());
    }
    let line = complaint(&policy("odd", &big, ""));
    assert_eq!(line, format!("policy `odd`: `{}` is larger than 64 MiB", big.display()));
    let line = complaint(&policy("odd", Path::new("/nowhere.wasm"), ""));
    assert_eq!(line, "policy `odd`: there is no file `/nowhere.wasm`");
}

/// Damage anywhere is refused with a line about the module, whichever of its parts it hits.
#[test]
fn a_damaged_module_never_ends_the_build_without_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let module = fs::read(guest("hostile")).unwrap();
    let names_its_types = module.len() - 600;
    for at in [9, 200, module.len() / 3, names_its_types, module.len() - 20] {
        let mut damaged = module.clone();
        for byte in &mut damaged[at..at + 8] {
            *byte ^= 0x55;
        }
        let path = write(&folder, "damaged.wasm", &damaged);
        let run_folder = tempfile::tempdir().unwrap();
        let text = config(run_folder.path(), &policy("odd", &path, ""));
        fs::write(run_folder.path().join("portcullis.toml"), text).unwrap();
        let run = Portcullis::run(PROGRAM, run_folder.path(), &["check", "--config", "portcullis.toml"]);
        // What lies in a name or a text may be damaged and harmless.
        if !run.status.success() {
            assert!(run.stderr.contains(": policy `odd`: "), "{at}: {}", run.stderr);
            assert!(!run.stderr.contains("cannot be built: the child"), "{at}: {}", run.stderr);
        }
    }
}

#[test]
fn a_granted_interface_can_be_called_and_is_shown() {
    let asked = Asked::start(&policy(
        "greedy",
        &guest("greedy"),
        "wasi = [\"wasi:clocks/wall-clock\"]\ndeadline = \"20s\"",
    ));
    let record = asked.record_of_allowed("/containers/json");
    assert_eq!(record["rule"], "clock");
    let seconds: u64 = record["outcomes"][0]["reason"].as_str().unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(seconds.abs_diff(now.as_secs()) < 600, "{seconds}");
    let imports = &asked.policies()["policies"][0]["imports"];
    assert_eq!(imports, &serde_json::json!(["wasi:clocks/wall-clock@0.2.0", "portcullis:policy/log@0.1.0"]));
    let line = complaint(&policy("greedy", &guest("greedy"), "wasi = [\"wasi:clocks/monotonic-clock\"]"));
    assert!(line.contains("it imports `wasi:clocks/wall-clock@0.2.0`, which it was not given"), "{line}");
}

#[test]
fn a_configure_that_misbehaves_ends_the_start() {
    let cases = [
        ("spin", "its settings: `configure` failed: it used more than 10000 ms of processor time"),
        ("grow", "its settings: `configure` failed: it wanted more than 16 MiB of memory"),
        ("trap", "its settings: `configure` failed: it broke off: it panicked or aborted"),
        ("panic", "its settings: `configure` failed: it broke off: it panicked or aborted"),
        ("log-flood", "its settings: `configure` failed: it logged more than it may"),
        ("error", "its settings: the policy refuses them: configure was told to fail"),
        ("dance", "its settings: the policy refuses them: `configure`: there is no `dance`"),
    ];
    std::thread::scope(|scope| {
        for (act, wanted) in cases {
            scope.spawn(move || {
                // A good policy beside it changes nothing.
                let rest = format!("settings = {{ configure = \"{act}\" }}\nmemory = \"16MiB\"");
                let line = complaint(&(bystander() + &hostile(&rest)));
                assert!(line.starts_with(&format!("policy `hostile`: {wanted}")), "{act}: {line}");
            });
        }
    });
}

#[test]
fn settings_a_hook_and_a_digest_are_held_against_the_module() {
    let line = complaint(&hostile("settings = { require_users = true }"));
    assert!(line.contains("the policy refuses them") && line.contains("`require_users`"), "{line}");
    let line = complaint(&hostile("hooks = [\"secret-access\"]"));
    assert_eq!(line, "policy `hostile`: it does not export `secret-access`; it exports `docker-request`");
    let zeros = "0".repeat(64);
    let line = complaint(&hostile(&format!("sha256 = \"{zeros}\"")));
    assert!(line.ends_with(&format!("but the configuration says {zeros}")), "{line}");
}

/// One file of cases, in the folder.
fn cases(folder: &TempDir, verdict: &str) -> String {
    let case = |name: &str, uri: &str, verdict: &str| {
        serde_json::json!({
            "name": name, "hook": "docker-request", "input": { "uri": uri }, "expect": { "verdict": verdict },
        })
    };
    let cases = [
        case("what is ordinary", "/containers/json", "allow"),
        case("what is told", "/hostile/deny", verdict),
    ];
    let path = write(folder, "cases.json", serde_json::json!({ "cases": cases }).to_string().as_bytes());
    format!("cases = \"{}\"\ndeadline = \"20s\"", path.display())
}

#[test]
fn a_policy_that_fails_its_own_case_does_not_go_live() {
    let folder = tempfile::tempdir().unwrap();
    let line = complaint(&hostile(&cases(&folder, "allow")));
    let wanted = "policy `hostile`: case `what is told` (hook `docker-request`): it says deny (`deny`: denied as told) \
                  instead of allow";
    assert_eq!(line, wanted);
    let mut asked = Asked::start(&hostile(&cases(&folder, "deny")));
    assert_eq!(asked.policies()["policies"][0]["not_preinitialized_because"], serde_json::Value::Null);
    asked.reload(&hostile(&cases(&folder, "abstain")));
    let policies = asked.policies();
    assert_eq!(policies["generation"], 1);
    let refused = policies["last_reload_error"].as_str().unwrap();
    assert!(refused.contains("case `what is told`") && refused.ends_with("instead of abstain"), "{refused}");
    asked.door.get("/hostile/deny").refused("deny");
}
