//! The operator's entities, and how those of a request are joined with them.
//!
//! A decision gets the entities that it can reach, and no others: 20,000 users cost it nothing.

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid, EvalResult, Schema};
use portcullis_policy_sdk::prelude::*;
use serde_json::Value as Json;

use crate::place;
use crate::schema::{OF_REQUESTS, Schemas};
use crate::settings::Account;
use crate::value::{Fields, Value, text};

/// The operator's entities, and the actions of the schema.
pub(crate) struct Store {
    entities: BTreeMap<EntityUid, Stored>,
    /// Reached by what the policies name.
    named: BTreeSet<EntityUid>,
}

struct Stored {
    entity: Entity,
    /// Parents, and what attributes and tags refer to.
    references: Vec<EntityUid>,
}

/// An entity that a request is made of.
pub(crate) struct Draft {
    pub(crate) uid: EntityUid,
    pub(crate) attributes: Fields,
    pub(crate) tags: Fields,
    pub(crate) parents: Vec<EntityUid>,
}

impl Store {
    pub(crate) fn new(
        mut list: Vec<Json>,
        accounts: &BTreeMap<String, Account>,
        schemas: &Schemas,
        literals: BTreeSet<EntityUid>,
    ) -> Result<Self, String> {
        for (position, entity) in list.iter_mut().enumerate() {
            complete(entity, accounts).map_err(|error| format!("`entities[{position}]`: {error}"))?;
        }
        add_accounts(&mut list, accounts);
        let parsed = Entities::from_json_value(list.into(), Some(&schemas.entities))
            .map_err(|error| format!("`entities`: {}", place::chain(&error)))?;
        let mut store = Self { entities: BTreeMap::new(), named: BTreeSet::new() };
        for entity in parsed {
            store.insert(entity)?;
        }
        store.add_actions(&schemas.requests)?;
        let named = store.reached(literals);
        store.named = named;
        Ok(store)
    }

    fn add_actions(&mut self, schema: &Schema) -> Result<(), String> {
        for action in schema.action_entities().map_err(|error| place::chain(&error))? {
            self.insert(action)?;
        }
        Ok(())
    }

    fn insert(&mut self, entity: Entity) -> Result<(), String> {
        let mut references = Vec::new();
        for (_, value) in entity.attrs().chain(entity.tags()) {
            refer(&value.map_err(|error| error.to_string())?, &mut references);
        }
        references.extend(entity.clone().into_inner().2);
        self.entities.insert(entity.uid(), Stored { entity, references });
        Ok(())
    }

    /// Entities of a type.
    pub(crate) fn of_type(&self, name: &EntityTypeName) -> impl Iterator<Item = &Entity> {
        let of_type = move |entity: &&Entity| entity.uid().type_name() == name;
        self.entities.values().map(|stored| &stored.entity).filter(of_type)
    }

    pub(crate) fn get(&self, uid: &EntityUid) -> Option<&Entity> {
        self.entities.get(uid).map(|stored| &stored.entity)
    }

    /// All that can be reached from these.
    fn reached(&self, from: impl IntoIterator<Item = EntityUid>) -> BTreeSet<EntityUid> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<_> = from.into_iter().collect();
        while let Some(uid) = open.pop() {
            if let Some(stored) = self.entities.get(&uid)
                && reached.insert(uid)
            {
                open.extend(stored.references.iter().cloned());
            }
        }
        reached
    }

    /// The request's entities, joined with the operator's, and what they refer to. Two of the request that are one entity
    /// are an error, as two networks of one name would be: the facts of one of them would be hidden.
    pub(crate) fn joined(
        &self,
        drafts: impl IntoIterator<Item = Draft>,
        also: impl IntoIterator<Item = EntityUid>,
    ) -> Result<Entities, String> {
        let mut from: Vec<_> = also.into_iter().collect();
        let mut made = BTreeMap::new();
        for draft in drafts {
            let uid = draft.uid.clone();
            from.extend(draft.parents.iter().cloned());
            let entity = match self.entities.get(&uid) {
                None => draft.entity()?,
                Some(stored) => {
                    from.extend(stored.references.iter().cloned());
                    draft.merge(&stored.entity)?.entity()?
                }
            };
            if made.insert(uid.clone(), entity).is_some() {
                return Err(format!("the request names two things that are `{uid}`: name them by id"));
            }
        }
        let mut wanted = self.reached(from);
        wanted.extend(self.named.iter().cloned());
        let kept =
            wanted.iter().filter(|uid| !made.contains_key(*uid)).filter_map(|uid| self.get(uid)).cloned();
        let all: Vec<_> = kept.collect::<Vec<_>>().into_iter().chain(made.into_values()).collect();
        Entities::from_entities(all, None).map_err(|error| place::chain(&error))
    }
}

impl Draft {
    fn entity(self) -> Result<Entity, String> {
        Entity::new_with_tags(self.uid, self.attributes, self.parents, self.tags)
            .map_err(|error| error.to_string())
    }

    /// Adds the operator's attributes, tags and parents. What both have is refused: one of them would be hidden.
    fn merge(mut self, operators: &Entity) -> Result<Self, String> {
        let (uid, attributes, parents) = operators.clone().into_inner();
        for (name, value) in attributes {
            if self.attributes.iter().all(|(ours, _)| *ours != name) {
                self.attributes.push((name, value));
            }
        }
        for (name, value) in operators.tags() {
            if self.tags.iter().any(|(ours, _)| ours == name) {
                return Err(format!("`entities`: `{uid}` has the tag `{name}`, and the request has it too"));
            }
            let value = value.map_err(|error| error.to_string())?;
            let value: Value = value.to_string().parse().map_err(|error| format!("tag `{name}`: {error}"))?;
            self.tags.push((name.to_owned(), value));
        }
        self.parents.extend(parents);
        Ok(self)
    }
}

