//! A tiny API, which shows what a new one takes: it echoes bodies, and connections that ask for the protocol `echo`.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use portcullis_api::{Api, ApiFuture, NotReady, Placement};
use portcullis_contract::HookName;

/// Echoes.
pub struct Echo;

const PATH: &str = "/echo";

impl Api for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn hooks(&self) -> &'static [HookName] {
        &[]
    }

    fn claims(&self, path: &str) -> bool {
        path == PATH
    }

    fn paths(&self) -> Vec<String> {
        vec![PATH.into()]
    }

    fn serve(&self, mut request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        Box::pin(async move {
            if request.headers().get(header::UPGRADE) != Some(&HeaderValue::from_static("echo")) {
                return Response::new(request.into_body());
            }
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let stream = TokioIo::new(upgraded.await.unwrap());
                let (mut reader, mut writer) = tokio::io::split(stream);
                tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            });
            let switching = Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "upgrade")
                .header(header::UPGRADE, "echo");
            switching.body(Body::empty()).unwrap()
        })
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn placement(&self) -> Placement {
        Placement::PerCore
    }
}
