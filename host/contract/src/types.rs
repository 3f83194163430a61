//! `portcullis:policy/types`: words that every hook shares.

use crate::Pairs;

/// What a policy thinks. The default is to refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "wasmtime",
    derive(wasmtime::component::ComponentType, wasmtime::component::Lift, wasmtime::component::Lower),
    component(enum)
)]
#[repr(u8)]
pub enum Verdict {
    /// The request is allowed, unless another policy denies it.
    #[cfg_attr(feature = "wasmtime", component(name = "allow"))]
    Allow,
    /// The request is denied, regardless of other policies.
    #[default]
    #[cfg_attr(feature = "wasmtime", component(name = "deny"))]
    Deny,
    /// No objection and no grant: the other policies decide.
    #[cfg_attr(feature = "wasmtime", component(name = "abstain"))]
    Abstain,
}

record! {
    /// A policy's response.
    Opinion {
        verdict: Verdict,
        reason: String,
        rule: String,
        extra: Pairs,
    }
}

record! {
    /// Time, id and origin of one decision.
    Context {
        now: u64,
        decision: String,
        api: String,
        peer: Option<String>,
    }
}

record! {
    /// A certificate that the caller proved to hold the key of.
    Certificate {
        subject: String,
        common_name = "common-name": Option<String>,
        organizations: Vec<String>,
        organizational_units = "organizational-units": Vec<String>,
        dns_names = "dns-names": Vec<String>,
        email_addresses = "email-addresses": Vec<String>,
        ip_addresses = "ip-addresses": Vec<String>,
        uris: Vec<String>,
        issuer: String,
        serial: String,
        sha256: String,
    }
}

record! {
    /// Who asks.
    Principal {
        name: Option<String>,
        authentication: String,
        groups: Vec<String>,
        certificate: Option<Certificate>,
        attributes: Pairs,
    }
}

impl Principal {
    /// Anonymous: no name was given, or none was authenticated.
    pub fn anonymous() -> Self {
        Self { authentication: "anonymous".into(), ..Self::default() }
    }
}
