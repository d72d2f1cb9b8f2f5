//! `--allow-net`: the host connects, and nothing else does.

use super::{skipped, tried};
use crate::program::script;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// A server on this machine that says `hello` to whoever asks by HTTP, and counts them.
struct Server {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        // It ends with the tests' process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, SeqCst);
                std::thread::spawn(move || greet(stream));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

fn greet(mut stream: TcpStream) {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => seen.push(byte[0]),
            _ => return,
        }
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
}

#[test]
fn a_port_is_open_to_all_that_python_connects_by_and_the_next_is_shut() {
    if skipped() {
        return;
    }
    let (server, neighbour) = (Server::start(), Server::start());
    let (port, next) = (server.port, neighbour.port);
    let text = format!(
        r#"
(py-exec #<<PY
import asyncio, ctypes, http.client, socket, struct, threading, urllib.request
def attempt(name, thunk):
    try:
        print(name, thunk())
    except OSError as problem:
        print(name, type(problem).__name__)
def client():
    connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=20)
    connection.request("GET", "/")
    return connection.getresponse().read()
async def stream(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer[-5:]
async def many():
    return set(await asyncio.gather(*(stream({port}) for _ in range(20))))
def plain():
    with socket.socket() as s:
        s.settimeout(20)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.connect(("127.0.0.1", {port}))
        return s.getpeername()[1] == {port}, s.gettimeout(), s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
def threads():
    answers = []
    all = [threading.Thread(target=lambda: answers.append(client())) for _ in range(20)]
    for each in all: each.start()
    for each in all: each.join()
    return set(answers)
attempt("urllib", lambda: urllib.request.urlopen("http://127.0.0.1:{port}/").read())
attempt("http.client", client)
attempt("asyncio", lambda: asyncio.run(many()))
attempt("socket", plain)
attempt("connect_ex", lambda: socket.socket().connect_ex(("127.0.0.1", {port})))
attempt("threads", threads)
libc = ctypes.CDLL(None, use_errno=True)
def called(port, name="connect"):
    address = struct.pack("=H", 2) + struct.pack("!H", port) + bytes([127, 0, 0, 1]) + bytes(8)
    done = getattr(libc, name)(socket.socket().fileno(), address, 16)
    return done, ctypes.get_errno()
FAST = 0x20000000
attempt("the next", lambda: socket.create_connection(("127.0.0.1", {next}), 5))
attempt("the next by asyncio", lambda: asyncio.run(stream({next})))
attempt("the next by its number", lambda: socket.socket().connect_ex(("127.0.0.1", {next})))
attempt("the next by another name", lambda: socket.create_connection(("localhost", {next}), 5))
attempt("the port by another name", lambda: socket.create_connection(("localhost", {port}), 5))
attempt("the next by C", lambda: called({next}))
attempt("the port by C", lambda: called({port}))
attempt("fast open", lambda: socket.socket().sendto(b"x", FAST, ("127.0.0.1", {next})))
attempt("fast open by a message", lambda: socket.socket().sendmsg([b"x"], [], FAST, ("127.0.0.1", {next})))
attempt("a message", lambda: socket.socket().sendmsg([b"x"], [], 0, ("127.0.0.1", {next})))
attempt("fast open by an option", lambda: socket.socket().setsockopt(6, 30, 1))
attempt("bind", lambda: socket.socket().bind(("127.0.0.1", 0)))
attempt("listen", lambda: socket.socket().listen())
attempt("server", lambda: socket.create_server(("127.0.0.1", 0)))
attempt("datagrams", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("local", lambda: socket.socket(socket.AF_UNIX))
attempt("another protocol", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132))
try:
    socket.create_connection(("127.0.0.1", {next}), 5)
except PermissionError as problem:
    print(problem)
PY
)"#
    );
    let ran = script(&text).args(&[&format!("--allow-net=127.0.0.1:{port}")]).run();
    let shut = |name: &str| format!("{name} PermissionError");
    let wanted = [
        "urllib b'hello'".into(),
        "http.client b'hello'".into(),
        "asyncio {b'hello'}".into(),
        "socket (True, 20.0, True)".into(),
        "connect_ex 0".into(),
        "threads {b'hello'}".into(),
        shut("the next"),
        shut("the next by asyncio"),
        "the next by its number 13".into(),
        shut("the next by another name"),
        shut("the port by another name"),
        "the next by C (-1, 1)".into(),
        "the port by C (-1, 1)".into(),
        shut("fast open"),
        shut("fast open by a message"),
        "a message BrokenPipeError".into(),
        shut("fast open by an option"),
        shut("bind"),
        shut("listen"),
        shut("server"),
        shut("datagrams"),
        shut("raw"),
        shut("local"),
        shut("another protocol"),
        format!(
            "[Errno 13] connecting to `127.0.0.1:{next}` is not allowed (`--allow-net=127.0.0.1:{next}` grants it)"
        ),
    ];
    assert_eq!(ran.value().lines().collect::<Vec<_>>(), wanted, "{ran:?}");
    assert_eq!((server.asked(), neighbour.asked()), (44, 0));
}

#[test]
fn all_hosts_are_the_publics_and_a_denial_wins() {
    if skipped() {
        return;
    }
    let server = Server::start();
    let port = server.port;
    let ask = format!("urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=20).read()");
    let named = format!("urllib.request.urlopen('http://localhost:{port}/', timeout=20).read()");
    let both = [ask.as_str(), named.as_str()];
    let failed = "URLError";
    for (arguments, wanted) in [
        (vec!["--allow-net"], [failed, failed]),
        (vec!["--allow-net=127.0.0.1"], ["b'hello'", failed]),
        (vec!["--allow-net=localhost"], [failed, "b'hello'"]),
        (vec!["--allow-net=127.0.0.1,localhost", "--deny-net=127.0.0.1"], [failed, failed]),
        (vec!["--allow-net=127.0.0.1,localhost", "--deny-net=localhost"], ["b'hello'", failed]),
        (vec!["--allow-net=127.0.0.1,localhost", "--deny-net"], [failed, failed]),
    ] {
        let (lines, ran) = tried(&both, &arguments, &[]);
        assert_eq!(lines, wanted, "{arguments:?}: {ran:?}");
    }
    assert_eq!(server.asked(), 3);
}

#[test]
fn certificates_can_be_read_with_a_host_and_keys_cannot() {
    if skipped() {
        return;
    }
    let (lines, ran) = tried(
        &[
            "ssl.create_default_context() is not None",
            "os.listdir('/etc/ssl/private') if os.path.exists('/etc/ssl/private') else open('/etc/passwd')",
        ],
        &["--allow-net=example.com"],
        &[],
    );
    assert_eq!(lines, ["True", "PermissionError"], "{ran:?}");
}

#[test]
fn a_host_that_is_none_is_a_mistake_on_the_command_line() {
    let ran = script("1").args(&["--allow-net=https://example.com/"]).run();
    assert!(ran.code == Some(2) && ran.stderr.contains("is no host: it is a URL or a path"), "{ran:?}");
}
