//! The library as an embedding program uses it: one zygote, many sessions, programs, some of them stopped.

use crate::{
    mock::{Mock, Reply},
    program::{script, zygote},
};
use bessemer::{
    error::Error,
    llm::{dispatch::Dispatcher, router},
    session::{Interpreter, Listener, Program, Progress, Report, Session, Stop, Zygote},
    wire::Stream,
};
use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

fn offline() -> Arc<Dispatcher> {
    Dispatcher::new(router::stack(router::Settings { offline: true, ..Default::default() }), 10)
}

/// Keeps what a program writes, and stops the program when it writes "stop".
struct Screen {
    written: String,
    stop: mpsc::UnboundedSender<Stop>,
}

impl Listener for Screen {
    fn wrote(&mut self, _: Stream, text: &str) -> Result<(), Error> {
        self.written += text;
        if text.contains("stop") {
            self.stop.send(Stop::Signal(libc::SIGINT)).unwrap();
        }
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

/// Runs a program: its report, and what it wrote.
async fn run_program(session: &mut Session, program: Program) -> (Report, String) {
    let (stop, mut stopped) = mpsc::unbounded_channel();
    let mut screen = Screen { written: String::new(), stop };
    let running = session.run(program, &mut screen, &mut stopped);
    let report = tokio::time::timeout(BOUND, running).await.expect("a program ends");
    (report, screen.written)
}

async fn run(session: &mut Session, text: &str) -> Report {
    run_program(session, Program { text: text.into(), ..Program::default() }).await.0
}

async fn value(session: &mut Session, text: &str) -> String {
    let report = run(session, text).await;
    report.outcome.expect(text).value.unwrap_or_default()
}

#[tokio::test]
async fn a_session_keeps_what_its_programs_define() {
    let zygote = zygote();
    let mut session = Session::start(&zygote, offline()).await.unwrap();
    assert_eq!(value(&mut session, "(define (twice x) (* 2 x)) (twice 4)").await, "8");
    assert_eq!(value(&mut session, "(map-async twice '(1 2 3))").await, "(2 4 6)");
    assert_eq!(value(&mut session, "(define (twice x) (+ x x 1)) (twice 4)").await, "9");
    let exit = session.close().await.expect("its zygote says how it ended");
    assert_eq!((exit.signal, exit.code), (None, Some(0)));
}

#[tokio::test]
async fn sessions_of_one_zygote_are_strangers() {
    let zygote = zygote();
    let mut one = Session::start(&zygote, offline()).await.unwrap();
    assert_eq!(value(&mut one, "(define secret 7) secret").await, "7");
    let mut other = Session::start(&zygote, offline()).await.unwrap();
    let report = run(&mut other, "secret").await;
    assert!(report.outcome.unwrap_err().to_string().contains("`secret` is not defined"));
    assert_eq!(value(&mut one, "secret").await, "7");
}

#[tokio::test]
async fn sessions_run_side_by_side() {
    let zygote = zygote();
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(Session::start(&zygote, offline()).await.unwrap());
    }
    let mut runs = tokio::task::JoinSet::new();
    let local = tokio::task::LocalSet::new();
    for (i, mut session) in sessions.into_iter().enumerate() {
        let run = async move { value(&mut session, &format!("(sleep 0.01) (* {i} {i})")).await };
        runs.spawn_local_on(run, &local);
    }
    let mut values = local.run_until(runs.join_all()).await;
    values.sort_by_key(|v| v.parse::<u32>().unwrap());
    assert_eq!(values, ["0", "1", "4", "9", "16", "25", "36", "49", "64", "81"]);
}

#[tokio::test]
async fn an_error_leaves_the_session_usable() {
    let zygote = zygote();
    let mut session = Session::start(&zygote, offline()).await.unwrap();
    for text in ["(car 1)", "(", "(error \"no\")", "(map-async car '(1 2))", "(nothing)", "(raise 'x)"] {
        assert!(matches!(run(&mut session, text).await.outcome, Err(Error::Script(_))), "{text}");
        assert_eq!(value(&mut session, "(+ 1 2)").await, "3", "after {text}");
    }
}

/// Asserts that a program which is stopped as it writes "stop" leaves its session usable.
async fn assert_survives_a_stop(text: &str, dispatcher: Arc<Dispatcher>) {
    let zygote = zygote();
    let mut session = Session::start(&zygote, dispatcher).await.unwrap();
    assert_eq!(value(&mut session, "(define before 5) before").await, "5");
    // Several times: the signal may come at any moment, such as right before the program begins to wait.
    for _ in 0..10 {
        let report = run(&mut session, text).await;
        assert!(matches!(report.outcome, Err(Error::Interrupted(libc::SIGINT))), "{report:?}");
        assert!(report.exit.is_none(), "its process ended: {report:?}");
        assert_eq!(value(&mut session, "(+ 1 2)").await, "3");
    }
    assert_eq!(value(&mut session, "(map-async (lambda (x) (sleep 0.001) (+ x before)) '(1 2))").await, "(6 7)");
}

#[tokio::test]
async fn an_interrupted_loop_leaves_the_session_usable() {
    assert_survives_a_stop("(display 'stop) (sleep 0.001) (let loop () (loop))", offline()).await;
}

#[tokio::test]
async fn an_interrupted_fiber_leaves_the_session_usable() {
    let text = "(map-async (lambda (i) (display 'stop) (sleep 0.001) (let loop () (loop))) '(1 2))";
    assert_survives_a_stop(text, offline()).await;
}

#[tokio::test]
async fn an_interrupted_sleep_leaves_the_session_usable() {
    assert_survives_a_stop("(display 'stop) (sleep 1000)", offline()).await;
}

#[cfg(feature = "python")]
#[tokio::test]
async fn interrupted_python_leaves_the_session_usable() {
    let text = "(display 'stop) (sleep 0.001) (py-exec \"while True: pass\")";
    assert_survives_a_stop(text, offline()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_calls_leave_the_session_usable() {
    let mock = Mock::start(|call| if call.text() == "hold" { Reply::Hang } else { Reply::Text("ok".into()) });
    let settings = router::Settings { openai_base: Some(mock.base_url()), ..Default::default() };
    let zygote = zygote();
    let mut session = Session::start(&zygote, Dispatcher::new(router::stack(settings), 100)).await.unwrap();
    let text = "(define held (map (lambda (i) (llm-query-async \"hold\")) (range 0 100)))
                (sleep 0.001) (display 'stop) (await (car held))";
    let report = run(&mut session, text).await;
    assert!(matches!(report.outcome, Err(Error::Interrupted(libc::SIGINT))), "{report:?}");
    assert!(report.exit.is_none(), "its process ended: {report:?}");
    // All the places are free again.
    let text = "(map-async (lambda (i) (llm-query-async \"go\")) (range 0 100) #:max-concurrent #f) 'answered";
    assert_eq!(value(&mut session, text).await, "answered");
    assert_eq!(mock.in_flight(), 0);
}

#[tokio::test]
async fn a_session_that_dies_leaves_the_others_alone() {
    let zygote = zygote();
    let mut one = Session::start(&zygote, offline()).await.unwrap();
    let mut other = Session::start(&zygote, offline()).await.unwrap();
    assert_eq!(value(&mut other, "(define kept 7) kept").await, "7");
    let program = Program {
        text: "(let loop ([all '()]) (loop (cons (make-string 1000000 #\\x) all)))".into(),
        max_memory: Some(300 << 20),
        ..Program::default()
    };
    let report = run_program(&mut one, program).await.0;
    assert!(report.outcome.unwrap_err().hint().unwrap().contains("--max-memory"));
    assert!(run(&mut one, "(+ 1 2)").await.outcome.is_err(), "a session that died runs nothing more");
    assert_eq!(value(&mut other, "kept").await, "7");
    let mut next = Session::start(&zygote, offline()).await.unwrap();
    assert_eq!(value(&mut next, "(+ 1 2)").await, "3");
}

#[tokio::test]
async fn each_program_has_a_time_of_its_own() {
    let zygote = zygote();
    let mut session = Session::start(&zygote, offline()).await.unwrap();
    let timeout = Some(Duration::from_millis(300));
    let program = |text: &str| Program { text: text.into(), timeout, ..Program::default() };
    let (report, written) = run_program(&mut session, program("(display 'begun) (sleep 1000)")).await;
    assert!(report.outcome.unwrap_err().hint().unwrap().contains("--timeout"));
    assert_eq!(written, "begun");
    assert_eq!(value(&mut session, "(+ 1 2)").await, "3");
}

/// Asserts that a program which is no interpreter is found out, and that its author reads what to do.
async fn assert_no_interpreter(path: &Path) {
    let begun = Instant::now();
    let error = match Zygote::start(&Interpreter::Path(path.into())) {
        Ok(zygote) => match Session::start(&zygote, offline()).await {
            Ok(_) => panic!("{path:?} gave a session"),
            Err(error) => error,
        },
        Err(error) => error,
    };
    assert!(begun.elapsed() < BOUND);
    let told = format!("{error} {}", error.hint().unwrap_or_default());
    assert!(told.contains("interpreter_main"), "{told}");
    assert_eq!((error.class(), error.exit_code()), ("interpreter", 1));
}

#[tokio::test]
async fn a_program_that_ends_is_no_interpreter() {
    assert_no_interpreter(Path::new("/bin/true")).await;
}

#[tokio::test]
async fn a_program_that_waits_is_no_interpreter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waits");
    std::fs::write(&path, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_no_interpreter(&path).await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_no_interpreter() {
    let error = Zygote::start(&Interpreter::Path("/nonexistent/bessemer".into())).err().expect("an error");
    assert!(error.to_string().contains("/nonexistent/bessemer"), "{error}");
}

#[test]
fn an_interpreter_starts_no_other() {
    let ran = script("(+ 1 2)").env("BESSEMER_INTERPRETER", "1").run();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.stderr.contains("error: an interpreter may not start another"), "{ran:?}");
}
