//! From a request to a decision: the canonical request, the policies, the record.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use portcullis_authorization::{Policies, Refused, describe_docker_request};
use portcullis_contract::docker;
use portcullis_contract::hook::{DockerRequest, HookName};
use portcullis_contract::types::{Context, Principal};
use portcullis_docker_api::canonical::{self, Head, ReadBody as CanonicalBody, Refusal, rule};
use portcullis_docker_api::json::shown;
use portcullis_docker_api::operation::BodyKind;
use portcullis_docker_api::{ApiRequest, Body as ApiBody, Operation};
use portcullis_errors::chain;
use portcullis_identity::AuthError;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use super::body::{BodyError, ReadBody};
use super::edits::View;
use super::engines::Engine;
use super::{Proxy, Registries, look_up, origin, respond};
use crate::endpoint::{Endpoint, EngineUrl};
use crate::error::GatewayError;
use crate::registry_auth;

/// A request that may be forwarded.
pub(super) struct Decided {
    pub(super) operation: Operation,
    pub(super) request: Arc<docker::Request>,
    pub(super) body: ReadBody,
    /// What of the engine the user sees.
    pub(super) view: View,
    /// The query in the place of the client's own.
    pub(super) query: Option<String>,
}

/// Who asks for what, apart from the request itself.
pub(super) struct Asked<'a> {
    pub(super) context: Context,
    pub(super) principal: Principal,
    pub(super) endpoint: &'a Endpoint,
    pub(super) engine: &'a Engine,
    pub(super) registries: Option<Registries>,
}

/// What is known of a request before its body.
struct Call<'c> {
    policies: &'c Policies,
    context: Context,
    principal: Principal,
    daemon: Arc<str>,
    method: &'c str,
    target: &'c str,
    begun: Instant,
}

/// Decides a request, and puts stored credentials into its head. The error is the response.
pub(super) async fn decide(
    proxy: &Proxy,
    policies: &Policies,
    asked: Asked<'_>,
    target: &str,
    head: &mut Parts,
    body: Body,
) -> Result<Decided, Response> {
    let Asked { context, principal, endpoint, engine, registries } = asked;
    let daemon = Arc::from(endpoint.name.as_str());
    let method = head.method.clone();
    let method = method.as_str();
    let mut call = Call { policies, context, principal, daemon, method, target, begun: Instant::now() };
    // No page can make a browser send a token in a header, and some clients send an `Origin` of their own.
    if call.principal.authentication != "token" && origin::is_cross_site(&head.headers) {
        let reason =
            "a page of another site made a browser send this request: Docker is not called from pages";
        return Err(call.refuse(Refusal::new(respond::CROSS_SITE, reason, None)).await);
    }
    let (operation, kind) = match canonical::body_kind(method, target) {
        Ok(kind) => kind,
        Err(refusal) => return Err(call.refuse(refusal).await),
    };
    let Some(operation) = operation else {
        let reason = "Docker has no such route, or one that this version does not know";
        return Err(call.refuse(Refusal::new(respond::UNKNOWN_ROUTE, reason, None)).await);
    };
    let limit = proxy.settings.max_body;
    let body = match ReadBody::read(kind, body, limit).await {
        Ok(body) => body,
        Err(error) => {
            let (rule, reason) = match error {
                BodyError::TooLarge => {
                    let reason = format!("the body is larger than the {limit} bytes that a policy is shown");
                    (respond::BODY_TOO_LARGE, reason)
                }
                BodyError::Broken => (respond::BODY_BROKEN, "the body broke off".to_owned()),
            };
            return Err(call.refuse(Refusal::new(rule, reason, Some(operation))).await);
        }
    };
    // The time that a client takes to send its body is not the decision's.
    call.begun = Instant::now();
    let mut request = match call.read(&head.headers, &body) {
        Ok(request) => request,
        Err(refusal) => return Err(call.refuse(refusal).await),
    };
    let edits = policies.generation().has_enforced(HookName::DockerEdit);
    let always = proxy.settings.always_allow.contains(&operation);
    if let Some(groups) = proxy.settings.groups.as_ref().filter(|_| edits || !always) {
        match groups.of(&call.principal).await {
            Ok(found) => call.principal.groups.extend(found),
            Err(error) => return Err(call.refuse_without_groups(operation, &error).await),
        }
        // From the system and from a source: once is enough.
        let mut seen = BTreeSet::new();
        call.principal.groups.retain(|group| seen.insert(group.clone()));
        request.principal.groups.clone_from(&call.principal.groups);
    }
    let looks_up = proxy.settings.look_up || edits;
    if looks_up && let Err(error) = look_up::resolve(engine, operation, &mut request, edits).await {
        let reason = format!("what the request names cannot be looked up: {error}");
        return Err(call.refuse(Refusal::new(respond::LOOK_UP, reason, Some(operation))).await);
    }
    if let (Some(paths), EngineUrl::Unix(_)) = (&proxy.settings.paths, &endpoint.engine)
        && let Err(error) = paths.add_real_paths(&mut request).await
    {
        tracing::warn!(decision = call.context.decision, %error, "a path of the host cannot be resolved");
        return Err(call.refuse(Refusal::new(error.rule(), error.for_client(), Some(operation))).await);
    }
    let request = Arc::new(request);
    let (view, query, body) = call.edit(operation, &request, body).await?;
    if let Err(error) = insert_credentials(registries.as_ref(), &mut head.headers, &request).await {
        let _ = call.refuse(Refusal::new(respond::REGISTRY, &error, Some(operation))).await;
        return Err(error.into_docker_response());
    }
    let daemon = Arc::clone(&call.daemon);
    let allowed = if always {
        let describe = |record: &mut _| describe_docker_request(&request, &daemon, record);
        let asked = (&request.context, HookName::DockerRequest);
        policies.allow_by_host(asked, "host:always-allow", call.begun, describe).await
    } else {
        let describe = move |request: &docker::Request, record: &mut _| {
            describe_docker_request(request, &daemon, record);
        };
        policies.clone().decide::<DockerRequest>(Arc::clone(&request), call.begun, describe).await
    };
    match allowed {
        Ok(()) => match look_up::missing(operation, &request).filter(|_| looks_up) {
            Some(target) => Err(respond::missing(target)),
            None => Ok(Decided { operation, request, body, view, query }),
        },
        Err(refused) => Err(respond::refused(&refused)),
    }
}

