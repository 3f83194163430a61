//! How credentials are printed.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::api::Credentials;

/// What reads the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// SDKs and the AWS CLI, by `credential_process`
    Process,
    /// A shell, by `eval "$(...)"`
    Env,
    /// Other programs
    Json,
    /// PowerShell, by `| Invoke-Expression`
    Powershell,
}

/// Names of profiles, which some SDKs prefer to credentials in the environment.
const PROFILES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessOutput<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: &'a str,
}

#[derive(Serialize)]
struct JsonOutput<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: &'a str,
}

impl Format {
    /// The credentials as text, with a line feed at its end.
    pub(crate) fn write(self, credentials: &Credentials) -> Zeroizing<String> {
        let access_key_id = credentials.access_key_id.as_str();
        let secret_access_key = credentials.secret_access_key.expose_secret();
        let session_token = credentials.token.expose_secret();
        let expiration = credentials.expiration.as_str();
        // INVARIANT: strings alone are always JSON.
        let text = match self {
            Self::Process => serde_json::to_string(&ProcessOutput {
                version: 1,
                access_key_id,
                secret_access_key,
                session_token,
                expiration,
            })
            .unwrap_or_default(),
            Self::Json => serde_json::to_string(&JsonOutput {
                access_key_id,
                secret_access_key,
                session_token,
                expiration,
            })
            .unwrap_or_default(),
            Self::Env => {
                let lines =
                    variables(credentials).map(|(name, value)| format!("export {name}={}", shell(value)));
                format!("{}\nunset {}", lines.join("\n"), PROFILES.join(" "))
            }
            Self::Powershell => {
                let lines = variables(credentials)
                    .map(|(name, value)| format!("$Env:{name} = {}", powershell(value)));
                let unset = PROFILES.map(|name| format!("Env:{name}")).join(", ");
                format!("{}\nRemove-Item {unset} -ErrorAction SilentlyContinue", lines.join("\n"))
            }
        };
        Zeroizing::new(text + "\n")
    }
}

/// Credentials as environment variables.
pub(crate) fn variables(credentials: &Credentials) -> [(&'static str, &str); 4] {
    [
        ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.expose_secret()),
        ("AWS_SESSION_TOKEN", credentials.token.expose_secret()),
        ("AWS_CREDENTIAL_EXPIRATION", &credentials.expiration),
    ]
}

/// A word that a POSIX shell reads as `text` and nothing else.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A string that PowerShell reads as `text` and nothing else.
fn powershell(text: &str) -> String {
    // PowerShell takes typographic quotes for `'` (language specification 2.3.5.2).
    let doubled = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
    let mut quoted = String::from("'");
    for char in text.chars() {
        quoted.extend(std::iter::repeat_n(char, if doubled.contains(&char) { 2 } else { 1 }));
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(secret: &str) -> Credentials {
        Credentials {
            access_key_id: "ASIA1".into(),
            secret_access_key: secret.into(),
            token: "t+/=".into(),
            expiration: "2030-01-01T00:00:00Z".into(),
        }
    }

    #[test]
    fn each_format() {
        for (format, expected) in [
            (
                Format::Process,
                "{\"Version\":1,\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"a'b$c\",\"SessionToken\":\"t+/=\",\
                 \"Expiration\":\"2030-01-01T00:00:00Z\"}\n",
            ),
            (
                Format::Json,
                "{\"access_key_id\":\"ASIA1\",\"secret_access_key\":\"a'b$c\",\"session_token\":\"t+/=\",\
                 \"expiration\":\"2030-01-01T00:00:00Z\"}\n",
            ),
            (
                Format::Env,
                "export AWS_ACCESS_KEY_ID='ASIA1'\nexport AWS_SECRET_ACCESS_KEY='a'\\''b$c'\n\
                 export AWS_SESSION_TOKEN='t+/='\nexport AWS_CREDENTIAL_EXPIRATION='2030-01-01T00:00:00Z'\n\
                 unset AWS_PROFILE AWS_DEFAULT_PROFILE\n",
            ),
            (
                Format::Powershell,
                "$Env:AWS_ACCESS_KEY_ID = 'ASIA1'\n$Env:AWS_SECRET_ACCESS_KEY = 'a''b$c'\n\
                 $Env:AWS_SESSION_TOKEN = 't+/='\n$Env:AWS_CREDENTIAL_EXPIRATION = '2030-01-01T00:00:00Z'\n\
                 Remove-Item Env:AWS_PROFILE, Env:AWS_DEFAULT_PROFILE -ErrorAction SilentlyContinue\n",
            ),
        ] {
            assert_eq!(format.write(&credentials("a'b$c")).as_str(), expected, "{format:?}");
        }
    }

    #[test]
    fn a_shell_reads_what_was_meant_and_runs_nothing() {
        for secret in ["plain", "a'b", "$(touch x)`id`\\\"", "'; exit 7; '", "a b\tc"] {
            let script =
                format!("{}printf %s \"$AWS_SECRET_ACCESS_KEY\"", *Format::Env.write(&credentials(secret)));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert!(output.status.success(), "{secret}");
            assert_eq!(output.stdout, secret.as_bytes(), "{secret}");
        }
        assert_eq!(powershell("a'b\u{2019}c"), "'a''b\u{2019}\u{2019}c'");
    }
}
