//! An STS that takes no nonsense: it holds every limit that AWS documents for `AssumeRole` against what it is asked,
//! and answers what it is told to.
//!
//! It stands alone: a test includes it with `#[path = "..."] mod fake_sts;` and needs `axum` and `tokio`. Signatures
//! are looked at, but not computed: who signed, for which service, region and time, and that a token goes with a
//! temporary key.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is how a test fails")]
#![allow(missing_docs, unreachable_pub, reason = "it is part of a test")]

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

/// What it answers, once a question has been found to be a proper one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// Credentials, that last as long as was asked for.
    Ok,
    /// Credentials that expire that many seconds from now, whatever was asked for.
    ExpiresIn(i64),
    /// Credentials with that text as their `Expiration`.
    Expiration(String),
    /// Credentials, and one of their fields left out.
    Without(&'static str),
    /// Credentials with microseconds in their `Expiration`, as moto has it.
    Microseconds,
    /// That status and body, and nothing of STS.
    Garbage(u16, String),
    /// An error of STS: status, code and message.
    Error(u16, &'static str, &'static str),
    /// The same, one level deeper, as moto has it.
    WrappedError(u16, &'static str, &'static str),
    /// The first so many are throttled, then it is well again.
    Throttled(usize),
    /// No answer, until the mood changes.
    Silent,
}

/// One question as it came.
#[derive(Debug, Clone)]
pub struct Question {
    /// The form, decoded.
    pub form: BTreeMap<String, String>,
    /// Who signed it.
    pub access_key_id: String,
    /// The region it was signed for.
    pub region: String,
}

/// A running STS. It listens until the runtime ends.
pub struct FakeSts {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    mood: watch::Sender<Mood>,
    /// Every question that was a proper one.
    questions: Mutex<Vec<Question>>,
    /// What was wrong with those that were none.
    complaints: Mutex<Vec<String>>,
    asked: Notify,
    skew: Mutex<i64>,
}

impl FakeSts {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            mood: watch::Sender::new(Mood::Ok),
            questions: Mutex::default(),
            complaints: Mutex::default(),
            asked: Notify::new(),
            skew: Mutex::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn be(&self, mood: Mood) {
        self.shared.mood.send_replace(mood);
    }

    /// Its clock, that many seconds ahead of ours.
    pub fn skew(&self, seconds: i64) {
        *self.shared.skew.lock().unwrap() = seconds;
    }

    /// Proper questions so far.
    pub fn questions(&self) -> Vec<Question> {
        self.shared.questions.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.shared.questions.lock().unwrap().len()
    }

    /// What AWS would not have taken.
    pub fn complaints(&self) -> Vec<String> {
        self.shared.complaints.lock().unwrap().clone()
    }

