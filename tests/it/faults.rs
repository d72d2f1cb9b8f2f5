//! What goes wrong, as its user sees it: providers that misbehave, scripts that run away, processes that die.

use crate::{
    mock::{Mock, Reply},
    program::{Program, Ran, descendants, ended, runs, script},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Child,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

// ---- running and ending

/// Sends a signal to a process that this test started, or that such a process did.
fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).expect("the process is there");
}

/// Waits for a started run, but not for ever.
fn end_of(child: Child) -> Ran {
    let pid = child.id();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(ended(child)));
    told.recv_timeout(BOUND).unwrap_or_else(|_| {
        let family = descendants(pid);
        // What still runs goes, so that the tests end; the panic is the result.
        for pid in [&[pid][..], &family].concat() {
            let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL);
        }
        panic!("the run did not end within {BOUND:?}; below it ran {family:?}")
    })
}

/// Runs it to its end, but not for ever.
fn run(program: &Program) -> Ran {
    end_of(program.start())
}

/// Waits until none of these processes runs.
fn wait_gone(pids: &[u32]) {
    let begun = Instant::now();
    while let Some(pid) = pids.iter().find(|pid| runs(**pid)) {
        assert!(begun.elapsed() < BOUND, "process {pid} of {pids:?} still runs");
        thread::sleep(Duration::from_millis(5)); // A process that is no child of ours can only be polled.
    }
}

/// Waits until the run has written this line to stderr, and leaves it what follows.
fn wait_for_stderr(child: &mut Child, line: &str) {
    let stderr = child.stderr.as_mut().unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    // Byte by byte: what is read ahead would be lost.
    while !seen.ends_with(format!("{line}\n").as_bytes()) {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{:?} came first", String::from_utf8_lossy(&seen));
        seen.extend(byte);
    }
}

/// Asserts that it failed with this exit code, and said why in the form that every error has.
fn assert_error(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert!(ran.stderr.lines().any(|line| line.starts_with("error: ")), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "no `{word}` in {}", ran.stderr);
    }
}

/// Runs it with `--json`: what it came to, and the object's error.
fn json_error(program: Program) -> (Ran, Value) {
    let ran = run(&program.args(&["--json"]));
    let object: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {ran:?}"));
    assert_eq!(object["status"], "error", "{ran:?}");
    let error = object["error"].clone();
    let keys: Vec<&str> = error.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["class", "hint", "line", "message"]);
    (ran, error)
}

/// Asserts that a script whose one call gets this reply fails for good: the class, and words of the message.
fn assert_fails_for_good(mock: &Mock, class: &str, words: &[&str]) {
    let (ran, error) = json_error(script("\n(llm-query \"hi\")").server(mock));
    assert_eq!((ran.code, &error["class"], &error["line"]), (Some(4), &json!(class), &json!(2)), "{ran:?}");
    assert_eq!(mock.count(), 1, "{ran:?}");
    let message = error["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "no `{word}` in {message}");
    }
}

// ---- replies

/// An error as OpenAI words it.
fn complaint(status: u16, code: &str, message: &str) -> Reply {
    complaint_with(status, vec![], code, message)
}

