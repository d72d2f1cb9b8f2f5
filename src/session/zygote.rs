//! The host's end of a zygote: starts it, asks it for sessions, hears how they ended.

use crate::{
    error::Error,
    host_protocol::{ARGUMENT, CONTROL, FORK, INSIDE, MAX_CONTEXTS, Notice, SESSION_DESCRIPTORS, VERSION},
};
use rustix::{
    fd::{AsRawFd, BorrowedFd, OwnedFd},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
    process::{Resource, Rlimit, Signal, getrlimit, pidfd_send_signal, setrlimit},
};
use std::{
    collections::{HashMap, VecDeque},
    io::{IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};
use tokio::{io::unix::AsyncFd, sync::oneshot};

/// How long an interpreter may take to say that it is one.
const HELLO: Duration = Duration::from_secs(2);
/// How long the last words on its stderr may take.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The interpreter's stack, in bytes: deep data is dropped by recursion.
const STACK: u64 = 1 << 30;
/// The environment an interpreter gets of ours: what Python and the locale need, and no key.
const ENVIRONMENT: &[&str] =
    &["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"];

/// Which program is the interpreter.
#[derive(Clone, Debug, Default)]
pub enum Interpreter {
    /// This very program: its `main` begins with [`crate::interpreter_main`].
    #[default]
    ThisProgram,
    /// A program whose `main` does, such as `bessemer` itself.
    Path(PathBuf),
}

/// How a session's process ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exit {
    /// The signal that killed it.
    pub signal: Option<i32>,
    /// Its exit code.
    pub code: Option<i32>,
    /// Its processor time, in microseconds.
    pub cpu_us: u64,
    /// Its largest resident size, in kilobytes.
    pub peak_rss_kb: u64,
}

/// A session's process.
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) socket: OwnedFd,
    pub(super) pidfd: OwnedFd,
    /// Where it asks for connections, if it may.
    pub(super) net: OwnedFd,
    /// How it ended; an error when the zygote died first.
    pub(super) exit: oneshot::Receiver<Exit>,
}

impl Process {
    /// Ends it with all that it started, even when it has ended itself and nobody is left to see to that.
    pub(super) fn kill(&self) {
        // SAFETY: the descriptor lives through the call, and no information is given along. Kernels before 6.9 do not know
        // the flag, and refuse; there, ending what a session started is the zygote's affair alone.
        unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.pidfd.as_raw_fd(),
                libc::SIGKILL,
                std::ptr::null::<libc::siginfo_t>(),
                libc::PIDFD_SIGNAL_PROCESS_GROUP,
            )
        };
        self.signal(Signal::KILL);
    }

    /// Sends it a signal; one that has ended does not mind.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }
}

#[derive(Default)]
struct State {
    hello: bool,
    /// Why there will be no more sessions.
    dead: Option<String>,
    asked: VecDeque<oneshot::Sender<Result<Process, String>>>,
    exits: HashMap<i32, oneshot::Sender<Exit>>,
}

