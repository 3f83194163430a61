use std::collections::BTreeSet;

use super::*;
use crate::routes;
use crate::schema::Schema;

#[test]
fn every_operation_has_one_row() {
    assert_eq!(Operation::ALL.len(), 116, "one more or fewer operation: {:?}", Operation::ALL);
    for (at, operation) in Operation::ALL.iter().enumerate() {
        assert_eq!(*operation as usize, at, "{operation}");
        assert_eq!(operation.as_str(), format!("{operation:?}"));
        assert_eq!(operation.as_str().parse(), Ok(*operation));
    }
    let ids: BTreeSet<_> = Operation::ALL.iter().map(|operation| operation.as_str()).collect();
    assert_eq!(ids.len(), Operation::ALL.len());
}

#[test]
fn an_id_that_no_operation_has_is_an_error() {
    for text in ["", "systemping", "SystemPing ", "Nothing"] {
        let error = text.parse::<Operation>().unwrap_err().to_string();
        let expected = format!(
            "`{text}` is no operation of the Docker Engine API; they are written as Docker's operationIds, e.g. \
             `SystemPing`"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn no_route_is_masked_by_another_row() {
    for (pattern, operation) in ROUTES {
        let (method, path) = pattern.example();
        let found = routes::find(method, &path).map(|route| route.operation);
        assert_eq!(found, Some(*operation), "{method} {path}");
    }
    let routed: BTreeSet<_> = ROUTES.iter().map(|(_, operation)| *operation).collect();
    assert!(routed.into_iter().eq(Operation::ALL.iter().copied()), "an operation has no route");
}

/// Whether the schema has a member at this place, e.g. `Spec.CAConfig.SigningCAKey`.
fn has_member(schema: &Schema, place: &str) -> bool {
    let (key, rest) = place.split_once('.').map_or((place, None), |(key, rest)| (key, Some(rest)));
    let Schema::Struct(fields) = schema else { return false };
    let field = fields.iter().find(|(name, _)| *name == key);
    field.is_some_and(|(_, inner)| rest.is_none_or(|rest| has_member(inner, rest)))
}

#[test]
fn rows_name_members_that_their_schema_has() {
    for operation in Operation::ALL {
        let spec = operation.spec();
        let body = spec.body.schema();
        let members = spec.secrets.iter().copied().chain(spec.targets.iter().filter_map(TargetSpec::member));
        for member in members {
            assert!(body.is_some_and(|schema| has_member(schema, member)), "{operation}: {member}");
        }
        if spec.hoists_host_config {
            assert!(body.is_some_and(|schema| has_member(schema, "HostConfig")), "{operation}");
        }
        if matches!(spec.facts, Facts::Workload(_) | Facts::Volume(_)) {
            assert!(body.is_some(), "{operation} has facts in a body without a schema");
        }
    }
}

/// A body that no row mentions is taken for none, which is true of the methods of which Go reads no form.
#[test]
fn every_post_and_put_says_what_it_does_with_a_body() {
    for (pattern, operation) in ROUTES {
        let (method, path) = pattern.example();
        let reads = matches!(method, "POST" | "PUT" | "PATCH");
        let says = !matches!(operation.spec().body, BodySpec::Nothing);
        assert!(says || !reads, "{method} {path}: {operation}");
    }
}

#[test]
fn patterns_match_as_moby_matches_them() {
    let table = [
        ("GET /info", "GET", "", Some("")),
        ("GET /info", "POST", "", None),
        ("GET /info", "GET", "/", None),
        ("GET /networks/", "GET", "/", Some("")),
        ("GET /images/{name:.*}/json", "GET", "/a/b/json", Some("a/b")),
        ("GET /images/{name:.*}/json", "GET", "/json", None),
        ("DELETE /images/{name:.*}", "DELETE", "/", Some("")),
        ("GET /nodes/{id}", "GET", "/a", Some("a")),
        ("GET /nodes/{id}", "GET", "/", None),
        ("GET /nodes/{id}", "GET", "/a/b", None),
        ("POST /nodes/{id}/update", "POST", "/a/update", Some("a")),
        ("DELETE /a/{name}/b/{other}", "DELETE", "/x/b/y", Some("x")),
        ("DELETE /a/{name}/b/{other}", "DELETE", "/x/b/", None),
        ("* /debug", "BREW", "", Some("")),
        ("OPTIONS /{any:.*}", "OPTIONS", "/b", Some("")),
        ("OPTIONS /{any:.*}", "GET", "/b", None),
    ];
    for (pattern, method, rest, expected) in table {
        let found = RoutePattern::parse(pattern).matches(method, rest);
        assert_eq!(found, expected, "{pattern}: {method} {rest}");
    }
}
