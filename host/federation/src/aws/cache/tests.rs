//! With a clock that is set by hand and a source that answers when it is told to.

mod age;
mod tokens;

use super::*;
use crate::aws::{Account, Partition};
use portcullis_contract::aws::Grant;
use std::collections::VecDeque;
use std::time::{Instant, SystemTime};
use tokio::sync::{Semaphore, mpsc};

const HOUR: Duration = Duration::from_hours(1);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// What is fetched waits for a permit; what comes of it was said before.
struct Fake {
    now: Mutex<Moment>,
    answers: Mutex<VecDeque<Result<Duration, AwsError>>>,
    permits: Semaphore,
    asked: mpsc::UnboundedSender<Arc<Session>>,
}

struct Bench {
    cache: Arc<Cache<Fake>>,
    asked: mpsc::UnboundedReceiver<Arc<Session>>,
}

impl CredentialSource for Fake {
    async fn fetch(&self, session: Arc<Session>) -> Result<Credentials, AwsError> {
        self.asked.send(session).unwrap();
        self.permits.acquire().await.unwrap().forget();
        let answer = self.answers.lock().unwrap().pop_front().expect("an answer for each question");
        let now = self.now();
        answer.map(|life| Credentials::new("ASIA".into(), "s".into(), "t".into(), now.time + life, now, true))
    }

    fn now(&self) -> Moment {
        *self.now.lock().unwrap()
    }
}

impl Bench {
    /// Answers, in order: how long the credentials last, or the error. No caller has to wait for them.
    fn new(entries: usize, answers: impl IntoIterator<Item = Result<Duration, AwsError>>) -> Self {
        let bench = Self::held_back(entries, answers);
        bench.cache.source.permits.add_permits(1_000_000);
        bench
    }

    fn held_back(entries: usize, answers: impl IntoIterator<Item = Result<Duration, AwsError>>) -> Self {
        let (sender, asked) = mpsc::unbounded_channel();
        let source = Fake {
            now: Mutex::new(Moment { time: SystemTime::now(), tick: Instant::now() }),
            answers: Mutex::new(answers.into_iter().collect()),
            permits: Semaphore::new(0),
            asked: sender,
        };
        Self { cache: Cache::new(source, entries), asked }
    }

    fn pass(&self, time: Duration) {
        let mut now = self.cache.source.now.lock().unwrap();
        *now = Moment { time: now.time + time, tick: now.tick + time };
    }

    fn answer(&self, result: Result<Duration, AwsError>) {
        self.cache.source.answers.lock().unwrap().push_back(result);
    }

    async fn get(&self, user: &str, least_left: Duration) -> Result<Arc<Credentials>, AwsError> {
        self.cache.get(&session(user), least_left).await
    }

    /// How long those that are served still work.
    async fn left(&self, least_left: Duration) -> Result<Duration, AwsError> {
        let credentials = self.get("alice", least_left).await?;
        Ok(credentials.left(self.cache.source.now()))
    }

    /// Until what goes on in the background has ended.
    async fn settled(&self) {
        let flights: Vec<_> =
            self.cache.entries().values().filter_map(|entry| entry.in_flight.clone()).collect();
        for flight in flights {
            let _ = flight.wait().await;
        }
    }

    fn stats(&self) -> Stats {
        self.cache.stats()
    }
}

fn session(user: &str) -> Session {
    let account = Account { id: "123456789012".parse().unwrap(), partition: Partition::Aws };
    // The same session name for all: what tells them apart is who they are.
    let session_name = Some("shared".into());
    Session::new(&account, "", user, &Grant { role: "deploy".into(), session_name, ..Grant::default() })
        .unwrap()
}

fn denied() -> AwsError {
    AwsError::Denied { role_arn: "arn".into(), message: "no".into(), request_id: None }
}

fn away() -> AwsError {
    AwsError::Timeout(Duration::from_secs(5))
}

