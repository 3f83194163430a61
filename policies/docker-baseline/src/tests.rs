//! The cases, what the settings change, and what must hold for every request.

mod advice;

use super::*;
use docker::{Body, Mount, Namespace, Request, Workload};
use portcullis_policy_sdk::{Verdict, cases, parse};
use proptest::prelude::*;

fn baseline(settings: &str) -> Baseline {
    Baseline::configure(parse(settings).unwrap()).unwrap()
}

fn ask(policy: &Baseline, workload: Workload) -> Opinion {
    let request = Request {
        operation: Some("ContainerCreate".into()),
        body: Body::Json("{}".into()),
        workload: Some(workload),
        ..Request::default()
    };
    policy.authorize(&request).unwrap()
}

fn bind(path: &str) -> Workload {
    let mount = Mount {
        kind: "bind".into(),
        as_sent: path.into(),
        source: Some(path.into()),
        host_path: Some(path.into()),
        ..Mount::default()
    };
    Workload { mounts: vec![mount], ..Workload::default() }
}

#[test]
fn its_cases_hold() {
    cases::docker_request::<Baseline>(include_str!("../cases.json")).unwrap();
    cases::docker_request::<Baseline>(include_str!("../hardening.json")).unwrap();
}

#[test]
fn what_it_does_not_deny_is_allowed_where_the_settings_say_so() {
    let (abstains, allows) = (baseline("{}"), baseline(r#"{"otherwise":"allow"}"#));
    let plain = Workload::default;
    assert_eq!(ask(&abstains, plain()).verdict, Verdict::Abstain);
    let opinion = ask(&allows, plain());
    assert_eq!((opinion.verdict, &*opinion.rule), (Verdict::Allow, "otherwise"));
    assert_eq!(ask(&allows, bind("/etc")), ask(&abstains, bind("/etc")), "a denial stays one");
    assert_eq!(ask(&allows, bind("/etc")).verdict, Verdict::Deny);
}

/// Names and values.
type Pairs = &'static [(&'static str, &'static str)];

/// A mount whose path was resolved by the host, with the directories that others can change.
fn resolved(path: &str, read_only: bool, extra: &[(&str, &str)]) -> Request {
    let mut workload = bind(path);
    let pairs = |extra: &[(&str, &str)]| extra.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
    workload.mounts[0].read_only = read_only;
    workload.mounts[0].extra = pairs(extra);
    Request {
        operation: Some("ContainerCreate".into()),
        body: Body::Json("{}".into()),
        workload: Some(workload),
        extra: pairs(&[("real-paths", "true")]),
        ..Request::default()
    }
}

#[test]
fn a_path_that_might_lead_elsewhere_is_refused() {
    let policy = baseline(
        r#"{"allowed_mounts":["/srv",{"path":"/data","access":"rw"},{"path":"/home/al/x","access":"rw"}]}"#,
    );
    let table: [(&str, bool, Pairs, &str); 12] = [
        ("/srv/a", true, &[("real-path", "/srv/a")], ""),
        ("/srv/a/b", true, &[("changeable-directory", "/srv")], "users other than root can change `/srv`"),
        (
            "/srv/a/b",
            true,
            &[("changeable-directory", "/srv/a")],
            "users other than root can change `/srv/a`",
        ),
        // The operator has named what lies below it.
        ("/home/al/x", false, &[("real-path", "/home/al/x"), ("changeable-directory", "/home/al")], ""),
        (
            "/home/al/x/y",
            false,
            &[("changeable-directory", "/home/al/x")],
            "users other than root can change",
        ),
        ("/data", false, &[("real-path", "/data")], ""),
        // By a link of another user's that ends in an allowed place now.
        (
            "/srv/cur",
            true,
            &[("real-path", "/srv/v1"), ("changeable-directory", "/home/al")],
            "other than root",
        ),
        (
            "/srv/cur",
            true,
            &[("real-path", "/srv/v1"), ("link-directory", "/data/x")],
            "containers may write to `/data`",
        ),
        ("/srv/cur", true, &[("real-path", "/srv/v1"), ("link-directory", "/srv")], ""),
        ("/data/a", false, &[("real-path", "/data/a")], "containers may write to `/data`, and so change"),
        ("/data/a", true, &[("real-path", "/data/a")], "containers may write to `/data`"),
        (
            "/etc",
            true,
            &[("real-path-of", "/srv/link")],
            "`/etc`, where `/srv/link` leads, may not be mounted",
        ),
    ];
    for (path, read_only, extra, expected) in table {
        let opinion = policy.authorize(&resolved(path, read_only, extra)).unwrap();
        let refused = opinion.verdict == Verdict::Deny;
        assert_eq!(refused, !expected.is_empty(), "{path}: {opinion:?}");
        assert!(opinion.reason.contains(expected), "{path}: {opinion:?}");
    }
    // Without a host that sees the paths, the entries alone count.
    let opinion = ask(&baseline(r#"{"allowed_mounts":[{"path":"/data","access":"rw"}]}"#), bind("/data/a"));
    assert_eq!(opinion.verdict, Verdict::Abstain);
}

#[test]
fn a_path_without_a_mount_might_lead_elsewhere_too() {
    let policy = baseline(r#"{"allowed_mounts":[{"path":"/srv","access":"rw"}, "/log"]}"#);
    let ask = |path: &str, extra: &[(&str, &str)]| {
        let mut request = resolved("/log", true, &[]);
        let named = docker::HostPath { path: path.into(), why: "log-option".into(), access: "read".into() };
        request.host_paths = vec![named];
        request.extra.extend(extra.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())));
        policy.authorize(&request).unwrap().reason
    };
    assert_eq!(ask("/log/x", &[]), "");
    assert_eq!(ask("/log/x", &[("changeable-directory:/log/y", "/log")]), "");
    assert!(ask("/log/x", &[("changeable-directory:/log/x", "/log")]).contains("users other than root"));
    assert!(ask("/srv/x", &[]).contains("containers may write to `/srv`"));
}

#[test]
fn every_rule_has_a_case() {
    let cases = concat!(include_str!("../cases.json"), include_str!("../hardening.json"));
    for rule in rule::Rule::ALL {
        assert!(cases.contains(&format!("\"rule\": \"{}\"", rule.name())), "{}", rule.name());
    }
}

#[test]
fn every_switch_opens_what_it_names_and_no_more() {
    let socket = bind("/var/run/docker.sock");
    let run = bind("/run");
    let from = Workload {
        mounts: vec![Mount { kind: "container".into(), source: Some("db".into()), ..Mount::default() }],
        ..Workload::default()
    };
    let join = Workload {
        namespaces: vec![Namespace {
            kind: "network".into(),
            mode: "container".into(),
            container: Some("db".into()),
        }],
        ..Workload::default()
    };
    let driver = Workload {
        mounts: vec![Mount { kind: "volume".into(), driver: Some("rexray".into()), ..Mount::default() }],
        ..Workload::default()
    };
    let table = [
        ("{}", &socket, "docker-socket"),
        (r#"{"allow_docker_socket":true}"#, &socket, ""),
        (r#"{"allow_docker_socket":true}"#, &run, "host-mount"),
        (r#"{"allow_docker_socket":true,"allowed_mounts":["/run"]}"#, &run, "host-mount"),
        (r#"{"allow_docker_socket":true,"allowed_mounts":[{"path":"/run","access":"rw"}]}"#, &run, ""),
        (r#"{"allowed_mounts":["/"]}"#, &run, "docker-socket"),
        (r#"{"allowed_mounts":["/run"]}"#, &bind("/run/docker/plugins"), "docker-socket"),
        (r#"{"allow":{"*":["host-mount"]}}"#, &socket, "docker-socket"),
        (r#"{"allow":{"*":["docker-socket"]}}"#, &socket, ""),
        (r#"{"allow":{"*":["docker-socket"]}}"#, &bind("/etc"), "host-mount"),
        (r#"{"allow":{"*":["host-mount"]}}"#, &bind("/etc"), ""),
        ("{}", &from, "volumes-from"),
        (r#"{"allow_volumes_from":true}"#, &from, ""),
        ("{}", &join, "container-namespace"),
        (r#"{"allow_container_namespaces":true}"#, &join, ""),
        ("{}", &driver, "volume-driver"),
        (r#"{"allowed_volume_drivers":["rexray"]}"#, &driver, ""),
    ];
    for (settings, workload, rule) in table {
        let opinion = ask(&baseline(settings), workload.clone());
        assert_eq!(opinion.rule, rule, "{settings}: {}", opinion.reason);
        assert_eq!(
            opinion.verdict,
            if rule.is_empty() { Verdict::Abstain } else { Verdict::Deny },
            "{settings}"
        );
    }
}

#[test]
fn buildkit_is_opened_by_its_switch() {
    let session =
        Request { operation: Some("Session".into()), path: vec!["session".into()], ..Request::default() };
    assert_eq!(baseline("{}").authorize(&session).unwrap().rule, "buildkit");
    let open = baseline(r#"{"allow_buildkit":true}"#);
    assert_eq!(open.authorize(&session).unwrap().verdict, Verdict::Abstain);
    let nameless = Request { operation: None, ..session };
    assert_eq!(open.authorize(&nameless).unwrap().rule, "unknown-operation");
}

/// The work-around for CVE-2026-41567 and CVE-2026-42306: `docker cp` works until the operator turns it off.
#[test]
fn files_are_copied_unless_the_settings_refuse_it() {
    let (open, closed) = (baseline("{}"), baseline(r#"{"container_archive":"refuse"}"#));
    for operation in ["ContainerArchive", "ContainerArchiveInfo", "ContainerCopy", "PutContainerArchive"] {
        let request = Request { operation: Some(operation.into()), ..Request::default() };
        assert_eq!(open.authorize(&request).unwrap().verdict, Verdict::Abstain, "{operation}");
        assert_eq!(closed.authorize(&request).unwrap().rule, "container-archive", "{operation}");
    }
}

#[test]
fn a_reason_fits_the_contract_however_long_the_settings_are() {
    let mounts: Vec<_> = (0..500).map(|n| format!("\"/srv/{n}\"")).collect();
    let policy = baseline(&format!("{{\"allowed_mounts\":[{}]}}", mounts.join(",")));
    let reason = ask(&policy, bind("/etc")).reason;
    assert!(reason.len() < 1024 && reason.contains("..."), "{reason}");
}

proptest! {
    /// A guard: it never grants any request.
    #[test]
    fn it_never_allows(operation in "[A-Z][a-zA-Z]{0,12}", path in "[/.a-z]{0,20}", privileged: bool, named in "[a-z*:]{0,6}") {
        let policy = baseline(r#"{"allow":{"*":["privileged","host-mount","docker-socket"],"a":["device"]}}"#);
        let mut request = Request {
            operation: Some(operation),
            body: Body::Json("{}".into()),
            workload: Some(Workload { privileged, ..bind(&path) }),
            ..Request::default()
        };
        request.principal.name = Some(named);
        prop_assert_ne!(policy.authorize(&request).unwrap().verdict, Verdict::Allow);
    }

    /// However a path is said, no mount leads out of what is allowed.
    #[test]
    fn no_spelling_leaves_an_allowed_mount(segments in proptest::collection::vec("(\\.|\\.\\.|srv|etc||run|var|x)", 0..8)) {
        let said = format!("/{}", segments.join("/"));
        // The reader's own cleaning, done the slow way.
        let mut real: Vec<&str> = Vec::new();
        for segment in &segments {
            match segment.as_str() {
                "" | "." => {}
                ".." => { real.pop(); }
                name => real.push(name),
            }
        }
        let allowed = real.first() == Some(&"srv");
        let opinion = ask(&baseline(r#"{"allowed_mounts":[{"path":"/srv","access":"rw"}]}"#), bind(&said));
        prop_assert_eq!(opinion.verdict == Verdict::Abstain, allowed, "{}: {}", said, opinion.rule);
    }

    /// One privileged fact among harmless ones is enough.
    #[test]
    fn one_bad_mount_among_good_ones_is_found(before in 0_usize..4, after in 0_usize..4) {
        let good = || bind("/srv/a").mounts.remove(0);
        let mut mounts: Vec<_> = std::iter::repeat_with(good).take(before).collect();
        mounts.push(bind("/etc").mounts.remove(0));
        mounts.extend(std::iter::repeat_with(good).take(after));
        let policy = baseline(r#"{"allowed_mounts":[{"path":"/srv","access":"rw"}]}"#);
        let opinion = ask(&policy, Workload { mounts, ..Workload::default() });
        prop_assert_eq!(opinion.rule, "host-mount");
    }
}
