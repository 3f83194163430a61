//! One entry of `allowed_mounts`: `"/srv"`, or `{ path = "/srv", access = "rw", exact = true }`.

use crate::paths::within;
use crate::quote::quoted;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, de};
use std::fmt;

/// What may be done with a path of the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Reading.
    #[default]
    Ro,
    /// Reading and writing. A container that writes to a directory of the host can put a setuid file there, or a
    /// symbolic link that the next mount follows.
    Rw,
}

/// A path of the host that may be mounted or named otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedMount {
    /// Cleaned once the settings are checked.
    pub(crate) path: String,
    pub(crate) access: Access,
    /// Whether paths below it do not match.
    pub(crate) exact: bool,
}

impl AllowedMount {
    /// Whether `path`, which is clean, matches, with any access.
    pub(crate) fn covers(&self, path: &str) -> bool {
        if self.exact { path == self.path } else { within(path, &self.path) }
    }

    pub(crate) fn permits(&self, path: &str, access: Access) -> bool {
        self.access >= access && self.covers(path)
    }
}

impl fmt::Display for AllowedMount {
    /// As the operator writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = quoted(&self.path);
        match (self.access, self.exact) {
            (Access::Ro, false) => f.write_str(&path),
            (Access::Ro, true) => write!(f, "{{ path = {path}, exact = true }}"),
            (Access::Rw, false) => write!(f, "{{ path = {path}, access = \"rw\" }}"),
            (Access::Rw, true) => write!(f, "{{ path = {path}, access = \"rw\", exact = true }}"),
        }
    }
}

#[derive(Deserialize)]
struct Table {
    path: String,
    #[serde(default)]
    access: Access,
    #[serde(default)]
    exact: bool,
}

impl<'de> de::Deserialize<'de> for AllowedMount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entry)
    }
}

struct Entry;

impl<'de> Visitor<'de> for Entry {
    type Value = AllowedMount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, or a table such as { path = \"/srv\", access = \"rw\" }")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<AllowedMount, E> {
        Ok(AllowedMount { path: path.to_owned(), access: Access::Ro, exact: false })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<AllowedMount, M::Error> {
        let Table { path, access, exact } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(AllowedMount { path, access, exact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_entry_permits() {
        let table = [
            (Access::Ro, false, "/srv", Access::Ro, true),
            (Access::Ro, false, "/srv/a", Access::Ro, true),
            (Access::Ro, false, "/srv", Access::Rw, false),
            (Access::Ro, false, "/srvx", Access::Ro, false),
            (Access::Rw, false, "/srv/a", Access::Rw, true),
            (Access::Rw, false, "/srv/a", Access::Ro, true),
            (Access::Rw, true, "/srv", Access::Rw, true),
            (Access::Rw, true, "/srv/a", Access::Ro, false),
            (Access::Ro, true, "/srv", Access::Rw, false),
        ];
        for (access, exact, path, wanted, expected) in table {
            let entry = AllowedMount { path: "/srv".into(), access, exact };
            assert_eq!(entry.permits(path, wanted), expected, "{entry}: {path} {wanted:?}");
        }
    }
}
