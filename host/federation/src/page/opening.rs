//! On the way to a console.
//!
//! The browser goes there by itself, and by a link where it does not. A redirect would be shorter, but `form-action`
//! would have to name every host that AWS's sign-in redirects to.

use maud::html;

use super::frame::document;

/// The page that leads to a console, whose address is as secret as credentials.
pub(crate) struct Opening<'a> {
    pub(crate) account: &'a str,
    pub(crate) role: &'a str,
    pub(crate) url: &'a str,
}

impl Opening<'_> {
    /// The document.
    pub(crate) fn render(&self) -> String {
        let Self { account, role, url } = self;
        let body = html! {
            h1 { "Opening the console" }
            div.card {
                p { strong { bdi { (role) } } " in " strong { bdi { (account) } } }
                p { a.button.first href=(url) rel="noreferrer" { "Continue to the console" } }
                p.muted { "Your browser goes there by itself. If it does not, follow the link within 15 minutes." }
            }
        };
        document("Opening the console", Some(url), &body)
    }
}
