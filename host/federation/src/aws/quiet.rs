//! No library writes into the log what it sends or gets.
//!
//! At the level `trace` the SDK writes requests with their `Authorization` and `X-Amz-Security-Token` headers, and
//! the answer with its body. An operator who turns that level on looks for something else, and the log is kept by others
//! than the secrets. So all code that handles a secret on its way to or from AWS runs without a log; what is worth
//! knowing of it is in the error, and is written by us.

use tracing::Dispatch;
use tracing::instrument::{WithDispatch, WithSubscriber as _};

/// `future`, with nowhere to write to.
pub(super) fn quiet<F: Future>(future: F) -> WithDispatch<F> {
    future.with_subscriber(Dispatch::none())
}
