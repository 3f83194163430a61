//! Which operation dockerd carries out for a method and a path.
//!
//! The table keeps dockerd's own order of registration (moby cmd/dockerd/daemon.go and api/server/router), since
//! the first route that matches wins and `{name:.*}` takes slashes too: `/images/a/b/json` is the image `a/b`.
//! Methods are exact, and HEAD is served only where dockerd registers it.

mod table;
#[cfg(test)]
mod tests;

/// The route that serves a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'p> {
    /// Docker's operationId, or ours where Docker's specification has none (see [`all`]).
    pub operation: &'static str,
    /// What it is about: a target's kind as in wit/docker.wit.
    pub kind: &'static str,
    /// The name in the path, where the route has one. May be empty: `DELETE /containers/` is a route.
    pub name: Option<&'p str>,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// `*` means any.
    method: &'static str,
    shape: Shape,
    operation: &'static str,
    kind: &'static str,
}

/// What follows the first segment.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Exactly this.
    Exact(&'static str),
    /// `/{name:.*}` and this.
    Greedy(&'static str),
    /// `/{id}`, one segment that is not empty, and this.
    One(&'static str),
    /// `/{name}` this `/{other}`, each one segment.
    Two(&'static str),
}

/// The route for a method and a path without its version, or `None` where dockerd answers `page not found`.
pub fn find<'p>(method: &str, path: &'p str) -> Option<Route<'p>> {
    let path = path.strip_prefix('/')?;
    let end = path.find('/').unwrap_or(path.len());
    let (first, rest) = path.split_at(end);
    if method == "OPTIONS" {
        let Rule { operation, kind, .. } = table::OPTIONS;
        return Some(Route { operation, kind, name: None });
    }
    table::under(first).iter().filter(|rule| rule.method == method || rule.method == "*").find_map(|rule| {
        let name = rule.shape.matches(rest)?;
        let name = Some(name).filter(|_| !matches!(rule.shape, Shape::Exact(_)));
        Some(Route { operation: rule.operation, kind: rule.kind, name })
    })
}

/// Every operation that has a route, in no order of meaning.
pub fn all() -> impl Iterator<Item = &'static str> {
    let rules = table::FIRST_SEGMENTS.iter().flat_map(|first| table::under(first));
    rules.map(|rule| rule.operation).chain([table::OPTIONS.operation])
}

impl Shape {
    /// The name in what follows the first segment (`""` where the shape has none), if that has this shape.
    fn matches(self, rest: &str) -> Option<&str> {
        let is_segment = |text: &str| !text.is_empty() && !text.contains('/');
        match self {
            Shape::Exact(text) => (rest == text).then_some(""),
            Shape::Greedy(suffix) => rest.strip_prefix('/')?.strip_suffix(suffix),
            Shape::One(suffix) => {
                rest.strip_prefix('/')?.strip_suffix(suffix).filter(|name| is_segment(name))
            }
            Shape::Two(between) => {
                let (name, other) = rest.strip_prefix('/')?.split_once(between)?;
                (is_segment(name) && is_segment(other)).then_some(name)
            }
        }
    }
}
