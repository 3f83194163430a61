//! An STS that takes no nonsense: it holds every limit that AWS documents for `AssumeRole` against what it is asked,
//! and answers what it is told to.
//!
//! * `check`: whether AWS would take the question
//! * `time`: times as they are written
//!
//! Signatures
//! are looked at, but not computed: who signed, for which service, region and time, and that a token goes with a
//! temporary key.

mod check;
mod time;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use check::{Refusal, check};
use time::{http_date, iso, unix_now};

/// What it answers, once a question has been found to be a proper one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// Credentials, that last as long as was asked for.
    Ok,
    /// Credentials that expire that many seconds from now, with any duration asked for.
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
    /// Credentials, after that time.
    Late(Duration),
    /// Credentials, and so many spaces after them.
    Padded(usize),
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
        Mood::Late(by) => {
            tokio::time::sleep(by).await;
            given(iso(now + duration))
        }
        Mood::Padded(spaces) => {
            let whole = credentials(&question, number, &iso(now + duration));
            format!("{whole}{}", " ".repeat(spaces)).into_response()
        }
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
