//! Random requests, each spelled in a way in which two readers could read it differently: paths, queries, JSON, headers and
//! framing. What dockerd then did is looked at. docker-baseline refuses all that is harmful, so that nothing harmful may be
//! there; and plain requests that are not are carried out.
//!
//! `PORTCULLIS_STEPS` and `PORTCULLIS_SEED` give other numbers of requests and other requests.

mod step;

use super::{PROGRAM, config};
use portcullis_testing::{Dockerd, Plugin, Portcullis, http, need_dockerd};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

use step::Trick as T;
use step::{Act, Random, Step, Trick};

/// After as many faults the rest says nothing new.
const ENOUGH: usize = 5;
/// Executed requests of each class, in 2,500 requests.
const LEAST: usize = 20;

/// What is never carried out, by whom: the rules of the host refuse it, or dockerd has no such page or does not read it.
const REFUSED: [(Trick, &str); 19] = [
    (T::DotSegments, "redirected by dockerd"),
    (T::DoubleSlash, "redirected by dockerd"),
    (T::TrailingSlash, "no page of dockerd's"),
    (T::LowerMethod, "no page of dockerd's"),
    (T::Semicolon, "host:ambiguous-query"),
    (T::KeyTwice, "host:ambiguous-body"),
    (T::KeyInTwoCases, "host:ambiguous-body"),
    (T::NullBehind, "host:ambiguous-body"),
    (T::SecondValue, "host:ambiguous-body"),
    (T::InvalidUtf8, "host:ambiguous-body"),
    (T::ByteOrderMark, "host:ambiguous-body"),
    (T::DeepValue, "host:ambiguous-body"),
    (T::OtherTypeBefore, "host:body-not-shown"),
    (T::OtherType, "host:body-not-shown"),
    (T::NoType, "host:body-not-shown"),
    (T::Large, "host:body-not-shown"),
    (T::LargeAndChunked, "host:body-not-shown"),
    (T::HiddenForm, "host:form-body, host:body-not-shown"),
    (T::HiddenFormChunked, "host:form-body, host:body-not-shown"),
];

/// A guarded daemon, with a container that runs and one that does not, by their ids.
struct Place {
    dockerd: Dockerd,
    socket: PathBuf,
    running: String,
    stopped: String,
    _portcullis: Portcullis,
}

impl Place {
    fn start() -> Option<Self> {
        let needed = need_dockerd()?;
        let plugin = Plugin::socket();
        let portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), ""));
        let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
        dockerd.import_busybox("bb:1");
        let ok = |arguments: &[&str]| dockerd.docker(arguments).ok().trim().to_owned();
        let running = ok(&["run", "-d", "--network", "none", "bb:1", "sleep", "100000"]);
        let stopped = ok(&["create", "--network", "none", "bb:1", "true"]);
        let socket = dockerd.socket();
        Some(Self { dockerd, socket, running, stopped, _portcullis: portcullis })
    }

    fn get(&self, path: &str) -> Value {
        let (_, text) = http::get_unix(&self.socket, path).unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn delete(&self, path: &str) {
        let request = format!("DELETE {path} HTTP/1.0\r\nHost: d\r\n\r\n");
        http::send_unix(&self.socket, request.as_bytes()).unwrap();
    }

    /// Whether what was done is harmful. What was made is removed again.
    fn did_harm(&self, step: &Step, answer: &str) -> bool {
        let (name, evil) = (step.name(), format!("evil{}", step.number));
        match step.act {
            Act::Create => {
                let found = self.get(&format!("/containers/{name}/json"));
                let host = &found["HostConfig"];
                let text = host.to_string();
                self.delete(&format!("/containers/{name}?force=1"));
                host["Privileged"] == true
                    || host["PidMode"] == "host"
                    || !host["Devices"].as_array().is_none_or(Vec::is_empty)
                    || ["/etc", "SYS_ADMIN", "sys_admin"].iter().any(|part| text.contains(part))
            }
            Act::Volume => {
                let found = self.get(&format!("/volumes/{name}"));
                self.delete(&format!("/volumes/{name}"));
                found["Options"].to_string().contains("/etc")
            }
            Act::Exec => {
                let made: Value = serde_json::from_str(answer).unwrap_or_default();
                let found = self.get(&format!("/exec/{}/json", made["Id"].as_str().unwrap_or_default()));
                found["ProcessConfig"]["privileged"] == true
            }
            Act::Tag => {
                let found = self.get(&format!("/images/{evil}:latest/json"));
                self.delete(&format!("/images/{name}:latest"));
                found["Id"].is_string()
            }
            Act::Rename => {
                let found = self.get(&format!("/containers/{}/json", self.stopped));
                found["Name"] == format!("/{evil}")
            }
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn random_steps_of_clients_are_read_as_dockerd_reads_them() {
    let Some(place) = Place::start() else { return };
    let (seed, steps) = (number("PORTCULLIS_SEED", 14), number("PORTCULLIS_STEPS", 2500));
    let steps = usize::try_from(steps).unwrap();
    let mut random = Random(seed);
    let mut wrong = Vec::new();
    // Tried and carried out.
    let mut counts = BTreeMap::<Trick, (usize, usize)>::new();
    let mut number = 0;
    while number < steps && wrong.len() < ENOUGH {
        let step = Step::random(&mut random, number);
        number += 1;
        let request = step.write(&place, &mut random);
        let (status, answer) = http::send_unix(&place.socket, &request).unwrap();
        let is_done = (200..300).contains(&status);
        let shown = || {
            let text = String::from_utf8_lossy(&request);
            format!("{step:?}\n{:.700}\n{status} {answer:.300}", text)
        };
        // Also where it failed: dockerd may have done half of it.
        if place.did_harm(&step, &answer) {
            wrong.push(format!("harmful: {}", shown()));
        }
        let is_plain = step.has(T::Plain) && !step.harmful;
        if is_plain && !is_done {
            wrong.push(format!("plain, and not carried out: {}", shown()));
        }
        for trick in &step.tricks {
            let count = counts.entry(*trick).or_default();
            count.0 += 1;
            count.1 += usize::from(is_done);
        }
    }
    println!("seed {seed}: {number} requests; tried and carried out: {counts:?}");
    assert!(wrong.is_empty(), "seed {seed}: {} of {number}:\n{}", wrong.len(), wrong.join("\n\n"));
    for (trick, (tried, done)) in counts {
        let is_refused = REFUSED.iter().any(|(refused, _)| *refused == trick);
        assert!(!is_refused || done == 0, "seed {seed}: {trick:?} was carried out {done} times of {tried}");
        assert!(
            is_refused || done >= LEAST || steps < 2500,
            "seed {seed}: {trick:?} was carried out {done} times of {tried}"
        );
    }
    place.dockerd.docker(&["ps", "-a"]).ok();
}
