//! The operations of the Docker Engine API: one enum, and one row in one table for each.
//!
//! A row holds all that differs between operations: routes, kind and schema of the body, targets, facts, and where
//! secrets stand. [`crate::routes`] finds the operation of a request; [`crate::canonical`] and the APIs look up the
//! rest by [`Operation`].
//!
//! A new operation is one row in `operation/table.rs`. A new property of operations is a field of `OperationSpec`,
//! whose value for most operations stands in `OperationSpec::plain`.

mod body;
mod route;

/// Makes the enum and its tables from the rows in `operation/table.rs`.
macro_rules! operations {
    ($(
        $($route:literal)|+ => $name:ident: $kind:ident $({ $($field:ident: $value:expr),* $(,)? })?
    ),* $(,)?) => {
        /// An operation of the Docker Engine API, by Docker's operationId, or by a name of ours where Docker's
        /// specification has none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $( $(#[doc = concat!("`", $route, "`")])+ $name, )*
        }

        impl Operation {
            /// Every operation, in the order of dockerd's routes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        /// The rows without their routes, in the order of the enum.
        pub(super) static SPECS: [OperationSpec; Operation::ALL.len()] = [$(
            OperationSpec {
                $($($field: $value,)*)?
                ..OperationSpec::plain(stringify!($name), crate::facts::TargetKind::$kind)
            }
        ),*];

        /// The routes of all rows: the first that matches a request wins.
        pub(crate) static ROUTES: &[(RoutePattern, Operation)] =
            &[$($((RoutePattern::parse($route), Operation::$name)),+),*];
    };
}

mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::facts::{Facts, TargetKind, TargetSpec, host_paths};
use crate::query::Query;
use crate::schema::Schema;

pub use body::BodyKind;
pub(crate) use body::BodySpec;
pub(crate) use route::RoutePattern;
pub use table::Operation;
pub(crate) use table::ROUTES;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct OperationSpec {
    /// The text of the operation in configuration, JSON and the contract.
    id: &'static str,
    /// What the operation is about.
    pub(crate) kind: TargetKind,
    /// Empty stands for one target of `kind`, named in the path.
    pub(crate) targets: &'static [TargetSpec],
    pub(crate) body: BodySpec,
    /// Whether older versions of dockerd take host configuration from the top of the body too.
    pub(crate) hoists_host_config: bool,
    pub(crate) facts: Facts,
    /// Reads the paths of the host that are no mounts.
    pub(crate) host_paths: host_paths::Reader,
    /// Members of the body that no policy sees, e.g. `CAConfig.SigningCAKey`.
    pub(crate) secrets: &'static [&'static str],
    /// Members of the response's body that no policy sees.
    pub(crate) response_secrets: &'static [&'static str],
}

impl OperationSpec {
    /// A row without fields.
    const fn plain(id: &'static str, kind: TargetKind) -> Self {
        Self {
            id,
            kind,
            targets: &[],
            body: BodySpec::Nothing,
            hoists_host_config: false,
            facts: Facts::None,
            host_paths: host_paths::none,
            secrets: &[],
            response_secrets: &[],
        }
    }
}

impl Operation {
    pub(crate) fn spec(self) -> &'static OperationSpec {
        &table::SPECS[self as usize]
    }

    /// Docker's operationId, or our name where Docker's specification has none.
    pub fn as_str(self) -> &'static str {
        self.spec().id
    }

    /// Whether it uses what a container that is there may do on the host: starts it or a command in it, speaks with what
    /// runs in it, reads or writes its files, or keeps a copy of it. To look at a container, to end it or to remove it needs
    /// none of that.
    pub fn reaches_into_container(self) -> bool {
        matches!(
            self,
            Self::CheckpointCreate
                | Self::ContainerArchive
                | Self::ContainerArchiveInfo
                | Self::ContainerAttach
                | Self::ContainerAttachWebsocket
                | Self::ContainerCopy
                | Self::ContainerExec
                | Self::ContainerExport
                | Self::ContainerRename
                | Self::ContainerRestart
                | Self::ContainerStart
                | Self::ContainerUnpause
                | Self::ContainerUpdate
                | Self::ExecStart
                | Self::ImageCommit
                | Self::PutContainerArchive
        )
    }

    /// Whether it makes containers of its workload, which may take over mounts and namespaces of others.
    pub fn makes_containers(self) -> bool {
        matches!(self, Self::ContainerCreate | Self::ImageBuild)
    }

    /// Whether it mounts volumes that its workload names. A container that is there is looked up with its volumes.
    pub fn mounts_volumes(self) -> bool {
        matches!(self, Self::ContainerCreate | Self::ServiceCreate | Self::ServiceUpdate)
    }

    /// The schema of the body; absent where the operation reads no JSON body.
    pub fn schema(self) -> Option<&'static Schema> {
        self.spec().body.schema()
    }

    /// What dockerd does with a body by the oldest version of the API and without parameters.
    pub fn oldest_body_kind(self) -> BodyKind {
        self.spec().body.kind(&Query::default(), Some((1, 0)))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is the id of no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no operation of the Docker Engine API; they are written as Docker's operationIds, e.g. `SystemPing`"
)]
pub struct UnknownOperationError(String);

impl FromStr for Operation {
    type Err = UnknownOperationError;

    /// Reads an operationId. Case counts.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|operation| operation.as_str() == text);
        found.copied().ok_or_else(|| UnknownOperationError(text.to_owned()))
    }
}
