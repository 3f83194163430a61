//! One path of the host, by a mount or otherwise: may it be used?

use crate::judge::{Advice, Check, Judge};
use crate::paths::{clean, within};
use crate::rule::Rule;
use crate::settings::{Access, AllowedMount};
use crate::sockets;
use portcullis_policy_sdk::docker::Mount;

/// What a path of the host is wanted for.
#[derive(Debug, Clone, Copy)]
enum Use {
    Mount,
    Checkpoint,
    LogOption,
    Other,
}

impl Use {
    const fn may_not(self) -> &'static str {
        match self {
            Self::Mount => "may not be mounted",
            Self::Checkpoint => "may not hold checkpoints",
            Self::LogOption => "may not be used by a log driver",
            Self::Other => "may not be named",
        }
    }

    const fn instead(self) -> &'static str {
        match self {
            Self::Mount => "use a named volume",
            Self::Checkpoint => "leave the daemon's own directory",
            Self::LogOption => "log without it, e.g. to an address of the network",
            Self::Other => "leave it out",
        }
    }
}

/// What a host that sees the daemon's file system says of the way to a path. Otherwise it is empty.
#[derive(Debug, Clone, Copy)]
struct Way<'a> {
    /// Pairs of the request or of a mount, which name the directories that others can change.
    extra: &'a [(String, String)],
    /// The path that was named, where another one is judged.
    named: Option<&'a str>,
}

impl<'a> Way<'a> {
    fn of_mount(mount: &'a Mount) -> Self {
        let named = mount.extra.iter().find(|(name, _)| name == "real-path-of");
        Self { extra: &mount.extra, named: named.map(|(_, named)| named.as_str()) }
    }

    /// The directories in which users other than root can put something else in the place of a name on the way.
    fn changeable(self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.directories("changeable-directory", path)
    }

    /// The directories that hold the symbolic links on the way.
    fn links(self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.directories("link-directory", path)
    }

    fn directories(self, wanted: &'a str, path: &'a str) -> impl Iterator<Item = &'a str> {
        let is_about = move |name: &str| {
            let rest = name.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':') == Some(path))
        };
        self.extra.iter().filter(move |(name, _)| is_about(name)).map(|(_, directory)| directory.as_str())
    }
}

/// Paths that the request names elsewhere than in mounts.
pub(crate) fn check(judge: &Judge<'_>) -> Check {
    let way = Way { extra: &judge.request.extra, named: None };
    for named in &judge.request.host_paths {
        let wanted = match named.why.as_str() {
            // `isolation` refuses these by rules of their own.
            "cgroup-parent" | "device" | "runtime" => continue,
            "checkpoint-name" => {
                checkpoint_name(judge, &named.path)?;
                continue;
            }
            "checkpoint-directory" => Use::Checkpoint,
            "log-option" => Use::LogOption,
            _ => Use::Other,
        };
        let access = if named.access == "read" { Access::Ro } else { Access::Rw };
        path(judge, (&named.path, way), access, wanted)?;
    }
    Ok(())
}

/// The path that a mount reaches.
pub(crate) fn mounted(judge: &Judge<'_>, mount: &Mount, said: &str, access: Access) -> Check {
    path(judge, (said, Way::of_mount(mount)), access, Use::Mount)
}

fn checkpoint_name(judge: &Judge<'_>, name: &str) -> Check {
    judge.refuse(Rule::HostMount, Advice::Exception, || {
        format!("`{name}` is a path and no name of a checkpoint; name the checkpoint without `/`")
    })
}

