//! The API as the server sees it.

use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_api::{Api, ApiFuture, NotReady, Revocation, Revoked};
use portcullis_contract::hook::HookName;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::revocation::revoke;
use super::{FederationApi, Shared, dispatch};
use crate::aws::{Aws, Stats};
use crate::decide::InForce;
use crate::mounts::{Mount, OWN_SEGMENTS, claims};

impl Api for FederationApi {
    fn name(&self) -> &'static str {
        "aws-federation"
    }

    fn hooks(&self) -> &'static [HookName] {
        &[HookName::AwsRoles]
    }

    fn claims(&self, path: &str) -> bool {
        let in_force = self.shared.decider.in_force();
        self.mounts(&*in_force).any(|mount| claims(&mount.prefix, mount.metadata.is_some(), path))
    }

    fn paths(&self) -> Vec<String> {
        let in_force = self.shared.decider.in_force();
        let of_mount = |prefix: &String| {
            let routes = OWN_SEGMENTS.iter().map(move |segment| format!("{prefix}/{segment}"));
            Some(prefix.clone())
                .filter(|prefix| !prefix.is_empty())
                .into_iter()
                .chain(routes)
                .collect::<Vec<_>>()
        };
        self.mounts(&*in_force).flat_map(|mount| of_mount(&mount.prefix)).collect()
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        Box::pin(dispatch::respond(self, request))
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async {
            let in_force = self.shared.decider.in_force();
            self.mounts(&*in_force).try_for_each(|mount| in_force.ready(&mount.policies))
        })
    }

    fn metrics(&self, registry: &mut Registry) {
        if !self.stands_for_all {
            return;
        }
        let in_force = self.shared.decider.in_force();
        let mut seen: Vec<&Aws> = Vec::new();
        for mount in in_force.mounts().iter() {
            // Mounts with the same settings share their cache.
            if !seen.iter().any(|aws| aws.is_same(&mount.aws)) {
                seen.push(&mount.aws);
            }
        }
        let stats = seen.iter().map(|aws| aws.stats()).fold(Stats::default(), |sum, stats| sum + stats);
        for (name, help, count) in [
            ("credentials_cached", "AWS credentials that were there and good enough", stats.hits),
            ("credentials_awaited", "Requests that waited for STS", stats.misses),
            (
                "credentials_refreshed",
                "AWS credentials that were replaced before anybody had to wait",
                stats.refreshed,
            ),
            (
                "credentials_served_while_away",
                "AWS credentials served since STS gave no newer ones",
                stats.served_while_away,
            ),
            ("sts_requests", "Requests to STS", stats.sts_requests),
            ("sts_failures", "Requests that STS did not answer with credentials", stats.failures),
        ] {
            let counter = Counter::<u64>::default();
            counter.inc_by(count);
            registry.register(name, help, counter);
        }
    }

    fn revoke<'a>(&'a self, wanted: &'a Revocation) -> ApiFuture<'a, Option<Result<Revoked, String>>> {
        Box::pin(async move {
            if !self.stands_for_all {
                return None;
            }
            let in_force = self.shared.decider.in_force();
            let Shared { decider, requests, .. } = &*self.shared;
            Some(revoke(in_force.mounts(), requests.as_ref(), wanted, &**decider).await)
        })
    }

    fn example_path(&self) -> String {
        let in_force = self.shared.decider.in_force();
        self.mounts(&*in_force).last().map(|mount| format!("{}/status", mount.prefix)).unwrap_or_default()
    }
}

impl FederationApi {
    /// The mounts of the listener that this API is served at.
    fn mounts<'a>(&'a self, in_force: &'a dyn InForce) -> impl Iterator<Item = &'a Mount> {
        in_force.mounts().at(self.listener.as_deref())
    }
}
