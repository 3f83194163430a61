//! The system calls that a child of the build may make: memory, threads, clocks, randomness, and the standard streams.
//!
//! Three filters, since a filter has one action for what it lists and one for the rest. The kernel takes the strictest.

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type FilterResult<T> = Result<T, seccompiler::BackendError>;

/// Allowed with any arguments.
const ALLOWED: &[i64] = &[
    // Standard streams. No other descriptor exists, and none can be made.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_membarrier,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    // Signals of its own, which wasmtime makes traps of.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Clocks and randomness.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
];

/// Denied with an error: libraries try these, and can do without.
const FAILING: &[i64] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fcntl,
    libc::SYS_get_mempolicy,
    libc::SYS_getcpu,
    libc::SYS_getcwd,
    libc::SYS_ioctl,
    libc::SYS_mbind,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_sched_setaffinity,
    libc::SYS_setpriority,
    libc::SYS_statx,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
];

/// Denied as by a kernel that does not have them. `clone3` has its flags in memory, where no filter sees them: the C
/// library falls back to `clone`. The engine copies an image where it has no `memfd_create`.
const UNKNOWN: &[i64] = &[libc::SYS_clone3, libc::SYS_memfd_create];

/// Denies everything that is not listed here. Returns false where the kernel cannot.
pub(super) fn apply() -> bool {
    let Ok(filters) = filters() else { return false };
    filters.iter().all(|filter| seccompiler::apply_filter(filter).is_ok())
}

/// The filters, in the order in which they are applied: the last one denies applying another.
fn filters() -> FilterResult<[BpfProgram; 3]> {
    let errno = |errno: i32| SeccompAction::Errno(errno.unsigned_abs());
    let unknown = UNKNOWN.iter().map(|call| (*call, Vec::new())).collect();
    let mut failing: Rules = FAILING.iter().map(|call| (*call, Vec::new())).collect();
    failing.extend(partly_failing()?);
    let mut known: Rules =
        [ALLOWED, FAILING, UNKNOWN].concat().into_iter().map(|call| (call, Vec::new())).collect();
    known.extend(partly_failing()?.into_keys().map(|call| (call, Vec::new())));
    known.extend(partly_allowed()?);
    Ok([
        filter(unknown, SeccompAction::Allow, errno(libc::ENOSYS))?,
        filter(failing, SeccompAction::Allow, errno(libc::EACCES))?,
        filter(known, SeccompAction::KillProcess, SeccompAction::Allow)?,
    ])
}

fn filter(rules: Rules, otherwise: SeccompAction, listed: SeccompAction) -> FilterResult<BpfProgram> {
    SeccompFilter::new(rules, otherwise, listed, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// Allowed with the arguments that a rule names.
fn partly_allowed() -> FilterResult<Rules> {
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let process = u64::from(std::process::id());
    Ok(BTreeMap::from([
        // A thread, and no process.
        (libc::SYS_clone, vec![rule(&[(0, Qword, MaskedEq(thread), thread)])?]),
        // `abort` signals the process itself.
        (libc::SYS_tgkill, vec![rule(&[(0, Dword, Eq, process)])?]),
    ]))
}

/// Denied with an error unless its arguments are harmless.
fn partly_failing() -> FilterResult<Rules> {
    const PR_SET_VMA: u64 = 0x5356_4d41;
    let harmless =
        [libc::PR_SET_NAME, libc::PR_SET_NO_NEW_PRIVS].map(|option| u64::from(option.unsigned_abs()));
    Ok(BTreeMap::from([
        // A thread or a piece of memory gets a name, and the next of these filters is applied.
        (
            libc::SYS_prctl,
            vec![rule(&[
                (0, Dword, Ne, harmless[0]),
                (0, Dword, Ne, harmless[1]),
                (0, Dword, Ne, PR_SET_VMA),
            ])?],
        ),
        // Limits are read, and of this process.
        (libc::SYS_prlimit64, vec![rule(&[(0, Dword, Ne, 0)])?, rule(&[(2, Qword, Ne, 0)])?]),
    ]))
}

fn rule(conditions: &[(u8, SeccompCmpArgLen, SeccompCmpOp, u64)]) -> FilterResult<SeccompRule> {
    let condition = |(argument, length, compare, value): &(u8, SeccompCmpArgLen, SeccompCmpOp, u64)| {
        SeccompCondition::new(*argument, length.clone(), compare.clone(), *value)
    };
    SeccompRule::new(conditions.iter().map(condition).collect::<FilterResult<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_system_call_is_in_two_lists() {
        let partly = [partly_allowed().unwrap(), partly_failing().unwrap()];
        let mut seen = std::collections::BTreeSet::new();
        for call in [ALLOWED, FAILING, UNKNOWN]
            .concat()
            .into_iter()
            .chain(partly.iter().flat_map(|rules| rules.keys().copied()))
        {
            assert!(seen.insert(call), "system call {call}");
        }
    }

    #[test]
    fn the_filters_compile_for_this_machine() {
        assert!(filters().unwrap().iter().all(|filter| !filter.is_empty()));
    }
}