fn path(judge: &Judge<'_>, (said, way): (&str, Way<'_>), access: Access, wanted: Use) -> Check {
    let settings = judge.settings;
    let allow_socket = settings.written.allow_docker_socket;
    if sockets::is_socket(said) {
        return if allow_socket { Ok(()) } else { socket(judge, said, wanted, None) };
    }
    // A path that is not absolute lies in nothing that may be mounted.
    let path = clean(said).unwrap_or_default();
    let meets = |other: &str| !path.is_empty() && (within(&path, other) || within(other, &path));
    let protected = settings.protected_paths.iter().any(|protected| meets(protected));
    let permitted = !protected
        && !path.is_empty()
        && settings.allowed_mounts.iter().any(|entry| entry.permits(&path, access));
    // What opens the path, where it can be opened.
    let entry = AllowedMount { path: path.clone(), access, exact: false };
    let entry = (!protected && !path.is_empty()).then_some(entry);
    if !path.is_empty() && sockets::leads_to_socket(&path) && !allow_socket {
        return socket(judge, said, wanted, entry.filter(|_| !permitted));
    }
    if permitted {
        return self::way(judge, (said, &path, access), way, wanted);
    }
    let led = way.named.map_or(String::new(), |named| format!(", where `{named}` leads,"));
    let (may_not, instead) = (wanted.may_not(), wanted.instead());
    let advice =
        entry.map_or(Advice::Exception, |entry| Advice::setting(format!("allowed_mounts = [{entry}]")));
    judge.refuse(Rule::HostMount, advice, || {
        if protected {
            return format!("`{said}`{led} {may_not}: it is or holds a protected path; {instead}");
        }
        if settings.allowed_mounts.iter().any(|entry| entry.covers(&path)) {
            return match wanted {
                Use::Mount => format!("`{said}`{led} may only be mounted read-only; add `:ro` or `readonly`"),
                _ => format!("`{said}`{led} may only be read; {instead}"),
            };
        }
        let root = match (wanted, access) {
            (Use::Mount, Access::Rw) => ", and one for writing is as good as root on the host",
            _ => "",
        };
        format!("`{said}`{led} {may_not}: {}{root}; {instead}", listed(&settings.allowed_mounts))
    })
}

/// Refuses a path that may be used, but might lead elsewhere once dockerd looks: the operator has vouched for the
/// entries of `allowed_mounts`, and not for what others do below them.
fn way(judge: &Judge<'_>, (said, path, access): (&str, &str, Access), way: Way<'_>, wanted: Use) -> Check {
    let may_not = wanted.may_not();
    let allowed = &judge.settings.allowed_mounts;
    // What lies above an entry that permits the path is vouched for with it.
    let is_vouched_for = |directory: &str| {
        let above = |entry: &AllowedMount| entry.path != directory && within(&entry.path, directory);
        allowed.iter().any(|entry| entry.permits(path, access) && above(entry))
    };
    let by_users =
        way.changeable(said).find(|directory| !clean(directory).is_some_and(|clean| is_vouched_for(&clean)));
    if let Some(directory) = by_users {
        return judge.refuse(Rule::HostMount, Advice::Exception, || {
            format!(
                "`{said}` {may_not}: users other than root can change `{directory}`, and so where it leads; name a \
                 path below directories that only root can change"
            )
        });
    }
    let is_known = judge.request.extra.iter().any(|(name, _)| name == "real-paths");
    let by_containers = allowed.iter().filter(|entry| is_known && entry.access == Access::Rw).find(|entry| {
        let holds_link = |directory: &str| clean(directory).is_some_and(|clean| within(&clean, &entry.path));
        (path != entry.path && within(path, &entry.path)) || way.links(said).any(holds_link)
    });
    by_containers.map_or(Ok(()), |entry| {
        judge.refuse(Rule::HostMount, Advice::Exception, || {
            format!(
                "`{said}` {may_not}: containers may write to `{0}`, and so change where it leads; use `{0}` itself",
                entry.path
            )
        })
    })
}

/// `entry` is what `allowed_mounts` lacks besides.
fn socket(judge: &Judge<'_>, said: &str, wanted: Use, entry: Option<AllowedMount>) -> Check {
    let mut settings = vec!["allow_docker_socket = true".to_owned()];
    settings.extend(entry.map(|entry| format!("allowed_mounts = [{entry}]")));
    judge.refuse(Rule::DockerSocket, Advice::Settings(settings), || {
        let may_not = wanted.may_not();
        let ryuk = if is_ryuk(judge) {
            "; Testcontainers starts this container to remove others and does without it where \
             `TESTCONTAINERS_RYUK_DISABLED=true` is set"
        } else {
            ""
        };
        format!(
            "`{said}` {may_not}: it is or leads to the daemon's socket, and so to root on the host; use the Docker API \
             from outside{ryuk}"
        )
    })
}

/// Testcontainers' own container that removes others, and mounts the socket for it.
fn is_ryuk(judge: &Judge<'_>) -> bool {
    let image = judge.request.workload.as_ref().and_then(|workload| workload.image.as_ref());
    image.is_some_and(|image| image.path.ends_with("testcontainers/ryuk"))
}

/// A reason is at most 1 KiB: a long list is cut.
fn listed(allowed: &[AllowedMount]) -> String {
    const SHOWN: usize = 5;
    if allowed.is_empty() {
        return "no path of the host is allowed".into();
    }
    let shown: Vec<_> = allowed.iter().take(SHOWN).map(|entry| format!("`{}`", entry.path)).collect();
    let more = if allowed.len() > SHOWN { ", ..." } else { "" };
    format!("allowed are {}{more}", shown.join(", "))
}
