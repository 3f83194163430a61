//! `GET /v1/secrets` and `GET /v1/containers`.
//!
//! A list is asked for once, as a whole and about no entity, and then shows all of the project's, private ones too: that
//! is what Barbican does ("barbican/api/controllers/secrets.py"). A policy that minds refuses `secret-list`.

use axum::http::StatusCode;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::call::{Call, Operation};
use super::paging::{Links, Paging};
use super::{containers, listed, secrets};
use crate::filters;
use crate::href;
use crate::query::{Query, Repeated};
use crate::response::{self, Refusal};
use crate::vault::{ConsumerName, Entity, Filter, Kind, Page, Range, Scope, Timestamp};
use crate::version::{Microversion, integer};
use std::collections::HashMap;
use uuid::Uuid;

/// The longest pattern. Names have 255 characters at most.
const MAX_PATTERN: usize = 4096;

pub(super) async fn get(call: &Call<'_>, kind: Kind) -> Result<Response, Refusal> {
    let operation = match kind {
        Kind::Secret => Operation { name: "secret-list", doing: "Secret(s) retrieval" },
        Kind::Container => Operation { name: "container-list", doing: "Containers(s) retrieval" },
    };
    let query = call.query()?;
    // Such a list reaches beyond the project: a policy may mind that.
    let acl_only = kind == Kind::Secret
        && matches!(query.get("acl_only"), Ok(Some(value)) if value.eq_ignore_ascii_case("true"));
    let extra = acl_only.then(|| ("acl-only".to_owned(), "true".to_owned()));
    call.ask_for_list(operation, extra.into_iter().collect()).await?;
    let mut filter = filter(call, kind, &query)?;
    if let Scope::Listed { also, .. } = &mut filter.scope {
        *also = listed::secrets(call, Operation { name: "secret-get", ..operation }).await?;
    }
    let page = call.api.vault.list(kind, &filter).await;
    let page = page.map_err(|error| Refusal::store(operation.doing, &error))?;
    let rest = match kind {
        Kind::Secret => query.without(&["limit", "offset"]),
        // Barbican forgets the other parameters of containers.
        Kind::Container => String::new(),
    };
    let paging = Paging { offset: filter.offset, limit: filter.limit };
    // A page without anything on it has none.
    let links = if page.entities.is_empty() {
        Links::NONE
    } else {
        paging.links(&format!("{}/v1/{}", call.base, href::collection(kind)), page.total, &rest)
    };
    let consumers = consumers(call, operation, kind, &page).await?;
    Ok(response::json(StatusCode::OK, &Answer::of(links, call, kind, &page, &consumers)))
}

/// The consumers of each entity on the page, if its documents show them.
async fn consumers(
    call: &Call<'_>,
    operation: Operation,
    kind: Kind,
    page: &Page,
) -> Result<HashMap<Uuid, Vec<ConsumerName>>, Refusal> {
    if page.entities.is_empty() || kind == Kind::Secret && call.version < Microversion::V1_1 {
        return Ok(HashMap::new());
    }
    let ids = page.entities.iter().map(|held| held.entity.id()).collect::<Vec<_>>().into_iter();
    let consumers = call.api.vault.consumers_of(kind, ids).await;
    consumers.map_err(|error| Refusal::store(operation.doing, &error))
}

impl From<Repeated> for Refusal {
    fn from(_: Repeated) -> Self {
        Self::query()
    }
}

fn filter(call: &Call<'_>, kind: Kind, query: &Query) -> Result<Filter, Refusal> {
    let text = |name| Ok::<_, Repeated>(query.get(name)?.filter(|value| !value.is_empty()));
    let mut filter = Filter::new(Scope::Project(call.project().to_owned()));
    let paging = Paging::of(query)?;
    (filter.offset, filter.limit) = (paging.offset, paging.limit);
    match kind {
        Kind::Container => {
            filter.name = text("name")?.map(String::from);
            filter.subtype = text("type")?.map(String::from);
        }
        Kind::Secret => {
            let times = |name| match text(name)? {
                None => Ok(Range::default()),
                Some(text) => {
                    let times = filters::times(text).ok_or_else(Refusal::query)?;
                    Ok::<_, Refusal>(Range {
                        from: times.from.map(Timestamp),
                        until: times.until.map(Timestamp),
                    })
                }
            };
            filter.created = times("created")?;
            filter.updated = times("updated")?;
            filter.expiration = times("expiration")?;
            if let Some(text) = text("sort")? {
                filter.sort = filters::sort(text).ok_or_else(Refusal::query)?;
            }
            // Barbican decodes it once more, after the query was decoded as a whole.
            filter.name = text("name")?
                .map(|name| percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned());
            filter.subtype = text("secret_type")?.map(String::from);
            filter.algorithm = text("alg")?.map(String::from);
            filter.mode = text("mode")?.map(String::from);
            let bits = text("bits")?.and_then(|text| integer(text).ok()).filter(|bits| *bits > 0);
            filter.bit_length = bits.map(|bits| i64::try_from(bits).unwrap_or(i64::MAX));
            if let (Some(acl_only), Some(user)) = (text("acl_only")?, &call.requester.user)
                && acl_only.eq_ignore_ascii_case("true")
            {
                let project = call.project().to_owned();
                filter.scope = Scope::Listed { user: user.clone(), project, also: Vec::new() };
            }
        }
    }
    let texts = [&filter.name, &filter.subtype, &filter.algorithm, &filter.mode];
    if texts.into_iter().flatten().any(|text| text.contains('\0') || text.len() > MAX_PATTERN) {
        return Err(Refusal::query());
    }
    Ok(filter)
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Vec<secrets::Document<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    containers: Option<Vec<containers::Document<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    total: u64,
}

impl<'a> Answer<'a> {
    fn of(
        links: Links,
        call: &Call<'_>,
        kind: Kind,
        page: &'a Page,
        consumers: &'a HashMap<Uuid, Vec<ConsumerName>>,
    ) -> Self {
        let mut secrets = Vec::new();
        let mut containers = Vec::new();
        for held in &page.entities {
            let consumers = consumers.get(&held.entity.id()).map_or(&[][..], Vec::as_slice);
            match &held.entity {
                Entity::Secret(secret) => secrets.push(secrets::Document::of(secret, call, consumers)),
                Entity::Container(container) => {
                    containers.push(containers::Document::of(container, call, consumers));
                }
            }
        }
        Self {
            secrets: (kind == Kind::Secret).then_some(secrets),
            containers: (kind == Kind::Container).then_some(containers),
            previous: links.previous,
            next: links.next,
            total: page.total,
        }
    }
}
