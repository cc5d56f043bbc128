//! What the process gives up before it serves: a render needs no file and no socket, and the server few of them.
//!
//! Files: with Landlock (Linux 5.13) the process opens nothing but the folders that it is told, what the system's name resolution
//! reads, and what tells a process of itself and of its machine. System calls: a seccomp filter refuses, with `EPERM`, those that
//! start programs, look into other processes, mount, change the kernel or the machine, enter namespaces, or have been where
//! kernels broke most. Neither can be taken back, by the process or by what would break out of a sandbox in it.
//!
//! [`Privilege::drop`] is to be called before there are threads: Landlock holds for the thread that asks for it and for those
//! that it starts. It needs no rights; what the kernel does not have is said in the answer.

use std::path::PathBuf;

/// What the process keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privilege {
    /// Files, and folders with all below them, that it may read.
    pub read: Vec<PathBuf>,
    /// Folders in which it may read, write, create and remove.
    pub write: Vec<PathBuf>,
}

/// What holds of the process now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Dropped {
    /// Whether files are restricted.
    pub files: Result<(), String>,
    /// Whether system calls are.
    pub calls: Result<(), String>,
}

/// One attempt at what the process is not to be able to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was attempted.
    pub what: &'static str,
    /// What came of it: nothing, if it went well.
    pub error: Option<String>,
}

impl Privilege {
    /// Gives up all else, for good.
    pub fn drop(&self) -> Dropped {
        imp::drop(self)
    }
}

/// Attempts what a process that has dropped its privileges cannot do, from a thread of its own: for tests, and for who wants to
/// see what a host's kernel enforces. It does no harm where it goes well.
pub fn attempts() -> Vec<Attempt> {
    let tried = std::thread::spawn(|| {
        let attempt =
            |what, result: std::io::Result<()>| Attempt { what, error: result.err().map(|error| error.to_string()) };
        vec![
            attempt("read /etc/passwd", std::fs::read("/etc/passwd").map(drop)),
            attempt("list /", std::fs::read_dir("/").map(drop)),
            attempt("write to the folder of temporary files", tempfile::tempfile().map(drop)),
            attempt("run a program", std::process::Command::new("/bin/true").status().map(drop)),
            attempt("change the root", imp::chroot()),
            attempt("resolve localhost", std::net::ToSocketAddrs::to_socket_addrs("localhost:80").map(drop)),
        ]
    });
    tried.join().unwrap_or_default()
}

#[cfg(target_os = "linux")]
mod imp {
    use std::collections::BTreeMap;
    use std::path::Path;

    use landlock::{
        ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
        RulesetStatus, Scope, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        apply_filter_all_threads,
    };

    use super::{Dropped, Privilege};

    /// What a process reads of itself, its machine and the system's name resolution (getaddrinfo of glibc and musl).
    const OF_THE_SYSTEM: [&str; 24] = [
        "/proc/self",
        "/proc/meminfo",
        "/proc/swaps",
        "/proc/cpuinfo",
        "/proc/stat",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/kernel/osrelease",
        "/sys/fs/cgroup",
        "/sys/devices/system/cpu",
        "/sys/devices/system/node",
        "/sys/kernel/mm/transparent_hugepage",
        "/dev/null",
        "/dev/urandom",
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/host.conf",
        "/etc/nsswitch.conf",
        "/etc/gai.conf",
        "/etc/services",
        "/etc/localtime",
        "/etc/ld.so.cache",
        // Modules of name resolution are loaded from there.
        "/lib",
        "/lib64",
        "/usr/lib",
    ];

    /// Newer rights are asked for and left out where the kernel does not know them.
    const NEWEST: ABI = ABI::V7;

