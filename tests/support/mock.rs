//! A model provider that does as it is told: an HTTP/1.1 server on loopback whose every answer a closure chooses.
//!
//! It runs in a thread of its own, single-threaded, so that its counts are exact: between a reply's last byte and the
//! count going down no other request is looked at. A panic in the closure, or a request that is no HTTP or no JSON,
//! ends the server and is raised again where the `Mock` is dropped, so that no test passes over it.
//!
//! It speaks OpenAI's format; at their own paths those of Anthropic (`anthropic`) and Gemini (`gemini`). `stream` has the
//! streamed answers, `tls` the server behind TLS. Not here: pipelining, chunked request bodies. A client
//! that only half-closes is taken to have gone.

#![allow(dead_code, reason = "a test crate takes what it needs")]

#[path = "mock/anthropic.rs"]
pub(crate) mod anthropic;
#[path = "mock/format.rs"]
mod format;
#[path = "mock/gemini.rs"]
pub(crate) mod gemini;
#[path = "mock/stream.rs"]
mod stream;
#[path = "mock/tls.rs"]
mod tls;

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use format::{content, last_message, messages};
use serde_json::{Value, json};
pub(crate) use stream::Step;
pub(crate) use tls::STREAMS;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long a `wait_…` waits before it takes the test to have failed.
const WAIT_BOUND: Duration = Duration::from_secs(30);

/// What the server does with a request. "Answer" means JSON around a text, in the format that belongs to the path; where
/// vectors are asked for, one for each text: how many characters it has, and 1.
pub(crate) enum Reply {
    /// Answer with this text.
    Text(String),
    /// Do nothing for so long, then that.
    After(Duration, Box<Reply>),
    /// Do nothing until that holds, then that.
    When(Box<dyn Fn() -> bool + Send + Sync>, Box<Reply>),
    /// This status, these headers (besides `content-length`) and this body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// Headers that promise the whole answer, then half of its body, then the connection closes.
    Cut(String),
    /// Never answer; the request is held until the client goes.
    Hang,
    /// Answer with the body in pieces of 64 bytes, pausing so long before each.
    Drip(String, Duration),
    /// These bytes as they are, then the connection closes.
    Raw(Vec<u8>),
    /// The connection closes without a byte.
    Close,
    /// Answer with a text of so many bytes.
    Huge(usize),
    /// Answer in pieces.
    Stream(Vec<Step>),
    /// Answer with this text, but say that the body is of another type.
    Typed(&'static str, String),
    /// Answer with this text, these token counts and this `finish_reason`.
    Usage { text: String, input: u64, output: u64, finish: &'static str },
}

impl Reply {
    /// Refuse a parameter in OpenAI's words.
    pub(crate) fn refuse(parameter: &str) -> Reply {
        let message = format!("Unsupported parameter: '{parameter}' is not supported with this model.");
        let error = json!({ "message": message, "type": "invalid_request_error", "param": parameter,
            "code": "unsupported_parameter" });
        Reply::Status(400, vec![("content-type", "application/json".into())], json!({ "error": error }).to_string())
    }

    /// Answer with this JSON as a model does in object mode, which lets no array through.
    pub(crate) fn json(call: &Call, text: &str) -> Reply {
        let objects = call.body["response_format"]["type"] == "json_object";
        Reply::Text(if objects && text.starts_with('[') { format!("{{\"items\": {text}}}") } else { text.into() })
    }
}

/// A request that has arrived.
pub(crate) struct Call {
    /// Its place in the order of arrival, from 0.
    pub(crate) n: usize,
    /// The path and the query that were asked for.
    pub(crate) path: String,
    /// The JSON that was sent; `Null` when the body was empty.
    pub(crate) body: Value,
    /// The headers as sent, in their order.
    pub(crate) headers: Headers,
}

impl Call {
    /// The last user message, or "".
    pub(crate) fn text(&self) -> &str {
        last_message(&self.body, &["user"])
    }

    /// The last system (or developer) message, or "".
    pub(crate) fn system(&self) -> &str {
        let apart = self.body["system"].as_str().or(self.body["systemInstruction"]["parts"][0]["text"].as_str());
        apart.unwrap_or_else(|| last_message(&self.body, &["system", "developer"]))
    }

    /// The first header of this name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body of an answer whose token counts are a quarter of the characters.
    fn answer(&self, text: &str) -> Vec<u8> {
        let tokens = |text: &str| text.chars().count().div_ceil(4) as u64;
        let input = messages(&self.body).iter().map(|message| tokens(content(message))).sum();
        self.answer_with(text, input, tokens(text), "stop")
    }

    /// The body of an answer.
    fn answer_with(&self, text: &str, input: u64, output: u64, finish: &str) -> Vec<u8> {
        format::answer(self, text, input, output, finish).to_string().into_bytes()
    }
}

/// Names and values.
type Headers = Vec<(String, String)>;

/// What has happened so far.
#[derive(Default)]
struct Seen {
    bodies: Vec<Value>,
    in_flight: usize,
    peak: usize,
    gone: usize,
}

/// What the server's thread and the test share.
struct Shared {
    /// A std mutex: it is never held over an await, and tests read it from plain threads.
    seen: Mutex<Seen>,
    /// Told of every change in `seen`.
    changed: Condvar,
    reply: Box<dyn Fn(&Call) -> Reply + Send + Sync>,
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let result = change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
        result
    }

    /// Notes an arrival: its index, and the guard that keeps it in flight.
    fn arrive(&self, body: Value) -> (usize, InFlight<'_>) {
        let n = self.change(|seen| {
            seen.bodies.push(body);
            seen.in_flight += 1;
            seen.peak = seen.peak.max(seen.in_flight);
            seen.bodies.len() - 1
        });
        (n, InFlight(self))
    }
}

/// A request in flight, until dropped.
struct InFlight<'a>(&'a Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.change(|seen| seen.in_flight -= 1);
    }
}

