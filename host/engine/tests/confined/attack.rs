//! A child that its guest took over: what it tries once it is confined.

use portcullis_engine::build::{Builder, ResourceLimits, confine};
use serde_json::json;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, parent_id};
use std::process::{Command, ExitCode, Stdio};

use super::{build, builder, program};

const KILLED: &str = "cannot be built: the child that runs `configure` was ended by the kernel (SIGSYS): it made a system \
                      call that its confinement does not allow";
const DENIED: &str = "Permission denied";
const UNKNOWN: &str = "Function not implemented";
const DONE: &str = "was let through";

/// A system call with arguments that would work outside.
type Raw = (i64, [usize; 4]);

/// What is tried, and what the operator reads.
fn attacks(parent: usize) -> Vec<(&'static str, Attack, &'static str)> {
    use Attack::{Call, Library};
    const EMPTY: [usize; 4] = [0; 4];
    vec![
        ("use the processor in a thread", Library(thread_joins), DONE),
        ("open a TCP socket", Library(|| std::net::TcpStream::connect("127.0.0.1:80").map(drop)), KILLED),
        ("open a UDP socket", Library(|| std::net::UdpSocket::bind("127.0.0.1:0").map(drop)), KILLED),
        ("open a unix socket", Library(|| std::os::unix::net::UnixStream::pair().map(drop)), KILLED),
        ("open a netlink socket", Call((libc::SYS_socket, [16, 3, 0, 0])), KILLED),
        ("read a file", Library(|| fs::read("/etc/passwd").map(drop)), DENIED),
        ("write a file", Library(|| fs::write("/tmp/portcullis-attack", "x")), DENIED),
        ("list a folder", Library(|| fs::read_dir("/").map(drop)), DENIED),
        ("open /proc", Library(|| fs::read("/proc/self/maps").map(drop)), DENIED),
        (
            "open /proc of the parent",
            Library(|| fs::read(format!("/proc/{}/mem", parent_id_before())).map(drop)),
            DENIED,
        ),
        ("ask whether a file exists", Library(|| fs::metadata("/etc/shadow").map(drop)), DENIED),
        ("make a folder", Library(|| fs::create_dir("/tmp/portcullis-attack.d")), KILLED),
        ("remove a file", Library(|| fs::remove_file("/tmp/portcullis-attack")), KILLED),
        ("duplicate a descriptor", Call((libc::SYS_dup, EMPTY)), KILLED),
        ("make a pipe", Call((libc::SYS_pipe2, EMPTY)), KILLED),
        ("fork", Call((libc::SYS_clone, [17, 0, 0, 0])), KILLED),
        ("fork by clone3", Call((libc::SYS_clone3, [0, 88, 0, 0])), UNKNOWN),
        ("start a program", Library(|| Command::new("/bin/true").spawn().map(drop)), KILLED),
        ("become another program", Library(|| Err(Command::new("/bin/true").exec())), KILLED),
        ("become another program by descriptor", Call((libc::SYS_execveat, [1, 0, 0, 0])), KILLED),
        ("trace the parent", Call((libc::SYS_ptrace, [16, parent, 0, 0])), KILLED),
        ("be traced", Call((libc::SYS_ptrace, EMPTY)), KILLED),
        ("signal the parent", Call((libc::SYS_kill, [parent, 0, 0, 0])), KILLED),
        ("signal a thread of the parent", Call((libc::SYS_tgkill, [parent, parent, 0, 0])), KILLED),
        ("signal a thread", Call((libc::SYS_tkill, [parent, 0, 0, 0])), KILLED),
        ("queue a signal", Call((libc::SYS_rt_sigqueueinfo, [parent, 0, 0, 0])), KILLED),
        ("hold the parent's process", Call((libc::SYS_pidfd_open, [parent, 0, 0, 0])), KILLED),
        ("read the parent's memory", Call((libc::SYS_process_vm_readv, [parent, 0, 0, 0])), KILLED),
        ("write the parent's memory", Call((libc::SYS_process_vm_writev, [parent, 0, 0, 0])), KILLED),
        ("use io_uring", Call((libc::SYS_io_uring_setup, [1, 0, 0, 0])), KILLED),
        ("read keys", Call((libc::SYS_keyctl, EMPTY)), KILLED),
        ("load a program for the kernel", Call((libc::SYS_bpf, EMPTY)), KILLED),
        ("count events", Call((libc::SYS_perf_event_open, EMPTY)), KILLED),
        ("handle page faults", Call((libc::SYS_userfaultfd, EMPTY)), KILLED),
        ("mount", Call((libc::SYS_mount, EMPTY)), KILLED),
        ("change the root", Call((libc::SYS_chroot, EMPTY)), KILLED),
        ("make a namespace", Call((libc::SYS_unshare, [0x1000_0000, 0, 0, 0])), KILLED),
        ("enter a namespace", Call((libc::SYS_setns, EMPTY)), KILLED),
        ("become root", Call((libc::SYS_setresuid, EMPTY)), KILLED),
        ("make a file in memory", Call((libc::SYS_memfd_create, EMPTY)), UNKNOWN),
        ("share memory", Call((libc::SYS_shmget, [0, 4096, 0o1600, 0])), KILLED),
        ("apply another filter", Call((libc::SYS_seccomp, EMPTY)), KILLED),
        ("let others read its memory", Call((libc::SYS_prctl, [4, 1, 0, 0])), DENIED),
        ("limit the parent", Call((libc::SYS_prlimit64, [parent, 7, 0, 0])), DENIED),
        ("raise its own limits", Call((libc::SYS_prlimit64, [0, 7, 8, 0])), DENIED),
        ("write to the terminal's input", Call((libc::SYS_ioctl, [0, 0x5412, 0, 0])), DENIED),
    ]
}

