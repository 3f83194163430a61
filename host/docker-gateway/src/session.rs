//! The user of a request, and how long that holds.

use std::fmt;
use tokio::sync::watch;

/// What a user may do. The numbers are Portainer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything: users, endpoints, registries, and each Docker engine.
    Administrator = 1,
    /// The endpoints and registries that were granted.
    Standard = 2,
}

/// A user as the store has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The number in tokens and paths.
    pub id: i64,
    /// The name that policies see.
    pub name: String,
    /// Read from the store for each request: a token's own claim is not believed.
    pub role: Role,
}

/// An authenticated user, for one request and the stream that it may become.
#[derive(Clone)]
pub struct Session {
    /// The user.
    pub user: User,
    /// How the user was authenticated, in the words of `principal.authentication`: `token`, `certificate`, `peer`.
    pub authentication: &'static str,
    /// Holds true once the session has ended.
    ended: watch::Receiver<bool>,
}

impl Session {
    /// A session that ends when `ended` becomes true.
    pub fn new(user: User, authentication: &'static str, ended: watch::Receiver<bool>) -> Self {
        Self { user, authentication, ended }
    }

    /// Whether the user is an administrator.
    pub fn is_administrator(&self) -> bool {
        self.user.role == Role::Administrator
    }

    /// Waits until the session ends, since its token was revoked or its user changed or deleted. Never returns where
    /// nothing can end it.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        if ended.wait_for(|ended| *ended).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user).finish_non_exhaustive()
    }
}