#[tokio::test]
async fn a_thousand_ask_at_once_and_sts_is_asked_once() {
    let mut bench = Bench::held_back(10, [Ok(HOUR)]);
    let cache = &bench.cache;
    let asking: Vec<_> = (0..1000)
        .map(|_| {
            let cache = Arc::clone(cache);
            tokio::spawn(async move { cache.get(&session("alice"), minutes(20)).await })
        })
        .collect();
    bench.asked.recv().await.unwrap();
    while bench.stats().misses < 1000 {
        tokio::task::yield_now().await;
    }
    bench.cache.source.permits.add_permits(1);
    let mut got = Vec::new();
    for asking in asking {
        got.push(asking.await.unwrap().unwrap());
    }
    assert!(got.iter().all(|credentials| Arc::ptr_eq(credentials, &got[0])));
    assert_eq!((bench.stats().sts_requests, bench.stats().misses), (1, 1000));
}

#[tokio::test]
async fn the_question_goes_on_when_the_first_one_hangs_up() {
    let mut bench = Bench::held_back(10, [Ok(HOUR)]);
    let cache = Arc::clone(&bench.cache);
    let first = tokio::spawn(async move { cache.get(&session("alice"), minutes(20)).await });
    bench.asked.recv().await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    bench.cache.source.permits.add_permits(1);
    assert!(bench.get("alice", minutes(20)).await.is_ok());
    assert_eq!(bench.stats().sts_requests, 1);
}

#[tokio::test]
async fn two_users_never_share() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    assert_eq!(session("alice").name(), session("bob").name());
    let alice = bench.get("alice", minutes(20)).await.unwrap();
    let bob = bench.get("bob", minutes(20)).await.unwrap();
    assert!(!Arc::ptr_eq(&alice, &bob));
    assert_eq!(bench.stats().sts_requests, 2);
    assert!(Arc::ptr_eq(&alice, &bench.get("alice", minutes(20)).await.unwrap()));
}

#[tokio::test]
async fn a_panic_leaves_nobody_waiting() {
    let bench = Bench::new(10, []);
    assert_eq!(bench.left(minutes(20)).await, Err(AwsError::GivenUp));
    assert!(bench.cache.entries().values().all(CacheEntry::is_idle));
}

/// A runtime that has stopped drops a task where it is spawned.
#[test]
fn a_runtime_that_has_stopped_leaves_nobody_waiting() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let bench = Bench::new(10, [Ok(HOUR)]);
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let left = handle.block_on(bench.left(minutes(20)));
    assert_eq!(left, Err(AwsError::GivenUp));
}

#[tokio::test]
async fn what_expires_soonest_makes_room() {
    let bench = Bench::new(3, [Ok(HOUR), Ok(minutes(30)), Ok(HOUR), Ok(HOUR), Ok(HOUR)]);
    for user in ["alice", "bob", "carol", "dave"] {
        bench.get(user, minutes(20)).await.unwrap();
    }
    assert_eq!(bench.cache.entries().len(), 3);
    assert!(!bench.cache.entries().contains_key(&session("bob")));
    for user in ["alice", "carol", "dave"] {
        bench.get(user, minutes(20)).await.unwrap();
    }
    assert_eq!(bench.stats().sts_requests, 4);
}

#[tokio::test]
async fn questions_under_way_are_never_put_out() {
    let mut bench = Bench::held_back(2, [Ok(HOUR), Ok(HOUR)]);
    let mut waiting = Vec::new();
    for user in ["alice", "bob"] {
        let cache = Arc::clone(&bench.cache);
        waiting.push(tokio::spawn(async move { cache.get(&session(user), minutes(20)).await }));
        bench.asked.recv().await.unwrap();
    }
    assert_eq!(bench.get("carol", minutes(20)).await.unwrap_err(), AwsError::Overloaded);
    bench.cache.source.permits.add_permits(2);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_has_expired_does_not_stay_in_memory() {
    let bench = Bench::new(10, [Ok(HOUR), Err(away()), Ok(minutes(90))]);
    let held = Arc::downgrade(&bench.get("alice", minutes(20)).await.unwrap());
    bench.get("bob", minutes(20)).await.unwrap_err();
    bench.get("carol", minutes(20)).await.unwrap();
    bench.cache.sweep();
    assert_eq!(bench.cache.entries().len(), 3);
    bench.pass(minutes(59));
    bench.cache.sweep();
    assert!(held.upgrade().is_none());
    assert_eq!(bench.cache.entries().len(), 1);
}
