//! Filters and order of a list of secrets, as their query says them ("barbican/api/controllers/secrets.py",
//! `_is_valid_date_filter`, `_is_valid_sorting`). What is not valid there is `None` here.

use crate::isotime;

/// Microseconds since 1970-01-01 UTC, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Not before.
    pub from: Option<i64>,
    /// Not after.
    pub until: Option<i64>,
}

/// Reads `gt:TIME`, `gte:TIME`, `lt:TIME`, `lte:TIME` and `TIME`, with commas between.
pub fn times(text: &str) -> Option<Times> {
    let (mut gt, mut gte, mut lt, mut lte, mut equal) = (None, None, None, None, None);
    for filter in text.split(',') {
        if let Some(time) = filter.strip_prefix("gt:") {
            let free = gt.is_none() && gte.is_none();
            gt = Some(isotime::parse(time).filter(|_| free)?);
        } else if let Some(time) = filter.strip_prefix("gte:") {
            let free = gt.is_none() && gte.is_none() && equal.is_none();
            gte = Some(isotime::parse(time).filter(|_| free)?);
        } else if let Some(time) = filter.strip_prefix("lt:") {
            let free = lt.is_none() && lte.is_none();
            lt = Some(isotime::parse(time).filter(|_| free)?);
        } else if let Some(time) = filter.strip_prefix("lte:") {
            let free = lt.is_none() && lte.is_none() && equal.is_none();
            lte = Some(isotime::parse(time).filter(|_| free)?);
        } else {
            let free = equal.is_none() && gte.is_none() && lte.is_none();
            equal = Some(isotime::parse(filter).filter(|_| free)?);
        }
    }
    // Times are whole microseconds.
    let from = [gt.map(|time| time + 1), gte, equal].into_iter().flatten().max();
    let until = [lt.map(|time| time - 1), lte, equal].into_iter().flatten().min();
    Some(Times { from, until })
}

const KEYS: [&str; 9] =
    ["algorithm", "bit_length", "created", "expiration", "mode", "name", "secret_type", "status", "updated"];

/// Reads `KEY`, `KEY:asc` and `KEY:desc`, with commas between; each as `KEY:asc` or `KEY:desc`.
pub fn sort(text: &str) -> Option<Vec<String>> {
    let mut seen: Vec<&str> = Vec::new();
    let mut sort = Vec::new();
    for part in text.split(',') {
        let (key, direction) = part.split_once(':').unwrap_or((part, "asc"));
        if !KEYS.contains(&key) || seen.contains(&key) || !["asc", "desc"].contains(&direction) {
            return None;
        }
        seen.push(key);
        sort.push(format!("{key}:{direction}"));
    }
    Some(sort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_barbican_reads_them() {
        let day = 86_400_000_000;
        for (text, from, until) in [
            ("gt:1970-01-02", Some(day + 1), None),
            ("gte:1970-01-02", Some(day), None),
            ("lt:1970-01-02", None, Some(day - 1)),
            ("lte:1970-01-02", None, Some(day)),
            ("1970-01-02", Some(day), Some(day)),
            ("1970-01-02,gt:1970-01-03", Some(2 * day + 1), Some(day)),
            ("lt:1970-01-03,gt:1970-01-02", Some(day + 1), Some(2 * day - 1)),
        ] {
            assert_eq!(times(text), Some(Times { from, until }), "{text}");
        }
        for text in ["", ",", "x", "gt:", "gt:1970,gte:1970", "1970,1970", "gte:1970,1970", "1970,lte:1970"] {
            assert_eq!(times(text), None, "{text}");
        }
    }

    #[test]
    fn orders_are_read_as_barbican_reads_them() {
        let expected = ["name:asc".to_owned(), "created:desc".into(), "mode:asc".into()];
        assert_eq!(sort("name,created:desc,mode:asc").as_deref(), Some(&expected[..]));
        for text in ["", "name,", "name,name:desc", "id", "name:up", "name:asc:desc", "Name", " name"] {
            assert_eq!(sort(text), None, "{text}");
        }
    }
}