    /// Until there have been that many proper questions.
    pub async fn asked(&self, times: usize) {
        let waiting = async {
            loop {
                let next = self.shared.asked.notified();
                if self.count() >= times {
                    return;
                }
                next.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("STS is asked");
    }
}

/// The secrets it gives out all contain this, so that a test can look for them.
pub const SECRET: &str = "FAKE/SECRET+";
pub const TOKEN: &str = "FakeSessionToken/";

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let skew = *shared.skew.lock().unwrap();
    let now = unix_now() + skew;
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let mut response = match check(&head.method, head.uri.path(), &head.headers, &body, now) {
        Ok(question) => respond(&shared, question, now).await,
        Err(Refusal { status, code, message }) => {
            shared.complaints.lock().unwrap().push(format!("{code}: {message}"));
            error(status, code, &message)
        }
    };
    response.headers_mut().insert("date", http_date(now).parse().unwrap());
    response
        .headers_mut()
        .insert("x-amzn-requestid", "c6104cbe-af31-11e0-8154-cbc7ccf896c7".parse().unwrap());
    response
}

async fn respond(shared: &Shared, question: Question, now: i64) -> Response {
    let mut moods = shared.mood.subscribe();
    let duration: i64 = question.form.get("DurationSeconds").map_or(3600, |text| text.parse().unwrap());
    let number = {
        let mut questions = shared.questions.lock().unwrap();
        questions.push(question.clone());
        questions.len()
    };
    shared.asked.notify_waiters();
    if *moods.borrow() == Mood::Silent {
        let _ = moods.wait_for(|mood| *mood != Mood::Silent).await;
    }
    let mood = moods.borrow().clone();
    let given =
        |expiration: String| (StatusCode::OK, credentials(&question, number, &expiration)).into_response();
    match mood {
        Mood::Ok => given(iso(now + duration)),
        Mood::ExpiresIn(seconds) => given(iso(now + seconds)),
        Mood::Expiration(text) => given(text),
        Mood::Microseconds => given(iso(now + duration).replace('Z', ".123456Z")),
        Mood::Without(field) => {
            let whole = credentials(&question, number, &iso(now + duration));
            let (before, rest) = whole.split_once(&format!("<{field}>")).unwrap();
            let (_, after) = rest.split_once(&format!("</{field}>")).unwrap();
            format!("{before}{after}").into_response()
        }
        Mood::Garbage(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Mood::Error(status, code, message) => error(status, code, message),
        Mood::WrappedError(status, code, message) => {
            let body = format!(
                "<ErrorResponse><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
                 <RequestID>f</RequestID></ErrorResponse>"
            );
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Mood::Throttled(times) => {
            shared.mood.send_replace(if times > 1 { Mood::Throttled(times - 1) } else { Mood::Ok });
            error(400, "Throttling", "Rate exceeded")
        }
        Mood::Silent => unreachable!("it has ended"),
    }
}

fn credentials(question: &Question, number: usize, expiration: &str) -> String {
    let (role, name) = (&question.form["RoleArn"], &question.form["RoleSessionName"]);
    let assumed = role.replacen(":iam:", ":sts:", 1).replacen(":role/", ":assumed-role/", 1);
    let identity = question.form.get("SourceIdentity");
    let identity = identity.map(|it| format!("<SourceIdentity>{it}</SourceIdentity>")).unwrap_or_default();
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><Arn>{assumed}/{name}</Arn><AssumedRoleId>AROA:{name}</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIAFAKE{number:012}</AccessKeyId>\
         <SecretAccessKey>{SECRET}{number}</SecretAccessKey><SessionToken>{TOKEN}{number}==</SessionToken>\
         <Expiration>{expiration}</Expiration></Credentials>{identity}</AssumeRoleResult>\
         <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata></AssumeRoleResponse>"
    )
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{kind}</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>c6104cbe</RequestId></ErrorResponse>"
    );
    (StatusCode::from_u16(status).unwrap(), [("content-type", "text/xml")], body).into_response()
}

struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

fn refuse<T>(status: u16, code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { status, code, message: message.into() })
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    refuse(400, "ValidationError", message)
}

fn check(
    method: &axum::http::Method,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
    now: i64,
) -> Result<Question, Refusal> {
    if method != "POST" || path != "/" {
        return refuse(404, "UnknownOperationException", format!("{method} {path}"));
    }
    let (access_key_id, region) = signature(headers, now)?;
    let form = form(body)?;
    fields(&form)?;
    let seconds: u32 = form.get("DurationSeconds").map_or(3600, |text| text.parse().unwrap());
    if !access_key_id.starts_with("AKIA") && seconds > 3600 {
        return invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        );
    }
    Ok(Question { form, access_key_id, region })
}

/// The header `Authorization` as AWS Signature Version 4 has it. Says who signed, for which region.
fn signature(headers: &HeaderMap, now: i64) -> Result<(String, String), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = header("authorization") else {
        return refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    };
    let incomplete = |what: &str| refuse(403, "IncompleteSignature", what);
    let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else { return incomplete("algorithm") };
    let parts: BTreeMap<_, _> = rest.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let (Some(credential), Some(signed), Some(signature)) =
        (parts.get("Credential"), parts.get("SignedHeaders"), parts.get("Signature"))
    else {
        return incomplete("parts");
    };
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return incomplete("signature");
    }
    let signed: HashSet<_> = signed.split(';').collect();
    let Some(date) = header("x-amz-date") else { return incomplete("date") };
    if !["host", "x-amz-date"].iter().all(|name| signed.contains(name)) {
        return incomplete("signed headers");
    }
    let [key, day, region, "sts", "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            format!("Credential should be scoped to sts: {credential}"),
        );
    };
    if !date.starts_with(day) {
        return refuse(403, "SignatureDoesNotMatch", "Date in Credential scope does not match");
    }
    if (compact(date) - now).abs() > 300 {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            format!("Signature expired: {date} is now too far away"),
        );
    }
    if key.starts_with("ASIA") && !signed.contains("x-amz-security-token") {
        return refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    Ok((key.into(), region.into()))
}

fn form(body: &Bytes) -> Result<BTreeMap<String, String>, Refusal> {
    let text = std::str::from_utf8(body).unwrap();
    let mut form = BTreeMap::new();
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        if form.insert(decode(name), decode(value)).is_some() {
            return invalid(format!("`{name}` is there twice"));
        }
    }
    Ok(form)
}