enum Attack {
    /// By the standard library.
    Library(fn() -> io::Result<()>),
    Call(Raw),
}

/// The parent, which a confined process can no longer ask for.
static PARENT: std::sync::OnceLock<u32> = std::sync::OnceLock::new();

fn parent_id_before() -> u32 {
    *PARENT.get_or_init(parent_id)
}

fn thread_joins() -> io::Result<()> {
    std::thread::Builder::new()
        .name("worker".into())
        .spawn(|| ())?
        .join()
        .map_err(|_| io::Error::other("panicked"))
}

#[expect(unsafe_code, reason = "what an attacker does is no library's")]
fn call((number, [a, b, c, d]): Raw) -> io::Result<()> {
    // SAFETY: each call of the table takes numbers, or pointers that are null and that the kernel refuses. A fork would end
    // in the next system call, since its process identifier is none that the filter knows.
    let result = unsafe { libc::syscall(number, a, b, c, d) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Confines itself as a child does, tries that, and answers how it went.
pub fn double(name: &str) -> ExitCode {
    let parent = parent_id_before();
    confine(ResourceLimits::default()).unwrap();
    if name == "wait" {
        io::stdout().write_all(b"\n").unwrap();
        io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return ExitCode::SUCCESS;
    }
    let attacks = attacks(parent as usize);
    let (_, attack, _) = attacks.iter().find(|(attack, ..)| *attack == name).unwrap();
    let tried = match attack {
        Attack::Library(attempt) => attempt(),
        Attack::Call(raw) => call(*raw),
    };
    let reason = match tried {
        Ok(()) => format!("{name} {DONE}"),
        Err(error) => format!("{name}: {error}"),
    };
    let head = json!({ "Err": { "step": "configure", "reason": reason } }).to_string();
    io::stdout().write_all(&[&(head.len() as u64).to_le_bytes()[..], head.as_bytes()].concat()).unwrap();
    ExitCode::SUCCESS
}

pub fn what_a_confined_child_tries_is_refused() {
    let mut wrong = Vec::new();
    for (name, _, wanted) in attacks(0) {
        let builder = Builder { configure: program(&["attack", name]), ..builder() };
        let error = build(&builder).unwrap_err().to_string();
        if !error.contains(wanted)
            || !wanted.starts_with("cannot be built") && !error.starts_with("its settings: ")
        {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the kernel says of a confined process.
pub fn a_confined_child_has_nothing() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["attack", "wait"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let proc = format!("/proc/{}", child.id());
    let status = fs::read_to_string(format!("{proc}/status")).unwrap();
    let has = |key: &str, value: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(&format!("{key}:"))).unwrap();
        assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), value, "{key}");
    };
    has("NoNewPrivs", "1");
    has("Seccomp", "2");
    has("Seccomp_filters", "3");
    has("CapEff", "0000000000000000");
    has("CapPrm", "0000000000000000");
    if rustix::process::geteuid().is_root() {
        has("Uid", "65534 65534 65534 65534");
        has("Gid", "65534 65534 65534 65534");
        has("Groups", "");
        let descriptors = fs::read_dir(format!("{proc}/fd")).unwrap();
        assert_eq!(descriptors.count(), 3);
        let limits = fs::read_to_string(format!("{proc}/limits")).unwrap();
        for (limit, value) in [("Max core file size", "0"), ("Max file size", "0"), ("Max open files", "3")] {
            let line = limits.lines().find(|line| line.starts_with(limit)).unwrap();
            assert_eq!(line[limit.len()..].split_whitespace().nth(1), Some(value), "{line}");
        }
        for namespace in ["net", "ipc"] {
            let of = |process: &str| fs::read_link(format!("{process}/ns/{namespace}")).unwrap();
            assert_ne!(of(&proc), of("/proc/self"), "{namespace}");
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
