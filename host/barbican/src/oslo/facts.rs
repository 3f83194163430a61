//! Target and credentials in the contract's words.
//!
//! The target is what `ACLMixin.get_acl_tuple` makes ("barbican/api/controllers/__init__.py"), flattened: of the ACL it
//! says whether the asking user is listed and whether the project has access. The credentials are
//! `RequestContext.to_policy_values` (`oslo_context` "context.py").

use portcullis_contract::Pairs;
use portcullis_contract::secrets::{Access, Acl, Entity, Requester};

use super::object::{Object, Value};
use super::rules::{Kind, Rule};
use super::{OsloRefusal, Release, shown};

const TARGET: &str = "target";
const CREDENTIALS: &str = "credentials";

pub(super) fn access(
    rule: Rule,
    release: Release,
    target: &Object,
    credentials: &Object,
) -> Result<Access, OsloRefusal> {
    let principal = requester(credentials)?;
    let target = Facts { part: TARGET, object: target };
    let mut extra = Pairs::new();
    if let Some(new_defaults) = target.flag("enforce_new_defaults")? {
        extra.push(("enforce-new-defaults".into(), new_defaults.to_string()));
    }
    let about = rule.kind.map(|kind| format!("target.{}.", kind.as_str()));
    let strays = |key: &&String| {
        key.starts_with("target.") && !about.as_ref().is_some_and(|about| key.starts_with(about))
    };
    if let Some(key) = target.object.0.keys().find(strays) {
        return Err(target.wrong("is about something else:", key));
    }
    let (entity, acl) = match rule.kind {
        Some(kind) => {
            let privacy_unsaid = rule.is_about_acl().then_some(release);
            let (entity, acl) = entity(kind, privacy_unsaid, &target, &principal)?;
            (Some(entity), acl)
        }
        None => (None, None),
    };
    Ok(Access { operation: rule.operation.into(), principal, entity, acl, extra, ..Access::default() })
}

/// The entity, and what is known of its ACL.
///
/// An open ACL that does not list the user looks to us like none at all, and is taken for none: a policy that keeps
/// entities private unless their ACL opens them must not take the one for the other.
///
/// `of_acl` is the release that asks, where the rule is one of ACLs. A release up to 22 does not say then whether the
/// project has access. To take it for open would let every member of the project rewrite the ACL of a private secret.
fn entity(
    kind: Kind,
    of_acl: Option<Release>,
    target: &Facts<'_>,
    asking: &Requester,
) -> Result<(Entity, Option<Acl>), OsloRefusal> {
    let key = |name: &str| format!("target.{}.{name}", kind.as_str());
    let entity = Entity {
        kind: kind.as_str().into(),
        project: target.text(&key("project_id"))?,
        creator: target.optional_text(&key("creator_id"))?,
        ..Entity::default()
    };
    // Orders have no ACL.
    if kind == Kind::Order {
        return Ok((entity, None));
    }
    let access = key("read_project_access");
    let said = target.flag(&access)?;
    let project_access = match (said, of_acl) {
        (Some(project_access), _) => project_access,
        (None, Some(Release::UpTo22)) => false,
        (None, Some(Release::From23)) => return Err(OsloRefusal::Release(access)),
        (None, None) => return Err(target.wrong("does not say", &access)),
    };
    let read = key("read");
    let listed = match target.object.0.get(&read) {
        None => false,
        Some(Value::Text(text)) if text == "read" => true,
        Some(_) => return Err(target.wrong("says something odd as", &read)),
    };
    let users = if listed { asking.user.iter().cloned().collect() } else { Vec::new() };
    let acl = (listed || !project_access).then(|| Acl {
        users,
        project_access,
        // An explanation of a decision by this ACL should say that it is not all of it.
        extra: [("users", "requester-only")]
            .into_iter()
            .chain(said.is_none().then_some(("project-access", "not-said")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..Acl::default()
    });
    Ok((entity, acl))
}

/// The user, who must have a token for a project: Barbican lets no other in.
pub(super) fn requester(credentials: &Object) -> Result<Requester, OsloRefusal> {
    let said = Facts { part: CREDENTIALS, object: credentials };
    for key in ["system_scope", "domain_id"] {
        if said.optional_text(key)?.is_some() {
            return Err(said.wrong("are not for a project:", key));
        }
    }
    let roles = said.texts("roles")?.ok_or_else(|| said.wrong("do not say", "roles"))?;
    let mut attributes = Pairs::new();
    if let Some(is_admin_project) = said.flag("is_admin_project")? {
        attributes.push(("is-admin-project".into(), is_admin_project.to_string()));
    }
    attributes.extend(said.optional_text("service_user_id")?.map(|user| ("service-user".to_owned(), user)));
    Ok(Requester {
        user: Some(said.text("user_id")?),
        user_domain: said.optional_text("user_domain_id")?,
        project: Some(said.text("project_id")?),
        project_domain: said.optional_text("project_domain_id")?,
        scope: "project".into(),
        roles,
        service_roles: said.texts("service_roles")?.unwrap_or_default(),
        attributes,
        ..Requester::default()
    })
}

/// One of the two objects, by its name.
struct Facts<'a> {
    part: &'static str,
    object: &'a Object,
}

impl Facts<'_> {
    fn wrong(&self, problem: &'static str, key: &str) -> OsloRefusal {
        OsloRefusal::Fact { part: self.part, problem, key: shown(key) }
    }

    fn odd(&self, key: &str) -> OsloRefusal {
        let problem = if self.part == TARGET { "says something odd as" } else { "say something odd as" };
        self.wrong(problem, key)
    }

    /// A text that must be there.
    fn text(&self, key: &str) -> Result<String, OsloRefusal> {
        let problem = if self.part == TARGET { "does not say" } else { "do not say" };
        self.optional_text(key)?.ok_or_else(|| self.wrong(problem, key))
    }

    /// A text that may be absent or null. An empty one is no id.
    fn optional_text(&self, key: &str) -> Result<Option<String>, OsloRefusal> {
        match self.object.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(self.odd(key)),
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, OsloRefusal> {
        match self.object.0.get(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(self.odd(key)),
        }
    }

    fn texts(&self, key: &str) -> Result<Option<Vec<String>>, OsloRefusal> {
        match self.object.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Texts(texts)) => Ok(Some(texts.clone())),
            Some(_) => Err(self.odd(key)),
        }
    }
}
