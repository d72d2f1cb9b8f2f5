//! The provider against a server of a few lines on the loopback.

use super::*;
use crate::{
    llm::{Message, Model, retry::Retry},
    wire::{FailureClass, Role, Sampling},
};
use serde_json::Value;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

const OK: &str = r#"{"model":"m-1","choices":[{"message":{"content":"fine"},"finish_reason":"stop"}]}"#;

fn reply(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.split("content-length: ").nth(1).and_then(|t| t.lines().next()?.parse().ok());
            if bytes.len() == end + 4 + length.unwrap_or(0) {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                return Some((head, serde_json::from_slice(&bytes[end + 4..]).unwrap()));
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return None;
        }
    }
}

/// Answers one request after another, each on a connection of its own, and gives what was asked.
async fn server(replies: Vec<String>) -> (String, JoinHandle<Vec<(String, Value)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut asked = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.push(read_request(&mut stream).await.unwrap());
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
        asked
    });
    (base, task)
}

fn request(retries: u32) -> Request {
    Request {
        model: Some("m".into()),
        messages: vec![Message::new(Role::User, "hi")],
        sampling: Sampling { temperature: Some(0.0), max_tokens: Some(5), ..Sampling::default() },
        timeout: Duration::from_secs(20),
        retries,
        ..Request::default()
    }
}

fn model(base: &str) -> Retry<OpenAi> {
    Retry::new(OpenAi::new(base, Some("sk-hidden".into())).unwrap()).base(Duration::ZERO)
}

#[tokio::test]
async fn a_call_goes_out_and_comes_back() {
    let (base, asked) = server(vec![reply("200 OK", OK)]).await;
    let answer = model(&base).complete(&request(0)).await.unwrap();
    assert_eq!((&*answer.text, &*answer.model, answer.attempts), ("fine", "m-1", 1));
    let (head, body) = &asked.await.unwrap()[0];
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1"), "{head}");
    assert!(head.contains("authorization: Bearer sk-hidden") && head.contains("application/json"), "{head}");
    assert_eq!(body["messages"][0]["content"], "hi");
}

#[tokio::test]
async fn a_refused_parameter_is_left_out_and_remembered() {
    let refusal = |name: &str| {
        let body = format!(r#"{{"error":{{"code":"unsupported_parameter","param":"{name}","message":"x"}}}}"#);
        reply("400 Bad Request", &body)
    };
    let replies = vec![refusal("temperature"), refusal("max_tokens"), reply("200 OK", OK), reply("200 OK", OK)];
    let (base, asked) = server(replies).await;
    let model = model(&base);
    assert_eq!(model.complete(&request(0)).await.unwrap().attempts, 1);
    model.complete(&request(0)).await.unwrap();
    let asked = asked.await.unwrap();
    let keys = |i: usize| asked[i].1.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(0), ["max_tokens", "messages", "model", "temperature"]);
    assert_eq!(keys(1), ["max_tokens", "messages", "model"]);
    assert_eq!(keys(2), ["max_completion_tokens", "messages", "model"]);
    assert_eq!(keys(3), keys(2));
}

#[tokio::test]
async fn a_cut_answer_and_a_busy_server_are_asked_again() {
    let cut = reply("200 OK", OK).replace("fine", "fi");
    let replies = vec![cut, reply("503 Busy", ""), "HTTP/1.1 nonsense".into(), reply("200 OK", OK)];
    let (base, asked) = server(replies).await;
    let answer = model(&base).complete(&request(3)).await.unwrap();
    assert_eq!((&*answer.text, answer.attempts, asked.await.unwrap().len()), ("fine", 4, 4));
}

#[tokio::test]
async fn a_key_that_the_server_repeats_is_hidden() {
    let (base, _asked) = server(vec![reply("400 Bad Request", r#"{"error":{"message":"odd: sk-hidden"}}"#)]).await;
    let failure = model(&base).complete(&request(0)).await.unwrap_err();
    assert!(failure.message.ends_with("odd: [key]"), "{failure}");
    let shown = format!("{:?}", model("http://user:pw@localhost:1/v1").complete(&request(0)).await);
    assert!(!shown.contains("pw") && shown.contains("Network"), "{shown}");
    assert!(!format!("{:?}", OpenAi::new(DEFAULT_BASE, Some("sk-hidden".into()))).contains("sk-hidden"));
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let request = Request { timeout: Duration::from_millis(50), ..request(1) };
    let failure = model(&base).complete(&request).await.unwrap_err();
    assert_eq!((failure.class, failure.attempts, failure.transient), (FailureClass::Timeout, 2, true));
    assert!(failure.message.contains("0.05 s"), "{failure}");
}

#[test]
fn bad_settings_are_named() {
    for (base, key, want) in [
        ("localhost:8000/v1", None, "OPENAI_BASE_URL"),
        ("/v1", None, "OPENAI_BASE_URL"),
        (DEFAULT_BASE, Some("a\nb".into()), "OPENAI_API_KEY"),
    ] {
        let message = OpenAi::new(base, key).unwrap_err().message;
        assert!(message.contains(want), "{message}");
    }
}
