//! AFP's identity source, from `api.user_identification`. Called by `settings`.

use super::error::Findings;
use super::fields::Fields;

/// The source of the user's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Identity {
    /// The web server, in this header. The second is what AFP saw of it.
    Header(String, String),
    /// The address of the connection.
    #[default]
    Address,
}

/// `api.user_identification.environment_field`: a variable that the web server gives to AFP (PEP 3333).
pub(super) fn read(fields: &mut Fields, findings: &mut Findings) -> Option<Identity> {
    let mut api = fields.table("api", findings);
    let mut user = api.as_mut().and_then(|api| api.table("user_identification", findings));
    let field = user.as_mut().and_then(|user| user.text("environment_field", findings));
    for table in [api, user].into_iter().flatten() {
        table.finish(findings);
    }
    let Some((place, field)) = field else {
        findings.refuse(
            &fields.place,
            "there is no `api.user_identification.environment_field`, so AFP knows nobody; write REMOTE_USER or \
             REMOTE_ADDR",
        );
        return None;
    };
    let header = field.strip_prefix("HTTP_").filter(|name| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    match (field.as_str(), header) {
        ("REMOTE_USER", _) => {
            findings.warn(
                "AFP took the user from the web server's REMOTE_USER: let the web server put it into the header \
                 X-Remote-User, replacing one that a client sent, and name its address under `trusted`",
            );
            Some(Identity::Header("X-Remote-User".into(), field))
        }
        ("REMOTE_ADDR", _) => {
            findings.warn(
                "machines are known by the address they connect from: they must reach this listener themselves, \
                 without a proxy between",
            );
            Some(Identity::Address)
        }
        (_, Some(name)) => {
            let words = name.split('_').map(|word| {
                let (first, rest) = word.split_at(usize::from(!word.is_empty()));
                format!("{first}{}", rest.to_ascii_lowercase())
            });
            let header = words.collect::<Vec<_>>().join("-");
            findings.warn(format_args!(
                "AFP took the user from the header {header}: the web server must replace one that a client sent, and \
                 its address stands under `trusted`"
            ));
            Some(Identity::Header(header, field))
        }
        _ => {
            findings.refuse(
                &place,
                format_args!(
                    "the user cannot be taken from `{field}` here: let the web server put it into a header, and \
                     write `HTTP_X_REMOTE_USER` for X-Remote-User"
                ),
            );
            None
        }
    }
}
