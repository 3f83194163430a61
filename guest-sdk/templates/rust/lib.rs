//! The policy `@name@`.

use portcullis_policy_sdk::prelude::*;

/// What the configuration has under `settings`.
#[derive(Deserialize)]
struct Settings {
@fields@
}

struct Rules(Settings);

impl Policy for Rules {
    type Settings = Settings;
    fn configure(settings: Settings) -> Result<Self, String> {
        Ok(Self(settings))
    }
}

@hooks@
export!(Rules: @exports@);

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_policy_sdk::cases;

    const CASES: &str = include_str!("../cases.jsonl");

@tests@
}
