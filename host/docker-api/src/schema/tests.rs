mod respelling;

use std::collections::HashSet;

use super::fold::fold;
use super::*;
use crate::Operation;
use crate::json::parse;

/// The operations whose body has a schema.
fn operations() -> Vec<Operation> {
    Operation::ALL.iter().copied().filter(|operation| operation.schema().is_some()).collect()
}

fn canonical(operation: Operation, text: &str) -> Result<String, JsonError> {
    let mut value = parse(text.as_bytes())?;
    let before = value.clone();
    let respelled = canonicalise(&mut value, operation.schema().unwrap())?;
    assert_eq!(respelled, value != before, "{text}");
    Ok(value.write())
}

fn create(text: &str) -> String {
    canonical(Operation::ContainerCreate, text).unwrap()
}

fn each_struct(schema: &'static Schema, visit: &mut impl FnMut(&'static [Field])) {
    match schema {
        Schema::Any => {}
        Schema::Map(inner) | Schema::List(inner) => each_struct(inner, visit),
        Schema::Struct(fields) => {
            visit(fields);
            fields.iter().for_each(|(_, inner)| each_struct(inner, visit));
        }
    }
}

#[test]
fn the_tables_hold_what_the_lookup_relies_on() {
    let operations = operations();
    assert_eq!(operations.len(), 29, "one more or fewer operation with a schema: {operations:?}");
    for operation in operations {
        each_struct(operation.schema().unwrap(), &mut |fields| {
            assert!(fields.len() <= 128, "{operation}");
            let folded: HashSet<String> = fields.iter().map(|(name, _)| fold(name)).collect();
            assert_eq!(folded.len(), fields.len(), "{operation}: {fields:?}");
            assert!(fields.iter().all(|(name, _)| name.is_ascii() && !name.is_empty()), "{operation}");
        });
    }
    assert!(Operation::ContainerList.schema().is_none());
}

