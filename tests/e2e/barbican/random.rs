//! Random steps, each taken on the real Barbican and on a host of ours beside it: entities, ACLs, consumers, metadata, what
//! containers hold, and orders. What both answer must be the same, but for what `docs/barbican.md` names.
//!
//! `PORTCULLIS_STEPS` and `PORTCULLIS_SEED` give other numbers of steps and other steps.

use super::host::Host;
use super::normal::marked;
use portcullis_testing::openstack::client::Answer;
use portcullis_testing::{Barbican, KeyManager, Openstack, Regime};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// Barbican's rules of `enforce_new_defaults` know these apart.
const ACTORS: [&str; 5] = ["owner_a", "member_a", "admin_a", "reader_a", "member_b"];
/// After as many differences the rest says nothing new.
const ENOUGH: usize = 5;

/// The numbers of SplitMix64: the same ones for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Something that was made in both.
struct Entity {
    /// As in paths, e.g. `secrets`.
    kind: &'static str,
    /// Its payload is random, so that only the status of a read says anything.
    is_random: bool,
    /// Its consumers, as they were registered.
    consumers: Vec<Value>,
}

/// A request; `{N}` stands for the id of the entity of that number, `{base}` for the server.
struct Step {
    actor: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Option<Value>,
}

impl Step {
    fn new(actor: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        Self { actor, method, path: path.into(), headers: Vec::new(), body: None }
    }

    fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

struct Side<'a> {
    key_manager: &'a KeyManager,
    ids: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Side<'_> {
    fn base(&self) -> String {
        format!("http://{}", self.key_manager.client.address())
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let named = after.split_once('}').and_then(|(name, rest)| {
                let id = name.parse::<usize>().ok().and_then(|number| self.ids.get(number));
                let value = if name == "base" { Some(self.base()) } else { id.cloned() };
                Some((value?, rest))
            });
            match named {
                Some((value, after)) => {
                    filled.push_str(&value);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled + rest
    }

    fn take(&self, openstack: &Openstack, step: &Step) -> Answer {
        let mut call = self.key_manager.client.call(step.method, &self.fill(&step.path));
        call = call.token(&openstack.keystone.token(step.actor));
        for (name, value) in &step.headers {
            call = call.header(name, *value);
        }
        if let Some(body) = &step.body {
            call = call.header("Content-Type", "application/json").body(self.fill(&body.to_string()));
        }
        call.send()
    }

    fn made(&mut self, id: &str) {
        self.numbers.insert(id.to_owned(), self.ids.len());
        self.ids.push(id.to_owned());
    }

    /// The answer with `{N}` for ids, and without what is different each time.
    fn normal(&self, answer: &Answer, with_body: bool) -> String {
        let mut text = format!("{}", answer.status);
        for name in ["Content-Type", "Allow", "Location"] {
            let value = answer.header(name).unwrap_or("-");
            let _ = write!(text, "\n{name}: {}", marked(&self.named(value)));
        }
        let body = answer.text();
        let cut = body.find("user/project privileges").map_or(&*body, |at| &body[..at]);
        let named = marked(&self.named(cut));
        let body = serde_json::from_str::<Value>(&named).map_or(named, |mut value| {
            sort(&mut value);
            value.to_string()
        });
        if with_body { text + "\n" + &body } else { text }
    }

    fn named(&self, text: &str) -> String {
        let mut named = String::new();
        let mut rest = text;
        while let Some(at) = rest.char_indices().map(|(at, _)| at).find(|at| self.id_at(rest, *at).is_some())
        {
            let number = self.id_at(rest, at).unwrap();
            let _ = write!(named, "{}{{{number}}}", &rest[..at]);
            rest = &rest[at + 36..];
        }
        named + rest
    }

    fn id_at(&self, text: &str, at: usize) -> Option<usize> {
        self.numbers.get(text.get(at..at + 36)?).copied()
    }
}

/// Users of an ACL, and what a container holds, come in any order.
fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort),
        Value::Object(members) => {
            for (name, value) in members {
                sort(value);
                if let Some(items) =
                    value.as_array_mut().filter(|_| ["users", "secret_refs"].contains(&&**name))
                {
                    items.sort_by_key(ToString::to_string);
                }
            }
        }
        _ => {}
    }
}

/// What both have, and the steps to come.
struct World {
    random: Random,
    entities: Vec<Entity>,
    names: usize,
}

