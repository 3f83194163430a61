//! Regular expressions over the names of groups and hosts, as AFP's `ProviderByGroups` applies them: anchored, greedy,
//! one search per name, named groups for what they find.
//!
//! They were written for Python's `re`. What the engine here lacks (look-around, back-references), and what it would
//! read in another sense than Python, is refused at load; nothing is read differently in silence. Three differences
//! are left, and each finds less: `$` does not accept a trailing line feed, `\d`, `\w` and `\s` are ASCII, and so is
//! the flag `i`.

mod scan;

use regex_lite::Regex;
use serde::Deserialize;

/// A regular expression that must find the whole of a name.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// As it is applied: anchored.
    text: String,
    /// What every name that it finds begins with. Most names are ruled out by it, at a fraction of the cost.
    prefix: String,
    regex: Regex,
}

impl Pattern {
    /// Anchors and compiles. `groups` are the named groups that must be in it.
    fn new(written: &str, groups: &[&str]) -> Result<Self, String> {
        let text = anchored(written);
        let prefix = scan::prefix(&text).map_err(|what| format!("`{written}` {what}"))?;
        let regex = Regex::new(&text).map_err(|error| format!("`{written}` cannot be read: {error}"))?;
        for group in groups {
            if !regex.capture_names().any(|name| name == Some(*group)) {
                return Err(format!("`{written}` has no group named `{group}`; write `(?P<{group}>...)`"));
            }
        }
        // The engine makes its working memory at the first search: here it gets into the pre-initialized image.
        let _ = regex.captures(&text);
        Ok(Self { text, prefix, regex })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What the named groups found in `name`; an empty find counts as none.
    fn find<'n, const N: usize>(&self, name: &'n str, groups: [&str; N]) -> Option<[&'n str; N]> {
        if !name.starts_with(&self.prefix) {
            return None;
        }
        let captures = self.regex.captures(name)?;
        let mut found = [""; N];
        for (found, group) in found.iter_mut().zip(groups) {
            *found = captures.name(group).map(|found| found.as_str()).filter(|found| !found.is_empty())?;
        }
        Some(found)
    }
}

/// As AFP anchors; but a `$` that is escaped is no anchor to us.
fn anchored(written: &str) -> String {
    let start = if written.starts_with('^') { "" } else { "^" };
    let before = written.strip_suffix('$').unwrap_or("\\");
    let escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let end = if escaped { "$" } else { "" };
    format!("{start}{written}{end}")
}

/// Finds account and role in the name of a group: `aws-(?P<account>.*)-(?P<role>[a-z]+)`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct GroupPattern(pub(crate) Pattern);

impl GroupPattern {
    /// Account and role, neither of them empty.
    pub(crate) fn find<'n>(&self, group: &'n str) -> Option<[&'n str; 2]> {
        self.0.find(group, ["account", "role"])
    }
}

impl TryFrom<String> for GroupPattern {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        Pattern::new(&written, &["account", "role"]).map(Self)
    }
}

/// Finds a role in the first label of a host's name: `(?P<role>[a-z]{6})[0-9]+`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct HostPattern(pub(crate) Pattern);

impl HostPattern {
    /// The role, not empty.
    pub(crate) fn find<'n>(&self, host: &'n str) -> Option<&'n str> {
        self.0.find(host, ["role"]).map(|[role]| role)
    }
}

impl TryFrom<String> for HostPattern {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        Pattern::new(&written, &["role"]).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> GroupPattern {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn anchors_are_added_once() {
        for (written, expected) in [
            ("a", "^a$"),
            ("^a", "^a$"),
            ("a$", "^a$"),
            ("^a$", "^a$"),
            (r"a\$", r"^a\$$"),
            (r"a\\$", r"^a\\$"),
            (r"a\\\$", r"^a\\\$$"),
            ("", "^$"),
        ] {
            assert_eq!(anchored(written), expected, "{written}");
        }
    }

    #[test]
    fn account_and_role_are_found_as_python_finds_them() {
        let table = [
            ("(?P<account>.*)-(?P<role>.*)", "testaccount-testrole", Some(["testaccount", "testrole"])),
            ("(?<account>.*)-(?<role>.*)", "testaccount-testrole", Some(["testaccount", "testrole"])),
            ("(?P<account>.*)-(?P<role>.*)", "my-team-acct-role", Some(["my-team-acct", "role"])),
            ("(?P<account>.*?)-(?P<role>.*)", "my-team-acct-role", Some(["my", "team-acct-role"])),
            ("(?P<account>.*)-(?P<role>.*)", "foobar", None),
            ("(?P<account>.*)-(?P<role>.*)", "acct-", None),
            ("(?P<account>.*)-(?P<role>.*)", "-role", None),
            ("(?P<account>.*)-(?P<role>[a-z]+)", "acct-role\n", None),
            ("(?P<account>.*)-(?P<role>[^-]+)$", "acct-role\n", Some(["acct", "role\n"])),
            ("aws-(?P<account>[a-z]+)-(?P<role>[a-z]+)", "aws-acct-role", Some(["acct", "role"])),
            ("aws-(?P<account>[a-z]+)-(?P<role>[a-z]+)", "xaws-acct-role", None),
            ("aws-(?P<account>[a-z]+)-(?P<role>[a-z]+)", "aws-acct-role2", None),
            ("aws-(?P<account>[a-z]+)-(?P<role>[a-z]+)", "AWS-acct-role", None),
            ("(?i)aws-(?P<account>[a-z]+)-(?P<role>[a-z]+)", "AWS-Acct-role", Some(["Acct", "role"])),
            ("(?:aws|cloud)-(?P<account>[a-z]+)-(?P<role>[a-z]+)", "cloud-a-b", Some(["a", "b"])),
            ("(?P<role>[a-z]+)@(?P<account>[a-z]+)", "admin@prod", Some(["prod", "admin"])),
            (r"CN=(?P<account>\w+)_(?P<role>\w+),.*", "CN=prod_admin,OU=aws", Some(["prod", "admin"])),
            (r"(?P<account>\d{12})\.(?P<role>\w+)", "123456789012.admin", Some(["123456789012", "admin"])),
            (r"(?P<account>\d+)-(?P<role>x)", "１２-x", None),
            ("(?P<account>[^-]+)-(?P<role>.+)", "café-rôle", Some(["café", "rôle"])),
            ("(?P<account>a)?b-(?P<role>r)", "b-r", None),
        ];
        for (written, group, expected) in table {
            assert_eq!(pattern(written).find(group), expected, "{written} {group:?}");
        }
    }