/// A running zygote. Dropping it ends it and its sessions.
pub struct Zygote {
    child: Child,
    control: OwnedFd,
    state: Arc<Mutex<State>>,
    listener: Mutex<Option<tokio::task::JoinHandle<()>>>,
    hello: Mutex<Option<oneshot::Receiver<()>>>,
    said_hello: Mutex<Option<oneshot::Sender<()>>>,
    /// Whether the operating system confines its sessions.
    pub(super) confined: bool,
    /// Ends when all that the interpreters wrote to their stderr has been passed on.
    told: Mutex<mpsc::Receiver<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers a descriptor with the runtime.
pub(super) fn watch(fd: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` names the same open descriptor for as long as it lives, and the `AsyncFd` owns it.
    unsafe { AsyncFd::register(fd) }.map_err(Into::into)
}

impl Zygote {
    /// Lets its sessions do all that this process's user may: nothing confines them.
    pub fn without_sandbox(mut self) -> Self {
        self.confined = false;
        self
    }

    /// Whether the operating system confines its sessions.
    pub(crate) fn confined(&self) -> bool {
        self.confined
    }

    /// Starts the process and returns at once; it gets ready while the caller goes on.
    pub fn start(interpreter: &Interpreter) -> Result<Self, Error> {
        if std::env::var_os(INSIDE).is_some() {
            return Err(Error::interpreter("an interpreter may not start another"));
        }
        let program = match interpreter {
            // The link leads to the running program even when its file was replaced meanwhile.
            Interpreter::ThisProgram => PathBuf::from("/proc/self/exe"),
            Interpreter::Path(path) => path.clone(),
        };
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|e| Error::interpreter(format!("no socket for the interpreter: {e}")))?;
        let mut command = Command::new(&program);
        command.arg0("bessemer-interp").arg(ARGUMENT).env_clear().env(INSIDE, "1");
        command.envs(ENVIRONMENT.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))));
        // A hash prints its keys in the same order every time, and Steel need not look for a home.
        command.env("PYTHONHASHSEED", "0").env("STEEL_HOME", "/nonexistent").env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let raw = theirs.as_raw_fd();
        // SAFETY: between fork and exec the closure makes system calls only; both are async-signal-safe.
        unsafe {
            command.pre_exec(move || {
                let limit = getrlimit(Resource::Stack);
                let stack = limit.maximum.map_or(STACK, |most| most.min(STACK));
                setrlimit(Resource::Stack, Rlimit { current: Some(stack), maximum: limit.maximum })?;
                // On its own number a descriptor keeps its close-on-exec flag: take another one first.
                let copy = if raw == CONTROL { libc::fcntl(raw, libc::F_DUPFD_CLOEXEC, CONTROL + 1) } else { raw };
                if copy < 0 || libc::dup2(copy, CONTROL) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let mut child = command.spawn().map_err(|e| Error::Interpreter {
            message: format!("the interpreter `{}` cannot be started: {e}", program.display()),
            hint: None,
        })?;
        let (said, hello) = oneshot::channel();
        let told = Mutex::new(pass_on(child.stderr.take()));
        Ok(Self {
            confined: true,
            told,
            child,
            control: ours,
            state: Arc::default(),
            listener: Mutex::new(None),
            hello: Mutex::new(Some(hello)),
            said_hello: Mutex::new(Some(said)),
        })
    }

    /// Asks for a session that has these descriptors of contexts.
    pub(super) async fn fork(&self, contexts: &[BorrowedFd<'_>]) -> Result<Process, Error> {
        self.listen()?;
        let hello = lock(&self.hello).take();
        if let Some(hello) = hello {
            let heard = tokio::time::timeout(HELLO, hello).await;
            if !matches!(heard, Ok(Ok(()))) && !lock(&self.state).hello {
                return Err(Error::Interpreter {
                    message: format!("no interpreter answered within {} s", HELLO.as_secs()),
                    hint: Some(
                        "a program that embeds bessemer begins its `main` with `bessemer::interpreter_main();`, or names \
                         another program as the interpreter"
                            .into(),
                    ),
                });
            }
        }
        let (answer, session) = oneshot::channel();
        {
            let mut state = lock(&self.state);
            if let Some(why) = &state.dead {
                return Err(Error::interpreter(why.clone()));
            }
            state.asked.push_back(answer);
        }
        if self.request(contexts).is_err() {
            return Err(self.died());
        }
        match session.await {
            Ok(process) => process.map_err(Error::interpreter),
            Err(_) => Err(self.died()),
        }
    }

    /// The packet that asks for a session. Descriptors travel with it, so they cannot get into another session's hands.
    fn request(&self, contexts: &[BorrowedFd<'_>]) -> Result<(), Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_CONTEXTS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !contexts.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(contexts)) {
            return Err(Errno::TOOBIG);
        }
        sendmsg(&self.control, &[IoSlice::new(&[FORK])], &mut ancillary, SendFlags::NOSIGNAL).map(drop)
    }

    fn died(&self) -> Error {
        let why = lock(&self.state).dead.clone();
        Error::interpreter(why.unwrap_or_else(|| "the interpreter's zygote died".into()))
    }

    /// Hears the zygote from here on. Needs a runtime, which the start did not.
    fn listen(&self) -> Result<(), Error> {
        let mut listener = lock(&self.listener);
        if listener.is_none() {
            let problem = |e: std::io::Error| Error::interpreter(format!("the interpreter's socket: {e}"));
            let control = self.control.try_clone().map_err(problem)?;
            let control = watch(control).map_err(problem)?;
            let said_hello = lock(&self.said_hello).take();
            *listener = Some(tokio::spawn(hear(control, self.state.clone(), said_hello)));
        }
        Ok(())
    }
}

/// Passes on what interpreters write to their stderr, such as a C library's complaints, with control characters made
/// visible: a script must not command its user's terminal. It is no terminal to them either.
fn pass_on(stderr: Option<ChildStderr>) -> mpsc::Receiver<()> {
    let (told, hear) = mpsc::channel::<()>();
    // A thread of its own, since it must go on when no runtime runs; it ends when the last interpreter does.
    std::thread::spawn(move || {
        let _told = told;
        let mut buffer = [0; 8 << 10];
        let Some(mut stderr) = stderr else { return };
        while let Ok(read @ 1..) = stderr.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..read]);
            // Nobody may be reading it.
            let _ = std::io::stderr().write_all(crate::error::visible(&text).as_bytes());
        }
    });
    hear
}

impl Drop for Zygote {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.listener).take() {
            task.abort();
        }
        // Its sessions die with it: each has asked the kernel for that.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A process that an unconfined script left behind may keep the pipe open.
        let _ = lock(&self.told).recv_timeout(LAST_WORDS);
    }
}

async fn hear(control: AsyncFd<OwnedFd>, state: Arc<Mutex<State>>, mut hello: Option<oneshot::Sender<()>>) {
    let why = loop {
        let Ok(mut ready) = control.readable().await else { break "the interpreter's socket failed".into() };
        match ready.try_io(|fd| receive(fd.get_ref()).map_err(std::io::Error::from)) {
            Err(_) => {}
            Ok(Ok(Some((notice, fds)))) => {
                if let Some(why) = note(&state, notice, fds, &mut hello) {
                    break why;
                }
            }
            Ok(Ok(None)) => break "the interpreter's zygote died, and its sessions with it".into(),
            // It went with a request of ours unread; what it said before that is still to come.
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::ConnectionReset => {}
            Ok(Err(e)) => break format!("the interpreter's socket: {e}"),
        }
    };
    let mut state = lock(&state);
    state.dead = Some(why);
    state.asked.clear();
    state.exits.clear();
}

fn note(
    state: &Mutex<State>,
    notice: Notice,
    fds: Vec<OwnedFd>,
    hello: &mut Option<oneshot::Sender<()>>,
) -> Option<String> {
    let mut state = lock(state);
    match notice {
        Notice::Hello { version } => {
            state.hello = true;
            if let Some(hello) = hello.take() {
                let _ = hello.send(());
            }
            (version != VERSION).then(|| format!("the interpreter is of version {version}, this is {VERSION}"))
        }
        Notice::Failed { problem } => Some(problem),
        Notice::Forked { pid } => {
            let (answer, exit) = (state.asked.pop_front()?, oneshot::channel());
            let mut fds = fds.into_iter();
            let (Some(socket), Some(pidfd), Some(net)) = (fds.next(), fds.next(), fds.next()) else {
                return Some("the interpreter's zygote sent a session without its sockets".into());
            };
            state.exits.insert(pid, exit.0);
            let _ = answer.send(Ok(Process { pid, socket, pidfd, net, exit: exit.1 }));
            None
        }
        Notice::NoFork { problem } => {
            let _ = state.asked.pop_front()?.send(Err(problem));
            None
        }
        Notice::Exited { pid, signal, code, cpu_us, peak_rss_kb } => {
            if let Some(exit) = state.exits.remove(&pid) {
                let _ = exit.send(Exit { signal, code, cpu_us, peak_rss_kb });
            }
            None
        }
    }
}

fn receive(control: &OwnedFd) -> Result<Option<(Notice, Vec<OwnedFd>)>, Errno> {
    let mut packet = [0u8; 32 << 10];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SESSION_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(control, &mut [IoSliceMut::new(&mut packet)], &mut ancillary, flags)?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let fds = ancillary
        .drain()
        .flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => fds.collect::<Vec<_>>(),
            _ => Vec::new(),
        })
        .collect();
    let notice = postcard::from_bytes(&packet[..received.bytes]).map_err(|_| Errno::PROTO)?;
    Ok(Some((notice, fds)))
}
