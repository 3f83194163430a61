//! Recorded messages of a real dockerd with random changes: nothing makes the reader panic, and what it reads is canonical,
//! so that reading it again changes nothing.
//!
//! A second in the tests; `PORTCULLIS_FUZZ_SECONDS=600` goes on for ten minutes, and `PORTCULLIS_SEED` takes other changes.

use std::time::{Duration, Instant};

use super::*;
use crate::message::Message;

const RECORDED: &str = include_str!("../../../../../tests/data/docker/authz-recorded.jsonl");

/// What is put into messages: what Go reads otherwise than it looks, and names that decide.
const PARTS: &[&[u8]] = &[
    b"\"HostConfig\"",
    b"\"hostconfig\"",
    b"\"Ho\xc5\xbftConfig\"",
    b"\"\\u0048ostConfig\"",
    b"\"Privileged\":true",
    b"\"Binds\":[\"/:/x\"]",
    b"\"CapAdd\":\"ALL\"",
    b"null",
    b"{}",
    b"[]",
    b"{\"a\":1,\"A\":2}",
    b"\\ud800",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\\u0000",
    b"1e999",
    b"-0",
    b"%2F",
    b"%00",
    b"%",
    b";",
    b"&",
    b"?",
    b"#",
    b"//",
    b"/../",
    b"/v1.23/",
    b"application/x-www-form-urlencoded",
    b",",
    b":",
    b"\"",
];

/// The numbers of `SplitMix64`: the same ones for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// One to four changes: bytes replaced, removed, doubled or put in.
    fn change(&mut self, text: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(text.len() + 1);
            let end = (at + self.below(8)).min(text.len());
            match self.below(5) {
                0 => text.splice(at..end, PARTS[self.below(PARTS.len())].iter().copied()).for_each(drop),
                1 => text.splice(at..at, PARTS[self.below(PARTS.len())].iter().copied()).for_each(drop),
                2 => text.drain(at..end).for_each(drop),
                3 => {
                    let from = self.below(text.len() + 1);
                    let part = text[from..(from + self.below(64)).min(text.len())].to_vec();
                    text.splice(at..at, part).for_each(drop);
                }
                _ => {
                    if let Some(byte) = text.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
    }

    /// A message with its target, its headers or its body changed, or all of them.
    fn changed(&mut self, message: &Message) -> Message {
        let mut message = message.clone();
        let which = self.below(6);
        if matches!(which, 0 | 3 | 4)
            && let Some(body) = &mut message.body
        {
            self.change(body);
        }
        if matches!(which, 1 | 3) {
            let mut uri = message.uri.clone().into_bytes();
            self.change(&mut uri);
            message.uri = String::from_utf8_lossy(&uri).into_owned();
        }
        if matches!(which, 2 | 3) && !message.headers.is_empty() {
            let at = self.below(message.headers.len());
            let mut value = message.headers[at].1.clone().into_bytes();
            self.change(&mut value);
            message.headers[at].1 = String::from_utf8_lossy(&value).into_owned();
        }
        if which == 5 {
            message.body = None;
        }
        message
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn changed_messages_are_refused_or_read_as_what_is_canonical() {
    let rows = RECORDED.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let texts: Vec<_> = rows
        .filter(|row| row["path"].as_str().is_some_and(|path| path.starts_with("/AuthZPlugin.")))
        .map(|row| row["body"].to_string().into_bytes())
        .collect();
    let messages: Vec<_> = texts.iter().map(|text| Message::parse(text).unwrap()).collect();
    let seed = number("PORTCULLIS_SEED", 14);
    let end = Instant::now() + Duration::from_secs(number("PORTCULLIS_FUZZ_SECONDS", 1));
    let mut random = Random(seed);
    let (mut read_whole, mut refused) = (0_u64, 0_u64);
    while Instant::now() < end {
        let at = random.below(messages.len());
        // dockerd writes what it posts: the outer JSON is changed to see that nothing panics.
        let mut outer = texts[at].clone();
        random.change(&mut outer);
        if let Ok(message) = Message::parse(&outer) {
            let _ = response(&message, Context::default(), "here", &BTreeSet::new());
        }
        let message = random.changed(&messages[at]);
        let Ok(first) = read(&message) else {
            refused += 1;
            continue;
        };
        read_whole += 1;
        let Body::Json(text) = &first.body else { continue };
        let shown = String::from_utf8_lossy(message.body.as_deref().unwrap_or_default());
        let again = read(&Message { body: Some(text.clone().into_bytes()), ..message.clone() });
        let again =
            again.unwrap_or_else(|refusal| panic!("seed {seed}: {text} of {shown}: {}", refusal.reason));
        let essence = |request: &Request| {
            (request.body.clone(), request.workload.clone(), request.volume.clone(), request.targets.clone())
        };
        assert_eq!(essence(&again), essence(&first), "seed {seed}: {shown}");
    }
    assert!(read_whole > 100 && refused > 100, "seed {seed}: {read_whole} read, {refused} refused");
    println!("seed {seed}: {read_whole} read, {refused} refused");
}
