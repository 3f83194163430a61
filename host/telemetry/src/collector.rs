//! One request to the collector, and when it is made again (OTLP 1.9, "OTLP/HTTP Response").

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use portcullis_errors::chain;
use portcullis_http_client::{ClientOptions, HttpClient, HttpError, Proxies, Response, Roots};
use prost::Message as _;
use std::time::Duration;

use crate::counts::Signal;
use crate::error::TelemetryError;
use crate::options::TelemetryOptions;

/// A response says how many records were refused, and why.
const MAX_RESPONSE: usize = 64 << 10;
/// How long a collector may keep us from trying again.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// The collector.
pub(crate) struct Collector {
    http: HttpClient,
    paths: [Uri; 2],
    headers: HeaderMap,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It was taken, but for so many spans or log entries.
    Taken { refused: usize, why: String },
    /// It may be taken later; after this time if the collector names one.
    Later { after: Option<Duration>, why: String },
    /// It will never be.
    Refused { why: String },
}

impl Collector {
    pub(crate) fn new(options: &TelemetryOptions) -> Result<Self, TelemetryError> {
        // Not shown where a password may stand in it.
        let has_secret = options.endpoint.contains(['@', '?']);
        let shown = if has_secret { "..." } else { &options.endpoint };
        let wrong = || TelemetryError::Endpoint(shown.to_owned());
        let endpoint: Uri = options.endpoint.parse().map_err(|_| wrong())?;
        let is_https = match endpoint.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        if has_secret || options.endpoint.contains('#') || endpoint.host().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        let base = options.endpoint.trim_end_matches('/');
        let path = |signal: Signal| format!("{base}/v1/{}", signal.as_str()).parse().map_err(|_| wrong());
        let mut headers = HeaderMap::new();
        for (name, value) in &options.headers {
            let wrong = || TelemetryError::Header(name.clone());
            let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(name.parse::<HeaderName>().map_err(|_| wrong())?, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let needs_system = options.ca.is_some() || is_https;
        let http = HttpClient::new(&ClientOptions {
            roots: if needs_system { Roots::file_or_system(options.ca.as_deref()) } else { Roots::None },
            proxies: Proxies::none(),
            timeout: options.timeout,
            max_response_bytes: MAX_RESPONSE,
            max_concurrent: 2,
            max_idle: 1,
        })?;
        Ok(Self { http, paths: [path(Signal::Traces)?, path(Signal::Logs)?], headers })
    }

    pub(crate) async fn send(&self, signal: Signal, message: Vec<u8>) -> Sent {
        let mut request = Request::new(message);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.paths[signal as usize].clone();
        *request.headers_mut() = self.headers.clone();
        match self.http.send(request).await {
            Ok(response) => read(signal, &response),
            // It may have been taken: a log entry would be there twice.
            Err(error @ (HttpError::TooLarge(_) | HttpError::Body(_))) => {
                Sent::Refused { why: chain(&error) }
            }
            Err(error) => Sent::Later { after: None, why: chain(&error) },
        }
    }
}

fn read(signal: Signal, response: &Response) -> Sent {
    let why = format!("the collector answers {}", response.status);
    match response.status {
        StatusCode::OK => {
            let (refused, why) = partial(signal, &response.body);
            Sent::Taken { refused: usize::try_from(refused).unwrap_or_default(), why }
        }
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let after = response.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Sent::Later { after: after.map(|seconds| Duration::from_secs(seconds).min(MAX_WAIT)), why }
        }
        _ => Sent::Refused { why },
    }
}

/// What of a request was refused though the rest was taken. A body that cannot be read says nothing.
fn partial(signal: Signal, body: &[u8]) -> (i64, String) {
    let refused = match signal {
        Signal::Traces => ExportTraceServiceResponse::decode(body)
            .ok()
            .and_then(|response| response.partial_success)
            .map(|partial| (partial.rejected_spans, partial.error_message)),
        Signal::Logs => ExportLogsServiceResponse::decode(body)
            .ok()
            .and_then(|response| response.partial_success)
            .map(|partial| (partial.rejected_log_records, partial.error_message)),
    };
    refused.unwrap_or_default()
}
