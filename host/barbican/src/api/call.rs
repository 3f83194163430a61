//! What every handler knows of a request, and how it asks whether it may go on.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use portcullis_contract::Pairs;
use portcullis_contract::secrets::{Access, Entity, Requester};
use portcullis_contract::types::Context;
use portcullis_listen::Peer;
use std::time::{Duration, Instant};
use uuid::Uuid;

use super::{Shared, authenticate};
use crate::accept::Accept;
use crate::decide::Question;
use crate::facts;
use crate::href;
use crate::json::{self, JsonError, Value};
use crate::query::Query;
use crate::response::Refusal;
use crate::vault::{ConsumerName, EntityWithAcl, Kind};
use crate::version::Microversion;

/// Bytes of a body that are read and thrown away, so that a client that sends too much hears why.
const DISCARDED: usize = 4 << 20;

/// A request whose sender is known.
pub(super) struct Call<'a> {
    pub(super) api: &'a Shared,
    parts: &'a Parts,
    accept: Accept<'a>,
    pub(super) version: Microversion,
    pub(super) requester: Requester,
    /// The base of references.
    pub(super) base: String,
    json: bool,
    begun: Instant,
}

/// An operation: its name to the policies, and what Barbican calls it in errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) doing: &'static str,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        api: &'a Shared,
        parts: &'a Parts,
        accept: Accept<'a>,
        version: Microversion,
        requester: Requester,
        json: bool,
        begun: Instant,
    ) -> Self {
        let base = href::base(api.options.host_href.as_deref(), &parts.headers);
        Self { api, parts, accept, version, requester, base, json, begun }
    }

    pub(super) fn method(&self) -> &Method {
        &self.parts.method
    }

    pub(super) fn accept(&self) -> &Accept<'a> {
        &self.accept
    }

    /// The value of a header that stands once and is text.
    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every line of a header.
    pub(super) fn headers(&self, name: header::HeaderName) -> impl Iterator<Item = &HeaderValue> {
        self.parts.headers.get_all(name).into_iter()
    }

    /// The project that the token is for.
    pub(super) fn project(&self) -> &str {
        self.requester.project.as_deref().unwrap_or_default()
    }

    /// The query; 400 where its escapes are not UTF-8.
    pub(super) fn query(&self) -> Result<Query, Refusal> {
        Query::parse(self.parts.uri.query().unwrap_or_default()).ok_or_else(Refusal::encoding)
    }

    /// 406 unless the client accepts `offer`. A path in `.json` has said what it wants.
    pub(super) fn accepts(&self, offer: &str) -> Result<(), Refusal> {
        if self.json || self.accept.admits(offer) { Ok(()) } else { Err(Refusal::not_acceptable()) }
    }

    /// 405 for a method that is not known; but pecan's handler for those has a type of its own, and who does not
    /// accept that gets 406.
    pub(super) fn method_or_405(
        &self,
        known: bool,
        offer: &str,
        allow: Option<&'static str>,
    ) -> Result<(), Refusal> {
        if known {
            return Ok(());
        }
        if offer != "*/*" {
            self.accepts(offer)?;
        }
        Err(Refusal::method_not_allowed(allow))
    }

    /// The body's content type without its parameters, as `WebOb` gives it: letters are not folded.
    pub(super) fn content_type(&self) -> &str {
        self.header(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default()
    }

    /// The entity, of one moment with its ACL and the containers that hold it.
    pub(super) async fn find(&self, kind: Kind, id: Uuid) -> Result<Option<EntityWithAcl>, Refusal> {
        let doing = match kind {
            Kind::Secret => "Secret retrieval",
            Kind::Container => "Container retrieval",
        };
        self.api.vault.find(kind, id).await.map_err(|error| Refusal::store(doing, &error))
    }

    /// The attempts to write upon an entity that was found.
    pub(super) fn attempts(&self, held: EntityWithAcl) -> Attempts<'_, 'a> {
        Attempts { call: self, held, made: 0 }
    }

    /// The consumers of the entity, for its document.
    pub(super) async fn consumers(
        &self,
        held: &EntityWithAcl,
        operation: Operation,
    ) -> Result<Vec<ConsumerName>, Refusal> {
        let (kind, id) = (held.entity.kind(), held.entity.id());
        let consumers = self.api.vault.consumers_of(kind, std::iter::once(id)).await;
        let mut consumers = consumers.map_err(|error| Refusal::store(operation.doing, &error))?;
        Ok(consumers.remove(&id).unwrap_or_default())
    }

    /// Asks whether it may be done to that entity.
    pub(super) async fn ask(
        &self,
        operation: Operation,
        held: &EntityWithAcl,
        proposed: Option<&crate::vault::AclValue>,
    ) -> Result<(), Refusal> {
        self.ask_with(operation, Access { proposed: proposed.map(facts::proposed), ..about(held) }).await
    }

    /// The same, with more that policies and the record are told.
    pub(super) async fn ask_with_extra(
        &self,
        operation: Operation,
        held: &EntityWithAcl,
        extra: Pairs,
    ) -> Result<(), Refusal> {
        self.ask_with(operation, Access { extra, ..about(held) }).await
    }

    /// Asks whether an entity may be made, or any listed.
    pub(super) async fn ask_for(&self, operation: Operation, entity: Option<Entity>) -> Result<(), Refusal> {
        self.ask_with(operation, Access { entity, ..Access::default() }).await
    }

    /// Asks once more whether an entity may be made, since the first decision is some time ago: the token is validated
    /// again, its roles are those of now, and the time limit begins anew. The error is the response.
    pub(super) async fn ask_again_for(&self, operation: Operation, entity: Entity) -> Result<(), Response> {
        let principal = authenticate::requester(self.api, self.parts).await?;
        // What was made is this user's in this project.
        if (&principal.user, &principal.project) != (&self.requester.user, &self.requester.project) {
            return Err(authenticate::unauthorized(self.api));
        }
        let access = Access { entity: Some(entity), ..Access::default() };
        let asked = self.ask_as(principal, Instant::now(), operation, access).await;
        asked.map_err(Refusal::into_response)
    }

    /// Asks about a list or quotas, which are about no entity.
    pub(super) async fn ask_for_list(&self, operation: Operation, extra: Pairs) -> Result<(), Refusal> {
        self.ask_with(operation, Access { extra, ..Access::default() }).await
    }

    async fn ask_with(&self, operation: Operation, access: Access) -> Result<(), Refusal> {
        self.ask_as(self.requester.clone(), self.begun, operation, access).await
    }

    async fn ask_as(
        &self,
        principal: Requester,
        begun: Instant,
        operation: Operation,
        access: Access,
    ) -> Result<(), Refusal> {
        let context = context(self.parts);
        let access = Access { context, operation: operation.name.into(), principal, ..access };
        let decision = self.api.decider.decide(question(access, self.parts, begun)).await;
        decision.map_err(|refused| Refusal::refused(operation.doing, &refused))
    }
}

