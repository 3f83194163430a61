//! `portcullis policy list|show|put|delete|rollback|restore` and `portcullis policy shadow`: the policies of the running
//! host.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_server::{ServeError, builtin};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

use super::{Ask, Target, short, table};
use crate::{print, runtime};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show the policies in force
    List(Target),
    /// Show one policy with its revisions
    Show {
        /// The policy's name
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Add or replace a policy
    Put {
        /// The policy's name
        name: String,
        #[command(flatten)]
        policy: Policy,
        #[command(flatten)]
        target: Target,
    },
    /// Remove a policy
    Delete {
        /// The policy's name
        name: String,
        /// Also if a hook is left without a policy, and everything refused there
        #[arg(long)]
        confirm: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Put the revision before in force again, and withdraw the present one
    Rollback {
        /// The policy's name
        name: String,
        /// Another revision than the one before, by the first digits of its digest
        #[arg(long)]
        revision: Option<String>,
        /// Without running the cases of the policy in force
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Put what the configuration says in force again
    Restore {
        /// The policy's name
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Ask a candidate for the same requests, and see what it would change
    #[command(subcommand)]
    Shadow(Shadow),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Shadow {
    /// Ask a candidate beside the policy of that name
    Put {
        /// The policy's name
        name: String,
        #[command(flatten)]
        policy: Policy,
        #[command(flatten)]
        target: Target,
    },
    /// Show where the candidate and the policy in force disagree
    Show {
        /// The policy's name
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Put the candidate in force
    Promote {
        /// The policy's name
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Remove the candidate
    Delete {
        /// The policy's name
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

/// What is said of a policy; what is not stays as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Policy {
    /// A module, or `builtin:NAME`
    #[arg(long, value_name = "FILE")]
    module: Option<String>,
    /// A file with the settings, as JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// `enforce` or `monitor`
    #[arg(long)]
    mode: Option<String>,
}

impl Policy {
    fn body(&self) -> Result<Vec<u8>, ServeError> {
        let mut body = Map::new();
        if let Some(module) = &self.module {
            let bytes = match module.strip_prefix("builtin:") {
                Some(name) => builtin_bytes(name)?,
                None => read(Path::new(module))?,
            };
            body.insert("module".into(), STANDARD.encode(bytes).into());
        }
        if let Some(file) = &self.settings {
            let settings: Value = serde_json::from_slice(&read(file)?)
                .map_err(|error| ServeError::Usage(format!("`{}`: {error}", file.display())))?;
            body.insert("settings".into(), settings);
        }
        if let Some(mode) = &self.mode {
            body.insert("mode".into(), mode.as_str().into());
        }
        if body.is_empty() {
            return Err(ServeError::Usage("say what changes: `--module`, `--settings` or `--mode`".into()));
        }
        Ok(json!(body).to_string().into_bytes())
    }
}

fn builtin_bytes(name: &str) -> Result<Vec<u8>, ServeError> {
    let source = builtin::find(name).map_err(ServeError::Usage)?;
    let read = source.read(None).map_err(|error| ServeError::Usage(error.to_string()))?;
    Ok(read.0.to_vec())
}

fn read(file: &Path) -> Result<Vec<u8>, ServeError> {
    std::fs::read(file).map_err(|error| ServeError::Usage(format!("`{}`: {error}", file.display())))
}

pub(crate) fn run(command: Command) -> Result<(), ServeError> {
    runtime()?.block_on(async {
        match command {
            Command::List(target) => list(&target).await,
            Command::Show { name, target } => show(&name, &target).await,
            Command::Put { name, policy, target } => put(&target, format!("/policies/{name}"), &policy).await,
            Command::Delete { name, confirm, target } => {
                let flags = if confirm { "?confirm" } else { "" };
                change(&target, Ask::new("DELETE", format!("/policies/{name}{flags}"))).await
            }
            Command::Rollback { name, revision, force, target } => {
                let revision = revision.map(|revision| format!("revision={revision}"));
                let flags: Vec<_> = revision.into_iter().chain(force.then(|| "force".into())).collect();
                let path = format!("/policies/{name}/rollback?{}", flags.join("&"));
                change(&target, Ask::new("POST", path)).await
            }
            Command::Restore { name, target } => {
                change(&target, Ask::new("POST", format!("/policies/{name}/restore"))).await
            }
            Command::Shadow(Shadow::Put { name, policy, target }) => {
                put(&target, format!("/policies/{name}/shadow"), &policy).await
            }
            Command::Shadow(Shadow::Show { name, target }) => show_shadow(&name, &target).await,
            Command::Shadow(Shadow::Promote { name, target }) => {
                change(&target, Ask::new("POST", format!("/policies/{name}/shadow/promote"))).await
            }
            Command::Shadow(Shadow::Delete { name, target }) => {
                change(&target, Ask::new("DELETE", format!("/policies/{name}/shadow"))).await
            }
        }
    })
}

async fn put(target: &Target, path: String, policy: &Policy) -> Result<(), ServeError> {
    let body = policy.body()?;
    change(target, Ask { method: "PUT", path, media_type: "application/json", body }).await
}

async fn change(target: &Target, ask: Ask<'_>) -> Result<(), ServeError> {
    let changed = target.json(ask).await?;
    if target.json {
        print(format_args!("{changed:#}"));
        return Ok(());
    }
    for policy in changed["changed"].as_array().into_iter().flatten() {
        let name = policy["name"].as_str().unwrap_or_default();
        print(format_args!(
            "{name}: {} -> {}",
            short(&policy["revision_before"]),
            short(&policy["revision"])
        ));
    }
    print(format_args!("generation {} is in force, after {} ms", changed["generation"], changed["took_ms"]));
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

async fn list(target: &Target) -> Result<(), ServeError> {
    let found = target.json(Ask::new("GET", "/policies".into())).await?;
    if target.json {
        print(format_args!("{found:#}"));
        return Ok(());
    }
    let head = ["name", "revision", "mode", "origin", "since", "hooks"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for policy in found["policies"].as_array().into_iter().flatten() {
        let hooks: Vec<_> =
            policy["hooks"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        rows.push(vec![
            text(&policy["name"]),
            short(&policy["revision"]).to_owned(),
            text(&policy["mode"]),
            text(&policy["origin"]),
            text(&policy["since"]),
            hooks.join(" "),
        ]);
    }
    table(&rows);
    for shadow in found["shadows"].as_array().into_iter().flatten() {
        print(format_args!(
            "shadow of {}: {} agreed, {} disagreed, {} dropped",
            text(&shadow["name"]),
            shadow["agreed"],
            shadow["disagreed"],
            shadow["dropped"]
        ));
    }
    if let Some(reason) = found["last_refusal"]["reason"].as_str() {
        print(format_args!("last refused, at step {}: {reason}", text(&found["last_refusal"]["step"])));
    }
    if let Some(until) = found["break_glass"]["until"].as_str() {
        print(format_args!("the glass is broken until {until}: {}", text(&found["break_glass"]["reason"])));
    }
    print(format_args!("generation {}", found["generation"]));
    Ok(())
}

async fn show(name: &str, target: &Target) -> Result<(), ServeError> {
    let policy = target.json(Ask::new("GET", format!("/policies/{name}"))).await?;
    if target.json {
        print(format_args!("{policy:#}"));
        return Ok(());
    }
    print(format_args!("name      {name}"));
    print(format_args!("revision  {}", text(&policy["revision"])));
    print(format_args!("source    {}", text(&policy["source"])));
    print(format_args!("mode      {}", text(&policy["mode"])));
    print(format_args!("origin    {}, by {}", text(&policy["origin"]), text(&policy["by"])));
    print(format_args!("settings  {}", policy["settings"]));
    let mut rows = vec![["revision", "since", "origin", "by", ""].map(str::to_owned).to_vec()];
    for revision in policy["revisions"].as_array().into_iter().flatten() {
        let note = match (revision["in_force"].as_bool(), revision["withdrawn"].as_bool()) {
            (Some(true), _) => "in force",
            (_, Some(true)) => "withdrawn",
            _ => "",
        };
        rows.push(vec![
            short(&revision["revision"]).to_owned(),
            text(&revision["since"]),
            text(&revision["origin"]),
            text(&revision["by"]),
            note.to_owned(),
        ]);
    }
    table(&rows);
    Ok(())
}

async fn show_shadow(name: &str, target: &Target) -> Result<(), ServeError> {
    let shadow = target.json(Ask::new("GET", format!("/policies/{name}/shadow"))).await?;
    if target.json {
        print(format_args!("{shadow:#}"));
        return Ok(());
    }
    print(format_args!(
        "since {}: {} agreed, {} disagreed, {} dropped",
        text(&shadow["since"]),
        shadow["agreed"],
        shadow["disagreed"],
        shadow["dropped"]
    ));
    let mut rows =
        vec![["decision", "operation", "target", "in force", "shadow"].map(str::to_owned).to_vec()];
    for record in shadow["disagreements"].as_array().into_iter().flatten() {
        let said = |outcome: &Value| match outcome["verdict"].as_str() {
            Some(verdict) => format!("{verdict} ({})", text(&outcome["rule"])),
            None => outcome["detail"].as_str().or(outcome["outcome"].as_str()).unwrap_or("-").to_owned(),
        };
        rows.push(vec![
            text(&record["id"]),
            text(&record["operation"]),
            text(&record["targets"][0]["as_sent"]),
            said(&record["outcomes"][0]),
            said(&record["outcomes"][1]),
        ]);
    }
    if rows.len() > 1 {
        table(&rows);
    }
    Ok(())
}
