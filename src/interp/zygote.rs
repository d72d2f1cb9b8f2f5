//! The zygote: a process that has the engine and CPython ready, and forks a session each time the host asks.
//!
//! It speaks with the host over a packet socket on descriptor [`CONTROL`], one [`Notice`] a packet. It is the sessions'
//! parent: it reaps them and tells the host how they ended. It lives as long as that socket; its sessions, as long as it.

use super::{
    engine::{self, Language},
    python, sched, session, wall,
};
use crate::host_protocol::{CONTROL, FORK, MAX_CONTEXTS, Notice, SESSION_DESCRIPTORS, VERSION};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
    process::{Pid, PidfdFlags, Signal, getppid, pidfd_open, set_parent_process_death_signal},
};
use std::{
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    sync::OnceLock,
};
use steel::steel_vm::ThreadStateController;

/// How long the zygote waits for work before it makes work for itself.
const IDLE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// The stack of a Python thread, in bytes. The main thread's own is a gigabyte, and would be every thread's.
const THREAD_STACK: usize = 8 << 20;

static CONTROLLER: OnceLock<ThreadStateController> = OnceLock::new();

struct Session {
    pid: Pid,
    pidfd: OwnedFd,
}

/// Runs the zygote, and in its children the sessions. Does not return.
pub(crate) fn main() -> ! {
    // SAFETY: the host puts the control socket on this descriptor before it executes us, and nothing else owns it.
    let control = unsafe { OwnedFd::from_raw_fd(CONTROL) };
    let code =
        match tell(control.as_fd(), &Notice::Hello { version: VERSION.into() }, &[]).and_then(|()| serve(control)) {
            Ok(()) => 0,
            Err(problem) => {
                eprintln!("bessemer interpreter: {problem}");
                1
            }
        };
    std::process::exit(code)
}

/// Why sessions cannot be forked off this process: threads would be lost in them, with the locks that they hold.
fn threaded() -> Option<String> {
    // Where there is no such folder, there is nothing to go by.
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    (threads > 1).then(|| {
        "the interpreter has threads: `bessemer::interpreter_main()` must come first in `main`, before a runtime \
         (`#[tokio::main]`) is made"
            .into()
    })
}

fn serve(control: OwnedFd) -> Result<(), String> {
    if let Some(problem) = threaded() {
        return tell(control.as_fd(), &Notice::Failed { problem }, &[]);
    }
    prepare_process();
    let mut language = match engine::build().and_then(|built| python::start().map(|warning| (built, warning))) {
        Ok((built, warning)) => {
            if let Some(warning) = warning {
                eprintln!("warning: {warning}");
            }
            built
        }
        Err(problem) => return tell(control.as_fd(), &Notice::Failed { problem }, &[]),
    };
    wall::prepare(&python::readable());
    // Set once: every session is a copy of this process.
    let _ = CONTROLLER.set(language.engine.get_thread_state_controller());
    let mut sessions: Vec<Session> = Vec::new();
    // After a while without work comes the part of the language that nothing has needed yet.
    let mut idle = Some(IDLE);
    loop {
        let ready: Vec<bool> = {
            let mut fds = vec![PollFd::new(&control, PollFlags::IN)];
            fds.extend(sessions.iter().map(|s| PollFd::new(&s.pidfd, PollFlags::IN)));
            match poll(&mut fds, idle.as_ref()) {
                Ok(0) => {
                    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
                    idle = language.give_more()?.then_some(now);
                    continue;
                }
                Ok(_) => fds.iter().map(|fd| !fd.revents().is_empty()).collect(),
                Err(Errno::INTR) => continue,
                Err(e) => return Err(format!("poll: {e}")),
            }
        };
        for index in (0..sessions.len()).rev().filter(|i| ready[i + 1]) {
            let ended = sessions.swap_remove(index);
            end_group(ended.pid);
            tell(control.as_fd(), &reap(ended.pid), &[])?;
        }
        if ready[0] {
            match request(&control) {
                // The host is gone. Sessions die with this process, and what they started now.
                Ok(None) => {
                    sessions.iter().for_each(|session| end_group(session.pid));
                    return Ok(());
                }
                Ok(Some((FORK, contexts))) => {
                    let answer = match fork(&mut language, &mut sessions, contexts) {
                        Ok((session, socket, net)) => {
                            let pid = session.pid.as_raw_nonzero().get();
                            let fds = [socket.as_fd(), session.pidfd.as_fd(), net.as_fd()];
                            let told = tell(control.as_fd(), &Notice::Forked { pid }, &fds);
                            sessions.push(session);
                            told
                        }
                        Err(problem) => tell(control.as_fd(), &Notice::NoFork { problem }, &[]),
                    };
                    answer?;
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Err(e) => return Err(format!("the control socket: {e}")),
            }
        }
    }
}

/// What the process is before it holds anything of a script's.
fn prepare_process() {
    // A session of its own: the terminal's Ctrl-C is the host's to answer. It fails only for a group leader.
    let _ = rustix::process::setsid();
    let _ = rustix::thread::set_name(c"bessemer-interp");
    // What our caller's callers left open is no script's business.
    // SAFETY: nothing in this process has opened a descriptor yet; those it was given end with the control socket.
    unsafe { libc::close_range(CONTROL as u32 + 1, u32::MAX, 0) };
    // Whatever C code writes to descriptor 1 belongs on stderr.
    let _ = rustix::stdio::dup2_stdout(rustix::stdio::stderr());
    // SAFETY: plain calls on a zeroed attribute object that lives through them; no thread has been made yet.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        libc::pthread_attr_init(&mut attributes);
        libc::pthread_attr_setstacksize(&mut attributes, THREAD_STACK);
        pthread_setattr_default_np(&attributes);
        libc::pthread_attr_destroy(&mut attributes);
    }
}

