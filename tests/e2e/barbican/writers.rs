//! Many who write at once, and a host that dies while they do: what was acknowledged is there, and nothing is there
//! by halves.

use super::host::Host;
use portcullis_testing::{KeyManager, Openstack, Postgres};
use serde_json::{Value, json};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const WRITERS: usize = 4;

/// How often it is killed: `PORTCULLIS_KILLS`, for a soak.
fn kills() -> usize {
    std::env::var("PORTCULLIS_KILLS").map_or(10, |kills| kills.parse().unwrap())
}

/// Somewhere below the limit.
fn below(limit: u64) -> u64 {
    RandomState::new().hash_one(0) % limit
}

/// The ACL of one writer's `number`th write. No two are alike in any part.
fn acl(writer: usize, number: u64) -> Value {
    let users: Vec<_> = (0..=number % 5).map(|user| format!("{writer}-{number}-{user}")).collect();
    json!({ "project-access": number.is_multiple_of(2), "users": users })
}

/// The same as [`KeyManager::acl`] gives it.
fn simple(acl: &Value) -> Value {
    json!([acl["project-access"], acl["users"]])
}

/// 16 first PATCHes of one secret at once; gives the statuses and whether one of the bodies is stored whole.
fn first_patches(key_manager: &KeyManager, token: &str) -> (Vec<u16>, bool) {
    let secret = key_manager.secret(token);
    let path = format!("/v1/secrets/{secret}/acl");
    let start = Barrier::new(16);
    let statuses = std::thread::scope(|scope| {
        let patch = |writer: usize| {
            let call = key_manager.client.call("PATCH", &path).token(token);
            let call = call.json(&json!({ "read": acl(writer, 4 + writer as u64 % 2) }));
            start.wait();
            call.send().status
        };
        let threads: Vec<_> = (0..16).map(|writer| scope.spawn(move || patch(writer))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let stored = key_manager.acl(token, &secret);
    (statuses, (0..16).any(|writer| simple(&acl(writer, 4 + writer as u64 % 2)) == stored))
}

#[test]
fn sixteen_first_patches_at_once_all_succeed_and_one_is_stored_whole() {
    let Some(openstack) = Openstack::needed() else { return };
    let token = openstack.keystone.token("owner_a");
    let postgres = Postgres::shared();
    let stores =
        postgres.iter().map(|postgres| postgres.database()).chain(["sqlite:portcullis.db".to_owned()]);
    for store in stores {
        let host = Host::with_store(&openstack, &store);
        for _ in 0..5 {
            assert_eq!(first_patches(&host.key_manager, &token), (vec![200; 16], true), "{store}");
        }
    }
}

/// One who writes to a secret of their own, and knows what was acknowledged.
struct Writer {
    number: usize,
    secret: String,
    acknowledged: u64,
}

impl Writer {
    /// Writes until told to stop or until there is no answer. Anything but 200 and `also` is wrong.
    fn write(&mut self, host: &KeyManager, token: &str, stop: &AtomicBool, done: &Sender<u16>, also: &[u16]) {
        let path = format!("/v1/secrets/{}/acl", self.secret);
        while !stop.load(Ordering::Relaxed) {
            let next = self.acknowledged + 1;
            let method = if next.is_multiple_of(3) { "PATCH" } else { "PUT" };
            let call = host.client.call(method, &path).token(token);
            let Ok(answer) = call.json(&json!({ "read": acl(self.number, next) })).try_send() else { return };
            match answer.status {
                200 => self.acknowledged = next,
                status => assert!(also.contains(&status), "{status}: {}", answer.text()),
            }
            if done.send(answer.status).is_err() {
                return;
            }
        }
    }

    /// What is stored is the last that was acknowledged, or the one after it.
    #[track_caller]
    fn check(&mut self, host: &KeyManager, token: &str) {
        let stored = host.acl(token, &self.secret);
        if stored == simple(&acl(self.number, self.acknowledged + 1)) {
            self.acknowledged += 1;
        }
        assert_eq!(stored, simple(&acl(self.number, self.acknowledged)), "writer {}", self.number);
    }
}

fn writers(key_manager: &KeyManager, token: &str) -> Vec<Writer> {
    let writer = |number| {
        let secret = key_manager.secret(token);
        key_manager.set_acl(token, "PUT", &secret, &acl(number, 0));
        Writer { number, secret, acknowledged: 0 }
    };
    (0..WRITERS).map(writer).collect()
}

#[test]
fn killed_while_it_writes_it_loses_nothing_that_it_acknowledged() {
    let Some(openstack) = Openstack::needed() else { return };
    let mut host = Host::start(&openstack);
    let token = openstack.keystone.token("owner_a");
    let mut writers = writers(&host.key_manager, &token);
    let mut written = 0;
    for _ in 0..kills() {
        let (done, answers) = channel();
        let (stop, key_manager) = (AtomicBool::new(false), host.key_manager.clone());
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let (done, stop, key_manager, token) = (done.clone(), &stop, &key_manager, &token);
                scope.spawn(move || writer.write(key_manager, token, stop, &done, &[]));
            }
            drop(done);
            // As many answers, and then the next ones are on their way.
            for _ in 0..10 + below(50) {
                answers.recv().unwrap();
            }
            host.portcullis.kill();
            stop.store(true, Ordering::Relaxed);
        });
        host.portcullis.restart();
        for writer in &mut writers {
            writer.check(&host.key_manager, &token);
            let path = format!("/v1/secrets/{}/payload", writer.secret);
            let payload = host.key_manager.client.get(&path).token(&token).header("Accept", "text/plain");
            assert_eq!(payload.send().expect(200).text(), "hello");
        }
        written = writers.iter().map(|writer| writer.acknowledged).sum();
    }
    println!("killed {} times, {written} acknowledged writes, none lost", kills());
}

