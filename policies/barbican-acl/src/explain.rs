//! Why nothing was granted, and what to do. Written for the user who was refused; what they could not know otherwise (who
//! made the entity, which project owns it, who else is listed) is not in it.

use crate::entry::{Entry, Honoured, Malformed};
use crate::facts::{Facts, Privacy};
use crate::operation::Operation;
use crate::principals::Caller;
use crate::regime;
use crate::roles::Role;
use crate::rule::Rule;
use crate::settings::Regime;
use std::borrow::Cow;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Denial {
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

/// A refusal that needs no facts.
pub(crate) fn plain(rule: Rule, reason: &str) -> Denial {
    Denial { rule, reason: reason.to_owned() }
}

pub(crate) fn scope() -> Denial {
    plain(
        Rule::Scope,
        "the token names no user or is not for a project; ask for a token that is scoped to a project",
    )
}

pub(crate) fn barred(caller: &Caller<'_>) -> Denial {
    let user = quoted(caller.user);
    Denial {
        rule: Rule::Deny,
        reason: format!(
            "the operator of this service has barred user id {user}, or a group, role or project of theirs, by the \
             setting `deny`; ask the operator"
        ),
    }
}

pub(crate) fn covering_container(facts: &Facts<'_>) -> Denial {
    let who = who_decides(facts);
    let act = act(facts.operation, &facts.entity.kind);
    Denial {
        rule: Rule::CoveringContainer,
        reason: format!(
            "a container's ACL reaches the secrets in it here, so only {who} may {act}; ask them"
        ),
    }
}

pub(crate) fn entry(text: &str, malformed: Malformed) -> Denial {
    let reason = format!("the new entry {} of the ACL {}", quoted(text), malformed.what());
    Denial { rule: Rule::AclEntry, reason }
}

/// No role of the token is enough.
pub(crate) fn role(regime: Regime, operation: Operation, kind: &str, caller: &Caller<'_>) -> Denial {
    let needed = alternatives(regime::roles_for(regime, operation));
    let (user, project) = (quoted(caller.user), quoted(caller.project));
    let (has, act) = (roles(caller), act(operation, kind));
    Denial {
        rule: Rule::Role,
        reason: format!(
            "to {act} takes the role {needed}, and this token for project {project} has {has}; ask an admin of the \
             project to give it to user id {user}"
        ),
    }
}

/// Why no rule of the regime granted. What is nearest to a grant is said first.
pub(crate) fn denial(facts: &Facts<'_>) -> Denial {
    let regime = facts.settings.written.regime;
    let looks_at_privacy = regime::looks_at_privacy(regime, facts.operation);
    if facts.operation.is_for_the_listed()
        && let Some(denial) = nearly_listed(facts)
    {
        return denial;
    }
    let out_of_reach = !facts.same_project || looks_at_privacy && facts.private() && !facts.creator;
    if out_of_reach && facts.listed.is_some() {
        return listed_only(facts);
    }
    if !facts.same_project {
        return other_project(facts);
    }
    if out_of_reach {
        return private(facts);
    }
    if facts.operation == Operation::ContainerDelete && facts.roles.has(Role::Creator) && !facts.creator {
        let reason =
            format!("in the legacy rules only {} may delete a container; ask them", who_decides(facts));
        return Denial { rule: Rule::NotCreator, reason };
    }
    role(regime, facts.operation, &facts.entity.kind, &facts.caller)
}

/// An entry of an ACL that was meant for the caller and does not count.
fn nearly_listed(facts: &Facts<'_>) -> Option<Denial> {
    let kind = &facts.entity.kind;
    let user = quoted(facts.caller.user);
    let entries = || facts.acls().flat_map(|(acl, _)| &acl.users);
    // What names the caller and did not grant can only have expired.
    if let Some(text) = entries().find(|text| facts.named_by(text).is_some()) {
        let reason = format!("the entry {} of the {kind}'s ACL has expired; {}", quoted(text), ask(facts));
        return Some(Denial { rule: Rule::Expired, reason });
    }
    let name = facts.caller.requester.user_name.as_ref().filter(|name| !name.is_empty());
    if let Some(name) = name.filter(|name| entries().any(|text| text == *name)) {
        let reason = format!(
            "the {kind}'s ACL lists {}, which is a user name, and it takes user ids; {}",
            quoted(name),
            ask(facts)
        );
        return Some(Denial { rule: Rule::ListedByName, reason });
    }
    let meant = |text: &&String| {
        let all = Honoured::all();
        let entry =
            Entry::parse(text, &all).ok().filter(|entry| entry.kind.is_some() || entry.until.is_some());
        entry.is_some_and(|entry| facts.caller.is_named_by(entry.kind, entry.id, facts.same_project))
    };
    entries().find(meant).map(|text| Denial {
        rule: Rule::EntryNotHonoured,
        reason: format!(
            "the entry {} of the {kind}'s ACL is of a kind that the settings `principals` and `expiry` of this policy \
             do not turn on; ask its operator, or have user id {user} listed",
            quoted(text)
        ),
    })
}

fn listed_only(facts: &Facts<'_>) -> Denial {
    let (kind, user, who) = (&facts.entity.kind, quoted(facts.caller.user), who_decides(facts));
    let act = act(facts.operation, kind);
    Denial {
        rule: Rule::ListedOnly,
        reason: format!(
            "the ACL lets user id {user} read this {kind} and no more; to {act}, use a token of {who}, or ask them"
        ),
    }
}

fn other_project(facts: &Facts<'_>) -> Denial {
    let (kind, project) = (&facts.entity.kind, quoted(facts.caller.project));
    let reason = if facts.operation.is_for_the_listed() {
        format!(
            "this token is for project {project}, which does not own this {kind}, and the {kind}'s ACL does not list \
             its user; use a token for the project that owns it, or {}",
            ask(facts)
        )
    } else {
        format!(
            "this token is for project {project}, which does not own this {kind}; use one for the project that does"
        )
    };
    Denial { rule: Rule::OtherProject, reason }
}

fn private(facts: &Facts<'_>) -> Denial {
    let kind = &facts.entity.kind;
    let why = match facts.privacy {
        Privacy::ByContainer => "project-access is false in the ACL of a container that holds it",
        Privacy::ByDefault => "it has no ACL, which means project-access false here",
        Privacy::ByAcl | Privacy::Open => "project-access is false",
    };
    let admin = facts.roles.has(Role::Admin);
    let rule = if admin { Rule::AdminShutOut } else { Rule::Private };
    let exempt = if admin { ", from which admins are not exempt here" } else { "" };
    let reason = if facts.operation.is_for_the_listed() {
        format!(
            "this {kind} is private ({why}{exempt}), and this token's user neither made it nor is listed in its ACL; {}",
            ask(facts)
        )
    } else {
        let user = quoted(facts.caller.user);
        let (act, who) = (act(facts.operation, kind), who_decides(facts));
        format!(
            "this {kind} is private ({why}{exempt}), and user id {user} did not make it: only {who} may {act}; ask them"
        )
    };
    Denial { rule, reason }
}

/// Who may change the entity and its ACL, and whom to ask therefore.
fn who_decides(facts: &Facts<'_>) -> &'static str {
    let written = &facts.settings.written;
    if written.shut_out_admins && !facts.operation.deletes() {
        "the user who made it"
    } else {
        "the user who made it or an admin of its project"
    }
}

/// What to do about not being listed.
fn ask(facts: &Facts<'_>) -> String {
    let user = quoted(facts.caller.user);
    format!("ask {} to list user id {user} (openstack acl user add -u USER_ID URI)", who_decides(facts))
}

fn act(operation: Operation, kind: &str) -> String {
    operation.act().replace("{}", kind)
}

fn roles(caller: &Caller<'_>) -> String {
    const SHOWN: usize = 6;
    let roles = &caller.requester.roles;
    let shown: Vec<_> = roles.iter().take(SHOWN).map(|role| quoted(role)).collect();
    match roles.len() {
        0 => "no role".to_owned(),
        1 => format!("the role {}", shown[0]),
        more => format!("the roles {}{}", shown.join(", "), if more > SHOWN { " and more" } else { "" }),
    }
}

fn alternatives(roles: &[&str]) -> String {
    let quoted: Vec<_> = roles.iter().map(|role| format!("`{role}`")).collect();
    quoted.join(" or ")
}

fn quoted(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// What others wrote may be long, and a reason has 1,024 bytes.
fn cut(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 72;
    if text.len() <= LONGEST {
        return text.into();
    }
    let end = text.floor_char_boundary(LONGEST - 3);
    format!("{}...", &text[..end]).into()
}
