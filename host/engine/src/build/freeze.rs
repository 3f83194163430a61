//! `configure` runs once, and its memory becomes the image that every decision starts from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{Engine, Store};
use wasmtime_wizer::{ComponentContext, Wizer};

use super::reader::Reader;
use super::{Failure, Order, Step};
use crate::ask::{Entry, new_store_for_build};
use crate::linker::linker;
use crate::state::State;

/// The accessor that reads a memory grows it by a page; each may be read more than once.
const ACCESSOR_SLACK: u64 = 8 << 20;

/// A component that was compiled for the build, ready to be configured as often as it takes.
pub(super) struct Workbench<'a> {
    engine: &'a Engine,
    order: &'a Order,
    name: Arc<str>,
    entry: Entry,
    pre: InstancePre<State>,
}

/// What `configure` left.
pub(super) struct Configured {
    pub(super) store: Store<State>,
    pub(super) instance: Instance,
}

impl<'a> Workbench<'a> {
    /// Compiles `bytes`. With `traps`, every import but `log` ends the guest and says which one it called.
    pub(super) fn new(
        engine: &'a Engine,
        order: &'a Order,
        bytes: &[u8],
        traps: bool,
    ) -> Result<Self, Failure> {
        let component =
            Component::new(engine, bytes).map_err(|error| Step::Compile.failed(format!("{error:#}")))?;
        let prepare = || {
            let mut linker = linker(engine, !traps && !order.wasi.is_empty())?;
            if traps {
                linker.define_unknown_imports_as_traps(&component)?;
            }
            linker.instantiate_pre(&component)
        };
        let pre = prepare().map_err(|error| Step::Inspect.failed(format!("{error:#}")))?;
        let entry = Entry::find(&component).map_err(|error| Step::Inspect.failed(format!("{error:#}")))?;
        Ok(Self { engine, order, name: order.name.as_str().into(), entry, pre })
    }

    pub(super) fn component(&self) -> &Component {
        self.pre.component()
    }

    pub(super) fn entry(&self) -> &Entry {
        &self.entry
    }

    pub(super) fn order(&self) -> &Order {
        self.order
    }

    /// A new instance, configured; its signatures are those of the contract.
    pub(super) async fn configure(&self) -> Result<Configured, Failure> {
        let limits = &self.order.limits;
        let failed = |error: &wasmtime::Error| {
            let fault = crate::Fault::from_wasmtime(error, limits.configure, limits.answer);
            Step::Configure.failed(format_args!("`configure` failed: {fault}"))
        };
        let mut store = new_store_for_build(self.engine, limits, &self.name, ACCESSOR_SLACK);
        let instance = self.pre.instantiate_async(&mut store).await.map_err(|error| failed(&error))?;
        self.entry
            .check_signatures(&mut store, &instance)
            .map_err(|error| Step::Inspect.failed(format!("{error:#}")))?;
        match self.entry.configure(&mut store, &instance, &self.order.settings).await {
            Ok(Ok(())) => Ok(Configured { store, instance }),
            Ok(Err(text)) => Err(Step::Configure.failed(format_args!("the policy refuses them: {text}"))),
            Err(error) => {
                let fault = crate::Fault::from_call(&error, limits.configure, limits.answer);
                Err(Step::Configure.failed(format_args!("`configure` failed: {fault}")))
            }
        }
    }
}

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
        Err(_) => Err("the freezer cannot handle this module".into()),
    }
}

/// The component with the configured instance's state as its initial one, or why there is none.
pub(super) async fn snapshot(
    instrumented: &Instrumented<'_>,
    configured: &mut Configured,
) -> Result<Vec<u8>, String> {
    let mut reader = Reader::new(&mut configured.store, configured.instance);
    let wizer = Wizer::new();
    let taken = CatchUnwind(Box::pin(wizer.snapshot_component(&instrumented.context, &mut reader))).await;
    match taken {
        Err(()) => Err("the freezer cannot handle this module".into()),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Ok(Ok(bytes)) => match reader.finish() {
            Ok(()) => Ok(bytes),
            Err(error) => Err(format!("its state could not be read: {error:#}")),
        },
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
