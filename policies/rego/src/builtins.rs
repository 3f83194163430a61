//! Functions of OPA that regorus does not have, and those of regorus that panic for some arguments, or need what a sandbox
//! has not. A function that is added is found before regorus's own of that name.
//!
//! * `crypto`: digests and HMAC
//! * `net`: networks
//! * `template`: string interpolation
//! * `time`: the decision's time, and dates

mod crypto;
mod net;
mod template;
mod time;

use anyhow::{Result, bail};
use regorus::{Engine, Value};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(crate) use template::TEMPLATE;

/// The most numbers that a range may have: an instance has 64 MiB.
const RANGE: i64 = 100_000;

/// The time of the decision that is being made: milliseconds since 1970-01-01 UTC.
pub(crate) type Now = Arc<AtomicU64>;

/// Adds them. `now` is what `time.now_ns` returns; `strict` says what a function comes to that cannot take its arguments: an
/// error, or undefined as in OPA.
pub(crate) fn add(engine: &mut Engine, now: &Now, strict: bool) -> Result<()> {
    let mut to = Adding { engine, strict };
    // `windows` panics for a length of 0.
    to.function("strings.count", 2, count)?;
    // `Vec::with_capacity` panics, and a step of 0 divides by it.
    to.function("numbers.range", 2, range)?;
    to.function("numbers.range_step", 3, range)?;
    // regorus takes text alone; of anything else OPA says that it is not valid.
    to.function("json.is_valid", 1, |args| Ok(Value::from(is_json(args))))?;
    to.function("array.flatten", 1, flatten)?;
    crypto::add(&mut to)?;
    net::add(&mut to)?;
    time::add(&mut to, now)?;
    // Errors in any case: OPA stops the whole evaluation too.
    to.strict = true;
    to.function("rand.intn", 2, |_| bail!("`rand.intn`: a policy has no randomness"))?;
    to.function(TEMPLATE, 1, template::render)
}

/// What functions are added to.
struct Adding<'e> {
    engine: &'e mut Engine,
    strict: bool,
}

impl Adding<'_> {
    fn function(&mut self, name: &str, arity: u8, of: fn(&[Value]) -> Result<Value>) -> Result<()> {
        let strict = self.strict;
        let call = move |args: Vec<Value>| match of(&args) {
            Err(error) if strict => Err(error),
            result => Ok(result.unwrap_or(Value::Undefined)),
        };
        self.engine.add_extension(name.to_owned(), arity, Box::new(call))
    }
}

fn is_json(args: &[Value]) -> bool {
    matches!(args, [Value::String(text)] if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

/// One level, as OPA's.
fn flatten(args: &[Value]) -> Result<Value> {
    let [Value::Array(list)] = args else { bail!("`array.flatten` expects a list") };
    let mut flat = Vec::with_capacity(list.len());
    for value in list.iter() {
        match value {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            value => flat.push(value.clone()),
        }
    }
    Ok(Value::from(flat))
}

fn count(args: &[Value]) -> Result<Value> {
    let [Value::String(text), Value::String(part)] = args else {
        bail!("`strings.count` expects two strings");
    };
    if part.is_empty() {
        // As Go's `strings.Count`: between all characters, and at both ends.
        return Ok(Value::from(text.chars().count() + 1));
    }
    Ok(Value::from(text.matches(part.as_ref()).count()))
}

fn range(args: &[Value]) -> Result<Value> {
    let mut numbers: Option<Vec<i64>> = args.iter().take(2).map(|value| value.as_i64().ok()).collect();
    if let (Some(numbers), Some(step)) = (&mut numbers, args.get(2)) {
        // A step beyond 64 bits is larger than any distance between numbers of 64 bits.
        let clamped =
            step.as_i128().map(|step| i64::try_from(step).unwrap_or(if step < 0 { -1 } else { i64::MAX }));
        match step.as_i64().or(clamped) {
            Ok(step) => numbers.push(step),
            Err(_) => bail!("`numbers.range_step` expects whole numbers"),
        }
    }
    let (first, last, step) = match numbers.as_deref() {
        Some(&[first, last]) => (first, last, 1),
        Some(&[first, last, step]) => (first, last, step),
        _ => bail!("`numbers.range` expects whole numbers of 64 bits"),
    };
    if step <= 0 {
        bail!("the step of `numbers.range_step` is {step}, and must be 1 or more");
    }
    let distance = i128::from(last) - i128::from(first);
    if distance.abs() / i128::from(step) >= i128::from(RANGE) {
        bail!("`numbers.range`: more than {RANGE} numbers");
    }
    let direction = if distance < 0 { -1 } else { 1 };
    let count = distance.abs() / i128::from(step) + 1;
    let numbers: Vec<_> = (0..count)
        .map(|index| Value::from(i128::from(first) + index * i128::from(step) * direction))
        .collect();
    Ok(Value::from(numbers))
}
