//! Users, and the one statement that each authenticated request reads.

use portcullis_store::{Row, Sql, StoreError, Transaction};
use std::fmt;
use std::sync::Arc;

use super::{Directory, DirectoryError, Refusal, now};
use crate::session::{Role, User};

const BY_ID: Sql = Sql::same("SELECT id, name, role, epoch FROM gateway_users WHERE id = $1");
const ALL: Sql = Sql::same("SELECT id, name, role FROM gateway_users ORDER BY id");
const BY_NAME: Sql = Sql::same("SELECT id, name, role FROM gateway_users WHERE name = $1");
const LOGIN: Sql = Sql::same("SELECT id, name, role, epoch, password FROM gateway_users WHERE name = $1");
const LOGIN_BY_ID: Sql = Sql::same("SELECT id, name, role, epoch, password FROM gateway_users WHERE id = $1");
/// `$2` is a token's `jti` and `$3` an API key's id: empty and 0 where there is none.
const SESSION: Sql = Sql::same(
    "SELECT u.id, u.name, u.role, u.epoch,
        CAST(CASE WHEN EXISTS (SELECT 1 FROM gateway_revoked_tokens r WHERE r.jti = $2) THEN 1 ELSE 0 END AS BIGINT),
        CAST(CASE WHEN EXISTS (SELECT 1 FROM gateway_api_keys k WHERE k.id = $3 AND k.user_id = u.id)
             THEN 1 ELSE 0 END AS BIGINT)
       FROM gateway_users u WHERE u.id = $1",
);
const CREATE: Sql = Sql::same(
    "INSERT INTO gateway_users (name, name_key, role, password, epoch, created_at) VALUES ($1, $2, $3, $4, 1, $5)
     ON CONFLICT DO NOTHING RETURNING id",
);
const ADMINISTRATORS: Sql = Sql::same("SELECT COUNT(*) FROM gateway_users WHERE role = 1");
const NAME_OF_OTHER: Sql = Sql::same("SELECT 1 FROM gateway_users WHERE name_key = $1 AND id <> $2");
const UPDATE: Sql = Sql::same(
    "UPDATE gateway_users SET name = $2, name_key = $3, role = $4, password = COALESCE(CAST($5 AS TEXT), password),
        epoch = epoch + 1 WHERE id = $1",
);
const SET_PASSWORD: Sql =
    Sql::same("UPDATE gateway_users SET password = $3, epoch = epoch + 1 WHERE id = $1 AND epoch = $2");
/// One row if there is such a user.
pub(super) const EXISTS: Sql = Sql::same("SELECT 1 FROM gateway_users WHERE id = $1");
const DELETE: Sql = Sql::same("DELETE FROM gateway_users WHERE id = $1");

/// What an authenticated request needs to know of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// The user, as of now.
    pub user: User,
    /// Grows with each change of password, role or name.
    pub epoch: i64,
    /// Whether the token was revoked.
    pub is_revoked: bool,
    /// Whether the API key exists, and is this user's.
    pub has_api_key: bool,
}

/// A user and the hash of the password. `Debug` does not show the hash.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: User,
    /// As in [`SessionState`].
    pub epoch: i64,
    /// Argon2id, in PHC form.
    pub hash: String,
}

/// What is changed of a user. `Debug` does not show the hash.
#[derive(Clone, Default)]
pub struct UserUpdate {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// The hash of another password.
    pub hash: Option<String>,
}

impl Directory {
    /// What a request that presents this credential needs to know. None if there is no such user.
    pub(crate) async fn session_state(
        &self,
        user: i64,
        jti: &str,
        api_key: i64,
    ) -> Result<Option<SessionState>, StoreError> {
        let rows = self.store.read(SESSION, &[user.into(), jti.into(), api_key.into()]).await?;
        let read = |row: &Row| {
            Ok(SessionState {
                user: user_of(row)?,
                epoch: row.integer(3)?,
                is_revoked: row.integer(4)? != 0,
                has_api_key: row.integer(5)? != 0,
            })
        };
        rows.first().map(read).transpose()
    }

    /// The user with this name, and the hash of the password.
    pub(crate) async fn login(&self, name: &str) -> Result<Option<Login>, StoreError> {
        self.read_login(LOGIN, name.into()).await
    }

    /// The user with this id, and the hash of the password.
    pub(crate) async fn login_by_id(&self, id: i64) -> Result<Option<Login>, StoreError> {
        self.read_login(LOGIN_BY_ID, id.into()).await
    }

    async fn read_login(
        &self,
        sql: Sql,
        value: portcullis_store::Value,
    ) -> Result<Option<Login>, StoreError> {
        let rows = self.store.read(sql, &[value]).await?;
        let read = |row: &Row| Ok(Login { user: user_of(row)?, epoch: row.integer(3)?, hash: row.text(4)? });
        rows.first().map(read).transpose()
    }

