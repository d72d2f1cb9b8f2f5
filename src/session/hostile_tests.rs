//! A session that does not keep to the protocol, played by the test: the host ends it, in bounded memory, and lives on.

use super::*;
use crate::{
    llm::{Model, Pending, Request},
    wire::{CallHead, Limits, MessageHead, Role, Stream},
};
use rustix::{
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
    process::{Pid, PidfdFlags, pidfd_open},
};
use std::{
    io::{Read, Write},
    os::unix::net::UnixStream as Socket,
    process::{Child, Command},
};

/// Answers nobody.
struct Silence;

impl Model for Silence {
    fn complete<'a>(&'a self, _: &'a Request) -> Pending<'a> {
        Box::pin(std::future::pending())
    }
}

/// A process that does nothing, for the session to be; it ends with the test.
struct Idle(Child);

impl Drop for Idle {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session, the socket that it would speak on, and its process.
fn hostile() -> (Session, Socket, Idle) {
    let idle = Idle(Command::new("sleep").arg("1000").spawn().unwrap());
    let pid = i32::try_from(idle.0.id()).unwrap();
    let pidfd = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()).unwrap();
    let pair = || socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    let ((socket, theirs), (net, _)) = (pair(), pair());
    let (_, exit) = tokio::sync::oneshot::channel();
    let process = Process { pid, socket, pidfd, net, exit };
    (
        Session::over(process, Dispatcher::new(Arc::new(Silence), 10), Account::new(None), true).unwrap(),
        theirs.into(),
        idle,
    )
}

#[derive(Default)]
struct Heard {
    labels: Vec<String>,
}

impl Listener for Heard {
    fn wrote(&mut self, _: Stream, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.labels.push(progress.label);
    }
}

/// What a program comes to whose session does this on a thread of its own; and what that came to.
async fn against<T: Send + 'static>(
    program: Program,
    does: impl FnOnce(Socket) -> T + Send + 'static,
) -> (Report, Heard, T) {
    let (mut session, theirs, _idle) = hostile();
    let done = std::thread::spawn(move || does(theirs));
    let (_stop, mut stopped) = mpsc::unbounded_channel();
    let mut heard = Heard::default();
    let running = session.run(program, &mut heard, &mut stopped);
    let report = tokio::time::timeout(Duration::from_secs(60), running).await.expect("it ends");
    drop(session);
    // Not on this thread: what is left of the session ends on it.
    (report, heard, tokio::task::spawn_blocking(|| done.join().unwrap()).await.unwrap())
}

fn frame(head: &ToHost, tail: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(&mut out, head, &[tail]).unwrap();
    out
}

fn call(id: u32, text: &str) -> Vec<u8> {
    let message = MessageHead { role: Role::User, text: text.len() as u32, images: Vec::new() };
    frame(&ToHost::Call(CallHead { id, messages: vec![message], ..CallHead::default() }), text.as_bytes())
}

/// Asserts that the session is ended for these bytes, with an error that says so.
async fn assert_breaks(bytes: Vec<u8>) {
    let shown = format!("{:?}", &bytes[..bytes.len().min(40)]);
    let (report, ..) = against(Program::default(), move |mut socket| {
        let _ = socket.write_all(&bytes);
        // The socket stays open: it is what was said that ends it.
        let _ = socket.read_to_end(&mut Vec::new());
    })
    .await;
    let error = report.outcome.expect_err(&shown);
    assert!(error.to_string().starts_with("the interpreter broke the protocol: "), "{shown}: {error}");
}

#[tokio::test]
async fn frames_that_are_none_end_the_session() {
    assert_breaks(vec![0xff; 8]).await;
    assert_breaks([u32::MAX.to_le_bytes(), 4u32.to_le_bytes()].concat()).await;
    assert_breaks([(wire::MAX_FRAME as u32 + 1).to_le_bytes(), [0; 4]].concat()).await;
    assert_breaks([12u32.to_le_bytes(), 9u32.to_le_bytes()].concat()).await;
    let nonsense = [12u32.to_le_bytes(), 8u32.to_le_bytes(), [0xff; 4], [0xff; 4]].concat();
    assert_breaks(nonsense).await;
    assert_breaks(frame(&ToHost::Output(Stream::Stdout), b"\xff\xfe")).await;
}