fn complaint_with(status: u16, mut headers: Vec<(&'static str, String)>, code: &str, message: &str) -> Reply {
    headers.push(("content-type", "application/json".into()));
    let error = json!({ "message": message, "type": "some_error", "param": null, "code": code });
    Reply::Status(status, headers, json!({ "error": error }).to_string())
}

fn ok() -> Reply {
    Reply::Text("ok".into())
}

/// A server whose first `n` replies are bad.
fn bad_at_first(n: usize, bad: impl Fn() -> Reply + Send + Sync + 'static) -> Mock {
    Mock::start(move |call| if call.n < n { bad() } else { ok() })
}

/// Asserts that a call survives `n` such replies, and says how many attempts it took.
fn assert_outlives(n: usize, bad: impl Fn() -> Reply + Send + Sync + 'static) {
    let mock = bad_at_first(n, bad);
    let text = "(define r (llm-query \"hi\")) (list (syntax-e r) (response-attempts r))";
    let ran = run(&script(text).server(&mock));
    assert_eq!(ran.value(), format!("(ok {})", n + 1));
    assert_eq!(mock.count(), n + 1);
}

// ---- providers that misbehave

#[test]
fn a_call_over_the_rate_limit_is_made_again() {
    for header in [("retry-after", "0".to_owned()), ("retry-after-ms", "10".to_owned())] {
        assert_outlives(1, move || complaint_with(429, vec![header.clone()], "rate_limit_exceeded", "slow down"));
    }
}

#[test]
fn a_call_without_quota_is_made_once() {
    let mock = Mock::start(|_| complaint(429, "insufficient_quota", "You exceeded your current quota."));
    assert_fails_for_good(&mock, "quota", &["quota"]);
}

#[test]
fn a_server_error_is_outlived() {
    assert_outlives(2, || Reply::Status(500, vec![], "oops".into()));
}

#[test]
fn an_answer_that_is_cut_off_is_asked_for_again() {
    assert_outlives(1, || Reply::Cut("not this".into()));
}

#[test]
fn a_connection_that_closes_without_a_byte_is_outlived() {
    assert_outlives(1, || Reply::Close);
}

#[test]
fn bytes_that_are_no_http_are_outlived() {
    assert_outlives(1, || Reply::Raw(b"\0\x01\x02 what is this?\r\n\r\n".to_vec()));
}

fn html() -> Reply {
    let page = "<!DOCTYPE html><html><body>Please log in</body></html>".into();
    Reply::Status(200, vec![("content-type", "text/html; charset=utf-8".into())], page)
}

#[test]
fn a_web_page_in_place_of_an_answer_is_outlived() {
    assert_outlives(1, html);
}

#[test]
fn a_web_page_that_stays_is_named() {
    let mock = Mock::start(|_| html());
    let (ran, error) = json_error(script("(llm-query \"hi\" #:retries 1)").server(&mock));
    assert_eq!((ran.code, &error["class"], mock.count()), (Some(4), &json!("server"), 2), "{ran:?}");
    assert!(error["message"].as_str().unwrap().contains("text/html"), "{error}");
}

#[test]
fn a_server_that_never_answers_ends_as_a_timeout() {
    let mock = Mock::start(|_| Reply::Hang);
    let (ran, error) = json_error(script("(llm-query \"hi\" #:timeout 0.2 #:retries 1)").server(&mock));
    assert_eq!((ran.code, &error["class"], mock.count()), (Some(4), &json!("timeout"), 2), "{ran:?}");
    mock.wait_gone(2);
}

#[test]
fn a_huge_answer_arrives_whole() {
    let mock = Mock::start(|_| Reply::Huge(20_000_000));
    let ran = run(&script("(string-length (syntax-e (llm-query \"hi\")))").server(&mock));
    assert_eq!(ran.value(), "20000000");
}

#[test]
fn an_answer_in_small_pieces_arrives_whole() {
    let text = "één ".repeat(500);
    let sent = text.clone();
    let mock = Mock::start(move |_| Reply::Drip(sent.clone(), Duration::from_millis(1)));
    let ran = run(&script("(llm-query \"hi\")(display (syntax-e (llm-query \"hi\")))").server(&mock));
    assert_eq!(ran.value(), text);
}

#[test]
fn a_wrong_key_is_answered_by_its_variables_name() {
    let mock = Mock::start(|_| complaint(401, "invalid_api_key", "Incorrect API key provided."));
    let ran = run(&script("(llm-query \"hi\")").server(&mock).env("OPENAI_API_KEY", "sk-wrong"));
    assert_error(&ran, 4, &["OPENAI_API_KEY"]);
    assert_eq!(mock.count(), 1);
}

#[test]
fn a_missing_key_is_answered_by_its_variables_name() {
    let mock = Mock::start(|_| complaint(401, "invalid_api_key", "You didn't provide an API key."));
    assert_fails_for_good(&mock, "auth", &["OPENAI_API_KEY"]);
}

#[test]
fn without_key_and_server_the_failure_says_how_to_go_on() {
    // The server is there for its sake alone that the run is not `--offline`; it is not the one that is named.
    let mock = Mock::echo();
    let program = |text| script(text).server(&mock).env("OPENAI_BASE_URL", "");
    assert_error(&run(&program("(llm-query \"hi\")")), 4, &["OPENAI_API_KEY", "--offline"]);
    let (_, error) = json_error(program("(llm-query \"hi\")"));
    assert_eq!(error["class"], "auth");
    assert_eq!(run(&program("(+ 1 2)")).value(), "3", "a script without calls needs no key");
    assert_eq!(mock.count(), 0);
}

#[test]
fn an_unknown_model_is_not_asked_twice() {
    let mock = Mock::start(|_| complaint(404, "model_not_found", "The model does not exist."));
    assert_fails_for_good(&mock, "unknown-model", &["mock"]);
}

#[test]
fn a_prompt_that_is_too_long_is_not_sent_twice() {
    let words = "This model's maximum context length is 8192 tokens.";
    let mock = Mock::start(move |_| complaint(400, "context_length_exceeded", words));
    assert_fails_for_good(&mock, "too-long", &["8192"]);
}

#[test]
fn a_parameter_that_the_model_refuses_is_left_out_with_one_warning() {
    let mock = Mock::start(|call| match call.body.get("temperature") {
        None => ok(),
        Some(_) => {
            let message = "Unsupported parameter: 'temperature' is not supported with this model.";
            let error = json!({ "message": message, "type": "invalid_request_error", "param": "temperature",
                                "code": "unsupported_parameter" });
            Reply::Status(400, vec![], json!({ "error": error }).to_string())
        }
    });
    let text = "(define (ask) (syntax-e (llm-query \"hi\" #:temperature 0.5 #:max-tokens 9))) (list (ask) (ask))";
    let ran = run(&script(text).server(&mock));
    assert_eq!(ran.value(), "(ok ok)");
    let with: Vec<bool> = mock.bodies().iter().map(|body| body.get("temperature").is_some()).collect();
    assert_eq!(with, [true, false, false]);
    assert!(mock.bodies().iter().all(|body| body["max_tokens"] == 9), "the others stay");
    assert_eq!(ran.stderr.matches("temperature").count(), 1, "{ran:?}");
}

#[test]
fn a_server_that_is_not_there_is_tried_again_and_named() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let text =
        "(with-handler (lambda (f) (list (failure-class f) (failure-attempts f))) (llm-query \"hi\" #:retries 1))";
    let mock = Mock::echo();
    let base = format!("http://{address}/v1");
    let ran = run(&script(text).server(&mock).env("OPENAI_BASE_URL", &base));
    assert_eq!(ran.value(), "(network 2)");
    let ran = run(&script("(llm-query \"hi\" #:retries 0)").server(&mock).env("OPENAI_BASE_URL", &base));
    assert_error(&ran, 4, &[&address]);
    assert_eq!(mock.count(), 0);
}

