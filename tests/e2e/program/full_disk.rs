//! A store on a disk that is full for a while: writes are refused, `/readyz` says so, and both recover without a restart.

use super::place::{Place, until};
use super::secret_door::{POLICY, by_file, call, tokens};
use portcullis_testing::http;
use portcullis_testing::needs::missing;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// A file system of 3 MiB, which is unmounted on drop.
struct Tmpfs(PathBuf);

impl Tmpfs {
    /// Where it cannot be mounted, nothing and a line that says so; where `PORTCULLIS_NEED_TMPFS` is set, that fails
    /// instead.
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs"]).arg(&at);
        let failed = match mount.output() {
            Ok(output) if output.status.success() => return Some(Self(at)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        missing("tmpfs", &format!("it cannot be mounted (be root): {failed}"))
    }

    /// Takes all room that is left.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        let error = std::iter::repeat_with(|| file.write_all(&[0; 4096])).find_map(Result::err).unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_not_ready_and_is_again_when_there_is_room() {
    let place = Place::new();
    let Some(disk) = Tmpfs::mount(place.at("disk")) else { return };
    tokens(&place, &[("alice", "member")]);
    let store = format!("[store]\nurl = \"sqlite:{}\"\n", disk.0.join("p.db").display());
    let portcullis = place.start(&format!("{store}{}{POLICY}", by_file(&place)));
    let socket = place.at("secrets.sock");
    let secret = json!({ "name": "s", "payload": "x".repeat(15_000), "payload_content_type": "text/plain" });
    let create = || call(&socket, "alice", "POST", "/v1/secrets", &secret);
    let ready = || http::get_unix(&place.admin(), "/readyz").unwrap();
    let (status, made) = create();
    assert_eq!(status, 201, "{made}");
    let path = made["secret_ref"].as_str().unwrap().split_once("secrets/v1").unwrap().1.to_owned();
    assert_eq!(ready(), (200, "ready\n".into()));
    // Twice: what recovers once must recover again.
    for _ in 0..2 {
        disk.fill();
        until("it is not ready", || ready().0 == 503);
        let reason = ready().1;
        assert!(reason.starts_with("not ready: the store accepts no writes: "), "{reason}");
        assert!(reason.ends_with("database or disk is full\n"), "{reason}");
        for _ in 0..3 {
            let (status, refused) = create();
            let description = refused["description"].as_str().unwrap_or_default();
            assert_eq!(status, 503, "{refused}");
            assert!(description.ends_with("the store is not available, please try again."), "{refused}");
        }
        assert_eq!(
            call(&socket, "alice", "GET", &format!("/v1{path}"), &Value::Null).0,
            200,
            "it can be read"
        );
        assert_eq!(http::get_unix(&place.admin(), "/healthz").unwrap().0, 200);
        disk.make_room();
        let (status, made) = create();
        assert_eq!(status, 201, "the first write after room was made: {made}");
        until("it is ready again", || ready() == (200, "ready\n".into()));
    }
    assert!(!portcullis.log().contains("transaction depth"), "{}", portcullis.log());
}
