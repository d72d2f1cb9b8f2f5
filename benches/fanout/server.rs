//! The server that benchmarks call: a process of its own, one thread, as little work per request as will do.
//!
//! `serve` is the child's side, `Server` the parent's; the bench binary re-executes itself to be both. It answers
//! chat completions with an echo and `/stats` with its counts, and trusts its clients: it parses no JSON, watches for
//! no client that goes while it waits, and knows no errors. Faults are `tests/support/mock.rs`'s business.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use std::{env, process, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime;
use tokio::time::sleep;

/// The longest piece of a prompt that is echoed, in bytes of raw JSON.
const ECHO_LIMIT: usize = 200;

const BEFORE_ECHO: &[u8] = concat!(
    r#"{"id":"x","object":"chat.completion","model":"mock","#,
    r#""choices":[{"index":0,"message":{"role":"assistant","content":"echo:"#
)
.as_bytes();
const AFTER_ECHO: &[u8] =
    br#""},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

/// Requests answered or being answered since the last `/stats`; atomic only because tasks must be `Send`.
static CALLS: AtomicU64 = AtomicU64::new(0);
/// Requests read to the end and not yet answered. Without a latency one thread never has more than one of them.
static IN_FLIGHT: AtomicU64 = AtomicU64::new(0);
/// The most there were in flight since the last `/stats`.
static PEAK: AtomicU64 = AtomicU64::new(0);

/// Prints the port on stdout and serves until stdin ends. Every answer is held for `latency` (rounded up to 1 ms).
pub(crate) fn serve(latency: Option<Duration>) -> ! {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    let Err(error) = accept(latency);
    eprintln!("error: the bench server cannot start: {error}");
    process::exit(1);
}

fn accept(latency: Option<Duration>) -> io::Result<Infallible> {
    // A connection is a descriptor, and the usual soft limit is 1024. Where it cannot be raised, `accept` will tell.
    let most = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(4096)?;
        println!("{}", listener.local_addr()?.port());
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(converse(stream, latency))),
                Err(error) => {
                    eprintln!("warning: the bench server cannot accept: {error}");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    })
}

/// Answers one connection's requests until it closes.
async fn converse(mut stream: TcpStream, latency: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut buffer, mut answer) = (Vec::with_capacity(8 << 10), Vec::with_capacity(1 << 10));
    loop {
        let head = loop {
            if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let end = head + content_length(&buffer[..head]);
        buffer.reserve(end.saturating_sub(buffer.len()));
        while buffer.len() < end {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        answer.clear();
        if path(&buffer) == b"/stats" {
            let stats = take_stats();
            let body = format!("{{\"calls\":{},\"peak\":{}}}", stats.calls, stats.peak);
            write_answer(&mut answer, &[body.as_bytes()])?;
            stream.write_all(&answer).await?;
        } else {
            let _in_flight = InFlight::enter();
            write_answer(&mut answer, &[BEFORE_ECHO, last_content(&buffer[head..end]), AFTER_ECHO])?;
            if let Some(latency) = latency {
                sleep(latency).await;
            }
            stream.write_all(&answer).await?;
        }
        buffer.drain(..end);
    }
}

/// A request in flight, until dropped.
struct InFlight;

impl InFlight {
    fn enter() -> InFlight {
        CALLS.fetch_add(1, Relaxed);
        PEAK.fetch_max(IN_FLIGHT.fetch_add(1, Relaxed) + 1, Relaxed);
        InFlight
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.fetch_sub(1, Relaxed);
    }
}

fn take_stats() -> Stats {
    Stats { calls: CALLS.swap(0, Relaxed), peak: PEAK.swap(IN_FLIGHT.load(Relaxed), Relaxed) }
}

fn write_answer(answer: &mut Vec<u8>, body: &[&[u8]]) -> io::Result<()> {
    let length: usize = body.iter().map(|piece| piece.len()).sum();
    write!(answer, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")?;
    body.iter().for_each(|piece| answer.extend_from_slice(piece));
    Ok(())
}

/// The path in the request line.
fn path(request: &[u8]) -> &[u8] {
    request.split(|&byte| byte == b' ').nth(1).unwrap_or_default()
}

/// The number in the `content-length` header; 0 without one.
fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    let header = |line: &[u8]| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    let line = head.split(|&byte| byte == b'\n').find(|line| header(line)).unwrap_or_default();
    let digits = line.iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}

/// The first `ECHO_LIMIT` bytes, as raw JSON, of the last string under a key `"content"`. Within a JSON string the key
/// would have its quotes escaped, so that a prompt cannot be mistaken for it.
fn last_content(body: &[u8]) -> &[u8] {
    let mut rest = body;
    while let Some(colon) = rest.iter().rposition(|&byte| byte == b':') {
        rest = &rest[..colon];
        let value = body[colon + 1..].trim_ascii_start();
        if rest.ends_with(b"\"content\"")
            && let Some(text) = value.strip_prefix(b"\"")
        {
            return &text[..safe_length(text)];
        }
    }
    b""
}

/// How much of `text`, the rest of a JSON string, can be taken without exceeding the limit nor splitting a character.
fn safe_length(text: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let step = match &text[length..] {
            [] | [b'"', ..] => return length,
            // A leading surrogate goes with the one after it.
            [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..] => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            [first, ..] => first.leading_ones().max(1) as usize,
        };
        if length + step > ECHO_LIMIT.min(text.len()) {
            return length;
        }
        length += step;
    }
}

/// What the server has counted since it was last asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stats {
    /// Requests that arrived.
    pub(crate) calls: u64,
    /// The most that were in flight at once.
    pub(crate) peak: u64,
}

/// The server's process, seen by its parent. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Runs this very executable with `args`, which must make it call `serve`, and waits for its port.
    pub(crate) fn start(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> io::Result<Server> {
        let mut command = Command::new(env::current_exe()?);
        let child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut server = Server { child, address: (Ipv4Addr::LOCALHOST, 0).into() };
        let mut line = String::new();
        BufReader::new(server.child.stdout.take().expect("stdout is piped")).read_line(&mut line)?;
        server.address.set_port(line.trim().parse().map_err(io::Error::other)?);
        Ok(server)
    }

    /// What a client takes for `OPENAI_BASE_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What the server has counted since the last time; it begins again from nothing (the peak from what is in flight).
    pub(crate) fn stats(&self) -> io::Result<Stats> {
        let mut stream = std::net::TcpStream::connect(self.address)?;
        stream.write_all(b"GET /stats HTTP/1.1\r\n\r\n")?;
        stream.shutdown(Shutdown::Write)?; // It answers, finds no more requests, and closes.
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let stats: serde_json::Value = serde_json::from_str(body)?;
        let count = |key: &str| stats[key].as_u64().ok_or_else(|| io::Error::other(format!("no `{key}` in {body}")));
        Ok(Stats { calls: count("calls")?, peak: count("peak")? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait(); // It has ended or it was never ours; there is nothing left to do.
    }
}
