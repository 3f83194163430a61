//! `secret-access`: the resource is the secret or container.

use portcullis_policy_sdk::secrets::{Access, Acl, Holder};

use super::{Draft, Names, Question, lists, uid};
use crate::value::{Value, fields, flag, large, optional, record, set, text, texts};

pub(crate) fn access(names: &Names, access: &Access) -> Result<Question, String> {
    let mut drafts = Vec::new();
    let who = &access.principal;
    let (user_name, user_domain, credential) =
        (who.user_name.as_ref(), who.user_domain.as_ref(), who.application_credential.as_ref());
    let mut attributes = fields([
        ("project", optional(who.project.as_ref())),
        ("projectName", optional(who.project_name.as_ref())),
        ("projectDomain", optional(who.project_domain.as_ref())),
        ("scope", Some(text(&who.scope))),
        ("roles", Some(texts(&who.roles))),
        ("serviceRoles", Some(texts(&who.service_roles))),
    ]);
    if who.user.is_some() {
        attributes.extend(fields([
            ("userName", optional(user_name)),
            ("userDomain", optional(user_domain)),
            ("applicationCredential", optional(credential)),
        ]));
    }
    let principal = names.user(who.user.as_deref(), &who.groups, attributes, &who.attributes, &mut drafts);
    let about = access.entity.as_ref();
    let (kind, id) = about.map_or(("none", ""), |entity| (entity.kind.as_str(), entity.id.as_str()));
    let resource = uid(&names.secret, &format!("{kind}/{id}"));
    let attributes = fields([
        ("kind", Some(text(kind))),
        ("id", Some(text(id))),
        ("name", about.and_then(|entity| optional(entity.name.as_ref()))),
        ("project", about.map(|entity| text(&entity.project))),
        ("creator", about.and_then(|entity| optional(entity.creator.as_ref()))),
        ("subtype", about.and_then(|entity| optional(entity.subtype.as_ref()))),
    ]);
    let tags = about.map(|entity| lists(&entity.extra)).unwrap_or_default();
    drafts.push(Draft { uid: resource.clone(), attributes, tags, parents: Vec::new() });

    let mut context = names.circumstances(&access.context)?;
    let holder = |(position, holder): (usize, &Holder)| self::holder(names, position, holder, &mut drafts);
    let holders = access.holders.iter().enumerate().map(holder).collect::<Result<Vec<_>, _>>()?;
    let acl = access.acl.as_ref().map(|acl| self::acl(names, "acl", acl, &mut drafts)).transpose()?;
    let proposed =
        access.proposed.as_ref().map(|acl| self::acl(names, "proposed", acl, &mut drafts)).transpose()?;
    context.extend(fields([
        ("operation", Some(text(&access.operation))),
        ("acl", acl),
        ("proposed", proposed),
        ("holders", Some(set(holders))),
        ("extra", Some(names.multi_map("extra", &access.extra, &mut drafts))),
    ]));
    let known =
        names.secrets.get(&access.operation).filter(|action| action.id().unescaped() != "AnyOperation");
    let action =
        known.or_else(|| names.secrets.get("Unknown")).ok_or("the schema has no action `Unknown`")?.clone();
    Ok(Question { principal, action, resources: vec![resource], context, drafts })
}

fn acl(names: &Names, place: &str, acl: &Acl, drafts: &mut Vec<Draft>) -> Result<Value, String> {
    record([
        ("users", Some(texts(&acl.users))),
        ("projectAccess", Some(flag(acl.project_access))),
        ("created", acl.created.map(large)),
        ("updated", acl.updated.map(large)),
        ("extra", Some(names.multi_map(&format!("{place}.extra"), &acl.extra, drafts))),
    ])
}

fn holder(names: &Names, position: usize, holder: &Holder, drafts: &mut Vec<Draft>) -> Result<Value, String> {
    let place = format!("holders.{position}.acl");
    let acl = holder.acl.as_ref().map(|acl| self::acl(names, &place, acl, drafts)).transpose()?;
    record([
        ("id", Some(text(&holder.entity.id))),
        ("name", optional(holder.entity.name.as_ref())),
        ("project", Some(text(&holder.entity.project))),
        ("creator", optional(holder.entity.creator.as_ref())),
        ("subtype", optional(holder.entity.subtype.as_ref())),
        ("acl", acl),
    ])
}
