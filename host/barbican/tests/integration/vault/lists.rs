//! Lists: whose, which, and in what order.

use portcullis_barbican::vault::{
    Entity, EntityWithAcl, Filter, Kind, NewSecret, Principals, Range, Scope, Timestamp, Vault,
};

use super::{Made as _, acl, find, make_container, make_secret, new_secret, open};
use crate::support::{Database, on_both};

on_both!(of_a_project, filtered, sorted, listed_users, listed_otherwise, in_pages, containers);

fn project(name: &str) -> Filter {
    Filter::new(Scope::Project(name.into()))
}

fn names(entities: &[EntityWithAcl]) -> Vec<&str> {
    entities.iter().map(|held| held.entity.name().unwrap_or("-")).collect()
}

async fn listed(vault: &Vault, filter: &Filter) -> (Vec<String>, u64) {
    let page = vault.list(Kind::Secret, filter).await.unwrap();
    (names(&page.entities).into_iter().map(str::to_owned).collect(), page.total)
}

async fn of_a_project(at: Database) {
    let vault = open(&at).await;
    for name in ["c", "a", "b"] {
        make_secret(&vault, name).await;
    }
    let theirs = NewSecret { project: "P1".into(), ..new_secret("theirs") };
    vault.create_secret(theirs).await.unwrap().made();
    let page = vault.list(Kind::Secret, &project("p1")).await.unwrap();
    assert_eq!((names(&page.entities), page.total), (vec!["c", "a", "b"], 3), "oldest first");
    for held in &page.entities {
        assert_eq!(&find(&vault, Kind::Secret, held.entity.id()).await, held, "as it is found alone");
    }
    assert_eq!(listed(&vault, &project("nobody")).await, (vec![], 0));
}

async fn filtered(at: Database) {
    let vault = open(&at).await;
    let aes = NewSecret {
        algorithm: Some("aes".into()),
        bit_length: Some(256),
        mode: Some("cbc".into()),
        secret_type: "symmetric".into(),
        ..new_secret("key")
    };
    vault.create_secret(aes).await.unwrap().made();
    make_secret(&vault, "key").await;
    make_secret(&vault, "Key").await;
    vault.create_secret(NewSecret { name: None, ..new_secret("") }).await.unwrap().made();
    let all = project("p1");
    let some = |text: &str| Some(text.to_owned());
    for (filter, total) in [
        (all.clone(), 4),
        (Filter { name: some("key"), ..all.clone() }, 3),
        (Filter { name: some("kE_"), ..all.clone() }, 3),
        (Filter { name: some("%Y"), ..all.clone() }, 3),
        (Filter { name: some("_"), ..all.clone() }, 0),
        (Filter { name: some("%"), ..all.clone() }, 3),
        (Filter { name: some("\\%"), ..all.clone() }, 0),
        (Filter { name: some(""), ..all.clone() }, 0),
        (Filter { subtype: some("symmetric"), ..all.clone() }, 1),
        (Filter { algorithm: some("aes"), ..all.clone() }, 1),
        (Filter { algorithm: some("AES"), ..all.clone() }, 1),
        (Filter { algorithm: some("a%"), ..all.clone() }, 1),
        (Filter { bit_length: Some(256), ..all.clone() }, 1),
        (Filter { bit_length: Some(128), ..all.clone() }, 0),
        (Filter { mode: some("cbc"), ..all.clone() }, 1),
        (Filter { name: some("key"), mode: some("cbc"), ..all.clone() }, 1),
        (Filter { name: some("Key"), mode: some("CB_"), ..all.clone() }, 1),
        (Filter { created: Range { from: Some(Timestamp(1)), until: None }, ..all.clone() }, 4),
        (Filter { updated: Range { from: None, until: Some(Timestamp(1)) }, ..all.clone() }, 0),
        (Filter { expiration: Range { from: Some(Timestamp(1)), until: None }, ..all.clone() }, 0),
        (Filter { name: some("' OR 1=1 --"), ..all }, 0),
    ] {
        let page = vault.list(Kind::Secret, &filter).await.unwrap();
        assert_eq!((page.total, page.entities.len()), (total, usize::try_from(total).unwrap()), "{filter:?}");
    }
}

