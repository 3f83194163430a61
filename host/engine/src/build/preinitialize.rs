//! `configure` runs once, and its memory becomes the image that every decision starts from.

use std::sync::Arc;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{Engine, Store};

use super::guest_state::GuestState;
use super::reader::Reader;
use super::rewrite::{Instrumented, rewrite};
use super::{BuildRequest, Failure, Step};
use crate::Digest;
use crate::ask::{CheckedExports, GuestExports, new_store_for_build};
use crate::linker::linker;
use crate::state::State;

/// The accessor that reads a memory grows it by a page; each may be read more than once.
const ACCESSOR_SLACK: u64 = 8 << 20;

/// A component with its code, ready to be configured as often as it takes.
pub(super) struct Instantiator<'a> {
    engine: &'a Engine,
    request: &'a BuildRequest,
    name: Arc<str>,
    exports: GuestExports,
    pre: InstancePre<State>,
}

/// What `configure` left.
pub(super) struct Configured {
    pub(super) store: Store<State>,
    pub(super) instance: Instance,
    pub(super) exports: CheckedExports,
}

impl<'a> Instantiator<'a> {
    /// With `traps`, every import but `log` ends the guest and says which one it called.
    pub(super) fn new(
        engine: &'a Engine,
        request: &'a BuildRequest,
        component: &Component,
        traps: bool,
    ) -> Result<Self, Failure> {
        let prepare = || {
            let mut linker = linker(engine, !traps && !request.wasi.is_empty())?;
            if traps {
                linker.define_unknown_imports_as_traps(component)?;
            }
            linker.instantiate_pre(component)
        };
        let pre = prepare().map_err(|error| Step::Inspect.failed(format!("{error:#}")))?;
        let exports =
            GuestExports::find(component).map_err(|error| Step::Inspect.failed(format!("{error:#}")))?;
        Ok(Self { engine, request, name: request.name.as_str().into(), exports, pre })
    }

    pub(super) fn request(&self) -> &BuildRequest {
        self.request
    }

    /// A new instance, configured; its signatures are those of the contract.
    pub(super) async fn configure(&self) -> Result<Configured, Failure> {
        let limits = &self.request.limits;
        let failed = |error: &wasmtime::Error| {
            let fault = crate::Fault::from_wasmtime(error, limits.configure, limits.answer);
            Step::Configure.failed(format_args!("`configure` failed: {fault}"))
        };
        let mut store = new_store_for_build(self.engine, limits, &self.name, ACCESSOR_SLACK);
        let instance = self.pre.instantiate_async(&mut store).await.map_err(|error| failed(&error))?;
        let exports = self
            .exports
            .check(&mut store, &instance)
            .map_err(|error| Step::Inspect.failed(format!("{error:#}")))?;
        match self.exports.configure(&mut store, &instance, &self.request.settings).await {
            Ok(Ok(())) => Ok(Configured { store, instance, exports }),
            Ok(Err(text)) => Err(Step::Configure.failed(format_args!("the policy refuses them: {text}"))),
            Err(error) => {
                let fault = crate::Fault::from_call(&error, limits.configure, limits.answer);
                Err(Step::Configure.failed(format_args!("`configure` failed: {fault}")))
            }
        }
    }
}

/// The state of the configured instance with the bytes of its memories, or why there is none.
pub(super) async fn snapshot(
    instrumented: &Instrumented<'_>,
    component: Digest,
    configured: &mut Configured,
) -> Result<(GuestState, Vec<u8>), String> {
    let mut reader = Reader::new(&mut configured.store, configured.instance);
    // What is rewritten here is of no use to the host, which takes no code from this process. It says what state there is
    // to read, and whether a component can be made of it.
    rewrite(instrumented, &mut reader).await?;
    reader.finish(component).map_err(|error| format!("its state could not be read: {error:#}"))
}