#[test]
fn every_spelling_that_go_accepts_becomes_dockers_own() {
    let plain = r#"{"HostConfig":{"Privileged":true}}"#;
    let spellings = [
        r#"{"hostconfig":{"privileged":true}}"#,
        r#"{"HOSTCONFIG":{"PRIVILEGED":true}}"#,
        r#"{"HoſtConfig":{"Privileged":true}}"#,
        r#"{"Ho\u017FtConfig":{"Privileged":true}}"#,
        r#"{"Host\u0043onfig":{"\u0070rivileged":true}}"#,
    ];
    for text in spellings {
        assert_eq!(create(text), plain, "{text}");
    }
    let table = [
        (r#"{"hostConfig":{"bindſ":["/:/h"]}}"#, r#"{"HostConfig":{"Binds":["/:/h"]}}"#),
        ("{\"HostConfig\":{\"Networ\u{212A}Mode\":\"host\"}}", r#"{"HostConfig":{"NetworkMode":"host"}}"#),
        (r#"{"HostConfig":{"MaſkedPathſ":[]}}"#, r#"{"HostConfig":{"MaskedPaths":[]}}"#),
        (
            r#"{"HostConfig":{"mounts":[{"type":"bind","source":"/","volumeoptions":{"driverconfig":{"options":{"Type":"x","type":"y"}}}}]}}"#,
            r#"{"HostConfig":{"Mounts":[{"Type":"bind","Source":"/","VolumeOptions":{"DriverConfig":{"Options":{"Type":"x","type":"y"}}}}]}}"#,
        ),
        (r#"{"privileged":true,"binds":["/:/h"]}"#, r#"{"Privileged":true,"Binds":["/:/h"]}"#),
        (
            r#"{"networkingconfig":{"endpointsconfig":{"Net":{"aliases":["a"],"driveropts":{"A":"1","a":"2"}},"net":{}}}}"#,
            r#"{"NetworkingConfig":{"EndpointsConfig":{"Net":{"Aliases":["a"],"DriverOpts":{"A":"1","a":"2"}},"net":{}}}}"#,
        ),
        (
            r#"{"HostConfig":{"portbindings":{"80/TCP":[{"hostip":"","hostport":"1"}]}}}"#,
            r#"{"HostConfig":{"PortBindings":{"80/TCP":[{"HostIp":"","HostPort":"1"}]}}}"#,
        ),
        (
            r#"{"Whatever":{"privileged":1,"Privileged":2}}"#,
            r#"{"Whatever":{"privileged":1,"Privileged":2}}"#,
        ),
    ];
    for (text, expected) in table {
        assert_eq!(create(text), expected);
    }
    let service = r#"{"tasktemplate":{"containerspec":{"mounts":[{"source":"/"}],"privileges":{"seccomp":{"mode":"unconfined"}}},"pluginspec":{"Remote":"x","Privileges":[{"Name":"network"}]}}}"#;
    assert_eq!(
        canonical(Operation::ServiceCreate, service).unwrap(),
        r#"{"TaskTemplate":{"ContainerSpec":{"Mounts":[{"Source":"/"}],"Privileges":{"Seccomp":{"Mode":"unconfined"}}},"PluginSpec":{"remote":"x","privileges":[{"name":"network"}]}}}"#
    );
    let privileges = canonical(Operation::PluginPull, r#"[{"name":"mount","VALUE":["/"]}]"#);
    assert_eq!(privileges.unwrap(), r#"[{"Name":"mount","Value":["/"]}]"#);
}

#[test]
fn what_sdks_send_every_day_stays_as_it_is() {
    for text in [
        r#"{"Labels":{"Foo":"1","foo":"2"}}"#,
        r#"{"HostConfig":{"Privileged":false,"CapAdd":null,"Binds":null,"LogConfig":null,"Mounts":null}}"#,
        r#"{"Cmd":"sh","Entrypoint":["a","b"],"HostConfig":{"CapAdd":"SYS_ADMIN"}}"#,
        r#"{"ExposedPorts":{"80/tcp":{}},"Volumes":{"/Data":{},"/data":{}},"HostConfig":null}"#,
        r#"{"HostConfig":{"Mounts":[null]},"Healthcheck":{"Test":["NONE"]}}"#,
        "null",
        "{}",
    ] {
        assert_eq!(create(text), text);
    }
}

#[test]
fn two_keys_for_one_field_are_refused_by_name() {
    let table = [
        (r#"{"HostConfig":{},"hostconfig":{}}"#, "HostConfig", "hostconfig"),
        (r#"{"hostconfig":{},"HOSTCONFIG":null}"#, "hostconfig", "HOSTCONFIG"),
        (r#"{"HostConfig":{"Mounts":[],"mount\u017f":[]}}"#, "Mounts", "mountſ"),
        (r#"{"HostConfig":{"Binds":["/:/h"],"binds":null}}"#, "Binds", "binds"),
        (r#"{"HostConfig":{"Mounts":[{"source":"/","Source":"/x"}]}}"#, "source", "Source"),
        (r#"{"Tomorrow":1,"tomorrow":2}"#, "Tomorrow", "tomorrow"),
        (r#"{"Tasks":1,"TaſKs":2}"#, "Tasks", "TaſKs"),
    ];
    for (text, first, second) in table {
        let expected = JsonError::SameField(first.to_owned(), second.to_owned());
        assert_eq!(canonical(Operation::ContainerCreate, text), Err(expected), "{text}");
    }
    let message = canonical(Operation::ContainerCreate, r#"{"hostconfig":{},"HOSTCONFIG":{}}"#)
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "the keys `hostconfig` and `HOSTCONFIG` stand in one JSON object, and dockerd reads both as one"
    );
}

#[test]
fn what_go_cannot_decode_is_refused_with_its_place() {
    let table = [
        (Operation::ContainerCreate, "[]", "`the body` holds an array, where dockerd reads an object"),
        (Operation::ContainerCreate, "\"x\"", "`the body` holds a string, where dockerd reads an object"),
        (Operation::PluginPull, "{}", "`the body` holds an object, where dockerd reads an array"),
        (
            Operation::ContainerCreate,
            r#"{"HostConfig":[]}"#,
            "`HostConfig` holds an array, where dockerd reads an object",
        ),
        (
            Operation::ContainerCreate,
            r#"{"hostconfig":{"mounts":[{},{"bindoptions":true}]}}"#,
            "`HostConfig.Mounts[1].BindOptions` holds a boolean, where dockerd reads an object",
        ),
        (
            Operation::ContainerCreate,
            r#"{"Labels":[]}"#,
            "`Labels` holds an array, where dockerd reads an object",
        ),
        (
            Operation::ContainerCreate,
            r#"{"NetworkingConfig":{"EndpointsConfig":{"a":7}}}"#,
            "`NetworkingConfig.EndpointsConfig.a` holds a number, where dockerd reads an object",
        ),
        (
            Operation::ContainerCreate,
            r#"{"HostConfig":{"Binds":"/:/h"}}"#,
            "`HostConfig.Binds` holds a string, where dockerd reads an array",
        ),
    ];
    for (operation, text, message) in table {
        assert_eq!(canonical(operation, text).unwrap_err().to_string(), message);
    }
}
