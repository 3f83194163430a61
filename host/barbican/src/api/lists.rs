//! `GET /v1/secrets` and `GET /v1/containers`.
//!
//! A list is asked for once, as a whole and about no entity, and then shows all of the project's, private ones too: that
//! is what Barbican does ("barbican/api/controllers/secrets.py"). A policy that minds refuses `secret-list`.

use axum::http::StatusCode;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::call::{Call, Operation};
use super::{containers, listed, secrets};
use crate::href;
use crate::query::{Query, Repeated};
use crate::response::{self, Refusal};
use crate::vault::{Entity, Filter, Kind, Page, Scope};
use crate::version::integer;

/// Barbican's `default_limit_paging`.
const DEFAULT_LIMIT: u64 = 10;
/// Barbican's `max_limit_paging`.
const MAX_LIMIT: u64 = 100;

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
    let page = Links::of(call, kind, &filter, &page, &rest).with(call, kind, &page);
    Ok(response::json(StatusCode::OK, &page))
}

impl From<Repeated> for Refusal {
    fn from(_: Repeated) -> Self {
        Self::query()
    }
}

fn filter(call: &Call<'_>, kind: Kind, query: &Query) -> Result<Filter, Refusal> {
    let text = |name| Ok::<_, Repeated>(query.get(name)?.filter(|value| !value.is_empty()));
    let mut filter = Filter::new(Scope::Project(call.project().to_owned()));
    filter.offset = text("offset")?.and_then(|text| integer(text).ok()).map_or(0, |offset| {
        i64::try_from(offset).ok().and_then(|offset| u64::try_from(offset).ok()).unwrap_or(0)
    });
    filter.limit = text("limit")?
        .and_then(|text| integer(text).ok())
        .map_or(DEFAULT_LIMIT, |limit| u64::try_from(limit.clamp(1, MAX_LIMIT.into())).unwrap_or(MAX_LIMIT));
    match kind {
        Kind::Container => {
            filter.name = text("name")?.map(String::from);
            filter.subtype = text("type")?.map(String::from);
        }
        Kind::Secret => {
            for name in ["created", "updated", "expiration", "sort"] {
                if text(name)?.is_some() {
                    return Err(Refusal::query());
                }
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
                filter.scope = Scope::Listed { user: user.clone(), also: Vec::new() };
            }
        }
    }
    let texts = [&filter.name, &filter.subtype, &filter.algorithm, &filter.mode];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(Refusal::query());
    }
    Ok(filter)
}

/// The pages before and after.
struct Links {
    previous: Option<String>,
    next: Option<String>,
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

impl Links {
    /// A page without anything on it has none.
    fn of(call: &Call<'_>, kind: Kind, filter: &Filter, page: &Page, rest: &str) -> Self {
        let (offset, limit) = (filter.offset, filter.limit);
        let link = |offset: u64| {
            let rest = if rest.is_empty() { String::new() } else { format!("&{rest}") };
            format!("{}/v1/{}?limit={limit}&offset={offset}{rest}", call.base, href::collection(kind))
        };
        let shown = !page.entities.is_empty();
        let end = offset.saturating_add(limit);
        Self {
            previous: (shown && offset > 0).then(|| link(offset.saturating_sub(limit))),
            next: (shown && page.total > end).then(|| link(end)),
        }
    }

    fn with<'a>(self, call: &Call<'_>, kind: Kind, page: &'a Page) -> Answer<'a> {
        let mut secrets = Vec::new();
        let mut containers = Vec::new();
        for held in &page.entities {
            match &held.entity {
                Entity::Secret(secret) => secrets.push(secrets::Document::of(secret, call)),
                Entity::Container(container) => containers.push(containers::Document::of(container, call)),
            }
        }
        Answer {
            secrets: (kind == Kind::Secret).then_some(secrets),
            containers: (kind == Kind::Container).then_some(containers),
            previous: self.previous,
            next: self.next,
            total: page.total,
        }
    }
}
