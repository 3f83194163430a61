//! The user of a request, and how long that holds.

use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

use crate::open_sessions::{Credential, Registration};

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
    /// Absent where nothing of this process can end it.
    registration: Option<Arc<Registration>>,
    /// The user's epoch when the session began.
    epoch: i64,
}

impl Session {
    /// A session that ends when `ended` becomes true.
    pub fn new(user: User, authentication: &'static str, ended: watch::Receiver<bool>) -> Self {
        Self { user, authentication, ended, registration: None, epoch: 0 }
    }

    /// A session that [`OpenSessions`](crate::open_sessions::OpenSessions) can end.
    pub(crate) fn registered(
        user: User,
        authentication: &'static str,
        epoch: i64,
        registration: Registration,
    ) -> Self {
        let ended = registration.subscribe();
        Self { user, authentication, ended, registration: Some(Arc::new(registration)), epoch }
    }

    /// What it was authenticated with.
    pub(crate) fn credential(&self) -> &Credential {
        self.registration.as_ref().map_or(&Credential::Name, |registration| registration.credential())
    }

    /// The user's epoch when the session began.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Notes the endpoint in use, before its grant is read.
    pub(crate) fn set_endpoint(&self, endpoint: i64) {
        if let Some(registration) = &self.registration {
            registration.set_endpoint(endpoint);
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
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
