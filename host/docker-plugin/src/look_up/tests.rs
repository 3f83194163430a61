//! Look-ups with a daemon that asks about each, as dockerd does, and whose containers the test changes.

use axum::http::StatusCode;
use portcullis_contract::docker::Body;
use portcullis_docker_api::canonical;
use portcullis_docker_api::{ApiRequest, Body as ApiBody};
use portcullis_errors::chain;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::*;

/// What the daemon says, by path. A path that is not there is 404.
#[derive(Default)]
struct Fake {
    responses: Mutex<BTreeMap<String, (StatusCode, String)>>,
    asked: AtomicUsize,
    asked_info: AtomicUsize,
    /// Plugins that are asked about requests.
    look_up: OnceLock<Arc<LookUp>>,
    /// The stream of events.
    events: Mutex<Option<UnixStream>>,
    is_silent: AtomicBool,
}

impl Fake {
    fn set(&self, path: &str, status: StatusCode, body: &str) {
        self.responses.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    fn container(&self, name: &str, id: &str, host: &str) {
        let body = format!(r#"{{"Id":"{id}","Name":"/{name}","Config":{{}},"HostConfig":{{{host}}}}}"#);
        for path in [name, id] {
            self.set(&format!("/containers/{path}/json"), StatusCode::OK, &body);
        }
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    async fn serve(self: Arc<Self>, listener: UnixListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Arc::clone(&self).answer(stream));
        }
    }

    async fn answer(self: Arc<Self>, mut stream: UnixStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let nonce =
            head.lines().find_map(|line| line.strip_prefix("x-portcullis-look-up: ")).unwrap().to_owned();
        while self.is_silent.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        if let Some(look_up) = self.look_up.get() {
            let request = request("GET", &target, None);
            let may_pass = look_up.is_own_request(&nonce, &request);
            assert!(may_pass && !look_up.is_own_request(&nonce, &request), "{target}");
        }
        if target.starts_with("/events") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await.unwrap();
            *self.events.lock().unwrap() = Some(stream);
            return;
        }
        let known = self.responses.lock().unwrap().get(&target).cloned();
        let counter = if target == "/info" { &self.asked_info } else { &self.asked };
        counter.fetch_add(usize::from(target != "/version"), Ordering::SeqCst);
        let (status, body) = known.unwrap_or_else(|| {
            if target.starts_with("/containers/json?") {
                (StatusCode::OK, "[]".into())
            } else {
                (StatusCode::NOT_FOUND, r#"{"message":"none"}"#.into())
            }
        });
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        let _ = stream.write_all(text.as_bytes()).await;
    }
}

struct Place {
    fake: Arc<Fake>,
    look_up: Arc<LookUp>,
    _folder: TempDir,
}

impl Place {
    /// With events, once they are followed.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let fake = Arc::<Fake>::default();
        fake.set("/info", StatusCode::OK, r#"{"DefaultRuntime":"runc","SecurityOptions":["name=cgroupns"]}"#);
        fake.set("/version", StatusCode::OK, r#"{"Version":"29.3.1"}"#);
        let look_up = Arc::new(LookUp::start(&socket, Duration::from_secs(10)));
        assert!(fake.look_up.set(Arc::clone(&look_up)).is_ok());
        tokio::spawn(Arc::clone(&fake).serve(listener));
        while !look_up.known.follows.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        Self { fake, look_up, _folder: folder }
    }

    /// The request as policies see it, and what it was looked up as.
    async fn complete(&self, method: &str, target: &str) -> Result<(Request, LookedUp), LookUpError> {
        let body = target.ends_with("/exec").then_some(&br#"{"Cmd":["id"],"User":"7"}"#[..]);
        let mut request = request(method, target, body.or(target.contains("/exec/").then_some(b"{}")));
        let looked_up = self.look_up.complete(&mut request).await.map_err(|(_, error)| error)?;
        Ok((request, looked_up))
    }

    /// Waits until the daemon's event has arrived.
    async fn event(&self, event: &str) {
        let before = self.look_up.known.changes.latest();
        let mut stream = self.fake.events.lock().unwrap().take().unwrap();
        stream.write_all(format!("{event}\n").as_bytes()).await.unwrap();
        *self.fake.events.lock().unwrap() = Some(stream);
        while self.look_up.known.changes.latest() == before {
            tokio::task::yield_now().await;
        }
    }
}

fn request(method: &str, target: &str, body: Option<&[u8]>) -> Request {
    let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
    let request = ApiRequest {
        method,
        uri: target,
        headers: if body.is_some() { &headers } else { &[] },
        body: ApiBody::Seen(body.unwrap_or_default()),
    };
    let principal = || Ok::<_, Infallible>(portcullis_contract::types::Principal::anonymous());
    let not_shown = |_: &canonical::Head<'_>| Ok(canonical::ReadBody::absent());
    canonical::request(&request, portcullis_contract::types::Context::default(), "d", not_shown, principal)
        .unwrap()
}

fn response(request: &Request, status: u16, body: &str) -> Response {
    let body = Body::Json(body.to_owned());
    Response { request: request.clone(), status: Some(status), headers: Vec::new(), body, extra: Vec::new() }
}

const PRIVILEGED: &str = r#""Privileged":true"#;
const START: &str = "/v1.41/containers/web/start";

#[tokio::test]
async fn a_container_is_looked_up_once_and_again_when_it_changes() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", PRIVILEGED);
    let (request, _) = place.complete("POST", START).await.unwrap();
    assert!(request.workload.as_ref().unwrap().privileged);
    assert_eq!(request.targets[0].id.as_deref(), Some("ab12"));
    for target in [START, "/containers/ab12/start", "/containers/web/json"] {
        place.complete("POST", target).await.unwrap();
    }
    assert_eq!(place.fake.asked(), 1, "by name and by id");
    place.fake.container("web", "cd34", "");
    place.event(r#"{"Action":"destroy","Actor":{"ID":"ab12","Attributes":{"name":"web"}}}"#).await;
    let (request, _) = place.complete("POST", START).await.unwrap();
    assert!(!request.workload.as_ref().unwrap().privileged && place.fake.asked() == 1);
    place.event(r#"{"Action":"update","Actor":{"ID":"ef56","Attributes":{"name":"other"}}}"#).await;
    place.complete("POST", START).await.unwrap();
    assert_eq!(place.fake.asked(), 0, "another container");
    place.event("what cannot be read").await;
    place.complete("POST", START).await.unwrap();
    assert_eq!(place.fake.asked(), 1);
}

/// A daemon that ended may come back as an older one.
#[tokio::test]
async fn the_daemons_version_is_known_while_its_events_are_followed() {
    let place = Place::new().await;
    assert_eq!(place.look_up.daemon_version().unwrap().to_string(), "29.3.1");
    place.fake.set("/version", StatusCode::OK, r#"{"Version":"20.10.24+dfsg1"}"#);
    *place.fake.events.lock().unwrap() = None;
    while place.look_up.daemon_version().is_some_and(|version| version.to_string() == "29.3.1") {
        tokio::task::yield_now().await;
    }
    while place.look_up.daemon_version().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(place.look_up.daemon_version().unwrap().to_string(), "20.10.24");
    for unknown in [r#"{"Version":"dev"}"#, "{}", "x"] {
        place.fake.set("/version", StatusCode::OK, unknown);
        assert_eq!(place.look_up.known.ask_version().await.unwrap(), None, "{unknown}");
    }
    place.fake.set("/version", StatusCode::FORBIDDEN, "{}");
    assert!(place.look_up.known.ask_version().await.is_err());
}

#[tokio::test]
async fn the_daemons_version_is_asked_for_again_until_it_answers() {
    let place = Place::new().await;
    place.fake.set("/version", StatusCode::FORBIDDEN, "{}");
    *place.fake.events.lock().unwrap() = None;
    while place.look_up.daemon_version().is_some() {
        tokio::task::yield_now().await;
    }
    while !place.look_up.known.follows.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    assert_eq!(place.look_up.daemon_version(), None);
    place.fake.set("/version", StatusCode::OK, r#"{"Version":"29.3.1"}"#);
    while place.look_up.daemon_version().is_none() {
        tokio::task::yield_now().await;
    }
    assert!(place.look_up.known.follows.load(Ordering::Acquire));
}

#[tokio::test]
async fn without_events_nothing_that_is_kept_is_used() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", "");
    place.complete("POST", START).await.unwrap();
    *place.fake.events.lock().unwrap() = None;
    while place.look_up.known.follows.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    place.fake.asked();
    for _ in 0..2 {
        place.complete("POST", START).await.unwrap();
        assert_eq!(place.fake.asked(), 1);
    }
}

#[tokio::test]
async fn a_request_under_way_refuses_others_about_its_container() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", "");
    place.fake.container("db", "cd34", "");
    let refused = |result: Result<_, LookUpError>| matches!(result, Err(LookUpError::UnderWay));
    for (method, target, with_delete) in [
        ("POST", "/containers/web/rename?name=new", true),
        ("POST", "/containers/ab12/rename?name=new", true),
        ("DELETE", "/containers/web?force=1", false),
    ] {
        let (rename, looked_up) = place.complete(method, target).await.unwrap();
        place.look_up.begin(7, &rename, &looked_up).unwrap();
        for target in [START, "/containers/ab12/start"] {
            assert!(refused(place.complete("POST", target).await.map(drop)), "{target}");
        }
        assert_eq!(refused(place.complete("DELETE", "/containers/web").await.map(drop)), with_delete);
        if with_delete {
            assert!(refused(place.complete("POST", "/containers/new/start").await.map(drop)));
        }
        place.complete("POST", "/containers/db/start").await.unwrap();
        place.look_up.end(7, &response(&rename, 204, "null"));
        place.complete("POST", START).await.unwrap();
    }
    // What is being made may get the name, or the beginning of an id.
    let make = request("POST", "/containers/create?name=new", Some(br#"{"Image":"bb:1"}"#));
    let looked_up = place.look_up.complete(&mut make.clone()).await.unwrap();
    place.look_up.begin(8, &make, &looked_up).unwrap();
    assert!(refused(place.complete("POST", "/containers/new/start").await.map(drop)));
    assert!(refused(place.complete("POST", "/containers/ef/start").await.map(drop)));
    place.complete("POST", START).await.unwrap();
}

#[tokio::test]
async fn what_changes_while_policies_decide_is_refused() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", "");
    let (start, looked_up) = place.complete("POST", START).await.unwrap();
    let (missing, not_found) = place.complete("POST", "/containers/new/start").await.unwrap();
    assert!(missing.targets[0].id.is_none() && missing.workload.is_none(), "dockerd responds with 404");
    place.look_up.begin(1, &start, &looked_up).unwrap();
    place
        .event(r#"{"Action":"rename","Actor":{"ID":"cd34","Attributes":{"name":"new","oldName":"/x"}}}"#)
        .await;
    place.look_up.begin(2, &start, &looked_up).unwrap();
    let error = place.look_up.begin(3, &missing, &not_found);
    assert!(matches!(error, Err(LookUpError::Changed)), "{error:?}");
    place
        .event(r#"{"Action":"rename","Actor":{"ID":"ab12","Attributes":{"name":"y","oldName":"/web"}}}"#)
        .await;
    let error = place.look_up.begin(4, &start, &looked_up);
    assert!(matches!(error, Err(LookUpError::Changed)), "{error:?}");
}

#[tokio::test]
async fn an_exec_is_looked_up_once_and_its_container_as_any() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", r#""Binds":["/etc:/etc"]"#);
    // What the request said is not what dockerd made of it: the name may have stood for another container by then.
    let (exec, looked_up) = place.complete("POST", "/containers/web/exec").await.unwrap();
    place.look_up.begin(5, &exec, &looked_up).unwrap();
    place.look_up.end(5, &response(&exec, 201, r#"{"Id":"e1"}"#));
    place.fake.container("open", "cd34", PRIVILEGED);
    let made = r#"{"ID":"e1","ContainerID":"cd34","ProcessConfig":{"privileged":false,"entrypoint":"id","user":"7"}}"#;
    place.fake.set("/exec/e1/json", StatusCode::OK, made);
    place.fake.asked();
    let (start, _) = place.complete("POST", "/exec/e1/start").await.unwrap();
    assert_eq!(place.fake.asked(), 2);
    let workload = start.workload.unwrap();
    assert_eq!((workload.command.as_slice(), workload.user.as_deref()), (&["id".to_owned()][..], Some("7")));
    assert!(workload.privileged);
    assert_eq!(start.targets[1].name.as_deref(), Some("open"));
    place.complete("POST", "/exec/e1/start").await.unwrap();
    assert_eq!(place.fake.asked(), 0);
    let (start, _) = place.complete("POST", "/exec/none/start").await.unwrap();
    assert!(start.workload.is_none() && start.targets.len() == 1, "dockerd responds with 404");
}

#[tokio::test]
async fn an_exec_whose_container_is_not_found_is_not_started() {
    let place = Place::new().await;
    let made = r#"{"ID":"e1","ContainerID":"ab12","ProcessConfig":{"privileged":true,"entrypoint":"id"}}"#;
    place.fake.set("/exec/e1/json", StatusCode::OK, made);
    let error = place.complete("POST", "/exec/e1/start").await.unwrap_err();
    assert!(matches!(error, LookUpError::Changed), "{error}");
    place.complete("POST", "/exec/e1/resize?h=1&w=1").await.unwrap();
    // Gone with its container, though it was kept: dockerd responds with 404.
    place.fake.set("/exec/e1/json", StatusCode::NOT_FOUND, "{}");
    let (start, _) = place.complete("POST", "/exec/e1/start").await.unwrap();
    assert!(start.workload.is_none() && start.targets[0].id.is_none());
}

#[tokio::test]
async fn a_name_that_another_id_begins_with_is_refused() {
    let place = Place::new().await;
    place.fake.container("cafe", "0012", "");
    let list = "/containers/json?all=1&filters=%7B%22id%22%3A%7B%22cafe%22%3Atrue%7D%7D";
    let start = "/containers/cafe/start";
    for asked in [2, 2] {
        place.complete("POST", start).await.unwrap();
        assert_eq!(place.fake.asked(), asked, "never from the cache");
    }
    place.complete("POST", "/containers/0012/start").await.unwrap();
    assert_eq!(place.fake.asked(), 0, "by its id");
    for other in [r#"[{"Id":"cafe99","Names":["/privileged"]}]"#, "{}", "null", "broken"] {
        place.fake.set(list, StatusCode::OK, other);
        for (method, target) in
            [("POST", start), ("DELETE", "/containers/cafe"), ("GET", "/containers/cafe/logs")]
        {
            let error = place.complete(method, target).await.unwrap_err();
            let is_ambiguous = matches!(error, LookUpError::Ambiguous);
            assert_eq!(is_ambiguous, other.starts_with("[{"), "{method} {other}: {error}");
        }
    }
    let (commit, _) = place.complete("POST", "/commit?container=/cafe").await.unwrap();
    assert_eq!(
        commit.targets[0].id.as_deref(),
        Some("0012"),
        "with a slash before it a name is none of an id"
    );
    // The beginning of its own id, whether that is its name or not.
    for (name, path) in [("ab", "ab"), ("web", "ab1")] {
        let body = format!(r#"{{"Id":"ab12","Name":"/{name}","Config":{{}},"HostConfig":{{}}}}"#);
        place.fake.set(&format!("/containers/{path}/json"), StatusCode::OK, &body);
        place.fake.asked();
        place.complete("POST", &format!("/containers/{path}/start")).await.unwrap();
        assert_eq!(place.fake.asked(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_name_of_what_removes_itself_is_looked_up_each_time() {
    let place = Place::new().await;
    place.fake.container("job", "ab12", r#""AutoRemove":true"#);
    for _ in 0..2 {
        place.complete("POST", "/containers/job/start").await.unwrap();
        assert_eq!(place.fake.asked(), 1);
    }
    place.complete("POST", "/containers/ab12/start").await.unwrap();
    assert_eq!(place.fake.asked(), 0, "ids are given once");
}

#[tokio::test]
async fn a_prune_under_way_may_remove_any_container() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", "");
    let (prune, looked_up) = place.complete("POST", "/containers/prune").await.unwrap();
    place.look_up.begin(1, &prune, &looked_up).unwrap();
    let error = place.complete("POST", START).await.unwrap_err();
    assert!(matches!(error, LookUpError::UnderWay), "{error}");
    let volumes_from = br#"{"Image":"bb:1","HostConfig":{"VolumesFrom":["web"]}}"#;
    let mut make = request("POST", "/containers/create?name=new", Some(volumes_from));
    assert!(place.look_up.complete(&mut make).await.is_err());
    for (method, target) in
        [("GET", "/containers/web/json"), ("GET", "/containers/web/logs"), ("POST", "/containers/web/wait")]
    {
        place.complete(method, target).await.unwrap();
    }
    place.look_up.end(1, &response(&prune, 200, "{}"));
    place.fake.asked();
    place.complete("POST", START).await.unwrap();
    assert_eq!(place.fake.asked(), 1);
}

#[tokio::test]
async fn what_does_not_reach_into_a_container_needs_its_labels_alone() {
    let place = Place::new().await;
    place.fake.set("/info", StatusCode::INTERNAL_SERVER_ERROR, "{}");
    place.fake.container("web", "ab12", "");
    let large = format!(r#"{{"Id":"cd34","Name":"/large","Config":{{"a":"{}"}}}}"#, "a".repeat(17 << 20));
    place.fake.set("/containers/large/json", StatusCode::OK, &large);
    place.fake.set("/containers/odd/json", StatusCode::OK, "[]");
    for (name, id) in [("web", Some("ab12")), ("large", None), ("odd", None)] {
        for (method, call) in
            [("POST", "/stop"), ("POST", "/kill"), ("DELETE", ""), ("GET", "/json"), ("GET", "/logs")]
        {
            let (request, _) = place.complete(method, &format!("/containers/{name}{call}")).await.unwrap();
            assert_eq!(request.targets[0].id.as_deref(), id, "{name}{call}");
        }
        assert!(place.complete("POST", &format!("/containers/{name}/start")).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn namespaces_of_other_containers_are_the_host_s_where_theirs_are() {
    let place = Place::new().await;
    place.fake.container("host", "ab12", r#""NetworkMode":"host","PidMode":"host""#);
    place.fake.container("web", "cd34", r#""NetworkMode":"container:host","PidMode":"private""#);
    place.fake.container("own", "ef56", r#""NetworkMode":"bridge""#);
    let host = |request: &Request| -> Vec<String> {
        let workload = request.workload.as_ref().unwrap();
        assert_eq!(
            workload.networks.iter().any(|network| network == "host"),
            workload.namespaces.iter().any(|it| it.mode == "host" && it.kind == "network")
        );
        workload.namespaces.iter().filter(|it| it.mode == "host").map(|it| it.kind.clone()).collect()
    };
    for (config, expected) in [
        (r#""NetworkMode":"container:host""#, &["network"][..]),
        (r#""NetworkMode":"container:web""#, &["network"]),
        (r#""NetworkMode":"container:own""#, &[]),
        (r#""NetworkMode":"container:none""#, &[]),
        (r#""PidMode":"container:host""#, &["pid"]),
        (r#""PidMode":"container:web""#, &[]),
        (r#""IpcMode":"container:host""#, &[]),
    ] {
        let body = format!(r#"{{"Image":"bb:1","HostConfig":{{{config}}}}}"#);
        let mut make = request("POST", "/containers/create?name=new", Some(body.as_bytes()));
        place.look_up.complete(&mut make).await.unwrap();
        assert_eq!(host(&make), expected, "{config}");
    }
    for (network, expected) in
        [("container:host", &["network"][..]), ("container:web", &["network"]), ("container:own", &[])]
    {
        let mut build = request("POST", &format!("/build?networkmode={network}"), None);
        let looked_up = place.look_up.complete(&mut build).await.unwrap();
        assert_eq!(host(&build), expected, "a build, {network}");
        place.look_up.begin(1, &build, &looked_up).unwrap();
    }
    for target in ["/containers/web/start", "/containers/web/exec"] {
        let (request, looked_up) = place.complete("POST", target).await.unwrap();
        assert_eq!(host(&request), ["network"], "{target}");
        place
            .event(r#"{"Action":"rename","Actor":{"ID":"ab12","Attributes":{"name":"x","oldName":"/host"}}}"#)
            .await;
        let error = place.look_up.begin(1, &request, &looked_up);
        assert!(matches!(error, Err(LookUpError::Changed)), "{error:?}");
    }
    // Each joins the one before, and the first joins the last.
    place.fake.container("n0", "0", r#""NetworkMode":"container:n20""#);
    for number in 1..=20 {
        let host = format!(r#""NetworkMode":"container:n{}""#, number - 1);
        place.fake.container(&format!("n{number}"), &format!("{number}"), &host);
    }
    let error = place.complete("POST", "/containers/n20/start").await.unwrap_err();
    assert!(matches!(error, LookUpError::Joins(_)), "{error}");
}

#[tokio::test]
async fn the_daemon_s_defaults_are_asked_for_once() {
    let place = Place::new().await;
    for number in 0..4 {
        place.fake.container(&format!("web-{number}"), &format!("ab{number}"), "");
    }
    let start = |number: usize| {
        let place = &place;
        async move { place.complete("POST", &format!("/containers/web-{number}/start")).await.map(drop) }
    };
    let (a, b, c, d) = tokio::join!(start(0), start(1), start(2), start(3));
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
    assert_eq!(place.fake.asked_info.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn mounts_that_are_taken_over_are_among_those_of_what_is_made() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", r#""Binds":["/etc:/etc","data:/data"]"#);
    let body = br#"{"Image":"bb:1","HostConfig":{"VolumesFrom":["web:ro"]}}"#;
    let mut make = request("POST", "/containers/create?name=new", Some(body));
    let looked_up = place.look_up.complete(&mut make).await.unwrap();
    let paths: Vec<_> = make
        .workload
        .iter()
        .flat_map(|workload| &workload.mounts)
        .map(|mount| mount.host_path.as_deref())
        .collect();
    assert_eq!(paths, [None, Some("/etc")]);
    // The container that is named is not the one that is made.
    place.look_up.begin(1, &make, &looked_up).unwrap();
    place.complete("POST", START).await.unwrap();
}

#[tokio::test]
async fn mounts_are_taken_over_once_and_of_a_limited_number_of_containers() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", r#""Binds":["/etc:/etc"]"#);
    let create = |names: Vec<String>| {
        let body = format!(r#"{{"Image":"bb:1","HostConfig":{{"VolumesFrom":[{}]}}}}"#, names.join(","));
        request("POST", "/containers/create?name=new", Some(body.as_bytes()))
    };
    let mut make = create(vec![r#""web""#.to_owned(); 1000]);
    place.look_up.complete(&mut make).await.unwrap();
    let mounts = &make.workload.as_ref().unwrap().mounts;
    assert_eq!(mounts.iter().filter(|mount| mount.host_path.as_deref() == Some("/etc")).count(), 1);
    let mut make = create((0..65).map(|number| format!(r#""n{number}""#)).collect());
    let (_, error) = place.look_up.complete(&mut make).await.unwrap_err();
    assert!(matches!(error, LookUpError::TakenOver(64)) && !error.is_fault(), "{error}");
}

#[tokio::test]
async fn doubt_is_refused() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", "");
    let several = r#"{"message":"multiple IDs found with provided prefix: a"}"#;
    place.fake.set("/containers/a/json", StatusCode::BAD_REQUEST, several);
    place.fake.set("/containers/forbidden/json", StatusCode::FORBIDDEN, "{}");
    place.fake.set("/containers/odd/json", StatusCode::OK, "{}");
    for (name, expected) in [
        ("a", "multiple IDs found"),
        ("forbidden", "each other authorization plugin has to allow"),
        ("odd", "no readable `Config` and `HostConfig`"),
    ] {
        let target = format!("/containers/{name}/start");
        let error = place.complete("POST", &target).await.unwrap_err();
        assert!(chain(&error).contains(expected), "{name}: {}", chain(&error));
    }
    // With a slash before it a name is none of an id.
    let (commit, _) = place.complete("POST", "/commit?container=/web").await.unwrap();
    assert_eq!(commit.targets[0].id.as_deref(), Some("ab12"));
    let error = place.complete("POST", "/commit?container=/ab12").await.unwrap_err();
    assert!(matches!(error, LookUpError::Ambiguous), "{error}");
    let error = place.complete("POST", "/commit?container=a//b").await.unwrap_err();
    assert!(matches!(error, LookUpError::Ambiguous), "{error}");
    place.fake.is_silent.store(true, Ordering::SeqCst);
    let error = place.complete("POST", "/containers/late/start").await.unwrap_err();
    assert!(matches!(error, LookUpError::Timeout(_)) && error.is_fault(), "{error}");
    place.fake.is_silent.store(false, Ordering::SeqCst);
    assert!(!place.look_up.is_own_request("guessed", &request("GET", "/containers/web/json", None)));
}

/// Not a test: what a look-up from the cache costs. `cargo test -- --ignored look_up_costs --nocapture`
#[tokio::test]
#[ignore = "prints a figure"]
async fn a_look_up_costs() {
    let place = Place::new().await;
    place.fake.container("web", "ab12", r#""Binds":["/srv:/srv","data:/data"],"NetworkMode":"default""#);
    let (start, _) = place.complete("POST", START).await.unwrap();
    let plain = request("POST", START, None);
    for completes in [false, true] {
        let mut requests: Vec<_> = (0..20_000).map(|_| plain.clone()).collect();
        let begun = Instant::now();
        for request in &mut requests {
            if completes {
                let looked_up = place.look_up.complete(request).await.unwrap();
                place.look_up.begin(1, request, &looked_up).unwrap();
            } else {
                place.look_up.find("web", &mut LookedUp::default()).await.unwrap();
            }
        }
        println!("completes: {completes}: {:?}", begun.elapsed() / 20_000);
    }
    assert_eq!(start.targets.len(), 1);
}
