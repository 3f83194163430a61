//! A policy that behaves as badly as it is told to: what the engine must survive.
//!
//! A decision's behaviour is the last segment of `request.uri`: `/hostile/spin`. [`decide`] lists them. A name
//! that is none of them is an ordinary decision, which `require_user` and `table` make a lookup.
//!
//! `configure` misbehaves by the setting of that name: `{"configure": "spin"}`.

mod acts;
mod table;

use portcullis_policy_sdk::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};
use table::Table;

/// Everything may be left out.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    /// `spin`, `grow`, `trap`, `panic`, `error`, `log-flood`.
    configure: String,
    /// Users by name; the values are not looked at.
    table: Table,
    /// Whether an ordinary decision wants `principal.name` in the table.
    require_user: bool,
}

struct Hostile(Settings);

impl Policy for Hostile {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        match settings.configure.as_str() {
            "" => Ok(Self(settings)),
            "spin" => acts::spin(),
            "grow" => acts::grow(),
            "trap" => acts::trap(),
            "panic" => acts::panic("configure was told to panic"),
            "log-flood" => acts::log_flood(),
            "error" => Err("configure was told to fail".into()),
            other => Err(format!("`configure`: there is no `{other}`")),
        }
    }
}

/// How often this instance has been asked: a new one each time answers 1.
static ASKED: AtomicU32 = AtomicU32::new(0);

impl DockerRequest for Hostile {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
        let act = request.uri.rsplit('/').next().unwrap_or_default();
        match act {
            "spin" => acts::spin(),
            "grow" => acts::grow(),
            "trap" => acts::trap(),
            "panic" => acts::panic("the decision was told to panic"),
            "overflow" => acts::overflow(),
            "recursion" => acts::recursion(),
            "log-flood" => acts::log_flood(),
            "log-drip" => acts::log_drip(),
            "big-reason" => Ok(Opinion::deny("big-reason", "x".repeat(10 << 20))),
            "big-rule" => Ok(Opinion::deny("x".repeat(10 << 20), "the rule is 10 MiB")),
            "big-extra" => Ok(Opinion { extra: acts::pairs(100_000), ..Opinion::deny("big-extra", "") }),
            "escapes" => Ok(Opinion::deny("escapes", acts::ESCAPES)),
            "bad-rule" => Ok(Opinion::deny("Bad Rule\u{1b}[31m\r\n\0".repeat(20), "the rule is not a name")),
            "utf8" => Ok(Opinion::deny("utf8", acts::not_utf8())),
            "error" => Err("the decision was told to fail".into()),
            "work" => {
                acts::work();
                Ok(Opinion::allow("work"))
            }
            "count" => Ok(Opinion { reason: asked.to_string(), ..Opinion::allow("count") }),
            "deny" => Ok(Opinion::deny("deny", "denied as told")),
            "abstain" => Ok(Opinion::abstain()),
            _ => Ok(self.decide(request)),
        }
    }
}

impl Hostile {
    fn decide(&self, request: &docker::Request) -> Opinion {
        let name = request.principal.name.as_deref().unwrap_or_default();
        if self.0.require_user && !self.0.table.contains(name) {
            return Opinion::deny("unknown-user", format!("`{name}` is not in the table"));
        }
        Opinion::allow("ok")
    }
}

export!(Hostile: docker_request);
