use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use portcullis_contract::HookName;
use portcullis_contract::types::Verdict;

use super::{Commit, Log, Options, QUEUE};
use crate::{AuditError, Kind, Record, Sink};

fn soon() -> std::time::Instant {
    tokio::time::Instant::now().into_std() + std::time::Duration::from_secs(10)
}

fn record(id: &str) -> Record {
    Record::new(id, 1_700_000_000_123, "docker-plugin", HookName::DockerRequest, Verdict::Deny)
}

fn open(sink: Sink, commit: Commit, recent: usize) -> Result<Log, AuditError> {
    Log::open(sink, Options { commit, recent, ..Options::default() })
}

/// A disk that can be full, and then takes half of what it is given.
#[derive(Clone, Default)]
struct Disk {
    written: Arc<Mutex<Vec<u8>>>,
    full: Arc<AtomicBool>,
    held: Arc<Mutex<()>>,
    writes: Arc<AtomicUsize>,
}

impl Disk {
    fn sink(&self) -> Sink {
        Sink::Writer(Box::new(self.clone()))
    }

    fn ids(&self) -> Vec<String> {
        let written = String::from_utf8(self.written.lock().unwrap().clone()).unwrap();
        assert!(written.is_empty() || written.ends_with('\n'), "no torn line at the end");
        written
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string())
            .collect()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _held = self.held.lock().unwrap();
        self.writes.fetch_add(1, Ordering::Relaxed);
        let mut written = self.written.lock().unwrap();
        if self.full.load(Ordering::Relaxed) {
            if written.last().is_none_or(|byte| *byte == b'\n') && bytes.len() > 1 {
                written.extend_from_slice(&bytes[..bytes.len() / 2]);
                return Ok(bytes.len() / 2);
            }
            return Err(io::ErrorKind::StorageFull.into());
        }
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_record_is_one_line_in_order() {
    let disk = Disk::default();
    let log = open(disk.sink(), Commit::Queued, 3).unwrap();
    for number in 0..100 {
        log.write(record(&number.to_string()), soon()).await.unwrap();
    }
    log.clone().close().await.unwrap();
    assert_eq!(disk.ids(), (0..100).map(|number| format!("\"{number}\"")).collect::<Vec<_>>());
    assert_eq!(log.recent().iter().map(|recent| &*recent.id).collect::<Vec<_>>(), ["99", "98", "97"]);
    assert!(log.find("98").is_some_and(|line| line.contains("\"id\":\"98\"") && !line.ends_with('\n')));
    assert!(log.find("1").is_none());
    assert!(log.recent().iter().all(|recent| log.find(&recent.id) == Some(recent.line.clone())));
    assert!(matches!(log.write(record("late"), soon()).await, Err(AuditError::Closed)));
}

#[tokio::test]
async fn a_decision_is_found_and_not_its_monitoring() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&seen);
    let observe = Box::new(move |_: &Record| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    let log =
        Log::open(Disk::default().sink(), Options { recent: 8, observe, ..Options::default() }).unwrap();
    log.write_detached(Record { kind: Kind::Monitor, verdict: Verdict::Abstain, ..record("7") }).unwrap();
    log.write(record("7"), soon()).await.unwrap();
    log.flush().await.unwrap();
    assert!(log.find("7").is_some_and(|line| line.contains("\"kind\":\"decision\"")));
    assert_eq!(seen.load(Ordering::Relaxed), 2, "and both were shown to the observer");
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_taken_until_one_succeeds() {
    let disk = Disk::default();
    let log = open(disk.sink(), Commit::Queued, 8).unwrap();
    disk.full.store(true, Ordering::Relaxed);
    log.write(record("kept"), soon()).await.unwrap();
    assert!(matches!(log.flush().await, Err(AuditError::Broken(_))));
    let refused = log.write(record("refused"), soon()).await.unwrap_err();
    assert!(refused.to_string().starts_with("the decision cannot be recorded: "), "{refused}");
    disk.full.store(false, Ordering::Relaxed);
    log.flush().await.unwrap();
    log.write(record("later"), soon()).await.unwrap();
    log.close().await.unwrap();
    assert_eq!(disk.ids(), ["\"kept\"", "\"later\""], "nothing was lost, torn or written twice");
}

#[tokio::test]
async fn it_mends_by_itself() {
    let disk = Disk::default();
    let log = open(disk.sink(), Commit::Queued, 8).unwrap();
    disk.full.store(true, Ordering::Relaxed);
    log.write(record("kept"), soon()).await.unwrap();
    assert!(log.flush().await.is_err());
    disk.full.store(false, Ordering::Relaxed);
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while log.check().is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(disk.ids(), ["\"kept\""]);
}

/// Holds the disk, in a thread of its own, until the result is dropped.
fn hold(held: Arc<Mutex<()>>) -> std::sync::mpsc::Sender<()> {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (holds, held_now) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _stuck = held.lock().unwrap();
        holds.send(()).unwrap();
        let _ = released.recv();
    });
    held_now.recv().unwrap();
    release
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_takes_nothing_refuses_and_does_not_hang() {
    let disk = Disk::default();
    let held = disk.held.clone();
    let log = open(disk.sink(), Commit::Queued, 0).unwrap();
    let release = hold(held);
    let mut taken = 0;
    let refused = loop {
        match log.write(record("x"), soon()).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AuditError::Stalled), "{refused}");
    assert_eq!(taken, QUEUE);
    assert!(matches!(log.write_detached(record("y")), Err(AuditError::Stalled)));
    drop(release);
    log.close().await.unwrap();
    assert_eq!(disk.ids().len(), QUEUE);
    assert!(disk.writes.load(Ordering::Relaxed) < QUEUE / 2, "what waits is written together");
}

