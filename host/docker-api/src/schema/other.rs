//! Plugins and registry credentials: moby `api/types` and `api/types/registry`.

use super::{ANY, LIST, Schema};

pub(super) const PLUGIN_PRIVILEGES: &Schema =
    &Schema::List(&Schema::Struct(&[("Name", ANY), ("Description", ANY), ("Value", LIST)]));

/// `registry.AuthConfig`: its names are lower case.
pub(super) const AUTH: &Schema = &Schema::Struct(&[
    ("username", ANY),
    ("password", ANY),
    ("auth", ANY),
    ("email", ANY),
    ("serveraddress", ANY),
    ("identitytoken", ANY),
    ("registrytoken", ANY),
]);
