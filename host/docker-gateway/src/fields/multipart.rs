//! `multipart/form-data` (RFC 7578) of a body that is in memory: names and texts, no more. Portainer's clients send an
//! endpoint so, with certificates as files.

use crate::error::GatewayError;

/// Fields of one form.
const MAX_PARTS: usize = 64;

/// The fields, each a name and a text.
pub(super) fn parse(content_type: &str, body: &[u8]) -> Result<Vec<(String, String)>, GatewayError> {
    let wrong = |what: &str| GatewayError::bad_request(format!("The multipart body {what}"));
    let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let delimiter = format!("--{}", boundary.ok_or_else(|| wrong("has no boundary in Content-Type"))?);
    let text = std::str::from_utf8(body).map_err(|_| wrong("is not UTF-8"))?;
    // The first delimiter may follow a preamble; all others follow a line break that is a part of them.
    let (_, mut rest) = text.split_once(&*delimiter).ok_or_else(|| wrong("does not contain its boundary"))?;
    let next = format!("\r\n{delimiter}");
    let mut fields = Vec::new();
    while !rest.starts_with("--") {
        if fields.len() == MAX_PARTS {
            return Err(wrong("has more than 64 fields"));
        }
        let part = rest.trim_start_matches([' ', '\t']).strip_prefix("\r\n");
        let (part, after) = part
            .and_then(|part| part.split_once(&*next))
            .ok_or_else(|| wrong("ends before its last boundary"))?;
        let (head, value) = part.split_once("\r\n\r\n").ok_or_else(|| wrong("has a field without a head"))?;
        let disposition = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
        });
        let name = disposition.and_then(|value| parameter(value, "name"));
        fields.push((name.ok_or_else(|| wrong("has a field without a name"))?, value.to_owned()));
        rest = after;
    }
    Ok(fields)
}

/// A parameter of a header, quoted or not.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        found.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_are_read() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"Name\"\r\n\r\nlocal\r\n\
            --XX\r\ncontent-disposition: form-data; name=TLSCACertFile; filename=\"ca.pem\"\r\n\
            Content-Type: application/x-pem-file\r\n\r\n-----BEGIN\r\n--X\r\nEND-----\r\n\r\n--XX--\r\n";
        let fields = parse("multipart/form-data; boundary=XX", body.as_bytes()).unwrap();
        let expected = [("Name", "local"), ("TLSCACertFile", "-----BEGIN\r\n--X\r\nEND-----\r\n")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_broken_form_is_refused() {
        for (content_type, body) in [
            ("multipart/form-data", "--XX--"),
            ("multipart/form-data; boundary=\"\"", "----"),
            ("multipart/form-data; boundary=XX", ""),
            ("multipart/form-data; boundary=XX", "--XX"),
            ("multipart/form-data; boundary=XX", "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv"),
            ("multipart/form-data; boundary=XX", "--XX\r\nX: y\r\n\r\nv\r\n--XX--"),
            ("multipart/form-data; boundary=XX", "--XX\r\nv\r\n--XX--"),
        ] {
            assert!(parse(content_type, body.as_bytes()).is_err(), "{body:?}");
        }
        let many = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n".repeat(100) + "--XX--";
        assert!(parse("multipart/form-data; boundary=XX", many.as_bytes()).is_err());
    }
}
