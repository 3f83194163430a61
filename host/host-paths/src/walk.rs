//! From a path to what it leads to, one name at a time, as the kernel walks it.
//!
//! Each name is opened below the directory that is open already (openat2(2), no links), so nothing that changes meanwhile
//! mixes two states of one directory, and nothing leaves the root that was given.

use portcullis_files::is_remote;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    FileType, FsWord, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, Stat, fstat, fstatfs, openat2, readlinkat,
};
use rustix::io::Errno;

use crate::error::ResolveError;
use crate::limits::{MAX_BYTES, MAX_DEPTH, MAX_LINKS};

/// The type of a file system that is mounted once it is entered (`AUTOFS_SUPER_MAGIC`).
const AUTOFS: FsWord = 0x0187;

const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RealPath {
    /// Without symbolic links. What does not exist yet ends it as it was named.
    pub(crate) path: String,
    /// The directories on the way in which users other than root can replace the next name. Each once.
    pub(crate) changeable: Vec<String>,
    /// The directories that hold the symbolic links on the way. Each once.
    pub(crate) links: Vec<String>,
}

/// A directory or file on the way.
struct Step {
    name: String,
    file: OwnedFd,
    stat: Stat,
}

struct Walk<'w> {
    asked: &'w str,
    /// The user to whom the file system belongs: root, but in tests.
    owner: u32,
    /// From the root to where the walk is.
    steps: Vec<Step>,
    /// The names still to be looked up, the next one last.
    pending: Vec<String>,
    changeable: Vec<String>,
    linked: Vec<String>,
    links: usize,
}

/// Resolves `asked`, which is absolute, below `root`, as root of the file system sees it.
pub(crate) fn real_path(root: impl AsFd, asked: &str, owner: u32) -> Result<RealPath, ResolveError> {
    if asked.len() >= MAX_BYTES {
        return Err(ResolveError::TooLong);
    }
    let io = |error: Errno| ResolveError::Io { path: asked.to_owned(), error: error.to_string() };
    let file = root
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| ResolveError::Io { path: asked.to_owned(), error: error.to_string() })?;
    let stat = fstat(&file).map_err(io)?;
    let mut walk = Walk {
        asked,
        owner,
        steps: vec![Step { name: String::new(), file, stat }],
        pending: Vec::new(),
        changeable: Vec::new(),
        linked: Vec::new(),
        links: 0,
    };
    walk.push(asked);
    let missing = walk.run()?;
    let mut path = walk.here();
    for name in missing {
        if path != "/" {
            path.push('/');
        }
        path.push_str(&name);
    }
    Ok(RealPath { path, changeable: walk.changeable, links: walk.linked })
}

