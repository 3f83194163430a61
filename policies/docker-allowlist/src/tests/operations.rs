//! The operations are those of the host.

use crate::operations::{Class, all, class, groups, names_kind, of_entry};
use std::collections::BTreeSet;

/// The rows of the host's table: `"GET /path" => Operation: Kind`.
const TABLE: &str = include_str!("../../../../host/docker-api/src/operation/table.rs");

#[test]
fn every_operation_of_the_host_has_one_class() {
    let code = TABLE.lines().filter(|line| !line.trim_start().starts_with("//"));
    let hosts: BTreeSet<_> = code
        .filter_map(|line| line.split_once("=> ")?.1.split_once(':'))
        .map(|(operation, _)| operation)
        .collect();
    assert!(hosts.len() > 100, "{hosts:?}");
    assert_eq!(all().collect::<BTreeSet<_>>(), hosts);
    assert_eq!(all().count(), hosts.len(), "one stands twice");
}

#[test]
fn groups_hold_operations_and_none_that_opens_the_host() {
    for group in groups() {
        for operation in of_entry(group).unwrap() {
            let class = class(operation);
            assert!(class.is_some_and(|class| class != Class::Host), "{group}: {operation}");
            assert!(group != "read" || class != Some(Class::Change), "{group}: {operation}");
        }
    }
    assert_eq!(of_entry("ContainerList"), Some(vec!["ContainerList"]));
    assert_eq!(of_entry("containerlist"), None);
}

#[test]
fn what_a_rule_narrows_is_named_by_some_operation() {
    for kind in ["image", "container", "network", "volume", "service", "secret", "config"] {
        assert!(all().any(|operation| names_kind(operation, kind)), "{kind}");
        assert!(!names_kind("SystemInfo", kind), "{kind}");
    }
}
