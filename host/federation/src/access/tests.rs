//! Requests for access in a database, with hosts that share it.

use super::*;
use portcullis_store::seal::MasterKey;
use portcullis_store::{Location, Options};

/// In 2096: what has ended by the clock is deleted when a host starts.
const NOW: i64 = 4_000_000_000;
const KEY: &[u8] = b"01234567890123456789012345678901";

struct Bench {
    folder: tempfile::TempDir,
    access: AccessRequests,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let access = Self::host(&folder, KEY).await.unwrap();
        Self { folder, access }
    }

    /// Another host with the same database.
    async fn host(folder: &tempfile::TempDir, key: &[u8]) -> Result<AccessRequests, StoreError> {
        let store = Self::store(folder).await;
        AccessRequests::open(store, Sealer::new(&MasterKey::parse(key).unwrap(), &[])).await
    }

    async fn store(folder: &tempfile::TempDir) -> Store {
        let location = Location::sqlite(folder.path().join("portcullis.db"));
        Store::open(&location, &Options::default()).await.unwrap()
    }

    async fn request(&self, user: &str, role: &str) -> Result<AccessRequest, String> {
        let new = NewRequest {
            mount: "/people".into(),
            requester: user.into(),
            account: "production".into(),
            role: role.into(),
            seconds: 3600,
            reason: "ticket 7".into(),
        };
        self.access.create(new, NOW).await.map_err(|error| error.to_string())
    }

    async fn take(&self, id: &str, step: Step, by: &str, now: i64) -> Result<AccessRequest, String> {
        self.access.take("/people", id, step, by, now).await.map_err(|error| error.to_string())
    }

    async fn approved(&self, now: i64) -> Vec<String> {
        let found = self.access.approved("/people", "alice", now).await.unwrap();
        found.into_iter().map(|request| request.role).collect()
    }
}

