//! One question to STS, and all who wait for its answer.

use std::sync::Arc;
use tokio::sync::watch;

use super::{Cache, Source};
use crate::aws::credentials::Credentials;
use crate::aws::error::AwsError;
use crate::aws::session::Session;

type Outcome = Result<Arc<Credentials>, AwsError>;

/// The answer, once it is there.
#[derive(Clone)]
pub(super) struct Landing(watch::Receiver<Option<Outcome>>);

/// The question. However it ends, the slot knows of it and nobody waits for ever.
pub(super) struct Flight<S: Source> {
    cache: Arc<Cache<S>>,
    session: Arc<Session>,
    outcome: watch::Sender<Option<Outcome>>,
    landed: bool,
}

pub(super) fn new<S: Source>(cache: Arc<Cache<S>>, session: Arc<Session>) -> (Flight<S>, Landing) {
    let (outcome, landing) = watch::channel(None);
    (Flight { cache, session, outcome, landed: false }, Landing(landing))
}

impl Landing {
    pub(super) async fn wait(mut self) -> Outcome {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(AwsError::GivenUp)),
            Err(_) => Err(AwsError::GivenUp),
        }
    }
}

impl<S: Source> Flight<S> {
    pub(super) async fn fly(mut self) {
        let result = self.cache.source.fetch(Arc::clone(&self.session)).await.map(Arc::new);
        self.land(result);
    }

    /// First into the cache, then to those who wait: whoever asks again finds it there.
    fn land(&mut self, outcome: Outcome) {
        self.landed = true;
        self.cache.land(&self.session, outcome.as_ref());
        self.outcome.send_replace(Some(outcome));
    }
}

/// It panicked, or the runtime is stopping.
impl<S: Source> Drop for Flight<S> {
    fn drop(&mut self) {
        if !self.landed {
            self.land(Err(AwsError::GivenUp));
        }
    }
}
