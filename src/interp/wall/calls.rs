//! Seccomp: the system calls that a session may make. Those that are not listed fail with EPERM.
//!
//! A list of what is allowed, not of what is not: a new kernel's new call is shut until somebody has looked at it.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::collections::BTreeMap;

/// Stands in the filter for the number of the process, which is not known before the fork.
const OWN_PID: u32 = 0x7e57_91d0;

/// Calls that need no look at their arguments: memory, time, waiting, files (which are Landlock's affair), own state.
const PLAIN: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_lseek,
    libc::SYS_fadvise64,
    libc::SYS_openat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_shutdown,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_umask,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Answered ENOSYS by the filter below: it must pass this one.
    libc::SYS_clone3,
];

/// The older forms of the same, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[libc::c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_wait,
    libc::SYS_getpgrp,
    libc::SYS_alarm,
    libc::SYS_pause,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[libc::c_long] = &[];

/// What changes files, for a session that may change some. Not modes, times and owners: Landlock leaves those of every
/// file open, and so does an older one the length of a file that is named by its path.
const WRITING: &[libc::c_long] = &[
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_sendfile,
    libc::SYS_copy_file_range,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_renameat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
];

/// What programs need, for a session that may start some. Not what would take a process out of the session's group, by
/// which all of them are ended; nor what changes modes and owners of files.
const PROGRAMS: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_getpriority,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sendfile,
    libc::SYS_copy_file_range,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_flistxattr,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_delete,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
];

/// Signals to processes, where Landlock keeps them within the session.
const SIGNALS: &[libc::c_long] = &[libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill];

