//! The page that a sign-in leads to: one of this mount, with a query of known names. It is never a URL that a link brought.

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use crate::route::Route;

/// Names of the query that are kept.
const KEPT: [&str; 4] = ["q", "format", "destination", "region"];
/// The same, of the page on which a user allows a program.
const OF_DEVICE: [&str; 1] = ["user_code"];
/// The longest query, which has to fit into a cookie.
const MAX_QUERY: usize = 1024;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReturnTo {
    page: Page,
    query: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Page {
    #[default]
    Roles,
    Requests,
    Device,
}

impl Page {
    /// What the link that begins a sign-in calls the page.
    fn name(self) -> &'static str {
        match self {
            Self::Roles => "roles",
            Self::Requests => "requests",
            Self::Device => "device",
        }
    }

    fn kept(self) -> &'static [&'static str] {
        match self {
            Self::Roles => &KEPT,
            Self::Requests => &[],
            Self::Device => &OF_DEVICE,
        }
    }
}

impl ReturnTo {
    /// The page that a browser asked for. A form leads to the page of roles.
    pub(crate) fn page(route: &Route, uri: &Uri) -> Self {
        let page = match route {
            Route::Page => Page::Roles,
            Route::PageRequests => Page::Requests,
            Route::PageDevice => Page::Device,
            _ => return Self::default(),
        };
        Self { page, query: kept(page, uri) }
    }

    /// What the link that begins a sign-in says.
    pub(crate) fn of_link(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default().as_bytes();
        let is_named = |page: &Page| {
            form_urlencoded::parse(query).any(|(name, value)| name == "page" && value == page.name())
        };
        let page = [Page::Requests, Page::Device].into_iter().find(is_named).unwrap_or_default();
        Self { page, query: kept(page, uri) }
    }

    /// The query of the link that begins a sign-in.
    pub(crate) fn for_link(&self) -> String {
        let page = Some(self.page).filter(|page| *page != Page::Roles);
        let page = page.map(|page| format!("page={}", page.name()));
        with_query(
            "",
            page.iter().map(String::as_str).chain(Some(&*self.query).filter(|query| !query.is_empty())),
        )
    }

    /// The page, as seen from `/console/callback`.
    pub(crate) fn location(&self) -> String {
        let path = match self.page {
            Page::Roles => "../console",
            Page::Requests => "requests",
            Page::Device => "device",
        };
        with_query(path, Some(&*self.query).filter(|query| !query.is_empty()).into_iter())
    }
}

fn with_query<'a>(path: &str, parts: impl Iterator<Item = &'a str>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
}

fn kept(page: Page, uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default().as_bytes();
    let pairs = form_urlencoded::parse(query).filter(|(name, _)| page.kept().contains(&&**name));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.len() > MAX_QUERY { String::new() } else { query }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_a_page_of_the_mount_and_nowhere_else() {
        let long = format!("q={}", "x".repeat(2000));
        for (query, location) in [
            ("", "../console"),
            ("q=a+b&region=eu-central-1", "../console?q=a+b&region=eu-central-1"),
            ("destination=https%3A%2F%2Fevil.example", "../console?destination=https%3A%2F%2Fevil.example"),
            ("page=requests", "requests"),
            ("page=requests&q=x", "requests"),
            ("page=device&user_code=BCDF-GHJK&q=x", "device?user_code=BCDF-GHJK"),
            ("page=//evil.example", "../console"),
            ("return=https://evil.example&to=//evil.example&q=x", "../console?q=x"),
            ("q=%0d%0aSet-Cookie:%20a", "../console?q=%0D%0ASet-Cookie%3A+a"),
            (&long, "../console"),
        ] {
            let uri: Uri = format!("/console/sign-in?{query}").parse().unwrap();
            let found = ReturnTo::of_link(&uri);
            assert_eq!(found.location(), location, "{query}");
            // The page's own link leads to the same.
            let again: Uri = format!("/console/sign-in{}", found.for_link()).parse().unwrap();
            assert_eq!(ReturnTo::of_link(&again), found, "{query}");
        }
        let page = |route, uri: &str| ReturnTo::page(&route, &uri.parse().unwrap()).location();
        assert_eq!(page(Route::Page, "/x/console?q=a&code=secret"), "../console?q=a");
        assert_eq!(page(Route::PageRequests, "/x/console/requests?q=a"), "requests");
        assert_eq!(page(Route::PageOpen, "/x/console/open?q=a"), "../console");
    }
}