async fn sorted(at: Database) {
    let vault = open(&at).await;
    for (name, bits, mode) in
        [(Some("b"), Some(2), "x"), (None, Some(10), "x"), (Some("Ü"), None, "y"), (Some("B"), Some(1), "y")]
    {
        let name = name.map(String::from);
        let new = NewSecret { name, bit_length: bits, mode: Some(mode.into()), ..new_secret("") };
        vault.create_secret(new).await.unwrap().made();
    }
    for (sort, expected) in [
        (&["name:asc"][..], ["", "B", "b", "Ü"]),
        (&["name:desc"], ["Ü", "b", "B", ""]),
        (&["bit_length:asc"], ["Ü", "B", "b", ""]),
        (&["bit_length:desc"], ["", "b", "B", "Ü"]),
        (&["mode:desc", "bit_length:asc"], ["Ü", "B", "b", ""]),
        (&["mode:asc"], ["b", "", "Ü", "B"]),
        (&["created:desc"], ["B", "Ü", "", "b"]),
        (
            &["status:asc", "secret_type:desc", "algorithm:asc", "expiration:asc", "updated:desc"],
            ["B", "Ü", "", "b"],
        ),
    ] {
        let sort = sort.iter().map(ToString::to_string).collect();
        let filter = Filter { sort, ..project("p1") };
        let page = vault.list(Kind::Secret, &filter).await.unwrap();
        let names: Vec<_> = page.entities.iter().map(|held| held.entity.name().unwrap_or("")).collect();
        assert_eq!(names, expected, "{filter:?}");
        let part = Filter { offset: 1, limit: 2, ..filter };
        let page = vault.list(Kind::Secret, &part).await.unwrap();
        let names: Vec<_> = page.entities.iter().map(|held| held.entity.name().unwrap_or("")).collect();
        assert_eq!((names.as_slice(), page.total), (&expected[1..3], 4), "{part:?}");
    }
}

async fn listed_users(at: Database) {
    let vault = open(&at).await;
    for (name, project, users) in [
        ("one", "p1", &["u2", "u3"][..]),
        ("two", "p2", &["u2"]),
        ("three", "p2", &["u3"]),
        ("four", "p1", &[]),
    ] {
        let new = NewSecret { project: project.into(), acl: Some(acl(users, true)), ..new_secret(name) };
        vault.create_secret(new).await.unwrap().made();
    }
    let of =
        |user: &str| Filter::new(Scope::Listed { user: user.into(), project: "p1".into(), also: Vec::new() });
    assert_eq!(listed(&vault, &of("u2")).await, (vec!["one".into(), "two".into()], 2), "across projects");
    assert_eq!(listed(&vault, &of("u3")).await, (vec!["one".into(), "three".into()], 2));
    assert_eq!(listed(&vault, &of("U2")).await, (vec![], 0));
    let named = Filter { name: Some("two".into()), ..of("u2") };
    assert_eq!(listed(&vault, &named).await, (vec!["two".into()], 1));
    assert_eq!(vault.list(Kind::Container, &of("u2")).await.unwrap().total, 0);
}

async fn in_pages(at: Database) {
    let vault = open(&at).await;
    let mut ids = Vec::new();
    for number in 0..25 {
        ids.push(make_secret(&vault, &number.to_string()).await.id);
    }
    // A list tells nothing of containers, however many hold what is in it.
    for _ in 0..2 {
        make_container(&vault, &ids.iter().map(|id| ("x", *id)).collect::<Vec<_>>()).await;
    }
    let mut seen = Vec::new();
    for offset in [0, 10, 20, 30] {
        let page = vault.list(Kind::Secret, &Filter { offset, ..project("p1") }).await.unwrap();
        assert_eq!(page.total, 25);
        assert!(page.entities.iter().all(|held| held.holders.is_empty()));
        seen.extend(page.entities.iter().map(|held| held.entity.id()));
    }
    assert_eq!(seen, ids);
    let none = Filter { limit: 0, ..project("p1") };
    assert_eq!(listed(&vault, &none).await, (vec![], 25));
    let far = Filter { offset: u64::MAX, limit: u64::MAX, ..project("p1") };
    assert_eq!(listed(&vault, &far).await, (vec![], 25));
}

