//! The `portcullis` program: command line, configuration, wiring, shutdown.
//!
//! * `cli`: the commands and what they print
//! * `config`: from a file's text to values that hold
//! * `builtin`: the policies that are part of the program
//! * `serve`: everything wired together, signals
//! * `open`: listeners, their certificates first
//! * `barbican`: that door from its configuration
//! * `reload`: what SIGHUP does
//! * `admin`: health, readiness, policies and decisions over HTTP
//! * `metrics`: what is counted

mod admin;
mod barbican;
mod builtin;
mod cli;
mod config;
mod federation;
mod metrics;
mod open;
mod reload;
mod serve;

use std::process::ExitCode;

/// The subcommand by which a host starts its build processes. Not for people.
const BUILD: &str = "build-policy";

/// Runs the command line of this process, to its end.
pub fn main() -> ExitCode {
    // The allocator asks for pages of 2 MiB, of which a heap as small as ours would touch many and fill none: a
    // third more resident memory. A kernel that knows no such pages has nothing to refuse.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Before anything else is set up: the build has its whole process to itself.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == BUILD) {
        return portcullis_engine::build::child_main();
    }
    cli::main()
}
