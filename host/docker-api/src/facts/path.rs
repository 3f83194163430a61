//! Paths of the daemon's host.

use crate::escape;

/// Go's `path.Clean`, by which dockerd reads a bind's source: no `.`, no `//`, `..` taken away with what stands
/// before it. Symbolic links are not followed.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&"..") | None if !rooted => kept.push(".."),
                _ => {
                    kept.pop();
                }
            },
            other => kept.push(other),
        }
    }
    match (rooted, kept.is_empty()) {
        (true, _) => format!("/{}", kept.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => kept.join("/"),
    }
}

/// A path that the kernel resolves for dockerd as it was sent. `..` after a symbolic link is above what the link leads to,
/// and so can be anywhere: such a path is taken for `/`.
pub(super) fn of_kernel(path: &str) -> String {
    if path.split('/').any(|segment| segment == "..") { "/".to_owned() } else { clean(path) }
}

/// Such a path where dockerd's working directory, which is `/`, stands before a relative one.
pub(super) fn from_root(path: &str) -> String {
    if path.starts_with('/') { of_kernel(path) } else { of_kernel(&format!("/{path}")) }
}

/// The path that a value names: itself where it is absolute, or that of a URL with a scheme for files and sockets, read
/// as Go's `net/url` reads it (moby daemon/logger/syslog, `parseAddress`).
pub(super) fn in_value(value: &str) -> Option<String> {
    const SCHEMES: [&str; 4] = ["file", "unix", "unixgram", "unixpacket"];
    if value.starts_with('/') {
        return Some(value.to_owned());
    }
    let (scheme, rest) = value.split_once(':')?;
    SCHEMES.iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or(rest, |at| &rest[at..]),
        None => rest,
    };
    Some(escape::undo(path, false).unwrap_or_else(|_| path.to_owned()))
}

/// The deepest directory above all of these (or the one path itself). Paths are clean and absolute.
pub(super) fn common(paths: &[String]) -> Option<String> {
    let (first, rest) = paths.split_first()?;
    let mut shared: Vec<&str> = first.split('/').collect();
    for path in rest {
        let same = shared.iter().zip(path.split('/')).take_while(|(mine, theirs)| **mine == *theirs).count();
        shared.truncate(same);
    }
    let joined = shared.join("/");
    Some(if joined.is_empty() { "/".to_owned() } else { joined })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        let table = [
            ("", "."),
            ("/", "/"),
            ("//etc", "/etc"),
            ("/etc/..", "/"),
            ("/home/u/../..", "/"),
            ("/..", "/"),
            ("/../../etc", "/etc"),
            ("/a/./b//c/", "/a/b/c"),
            ("a/../..", ".."),
            ("../../a", "../../a"),
            (".", "."),
            ("a/..", "."),
            ("/etc/.", "/etc"),
            ("/...", "/..."),
            ("/a\\..\\b", "/a\\..\\b"),
            ("/ etc ", "/ etc "),
        ];
        for (path, expected) in table {
            assert_eq!(clean(path), expected, "{path}");
        }
    }

    #[test]
    fn the_common_directory_lies_above_all() {
        let common_of = |paths: &[&str]| {
            common(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>()).unwrap_or_default()
        };
        assert_eq!(common_of(&[]), "");
        assert_eq!(common_of(&["/etc"]), "/etc");
        assert_eq!(common_of(&["/srv/a", "/srv/b", "/srv/a"]), "/srv");
        assert_eq!(common_of(&["/srv/a", "/srv/ab"]), "/srv");
        assert_eq!(common_of(&["/srv/a", "/srv"]), "/srv");
        assert_eq!(common_of(&["/srv/a", "/etc"]), "/");
        assert_eq!(common_of(&["/", "/etc"]), "/");
    }

    proptest! {
        #[test]
        fn a_clean_path_stays_and_holds_no_tricks(path in "[/.a]{0,12}") {
            let cleaned = clean(&path);
            prop_assert_eq!(clean(&cleaned), cleaned.clone());
            prop_assert!(!cleaned.contains("//"));
            prop_assert!(!path.starts_with('/') || (cleaned.starts_with('/') && !cleaned.contains("/../") && !cleaned.ends_with("/..")));
        }
    }
}
