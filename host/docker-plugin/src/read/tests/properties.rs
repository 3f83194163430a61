//! What must hold for all inputs.

use proptest::prelude::*;

use super::*;

const BODY: &str = r#"{"Image":"bb:1","User":"1000","Labels":{"a":"1"},"HostConfig":{"Privileged":true,"Binds":["/etc:/x:ro"],"NetworkMode":"host","CapAdd":["SYS_ADMIN"]}}"#;

/// One of the spellings that Go takes for the same key.
fn respelled(key: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().cycle();
    let mut respell = |letter: char| match (choices.next().copied().unwrap_or_default() % 5, letter) {
        (1, letter) => letter.to_ascii_lowercase().to_string(),
        (2, letter) => letter.to_ascii_uppercase().to_string(),
        (3, letter) => format!("\\u{:04x}", u32::from(letter)),
        (4, 's' | 'S') => "\u{17f}".to_owned(),
        (4, 'k' | 'K') => "\u{212a}".to_owned(),
        (_, letter) => letter.to_string(),
    };
    key.chars().map(&mut respell).collect()
}

/// An object of such members as are read, lifted or hidden, in Docker's spelling and in another.
fn document() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Any;
    let keys = [
        "HostConfig",
        "Memory",
        "memory",
        "Privileged",
        "privileged",
        "Binds",
        "CpusetCpus",
        "Image",
        "JoinToken",
        "UnlockKey",
        "Data",
        "data",
        "Spec",
        "CAConfig",
        "SigningCAKey",
        "Driver",
        "Unknown",
    ];
    let leaf = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::from),
        any::<u8>().prop_map(Any::from),
        "[a-z\"]{0,3}".prop_map(Any::from),
        prop::collection::vec("/[a-z]:/[a-z]", 0..2).prop_map(Any::from),
    ];
    let members = move |value: BoxedStrategy<Any>| {
        prop::collection::vec((prop::sample::select(keys.to_vec()), value), 0..4).prop_map(|members| {
            Any::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        })
    };
    members(leaf.prop_recursive(2, 8, 4, move |inner| members(inner.boxed())).boxed())
}

proptest! {
    #[test]
    fn a_respelled_body_reads_as_the_plain_one(choices in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut body = BODY.to_owned();
        for key in ["HostConfig", "Privileged", "Binds", "NetworkMode", "CapAdd", "Image", "User", "Labels"] {
            body = body.replace(&format!("\"{key}\""), &format!("\"{}\"", respelled(key, &choices)));
        }
        let plain = create(BODY).unwrap();
        // Content-Length tells the spelling.
        let read = Request { headers: plain.headers.clone(), ..create(&body).unwrap() };
        prop_assert_eq!(read, plain);
    }

    #[test]
    fn a_canonical_body_stays_as_it_is(
        name in "[A-Za-z]{1,12}",
        value in prop_oneof![Just("null"), Just("0"), Just("\"x\""), Just("[]"), Just("{\"A\":1}"), Just("true")],
        inner in any::<bool>(),
    ) {
        let body = if inner { format!("{{\"HostConfig\":{{\"{name}\":{value}}}}}") } else { format!("{{\"{name}\":{value}}}") };
        if let Ok(first) = create(&body) {
            let Body::Json(text) = &first.body else { panic!("{:?}", first.body) };
            let second = create(text).unwrap();
            prop_assert_eq!((&second.body, &second.workload), (&first.body, &first.workload));
        }
    }

    // A body without white space may be passed on as it stands, one with it is always written anew: what is lifted,
    // respelled and hidden must be so in both.
    #[test]
    fn white_space_says_nothing(
        uri in prop::sample::select(vec![
            "/containers/create", "/containers/a/update", "/volumes/create", "/swarm/init", "/swarm/join",
            "/swarm/unlock", "/secrets/create", "/unknown",
        ]),
        document in document(),
    ) {
        let body = |text: String| {
            let headers = [("Content-Type", "application/json")];
            read(&message("POST", uri, &headers, Some(text.as_bytes()))).map(|request| {
                (request.body, request.workload, request.volume, request.anomalies)
            }).map_err(|refusal| refusal.rule)
        };
        prop_assert_eq!(body(document.to_string()), body(format!("{document:#}\n")));
    }

    #[test]
    fn a_key_twice_is_always_refused(choices in prop::collection::vec(any::<u8>(), 1..20), first in any::<bool>()) {
        let other = respelled("Privileged", &choices);
        let (one, two) = if first { ("Privileged", other.as_str()) } else { (other.as_str(), "Privileged") };
        let body = format!("{{\"HostConfig\":{{\"{one}\":false,\"Memory\":1,\"{two}\":true}}}}");
        prop_assert_eq!(refused(create(&body)), rule::AMBIGUOUS_BODY);
    }

    #[test]
    fn nothing_makes_it_panic(
        method in "[A-Za-z]{0,7}",
        uri in "(/v1\\.41)?/(containers|images|volumes|services|swarm|build)/?[a-z%/.?=&{}\"-]{0,30}",
        odd in any::<String>(),
        header in (any::<String>(), any::<String>()),
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let headers = [(header.0.as_str(), header.1.as_str())];
        for uri in [uri.as_str(), odd.as_str()] {
            let mut message = message(&method, uri, &headers, Some(&body));
            message.response_body = Some(body.clone());
            let _ = response(&message, Context::default(), "here", &BTreeSet::new());
        }
        let _ = create(&odd);
    }

    #[test]
    fn no_host_configuration_makes_it_panic(
        key in prop::sample::select(vec![
            "Binds", "Mounts", "VolumesFrom", "Tmpfs", "Devices", "DeviceRequests", "PortBindings", "SecurityOpt",
            "CapAdd", "NetworkMode", "LogConfig", "RestartPolicy", "Memory", "MaskedPaths", "Sysctls",
        ]),
        text in any::<String>(),
        shape in 0..5,
    ) {
        let text = serde_json::Value::from(text);
        let value = match shape {
            0 => text.to_string(),
            1 => format!("[{text}]"),
            2 => format!("{{{text}:{text}}}"),
            3 => format!("[{{\"Type\":\"volume\",\"Source\":{text},\"VolumeOptions\":{{\"DriverConfig\":{{\"Options\":{{\"o\":{text},\"device\":{text}}}}}}}}}]"),
            _ => format!("{{{text}:[{{}}]}}"),
        };
        let _ = create(&format!("{{\"HostConfig\":{{\"{key}\":{value}}}}}"));
    }
}