impl World {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names % 7)
    }

    fn some(&mut self, kind: &str) -> Option<usize> {
        let of_kind: Vec<_> = (0..self.entities.len()).filter(|at| self.entities[*at].kind == kind).collect();
        // The youngest have most to tell.
        let last = of_kind.len().checked_sub(1)?;
        let back = self.random.below(of_kind.len().min(8));
        Some(of_kind[last - back])
    }

    fn actor(&mut self) -> &'static str {
        if self.random.once_in(3) { self.random.one(&ACTORS) } else { "owner_a" }
    }

    fn step(&mut self) -> Step {
        let actor = self.actor();
        match self.random.below(20) {
            0 | 1 => self.create_secret(actor),
            2 => self.create_container(actor),
            3 => self.create_order(actor),
            4 => self.list(actor),
            5 | 6 => self.of_order(actor),
            7..=10 => self.of_container(actor),
            _ => self.of_secret(actor),
        }
    }

    fn create_secret(&mut self, actor: &'static str) -> Step {
        let mut secret =
            json!({ "name": self.name(), "algorithm": "aes", "bit_length": 8 * self.random.below(40) });
        if !self.random.once_in(4) {
            secret["payload"] = json!("hello");
            secret["payload_content_type"] =
                json!(self.random.one(&["text/plain", "text/plain; charset=utf-8", "x"]));
        }
        if self.random.once_in(4) {
            secret["expiration"] =
                json!(self.random.one(&["2095-01-02T03:04:05", "2095-01-02", "2001-01-01", "x"]));
        }
        Step::new(actor, "POST", "/v1/secrets").body(secret)
    }

    fn create_container(&mut self, actor: &'static str) -> Step {
        let held: Vec<_> =
            (0..self.random.below(4)).filter_map(|at| Some((at, self.some("secrets")?))).collect();
        let references: Vec<_> = held
            .iter()
            .map(|(at, secret)| json!({ "name": format!("k{at}"), "secret_ref": reference(*secret) }))
            .collect();
        let kind = self.random.one(&["generic", "generic", "generic", "certificate", "nothing"]);
        Step::new(actor, "POST", "/v1/containers")
            .body(json!({ "name": self.name(), "type": kind, "secret_refs": references }))
    }

    fn create_order(&mut self, actor: &'static str) -> Step {
        if self.random.once_in(12) {
            let bits = 1024 * (1 + self.random.below(3));
            let meta = json!({ "name": self.name(), "algorithm": "rsa", "bit_length": bits });
            return Step::new(actor, "POST", "/v1/orders")
                .body(json!({ "type": "asymmetric", "meta": meta }));
        }
        let bits = [64, 128, 192, 256, 384, 512, 7][self.random.below(7)];
        let mut meta = json!({
            "name": self.name(),
            "algorithm": self.random.one(&["aes", "AES", "hmacsha256", "des", "desede", "ec", "x", ""]),
            "bit_length": bits,
        });
        if self.random.once_in(2) {
            meta["mode"] = json!(self.random.one(&["cbc", "xts", "XTS"]));
        }
        if self.random.once_in(4) {
            meta["expiration"] = json!(self.random.one(&["2095-01-02T03:04:05", "2001-01-01"]));
        }
        let kind = self.random.one(&["key", "key", "key", "key", "certificate"]);
        Step::new(actor, "POST", "/v1/orders").body(json!({ "type": kind, "meta": meta }))
    }

    fn list(&mut self, actor: &'static str) -> Step {
        let kind = self.random.one(&["secrets", "containers", "orders"]);
        let mut path =
            format!("/v1/{kind}?limit={}&offset={}", 1 + self.random.below(8), self.random.below(12));
        match (kind, self.random.below(3)) {
            ("orders", 0) => path += "&meta=n1",
            ("secrets", 0) => path += "&sort=created:desc",
            ("orders", _) | (_, 1) => {}
            _ => path += "&name=n2",
        }
        Step::new(actor, "GET", path)
    }

    fn of_order(&mut self, actor: &'static str) -> Step {
        let Some(order) = self.some("orders") else { return self.create_order(actor) };
        let path = format!("/v1/orders/{{{order}}}");
        let method = self.random.one(&["GET", "GET", "GET", "DELETE", "PATCH"]);
        Step::new(actor, method, path)
    }

    fn acl(&mut self, actor: &'static str, path: &str) -> Step {
        let path = format!("{path}/acl");
        let method = self.random.one(&["GET", "PUT", "PATCH", "DELETE"]);
        let step = Step::new(actor, method, path);
        if method == "GET" || method == "DELETE" {
            return step;
        }
        let mut read = json!({});
        if !self.random.once_in(3) {
            read["project-access"] = json!(self.random.once_in(2));
        }
        if !self.random.once_in(3) {
            read["users"] =
                json!((0..self.random.below(4)).map(|user| format!("u{user}")).collect::<Vec<_>>());
        }
        step.body(json!({ "read": read }))
    }

    /// Each is registered once: one that comes back has its old times in Barbican.
    fn consumers(&mut self, actor: &'static str, path: &str, entity: usize) -> Step {
        let path = format!("{path}/consumers");
        match self.random.below(4) {
            0 => Step::new(actor, "GET", format!("{path}?limit=3&offset={}", self.random.below(3))),
            1 | 2 => {
                self.names += 1;
                let id = format!("r{}", self.names);
                let consumer = if self.entities[entity].kind == "secrets" {
                    json!({ "service": "lb", "resource_type": "t", "resource_id": id })
                } else {
                    json!({ "name": id, "URL": "http://lb/1" })
                };
                self.entities[entity].consumers.push(consumer.clone());
                Step::new(actor, "POST", path).body(consumer)
            }
            _ => {
                let known = &mut self.entities[entity].consumers;
                let consumer = if known.is_empty() { json!({ "name": "x" }) } else { known.remove(0) };
                Step::new(actor, "DELETE", path).body(consumer)
            }
        }
    }

    fn of_container(&mut self, actor: &'static str) -> Step {
        let Some(container) = self.some("containers") else { return self.create_container(actor) };
        let path = format!("/v1/containers/{{{container}}}");
        match self.random.below(10) {
            0..=2 => Step::new(actor, "GET", path),
            3 => Step::new(actor, "DELETE", path),
            4 | 5 => self.acl(actor, &path),
            6 | 7 => self.consumers(actor, &path, container),
            _ => {
                let Some(secret) = self.some("secrets") else { return self.create_secret(actor) };
                let method = self.random.one(&["POST", "POST", "DELETE"]);
                let name = self.random.one(&["k0", "k1", "added"]);
                let body = json!({ "name": name, "secret_ref": reference(secret) });
                Step::new(actor, method, format!("{path}/secrets")).body(body)
            }
        }
    }

    fn of_secret(&mut self, actor: &'static str) -> Step {
        let Some(secret) = self.some("secrets") else { return self.create_secret(actor) };
        let path = format!("/v1/secrets/{{{secret}}}");
        match self.random.below(16) {
            0..=2 => Step::new(actor, "GET", path),
            3 => Step::new(actor, "GET", path).header("OpenStack-API-Version", "key-manager 1.1"),
            4 => {
                // Whether random bytes are text is chance.
                let is_random = self.entities[secret].is_random;
                let accept = if is_random { "application/octet-stream" } else { "text/plain" };
                Step::new(actor, "GET", format!("{path}/payload")).header("Accept", accept)
            }
            5 => Step::new(actor, "DELETE", path).header("OpenStack-API-Version", "key-manager 1.2"),
            6..=8 => self.acl(actor, &path),
            9..=11 => self.consumers(actor, &path, secret),
            _ => self.metadata(actor, &path),
        }
    }

    fn metadata(&mut self, actor: &'static str, path: &str) -> Step {
        let key = self.random.one(&["a", "b", "c"]);
        let pair = json!({ "key": key, "value": self.name() });
        let (path, one) = (format!("{path}/metadata"), format!("{path}/metadata/{key}"));
        match self.random.below(7) {
            0 => Step::new(actor, "GET", path),
            1 => Step::new(actor, "GET", one),
            2 => Step::new(actor, "DELETE", one),
            3 => Step::new(actor, "PUT", one).body(pair),
            4 => Step::new(actor, "PUT", path).body(json!({ "metadata": { "a": self.name(), "b": "x" } })),
            _ => Step::new(actor, "POST", path).body(pair),
        }
    }
}