/// One who has things made, and knows what was acknowledged.
#[derive(Default)]
struct Maker {
    secret: String,
    container: String,
    /// The project whose quotas it sets.
    project: String,
    orders: Vec<String>,
    consumers: usize,
    metadata: usize,
    contents: usize,
    quota: usize,
}

/// What a maker makes, in turns.
const KINDS: usize = 5;

impl Maker {
    fn make(&mut self, host: &KeyManager, tokens: [&str; 2], stop: &AtomicBool, done: &Sender<()>) {
        let secret = format!("/v1/secrets/{}", self.secret);
        let [own, admin] = tokens;
        for number in 0_usize.. {
            let (method, token) = if number % KINDS == 4 { ("PUT", admin) } else { ("POST", own) };
            let (path, body) = match number % KINDS {
                0 => {
                    let meta = json!({ "algorithm": "aes", "bit_length": 128 });
                    ("/v1/orders".to_owned(), json!({ "type": "key", "meta": meta }))
                }
                1 => {
                    let id = self.consumers.to_string();
                    let body = json!({ "service": "s", "resource_type": "t", "resource_id": id });
                    (format!("{secret}/consumers"), body)
                }
                2 => {
                    let key = format!("k{}", self.metadata);
                    (format!("{secret}/metadata"), json!({ "key": key, "value": "v" }))
                }
                3 => {
                    let reference = format!("http://{}{secret}", host.client.address());
                    let body = json!({ "name": format!("k{}", self.contents), "secret_ref": reference });
                    (format!("/v1/containers/{}/secrets", self.container), body)
                }
                _ => {
                    let quotas = json!({ "project_quotas": { "secrets": self.quota + 1 } });
                    (format!("/v1/project-quotas/{}", self.project), quotas)
                }
            };
            let call = host.client.call(method, &path).token(token).json(&body);
            let Ok(answer) = call.try_send() else { return };
            match number % KINDS {
                0 => self.orders.push(answer.expect(202).json()["order_ref"].as_str().unwrap().to_owned()),
                1 => {
                    answer.expect(200);
                    self.consumers += 1;
                }
                // One that was written and not acknowledged before the last crash is there.
                2 => {
                    assert!([201, 409].contains(&answer.status), "{}", answer.text());
                    self.metadata += 1;
                }
                3 => {
                    assert!([201, 409].contains(&answer.status), "{}", answer.text());
                    self.contents += 1;
                }
                _ => {
                    answer.expect(204);
                    self.quota += 1;
                }
            }
            if stop.load(Ordering::Relaxed) || done.send(()).is_err() {
                return;
            }
        }
    }

    /// All that was acknowledged is there, and at most one more of each kind.
    #[track_caller]
    fn check(&mut self, host: &KeyManager, tokens: [&str; 2]) {
        let [token, admin] = tokens;
        let get = |path: &str| host.client.get(path).token(token).send().expect(200).json();
        for order in &self.orders {
            let order = get(&format!("/v1{}", order.split_once("/v1").unwrap().1));
            assert_eq!(order["status"], "ACTIVE");
            let secret = order["secret_ref"].as_str().unwrap().split_once("/v1").unwrap().1;
            let payload = host.client.get(&format!("/v1{secret}/payload")).token(token);
            let payload = payload.header("Accept", "application/octet-stream").send().expect(200);
            assert_eq!(payload.body.len(), 16);
        }
        let more =
            |total: usize, acknowledged: usize| assert!((acknowledged..=acknowledged + 1).contains(&total));
        let consumers = get(&format!("/v1/secrets/{}/consumers?limit=1", self.secret));
        let consumers = usize::try_from(consumers["total"].as_u64().unwrap()).unwrap();
        more(consumers, self.consumers);
        self.consumers = consumers;
        let metadata = get(&format!("/v1/secrets/{}/metadata", self.secret));
        more(metadata["metadata"].as_object().unwrap().len(), self.metadata);
        let container = get(&format!("/v1/containers/{}", self.container));
        more(container["secret_refs"].as_array().unwrap().len(), self.contents);
        let quotas = host.client.get(&format!("/v1/project-quotas/{}", self.project)).token(admin).send();
        if self.quota > 0 || quotas.status == 200 {
            let quota =
                usize::try_from(quotas.expect(200).json()["project_quotas"]["secrets"].as_u64().unwrap());
            more(quota.unwrap(), self.quota);
        }
    }
}

