//! Answers that must be JSON or fit a schema, asked of a server that gives all sorts.

use crate::mock::{Call, Mock, Reply};
use bessemer::{
    llm::{Answer, Failure, Message, Model, Request, router},
    wire::{FailureClass, JsonMode, Role, Usage},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const NAMES: &str = r#"{"type": "array", "items": {"type": "string"}}"#;
const PERSON: &str = r#"{"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}},
    "required": ["age"], "additionalProperties": false}"#;

fn stack(mock: &Mock) -> Arc<dyn Model> {
    let (openai_base, default_model) = (Some(mock.base_url()), Some("mock".into()));
    router::stack(router::Settings { openai_base, default_model, ..Default::default() })
}

fn request(schema: Option<&str>, json: JsonMode) -> Request {
    let messages = vec![Message::new(Role::System, "i"), Message::new(Role::User, "d")];
    let timeout = Duration::from_secs(20);
    Request { messages, schema: schema.map(Into::into), json, timeout, ..Request::default() }
}

/// Gives these texts in turn.
fn says(texts: &'static [&'static str]) -> Mock {
    Mock::start(move |call| Reply::Usage { text: texts[call.n].into(), input: 10, output: 5, finish: "stop" })
}

async fn fitting(mock: &Mock, schema: &str) -> Result<Answer, Failure> {
    stack(mock).complete(&request(Some(schema), JsonMode::Off)).await
}

async fn json(mock: &Mock, mode: JsonMode) -> Result<Answer, Failure> {
    stack(mock).complete(&request(None, mode)).await
}

#[tokio::test]
async fn json_is_unfenced_and_asked_for_again_when_prose_stands_round_it() {
    let mock = says(&["```json\n[1]\n```", "Here you are: [2]. Enjoy!", "[3]"]);
    assert_eq!(&*json(&mock, JsonMode::Asked).await.unwrap().text, "[1]");
    let mock = says(&["Here you are: [2]. Enjoy!", "[3]"]);
    let answer = json(&mock, JsonMode::Asked).await.unwrap();
    assert_eq!((&*answer.text, answer.attempts), ("[3]", 2));
    assert_eq!(answer.usage, Usage { input: 20, output: 10, ..Usage::default() });
}