fn reference(secret: usize) -> String {
    format!("{{base}}/v1/secrets/{{{secret}}}")
}

/// The ids behind a reference in an answer of each side.
fn made(answers: &[Answer; 2], field: &str) -> Option<[String; 2]> {
    let id = |answer: &Answer| {
        let value: Value = serde_json::from_slice(&answer.body).ok()?;
        Some(value[field].as_str()?.rsplit('/').next()?.to_owned())
    };
    Some([id(&answers[0])?, id(&answers[1])?])
}

/// What steps of 1,000 must have done at least once, or they say little.
const DONE: [&str; 18] = [
    "POST secrets",
    "POST containers",
    "POST orders",
    "GET orders",
    "DELETE orders",
    "DELETE secrets",
    "DELETE containers",
    "PUT acl",
    "PATCH acl",
    "DELETE acl",
    "GET consumers",
    "POST consumers",
    "DELETE consumers",
    "GET metadata",
    "PUT metadata",
    "POST metadata",
    "DELETE metadata",
    "POST containers/secrets",
];

/// What a step does, e.g. `POST consumers`.
fn act(step: &Step) -> String {
    let parts: Vec<_> = step.path.split(['/', '?']).collect();
    let what = match (parts[2], parts.get(4)) {
        ("containers", Some(&"secrets")) => "containers/secrets",
        (_, Some(part)) if parts[3].starts_with('{') => part,
        (kind, _) => kind,
    };
    format!("{} {what}", step.method)
}

