//! Paths of the daemon's host, by whole segments. Nothing here touches a file system: symbolic links are not
//! followed.

/// Cleans as Go's `path.Clean` does, and reads `/var/run` as the `/run` that it is a link to. `None` where the
/// path is not absolute.
pub(crate) fn clean(path: &str) -> Option<String> {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.strip_prefix('/')?.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    if let ["var", "run", ..] = segments.as_slice() {
        segments.remove(0);
    }
    Some(format!("/{}", segments.join("/")))
}

/// Whether `path` is `directory` or lies below it. Both are clean.
pub(crate) fn within(path: &str, directory: &str) -> bool {
    directory == "/"
        || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning() {
        let cases = [
            ("/", Some("/")),
            ("//", Some("/")),
            ("/srv/", Some("/srv")),
            ("//etc", Some("/etc")),
            ("/srv/../etc/./x//y/", Some("/etc/x/y")),
            ("/../..", Some("/")),
            ("/var/run/docker.sock", Some("/run/docker.sock")),
            ("/var/run", Some("/run")),
            ("/var/runner", Some("/var/runner")),
            ("", None),
            ("srv", None),
            ("./srv", None),
        ];
        for (path, expected) in cases {
            assert_eq!(clean(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn containment_is_by_whole_segments() {
        let cases = [
            ("/srv", "/srv", true),
            ("/srv/a", "/srv", true),
            ("/srvx", "/srv", false),
            ("/", "/srv", false),
            ("/srv", "/", true),
            ("/", "/", true),
        ];
        for (path, directory, expected) in cases {
            assert_eq!(within(path, directory), expected, "{path} in {directory}");
        }
    }
}