/// The running server. Dropping it ends the server and closes what connections it has.
pub(crate) struct Mock {
    address: SocketAddr,
    /// Its certificate, when it is behind TLS.
    certificate: Option<String>,
    shared: Arc<Shared>,
    /// Dropped to end the server.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Mock {
    /// Starts a server that does with each request what `reply` says; `reply` must not block the one thread there is.
    pub(crate) fn start(reply: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Mock {
        Mock::start_on(reply, None)
    }

    /// The same behind TLS, with HTTP/2 for those who ask for it.
    pub(crate) fn start_tls(reply: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Mock {
        Mock::start_on(reply, Some(tls::acceptor()))
    }

    fn start_on(
        reply: impl Fn(&Call) -> Reply + Send + Sync + 'static,
        tls: Option<(tokio_rustls::TlsAcceptor, String)>,
    ) -> Mock {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = {
            let _entered = runtime.enter();
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            socket.listen(4096).unwrap()
        };
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { seen: Mutex::default(), changed: Condvar::new(), reply: Box::new(reply) });
        let (stop, stopped) = oneshot::channel();
        let (acceptor, certificate) = tls.unzip();
        let serve = accept(listener, stopped, acceptor, shared.clone());
        let thread = thread::Builder::new().name("mock".into()).spawn(move || runtime.block_on(serve)).unwrap();
        Mock { address, certificate, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Starts a server that answers "echo:" and the last user message.
    pub(crate) fn echo() -> Mock {
        Mock::start(|call| Reply::Text(format!("echo:{}", call.text())))
    }

    /// What a client takes for `OPENAI_BASE_URL`.
    pub(crate) fn base_url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/v1", self.address)
    }

    /// What a client takes for `ANTHROPIC_BASE_URL` or `GEMINI_BASE_URL`: their paths begin with the version.
    pub(crate) fn root_url(&self) -> String {
        self.base_url().trim_end_matches("/v1").into()
    }

    /// The certificate of a server behind TLS, as `SSL_CERT_FILE` wants it.
    pub(crate) fn certificate(&self) -> &str {
        self.certificate.as_deref().expect("it was started with TLS")
    }

    /// The last user message of every request, in the order of arrival.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.read(|seen| seen.bodies.iter().map(|body| last_message(body, &["user"]).to_owned()).collect())
    }

    /// How many requests have arrived.
    pub(crate) fn count(&self) -> usize {
        self.read(|seen| seen.bodies.len())
    }

    /// The most requests that were in flight at once: read to the end, and neither answered nor given up.
    pub(crate) fn peak(&self) -> usize {
        self.read(|seen| seen.peak)
    }

    /// How many requests are in flight. An answer may reach its client a moment before this goes down: see `wait_idle`.
    pub(crate) fn in_flight(&self) -> usize {
        self.read(|seen| seen.in_flight)
    }

    /// How many clients went away before they had their whole reply.
    pub(crate) fn gone(&self) -> usize {
        self.read(|seen| seen.gone)
    }

    /// The body of every request, in the order of arrival.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.read(|seen| seen.bodies.clone())
    }

