//! One running program: an interpreter process, the frames it sends, and what it came to.
//!
//! The host never runs script code; killing an interpreter loses nothing that was paid for. Not here: how models are
//! called (`llm`), and what a terminal shows (`cli`).

pub(crate) mod account;
mod beside;
mod between;
mod calls;
mod convert;
mod hints;
mod journaled;
pub(crate) mod nested;
mod net;
mod program;
pub(crate) mod single;
mod tail;
mod told;
mod zygote;

pub use account::{Counts, Usage};
pub use beside::Beside;
pub use calls::{Function, OpenCall, Watch};
pub(crate) use convert::convert;
pub use program::{Listener, Outcome, Program, Progress, Report, Stop};
pub use zygote::{Exit, Interpreter, Zygote};

use crate::{
    context::Contexts,
    error::{Error, visible},
    journal::Run,
    llm::{Text, dispatch::Dispatcher},
    permissions::Permissions,
    wire::{self, Blame, Ending, FailureClass, Grant, Mode, ScriptError, ToHost, ToSession},
};
use account::Account;
use bytes::{Bytes, BytesMut};
use calls::Calls;
use rustix::process::Signal;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, unix::AsyncFd},
    net::UnixStream,
    sync::mpsc,
};
use zygote::Process;

/// How long an interrupted program may take to end by itself.
const GRACE: Duration = Duration::from_millis(100);
/// How long an interrupted input may: its session is to be kept, so somebody at the prompt has to ask twice.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often an input is interrupted again until it ends: the first time it may not have begun, and nobody heard it.
const AGAIN: Duration = Duration::from_millis(250);
/// How often a listener that is behind is asked again.
const CATCH_UP: Duration = Duration::from_millis(5);
/// How often a session's memory is looked at.
const MEMORY_CHECK: Duration = Duration::from_millis(25);
/// How long the zygote may take to say how a session ended.
const REAP: Duration = Duration::from_secs(1);
/// How much is read off the socket at once, in bytes.
const READ_AHEAD: usize = 256 << 10;
/// How much of what a script calls its items, or its events, is shown, in bytes.
const MAX_LABEL: usize = 200;
/// How much of an event is shown, in bytes.
const MAX_EVENT: usize = 64 << 10;

/// A session: programs run in it one after the other, and see what the earlier ones defined.
pub struct Session {
    /// Whether the operating system confines it.
    confined: bool,
    /// Whether a program has run in it.
    begun: bool,
    /// The run that it is, if it is one that is journaled and stands within no other.
    run: Option<Arc<Run>>,
    process: Process,
    /// Where it may connect to, by the program that runs; set while connections are served.
    net: Option<net::Rules>,
    connections: Option<tokio::task::JoinHandle<()>>,
    reader: ReadHalf<UnixStream>,
    calls: Arc<Calls>,
    writer: tokio::task::JoinHandle<()>,
    pidfd: AsyncFd<std::os::fd::OwnedFd>,
    incoming: BytesMut,
    /// The earlier input that the error under way has its place in.
    input: Option<u32>,
    /// How the process ended, once that was asked.
    exit: Option<Option<Exit>>,
}

impl Session {
    /// Forks a session off the zygote. Its calls go to `dispatcher`.
    pub async fn start(zygote: &Zygote, dispatcher: Arc<Dispatcher>) -> Result<Self, Error> {
        Self::start_with(zygote, dispatcher, &Contexts::default()).await
    }

    /// Forks a session whose programs find these contexts.
    pub async fn start_with(zygote: &Zygote, dispatcher: Arc<Dispatcher>, contexts: &Contexts) -> Result<Self, Error> {
        Self::start_charged(zygote, dispatcher, contexts, Account::new(None)).await
    }

    /// The same, with an account for its calls.
    pub(crate) async fn start_charged(
        zygote: &Zygote,
        dispatcher: Arc<Dispatcher>,
        contexts: &Contexts,
        account: Arc<Account>,
    ) -> Result<Self, Error> {
        let process = zygote.fork(&contexts.files()).await?;
        let session = Self::over(process, dispatcher, account, zygote.confined)?;
        if !contexts.table().entries.is_empty() {
            let table = postcard::to_stdvec(contexts.table()).map_err(|_| broken(wire::WireError::Head))?;
            session.calls.frame(&ToSession::Contexts, &table).map_err(broken)?;
        }
        Ok(session)
    }