async fn containers(at: Database) {
    let vault = open(&at).await;
    let a = make_secret(&vault, "a").await;
    let one = make_container(&vault, &[("x", a.id), ("y", a.id)]).await;
    let two = make_container(&vault, &[]).await;
    let version = find(&vault, Kind::Container, two.id).await.version;
    let _ = vault.set_acl(Kind::Container, two.id, version, &acl(&["u2"], false)).await.unwrap();
    let page = vault.list(Kind::Container, &project("p1")).await.unwrap();
    assert_eq!((page.total, page.entities.len()), (2, 2));
    assert_eq!(page.entities[0].entity, Entity::Container(one));
    let mine = vault
        .list(
            Kind::Container,
            &Filter::new(Scope::Listed { user: "u2".into(), project: "p1".into(), also: Vec::new() }),
        )
        .await
        .unwrap();
    assert_eq!(mine.entities, [find(&vault, Kind::Container, two.id).await]);
    for (name, subtype, total) in [("box", "generic", 2), ("box", "rsa", 0), ("bag", "generic", 0)] {
        let filter = Filter { name: Some(name.into()), subtype: Some(subtype.into()), ..project("p1") };
        assert_eq!(vault.list(Kind::Container, &filter).await.unwrap().total, total, "{name} {subtype}");
    }
}

async fn listed_otherwise(at: Database) {
    let vault = open(&at).await;
    let by = Principals {
        user: "u1".into(),
        anywhere: vec!["group:g".into(), "project:p".into()],
        roles: vec!["role:Reader".into()],
        project: "p1".into(),
    };
    let (mut expected, mut own) = (Vec::new(), Vec::new());
    for (project, entry, found) in [
        ("p1", "u1", false),
        ("p1", "u1@2026-01-01T00:00:00Z", true),
        ("p1", "u1@x", false),
        ("p1", "u10@2026-01-01T00:00:00Z", false),
        ("p2", "group:g", true),
        ("p2", "group:g@2026-01-01T00:00:00Z", true),
        ("p2", "group:G", false),
        ("p2", "group:gg", false),
        ("p1", "project:p", true),
        ("p1", "role:READER", true),
        ("p1", "role:reader@2026-01-01T00:00:00Z", true),
        ("p1", "role:readers", false),
        ("p2", "role:reader", false),
    ] {
        let acl = Some(acl(&["x", entry], true));
        let secret =
            vault.create_secret(NewSecret { project: project.into(), acl, ..new_secret(entry) }).await;
        let id = secret.unwrap().made().id;
        expected.extend(found.then_some(id));
        own.extend((found && project == "p1").then_some(id));
    }
    // Those of the own project first, which no stranger can push out.
    let of_others = expected.iter().filter(|id| !own.contains(*id)).copied();
    let in_order: Vec<_> = own.iter().copied().chain(of_others).collect();
    assert_eq!(vault.listed_otherwise(&by, 100).await.unwrap(), in_order);
    assert_eq!(vault.listed_otherwise(&by, 2).await.unwrap(), in_order[..2]);
    let scope = Scope::Listed { user: "u1".into(), project: "p1".into(), also: expected[1..3].to_vec() };
    let page = vault.list(Kind::Secret, &Filter { limit: 2, offset: 1, ..Filter::new(scope) }).await.unwrap();
    assert_eq!((names(&page.entities), page.total), (vec!["group:g", "group:g@2026-01-01T00:00:00Z"], 3));
}