unsafe extern "C" {
    /// glibc and musl have it; the `libc` crate does not declare it.
    fn pthread_setattr_default_np(attributes: *const libc::pthread_attr_t) -> libc::c_int;
}

/// What the host asks for, and the descriptors that came with it. `None` when it is gone.
fn request(control: &OwnedFd) -> Result<Option<(u8, Vec<OwnedFd>)>, Errno> {
    let mut packet = [0u8; 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_CONTEXTS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(control, &mut [IoSliceMut::new(&mut packet)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = ancillary
        .drain()
        .flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
            _ => Vec::new(),
        })
        .collect();
    Ok((received.bytes > 0).then_some((packet[0], descriptors)))
}

/// A session and the host's ends of its sockets: for frames, and for connections. A failure is that session's alone. The
/// contexts' descriptors become the child's; here they are closed.
fn fork(
    language: &mut Language,
    sessions: &mut Vec<Session>,
    contexts: Vec<OwnedFd>,
) -> Result<(Session, OwnedFd, OwnedFd), String> {
    let pair = |kind: SocketType| {
        socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)
            .map_err(|e| format!("no socket for a session: {e}"))
    };
    let ((ours, theirs), (asked, asks)) = (pair(SocketType::STREAM)?, pair(SocketType::SEQPACKET)?);
    for end in [&ours, &theirs] {
        // A larger buffer saves system calls; the default does too.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(end, 4 << 20);
    }
    let parent = rustix::process::getpid();
    // SAFETY: this process has one thread, so the child may go on as if it were the parent; CPython is told before and
    // after by `python::fork`.
    let pid = python::fork(|| unsafe { libc::fork() });
    if pid == 0 {
        drop((ours, asked));
        // A session has no way to another.
        sessions.clear();
        // SAFETY: the child's own copy; the control socket is never used in the child again, which leaves by `_exit`.
        unsafe { libc::close(CONTROL) };
        child(language, theirs, asks, contexts, parent);
    }
    if pid < 0 {
        return Err(format!("a session cannot be forked: {}", std::io::Error::last_os_error()));
    }
    let pid = Pid::from_raw(pid).ok_or("a session has no process number")?;
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => Ok((Session { pid, pidfd }, ours, asked)),
        Err(e) => {
            // Nobody could end it: it must not begin. It is our unreaped child, so the number is its own.
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            reap(pid);
            Err(format!("no descriptor for a session: {e}"))
        }
    }
}

fn child(language: &mut Language, socket: OwnedFd, net: OwnedFd, contexts: Vec<OwnedFd>, parent: Pid) -> ! {
    // A group of its own: what it starts stays in it, as the wall sees to, and is ended with it.
    let _ = rustix::process::setpgid(None, None);
    // Cleared by the fork, so set again; the parent may have died in between.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    if getppid() == Some(parent) {
        let _ = rustix::thread::set_name(c"bessemer-run");
        handle_interrupts();
        session::serve(language, socket, net, contexts);
    }
    // SAFETY: ends the process at once; nothing of the zygote's that was copied may be torn down here.
    unsafe { libc::_exit(0) }
}

fn handle_interrupts() {
    extern "C" fn interrupted(_: libc::c_int) {
        sched::INTERRUPTED.store(true, std::sync::atomic::Ordering::Relaxed);
        if let Some(controller) = CONTROLLER.get() {
            controller.interrupt();
        }
        python::interrupt();
        super::link::wake();
    }
    // SAFETY: the handler stores to atomics, writes to a descriptor and calls PyErr_SetInterrupt, which CPython documents as
    // safe there; the
    // structure is zeroed and lives through the call. No SA_RESTART: a blocked system call must return.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = interrupted as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
    }
}

/// Ends a session with all that it started. It has not been reaped, so that its number is its group's and nobody else's; and
/// the kernel forks for nobody whom such a signal has reached, so that none is missed.
fn end_group(pid: Pid) {
    // There is none when the session had no time to make it.
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}

/// Takes a dead child's status.
fn reap(pid: Pid) -> Notice {
    let raw = pid.as_raw_nonzero().get();
    let mut status = 0;
    // SAFETY: both out-parameters live through the call, and a zeroed rusage is valid.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(raw, &mut status, 0, &mut usage);
        usage
    };
    let micros = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
    Notice::Exited {
        pid: raw,
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        cpu_us: micros(usage.ru_utime) + micros(usage.ru_stime),
        peak_rss_kb: usage.ru_maxrss as u64,
    }
}

fn tell(control: BorrowedFd<'_>, notice: &Notice, fds: &[BorrowedFd<'_>]) -> Result<(), String> {
    let packet = postcard::to_stdvec(notice).map_err(|e| e.to_string())?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SESSION_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(fds));
    }
    loop {
        match sendmsg(control, &[IoSlice::new(&packet)], &mut ancillary, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(e) => return Err(format!("the host does not listen: {e}")),
        }
    }
}
