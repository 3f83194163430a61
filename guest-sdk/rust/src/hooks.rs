//! A trait per hook. What each input means is documented in `wit/`.

use crate::docker_edits::Edits;
use crate::{Opinion, aws, docker, secrets};
use serde::de::DeserializeOwned;

/// A policy: its settings, and itself once it has read them.
///
/// `configure` runs once (pre-initialization). Every decision starts from an image of its memory: what is worked
/// out here (tables, sorted lists) costs a decision nothing.
pub trait Policy: Sized + Send + Sync + 'static {
    /// What stands under `settings` in the configuration. `()` where there are none; a key that no field takes
    /// is refused without any attribute on the type.
    type Settings: DeserializeOwned;

    /// Makes the policy. An error refuses it, and its text is shown to the operator: name the setting and what
    /// is wrong with it.
    fn configure(settings: Self::Settings) -> Result<Self, String>;
}

/// Asked before the Docker daemon carries out a call.
pub trait DockerRequest: Policy {
    /// An error is a fault: the call is refused, and the text goes to the operator, not to the caller.
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String>;
}

/// Asked before the Docker daemon's answer goes to the client.
pub trait DockerResponse: Policy {
    /// An error is a fault: the answer is withheld, and the text goes to the operator.
    fn authorize(&self, response: &docker::Response) -> Result<Opinion, String>;
}

/// Asked before the gateway decides on a call: what of Docker the user sees, and what is written for them.
pub trait DockerEdit: Policy {
    /// An error is a fault: the call is refused, and the text goes to the operator.
    fn edit(&self, request: &docker::Request) -> Result<Edits, String>;
}

/// Asked before a secret, a container or an ACL is read or changed.
pub trait SecretAccess: Policy {
    /// An error is a fault: access is refused, and the text goes to the operator.
    fn authorize(&self, access: &secrets::Access) -> Result<Opinion, String>;
}

/// Asked which AWS accounts and roles a person may have.
pub trait AwsRoles: Policy {
    /// An error is a fault: nothing is granted, and the text goes to the operator.
    fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String>;
}
