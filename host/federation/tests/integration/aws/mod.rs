//! AWS as it is asked over the network, against an STS and a federation endpoint that take no nonsense.
//!
//! * `sessions`: what is asked, and what comes of it
//! * `trouble`: STS is slow, gone, out of its mind, or refuses
//! * `console`: the federation endpoint
//! * `own_keys`: whose keys the calls are signed with

mod console;
mod own_keys;
mod sessions;
mod trouble;

use portcullis_contract::aws::Grant;
use portcullis_federation::aws::{Account, Aws, AwsOptions, Keys, Partition, Session};
use portcullis_testing::fake_sts::FakeSts;
use std::time::Duration;

const TWENTY_MINUTES: Duration = Duration::from_mins(20);

fn keys() -> Keys {
    Keys {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/EXAMPLEKEY".into(),
    }
}

fn options(sts: &FakeSts) -> AwsOptions {
    AwsOptions { endpoint: Some(sts.url()), keys: Some(keys()), ..AwsOptions::default() }
}

async fn aws(sts: &FakeSts) -> Aws {
    Aws::open(options(sts)).await.unwrap()
}

fn account(partition: Partition) -> Account {
    Account { id: "012345678901".parse().unwrap(), partition }
}

fn grant() -> Grant {
    Grant { account: "prod".into(), role: "deploy".into(), ..Grant::default() }
}

fn session(user: &str) -> Session {
    Session::new(&account(Partition::Aws), "", user, &grant()).unwrap()
}
