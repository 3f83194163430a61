//! `/v1/quotas`, `/v1/project-quotas` and `/v1/project-quotas/{project}` ("barbican/api/controllers/quotas.py").

use axum::http::{Method, StatusCode};
use axum::response::Response;
use portcullis_contract::Pairs;
use serde::Serialize;

use super::MAX_BODY;
use super::call::{Call, Incoming, Operation, Received};
use super::paging::Paging;
use crate::response::{self, Refusal};
use crate::schema::quotas::{self, MAX_PROJECT};
use crate::vault::Quotas;

const GET: Operation = Operation { name: "quota-get", doing: "Quotas" };
const GET_PROJECT: Operation = Operation { name: "project-quota-get", doing: "Project Quotas" };
const PUT: Operation = Operation { name: "project-quota-put", doing: "Project Quotas" };
const DELETE: Operation = Operation { name: "project-quota-delete", doing: "Project Quotas" };

/// Barbican's `quota_secrets` and the like: no limit.
const UNLIMITED: i64 = -1;

#[derive(Serialize)]
struct Document {
    secrets: Option<i64>,
    orders: Option<i64>,
    containers: Option<i64>,
    consumers: Option<i64>,
    cas: Option<i64>,
}

impl Document {
    fn of(quotas: Quotas) -> Self {
        let Quotas { secrets, orders, containers, consumers, cas } = quotas;
        Self { secrets, orders, containers, consumers, cas }
    }

    /// With the defaults in the place of what is not set.
    fn effective(quotas: Quotas) -> Self {
        let or_default = |quota: Option<i64>| quota.or(Some(UNLIMITED));
        let Self { secrets, orders, containers, consumers, cas } = Self::of(quotas);
        Self {
            secrets: or_default(secrets),
            orders: or_default(orders),
            containers: or_default(containers),
            consumers: or_default(consumers),
            cas: or_default(cas),
        }
    }
}

#[derive(Serialize)]
struct Effective {
    quotas: Document,
}

#[derive(Serialize)]
struct OfProject {
    project_quotas: Document,
}

#[derive(Serialize)]
struct Listed {
    project_id: String,
    project_quotas: Document,
}

#[derive(Serialize)]
struct List {
    project_quotas: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    total: u64,
}

/// The quotas of the token's project.
pub(super) async fn effective(call: &Call<'_>) -> Result<Response, Refusal> {
    call.method_or_405(*call.method() == Method::GET, "text/html", Some("GET"))?;
    call.accepts("application/json")?;
    call.query()?;
    call.ask_for_list(GET, Vec::new()).await?;
    let quotas = call.api.vault.quotas(call.project()).await;
    let quotas = quotas.map_err(|error| Refusal::store(GET.doing, &error))?.unwrap_or_default();
    Ok(response::json(StatusCode::OK, &Effective { quotas: Document::effective(quotas) }))
}

/// All projects that have quotas.
pub(super) async fn list(call: &Call<'_>) -> Result<Response, Refusal> {
    call.method_or_405(*call.method() == Method::GET, "text/html", Some("GET"))?;
    call.accepts("application/json")?;
    let query = call.query()?;
    call.ask_for_list(GET_PROJECT, Vec::new()).await?;
    let paging = Paging::of(&query)?;
    let page = call.api.vault.list_quotas(paging.offset, paging.limit).await;
    let page = page.map_err(|error| Refusal::store(GET_PROJECT.doing, &error))?;
    // Barbican writes an underscore there.
    let links = paging.links(&format!("{}/v1/project_quotas", call.base), page.total, "");
    let listed = |(project_id, quotas)| Listed { project_id, project_quotas: Document::of(quotas) };
    let project_quotas = page.quotas.into_iter().map(listed).collect();
    let list = List { project_quotas, previous: links.previous, next: links.next, total: page.total };
    Ok(response::json(StatusCode::OK, &list))
}

/// The quotas of one project.
pub(super) async fn of_project(call: &Call<'_>, project: &str, body: Incoming) -> Result<Response, Refusal> {
    let known = [Method::GET, Method::PUT, Method::DELETE].contains(call.method());
    call.method_or_405(known, "text/html", Some("DELETE, GET, PUT"))?;
    if *call.method() != Method::DELETE {
        call.accepts("application/json")?;
    }
    call.query()?;
    let about = vec![("project".to_owned(), project.to_owned())];
    match *call.method() {
        Method::PUT => {
            let received = body.read(MAX_BODY).await?;
            received.check_encoding(call)?;
            let written = written(call, &received);
            let proposed = written.as_ref().map_or_else(|_| Pairs::new(), proposed);
            call.ask_for_list(PUT, about.into_iter().chain(proposed).collect()).await?;
            let quotas = written?;
            check(project)?;
            let set = call.api.vault.set_quotas(project, quotas).await;
            set.map_err(|error| Refusal::store(PUT.doing, &error))?;
            Ok(response::no_content())
        }
        Method::DELETE => {
            call.ask_for_list(DELETE, about).await?;
            check(project)?;
            let deleted = call.api.vault.delete_quotas(project).await;
            let deleted = deleted.map_err(|error| Refusal::store(DELETE.doing, &error))?;
            if deleted { Ok(response::no_content()) } else { Err(not_found()) }
        }
        _ => {
            call.ask_for_list(GET_PROJECT, about).await?;
            check(project)?;
            let quotas = call.api.vault.quotas(project).await;
            let quotas = quotas.map_err(|error| Refusal::store(GET_PROJECT.doing, &error))?;
            let project_quotas = Document::of(quotas.ok_or_else(not_found)?);
            Ok(response::json(StatusCode::OK, &OfProject { project_quotas }))
        }
    }
}

fn written(call: &Call<'_>, received: &Received) -> Result<Quotas, Refusal> {
    if received.bytes.is_empty() && call.content_type() == "application/json" {
        let reason = "No data supplied to process.";
        return Err(Refusal::issue(StatusCode::BAD_REQUEST, PUT.doing, reason));
    }
    Ok(quotas::parse(&received.json(call)?)?)
}

/// What policies and records are told of quotas that are to be set.
fn proposed(quotas: &Quotas) -> Pairs {
    let Quotas { secrets, orders, containers, consumers, cas } = *quotas;
    let named = [
        ("quota-secrets", secrets),
        ("quota-orders", orders),
        ("quota-containers", containers),
        ("quota-consumers", consumers),
        ("quota-cas", cas),
    ];
    named.into_iter().filter_map(|(name, quota)| Some((name.to_owned(), quota?.to_string()))).collect()
}

/// Refuses what can be the id of no project.
fn check(project: &str) -> Result<(), Refusal> {
    if project.chars().count() <= MAX_PROJECT && !project.contains('\0') {
        return Ok(());
    }
    let text = format!("the id of a project has at most {MAX_PROJECT} characters, and no NUL");
    Err(Refusal::of(StatusCode::BAD_REQUEST, text))
}

fn not_found() -> Refusal {
    Refusal::of(StatusCode::NOT_FOUND, "Project quotas not found.")
}
