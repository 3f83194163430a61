//! A cache before an STS that goes away, with a clock that runs ahead.

use super::*;
use crate::aws::{Account, Keys, Partition};
use portcullis_contract::aws::Grant;
use portcullis_testing::fake_sts::{FakeSts, Mood};
use std::sync::Mutex;

const HOUR: Duration = Duration::from_hours(1);
const TWENTY_MINUTES: Duration = Duration::from_mins(20);

/// STS, and what time it is there.
struct Ahead {
    sts: Sts,
    by: Mutex<Duration>,
}

impl CredentialSource for Ahead {
    async fn fetch(&self, session: Arc<Session>) -> Result<Credentials, AwsError> {
        self.sts.fetch(session).await
    }

    fn now(&self) -> Moment {
        let (now, by) = (Moment::now(), *self.by.lock().unwrap());
        Moment { time: now.time + by, tick: now.tick + by }
    }
}

fn session() -> Session {
    let account = Account { id: "123456789012".parse().unwrap(), partition: Partition::Aws };
    Session::new(&account, "", "alice", &Grant { role: "deploy".into(), ..Grant::default() }).unwrap()
}

/// What becomes of credentials that are 45 minutes old when STS is in that mood; and when they are an hour old.
async fn aged(mood: Mood) -> (Result<bool, AwsError>, Result<bool, AwsError>) {
    let fake = FakeSts::start().await;
    let keys = Keys { access_key_id: "AKIAIOSFODNN7EXAMPLE".into(), secret_access_key: "s".into() };
    let options = AwsOptions {
        endpoint: Some(fake.url()),
        keys: Some(keys),
        timeout: Duration::from_millis(500),
        ..AwsOptions::default()
    };
    let source = Ahead { sts: Sts::new(&options).unwrap(), by: Mutex::default() };
    let cache = Cache::new(source, 10);
    let ahead = |by| *cache.source().by.lock().unwrap() = by;
    let first = cache.get(&session(), TWENTY_MINUTES).await.unwrap();
    fake.be(mood);
    let mut seen = Vec::new();
    for by in [HOUR * 3 / 4, HOUR] {
        ahead(by);
        let result = cache.get(&session(), TWENTY_MINUTES).await;
        seen.push(result.map(|credentials| Arc::ptr_eq(&credentials, &first)));
    }
    let [young, old] = <[_; 2]>::try_from(seen).unwrap();
    (young, old)
}

#[tokio::test]
async fn what_still_works_is_served_while_sts_is_away_and_no_longer() {
    for mood in [
        Mood::Silent,
        Mood::Garbage(200, "<html>".into()),
        Mood::Garbage(502, String::new()),
        Mood::Error(503, "ServiceUnavailable", "later"),
        Mood::Error(400, "Throttling", "Rate exceeded"),
        Mood::Error(403, "ExpiredToken", "ours"),
        Mood::ExpiresIn(-7200),
    ] {
        let (young, old) = aged(mood.clone()).await;
        assert_eq!(young, Ok(true), "{mood:?}");
        assert!(old.is_err(), "{mood:?}: {old:?}");
    }
}

#[tokio::test]
async fn a_denial_is_no_absence() {
    let (young, old) = aged(Mood::Error(403, "AccessDenied", "no more")).await;
    assert!(young.unwrap_err().is_denial() && old.unwrap_err().is_denial());
}

#[tokio::test]
async fn an_sts_that_is_there_gives_new_ones() {
    assert_eq!(aged(Mood::Ok).await, (Ok(false), Ok(false)));
}
