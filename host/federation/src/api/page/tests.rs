//! The three routes of the page, asked as browsers ask, with a decider that remembers what it was asked. AWS is not
//! there: what it gives is for the end-to-end tests.

use super::*;
use crate::api::FederationApi;
use crate::aws::{Account, Aws, AwsOptions, Keys as OwnKeys, Partition};
use crate::decide::{Decider, Deciding, InForce, Question};
use crate::mounts::{Mount, Mounts};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use portcullis_authorization::{NotReady, Refused as Denied};
use portcullis_contract::aws::Grant;
use portcullis_files::FileWatcher;
use portcullis_identity::source::{AuthMethod, Authenticator, AuthenticatorOptions};
use portcullis_listen::Peer;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const SHOP: &str = "account=shop&role=read&format=shell";
const OURS: [(&str, &str); 3] = [
    ("host", "portcullis.example"),
    ("sec-fetch-site", "same-origin"),
    ("content-type", "application/x-www-form-urlencoded"),
];

/// Grants `shop/read`, and refuses everything else that is asked for by name.
struct Fake {
    mounts: Mounts,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

struct Always(Arc<Fake>);

impl Decider for Always {
    fn in_force(&self) -> Arc<dyn InForce> {
        Arc::clone(&self.0) as _
    }
}

impl InForce for Fake {
    fn mounts(&self) -> &Mounts {
        &self.mounts
    }

    fn ready(&self, _: &[Arc<str>]) -> Result<(), NotReady> {
        Ok(())
    }

    fn decide(self: Arc<Self>, question: Question) -> Deciding {
        let role = question.request.role;
        self.asked.lock().unwrap().push((question.request.purpose, role.clone()));
        let granted = role.is_none_or(|role| role == "read");
        Box::pin(async move {
            if granted {
                let grant = Grant { account: "shop".into(), role: "read".into(), ..Grant::default() };
                return Ok(vec![grant]);
            }
            Err(Denied::by_host("", "frozen <b>", "0192"))
        })
    }
}

struct Bench {
    api: FederationApi,
    fake: Arc<Fake>,
}

impl Bench {
    async fn new() -> Self {
        let source = AuthenticatorOptions {
            proof: AuthMethod::Address { host_name: None },
            groups: Vec::new(),
            max_stale: None,
        };
        let keys =
            OwnKeys { access_key_id: "AKIAIOSFODNN7EXAMPLE".into(), secret_access_key: "hunter2".into() };
        // No server listens on port 1.
        let options = AwsOptions {
            endpoint: Some("http://127.0.0.1:1".into()),
            region: Some("us-east-1".into()),
            keys: Some(keys),
            ..AwsOptions::default()
        };
        let account = Account { id: "123456789012".parse().unwrap(), partition: Partition::Aws };
        let mount = Mount {
            name: "/afp".into(),
            prefix: "/afp".into(),
            listeners: Arc::new([]),
            hosts: vec!["portcullis.example".into()],
            source: Authenticator::open(source, &FileWatcher::idle()).await.unwrap(),
            accounts: BTreeMap::from([("shop".to_owned(), account)]),
            policies: Arc::new(["p".into()]),
            aws: Aws::open(options).await.unwrap(),
            metadata: None,
            requests: None,
            sign_in: None,
        };
        let fake = Arc::new(Fake { mounts: Mounts::new(vec![mount]), asked: Mutex::default() });
        Self { api: FederationApi::with(Arc::new(Always(Arc::clone(&fake))), None, None).unwrap(), fake }
    }

    /// The answer, its text, and what was decided for it.
    async fn ask(
        &self,
        method: Method,
        uri: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (Response, String, Vec<(String, Option<String>)>) {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = Peer {
            address: "192.0.2.7:51234".into(),
            certificate: None,
            user: None,
            timeouts: portcullis_listen::Timeouts::default(),
        };
        let request = request.extension(peer).body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.api.respond(request).await.into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().into()).unwrap();
        let asked = std::mem::take(&mut *self.fake.asked.lock().unwrap());
        (Response::from_parts(parts, Body::empty()), text, asked)
    }
}

fn is_guarded(response: &Response) {
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", content_security_policy()),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("content-language", "en"),
        ("x-username", "192.0.2.7"),
    ] {
        let values: Vec<_> = response.headers().get_all(name).iter().collect();
        assert_eq!(values, [value], "{name}");
    }
}

