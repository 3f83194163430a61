//! What a form of the page says: one role of one account, and how credentials are to be written.

use axum::http::{HeaderMap, header};

use crate::page::Format;
use crate::response::Failure;

const TYPE: &str = "application/x-www-form-urlencoded";
/// The token of a browser's session, which [`csrf`] reads; a form without a session has none.
const CSRF: &str = "csrf";

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) account: String,
    pub(super) role: String,
    pub(super) format: Format,
    /// The page of the console that is opened.
    pub(super) destination: Option<String>,
    /// The region in which that is opened.
    pub(super) region: Option<String>,
}

/// The values of a form that has each of these fields once, and no other.
pub(super) fn fields<const N: usize>(
    headers: &HeaderMap,
    body: &[u8],
    names: [&str; N],
) -> Result<[String; N], Failure> {
    check_type(headers)?;
    let pairs: Vec<_> = form_urlencoded::parse(body).filter(|(name, _)| name != CSRF).collect();
    let mut values = names.map(|_| String::new());
    for (value, name) in values.iter_mut().zip(names) {
        let mut found = pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(one), None) if pairs.len() == N => *value = one.to_string(),
            _ => {
                let names = names.map(|name| format!("`{name}`")).join(", ");
                return Err(Failure::bad_request(&format!(
                    "the form must say {names}, each once, and nothing else"
                )));
            }
        }
    }
    Ok(values)
}

/// The token of the session, if the form has it once.
pub(in crate::api) fn csrf(body: &[u8]) -> Option<String> {
    let mut found = form_urlencoded::parse(body).filter(|(name, _)| name == CSRF);
    let (_, value) = found.next()?;
    found.next().is_none().then(|| value.into_owned())
}

fn check_type(headers: &HeaderMap) -> Result<(), Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(TYPE) {
        return Err(Failure::bad_request(&format!("the form is no `{TYPE}`")));
    }
    Ok(())
}

impl Form {
    /// Each field must be there once, but for `destination` and `region`, and no other.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Failure> {
        check_type(headers)?;
        Self::parse(body).ok_or_else(|| {
            Failure::bad_request(
                "the form must say `account`, `role` and `format`, each once, and nothing else but `destination` and \
                 `region`",
            )
        })
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (mut account, mut role, mut format) = (None, None, None);
        let (mut destination, mut region) = (None, None);
        for (name, value) in form_urlencoded::parse(body).filter(|(name, _)| name != CSRF) {
            let field = match &*name {
                "account" => &mut account,
                "role" => &mut role,
                "format" => &mut format,
                "destination" => &mut destination,
                "region" => &mut region,
                _ => return None,
            };
            if value.is_empty() || field.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self { account: account?, role: role?, format: Format::of(&format?)?, destination, region })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn three_fields_each_once() {
        let form = |account: &str, role: &str, format| {
            let (account, role) = (account.into(), role.into());
            Some(Form { account, role, format, destination: None, region: None })
        };
        for (body, wanted) in [
            ("account=a&role=r&format=shell", form("a", "r", Format::Shell)),
            ("role=team%2Fr+x&format=powershell&account=%C3%A4", form("ä", "team/r x", Format::PowerShell)),
            ("account=a&role=r&format=credential_process", form("a", "r", Format::CredentialProcess)),
            ("account=a&role=r&format=", None),
            ("account=a&role=r&format=fish", None),
            ("account=a&role=r", None),
            ("account=a&format=shell", None),
            ("account=&role=r&format=shell", None),
            ("account=a&role=r&format=shell&role=admin", None),
            ("account=a&role=r&format=shell&callbackurl=x", None),
            ("account=a&role=r&format=shell&destination=", None),
            ("account=a&role=r&format=shell&region=", None),
            ("account=a&role=r&format=shell&destination=x&destination=y", None),
            ("", None),
        ] {
            assert_eq!(Form::parse(body.as_bytes()), wanted, "{body}");
        }
        let deep = Form::parse(b"account=a&role=r&format=shell&destination=https%3A%2F%2Fx%2F").unwrap();
        assert_eq!(deep.destination.as_deref(), Some("https://x/"));
        let deep = Form::parse(b"account=a&role=r&format=shell&region=eu-west-1").unwrap();
        assert_eq!(deep.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn named_fields_each_once() {
        for (body, wanted) in [
            ("id=7f&step=deny", Some(["7f", "deny"])),
            ("step=deny&id=", Some(["", "deny"])),
            ("id=7f", None),
            ("id=7f&step=deny&step=approve", None),
            ("id=7f&id=8f", None),
            ("id=7f&step=deny&more=", None),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(TYPE))]);
            let found = fields(&headers, body.as_bytes(), ["id", "step"]).ok();
            assert_eq!(found, wanted.map(|wanted| wanted.map(String::from)), "{body}");
        }
    }

    #[test]
    fn the_token_of_a_session_stands_once_beside_the_fields() {
        for (body, wanted) in [
            ("csrf=t&id=7f&step=deny", Some("t")),
            ("id=7f&step=deny", None),
            ("csrf=t&csrf=t", None),
            ("csrf=", Some("")),
        ] {
            assert_eq!(csrf(body.as_bytes()).as_deref(), wanted, "{body}");
        }
        assert!(Form::parse(b"csrf=t&account=a&role=r&format=shell").is_some());
    }

    #[test]
    fn nothing_but_a_form_is_read() {
        let body = b"account=a&role=r&format=shell";
        for (kind, read) in [
            (TYPE, true),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", true),
            ("text/plain", false),
            ("multipart/form-data", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(Form::read(&headers, body).is_ok(), read, "{kind}");
        }
        assert!(Form::read(&HeaderMap::new(), body).is_err());
    }
}
