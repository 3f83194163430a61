//! Rows that one statement inserts, as one JSON value: one round trip for any number of them.

use portcullis_store::{StoreError, Value};
use serde_json::Value as Json;

/// A JSON list of these rows. As in any other value, U+0000 is refused: in JSON it is escaped, so that the store does not see it.
pub(super) fn json_rows(rows: impl Iterator<Item = Vec<Json>>) -> Result<Value, StoreError> {
    let mut all = Vec::new();
    for row in rows {
        if row.iter().filter_map(Json::as_str).any(|text| text.contains('\0')) {
            return Err(StoreError::Nul);
        }
        all.push(Json::Array(row));
    }
    Ok(Json::Array(all).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_lists_and_never_have_nul() {
        let rows = |text: &str| json_rows([vec![Json::from(text), Json::from(7), Json::Null]].into_iter());
        let Ok(Value::Text(Some(json))) = rows("a\"\\u0000") else { panic!("no text") };
        assert_eq!(json, r#"[["a\"\\u0000",7,null]]"#);
        assert!(matches!(rows("a\0"), Err(StoreError::Nul)));
    }
}
