//! The `portcullis` command line: the commands and what they print. Text for people by default; `--json` for programs.
//!
//! A new command is a module here, with a variant of `Command`.

mod admin;
mod barbican_import;
mod barbican_purge;
#[cfg(test)]
mod bindings;
mod check;
mod docker_why;
mod doctor;
mod http;
mod import;
mod import_socket_proxy;
mod inspect;
mod interfaces;
mod policy_adapt;
mod policy_bench;
mod policy_case;
mod policy_learn;
mod policy_new;
mod policy_test;
mod records;
mod replay;
mod shell;
mod spec;
mod trial;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory as _, Parser, Subcommand};
use portcullis_contract::HookName;
use portcullis_listen::Activation;
use portcullis_server::{BUILD, Config, ConfigSource, ServeError};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Asks a sandboxed WebAssembly policy before power is handed out.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis",
    version,
    max_term_width = 100,
    // Not in the text above, or clap writes each option of this list in three lines.
    after_help = "Without a command it serves with the built-in policy docker-baseline on local sockets."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the APIs of a configuration
    Serve {
        /// The configuration, in TOML
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Validate a configuration, build its policies and run their cases; start nothing
    Check {
        /// The configuration, in TOML
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Inspect, test and measure modules; list and change the policies of the running host
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Ask the running host what its policies would decide; nothing is carried out
    Ask(admin::ask::Arguments),
    /// Show who asked for what, what was decided, and why
    Explain(admin::decisions::Explain),
    /// List the latest decisions, or follow them
    Decisions(admin::decisions::Decisions),
    /// Allow what policies refuse, for a limited time: the way out of a bad policy
    BreakGlass(admin::break_glass::Arguments),
    /// Ask recorded inputs again, and print what would change
    Replay(replay::Arguments),
    /// Connect dockerd, and check that it asks
    #[command(subcommand)]
    Docker(DockerCommand),
    /// Import the database of a Barbican, delete what a project has left
    #[command(subcommand)]
    Barbican(BarbicanCommand),
    /// Get AWS credentials from a federation mount
    #[command(subcommand)]
    Aws(AwsCommand),
    /// Import AWS Federation Proxy configuration
    #[command(subcommand)]
    Federation(FederationCommand),
    /// Print a script that completes commands in a shell
    // For packagers, as `man`: the list of commands fits on a small screen without them.
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: shell::Shell,
    },
    /// Write man pages
    #[command(hide = true)]
    Man {
        /// The folder to write them into
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum BarbicanCommand {
    /// Import the database of a Barbican 22 or 23; run again, it goes on where it ended
    Import(barbican_import::Arguments),
    /// Delete the secrets, containers, orders, consumers and quotas of a project that is gone from Keystone
    Purge(barbican_purge::Arguments),
}

#[derive(Debug, Subcommand)]
enum AwsCommand {
    #[command(flatten)]
    Client(portcullis_aws_client::Command),
    /// End a user's cached sessions on the running host, and print the policy that denies the rest
    Revoke(admin::revoke::Arguments),
}

#[derive(Debug, Subcommand)]
enum FederationCommand {
    /// Print AFP's configuration as Portcullis configuration
    Import(import::Arguments),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Make a project for a policy, with build script and cases
    New(policy_new::Arguments),
    /// Make a policy of a core module for WASI, as Go compiles to
    Adapt(policy_adapt::Arguments),
    /// Show a module: digest, hooks, imports, whether it can be pre-initialized
    Inspect(inspect::Arguments),
    #[command(flatten)]
    InForce(admin::policies::Command),
    /// Ask a module a file of cases, and show what fails
    Test(policy_test::Arguments),
    /// Measure decisions, memory and the time of a build
    Bench(policy_bench::Arguments),
    /// Print a recorded decision as a case
    Case(policy_case::Arguments),
    /// Propose the settings that recorded calls need
    Learn(policy_learn::Arguments),
}

#[derive(Debug, Subcommand)]
enum DockerCommand {
    /// Print the files that make dockerd ask this host
    Spec(spec::Arguments),
    /// Prove that dockerd asks: a typo in daemon.json leaves it silently open
    Doctor(doctor::Arguments),
    /// Show why the latest Docker calls were refused; `docker build` prints no more than `received 403`
    Why(docker_why::Arguments),
    /// Print the variables of Tecnativa's docker-socket-proxy as rules of docker-allowlist
    ImportSocketProxy(import_socket_proxy::Arguments),
}

/// Runs the command line of this process, to its end.
pub fn main() -> ExitCode {
    // The allocator asks for pages of 2 MiB, of which a heap as small as ours would touch many and fill none: a
    // third more resident memory. A kernel that knows no such pages has nothing to refuse.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Before anything else is set up: the build has its whole process to itself.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == BUILD) {
        return portcullis_engine::build::child_main();
    }
    let arguments = Arguments::parse();
    let outcome = log_to_stderr().and_then(|()| run(arguments.command));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Option<Command>) -> Result<ExitCode, ServeError> {
    match command {
        None => run_server(ConfigSource::BuiltIn),
        Some(Command::Serve { config }) => run_server(ConfigSource::File(config)),
        Some(Command::Check { config, json }) => check::run(&config, json),
        Some(Command::Policy(PolicyCommand::New(arguments))) => policy_new::run(&arguments),
        Some(Command::Policy(PolicyCommand::Adapt(arguments))) => policy_adapt::run(&arguments),
        Some(Command::Policy(PolicyCommand::Inspect(arguments))) => inspect::run(&arguments),
        Some(Command::Policy(PolicyCommand::InForce(command))) => admin::policies::run(command),
        Some(Command::Ask(arguments)) => admin::ask::run(&arguments),
        Some(Command::Explain(arguments)) => admin::decisions::explain(&arguments),
        Some(Command::Decisions(arguments)) => admin::decisions::decisions(&arguments),
        Some(Command::BreakGlass(arguments)) => admin::break_glass::run(&arguments),
        Some(Command::Policy(PolicyCommand::Test(arguments))) => policy_test::run(&arguments),
        Some(Command::Policy(PolicyCommand::Bench(arguments))) => policy_bench::run(&arguments),
        Some(Command::Policy(PolicyCommand::Case(arguments))) => policy_case::run(&arguments),
        Some(Command::Policy(PolicyCommand::Learn(arguments))) => policy_learn::run(&arguments),
        Some(Command::Replay(arguments)) => replay::run(&arguments),
        Some(Command::Completions { shell }) => shell::completions(Arguments::command(), shell),
        Some(Command::Man { folder }) => shell::man(Arguments::command(), &folder),
        Some(Command::Docker(DockerCommand::Spec(arguments))) => spec::run(&arguments),
        Some(Command::Docker(DockerCommand::Doctor(arguments))) => doctor::run(&arguments),
        Some(Command::Docker(DockerCommand::Why(arguments))) => docker_why::run(&arguments),
        Some(Command::Docker(DockerCommand::ImportSocketProxy(arguments))) => {
            import_socket_proxy::run(&arguments)
        }
        Some(Command::Federation(FederationCommand::Import(arguments))) => import::run(&arguments),
        Some(Command::Barbican(BarbicanCommand::Import(arguments))) => {
            return barbican_import::run(arguments);
        }
        Some(Command::Barbican(BarbicanCommand::Purge(arguments))) => barbican_purge::run(&arguments),
        Some(Command::Aws(AwsCommand::Client(command))) => return Ok(aws(&command)),
        Some(Command::Aws(AwsCommand::Revoke(arguments))) => admin::revoke::run(&arguments),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The client of a host elsewhere, with errors and exit statuses of its own.
fn aws(command: &portcullis_aws_client::Command) -> ExitCode {
    match portcullis_aws_client::run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&portcullis_errors::chain(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is where a command says why it failed")]
fn complain(error: &dyn std::fmt::Display) {
    eprintln!("portcullis: {error}");
}

fn log_to_stderr() -> Result<(), ServeError> {
    let filter = match std::env::var_os("PORTCULLIS_LOG") {
        None => EnvFilter::new("info"),
        Some(text) => EnvFilter::try_new(text.to_string_lossy()).map_err(|error| {
            ServeError::Usage(format!(
                "the environment variable `PORTCULLIS_LOG`: {error}; write e.g. `debug` or `info,policy=debug`"
            ))
        })?,
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // It would panic where standard error is closed.
        .log_internal_errors(false)
        .init();
    Ok(())
}

fn run_server(source: ConfigSource) -> Result<(), ServeError> {
    // Before there are threads: it takes variables out of the environment.
    let activation = Activation::take()?;
    runtime()?.block_on(portcullis_server::serve(source, activation, &[]))
}

/// Prints a command's output.
#[expect(clippy::print_stdout, reason = "this is where every command prints")]
fn print(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Says something beside a command's output, which may be going into a file.
#[expect(clippy::print_stderr, reason = "this is where a command says more than its output")]
fn note(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// Reads a hook by its name; a help lists the names, and a shell completes them.
fn hook_parser() -> impl TypedValueParser<Value = HookName> {
    PossibleValuesParser::new(HookName::ALL.map(HookName::as_str))
        .try_map(|name| HookName::from_name(&name).ok_or("there is no such hook"))
}

/// The configuration in that file, or the one without a file.
fn config_of(file: Option<&Path>) -> Result<Config, ServeError> {
    Ok(file.map_or_else(Config::default_without_file, Config::load)?)
}

fn runtime() -> Result<tokio::runtime::Runtime, ServeError> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
