//! Resolves the paths of the daemon's host that a Docker request names.
//!
//! dockerd follows symbolic links when it acts, so the path that a client names says little about what it reaches. Where
//! this host sees the daemon's file system, [`PathResolver`] adds to the request what each path leads to now, and the
//! directories on the way in which users other than root could make it lead elsewhere before dockerd looks again.
//!
//! * `walk`: from a path to what it leads to, one name at a time, by openat2(2)
//! * `request`: from a request to its paths, and back
//! * `resolver`: off the threads that serve requests, and with limits

mod error;
mod limits;
mod request;
mod resolver;
mod walk;

pub use error::{OpenRootError, ResolveError};
pub use resolver::PathResolver;
