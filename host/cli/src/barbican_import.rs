//! `portcullis barbican import`: takes over what a Barbican has in its own database.

use clap::Args;
use portcullis_server::{BarbicanImport, Config, Count, Left, Report, ServeError, What};
use serde_json::json;
use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use super::runtime;
use super::trial::printable;

/// What the command takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Barbican's database, as `connection` in its barbican.conf: `sqlite:////FILE`, `postgresql://...` or `mysql://...`
    #[arg(long, value_name = "URL")]
    from: String,
    /// A file with the password of the database's user, which then stands in no list of processes
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file with Barbican's KEKs (`kek` in its `[simple_crypto_plugin]`), one a line
    #[arg(long, value_name = "FILE", required_unless_present = "kek_env")]
    kek_file: Option<PathBuf>,
    /// An environment variable with the KEKs, instead of a file
    #[arg(long, value_name = "VARIABLE", conflicts_with = "kek_file")]
    kek_env: Option<String>,
    /// The configuration, in TOML: its `[store]` is where everything is imported to
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print a line of JSON for each thing that is left, and one with the counts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, ServeError> {
    let Arguments { from, password_file, kek_file, kek_env, config, json } = arguments;
    let config = Config::load(&config)?;
    let import = BarbicanImport { from, password_file, kek_file, kek_env };
    let mut left = |left: &Left| say_left(left, json);
    let (source, database, report) =
        runtime()?.block_on(portcullis_server::import_barbican(&config, &import, &mut left))?;
    if json {
        say(counts(&source, &database, &report));
    } else {
        say(format_args!("imported from `{source}` into `{database}`\n{}", table(&report)));
        if report.default_quotas() > 0 {
            warn(format_args!(
                "{} projects have quotas that are not set: these are unlimited here, and defaults in `[quotas]` of barbican.conf stay behind; set them by `PUT /v1/project-quotas/PROJECT`",
                report.default_quotas()
            ));
        }
    }
    Ok(if report.has_left() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn say_left(left: &Left, is_json: bool) {
    let Left { what, id, reason } = left;
    if is_json {
        say(json!({ "left": { "kind": what.to_string(), "id": id, "reason": reason.to_string() } }));
    } else {
        // Both may have what a user of Barbican wrote.
        let (id, reason) = (printable(id), printable(&reason.to_string()));
        warn(format_args!("left {what} `{id}`: {reason}"));
    }
}

/// Prints a line. The import goes on where its reader is gone (`| head`): what it has written is in the database in any case.
fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// As [`say`], on standard error.
fn warn(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn counts(source: &str, database: &str, report: &Report) -> serde_json::Value {
    let mut counts = serde_json::Map::new();
    for what in What::ALL {
        let Count { imported, already_there, left } = report.of(what);
        let count = json!({ "imported": imported, "already_there": already_there, "left": left });
        counts.insert(what.plural().into(), count);
    }
    json!({ "from": source, "into": database, "counts": counts, "default_quotas": report.default_quotas() })
}

fn table(report: &Report) -> String {
    let mut table = format!("{:<10} {:>10} {:>14} {:>8}", "", "imported", "already there", "left");
    for what in What::ALL {
        let Count { imported, already_there, left } = report.of(what);
        let _ = write!(table, "\n{:<10} {imported:>10} {already_there:>14} {left:>8}", what.plural());
    }
    table
}
