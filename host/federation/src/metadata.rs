//! Instance metadata, as SDKs ask for them.
//!
//! * [`Metadata`]: how a mount serves them
//! * `token`: the tokens of IMDSv2

mod token;

pub(crate) use token::{Tokens, Ttl};

use std::time::Duration;

/// How a mount serves metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Whether a token is demanded (IMDSv2 only).
    pub v2_only: bool,
    /// Where machines are told that they are; SDKs look here for the region to work in.
    pub region: Option<String>,
    /// The same, with the region's name at its beginning.
    pub availability_zone: Option<String>,
    /// What all machines of the mount are told that they are called.
    pub instance_id: Option<String>,
}

impl Metadata {
    /// The shortest session that a machine can be given.
    pub const SHORTEST: Duration = SHORTEST;
}

/// How long credentials that an SDK takes for an instance's are still good at least. With less than this botocore
/// pretends that they were good for longer, and AWS's older SDKs for Java and .NET ask again and again
/// (`botocore.utils.InstanceMetadataFetcher._evaluate_expiration`; boto/botocore issue 2670).
pub(crate) const LEAST_LEFT: Duration = Duration::from_mins(25);

/// The shortest session that can be handed out so: from the cache come at least three quarters of a session's life, and
/// botocore wants 20 minutes.
pub(crate) const SHORTEST: Duration = Duration::from_mins(27);
