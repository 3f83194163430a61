//! Ten minutes of load with a swap each second: memory, descriptors and threads stay as they are.

use super::super::program::place::Connection;
use super::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Resident memory in KiB, descriptors, and threads.
fn usage(process: u32) -> (u64, usize, usize) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    (field("VmRSS:"), descriptors, usize::try_from(field("Threads:")).unwrap())
}

#[test]
#[ignore = "it takes ten minutes: tests/soak runs it"]
fn memory_descriptors_and_threads_are_flat_over_600_swaps() {
    let host = Host::start(ALLOWS);
    let process = host.portcullis.id().unwrap();
    let body = message("GET", "/containers/json", None).to_string();
    let request = format!(
        "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let samples = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut connection = Connection::open(&host.place.door());
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(connection.exchange(request.as_bytes()).status, 200);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut samples = Vec::new();
        let begun = Instant::now();
        for second in 1..=600_u64 {
            host.put_settings(if second % 2 == 0 { ALLOWS } else { DENIES });
            // The log would fill the disk.
            let log = host.portcullis.folder().join("decisions.jsonl");
            fs::File::options().write(true).open(log).unwrap().set_len(0).unwrap();
            samples.push(usage(process));
            std::thread::sleep(Duration::from_secs(second).saturating_sub(begun.elapsed()));
        }
        stop.store(true, Ordering::Relaxed);
        samples
    });
    let mean = |range: std::ops::Range<usize>| {
        let of = &samples[range];
        of.iter().map(|(resident, ..)| resident).sum::<u64>() / of.len() as u64
    };
    let (second_minute, last_minute) = (mean(60..120), mean(540..600));
    let extremes = |of: fn(&(u64, usize, usize)) -> usize| {
        let values = samples[60..].iter().map(of);
        (values.clone().min().unwrap(), values.max().unwrap())
    };
    println!(
        "600 swaps, {} decisions; resident {second_minute} KiB in the second minute and {last_minute} KiB in the last; \
         descriptors {:?}, threads {:?}",
        asked.load(Ordering::Relaxed),
        extremes(|sample| sample.1),
        extremes(|sample| sample.2)
    );
    assert!(last_minute * 100 < second_minute * 105, "{second_minute} KiB, {last_minute} KiB");
}
