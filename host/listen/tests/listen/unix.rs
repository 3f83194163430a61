//! The file of a unix socket: whose it is, and who may use it.

use super::support::listen;
use portcullis_listen::{Activation, Address, Drain, Limits, ListenError, Listener, Options};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

fn bind(path: &Path, options: &Options) -> Result<Listener, ListenError> {
    let address = Address::Unix(path.to_owned());
    Listener::bind(&address, None, options, &mut Activation::default())
}

#[tokio::test]
async fn what_a_dead_process_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let place = listen(path.to_str().unwrap(), None, Limits::default(), Drain::default());
    assert_eq!(place.connect().await.get("/").await.status, 200);
}

#[tokio::test]
async fn what_a_living_process_has_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let living = UnixListener::bind(&path).unwrap();
    let error = bind(&path, &Options::default()).err().unwrap();
    assert!(matches!(error, ListenError::InUse(_)), "{error}");
    // Also if it is so busy that its queue is full: what we tried just now has filled this one.
    rustix::net::listen(&living, 0).unwrap();
    let error = bind(&path, &Options::default()).err().unwrap();
    assert!(matches!(error, ListenError::InUse(_)), "{error}");
    assert!(path.exists());
}

#[tokio::test]
async fn only_a_socket_is_ever_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    fs::write(&path, "mine").unwrap();
    let error = bind(&path, &Options::default()).err().unwrap();
    assert!(matches!(error, ListenError::NotASocket(_)), "{error}");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/no-such-file", &path).unwrap();
    let error = bind(&path, &Options::default()).err().unwrap();
    assert!(matches!(error, ListenError::NotASocket(_)), "{error}");
}

#[tokio::test]
async fn it_goes_with_its_listener_unless_another_took_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    drop(bind(&path, &Options::default()).unwrap());
    assert!(!path.exists());
    let ours = bind(&path, &Options::default()).unwrap();
    fs::remove_file(&path).unwrap();
    let _another = UnixListener::bind(&path).unwrap();
    drop(ours);
    assert!(path.exists());
}

#[tokio::test]
async fn mode_and_group_are_as_configured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let listener = bind(&path, &Options::default()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o660);
    drop(listener);
    let group = rustix::process::getegid().as_raw();
    let options = Options { mode: 0o600, group: Some(group.to_string()), ..Options::default() };
    let _listener = bind(&path, &options).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.gid()), (0o600, group));
    let options = Options { group: Some("no-such-group".into()), ..Options::default() };
    let error = bind(&folder.path().join("y.sock"), &options).err().unwrap().to_string();
    assert!(error.ends_with("there is no group `no-such-group`; make it, or name another one"), "{error}");
}

#[tokio::test]
async fn a_folder_that_everybody_may_write_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    for mode in [0o777, 0o1777] {
        fs::set_permissions(&open, Permissions::from_mode(mode)).unwrap();
        let error = bind(&open.join("x.sock"), &Options::default()).err().unwrap();
        assert!(matches!(error, ListenError::OpenFolder(_)), "{error}");
    }
    let made = folder.path().join("made").join("too").join("x.sock");
    let _listener = bind(&made, &Options::default()).unwrap();
}
