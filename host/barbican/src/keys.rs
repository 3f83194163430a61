//! Keys that orders ask for: which ones there are (`SimpleCryptoPlugin` in `barbican/plugin/crypto/simple_crypto.py`,
//! `get_plugin_generate` in `barbican/plugin/interface/secret_store.py`), and how they are made.
//!
//! * [`plan`]: what an order makes, or why it makes nothing
//! * [`symmetric`], `pair::generate`: the keys, of the system's randomness
//! * [`KeyPairs`]: who makes a key pair when, since one takes seconds of a processor

mod pair;
mod queue;

use getrandom::SysRng;
use rsa::rand_core::TryRng as _;
use zeroize::Zeroizing;

pub(crate) use pair::KeyPair;
pub(crate) use queue::{KeyPairError, KeyPairs};

use crate::schema::order::{Passphrase, RequestBody};
use crate::vault::{OrderError, OrderType};

/// `SYMMETRIC_ALGORITHMS` of both files.
const SYMMETRIC: [&str; 6] = ["aes", "des", "hmacsha1", "hmacsha256", "hmacsha384", "hmacsha512"];
const SYMMETRIC_BITS: [u32; 4] = [64, 128, 192, 256];
const RSA: &str = "rsa";
const RSA_BITS: [u32; 3] = [1024, 2048, 4096];
/// Algorithms that Barbican knows, and makes no keys for. It makes key pairs for DSA.
const WITHOUT_KEYS: [&str; 4] = ["desede", "diffie_hellman", "dsa", "ec"];
/// The longest passphrase, in bytes (OpenSSL's, in Python's `cryptography`).
const MAX_PASSPHRASE: usize = 1023;

/// What an order makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// So many random bytes.
    Symmetric { bytes: usize },
    /// A key pair of RSA.
    Rsa { bits: u32 },
}

/// What the order makes, or why nothing: in Barbican's words.
pub(crate) fn plan(order: &RequestBody) -> Result<Plan, OrderError> {
    let algorithm = order.algorithm.to_ascii_lowercase();
    let of = |algorithms: &[&str]| algorithms.contains(&algorithm.as_str());
    let plan = match order.order_type {
        OrderType::Key if of(&SYMMETRIC) => symmetric_plan(order),
        OrderType::Asymmetric if algorithm == RSA => rsa_plan(order),
        _ if of(&SYMMETRIC) || of(&[RSA]) || of(&WITHOUT_KEYS) => {
            return Err(issue("Requested algorithm is not supported"));
        }
        _ => return Err(issue("Secret generate supported plugin not found.")),
    };
    // Barbican fails on a content type that is null.
    plan.filter(|_| order.media.is_some()).ok_or_else(failure)
}

fn symmetric_plan(order: &RequestBody) -> Option<Plan> {
    // XTS takes two keys.
    let is_xts = order.mode.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case("xts"));
    let allowed = SYMMETRIC_BITS.map(|bits| if is_xts { 2 * bits } else { bits });
    let bytes = usize::try_from(order.bit_length / 8).ok()?;
    allowed.contains(&order.bit_length).then_some(Plan::Symmetric { bytes })
}

fn rsa_plan(order: &RequestBody) -> Option<Plan> {
    let takes_passphrase = match &order.passphrase {
        Passphrase::None => true,
        Passphrase::Text(text) => text.len() <= MAX_PASSPHRASE,
        Passphrase::Invalid => false,
    };
    let is_possible = RSA_BITS.contains(&order.bit_length) && !order.is_fraction && takes_passphrase;
    is_possible.then_some(Plan::Rsa { bits: order.bit_length })
}

fn issue(reason: &str) -> OrderError {
    OrderError { status_code: "400".into(), reason: format!("Process TypeOrder issue seen - {reason}.") }
}

/// An order that ends otherwise than its client should expect.
pub(crate) fn failure() -> OrderError {
    let reason = "Process TypeOrder failure seen - please contact site administrator.";
    OrderError { status_code: "500".into(), reason: reason.into() }
}

/// A key of so many bytes; an error where the system has no randomness.
pub(crate) fn symmetric(bytes: usize) -> Result<Zeroizing<Vec<u8>>, getrandom::Error> {
    let mut key = Zeroizing::new(vec![0; bytes]);
    SysRng.try_fill_bytes(&mut key)?;
    Ok(key)
}