#[tokio::test]
async fn calls_that_contradict_themselves_end_the_session() {
    // The same number twice, while the first is open.
    assert_breaks([call(1, "a"), call(1, "b")].concat()).await;
    // Lengths that the tail does not have.
    let message = |text: u32| MessageHead { role: Role::User, text, images: Vec::new() };
    for head in [
        CallHead { messages: vec![message(1000)], ..CallHead::default() },
        CallHead { messages: vec![message(u32::MAX), message(u32::MAX)], ..CallHead::default() },
        CallHead { messages: vec![message(1)], schema: 5, ..CallHead::default() },
        CallHead { messages: vec![message(0); 10_001], ..CallHead::default() },
    ] {
        assert_breaks(frame(&ToHost::Call(head), b"x")).await;
    }
}

#[tokio::test]
async fn numbers_that_were_never_given_are_nobodys() {
    let (report, ..) = against(Program::default(), |mut socket| {
        for id in [0, 7, u32::MAX] {
            socket.write_all(&frame(&ToHost::Cancel(id), b"")).unwrap();
        }
        let value = Ending::Value { shown: true, finished: true };
        socket.write_all(&frame(&ToHost::Finished(value), b"still here")).unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    })
    .await;
    assert_eq!(report.outcome.unwrap().value.as_deref(), Some("still here"));
}

#[tokio::test]
async fn a_frame_that_is_cut_off_is_the_end_of_its_session() {
    for cut in [1, 7, 8, 12] {
        let (report, ..) = against(Program::default(), move |mut socket| {
            socket.write_all(&call(1, "a question that is not all there")[..cut]).unwrap();
        })
        .await;
        assert!(report.outcome.is_err());
    }
}

#[tokio::test]
async fn a_frame_takes_memory_as_it_comes_and_not_as_it_says() {
    let (mut session, mut theirs, _idle) = hostile();
    theirs.write_all(&[(wire::MAX_FRAME as u32).to_le_bytes(), 4u32.to_le_bytes()].concat()).unwrap();
    session.incoming.clear();
    session.reader.read_buf(&mut session.incoming).await.unwrap();
    assert!(session.next_frame().unwrap().is_none());
    assert!(session.incoming.capacity() < 4 * READ_AHEAD, "{}", session.incoming.capacity());
}

#[tokio::test]
async fn who_reads_nothing_is_not_listened_to_and_is_ended_in_its_time() {
    let program = Program {
        limits: Limits { calls: Some(0), tokens: None, cost_usd: None },
        timeout: Some(Duration::from_secs(3)),
        ..Program::default()
    };
    // Every call is refused, which makes a frame that nobody reads.
    let (report, _, written) = against(program, |mut socket| {
        let (mut written, mut id) = (0, 0);
        loop {
            let calls: Vec<u8> = (id..id + 1000).flat_map(|id| call(id, "x")).collect();
            id += 1000;
            match socket.write_all(&calls) {
                Ok(()) => written += calls.len(),
                Err(_) => return written,
            }
        }
    })
    .await;
    assert!(report.outcome.unwrap_err().hint().unwrap().contains("--timeout"));
    // A refusal is larger than the call: what was taken in is less than what may wait.
    assert!(written < 64 << 20, "{written} bytes were taken in");
}

#[tokio::test]
async fn calls_beyond_their_credit_end_the_session() {
    let (report, ..) = against(Program::default(), |mut socket| {
        let images = vec![wire::ImageHead::Url(0); 100_000];
        let message = MessageHead { role: Role::User, text: 0, images };
        for id in 0..100 {
            let head = CallHead { id, messages: vec![message.clone()], ..CallHead::default() };
            if socket.write_all(&frame(&ToHost::Call(head), b"")).is_err() {
                break;
            }
        }
        let _ = socket.read_to_end(&mut Vec::new());
    })
    .await;
    let error = report.outcome.unwrap_err().to_string();
    assert!(error.contains("broke the protocol"), "{error}");
}

#[tokio::test]
async fn what_a_session_calls_its_items_is_short_and_commands_no_terminal() {
    let (_, heard, ()) = against(Program::default(), |mut socket| {
        let progress = ToHost::Progress { group: 1, done: 0, total: 1, failed: 0 };
        socket.write_all(&frame(&progress, "\u{1b}[2J\nitems".as_bytes())).unwrap();
        socket.write_all(&frame(&progress, &vec![b'x'; 10 << 20])).unwrap();
        socket.write_all(&frame(&ToHost::Event { name: "\u{1b}".repeat(1000) }, &vec![b'x'; 1 << 20])).unwrap();
    })
    .await;
    assert_eq!(heard.labels[0], "␛[2J items");
    assert!(heard.labels[1].len() <= MAX_LABEL);
}
