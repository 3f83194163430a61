//! Each kind of rule, checked, in the form in which decisions use it.

use std::collections::{BTreeMap, BTreeSet};

use crate::duration::Seconds;
use crate::limits;
use crate::names::Names;
use crate::network::Networks;
use crate::pattern::{GroupPattern, HostPattern};
use crate::session::{Defaults, Session};
use crate::settings::{
    Account, Approvers, DenialRule, GrantRule, GroupRule, HostRule, NetworkRule, Preset, RequestRule,
    Settings, Single,
};
use crate::who::Index;
use crate::window::Window;

/// The settings as used.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) defaults: Defaults,
    pub(crate) groups: Vec<(GroupPattern, Session)>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) networks: Vec<(Networks, Target, Session)>,
    pub(crate) single: Option<(Target, Session)>,
    pub(crate) grants: Listed<Grant>,
    pub(crate) requests: Listed<Requestable>,
    /// The rules of `requests` by those who approve.
    pub(crate) approvers: Index,
    pub(crate) denials: Listed<Denial>,
}

/// One role in one account.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) account: String,
    pub(crate) role: String,
}

/// A list of rules that name people.
#[derive(Debug)]
pub(crate) struct Listed<R> {
    pub(crate) index: Index,
    pub(crate) rules: Vec<R>,
}

/// A role out of the name of a host.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) domains: BTreeSet<String>,
    pub(crate) account: String,
    pub(crate) role_prefix: String,
    pub(crate) by: Way,
    pub(crate) session: Session,
}

/// How the role comes from the name.
#[derive(Debug)]
pub(crate) enum Way {
    Pattern(HostPattern),
    Loctyp,
}

#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) networks: Option<Networks>,
    pub(crate) accounts: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) session: Session,
}

#[derive(Debug)]
pub(crate) struct Requestable {
    pub(crate) accounts: Vec<String>,
    pub(crate) roles: Vec<String>,
    /// Users and groups that approve.
    approvers: [Option<BTreeSet<String>>; 2],
    /// Seconds for which access may be requested at most.
    pub(crate) longest: u32,
    pub(crate) session: Session,
}

/// The longest access where a rule says nothing: an hour.
const LONGEST: u32 = 3600;

#[derive(Debug)]
pub(crate) struct Denial {
    pub(crate) networks: Option<Networks>,
    pub(crate) when: Option<Window>,
    /// Nothing in them means all.
    pub(crate) accounts: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) rule: String,
    pub(crate) reason: String,
}

impl Checked {
    /// Checks what serde cannot. An error names the rule by its place.
    pub(crate) fn new(mut settings: Settings) -> Result<Self, String> {
        let defaults = Defaults::take(&mut settings)?;
        let check = Check { accounts: &settings.accounts, defaults: &defaults };
        let mut grants = Listed { index: Index::default(), rules: Vec::new() };
        for (at, rule) in (0_u32..).zip(settings.grants) {
            check.grant(&format!("grants[{at}]"), at, rule, &mut grants)?;
        }
        let mut requests = Listed { index: Index::default(), rules: Vec::new() };
        let mut approvers = Index::default();
        for (at, rule) in (0_u32..).zip(settings.requests) {
            check.request(&format!("requests[{at}]"), at, rule, (&mut requests, &mut approvers))?;
        }
        same_approvers(&requests.rules)?;
        let mut denials = Listed { index: Index::default(), rules: Vec::new() };
        for (at, rule) in (0_u32..).zip(settings.denials) {
            check.denial(&format!("denials[{at}]"), at, rule, &mut denials)?;
        }
        let groups = each("groups", settings.groups, |place, rule| check.group(place, rule))?;
        let hosts = each("hosts", settings.hosts, |place, rule| check.host(place, rule))?;
        let networks = each("networks", settings.networks, |place, rule| check.network(place, rule))?;
        let single = settings.single.map(|rule| check.single("single", rule)).transpose()?;
        let accounts = settings.accounts.into_keys().collect();
        Ok(Self { accounts, defaults, groups, hosts, networks, single, grants, requests, approvers, denials })
    }
}

