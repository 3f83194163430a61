use super::*;

fn check(json: &str) -> Result<Checked, String> {
    portcullis_policy_sdk::parse::<Settings>(json)?.check()
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        (r#"{"allowed_mounts":["srv"]}"#, "`allowed_mounts`: `srv` does not start with `/`"),
        (r#"{"allowed_mount":["/srv"]}"#, "unknown key: `allowed_mount`"),
        (r#"{"otherwise":"deny"}"#, "`otherwise`: unknown variant `deny`"),
        (r#"{"allowed_mounts":"/srv"}"#, "`allowed_mounts`: invalid type"),
        (r#"{"allowed_mounts":[1]}"#, "expected a path, or a table such as { path = "),
        (r#"{"allowed_mounts":[{"path":"/srv","acess":"rw"}]}"#, "unknown key: `allowed_mounts.0.acess`"),
        (r#"{"allowed_mounts":[{"path":"/srv","access":"rx"}]}"#, "unknown variant `rx`"),
        (r#"{"allowed_mounts":[{"access":"rw"}]}"#, "missing field `path`"),
        (r#"{"allowed_capabilities":["all"]}"#, "`ALL` is not a capability"),
        (r#"{"allow":{"alice":["priviliged"]}}"#, "`allow.alice`: there is no rule `priviliged`"),
        (r#"{"assume_no_form":["ImageLoad"]}"#, "`ImageLoad` is neither `ImageBuild` nor"),
        (r#"{"allow":{"group:":["privileged"]}}"#, "names nobody"),
        (r#"{"allow":{"":["privileged"]}}"#, "names nobody"),
        (r#"{"container_archive":"deny"}"#, "`container_archive`: unknown variant `deny`"),
    ];
    for (json, expected) in cases {
        let error = check(json).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
}

#[test]
fn entries_that_never_match_are_refused_with_what_to_write_instead() {
    let digest = "a".repeat(64);
    let upper = format!(r#"{{"allowed_seccomp_profiles":["sha256:{}"]}}"#, "A".repeat(64));
    let bare = format!(r#"{{"allowed_seccomp_profiles":["{digest}"]}}"#);
    let cases = [
        (r#"{"allowed_mounts":["/run/docker"]}"#, "set `allow_docker_socket = true`"),
        (r#"{"allowed_mounts":["/var/run/docker.sock"]}"#, "set `allow_docker_socket = true`"),
        (r#"{"allowed_mounts":["/srv/docker.sock"]}"#, "set `allow_docker_socket = true`"),
        (r#"{"allowed_mounts":["/proc/sys"]}"#, "set `allow_docker_socket = true`"),
        (r#"{"allowed_mounts":[{"path":"/","exact":true}]}"#, "set `allow_docker_socket = true`"),
        (
            r#"{"allowed_mounts":["/srv/a"],"protected_paths":["/srv"]}"#,
            "lies in `/srv` of `protected_paths`",
        ),
        (r#"{"allowed_mounts":["/srv"],"protected_paths":["/"]}"#, "lies in `/` of `protected_paths`"),
        (
            r#"{"allowed_mounts":[{"path":"/srv","exact":true}],"protected_paths":["/srv/keys"]}"#,
            "holds a path of `protected_paths`",
        ),
        (r#"{"allowed_capabilities":["NET_ADMN"]}"#, "`NET_ADMN` is no capability of Linux"),
        (r#"{"allowed_capabilities":[""]}"#, "is no capability of Linux"),
        (r#"{"allowed_runtimes":[" runsc"]}"#, "`allowed_runtimes`: ` runsc` is empty or holds white space"),
        (r#"{"allowed_volume_drivers":[""]}"#, "`allowed_volume_drivers`: `` is empty"),
        (
            r#"{"require":["privileged"]}"#,
            "`require`: `privileged` cannot be required; known are `memory-limit`",
        ),
        (r#"{"allowed_volume_types":["bind"]}"#, "put that into `allowed_mounts`"),
        (r#"{"allowed_volume_types":["tmpfs"]}"#, "`tmpfs` is never looked up"),
        (r#"{"allowed_network_drivers":["macvlan"]}"#, "put that into `allowed_host_interfaces`"),
        (r#"{"allowed_host_interfaces":["an-interface-of-17"]}"#, "at most 15 bytes"),
        (r#"{"allowed_host_interfaces":["/dev/eth0"]}"#, "no name of an interface"),
        (r#"{"allowed_security_options":["seccomp=/etc/profile.json"]}"#, "`allowed_seccomp_profiles`"),
        (r#"{"allowed_security_options":["seccomp={}"]}"#, "`allowed_seccomp_profiles`"),
        (r#"{"allowed_security_options":["seccomp:unconfined"]}"#, "write that"),
        (r#"{"allowed_security_options":["label:disable"]}"#, "`label=disable`; write that"),
        (r#"{"allowed_security_options":["disable"]}"#, "`label=disable`; write that"),
        (r#"{"allowed_security_options":["systempaths=unconfined"]}"#, "rule `system-paths`"),
        (r#"{"allowed_security_options":["no-new-privileges"]}"#, "always allowed"),
        (r#"{"allowed_security_options":["apparmor"]}"#, "no option with a value"),
        (r#"{"allowed_security_options":["=x"]}"#, "no option with a value"),
        (&upper, "in lower case"),
        (&bare, "write `sha256:` and 64 hexadecimal digits"),
    ];
    for (json, expected) in cases {
        let error = check(json).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
    let fine = [
        format!(r#"{{"allowed_seccomp_profiles":["sha256:{digest}"]}}"#),
        r#"{"allowed_mounts":["/run/docker"],"allow_docker_socket":true}"#.to_owned(),
        r#"{"allowed_mounts":["/run/docker"],"allow":{"alice":["docker-socket"]}}"#.to_owned(),
        r#"{"allowed_mounts":["/","/run",{"path":"/srv","access":"rw"}]}"#.to_owned(),
        r#"{"allowed_mounts":["/srv"],"protected_paths":["/srv/keys"]}"#.to_owned(),
        r#"{"allowed_security_options":["seccomp=unconfined","apparmor=unconfined","label=type:x","label=disable"]}"#
            .to_owned(),
        r#"{"allowed_capabilities":["net_admin","CAP_CHOWN"],"allowed_network_drivers":["weave"]}"#.to_owned(),
    ];
    for json in fine {
        check(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
    }
}

#[test]
fn exceptions_are_those_of_the_name_the_groups_and_everybody() {
    let checked = check(
        r#"{"allow":{"alice":["privileged"],"group:ops":["device"],"*":["host-uts"],"group:x":["runtime"]}}"#,
    )
    .unwrap();
    let has = |name, groups: &[&str], rule| {
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        checked.excepted(name, &groups).contains(rule)
    };
    assert!(has(Some("alice"), &[], Rule::Privileged));
    assert!(has(Some("alice"), &["ops"], Rule::Device));
    assert!(has(None, &[], Rule::HostUts));
    assert!(!has(Some("ops"), &[], Rule::Device), "a user is not a group of the same name");
    assert!(!has(Some("group:ops"), &[], Rule::Device), "nor by a name that looks like one");
    assert!(!has(Some("bob"), &["alice"], Rule::Privileged));
    assert!(!has(None, &[], Rule::Privileged));
}