#[tokio::test]
async fn a_rotated_file_is_left_for_a_new_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, moved) = (folder.path().join("decisions.log"), folder.path().join("decisions.log.1"));
    let log = open(Sink::File(path.clone()), Commit::Queued, 0).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    log.write(record("1"), soon()).await.unwrap();
    std::fs::rename(&path, &moved).unwrap();
    log.write(record("2"), soon()).await.unwrap();
    log.reopen().await.unwrap();
    log.write(record("3"), soon()).await.unwrap();
    log.close().await.unwrap();
    assert_eq!(std::fs::read_to_string(&moved).unwrap().lines().count(), 2);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
}

#[tokio::test]
async fn a_full_disk_is_told_by_the_real_one() {
    let log = open(Sink::File("/dev/full".into()), Commit::Queued, 0).unwrap();
    log.write(record("1"), soon()).await.unwrap();
    let error = log.flush().await.unwrap_err();
    assert!(error.to_string().contains("No space left"), "{error}");
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let Err(error) = open(Sink::File("/no-such-folder/decisions.log".into()), Commit::Queued, 0) else {
        panic!("opened")
    };
    assert!(
        error.to_string().starts_with("cannot open the audit log `/no-such-folder/decisions.log`: "),
        "{error}"
    );
}

/// Ids with the rules under which they are logged.
fn rules(disk: &Disk) -> Vec<(String, String)> {
    let text = String::from_utf8(disk.written.lock().unwrap().clone()).unwrap();
    let field = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| (field(&line, "id"), field(&line, "rule"))).collect()
}

#[tokio::test]
async fn a_write_that_has_returned_is_on_the_disk() {
    let disk = Disk::default();
    let log = open(disk.sink(), Commit::Written, 4).unwrap();
    for number in 0..50 {
        let id = number.to_string();
        log.write(record(&id), soon()).await.unwrap();
        assert_eq!(disk.ids().last(), Some(&format!("\"{id}\"")), "before anything else happens");
        assert!(log.find(&id).is_some());
    }
}

#[tokio::test]
async fn writers_at_once_share_a_write() {
    let disk = Disk::default();
    let log = open(disk.sink(), Commit::Written, 0).unwrap();
    let release = hold(disk.held.clone());
    let written: Vec<_> = (0..200)
        .map(|number| {
            let (log, record) = (log.clone(), record(&number.to_string()));
            tokio::spawn(async move { log.write(record, soon()).await })
        })
        .collect();
    // All but the first are in the queue when the disk comes back.
    while log.shared.permits.available_permits() > QUEUE - 200 {
        tokio::task::yield_now().await;
    }
    drop(release);
    for written in written {
        written.await.unwrap().unwrap();
    }
    assert_eq!(disk.ids().len(), 200);
    assert!(disk.writes.load(Ordering::Relaxed) <= 3, "{:?} writes", disk.writes);
}

#[tokio::test]
async fn the_first_record_that_cannot_be_written_is_refused_and_says_so_later() {
    let disk = Disk::default();
    let log = open(disk.sink(), Commit::Written, 8).unwrap();
    log.write(Record { rule: "allow".into(), ..record("1") }, soon()).await.unwrap();
    disk.full.store(true, Ordering::Relaxed);
    // The disk takes half a line before it is full: that line can only be completed as it was.
    let half = log.write(Record { rule: "half".into(), ..record("2") }, soon()).await;
    assert!(matches!(half, Err(AuditError::Broken(_))), "{half:?}");
    assert!(matches!(log.write(record("3"), soon()).await, Err(AuditError::Broken(_))));
    disk.full.store(false, Ordering::Relaxed);
    log.flush().await.unwrap();
    log.write(Record { rule: "allow".into(), ..record("4") }, soon()).await.unwrap();
    let expected = [("1", "allow"), ("2", "half"), ("4", "allow")];
    assert_eq!(rules(&disk), expected.map(|(id, rule)| (id.into(), rule.into())));
    assert!(log.find("3").is_none(), "it was refused before it was queued");
}

#[tokio::test]
async fn a_failed_batch_is_logged_as_refused() {
    let log = open(Sink::File("/dev/full".into()), Commit::Written, 8).unwrap();
    let error = log.write(Record { rule: "allow".into(), ..record("1") }, soon()).await.unwrap_err();
    assert!(error.to_string().contains("No space left"), "{error}");
    let line = log.find("1").unwrap();
    assert!(line.contains("\"rule\":\"host:unrecorded\"") && line.contains("\"verdict\":\"deny\""), "{line}");
    assert!(!line.contains("\"rule\":\"allow\""), "{line}");
}

#[tokio::test]
async fn monitoring_never_waits_for_the_disk() {
    let log = open(Sink::File("/dev/full".into()), Commit::Written, 8).unwrap();
    log.write_detached(Record { kind: Kind::Monitor, ..record("1") }).unwrap();
    assert!(log.flush().await.is_err());
    assert!(log.recent()[0].line.contains("\"kind\":\"monitor\""), "and it is kept as it was");
    assert!(!log.recent()[0].line.contains("host:unrecorded"));
}
