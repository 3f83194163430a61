//! A session name from a user's name.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

use super::limits::{self, NAME};

/// How many hexadecimal digits of the user's SHA-256 tell two users apart whose cleaned names are alike.
const DIGITS: usize = 8;

/// `user` itself if STS takes it. Otherwise what of it STS takes, with `-` for the rest, and a piece of its SHA-256.
pub(super) fn of_user(user: &str) -> String {
    if limits::name(user) {
        return user.into();
    }
    let mut name: String = user
        .chars()
        .take(*NAME.end() - 1 - DIGITS)
        .map(|char| if limits::in_name(char) { char } else { '-' })
        .collect();
    name.push('-');
    for byte in Sha256::digest(user).iter().take(DIGITS / 2) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The digits are those of `printf %s USER | sha256sum`.
    #[test]
    fn names_are_cleaned() {
        for (user, name) in [
            ("alice", "alice"),
            ("alice@example.org", "alice@example.org"),
            ("al", "al"),
            ("DOM\\bob", "DOM-bob-725e3c68"),
            ("::1", "--1-eff8e7ca"),
            ("a", "a-ca978112"),
            ("jörg", "j-rg-12c433a0"),
            ("a/b", "a-b-c14cddc0"),
        ] {
            assert_eq!(of_user(user), name, "{user}");
        }
    }

    #[test]
    fn users_whose_names_come_to_the_same_stay_two() {
        assert_ne!(of_user("DOM\\bob"), of_user("DOM/bob"));
        assert_ne!(of_user(&"a".repeat(65)), of_user(&"a".repeat(66)));
        assert_eq!(of_user(&"a".repeat(64)), "a".repeat(64));
        assert_eq!(of_user(&"ä".repeat(500)).len(), 64);
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_sts_takes(user in ".{1,200}") {
            let name = of_user(&user);
            prop_assert!(limits::name(&name), "{}", name);
            if limits::name(&user) {
                prop_assert_eq!(name, user);
            }
        }
    }
}
