//! Policy `builtin:allow`: grants every call to the Docker daemon that no guard denies. It takes no settings.
//!
//! A guard such as docker-baseline only denies or abstains, and what no policy grants is refused: this is the
//! simplest thing that grants.

use portcullis_policy_sdk::prelude::*;

struct Allow;

#[derive(Deserialize)]
struct Settings {}

impl Policy for Allow {
    type Settings = Settings;
    fn configure(_: Settings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl DockerRequest for Allow {
    fn authorize(&self, _: &docker::Request) -> Result<Opinion, String> {
        Ok(Opinion::allow("allow"))
    }
}

export!(Allow: docker_request);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_cases_hold() {
        portcullis_policy_sdk::cases::docker_request::<Allow>(include_str!("../cases.json")).unwrap();
    }
}
