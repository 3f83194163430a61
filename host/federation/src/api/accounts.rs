//! `/account`: all accounts and roles that are granted to the user.

use axum::response::Response;

use super::call::{Call, Purpose};
use crate::response::{self, Failure};

pub(super) async fn list(call: &Call<'_>) -> Result<Response, Failure> {
    let grants = call.all(Purpose::List).await?;
    // The key counts, not its value.
    let with_ids = call.parameter("withid").is_some();
    let listing = response::listing(&grants, &call.mount.accounts, with_ids);
    Ok(response::of_user(response::json(&listing), call.user()))
}
