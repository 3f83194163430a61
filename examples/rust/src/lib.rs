//! No privileged containers, and images from allowed registries only.

use portcullis_policy_sdk::prelude::*;

#[derive(Deserialize)]
struct Settings {
    allowed_registries: BTreeSet<String>,
}

struct Registries(Settings);

impl Policy for Registries {
    type Settings = Settings;
    fn configure(settings: Settings) -> Result<Self, String> {
        Ok(Self(settings))
    }
}

impl DockerRequest for Registries {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        let Some(workload) = &request.workload else { return Ok(Opinion::abstain()) };
        if workload.privileged {
            return Ok(Opinion::deny("privileged", "leave out `--privileged`"));
        }
        match &workload.image {
            Some(image) if !self.0.allowed_registries.contains(&image.domain) => {
                Ok(Opinion::deny("registry", self.refusal(&image.domain)))
            }
            _ => Ok(Opinion::abstain()),
        }
    }
}

impl Registries {
    fn refusal(&self, domain: &str) -> String {
        let allowed: Vec<_> = self.0.allowed_registries.iter().map(|name| format!("`{name}`")).collect();
        format!("no images from `{domain}`: allowed are {}", allowed.join(", "))
    }
}

export!(Registries: docker_request);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_cases_hold() {
        portcullis_policy_sdk::cases::docker_request::<Registries>(include_str!("../../cases.json")).unwrap();
    }
}
