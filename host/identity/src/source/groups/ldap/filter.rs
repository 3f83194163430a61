//! Filters (RFC 4515) with places for the user's name and distinguished name. What is filled in is escaped, so that
//! no name can be more than a name.

use ldap3::{ldap_escape, parse_filter};

use crate::IdentityError;

/// A filter as the operator wrote it, taken apart.
#[derive(Debug)]
pub(super) struct Filter(Vec<Part>);

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    User,
    Dn,
}

impl Filter {
    /// `known` are the places that it may have; it must have one of them at least.
    pub(super) fn parse(key: &'static str, text: &str, known: &[&str]) -> Result<Self, IdentityError> {
        let wrong = |reason| IdentityError::Text { key, text: text.into(), reason };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').ok_or_else(|| wrong("a `{` has no `}`"))?;
            if !known.iter().any(|known| known.trim_matches(['{', '}']) == place) {
                return Err(wrong("it has a place in braces that nothing can be filled in"));
            }
            parts.push(Part::Text(before.into()));
            parts.push(if place == "dn" { Part::Dn } else { Part::User });
            rest = after;
        }
        if parts.is_empty() {
            return Err(wrong("it has no place for the user, as `{user}`"));
        }
        parts.push(Part::Text(rest.into()));
        let filter = Self(parts);
        if parse_filter(filter.fill("user", "cn=user")).is_err() {
            return Err(wrong("it is no filter"));
        }
        Ok(filter)
    }

    pub(super) fn fill(&self, user: &str, dn: &str) -> String {
        self.0.iter().fold(String::new(), |text, part| match part {
            Part::Text(part) => text + part,
            Part::User => text + &ldap_escape(user),
            Part::Dn => text + &ldap_escape(dn),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ldap3::ldap_unescape;
    use proptest::prelude::*;

    #[test]
    fn what_is_filled_in() {
        let filter = Filter::parse("f", "(&(member={dn})(uid={user}))", &["{dn}", "{user}"]).unwrap();
        for (user, dn, text) in [
            ("alice", "uid=alice,dc=x", "(&(member=uid=alice,dc=x)(uid=alice))"),
            ("{dn}", "{user}", "(&(member={user})(uid={dn}))"),
            ("a)(uid=*", "cn=a\\, b*", "(&(member=cn=a\\5c, b\\2a)(uid=a\\29\\28uid=\\2a))"),
        ] {
            assert_eq!(filter.fill(user, dn), text);
        }
    }

    #[test]
    fn filters_that_cannot_be_used() {
        for text in [
            "",
            "(uid=alice)",
            "(uid={dn})",
            "(uid={user)",
            "(uid={User})",
            "(uid={user}",
            "uid={user})",
            "({user})",
        ] {
            assert!(Filter::parse("f", text, &["{user}"]).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_never_more_than_a_name(user in "\\PC{1,40}|[()*\\\\\u{0}&|!=]{1,20}") {
            let filter = Filter::parse("f", "(uid={user})", &["{user}"]).unwrap().fill(&user, "");
            prop_assert!(parse_filter(&filter).is_ok());
            let inner = &filter["(uid=".len()..filter.len() - 1];
            let open = inner.contains(['(', ')', '*', '\0']);
            prop_assert!(!open);
            prop_assert_eq!(ldap_unescape(inner).unwrap(), user);
        }
    }
}
