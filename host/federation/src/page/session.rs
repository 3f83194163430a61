//! Sign-in and sign-out, and what the forms of a session say.

use maud::{Markup, html};

use super::frame::document;

/// The page for a browser without a session.
pub(crate) struct SignIn<'a> {
    /// The relative address that leads to the provider.
    pub(crate) link: &'a str,
    /// Whether the browser had a session.
    pub(crate) has_ended: bool,
}

/// The page after a session.
pub(crate) struct SignedOut<'a> {
    /// Where the provider ends its own session.
    pub(crate) go_on: Option<&'a str>,
}

impl SignIn<'_> {
    /// The document.
    pub(crate) fn render(&self) -> String {
        let body = html! {
            h1 { "AWS roles" }
            div.card {
                @if self.has_ended { p { strong { "Your session has ended." } } }
                p { "Sign in to see the roles that are granted to you." }
                p { a.button.first href=(self.link) { "Sign in" } }
            }
        };
        document("Sign in", None, &body)
    }
}

impl SignedOut<'_> {
    /// The document. A browser goes on to the provider by itself, or by the link.
    pub(crate) fn render(&self) -> String {
        let body = html! {
            h1 { "Signed out" }
            div.card {
                p { strong { "You are signed out of this page." } }
                @if let Some(url) = self.go_on {
                    p.muted { "Your browser goes on to sign out at the provider." }
                    p { a.button.first href=(url) rel="noreferrer" { "Sign out at the provider" } }
                } @else {
                    p.muted { "Credentials that were handed out work until they expire." }
                    p { a.button.first href="sign-in" { "Sign in" } }
                }
            }
        };
        document("Signed out", self.go_on, &body)
    }
}

/// The page on which a user allows a program to act for them.
pub(crate) struct Allow<'a> {
    pub(crate) user: &'a str,
    pub(crate) csrf: Option<&'a str>,
    /// The program that was allowed; none before.
    pub(crate) allowed: Option<Allowed<'a>>,
}

/// A program that was allowed.
pub(crate) struct Allowed<'a> {
    /// Where it asked from, if that is known.
    pub(crate) address: Option<&'a str>,
}

impl Allow<'_> {
    /// The document.
    pub(crate) fn render(&self) -> String {
        let body = html! {
            header {
                h1 { "Sign in a program" }
                a href="../console" { "All roles" }
            }
            p.muted { "Signed in as " strong { bdi { (self.user) } } }
            @if let Some(allowed) = &self.allowed {
                div.card {
                    p { strong { "The program is signed in." } }
                    @if let Some(address) = allowed.address {
                        p { "It asked from the address " strong { bdi { (address) } } "." }
                    }
                    p.muted { "Go back to it. You can close this page." }
                }
            } @else {
                form.card method="post" action="allow" autocomplete="off" {
                    (csrf_field(self.csrf))
                    p {
                        label for="user_code" { "Code that the program shows" }
                        input #user_code name="user_code" required maxlength="20" spellcheck="false"
                            autocapitalize="characters";
                    }
                    p.bad {
                        "Go on only if you have just started the program yourself, on your own machine, and it shows this very \
                         code. It can use all your roles then, until the token of your sign-in expires, also after \
                         you sign out."
                    }
                    button.first { "Sign in the program" }
                }
            }
        };
        document("Sign in a program", None, &body)
    }
}

/// What each form of a session says.
pub(super) fn csrf_field(csrf: Option<&str>) -> Markup {
    html! { @if let Some(csrf) = csrf { input type="hidden" name="csrf" value=(csrf); } }
}

/// The button that ends a session. `action` is its relative address.
pub(super) fn sign_out(csrf: Option<&str>, action: &str) -> Markup {
    html! {
        @if csrf.is_some() {
            form.sign-out method="post" action=(action) autocomplete="off" {
                (csrf_field(csrf))
                button { "Sign out" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_a_session_has_a_link_and_no_form() {
        let first = SignIn { link: "console/sign-in?q=a&format=<b>", has_ended: false }.render();
        assert!(first.contains(r#"href="console/sign-in?q=a&amp;format=&lt;b&gt;""#), "{first}");
        assert!(!first.contains("<form") && !first.contains("has ended"));
        assert!(SignIn { link: "x", has_ended: true }.render().contains("Your session has ended"));
    }

    #[test]
    fn a_sign_out_goes_on_to_the_provider_where_there_is_a_url() {
        let url = "https://login.example.org/end?client_id=c&x=\"y\"";
        let page = SignedOut { go_on: Some(url) }.render();
        let escaped = "https://login.example.org/end?client_id=c&amp;x=&quot;y&quot;";
        assert!(page.contains(&format!("content=\"0; url={escaped}\"")), "{page}");
        assert!(page.contains(&format!("href=\"{escaped}\"")));
        let page = SignedOut { go_on: None }.render();
        assert!(!page.contains("http-equiv") && page.contains(r#"href="sign-in""#));
    }
}