#[tokio::test]
async fn everything_that_may_be_had_is_listed() {
    let bench = Bench::new().await;
    let windows = [("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)")];
    for (uri, headers, format) in [
        ("/afp/console", &[][..], "shell"),
        ("/afp/console?format=fish", &[][..], "shell"),
        ("/afp/console", &windows[..], "powershell"),
        ("/afp/console?format=credential_process", &windows[..], "credential_process"),
    ] {
        let (response, text, asked) = bench.ask(Method::GET, uri, headers, "").await;
        assert_eq!(response.status(), StatusCode::OK);
        is_guarded(&response);
        assert_eq!(asked, [("list".to_owned(), None)]);
        assert!(text.contains("Signed in as <strong><bdi>192.0.2.7</bdi></strong>"));
        assert!(text.contains(r#"<section data-find="shop 123456789012 aws">"#), "{text}");
        assert!(text.contains(&format!(r#"<option value="{format}" selected>"#)), "{uri} {format}");
    }
    let (_, text, _) = bench.ask(Method::GET, "/afp/console?q=%3Cb%3E", &[], "").await;
    assert!(text.contains(r#"value="&lt;b&gt;""#) && text.contains(">0 of 1 role<"));
}

#[tokio::test]
async fn each_button_asks_for_its_own_purpose_alone() {
    let bench = Bench::new().await;
    for (uri, purpose) in [("/afp/console/open", "console"), ("/afp/console/credentials", "credentials")] {
        let (response, text, asked) = bench.ask(Method::POST, uri, &OURS, SHOP).await;
        assert_eq!(asked, [(purpose.to_owned(), Some("read".to_owned()))]);
        // AWS cannot be reached.
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        assert!(text.contains("<h1>That did not work</h1>") && text.contains("Call to AWS failed"), "{text}");
        is_guarded(&response);
        assert!(!text.contains("hunter2"));
    }
}

#[tokio::test]
async fn a_refusal_is_a_page_with_its_reason() {
    let bench = Bench::new().await;
    for uri in ["/afp/console/open", "/afp/console/credentials"] {
        let body = "account=shop&role=admin&format=shell";
        let (response, text, _) = bench.ask(Method::POST, uri, &OURS, body).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        is_guarded(&response);
        assert!(text.contains("frozen &lt;b&gt; (decision 0192)"), "{text}");
        assert!(text.contains(r#"<a href="../console">"#));
    }
}

#[tokio::test]
async fn nobody_decides_about_forms_from_elsewhere() {
    let bench = Bench::new().await;
    let form = OURS[2];
    for (headers, body, status) in [
        (
            vec![("host", "portcullis.example"), ("sec-fetch-site", "cross-site"), form],
            SHOP,
            StatusCode::FORBIDDEN,
        ),
        (
            vec![("host", "portcullis.example"), ("origin", "https://evil.example"), form],
            SHOP,
            StatusCode::FORBIDDEN,
        ),
        (vec![("host", "portcullis.example"), ("origin", "null"), form], SHOP, StatusCode::FORBIDDEN),
        (vec![form], SHOP, StatusCode::FORBIDDEN),
        (vec![OURS[0], OURS[1]], SHOP, StatusCode::BAD_REQUEST),
        (vec![OURS[0], OURS[1], ("content-type", "text/plain")], SHOP, StatusCode::BAD_REQUEST),
        (OURS.to_vec(), "account=shop&role=read", StatusCode::BAD_REQUEST),
    ] {
        for uri in ["/afp/console/open", "/afp/console/credentials"] {
            let (response, _, asked) = bench.ask(Method::POST, uri, &headers, body).await;
            assert_eq!((response.status(), asked), (status, vec![]), "{headers:?}");
            is_guarded(&response);
        }
    }
    // Nothing is to be had by a link, and so nothing stays in a history.
    for uri in ["/afp/console/open", "/afp/console/credentials"] {
        let uri = format!("{uri}?{SHOP}");
        let (response, _, asked) = bench.ask(Method::GET, &uri, &OURS, "").await;
        assert_eq!((response.status(), asked), (StatusCode::METHOD_NOT_ALLOWED, vec![]));
    }
}

/// DNS rebinding: to the browser the page of `evil.example` and we are one origin then.
#[tokio::test]
async fn a_client_known_by_address_calls_us_by_our_name() {
    let bench = Bench::new().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, uri, headers) in [
        (Method::GET, "/afp/console", vec![("host", "evil.example")]),
        (Method::GET, "/afp/account", vec![("host", "evil.example")]),
        (Method::GET, "/afp/account/shop/read/credentials", vec![("host", "evil.example:8181")]),
        (
            Method::POST,
            "/afp/console/credentials",
            vec![("host", "evil.example"), ("origin", "http://evil.example"), form],
        ),
        // The address is the proxy's then.
        (Method::GET, "/afp/account", vec![("host", "portcullis.example"), ("x-forwarded-for", "10.0.0.1")]),
    ] {
        let (response, text, asked) = bench.ask(method, uri, &headers, SHOP).await;
        assert_eq!((response.status(), asked), (StatusCode::FORBIDDEN, vec![]), "{uri}");
        let is_page = uri.contains("/console");
        assert_eq!(text.starts_with("<!DOCTYPE html>"), is_page, "{uri}: {text}");
    }
    let (response, ..) = bench.ask(Method::GET, "/afp/console", &[("host", "127.0.0.1:8181")], "").await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page() {
    let (response, ..) = Bench::new().await.ask(Method::GET, "/afp/console/", &[], "").await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()["location"], "../console");
}
