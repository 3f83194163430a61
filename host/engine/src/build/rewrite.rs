//! Wizer, with its panics caught: adds accessors to a component, and gives it another state to start with.

use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};

/// A component to which accessors were added, so that its state can be read.
pub(super) struct Instrumented<'a> {
    context: ComponentContext<'a>,
    pub(super) bytes: Vec<u8>,
}

/// Adds the accessors, or says why it cannot be pre-initialized. A hostile module can make Wizer panic.
pub(super) fn instrument(component: &[u8]) -> Result<Instrumented<'_>, String> {
    let made = catch_unwind(AssertUnwindSafe(|| Wizer::new().instrument_component(component)));
    match made {
        Ok(Ok((context, bytes))) => Ok(Instrumented { context, bytes }),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err("the pre-initializer cannot handle this module".into()),
    }
}

/// The component with `state` as its initial one.
pub(super) async fn rewrite(
    instrumented: &Instrumented<'_>,
    state: &mut impl ComponentInstanceState,
) -> Result<Vec<u8>, String> {
    // An export that has Wizer's usual name for what it runs is one like any other.
    let mut wizer = Wizer::new();
    wizer.keep_init_func(true);
    let rewritten = CatchUnwind(Box::pin(wizer.snapshot_component(&instrumented.context, state))).await;
    match rewritten {
        Err(()) => Err("the pre-initializer cannot handle this module".into()),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

/// A future whose panics are an answer.
struct CatchUnwind<F>(std::pin::Pin<Box<F>>);

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Result<F::Output, ()>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => std::task::Poll::Ready(Err(())),
        }
    }
}
