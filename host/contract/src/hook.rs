//! Which hook takes and answers what. The one list: code that needs all hooks goes through [`HookName::ALL`].

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::types::{Context, Opinion};
use crate::{HeapSize, aws, docker, secrets};

/// The WIT package that every hook belongs to, with the version this host speaks.
pub const PACKAGE: &str = "portcullis:policy";
/// The version of [`PACKAGE`] that this host speaks.
pub const VERSION: &str = "0.1.0";

/// A hook by name, as WIT writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookName {
    /// Before the Docker daemon carries out a call.
    DockerRequest,
    /// Before the Docker daemon's answer goes out.
    DockerResponse,
    /// Before a secret, container or ACL is read or changed.
    SecretAccess,
    /// Which AWS accounts and roles a person may have.
    AwsRoles,
}

impl HookName {
    /// Every hook there is.
    pub const ALL: [Self; 4] =
        [Self::DockerRequest, Self::DockerResponse, Self::SecretAccess, Self::AwsRoles];

    /// The interface's name, without package and version.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DockerRequest => "docker-request",
            Self::DockerResponse => "docker-response",
            Self::SecretAccess => "secret-access",
            Self::AwsRoles => "aws-roles",
        }
    }

    /// The name of the interface's one function.
    pub const fn function(self) -> &'static str {
        match self {
            Self::AwsRoles => "grants",
            _ => "authorize",
        }
    }

    /// The hook of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.as_str() == name)
    }
}

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A hook as a type: what it takes and what it answers.
pub trait Hook: Send + Sync + 'static {
    /// Its name.
    const NAME: HookName;
    /// What a policy is told.
    type Input: HeapSize + Send + Sync + 'static;
    /// What a policy says.
    type Answer: Send + 'static;
    /// The circumstances that every input carries.
    fn context(input: &Self::Input) -> &Context;
    /// The name, or id, of the principal that the request is made by; `None` for an anonymous one.
    fn principal(input: &Self::Input) -> Option<&str>;
}

macro_rules! hook {
    ($(#[$meta:meta])* $name:ident($input:ty) -> $answer:ty, $([$request:ident])? principal.$user:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Hook for $name {
            const NAME: HookName = HookName::$name;
            type Input = $input;
            type Answer = $answer;
            fn context(input: &Self::Input) -> &Context {
                &input.$($request.)?context
            }
            fn principal(input: &Self::Input) -> Option<&str> {
                input.$($request.)?principal.$user.as_deref()
            }
        }
    };
}

hook!(
    /// `docker-request.authorize`
    DockerRequest(docker::Request) -> Opinion, principal.name
);
hook!(
    /// `docker-response.authorize`
    DockerResponse(docker::Response) -> Opinion, [request] principal.name
);
hook!(
    /// `secret-access.authorize`
    SecretAccess(secrets::Access) -> Opinion, principal.user
);
hook!(
    /// `aws-roles.grants`
    AwsRoles(aws::Request) -> aws::Answer, principal.name
);
