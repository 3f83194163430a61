//! `crypto.*`: digests and HMAC, in lower-case hexadecimal.

use anyhow::{Result, bail};
use hmac::{Hmac, Mac};
use md5::Md5;
use regorus::Value;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};
use std::fmt::Write as _;

use super::Adding;

pub(super) fn add(to: &mut Adding<'_>) -> Result<()> {
    to.function("crypto.md5", 1, digest::<Md5>)?;
    to.function("crypto.sha1", 1, digest::<Sha1>)?;
    to.function("crypto.sha256", 1, digest::<Sha256>)?;
    to.function("crypto.hmac.md5", 2, |args| hmac(args, Hmac::<Md5>::new_from_slice))?;
    to.function("crypto.hmac.sha1", 2, |args| hmac(args, Hmac::<Sha1>::new_from_slice))?;
    to.function("crypto.hmac.sha256", 2, |args| hmac(args, Hmac::<Sha256>::new_from_slice))?;
    to.function("crypto.hmac.sha512", 2, |args| hmac(args, Hmac::<Sha512>::new_from_slice))?;
    to.function("crypto.hmac.equal", 2, equal)
}

fn digest<D: Digest>(args: &[Value]) -> Result<Value> {
    let [Value::String(text)] = args else { bail!("`crypto` digests are made of one string") };
    Ok(hexadecimal(&D::digest(text.as_bytes())))
}

fn hmac<M: Mac, E>(args: &[Value], keyed: fn(&[u8]) -> Result<M, E>) -> Result<Value> {
    let [Value::String(text), Value::String(key)] = args else {
        bail!("`crypto.hmac` functions expect two strings: a text and a key");
    };
    let Ok(mut mac) = keyed(key.as_bytes()) else { bail!("`crypto.hmac`: the key cannot be used") };
    mac.update(text.as_bytes());
    Ok(hexadecimal(&mac.finalize().into_bytes()))
}

/// Takes as long wherever the texts differ.
fn equal(args: &[Value]) -> Result<Value> {
    let [Value::String(one), Value::String(other)] = args else {
        bail!("`crypto.hmac.equal` expects two strings");
    };
    let differing = one.bytes().zip(other.bytes()).fold(0, |seen, (one, other)| seen | (one ^ other));
    Ok(Value::from(one.len() == other.len() && std::hint::black_box(differing) == 0))
}

fn hexadecimal(bytes: &[u8]) -> Value {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Value::from(text)
}