    /// The body of the latest request.
    pub(crate) fn last_body(&self) -> Value {
        self.read(|seen| seen.bodies.last().cloned()).expect("a request has arrived")
    }

    /// Blocks until `n` requests have arrived. In an async test, only on a multi-threaded runtime (as every `wait_…`).
    pub(crate) fn wait_for(&self, n: usize) {
        self.wait("arrivals", |seen| seen.bodies.len() >= n);
    }

    /// Blocks until `n` clients have gone away; their requests are then no longer in flight.
    pub(crate) fn wait_gone(&self, n: usize) {
        self.wait("departures", |seen| seen.gone >= n);
    }

    /// Blocks until nothing is in flight.
    pub(crate) fn wait_idle(&self) {
        self.wait("quiet", |seen| seen.in_flight == 0);
    }

    fn read<T>(&self, read: impl FnOnce(&Seen) -> T) -> T {
        read(&self.shared.seen.lock().unwrap())
    }

    fn wait(&self, what: &str, ready: impl Fn(&Seen) -> bool) {
        let seen = self.shared.seen.lock().unwrap();
        let (seen, waited) = self.shared.changed.wait_timeout_while(seen, WAIT_BOUND, |seen| !ready(seen)).unwrap();
        let Seen { bodies, in_flight, gone, .. } = &*seen;
        let state = format!("{} arrived, {in_flight} in flight, {gone} gone", bodies.len());
        drop(seen); // Before the panic, which would poison the lock and blame the server.
        assert!(!waited.timed_out(), "the mock waited {WAIT_BOUND:?} for {what}: {state}");
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().expect("only drop takes it").join();
        if let Err(panic) = ended
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

/// Serves each connection in a task until told to stop; a task's panic becomes the server's.
async fn accept(
    listener: TcpListener,
    mut stopped: oneshot::Receiver<()>,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    shared: Arc<Shared>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    resume_unwind(error.into_panic());
                }
            }
            _ = &mut stopped => return,
            accepted = listener.accept() => {
                let (mut stream, _) = accepted.expect("the test process has descriptors to spare");
                stream.set_nodelay(true).expect("a fresh socket takes options");
                let (acceptor, shared) = (acceptor.clone(), shared.clone());
                connections.spawn(async move {
                    match acceptor {
                        Some(acceptor) => tls::serve(stream, acceptor, shared).await,
                        None => {
                            let (mut from, mut to) = stream.split();
                            serve(&mut from, &mut to, shared).await;
                        }
                    }
                });
            }
        }
    }
}

/// Answers one connection's requests, one after the other.
async fn serve(
    from: &mut (impl AsyncRead + Unpin + Send),
    to: &mut (impl AsyncWrite + Unpin + Send),
    shared: Arc<Shared>,
) {
    let mut buffer = Vec::new();
    while let Some((path, headers, body)) = read_request(from, &mut buffer).await {
        let (n, in_flight) = shared.arrive(body.clone());
        let call = Call { n, path, body, headers };
        let reply = (shared.reply)(&call);
        let sent = tokio::select! {
            biased;
            sent = deliver(reply, &call, to) => sent,
            () = departure(from, &mut buffer) => Err(io::ErrorKind::ConnectionAborted.into()),
        };
        drop(in_flight); // Before `gone` goes up, so that who waits for that finds it done.
        match sent {
            Ok(Then::Keep) => {}
            Ok(Then::Close) => return,
            Err(_) => return shared.change(|seen| seen.gone += 1),
        }
    }
}

