//! What is written is read again: by `sh` itself, by PowerShell's rules, and by a JSON parser.

use super::*;
use proptest::prelude::*;
use std::process::Command;
use std::time::UNIX_EPOCH;

const SECRET: Secret<'_> = Secret {
    access_key_id: "ASIAEXAMPLE",
    secret_access_key: "a+b/c",
    session_token: "t==",
    expiration: UNIX_EPOCH,
    profile: "shop-read",
};

#[test]
fn what_each_one_says() {
    for (format, wanted) in [
        (
            Format::Shell,
            "export AWS_ACCESS_KEY_ID='ASIAEXAMPLE'\nexport AWS_SECRET_ACCESS_KEY='a+b/c'\n\
             export AWS_SESSION_TOKEN='t=='\nexport AWS_CREDENTIAL_EXPIRATION='1970-01-01T00:00:00Z'\n",
        ),
        (
            Format::PowerShell,
            "$Env:AWS_ACCESS_KEY_ID = 'ASIAEXAMPLE'\n$Env:AWS_SECRET_ACCESS_KEY = 'a+b/c'\n\
             $Env:AWS_SESSION_TOKEN = 't=='\n$Env:AWS_CREDENTIAL_EXPIRATION = '1970-01-01T00:00:00Z'\n",
        ),
        (
            Format::Profile,
            "[shop-read]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = a+b/c\naws_session_token = t==\n",
        ),
        (
            Format::CredentialProcess,
            "{\n  \"Version\": 1,\n  \"AccessKeyId\": \"ASIAEXAMPLE\",\n  \"SecretAccessKey\": \"a+b/c\",\n  \
             \"SessionToken\": \"t==\",\n  \"Expiration\": \"1970-01-01T00:00:00Z\"\n}",
        ),
    ] {
        assert_eq!(*format.write(&SECRET), wanted, "{format:?}");
    }
}

#[test]
fn a_profile_has_a_name_that_a_file_can_hold() {
    assert_eq!(profile_name("production", "team/reader"), "production-team/reader");
    assert_eq!(profile_name("a b]", "r\n[x"), "a-b--r--x");
}

#[test]
fn names_lead_back_to_themselves_and_others_nowhere() {
    for format in Format::ALL {
        assert_eq!(Format::of(format.name()), Some(format));
    }
    for name in ["", "Shell", "bash", "shell "] {
        assert_eq!(Format::of(name), None, "{name}");
    }
}

#[test]
fn a_browser_on_windows_is_offered_power_shell() {
    let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36";
    assert_eq!(Format::for_user_agent(windows), Format::PowerShell);
    assert_eq!(Format::for_user_agent("Mozilla/5.0 (X11; Linux x86_64)"), Format::Shell);
    assert_eq!(Format::for_user_agent(""), Format::Shell);
}

/// What `sh` makes of the lines, each variable ended by a NUL.
fn read_by_sh(lines: &str) -> Vec<u8> {
    let script = format!(
        "{lines}printf '%s\\0' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\" \"$AWS_SESSION_TOKEN\""
    );
    let output = Command::new("sh").arg("-c").arg(script).env_clear().output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// PowerShell's tokenizer for a single-quoted string: a quote that another follows stands for one, any other ends it.
fn read_by_power_shell(quoted: &str) -> (String, String) {
    let mut rest = quoted.strip_prefix('\'').unwrap().chars();
    let mut text = String::new();
    while let Some(char) = rest.next() {
        if is_quote(char) {
            let mut after = rest.clone();
            match after.next() {
                Some(next) if is_quote(next) => {
                    text.push(next);
                    rest = after;
                    continue;
                }
                _ => break,
            }
        }
        text.push(char);
    }
    (text, rest.as_str().into())
}

/// Text that is mostly what shells find special. No variable can hold a NUL.
fn nasty() -> impl Strategy<Value = String> {
    let special = r#"'"`$\!*?~#&;|<>(){}[]=% "#.chars().chain("\n\r\t‘’‚‛ä".chars()).collect::<Vec<_>>();
    let char = prop_oneof![3 => prop::sample::select(special), 1 => any::<char>()];
    prop::collection::vec(char, 0..24)
        .prop_map(|chars| chars.into_iter().filter(|char| *char != '\0').collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn sh_reads_what_was_written(id in nasty(), key in nasty(), token in nasty()) {
        let secret =
            Secret { access_key_id: &id, secret_access_key: &key, session_token: &token, ..SECRET };
        let read = read_by_sh(&Format::Shell.write(&secret));
        prop_assert_eq!(String::from_utf8(read).unwrap(), format!("{id}\0{key}\0{token}\0"));
    }

    #[test]
    fn power_shell_reads_what_was_written(text in nasty()) {
        prop_assert_eq!(read_by_power_shell(&power_shell(&text)), (text, String::new()));
    }

    #[test]
    fn a_json_parser_reads_what_was_written(id in nasty(), key in any::<String>(), token in nasty()) {
        let secret =
            Secret { access_key_id: &id, secret_access_key: &key, session_token: &token, ..SECRET };
        let read: serde_json::Value = serde_json::from_str(&Format::CredentialProcess.write(&secret)).unwrap();
        prop_assert_eq!(
            read,
            serde_json::json!({
                "Version": 1, "AccessKeyId": id, "SecretAccessKey": key, "SessionToken": token,
                "Expiration": "1970-01-01T00:00:00Z",
            })
        );
    }
}
