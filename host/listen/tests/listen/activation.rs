//! Sockets that a service manager passes, and what it is told.

use super::support::{Client, child, router};
use portcullis_listen::{Activation, Address, Drain, Listener, Options, notify, serve};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What systemd does: the socket becomes descriptor 3, and `LISTEN_PID` names the process.
fn activated(test: &str, socket: OwnedFd) -> Command {
    let plain = child(test);
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" "$@""#]);
    command.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::from(socket)).stdout(Stdio::piped());
    command
}

async fn ask(mut client: Client, child: std::process::Child) -> String {
    // Sent before anybody accepts: the socket's queue keeps it.
    assert_eq!(client.get("/").await.text(), "hello");
    drop(client);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

#[tokio::test]
async fn a_passed_unix_socket_is_used_and_left_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let client = tokio::net::UnixStream::connect(&path).await.unwrap();
    let mut command = activated("activation::child_serves", socket.into());
    let child = command.env("ADDRESS", format!("unix:{}", path.display())).spawn().unwrap();
    let said = ask(Client::new(Box::new(client)), child).await;
    assert!(said.contains("unused: []"), "{said}");
    assert!(path.exists(), "it belongs to the service manager");
}

#[tokio::test]
async fn a_passed_tcp_socket_is_used() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let client = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut command = activated("activation::child_serves", socket.into());
    let child = command.env("ADDRESS", address.to_string()).spawn().unwrap();
    ask(Client::new(Box::new(client)), child).await;
}

#[tokio::test]
async fn a_passed_socket_that_nobody_configured_is_told() {
    let passed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let unused = passed.local_addr().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = activated("activation::child_lists", passed.into());
    let output = command.env("ADDRESS", free.to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&format!("unused: [\"{unused}\"]")), "{said}");
}

#[tokio::test]
async fn a_passed_file_is_refused() {
    let output =
        activated("activation::child_lists", std::fs::File::open("/dev/null").unwrap().into()).output();
    let said = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
    assert!(
        said.contains("the service manager passed descriptor 3, which cannot be listened on: "),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn child_serves() {
    let mut activation = Activation::take().unwrap();
    let address = Address::parse(&std::env::var("ADDRESS").unwrap()).unwrap();
    let listener = Listener::bind(&address, None, &Options::default(), &mut activation).unwrap();
    println!("unused: {:?}", activation.unused());
    assert!(std::env::var_os("LISTEN_FDS").is_none(), "children would take it for theirs");
    let drain = Drain::new(Duration::from_secs(10), Duration::ZERO);
    let last = drain.clone();
    let router = router().layer(axum::middleware::map_response(move |response: axum::response::Response| {
        last.start();
        async move { response }
    }));
    assert_eq!(serve(listener, router, drain).await, 0);
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn child_lists() {
    match Activation::take() {
        Ok(activation) => println!("unused: {:?}", activation.unused()),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn a_service_manager_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(super::support::PATIENCE)).unwrap();
    let mut child = child("activation::child_notifies").env("NOTIFY_SOCKET", &path).spawn().unwrap();
    let told = || {
        let mut text = [0; 256];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length]).trim_end().to_owned()
    };
    assert_eq!(told(), "READY=1");
    assert!(told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(told(), "STATUS=one line");
    assert_eq!(told(), "STOPPING=1");
    assert!(child.wait().unwrap().success());
}

#[test]
#[ignore = "run in a process of its own"]
fn child_notifies() {
    notify::ready();
    notify::reloading();
    notify::status("one line\nREADY=0");
    notify::stopping();
}

#[test]
fn without_a_service_manager_nothing_happens() {
    notify::ready();
}