    /// The session of a process.
    fn over(
        process: Process,
        dispatcher: Arc<Dispatcher>,
        account: Arc<Account>,
        confined: bool,
    ) -> Result<Self, Error> {
        let problem = |e: std::io::Error| Error::interpreter(format!("the session's socket: {e}"));
        let stream = std::os::unix::net::UnixStream::from(process.socket.try_clone().map_err(problem)?);
        stream.set_nonblocking(true).map_err(problem)?;
        // Not `into_split`, whose writer shuts the socket down when it is dropped.
        let (reader, writer) = tokio::io::split(UnixStream::from_std(stream).map_err(problem)?);
        let pidfd = zygote::watch(process.pidfd.try_clone().map_err(problem)?).map_err(problem)?;
        let calls = Calls::new(dispatcher, account);
        let writer = tokio::spawn(write(writer, calls.clone()));
        Ok(Self {
            confined,
            begun: false,
            run: None,
            process,
            net: None,
            connections: None,
            reader,
            calls,
            writer,
            pidfd,
            incoming: BytesMut::with_capacity(READ_AHEAD),
            input: None,
            exit: None,
        })
    }

    /// The counts of its calls, as they change.
    pub fn counts(&self) -> Arc<Counts> {
        self.calls.counts()
    }

    /// Runs a program to its end. `stop` ends it from outside.
    pub async fn run(
        &mut self,
        program: Program,
        listener: &mut (dyn Listener + Send),
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Report {
        let outcome = match self.send(&program) {
            _ if self.exit.is_some() => Err(Error::interpreter("the session has ended; start another")),
            Ok(()) => self.serve(&program, listener, stop).await,
            Err(e) => Err(e),
        };
        if program.mode == Mode::Script || self.exit.is_some() {
            self.calls.drop_all();
        }
        Report {
            input: self.input.take(),
            outcome,
            usage: self.calls.usage(),
            summary: self.calls.summary(),
            calls_time: self.calls.time(),
            exit: self.exit.flatten(),
            hints: self.calls.take_hints(),
        }
    }

    fn send(&mut self, program: &Program) -> Result<(), Error> {
        let too_large = |what: &str| Error::Usage {
            message: format!("{what} is larger than {} MB", wire::MAX_FRAME >> 20),
            hint: Some("cut it into several files".into()),
        };
        let run = ToSession::Run {
            mode: program.mode,
            json: program.json,
            max_memory: program.max_memory,
            args: program.args.clone(),
            confined: self.confined,
            granted: program.permissions.granted(),
            limits: program.limits,
            run: self.run_head(),
            beside: program.beside.iter().map(|file| (file.name.clone(), file.text.len() as u32)).collect(),
        };
        let files = program.beside.iter().map(|file| file.text.as_str());
        let text: String = std::iter::once(program.text.as_str()).chain(files).collect();
        self.calls.limit(program.limits);
        self.open_net(&program.permissions)?;
        self.calls.frame(&run, text.as_bytes()).map_err(|_| too_large("the script, with its arguments,"))
    }

    /// Serves the connections that it may ask for, from the first program on that may.
    fn open_net(&mut self, permissions: &Permissions) -> Result<(), Error> {
        if let Some(rules) = &self.net {
            *rules.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(permissions.clone());
        } else if self.confined && permissions.net != Grant::Nothing {
            let problem = |e: std::io::Error| Error::interpreter(format!("the session's connections: {e}"));
            let rules = Arc::new(std::sync::Mutex::new(Arc::new(permissions.clone())));
            let socket = self.process.net.try_clone().map_err(problem)?;
            self.connections = Some(net::serve(socket, rules.clone()).map_err(problem)?);
            self.net = Some(rules);
        }
        Ok(())
    }

    async fn serve(
        &mut self,
        program: &Program,
        listener: &mut (dyn Listener + Send),
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<Outcome, Error> {
        let far = Instant::now() + Duration::from_secs(60 * 60 * 24 * 365);
        let timeout = program.timeout.and_then(|t| Instant::now().checked_add(t)).unwrap_or(far);
        let mut memory = tokio::time::interval(MEMORY_CHECK);
        memory.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut again = tokio::time::interval(AGAIN);
        // Why it was told to end, and when it will be killed.
        let mut ending: Option<(Error, Instant)> = None;
        let grace = if matches!(program.mode, Mode::Input(_)) { PATIENCE } else { GRACE };
        // Whether the process has ended: what it wrote before is still read.
        let mut dead = false;
        loop {
            while let Some((head, tail)) = self.next_frame()? {
                match self.receive(&head, tail, listener)? {
                    None => {}
                    Some(end) => return finish(end, ending.map(|(why, _)| why)),
                }
            }
            // Whoever does not read what it is sent is not listened to: it would only be sent more.
            let behind = listener.behind() || self.calls.behind();
            let alarm = ending.as_ref().map_or(timeout, |(_, kill_at)| *kill_at);
            tokio::select! {
                // In this order: a session that writes without end must not put off its own.
                biased;
                Some(Stop::Signal(signal)) = stop.recv(), if ending.is_none() || program.mode != Mode::Script => {
                    match &mut ending {
                        None => {
                            self.process.signal(Signal::INT);
                            ending = Some((Error::Interrupted(signal), Instant::now() + grace));
                            again.reset();
                        }
                        // Asked for a second time.
                        Some((_, kill_at)) => *kill_at = Instant::now(),
                    }
                }
                () = tokio::time::sleep_until(alarm.into()) => match ending {
                    None => {
                        self.process.signal(Signal::INT);
                        let limit = program.timeout.unwrap_or_default().as_secs_f64();
                        // A model's session is to be kept, and what a model can do is not to be found on a command line.
                        let (what, hint) = match program.mode {
                            Mode::Turn { .. } => ("block", "do less in one block, and many calls side by side"),
                            _ => ("run", "give it more with `--timeout`"),
                        };
                        let why = Error::script(format!("the {what} took longer than its limit of {limit} s"), hint);
                        let grace = if program.mode == Mode::Script { GRACE } else { PATIENCE };
                        ending = Some((why, Instant::now() + grace));
                        again.reset();
                    }
                    Some((why, _)) => {
                        self.process.kill();
                        return Err(self.death(Some(why), program).await);
                    }
                },
                _ = again.tick(), if ending.is_some() && program.mode != Mode::Script => self.process.signal(Signal::INT),
                _ = memory.tick(), if program.max_memory.is_some() => {
                    let cap = program.max_memory.unwrap_or(u64::MAX);
                    if resident(self.process.pid) > cap {
                        self.process.kill();
                        return Err(self.death(Some(too_much_memory(program.max_memory)), program).await);
                    }
                }
                () = tokio::time::sleep(CATCH_UP), if behind => {}
                read = self.reader.read_buf(&mut self.incoming), if !behind => {
                    if matches!(read, Ok(0) | Err(_)) {
                        return Err(self.death(ending.map(|(why, _)| why), program).await);
                    }
                }
                // A process that a script left behind may hold the socket open: what counts is the session's own.
                gone = self.pidfd.readable(), if !dead => dead = gone.is_ok(),
                () = tokio::time::sleep(GRACE), if dead && !listener.behind() => {
                    return Err(self.death(ending.map(|(why, _)| why), program).await);
                }
            }
        }
    }

    fn next_frame(&mut self) -> Result<Option<(Bytes, Bytes)>, Error> {
        match wire::find(&self.incoming).map_err(broken)? {
            Ok(found) => {
                let mut frame = self.incoming.split_to(found.tail.end);
                let tail = frame.split_off(found.tail.start);
                let head = frame.split_off(found.head.start);
                if self.incoming.capacity() < READ_AHEAD / 4 {
                    self.incoming.reserve(READ_AHEAD);
                }
                Ok(Some((head.freeze(), tail.freeze())))
            }
            Err(needed) => {
                // Not on its word alone: as much again as has come.
                let missing = needed.saturating_sub(self.incoming.len());
                self.incoming.reserve(missing.min(self.incoming.len()).max(READ_AHEAD / 4));
                Ok(None)
            }
        }
    }

    fn receive(
        &mut self,
        head: &[u8],
        tail: Bytes,
        listener: &mut (dyn Listener + Send),
    ) -> Result<Option<End>, Error> {
        match wire::decode::<ToHost>(head).map_err(broken)? {
            ToHost::Call(head) => self.calls.submit(head, tail).map_err(broken)?,
            ToHost::Cancel(id) => self.calls.cancel(id),
            ToHost::Checkpoint { key } => self.keeps(&key, &text(tail)?),
            ToHost::Clock(micros) => self.notes("clock", || micros.into()),
            ToHost::Python(micros) => self.notes("python", || serde_json::json!({ "took_s": micros as f64 / 1e6 })),
            ToHost::FiberBegan(fiber) => {
                self.notes("fiber", || serde_json::json!({ "fiber": fiber, "what": "begin" }));
            }
            ToHost::FiberEnded(fiber, failed) => self.notes("fiber", || {
                let status = failed.map_or("ok", FailureClass::name);
                serde_json::json!({ "fiber": fiber, "what": "end", "status": status })
            }),
            ToHost::Event { name } => {
                let value = text(tail)?;
                self.notes_event(&name, &value);
                let name = visible(begin(&name, MAX_LABEL));
                listener.noted(&name, &value);
                tracing::info!("{name}: {}", visible(begin(&value, MAX_EVENT)));
            }
            ToHost::Output(stream) => listener.wrote(stream, &text(tail)?)?,
            ToHost::Progress { group, done, total, failed } => {
                let label = visible(begin(&text(tail)?, MAX_LABEL)).replace('\n', " ");
                let progress = Progress { group, label, done, total, failed };
                self.notes_progress(&progress);
                listener.progress(progress);
            }
            ToHost::Place { input } => self.input = Some(input),
            ToHost::Finished(ending) => return Ok(Some(End { ending, value: text(tail)? })),
        }
        Ok(None)
    }

    /// The process is gone: why.
    async fn death(&mut self, reason: Option<Error>, program: &Program) -> Error {
        // The socket's end comes before the process's.
        let _ = tokio::time::timeout(REAP, self.pidfd.readable()).await;
        let how = self.exit().await;
        if let Some(reason) = reason {
            return reason;
        }
        let (message, hint) = match (how, program.max_memory) {
            // What the allocator does when the kernel refuses it memory.
            (Some(Exit { signal: Some(libc::SIGABRT), .. }), Some(cap)) => (
                format!("the interpreter gave up: a value asked for more memory than its limit of {} MB", cap >> 20),
                "give it more with `--max-memory`, or hold less at a time",
            ),
            (Some(Exit { signal: Some(libc::SIGKILL), .. }), _) => (
                "the interpreter was killed (signal 9)".into(),
                "somebody, or the system when memory ran short, ended it; `--max-memory` says how much it may have",
            ),
            (Some(Exit { signal: Some(signal), .. }), _) => (
                format!("the interpreter died of signal {signal}"),
                "if the script is not out of memory, this is a bug: please report it with the script",
            ),
            (Some(Exit { code, .. }), _) => (
                format!("the interpreter ended early (exit code {})", code.unwrap_or_default()),
                "please report it with the script",
            ),
            (None, _) => (
                "the interpreter's zygote died, and its sessions with it".into(),
                "if nobody killed it, please report it with the script",
            ),
        };
        Error::script(message, hint)
    }

    /// How the process ended, once it has; `None` when the zygote could not tell.
    async fn exit(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            self.exit = Some(tokio::time::timeout(REAP, &mut self.process.exit).await.ok().and_then(Result::ok));
        }
        self.exit.flatten()
    }

    /// Closes the session and waits for its process: what it took in all.
    pub async fn close(mut self) -> Option<Exit> {
        self.calls.drop_all();
        self.writer.abort();
        // It ends when its socket does.
        let _ = rustix::net::shutdown(&self.process.socket, rustix::net::Shutdown::Both);
        self.exit().await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.calls.drop_all();
        self.writer.abort();
        if let Some(connections) = self.connections.take() {
            connections.abort();
        }
        // What a script left running, such as a Python thread, has no say in this.
        self.process.kill();
    }
}

fn too_much_memory(cap: Option<u64>) -> Error {
    Error::script(
        format!("the script used more memory than its limit of {} MB", cap.unwrap_or_default() >> 20),
        "give it more with `--max-memory`, or hold less at a time",
    )
}

struct End {
    ending: Ending,
    value: Text,
}

fn finish(end: End, reason: Option<Error>) -> Result<Outcome, Error> {
    match (end.ending, reason) {
        // It was told to end, and did: the reason stands, with the place where it was.
        (Ending::Error(error), Some(Error::Script(why))) => Err(Error::Script(ScriptError { span: error.span, ..why })),
        (Ending::Error(_), Some(reason)) => Err(reason),
        (Ending::Error(error), None) => Err(Error::Script(error)),
        (Ending::Value { shown, finished }, _) => Ok(Outcome { value: shown.then(|| end.value.to_string()), finished }),
    }
}

/// Hands frames to the interpreter, many at a time.
async fn write(mut socket: WriteHalf<UnixStream>, calls: Arc<Calls>) {
    loop {
        calls.written_to().await;
        // Others that are ready to write come first: one system call for all of them.
        tokio::task::yield_now().await;
        let frames = calls.take_frames();
        if !frames.is_empty() && socket.write_all(&frames).await.is_err() {
            return;
        }
        calls.written();
    }
}

/// As much of a text as is shown.
fn begin(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn text(bytes: Bytes) -> Result<Text, Error> {
    Text::new(bytes).map_err(|_| broken(wire::WireError::Utf8))
}

fn broken(error: wire::WireError) -> Error {
    Error::Script(ScriptError {
        class: FailureClass::Script,
        blame: Blame::Program,
        message: format!("the interpreter broke the protocol: {error}"),
        hint: Some("its Python may have written to a socket that is not its own".into()),
        span: None,
    })
}

/// A process's resident memory in bytes; 0 when it is gone.
fn resident(pid: i32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

#[cfg(test)]
#[path = "hostile_tests.rs"]
mod hostile_tests;
