//! Functions of regorus that panic for some arguments, or need what a sandbox has not. A function that the host adds is
//! found before regorus's own of that name.

use anyhow::{Result, bail};
use regorus::{Engine, Value};

/// The most numbers that a range may have: an instance has 64 MiB.
const RANGE: i64 = 100_000;

/// Replaces them.
pub(crate) fn replace(engine: &mut Engine) -> Result<()> {
    // `windows` panics for a length of 0.
    engine.add_extension("strings.count".to_owned(), 2, Box::new(|args: Vec<Value>| count(&args)))?;
    // `Vec::with_capacity` panics, and a step of 0 divides by it.
    engine.add_extension("numbers.range".to_owned(), 2, Box::new(|args: Vec<Value>| range(&args)))?;
    engine.add_extension("numbers.range_step".to_owned(), 3, Box::new(|args: Vec<Value>| range(&args)))?;
    engine.add_extension(
        "rand.intn".to_owned(),
        2,
        Box::new(|_| bail!("`rand.intn`: a policy has no randomness")),
    )
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
    let numbers: Option<Vec<i64>> = args.iter().map(|value| value.as_i64().ok()).collect();
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
