//! Which rules are asked on which hook.

use portcullis_policy_sdk::prelude::*;
use regorus::Engine;

/// The hooks, by the names of the configuration.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hook {
    DockerRequest,
    DockerResponse,
    DockerEdit,
    SecretAccess,
    AwsRoles,
}

impl Hook {
    const ALL: [Self; 5] =
        [Self::DockerRequest, Self::DockerResponse, Self::DockerEdit, Self::SecretAccess, Self::AwsRoles];

    /// Where the hook's rules are without `query`: `data.portcullis.NAME`.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::DockerRequest => "docker_request",
            Self::DockerResponse => "docker_response",
            Self::DockerEdit => "docker_edit",
            Self::SecretAccess => "secret_access",
            Self::AwsRoles => "aws_roles",
        }
    }

    /// The rules of a package that mean something.
    fn rules(self) -> &'static [&'static str] {
        match self {
            Self::DockerRequest | Self::DockerResponse | Self::SecretAccess => &["deny", "allow"],
            Self::DockerEdit => &["visible", "labels", "hidden_environment"],
            Self::AwsRoles => &["grants", "denials"],
        }
    }
}

/// `query`: text is that of `docker-request`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a path like `data.docker.authz.allow`, or paths by hook")]
pub(crate) enum Queries {
    DockerRequest(String),
    ByHook(BTreeMap<Hook, String>),
}

/// What is asked on one hook: rules of a package by their names, or one rule under no name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) hook: Hook,
    pub(crate) rules: Vec<(&'static str, String)>,
}

/// The queries, each with rules that exist.
pub(crate) fn resolve(queries: Option<Queries>, engine: &Engine) -> Result<Vec<Query>, String> {
    let queries = match queries {
        Some(Queries::DockerRequest(path)) => BTreeMap::from([(Hook::DockerRequest, path)]),
        Some(Queries::ByHook(paths)) => paths,
        None => {
            let path = |hook: Hook| format!("data.portcullis.{}", hook.package());
            let asked = Hook::ALL.into_iter().map(|hook| (hook, path(hook)));
            asked.filter(|(_, path)| is_package(engine, path)).collect()
        }
    };
    if queries.is_empty() {
        return Err(format!(
            "no rule is asked: name one, e.g. `query = \"data.docker.authz.allow\"`, or use the packages \
             `portcullis.docker_request`, `portcullis.secret_access`, ...; {}",
            packages(engine)
        ));
    }
    queries.into_iter().map(|(hook, path)| query(engine, hook, &path)).collect()
}

fn query(engine: &Engine, hook: Hook, path: &str) -> Result<Query, String> {
    let wrong = |what: String| Err(format!("`query`: {what}"));
    if !is_path(path) {
        return wrong(format!("`{path}` is no path of a rule or package, e.g. `data.docker.authz.allow`"));
    }
    if !is_package(engine, path) {
        if is_declared(engine, path) {
            return Ok(Query { hook, rules: vec![("", path.to_owned())] });
        }
        return wrong(format!("there is no rule or package `{path}`; {}", packages(engine)));
    }
    let rule = |name: &&'static str| (*name, format!("{path}.{name}"));
    let rules: Vec<_> = hook.rules().iter().map(rule).filter(|(_, rule)| is_declared(engine, rule)).collect();
    if rules.is_empty() {
        let names: Vec<_> = hook.rules().iter().map(|name| format!("`{name}`")).collect();
        return wrong(format!("the package `{path}` has none of the rules {}", names.join(", ")));
    }
    Ok(Query { hook, rules })
}

/// `data.` and identifiers. Longer paths in brackets are for packages that are asked by a rule elsewhere.
fn is_path(path: &str) -> bool {
    let is_identifier = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    path.strip_prefix("data.").is_some_and(|rest| rest.split('.').all(is_identifier))
}

fn is_package(engine: &Engine, path: &str) -> bool {
    engine.get_packages().is_ok_and(|packages| packages.iter().any(|package| package == path))
}

/// Whether a file has this rule, or rules below it.
pub(crate) fn is_declared(engine: &Engine, path: &str) -> bool {
    let (Ok(packages), Ok(files)) = (engine.get_packages(), engine.get_policies()) else { return false };
    // Both are in the order in which the files were added.
    packages.iter().zip(&files).any(|(package, file)| {
        let rule = path.strip_prefix(package.as_str()).and_then(|rest| rest.strip_prefix('.'));
        rule.is_some_and(|rule| engine.has_declared_rule_rooted_at(file.get_path(), rule).unwrap_or(false))
    })
}

fn packages(engine: &Engine) -> String {
    let packages: BTreeSet<_> = engine.get_packages().unwrap_or_default().into_iter().collect();
    let packages: Vec<_> = packages.iter().map(|package| format!("`{package}`")).collect();
    format!("there are the packages {}", packages.join(", "))
}
