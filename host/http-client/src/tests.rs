//! Against a server in this process that fails in every way a server can.

use super::*;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::any;
use portcullis_errors::chain;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const SECRET: &str = "hunter2-in-url";
const LIMIT: usize = 1024;

fn options(roots: Roots) -> ClientOptions {
    ClientOptions {
        roots,
        proxies: Proxies::none(),
        timeout: Duration::from_secs(20),
        max_response_bytes: LIMIT,
        max_concurrent: 2,
        max_idle: 1,
    }
}

fn client() -> HttpClient {
    HttpClient::new(&options(Roots::None)).unwrap()
}

fn impatient() -> HttpClient {
    HttpClient::new(&ClientOptions { timeout: Duration::from_millis(100), ..options(Roots::None) }).unwrap()
}

fn get(scheme: &str, address: impl std::fmt::Display, path: &str) -> Request<Vec<u8>> {
    Request::get(format!("{scheme}://{address}{path}?token={SECRET}"))
        .header("authorization", SECRET)
        .body(SECRET.into())
        .unwrap()
}

/// No error shows any part of the request.
fn shown(error: &HttpError) -> String {
    let text = format!("{} {error:?}", chain(error));
    assert!(!text.contains(SECRET), "{text}");
    chain(error)
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Writes `text` to each connection once it has read something, and then closes it if `close`.
async fn speak(text: String, close: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open: Vec<TcpStream> = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(text.as_bytes()).await;
            if !close {
                open.push(stream);
            }
        }
    });
    address
}

#[tokio::test]
async fn a_response_is_whole_and_a_redirect_is_not_followed() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = |State(asked): State<Arc<AtomicUsize>>, body: String| async move {
        asked.fetch_add(1, Ordering::SeqCst);
        body
    };
    let elsewhere = serve(Router::new().fallback(any(count)).with_state(Arc::clone(&asked))).await;
    let response = client().send(get("http", elsewhere, "/")).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (StatusCode::OK, SECRET.as_bytes()));
    assert!(!format!("{response:?}").contains(SECRET));

    let location = format!("http://{elsewhere}/");
    let redirect = any(move || async move { (StatusCode::FOUND, [("location", location)]).into_response() });
    let response =
        client().send(get("http", serve(Router::new().fallback(redirect)).await, "/")).await.unwrap();
    assert_eq!(response.status, StatusCode::FOUND);
    assert!(response.headers.contains_key("location"));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_and_without_a_length() {
    for (length, fits) in [(LIMIT, true), (LIMIT + 1, false)] {
        let body = "x".repeat(length);
        let head = "HTTP/1.1 200 OK\r\n";
        for text in [
            format!("{head}content-length: {length}\r\n\r\n{body}"),
            format!("{head}connection: close\r\n\r\n{body}"),
            format!("{head}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        ] {
            let result = client().send(get("http", speak(text, true).await, "/")).await;
            match &result {
                Ok(response) => assert!(fits && response.body.len() == LIMIT),
                Err(error) => {
                    assert!(!fits && matches!(error, HttpError::TooLarge(LIMIT)), "{length} {error:?}");
                    shown(error);
                }
            }
        }
    }
}

#[tokio::test]
async fn each_failure_is_told_apart_and_shows_no_secret() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let partial = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart";
    let error = client().send(get("http", closed, "/")).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)) && shown(&error).contains("refused"), "{error:?}");
    for text in [String::new(), "no HTTP\r\n\r\n".into()] {
        let error = client().send(get("http", speak(text, true).await, "/")).await.unwrap_err();
        assert!(matches!(error, HttpError::NoResponse(_)), "{error:?}");
        shown(&error);
    }
    let error = client().send(get("http", speak(partial.into(), true).await, "/")).await.unwrap_err();
    assert!(matches!(error, HttpError::Body(_)), "{error:?}");
    shown(&error);
    for text in [String::new(), "HTTP/1.1 200 OK\r\n".into(), partial.into()] {
        let error = impatient().send(get("http", speak(text, false).await, "/")).await.unwrap_err();
        assert!(matches!(error, HttpError::Timeout(_)), "{error:?}");
        assert_eq!(shown(&error), "no response within 100ms");
    }
}

