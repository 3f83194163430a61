//! A policy that imports a clock, `wasi:clocks/wall-clock`: refused by that name, unless the operator's `wasi` list
//! grants it. Then it allows with rule `clock`, and the reason is the seconds since 1970.

use portcullis_policy_sdk::prelude::*;

#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod wasi {
    wit_bindgen::generate!({
        inline: "
            package portcullis:greedy;
            world clock { import wasi:clocks/wall-clock@0.2.0; }
            package wasi:clocks@0.2.0 {
                interface wall-clock {
                    record datetime { seconds: u64, nanoseconds: u32 }
                    now: func() -> datetime;
                }
            }
        ",
        world: "portcullis:greedy/clock",
        generate_all,
    });
}

struct Greedy;

#[derive(Deserialize)]
struct Settings {}

impl Policy for Greedy {
    type Settings = Settings;
    fn configure(_: Settings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl DockerRequest for Greedy {
    fn authorize(&self, _: &docker::Request) -> Result<Opinion, String> {
        let now = wasi::wasi::clocks::wall_clock::now();
        Ok(Opinion { reason: now.seconds.to_string(), ..Opinion::allow("clock") })
    }
}

export!(Greedy: docker_request);
