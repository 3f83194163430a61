//! `portcullis break-glass`: the way out of a bad policy, on this machine alone.

use portcullis_server::ServeError;
use serde_json::json;

use super::{Ask, Target};
use crate::{print, runtime};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long, e.g. `10m`
    #[arg(long, value_name = "TIME", required_unless_present = "close")]
    r#for: Option<String>,
    /// Why, for the records
    #[arg(long, value_name = "TEXT", required_unless_present = "close")]
    reason: Option<String>,
    /// What is opened: `docker-plugin`, `docker-gateway`, `barbican`; may be repeated
    #[arg(long, value_name = "API", default_values = ["docker-plugin", "docker-gateway"])]
    api: Vec<String>,
    /// Let policies decide again
    #[arg(long, conflicts_with_all = ["for", "reason"])]
    close: bool,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let ask = if arguments.close {
        Ask::new("DELETE", "/break-glass".into())
    } else {
        let wanted = json!({ "for": arguments.r#for, "reason": arguments.reason, "apis": arguments.api });
        let (path, body) = ("/break-glass".into(), wanted.to_string().into_bytes());
        Ask { method: "POST", path, media_type: "application/json", body }
    };
    let found = runtime()?.block_on(arguments.target.json(ask))?;
    if arguments.target.json {
        print(format_args!("{found:#}"));
    } else if arguments.close {
        print("policies decide again");
    } else {
        print(format_args!(
            "what policies refuse is allowed until {}, and recorded; `portcullis break-glass --close` ends it",
            found["until"].as_str().unwrap_or_default()
        ));
    }
    Ok(())
}