#[test]
fn no_output_ever_holds_the_key() {
    const KEY: &str = "sk-secret-123";
    for (status, code) in [(401, "invalid_api_key"), (400, "bad"), (403, "forbidden"), (500, "oops")] {
        let mock = Mock::start(move |call| {
            assert_eq!(call.header("authorization"), Some("Bearer sk-secret-123"));
            complaint(status, code, "Incorrect API key provided: sk-secret-123.")
        });
        for json in [&[][..], &["--json"]] {
            let program = script("(llm-query \"hi\" #:retries 1)").server(&mock).args(json);
            let ran = run(&program.args(&["-v", "-v"]).env("OPENAI_API_KEY", KEY).env("RUST_LOG", "trace"));
            assert_eq!(ran.code, Some(4), "{ran:?}");
            assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "{status} {ran:?}");
        }
    }
}

// ---- a great many, and great ones

#[test]
fn a_hundred_thousand_calls_at_once_are_all_answered_in_order() {
    let mock = Mock::echo();
    let text = "
        (define items (map number->string (range 0 100000)))
        (define answers (map-async llm-query-async items #:max-concurrent #f))
        (equal? answers (map (lambda (i) (string-append \"echo:\" i)) items))";
    assert_eq!(run(&script(text).server(&mock)).value(), "#t");
    assert_eq!(mock.count(), 100_000);
}

#[test]
fn a_prompt_of_fifty_megabytes_is_answered() {
    let mock = Mock::start(|call| Reply::Text(call.text().len().to_string()));
    let ran = run(&script("(syntax-e (llm-query (make-string 50000000 #\\x)))").server(&mock));
    assert_eq!(ran.value(), "50000000");
}

#[test]
fn a_server_that_reads_slowly_gets_every_prompt() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    // It ends with the test's process: nothing tells it that the last connection has come.
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || while read_slowly(stream.as_ref().unwrap()).is_some() {});
        }
    });
    let text = "
        (define prompts (map (lambda (i) (string-append (number->string i) (make-string 1000000 #\\x))) (range 10 40)))
        (define answers (map-async llm-query-async prompts #:max-concurrent #f))
        (equal? answers (map (lambda (p) \"1000002\") prompts))";
    let mock = Mock::echo();
    assert_eq!(run(&script(text).server(&mock).env("OPENAI_BASE_URL", &base)).value(), "#t");
    assert_eq!(mock.count(), 0);
}

/// Reads one request at the pace of a bad line, and answers with the length of its prompt. `None` at the end.
fn read_slowly(mut stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    for piece in body.chunks_mut(64 << 10) {
        thread::sleep(Duration::from_millis(3)); // The fault itself, not a wait for something.
        reader.read_exact(piece).ok()?;
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let prompt = body["messages"][0]["content"].as_str().unwrap().len().to_string();
    let message = json!({ "role": "assistant", "content": prompt });
    let answer = json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }).to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
    stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat()).ok()
}

// ---- scripts that run away

/// Asserts that `--timeout` ends this script.
fn assert_times_out(text: &str) {
    let ran = run(&script(text).args(&["--timeout", "1"]));
    assert_error(&ran, 1, &["--timeout"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn an_endless_loop_is_ended_by_the_time_limit() {
    assert_times_out("(define (spin) (spin)) (spin)");
}

#[test]
fn an_endless_loop_in_a_fiber_is_ended_by_the_time_limit() {
    assert_times_out("(map-async (lambda (i) (let loop () (loop))) '(1 2))");
}

#[test]
fn an_endless_loop_in_a_spawned_fiber_is_ended_by_the_time_limit() {
    assert_times_out("(await (spawn (lambda () (let loop ([n 0]) (loop (+ n 1))))))");
}

#[test]
fn no_handler_keeps_a_script_beyond_the_time_limit() {
    assert_times_out("(let again () (with-handler (lambda (f) 'go-on) (let loop () (loop))) (again))");
}

#[test]
fn no_after_thunk_keeps_a_script_beyond_the_time_limit() {
    assert_times_out("(dynamic-wind (lambda () 0) (lambda () (let loop () (loop))) (lambda () (let loop () (loop))))");
}

#[test]
fn a_long_sleep_is_ended_by_the_time_limit() {
    assert_times_out("(sleep 1000)");
}

#[test]
fn a_call_under_way_is_ended_by_the_time_limit() {
    let mock = Mock::start(|_| Reply::Hang);
    let ran = run(&script("(llm-query \"hi\")").server(&mock).args(&["--timeout", "1"]));
    assert_error(&ran, 1, &["--timeout"]);
    mock.wait_gone(1);
}

#[cfg(feature = "python")]
#[test]
fn an_endless_loop_in_python_is_ended_by_the_time_limit() {
    assert_times_out(r#"(py-exec "while True: pass")"#);
}

#[cfg(feature = "python")]
#[test]
fn no_except_clause_keeps_python_beyond_the_time_limit() {
    assert_times_out(
        r#"(py-exec "
while True:
    try:
        while True: pass
    except BaseException: pass
")"#,
    );
}

#[cfg(feature = "python")]
#[test]
fn c_code_that_no_interrupt_reaches_is_ended_by_the_time_limit() {
    assert_times_out(r#"(py-eval "7 ** (10 ** 9)")"#);
}

#[cfg(feature = "python")]
#[test]
fn a_script_that_ignores_every_signal_is_ended_by_the_time_limit() {
    assert_times_out(
        r#"(py-exec "
import signal, threading
for s in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
threading.Event().wait()
")"#,
    );
}

/// Asserts that `--max-memory` ends this script.
fn assert_runs_out_of_memory(text: &str) {
    let ran = run(&script(text).args(&["--max-memory", "400MB", "--timeout", "50"]));
    assert_error(&ran, 1, &["--max-memory"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn ten_gigabytes_of_strings_are_ended_by_the_memory_limit() {
    assert_runs_out_of_memory("(length (map (lambda (i) (make-string 1000000 #\\x)) (range 0 10000)))");
}

#[test]
fn ten_gigabytes_of_pairs_are_ended_by_the_memory_limit() {
    assert_runs_out_of_memory("(let loop ([n 0] [all '()]) (if (= n 1000000000) 'done (loop (+ n 1) (cons n all))))");
}

#[test]
fn one_string_of_ten_gigabytes_is_ended_by_the_memory_limit() {
    assert_runs_out_of_memory("(string-length (make-string 10000000000 #\\x))");
}

#[cfg(feature = "python")]
#[test]
fn ten_gigabytes_in_python_are_ended_by_the_memory_limit() {
    assert_runs_out_of_memory(r#"(py-exec "rows = [b'x' * 1000000 + bytes([i % 256]) for i in range(10000)]")"#);
}

#[cfg(feature = "python")]
#[test]
fn one_python_list_of_ten_gigabytes_is_ended_by_the_memory_limit() {
    assert_runs_out_of_memory(r#"(py-exec "rows = [0] * (10 ** 10 // 8)")"#);
}

#[test]
fn infinite_recursion_is_an_error() {
    let text = "(define (count n) (+ 1 (count n))) (count 1)";
    let ran = run(&script(text).args(&["--max-memory", "400MB", "--timeout", "20"]));
    assert_error(&ran, 1, &["hint: "]);
}

#[cfg(feature = "python")]
#[test]
fn infinite_recursion_in_python_is_pythons_own_error() {
    let ran = run(&script("(py-exec \"def f(): f()\nf()\")").args(&["--timeout", "20"]));
    assert_error(&ran, 1, &["RecursionError"]);
}

// ---- Ctrl-C and SIGTERM

/// A thousand calls that the server holds.
const THOUSAND: &str =
    "(map-async (lambda (i) (llm-query-async (number->string i))) (range 0 1000) #:max-concurrent #f)";

/// Starts a run whose thousand calls hang: the run, and the processes below it.
fn hold_a_thousand(mock: &Mock) -> (Child, Vec<u32>) {
    let program = script(THOUSAND).server(mock);
    let child = program.start();
    mock.wait_for(1000);
    let family = family(&child);
    (child, family)
}

/// The zygote and its session.
fn family(child: &Child) -> Vec<u32> {
    let family = descendants(child.id());
    assert_eq!(family.len(), 2, "a zygote and a session");
    family
}

fn assert_interrupted(child: Child, family: &[u32], signal: Signal) {
    send(child.id(), signal);
    let ran = end_of(child);
    assert_error(&ran, 128 + signal.as_raw(), &["error: interrupted"]);
    assert_eq!(ran.stdout, "");
    wait_gone(family);
}

#[test]
fn ctrl_c_ends_a_thousand_calls() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    assert_interrupted(child, &family, Signal::INT);
    mock.wait_gone(1000);
}

#[test]
fn sigterm_ends_a_thousand_calls() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    assert_interrupted(child, &family, Signal::TERM);
    mock.wait_gone(1000);
}

/// Asserts that both signals end a script which has written "ready" to stderr.
fn assert_interruptible(text: &str) {
    for signal in [Signal::INT, Signal::TERM] {
        let program = script(text);
        let mut child = program.start();
        wait_for_stderr(&mut child, "ready");
        let family = family(&child);
        assert_interrupted(child, &family, signal);
    }
}

#[test]
fn ctrl_c_ends_an_endless_loop() {
    assert_interruptible("(eprintf \"ready~%\") (sleep 0.001) (let loop () (loop))");
}

#[cfg(feature = "python")]
#[test]
fn ctrl_c_ends_a_sleep_in_python() {
    assert_interruptible(r#"(py-exec "import os, time; os.write(2, b'ready\\n'); time.sleep(100)")"#);
}

#[cfg(feature = "python")]
#[test]
fn ctrl_c_ends_c_code_that_no_interrupt_reaches() {
    assert_interruptible(r#"(py-exec "import os; os.write(2, b'ready\\n'); x = 7 ** (10 ** 9)")"#);
}

#[test]
fn ctrl_c_ends_a_session_that_is_stopped() {
    let program = script("(eprintf \"ready~%\") (sleep 1000)");
    let mut child = program.start();
    wait_for_stderr(&mut child, "ready");
    let family = family(&child);
    send(family[1], Signal::STOP);
    assert_interrupted(child, &family, Signal::INT);
}

// ---- processes that die

#[test]
fn a_session_that_is_killed_is_an_error() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    send(family[1], Signal::KILL);
    assert_error(&end_of(child), 1, &["killed", "hint: "]);
    wait_gone(&family);
    mock.wait_gone(1000);
}

#[test]
fn a_zygote_that_is_killed_is_an_error() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    send(family[0], Signal::KILL);
    assert_error(&end_of(child), 1, &["zygote", "hint: "]);
    wait_gone(&family);
    mock.wait_gone(1000);
}

#[test]
fn a_host_that_is_killed_leaves_nothing_behind() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    send(child.id(), Signal::KILL);
    let ran = end_of(child);
    assert_eq!(ran.code, None, "{ran:?}");
    wait_gone(&family);
    mock.wait_gone(1000);
}

#[test]
fn a_host_that_is_killed_leaves_no_endless_loop_behind() {
    let program = script("(eprintf \"ready~%\") (sleep 0.001) (let loop () (loop))");
    let mut child = program.start();
    wait_for_stderr(&mut child, "ready");
    let family = family(&child);
    send(child.id(), Signal::KILL);
    assert_eq!(end_of(child).code, None);
    wait_gone(&family);
}

// ---- readers that go away

#[test]
fn a_reader_that_goes_away_ends_an_endless_script_quietly() {
    let program = script("(let loop ([n 0]) (displayln n) (loop (+ n 1)))");
    let mut child = program.start();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "0\n");
    let family = descendants(child.id());
    let ran = end_of(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    wait_gone(&family);
}

#[test]
fn a_reader_that_goes_away_before_the_value_is_no_error() {
    for json in [&[][..], &["--json"]] {
        let program = script("(+ 1 2)").args(json);
        let mut child = program.start();
        drop(child.stdout.take());
        let ran = end_of(child);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_value_is_given_though_nobody_reads_stderr() {
    let program = script("(eprintf \"to nobody~%\") (sleep 0.001) (eprintf \"again~%\") (sleep 0.001) 42");
    let mut child = program.start();
    drop(child.stderr.take());
    assert_eq!(end_of(child).value(), "42");
}

// ---- errors in their forms

#[test]
fn a_json_error_has_class_message_hint_and_line() {
    let (ran, error) = json_error(script("(define x '(1 2))\n\n  (lenght x)\n"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!((&error["class"], &error["line"]), (&json!("script"), &json!(3)), "{error}");
    assert!(error["message"].as_str().unwrap().contains("lenght"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("`length`"), "{error}");
}

#[cfg(feature = "python")]
#[test]
fn a_python_error_has_its_class_and_line() {
    let (ran, error) = json_error(script("\n(py-eval \"1 / 0\")"));
    assert_eq!(ran.code, Some(1));
    assert_eq!((&error["class"], &error["line"]), (&json!("python"), &json!(2)), "{error}");
    assert!(error["message"].as_str().unwrap().contains("ZeroDivisionError"), "{error}");
}

#[test]
fn a_script_that_is_missing_is_a_usage_error() {
    let program = script("");
    std::fs::remove_file(program.path()).unwrap();
    let ran = run(&program);
    assert_error(&ran, 2, &["script.scm", "hint: "]);
    assert_eq!(ran.stdout, "");
    let (ran, error) = json_error(program);
    assert_eq!((ran.code, &error["class"], &error["line"]), (Some(2), &json!("usage"), &Value::Null));
    assert!(error["hint"].is_string(), "{error}");
}

#[test]
fn a_script_that_is_no_text_is_a_usage_error() {
    let program = script("");
    std::fs::write(program.path(), b"(+ 1 2) ; caf\xe9").unwrap();
    assert_error(&run(&program), 2, &["script.scm", "UTF-8", "hint: "]);
}

#[test]
fn a_script_that_is_a_folder_is_a_usage_error() {
    let program = script("");
    std::fs::remove_file(program.path()).unwrap();
    std::fs::create_dir(program.path()).unwrap();
    assert_error(&run(&program), 2, &["script.scm", "hint: "]);
}

#[test]
fn wrong_flags_are_usage_errors_that_say_what_is_right() {
    for (arguments, cure) in [
        (&["--max-concurent", "5"][..], "--max-concurrent"),
        (&["--timeout", "x"], "write `90`"),
        (&["--timeout=-1"], "write `90`"),
        (&["--max-memory", "lots"], "write `500MB`"),
        (&["--max-concurrent", "0"], "above zero"),
    ] {
        let ran = run(&script("(+ 1 2)").args(arguments));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?} {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
        assert!(ran.stderr.contains(cure), "{arguments:?}: no `{cure}` in {}", ran.stderr);
    }
}

// ---- what a script can reach

#[cfg(feature = "python")]
#[test]
fn a_script_finds_no_key_in_its_environment() {
    let text = r#"(py-exec "
import os
try: environ = open('/proc/self/environ').read()
except OSError: environ = ''
print('HOME' in os.environ, 'OPENAI_API_KEY' in os.environ, 'sk-secret' in str(os.environ) + environ)
")"#;
    let ran = run(&script(text).env("OPENAI_API_KEY", "sk-secret-123").env("HOME", "/tmp"));
    assert_eq!(ran.value(), "True False False");
}

#[cfg(feature = "python")]
#[test]
fn what_c_code_writes_to_descriptor_1_goes_to_stderr() {
    let text = r#"(py-exec "import os; os.write(1, b'from C\\n'); os.system('echo from sh')") 42"#;
    for json in [false, true] {
        let program = script(text);
        let ran = run(&if json { program.args(&["--json"]) } else { program });
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(json || ran.stdout == "42\n", "{ran:?}");
        assert!(!ran.stdout.contains("from") && ran.stderr.contains("from C\n"), "{ran:?}");
    }
}

#[cfg(feature = "python")]
#[test]
fn a_script_that_writes_into_the_sessions_socket_ends_itself_alone() {
    let text = r#"(py-exec "
import os
for fd in range(3, 64):
    try: os.write(fd, b'garbage ' * 100)
    except OSError: pass
") (sleep 1000)"#;
    assert_error(&run(&script(text)), 1, &["hint: "]);
}
