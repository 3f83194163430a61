//! Access for a time, with a reason: requests of users, which others approve, in the store.
//!
//! A request is `open` until a user decides, and then `denied`, or `approved` until its end. An approved one can be
//! `revoked`. Everything is read from the database for each request of a client: a step is in force at once, also for
//! other hosts that share the database.
//!
//! The content of a row is sealed for its id, so that who can write to the database and has no key approves nothing. What
//! stands beside it in clear text is for look-ups, and a row in which the two differ counts for nothing.
//!
//! * `schema`: the table
//! * `request`: one request, and what it may become
//!
//! The API calls it; it knows no HTTP and asks no policy.

mod request;
mod schema;

use portcullis_store::seal::{KeyId, Place, SealError, Sealer, key_of};
use portcullis_store::{Row, Sql, Store, StoreError, Transaction, Value};
use std::sync::{Arc, Weak};
use std::time::Duration;

pub(crate) use request::{AccessRequest, NewRequest, State, Step, now};

use schema::TABLE;

/// Open requests of one user on one mount.
const MAX_OPEN: usize = 10;
/// Approved requests of one user on one mount, which policies are told with each request.
const MAX_APPROVED: usize = 20;
/// Requests of one user on one mount, in any state: those that are over are kept for a day.
const MAX_OF_USER: i64 = 50;
/// Requests of one mount that are kept.
const MAX_KEPT: i64 = 5000;
/// Between two runs that delete what has ended.
const SWEEP: Duration = Duration::from_mins(10);

/// Why a step was not taken. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccessRefusal {
    #[error("there is no such request, or it has ended")]
    NotFound,
    #[error("nobody approves their own request: ask another of those who may")]
    Own,
    #[error(
        "you may approve this role for {} at most: deny the request, and let its user request less", humantime::format_duration(*.0)
    )]
    TooLong(Duration),
    #[error("the request is {} by `{by}` already", .state.as_str())]
    Decided { state: State, by: String },
    #[error("you have {MAX_OPEN} open requests: have them decided, or take one back with `deny`")]
    TooManyOpen,
    #[error("{MAX_APPROVED} requests of this user are approved, which is as many as may be")]
    TooManyApproved,
    #[error("you have requested this role already: request `{0}` is {state}", state = .1.as_str())]
    Twice(String, State),
    #[error(
        "you have {MAX_OF_USER} requests with those that were denied or revoked, which are kept for a day: take back open ones with \
         `deny`, or wait until an earlier one is deleted"
    )]
    TooMany,
    #[error(
        "this mount keeps {MAX_KEPT} requests, and no more: its users can take back open ones with `deny`, and those that have \
         ended are deleted within a day"
    )]
    Full,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] AccessRefusal),
}

/// Requests for access of all mounts, in one database. Clones share it.
#[derive(Clone)]
pub struct AccessRequests(Arc<Inner>);

struct Inner {
    store: Store,
    sealer: Sealer,
}

impl AccessRequests {
    /// Opens the table and brings it up to date. It must be called within a Tokio runtime, which then deletes now and then
    /// what has ended.
    ///
    /// # Errors
    /// The database cannot be used, or holds requests that were sealed with a key that `sealer` does not have.
    pub async fn open(store: Store, sealer: Sealer) -> Result<Self, StoreError> {
        const KEYS_IN_USE: Sql = Sql::same("SELECT DISTINCT key_id FROM federation_access");
        store.migrate("aws-federation", schema::MIGRATIONS).await?;
        // No key is needed for what has ended.
        let time = now();
        store.write(move |to| Box::pin(delete_ended(to, time))).await?;
        for row in store.read(KEYS_IN_USE, &[]).await? {
            // A row that others have written to grants nothing, and keeps no host from its start.
            match row.text(0)?.parse::<KeyId>() {
                Ok(key) if sealer.has(key) => {}
                Ok(key) => return Err(SealError::UnknownKey(key).into()),
                Err(error) => {
                    tracing::error!(%error, "a request for access counts for nothing: its row was changed");
                }
            }
        }
        let opened = Arc::new(Inner { store, sealer });
        tokio::spawn(sweep(Arc::downgrade(&opened)));
        Ok(Self(opened))
    }

