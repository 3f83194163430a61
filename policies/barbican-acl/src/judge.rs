//! One question, and the checks in their order.

use crate::entry::Entry;
use crate::explain::{self, Denial};
use crate::facts::Facts;
use crate::operation::{About, Operation};
use crate::principals::Caller;
use crate::regime;
use crate::roles::Roles;
use crate::rule::{Ground, Rule};
use crate::settings::Checked;
use portcullis_policy_sdk::prelude::*;

/// What the policy says.
pub(crate) fn opinion(settings: &Checked, access: &secrets::Access) -> Opinion {
    match judge(settings, access) {
        Ok(ground) => Opinion::allow(ground.name()),
        Err(Denial { rule, reason }) => Opinion::deny(rule.name(), reason),
    }
}

fn judge(settings: &Checked, access: &secrets::Access) -> Result<Ground, Denial> {
    let operation = Operation::from_name(&access.operation)
        .ok_or_else(|| explain::plain(Rule::UnknownOperation, "this policy does not know the operation"))?;
    let caller = Caller::of(&access.principal).ok_or_else(explain::scope)?;
    // Wherever the role is held: what shuts a user out is read widely.
    if settings.deny.name(&caller, true, access.context.now) {
        return Err(explain::barred(&caller));
    }
    if operation.about() == About::Project {
        let Checked { written, .. } = settings;
        let ground = regime::project(written.regime, operation, Roles::of(&access.principal.roles));
        return ground.ok_or_else(|| explain::role(written.regime, operation, "", &caller));
    }
    let facts = Facts::new(settings, access, operation, caller, entity(operation, access)?);
    let ground = regime::entity(&facts).ok_or_else(|| explain::denial(&facts))?;
    covering_container(&facts, ground)?;
    new_entries(&facts)?;
    Ok(ground)
}

fn entity(operation: Operation, access: &secrets::Access) -> Result<&secrets::Entity, Denial> {
    let no_entity = || explain::plain(Rule::NoEntity, "the question names no secret, container or order");
    let entity = access.entity.as_ref().filter(|entity| !entity.project.is_empty()).ok_or_else(no_entity)?;
    let fits = match operation.about() {
        About::Secret => entity.kind == "secret",
        About::Container => entity.kind == "container",
        About::Either => entity.kind == "secret" || entity.kind == "container",
        About::Order => entity.kind == "order",
        About::Project => false,
    };
    let unknown = || explain::plain(Rule::UnknownKind, "the operation is not for an entity of this kind");
    fits.then_some(entity).ok_or_else(unknown)
}

/// Where a container's ACL opens secrets, a user who may change it, or put a secret under it, could open a private secret
/// for themselves. Barbican lets the whole project do both while the container is not private.
fn covering_container(facts: &Facts<'_>, ground: Ground) -> Result<(), Denial> {
    let written = &facts.settings.written;
    let opens = facts.operation.writes_acl() || facts.operation == Operation::ContainerSecretCreate;
    let may = facts.creator || ground == Ground::ProjectAdmin && !written.shut_out_admins;
    if written.containers_cover_secrets && facts.entity.kind == "container" && opens && !may {
        return Err(explain::covering_container(facts));
    }
    Ok(())
}

/// An entry that names no user would look like a grant in the ACL. Entries that stand there already may stay: clients
/// read the list, add to it and write it back.
fn new_entries(facts: &Facts<'_>) -> Result<(), Denial> {
    let Some(proposed) = &facts.access.proposed else { return Ok(()) };
    let stands = |text: &String| facts.access.acl.as_ref().is_some_and(|acl| acl.users.contains(text));
    let malformed = |text: &String| Some((text.clone(), Entry::parse(text, &facts.settings.honoured).err()?));
    match proposed.users.iter().filter_map(malformed).find(|(text, _)| !stands(text)) {
        Some((text, malformed)) => Err(explain::entry(&text, malformed)),
        None => Ok(()),
    }
}
