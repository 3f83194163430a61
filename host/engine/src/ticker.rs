//! One thread for the whole process that moves every engine's clock on by one, each millisecond.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use wasmtime::{Engine, EngineWeak};

/// How often a running guest looks whether its time is up.
pub(crate) const TICK: Duration = Duration::from_millis(1);

static ENGINES: Mutex<Vec<EngineWeak>> = Mutex::new(Vec::new());
static THREAD: OnceLock<()> = OnceLock::new();

/// Ticks `engine` until it is dropped.
pub(crate) fn tick(engine: &Engine) -> std::io::Result<()> {
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    engines.push(engine.weak());
    drop(engines);
    if THREAD.get().is_none() {
        std::thread::Builder::new().name("ticker".into()).spawn(run)?;
        // Two that race here start two threads: ticks come sooner, and nothing else changes.
        let _ = THREAD.set(());
    }
    Ok(())
}

fn run() {
    loop {
        std::thread::sleep(TICK);
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|engine| {
            engine.upgrade().is_some_and(|engine| {
                engine.increment_epoch();
                true
            })
        });
    }
}
