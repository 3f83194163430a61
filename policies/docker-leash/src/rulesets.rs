//! The two files as decisions use them. The first ruleset that is for the host decides; in it the first policy with a group
//! of the user; in that the checks of the action, else of its namespace, else of `any`; else the ruleset's default.

use crate::actions;
use crate::checks::Check;
use crate::pattern::Pattern;
use crate::settings::{RawChecks, RawRuleSet, Settings, Texts};
use portcullis_policy_sdk::prelude::*;

/// In a group: every user, and every client without a name.
const EVERYBODY: &str = "*";
/// In a group: clients without a name.
const ANONYMOUS: &str = "Anonymous";
/// What docker-leash's own fifth example has for `any`, and never looks up.
const MEANT_ANY: &str = "all";

/// Groups and rulesets.
#[derive(Debug)]
pub(crate) struct RuleSets {
    groups: BTreeMap<String, Texts>,
    sets: Vec<RuleSet>,
}

#[derive(Debug)]
struct RuleSet {
    hosts: Vec<(bool, Pattern)>,
    default: Vec<Check>,
    policies: Vec<MemberPolicy>,
}

#[derive(Debug)]
struct MemberPolicy {
    members: Vec<String>,
    rules: BTreeMap<String, Vec<Check>>,
}

impl RuleSets {
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        let groups = settings.groups()?;
        let sets = settings.rule_sets()?;
        let numbered = sets.iter().enumerate();
        let sets = numbered.map(|(index, set)| {
            rule_set(set, &groups).map_err(|error| format!("`policies`: ruleset {}: {error}", index + 1))
        });
        let sets = sets.collect::<Result<_, _>>()?;
        Ok(Self { groups, sets })
    }

    /// The checks of this request; none where no ruleset is for its host.
    pub(crate) fn checks(&self, request: &docker::Request, action: &str) -> Option<&[Check]> {
        let set = self.sets.iter().find(|set| set.is_for(&request.daemon))?;
        let user = request.principal.name.as_deref();
        let is_member = |policy: &&MemberPolicy| policy.members.iter().any(|group| self.has(group, user));
        let rules = set.policies.iter().find(is_member).map(|policy| &policy.rules);
        let keys = [action, actions::namespace(action), "any"];
        let checks = rules.and_then(|rules| keys.iter().find_map(|key| rules.get(*key)));
        Some(checks.unwrap_or(&set.default))
    }

    /// Whether a group has this user. A user who is named as one of the two words is not meant by them.
    fn has(&self, group: &str, user: Option<&str>) -> bool {
        let members = self.groups.get(group).map(Texts::each).unwrap_or_default();
        members.iter().any(|member| match (member.as_str(), user) {
            (EVERYBODY, _) | (ANONYMOUS, None) => true,
            (ANONYMOUS, Some(_)) | (_, None) => false,
            (member, Some(user)) => member == user,
        })
    }
}

impl RuleSet {
    /// The last line that matches decides.
    fn is_for(&self, host: &str) -> bool {
        let last = self.hosts.iter().rfind(|(_, pattern)| pattern.matches(host, None));
        last.is_some_and(|(is_for, _)| *is_for)
    }
}

fn rule_set(raw: &RawRuleSet, groups: &BTreeMap<String, Texts>) -> Result<RuleSet, String> {
    let host = |line: &String| {
        let (is_for, pattern) = match (line.strip_prefix('+'), line.strip_prefix('-')) {
            (Some(pattern), _) => (true, pattern),
            (None, Some(pattern)) => (false, pattern),
            (None, None) => return Err(format!("`hosts`: `{line}` begins with neither `+` nor `-`")),
        };
        Pattern::new(pattern, "")
            .map(|pattern| (is_for, pattern))
            .map_err(|error| format!("`hosts`: {error}"))
    };
    let hosts: Vec<_> = raw.hosts.iter().map(host).collect::<Result<_, String>>()?;
    if !hosts.iter().any(|(is_for, _)| *is_for) {
        return Err("`hosts` has no line with `+`, so that it is for no host".into());
    }
    let mut policies = Vec::new();
    for policy in raw.policies.iter().flatten() {
        let mut rules = BTreeMap::new();
        for (key, raw) in &policy.rules {
            if key == MEANT_ANY {
                log::warn(&format!(
                    "`policies`: the key `{MEANT_ANY}` in `rules` matches no action; `any` does"
                ));
            } else if !actions::is_known(key) {
                return Err(format!(
                    "`rules`: `{key}` is no action and no namespace, so that it never matches; write one such as \
                     `containersCreate` or `containers`, or `any`"
                ));
            }
            rules.insert(key.clone(), checks(raw).map_err(|error| format!("`{key}`: {error}"))?);
        }
        let members = policy.members.each().to_vec();
        for member in members.iter().filter(|member| !groups.contains_key(*member)) {
            log::warn(&format!(
                "`policies`: `{member}` in `members` is no group of `groups`, and matches no user"
            ));
        }
        policies.push(MemberPolicy { members, rules });
    }
    let default = checks(&raw.default).map_err(|error| format!("`default`: {error}"))?;
    Ok(RuleSet { hosts, default, policies })
}

fn checks(raw: &RawChecks) -> Result<Vec<Check>, String> {
    let checks = raw.each();
    if checks.is_empty() {
        return Err("there is no check; write e.g. `Deny`".into());
    }
    checks.into_iter().map(|(name, arguments)| Check::new(name, arguments)).collect()
}