/// Options of a connection: when it is tried and sent, and how much it holds. Not those by which it would connect, or keep
/// whoever closes it waiting.
const OPTIONS: &[(libc::c_int, libc::c_int)] = &[
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
    (libc::SOL_SOCKET, libc::SO_SNDBUF),
    (libc::SOL_SOCKET, libc::SO_RCVBUF),
    (libc::SOL_SOCKET, libc::SO_SNDTIMEO),
    (libc::SOL_SOCKET, libc::SO_RCVTIMEO),
    (libc::SOL_SOCKET, libc::SO_REUSEADDR),
    (libc::SOL_SOCKET, libc::SO_OOBINLINE),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
    (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
    (libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
    (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
    (libc::IPPROTO_TCP, libc::TCP_QUICKACK),
    (libc::IPPROTO_TCP, libc::TCP_CORK),
    (libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT),
];

/// Requests of `ioctl` that ask and do nothing else. Others push keys into the terminal, or make devices do things.
const ASKING: &[libc::c_ulong] =
    &[libc::TCGETS, libc::TIOCGWINSZ, libc::FIONREAD, libc::FIONBIO, libc::FIOCLEX, libc::FIONCLEX];

/// Commands of `fcntl` that concern the descriptor itself: not leases, owners or signals.
const DESCRIPTOR: &[libc::c_int] = &[
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
];

/// Flags of `clone` that no program is started with: other namespaces, another parent, a tracer.
const SPECIAL: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_PARENT
    | libc::CLONE_PTRACE) as u32 as u64;

/// What a grant opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opens {
    /// Files may be changed.
    pub(super) writing: bool,
    /// Sockets may be made for connections that the host makes.
    pub(super) net: bool,
    /// Programs may be started.
    pub(super) programs: bool,
    /// Signals may be sent to what was started.
    pub(super) signals: bool,
}

/// The filters, ready but for the number of the process.
pub(super) struct Filters {
    /// glibc falls back to `clone`, whose flags can be looked at, only on ENOSYS; a filter has one answer for all that it
    /// matches, so that is a filter of its own.
    clone3: BpfProgram,
    /// For a session that was granted nothing but files to read, as most are.
    plain: BpfProgram,
}

impl Filters {
    pub(super) fn new() -> Result<Self, String> {
        let clone3 = program(
            [(libc::SYS_clone3, vec![])].into(),
            SeccompAction::Allow,
            SeccompAction::Errno(libc::ENOSYS as u32),
        )?;
        Ok(Self { clone3, plain: filter(Opens::default())? })
    }

    /// For this process and its threads, for good.
    pub(super) fn apply(self, opens: Opens) -> Result<(), String> {
        let mut calls = if opens == Opens::default() { self.plain } else { filter(opens)? };
        let own = std::process::id();
        let places = calls.iter_mut().filter(|instruction| instruction.k == OWN_PID);
        places.for_each(|instruction| instruction.k = own);
        // In this order: the second filter does not allow `seccomp`.
        for filter in [&self.clone3, &calls] {
            apply_filter(filter).map_err(|e| format!("seccomp refuses: {e}"))?;
        }
        Ok(())
    }
}

fn filter(opens: Opens) -> Result<BpfProgram, String> {
    program(allowed(opens)?, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn program(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<BpfProgram, String> {
    let arch = std::env::consts::ARCH.try_into().map_err(|e| format!("no filter for this processor: {e}"))?;
    SeccompFilter::new(rules, otherwise, matched, arch)
        .and_then(TryInto::try_into)
        .map_err(|e| format!("a filter of system calls: {e}"))
}

fn allowed(opens: Opens) -> Result<Rules, String> {
    use SeccompCmpOp::{Eq, MaskedEq};
    let mut rules: Rules = PLAIN.iter().chain(OLDER).map(|call| (*call, Vec::new())).collect();
    for (open, calls) in [(opens.writing, WRITING), (opens.programs, PROGRAMS)] {
        rules.extend(calls.iter().filter(|_| open).map(|call| (*call, Vec::new())));
    }
    let one_of = |argument: u8, values: &mut dyn Iterator<Item = u64>| {
        values.map(|value| rule(&[(argument, Eq, value)])).collect::<Result<Vec<_>, _>>()
    };
    rules.insert(libc::SYS_ioctl, one_of(1, &mut ASKING.iter().copied())?);
    rules.insert(libc::SYS_fcntl, one_of(1, &mut DESCRIPTOR.iter().map(|c| *c as u64))?);
    let naming = [libc::PR_SET_NAME, libc::PR_GET_NAME];
    rules.insert(libc::SYS_prctl, one_of(0, &mut naming.iter().map(|c| *c as u64))?);
    // A pair that speaks with itself; datagrams could be sent to others by their address.
    let kind = (libc::SOCK_STREAM | libc::SOCK_DGRAM | libc::SOCK_RAW) as u64 | 0xf;
    let pair = [(0, Eq, libc::AF_UNIX as u64), (1, MaskedEq(kind), libc::SOCK_STREAM as u64)];
    rules.insert(libc::SYS_socketpair, vec![rule(&pair)?]);
    // To nobody else than the one at the other end; and what is sent must not connect on its way.
    let connecting = libc::MSG_FASTOPEN as u64;
    let to_nobody = condition(4, SeccompCmpArgLen::Qword, Eq, 0)?;
    let plainly = condition(3, SeccompCmpArgLen::Dword, MaskedEq(connecting), 0)?;
    rules.insert(libc::SYS_sendto, vec![SeccompRule::new(vec![to_nobody, plainly]).map_err(|e| e.to_string())?]);
    rules.insert(libc::SYS_sendmsg, vec![rule(&[(2, MaskedEq(connecting), 0)])?]);
    if opens.net {
        // Nothing in the list connects, binds or listens: these sockets take the host's connections in.
        let mut sockets = Vec::new();
        for family in [libc::AF_INET, libc::AF_INET6] {
            for protocol in [0, libc::IPPROTO_TCP] {
                let stream = (1, MaskedEq(0xf), libc::SOCK_STREAM as u64);
                sockets.push(rule(&[(0, Eq, family as u64), stream, (2, Eq, protocol as u64)])?);
            }
        }
        rules.insert(libc::SYS_socket, sockets);
        let option =
            |(level, name): &(libc::c_int, libc::c_int)| rule(&[(1, Eq, *level as u64), (2, Eq, *name as u64)]);
        rules.insert(libc::SYS_setsockopt, OPTIONS.iter().map(option).collect::<Result<_, _>>()?);
    }
    // Threads; processes only where programs may be started, and then no other kind of them.
    let thread = (libc::CLONE_THREAD | libc::CLONE_VM) as u64;
    let mut clones = vec![rule(&[(0, MaskedEq(thread | SPECIAL), thread)])?];
    if opens.programs {
        clones.push(rule(&[(0, MaskedEq(SPECIAL), 0)])?);
    }
    rules.insert(libc::SYS_clone, clones);
    rules.insert(libc::SYS_tgkill, vec![rule(&[(0, Eq, u64::from(OWN_PID))])?]);
    rules.extend(SIGNALS.iter().filter(|_| opens.signals).map(|call| (*call, Vec::new())));
    // To ask for limits, not to set them.
    let asked = condition(2, SeccompCmpArgLen::Qword, Eq, 0)?;
    let own = condition(0, SeccompCmpArgLen::Dword, Eq, 0)?;
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![own, asked]).map_err(|e| e.to_string())?]);
    Ok(rules)
}

fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, String> {
    let condition = |(argument, op, value): &(u8, SeccompCmpOp, u64)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, op.clone(), *value)
    };
    let conditions = conditions.iter().map(condition).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    SeccompRule::new(conditions).map_err(|e| e.to_string())
}

fn condition(argument: u8, width: SeccompCmpArgLen, op: SeccompCmpOp, value: u64) -> Result<SeccompCondition, String> {
    SeccompCondition::new(argument, width, op, value).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_number_has_one_place_where_signals_are_shut_and_none_where_they_are_open() {
        for (signals, places) in [(false, 1), (true, 0)] {
            for (writing, net, programs) in [(false, false, false), (true, true, true)] {
                let filter = filter(Opens { writing, net, programs, signals }).unwrap();
                assert_eq!(filter.iter().filter(|i| i.k == OWN_PID).count(), places);
            }
        }
    }

    #[test]
    fn no_grant_opens_what_connects_listens_or_leaves_the_session() {
        let all = Opens { writing: true, net: true, programs: true, signals: true };
        let rules = allowed(all).unwrap();
        for call in [
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_listen,
            libc::SYS_accept,
            libc::SYS_accept4,
            libc::SYS_sendmmsg,
            libc::SYS_setsid,
            libc::SYS_setpgid,
            libc::SYS_unshare,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_io_uring_setup,
            libc::SYS_fchmod,
        ] {
            assert!(!rules.contains_key(&call), "{call}");
        }
    }
}
