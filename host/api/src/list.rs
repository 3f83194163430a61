//! The APIs of one listener.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use portcullis_listen::Handler;
use std::sync::Arc;

use crate::{Api, ApiFuture};

/// The APIs of one listener, in order. Clones are cheap.
#[derive(Clone)]
pub struct ApiList(Arc<[Arc<dyn Api>]>);

/// Two APIs of one listener claim the same path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` would be answered by the {one} API and by the {other} API")]
pub struct CollisionError {
    /// The path.
    pub path: String,
    /// The API whose path it is.
    pub one: &'static str,
    /// The API that claims it too.
    pub other: &'static str,
}

impl ApiList {
    /// The list, if no API claims a path of another.
    ///
    /// # Errors
    /// The first collision.
    pub fn new(apis: Vec<Arc<dyn Api>>) -> Result<Self, CollisionError> {
        let list = Self(apis.into());
        list.check()?;
        Ok(list)
    }

    /// Whether the claims still do not collide, after policies were published that change them.
    ///
    /// # Errors
    /// The first collision.
    pub fn check(&self) -> Result<(), CollisionError> {
        for one in self.iter() {
            for path in one.paths() {
                let other = self.iter().find(|other| !Arc::ptr_eq(one, other) && other.claims(&path));
                if let Some(other) = other {
                    return Err(CollisionError { path, one: one.name(), other: other.name() });
                }
            }
        }
        Ok(())
    }

    /// The APIs.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Api>> {
        self.0.iter()
    }

    /// The API that answers requests for this path.
    fn find(&self, path: &str) -> Option<&Arc<dyn Api>> {
        match &*self.0 {
            [only] => Some(only),
            apis => apis.iter().find(|api| api.claims(path)).or_else(|| apis.first()),
        }
    }
}

impl Handler for ApiList {
    fn handle(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        match self.find(request.uri().path()) {
            Some(api) => api.serve(request),
            None => Box::pin(async {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NotReady;
    use axum::body::to_bytes;
    use portcullis_contract::hook::HookName;

    /// Claims everything under its prefix, and responds with its name.
    struct Prefix(&'static str, &'static str);

    impl Api for Prefix {
        fn name(&self) -> &'static str {
            self.0
        }

        fn hooks(&self) -> &'static [HookName] {
            &[]
        }

        fn claims(&self, path: &str) -> bool {
            path.starts_with(self.1)
        }

        fn paths(&self) -> Vec<String> {
            vec![self.1.into()]
        }

        fn serve(&self, _: Request<Body>) -> ApiFuture<'_, Response<Body>> {
            Box::pin(std::future::ready(Response::new(Body::from(self.0))))
        }

        fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    async fn answered_by(list: &ApiList, path: &str) -> String {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let body = list.handle(request).await.into_body();
        String::from_utf8(to_bytes(body, 100).await.unwrap().into()).unwrap()
    }

    #[tokio::test]
    async fn the_api_that_claims_a_path_answers_and_else_the_first() {
        let (one, two): (Arc<dyn Api>, Arc<dyn Api>) =
            (Arc::new(Prefix("one", "/v1")), Arc::new(Prefix("two", "/v2")));
        let list = ApiList::new(vec![one, two]).unwrap();
        for (path, api) in [("/v1/x", "one"), ("/v2", "two"), ("/", "one"), ("/v3?/v2", "one")] {
            assert_eq!(answered_by(&list, path).await, api, "{path}");
        }
    }

    #[test]
    fn a_path_that_two_apis_claim_is_an_error_that_names_both() {
        for (one, two) in [("/v1", "/v1"), ("/v1", "/v1/a"), ("/v1/a", "/v1")] {
            let apis: Vec<Arc<dyn Api>> = vec![Arc::new(Prefix("one", one)), Arc::new(Prefix("two", two))];
            let error = ApiList::new(apis).err().unwrap();
            let text = error.to_string();
            assert!(text.contains("the one API") && text.contains("the two API"), "{text}");
            assert_eq!(error.path, if one.len() > two.len() { one } else { two });
        }
    }
}