#[tokio::test]
async fn an_array_under_object_mode_comes_as_the_object_that_the_provider_makes() {
    let mock = Mock::start(|call| Reply::json(call, "[1]"));
    assert_eq!(&*json(&mock, JsonMode::Object).await.unwrap().text, r#"{"items": [1]}"#);
    assert_eq!(&*json(&mock, JsonMode::Asked).await.unwrap().text, "[1]");
}

#[tokio::test]
async fn json_that_is_none_twice_fails_and_is_paid_for() {
    let mock = says(&["no", "still no"]);
    let failure = json(&mock, JsonMode::Asked).await.unwrap_err();
    assert_eq!((failure.class, failure.attempts), (FailureClass::InvalidJson, 2));
    assert_eq!(failure.usage, Usage { input: 20, output: 10, ..Usage::default() });
}

#[tokio::test]
async fn a_failure_of_the_second_asking_keeps_what_the_first_took() {
    let mock = Mock::start(|call| match call.n {
        0 => Reply::Usage { text: "no".into(), input: 10, output: 5, finish: "stop" },
        _ => Reply::Status(401, vec![], String::new()),
    });
    let failure = json(&mock, JsonMode::Asked).await.unwrap_err();
    assert_eq!((failure.class, failure.usage.output, failure.attempts), (FailureClass::Auth, 5, 2));
}

#[tokio::test]
async fn a_schema_goes_to_the_provider_and_a_violation_is_asked_for_once_more() {
    let mock = says(&[r#"{"age": -1}"#, r#"{"age": 7}"#]);
    let answer = fitting(&mock, PERSON).await.unwrap();
    assert_eq!((&*answer.text, answer.attempts, answer.usage.input), (r#"{"age": 7}"#, 2, 20));
    let [first, second] = mock.bodies().try_into().unwrap();
    let format = &first["response_format"];
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"], serde_json::from_str::<Value>(PERSON).unwrap());
    assert_eq!(first["messages"].as_array().unwrap().len(), 2);
    let again = second["messages"][3]["content"].as_str().unwrap();
    assert!(["`/age`", "-1", PERSON].iter().all(|word| again.contains(word)), "{again}");
    assert_eq!(second["response_format"], *format);
}

#[tokio::test]
async fn an_answer_that_violates_its_schema_twice_fails_as_schema() {
    let mock = says(&[r#"{"age": -1}"#, r#"{"age": "7"}"#]);
    let failure = fitting(&mock, PERSON).await.unwrap_err();
    assert_eq!((failure.class, failure.usage.input), (FailureClass::Schema, 20));
    assert!(failure.message.contains("`/age`") && failure.message.contains("twice"), "{failure}");
    assert_eq!(fitting(&says(&["{", "{"]), PERSON).await.unwrap_err().class, FailureClass::InvalidJson);
}

#[tokio::test]
async fn a_schema_without_an_object_at_its_top_is_wrapped_and_unwrapped() {
    let mock = Mock::start(|call| {
        let schema = &call.body["response_format"]["json_schema"]["schema"];
        assert_eq!(schema["properties"]["value"], serde_json::from_str::<Value>(NAMES).unwrap());
        Reply::Text(r#"{"value": ["a", "b"]}"#.into())
    });
    assert_eq!(&*fitting(&mock, NAMES).await.unwrap().text, r#"["a","b"]"#);
}

/// A server without structured output, and perhaps without object mode, that reads the schema in its instruction.
fn wordy(object_mode: bool) -> impl Fn(&Call) -> Reply {
    move |call| match call.body["response_format"]["type"].as_str() {
        Some("json_object") if object_mode => Reply::json(call, r#"{"age": 1}"#),
        Some(_) => Reply::refuse("response_format"),
        None if call.system().contains("integer") => Reply::Text(r#"{"age": 2}"#.into()),
        None if call.system().contains("string") => Reply::Text(r#"["a"]"#.into()),
        None => Reply::Text("no schema was given".into()),
    }
}

#[tokio::test]
async fn a_refused_response_format_is_replaced_by_words_and_remembered() {
    for (object_mode, text, calls) in [(true, r#"{"age": 1}"#, 2), (false, r#"{"age": 2}"#, 3)] {
        let mock = Mock::start(wordy(object_mode));
        let model = stack(&mock);
        for more in 0..2 {
            let answer = model.complete(&request(Some(PERSON), JsonMode::Off)).await.unwrap();
            assert_eq!((&*answer.text, answer.attempts, mock.count()), (text, 1, calls + more));
        }
        let answer = model.complete(&request(Some(NAMES), JsonMode::Off)).await.unwrap();
        assert_eq!((&*answer.text, mock.count()), (r#"["a"]"#, calls + 2));
    }
}

#[tokio::test]
async fn a_schema_that_the_provider_alone_cannot_take_is_put_into_words_for_that_call() {
    let mock = Mock::start(|call| match call.body["response_format"]["json_schema"]["schema"]["title"].as_str() {
        Some("odd") => {
            let error =
                json!({ "message": "Invalid schema for response_format 'answer': no.", "param": "response_format" });
            Reply::Status(400, vec![], json!({ "error": error }).to_string())
        }
        _ => Reply::Text("{}".into()),
    });
    let model = stack(&mock);
    for title in ["odd", "even"] {
        let schema = json!({ "type": "object", "title": title }).to_string();
        assert_eq!(&*model.complete(&request(Some(&schema), JsonMode::Off)).await.unwrap().text, "{}");
    }
    let formats: Vec<Value> = mock.bodies().iter().map(|b| b["response_format"]["type"].clone()).collect();
    assert_eq!(formats, ["json_schema", "json_object", "json_schema"]);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not() {
    let mock = says(&[]);
    for (schema, extra) in [(Some(r#"{"type": "strin"}"#), None), (None, Some(r#"{"stream": true}"#))] {
        let request = Request { extra: extra.map(Into::into), ..request(schema, JsonMode::Off) };
        let failure = stack(&mock).complete(&request).await.unwrap_err();
        assert_eq!((failure.class, failure.attempts), (FailureClass::BadRequest, 0), "{failure}");
    }
    assert_eq!(mock.count(), 0);
}
