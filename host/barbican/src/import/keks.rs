//! The key-encryption keys of `simple_crypto` ("barbican/plugin/crypto"): master KEKs, which the operator
//! gives, open the KEK of a project, which opens the payloads of that project.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::fernet::FernetKey;

/// The master KEKs.
pub struct Keks(Vec<FernetKey>);

/// Why a text holds no master KEKs. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeksError {
    /// There is none.
    #[error(
        "there is no KEK: write the value of `kek` in `[simple_crypto_plugin]` of barbican.conf, one a line"
    )]
    None,
    /// One of them is no key.
    #[error(
        "line {0} is no KEK: a KEK is 32 bytes in base64, as `kek` in `[simple_crypto_plugin]` of barbican.conf has it"
    )]
    Line(usize),
}

impl Keks {
    /// From a KEK on each line, alone or as `kek = KEK`; any of them may have made a project's KEK. Empty lines and those
    /// that begin with `#` mean nothing.
    ///
    /// # Errors
    /// There is none, or a line is none.
    pub fn parse(text: &str) -> Result<Self, KeksError> {
        let mut all = Vec::new();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let value = line.strip_prefix("kek").and_then(|rest| rest.trim_start().strip_prefix('='));
            let value = value.unwrap_or(line).trim().trim_matches(['\'', '"']);
            all.push(FernetKey::parse(value).ok_or(KeksError::Line(number))?);
        }
        if all.is_empty() { Err(KeksError::None) } else { Ok(Self(all)) }
    }

    /// A project's KEK, from `kek_data.plugin_meta`.
    pub(super) fn project_kek(&self, plugin_meta: &str) -> Option<ProjectKek> {
        let token = text_of(plugin_meta)?;
        let opened = self.0.iter().find_map(|kek| kek.open(&token))?;
        Some(ProjectKek(FernetKey::parse(std::str::from_utf8(&opened).ok()?)?))
    }
}

/// The KEK of a project.
pub(super) struct ProjectKek(FernetKey);

impl ProjectKek {
    /// A payload, from `encrypted_data.cypher_text`.
    pub(super) fn open(&self, cypher_text: &str) -> Option<Zeroizing<Vec<u8>>> {
        let token = BASE64_STANDARD.decode(text_of(cypher_text)?).ok()?;
        self.0.open(std::str::from_utf8(&token).ok()?)
    }
}

/// Barbican gives its driver bytes for a column of text. psycopg2 makes PostgreSQL's notation of bytes of these.
fn text_of(value: &str) -> Option<String> {
    let Some(digits) = value.strip_prefix("\\x") else { return Some(value.to_owned()) };
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes = (0..digits.len()).step_by(2).map(byte).collect::<Option<Vec<_>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEK: &str = "dGhpcnR5X3R3b19ieXRlX2tleWJsYWhibGFoYmxhaGg=";

    #[test]
    fn keks_stand_one_a_line() {
        for (text, count) in [
            (KEK.to_owned(), Ok(1)),
            (format!("{KEK}\n"), Ok(1)),
            (format!("# two\n\nkek = {KEK}\nkek='{KEK}'\n"), Ok(2)),
            (String::new(), Err(KeksError::None)),
            ("# none\n".into(), Err(KeksError::None)),
            (format!("{KEK}\nhunter2"), Err(KeksError::Line(2))),
            (format!("kek_label = {KEK}"), Err(KeksError::Line(1))),
        ] {
            assert_eq!(Keks::parse(&text).map(|keks| keks.0.len()), count, "{text}");
        }
    }

    #[test]
    fn bytes_in_a_column_of_text_are_read_as_text() {
        assert_eq!(text_of("gAAA").as_deref(), Some("gAAA"));
        assert_eq!(text_of("\\x674141").as_deref(), Some("gAA"));
        for text in ["\\x6", "\\xzz", "\\xff", "\\xé"] {
            assert_eq!(text_of(text), None, "{text}");
        }
    }
}
