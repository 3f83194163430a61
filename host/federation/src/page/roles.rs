//! The accounts that are granted to the user, and the roles in each.

use maud::{Markup, html};
use portcullis_contract::aws::Grant;
use std::collections::BTreeMap;

use super::format::Format;
use super::frame::document;
use super::words::{count, for_users};
use crate::aws::Account;

/// So many roles are seen at once; more are worth a filter.
const WITHOUT_FILTER: usize = 5;

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
    pub(crate) accounts: Accounts<'a>,
    /// Only roles in which each of these words occurs are shown.
    pub(crate) filter: &'a str,
    pub(crate) format: Format,
    /// Whether roles can be requested for a time.
    pub(crate) requests: bool,
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

/// In what the words of the filter are looked for, here and in the script.
fn findable(name: &str, account: Option<&Account>, role: &str) -> String {
    let id = account.map(|account| format!("{} {}", account.id, account.partition)).unwrap_or_default();
    format!("{name} {id} {role}").to_lowercase()
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
        let mut shown = 0;
        let accounts = html! {
            @for (name, granted) in &self.accounts.0 {
                @let roles: Vec<_> = granted.roles.iter().map(|(role, reason)| {
                    let text = findable(name, granted.account, role);
                    let shown = is_shown(&text);
                    (*role, *reason, text, shown)
                }).collect();
                @let here = roles.iter().filter(|(.., shown)| *shown).count();
                @let () = shown += here;
                section hidden[here == 0] {
                    header {
                        h2 { bdi { (name) } }
                        @if let Some(account) = granted.account {
                            span.id { (account.id) " · " (account.partition) }
                        }
                    }
                    ul {
                        @for (role, reason, text, shown) in roles {
                            li data-find=(text) hidden[!shown] {
                                div {
                                    strong { bdi { (role) } }
                                    @if !reason.is_empty() { p.reason { bdi { (for_users(reason)) } } }
                                }
                                @if granted.account.is_some() { (self.buttons(name, role)) }
                                @else { p.reason { "This account has no id here, so nothing can be had of it." } }
                            }
                        }
                    }
                }
            }
        };
        html! {
            (self.tools(total))
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
                            spellcheck="false" autocapitalize="none";
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
                noscript { button { "Apply" } }
            }
        }
    }

    fn buttons(&self, account: &str, role: &str) -> Markup {
        let of = html! { span.unseen { " of " bdi { (role) } " in " bdi { (account) } } };
        html! {
            form.buttons method="post" action="console/open" target="_blank" rel="noopener" autocomplete="off" {
                input type="hidden" name="account" value=(account);
                input type="hidden" name="role" value=(role);
                input type="hidden" name="format" value=(self.format.name());
                button.soft { "Open console" (of) }
                button formaction="console/credentials" formtarget="_self" { "Credentials" (of) }
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
