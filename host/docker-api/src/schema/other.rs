//! Plugins and registry credentials: moby `api/types` and `api/types/registry`.

use super::{ANY, LIST, Schema};

pub(crate) const PLUGIN_PRIVILEGES: &Schema =
    &Schema::List(&Schema::Struct(&[("Name", ANY), ("Description", ANY), ("Value", LIST)]));

/// The body of `PluginSet`: settings as `NAME=value`.
pub(crate) const PLUGIN_SETTINGS: &Schema = LIST;

/// `registry.AuthConfig`: its names are lower case.
pub(crate) const AUTH: &Schema = &Schema::Struct(&[
    ("username", ANY),
    ("password", ANY),
    ("auth", ANY),
    ("email", ANY),
    ("serveraddress", ANY),
    ("identitytoken", ANY),
    ("registrytoken", ANY),
]);
