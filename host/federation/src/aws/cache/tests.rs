//! With a clock that is set by hand and a source that answers when it is told to.

use super::*;
use crate::aws::{Account, Partition};
use portcullis_contract::aws::Grant;
use proptest::prelude::*;
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

impl Source for Fake {
    async fn fetch(&self, session: Arc<Session>) -> Result<Credentials, AwsError> {
        self.asked.send(session).unwrap();
        self.permits.acquire().await.unwrap().forget();
        let answer = self.answers.lock().unwrap().pop_front().expect("an answer for each question");
        let now = self.now();
        let serial = self.answers.lock().unwrap().len();
        answer.map(|life| {
            Credentials::new(format!("ASIA{serial}"), "s".into(), "t".into(), now.time + life, now, true)
        })
    }

    fn now(&self) -> Moment {
        *self.now.lock().unwrap()
    }
}

impl Bench {
    /// Answers, in order: how long the credentials last, or the error. Nobody has to wait for them.
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
        let flights: Vec<_> = self.cache.slots().values().filter_map(|slot| slot.flight.clone()).collect();
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
    Session::new(&account, user, &Grant { role: "deploy".into(), session_name, ..Grant::default() }).unwrap()
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
    assert_eq!((bench.stats().questions, bench.stats().misses), (1, 1000));
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
    assert_eq!(bench.stats().questions, 1);
}

#[tokio::test]
async fn two_users_never_share() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    assert_eq!(session("alice").name(), session("bob").name());
    let alice = bench.get("alice", minutes(20)).await.unwrap();
    let bob = bench.get("bob", minutes(20)).await.unwrap();
    assert!(!Arc::ptr_eq(&alice, &bob));
    assert_eq!(bench.stats().questions, 2);
    assert!(Arc::ptr_eq(&alice, &bench.get("alice", minutes(20)).await.unwrap()));
}

#[tokio::test]
async fn replaced_ahead_while_nobody_waits() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    bench.pass(minutes(29));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(31)));
    assert_eq!(bench.stats().questions, 1);
    bench.pass(minutes(2));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(29)), "nobody waits for the new ones");
    bench.settled().await;
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    let stats = bench.stats();
    assert_eq!((stats.questions, stats.refreshed, stats.hits, stats.misses), (2, 1, 3, 1));
}

#[tokio::test]
async fn who_needs_longer_ones_waits_for_new_ones() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    bench.left(minutes(20)).await.unwrap();
    bench.pass(minutes(41));
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    assert_eq!(bench.stats().misses, 2);
}

#[tokio::test]
async fn short_sessions_are_cached_too() {
    let bench = Bench::new(10, [Ok(minutes(15)), Ok(minutes(15))]);
    bench.left(minutes(20)).await.unwrap();
    bench.pass(minutes(1));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(14)));
    assert_eq!(bench.stats().questions, 1);
    bench.pass(minutes(3));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)));
}

#[tokio::test]
async fn served_while_sts_is_away_and_no_longer_than_they_work() {
    let bench = Bench::new(10, [Ok(HOUR), Err(away()), Err(away()), Err(away())]);
    bench.left(minutes(20)).await.unwrap();
    bench.pass(minutes(45));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)), "and STS is left alone for a while");
    assert_eq!((bench.stats().questions, bench.stats().served_while_away), (2, 2));
    bench.pass(Duration::from_mins(13) + Duration::from_secs(59));
    assert_eq!(bench.left(minutes(20)).await, Ok(Duration::from_secs(61)));
    assert_eq!(bench.stats().questions, 3);
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.left(minutes(20)).await, Err(away()));
    bench.answer(Ok(HOUR));
    assert_eq!(bench.left(minutes(20)).await, Err(away()));
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR), "and it is back");
}

