//! Where a container's ACL reaches secrets: no order of what Barbican lets colleagues do leads to a private one.

use super::questions::{allows, regime, with};
use portcullis_policy_sdk::secrets::{Access, Acl, Entity, Holder, Requester};
use proptest::collection::vec;
use proptest::prelude::*;

/// What mallory may try. She is a member of the project, an admin of it, or a user of another one.
#[derive(Debug, Clone)]
enum Attempt {
    MakeContainer { holds: bool },
    WriteAcl { container: usize, project_access: bool },
    DeleteAcl { container: usize },
    AddSecret { container: usize },
    WriteSecretAcl { project_access: bool },
    DeleteSecretAcl,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    prop_oneof![
        any::<bool>().prop_map(|holds| Attempt::MakeContainer { holds }),
        (0_usize..4, any::<bool>())
            .prop_map(|(container, project_access)| Attempt::WriteAcl { container, project_access }),
        (0_usize..4).prop_map(|container| Attempt::DeleteAcl { container }),
        (0_usize..4).prop_map(|container| Attempt::AddSecret { container }),
        any::<bool>().prop_map(|project_access| Attempt::WriteSecretAcl { project_access }),
        Just(Attempt::DeleteSecretAcl),
    ]
}

struct World {
    settings: String,
    mallory: Requester,
    secret: Entity,
    secret_acl: Option<Acl>,
    /// With whether it holds the secret.
    containers: Vec<(Holder, bool)>,
}

impl World {
    fn ask(
        &self,
        operation: &str,
        entity: Option<&Entity>,
        acl: Option<&Acl>,
        proposed: Option<&Acl>,
    ) -> bool {
        let holders = self.containers.iter().filter(|(_, holds)| *holds).map(|(holder, _)| holder.clone());
        let is_secret = entity.is_some_and(|entity| entity.kind == "secret");
        allows(
            &self.settings,
            &Access {
                operation: operation.into(),
                principal: self.mallory.clone(),
                entity: entity.cloned(),
                acl: acl.cloned(),
                proposed: proposed.cloned(),
                holders: if is_secret { holders.collect() } else { Vec::new() },
                ..Access::default()
            },
        )
    }

    fn reads(&self) -> bool {
        self.ask("payload-get", Some(&self.secret), self.secret_acl.as_ref(), None)
    }

    /// Carries the attempt out, if she may.
    fn attempt(&mut self, attempt: &Attempt) {
        let herself =
            |project_access| Acl { users: vec!["mallory".into()], project_access, ..Acl::default() };
        match *attempt {
            Attempt::MakeContainer { holds } => {
                if self.ask("container-create", None, None, None) {
                    let project = self.mallory.project.clone().unwrap();
                    // Barbican takes only secrets of the container's own project.
                    let holds = holds && project == self.secret.project;
                    let entity = Entity {
                        kind: "container".into(),
                        project,
                        creator: Some("mallory".into()),
                        ..Entity::default()
                    };
                    self.containers.push((Holder { entity, acl: None }, holds));
                }
            }
            Attempt::WriteAcl { container, project_access } => {
                let Some((Holder { entity, acl }, _)) = self.containers.get(container).cloned() else {
                    return;
                };
                let proposed = herself(project_access);
                if self.ask("acl-put", Some(&entity), acl.as_ref(), Some(&proposed)) {
                    self.containers[container].0.acl = Some(proposed);
                }
            }
            Attempt::DeleteAcl { container } => {
                let Some((Holder { entity, acl }, _)) = self.containers.get(container).cloned() else {
                    return;
                };
                if self.ask("acl-delete", Some(&entity), acl.as_ref(), None) {
                    self.containers[container].0.acl = None;
                }
            }
            Attempt::AddSecret { container } => {
                let Some((Holder { entity, acl }, _)) = self.containers.get(container).cloned() else {
                    return;
                };
                if entity.project == self.secret.project
                    && self.ask("container-secret-create", Some(&entity), acl.as_ref(), None)
                {
                    self.containers[container].1 = true;
                }
            }
            Attempt::WriteSecretAcl { project_access } => {
                let proposed = herself(project_access);
                if self.ask("acl-patch", Some(&self.secret), self.secret_acl.as_ref(), Some(&proposed)) {
                    self.secret_acl = Some(proposed);
                }
            }
            Attempt::DeleteSecretAcl => {
                if self.ask("acl-delete", Some(&self.secret), self.secret_acl.as_ref(), None) {
                    self.secret_acl = None;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Alice has a private secret and containers; one of them lists mallory, but does not hold the secret. In any
    /// order of any operations, mallory does not come to read it.
    #[test]
    fn no_way_round_leads_to_a_private_secret(
        regime in regime(),
        admin: bool,
        inside: bool,
        by_default: bool,
        container_access: [bool; 2],
        attempts in vec(attempt(), 0..8),
    ) {
        // Without `shut_out_admins` an admin of the project reads everything.
        let shut = if admin || by_default { r#","shut_out_admins":true"# } else { "" };
        let rest = format!(r#"{{"containers_cover_secrets":true,"private_by_default":{by_default}{shut}}}"#);
        let roles = if admin { vec!["admin", "member", "creator"] } else { vec!["member", "creator"] };
        let alices = |kind: &str| Entity {
            kind: kind.into(),
            project: "p1".into(),
            creator: Some("alice".into()),
            ..Entity::default()
        };
        let list = |user: &str, project_access| {
            Some(Acl { users: vec![user.to_owned()], project_access, ..Acl::default() })
        };
        let holding = Holder { entity: alices("container"), acl: list("octavia", container_access[0]) };
        let listing = Holder { entity: alices("container"), acl: list("mallory", container_access[1]) };
        let mut world = World {
            settings: with(regime, &rest),
            mallory: Requester {
                user: Some("mallory".into()),
                project: Some(if inside { "p1" } else { "p2" }.into()),
                scope: "project".into(),
                roles: roles.into_iter().map(str::to_owned).collect(),
                ..Requester::default()
            },
            secret: alices("secret"),
            secret_acl: if by_default { None } else { list("octavia", false) },
            containers: vec![(holding, true), (listing, false)],
        };
        prop_assert!(!world.reads());
        for attempt in &attempts {
            world.attempt(attempt);
            prop_assert!(!world.reads(), "after {attempt:?}");
        }
    }
}
