//! `net.cidr_*` that regorus does not have.

use anyhow::{Result, anyhow, bail};
use ipnet::{IpNet, Ipv4Net};
use regorus::Value;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::Adding;

/// The most pairs that are compared: a call is one step to the host, and has no other limit.
const MAX_PAIRS: usize = 100_000;

pub(super) fn add(to: &mut Adding<'_>) -> Result<()> {
    to.function("net.cidr_intersects", 2, intersects)?;
    to.function("net.cidr_overlap", 2, contains)?;
    to.function("net.cidr_contains_matches", 2, contains_matches)?;
    to.function("net.cidr_merge", 1, merge)
}

fn intersects(args: &[Value]) -> Result<Value> {
    let [one, other] = args else { bail!("`net.cidr_intersects` expects two networks") };
    let (one, other) = (network(one)?, network(other)?);
    Ok(Value::from(one.contains(&other.network()) || other.contains(&one.network())))
}

/// OPA's former name of `net.cidr_contains`.
fn contains(args: &[Value]) -> Result<Value> {
    let [outer, inner] = args else { bail!("`net.cidr_overlap` expects a network and an address") };
    Ok(Value::from(network(outer)?.contains(&network_or_address(inner)?)))
}

/// Pairs of what names a network and what names an address or network in it: the key of an object, the index of an array,
/// else the text or the tuple itself.
fn contains_matches(args: &[Value]) -> Result<Value> {
    let [outer, inner] = args else { bail!("`net.cidr_contains_matches` expects two operands") };
    let outer = operands(outer)?;
    let inner = operands(inner)?;
    if outer.len().saturating_mul(inner.len()) > MAX_PAIRS {
        bail!("`net.cidr_contains_matches`: more than {MAX_PAIRS} pairs");
    }
    let inner: Vec<_> =
        inner.iter().map(|(name, value)| Ok((name, network_or_address(value)?))).collect::<Result<_>>()?;
    let mut matches = BTreeSet::new();
    for (name, value) in &outer {
        let outer = network(value)?;
        let found = inner.iter().filter(|(_, inner)| outer.contains(inner));
        matches.extend(found.map(|(other, _)| Value::from(vec![name.clone(), (*other).clone()])));
    }
    Ok(Value::from(matches))
}

/// What names each operand, and its text.
fn operands(value: &Value) -> Result<Vec<(Value, Value)>> {
    let first = |value: &Value| match value {
        Value::String(_) => Ok(value.clone()),
        Value::Array(tuple) if !tuple.is_empty() => Ok(tuple[0].clone()),
        _ => bail!("`net.cidr_contains_matches`: an element must be a string or a non-empty array"),
    };
    match value {
        Value::String(_) => Ok(vec![(value.clone(), value.clone())]),
        Value::Array(list) => {
            list.iter().enumerate().map(|(at, value)| Ok((Value::from(at), first(value)?))).collect()
        }
        Value::Set(set) => set.iter().map(|value| Ok((value.clone(), first(value)?))).collect(),
        Value::Object(object) => object.iter().map(|(key, value)| Ok((key.clone(), first(value)?))).collect(),
        _ => bail!("`net.cidr_contains_matches` expects strings, or an array, a set or an object of them"),
    }
}

/// The smallest set of networks.
fn merge(args: &[Value]) -> Result<Value> {
    let networks: Vec<_> = match args {
        [Value::Array(list)] => list.iter().map(network_or_classful).collect::<Result<_>>()?,
        [Value::Set(set)] => set.iter().map(network_or_classful).collect::<Result<_>>()?,
        _ => bail!("`net.cidr_merge` expects an array or a set"),
    };
    let merged = IpNet::aggregate(&networks);
    Ok(Value::from(merged.iter().map(|network| Value::from(network.to_string())).collect::<BTreeSet<_>>()))
}

fn text(value: &Value) -> Result<&str> {
    match value {
        Value::String(text) => Ok(text),
        _ => bail!("a network is a string"),
    }
}

fn network(value: &Value) -> Result<IpNet> {
    let text = text(value)?;
    text.parse::<IpNet>().map(|network| network.trunc()).map_err(|_| anyhow!("`{text}` is no network"))
}

fn network_or_address(value: &Value) -> Result<IpNet> {
    match text(value)?.parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => network(value),
    }
}

/// As OPA: an address of IPv4 without a prefix stands for the network of its class, and one of IPv6 for none.
fn network_or_classful(value: &Value) -> Result<IpNet> {
    match text(value)?.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => classful(address),
        Ok(IpAddr::V6(_)) => bail!("IPv6 needs a prefix length"),
        Err(_) => network(value),
    }
}

fn classful(address: Ipv4Addr) -> Result<IpNet> {
    let prefix = match address.octets()[0] {
        0..=127 => 8,
        128..=191 => 16,
        _ => 24,
    };
    Ok(IpNet::from(Ipv4Net::new(address, prefix)?.trunc()))
}
