//! How much of a path, and how many paths, are followed.

/// Symbolic links of one path: as many as Linux follows (`MAXSYMLINKS`).
pub(crate) const MAX_LINKS: usize = 40;
/// The bytes of a path are fewer (`PATH_MAX`).
pub(crate) const MAX_BYTES: usize = 4096;
/// Directories above each other. Each one on the way is open.
pub(crate) const MAX_DEPTH: usize = 256;
/// As many different paths may a request name.
pub(crate) const MAX_PATHS: usize = 1024;
