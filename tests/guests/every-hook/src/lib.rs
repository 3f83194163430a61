//! A policy with every hook. Each answers by what it was asked, so that a test sees that the input arrived:
//! the reason or the parameters repeat a field.

use portcullis_policy_sdk::prelude::*;

/// Everything may be left out.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    /// Denied wherever they stand: operations, methods of `docker-request`, AWS roles.
    denied: BTreeSet<String>,
}

struct EveryHook(Settings);

impl EveryHook {
    /// Denies `word` where the settings say so, else allows; the reason is `said`.
    fn judge(&self, word: &str, said: String) -> Opinion {
        let opinion =
            if self.0.denied.contains(word) { Opinion::deny("denied", "") } else { Opinion::allow("every") };
        Opinion { reason: said, ..opinion }
    }
}

impl Policy for EveryHook {
    type Settings = Settings;
    fn configure(settings: Settings) -> Result<Self, String> {
        Ok(Self(settings))
    }
}

impl DockerRequest for EveryHook {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        let operation = request.operation.as_deref().unwrap_or_default();
        Ok(self.judge(operation, format!("{} {}", request.method, request.uri)))
    }
}

impl DockerResponse for EveryHook {
    fn authorize(&self, response: &docker::Response) -> Result<Opinion, String> {
        let operation = response.request.operation.as_deref().unwrap_or_default();
        Ok(self.judge(operation, format!("status {:?}", response.status)))
    }
}

impl DockerEdit for EveryHook {
    fn edit(&self, request: &docker::Request) -> Result<docker_edits::Edits, String> {
        let name = request.principal.name.clone().unwrap_or_default();
        Ok(docker_edits::Edits { labels: vec![("every".into(), name)], ..docker_edits::Edits::default() })
    }
}

impl SecretAccess for EveryHook {
    fn authorize(&self, access: &secrets::Access) -> Result<Opinion, String> {
        let entity = access.entity.as_ref().map_or("", |entity| &entity.id);
        Ok(self.judge(&access.operation, format!("{} of {entity}", access.operation)))
    }
}

impl AwsRoles for EveryHook {
    fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String> {
        let name = request.principal.name.clone().unwrap_or_default();
        let grant = |role: &str| aws::Grant {
            account: request.account.clone().unwrap_or_else(|| "111111111111".into()),
            role: role.into(),
            reason: request.purpose.clone(),
            duration_seconds: Some(900),
            session_name: Some(name.clone()),
            tags: vec![("user".into(), name.clone())],
            ..aws::Grant::default()
        };
        let denial = |role: &String| aws::Denial {
            role: Some(role.clone()),
            reason: "as the settings say".into(),
            rule: "denied".into(),
            ..aws::Denial::default()
        };
        Ok(aws::Answer {
            grants: ["reader", "writer"].into_iter().map(grant).collect(),
            denials: self.0.denied.iter().map(denial).collect(),
            ..aws::Answer::default()
        })
    }
}

export!(EveryHook: docker_request, docker_response, docker_edit, secret_access, aws_roles);
