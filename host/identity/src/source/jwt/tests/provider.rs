//! When a provider is asked, and what holds while it does not answer.

use super::fake::{Fake, Mood};
use super::*;
use tokio::sync::Semaphore;

struct Scene {
    signer: Signer,
    fake: Arc<Fake>,
    jwt: Issuers,
    start: Instant,
}

impl Scene {
    async fn new(mood: impl FnOnce(&Signer) -> Mood) -> Self {
        let signer = Signer::new();
        let (fake, url) = Fake::serve(mood(&signer)).await;
        let jwt = open(options(JwtKeys::Url { url, ca: None })).unwrap();
        Self { signer, fake, jwt, start: Instant::now() }
    }

    /// What comes of a token signed by the key `p256` with the suffix, so many seconds after the start.
    async fn ask(&self, suffix: &str, seconds: u64) -> Result<(), AuthError> {
        let header = json!({ "alg": "ES256", "kid": format!("p256{suffix}") });
        let token = format!("Bearer {}", self.signer.sign(&header, &claims(json!({}))));
        show(&self.jwt, &token, self.start + Duration::from_secs(seconds)).await.map(|_| ())
    }

    fn gives(&self, suffix: &str) -> Mood {
        Mood::Gives(self.signer.set(suffix).to_string())
    }
}

const OK: &str = "known";
const NOBODY: &str = "401";
const NO_ANSWER: &str = "503";

fn word(result: &Result<(), AuthError>) -> &'static str {
    match result {
        Ok(()) => OK,
        Err(AuthError::Unauthorized { .. } | AuthError::Limited { .. }) => NOBODY,
        Err(AuthError::Unavailable { .. }) => NO_ANSWER,
    }
}

#[tokio::test]
async fn keys_are_asked_for_when_they_are_needed() {
    let scene = Scene::new(|signer| Mood::Gives(signer.set("").to_string())).await;
    assert_eq!(scene.fake.asked(), 0, "nothing is asked before somebody comes");
    let day = 24 * 60 * 60;
    let away = Mood::Status(503);
    let steps: &[(Option<Mood>, &str, u64, &str, usize)] = &[
        (None, "", 0, OK, 1),
        (None, "", 1, OK, 1),
        // Made up names of keys: one question in ten seconds.
        (None, "-x", 2, NOBODY, 1),
        (None, "-x", 10, NOBODY, 2),
        (None, "-y", 19, NOBODY, 2),
        // A new key is found as soon as a question is allowed.
        (Some(scene.gives("-2")), "-2", 19, NOBODY, 2),
        (None, "-2", 20, OK, 3),
        (None, "", 21, NOBODY, 3),
        // Five minutes later they are asked for again, and hold while there is no answer.
        (None, "-2", 319, OK, 3),
        (Some(away), "-2", 320, OK, 4),
        (None, "-2", 321, OK, 4),
        (None, "-3", 322, NO_ANSWER, 4),
        (None, "-2", 330, OK, 5),
        (None, "-2", 20 + day - 1, OK, 6),
        (None, "-2", 20 + day, NO_ANSWER, 6),
        (None, "-2", 20 + day + 9, NO_ANSWER, 7),
        (Some(scene.gives("-2")), "-2", 20 + day + 18, NO_ANSWER, 7),
        (None, "-2", 20 + day + 19, OK, 8),
        // A key that the provider has taken back.
        (Some(scene.gives("-4")), "-2", 20 + day + 318, OK, 8),
        (None, "-2", 20 + day + 319, NOBODY, 9),
        (None, "-4", 20 + day + 319, OK, 9),
    ];
    for (at, (mood, suffix, seconds, expected, asked)) in steps.iter().enumerate() {
        if let Some(mood) = mood {
            scene.fake.be(mood.clone());
        }
        assert_eq!(word(&scene.ask(suffix, *seconds).await), *expected, "step {at}");
        assert_eq!(scene.fake.asked(), *asked, "step {at}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_none() {
    let good = Signer::new();
    let other = Scene::new(|signer| Mood::Gives(signer.set("").to_string())).await;
    let (_, elsewhere) = Fake::serve(Mood::Gives(good.set("").to_string())).await;
    for mood in [
        Mood::Status(404),
        Mood::Status(500),
        Mood::Redirects(elsewhere),
        Mood::Gives(String::new()),
        Mood::Gives("{\"keys\": []}".into()),
        Mood::Gives(format!("{}{}", good.set(""), " ".repeat(256 << 10))),
    ] {
        let scene = Scene::new(|_| mood.clone()).await;
        let result = scene.ask("", 0).await;
        assert!(matches!(&result, Err(AuthError::Unavailable { .. })), "{mood:?}: {result:?}");
    }
    assert_eq!(word(&other.ask("", 0).await), OK);
    let nobody = open(options(JwtKeys::Url { url: "http://127.0.0.1:1/keys".into(), ca: None })).unwrap();
    let token = good.sign(&json!({ "alg": "ES256", "kid": "p256" }), &claims(json!({})));
    let result = show(&nobody, &format!("Bearer {token}"), Instant::now()).await;
    assert!(matches!(result, Err(AuthError::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn those_who_come_together_share_one_question() {
    let (asked, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let waits = |set: Value| Mood::Waits(Arc::clone(&asked), Arc::clone(&leave), set.to_string());
    let scene = Scene::new(|signer| waits(signer.set(""))).await;
    let allowing = async {
        asked.acquire().await.unwrap().forget();
        leave.add_permits(1);
    };
    let (a, b, c, ()) = tokio::join!(scene.ask("", 0), scene.ask("", 0), scene.ask("", 0), allowing);
    assert_eq!([a, b, c].map(|result| word(&result)), [OK; 3]);
    assert_eq!(scene.fake.asked(), 1);
    // While the keys are fetched again, a token whose key is cached does not wait.
    let scene = Arc::new(scene);
    let first = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move { word(&scene.ask("", 300).await) }
    });
    asked.acquire().await.unwrap().forget();
    assert_eq!(word(&scene.ask("", 300).await), OK);
    // A client that hangs up does not end the request.
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    scene.fake.be(Mood::Status(500));
    leave.add_permits(1);
    let unknown = word(&scene.ask("-x", 301).await);
    assert_eq!((unknown, scene.fake.asked()), (NOBODY, 2), "the answer came all the same");
}
