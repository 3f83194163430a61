//! The user of a process on a unix socket, by name and with groups, as the system knows it.

use moka::future::Cache;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use portcullis_contract::types::Principal;
use portcullis_listen::PeerUser;
use std::ffi::CString;
use std::time::Duration;

/// How long names are kept: a directory behind the system may be slow.
const TTL: Duration = Duration::from_secs(10);

/// Users that are kept.
const MAX_USERS: u64 = 1024;

/// Looks users up.
pub(crate) struct SystemUsers(Cache<(u32, u32), Principal>);

impl SystemUsers {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_USERS).time_to_live(TTL).build())
    }

    /// The principal of a peer. A user without a name is called by the number, e.g. `uid:1000`.
    pub(crate) async fn principal(&self, peer: PeerUser) -> Principal {
        let key = (peer.uid, peer.gid);
        self.0
            .get_with(key, async move {
                let looked_up = tokio::task::spawn_blocking(move || look_up(peer)).await;
                looked_up.unwrap_or_else(|_| principal(peer, None, Vec::new()))
            })
            .await
    }
}

fn look_up(peer: PeerUser) -> Principal {
    let user = match User::from_uid(Uid::from_raw(peer.uid)) {
        Ok(user) => user.map(|user| user.name),
        Err(error) => {
            tracing::warn!(uid = peer.uid, %error, "the system cannot say who a user is");
            None
        }
    };
    let named = user.as_deref().and_then(|name| CString::new(name).ok());
    let gid = Gid::from_raw(peer.gid);
    let gids = named.and_then(|name| getgrouplist(&name, gid).ok()).unwrap_or_else(|| vec![gid]);
    let name = |gid: Gid| match Group::from_gid(gid) {
        Ok(Some(group)) => group.name,
        _ => format!("gid:{gid}"),
    };
    principal(peer, user, gids.into_iter().map(name).collect())
}

fn principal(peer: PeerUser, name: Option<String>, groups: Vec<String>) -> Principal {
    Principal {
        name: Some(name.unwrap_or_else(|| format!("uid:{}", peer.uid))),
        authentication: "peer".into(),
        groups,
        attributes: vec![("uid".into(), peer.uid.to_string()), ("gid".into(), peer.gid.to_string())],
        ..Principal::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn users_are_called_by_name_and_strangers_by_number() {
        let users = SystemUsers::new();
        let root = users.principal(PeerUser { uid: 0, gid: 0 }).await;
        assert_eq!(root.name.as_deref(), Some("root"));
        assert!(root.groups.contains(&"root".to_owned()), "{:?}", root.groups);
        let stranger = users.principal(PeerUser { uid: 3_999_999, gid: 3_999_999 }).await;
        assert_eq!(stranger.name.as_deref(), Some("uid:3999999"));
        assert_eq!(stranger.groups, ["gid:3999999"]);
    }
}