fn each<W, R>(
    list: &str,
    rules: Vec<W>,
    check: impl Fn(&str, W) -> Result<R, String>,
) -> Result<Vec<R>, String> {
    rules.into_iter().enumerate().map(|(at, rule)| check(&format!("{list}[{at}]"), rule)).collect()
}

/// What rules are checked against.
struct Check<'a> {
    accounts: &'a BTreeMap<String, Account>,
    defaults: &'a Defaults,
}

impl Check<'_> {
    fn group(&self, place: &str, mut rule: GroupRule) -> Result<(GroupPattern, Session), String> {
        let session = rule.take_session().complete(place, true, self.defaults)?;
        Ok((rule.pattern, session))
    }

    fn host(&self, place: &str, mut rule: HostRule) -> Result<Host, String> {
        let session = rule.take_session().complete(place, false, self.defaults)?;
        let HostRule { domains, account, role_prefix, pattern, preset, .. } = rule;
        let by = match (pattern, preset) {
            (Some(pattern), None) => Way::Pattern(pattern),
            (None, Some(Preset::Loctyp)) => Way::Loctyp,
            _ => return Err(format!("`{place}` takes either `pattern` or `preset`")),
        };
        self.account(place, &account)?;
        // Empty, or the beginning of a role.
        if !limits::is_role(&format!("{role_prefix}r")) {
            return Err(format!("`{place}`: no role begins with `{role_prefix}`"));
        }
        let domains =
            domains.iter().map(|domain| domain.trim_end_matches('.').to_ascii_lowercase()).collect();
        Ok(Host { domains, account, role_prefix, by, session })
    }

    fn network(&self, place: &str, mut rule: NetworkRule) -> Result<(Networks, Target, Session), String> {
        let session = rule.take_session().complete(place, false, self.defaults)?;
        Ok((rule.networks, self.target(place, rule.account, rule.role)?, session))
    }

    fn single(&self, place: &str, mut rule: Single) -> Result<(Target, Session), String> {
        let session = rule.take_session().complete(place, false, self.defaults)?;
        Ok((self.target(place, rule.account, rule.role)?, session))
    }

    fn grant(
        &self,
        place: &str,
        at: u32,
        mut rule: GrantRule,
        into: &mut Listed<Grant>,
    ) -> Result<(), String> {
        let grouped = rule.groups.is_some() && rule.users.is_none();
        let session = rule.take_session().complete(place, grouped, self.defaults)?;
        let GrantRule { users, groups, networks, accounts, roles, .. } = rule;
        if users.is_none() && groups.is_none() && networks.is_none() {
            return Err(format!("`{place}` names nobody; write `users = \"*\"` for everybody"));
        }
        no_star(place, groups.as_ref())?;
        let accounts = self.every_account(place, &accounts)?;
        into.index.add(at, users, groups);
        into.rules.push(Grant { networks, accounts, roles: named_roles(place, roles)?, session });
        Ok(())
    }

    fn request(
        &self,
        place: &str,
        at: u32,
        mut rule: RequestRule,
        (into, by_approver): (&mut Listed<Requestable>, &mut Index),
    ) -> Result<(), String> {
        let grouped = rule.groups.is_some() && rule.users.is_none();
        let session = rule.take_session().complete(place, grouped, self.defaults)?;
        let RequestRule { users, groups, accounts, roles, approvers, longest, .. } = rule;
        let Approvers { users: approving_users, groups: approving_groups } = approvers;
        if users.is_none() && groups.is_none() {
            return Err(format!("`{place}` lets nobody request; write `users = \"*\"` for everybody"));
        }
        if approving_users.is_none() && approving_groups.is_none() {
            return Err(format!("`{place}`: `approvers` names nobody; name `users` or `groups`"));
        }
        no_star(place, groups.as_ref())?;
        no_star(place, approving_groups.as_ref())?;
        let accounts = self.every_account(place, &accounts)?;
        let roles = named_roles(place, roles)?;
        let longest = longest.map_or(LONGEST, |Seconds(seconds)| seconds);
        let set = |names: &Option<Names>| {
            names.as_ref().map(|names| names.iter().map(str::to_owned).collect::<BTreeSet<_>>())
        };
        let approvers = [&approving_users, &approving_groups].map(set);
        into.index.add(at, users, groups);
        by_approver.add(at, approving_users, approving_groups);
        into.rules.push(Requestable { accounts, roles, approvers, longest, session });
        Ok(())
    }

    fn denial(
        &self,
        place: &str,
        at: u32,
        rule: DenialRule,
        into: &mut Listed<Denial>,
    ) -> Result<(), String> {
        let DenialRule { users, groups, networks, when, accounts, roles, rule, reason } = rule;
        no_star(place, groups.as_ref())?;
        let accounts = accounts.map_or(Ok(Vec::new()), |accounts| self.accounts(place, &accounts))?;
        let roles = roles.filter(|roles| !roles.all()).map(|Names(roles)| roles).unwrap_or_default();
        // No role is called otherwise, so that a pattern would deny nothing.
        roles.iter().try_for_each(|name| role(place, name))?;
        let rule = rule.unwrap_or_else(|| "denied".into());
        let in_rule =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._:-".contains(&byte);
        if rule.is_empty() || rule.len() > 64 || !rule.bytes().all(in_rule) {
            return Err(format!("`{place}`: `{rule}` is no name of a rule: 1 to 64 of `a-z 0-9 . _ : -`"));
        }
        let reason = reason.unwrap_or_else(|| {
            format!("the operator of this service denies it by the rule `{rule}`; ask the operator")
        });
        into.index.add(at, users, groups);
        into.rules.push(Denial { networks, when, accounts, roles, rule, reason });
        Ok(())
    }

    fn target(&self, place: &str, account: String, name: String) -> Result<Target, String> {
        self.account(place, &account)?;
        role(place, &name)?;
        Ok(Target { account, role: name })
    }

    fn account(&self, place: &str, alias: &str) -> Result<(), String> {
        if self.accounts.contains_key(alias) {
            return Ok(());
        }
        Err(format!(
            "`{place}`: there is no account `{alias}`; accounts are listed under `accounts` of the mount"
        ))
    }

    /// Those that are named, each by its name where all are.
    fn every_account(&self, place: &str, names: &Names) -> Result<Vec<String>, String> {
        let accounts = self.accounts(place, names)?;
        Ok(if accounts.is_empty() { self.accounts.keys().cloned().collect() } else { accounts })
    }

    /// Those that are named, or none for all.
    fn accounts(&self, place: &str, names: &Names) -> Result<Vec<String>, String> {
        if names.all() {
            return Ok(Vec::new());
        }
        names.iter().try_for_each(|alias| self.account(place, alias))?;
        Ok(names.0.clone())
    }
}