/// Every limit of STS API Reference, `AssumeRole` and `Tag`.
fn fields(form: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let get = |name: &str| form.get(name).map(String::as_str);
    let name = |text: &str| text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(char));
    if (get("Action"), get("Version")) != (Some("AssumeRole"), Some("2011-06-15")) {
        return refuse(400, "InvalidAction", "Could not find operation");
    }
    let Some(arn) = get("RoleArn").filter(|arn| (20..=2048).contains(&arn.len())) else {
        return invalid("roleArn: length");
    };
    let ["arn", "aws" | "aws-cn" | "aws-us-gov", "iam", "", account, role] =
        arn.splitn(6, ':').collect::<Vec<_>>()[..]
    else {
        return invalid(format!("{arn} is invalid"));
    };
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let path = role.strip_prefix("role/").unwrap_or_default();
    if !digits || path.is_empty() || path.split('/').any(str::is_empty) || !path.split('/').all(name) {
        return invalid(format!("{arn} is invalid"));
    }
    for (field, required) in [("RoleSessionName", true), ("SourceIdentity", false)] {
        let fits = |text: &str| (2..=64).contains(&text.len()) && name(text) && !text.starts_with("aws:");
        if get(field).map_or(required, |text| !fits(text)) {
            return invalid(format!("{field}: {:?}", get(field)));
        }
    }
    let seconds = get("DurationSeconds").map_or(Ok(3600), str::parse::<u32>);
    if !seconds.is_ok_and(|seconds| (900..=43_200).contains(&seconds)) {
        return invalid("durationSeconds");
    }
    let external = |text: &str| {
        (2..=1224).contains(&text.len())
            && text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@:/-".contains(char))
    };
    if !get("ExternalId").is_none_or(external) {
        return invalid("externalId");
    }
    if let Some(policy) = get("Policy") {
        let allowed = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        if !(1..=2048).contains(&policy.chars().count()) || !policy.chars().all(allowed) {
            return invalid("policy");
        }
        if !policy.trim_start().starts_with('{') || !policy.trim_end().ends_with('}') {
            return refuse(400, "MalformedPolicyDocument", "Syntax errors in policy.");
        }
    }
    tags(form)
}

fn tags(form: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let mut keys = HashSet::new();
    let mut number = 0;
    while let Some(key) = form.get(&format!("Tags.member.{}.Key", number + 1)) {
        number += 1;
        let Some(value) = form.get(&format!("Tags.member.{number}.Value")) else {
            return invalid("tag value");
        };
        let allowed =
            |text: &str| text.chars().all(|char| char.is_alphanumeric() || " _.:/=+-@".contains(char));
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 || number > 50 {
            return invalid(format!("tags: length of {key}"));
        }
        if !allowed(key) || !allowed(value) || key.to_lowercase().starts_with("aws:") {
            return invalid(format!("tags: characters of {key}"));
        }
        if !keys.insert(key.to_lowercase()) {
            return invalid("Duplicate tag keys found");
        }
    }
    let known = [
        "Action",
        "Version",
        "RoleArn",
        "RoleSessionName",
        "SourceIdentity",
        "DurationSeconds",
        "ExternalId",
        "Policy",
    ];
    let named =
        form.keys().filter(|key| !key.starts_with("Tags.member.")).all(|key| known.contains(&key.as_str()));
    let tagged = form.keys().filter(|key| key.starts_with("Tags.member.")).count();
    if named && tagged == 2 * number { Ok(()) } else { invalid("parameters that nobody knows") }
}

fn decode(text: &str) -> String {
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'+' => decoded.push(b' '),
            b'%' => {
                decoded.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 2;
            }
            byte => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).unwrap()
}

fn unix_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Year, month and day of a day since 1970 (the algorithm is Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// `2026-11-22T04:17:47Z`.
pub fn iso(seconds: i64) -> String {
    let ((year, month, day), time) = (civil(seconds.div_euclid(86_400)), seconds.rem_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

/// `Sun, 22 Nov 2026 04:17:47 GMT`.
fn http_date(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = civil(days);
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap()];
    let month = MONTHS[usize::try_from(month - 1).unwrap()];
    format!("{weekday}, {day:02} {month} {year} {} GMT", &iso(seconds)[11..19])
}

/// `20261122T041747Z` in seconds since 1970.
fn compact(date: &str) -> i64 {
    let part = |from: usize, to: usize| -> i64 { date[from..to].parse().unwrap() };
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let days =
        (0..).map(|days| days + (year - 1970) * 365).find(|days| civil(*days) == (year, month, day)).unwrap();
    days * 86_400 + part(9, 11) * 3600 + part(11, 13) * 60 + part(13, 15)
}
