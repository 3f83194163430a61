//! An API for one test, and its responses.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use portcullis_authorization::{Granted, NotReady, Refused};
use portcullis_contract::aws::{Denial, Grant};
use portcullis_federation::api::FederationApi;
use portcullis_federation::aws::{Account, Aws, AwsOptions, Keys, Partition};
use portcullis_federation::decide::{Decider, Deciding, InForce, Question, narrowed};
use portcullis_federation::{Metadata, Mount, Mounts};
use portcullis_files::FileWatcher;
use portcullis_identity::source::{AuthMethod, Authenticator, AuthenticatorOptions};
use portcullis_listen::Peer;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_testing::fake_sign_in::FakeSignIn;
use portcullis_testing::fake_sts::FakeSts;

/// Keys of ours that look like an IAM user's.
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// Where metadata are served as SDKs ask for them; everywhere else they are as AFP has them.
pub const SDKS: &str = "/sdks";

pub struct World {
    api: FederationApi,
    rules: Arc<Rules>,
    pub sts: FakeSts,
    pub sign_in: FakeSignIn,
}

/// Who may what, and what was asked.
#[derive(Default)]
pub struct Rules {
    pub grants: Mutex<Vec<Grant>>,
    pub denials: Mutex<Vec<Denial>>,
    pub fault: Mutex<Option<String>>,
    pub missing: Mutex<bool>,
    pub questions: Mutex<Vec<Question>>,
    /// How often mounts and policies were taken.
    pub taken: AtomicUsize,
}

struct Fixed {
    mounts: Mounts,
    rules: Arc<Rules>,
}

struct Deciders(Arc<Fixed>);

impl Decider for Deciders {
    fn in_force(&self) -> Arc<dyn InForce> {
        self.0.rules.taken.fetch_add(1, Relaxed);
        Arc::clone(&self.0) as Arc<dyn InForce>
    }
}

impl InForce for Fixed {
    fn mounts(&self) -> &Mounts {
        &self.mounts
    }

    fn ready(&self, _: &[Arc<str>]) -> Result<(), NotReady> {
        let missing = *self.rules.missing.lock().unwrap();
        if missing { Err(NotReady::PolicyMissing("rules".into())) } else { Ok(()) }
    }

    fn decide(self: Arc<Self>, question: Question) -> Deciding {
        Box::pin(async move {
            let request = question.request.clone();
            self.rules.questions.lock().unwrap().push(question);
            let id = request.context.decision.clone();
            if let Some(reason) = self.rules.fault.lock().unwrap().clone() {
                return Err(Refused::fault("host:fault", reason, &id));
            }
            let by = |grant: &Grant| (Arc::from("rules"), grant.clone());
            let grants = self.rules.grants.lock().unwrap().iter().map(by).collect();
            let denials = self.rules.denials.lock().unwrap().clone();
            let denials: Vec<_> = denials.into_iter().map(|denial| (Arc::from("rules"), denial)).collect();
            let granted = narrowed(&request, Granted { grants, denials })?;
            Ok(granted.into_iter().map(|(_, grant)| grant).collect())
        })
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The text that AFP's clients show.
    #[track_caller]
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }
}

pub fn grant(account: &str, role: &str) -> Grant {
    Grant { account: account.into(), role: role.into(), ..Grant::default() }
}

impl World {
    /// An API that grants exactly these.
    pub async fn granting(grants: &[(&str, &str)]) -> Self {
        let world = Self::start().await;
        world.grant(grants.iter().map(|(account, role)| grant(account, role)).collect());
        world
    }

    pub async fn start() -> Self {
        let (sts, sign_in) = (FakeSts::start().await, FakeSignIn::start().await);
        let keys = Keys { access_key_id: KEY.into(), secret_access_key: "our own secret".to_owned().into() };
        let aws = Aws::open(AwsOptions {
            endpoint: Some(sts.url()),
            sign_in: Some(sign_in.url()),
            keys: Some(keys),
            timeout: Duration::from_secs(5),
            ..AwsOptions::default()
        });
        let aws = aws.await.unwrap();
        let proof = AuthMethod::Header {
            name: "X-Remote-User".into(),
            trusted: vec!["127.0.0.0/8".parse().unwrap()],
            trust_unix: false,
        };
        let options = AuthenticatorOptions { proof, groups: Vec::new(), max_stale: None };
        let source = Authenticator::open(options, &FileWatcher::idle()).await.unwrap();
        let account = |name: &str, id: &str| {
            let id = id.parse().unwrap();
            (name.to_owned(), Account { id, partition: Partition::Aws })
        };
        let accounts = [
            account("testaccount", "123456789012"),
            account("testaccount1", "012345678901"),
            account("the_only_account", "111111111111"),
            account("a b", "222222222222"),
        ];
        let mount = |prefix: &str, metadata| Mount {
            name: prefix.into(),
            prefix: prefix.into(),
            listeners: Arc::new([]),
            hosts: vec!["imds.example.org".into()],
            source: source.clone(),
            accounts: accounts.clone().into(),
            policies: Arc::new([Arc::from("rules")]),
            aws: aws.clone(),
            metadata,
            requests: None,
            sign_in: None,
        };
        let metadata = |v2_only: bool| {
            let zone = v2_only.then(|| "eu-central-1a".into());
            let (region, instance_id) =
                (Some("eu-central-1".into()), v2_only.then(|| "i-0123456789abcdef0".into()));
            Some(Metadata { v2_only, region, availability_zone: zone, instance_id })
        };
        let mounts = Mounts::new(vec![
            mount("", None),
            mount("/afp-api/latest", None),
            mount(SDKS, metadata(false)),
            mount("/v2", metadata(true)),
        ]);
        let rules = Arc::<Rules>::default();
        let fixed = Arc::new(Fixed { mounts, rules: Arc::clone(&rules) });
        Self { api: FederationApi::with(Arc::new(Deciders(fixed)), None, None).unwrap(), rules, sts, sign_in }
    }

    pub fn api(&self) -> &FederationApi {
        &self.api
    }

    pub fn shared_rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub fn grant(&self, grants: Vec<Grant>) {
        *self.rules.grants.lock().unwrap() = grants;
    }

    /// As `testuser`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("x-remote-user", "testuser")]).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.from("127.0.0.1:40000", method, path, headers).await
    }

    pub async fn from(&self, peer: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let request = request.extension(Peer {
            address: peer.into(),
            certificate: None,
            user: None,
            timeouts: portcullis_listen::Timeouts::default(),
        });
        let answer = self.api.respond(request.body(Body::empty()).unwrap()).await;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
    }
}