#[tokio::test]
async fn those_that_expire_while_somebody_waits_are_not_served() {
    let mut bench = Bench::held_back(10, [Ok(HOUR), Err(away())]);
    bench.cache.source.permits.add_permits(1);
    bench.left(minutes(20)).await.unwrap();
    bench.asked.recv().await.unwrap();
    bench.pass(minutes(58));
    let cache = Arc::clone(&bench.cache);
    let waiting = tokio::spawn(async move { cache.get(&session("alice"), minutes(20)).await });
    bench.asked.recv().await.unwrap();
    bench.pass(minutes(1));
    bench.cache.source.permits.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap_err(), away());
}

#[tokio::test]
async fn a_denial_ends_what_was_cached() {
    for passed in [35, 45] {
        let bench = Bench::new(10, [Ok(HOUR), Err(denied()), Err(denied())]);
        bench.left(minutes(20)).await.unwrap();
        bench.pass(minutes(passed));
        // In the background, or while somebody waits: either way nothing is left afterwards.
        let _ = bench.left(minutes(20)).await;
        bench.settled().await;
        assert!(bench.cache.slots().is_empty());
        assert_eq!(bench.left(minutes(20)).await, Err(denied()), "{passed}");
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_moment_and_a_denial_not_at_all() {
    let bench = Bench::new(10, [Err(away()), Err(denied()), Ok(HOUR)]);
    for _ in 0..5 {
        assert_eq!(bench.left(minutes(20)).await, Err(away()));
    }
    assert_eq!(bench.stats().questions, 1);
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.left(minutes(20)).await, Err(denied()));
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    let stats = bench.stats();
    assert_eq!((stats.questions, stats.failures), (3, 2));
}

#[tokio::test]
async fn a_clock_that_is_turned_back_gives_nothing_away() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    let first = bench.get("alice", minutes(20)).await.unwrap();
    bench.pass(HOUR);
    bench.cache.source.now.lock().unwrap().time -= HOUR;
    assert!(!Arc::ptr_eq(&first, &bench.get("alice", minutes(20)).await.unwrap()));
}

#[tokio::test]
async fn a_panic_leaves_nobody_waiting() {
    let bench = Bench::new(10, []);
    assert_eq!(bench.left(minutes(20)).await, Err(AwsError::GivenUp));
    assert!(bench.cache.slots().values().all(Slot::is_idle));
}

#[tokio::test]
async fn what_expires_soonest_makes_room() {
    let bench = Bench::new(3, [Ok(HOUR), Ok(minutes(30)), Ok(HOUR), Ok(HOUR), Ok(HOUR)]);
    for user in ["alice", "bob", "carol", "dave"] {
        bench.get(user, minutes(20)).await.unwrap();
    }
    assert_eq!(bench.cache.slots().len(), 3);
    assert!(!bench.cache.slots().contains_key(&session("bob")));
    for user in ["alice", "carol", "dave"] {
        bench.get(user, minutes(20)).await.unwrap();
    }
    assert_eq!(bench.stats().questions, 4);
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
    assert_eq!(bench.cache.slots().len(), 3);
    bench.pass(minutes(59));
    bench.cache.sweep();
    assert!(held.upgrade().is_none());
    assert_eq!(bench.cache.slots().len(), 1);
}

proptest! {
    /// Whatever happens when, nobody is given what no longer works, nor less than was asked for while STS answers.
    #[test]
    fn nobody_is_given_what_does_not_work(
        steps in proptest::collection::vec((0_u64..5400, 0_u64..3000, any::<bool>()), 1..20),
        life in 900_u64..43_200,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(10, []);
            for (passed, least, up) in steps {
                bench.pass(Duration::from_secs(passed));
                let least = Duration::from_secs(least);
                let life = Duration::from_secs(life);
                for _ in 0..2 {
                    bench.answer(if up { Ok(life) } else { Err(away()) });
                }
                let failures = bench.stats().failures;
                let result = bench.left(least).await;
                bench.settled().await;
                bench.cache.source.answers.lock().unwrap().clear();
                match result {
                    Ok(left) => {
                        prop_assert!(left > Duration::from_mins(1));
                        prop_assert!(left >= least.min(life * 3 / 4) || failures > 0 || !up);
                    }
                    Err(error) => prop_assert_eq!(error, away()),
                }
            }
            Ok(())
        })?;
    }
}
