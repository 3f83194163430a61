//! Whether a directory spells a user as the request does.
//!
//! Directories compare names without regard to case, to spaces and to more (`caseIgnoreMatch`, RFC 4517, 4.2.11), and
//! policies do not: under another spelling users would have their groups and escape rules about their name.

use ldap3::SearchEntry;

/// What a filter compares with the user's name: attributes, and what they must be, with `{user}` for the name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelling(Vec<(String, String)>);

impl Spelling {
    /// Of a filter that is well formed. Comparisons with wildcards or escapes, and those that are not for equality, say
    /// nothing about spelling.
    pub(super) fn of(filter: &str) -> Self {
        let items = filter.split(['(', ')']).filter(|item| item.contains("{user}"));
        let compared = items.filter_map(|item| {
            let (attribute, value) = item.split_once('=')?;
            let plain = !attribute.ends_with(['~', '<', '>']) && !value.contains(['*', '\\']);
            let name = attribute.split(':').next().unwrap_or_default();
            (plain && !name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        });
        Self(compared.collect())
    }

    /// The attributes to ask for. `1.1` asks for none (RFC 4511, 4.5.1.8).
    pub(super) fn attributes(&self) -> Vec<&str> {
        if self.0.is_empty() {
            return vec!["1.1"];
        }
        self.0.iter().map(|(attribute, _)| attribute.as_str()).collect()
    }

    /// Whether the entry has the name in this spelling, as far as can be told.
    pub(super) fn is_of(&self, entry: &SearchEntry, user: &str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|(attribute, value)| {
                let wanted = value.replace("{user}", user);
                let mut found = entry.attrs.iter().filter(|(name, _)| name.eq_ignore_ascii_case(attribute));
                found.any(|(_, values)| values.contains(&wanted))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_filter_compares() {
        for (filter, compared) in [
            ("(&(objectClass=person)(uid={user}))", &[("uid", "{user}")][..]),
            (
                "(|(uid={user})(mail={user}@example.org))",
                &[("uid", "{user}"), ("mail", "{user}@example.org")],
            ),
            ("(cn:caseExactMatch:={user})", &[("cn", "{user}")]),
            ("(&(uid=*{user}*)(cn~={user}))", &[]),
            ("(uid=a\\2a{user})", &[]),
        ] {
            let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            assert_eq!(Spelling::of(filter), Spelling(compared.iter().map(pair).collect()), "{filter}");
        }
    }

    #[test]
    fn which_spelling_an_entry_has() {
        let entry = |name: &str, values: &[&str]| SearchEntry {
            dn: "uid=alice".into(),
            attrs: [(name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())].into(),
            bin_attrs: [].into(),
        };
        let spelling = Spelling::of("(|(uid={user})(mail={user}@example.org))");
        for (entry, is_it) in [
            (entry("uid", &["alice"]), true),
            (entry("UID", &["al", "alice"]), true),
            (entry("mail", &["alice@example.org"]), true),
            (entry("uid", &["Alice"]), false),
            (entry("uid", &["alice "]), false),
            (entry("cn", &["alice"]), false),
        ] {
            assert_eq!(spelling.is_of(&entry, "alice"), is_it, "{entry:?}");
        }
        assert!(Spelling::of("(uid=*{user}*)").is_of(&entry("uid", &["x"]), "alice"));
    }
}
