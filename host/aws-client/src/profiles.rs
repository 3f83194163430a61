//! The part of `~/.aws/config` that `portcullis aws config` writes: a profile for each role, between two marks. All else
//! in the file stays as it is, byte by byte.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::role::RoleName;

/// The line before the profiles. Lines are compared up to the colon.
const BEGIN: &str = "# BEGIN portcullis aws";
const BEGIN_LINE: &str =
    "# BEGIN portcullis aws: `portcullis aws config` replaces what is between these marks";
/// The line after them.
const END: &str = "# END portcullis aws";

/// What all SDKs take for a part of a profile's name (SDK reference guide, shared config files). `%` is used to encode
/// the rest.
const NAME: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'/').remove(b'.').remove(b'@').remove(b'+');

/// The name of a role's profile.
pub(crate) fn profile_name(role: &RoleName) -> String {
    utf8_percent_encode(&role.to_string(), &NAME).to_string()
}

/// A profile that runs `command`.
pub(crate) fn profile(name: &str, command: &str, region: Option<&str>) -> String {
    let region = region.map(|region| format!("region = {region}\n")).unwrap_or_default();
    format!("[profile {name}]\ncredential_process = {command}\n{region}")
}

/// A word of `credential_process`, in quotes where it needs some. SDKs split the line in different ways: by their own
/// rules, by `sh` or by `cmd.exe`. Double quotes are what all of them know; what they read differently is none.
pub(crate) fn word(text: &str) -> Option<String> {
    if text.contains(|char: char| char.is_control() || "\"'\\$`%!".contains(char)) {
        return None;
    }
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:=@+,".contains(char);
    Some(if !text.is_empty() && text.chars().all(is_plain) { text.into() } else { format!("\"{text}\"") })
}

/// The file with `profiles` between the marks.
///
/// # Errors
/// What must be corrected in the file first.
pub(crate) fn replace(file: &[u8], profiles: &[(String, String)]) -> Result<Vec<u8>, String> {
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let find = |mark: &str| {
        let is_mark = |line: &[u8]| {
            let rest = line.trim_ascii().strip_prefix(mark.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b":"))
        };
        (0..lines.len()).filter(|at| is_mark(lines[*at])).collect::<Vec<_>>()
    };
    let (before, after) = match (&find(BEGIN)[..], &find(END)[..]) {
        ([], []) => (lines.len(), lines.len()),
        ([begin], [end]) if begin < end => (*begin, end + 1),
        (begins, ends) => {
            let at = begins.iter().chain(ends).map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "the marks of `portcullis aws config` must be one `{BEGIN}` and then one `{END}`; they are in line {at}: \
                 remove them and what they enclose"
            ));
        }
    };
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| *at < before || *at >= after) {
        let own = section(line).filter(|section| profiles.iter().any(|(name, _)| name == section));
        if let Some(name) = own {
            return Err(format!(
                "line {}: the profile `{name}` is there already: rename or remove it",
                at + 1
            ));
        }
    }
    let mut new = lines[..before].concat();
    if new.last().is_some_and(|last| *last != b'\n') {
        new.push(b'\n');
    }
    new.extend_from_slice(BEGIN_LINE.as_bytes());
    new.push(b'\n');
    for (_, profile) in profiles {
        new.extend_from_slice(profile.as_bytes());
    }
    new.extend_from_slice(END.as_bytes());
    new.push(b'\n');
    new.extend_from_slice(&lines[after..].concat());
    Ok(new)
}

/// The name in `[profile NAME]`.
fn section(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim();
    let name = line.strip_prefix('[')?.split(']').next()?.trim().strip_prefix("profile")?;
    name.starts_with(char::is_whitespace).then(|| name.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| ((*name).to_owned(), profile(name, "x", None))).collect()
    }

    #[test]
    fn the_rest_of_the_file_stays_as_it_is() {
        for (before, after) in [
            (&b""[..], &b""[..]),
            (b"[default]\nregion = x\n", b""),
            (b"[default]\r\nregion = \xff\xfe\r\n\r\n", b"\r\n[profile other]\r\n# END of it\r\n"),
            (b"# BEGIN portcullis awsome\n", b"# END portcullis aws2\nno line feed"),
            (b"", b"[profile z]\n"),
        ] {
            let first = replace(before, &profiles(&["a/r", "b/r"])).unwrap();
            assert!(first.starts_with(before));
            let whole = [&first[..], after].concat();
            assert_eq!(replace(&whole, &profiles(&["a/r", "b/r"])).unwrap(), whole, "idempotent");
            let second = replace(&whole, &profiles(&["c/r"])).unwrap();
            assert!(second.starts_with(before) && second.ends_with(after));
            let text = String::from_utf8_lossy(&second);
            assert!(text.contains("[profile c/r]") && !text.contains("[profile a/r]"), "{text}");
            // Back again: it is as if nothing had happened.
            assert_eq!(replace(&second, &profiles(&["a/r", "b/r"])).unwrap(), whole);
        }
        let unended = replace(b"[default]", &[]).unwrap();
        assert!(unended.starts_with(b"[default]\n# BEGIN"), "{}", String::from_utf8_lossy(&unended));
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_left_alone() {
        let begin = format!("{BEGIN_LINE}\n");
        let end = format!("{END}\n");
        for (file, part) in [
            (begin.clone(), "line 1"),
            (end.clone(), "line 1"),
            (format!("{end}{begin}"), "line 2, 1"),
            (format!("{begin}{end}{begin}{end}"), "line 1, 3, 2, 4"),
            ("[default]\n[profile a/r]\n".into(), "line 2: the profile `a/r` is there already"),
            ("[ profile  \"a/r\" ]\n".into(), "line 1: the profile `a/r`"),
            (format!("{begin}{end}[profile a/r]\n"), "line 3: the profile `a/r`"),
        ] {
            let error = replace(file.as_bytes(), &profiles(&["a/r"])).unwrap_err();
            assert!(error.contains(part), "{file}: {error}");
        }
    }

    #[test]
    fn names_and_words() {
        let role = |account: &str, role: &str| RoleName { account: account.into(), role: role.into() };
        assert_eq!(profile_name(&role("production", "team/reader")), "production/team/reader");
        assert_eq!(profile_name(&role("a b]", "r=,1%")), "a%20b%5D/r%3D%2C1%25");
        for (text, expected) in [
            ("/usr/bin/portcullis", Some("/usr/bin/portcullis")),
            ("a b", Some("\"a b\"")),
            ("", Some("\"\"")),
            ("a;b", Some("\"a;b\"")),
            ("a\"b", None),
            ("$(x)", None),
            ("a\nb", None),
        ] {
            assert_eq!(word(text).as_deref(), expected, "{text}");
        }
    }
}
