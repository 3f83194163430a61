//! One question: the rules in their order, and what they come to.
//!
//! The order is `groups`, `hosts`, `networks`, `single`, `grants`, `requests`, each list as it is written. For one account and
//! role the first rule that is about the caller decides how the session is to be; later ones add nothing to it. Where
//! that rule cannot make its grant, since a fact that it needs is missing, no later one does.

use portcullis_policy_sdk::{aws, log};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::access::{self, ACCESS, Approved, Purpose};
use crate::caller::Caller;
use crate::rules::{Checked, Denial, Host, Way};
use crate::session::Session;
use crate::template::Facts;
use crate::who::Index;

/// What the caller may have and may not, of what was asked for.
pub(crate) fn answer(settings: &Checked, request: &aws::Request) -> aws::Answer {
    let Some(caller) = Caller::of(request) else { return aws::Answer::default() };
    let approved = access::approved(request);
    let mut decision =
        Decision { settings, request, caller, decided: BTreeSet::new(), grants: Vec::new(), withheld: None };
    match Purpose::of(request) {
        Purpose::Roles => {
            decision.groups();
            decision.hosts();
            decision.networks();
            decision.single();
            decision.listed();
            decision.approved(&approved);
        }
        Purpose::Request => decision.access(&settings.requests.index, "request"),
        Purpose::Approve => decision.access(&settings.approvers, "approve"),
    }
    decision.say_what_was_withheld();
    let denials = decision.denials();
    aws::Answer { grants: decision.grants, denials, extra: Vec::new() }
}

struct Decision<'a> {
    settings: &'a Checked,
    request: &'a aws::Request,
    caller: Caller<'a>,
    /// Accounts and roles for which a rule has been found.
    decided: BTreeSet<(&'a str, Cow<'a, str>)>,
    grants: Vec<aws::Grant>,
    /// The first grant that could not be made, and how many more there were.
    withheld: Option<(String, usize)>,
}

impl<'a> Decision<'a> {
    fn groups(&mut self) {
        for (pattern, session) in &self.settings.groups {
            for group in self.caller.groups {
                if let Some([account, role]) = pattern.find(group) {
                    self.offer(session, account, role.into(), Some(group), || {
                        format!("user is in group \"{group}\" which matches regexp \"{}\"", pattern.0.text())
                    });
                }
            }
        }
    }

    fn hosts(&mut self) {
        let names: Vec<_> = self.caller.hosts().collect();
        for rule in &self.settings.hosts {
            for (host, domain) in &names {
                if rule.domains.contains(&*domain.to_ascii_lowercase())
                    && let Some(found) = rule.find(host)
                {
                    let role = format!("{}{found}", rule.role_prefix);
                    self.offer(&rule.session, &rule.account, role.into(), None, || {
                        format!("host \"{host}.{domain}\" is of type \"{found}\"")
                    });
                }
            }
        }
    }

    fn networks(&mut self) {
        let Some(address) = self.caller.address else { return };
        for (networks, target, session) in &self.settings.networks {
            if let Some(network) = networks.holding(address) {
                self.offer(session, &target.account, target.role.as_str().into(), None, || {
                    format!("address {address} is in network {network}")
                });
            }
        }
    }

    fn single(&mut self) {
        if let Some((target, session)) = &self.settings.single {
            self.offer(session, &target.account, target.role.as_str().into(), None, || {
                "every user has this role".into()
            });
        }
    }

    fn listed(&mut self) {
        let listed = &self.settings.grants;
        let user = self.caller.name;
        for (at, group) in listed.index.find(&self.caller) {
            let Some(rule) = listed.rules.get(at as usize) else { continue };
            let inside = rule.networks.as_ref().is_none_or(|networks| {
                self.caller.address.is_some_and(|address| networks.holding(address).is_some())
            });
            if !inside {
                continue;
            }
            for account in &rule.accounts {
                for role in &rule.roles {
                    self.offer(&rule.session, account, role.as_str().into(), group, || match group {
                        Some(group) => format!("user is in group \"{group}\""),
                        None => format!("user \"{user}\" is in the list"),
                    });
                }
            }
        }
    }

    /// Roles that were approved for the caller, where a rule still lets the caller request them.
    fn approved(&mut self, approved: &[Approved]) {
        let listed = &self.settings.requests;
        for (at, group) in listed.index.find(&self.caller) {
            let Some(rule) = listed.rules.get(at as usize) else { continue };
            for account in &rule.accounts {
                for role in &rule.roles {
                    let is_meant = |one: &&Approved| one.account == *account && one.role == *role;
                    let Some(one) = approved.iter().find(is_meant) else { continue };
                    let before = self.grants.len();
                    self.offer(&rule.session, account, role.as_str().into(), group, || {
                        format!("\"{}\" approved it: {}", one.approver, one.reason)
                    });
                    for grant in &mut self.grants[before..] {
                        grant.extra.push((ACCESS.into(), one.id.clone()));
                    }
                }
            }
        }
    }

