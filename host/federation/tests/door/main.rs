//! The door with a decider of the tests' own, a strict fake of STS and a fake of the sign-in endpoint: the cases of
//! AFP's own tests, everything it was seen to answer, and what is different here on purpose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]
#![allow(unreachable_pub, reason = "nothing here leaves this crate")]

mod cases;
mod differences;
mod failures;
#[path = "../../../../tests/support/fake_sign_in.rs"]
mod fake_sign_in;
#[path = "../../../../tests/support/fake_sts.rs"]
mod fake_sts;
mod metadata;
mod paths;
mod world;
