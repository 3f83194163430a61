//! The one place where a configured policy is kept: written in `configure`, read by every decision.

use crate::docker_edits::Edits;
use crate::{AwsRoles, DockerEdit, DockerRequest, DockerResponse, SecretAccess};
use crate::{MakeOpinion, Opinion, Policy, aws, docker, log, secrets};
use std::sync::OnceLock;

const UNCONFIGURED: &str = "the policy was asked before it had its settings";

/// A policy that may not be configured yet.
#[derive(Debug)]
pub struct State<P>(OnceLock<P>);

impl<P: Policy> State<P> {
    /// Not configured.
    #[expect(clippy::new_without_default, reason = "only ever a static, and a default is not const")]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Reads the settings and keeps the policy.
    ///
    /// The text is overwritten afterwards: it would be in the image with all other memory, and every decision would
    /// carry it, and what is secret in it, along.
    pub fn configure(&self, settings: String) -> Result<(), String> {
        log::panics();
        let parsed = crate::parse(&settings);
        let mut text = settings.into_bytes();
        text.fill(0);
        std::hint::black_box(&text);
        let policy = P::configure(parsed?)?;
        self.0.set(policy).map_err(|_| "configured twice".to_owned())
    }

    fn opinion(&self, ask: impl FnOnce(&P) -> Result<Opinion, String>) -> Result<Opinion, String> {
        self.0.get().map_or_else(|| Ok(Opinion::deny("unconfigured", UNCONFIGURED)), ask)
    }

    /// The hook `docker-request`.
    pub fn docker_request(&self, request: &docker::Request) -> Result<Opinion, String>
    where
        P: DockerRequest,
    {
        self.opinion(|policy| policy.authorize(request))
    }

    /// The hook `docker-response`.
    pub fn docker_response(&self, response: &docker::Response) -> Result<Opinion, String>
    where
        P: DockerResponse,
    {
        self.opinion(|policy| policy.authorize(response))
    }

    /// The hook `docker-edit`.
    pub fn docker_edit(&self, request: &docker::Request) -> Result<Edits, String>
    where
        P: DockerEdit,
    {
        self.0.get().map_or_else(|| Err(UNCONFIGURED.to_owned()), |policy| policy.edit(request))
    }

    /// The hook `secret-access`.
    pub fn secret_access(&self, access: &secrets::Access) -> Result<Opinion, String>
    where
        P: SecretAccess,
    {
        self.opinion(|policy| policy.authorize(access))
    }

    /// The hook `aws-roles`.
    pub fn aws_roles(&self, request: &aws::Request) -> Result<aws::Answer, String>
    where
        P: AwsRoles,
    {
        let everything = || aws::Answer {
            denials: vec![aws::Denial {
                reason: UNCONFIGURED.to_owned(),
                rule: "unconfigured".to_owned(),
                ..aws::Denial::default()
            }],
            ..aws::Answer::default()
        };
        self.0.get().map_or_else(|| Ok(everything()), |policy| policy.grants(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Settings {
        name: String,
    }

    struct Only(Settings);

    impl Policy for Only {
        type Settings = Settings;
        fn configure(settings: Settings) -> Result<Self, String> {
            if settings.name.is_empty() { Err("`name` is empty".into()) } else { Ok(Self(settings)) }
        }
    }

    impl DockerRequest for Only {
        fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
            let known = request.principal.name.as_ref() == Some(&self.0.name);
            Ok(if known { Opinion::allow("name") } else { Opinion::deny("name", "not you") })
        }
    }

    impl AwsRoles for Only {
        fn grants(&self, _: &aws::Request) -> Result<aws::Answer, String> {
            Ok(aws::Answer::default())
        }
    }

    #[test]
    fn without_settings_everything_is_denied() {
        let state = State::<Only>::new();
        let opinion = state.docker_request(&docker::Request::default()).unwrap();
        assert_eq!((opinion.verdict, opinion.rule.as_str()), (crate::Verdict::Deny, "unconfigured"));
        let answer = state.aws_roles(&aws::Request::default()).unwrap();
        assert_eq!((answer.denials[0].account.as_ref(), answer.denials[0].role.as_ref()), (None, None));
    }

    #[test]
    fn settings_are_read_once() {
        let state = State::<Only>::new();
        assert_eq!(state.configure(r#"{"name":""}"#.into()).unwrap_err(), "`name` is empty");
        assert_eq!(state.configure(r#"{"nom":"a"}"#.into()).unwrap_err(), "missing field `name`");
        state.configure(r#"{"name":"a"}"#.into()).unwrap();
        assert_eq!(state.configure(r#"{"name":"b"}"#.into()).unwrap_err(), "configured twice");

        let mut request = docker::Request::default();
        request.principal.name = Some("a".into());
        assert_eq!(state.docker_request(&request).unwrap().verdict, crate::Verdict::Allow);
        request.principal.name = Some("b".into());
        assert_eq!(state.docker_request(&request).unwrap().verdict, crate::Verdict::Deny);
        assert!(state.aws_roles(&aws::Request::default()).unwrap().denials.is_empty());
    }
}
