//! One call of dockerd.

use portcullis_contract::types::Context;
use portcullis_listen::Peer;
use std::time::Instant;

/// One call of dockerd: when it arrived, and the id of its decision.
pub(super) struct Call {
    pub(super) context: Context,
    pub(super) begun: Instant,
}

impl Call {
    pub(super) fn begin(peer: Option<&Peer>) -> Self {
        let peer = peer.map(|peer| peer.address.to_string());
        Self { context: portcullis_authorization::context("docker-plugin", peer), begun: Instant::now() }
    }
}
