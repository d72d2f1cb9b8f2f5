//! Whole fan-outs over providers that misbehave: nothing is lost, nothing is bought in vain, and they end.

use crate::{
    mock::{Mock, Reply, STREAMS},
    program::{Program, script},
};
use serde_json::{Value, json};
use std::{collections::HashMap, io::Write, net::TcpListener, sync::Mutex, thread, time::Duration};

/// The share of items whose first request meets a fault, in per cent, and what fault.
fn fault(item: usize) -> Option<Reply> {
    match item * 37 % 100 {
        0..5 => Some(Reply::Status(429, vec![("retry-after", "0".into())], "slow down".into())),
        5..8 => Some(Reply::Status(500, vec![], "oops".into())),
        8 => Some(Reply::Cut("not this".into())),
        9 => Some(Reply::Hang),
        _ => None,
    }
}

#[test]
fn two_thousand_items_survive_a_server_with_every_fault() {
    let seen: Mutex<HashMap<usize, usize>> = Mutex::default();
    let mock = Mock::start(move |call| {
        let item: usize = call.text().parse().unwrap();
        let times = {
            let mut seen = seen.lock().unwrap();
            let times = seen.entry(item).or_default();
            *times += 1;
            *times
        };
        // Every second item that is faulty stays so.
        let faulty = times == 1 || item % 2 == 1;
        fault(item).filter(|_| faulty).unwrap_or_else(|| Reply::Text(format!("echo:{item}")))
    });
    let text = r#"
(define answers
  (map-async (lambda (i) (llm-query-async (number->string i) #:timeout 3 #:retries 1)) (range 0 2000)
             #:max-concurrent 200 #:on-error 'keep))
(for-each (lambda (a) (displayln (if (failure? a) (failure-class a) a))) answers)"#;
    let ran = script(text).server(&mock).args(&["--timeout", "120"]).run();
    let lines: Vec<&str> = ran.value().lines().collect();
    assert_eq!(lines.len(), 2000, "none is lost, none comes twice");
    for (item, line) in lines.iter().enumerate() {
        let wanted = match fault(item).filter(|_| item % 2 == 1) {
            Some(Reply::Status(429, ..)) => "rate-limit".into(),
            Some(Reply::Status(..)) => "server".into(),
            Some(Reply::Cut(_)) => "network".into(),
            Some(_) => "timeout".into(),
            None => format!("echo:{item}"),
        };
        assert_eq!(*line, wanted, "item {item}");
    }
    let faults = (0..2000).filter(|item| fault(*item).is_some()).count();
    assert_eq!((faults, mock.count()), (200, 2000 + faults), "each fault costs one more request");
}

#[test]
fn a_fault_that_stops_every_call_stops_the_fan_out() {
    for (status, code, class) in [
        (401, "invalid_api_key", "auth"),
        (404, "model_not_found", "unknown-model"),
        (429, "insufficient_quota", "quota"),
    ] {
        let mock = Mock::start(move |_| {
            let error = json!({ "message": "no", "type": code, "param": null, "code": code });
            Reply::Status(status, vec![], json!({ "error": error }).to_string())
        });
        let text = "(map-async llm-query-async (map number->string (range 0 1000)) #:max-concurrent 50)";
        let ran = script(text).server(&mock).run();
        assert_eq!((ran.code, &*ran.stdout), (Some(4), ""), "{ran:?}");
        assert_eq!(ran.stderr.matches("error: ").count(), 1, "{ran:?}");
        assert!(mock.count() <= 100, "{class}: {} requests", mock.count());
        let object = script(text).server(&mock).json();
        assert_eq!(object["status"], "error", "{object}");
        assert!(object["error"]["message"].as_str().unwrap().contains(class), "{object}");
    }
}

/// A run whose calls go to a server behind TLS that it trusts.
fn trusting(text: &str, mock: &Mock, folder: &tempfile::TempDir) -> Program {
    let path = folder.path().join("certificate.pem");
    std::fs::write(&path, mock.certificate()).unwrap();
    script(text).server(mock).env("SSL_CERT_FILE", path.to_str().unwrap())
}

const THREE_HUNDRED: &str = "(map-async llm-query-async (map number->string (range 0 300)) #:max-concurrent #f)";

#[test]
fn three_hundred_calls_are_in_flight_at_a_server_that_offers_http2() {
    let mock = Mock::start_tls(|_| Reply::Hang);
    let folder = tempfile::TempDir::new().unwrap();
    let program = trusting(THREE_HUNDRED, &mock, &folder);
    let mut child = program.start();
    mock.wait_for(300);
    assert_eq!(mock.peak(), 300);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// That the test above can fail: a client which takes HTTP/2 has a connection's streams and no more.
#[tokio::test(flavor = "multi_thread")]
async fn http2_would_cap_the_calls_in_flight() {
    let mock = Mock::start_tls(|_| Reply::After(Duration::from_millis(100), Box::new(Reply::Text("ok".into()))));
    let trusted = reqwest::Certificate::from_pem(mock.certificate().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap();
    let ask = || {
        let post = client.post(format!("{}/chat/completions", mock.base_url())).body("{\"messages\":[]}");
        tokio::spawn(async move { post.send().await.unwrap().version() })
    };
    // The first one finds out which protocol the server speaks; those that came with it would connect for themselves.
    ask().await.unwrap();
    for call in (0..300).map(|_| ask()).collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), reqwest::Version::HTTP_2);
    }
    assert_eq!((mock.count(), mock.peak()), (301, STREAMS as usize));
}

#[test]
fn calls_go_through_tls_to_a_server_that_is_trusted_and_to_no_other() {
    let mock = Mock::start_tls(|call| Reply::Text(format!("echo:{}", call.text())));
    let folder = tempfile::TempDir::new().unwrap();
    let text = "(syntax-e (llm-query \"hi\" #:retries 0))";
    assert_eq!(trusting(text, &mock, &folder).run().value(), "echo:hi");
    let other = Mock::start_tls(|_| Reply::Hang);
    let ran = trusting(text, &other, &folder).env("OPENAI_BASE_URL", &mock.base_url()).run();
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("certificate"), "{ran:?}");
    assert_eq!(mock.count(), 1);
}

/// The error of a run whose server is at this address.
fn error_at(base: &str) -> Value {
    let mock = Mock::echo();
    let object = script("(llm-query \"hi\" #:retries 0)").server(&mock).env("OPENAI_BASE_URL", base).json();
    assert_eq!(mock.count(), 0);
    object["error"].clone()
}

#[test]
fn an_address_that_cannot_serve_is_named_with_its_class() {
    // It says what web servers say to bytes that are no HTTP. It ends with the test's process.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = format!("https://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let tls = Mock::start_tls(|_| Reply::Hang);
    let gone = "http://127.0.0.1:1/v1";
    assert!(error_at(gone)["message"].as_str().unwrap().contains("check `OPENAI_BASE_URL`"));
    let mistaken = error_at(&plain);
    assert!(mistaken["message"].as_str().unwrap().contains("begin with `http://`"), "{mistaken}");
    for (base, class) in [
        (plain, "network"),
        (tls.base_url().replace("https:", "http:"), "network"),
        ("http://".into(), "bad-request"),
        ("nonsense".into(), "bad-request"),
        ("ftp://localhost/v1".into(), "bad-request"),
    ] {
        let error = error_at(&base);
        assert_eq!(error["class"], class, "{base} {error}");
        let said = error.to_string();
        assert!(said.contains("OPENAI_BASE_URL") || said.contains(base.as_str()), "{said}");
    }
}
