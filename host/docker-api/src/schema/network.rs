//! Networks: moby `api/types/network`.

use super::{ANY, LIST, MAP, Schema};

const ENDPOINT_IPAM: &Schema =
    &Schema::Struct(&[("IPv4Address", ANY), ("IPv6Address", ANY), ("LinkLocalIPs", LIST)]);

pub(super) const ENDPOINT: &Schema = &Schema::Struct(&[
    ("IPAMConfig", ENDPOINT_IPAM),
    ("Links", LIST),
    ("Aliases", LIST),
    ("DriverOpts", MAP),
    ("GwPriority", ANY),
    ("NetworkID", ANY),
    ("EndpointID", ANY),
    ("Gateway", ANY),
    ("IPAddress", ANY),
    ("MacAddress", ANY),
    ("IPPrefixLen", ANY),
    ("IPv6Gateway", ANY),
    ("GlobalIPv6Address", ANY),
    ("GlobalIPv6PrefixLen", ANY),
    ("DNSNames", LIST),
]);

const IPAM_CONFIG: &Schema =
    &Schema::Struct(&[("Subnet", ANY), ("IPRange", ANY), ("Gateway", ANY), ("AuxiliaryAddresses", MAP)]);
const IPAM: &Schema =
    &Schema::Struct(&[("Driver", ANY), ("Options", MAP), ("Config", &Schema::List(IPAM_CONFIG))]);

pub(crate) const CREATE: &Schema = &Schema::Struct(&[
    ("CheckDuplicate", ANY),
    ("Driver", ANY),
    ("Scope", ANY),
    ("EnableIPv4", ANY),
    ("EnableIPv6", ANY),
    ("IPAM", IPAM),
    ("Internal", ANY),
    ("Attachable", ANY),
    ("Ingress", ANY),
    ("ConfigOnly", ANY),
    ("ConfigFrom", &Schema::Struct(&[("Network", ANY)])),
    ("Options", MAP),
    ("Labels", MAP),
    ("Name", ANY),
]);

pub(crate) const CONNECT: &Schema = &Schema::Struct(&[("Container", ANY), ("EndpointConfig", ENDPOINT)]);

pub(crate) const DISCONNECT: &Schema = &Schema::Struct(&[("Container", ANY), ("Force", ANY)]);
