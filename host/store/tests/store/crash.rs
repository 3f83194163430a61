//! What was acknowledged is there after `kill -9`, and was on the disk before it was acknowledged.
//!
//! The process that is killed is this test program again, with [`CHILD`] in its environment.

use portcullis_store::{Options, Store, Value};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::{Database, run};
use crate::transactions::{IDS, PUT, TABLES, open};
use portcullis_testing::postgres::Postgres;

/// The database's URL and the first number to write.
const CHILD: &str = "PORTCULLIS_TEST_CHILD";
const LIMIT: &str = "PORTCULLIS_TEST_LIMIT";

/// Writes numbers and says each one that was acknowledged.
#[test]
fn child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (first, url) = told.split_once(' ').unwrap();
    let limit: i64 = std::env::var(LIMIT).map_or(i64::MAX, |limit| limit.parse().unwrap());
    let first: i64 = first.parse().unwrap();
    run(async {
        let store = Store::open(&url.parse().unwrap(), &Options::default()).await.unwrap();
        store.migrate("test", TABLES).await.unwrap();
        say("ready");
        for id in first..first.saturating_add(limit) {
            store
                .write(move |to| {
                    Box::pin(async move {
                        to.execute(PUT, &[id.into(), "word".into(), Value::Bytes(Some(vec![7; 300]))]).await
                    })
                })
                .await
                .unwrap();
            say(&id.to_string());
        }
    });
}

/// In one piece: a line that is half there was not said.
fn say(text: &str) {
    std::io::stdout().write_all(format!("SAID {text}\n").as_bytes()).unwrap();
}

fn myself(before: &[&str], url: &str, first: i64) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match before.split_first() {
        None => Command::new(&program),
        Some((first, others)) => {
            let mut command = Command::new(first);
            command.args(others).arg(&program);
            command
        }
    };
    command.args(["--exact", "crash::child", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, format!("{first} {url}")).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn said(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Option<String> {
    let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("SAID ")))?.unwrap();
    line.split_once("SAID ").map(|(_, text)| text.to_owned())
}

fn start(url: &str, first: i64) -> (Child, std::io::Lines<BufReader<ChildStdout>>) {
    let mut child = myself(&[], url, first).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn killed_in_ten_rounds(at: &Database) {
    let url = at.url();
    let mut acknowledged = BTreeSet::new();
    for round in 0..10_i64 {
        let (mut child, mut lines) = start(&url, round * 1_000_000);
        assert_eq!(said(&mut lines).as_deref(), Some("ready"));
        // Another moment of the transaction in each round.
        for _ in 0..=(round * 7) {
            acknowledged.insert(said(&mut lines).unwrap().parse::<i64>().unwrap());
        }
        std::thread::yield_now();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it was killed counts too.
        while let Some(id) = said(&mut lines) {
            acknowledged.insert(id.parse().unwrap());
        }
    }
    run(async {
        let store = open(at).await;
        let rows = store.read(IDS, &[]).await.unwrap();
        let there: BTreeSet<i64> = rows.iter().map(|row| row.integer(0).unwrap()).collect();
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        println!("{} acknowledged, {} there", acknowledged.len(), there.len());
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        assert!(there.len() <= acknowledged.len() + 10, "one a round may be there that was not acknowledged");
    });
}

#[test]
fn killed_with_sqlite() {
    killed_in_ten_rounds(&Database::sqlite());
}

#[test]
fn killed_with_postgres() {
    let Some(server) = Postgres::shared() else { return };
    killed_in_ten_rounds(&Database::postgres(server));
}

#[test]
fn files_are_ours_alone() {
    let at = Database::sqlite();
    let folder = at.folder().unwrap();
    let modes = || -> Vec<(String, u32)> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
                (entry.file_name().into_string().unwrap(), mode)
            })
            .collect()
    };
    run(async {
        let store = open(&at).await;
        assert_eq!(modes().len(), 3, "{:?}", modes());
        assert!(modes().iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes());
        store.close().await;
    });
    assert_eq!(modes(), [("test.db".to_owned(), 0o600)], "all is in one file when nobody uses it");
    // One that was open to others is no more.
    fs::set_permissions(folder.join("test.db"), fs::Permissions::from_mode(0o644)).unwrap();
    run(async { drop(open(&at).await) });
    assert!(modes().iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes());
}

#[test]
fn an_acknowledged_write_was_synced() {
    let at = Database::sqlite();
    let trace = at.folder().unwrap().join("trace");
    let trace_option = format!("-o{}", trace.display());
    let strace = ["strace", "-f", "-y", &trace_option, "-e", "trace=fsync,fdatasync,write"];
    let Ok(output) = myself(&strace, &at.url(), 0).env(LIMIT, "5").output() else {
        println!("SKIPPED: strace: there is none (apt-get install strace)");
        return;
    };
    let calls = fs::read_to_string(&trace).unwrap_or_default();
    if calls.is_empty() || String::from_utf8_lossy(&output.stderr).contains("PTRACE") {
        println!("SKIPPED: strace: it may not trace here");
        return;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut synced_since = 0;
    let mut acknowledged = 0;
    for call in calls.lines() {
        let is_sync = call.contains("fdatasync(") || call.contains("fsync(");
        if is_sync && call.contains("-wal>") {
            synced_since += 1;
        }
        if let Some((_, said)) = call.split_once("\"SAID ") {
            if !said.starts_with("ready") {
                acknowledged += 1;
                assert!(synced_since > 0, "acknowledged before it was synced:\n{calls}");
            }
            synced_since = 0;
        }
    }
    assert_eq!(acknowledged, 5, "{calls}");
}
