//! `portcullis aws revoke`: ends the cached sessions of a user at once.

use portcullis_server::ServeError;
use serde_json::{Value, json};

use super::{Ask, Target};
use crate::{note, print, runtime};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The user, as records name them
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The account and the role [default: all roles]
    #[arg(long, value_name = "ACCOUNT/ROLE")]
    role: Option<String>,
    /// The mount whose user it is [default: all mounts]
    #[arg(long, value_name = "NAME")]
    mount: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let wanted = json!({ "user": arguments.user, "target": arguments.role, "instance": arguments.mount });
    let (path, body) = ("/revocations".into(), wanted.to_string().into_bytes());
    let ask = Ask { method: "POST", path, media_type: "application/json", body };
    let found = runtime()?.block_on(arguments.target.json(ask))?;
    if arguments.target.json {
        print(format_args!("{found:#}"));
        return Ok(());
    }
    let mut of_apis = found["revoked"].as_array().into_iter().flatten();
    let federation = of_apis.find(|revoked| revoked["api"] == "aws-federation");
    let details = federation.map_or(&Value::Null, |revoked| &revoked["details"]);
    let sessions = details["sessions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let revoked = details["requests"].as_u64().unwrap_or_default();
    if revoked > 0 {
        note(format_args!("revoked: {revoked} requests for access that were open or approved"));
    }
    let of_page = details["page_sessions"].as_u64().unwrap_or_default();
    if of_page > 0 {
        note(format_args!("ended: {of_page} sessions of the page"));
    }
    if sessions.is_empty() {
        // Not on standard output, which goes to AWS as a policy.
        const NONE: &str = "no session is cached, so there is no policy to print; records of `aws-federation` name the sessions that were \
             handed out (`role_arn`, `session_name`), and they work until they expire";
        if revoked > 0 || of_page > 0 {
            note(NONE);
            return Ok(());
        }
        return Err(ServeError::Usage(NONE.into()));
    }
    note(format_args!("ended: {} cached sessions", sessions.len()));
    for session in sessions {
        let part = |key: &str| session[key].as_str().unwrap_or_default().to_owned();
        note(format_args!("  {} as {}", part("role_arn"), part("session_name")));
    }
    note("what was handed out works until it expires, unless each of these roles has this inline policy:");
    print(format_args!("{:#}", details["policy"]));
    Ok(())
}
