//! Confines a child of the build before it reads its first byte.
//!
//! A module comes from outside, and its `configure` runs as native code that our compiler made. A fault in the compiler
//! would let a guest run code of its own in the child, so the child is left without anything that such code could use:
//!
//! * limits on address space and processor time, no core dump, no new descriptor, no file that grows
//! * no descriptor beyond standard input, output and error
//! * network and IPC namespaces of its own, and a user namespace where root did not start it
//! * another user and no group where root did start it; no capabilities
//! * not dumpable, so that no process of the same user reads its memory or traces it
//! * Landlock: no file, no TCP port, no abstract socket and no signal beyond its own domain
//! * seccomp: the system calls in [`syscalls`]. Any other ends the process, except those that libraries try and can do
//!   without, which fail
//!
//! Landlock and seccomp are required of a kernel ([`Confinement`]); the others are used where they can be had. There
//! is no PID namespace: it would hold only for a child of the child, and what it prevents (signals, `ptrace`, `/proc`) is
//! denied already.
//!
//! To allow a system call, add it to `syscalls.rs`, and a row to `tests/confined` for what it must not do.

mod syscalls;

use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus, Scope};
use rustix::process::{DumpableBehavior, Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};
use rustix::{process, thread};
use serde::{Deserialize, Serialize};

use super::ResourceLimits;

/// User and group 65534 (`nobody`), which own no file.
const NOBODY: u32 = 65534;

/// What is done with a module where the kernel cannot confine the children that build it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confinement {
    /// The module is refused.
    #[default]
    Required,
    /// The module is built with what the kernel has.
    BestEffort,
}

/// Confines this process, which must have one thread and own nothing but its standard streams.
///
/// # Errors
/// The kernel has no Landlock or no seccomp: its feature, for people. Everything else was done.
pub fn confine(resource_limits: ResourceLimits) -> Result<(), String> {
    limit(Resource::As, resource_limits.address_space);
    limit(Resource::Cpu, resource_limits.processor_seconds);
    limit(Resource::Core, 0);
    limit(Resource::Fsize, 0);
    close_descriptors();
    leave_namespaces();
    drop_privileges();
    // After the change of user, which sets it anew.
    let _ = process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let landlock = landlock();
    // After Landlock, whose rules are a descriptor for a moment.
    limit(Resource::Nofile, 3);
    let seccomp = syscalls::apply();
    let missing = [
        ("Landlock (`CONFIG_SECURITY_LANDLOCK`, and `landlock` among `lsm=`)", landlock),
        ("seccomp filters (`CONFIG_SECCOMP_FILTER`)", seccomp),
    ];
    let missing: Vec<_> =
        missing.into_iter().filter_map(|(feature, has)| (!has).then_some(feature)).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join(" and no ")) }
}

/// Lowers a limit. A lower one that is there already stays.
fn limit(resource: Resource, value: u64) {
    let had = process::getrlimit(resource);
    let value = had.maximum.map_or(value, |maximum| maximum.min(value));
    let _ = setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
}

#[expect(unsafe_code, reason = "no safe crate closes a range of descriptors")]
fn close_descriptors() {
    // SAFETY: closing a descriptor harms its owner. This process has just started and has one thread; neither the
    // runtime nor a library has opened a descriptor, so those from 3 on were inherited and have no owner here.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
}

/// Namespaces without a network, and without the IPC objects of others.
fn leave_namespaces() {
    let own = UnshareFlags::NEWNET | UnshareFlags::NEWIPC;
    // Root needs no user namespace, in which it could not become another user.
    if unshare(own).is_err() {
        let _ = unshare(own | UnshareFlags::NEWUSER);
    }
}

#[expect(unsafe_code, reason = "`unshare` can separate the descriptors of threads")]
fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: the function's own condition is about `UnshareFlags::FILES`, which no caller gives.
    unsafe { thread::unshare_unsafe(flags) }
}

/// Another user, no groups, no capabilities. Each fails where there is nothing to drop.
fn drop_privileges() {
    if process::geteuid().is_root() {
        let (user, group) = (process::Uid::from_raw(NOBODY), process::Gid::from_raw(NOBODY));
        let _ = thread::set_thread_groups(&[]);
        let _ = thread::set_thread_res_gid(group, group, group);
        let _ = thread::set_thread_res_uid(user, user, user);
    }
    // Root of a user namespace has all of them in it.
    let none = CapabilitySet::empty();
    let _ = thread::set_capabilities(
        None,
        CapabilitySets { effective: none, permitted: none, inheritable: none },
    );
    let _ = thread::set_no_new_privs(true);
}

/// Whether Landlock now denies everything that this kernel's version of it can deny.
fn landlock() -> bool {
    const NEWEST: ABI = ABI::V7;
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    restricted.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}
