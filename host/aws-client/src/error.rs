//! Why a command failed. Each text says what to do next.
//!
//! No text has a token, a password or a URL's query. What a server says is sanitized, since it goes to a terminal.

use portcullis_http_client::{HttpError, RootsError};
use std::io;
use std::path::PathBuf;

/// Exit status of a shell for a program that is not found.
const NOT_FOUND: u8 = 127;
/// Exit status of a shell for a program that cannot be run.
const NOT_RUN: u8 = 126;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsClientError {
    /// No option, variable or login names a mount.
    #[error(
        "no mount is named: give `--url URL`, set PORTCULLIS_AWS_URL, or run `portcullis aws login --url URL`"
    )]
    NoUrl,
    /// The URL is none that a token may be sent to.
    #[error("`{url}` cannot be the URL of a mount: {why}")]
    Url {
        /// As it was given, without a user and password.
        url: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The role is not written as one.
    #[error("`{0}` names no role: write ACCOUNT/ROLE, e.g. `production/reader`")]
    Role(String),
    /// There is no home folder to keep something in.
    #[error("there is no home folder: set HOME, or {0}")]
    NoHome(&'static str),
    /// A file of the user's cannot be read.
    #[error("cannot read `{path}`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file of the user's cannot be written.
    #[error("cannot write `{path}`", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file with a token or password has none.
    #[error("`{path}` must hold one line of visible characters", path = .0.display())]
    SecretFile(PathBuf),
    /// Other users may read a file that this program writes for one user alone.
    #[error("other users may open `{path}`: run `chmod 600 {path}`", path = .0.display())]
    Exposed(PathBuf),
    /// The client's own file was changed to what it cannot be.
    #[error("`{path}`: {why}; correct it, or remove it and run `portcullis aws login`", path = path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        why: String,
    },
    /// There is no terminal to ask for a password.
    #[error("the password of `{user}` cannot be asked for without a terminal: give `--password-file FILE`")]
    Prompt {
        /// The user.
        user: String,
        /// The system's error.
        source: io::Error,
    },
    /// A password without a name.
    #[error("`--password-file` needs `--user NAME`")]
    NoUser,
    /// A user name that Basic cannot carry.
    #[error("`{0}` cannot be a user's name: it holds a colon or a control character")]
    User(String),
    /// The token is none that a header can carry.
    #[error("PORTCULLIS_AWS_TOKEN must be one line of visible characters")]
    Token,
    /// The certificate authorities cannot be used.
    #[error(
        "the certificate authorities for `{host}` cannot be used; `--ca FILE` names those of your organisation"
    )]
    Roots {
        /// The mount's host.
        host: String,
        /// Which.
        source: RootsError,
    },
    /// The mount cannot be reached.
    #[error("`{host}` cannot be asked; check `--url`, HTTPS_PROXY, NO_PROXY and `--ca`")]
    Unreachable {
        /// The host.
        host: String,
        /// What happened.
        source: HttpError,
    },
    /// The mount does not take the client for a user.
    #[error("{message}: {advice}")]
    Unauthorized {
        /// What the mount says.
        message: String,
        /// What to do.
        advice: String,
    },
    /// There is nothing to sign in with.
    #[error(
        "give `--issuer URL` and `--client-id ID` of an OpenID provider, or `--user NAME` for a password"
    )]
    NoIssuer,
    /// The provider does not do what was asked, or the user refused.
    #[error("`{issuer}`: {what}")]
    Provider {
        /// The provider.
        issuer: String,
        /// What is wrong.
        what: String,
    },
    /// The token has expired, and cannot be refreshed.
    #[error("the login has expired: run `portcullis aws login`")]
    LoginExpired,
    /// The mount refuses.
    #[error("{0}")]
    Refused(String),
    /// The mount refuses for some time.
    #[error("{message}; try again in {seconds} s")]
    Later {
        /// What the mount says.
        message: String,
        /// After how many seconds.
        seconds: u64,
    },
    /// The response is none of this API.
    #[error(
        "`{url}` does not respond as a federation mount ({what}): `--url` is its whole URL, with the prefix"
    )]
    NotTheApi {
        /// The mount's URL.
        url: String,
        /// What came instead.
        what: String,
    },
    /// The part of the file between the marks cannot be told.
    #[error("`{path}`: {why}", path = path.display())]
    Profiles {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A name that must stand in a command has characters that no shell of any client reads alike.
    #[error(
        "`{0}` cannot stand in a profile: it holds a quote, a backslash, `$`, a backtick or a control character"
    )]
    Unquotable(String),
    /// The program is not there, or cannot be run.
    #[error("`{program}` cannot be run")]
    Exec {
        /// The program.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// No program opens URLs.
    #[error("no program was found that opens a URL; leave out `--open` to print it")]
    Open(#[source] io::Error),
    /// Standard output, or the runtime.
    #[error("the command cannot work")]
    Io(#[from] io::Error),
}

impl AwsClientError {
    /// Exit status of the program. For a command that could not be run it is that of a shell.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Exec { source, .. } if source.kind() == io::ErrorKind::NotFound => NOT_FOUND,
            Self::Exec { .. } => NOT_RUN,
            _ => 1,
        }
    }
}

/// A server's text on one line of bounded length, without what a terminal would carry out.
pub(crate) fn sanitize(text: &str) -> String {
    const LONGEST: usize = 2000;
    let visible = |char: char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char };
    text.trim().chars().take(LONGEST).map(visible).collect()
}
