//! `portcullis docker why`: the latest refusals of Docker calls. A client may print less than it was told, as
//! `docker build` with `BuildKit` does: `received 403`.

use portcullis_server::ServeError;
use serde_json::Value;

use crate::admin::{Ask, Target, record};
use crate::{print, runtime};

/// The APIs of Docker.
const APIS: [&str; 2] = ["docker-plugin", "docker-gateway"];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only refusals of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The most refusals, newest first
    #[arg(long, default_value_t = 3)]
    limit: usize,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let mut refusals = runtime()?.block_on(async {
        let mut refusals = Vec::new();
        for api in APIS {
            refusals.extend(arguments.target.lines(arguments.ask(api)).await?);
        }
        Ok::<_, ServeError>(refusals)
    })?;
    // Texts of one format and of UTC: in the order of time.
    refusals.sort_by(|one, other| time(other).cmp(time(one)));
    refusals.truncate(arguments.limit);
    if arguments.target.json {
        refusals.iter().for_each(print);
    } else if refusals.is_empty() {
        print(
            "no Docker call was refused, as far as records in memory go; `portcullis decisions` lists what was allowed",
        );
    } else {
        print(refusals.iter().map(told).collect::<Vec<_>>().join("\n\n"));
    }
    Ok(())
}

impl Arguments {
    fn ask(&self, api: &str) -> Ask<'static> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("kind", "decision").append_pair("verdict", "deny").append_pair("api", api);
        query.append_pair("limit", &self.limit.to_string());
        if let Some(user) = &self.user {
            query.append_pair("principal", user);
        }
        Ask::new("GET", format!("/decisions?{}", query.finish()))
    }
}

fn time(record: &Value) -> &str {
    record::text(record, "/time")
}

/// A refusal as a person reads it.
fn told(record: &Value) -> String {
    let text = |at: &str| record::text(record, at);
    let operation = match text("/operation") {
        "" => "unknown operation",
        operation => operation,
    };
    format!(
        "{} {}: {operation}, {} {}\n  {}\n  by {}, rule {}; `portcullis explain {}` shows all of it",
        time(record),
        record::user(record),
        text("/method"),
        text("/uri"),
        text("/reason"),
        record::decided_by(record),
        text("/rule"),
        text("/id")
    )
}

#[cfg(test)]
mod tests {
    use super::told;
    use serde_json::json;

    #[test]
    fn a_refusal_is_told_with_user_operation_and_reason() {
        let record = json!({
            "time": "2026-11-27T12:00:15.885Z", "id": "01", "rule": "buildkit", "policy": "docker-baseline",
            "reason": "BuildKit is not allowed; set `DOCKER_BUILDKIT=0`", "principal": { "authentication": "anonymous" },
            "operation": "Session", "method": "POST", "uri": "/session",
        });
        assert_eq!(
            told(&record),
            "2026-11-27T12:00:15.885Z anonymous: Session, POST /session\n  BuildKit is not allowed; set `DOCKER_BUILDKIT=0`\n  by \
             policy docker-baseline, rule buildkit; `portcullis explain 01` shows all of it"
        );
    }
}