    /// Stores a request, unless its user has too many.
    pub(crate) async fn create(&self, new: NewRequest, now: i64) -> Result<AccessRequest, AccessError> {
        const INSERT: Sql = Sql::same(
            "INSERT INTO federation_access (id, mount, requester, state, ends, key_id, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        const COUNT: Sql = Sql::same("SELECT COUNT(*) FROM federation_access WHERE mount = $1");
        const COUNT_OF_USER: Sql =
            Sql::same("SELECT COUNT(*) FROM federation_access WHERE mount = $1 AND requester = $2");
        let request = new.open(now)?;
        let sealer = self.0.sealer.clone();
        let created = self.0.store.write(move |to| {
            let (request, sealer) = (request.clone(), sealer.clone());
            Box::pin(async move {
                delete_ended(to, now).await?;
                let own = of_user(to, &sealer, &request.mount, &request.requester, now).await?;
                let is_same = |other: &&AccessRequest| {
                    (&other.account, &other.role) == (&request.account, &request.role)
                        && matches!(other.state, State::Open | State::Approved)
                };
                if let Some(other) = own.iter().find(is_same) {
                    return Ok(Err(AccessRefusal::Twice(other.id.clone(), other.state)));
                }
                if own.iter().filter(|other| other.state == State::Open).count() >= MAX_OPEN {
                    return Ok(Err(AccessRefusal::TooManyOpen));
                }
                let of_user = [request.mount.as_str().into(), request.requester.as_str().into()];
                for (sql, values, most, refusal) in [
                    (COUNT_OF_USER, &of_user[..], MAX_OF_USER, AccessRefusal::TooMany),
                    (COUNT, &of_user[..1], MAX_KEPT, AccessRefusal::Full),
                ] {
                    let kept = to.read(sql, values).await?;
                    if kept.first().map_or(Ok(0), |row| row.integer(0))? >= most {
                        return Ok(Err(refusal));
                    }
                }
                let [key, content] = seal(&sealer, &request)?;
                let values = [
                    request.id.as_str().into(),
                    request.mount.as_str().into(),
                    request.requester.as_str().into(),
                    request.state.as_str().into(),
                    request.ends.into(),
                    key,
                    content,
                ];
                to.execute(INSERT, &values).await?;
                Ok(Ok(request))
            })
        });
        Ok(created.await??)
    }

    /// Takes a step with a request of a mount. Of two at once the second finds what the first has made of it. An open request
    /// that its own user denies is deleted, so that it takes no place.
    pub(crate) async fn take(
        &self,
        mount: &str,
        id: &str,
        step: Step,
        by: &str,
        now: i64,
    ) -> Result<AccessRequest, AccessError> {
        const UPDATE: Sql = Sql::same(
            "UPDATE federation_access SET state = $2, ends = $3, key_id = $4, sealed = $5 WHERE id = $1",
        );
        const WITHDRAW: Sql = Sql::same("DELETE FROM federation_access WHERE id = $1");
        let sealer = self.0.sealer.clone();
        let (mount, id, by): (Arc<str>, Arc<str>, Arc<str>) = (mount.into(), id.into(), by.into());
        let taken = self.0.store.write(move |to| {
            let (mount, id, by) = (Arc::clone(&mount), Arc::clone(&id), Arc::clone(&by));
            let sealer = sealer.clone();
            Box::pin(async move {
                let Some(request) = one(to, &sealer, &mount, &id, now).await? else {
                    return Ok(Err(AccessRefusal::NotFound));
                };
                if step == Step::Approve {
                    let own = of_user(to, &sealer, &mount, &request.requester, now).await?;
                    if own.iter().filter(|other| other.state == State::Approved).count() >= MAX_APPROVED {
                        return Ok(Err(AccessRefusal::TooManyApproved));
                    }
                }
                let is_withdrawn = request.state == State::Open && request.requester == *by;
                let request = match request.after(step, &by, now) {
                    Ok(request) => request,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                if is_withdrawn {
                    to.execute(WITHDRAW, &[(*id).into()]).await?;
                    return Ok(Ok(request));
                }
                let [key, content] = seal(&sealer, &request)?;
                let values = [(*id).into(), request.state.as_str().into(), request.ends.into(), key, content];
                to.execute(UPDATE, &values).await?;
                Ok(Ok(request))
            })
        });
        Ok(taken.await??)
    }

    /// One request of a mount.
    pub(crate) async fn get(&self, mount: &str, id: &str, now: i64) -> Result<AccessRequest, AccessError> {
        let rows = self.0.store.read(ONE, &[id.into(), mount.into(), now.into()]).await?;
        let found = rows.iter().find_map(|row| unseal(&self.0.sealer, row, now));
        Ok(found.ok_or(AccessRefusal::NotFound)?)
    }

    /// What a user may use now because another user approved it.
    pub(crate) async fn approved(
        &self,
        mount: &str,
        user: &str,
        now: i64,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        const APPROVED: Sql = Sql::same(
            "SELECT id, mount, requester, state, sealed FROM federation_access
             WHERE mount = $1 AND requester = $2 AND ends > $3 AND state = 'approved' ORDER BY id",
        );
        let rows = self.0.store.read(APPROVED, &[mount.into(), user.into(), now.into()]).await?;
        let found = rows.iter().filter_map(|row| unseal(&self.0.sealer, row, now));
        Ok(found.filter(|request| request.state == State::Approved).take(MAX_APPROVED).collect())
    }

    /// All requests of a mount: those that are open or approved first, and of each kind the latest first.
    pub(crate) async fn all(&self, mount: &str, now: i64) -> Result<Vec<AccessRequest>, StoreError> {
        let rows = self.0.store.read(OF_MOUNT, &[mount.into(), now.into()]).await?;
        let mut found: Vec<_> = rows.iter().filter_map(|row| unseal(&self.0.sealer, row, now)).collect();
        let is_over = |request: &AccessRequest| !matches!(request.state, State::Open | State::Approved);
        found.sort_by(|one, other| {
            let latest = (other.created, &other.id).cmp(&(one.created, &one.id));
            is_over(one).cmp(&is_over(other)).then(latest)
        });
        Ok(found)
    }

    /// Revokes what was approved for a user, as far as it is meant, and denies what is open. Calls `done` for each.
    pub(crate) async fn revoke(
        &self,
        mount: &str,
        user: &str,
        is_meant: impl Fn(&AccessRequest) -> bool,
        by: &str,
        now: i64,
        mut done: impl FnMut(&AccessRequest),
    ) -> Result<(), AccessError> {
        let rows = self.0.store.read(OF_USER, &[mount.into(), user.into(), now.into()]).await?;
        for request in rows.iter().filter_map(|row| unseal(&self.0.sealer, row, now)) {
            if !is_meant(&request) || !matches!(request.state, State::Open | State::Approved) {
                continue;
            }
            match self.take(mount, &request.id, Step::Deny, by, now).await {
                Ok(request) => done(&request),
                // Another has done it meanwhile.
                Err(AccessError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Deletes what has ended.
    #[cfg(test)]
    pub(crate) async fn purge(&self, now: i64) -> Result<u64, StoreError> {
        purge(&self.0, now).await
    }
}

const ONE: Sql = Sql::same(
    "SELECT id, mount, requester, state, sealed FROM federation_access WHERE id = $1 AND mount = $2 AND ends > $3",
);
const OF_USER: Sql = Sql::same(
    "SELECT id, mount, requester, state, sealed FROM federation_access
     WHERE mount = $1 AND requester = $2 AND ends > $3 ORDER BY id",
);
const OF_MOUNT: Sql = Sql::same(
    "SELECT id, mount, requester, state, sealed FROM federation_access WHERE mount = $1 AND ends > $2",
);

async fn one(
    to: &mut Transaction,
    sealer: &Sealer,
    mount: &str,
    id: &str,
    now: i64,
) -> Result<Option<AccessRequest>, StoreError> {
    let rows = to.read(ONE, &[id.into(), mount.into(), now.into()]).await?;
    Ok(rows.iter().find_map(|row| unseal(sealer, row, now)))
}

async fn of_user(
    to: &mut Transaction,
    sealer: &Sealer,
    mount: &str,
    user: &str,
    now: i64,
) -> Result<Vec<AccessRequest>, StoreError> {
    let rows = to.read(OF_USER, &[mount.into(), user.into(), now.into()]).await?;
    Ok(rows.iter().filter_map(|row| unseal(sealer, row, now)).collect())
}

async fn delete_ended(to: &mut Transaction, now: i64) -> Result<u64, StoreError> {
    const DELETE: Sql = Sql::same("DELETE FROM federation_access WHERE ends <= $1");
    to.execute(DELETE, &[now.into()]).await
}

async fn purge(inner: &Inner, now: i64) -> Result<u64, StoreError> {
    inner.store.write(move |to| Box::pin(delete_ended(to, now))).await
}

/// Deletes what has ended, for as long as there is a table.
async fn sweep(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(inner) = inner.upgrade() else { return };
        if let Err(error) = purge(&inner, now()).await {
            tracing::warn!(%error, "requests for access that have ended cannot be deleted");
        }
    }
}

/// The columns `key_id` and `sealed`.
fn seal(sealer: &Sealer, request: &AccessRequest) -> Result<[Value; 2], StoreError> {
    // INVARIANT: serializing to memory fails for maps with keys that are no strings, and there are none here.
    let plain = serde_json::to_vec(request).unwrap_or_default();
    let content = sealer.seal(Place { table: TABLE, row: &request.id }, &plain)?;
    Ok([key_of(&content)?.to_string().into(), content.into()])
}

/// The request of a row. A row that was changed by others than us counts for nothing, and the operator is told.
fn unseal(sealer: &Sealer, row: &Row, now: i64) -> Option<AccessRequest> {
    let read = || -> Result<AccessRequest, StoreError> {
        let id = row.text(0)?;
        let plain = sealer.open(Place { table: TABLE, row: &id }, &row.bytes(4)?)?;
        let damaged = |what: &str| StoreError::Damaged(format!("a request for access {what}"));
        let request: AccessRequest = serde_json::from_slice(&plain).map_err(|_| damaged("cannot be read"))?;
        let columns = (id, row.text(1)?, row.text(2)?, row.text(3)?);
        let content = (&request.id, &request.mount, &request.requester, request.state.as_str());
        if (&columns.0, &columns.1, &columns.2, &*columns.3) != content {
            return Err(damaged("does not have the columns that it was stored with"));
        }
        Ok(request)
    };
    match read() {
        // The column may have been made later than what is sealed.
        Ok(request) => Some(request).filter(|request| request.ends > now),
        Err(error) => {
            tracing::error!(%error, "a request for access counts for nothing: its row was changed, or its key is lost");
            None
        }
    }
}

#[cfg(test)]
mod tests;
