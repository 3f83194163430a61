//! Which hook takes and answers what: the one list of hooks, at the end of this file.
//!
//! Names, types, cases, signature checks and the engine's calls are made from its rows: by [`HookName::ALL`] where names
//! are enough, by [`for_each_hook!`](crate::for_each_hook) where types are needed. A new hook is a row here, beside its
//! interface in `wit/`.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::types::{Context, Opinion};
use crate::{HeapSize, aws, docker, docker_edits, secrets};

/// The WIT package that every hook belongs to, with the version this host speaks.
pub const PACKAGE: &str = "portcullis:policy";
/// The version of [`PACKAGE`] that this host speaks.
pub const VERSION: &str = "0.1.0";

/// How the answers of several policies become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combining {
    /// Asked before the action: a denial or a fault refuses, else one `allow` is needed.
    BeforeAction,
    /// Asked after the action: a denial or a fault withholds the response, else it passes.
    AfterAction,
    /// Edits: those of all policies add up, and a fault refuses.
    Edits,
    /// Lists: denials of all policies apply first, then the first grant for an account and role counts.
    Lists,
}

/// A hook as a type: what it takes and what it answers.
pub trait Hook: Send + Sync + 'static {
    /// Its name.
    const NAME: HookName;
    /// How the answers of several policies become one.
    const COMBINING: Combining;
    /// What a policy is told.
    type Input: HeapSize + Serialize + Clone + Send + Sync + 'static;
    /// What a policy says.
    type Answer: Send + 'static;
    /// The circumstances that every input carries.
    fn context(input: &Self::Input) -> &Context;
    /// The name, or id, of the principal that the request is made by; `None` for an anonymous one.
    fn principal(input: &Self::Input) -> Option<&str>;
}

macro_rules! hooks {
    ($dollar:tt $(
        $(#[$meta:meta])*
        $name:ident = $interface:literal . $function:ident ($input:ty) -> $answer:ty,
        $combining:ident, context: $($context:ident).+, principal: $($principal:ident).+;
    )+) => {
        /// A hook by name, as WIT writes it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum HookName {
            $($(#[$meta])* $name,)+
        }

        impl HookName {
            /// Every hook there is.
            pub const ALL: [Self; [$($interface),+].len()] = [$(Self::$name),+];

            /// The interface's name, without package and version.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $interface,)+
                }
            }

            /// The name of the interface's one function.
            pub const fn function(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($function),)+
                }
            }
        }

        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Hook for $name {
                const NAME: HookName = HookName::$name;
                const COMBINING: Combining = Combining::$combining;
                type Input = $input;
                type Answer = $answer;

                fn context(input: &Self::Input) -> &Context {
                    &input.$($context).+
                }

                fn principal(input: &Self::Input) -> Option<&str> {
                    input.$($principal).+.as_deref()
                }
            }
        )+

        /// Calls the macro `$then` with the names of all hooks, separated by commas. Each is a [`Hook`] of
        /// [`hook`](crate::hook), and a variant of [`HookName`].
        #[macro_export]
        macro_rules! for_each_hook {
            ($dollar then:ident) => {
                $dollar then! { $($name),+ }
            };
        }
    };
}

impl HookName {
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

hooks! { $
    /// Before the Docker daemon carries out a request.
    DockerRequest = "docker-request".authorize(docker::Request) -> Opinion,
        BeforeAction, context: context, principal: principal.name;
    /// Before the Docker daemon's response goes out.
    DockerResponse = "docker-response".authorize(docker::Response) -> Opinion,
        AfterAction, context: request.context, principal: request.principal.name;
    /// Before a request to a Docker engine is decided by the gateway: what it changes.
    DockerEdit = "docker-edit".edit(docker::Request) -> docker_edits::Edits,
        Edits, context: context, principal: principal.name;
    /// Before a secret, container or ACL is read or changed.
    SecretAccess = "secret-access".authorize(secrets::Access) -> Opinion,
        BeforeAction, context: context, principal: principal.user;
    /// Which AWS accounts and roles a person may have.
    AwsRoles = "aws-roles".grants(aws::Request) -> aws::Answer,
        Lists, context: context, principal: principal.name;
}
