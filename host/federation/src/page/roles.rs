//! The accounts that are granted to the user, and the roles in each.

use maud::{Markup, html};
use portcullis_contract::aws::Grant;
use std::collections::BTreeMap;

use super::format::Format;
use super::frame::document;
use super::session::{csrf_field, sign_out};
use super::words::{count, for_users};
use crate::aws::Account;

/// So many roles are seen at once; more are worth a filter.
const WITHOUT_FILTER: usize = 5;
/// So many roles are shown without a click; accounts of more are folded.
const UNFOLDED: usize = 40;

/// Roles by account, both in order.
pub(crate) struct Accounts<'a>(BTreeMap<&'a str, Granted<'a>>);

struct Granted<'a> {
    /// None where the policies name an account that the mount does not have: nothing can be had there.
    account: Option<&'a Account>,
    /// With the reason of each.
    roles: BTreeMap<&'a str, &'a str>,
}

/// The page with all of them.
pub(crate) struct Roles<'a> {
    /// Who asks; empty if they have no name.
    pub(crate) user: &'a str,
    /// What forms say, where the browser has a session.
    pub(crate) csrf: Option<&'a str>,
    pub(crate) accounts: Accounts<'a>,
    /// Only roles in which each of these words occurs are shown.
    pub(crate) filter: &'a str,
    pub(crate) format: Format,
    /// Whether roles can be requested for a time.
    pub(crate) requests: bool,
    /// The page of the console that is opened; empty for its first one.
    pub(crate) destination: &'a str,
    /// The region in which consoles are opened; empty for AWS's choice.
    pub(crate) region: &'a str,
}

impl<'a> Accounts<'a> {
    /// What is granted. Of two grants of one role the first counts.
    pub(crate) fn of(grants: &'a [Grant], accounts: &'a BTreeMap<String, Account>) -> Self {
        let mut granted = BTreeMap::new();
        for grant in grants {
            let account = || Granted { account: accounts.get(&grant.account), roles: BTreeMap::new() };
            let Granted { roles, .. } = granted.entry(grant.account.as_str()).or_insert_with(account);
            roles.entry(grant.role.as_str()).or_insert(grant.reason.as_str());
        }
        Self(granted)
    }

    fn count(&self) -> usize {
        self.0.values().map(|granted| granted.roles.len()).sum()
    }
}

/// In what the words of the filter are looked for beside the role, here and in the script.
fn findable(name: &str, account: Option<&Account>) -> String {
    let id = account.map(|account| format!("{} {}", account.id, account.partition)).unwrap_or_default();
    format!("{name} {id}").to_lowercase()
}

