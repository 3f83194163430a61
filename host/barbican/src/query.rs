//! Query strings, as `WebOb` reads and Python's `urlencode` writes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What `urllib.parse.quote_plus` leaves as it is, besides letters and digits.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// Names and values, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// `None` where an escape is not UTF-8.
    pub fn parse(text: &str) -> Option<Self> {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8().ok().map(String::from)
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        pairs.collect::<Option<_>>().map(Self)
    }

    /// The value of a parameter; an error where it stands more than once.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Repeated),
        }
    }

    /// The query without those parameters, as `urlencode` writes it: values of one name stand together.
    pub fn without(&self, left_out: &[&str]) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &self.0 {
            if !left_out.contains(&name.as_str()) && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let values = |name| self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value);
        let pairs = names
            .iter()
            .flat_map(|name| values(*name).map(move |value| format!("{}={}", encode(name), encode(value))));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// A parameter stands more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated;

fn encode(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn queries_are_read_and_written_as_barbican_does() {
        for (text, written) in [
            ("", ""),
            ("limit=2&offset=2", ""),
            ("offset=1&limit=2&name=n%25", "name=n%25"),
            ("name=n_&limit=1", "name=n_"),
            ("limit=1&foo=b%20r&x=%C3%BC&x=2", "foo=b+r&x=%C3%BC&x=2"),
            ("x=1&y=2&x=3", "x=1&x=3&y=2"),
            ("a&b=&=c&&", "a=&b=&=c"),
            ("sort=name%3Adesc,mode", "sort=name%3Adesc%2Cmode"),
            ("a=~*'()!/-._", "a=~%2A%27%28%29%21%2F-._"),
        ] {
            assert_eq!(Query::parse(text).unwrap().without(&["limit", "offset"]), written, "{text}");
        }
        assert_eq!(Query::parse("a=%ff"), None);
    }

    #[test]
    fn a_parameter_that_stands_twice_has_no_value() {
        let query = Query::parse("a=1&b=2&a=3").unwrap();
        assert_eq!(query.get("a"), Err(Repeated));
        assert_eq!(query.get("b"), Ok(Some("2")));
        assert_eq!(query.get("c"), Ok(None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(pairs in prop::collection::vec(("\\PC{1,5}", "\\PC{0,5}"), 0..1)) {
            let query = Query(pairs);
            prop_assert_eq!(Query::parse(&query.without(&[])), Some(query));
        }
    }
}