/// What becomes of the connection after a reply.
enum Then {
    Keep,
    Close,
}

async fn deliver(reply: Reply, call: &Call, to: &mut (impl AsyncWrite + Unpin + Send)) -> io::Result<Then> {
    let mut sort = "application/json";
    let body = match reply {
        Reply::Text(text) => call.answer(&text),
        Reply::Typed(other, text) => {
            sort = other;
            call.answer(&text)
        }
        Reply::Stream(steps) => return stream::deliver(steps, call, to).await,
        Reply::Huge(bytes) => call.answer(&"x".repeat(bytes)),
        Reply::Usage { text, input, output, finish } => call.answer_with(&text, input, output, finish),
        Reply::After(pause, reply) => {
            sleep(pause).await;
            return Box::pin(deliver(*reply, call, to)).await;
        }
        Reply::When(holds, reply) => {
            while !holds() {
                sleep(Duration::from_millis(2)).await;
            }
            return Box::pin(deliver(*reply, call, to)).await;
        }
        Reply::Hang => return pending().await,
        Reply::Close => return Ok(Then::Close),
        Reply::Raw(bytes) => {
            to.write_all(&bytes).await?;
            return Ok(Then::Close);
        }
        Reply::Cut(text) => {
            let body = call.answer(&text);
            to.write_all(&[&head(200, &[], body.len()), &body[..body.len() / 2]].concat()).await?;
            return Ok(Then::Close);
        }
        Reply::Drip(text, pause) => {
            let body = call.answer(&text);
            to.write_all(&head(200, &[], body.len())).await?;
            for piece in body.chunks(64) {
                sleep(pause).await;
                to.write_all(piece).await?;
            }
            return Ok(Then::Keep);
        }
        Reply::Status(status, headers, body) => {
            to.write_all(&[&head(status, &headers, body.len()), body.as_bytes()].concat()).await?;
            return Ok(Then::Keep);
        }
    };
    to.write_all(&[head(200, &[("content-type", sort.into())], body.len()), body].concat()).await?;
    Ok(Then::Keep)
}

/// The status line and headers of a reply whose body has so many bytes.
fn head(status: u16, headers: &[(&str, String)], length: usize) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Mock\r\n{headers}content-length: {length}\r\n\r\n").into_bytes()
}

/// Reads one request's headers and body, and leaves in `buffer` what follows it. `None` when the client has gone.
async fn read_request(from: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<(String, Headers, Value)> {
    let (head, path, headers) = loop {
        if let Some(parsed) = parse_head(buffer) {
            break parsed;
        }
        fill(from, buffer).await?;
    };
    let header = |wanted: &str| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    assert!(header("transfer-encoding").is_none(), "the mock reads no chunked request");
    let length: usize = header("content-length").map_or(0, |(_, value)| value.parse().expect("a length is a number"));
    while buffer.len() < head + length {
        fill(from, buffer).await?;
    }
    let body = match &buffer[head..head + length] {
        [] => Value::Null,
        body => serde_json::from_slice(body).expect("a request to the mock is JSON"),
    };
    buffer.drain(..head + length);
    Some((path, headers, body))
}

/// The length of the request head in `buffer`, its path and its headers, once it is there whole.
fn parse_head(buffer: &[u8]) -> Option<(usize, String, Headers)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = request.parse(buffer).expect("a request to the mock is HTTP/1.1") else {
        return None;
    };
    let owned = |header: &httparse::Header<'_>| (header.name.to_owned(), String::from_utf8_lossy(header.value).into());
    let path = request.path.unwrap_or_default().to_owned();
    Some((length, path, request.headers.iter().map(owned).collect()))
}

/// Reads what has come into `buffer`. `None` when the client has gone.
async fn fill(from: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<()> {
    match from.read_buf(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

/// Waits for the client to go.
async fn departure(from: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) {
    while fill(from, buffer).await.is_some() {}
}
