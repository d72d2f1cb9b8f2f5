//! The mock provider keeps its promises: the tests of everything else rest on them.

use std::thread;
use std::time::Duration;

use crate::mock::{Mock, Reply, Step};
use reqwest::{Client, Response};
use serde_json::{Value, json};

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default(); // Err: another test was first.
    Client::builder().no_proxy().build().unwrap()
}

async fn send(client: &Client, mock_url: &str, text: &str) -> reqwest::Result<Response> {
    let messages = json!([{ "role": "system", "content": "be brief" }, { "role": "user", "content": text }]);
    let body = json!({ "model": "m", "messages": messages }).to_string();
    client.post(format!("{mock_url}/chat/completions")).body(body).send().await
}

async fn ask(client: &Client, mock: &Mock, text: &str) -> reqwest::Result<Value> {
    let body = send(client, &mock.base_url(), text).await?.bytes().await?;
    Ok(serde_json::from_slice(&body).expect("the mock answers in JSON"))
}

fn text(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

#[tokio::test]
async fn echo_answers_the_last_user_message() {
    let (mock, client) = (Mock::echo(), client());
    let answer = ask(&client, &mock, "één").await.unwrap();
    assert_eq!(text(&answer), "echo:één");
    assert_eq!(answer["model"], "m");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5 }));
    assert_eq!(text(&ask(&client, &mock, "two").await.unwrap()), "echo:two");
    assert_eq!(mock.calls(), ["één", "two"]);
    assert_eq!((mock.count(), mock.bodies().len(), mock.peak(), mock.gone()), (2, 2, 1, 0));
    assert_eq!(mock.last_body()["messages"][1]["content"], "two");
}

#[tokio::test]
async fn reply_sees_index_system_message_and_headers() {
    let mock = Mock::start(|call| {
        let host = call.header("HOST").unwrap();
        assert!(call.headers.iter().any(|(name, _)| name == "host"));
        Reply::Text(format!("{} {} {}", call.n, call.system(), host.starts_with("127.0.0.1:")))
    });
    let client = client();
    assert_eq!(text(&ask(&client, &mock, "a").await.unwrap()), "0 be brief true");
    assert_eq!(text(&ask(&client, &mock, "b").await.unwrap()), "1 be brief true");
}

#[tokio::test(flavor = "multi_thread")]
async fn peak_counts_requests_held_at_once_and_departures_are_noticed() {
    let mock = Mock::start(|call| if call.text() == "hold" { Reply::Hang } else { Reply::Text("ok".into()) });
    let client = client();
    let held: Vec<_> = (0..300)
        .map(|_| {
            let (client, url) = (client.clone(), mock.base_url());
            tokio::spawn(async move { send(&client, &url, "hold").await })
        })
        .collect();
    mock.wait_for(300);
    assert_eq!((mock.in_flight(), mock.peak(), mock.gone()), (300, 300, 0));
    held.iter().for_each(|call| call.abort());
    mock.wait_gone(300);
    assert_eq!((mock.in_flight(), mock.gone()), (0, 300));
    assert_eq!(text(&ask(&client, &mock, "go").await.unwrap()), "ok");
    mock.wait_idle();
    assert_eq!((mock.count(), mock.peak(), mock.gone()), (301, 300, 300));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_leaves_during_a_delay_is_noticed() {
    let mock = Mock::start(|_| Reply::After(Duration::from_secs(3600), Box::new(Reply::Text("late".into()))));
    let (client, url) = (client(), mock.base_url());
    let call = tokio::spawn(async move { send(&client, &url, "x").await });
    mock.wait_for(1);
    call.abort();
    mock.wait_gone(1);
    assert_eq!(mock.in_flight(), 0);
}

#[test]
fn wait_for_returns_when_they_have_arrived() {
    let mock = Mock::start(|_| Reply::After(Duration::from_millis(1), Box::new(Reply::Text("ok".into()))));
    mock.wait_for(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(ask(&client(), &mock, "x")).unwrap()
            });
        }
        mock.wait_for(3);
        assert_eq!(mock.count(), 3);
    });
    assert_eq!(mock.gone(), 0);
}

#[tokio::test]
async fn cut_close_and_raw_are_errors_but_no_departures() {
    let mock = Mock::start(|call| match call.text() {
        "cut" => Reply::Cut("half of this".into()),
        "close" => Reply::Close,
        _ => Reply::Raw(b"220 smtp ready\r\n".to_vec()),
    });
    let client = client();
    let cut = send(&client, &mock.base_url(), "cut").await.unwrap();
    assert!(cut.status().is_success() && cut.content_length().is_some_and(|length| length > 100));
    assert!(cut.bytes().await.is_err());
    assert!(send(&client, &mock.base_url(), "close").await.is_err());
    assert!(send(&client, &mock.base_url(), "raw").await.is_err());
    assert_eq!(mock.gone(), 0);
}

#[tokio::test]
async fn status_headers_and_body_are_as_told() {
    let mock = Mock::start(|_| Reply::Status(429, vec![("retry-after", "7".into())], "{\"error\":1}".into()));
    let answer = send(&client(), &mock.base_url(), "x").await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(answer.text().await.unwrap(), "{\"error\":1}");
}

#[tokio::test]
async fn drip_huge_and_usage_arrive_whole() {
    let mock = Mock::start(|call| match call.text() {
        "drip" => Reply::Drip("d".repeat(1000), Duration::ZERO),
        "huge" => Reply::Huge(20_000_000),
        _ => Reply::Usage { text: "u".into(), input: 10, output: 20, finish: "length" },
    });
    let client = client();
    assert_eq!(text(&ask(&client, &mock, "drip").await.unwrap()).len(), 1000);
    assert_eq!(text(&ask(&client, &mock, "huge").await.unwrap()).len(), 20_000_000);
    let usage = ask(&client, &mock, "usage").await.unwrap();
    assert_eq!(
        (&usage["choices"][0]["finish_reason"], &usage["usage"]["total_tokens"]),
        (&json!("length"), &json!(30))
    );
}

#[tokio::test]
async fn streams_refusals_and_types_are_as_told() {
    let mock = Mock::start(|call| match call.text() {
        "stream" => Reply::Stream(vec![Step::Say("a"), Step::Say("b")]),
        "cut" => Reply::Stream(vec![Step::Say("a"), Step::Cut]),
        "typed" => Reply::Typed("text/html", "x".into()),
        _ => Reply::refuse("seed"),
    });
    let client = client();
    let streamed = send(&client, &mock.base_url(), "stream").await.unwrap();
    assert_eq!(streamed.headers()["content-type"], "text/event-stream");
    let body = streamed.text().await.unwrap();
    assert!(body.matches("\"content\":").count() == 2 && body.ends_with("data: [DONE]\n\n"), "{body}");
    assert!(send(&client, &mock.base_url(), "cut").await.unwrap().text().await.is_err());
    let typed = send(&client, &mock.base_url(), "typed").await.unwrap();
    assert_eq!(typed.headers()["content-type"], "text/html");
    let refused = send(&client, &mock.base_url(), "refused").await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("\"param\":\"seed\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_mock_ends_what_it_holds() {
    let mock = Mock::start(|_| Reply::Hang);
    let (client, url) = (client(), mock.base_url());
    let call = tokio::spawn(async move { send(&client, &url, "x").await });
    mock.wait_for(1);
    drop(mock);
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
#[should_panic(expected = "not this one")]
async fn panic_in_a_reply_is_raised_in_the_test() {
    let mock = Mock::start(|_| panic!("not this one"));
    assert!(send(&client(), &mock.base_url(), "x").await.is_err());
}