impl Walk<'_> {
    /// Names of a path, to be looked up next.
    fn push(&mut self, path: &str) {
        self.pending.extend(path.split('/').rev().map(str::to_owned));
    }

    /// Where the walk is, as a path.
    fn here(&self) -> String {
        let names: Vec<_> = self.steps.iter().skip(1).map(|step| step.name.as_str()).collect();
        format!("/{}", names.join("/"))
    }

    /// Where `name` would be.
    fn at(&self, name: &str) -> String {
        let here = self.here();
        if here == "/" { format!("/{name}") } else { format!("{here}/{name}") }
    }

    /// To the end, or to the first name that does not exist: the names from there on.
    fn run(&mut self) -> Result<Vec<String>, ResolveError> {
        while let Some(name) = self.pending.pop() {
            match name.as_str() {
                "" | "." => {}
                ".." => {
                    if self.steps.len() > 1 {
                        self.steps.pop();
                    }
                }
                _ => {
                    if !self.enter(&name)? {
                        return Ok(self.missing(name));
                    }
                }
            }
        }
        Ok(Vec::new())
    }

    /// The names from one that does not exist on, `..` taken away with what stands before it.
    fn missing(&mut self, first: String) -> Vec<String> {
        let mut names = vec![first];
        while let Some(name) = self.pending.pop() {
            match name.as_str() {
                "" | "." => {}
                ".." => {
                    if names.pop().is_none() && self.steps.len() > 1 {
                        self.steps.pop();
                    }
                }
                _ => names.push(name),
            }
        }
        names
    }

    /// Goes to one name. False where it does not exist.
    fn enter(&mut self, name: &str) -> Result<bool, ResolveError> {
        // INVARIANT: the root is never popped.
        let Some(directory) = self.steps.last() else { return Ok(false) };
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat2(&directory.file, name, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
        let file = match opened {
            Ok(file) => file,
            Err(Errno::NOENT) => {
                self.note(None)?;
                return Ok(false);
            }
            Err(error) => return Err(self.refused(error)),
        };
        let stat = fstat(&file).map_err(|error| self.refused(error))?;
        self.note(Some(&stat))?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            self.follow(name, &file)?;
            return Ok(true);
        }
        if self.steps.len() > MAX_DEPTH {
            return Err(ResolveError::TooLong);
        }
        let (file, stat) = self.mounted(name, file, stat)?;
        self.steps.push(Step { name: name.to_owned(), file, stat });
        Ok(true)
    }

    /// What is mounted where an automount waits to be entered: opening a path does not enter it (open(2), `O_PATH`), and
    /// dockerd's mount does.
    fn mounted(&self, name: &str, file: OwnedFd, stat: Stat) -> Result<(OwnedFd, Stat), ResolveError> {
        let waits = |file: &OwnedFd| fstatfs(file).is_ok_and(|found| found.f_type == AUTOFS);
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory || !waits(&file) {
            return Ok((file, stat));
        }
        // INVARIANT: the root is never popped.
        let Some(directory) = self.steps.last() else { return Ok((file, stat)) };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat2(&directory.file, name, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
        let file = opened.map_err(|error| self.refused(error))?;
        if waits(&file) {
            let error = format!("nothing is mounted at `{}`", self.at(name));
            return Err(ResolveError::Io { path: self.asked.to_owned(), error });
        }
        let stat = fstat(&file).map_err(|error| self.refused(error))?;
        Ok((file, stat))
    }

    fn follow(&mut self, name: &str, link: &OwnedFd) -> Result<(), ResolveError> {
        let path = self.asked.to_owned();
        let file_system = fstatfs(link).map_err(|error| self.refused(error))?;
        if file_system.f_type == PROC_SUPER_MAGIC {
            return Err(ResolveError::ProcessLink { path, link: self.at(name) });
        }
        let here = self.here();
        if !self.linked.contains(&here) {
            self.linked.push(here);
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(ResolveError::TooManyLinks { path });
        }
        let target = readlinkat(link, "", Vec::new()).map_err(|error| self.refused(error))?;
        let target = target
            .into_string()
            .map_err(|_| ResolveError::Io { path, error: format!("`{}` is no UTF-8", self.at(name)) })?;
        if target.starts_with('/') {
            self.steps.truncate(1);
        }
        self.push(&target);
        Ok(())
    }

    /// Notes the directory where the walk is, if others could replace the entry in it. An entry that is missing can be made.
    fn note(&mut self, entry: Option<&Stat>) -> Result<(), ResolveError> {
        let Some(directory) = self.steps.last() else { return Ok(()) };
        let file_system = fstatfs(&directory.file).map_err(|error| self.refused(error))?;
        let by_others = is_remote(&file_system) || replaceable(&directory.stat, entry, self.owner);
        let here = self.here();
        if by_others && !self.changeable.contains(&here) {
            self.changeable.push(here);
        }
        Ok(())
    }

    fn refused(&self, error: Errno) -> ResolveError {
        let (path, here) = (self.asked.to_owned(), self.here());
        match error {
            Errno::NOTDIR => ResolveError::NotADirectory { path, file: here },
            Errno::ACCESS | Errno::PERM => ResolveError::Denied { path, directory: here },
            error => ResolveError::Io { path, error: error.to_string() },
        }
    }
}

/// Whether a user other than `owner` can put something else in the place of an entry. The bits of the group are those
/// that an access control list allows at most (acl(5)).
fn replaceable(directory: &Stat, entry: Option<&Stat>, owner: u32) -> bool {
    if directory.st_uid != owner {
        return true;
    }
    let protected = directory.st_mode & STICKY != 0 && entry.is_some_and(|entry| entry.st_uid == owner);
    directory.st_mode & WRITABLE_BY_OTHERS != 0 && !protected
}

#[cfg(test)]
mod tests;