/// The entity, with what else counts for who may have it.
fn about(held: &EntityWithAcl) -> Access {
    Access {
        entity: Some(facts::entity(&held.entity)),
        acl: held.acl.as_ref().map(facts::acl),
        holders: facts::parent_containers(held),
        ..Access::default()
    }
}

/// A question about `access`, whose context is filled in.
pub(super) fn question(access: Access, parts: &Parts, begun: Instant) -> Question {
    Question { access, method: parts.method.to_string(), uri: parts.uri.to_string(), begun }
}

/// The circumstances of a decision that begins now, under a new id.
pub(super) fn context(parts: &Parts) -> Context {
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.address.to_string());
    portcullis_authorization::context("barbican", peer)
}

/// A body that is still on its way.
pub(super) struct Incoming(Body);

/// How long a body may take. Who asks was settled before it: a token that is revoked meanwhile must not be waited for.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// How often a write is decided anew before its client is told to come again.
const ATTEMPTS: usize = 16;

/// The attempts to write upon an entity. Each decides upon the entity as it is then: the vault writes nothing where the
/// entity has changed meanwhile.
pub(super) struct Attempts<'c, 'a> {
    call: &'c Call<'a>,
    held: EntityWithAcl,
    made: usize,
}

impl Attempts<'_, '_> {
    /// The entity for the next attempt; 404 where it is not there any more, 409 after as many attempts as there are.
    pub(super) async fn next(&mut self) -> Result<&EntityWithAcl, Refusal> {
        let (kind, id) = (self.held.entity.kind(), self.held.entity.id());
        if self.made == ATTEMPTS {
            return Err(Refusal::contended(kind));
        }
        if self.made > 0 {
            self.held = self.call.find(kind, id).await?.ok_or_else(|| Refusal::not_found(kind))?;
        }
        self.made += 1;
        Ok(&self.held)
    }
}

/// The beginning of a body.
#[derive(Default)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    /// There was more.
    cut: bool,
}

impl Incoming {
    pub(super) fn new(body: Body) -> Self {
        Self(body)
    }

    /// Reads the body's first `most` bytes, and throws the rest away.
    pub(super) async fn read(self, most: usize) -> Result<Received, Refusal> {
        let in_time = tokio::time::timeout(BODY_WITHIN, self.read_on(most)).await;
        in_time.unwrap_or_else(|_| Err(Refusal::of(StatusCode::REQUEST_TIMEOUT, "the body took too long")))
    }

    async fn read_on(mut self, most: usize) -> Result<Received, Refusal> {
        let mut received = Received::default();
        let mut discarded = 0;
        while let Some(frame) = self.0.frame().await {
            let frame = frame.map_err(|error| {
                tracing::debug!(%error, "a body broke off; its request was refused");
                Refusal::of(StatusCode::BAD_REQUEST, "Read Error")
            })?;
            let Ok(data) = frame.into_data() else { continue };
            let kept = data.len().min(most - received.bytes.len());
            received.bytes.extend_from_slice(&data[..kept]);
            discarded += data.len() - kept;
            received.cut |= kept < data.len();
            if discarded > DISCARDED {
                break;
            }
        }
        Ok(received)
    }
}

impl Received {
    /// pecan looks into a body that calls itself JSON before any controller does, and gives up where it is not UTF-8.
    pub(super) fn check_encoding(&self, call: &Call<'_>) -> Result<(), Refusal> {
        match std::str::from_utf8(&self.bytes) {
            Err(error) if call.content_type() == "application/json" && !self.cut_at(error) => {
                Err(Refusal::encoding())
            }
            _ => Ok(()),
        }
    }

    /// The body as JSON, blanks around its strings taken off; 415 where it does not call itself JSON.
    pub(super) fn json(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        if call.content_type() != "application/json" {
            return Err(Refusal::content_type("['application/json']"));
        }
        let mut value = match json::parse(&self.bytes) {
            Err(JsonError::Encoding) if self.cut => Err(JsonError::Syntax),
            result => result,
        }
        .map_err(Refusal::json)?;
        value.strip();
        Ok(value)
    }

    /// Whether it is only that the last character was cut through.
    fn cut_at(&self, error: std::str::Utf8Error) -> bool {
        self.cut && error.error_len().is_none()
    }
}
