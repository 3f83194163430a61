//! From the file's text to its entries.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::super::name;
use super::Hash;
use crate::IdentityError;

/// Every entry of the file, or what is wrong with one: the line, and never what stands in it.
pub(super) fn entries(path: &Path, contents: &[u8]) -> Result<BTreeMap<String, Arc<Hash>>, IdentityError> {
    let wrong = |line: Option<usize>, reason: String| IdentityError::File { path: path.into(), line, reason };
    let text = std::str::from_utf8(contents).map_err(|_| wrong(None, "it is not UTF-8".into()))?;
    let mut entries = BTreeMap::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (user, hash) = entry(text).map_err(|reason| wrong(Some(line), reason))?;
        if entries.insert(user, Arc::new(hash)).is_some() {
            return Err(wrong(Some(line), "another line has the same user".into()));
        }
    }
    Ok(entries)
}

fn entry(text: &str) -> Result<(String, Hash), String> {
    let (user, hash) = text.split_once(':').ok_or("it must be `user:hash`")?;
    name::check(user).map_err(|reason| format!("the user's name {reason}"))?;
    Ok((user.to_owned(), Hash::parse(hash)?))
}