#[tokio::test]
async fn a_request_is_approved_by_another_and_ends() {
    let bench = Bench::new().await;
    let request = bench.request("alice", "repair").await.unwrap();
    assert_eq!((request.state, request.ends, request.id.len()), (State::Open, NOW + 86_400, 12));
    assert!(bench.approved(NOW).await.is_empty(), "nobody has approved it");
    let own = bench.take(&request.id, Step::Approve, "alice", NOW).await.unwrap_err();
    assert!(own.contains("nobody approves their own"), "{own}");
    assert!(bench.access.get("/other", &request.id, NOW).await.is_err(), "another mount has other users");
    assert!(bench.access.take("/other", &request.id, Step::Approve, "carol", NOW).await.is_err());

    let approved = bench.take(&request.id, Step::Approve, "carol", NOW + 10).await.unwrap();
    assert_eq!((approved.ends, approved.by.as_deref()), (NOW + 3610, Some("carol")));
    // Another host with the same database sees it.
    let other = Bench::host(&bench.folder, KEY).await.unwrap();
    for (now, user, found) in
        [(NOW + 11, "alice", 1), (NOW + 3609, "alice", 1), (NOW + 3610, "alice", 0), (NOW + 11, "bob", 0)]
    {
        assert_eq!(other.approved("/people", user, now).await.unwrap().len(), found, "{now} {user}");
    }
    assert_eq!(bench.access.purge(NOW + 3609).await.unwrap(), 0);
    assert_eq!(bench.access.purge(NOW + 3610).await.unwrap(), 1);
    assert!(bench.access.all("/people", NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_step_is_taken_once() {
    let bench = Bench::new().await;
    let mut ids = Vec::new();
    for (role, steps, last) in [
        ("a", &[(Step::Approve, "carol"), (Step::Approve, "dan")][..], Err("approved by `carol` already")),
        ("b", &[(Step::Deny, "carol"), (Step::Approve, "dan")], Err("denied by `carol` already")),
        (
            "c",
            &[(Step::Approve, "carol"), (Step::Deny, "dan"), (Step::Approve, "erin")],
            Err("revoked by `dan`"),
        ),
        ("d", &[(Step::Deny, "alice")], Ok(State::Denied)),
        ("e", &[(Step::Approve, "carol"), (Step::Deny, "alice")], Ok(State::Revoked)),
    ] {
        let id = bench.request("alice", role).await.unwrap().id;
        let mut result = Err(String::new());
        for (step, by) in steps {
            result = bench.take(&id, *step, by, NOW).await;
        }
        match (result, last) {
            (Ok(request), Ok(state)) => assert_eq!(request.state, state, "{role}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{role}: {error}"),
            (result, _) => panic!("{role}: {result:?}"),
        }
        ids.push(id);
    }
    assert_eq!(bench.approved(NOW).await, ["a"]);
    let left = bench.access.all("/people", NOW).await.unwrap();
    // The one that its user took back before it was approved is gone.
    assert_eq!(left.len(), ids.len() - 1);
    let order: Vec<_> = left.iter().map(|request| request.state == State::Approved).collect();
    assert_eq!(order, [true, false, false, false], "those in force go first: {left:?}");
    let unknown = bench.take("0123456789ab", Step::Approve, "carol", NOW).await.unwrap_err();
    assert!(unknown.contains("no such request"), "{unknown}");
    // One that no user decided ends.
    let open = bench.request("alice", "f").await.unwrap();
    assert!(bench.take(&open.id, Step::Approve, "carol", open.ends).await.is_err());
}

#[tokio::test]
async fn of_two_approvers_at_once_one_approves() {
    let bench = Bench::new().await;
    let other = Bench::host(&bench.folder, KEY).await.unwrap();
    for number in 0..5 {
        let id = bench.request("alice", &format!("r{number}")).await.unwrap().id;
        let (one, two) = tokio::join!(
            bench.access.take("/people", &id, Step::Approve, "carol", NOW),
            other.take("/people", &id, Step::Approve, "dan", NOW),
        );
        let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
        let by = won.unwrap().by.unwrap();
        let error = lost.unwrap_err().to_string();
        assert!(error.contains(&format!("approved by `{by}` already")), "{error}");
    }
}

#[tokio::test]
async fn a_user_has_so_many_requests() {
    let bench = Bench::new().await;
    for number in 0..MAX_OPEN {
        bench.request("alice", &format!("r{number}")).await.unwrap();
    }
    let error = bench.request("alice", "more").await.unwrap_err();
    assert!(error.contains("10 open requests"), "{error}");
    bench.request("bob", "r0").await.unwrap();
    let twice = bench.request("bob", "r0").await.unwrap_err();
    assert!(twice.contains("requested this role already") && twice.contains("is open"), "{twice}");
    // Once they are decided there is room, but no more are approved than policies are told of.
    for round in 0..2 {
        for request in bench.access.all("/people", NOW).await.unwrap() {
            if request.requester == "alice" && request.state == State::Open {
                bench.take(&request.id, Step::Approve, "carol", NOW).await.unwrap();
            }
        }
        for number in 0..MAX_OPEN {
            bench.request("alice", &format!("more{round}-{number}")).await.unwrap();
        }
    }
    let open = bench.access.all("/people", NOW).await.unwrap();
    let open =
        open.iter().find(|request| request.state == State::Open && request.requester == "alice").unwrap();
    let error = bench.take(&open.id, Step::Approve, "carol", NOW).await.unwrap_err();
    assert!(error.contains("20 requests of this user"), "{error}");
    // One command takes all of it.
    let revoke = async |user: &str, is_meant: fn(&AccessRequest) -> bool| {
        let mut states = Vec::new();
        let done = |request: &AccessRequest| states.push(request.state);
        bench.access.revoke("/people", user, is_meant, "operator", NOW, done).await.unwrap();
        let revoked = states.iter().filter(|state| **state == State::Revoked).count();
        [revoked, states.len() - revoked]
    };
    assert_eq!(revoke("alice", |_| true).await, [20, 10]);
    assert!(bench.approved(NOW).await.is_empty());
    assert_eq!(revoke("alice", |_| true).await, [0, 0]);
    assert_eq!(revoke("bob", |request| request.role == "other").await, [0, 0]);
}

#[tokio::test]
async fn a_user_who_takes_back_requests_fills_nothing() {
    let bench = Bench::new().await;
    for number in 0..MAX_OF_USER + 10 {
        let id = bench.request("alice", &format!("r{number}")).await.unwrap().id;
        assert_eq!(bench.take(&id, Step::Deny, "alice", NOW).await.unwrap().state, State::Denied);
    }
    assert!(bench.access.all("/people", NOW).await.unwrap().is_empty());
    // What others have denied stays for a day, and counts.
    for number in 0..MAX_OF_USER {
        let id = bench.request("alice", &format!("r{number}")).await.unwrap().id;
        bench.take(&id, Step::Deny, "carol", NOW).await.unwrap();
    }
    let error = bench.request("alice", "more").await.unwrap_err();
    assert!(error.contains("you have 50 requests"), "{error}");
    bench.request("bob", "more").await.unwrap();
}

#[tokio::test]
async fn what_has_ended_and_what_is_damaged_keeps_no_host_from_its_start() {
    let bench = Bench::new().await;
    let other_key = b"another key of thirty two bytes.";
    let new = NewRequest {
        mount: "/people".into(),
        requester: "alice".into(),
        account: "production".into(),
        role: "old".into(),
        seconds: 3600,
        reason: "ticket 7".into(),
    };
    bench.access.create(new, 1000).await.unwrap();
    Bench::host(&bench.folder, other_key).await.map(drop).unwrap();
    assert!(bench.access.all("/people", 1000).await.unwrap().is_empty(), "it was deleted");

    bench.request("alice", "repair").await.unwrap();
    assert!(Bench::host(&bench.folder, other_key).await.is_err(), "a lost key is found at the start");
    let damage = Sql::same("UPDATE federation_access SET key_id = 'none'");
    let store = Bench::store(&bench.folder).await;
    store.write(move |to| Box::pin(async move { to.execute(damage, &[]).await })).await.unwrap();
    Bench::host(&bench.folder, other_key).await.map(drop).unwrap();
}

#[tokio::test]
async fn who_writes_to_the_database_without_the_key_approves_nothing() {
    let bench = Bench::new().await;
    let store = Bench::store(&bench.folder).await;
    let change = |sql: &'static str| {
        let store = store.clone();
        async move {
            store
                .write(move |to| Box::pin(async move { to.execute(Sql::same(sql), &[]).await }))
                .await
                .unwrap()
        }
    };
    let open = bench.request("alice", "repair").await.unwrap();
    change("UPDATE federation_access SET state = 'approved'").await;
    assert!(bench.approved(NOW).await.is_empty());
    change("UPDATE federation_access SET state = 'open'").await;
    // Bob's approved request is none of alice's, and none that lasts longer.
    let of_bob = bench.request("bob", "admin").await.unwrap();
    bench.take(&of_bob.id, Step::Approve, "carol", NOW).await.unwrap();
    change("UPDATE federation_access SET requester = 'alice'").await;
    assert!(bench.approved(NOW).await.is_empty());
    change("UPDATE federation_access SET requester = 'bob', ends = ends + 100000 WHERE state = 'approved'")
        .await;
    assert_eq!(bench.access.approved("/people", "bob", NOW).await.unwrap().len(), 1);
    assert!(bench.access.approved("/people", "bob", NOW + 3600).await.unwrap().is_empty());
    // Its sealed value is good for no other row.
    change(
        "UPDATE federation_access SET state = 'approved', requester = 'alice',
         sealed = (SELECT sealed FROM federation_access WHERE requester = 'bob' LIMIT 1)",
    )
    .await;
    assert!(bench.approved(NOW).await.is_empty());
    assert!(bench.access.get("/people", &open.id, NOW).await.is_err());
    let lost = Bench::host(&bench.folder, b"another key of thirty two bytes.").await;
    assert!(lost.is_err(), "a lost key is found at the start");
}
