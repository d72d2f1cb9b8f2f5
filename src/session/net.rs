//! Connections for a session that was granted some: it asks by name and port, the host looks, checks and connects, and
//! hands over the connected descriptor.
//!
//! The session itself cannot connect at all: the operating system refuses it that, since its rules know ports and no hosts.
//! So what is checked here is what is reached. Not here: what a grant says (`permissions`), and the session's own end
//! (`interp/python/network.py`).
//!
//! A question is one packet, `port: u16 LE | name`, with a descriptor on which the answer is wanted; that is
//! `what: u8 | errno: i32 LE | message`, with the connection when there is one.

use crate::permissions::Permissions;
use rustix::{
    fd::{AsFd, OwnedFd},
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
        recvmsg, sendmsg,
    },
};
use std::{
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::unix::AsyncFd,
    net::{TcpStream, lookup_host},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
};

/// Connections that a session may have in the making; further questions wait.
const IN_THE_MAKING: usize = 64;
/// How long a question may take, addresses looked up and tried.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one address may take.
const ONE_ADDRESS: Duration = Duration::from_secs(10);
/// How many addresses of a name are tried.
const ADDRESSES: usize = 8;
/// The longest question: a name has 253 characters at most.
const QUESTION: usize = 2 + 255;
/// The longest message of an answer.
const MESSAGE: usize = 1000;

/// What may be reached, which each program of a session says anew.
pub(super) type Rules = Arc<Mutex<Arc<Permissions>>>;

/// Serves one session until it, or the task, ends.
pub(super) fn serve(socket: OwnedFd, rules: Rules) -> std::io::Result<JoinHandle<()>> {
    let socket = super::zygote::watch(socket)?;
    Ok(tokio::spawn(hear(socket, rules)))
}

async fn hear(socket: AsyncFd<OwnedFd>, rules: Rules) {
    let places = Arc::new(Semaphore::new(IN_THE_MAKING));
    // Dropped with this: nothing connects for a session that is gone.
    let mut making = JoinSet::new();
    loop {
        while making.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((question, descriptors)) = question(&socket).await else { return };
        let rules = rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
        making.spawn(async move {
            if let Some(answered) = descriptors.first() {
                let made = tokio::time::timeout(PATIENCE, connect(&question, &rules)).await;
                let made = made.unwrap_or_else(|_| Err(Refusal::failed(Errno::TIMEDOUT, "it took too long".into())));
                answer(answered, made);
            }
            drop(place);
            // What a session sent may be slow to close, such as a file of a network's.
            tokio::task::spawn_blocking(move || drop(descriptors));
        });
    }
}

/// The next question. Fails when there will be none.
async fn question(socket: &AsyncFd<OwnedFd>) -> Result<(Vec<u8>, Vec<OwnedFd>), Errno> {
    loop {
        let mut ready = socket.readable().await.map_err(|_| Errno::IO)?;
        match ready.try_io(|socket| receive(socket.get_ref()).map_err(std::io::Error::from)) {
            Err(_) => {}
            Ok(Ok((packet, _))) if packet.is_empty() => return Err(Errno::PIPE),
            Ok(Ok(question)) => return Ok(question),
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(Err(_)) => return Err(Errno::IO),
        }
    }
}

fn receive(socket: &OwnedFd) -> Result<(Vec<u8>, Vec<OwnedFd>), Errno> {
    let mut packet = [0u8; QUESTION];
    // Room for one: what else is sent along, the kernel closes.
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut packet)], &mut ancillary, flags)?;
    let descriptors = ancillary
        .drain()
        .flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
            _ => Vec::new(),
        })
        .collect();
    Ok((packet[..received.bytes].to_vec(), descriptors))
}

/// Why there is no connection.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    what: What,
    errno: i32,
    message: String,
}

/// As an answer says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum What {
    Connected = 0,
    /// It was not granted.
    Denied = 1,
    /// There is no such name.
    Unknown = 2,
    /// It did not work.
    Failed = 3,
}

impl Refusal {
    fn denied(message: String) -> Self {
        Self { what: What::Denied, errno: Errno::ACCESS.raw_os_error(), message }
    }

    fn failed(errno: Errno, message: String) -> Self {
        Self { what: What::Failed, errno: errno.raw_os_error(), message }
    }
}

/// The name and port of a question.
fn asked(question: &[u8]) -> Option<(&str, u16)> {
    let (port, name) = question.split_first_chunk::<2>()?;
    let name = std::str::from_utf8(name).ok().filter(|name| name.bytes().all(|b| b.is_ascii_graphic()))?;
    let name = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    (!name.is_empty()).then_some((name, u16::from_le_bytes(*port)))
}

/// As a flag has it.
fn shown(name: &str, port: u16) -> String {
    if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") }
}

async fn connect(question: &[u8], rules: &Permissions) -> Result<OwnedFd, Refusal> {
    let Some((name, port)) = asked(question) else {
        return Err(Refusal::failed(Errno::INVAL, "that is no host and port".into()));
    };
    let place = shown(name, port);
    // Not looked up either: names can carry what is asked for.
    if !rules.connects(name, port) {
        return Err(Refusal::denied(format!(
            "connecting to `{place}` is not allowed (`--allow-net={place}` grants it)"
        )));
    }
    let unknown =
        |why: String| Refusal { what: What::Unknown, errno: 0, message: format!("`{name}` is not known: {why}") };
    let found: Vec<SocketAddr> = lookup_host((name, port)).await.map_err(|e| unknown(e.to_string()))?.collect();
    let Some(first) = found.first() else { return Err(unknown("it has no address".into())) };
    let reached = found.iter().filter(|address| rules.reaches(name, address.ip(), port)).take(ADDRESSES);
    let mut problem = Refusal::denied(format!(
        "connecting to `{place}` is not allowed: it is at {}, which is no public address or is denied \
         (`--allow-net={place}` grants it)",
        first.ip()
    ));
    for address in reached {
        // The very address that was looked at.
        match tokio::time::timeout(ONE_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => match stream.into_std() {
                Ok(stream) => return Ok(stream.into()),
                Err(e) => problem = Refusal::failed(Errno::IO, e.to_string()),
            },
            Ok(Err(e)) => {
                let errno = Errno::from_io_error(&e).unwrap_or(Errno::IO);
                problem = Refusal::failed(errno, format!("`{place}` does not connect: {e}"));
            }
            Err(_) => problem = Refusal::failed(Errno::TIMEDOUT, format!("`{place}` does not answer")),
        }
    }
    Err(problem)
}

/// Whoever asked may have gone, or given us what takes no answer: that is its own affair.
fn answer(to: &OwnedFd, made: Result<OwnedFd, Refusal>) {
    let (connection, refusal) = match made {
        Ok(connection) => (Some(connection), Refusal { what: What::Connected, errno: 0, message: String::new() }),
        Err(refusal) => (None, refusal),
    };
    let mut bytes = vec![refusal.what as u8];
    bytes.extend(refusal.errno.to_le_bytes());
    bytes.extend(&refusal.message.as_bytes()[..refusal.message.floor_char_boundary(MESSAGE)]);
    let connection: Vec<_> = connection.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !connection.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(&connection));
    }
    let _ = sendmsg(to, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
}

#[cfg(test)]
#[path = "net_tests.rs"]
mod tests;
