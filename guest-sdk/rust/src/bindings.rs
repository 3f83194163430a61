//! What wit-bindgen makes of `wit/`: the import `log`, and one small world per interface, so that a policy exports
//! what it names and nothing else. The types are those of `portcullis-contract`, which host and policies share.

#![allow(unsafe_code, unreachable_pub, missing_docs, clippy::all, clippy::pedantic)]

/// What a policy was asked. Its many small parts are not given back one by one: an instance answers one question,
/// and goes with all its memory then.
pub use std::mem::ManuallyDrop as Asked;

pub mod lifecycle {
    pub mod world {
        wit_bindgen::generate!({
            inline: "package portcullis:sdk; world configured { import portcullis:policy/log@0.1.0; export portcullis:policy/lifecycle@0.1.0; }",
            path: "../../wit",
            world: "portcullis:sdk/configured",
            pub_export_macro: true,
            disable_custom_section_link_helpers: true,
            export_macro_name: "export_lifecycle",
            generate_all,
        });
    }
    pub use world::exports::portcullis::policy::lifecycle::Guest;
}

pub mod docker_request {
    pub mod world {
        wit_bindgen::generate!({
            inline: "package portcullis:sdk; world docker-request { export portcullis:policy/docker-request@0.1.0; }",
            path: "../../wit",
            world: "portcullis:sdk/docker-request",
            pub_export_macro: true,
            disable_custom_section_link_helpers: true,
            export_macro_name: "export_docker_request",
            with: {
                "portcullis:policy/types@0.1.0": portcullis_contract::types,
                "portcullis:policy/docker@0.1.0": portcullis_contract::docker,
            },
        });
    }
    pub use world::exports::portcullis::policy::docker_request::Guest;
    pub const fn check<P: crate::DockerRequest>() {}
}

pub mod docker_response {
    pub mod world {
        wit_bindgen::generate!({
            inline: "package portcullis:sdk; world docker-response { export portcullis:policy/docker-response@0.1.0; }",
            path: "../../wit",
            world: "portcullis:sdk/docker-response",
            pub_export_macro: true,
            disable_custom_section_link_helpers: true,
            export_macro_name: "export_docker_response",
            with: {
                "portcullis:policy/types@0.1.0": portcullis_contract::types,
                "portcullis:policy/docker@0.1.0": portcullis_contract::docker,
            },
        });
    }
    pub use world::exports::portcullis::policy::docker_response::Guest;
    pub const fn check<P: crate::DockerResponse>() {}
}

pub mod docker_edit {
    pub mod world {
        wit_bindgen::generate!({
            inline: "package portcullis:sdk; world docker-edit { export portcullis:policy/docker-edit@0.1.0; }",
            path: "../../wit",
            world: "portcullis:sdk/docker-edit",
            pub_export_macro: true,
            disable_custom_section_link_helpers: true,
            export_macro_name: "export_docker_edit",
            with: {
                "portcullis:policy/types@0.1.0": portcullis_contract::types,
                "portcullis:policy/docker@0.1.0": portcullis_contract::docker,
                "portcullis:policy/docker-edits@0.1.0": portcullis_contract::docker_edits,
            },
        });
    }
    pub use world::exports::portcullis::policy::docker_edit::Guest;
    pub const fn check<P: crate::DockerEdit>() {}
}

pub mod secret_access {
    pub mod world {
        wit_bindgen::generate!({
            inline: "package portcullis:sdk; world secret-access { export portcullis:policy/secret-access@0.1.0; }",
            path: "../../wit",
            world: "portcullis:sdk/secret-access",
            pub_export_macro: true,
            disable_custom_section_link_helpers: true,
            export_macro_name: "export_secret_access",
            with: {
                "portcullis:policy/types@0.1.0": portcullis_contract::types,
                "portcullis:policy/secrets@0.1.0": portcullis_contract::secrets,
            },
        });
    }
    pub use world::exports::portcullis::policy::secret_access::Guest;
    pub const fn check<P: crate::SecretAccess>() {}
}

pub mod aws_roles {
    pub mod world {
        wit_bindgen::generate!({
            inline: "package portcullis:sdk; world aws-roles { export portcullis:policy/aws-roles@0.1.0; }",
            path: "../../wit",
            world: "portcullis:sdk/aws-roles",
            pub_export_macro: true,
            disable_custom_section_link_helpers: true,
            export_macro_name: "export_aws_roles",
            with: {
                "portcullis:policy/types@0.1.0": portcullis_contract::types,
                "portcullis:policy/aws@0.1.0": portcullis_contract::aws,
            },
        });
    }
    pub use world::exports::portcullis::policy::aws_roles::Guest;
    pub const fn check<P: crate::AwsRoles>() {}
}

/// Exports one hook of the policy in `STATE`, through `Exported`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_hook {
    (docker_request) => {
        impl $crate::bindings::docker_request::Guest for Exported {
            fn authorize(input: $crate::docker::Request) -> Result<$crate::types::Opinion, String> {
                STATE.docker_request(&$crate::bindings::Asked::new(input))
            }
        }
        $crate::bindings::docker_request::world::export_docker_request!(Exported with_types_in $crate::bindings::docker_request::world);
    };
    (docker_response) => {
        impl $crate::bindings::docker_response::Guest for Exported {
            fn authorize(input: $crate::docker::Response) -> Result<$crate::types::Opinion, String> {
                STATE.docker_response(&$crate::bindings::Asked::new(input))
            }
        }
        $crate::bindings::docker_response::world::export_docker_response!(Exported with_types_in $crate::bindings::docker_response::world);
    };
    (docker_edit) => {
        impl $crate::bindings::docker_edit::Guest for Exported {
            fn edit(input: $crate::docker::Request) -> Result<$crate::docker_edits::Edits, String> {
                STATE.docker_edit(&$crate::bindings::Asked::new(input))
            }
        }
        $crate::bindings::docker_edit::world::export_docker_edit!(Exported with_types_in $crate::bindings::docker_edit::world);
    };
    (secret_access) => {
        impl $crate::bindings::secret_access::Guest for Exported {
            fn authorize(input: $crate::secrets::Access) -> Result<$crate::types::Opinion, String> {
                STATE.secret_access(&$crate::bindings::Asked::new(input))
            }
        }
        $crate::bindings::secret_access::world::export_secret_access!(Exported with_types_in $crate::bindings::secret_access::world);
    };
    (aws_roles) => {
        impl $crate::bindings::aws_roles::Guest for Exported {
            fn grants(input: $crate::aws::Request) -> Result<$crate::aws::Answer, String> {
                STATE.aws_roles(&$crate::bindings::Asked::new(input))
            }
        }
        $crate::bindings::aws_roles::world::export_aws_roles!(Exported with_types_in $crate::bindings::aws_roles::world);
    };
}
