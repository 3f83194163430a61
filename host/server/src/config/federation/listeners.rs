//! Which mounts are served at which addresses, what a mount is called, and which mounts get in each other's way.

use portcullis_config::ConfigError;
use portcullis_federation::claims;
use std::sync::Arc;

use super::{Federation, Mount, shown};
use crate::config::Endpoint;

impl Federation {
    /// Where a mount listens. `api` is `[listen] api`.
    pub(super) fn endpoints<'a>(&'a self, mount: &'a Mount, api: &'a [Endpoint]) -> &'a [Endpoint] {
        mount.listen.as_deref().or(self.listen.as_deref()).unwrap_or(api)
    }

    /// Every listener with a name of its own. Those of `[federation]` or `[listen]` are numbered, so that a reload that
    /// changes their addresses, which takes a restart, leaves mounts where they are. Others are called by their address, and
    /// by a number where that is port 0, which is another port for each entry.
    pub(crate) fn listeners<'a>(&'a self, api: &'a [Endpoint]) -> Vec<(Arc<str>, &'a Endpoint)> {
        let mut listeners: Vec<(Arc<str>, &Endpoint)> = Vec::new();
        let default = self.listen.as_deref().unwrap_or(api);
        let has_default = self.mounts.iter().any(|mount| mount.listen.is_none());
        for endpoint in default.iter().filter(|_| has_default) {
            let number = listeners.len() + 1;
            let name = if number == 1 { "default".into() } else { format!("default-{number}") };
            listeners.push((name.into(), endpoint));
        }
        for endpoint in self.mounts.iter().flat_map(|mount| mount.listen.iter().flatten()) {
            if listeners.iter().any(|(_, other)| other.shares_listener(endpoint)) {
                continue;
            }
            let address = endpoint.address.to_string();
            let same = listeners.iter().filter(|(_, other)| other.address == endpoint.address).count();
            let name = if same == 0 { address } else { format!("{address}#{}", same + 1) };
            listeners.push((name.into(), endpoint));
        }
        listeners
    }

    /// Whether a process that listens at `bound` can serve every mount where it is to be served: a mount that names its
    /// addresses at these alone, and any other at one of those of the start.
    pub(crate) fn is_served_at(&self, bound: &[(Arc<str>, &Endpoint)]) -> Result<(), ConfigError> {
        for mount in &self.mounts {
            let endpoint = |name: &Arc<str>| bound.iter().find(|(other, _)| other == name).map(|(_, at)| *at);
            let mut listeners = mount.listeners.iter();
            let is_served = match mount.listen.as_deref() {
                None => listeners.any(|name| endpoint(name).is_some()),
                Some(own) => listeners.all(|name| {
                    endpoint(name).is_some_and(|at| own.iter().any(|own| own.shares_listener(at)))
                }),
            };
            if !is_served {
                return Err(mount.location.wrong(format_args!(
                    "the mount at {} is to be served where this process did not begin to listen, which takes a restart",
                    shown(&mount.prefix)
                )));
            }
        }
        Ok(())
    }
}

/// Gives each mount the names of its listeners and a name of its own, unless two would answer at one place.
pub(super) fn assign(federation: &mut Federation, api: &[Endpoint]) -> Result<(), ConfigError> {
    let listeners = federation.listeners(api);
    let of_mount = |mount: &Mount| -> Arc<[Arc<str>]> {
        let own = federation.endpoints(mount, api);
        let is_own = |endpoint: &Endpoint| own.iter().any(|own| own.shares_listener(endpoint));
        listeners.iter().filter(|(_, at)| is_own(at)).map(|(name, _)| Arc::clone(name)).collect()
    };
    let all: Vec<_> = federation.mounts.iter().map(of_mount).collect();
    for (mount, listeners) in federation.mounts.iter_mut().zip(all) {
        mount.listeners = listeners;
    }
    let mounts = &federation.mounts;
    for (at, mount) in mounts.iter().enumerate() {
        if let Some(other) = mounts[..at].iter().find(|other| collide(other, mount) || collide(mount, other))
        {
            let (here, there) = (shown(&mount.prefix), shown(&other.prefix));
            return Err(mount.location.wrong(format_args!(
                "the mount at {here} would answer where the mount at {there} ({}) does: give one of them another \
                 `prefix` or a `listen` of its own, or both different `hosts`",
                other.location
            )));
        }
    }
    let names: Vec<_> = mounts.iter().enumerate().map(|(at, mount)| name(mounts, at, mount)).collect();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(mounts[at].location.wrong(format_args!(
                "the mount at {} would have the name of another one, `{name}`: give it another `prefix`, or other `hosts`",
                shown(&mounts[at].prefix)
            )));
        }
    }
    for (mount, name) in federation.mounts.iter_mut().zip(names) {
        mount.name = name;
    }
    Ok(())
}

