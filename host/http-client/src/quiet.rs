//! Keeps the HTTP libraries from logging: at level `trace` they write headers and URLs, which hold tokens.

use hyper::rt::Executor;
use tracing::Dispatch;
use tracing::instrument::{WithDispatch, WithSubscriber as _};

/// Runs `future` without a log.
pub(crate) fn quiet<F: Future>(future: F) -> WithDispatch<F> {
    future.with_subscriber(Dispatch::none())
}

/// Spawns connection tasks without a log.
#[derive(Clone, Copy)]
pub(crate) struct QuietExecutor;

impl<F> Executor<F> for QuietExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(quiet(future));
    }
}
