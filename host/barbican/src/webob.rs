//! The errors that Barbican's middleware answers: `WebOb`'s own, in the form that the client accepts
//! ("webob/exc.py", `WSGIHTTPException`).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::accept::Accept;
use crate::json;
use crate::response::Refusal;

/// One of `WebOb`'s errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebObError {
    status: StatusCode,
    title: &'static str,
    explanation: Explanation,
    detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Explanation {
    Fixed(&'static str),
    Method(String),
    Accept,
}

impl WebObError {
    /// 401: the token has no project.
    pub(crate) fn unauthorized() -> Self {
        let explanation = "This server could not verify that you are authorized to access the document you \
                           requested. Either you supplied the wrong credentials (e.g., bad password), or your \
                           browser does not understand how to supply the credentials required.";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", Explanation::Fixed(explanation), String::new())
    }

    /// 503: the token cannot be validated.
    pub(crate) fn unavailable(detail: &str) -> Self {
        let explanation = "The server is currently unavailable. Please try again at a later time.";
        let title = "Service Unavailable";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title, Explanation::Fixed(explanation), detail.to_owned())
    }

    pub(crate) fn bad_request(detail: String) -> Self {
        let explanation = "The server could not comply with the request since it is either malformed or otherwise \
                           incorrect.";
        Self::new(StatusCode::BAD_REQUEST, "Bad Request", Explanation::Fixed(explanation), detail)
    }

    pub(crate) fn not_found() -> Self {
        let explanation = Explanation::Fixed("The resource could not be found.");
        Self::new(StatusCode::NOT_FOUND, "Not Found", explanation, String::new())
    }

    pub(crate) fn not_acceptable(detail: String) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "Not Acceptable", Explanation::Accept, detail)
    }

    pub(crate) fn method_not_allowed(method: &str) -> Self {
        let explanation = Explanation::Method(method.to_owned());
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", explanation, String::new())
    }

    fn new(status: StatusCode, title: &'static str, explanation: Explanation, detail: String) -> Self {
        Self { status, title, explanation, detail }
    }

    /// The same, as pecan writes it in JSON.
    pub(crate) fn into_refusal(self) -> Refusal {
        match self.explanation {
            Explanation::Accept => Refusal::not_acceptable(),
            _ => Refusal::of(self.status, self.detail),
        }
    }

    /// The answer, in HTML, JSON or plain text.
    pub(crate) fn into_response(self, accept: &Accept<'_>) -> Response {
        let status = format!("{} {}", self.status.as_str(), self.title);
        let (media_type, body) = match accept.best(&["text/html", "application/json"]) {
            Some("text/html") => {
                let body = self.body(accept, escape);
                let html = format!(
                    "<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n  {body}\n \
                     </body>\n</html>"
                );
                ("text/html; charset=UTF-8", html)
            }
            Some(_) => {
                #[derive(Serialize)]
                struct Error<'a> {
                    message: String,
                    code: &'a str,
                    title: &'a str,
                }
                let message = self.body(accept, str::to_owned);
                ("application/json", json::dumps(&Error { message, code: &status, title: self.title }))
            }
            None => {
                let body = self.body(accept, str::to_owned).replace('\n', " ").replace('\r', "");
                ("text/plain; charset=UTF-8", format!("{status}\n\n{}", body.replace("<br /><br />", "\n\n")))
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }

    fn body(&self, accept: &Accept<'_>, escape: impl Fn(&str) -> String) -> String {
        let detail = escape(&self.detail);
        match &self.explanation {
            Explanation::Fixed(text) => format!("{}<br /><br />\n{detail}\n\n", escape(text)),
            Explanation::Method(method) => {
                format!(
                    "The method {} is not allowed for this resource. <br /><br />\n{detail}",
                    escape(method)
                )
            }
            Explanation::Accept => format!(
                "The resource could not be generated that was acceptable to your browser\n(content of type {}. <br \
                 /><br />\n{detail}",
                accept.text().map_or_else(|| "${HTTP_ACCEPT}".to_owned(), escape)
            ),
        }
    }
}

/// Python's `html.escape`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            c => escaped.push(c),
        }
    }
    escaped
}
