//! `portcullis completions` and `portcullis man`, from the definition of the command line.

use clap::{Command, ValueEnum};
use clap_complete::Shell as Known;
use std::io::Write as _;
use std::path::Path;

use portcullis_server::ServeError;

/// A shell that completes commands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Shell {
    /// `source <(portcullis completions bash)`
    Bash,
    /// Into a file `_portcullis` of a folder in `fpath`
    Zsh,
    /// Into `~/.config/fish/completions/portcullis.fish`
    Fish,
}

pub(super) fn completions(mut command: Command, shell: Shell) -> Result<(), ServeError> {
    let shell = match shell {
        Shell::Bash => Known::Bash,
        Shell::Zsh => Known::Zsh,
        Shell::Fish => Known::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "portcullis", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

pub(super) fn man(command: Command, folder: &Path) -> Result<(), ServeError> {
    let named = |error| ServeError::Usage(format!("`{}`: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(named)?;
    clap_mangen::generate_to(command, folder).map_err(named)
}
