//! Which operation dockerd carries out for a method and a path.
//!
//! [`crate::canonical`] finds the route of a request here. A new route is written in the row of its operation (see
//! [`crate::operation`]).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::operation::{Operation, ROUTES, RoutePattern};

/// The routes by the first segment of their paths, each list in dockerd's order.
static BY_FIRST_SEGMENT: LazyLock<HashMap<&str, Vec<(RoutePattern, Operation)>>> = LazyLock::new(|| {
    let mut routes = HashMap::<_, Vec<_>>::new();
    for (pattern, operation) in ROUTES {
        routes.entry(pattern.first_segment()).or_default().push((*pattern, *operation));
    }
    routes
});

/// The route that serves a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'p> {
    /// The operation.
    pub operation: Operation,
    /// The name in the path, where the route has one. May be empty: `DELETE /containers/` is a route.
    pub name: Option<&'p str>,
}

/// The route for a method and a path without its version, or `None` where dockerd answers `page not found`.
pub fn find<'p>(method: &str, path: &'p str) -> Option<Route<'p>> {
    let path = path.strip_prefix('/')?;
    let end = path.find('/').unwrap_or(path.len());
    let (first, rest) = path.split_at(end);
    let of_any_path = BY_FIRST_SEGMENT.get("").into_iter();
    of_any_path.chain(BY_FIRST_SEGMENT.get(first)).flatten().find_map(|(pattern, operation)| {
        let name = pattern.matches(method, rest)?;
        Some(Route { operation: *operation, name: Some(name).filter(|_| pattern.has_name()) })
    })
}
