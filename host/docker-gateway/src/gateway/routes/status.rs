//! `/status` and `/system/status`: the version, without authentication, as Portainer's clients ask for it.

use serde_json::json;

use super::access::{Call, Public};
use super::{Handled, ok};

pub(super) async fn status(_: Public, call: Call) -> Handled {
    ok(json!({ "Version": env!("CARGO_PKG_VERSION"), "InstanceID": call.gateway.instance_id }))
}
