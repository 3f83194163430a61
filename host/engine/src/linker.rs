//! What a guest can call: `log`, and the WASI interfaces that its entry in the configuration names.

use portcullis_contract::hook::{PACKAGE, VERSION};
use wasmtime::component::Linker;
use wasmtime::{Engine, Result, StoreContextMut};

use crate::state::{Level, State};

/// A linker for a policy; with `wasi` everything of WASI 0.2 is defined. Which of it a component may import was
/// settled when it was inspected.
pub(crate) fn linker(engine: &Engine, wasi: bool) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.instance(&format!("{PACKAGE}/log@{VERSION}"))?.func_wrap(
        "log",
        |mut store: StoreContextMut<'_, State>, (level, message): (Level, String)| {
            store.data_mut().log(level, &message)
        },
    )?;
    if wasi {
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    }
    Ok(linker)
}
