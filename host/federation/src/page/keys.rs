//! Credentials to be copied.

use maud::{Markup, html};
use std::time::SystemTime;

use super::format::{Format, Secret};
use super::frame::document;
use super::session::csrf_field;
use super::words::{duration, time};

/// The page with the credentials of one session.
pub(crate) struct Keys<'a> {
    pub(crate) account: &'a str,
    pub(crate) role: &'a str,
    /// What forms say, where the browser has a session.
    pub(crate) csrf: Option<&'a str>,
    pub(crate) format: Format,
    pub(crate) secret: Secret<'a>,
    pub(crate) now: SystemTime,
}

impl Keys<'_> {
    /// The document. It stands where the form was sent to.
    pub(crate) fn render(&self) -> String {
        let Self { account, role, format, secret, now, .. } = self;
        let text = format.write(secret);
        let left = secret.expiration.duration_since(*now).unwrap_or_default();
        let body = html! {
            header {
                h1 { "Credentials" }
                a href={ "../console?format=" (format.name()) } { "All roles" }
            }
            div.card {
                p { strong { bdi { (role) } } " in " strong { bdi { (account) } } }
                p.muted { "Valid until " (time(secret.expiration)) ", for another " (duration(left)) "." }
                (self.formats())
                label for="keys" { (format.advice()) }
                textarea #keys readonly rows=(text.lines().count() + 1) wrap="off" spellcheck="false" autocomplete="off" {
                    (*text)
                }
                div.copy {
                    button.first #copy type="button" hidden { "Copy" }
                    span #said role="status" {}
                }
                (self.values())
                p.muted { "Until then, whoever has these can do what the role can. Pass them on to nobody." }
            }
        };
        document("Credentials", None, &body)
    }

    /// Each value by itself.
    fn values(&self) -> Markup {
        let Secret { access_key_id, secret_access_key, session_token, .. } = self.secret;
        html! {
            details.values {
                summary { "Single values" }
                @for (id, label, value) in [
                    ("id", "Access key ID", access_key_id),
                    ("secret", "Secret access key", secret_access_key),
                    ("token", "Session token", session_token),
                ] {
                    label for=(id) { (label) }
                    div.copy {
                        input id=(id) readonly value=(value) spellcheck="false" autocomplete="off";
                        button type="button" data-copy=(id) hidden { "Copy" span.unseen { " " (label) } }
                    }
                }
            }
        }
    }

    /// The same in other words, which is another question to the policies.
    fn formats(&self) -> Markup {
        html! {
            form method="post" action="credentials" autocomplete="off" {
                (csrf_field(self.csrf))
                input type="hidden" name="account" value=(self.account);
                input type="hidden" name="role" value=(self.role);
                fieldset.formats {
                    legend { "Written for" }
                    @for format in Format::ALL {
                        button name="format" value=(format.name()) aria-pressed=(format == self.format) {
                            (format.label())
                        }
                    }
                }
            }
        }
    }
}