/// A request is approved for an account and a role, not for a rule. So rules that share both must have the same approvers:
/// those of one rule would approve what another rule lets other users request.
fn same_approvers(rules: &[Requestable]) -> Result<(), String> {
    let mut by_role: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, rule) in rules.iter().enumerate() {
        rule.roles.iter().for_each(|role| by_role.entry(role).or_default().push(at));
    }
    for (role, places) in by_role {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for at in places {
            for account in &rules[at].accounts {
                let other = *first.entry(account).or_insert(at);
                if rules[other].approvers != rules[at].approvers {
                    return Err(format!(
                        "`requests[{other}]` and `requests[{at}]` are both about role `{role}` in account `{account}`, and have \
                         different `approvers`: those of one rule could approve requests of the other; give both rules the \
                         same `approvers`, or roles of their own"
                    ));
                }
            }
        }
    }
    Ok(())
}

fn named_roles(place: &str, roles: Names) -> Result<Vec<String>, String> {
    if roles.all() {
        return Err(format!("`{place}`: `roles` of a grant are named one by one, since only AWS knows all"));
    }
    roles.iter().try_for_each(|name| role(place, name))?;
    Ok(roles.0)
}

fn role(place: &str, name: &str) -> Result<(), String> {
    if limits::is_role(name) {
        return Ok(());
    }
    Err(format!(
        "`{place}`: `{name}` is no name of a role: letters, digits and `_+=,.@-`, with a path before it"
    ))
}

/// Everybody is said by `users`; a group of that name, or none, would be a surprise.
fn no_star(place: &str, groups: Option<&Names>) -> Result<(), String> {
    if groups.is_some_and(Names::all) {
        return Err(format!("`{place}`: `groups` are named one by one; write `users = \"*\"` for everybody"));
    }
    Ok(())
}