    /// Roles that the caller may request, or approve. They are marked, since they are none that the caller has.
    ///
    /// The first rule says for how long the caller may request a role. Rules about one role have the same approvers, who
    /// approve requests of each of these rules, and so for as long as the longest.
    fn access(&mut self, index: &Index, mark: &'static str) {
        let listed = &self.settings.requests;
        let mut offered = BTreeMap::new();
        for (at, _) in index.find(&self.caller) {
            let Some(rule) = listed.rules.get(at as usize) else { continue };
            for account in &rule.accounts {
                for role in &rule.roles {
                    if !self.is_asked_for(account, role) {
                        continue;
                    }
                    let place = *offered.entry((account, role)).or_insert(self.grants.len());
                    if let Some(grant) = self.grants.get_mut(place) {
                        if mark == "approve" {
                            grant.duration_seconds = grant.duration_seconds.max(Some(rule.longest));
                        }
                        continue;
                    }
                    self.grants.push(aws::Grant {
                        account: account.clone(),
                        role: role.clone(),
                        duration_seconds: Some(rule.longest),
                        extra: vec![(ACCESS.into(), mark.into())],
                        ..aws::Grant::default()
                    });
                }
            }
        }
    }

    /// Whether the request is about this role, or about all.
    fn is_asked_for(&self, account: &str, role: &str) -> bool {
        let is_asked = |asked: &Option<String>, this: &str| asked.as_ref().is_none_or(|asked| asked == this);
        is_asked(&self.request.account, account) && is_asked(&self.request.role, role)
    }

    /// One account and role for which a rule is about the caller.
    fn offer(
        &mut self,
        session: &'a Session,
        account: &'a str,
        role: Cow<'a, str>,
        group: Option<&'a str>,
        reason: impl FnOnce() -> String,
    ) {
        let in_time = session.when.as_ref().is_none_or(|window| window.holds(self.caller.now));
        let this = (account, role);
        let (account, role) = (this.0, &*this.1);
        if !self.is_asked_for(account, role)
            || !self.settings.accounts.contains(account)
            || !in_time
            || self.decided.contains(&this)
        {
            return;
        }
        let facts = Facts { caller: &self.caller, group, account, role };
        match session.grant(&facts, &self.settings.defaults, reason) {
            Ok(grant) => self.grants.push(grant),
            Err(why) => {
                let what = || format!("role {role:?} in account {account:?}: {why}");
                self.withheld =
                    Some(self.withheld.take().map_or_else(|| (what(), 0), |(what, more)| (what, more + 1)));
            }
        }
        self.decided.insert(this);
    }

    /// One short line, however many there are: a decision that logs more than it may is stopped.
    fn say_what_was_withheld(&self) {
        let Some((first, more)) = &self.withheld else { return };
        let mut line: String =
            format!("not granted to {:?}: {first}", self.caller.name).chars().take(500).collect();
        if *more > 0 {
            line = format!("{line} (and {more} more)");
        }
        log::warn(&line);
    }

    fn denials(&self) -> Vec<aws::Denial> {
        let listed = &self.settings.denials;
        let found = listed.index.find(&self.caller);
        let rules = found.keys().filter_map(|at| listed.rules.get(*at as usize));
        rules.filter(|rule| self.is_denied_by(rule)).flat_map(|rule| self.denied(rule)).collect()
    }

    /// An address that is not known may be one of those meant.
    fn is_denied_by(&self, rule: &Denial) -> bool {
        let inside = rule.networks.as_ref().is_none_or(|networks| {
            self.caller.address.is_none_or(|address| networks.holding(address).is_some())
        });
        inside && rule.when.as_ref().is_none_or(|window| window.holds(self.caller.now))
    }

    /// A rule's denials, as far as they are about what was asked.
    fn denied(&self, rule: &'a Denial) -> impl Iterator<Item = aws::Denial> {
        let accounts = named(&rule.accounts, self.request.account.as_deref());
        let roles = named(&rule.roles, self.request.role.as_deref());
        accounts.into_iter().flat_map(move |account| {
            roles.clone().into_iter().map(move |role| aws::Denial {
                account: account.map(str::to_owned),
                role: role.map(str::to_owned),
                reason: rule.reason.clone(),
                rule: rule.rule.clone(),
                extra: Vec::new(),
            })
        })
    }
}

/// Each of the names that was asked for, or "all of them" where none is named.
fn named<'a>(names: &'a [String], asked: Option<&str>) -> Vec<Option<&'a str>> {
    if names.is_empty() {
        return vec![None];
    }
    let names = names.iter().map(String::as_str);
    names.filter(|name| asked.is_none_or(|asked| asked == *name)).map(Some).collect()
}

impl Host {
    /// What the name of a host, without its domain, gives for a role, without its prefix.
    fn find(&self, host: &str) -> Option<String> {
        match &self.by {
            Way::Pattern(pattern) => pattern.find(host).map(str::to_owned),
            Way::Loctyp => loctyp(host),
        }
    }
}

/// AFP's own provider for machines: `berweb01` is `proweb`, `tuvweb01` is `tuvweb`; other lengths are nothing.
fn loctyp(host: &str) -> Option<String> {
    if host.len() != 8 || !host.is_ascii() {
        return None;
    }
    let production = host.starts_with("ber") || host.starts_with("ham");
    Some(if production { format!("pro{}", &host[3..6]) } else { host[..6].to_owned() })
}
