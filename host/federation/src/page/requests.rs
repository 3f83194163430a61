//! Requests for access: what waits for the user's decision, the user's own, and a form for another.

use maud::{Markup, html};
use std::time::{Duration, SystemTime};

use super::frame::document;
use super::session::{csrf_field, sign_out};
use super::words::{count, duration, time};

/// Times that the form offers, in seconds.
const TIMES: [u64; 6] = [1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600];

/// What has become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    /// It is approved until then.
    Approved(SystemTime),
    Denied,
    Revoked,
}

/// One request.
#[derive(Debug)]
pub(crate) struct RequestRow<'a> {
    pub(crate) id: &'a str,
    pub(crate) requester: &'a str,
    pub(crate) account: &'a str,
    pub(crate) role: &'a str,
    pub(crate) duration: Duration,
    pub(crate) reason: &'a str,
    pub(crate) standing: Standing,
    /// Who decided.
    pub(crate) by: Option<&'a str>,
    /// Whether the user may approve and deny it; else it is the user's own.
    pub(crate) may_decide: bool,
}

/// The page of requests.
pub(crate) struct Requests<'a> {
    pub(crate) user: &'a str,
    /// What forms say, where the browser has a session.
    pub(crate) csrf: Option<&'a str>,
    pub(crate) rows: Vec<RequestRow<'a>>,
    /// Roles that may be requested, as `ACCOUNT/ROLE`.
    pub(crate) requestable: Vec<&'a str>,
}

impl Requests<'_> {
    /// The document.
    pub(crate) fn render(&self) -> String {
        let is_waiting = |row: &&RequestRow<'_>| row.may_decide && row.standing == Standing::Open;
        let waiting: Vec<_> = self.rows.iter().filter(is_waiting).collect();
        let own: Vec<_> = self.rows.iter().filter(|row| !row.may_decide).collect();
        let decided: Vec<_> = self.rows.iter().filter(|row| row.may_decide && !is_waiting(row)).collect();
        let body = html! {
            header {
                h1 { "Requests" }
                a href="../console" { "All roles" }
                (sign_out(self.csrf, "sign-out"))
            }
            p.muted { "Signed in as " strong { bdi { (self.user) } } }
            (self.list("Waiting for your decision", &waiting))
            (self.form())
            (self.list("Your requests", &own))
            (self.list("Decided", &decided))
            @if self.rows.is_empty() {
                div.card { p { "There are no requests." } }
            }
        };
        document("Requests", None, &body)
    }

    fn list(&self, title: &str, rows: &[&RequestRow<'_>]) -> Markup {
        html! {
            @if !rows.is_empty() {
                section {
                    header {
                        h2 { (title) }
                        span.id { (count(rows.len() as u64, "request")) }
                    }
                    ul { @for row in rows { (self.item(row)) } }
                }
            }
        }
    }

    fn item(&self, row: &RequestRow<'_>) -> Markup {
        let of = html! {
            span.unseen { " of " bdi { (row.role) } " in " bdi { (row.account) } " for " bdi { (row.requester) } }
        };
        html! {
            li {
                div {
                    strong { bdi { (row.role) } " in " bdi { (row.account) } }
                    @if row.may_decide { " for " strong { bdi { (row.requester) } } }
                    p.reason { bdi { (row.reason) } }
                    p.reason { (standing(row)) }
                }
                form.buttons method="post" action="decide" autocomplete="off" {
                    (csrf_field(self.csrf))
                    input type="hidden" name="id" value=(row.id);
                    @match (row.standing, row.may_decide) {
                        (Standing::Open, true) => {
                            button.first name="step" value="approve" { "Approve" (of) }
                            button name="step" value="deny" { "Deny" (of) }
                        }
                        (Standing::Approved(_), true) => { button name="step" value="deny" { "Revoke" (of) } }
                        (Standing::Open | Standing::Approved(_), false) => {
                            button name="step" value="deny" { "Take back" (of) }
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn form(&self) -> Markup {
        html! {
            @if self.requestable.is_empty() {
                div.card { p.muted { "There is no role that you may request." } }
            } @else {
                form.card.request method="post" action="request" autocomplete="off" {
                    (csrf_field(self.csrf))
                    h2 { "Request a role" }
                    label for="role" { "Role" }
                    select #role name="role" {
                        @for role in &self.requestable { option value=(role) { (role) } }
                    }
                    label for="seconds" { "For" }
                    select #seconds name="seconds" {
                        @for seconds in TIMES {
                            option value=(seconds) selected[seconds == 3600] { (duration(Duration::from_secs(seconds))) }
                        }
                    }
                    label for="reason" { "Reason" }
                    input #reason name="reason" maxlength="500" required placeholder="Why you need it: those who approve see it";
                    button.first { "Request" }
                }
            }
        }
    }
}

fn standing(row: &RequestRow<'_>) -> Markup {
    html! {
        @match row.standing {
            Standing::Open => { "Open, for " (duration(row.duration)) " from the approval on" }
            Standing::Approved(ends) => { "Approved until " (time(ends)) }
            Standing::Denied => "Denied",
            Standing::Revoked => "Revoked",
        }
        @if let Some(by) = row.by { " by " bdi { (by) } }
        " · " (row.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, standing: Standing, may_decide: bool) -> RequestRow<'_> {
        RequestRow {
            id,
            requester: "alice",
            account: "production",
            role: "repair",
            duration: Duration::from_hours(1),
            reason: "ticket 7",
            standing,
            by: None,
            may_decide,
        }
    }

    #[test]
    fn each_request_has_the_buttons_that_its_user_may_press() {
        let ends = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        for (standing, may_decide, title, buttons) in [
            (Standing::Open, true, "Waiting for your decision", &["Approve", "Deny"][..]),
            (Standing::Approved(ends), true, "Decided", &["Revoke"]),
            (Standing::Denied, true, "Decided", &[]),
            (Standing::Open, false, "Your requests", &["Take back"]),
            (Standing::Approved(ends), false, "Your requests", &["Take back"]),
            (Standing::Revoked, false, "Your requests", &[]),
        ] {
            let rows = vec![row("7f01", standing, may_decide)];
            let page = Requests { user: "carol", csrf: None, rows, requestable: vec![] }.render();
            assert!(page.contains(title), "{page}");
            for button in ["Approve", "Deny", "Revoke", "Take back"] {
                let is_there = page.contains(&format!(">{button}<span"));
                assert_eq!(is_there, buttons.contains(&button), "{standing:?} {may_decide} {button}");
            }
            assert!(page.contains(r#"name="id" value="7f01""#) && page.contains("ticket 7"));
            assert!(!page.contains("Request a role"));
        }
        let page =
            Requests { user: "carol", csrf: None, rows: vec![], requestable: vec!["production/repair"] }
                .render();
        assert!(
            page.contains("There are no requests") && page.contains(r#"<option value="production/repair">"#)
        );
    }
}
