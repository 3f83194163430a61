//! What the operator writes.

use portcullis_policy_sdk::prelude::*;
use serde_json::Value;

/// The settings.
#[derive(Deserialize)]
pub(crate) struct Settings {
    /// The text of one file, which is called `policy.cedar` in errors.
    cedar: Option<String>,
    /// Texts by file name.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Declarations that are added to the schema of Portcullis.
    pub(crate) schema: Option<String>,
    /// Entities in Cedar's JSON: a list, or lists by file name.
    entities: Option<Value>,
    /// AWS accounts of the mount, which the host adds.
    #[serde(default)]
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Of `context.time.local`.
    #[serde(default)]
    pub(crate) utc_offset: UtcOffset,
    #[serde(default)]
    pub(crate) no_permit: NoPermit,
}

/// An AWS account, as the host says it.
#[derive(Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) partition: String,
}

/// What a request comes to that no policy permits and none forbids.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoPermit {
    /// Another policy may allow it. If none does, the host denies.
    #[default]
    Abstain,
    /// It is denied, regardless of other policies.
    Deny,
}

/// Minutes east of UTC, written as `+02:00`.
#[derive(Clone, Copy, Default, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct UtcOffset(pub(crate) i64);

impl TryFrom<String> for UtcOffset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no offset from UTC from -23:59 to +23:59, e.g. `+02:00`");
        let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => (1, rest),
            (_, Some(rest)) => (-1, rest),
            _ => return Err(wrong()),
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(wrong)?;
        let number = |digits: &str, most: i64| -> Result<i64, String> {
            let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse().ok();
            number.filter(|number| is_number && *number <= most).ok_or_else(wrong)
        };
        Ok(Self(sign * (number(hours, 23)? * 60 + number(minutes, 59)?)))
    }
}

impl Settings {
    /// Every text by its file's name.
    pub(crate) fn files(&mut self) -> Result<BTreeMap<String, String>, String> {
        let mut files = std::mem::take(&mut self.files);
        if let Some(text) = self.cedar.take()
            && files.insert("policy.cedar".to_owned(), text).is_some()
        {
            return Err("`files` has `policy.cedar`, which is what the text of `cedar` is called".into());
        }
        if files.is_empty() {
            return Err("there are no policies: write them as `cedar = \"...\"`, or name files in \
                        `settings_files = { files = [\"policy.cedar\"] }`"
                .into());
        }
        Ok(files)
    }

    /// The entities of every list.
    pub(crate) fn entities(&mut self) -> Result<Vec<Value>, String> {
        let lists = match self.entities.take() {
            None => return Ok(Vec::new()),
            Some(Value::Object(lists)) => lists.into_iter().collect(),
            Some(list) => vec![(String::new(), list)],
        };
        let mut entities = Vec::new();
        for (name, list) in lists {
            let Value::Array(list) = list else {
                let of = if name.is_empty() { String::new() } else { format!(" of `{name}`") };
                return Err(format!(
                    "`entities`{of}: expected a list of entities, e.g. \
                     `[{{\"uid\": {{\"type\": \"User\", \"id\": \"bob\"}}, \"attrs\": {{}}, \"parents\": []}}]`"
                ));
            };
            entities.extend(list);
        }
        Ok(entities)
    }
}