impl Roles<'_> {
    /// The document.
    pub(crate) fn render(&self) -> String {
        let body = html! {
            header {
                h1 { "AWS roles" }
                p.muted {
                    @if self.user.is_empty() { "Signed in without a name" }
                    @else { "Signed in as " strong { bdi { (self.user) } } }
                    @if self.requests { " · " a href="console/requests" { "Requests" } }
                }
                (sign_out(self.csrf, "console/sign-out"))
            }
            @if self.accounts.0.is_empty() { (nothing_granted()) } @else { (self.listed()) }
        };
        document("AWS roles", None, &body)
    }

    fn listed(&self) -> Markup {
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let total = self.accounts.count();
        let is_shown = |text: &str| words.iter().all(|word| text.contains(word));
        // Long lists are folded, unless the filter has made them short.
        let is_open = total <= UNFOLDED || !words.is_empty() || self.accounts.0.len() == 1;
        let mut shown = 0;
        let accounts = html! {
            @for (at, (name, granted)) in self.accounts.0.iter().enumerate() {
                @let found_by = findable(name, granted.account);
                @let roles: Vec<_> = granted.roles.iter().map(|(role, reason)| {
                    (*role, *reason, is_shown(&format!("{found_by} {}", role.to_lowercase())))
                }).collect();
                @let here = roles.iter().filter(|(.., shown)| *shown).count();
                @let () = shown += here;
                section data-find=(found_by) hidden[here == 0] {
                    details open[is_open] {
                        summary {
                            h2 { bdi { (name) } }
                            @if let Some(account) = granted.account {
                                span.id { (account.id) " · " (account.partition) }
                            }
                            span.id { (count(roles.len() as u64, "role")) }
                        }
                        @if granted.account.is_some() { (self.forms(at, name, &roles)) }
                        @else {
                            p.reason { "This account has no id here, so nothing can be had of it." }
                            (rows(&roles, None))
                        }
                    }
                }
            }
        };
        html! {
            (self.tools(total))
            @if !self.destination.is_empty() || !self.region.is_empty() {
                p.muted {
                    "Consoles are opened"
                    @if !self.destination.is_empty() { " at " bdi { (self.destination) } }
                    @if !self.region.is_empty() { " in " bdi { (self.region) } }
                }
            }
            p.count #count role="status" data-total=(total) {
                @if !words.is_empty() { (shown) " of " }
                (count(total as u64, "role"))
            }
            div.card #nothing hidden[shown > 0] {
                p { "No role has all of these words. Look for a part of the name of an account or a role, or for an account id." }
            }
            (accounts)
        }
    }

    fn tools(&self, total: usize) -> Markup {
        html! {
            form.tools method="get" action="console" role="search" autocomplete="off" {
                @if total > WITHOUT_FILTER || !self.filter.is_empty() {
                    div.find {
                        label for="q" { "Filter" }
                        input #q type="search" name="q" value=(self.filter) placeholder="Account, id or role"
                            spellcheck="false" autocapitalize="none" autofocus;
                    }
                }
                div.pick {
                    label for="format" { "Credentials for" }
                    select #format name="format" {
                        @for format in Format::ALL {
                            option value=(format.name()) selected[format == self.format] { (format.label()) }
                        }
                    }
                }
                (self.opened())
                noscript { button { "Apply" } }
            }
        }
    }

    /// Where consoles are opened, in forms that need to know it.
    fn opened(&self) -> Markup {
        html! {
            @for (name, value) in [("destination", self.destination), ("region", self.region)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
        }
    }

    /// Two forms for all roles of an account, so that each role costs few bytes: one that opens consoles, and one for credentials.
    fn forms(&self, at: usize, account: &str, roles: &[(&str, &str, bool)]) -> Markup {
        let fields = html! {
            input type="hidden" name="account" value=(account);
            input type="hidden" name="format" value=(self.format.name());
            (csrf_field(self.csrf))
        };
        let console = format!("c{at}");
        html! {
            form id=(console) method="post" action="console/open" target="_blank" rel="noopener" autocomplete="off" {
                (fields)
                (self.opened())
            }
            form method="post" action="console/credentials" autocomplete="off" {
                (fields)
                (rows(roles, Some(&console)))
            }
        }
    }
}

/// The roles of an account. `console` is the id of the form that opens consoles; without it there are no buttons. The script
/// tells screen readers which role a button is about; without it they find that in the same item of the list.
fn rows(roles: &[(&str, &str, bool)], console: Option<&str>) -> Markup {
    html! {
        ul {
            @for (role, reason, shown) in roles {
                li hidden[!*shown] {
                    div {
                        strong { (role) }
                        @if !reason.is_empty() { p { (for_users(reason)) } }
                    }
                    @if let Some(console) = console {
                        button form=(console) name="role" value=(role) { "Open console" }
                        button name="role" value=(role) { "Credentials" }
                    }
                }
            }
        }
    }
}

fn nothing_granted() -> Markup {
    html! {
        div.card {
            p { strong { "No role is granted to you." } }
            p.muted {
                "Ask whoever decides about roles, and give them the name that you are signed in with. What they grant \
                 is here as soon as you load this page again."
            }
        }
    }
}

#[cfg(test)]
mod tests;
