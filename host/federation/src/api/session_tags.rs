//! Claims of a token as tags of its sessions (`session_tags` of `jwt`).
//!
//! A session without one of these tags could be a wider one, where a policy of AWS denies by the tag. So a token that has
//! no value for one of them, or a value that STS does not take, is refused for everything.

use crate::aws::Session;
use crate::response::Failure;

/// The tags, if each has a value that STS takes.
///
/// # Errors
/// 403, with the tag.
pub(super) fn complete(tags: Vec<(String, Option<String>)>) -> Result<Vec<(String, String)>, Failure> {
    let tag = |(key, value): (String, Option<String>)| match value {
        Some(value) => Ok((key, value)),
        None => Err(Failure::forbidden(&format!(
            "sessions have the tag `{key}` here, and your token has no claim with one value for it"
        ))),
    };
    let tags: Vec<_> = tags.into_iter().map(tag).collect::<Result<_, _>>()?;
    Session::check_tags(&tags).map_err(|error| Failure::forbidden(&format!("by your token {error}")))?;
    Ok(tags)
}

/// What is granted, with the tags of the token that have no granted one of their key: a policy may say it more exactly. To
/// AWS keys have no case.
pub(super) fn merged(granted: &[(String, String)], of_token: &[(String, String)]) -> Vec<(String, String)> {
    let lower: Vec<_> = granted.iter().map(|(key, _)| key.to_lowercase()).collect();
    let further = of_token.iter().filter(|(key, _)| !lower.contains(&key.to_lowercase()));
    granted.iter().chain(further).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.into(), value.into())
    }

    #[test]
    fn a_tag_that_sts_would_reject_is_told() {
        let long = "v".repeat(257);
        for (value, part) in [
            (Some("web"), None),
            (Some(""), None),
            (Some("Größe 1_.:/=+-@"), None),
            (None, Some("no claim with one value")),
            (Some("a\\b"), Some("the value of the session tag `team` is not allowed")),
            (Some("AWS:x"), Some("AWS's own")),
            (Some(&*long), Some("up to 256")),
        ] {
            let result = complete(vec![("team".into(), value.map(str::to_owned))]);
            match (result, part) {
                (Ok(tags), None) => assert_eq!(tags, [pair("team", value.unwrap())]),
                (Err(failure), Some(part)) => assert!(failure.to_string().contains(part), "{failure}"),
                (result, _) => panic!("{value:?}: {result:?}"),
            }
        }
    }

    #[test]
    fn a_granted_tag_goes_before_one_of_the_token() {
        let granted = [pair("Team", "ops")];
        let of_token = [pair("team", "dev"), pair("cluster", "a")];
        assert_eq!(merged(&granted, &of_token), [pair("Team", "ops"), pair("cluster", "a")]);
        assert_eq!(merged(&[], &[]), []);
    }
}
