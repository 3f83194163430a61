//! Look-ups of an engine that the test makes up.

use axum::http::{StatusCode, Uri};
use portcullis_contract::docker::{Mount, Request, Workload};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

use super::*;

/// An engine with three containers, of which `web` has the network namespace of `host`, and without volumes.
struct Fake {
    engine: Engine,
    asked: Arc<AtomicUsize>,
    _folder: TempDir,
}

impl Fake {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&asked);
        let router = axum::Router::new().fallback(move |uri: Uri| {
            counter.fetch_add(1, Ordering::SeqCst);
            async move { respond(uri.path()) }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { engine: Engine::of_socket(&socket), asked, _folder: folder }
    }

    async fn resolve(&self, operation: Operation, workload: Workload) -> Result<Workload, LookUpError> {
        let mut request = Request { workload: Some(workload), ..Request::default() };
        resolve(&self.engine, operation, &mut request, false).await?;
        Ok(request.workload.unwrap())
    }
}

fn respond(path: &str) -> (StatusCode, String) {
    let container = |id: &str, name: &str, host: &str| {
        let text = format!(r#"{{"Id":"{id}","Name":"/{name}","Config":{{}},"HostConfig":{{{host}}}}}"#);
        (StatusCode::OK, text)
    };
    match path {
        "/info" => {
            (StatusCode::OK, r#"{"DefaultRuntime":"runc","SecurityOptions":["name=cgroupns"]}"#.into())
        }
        "/containers/json" => (StatusCode::OK, "[]".into()),
        "/containers/host/json" => container("ab12", "host", r#""NetworkMode":"host","Binds":["/etc:/etc"]"#),
        "/containers/web/json" => container("cd34", "web", r#""NetworkMode":"container:host""#),
        "/containers/own/json" => container("ef56", "own", r#""NetworkMode":"bridge""#),
        "/volumes/unavailable" => (StatusCode::SERVICE_UNAVAILABLE, "{}".into()),
        _ => (StatusCode::NOT_FOUND, "{}".into()),
    }
}

fn mount(kind: &str, name: &str) -> Mount {
    Mount { kind: kind.into(), source: Some(name.into()), ..Mount::default() }
}

#[tokio::test]
async fn a_build_has_the_host_s_network_by_another_container() {
    let fake = Fake::start();
    for operation in [Operation::ContainerCreate, Operation::ImageBuild] {
        for (name, expected) in [("host", true), ("web", true), ("own", false), ("none", false)] {
            let namespace =
                Namespace { kind: "network".into(), mode: "container".into(), container: Some(name.into()) };
            let sent = Workload { namespaces: vec![namespace], ..Workload::default() };
            let workload = fake.resolve(operation, sent).await.unwrap();
            let is_host = workload.namespaces.iter().any(|namespace| namespace.mode == "host");
            assert_eq!(is_host, expected, "{operation} {name}");
            assert_eq!(workload.networks.iter().any(|network| network == "host"), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn mounts_are_taken_over_once_and_of_a_limited_number_of_containers() {
    let fake = Fake::start();
    let sent = Workload { mounts: vec![mount("container", "host"); 1000], ..Workload::default() };
    let workload = fake.resolve(Operation::ContainerCreate, sent).await.unwrap();
    assert_eq!(workload.mounts.iter().filter(|mount| mount.host_path.is_some()).count(), 1);
    assert!(fake.asked.swap(0, Ordering::SeqCst) < 8);
    let mounts = (0..65).map(|number| mount("container", &format!("n{number}"))).collect();
    let sent = Workload { mounts, ..Workload::default() };
    let error = fake.resolve(Operation::ContainerCreate, sent).await.unwrap_err();
    assert!(matches!(error, LookUpError::TooMany), "{error}");
    assert_eq!(fake.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_volume_of_an_engine_that_is_unavailable_is_refused() {
    let fake = Fake::start();
    let sent = |name: &str| Workload { mounts: vec![mount("volume", name)], ..Workload::default() };
    fake.resolve(Operation::ContainerCreate, sent("absent")).await.unwrap();
    let error = fake.resolve(Operation::ContainerCreate, sent("unavailable")).await.unwrap_err();
    assert!(matches!(error, LookUpError::Status(StatusCode::SERVICE_UNAVAILABLE, _)), "{error}");
}