#[test]
fn killed_while_it_makes_it_loses_nothing_that_it_acknowledged() {
    let Some(openstack) = Openstack::needed() else { return };
    let mut host = Host::start(&openstack);
    let token = openstack.keystone.token("owner_a");
    let admin = openstack.keystone.token("admin_a");
    let tokens = [&*token, &*admin];
    let empty = json!({ "name": "c", "type": "generic", "secret_refs": [] });
    let maker = |number| Maker {
        secret: host.key_manager.secret(&token),
        container: host.key_manager.create(&token, "container", &empty),
        project: format!("{number:032}"),
        ..Maker::default()
    };
    let mut makers: Vec<_> = (0..WRITERS).map(maker).collect();
    for _ in 0..kills() {
        let (done, answers) = channel();
        let (stop, key_manager) = (AtomicBool::new(false), host.key_manager.clone());
        std::thread::scope(|scope| {
            for maker in &mut makers {
                let (done, stop, key_manager) = (done.clone(), &stop, &key_manager);
                scope.spawn(move || maker.make(key_manager, tokens, stop, &done));
            }
            drop(done);
            for _ in 0..5 + below(20) {
                answers.recv().unwrap();
            }
            host.portcullis.kill();
            stop.store(true, Ordering::Relaxed);
        });
        host.portcullis.restart();
        makers.iter_mut().for_each(|maker| maker.check(&host.key_manager, tokens));
    }
    // No order is there by halves, also of those that were not acknowledged.
    let list = host.key_manager.client.get("/v1/orders?limit=100").token(&token).send().expect(200).json();
    let orders: usize = makers.iter().map(|maker| maker.orders.len()).sum();
    assert!(list["total"].as_u64().unwrap() >= u64::try_from(orders).unwrap());
    let secrets = host.key_manager.client.get("/v1/secrets?limit=1").token(&token).send().expect(200).json();
    let own = u64::try_from(WRITERS).unwrap();
    assert_eq!(secrets["total"].as_u64().unwrap(), list["total"].as_u64().unwrap() + own);
    let sum = |count: fn(&Maker) -> usize| makers.iter().map(count).sum::<usize>();
    println!(
        "killed {} times; acknowledged and none lost: {orders} orders, {} consumers, {} metadata, {} secrets in containers, \
         {} quotas",
        kills(),
        sum(|maker| maker.consumers),
        sum(|maker| maker.metadata),
        sum(|maker| maker.contents),
        sum(|maker| maker.quota)
    );
}

#[test]
fn while_postgresql_restarts_requests_fail_with_503_and_then_they_work_again() {
    let Some(openstack) = Openstack::needed() else { return };
    let Some(postgres) = Postgres::start() else { return };
    let host = Host::with_store(&openstack, &postgres.database());
    let token = openstack.keystone.token("owner_a");
    let mut writers = writers(&host.key_manager, &token);
    let path = format!("/v1/secrets/{}/acl", writers[0].secret);
    let get = || host.key_manager.client.get(&path).token(&token).send();
    for end in [Postgres::go_away, Postgres::crash] {
        let (done, answers) = channel();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let (done, stop, host, token) = (done.clone(), &stop, &host.key_manager, &token);
                scope.spawn(move || writer.write(host, token, stop, &done, &[503]));
            }
            drop(done);
            await_answers(&answers, 200, 40);
            end(&postgres);
            await_answers(&answers, 503, 2 * WRITERS);
            let answer = get().expect(503);
            assert!(!answer.body.is_empty() && !answer.text().contains("/tmp"), "{}", answer.text());
            postgres.come_back();
            await_answers(&answers, 200, 40);
            stop.store(true, Ordering::Relaxed);
        });
        for writer in &mut writers {
            writer.check(&host.key_manager, &token);
        }
    }
}

/// Waits for as many answers with this status.
#[track_caller]
fn await_answers(answers: &Receiver<u16>, status: u16, count: usize) {
    let mut seen = 0;
    while seen < count {
        let answer = answers.recv_timeout(Duration::from_mins(1));
        seen += usize::from(answer.unwrap_or_else(|_| panic!("no {status} comes")) == status);
    }
}