#[tokio::test]
async fn no_more_than_the_limit_run_at_once_and_waiting_counts_as_time() {
    let (begun, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let client = Arc::new(client());
    let work = || {
        let (client, begun, leave) = (Arc::clone(&client), Arc::clone(&begun), Arc::clone(&leave));
        tokio::spawn(async move {
            client
                .limited(async {
                    begun.add_permits(1);
                    leave.acquire().await.unwrap().forget();
                    Ok::<(), HttpError>(())
                })
                .await
        })
    };
    let running = [work(), work(), work()];
    begun.acquire_many(2).await.unwrap().forget();
    tokio::task::yield_now().await;
    assert_eq!(begun.available_permits(), 0, "the third waits");
    leave.add_permits(3);
    for work in running {
        work.await.unwrap().unwrap();
    }
    let never = impatient();
    let result = never.limited(std::future::pending::<Result<(), HttpError>>()).await;
    assert!(matches!(result, Err(HttpError::Timeout(_))));
}

/// A TLS server with a new certificate for `name`, and the certificate in PEM.
async fn serve_tls(name: &str) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    (address, made.cert.pem())
}

#[tokio::test]
async fn a_server_is_trusted_by_name_and_authority() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (good, good_pem) = serve_tls("127.0.0.1").await;
    let (misnamed, misnamed_pem) = serve_tls("other.example").await;
    for (address, pem, trusted) in
        [(good, &good_pem, true), (good, &misnamed_pem, false), (misnamed, &misnamed_pem, false)]
    {
        let client = HttpClient::new(&options(Roots::File(file("ca.pem", pem)))).unwrap();
        let result = client.send(get("https", address, "/")).await;
        assert_eq!(result.is_ok(), trusted, "{address} {result:?}");
        if let Err(error) = result {
            assert!(matches!(error, HttpError::Connect(_)) && shown(&error).contains("certificate"));
        }
    }
    let missing = folder.path().join("missing.pem");
    for (roots, part) in [
        (Roots::File(missing), "cannot read `"),
        (Roots::File(file("empty.pem", "")), "holds no certificate in PEM"),
        (Roots::File(file("text.pem", "no PEM")), "holds no certificate in PEM"),
        (Roots::File(file("torn.pem", &good_pem[..good_pem.len() / 2])), "cannot be read"),
    ] {
        let error = HttpClient::new(&options(roots)).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.source().is_none_or(|cause| !error.to_string().contains(&cause.to_string())));
    }
}

/// A proxy that connects to `server`, no matter which is asked for, and remembers the requests that it got. It asks for
/// the credentials `user:pass`.
async fn serve_proxy(server: SocketAddr) -> (SocketAddr, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let allowed = head.to_lowercase().contains("\r\nproxy-authorization: basic dxnlcjpwyxnz\r\n");
            seen.lock().unwrap().push(head);
            if !allowed {
                stream.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                continue;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut upstream = TcpStream::connect(server).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
        }
    });
    (address, heads)
}

#[tokio::test]
async fn https_goes_through_the_proxy_and_clear_text_never_does() {
    let folder = tempfile::tempdir().unwrap();
    let (server, pem) = serve_tls("name-of-the-server.example").await;
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, pem).unwrap();
    let (proxy, heads) = serve_proxy(server).await;
    let client = |proxy: String, no: &str| {
        let proxies = Proxies::of(&proxy, no);
        HttpClient::new(&ClientOptions { proxies, ..options(Roots::File(ca.clone())) }).unwrap()
    };
    let name = "name-of-the-server.example:8443";
    let through = client(format!("http://user:pass@{proxy}"), "127.0.0.1,localhost");
    let response = through.send(get("https", name, "/")).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    let head = heads.lock().unwrap().pop().unwrap();
    assert!(head.starts_with(&format!("CONNECT {name} HTTP/1.1\r\n")) && !head.contains(SECRET), "{head}");

    let plain = serve(Router::new().fallback(any(|| async { "direct" }))).await;
    assert_eq!(&through.send(get("http", plain, "/")).await.unwrap().body[..], b"direct");
    // A server in NO_PROXY is asked directly: its certificate has another name.
    let error = shown(&through.send(get("https", server, "/")).await.unwrap_err());
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(heads.lock().unwrap().len(), 0);

    let refused = client(format!("http://user:wrong@{proxy}"), "");
    let error = shown(&refused.send(get("https", name, "/")).await.unwrap_err());
    let expected = "the proxy `127.0.0.1` gives no connection to `name-of-the-server.example`";
    assert!(error.contains(expected) && !error.contains("wrong"), "{error}");
    let over_tls = client(format!("https://user:pass@{proxy}"), "");
    let error = shown(&over_tls.send(get("https", name, "/")).await.unwrap_err());
    assert!(error.contains("only `http://` is supported") && !error.contains("pass"), "{error}");
}

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_is_logged_of_an_exchange() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let address = serve(Router::new().fallback(any(|| async { Body::from(SECRET) }))).await;
    client().send(get("http", address, "/")).await.unwrap();
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!logged.contains(SECRET) && !logged.contains("hyper_util::client"), "{logged}");
}
