//! A request's path, as the API reads it: slashes at its beginning count as one, percent-encoding is taken off each
//! segment by itself, and nothing else is tidied.
//!
//! A `%2F` is part of a name here: a role may have a path (`team/reader`), and then `team%2Freader` and `team/reader`
//! say the same.

use percent_encoding::percent_decode_str;

/// The decoded segments of `path`, or `None` where one is not UTF-8. A slash at the end makes a last, empty segment.
pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.trim_start_matches('/');
    path.split('/')
        .map(|segment| Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned()))
        .collect()
}

/// What follows `prefix` in `path`, where a mount stands there: `/a` is in front of `/a/b` and not of `/ab`.
pub(crate) fn beneath<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(path);
    }
    let path = collapsed(path);
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The path with one slash at its beginning.
fn collapsed(path: &str) -> &str {
    let slashes = path.len() - path.trim_start_matches('/').len();
    &path[slashes.saturating_sub(1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_decoded_once_and_kept_as_they_are() {
        let cases: [(&str, Option<&[&str]>); 9] = [
            ("/account", Some(&["account"])),
            ("//account", Some(&["account"])),
            ("/account/", Some(&["account", ""])),
            ("/account//R", Some(&["account", "", "R"])),
            ("/account/a%20b/c+d", Some(&["account", "a b", "c+d"])),
            ("/account/A/team%2Fx", Some(&["account", "A", "team/x"])),
            ("/account/A/%252F", Some(&["account", "A", "%2F"])),
            ("/account/../status", Some(&["account", "..", "status"])),
            ("/account/A/%ff", None),
        ];
        for (path, wanted) in cases {
            let found = segments(path);
            let found: Option<Vec<&str>> =
                found.as_ref().map(|found| found.iter().map(String::as_str).collect());
            assert_eq!(found.as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn a_mount_stands_in_front_of_whole_segments() {
        assert_eq!(beneath("", "/account"), Some("/account"));
        assert_eq!(beneath("/afp", "/afp/account"), Some("/account"));
        assert_eq!(beneath("/afp", "//afp/account"), Some("/account"));
        assert_eq!(beneath("/afp", "/afp"), Some(""));
        assert_eq!(beneath("/afp", "/afpx/account"), None);
        assert_eq!(beneath("/afp", "/x/afp/account"), None);
    }
}
