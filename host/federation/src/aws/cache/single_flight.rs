//! Single-flight: one request to STS, and all callers that wait for its result.

use std::sync::Arc;
use tokio::sync::watch;

use super::{Cache, CredentialSource};
use crate::aws::credentials::Credentials;
use crate::aws::error::AwsError;
use crate::aws::session::Session;

type FetchResult = Result<Arc<Credentials>, AwsError>;

/// Waits for the result of the request.
#[derive(Clone)]
pub(super) struct Waiter(watch::Receiver<Option<FetchResult>>);

/// The request. However it ends, the cache entry gets the result and no waiter waits for ever.
pub(super) struct SingleFlight<S: CredentialSource> {
    cache: Arc<Cache<S>>,
    session: Arc<Session>,
    waiter: Waiter,
    outcome: watch::Sender<Option<FetchResult>>,
    completed: bool,
}

pub(super) fn new<S: CredentialSource>(
    cache: Arc<Cache<S>>,
    session: Arc<Session>,
) -> (SingleFlight<S>, Waiter) {
    let (outcome, waiter) = watch::channel(None);
    let waiter = Waiter(waiter);
    (SingleFlight { cache, session, waiter: waiter.clone(), outcome, completed: false }, waiter)
}

impl Waiter {
    /// Whether both wait for the same request.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }

    pub(super) async fn wait(mut self) -> FetchResult {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(AwsError::GivenUp)),
            Err(_) => Err(AwsError::GivenUp),
        }
    }
}

impl<S: CredentialSource> SingleFlight<S> {
    pub(super) async fn run(mut self) {
        let result = self.cache.source.fetch(Arc::clone(&self.session)).await.map(Arc::new);
        self.complete(result);
    }

    /// First into the cache, then to the waiters: one that asks again finds the result there.
    fn complete(&mut self, outcome: FetchResult) {
        self.completed = true;
        let is_wanted = self.cache.store_result(&self.session, &self.waiter, outcome.as_ref());
        // What was revoked while STS was asked is handed out to no waiter.
        let outcome = if is_wanted { outcome } else { Err(AwsError::GivenUp) };
        self.outcome.send_replace(Some(outcome));
    }
}

/// It panicked, or the runtime is stopping.
impl<S: CredentialSource> Drop for SingleFlight<S> {
    fn drop(&mut self) {
        if !self.completed {
            self.complete(Err(AwsError::GivenUp));
        }
    }
}
