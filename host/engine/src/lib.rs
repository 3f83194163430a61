//! Policies: how they are loaded, asked, combined and swapped. Knows wasmtime; knows no HTTP and no API.
//!
//! **Loading**, one file per step. The first two run in the host, the next six in confined child processes ([`build`]):
//! `configure` runs in one, and native code is made by another, which runs no guest:
//!
//! 1. [`source`]: where the bytes come from, size and digest
//! 2. [`cache`]: an artifact made before for the same bytes, settings and limits
//! 3. `build::encode`: a core module becomes a component
//! 4. `build::inspect`: what it imports and exports, and whether that is granted and known
//! 5. `build::preinitialize`: `configure` runs once, and its memory and globals are read
//! 6. `build::cases`: what the component that is not pre-initialized answers to the policy's own cases
//! 7. `build::guest_state`: that memory becomes the component's image
//! 8. `build::compile`: native code
//! 9. [`probe`]: the cases are asked of what will go live
//! 10. [`Host::publish`]: one pointer store. Policies that did not change are those of the generation before
//!
//! `trial` asks a candidate without publishing it: for `portcullis policy test`, `bench` and `replay`.
//!
//! **Deciding**: [`Generation::decide`] asks every policy of one generation and combines what they say ([`combine`]).
//! `policy` asks one: in turns with other callers (`fair_queue`), in a new instance (`ask`), on the caller's thread for
//! the first slice and in a runtime for long decisions after that (`offload`). A deadline counts the guest's processor
//! time (`cpu_time`), so load delays a decision and refuses none, until the request's time budget is over.

mod answer;
mod ask;
pub mod build;
pub mod cache;
mod caller;
pub mod case;
pub mod combine;
mod compile_config;
mod cpu_time;
mod decision;
mod digest;
mod error;
mod fair_queue;
mod fault;
mod generation;
mod host;
mod limits;
mod linker;
mod offload;
mod policy;
pub mod probe;
mod revision;
mod sealed;
mod set;
mod shadow;
mod slow_callers;
pub mod source;
mod spec;
mod state;
mod text;
mod ticker;
mod trial;

pub use answer::{Answer, Callable, CaseResult};
pub use caller::Caller;
pub use decision::{CombinedEdits, Decision, Grants, Outcome, PolicyOutcome, PolicyStatusRef};
pub use digest::Digest;
pub use error::{LoadError, PolicyError};
pub use fault::Fault;
pub use generation::{Attached, Generation};
pub use host::{Host, HostOptions};
pub use limits::Limits;
pub use policy::PolicyStatus;
pub use set::{Attachment, Candidate, PolicySet, Publication, SetEntry};
pub use shadow::{Comparison, PendingComparison, ShadowCounts, ShadowStats};
pub use spec::{Hooks, Mode, PolicySpec};