    #[test]
    fn what_is_read_differently_or_not_at_all_is_refused() {
        let groups = "(?P<account>a)(?P<role>r)";
        for (written, expected) in [
            (format!("(?!x){groups}"), "`(?!x)(?P<account>a)(?P<role>r)` uses look-around"),
            (format!("(?=x){groups}"), "uses look-around"),
            (format!("(?<=x){groups}"), "uses look-around"),
            (format!("(?<!x){groups}"), "uses look-around"),
            (format!(r"{groups}\1"), "uses a back-reference"),
            (format!("{groups}(?P=role)"), "uses a back-reference"),
            (format!("{groups}(?(role)a|b)"), "uses a condition"),
            (format!("(?>a){groups}"), "uses an atomic group"),
            (format!("{groups}|x"), "has alternatives outside any group"),
            (format!("{groups}++"), "repeats a repetition"),
            (format!("{groups}a{{2}}+"), "repeats a repetition"),
            (format!("{groups}a?+"), "repeats a repetition"),
            (format!("{groups}a**"), "repeats a repetition"),
            (format!("(?m){groups}"), "sets the flag `m`"),
            (format!("{groups}(?x:a)"), "sets the flag `x`"),
            (format!("{groups}(?#a)"), "has a comment"),
            (format!(r"{groups}\Z"), r"uses `\Z`"),
            (format!(r"\<{groups}"), r"uses `\<`"),
            (format!("{groups}[[:alpha:]]"), "uses a POSIX class"),
            (format!("{groups}("), "cannot be read"),
            (format!("{groups}[a&&b]"), "cannot be read"),
            ("(?P<account>.*)".into(), "has no group named `role`; write `(?P<role>...)`"),
            ("(.*)-(.*)".into(), "has no group named `account`"),
            (String::new(), "has no group named `account`"),
        ] {
            let error = GroupPattern::try_from(written.clone()).unwrap_err();
            assert!(error.contains(expected), "{written}: {error}");
        }
        assert!(HostPattern::try_from("(?P<account>x)".to_owned()).unwrap_err().contains("named `role`"));
    }

    #[test]
    fn what_stands_in_a_class_or_behind_a_backslash_is_not_taken_for_syntax() {
        for written in [
            r"[|(+]?(?P<account>[^]|]+)\|(?P<role>\w+)",
            r"(?P<account>a+?)\(\?\=(?P<role>b*?)",
            r"[\]|](?P<account>a)(?P<role>b){2,3}?",
            r"(?P<account>a|b)(?P<role>(?:c|d)+)",
            r"(?s:.)(?P<account>a)(?P<role>b)",
        ] {
            assert!(GroupPattern::try_from(written.to_owned()).is_ok(), "{written}");
        }
    }

    proptest! {
        #[test]
        fn the_prefix_rules_out_nothing_that_would_be_found(
            start in "[a-c.]{0,3}[*?+]{0,1}[a-c]{0,2}",
            name in "[a-c.]{0,6}-[a-c]{1,3}",
        ) {
            let written = format!("{start}(?P<account>[a-c.]*)-(?P<role>[a-c]+)");
            if let Ok(GroupPattern(pattern)) = GroupPattern::try_from(written) {
                let whole = Pattern { prefix: String::new(), text: String::new(), regex: pattern.regex.clone() };
                let groups = ["account", "role"];
                prop_assert_eq!(pattern.find(&name, groups), whole.find(&name, groups));
            }
        }

        #[test]
        fn no_pattern_and_no_name_is_too_odd(written in "\\PC{0,20}|[()?P<>a|*+$^\\[\\]{}=!#\\\\-]{0,24}", name in "\\PC{0,20}") {
            let written = format!("{written}(?P<account>.*)-(?P<role>.*)");
            if let Ok(pattern) = GroupPattern::try_from(written)
                && let Some(found) = pattern.find(&name) {
                prop_assert!(found.iter().all(|found| !found.is_empty()));
            }
        }

        #[test]
        fn a_find_is_always_the_whole_name(left in "[a-z]{1,4}", middle in "[a-z]{1,4}", right in "[a-z]{1,4}") {
            let pattern = pattern(&format!("{left}-(?P<account>[a-z]+)-(?P<role>{right})"));
            let name = format!("{left}-{middle}-{right}");
            prop_assert_eq!(pattern.find(&name), Some([middle.as_str(), right.as_str()]));
            for other in [format!("x{name}"), format!("{name}x"), format!("{name}\n"), format!("\n{name}")] {
                prop_assert_eq!(pattern.find(&other), None);
            }
        }
    }
}