    /// The user with this id.
    pub(crate) async fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        self.store.read(BY_ID, &[id.into()]).await?.first().map(user_of).transpose()
    }

    /// The user with this name, spelled exactly so.
    pub(crate) async fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.store.read(BY_NAME, &[name.into()]).await?.first().map(user_of).transpose()
    }

    /// All users, in the order in which they were made.
    pub(crate) async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.store.read(ALL, &[]).await?.iter().map(user_of).collect()
    }

    /// Whether there is an administrator.
    pub(crate) async fn has_administrator(&self) -> Result<bool, StoreError> {
        let rows = self.store.read(ADMINISTRATORS, &[]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.integer(0))? > 0)
    }

    /// Makes a user.
    pub(crate) async fn create_user(
        &self,
        name: &str,
        role: Role,
        hash: String,
    ) -> Result<User, DirectoryError> {
        self.insert_user(name, role, hash, false).await
    }

    /// Makes the first administrator. Refused where there is one.
    pub(crate) async fn create_first_administrator(
        &self,
        name: &str,
        hash: String,
    ) -> Result<User, DirectoryError> {
        self.insert_user(name, Role::Administrator, hash, true).await
    }

    async fn insert_user(
        &self,
        name: &str,
        role: Role,
        hash: String,
        is_first: bool,
    ) -> Result<User, DirectoryError> {
        let (name, hash): (Arc<str>, Arc<str>) = (name.into(), hash.into());
        self.write(move |to| {
            let (name, hash) = (Arc::clone(&name), Arc::clone(&hash));
            Box::pin(async move {
                if is_first && administrators(to).await? > 0 {
                    return Ok(Err(Refusal::HasAdministrator));
                }
                let key = name.to_lowercase();
                let values = [(*name).into(), key.into(), (role as i64).into(), (*hash).into(), now().into()];
                let rows = to.read(CREATE, &values).await?;
                let Some(row) = rows.first() else { return Ok(Err(Refusal::NameTaken)) };
                Ok(Ok(User { id: row.integer(0)?, name: name.to_string(), role }))
            })
        })
        .await
    }

    /// Changes a user. Tokens that were issued before are refused from then on.
    pub(crate) async fn update_user(&self, id: i64, update: UserUpdate) -> Result<User, DirectoryError> {
        let update = Arc::new(update);
        self.write(move |to| {
            let update = Arc::clone(&update);
            Box::pin(async move {
                let rows = to.read(BY_ID, &[id.into()]).await?;
                let Some(before) = rows.first().map(user_of).transpose()? else {
                    return Ok(Err(Refusal::NotFound));
                };
                let role = update.role.unwrap_or(before.role);
                let demoted = before.role == Role::Administrator && role != Role::Administrator;
                if demoted && administrators(to).await? < 2 {
                    return Ok(Err(Refusal::LastAdministrator));
                }
                let name = update.name.clone().unwrap_or(before.name);
                let key = name.to_lowercase();
                if !to.read(NAME_OF_OTHER, &[key.as_str().into(), id.into()]).await?.is_empty() {
                    return Ok(Err(Refusal::NameTaken));
                }
                let hash = update.hash.clone().into();
                let values = [id.into(), name.as_str().into(), key.into(), (role as i64).into(), hash];
                to.execute(UPDATE, &values).await?;
                Ok(Ok(User { id, name, role }))
            })
        })
        .await
    }

    /// Sets a password, if the user was not changed since `epoch` was read.
    pub(crate) async fn set_password(&self, id: i64, epoch: i64, hash: String) -> Result<(), DirectoryError> {
        let hash: Arc<str> = hash.into();
        self.write(move |to| {
            let hash = Arc::clone(&hash);
            Box::pin(async move {
                let changed = to.execute(SET_PASSWORD, &[id.into(), epoch.into(), (*hash).into()]).await?;
                Ok(if changed == 1 { Ok(()) } else { Err(Refusal::Changed) })
            })
        })
        .await
    }

    /// Deletes a user, with the user's API keys and grants.
    pub(crate) async fn delete_user(&self, id: i64) -> Result<(), DirectoryError> {
        self.write(move |to| {
            Box::pin(async move {
                let rows = to.read(BY_ID, &[id.into()]).await?;
                let Some(user) = rows.first().map(user_of).transpose()? else {
                    return Ok(Err(Refusal::NotFound));
                };
                if user.role == Role::Administrator && administrators(to).await? < 2 {
                    return Ok(Err(Refusal::LastAdministrator));
                }
                to.execute(DELETE, &[id.into()]).await?;
                Ok(Ok(()))
            })
        })
        .await
    }
}

async fn administrators(to: &mut Transaction) -> Result<i64, StoreError> {
    to.read(ADMINISTRATORS, &[]).await?.first().map_or(Ok(0), |row| row.integer(0))
}

/// From the columns id, name and role, which every statement begins with.
fn user_of(row: &Row) -> Result<User, StoreError> {
    let role = match row.integer(2)? {
        1 => Role::Administrator,
        2 => Role::Standard,
        _ => return Err(StoreError::Damaged("a user's role is neither 1 nor 2".into())),
    };
    Ok(User { id: row.integer(0)?, name: row.text(1)?, role })
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for UserUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserUpdate")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