/// Takes the steps; what is answered otherwise, and what was done with success.
fn take(
    openstack: &Openstack,
    sides: [&KeyManager; 2],
    seed: u64,
    steps: usize,
) -> (Vec<String>, BTreeMap<String, usize>) {
    let mut sides = sides.map(|key_manager| Side { key_manager, ids: Vec::new(), numbers: HashMap::new() });
    let mut world = World { random: Random(seed), entities: Vec::new(), names: 0 };
    let (mut wrong, mut done) = (Vec::new(), BTreeMap::new());
    for number in 0..steps {
        let step = world.step();
        let answers = [sides[0].take(openstack, &step), sides[1].take(openstack, &step)];
        if answers[0].status < 300 {
            *done.entry(act(&step)).or_insert(0) += 1;
        }
        for (field, kind) in
            [("secret_ref", "secrets"), ("container_ref", "containers"), ("order_ref", "orders")]
        {
            let Some(ids) = made(&answers, field) else { continue };
            if sides[0].numbers.contains_key(&ids[0]) {
                continue;
            }
            let is_random = step.method == "GET";
            world.entities.push(Entity { kind, is_random, consumers: Vec::new() });
            sides.iter_mut().zip(&ids).for_each(|(side, id)| side.made(id));
        }
        let of_random = || {
            let number = step.path.split(['{', '}']).nth(1)?.parse::<usize>().ok()?;
            Some(world.entities[number].is_random)
        };
        let with_body = !(step.path.ends_with("/payload") && of_random() == Some(true));
        let normal = [0, 1].map(|side| sides[side].normal(&answers[side], with_body));
        if normal[0] != normal[1] {
            let body = step.body.as_ref().map(ToString::to_string).unwrap_or_default();
            let what = format!("{number}: {} {} {} {body}", step.actor, step.method, step.path);
            wrong.push(format!("{what}\nBarbican: {:.900}\nhere: {:.900}", normal[0], normal[1]));
        }
        if wrong.len() == ENOUGH {
            break;
        }
    }
    (wrong, done)
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn random_steps_are_answered_as_by_the_real_barbican() {
    let Some(openstack) = Openstack::needed() else { return };
    let real = Barbican::start(&openstack.tools, openstack.keystone, Regime::Default, "");
    let host = Host::start(&openstack);
    let (seed, steps) = (number("PORTCULLIS_SEED", 18), number("PORTCULLIS_STEPS", 1000));
    let steps = usize::try_from(steps).unwrap();
    let (wrong, done) = take(&openstack, [&real.key_manager, &host.key_manager], seed, steps);
    assert!(wrong.is_empty(), "seed {seed}: {} of {steps} differ:\n{}", wrong.len(), wrong.join("\n\n"));
    for act in DONE {
        assert!(steps < 1000 || done.contains_key(act), "seed {seed}: no {act} among {done:?}");
    }
    println!("seed {seed}: {steps} steps, no difference, {done:?}");
}
