//! The three routes of the page, asked as browsers ask, with a decider that remembers what it was asked. AWS is not
//! there: what it gives is for the end-to-end tests.

use super::*;
use crate::api::FederationApi;
use crate::api::revocation::revoke;
use crate::aws::{Account, Aws, AwsOptions, Keys as OwnKeys, Partition};
use crate::decide::{Decider, Deciding, InForce, Question};
use crate::mounts::{Mount, Mounts};
use crate::sign_in::BrowserSignIn;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use portcullis_api::Revocation;
use portcullis_authorization::{NotReady, Refused as Denied};
use portcullis_contract::aws::Grant;
use portcullis_files::FileWatcher;
use portcullis_identity::source::{AuthMethod, Authenticator, AuthenticatorOptions, CertificateName};
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
        Self::with(AuthMethod::Address { host_name: None }, None).await
    }

    async fn with(proof: AuthMethod, sign_in: Option<BrowserSignIn>) -> Self {
        let source = AuthenticatorOptions { proof, groups: Vec::new(), max_stale: None };
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
            sign_in,
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

#[tokio::test]
async fn a_token_that_the_mount_no_longer_takes_ends_the_session() {
    let (sign_in, cookie, _) = BrowserSignIn::with_session("alice");
    // No request here has a certificate, so each is refused.
    let proof = AuthMethod::Certificate { name: CertificateName::default() };
    let bench = Bench::with(proof, Some(sign_in)).await;
    let headers = [("host", "portcullis.example"), ("cookie", cookie.as_str())];
    let (first, text, _) = bench.ask(Method::GET, "/afp/console", &headers, "").await;
    assert_eq!(first.status(), StatusCode::UNAUTHORIZED);
    assert!(text.contains("Your session has ended"), "{text}");
    let cleared = first.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cleared.starts_with(cookie.split('=').next().unwrap()), "{cleared}");
    assert!(cleared.contains("Max-Age=0"), "{cleared}");
    // It is gone also for a browser that keeps the cookie.
    let (again, text, _) = bench.ask(Method::GET, "/afp/console", &headers, "").await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    assert!(!text.contains("has ended") && !again.headers().contains_key(header::SET_COOKIE), "{text}");
}

#[tokio::test]
async fn a_program_is_allowed_by_a_code_that_was_issued_and_its_address_is_shown() {
    let (sign_in, cookie, csrf) = BrowserSignIn::with_session("alice");
    let bench = Bench::with(AuthMethod::Address { host_name: None }, Some(sign_in)).await;
    let host = [("host", "portcullis.example")];
    let (begun, text, _) = bench.ask(Method::POST, "/afp/sso/device_authorization", &host, "{}").await;
    assert_eq!(begun.status(), StatusCode::OK, "{text}");
    let begun: serde_json::Value = serde_json::from_str(&text).unwrap();
    let code = begun["userCode"].as_str().unwrap();
    let token = serde_json::json!({
        "grantType": "urn:ietf:params:oauth:grant-type:device_code",
        "deviceCode": begun["deviceCode"],
    });
    let token = token.to_string();
    let (_, text, _) = bench.ask(Method::POST, "/afp/sso/token", &host, &token).await;
    assert!(text.contains("authorization_pending"), "{text}");

    let own = [OURS.as_slice(), &[("cookie", cookie.as_str())]].concat();
    let page = format!("/afp/console/device?user_code={code}");
    let (_, text, _) = bench.ask(Method::GET, &page, &own, "").await;
    assert!(text.contains("name=\"user_code\"") && !text.contains(code), "{text}");
    let other = if code == "BBBB-BBBB" { "CCCC-CCCC" } else { "BBBB-BBBB" };
    for (code, status) in [(other, 400), (code, 200), (code, 200)] {
        let form = format!("user_code={code}&csrf={csrf}");
        let (allowed, text, _) = bench.ask(Method::POST, "/afp/console/allow", &own, &form).await;
        assert_eq!(allowed.status(), status, "{code}: {text}");
        assert_eq!(text.contains("It asked from the address"), status == 200, "{text}");
    }
    let (_, text, _) = bench.ask(Method::POST, "/afp/sso/token", &host, &token).await;
    assert!(text.contains("\"accessToken\":\"token\""), "{text}");
    let (_, text, _) = bench.ask(Method::POST, "/afp/sso/token", &host, &token).await;
    assert!(text.contains("expired_token"), "{text}");

    // The limit of one address.
    let mut last = StatusCode::OK;
    for _ in 0..100 {
        last = bench.ask(Method::POST, "/afp/sso/device_authorization", &host, "{}").await.0.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_address_with_many_failed_sign_ins_is_refused_for_a_while() {
    let (sign_in, ..) = BrowserSignIn::with_session("alice");
    let bench = Bench::with(AuthMethod::Address { host_name: None }, Some(sign_in)).await;
    let host = [("host", "portcullis.example")];
    for at in 0..=50 {
        let (response, ..) = bench.ask(Method::GET, "/afp/console/callback?code=x&state=y", &host, "").await;
        let wanted = if at < 50 { StatusCode::BAD_REQUEST } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(response.status(), wanted, "{at}");
        assert!(!response.headers().contains_key(header::SET_COOKIE), "{at}");
    }
}

#[tokio::test]
async fn a_revocation_ends_sessions_of_the_page_and_takes_no_role_for_several() {
    let (sign_in, cookie, _) = BrowserSignIn::with_session("alice");
    let bench = Bench::with(AuthMethod::Address { host_name: None }, Some(sign_in.clone())).await;
    let first = bench.fake.mounts.iter().next().unwrap().clone();
    let other = |name: &str, id: &str| {
        let account = Account { id: id.parse().unwrap(), partition: Partition::Aws };
        let accounts = BTreeMap::from([("prod".to_owned(), account)]);
        Mount { name: name.into(), accounts, sign_in: None, ..first.clone() }
    };
    let all = Mounts::new(vec![first.clone(), other("/b", "111111111111"), other("/c", "222222222222")]);
    let decider = Always(Arc::clone(&bench.fake));
    let wanted = |target: Option<&str>| Revocation {
        user: "alice".into(),
        target: target.map(Into::into),
        instance: Some("/afp".into()),
    };
    let several = revoke(&all, None, &wanted(Some("prod/read")), &decider).await.unwrap_err();
    assert!(several.contains("111111111111") && several.contains("222222222222"), "{several}");
    let headers =
        axum::http::HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(&cookie).unwrap())]);
    let is_open = || sign_in.session(&headers, SystemTime::now()).is_some();
    let of_role = revoke(&all, None, &wanted(Some("shop/read")), &decider).await.unwrap();
    assert!(of_role.details["page_sessions"] == 0 && is_open(), "{of_role:?}");
    let of_user = revoke(&all, None, &wanted(None), &decider).await.unwrap();
    assert!(of_user.details["page_sessions"] == 1 && !is_open(), "{of_user:?}");
}
