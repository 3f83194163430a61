//! The four access policies of Portainer, as types: a route cannot be registered without one, since [`Routes`] has one
//! method for each, and its handler takes what the policy proves: [`Public`], [`Session`], [`RestrictedSession`] or
//! [`Administrator`]. Only this module makes the last two.

use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use axum::{Router, middleware};
use http_body_util::LengthLimitError;
use std::error::Error;
use std::sync::Arc;

use super::Gateway;
use crate::error::GatewayError;
use crate::fields::Fields;
use crate::session::Session;

/// The largest body of a request, with certificates in it.
const MAX_BODY: usize = 256 << 10;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessPolicy {
    /// Anyone, without authentication.
    Public,
    /// Each user.
    Authenticated,
    /// Each user; what is read or changed depends on what the user was granted.
    Restricted,
    /// Administrators.
    Administrator,
}

/// What a handler of a public route takes.
pub(super) struct Public(());

/// A user whose grants the handler checks, or filters by.
pub(super) struct RestrictedSession(Session);

/// A user who is an administrator.
pub(super) struct Administrator(Session);

impl RestrictedSession {
    pub(super) fn session(&self) -> &Session {
        &self.0
    }

    /// Whether the user may see what belongs to `user`.
    pub(super) fn may_see_user(&self, user: i64) -> bool {
        self.0.is_administrator() || self.0.user.id == user
    }
}

impl Administrator {
    pub(super) fn session(&self) -> &Session {
        &self.0
    }
}

/// What an access policy proves.
trait Subject: Send + Sized + 'static {
    const POLICY: AccessPolicy;

    fn admit(gateway: &Gateway, parts: &Parts) -> impl Future<Output = Result<Self, GatewayError>> + Send;
}

impl Subject for Public {
    const POLICY: AccessPolicy = AccessPolicy::Public;

    async fn admit(_: &Gateway, _: &Parts) -> Result<Self, GatewayError> {
        Ok(Self(()))
    }
}

impl Subject for Session {
    const POLICY: AccessPolicy = AccessPolicy::Authenticated;

    async fn admit(gateway: &Gateway, parts: &Parts) -> Result<Self, GatewayError> {
        gateway.authenticate(parts).await
    }
}

impl Subject for RestrictedSession {
    const POLICY: AccessPolicy = AccessPolicy::Restricted;

    async fn admit(gateway: &Gateway, parts: &Parts) -> Result<Self, GatewayError> {
        gateway.authenticate(parts).await.map(Self)
    }
}

impl Subject for Administrator {
    const POLICY: AccessPolicy = AccessPolicy::Administrator;

    async fn admit(gateway: &Gateway, parts: &Parts) -> Result<Self, GatewayError> {
        let session = gateway.authenticate(parts).await?;
        if session.is_administrator() {
            return Ok(Self(session));
        }
        Err(GatewayError::new(StatusCode::FORBIDDEN, "Access denied", "Unauthorized"))
    }
}

/// The methods of Portainer's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD.
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

/// A route of Portainer's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path without `/api`, with parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub policy: AccessPolicy,
}

/// A request whose access policy has been checked.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    pub(super) parts: Parts,
    body: Body,
    parameters: Vec<(String, String)>,
}

/// Collects routes, each with its access policy.
pub(super) struct Routes {
    gateway: Arc<Gateway>,
    router: Router,
    list: Vec<Route>,
}

/// The four methods differ in what the handler takes.
macro_rules! with_policy {
    ($($(#[$doc:meta])* $name:ident($subject:ty);)+) => {
        $($(#[$doc])*
        pub(super) fn $name<F, Fut>(self, verb: Verb, path: &'static str, handler: F) -> Self
        where
            F: Fn($subject, Call) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<Response, GatewayError>> + Send + 'static,
        {
            self.add::<$subject, _, _>(verb, path, handler)
        })+
    };
}

impl Routes {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, router: Router::new(), list: Vec::new() }
    }

    with_policy! {
        /// A route without authentication.
        public(Public);
        /// A route for each user.
        authenticated(Session);
        /// A route whose result depends on the user's grants.
        restricted(RestrictedSession);
        /// A route for administrators.
        administrator(Administrator);
    }

    fn add<S, F, Fut>(mut self, verb: Verb, path: &'static str, handler: F) -> Self
    where
        S: Subject,
        F: Fn(S, Call) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response, GatewayError>> + Send + 'static,
    {
        let gateway = Arc::clone(&self.gateway);
        let serve = move |request: Request| {
            let (gateway, handler) = (Arc::clone(&gateway), handler.clone());
            async move {
                let (mut parts, body) = request.into_parts();
                let subject = S::admit(&gateway, &parts).await?;
                let parameters = RawPathParams::from_request_parts(&mut parts, &()).await;
                let parameters =
                    parameters.map_err(|_| GatewayError::bad_request("The path is not UTF-8"))?;
                let parameters =
                    parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                handler(subject, Call { gateway, parts, body, parameters }).await
            }
        };
        let filter = match verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        };
        let with_prefix = format!("/api{path}");
        self.router =
            self.router.route(path, on(filter, serve.clone())).route(&with_prefix, on(filter, serve));
        self.list.push(Route { verb, path, policy: S::POLICY });
        self
    }

    /// All routes.
    pub(super) fn list(&self) -> &[Route] {
        &self.list
    }

    /// The router, with errors for all other paths and methods.
    pub(super) fn into_router(self) -> Router {
        self.router
            .fallback(|| async {
                GatewayError::new(StatusCode::NOT_FOUND, "Not found", "There is no such path in this API")
            })
            .method_not_allowed_fallback(|| async {
                let details = "This path has other methods";
                GatewayError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", details)
            })
            .layer(middleware::map_response(|mut response: Response| async {
                let nosniff = HeaderValue::from_static("nosniff");
                response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
                // Tokens and API keys are in some of them.
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }))
    }
}

impl Call {
    /// The number in the path. `what` is Portainer's word for it, e.g. `environment`.
    pub(super) fn id(&self, parameter: &str, what: &str) -> Result<i64, GatewayError> {
        let found = self.parameters.iter().find(|(name, _)| name == parameter);
        let text = found.map(|(_, value)| &**value).unwrap_or_default();
        text.parse().map_err(|_| GatewayError::invalid_id(what, text))
    }

    /// The fields of a JSON body.
    pub(super) async fn json(self) -> Result<(Arc<Gateway>, Parts, Fields), GatewayError> {
        let (gateway, parts, body) = self.body().await?;
        let fields = Fields::from_json(&body)?;
        Ok((gateway, parts, fields))
    }

    /// The fields of a body in JSON or a form.
    pub(super) async fn fields(self) -> Result<(Arc<Gateway>, Parts, Fields), GatewayError> {
        let (gateway, parts, body) = self.body().await?;
        let fields = Fields::from_any(&parts.headers, &body)?;
        Ok((gateway, parts, fields))
    }

    async fn body(self) -> Result<(Arc<Gateway>, Parts, axum::body::Bytes), GatewayError> {
        let body = axum::body::to_bytes(self.body, MAX_BODY).await.map_err(|error| {
            let is_too_long = |source: &(dyn Error + 'static)| source.is::<LengthLimitError>();
            if error.source().is_some_and(is_too_long) {
                let details = "A body may have 256 KiB";
                return GatewayError::new(StatusCode::PAYLOAD_TOO_LARGE, "Invalid request payload", details);
            }
            GatewayError::bad_request("The body could not be read to its end")
        })?;
        Ok((self.gateway, self.parts, body))
    }
}
