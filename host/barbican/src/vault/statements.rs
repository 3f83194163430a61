//! The SQL, the same for both databases but for where JSON is made and read.

mod import;
mod orders;
mod purge;
mod read;
mod write;

pub(super) use import::*;
pub(super) use orders::*;
pub(super) use purge::*;
pub(super) use read::*;
pub(super) use write::*;
