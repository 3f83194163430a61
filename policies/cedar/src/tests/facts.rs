//! What policies find in principal, resource and context.

use super::*;

/// Whether a condition holds for the request.
fn holds(condition: &str, settings: &Value, request: &docker::Request) -> Result<bool, String> {
    let mut settings = settings.clone();
    settings["cedar"] =
        format!("permit (principal, action, resource is Docker::Target) when {{ {condition} }};").into();
    Ok(ask(&configured(&settings)?, request)?.verdict == Verdict::Allow)
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Every field is filled, so that each is held against the schema.
fn filled() -> docker::Request {
    let mount = |kind: &str, host: Option<&str>, read_only| docker::Mount {
        kind: kind.into(),
        source: Some("data".into()),
        host_path: host.map(str::to_owned),
        read_only,
        driver_options: pairs(&[("o", kind)]),
        ..Default::default()
    };
    let image = docker::Image { domain: "docker.io".into(), tag: Some("1".into()), ..Default::default() };
    let certificate = types::Certificate { organizational_units: texts(&["ops"]), ..Default::default() };
    let mut request = operation("ContainerCreate");
    request.context = types::Context {
        now: 1_795_867_200_123,
        peer: Some("10.1.2.3:4444".into()),
        api: "docker-gateway".into(),
        ..Default::default()
    };
    request.principal = types::Principal {
        name: Some("bob".into()),
        authentication: "certificate".into(),
        groups: texts(&["ci"]),
        certificate: Some(certificate),
        attributes: pairs(&[("role", "administrator"), ("role", "standard")]),
    };
    request.targets[0].labels = pairs(&[("owner", "bob")]);
    request.targets[0].image = Some(image.clone());
    request.query = pairs(&[("t", "a"), ("t", "b")]);
    request.headers = pairs(&[("User-Agent", "x")]);
    request.body = docker::Body::Unseen("hijacked".into());
    request.path = texts(&["containers", "create"]);
    request.volume = Some(mount("volume", Some("/v"), false));
    request.host_paths =
        vec![docker::HostPath { path: "/dev/log".into(), why: "log-option".into(), access: "write".into() }];
    request.workload = Some(docker::Workload {
        image: Some(image),
        environment: texts(&["TOKEN=x=y", "EMPTY"]),
        mounts: vec![
            mount("bind", Some("/srv/data"), true),
            mount("bind", Some("/etc"), false),
            mount("volume", None, false),
        ],
        namespaces: vec![docker::Namespace {
            kind: "network".into(),
            mode: "container".into(),
            container: Some("c".into()),
        }],
        security_options: vec![
            docker::SecurityOption { name: "seccomp".into(), value: Some("unconfined".into()) },
            docker::SecurityOption { name: "no-new-privileges".into(), value: None },
        ],
        published: vec![docker::Port { container_port: 80, protocol: "tcp".into(), ..Default::default() }],
        labels: pairs(&[("owner", "bob")]),
        memory_limit: Some(u64::MAX),
        masked_paths: Some(Vec::new()),
        extra: pairs(&[("link", "a"), ("link", "b")]),
        ..Default::default()
    });
    request
}

#[test]
fn facts_are_those_of_the_request() {
    let settings = json!({"utc_offset": "-12:30"});
    for condition in [
        "principal is User && principal.id == \"bob\" && principal in Group::\"ci\"",
        "principal.hasTag(\"role\") && principal.getTag(\"role\").contains(\"standard\")",
        "principal has certificate && principal.certificate.organizationalUnits.contains(\"ops\")",
        "principal has authentication && principal.authentication == \"certificate\"",
        "resource == Docker::Target::\"container/web\" && resource.kind == \"container\" && resource has image",
        "principal is User && resource.hasTag(\"owner\") && resource.getTag(\"owner\") == principal.id",
        "context has peerIp && context.peerIp.isInRange(ip(\"10.0.0.0/8\")) && context.api == \"docker-gateway\"",
        "context.time.weekday == 6 && context.time.hour == 12 && context.time.minute == 0 && context.time.date == \"2026-11-28\"",
        "context.time.local.weekday == 5 && context.time.local.hour == 23 && context.time.local.minute == 30",
        "context.time.local.date == \"2026-11-27\" && context.time.now == datetime(\"2026-11-28T12:00:00.123Z\")",
        "context has operation && context.operation == \"ContainerCreate\" && context.path == \"/containers/create\"",
        "context has query && context.query.hasTag(\"t\") && context.query.getTag(\"t\") == [\"a\", \"b\"]",
        "context has headers && context.headers.hasTag(\"User-Agent\") && context.headers.getTag(\"User-Agent\") == \"x\"",
        "context has body && context.body.kind == \"unseen\" && context.body has why && context.body.why == \"hijacked\"",
        "context has volume && context.volume.driverOptions.hasTag(\"o\") && context.volume.driverOptions.getTag(\"o\") == \"volume\"",
        "context has hostPaths && context.hostPaths.contains({path: \"/dev/log\", why: \"log-option\", access: \"write\"})",
        "context has workload && context.workload has image && context.workload.image.domain == \"docker.io\"",
        "context has workload && context.workload.environmentNames == [\"TOKEN\", \"EMPTY\"]",
        "context has workload && context.workload.hostPaths == [\"/srv/data\", \"/etc\"]",
        "context has workload && context.workload.writableHostPaths == [\"/etc\"] && context.workload.volumes == [\"data\"]",
        "context has workload && context.workload.hostPathsAndParents == [\"/\", \"/srv\", \"/srv/data\", \"/etc\"]",
        "context has workload && context.workload.mountKinds == [\"bind\", \"volume\"]",
        "context has workload && context.workload.namespaces == [\"network=container\"] && context.workload.joinedContainers == [\"c\"]",
        "context has workload && context.workload.securityOptions == [\"seccomp=unconfined\", \"no-new-privileges\"]",
        "context has workload && context.workload.labels.hasTag(\"owner\") && context.workload.labels.getTag(\"owner\") == \"bob\"",
        "context has workload && context.workload has memoryLimit && context.workload.memoryLimit == 9223372036854775807",
        "context has workload && context.workload has maskedPaths && context.workload.maskedPaths.isEmpty()",
        "context has workload && !(context.workload has readonlyPaths) && !context.workload.privileged",
        "context has workload && context.workload.extra.hasTag(\"link\") && context.workload.extra.getTag(\"link\").contains(\"b\")",
        "context has workload && !context.workload.sysctls.hasTag(\"net.ipv4.ip_forward\")",
    ] {
        // Responses have the facts of the request under another action, so the guard `has` is good for both.
        assert_eq!(holds(condition, &settings, &filled()), Ok(true), "{condition}");
    }
    for condition in ["principal is Anonymous", "principal in Group::\"ci\"", "context has peerIp"] {
        let expected = condition == "principal is Anonymous";
        assert_eq!(holds(condition, &json!({}), &operation("SystemPing")), Ok(expected), "{condition}");
    }
    // What two readers could read in two ways is refused.
    let mut request = operation("SystemPing");
    request.headers = pairs(&[("A", "x"), ("A", "y")]);
    assert_eq!(holds("true", &json!({}), &request), Err("`headers` has `A` twice: `x` and `y`".into()));
}

/// Requests are held against the schema by each decision; entities are not, since they follow from our code alone.
#[test]
fn entities_of_requests_fit_the_schema() {
    let policy = text("permit (principal, action, resource);");
    let entity = secrets::Entity {
        kind: "secret".into(),
        name: Some("n".into()),
        extra: pairs(&[("a", "b")]),
        ..Default::default()
    };
    let acl = secrets::Acl {
        users: texts(&["u"]),
        created: Some(1),
        extra: pairs(&[("x", "y")]),
        ..Default::default()
    };
    let access = secrets::Access {
        principal: secrets::Requester {
            user: Some("u".into()),
            user_name: Some("U".into()),
            roles: texts(&["r"]),
            ..Default::default()
        },
        entity: Some(entity.clone()),
        acl: Some(acl.clone()),
        proposed: Some(acl.clone()),
        holders: vec![secrets::Holder { entity, acl: Some(acl) }],
        ..Default::default()
    };
    let mut listing = aws::Request {
        callback_url: Some("https://x".into()),
        extra: pairs(&[("a", "b")]),
        ..Default::default()
    };
    listing.principal = filled().principal;
    let names = &policy.0.names;
    let mut anonymous = access.clone();
    anonymous.principal = secrets::Requester::default();
    let (role, _) = crate::request::aws::role(names, "a", "r");
    for question in [
        crate::request::docker::request(names, &filled()).unwrap(),
        crate::request::docker::request(names, &docker::Request::default()).unwrap(),
        crate::request::docker::response(
            names,
            &docker::Response { request: filled(), ..Default::default() },
        )
        .unwrap(),
        crate::request::secrets::access(names, &access).unwrap(),
        crate::request::secrets::access(names, &anonymous).unwrap(),
        crate::request::aws::request(names, &listing, vec![role]).unwrap(),
    ] {
        let action = question.action.clone();
        let entities = policy.0.store.joined(question.drafts, [action.clone()]).unwrap();
        let checked = cedar_policy::Entities::from_entities(entities, Some(&policy.0.schema));
        assert!(checked.is_ok(), "{action}: {:?}", checked.err());
    }
    assert_eq!(SecretAccess::authorize(&policy, &access).unwrap().verdict, Verdict::Allow);
}

/// As the host knows them, in the table that it is made of.
#[test]
fn the_schema_has_the_operations_of_the_host() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../host/docker-api/src/operation/table.rs");
    let table = std::fs::read_to_string(table).unwrap();
    let operations: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('"'))
        .filter_map(|row| row.split_once("=> ")?.1.split_once(':'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(actions("Docker::Action"), operations.iter().map(|name| (*name).to_owned()).collect());
    assert!(operations.len() > 100, "{}", operations.len());

    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/secrets.wit");
    let wit = std::fs::read_to_string(wit).unwrap();
    let list = wit.split("record access {").nth(1).unwrap().split("operation: string").next().unwrap();
    let asked = list.split("Reserved").next().unwrap();
    let operations: BTreeSet<String> = asked.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(actions("Secrets::Action"), operations);
}

/// The actions of the schema that are operations.
fn actions(kind: &str) -> BTreeSet<String> {
    let policy = text("permit (principal, action, resource);");
    let kind: cedar_policy::EntityTypeName = kind.parse().unwrap();
    let actions = policy.0.schema.actions().filter(|uid| *uid.type_name() == kind);
    let names = actions.map(|uid| uid.id().unescaped().to_owned());
    names.filter(|name| !["AnyOperation", "Response", "Unknown"].contains(&name.as_str())).collect()
}

#[test]
fn the_readme_has_the_schema() {
    assert!(
        include_str!("../../README.md").contains(crate::schema::TEXT),
        "copy src/portcullis.cedarschema into README.md"
    );
}

#[test]
fn dates_and_weekdays_are_those_of_the_calendar() {
    for (seconds, offset, date, weekday, hour, minute) in [
        (0, "+00:00", "1970-01-01", 4, 0, 0),
        (0, "-00:01", "1969-12-31", 3, 23, 59),
        (951_782_400, "+00:00", "2000-02-29", 2, 0, 0),
        (951_868_799, "+00:00", "2000-02-29", 2, 23, 59),
        (1_795_694_400, "+02:00", "2026-11-26", 4, 14, 0),
        (4_107_542_400, "+00:00", "2100-03-01", 1, 0, 0),
        (253_402_300_799, "+00:00", "9999-12-31", 5, 23, 59),
        (u64::MAX / 1000, "+00:00", "9999-12-31", 5, 23, 59),
    ] {
        let mut request = operation("ContainerList");
        request.context.now = seconds * 1000;
        let condition = format!(
            "context.time.local == {{ date: \"{date}\", weekday: {weekday}, hour: {hour}, minute: {minute} }}"
        );
        let held = holds(&condition, &json!({ "utc_offset": offset }), &request);
        assert_eq!(held, Ok(true), "{seconds} {offset}");
    }
    let mut request = operation("ContainerList");
    request.context.now = 1_795_694_400_123;
    let condition = "context.time.now == datetime(\"2026-11-26T12:00:00.123Z\") && context.time.hour == 12";
    assert_eq!(holds(condition, &json!({}), &request), Ok(true));
}
