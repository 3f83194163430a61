//! Formats in which programs take credentials. A shell reads exactly the value, with any characters in it.

use humantime::format_rfc3339_seconds;
use serde::Serialize;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// Credentials to be formatted, the only use that exposes them.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the field is called as AWS calls it")]
pub(crate) struct Secret<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) secret_access_key: &'a str,
    pub(crate) session_token: &'a str,
    pub(crate) expiration: SystemTime,
    /// What the profile is called.
    pub(crate) profile: &'a str,
}

/// A name for a profile, of what AWS's tools read in a section of their files.
pub(crate) fn profile_name(account: &str, role: &str) -> String {
    let plain =
        |char: char| if char.is_ascii_alphanumeric() || "_.@/+=,-".contains(char) { char } else { '-' };
    format!("{account}-{role}").chars().map(plain).collect()
}

/// For whom credentials are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// sh, bash, zsh.
    #[default]
    Shell,
    /// PowerShell, on any system.
    PowerShell,
    /// A section of `~/.aws/credentials`.
    Profile,
    /// What AWS's tools read from a program (AWS CLI User Guide, Sourcing credentials with an external process).
    CredentialProcess,
}

/// Its keys are AWS's.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Process<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
}

impl Format {
    pub(crate) const ALL: [Self; 4] = [Self::Shell, Self::PowerShell, Self::Profile, Self::CredentialProcess];

    /// As forms name it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The one that this browser's system is likely to have use for.
    pub(crate) fn for_user_agent(agent: &str) -> Self {
        if agent.contains("Windows") { Self::PowerShell } else { Self::Shell }
    }

    /// As forms name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::PowerShell => "powershell",
            Self::Profile => "profile",
            Self::CredentialProcess => "credential_process",
        }
    }

    /// As people name it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Shell => "Shell",
            Self::PowerShell => "PowerShell",
            Self::Profile => "Profile",
            Self::CredentialProcess => "credential_process",
        }
    }

    /// What to do with it.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Shell => "Paste these lines into sh, bash or zsh.",
            Self::PowerShell => "Paste these lines into PowerShell.",
            Self::Profile => "Append these lines to ~/.aws/credentials, and name the profile in AWS_PROFILE.",
            Self::CredentialProcess => {
                "This is what a credential_process prints: save it where only you can read it, and have it printed \
                 by a profile in ~/.aws/config."
            }
        }
    }

    /// The credentials in these words.
    pub(super) fn write(self, secret: &Secret<'_>) -> Zeroizing<String> {
        let Secret { access_key_id, secret_access_key, session_token, expiration, profile } = *secret;
        let expiration = format_rfc3339_seconds(expiration).to_string();
        // The expiration goes along as in `aws configure export-credentials`: one that is left over from earlier keys
        // would make AWS's tools throw the new ones away.
        let variables = [
            ("AWS_ACCESS_KEY_ID", access_key_id),
            ("AWS_SECRET_ACCESS_KEY", secret_access_key),
            ("AWS_SESSION_TOKEN", session_token),
            ("AWS_CREDENTIAL_EXPIRATION", &expiration),
        ];
        match self {
            Self::Shell => lines(&variables, "export ", "=", sh),
            Self::PowerShell => lines(&variables, "$Env:", " = ", power_shell),
            Self::Profile => {
                let keys = [
                    ("aws_access_key_id", access_key_id),
                    ("aws_secret_access_key", secret_access_key),
                    ("aws_session_token", session_token),
                ];
                let mut section = Zeroizing::new(format!("[{profile}]\n"));
                section.push_str(&lines(&keys, "", " = ", str::to_owned));
                section
            }
            Self::CredentialProcess => {
                let process =
                    Process { version: 1, access_key_id, secret_access_key, session_token, expiration };
                // INVARIANT: serializing to memory fails for maps with keys that are no strings, and there are none.
                Zeroizing::new(serde_json::to_string_pretty(&process).unwrap_or_default())
            }
        }
    }
}

fn lines(
    variables: &[(&str, &str)],
    before: &str,
    between: &str,
    quote: fn(&str) -> String,
) -> Zeroizing<String> {
    // As long as it becomes, so that it is never moved and leaves no copy behind, quotes that are doubled aside.
    let length = variables.iter().map(|(name, value)| name.len() + value.len() + 16).sum();
    let mut lines = Zeroizing::new(String::with_capacity(length));
    for (name, value) in variables {
        let value = Zeroizing::new(quote(value));
        for part in [before, name, between, &value, "\n"] {
            lines.push_str(part);
        }
    }
    lines
}

/// Within single quotes nothing but the quote itself is special (POSIX.1-2024, Shell Command Language, 2.2.2).
fn sh(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Within single quotes nothing but a quote is special, which is doubled. The typographic ones count as well
/// (PowerShell, `about_Quoting_Rules`; `CharExtensions.IsSingleQuote` in its source).
fn power_shell(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for char in text.chars() {
        if is_quote(char) {
            quoted.push(char);
        }
        quoted.push(char);
    }
    quoted.push('\'');
    quoted
}

fn is_quote(char: char) -> bool {
    matches!(char, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}')
}

#[cfg(test)]
mod tests;
