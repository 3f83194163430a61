//! What must hold for every question.

use super::policy;
use crate::operation::Operation;
use portcullis_policy_sdk::secrets::{Access, Acl, Entity, Holder, Requester};
use portcullis_policy_sdk::types::Context;
use portcullis_policy_sdk::{SecretAccess as _, Verdict};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const EVERYTHING: &str = r#"{"principals":["group","role","project"],"expiry":true,"private_by_default":true,
    "containers_cover_secrets":true,"shut_out_admins":true}"#;

fn requester() -> impl Strategy<Value = Requester> {
    let roles =
        vec!["admin", "member", "reader", "creator", "observer", "audit", "key-manager:service-admin"];
    (select(vec!["u1", "u2", "u3"]), select(vec!["p1", "p2"]), subsequence(roles, 0..4), any::<bool>())
        .prop_map(|(user, project, roles, grouped)| Requester {
            user: Some(user.into()),
            user_name: Some(format!("name of {user}")),
            project: Some(project.into()),
            scope: "project".into(),
            roles: roles.into_iter().map(str::to_owned).collect(),
            groups: if grouped { vec!["g1".into()] } else { Vec::new() },
            ..Requester::default()
        })
}

fn acl() -> impl Strategy<Value = Acl> {
    let entries = vec![
        "u1",
        "u2",
        "name of u1",
        "group:g1",
        "role:member",
        "project:p2",
        "u1@2026-01-01T00:00:00Z",
        "u1@2027-01-01T00:00:00Z",
        "u1@2027-99-01T00:00:00Z",
        "group:",
    ];
    (subsequence(entries, 0..4), any::<bool>()).prop_map(|(users, project_access)| Acl {
        users: users.into_iter().map(str::to_owned).collect(),
        project_access,
        ..Acl::default()
    })
}

fn entity(kind: &'static str) -> impl Strategy<Value = Entity> {
    (select(vec!["p1", "p2"]), option::of(select(vec!["u1", "u2"]))).prop_map(move |(project, creator)| {
        Entity {
            kind: kind.into(),
            project: project.into(),
            creator: creator.map(str::to_owned),
            ..Entity::default()
        }
    })
}

fn access() -> impl Strategy<Value = Access> {
    let operation = select(Operation::ALL.to_vec()).prop_map(|operation| operation.name().to_owned());
    let holder = (entity("container"), option::of(acl())).prop_map(|(entity, acl)| Holder { entity, acl });
    let entity = prop_oneof![entity("secret"), entity("container")];
    (operation, requester(), entity, option::of(acl()), option::of(acl()), vec(holder, 0..3)).prop_map(
        |(operation, principal, entity, acl, proposed, holders)| Access {
            context: Context { now: 1_795_305_600_000, ..Context::default() },
            operation,
            principal,
            entity: Some(entity),
            acl,
            proposed,
            holders,
            ..Access::default()
        },
    )
}

/// The operations that being listed does not open.
fn for_others() -> impl Strategy<Value = Operation> {
    let mut others = Operation::ALL.to_vec();
    others.retain(|operation| !operation.is_for_the_listed());
    select(others)
}

pub(super) fn regime() -> impl Strategy<Value = &'static str> {
    select(vec!["default", "legacy"])
}

/// The settings with the regime put in.
pub(super) fn with(regime: &str, settings: &str) -> String {
    let rest = settings.trim_start_matches('{');
    let comma = if rest == "}" { "" } else { "," };
    format!(r#"{{"regime":"{regime}"{comma}{rest}"#)
}

pub(super) fn allows(settings: &str, access: &Access) -> bool {
    policy(settings).authorize(access).unwrap().verdict == Verdict::Allow
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// It says yes or no, always by a rule, and a no always with a reason that fits.
    #[test]
    fn every_answer_is_whole(access in access(), regime in regime(), all: bool, odd in "\\PC{0,400}") {
        let policy = policy(&with(regime, if all { EVERYTHING } else { "{}" }));
        let mut odder = access.clone();
        odder.principal.user = Some(odd.clone());
        odder.principal.user_name = Some(odd.clone());
        odder.principal.project = Some(odd.clone());
        odder.principal.roles = vec![odd.clone(); 9];
        odder.acl.get_or_insert_default().users.push(odd.clone());
        let unknown = Access { operation: odd, ..access.clone() };
        for access in [access, odder, unknown] {
            let opinion = policy.authorize(&access).unwrap();
            prop_assert_ne!(opinion.verdict, Verdict::Abstain);
            prop_assert!(!opinion.rule.is_empty());
            prop_assert_eq!(opinion.reason.is_empty(), opinion.verdict == Verdict::Allow);
            prop_assert!(opinion.reason.len() <= 1024, "{} bytes: {}", opinion.reason.len(), opinion.reason);
        }
    }

    /// Without settings nothing counts but what Barbican looks at.
    #[test]
    fn what_barbican_does_not_know_changes_nothing(access in access(), regime in regime()) {
        let settings = with(regime, "{}");
        let mut plain = access.clone();
        plain.holders.clear();
        plain.proposed = None;
        plain.principal.groups.clear();
        plain.context.now = 0;
        if let Some(acl) = &mut plain.acl {
            acl.users.retain(|user| !user.contains(':') && !user.contains(' '));
        }
        prop_assert_eq!(allows(&settings, &access), allows(&settings, &plain));
    }

    /// Settings that narrow grant nothing, and those that widen refuse nothing.
    #[test]
    fn a_setting_goes_one_way(access in access(), regime in regime()) {
        let plain = allows(&with(regime, "{}"), &access);
        for narrowing in [r#"{"private_by_default":true}"#, r#"{"shut_out_admins":true}"#, r#"{"deny":["u2","group:g1"]}"#] {
            prop_assert!(plain || !allows(&with(regime, narrowing), &access), "{}", narrowing);
        }
        let access = Access { proposed: None, ..access };
        for widening in [r#"{"principals":["group","role","project"]}"#, r#"{"expiry":true}"#, r#"{"allow":["u2","group:g1"]}"#] {
            prop_assert!(!plain || allows(&with(regime, widening), &access), "{}", widening);
        }
    }

    /// A user who is only listed changes nothing.
    #[test]
    fn being_listed_never_lets_anybody_write(access in access(), operation in for_others(), regime in regime()) {
        let access = Access { operation: operation.name().to_owned(), ..access };
        let mut unlisted = Access { holders: Vec::new(), ..access.clone() };
        let mut settings = r#"{"principals":["group","role","project"],"expiry":true,"allow":["u1","group:g1"]}"#;
        let with_lists = allows(&with(regime, settings), &Access { proposed: None, ..access });
        if let Some(acl) = &mut unlisted.acl {
            acl.users.clear();
        }
        settings = "{}";
        unlisted.proposed = None;
        prop_assert_eq!(with_lists, allows(&with(regime, settings), &unlisted));
    }
}
