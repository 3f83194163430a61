//! The keys of one table, taken out one by one: what is left over at the end is unknown and refused by name.

use super::error::{Findings, Place};
use super::yaml::{Map, Node, Scalar, Value};

/// A table whose keys are being read.
pub(super) struct Fields {
    /// What it is called, for messages: `provider`, or nothing at the top.
    name: String,
    pub(super) place: Place,
    map: Map,
}

impl Fields {
    pub(super) fn new(name: &str, place: Place, map: Map) -> Self {
        Self { name: name.to_owned(), place, map }
    }

    /// The full name of one of its keys.
    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// A value, with the place of its key. What is null is not there.
    pub(super) fn take(&mut self, key: &str) -> Option<(Place, Node)> {
        let (place, node) = self.map.remove(key)?;
        (!node.is_null()).then_some((place, node))
    }

    /// A table; empty where it is not there.
    pub(super) fn table(&mut self, key: &str, findings: &mut Findings) -> Option<Self> {
        let (place, node) = self.take(key)?;
        if let Value::Map(map) = node.value {
            return Some(Self::new(&self.path(key), place, map));
        }
        findings.refuse(&place, format_args!("`{}` must have keys with values", self.path(key)));
        None
    }

    /// A scalar.
    pub(super) fn scalar(&mut self, key: &str, findings: &mut Findings) -> Option<(Place, Scalar)> {
        let (place, node) = self.take(key)?;
        if let Value::Scalar(scalar) = node.value {
            return Some((place, scalar));
        }
        findings.refuse(&place, format_args!("`{}` must be one value", self.path(key)));
        None
    }

    /// A text. No secret is taken so.
    pub(super) fn text(&mut self, key: &str, findings: &mut Findings) -> Option<(Place, String)> {
        self.scalar(key, findings).map(|(place, scalar)| (place, (*scalar.text).clone()))
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, key: &str, findings: &mut Findings) -> Option<(Place, String)> {
        let there = self.map.contains_key(key);
        let text = self.text(key, findings);
        if !there {
            findings.refuse(&self.place, format_args!("`{}` is missing", self.path(key)));
        }
        text
    }

    /// Whether a value is there. It is a secret: what it is is not looked at.
    pub(super) fn secret(&mut self, key: &str) -> bool {
        self.take(key).is_some()
    }

    /// Refuses what is left over.
    pub(super) fn finish(self, findings: &mut Findings) {
        for (key, (place, _)) in &self.map {
            findings.refuse(
                place,
                format_args!("`{}` is not known: AFP does not read it; take it out", self.path(key)),
            );
        }
    }
}
