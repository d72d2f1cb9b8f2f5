//! Providers that misbehave, calls in great numbers, and great ones.

use super::{assert_error, assert_fails_for_good, json_error, run};
use crate::{
    mock::{Mock, Reply},
    program::script,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

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
fn plain_http_goes_by_the_proxy_that_the_environment_names() {
    let proxy = Mock::start(|call| Reply::Text(call.path.clone()));
    let ask = |no_proxy: &str| {
        let there = "http://models.invalid/v1";
        let asked = script("(syntax-e (llm-query \"hi\" #:retries 0))").server(&proxy).env("OPENAI_BASE_URL", there);
        run(&asked.env("http_proxy", &proxy.root_url()).env("no_proxy", no_proxy))
    };
    assert_eq!(ask("elsewhere.invalid").value(), "http://models.invalid/v1/chat/completions");
    assert!(ask("models.invalid").stderr.contains("cannot connect to http://models.invalid/v1"));
    assert_eq!(proxy.count(), 1);
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
