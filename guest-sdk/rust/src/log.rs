//! Lines for the host's log, marked there with the policy's name and the decision's id.
//!
//! Each decision has a budget of lines and bytes, and a policy that goes over it is stopped. Outside WebAssembly
//! lines go nowhere.

#[cfg(target_arch = "wasm32")]
use crate::bindings::lifecycle::world::portcullis::policy::log::{Level, log as write};

macro_rules! level {
    ($(#[$meta:meta])* $name:ident, $level:ident) => {
        $(#[$meta])*
        pub fn $name(message: &str) {
            #[cfg(target_arch = "wasm32")]
            write(Level::$level, message);
            #[cfg(not(target_arch = "wasm32"))]
            let _ = message;
        }
    };
}

level!(
    /// Most verbose level, for debugging the policy itself.
    trace, Trace
);
level!(
    /// For the author of the policy.
    debug, Debug
);
level!(
    /// For the operator.
    info, Info
);
level!(
    /// Something an operator should look at.
    warn, Warn
);
level!(
    /// Something an operator must look at.
    error, Error
);

/// Sends the text of a panic to the log: the trap that follows says only `unreachable`.
pub(crate) fn panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}