    pub(super) fn drop(keep: &Privilege) -> Dropped {
        let files = match restrict_files(keep) {
            Ok(RulesetStatus::NotEnforced) => {
                Err("the kernel has no Landlock (Linux 5.13), or it is switched off".into())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(format!("Landlock: {error}")),
        };
        Dropped { files, calls: restrict_calls().map_err(|error| format!("seccomp: {error}")) }
    }

    fn restrict_files(keep: &Privilege) -> Result<RulesetStatus, RulesetError> {
        let read = AccessFs::from_read(NEWEST) & !AccessFs::Execute;
        let write = AccessFs::from_all(NEWEST)
            & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
        let resolved = resolver_folder();
        let readable = OF_THE_SYSTEM.iter().map(Path::new).chain(keep.read.iter().map(AsRef::as_ref));
        let status = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rules(path_beneath_rules(readable, read))?
            .add_rules(path_beneath_rules(resolved, read))?
            .add_rules(path_beneath_rules(&keep.write, write))?
            .restrict_self()?;
        Ok(status.ruleset)
    }

    /// Where /etc/resolv.conf is a link to, as systemd-resolved and others have it: it is replaced there while the server runs.
    fn resolver_folder() -> Option<std::path::PathBuf> {
        let target = std::fs::canonicalize("/etc/resolv.conf").ok()?;
        target.parent().filter(|folder| folder.starts_with("/run")).map(Path::to_owned)
    }

    /// System calls that a server of pages needs at no time. Those that its runtime needs and that look alike are left: memfd_create
    /// (heap images), prctl (names of threads), clone without namespaces (threads).
    const REFUSED: &[i64] = &[
        // Other programs, and other processes.
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_pidfd_getfd,
        libc::SYS_kcmp,
        // Namespaces and mounts.
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_chroot,
        libc::SYS_pivot_root,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_mount_setattr,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_quotactl,
        // Files past their paths, and devices.
        libc::SYS_open_by_handle_at,
        libc::SYS_name_to_handle_at,
        libc::SYS_mknodat,
        libc::SYS_fanotify_init,
        // The kernel.
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_syslog,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_vmsplice,
        libc::SYS_personality,
        // Keys.
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        // The machine, and its clock.
        libc::SYS_reboot,
        libc::SYS_acct,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_adjtimex,
        // Who the process is.
        libc::SYS_setuid,
        libc::SYS_setgid,
        libc::SYS_setreuid,
        libc::SYS_setregid,
        libc::SYS_setresuid,
        libc::SYS_setresgid,
        libc::SYS_setgroups,
        libc::SYS_setfsuid,
        libc::SYS_setfsgid,
        libc::SYS_capset,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_mknod,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_kexec_file_load,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_iopl,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_ioperm,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_modify_ldt,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_uselib,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vhangup,
        #[cfg(target_arch = "aarch64")]
        libc::SYS_kexec_file_load,
    ];

    const NAMESPACES: [i32; 7] = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ];

    fn restrict_calls() -> Result<(), Box<dyn std::error::Error>> {
        let mut refused: BTreeMap<i64, Vec<SeccompRule>> = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
        let namespaces = NAMESPACES.map(|flag| {
            let flag = u64::from(flag.cast_unsigned());
            SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(flag), flag)
                .and_then(|condition| SeccompRule::new(vec![condition]))
        });
        refused.insert(libc::SYS_clone, namespaces.into_iter().collect::<Result<_, _>>()?);
        apply(refused, libc::EPERM)?;
        // Its flags are in memory, where a filter cannot look: as if the kernel did not have it, for which threads use clone.
        apply(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
    }

    fn apply(calls: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<(), Box<dyn std::error::Error>> {
        let refuse = SeccompAction::Errno(error.cast_unsigned());
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, refuse, std::env::consts::ARCH.try_into()?)?;
        let program: BpfProgram = filter.try_into()?;
        Ok(apply_filter_all_threads(&program)?)
    }

    pub(super) fn chroot() -> std::io::Result<()> {
        // To where it is already.
        Ok(rustix::process::chroot("/")?)
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::{Dropped, Privilege};

    pub(super) fn drop(_: &Privilege) -> Dropped {
        let why = || Err("this system has no such thing that we know to use".to_owned());
        Dropped { files: why(), calls: why() }
    }

    pub(super) fn chroot() -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
