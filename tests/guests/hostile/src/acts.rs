//! What it may be told to do. Natively nothing here is run.

use portcullis_policy_sdk::log;
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

/// Colours, cursor moves, a window title, a hyperlink, NUL, backspaces, a carriage return that overwrites, C1
/// controls, bidirectional overrides and an invisible tag.
pub(crate) const ESCAPES: &str = "\u{1b}[31mred\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}]8;;http://example.com\u{1b}\\link\0\u{8}\u{8}\
    all is well\rALLOWED\n\u{9b}1m\u{85}\u{202e}desrever\u{2066}isolated\u{200b}\u{feff}\u{e0041}\u{7f}";

pub(crate) fn spin() -> ! {
    loop {
        black_box(0);
    }
}

/// Works for about a millisecond.
pub(crate) fn work() {
    for number in 0..1_200_000_u32 {
        black_box(number);
    }
}

/// Allocates until the allocator gives up.
pub(crate) fn grow() -> ! {
    loop {
        std::mem::forget(black_box(vec![1_u8; 1 << 20]));
    }
}

pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

#[expect(clippy::panic, reason = "told to")]
pub(crate) fn panic(text: &str) -> ! {
    panic!("{text}")
}

/// Runs out of the stack that Rust keeps in linear memory.
pub(crate) fn overflow() -> ! {
    #[expect(unconditional_recursion, reason = "told to")]
    fn deeper(depth: u32) -> u32 {
        let frame = black_box([depth; 256]);
        deeper(depth.wrapping_add(1)).wrapping_add(frame[depth as usize % 256])
    }
    black_box(deeper(0));
    spin()
}

/// Runs out of the engine's own stack: these frames need none of linear memory.
pub(crate) fn recursion() -> ! {
    static DEPTH: AtomicU32 = AtomicU32::new(0);
    #[inline(never)]
    fn deeper() -> u32 {
        if DEPTH.fetch_add(1, Ordering::Relaxed) == u32::MAX {
            return 0;
        }
        deeper().rotate_left(3).wrapping_mul(5) ^ DEPTH.load(Ordering::Relaxed)
    }
    black_box(deeper());
    spin()
}

/// A gigabyte in lines of a megabyte.
pub(crate) fn log_flood() -> ! {
    let line = "x".repeat(1 << 20);
    for _ in 0..1024 {
        log::info(&line);
    }
    spin()
}

/// Fifty million lines of one byte.
pub(crate) fn log_drip() -> ! {
    for _ in 0..50_000_000 {
        log::info("x");
    }
    spin()
}

pub(crate) fn pairs(count: usize) -> Vec<(String, String)> {
    (0..count).map(|_| ("k".to_owned(), "v".to_owned())).collect()
}

#[expect(unsafe_code, reason = "a guest is not bound by Rust's rules, and the host must not rely on them")]
pub(crate) fn not_utf8() -> String {
    // SAFETY: none; the string only ever crosses to the host, which refuses it.
    unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, 0xfe, b'b']) }
}