impl Call<'_> {
    /// The canonical request.
    fn read(&self, headers: &HeaderMap, body: &ReadBody) -> Result<docker::Request, Refusal> {
        let headers = pairs(headers);
        let request = ApiRequest {
            method: self.method,
            uri: self.target,
            headers: &headers,
            body: match body {
                ReadBody::Whole(bytes) => ApiBody::Seen(bytes),
                ReadBody::Stream(_) => ApiBody::NotShown,
            },
        };
        let principal = || Ok::<_, Infallible>(self.principal.clone());
        canonical::request(&request, self.context.clone(), &self.daemon, stream, principal)
    }

    /// What policies edit: what the user sees, and the query and the body that are forwarded.
    async fn edit(
        &self,
        operation: Operation,
        request: &Arc<docker::Request>,
        body: ReadBody,
    ) -> Result<(View, Option<String>, ReadBody), Response> {
        let daemon = Arc::clone(&self.daemon);
        let describe = move |request: &docker::Request, record: &mut _| {
            describe_docker_request(request, &daemon, record);
        };
        let edits = self.policies.edits(request, self.begun, describe).await;
        let view = View::new(edits.map_err(|refused| respond::refused(&refused))?);
        if let Some(target) = view.hidden(operation, request) {
            let (rule, reason) = match operation {
                Operation::VolumeCreate => (
                    respond::NAME_TAKEN,
                    format!("a volume named `{}` is there already: choose another", target.as_sent),
                ),
                _ => (respond::NOT_VISIBLE, format!("No such {}: {}", target.kind, target.as_sent)),
            };
            return Err(self.refuse(Refusal::new(rule, reason, Some(operation))).await);
        }
        let edited = view
            .limited_query(operation, request)
            .and_then(|query| Ok((query, view.labelled(operation, request)?)));
        match edited {
            Ok((query, None)) => Ok((view, query, body)),
            Ok((query, Some(text))) => Ok((view, query, ReadBody::Whole(text.into()))),
            Err(error) => Err(self.refuse(Refusal::new(respond::NOT_LIMITED, error, Some(operation))).await),
        }
    }

    /// Refuses by a rule of the host's own.
    async fn refuse(&self, refusal: Refusal) -> Response {
        respond::refused(&self.refused(refusal, None).await)
    }

    /// Refuses since the user's groups are not known: a policy may forbid something to one of them.
    async fn refuse_without_groups(&self, operation: Operation, error: &AuthError) -> Response {
        let user = self.principal.name.as_deref().unwrap_or_default();
        let reason = format!(
            "the groups of `{}` cannot be found out; the record of this decision says why, and whether trying again helps",
            shown(user)
        );
        let refusal = Refusal::new(respond::GROUPS, reason, Some(operation));
        let mut refused = self.refused(refusal, Some(chain(error))).await;
        refused.fault |= matches!(error, AuthError::Unavailable { .. });
        respond::refused(&refused)
    }

    async fn refused(&self, refusal: Refusal, error: Option<String>) -> Refused {
        let describe = |record: &mut portcullis_audit::Record| {
            record.daemon = Some(Arc::clone(&self.daemon));
            record.principal = Some((&self.principal).into());
            record.operation = refusal.operation.map(|operation| operation.as_str().into());
            record.method = Some(self.method.to_owned());
            record.uri = Some(self.target.to_owned());
            record.error = error;
        };
        let asked = (&self.context, HookName::DockerRequest);
        let rule = (refusal.rule, refusal.reason.as_str());
        self.policies.refuse_by_host(asked, rule, self.begun, describe).await
    }
}

/// Puts stored credentials into the headers where they refer to them.
async fn insert_credentials(
    registries: Option<&Registries>,
    headers: &mut HeaderMap,
    request: &docker::Request,
) -> Result<(), GatewayError> {
    for reference in registry_auth::references(headers)? {
        if reference.registry == 0 {
            reference.insert(None, headers)?;
            continue;
        }
        let known = registries.ok_or_else(|| {
            let details = "There are no stored registries here: log in with `docker login`";
            GatewayError::new(StatusCode::NOT_FOUND, "Unable to find the registry", details)
        })?;
        let found = known.gateway.registry(&known.session, known.endpoint, reference.registry).await?;
        reference.check(&found, request)?;
        reference.insert(Some(&found), headers)?;
    }
    Ok(())
}

/// What policies see of a body that is passed through. All headers are seen here, so that a form in an archive's place was
/// refused before.
fn stream<'r>(head: &Head<'_>) -> Result<CanonicalBody<'r>, Refusal> {
    match head.body_kind() {
        BodyKind::Stream => Ok(CanonicalBody::unseen("hijacked")),
        BodyKind::Archive | BodyKind::ArchiveOrForm => Ok(CanonicalBody::unseen("not-json")),
        _ => {
            let reason = "the body has to be seen, and was not read";
            Err(Refusal::new(rule::BODY_NOT_SHOWN, reason, head.operation()))
        }
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}
