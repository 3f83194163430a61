//! Why not.

use axum::http::StatusCode;
use maud::html;

use super::frame::document;

/// The page of a failure.
pub(crate) struct Refused<'a> {
    pub(crate) status: StatusCode,
    /// What the API would have said.
    pub(crate) message: &'a str,
    /// The way back to the list, as a relative address; absent where that itself was refused.
    pub(crate) back: Option<&'a str>,
}

impl Refused<'_> {
    /// The document.
    pub(crate) fn render(&self) -> String {
        let Self { status, message, back } = self;
        let (title, advice) = match *status {
            StatusCode::UNAUTHORIZED => ("Who are you?", "Sign in, or ask whoever runs this host how to."),
            StatusCode::BAD_REQUEST => ("That was not understood", "Go back and try again."),
            StatusCode::FORBIDDEN => {
                ("Not allowed", "If you should have it, show this text to whoever decides about roles.")
            }
            StatusCode::CONFLICT => ("That has changed meanwhile", "Go back and look at it again."),
            _ if status.is_server_error() => (
                "That did not work",
                "Try again in a minute. If it stays so, show this text to whoever runs this host.",
            ),
            _ => ("That is not there", "If it should be, show this text to whoever runs this host."),
        };
        let body = html! {
            h1 { (title) }
            div.card {
                p.bad { bdi { (message) } }
                p.muted { (advice) }
                @if let Some(back) = back {
                    p { a href=(back) { "All roles" } }
                } @else {
                    p { a href="" { "Try again" } }
                }
            }
        };
        document(title, None, &body)
    }
}
