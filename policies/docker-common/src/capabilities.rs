//! The capabilities of Linux, as dockerd reads their names.

/// What every container has unless it drops them (moby `oci/caps/defaults.go`).
const DEFAULT: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];
/// All others (Linux `include/uapi/linux/capability.h`, 6.12).
const FURTHER: [&str; 27] = [
    "CAP_AUDIT_CONTROL",
    "CAP_AUDIT_READ",
    "CAP_BLOCK_SUSPEND",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
    "CAP_DAC_READ_SEARCH",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_LEASE",
    "CAP_LINUX_IMMUTABLE",
    "CAP_MAC_ADMIN",
    "CAP_MAC_OVERRIDE",
    "CAP_NET_ADMIN",
    "CAP_NET_BROADCAST",
    "CAP_PERFMON",
    "CAP_SYSLOG",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_NICE",
    "CAP_SYS_PACCT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_WAKE_ALARM",
];

/// One spelling: dockerd takes any case, with `CAP_` or without (moby `oci/caps/utils.go`).
pub fn normalise(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    match upper.strip_prefix("CAP_") {
        Some("ALL") => "ALL".to_owned(),
        None if upper != "ALL" => format!("CAP_{upper}"),
        _ => upper,
    }
}

/// Whether a container has it anyway.
pub fn is_default(name: &str) -> bool {
    DEFAULT.contains(&name)
}

/// Whether there is such a capability, in the spelling of [`normalise`].
pub fn is_known(name: &str) -> bool {
    is_default(name) || FURTHER.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_have_one_spelling() {
        for name in ["sys_admin", "CAP_SYS_ADMIN", "Cap_Sys_Admin"] {
            assert_eq!(normalise(name), "CAP_SYS_ADMIN");
        }
        assert_eq!((normalise("all").as_str(), normalise("cap_all").as_str()), ("ALL", "ALL"));
        assert!(is_known("CAP_CHOWN") && is_known("CAP_SYS_ADMIN") && !is_known("CAP_NET_ADMN"));
    }
}