fn refer(value: &EvalResult, references: &mut Vec<EntityUid>) {
    match value {
        EvalResult::EntityUid(uid) => references.push(uid.clone()),
        EvalResult::Set(set) => set.iter().for_each(|value| refer(value, references)),
        EvalResult::Record(record) => record.iter().for_each(|(_, value)| refer(value, references)),
        EvalResult::Bool(_) | EvalResult::Long(_) | EvalResult::String(_) | EvalResult::ExtensionValue(_) => {
        }
    }
}

/// Type and id of an entity in JSON.
fn uid(entity: &Json) -> Option<(&str, &str)> {
    let uid = entity["uid"].get("__entity").unwrap_or(&entity["uid"]);
    Some((uid["type"].as_str()?, uid["id"].as_str()?))
}

/// Adds what follows from the id, and refuses what requests say.
fn complete(entity: &mut Json, accounts: &BTreeMap<String, Account>) -> Result<(), String> {
    let Some((kind, id)) = uid(entity).map(|(kind, id)| (kind.to_owned(), id.to_owned())) else {
        return Err(
            "expected `{\"uid\": {\"type\": \"User\", \"id\": \"bob\"}, \"attrs\": {}, \"parents\": []}`"
                .into(),
        );
    };
    let name = format!("{kind}::{id:?}");
    for key in ["attrs", "parents"] {
        if entity[key].is_null() {
            entity[key] =
                if key == "attrs" { Json::Object(serde_json::Map::new()) } else { Json::Array(Vec::new()) };
        }
    }
    if kind == "Map" || kind == "MultiMap" || kind.ends_with("::Action") || kind == "Action" {
        return Err(format!("`{name}`: entities of this type are made by Portcullis"));
    }
    if OF_REQUESTS.contains(&kind.as_str())
        && let Some(attribute) =
            crate::request::attributes(&kind).iter().find(|known| !entity["attrs"][**known].is_null())
    {
        return Err(format!("`{name}`: `{attribute}` comes from the request, and cannot be in `entities`"));
    }
    if kind == "User" {
        entity["attrs"]["id"] = id.into();
    } else if kind == "Aws::Role" {
        let Some((account, role)) =
            id.split_once('/').filter(|(account, role)| !account.is_empty() && !role.is_empty())
        else {
            return Err(format!("`{name}`: the id of a role is `ACCOUNT/ROLE`, e.g. `production/reader`"));
        };
        if !accounts.is_empty() && !accounts.contains_key(account) {
            let known: Vec<_> = accounts.keys().map(|known| format!("`{known}`")).collect();
            return Err(format!(
                "`{name}`: the mount has no account `{account}`; it has {}",
                known.join(", ")
            ));
        }
        let duration = &entity["attrs"]["durationSeconds"];
        // What STS takes, by the documentation of AssumeRole.
        if !duration.is_null() && !duration.as_i64().is_some_and(|seconds| (900..=43_200).contains(&seconds))
        {
            return Err(format!("`{name}`: `durationSeconds` is between 900 and 43200, not {duration}"));
        }
        for (key, value) in [("account", account), ("name", role)] {
            if !entity["attrs"][key].is_null() {
                return Err(format!("`{name}`: `{key}` follows from the id, and cannot be in `attrs`"));
            }
            entity["attrs"][key] = value.into();
        }
        let parent = serde_json::json!({"type": "Aws::Account", "id": account});
        if let Some(parents) = entity["parents"].as_array_mut()
            && !parents.contains(&parent)
        {
            parents.push(parent);
        }
    }
    Ok(())
}

/// Adds the accounts of the mount.
fn add_accounts(list: &mut Vec<Json>, accounts: &BTreeMap<String, Account>) {
    for (name, account) in accounts {
        let known = list.iter_mut().find(|entity| uid(entity) == Some(("Aws::Account", name)));
        let attributes = [("accountId", &account.id), ("partition", &account.partition)];
        if let Some(known) = known {
            for (key, value) in attributes {
                known["attrs"][key] = value.as_str().into();
            }
        } else {
            list.push(serde_json::json!({
                "uid": {"type": "Aws::Account", "id": name},
                "attrs": {"accountId": account.id, "partition": account.partition},
                "parents": []
            }));
        }
    }
}

/// A text attribute of an entity.
pub(crate) fn text_of(entity: &Entity, name: &str) -> Option<String> {
    match entity.attr(name) {
        Some(Ok(EvalResult::String(text))) => Some(text),
        _ => None,
    }
}

/// A number of an entity.
pub(crate) fn number_of(entity: &Entity, name: &str) -> Option<i64> {
    match entity.attr(name) {
        Some(Ok(EvalResult::Long(number))) => Some(number),
        _ => None,
    }
}

/// Tags that are texts.
pub(crate) fn tags_of(entity: &Entity) -> Pairs {
    let text = |(name, value): (&str, Result<EvalResult, _>)| match value {
        Ok(EvalResult::String(text)) => Some((name.to_owned(), text)),
        _ => None,
    };
    entity.tags().filter_map(text).collect()
}

/// An attribute that says what the id is.
pub(crate) fn id_attribute(uid: &EntityUid) -> (String, Value) {
    ("id".to_owned(), text(uid.id().unescaped()))
}
