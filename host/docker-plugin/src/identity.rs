//! Who asks dockerd: the user it names, and the certificate that proves the name.
//!
//! dockerd takes the user from the common name of the client's own certificate (moby
//! `pkg/authorization/authz.go`) and sends the certificates beside it. Both must say the same. A name is a name:
//! nothing in it is ever read as a pattern, a path or a group.

#[cfg(test)]
mod tests;

use portcullis_contract::types::Principal;
use portcullis_identity::certificate::{self, CertificateError};

use crate::message::Message;

/// Why the principal of a message cannot be determined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The client's certificate is malformed, or holds a name that cannot be read for certain.
    #[error("the client's certificate cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// The user is not the one whom the certificate names.
    #[error("dockerd names the user {}, but the client's certificate names {}", quoted(.user.as_deref()), quoted(.certificate.as_deref()))]
    Differs {
        /// Whom dockerd names.
        user: Option<String>,
        /// The certificate's common name.
        certificate: Option<String>,
    },
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "nobody".to_owned(), |name| format!("`{}`", portcullis_docker_api::json::shown(name)))
}

/// The one who asks.
///
/// Without a user it is anonymous, though it may hold a certificate without a name. `TLS` is dockerd's word
/// for a certificate; a user whom dockerd names without saying how gets the authentication `unstated`, any other
/// method stays as dockerd wrote it, in lower case.
pub fn principal(message: &Message) -> Result<Principal, IdentityError> {
    let certificate = message.peer_certificates.first().map(|der| certificate::read(der)).transpose()?;
    if let Some(certificate) = &certificate
        && certificate.common_name != message.user
    {
        return Err(IdentityError::Differs {
            user: message.user.clone(),
            certificate: certificate.common_name.clone(),
        });
    }
    let Some(name) = message.user.clone() else {
        return Ok(Principal { certificate, ..Principal::anonymous() });
    };
    let authentication = match message.user_authn_method.as_deref() {
        Some("TLS") => "certificate".to_owned(),
        Some(method) => method.to_lowercase(),
        None => "unstated".to_owned(),
    };
    Ok(Principal { name: Some(name), authentication, certificate, ..Principal::default() })
}
