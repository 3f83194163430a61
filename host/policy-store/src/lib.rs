//! Policies that change while the host runs. One task changes the set in force, one change at a time: from the
//! configuration's files, or by the admin API.
//!
//! * [`PolicyManager`]: the handle that the server and the admin API change policies through
//! * [`Change`], [`PolicyPatch`], [`ChangedBy`], [`ChangeError`]: what is changed, who changes it, and why not
//! * [`SavedPolicy`]: a policy without its module's bytes, as it is kept
//! * [`State`]: the set in force with where each policy came from, its revisions, and its shadows
//! * `merge`: what is to be in force when files and the admin API say different things
//! * [`PolicyStore`]: modules and state on disk, whole or not at all
//! * `shared`: what handles and task share
//! * `task`: builds, records, saves and publishes a change, in this order
//! * `record`: the record of a change
//!
//! A new kind of change is a variant of [`Change`], an arm in `task`, and a route of the admin API.

mod change;
mod manager;
mod merge;
mod record;
mod saved;
mod shared;
mod state;
mod store;
mod task;

#[cfg(test)]
mod tests;

pub use change::{Applied, Change, ChangeError, ChangedBy, FilePolicies, PolicyPatch};
pub use manager::{ManagerOptions, PolicyManager, Prepared};
pub use saved::SavedPolicy;
pub use shared::Refusal;
pub use state::{ActivePolicy, Origin, Revision, State};
pub use store::{PolicyStore, StoreError};
