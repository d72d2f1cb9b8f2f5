//! The interpreter's end of the socket: a bounded buffer out, a growing one in, and `poll` to wait.
//!
//! Writing never blocks: what the socket does not take stays in the buffer, and [`Link::room`] tells the scheduler to
//! park whoever wants to write more. Not here: what the frames mean.

use crate::wire::{self, WireError};
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    fd::{AsRawFd, OwnedFd},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use serde::Serialize;
use std::{
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};

/// The outgoing buffer's bound: past it, senders wait. A single frame may be larger.
const OUT_BOUND: usize = 1 << 20;
/// Bytes that are worth a system call at once.
const FLUSH_AT: usize = 64 << 10;
/// How much one read takes.
const READ_CHUNK: usize = 256 << 10;

/// Why the link is of no more use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("the host went away")]
    Gone,
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl From<Errno> for LinkError {
    fn from(_: Errno) -> Self {
        Self::Gone
    }
}

/// Written to by the signal handler, so that a signal that comes just before the wait ends the wait.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// The socket's descriptor.
static SOCKET: AtomicI32 = AtomicI32::new(-1);

/// Takes the socket from a copy of this process that the script made: the host listens to the session alone, and two that
/// write would break each other's frames. What the copy has to say to the host fails from here on.
pub(crate) fn cut() {
    // SAFETY: both numbers are descriptors that live as long as the process, or -1, which is refused. The socket's owner
    // goes on owning that number. A descriptor that is no socket refuses to send and to receive.
    unsafe { libc::dup3(WAKE.load(Ordering::Relaxed), SOCKET.load(Ordering::Relaxed), libc::O_CLOEXEC) };
}

/// Ends the wait, now or when it begins. May be called from a signal handler.
pub(crate) fn wake() {
    let one = 1u64.to_ne_bytes();
    // SAFETY: write(2) is async-signal-safe and `one` lives through the call; a descriptor of -1 is refused.
    unsafe { libc::write(WAKE.load(Ordering::Relaxed), one.as_ptr().cast(), one.len()) };
}

pub(crate) struct Link {
    socket: OwnedFd,
    /// What [`wake`] writes to.
    wake: OwnedFd,
    out: Vec<u8>,
    sent: usize,
    incoming: Vec<u8>,
    consumed: usize,
}

impl Link {
    pub(crate) fn new(socket: OwnedFd) -> Result<Self, Errno> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        WAKE.store(wake.as_raw_fd(), Ordering::Relaxed);
        SOCKET.store(socket.as_raw_fd(), Ordering::Relaxed);
        Ok(Self { socket, wake, out: Vec::new(), sent: 0, incoming: Vec::new(), consumed: 0 })
    }

    fn pending(&self) -> usize {
        self.out.len() - self.sent
    }

    /// Whether another frame may be written now.
    pub(crate) fn room(&self) -> bool {
        self.pending() < OUT_BOUND
    }

    /// Adds a frame to the buffer, and hands the buffer to the socket when that is worth a system call.
    pub(crate) fn write<T: Serialize>(&mut self, head: &T, tail: &[&[u8]]) -> Result<(), LinkError> {
        if self.sent > 0 && self.sent >= self.out.len() / 2 {
            self.out.drain(..self.sent);
            self.sent = 0;
        }
        wire::encode(&mut self.out, head, tail)?;
        if self.pending() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    /// Hands over what the socket takes without blocking.
    pub(crate) fn flush(&mut self) -> Result<(), LinkError> {
        while self.pending() > 0 {
            match send(&self.socket, &self.out[self.sent..], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(n) => self.sent += n,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Ok(()),
                Err(_) => return Err(LinkError::Gone),
            }
        }
        self.out.clear();
        self.out.shrink_to(4 * OUT_BOUND);
        self.sent = 0;
        Ok(())
    }

    /// Hands over everything, waiting as long as it takes. It reads meanwhile: the host does not, while too much waits here.
    pub(crate) fn flush_all(&mut self) -> Result<(), LinkError> {
        loop {
            self.flush()?;
            if self.pending() == 0 {
                return Ok(());
            }
            let mut fds = [PollFd::new(&self.socket, PollFlags::IN | PollFlags::OUT)];
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Err(LinkError::Gone),
            }
            if fds[0].revents().contains(PollFlags::IN) {
                self.fill()?;
            }
        }
    }

    /// Waits until there is something to read, the buffer can be written, `timeout` is over or a signal came.
    /// Then reads what is there.
    ///
    /// It does not flush: whoever looks for room must do that first, or would sleep with an empty buffer.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<(), LinkError> {
        let wanted = if self.pending() > 0 { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let timeout = timeout.map(|t| Timespec { tv_sec: t.as_secs() as i64, tv_nsec: i64::from(t.subsec_nanos()) });
        let mut fds = [PollFd::new(&self.socket, wanted), PollFd::new(&self.wake, PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(_) => return Err(LinkError::Gone),
        }
        let (ready, woken) = (fds[0].revents(), !fds[1].revents().is_empty());
        if woken {
            // Empty already is as good.
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        }
        if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            self.fill()?;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), LinkError> {
        if self.consumed > 0 {
            self.incoming.drain(..self.consumed);
            self.consumed = 0;
        }
        self.incoming.reserve(READ_CHUNK);
        match recv(&self.socket, rustix::buffer::spare_capacity(&mut self.incoming), RecvFlags::DONTWAIT) {
            Ok((_, 0)) => Err(LinkError::Gone),
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(_) => Err(LinkError::Gone),
        }
    }

    /// Takes the next whole frame that has been read, and gives `f` its head and tail.
    pub(crate) fn next<R>(&mut self, f: impl FnOnce(&[u8], &[u8]) -> R) -> Result<Option<R>, LinkError> {
        match wire::find(&self.incoming[self.consumed..])? {
            Ok(found) => {
                let frame = &self.incoming[self.consumed..];
                let result = f(&frame[found.head], &frame[found.tail.clone()]);
                self.consumed += found.tail.end;
                if self.consumed == self.incoming.len() {
                    self.incoming.clear();
                    self.incoming.shrink_to(16 * READ_CHUNK);
                    self.consumed = 0;
                }
                Ok(Some(result))
            }
            Err(needed) => {
                self.incoming.reserve_exact(needed.min(wire::MAX_FRAME + 8).saturating_sub(self.incoming.len()));
                Ok(None)
            }
        }
    }
}