/// Its prefix, if no other mount has it.
fn name(mounts: &[Mount], at: usize, mount: &Mount) -> String {
    let mut others = mounts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
    if !others.any(|other| other.prefix == mount.prefix) {
        return mount.prefix.clone();
    }
    let distinct = mount.hosts.first().map(String::as_str).or(mount.listeners.first().map(|name| &**name));
    let distinct = distinct.unwrap_or_default();
    // Two listeners may serve mounts with the same host, under one prefix.
    let same = |other: &&Mount| other.prefix == mount.prefix && other.hosts.first() == mount.hosts.first();
    if !mount.hosts.is_empty() && mounts.iter().filter(same).count() > 1 {
        let listener = mount.listeners.first().map(|name| &**name).unwrap_or_default();
        return format!("{}@{distinct},{listener}", mount.prefix);
    }
    format!("{}@{distinct}", mount.prefix)
}

/// Whether a request for the second could be taken for one of the first.
fn collide(one: &Mount, other: &Mount) -> bool {
    if !one.listeners.iter().any(|listener| other.listeners.contains(listener)) {
        return false;
    }
    if one.prefix != other.prefix {
        return claims(&one.prefix, one.metadata.is_some(), &other.prefix);
    }
    let shares_a_name =
        one.hosts.iter().any(|host| other.hosts.iter().any(|other| other.eq_ignore_ascii_case(host)));
    one.hosts.is_empty() || other.hosts.is_empty() || shares_a_name
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::path::Path;

    /// Names of mounts with those of their listeners, or why there are none. `mounts` are the lines of each.
    fn named(head: &str, mounts: &[&str]) -> Result<Vec<String>, String> {
        let federation = config(head, mounts)?.federation.unwrap();
        let shown = |mount: &super::Mount| format!("{} at {}", mount.name, mount.listeners.join(" "));
        Ok(federation.mounts.iter().map(shown).collect())
    }

    fn config(head: &str, mounts: &[&str]) -> Result<Config, String> {
        let head_of = "[[federation.mounts]]\nidentity = { address = true }\npolicies = [\"people\"]\n";
        let mounts: String = mounts.iter().flat_map(|lines| [head_of, lines, "\n"]).collect();
        let policy = "[[policies]]\nname = \"people\"\nmodule = \"builtin:aws-roles\"\n";
        let text = format!("{head}\n{mounts}{policy}");
        let config = Config::from_text(&text, Path::new("portcullis.toml"), Path::new("."), &[]);
        config.map_err(|error| error.to_string())
    }

    #[test]
    fn a_mount_has_a_name_of_its_own() {
        let own = |port: u16| format!("listen = [\"127.0.0.1:{port}\"]");
        let (own_1, own_2, any) = (own(8191), own(8192), own(0));
        for (mounts, expected) in [
            (vec!["", "prefix = \"/a\""], vec![" at default", "/a at default"]),
            (vec!["", &own_1], vec!["@default at default", "@127.0.0.1:8191 at 127.0.0.1:8191"]),
            (
                vec![&any, &any, "prefix = \"/a\""],
                vec!["@127.0.0.1:0 at 127.0.0.1:0", "@127.0.0.1:0#2 at 127.0.0.1:0#2", "/a at default"],
            ),
            (
                vec!["hosts = [\"a.example\"]", "hosts = [\"b.example\"]"],
                vec!["@a.example at default", "@b.example at default"],
            ),
            (
                vec![&format!("{own_1}\nhosts = [\"a\"]"), &format!("{own_2}\nhosts = [\"a\"]")],
                vec!["@a,127.0.0.1:8191 at 127.0.0.1:8191", "@a,127.0.0.1:8192 at 127.0.0.1:8192"],
            ),
            // The address of `[listen] api`, by default.
            (
                vec!["", "prefix = \"/a\"\nlisten = [\"127.0.0.1:8181\"]"],
                vec![" at default", "/a at default"],
            ),
        ] {
            let named = named("", &mounts).unwrap();
            assert_eq!(named, expected, "{mounts:?}");
        }
        // A reload of another address, which takes a restart, leaves mounts where they are.
        assert_eq!(named("[listen]\napi = [\"127.0.0.1:9999\"]", &[""]).unwrap(), [" at default"]);
    }

    /// Head and mounts of the start, those of the reload, and whether it is taken.
    type Row<'a> = (&'a str, &'a [&'a str], &'a str, &'a [&'a str], bool);

    /// A mount that is for one address is never served at another by a reload, nor taken from it without a word.
    #[test]
    fn a_reload_serves_mounts_where_the_process_listens_or_is_refused() {
        let listens =
            |first: &str, second: &str| format!("[federation]\nlisten = [\"{first}\", \"{second}\"]");
        let (public, local) = ("0.0.0.0:8443", "127.0.0.1:8181");
        let (own, other) =
            ("prefix = \"/a\"\nlisten = [\"127.0.0.1:8181\"]", "listen = [\"127.0.0.1:9191\"]");
        let api = |address: &str| format!("[listen]\napi = [\"{address}\"]");
        let head = listens(public, local);
        let swapped = listens(local, public);
        let rows: [Row<'_>; 8] = [
            (&head, &["", own], &head, &["", own], true),
            (&head, &["", own], &head, &["", own, "prefix = \"/b\""], true),
            (&head, &["", own], &swapped, &["", own], false),
            (&head, &["", own], &head, &[own], false),
            (&api(public), &[""], &api(local), &["", own], false),
            (&api(public), &[""], &api(local), &[""], true),
            (&api(public), &[""], &api(public), &["", &format!("prefix = \"/c\"\n{other}")], false),
            (&api(public), &[other], &api(public), &[other, "prefix = \"/d\""], false),
        ];
        for (before, mounts_before, after, mounts_after, is_served) in rows {
            let (started, changed) =
                (config(before, mounts_before).unwrap(), config(after, mounts_after).unwrap());
            let bound = started.federation_listens();
            let served = changed.federation.as_ref().unwrap().is_served_at(&bound);
            assert_eq!(
                served.is_ok(),
                is_served,
                "{before} {mounts_before:?} -> {after} {mounts_after:?}: {served:?}"
            );
            if let Err(error) = served {
                assert!(error.to_string().contains("which takes a restart"), "{error}");
            }
        }
    }

    #[test]
    fn no_two_mounts_have_one_name() {
        let error = named("", &["", "hosts = [\"default\"]\nlisten = [\"127.0.0.1:8191\"]"]).unwrap_err();
        assert!(error.contains("would have the name of another one, `@default`"), "{error}");
    }

    #[test]
    fn mounts_that_get_in_each_others_way() {
        let own = "listen = [\"127.0.0.1:8191\"]";
        for mounts in [
            vec!["", ""],
            vec![own, own],
            vec!["hosts = [\"a.example\"]", ""],
            vec!["hosts = [\"a.example\"]", "hosts = [\"b.example\", \"A.example\"]"],
            vec!["metadata = true", "prefix = \"/latest\"\nhosts = [\"a.example\"]"],
            vec!["", "prefix = \"/account\"\nlisten = [\"127.0.0.1:8181\"]"],
        ] {
            let error = named("", &mounts).unwrap_err();
            assert!(error.contains("would answer where the mount at"), "{mounts:?}: {error}");
            assert!(error.contains("a `listen` of its own"), "{error}");
        }
        let error = named("", &["listen = []"]).unwrap_err();
        assert!(error.contains("`listen` names no address"), "{error}");
    }
}
