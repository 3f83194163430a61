//! One test body, both databases.

use portcullis_store::{Location, Options, Store};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

use portcullis_testing::postgres::Postgres;

/// A database that is empty at first and goes with the test.
pub struct Database {
    pub location: Location,
    pub kept: Kept,
}

pub enum Kept {
    Sqlite(TempDir),
    Postgres(Arc<Postgres>, String),
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::sqlite(folder.path().join("test.db")), kept: Kept::Sqlite(folder) }
    }

    pub fn postgres(server: Arc<Postgres>) -> Self {
        let url = server.database();
        Self { location: url.parse().unwrap(), kept: Kept::Postgres(server, url) }
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.location, &Options::default()).await.unwrap()
    }

    /// What an operator would write.
    pub fn url(&self) -> String {
        match &self.kept {
            Kept::Sqlite(_) => self.location.to_string(),
            Kept::Postgres(_, url) => url.clone(),
        }
    }

    pub fn folder(&self) -> Option<&Path> {
        match &self.kept {
            Kept::Sqlite(folder) => Some(folder.path()),
            Kept::Postgres(..) => None,
        }
    }
}

pub fn run(body: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()
        .unwrap()
        .block_on(body);
}

/// Makes two tests of each function, one for each database.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                crate::support::run(super::$name(crate::support::Database::sqlite()));
            })*
        }
        mod on_postgres {
            $(#[test]
            fn $name() {
                let Some(server) = portcullis_testing::postgres::Postgres::shared() else { return };
                crate::support::run(super::$name(crate::support::Database::postgres(server)));
            })*
        }
    };
}
pub(crate) use on_both;
