//! Answers that must be JSON: asked for in the instruction, unfenced, checked, and asked for once more.
//!
//! Not here: schemas, and the mending of broken JSON: a model that is told what the parser said does it better than a
//! guess would.

use super::{Answer, Failure, Message, Model, Pending, Request, Text};
use crate::wire::{FailureClass, JsonMode, Role};
use serde_json::Value;

/// What the system message is extended by.
pub const ASK: &str =
    "Answer with bare JSON and nothing else: one object or array, no prose before or after it, no Markdown fence.";

/// How much of a bad answer a failure shows, in characters.
const EXCERPT: usize = 200;

/// A model whose answers are bare JSON where the request wants that; other requests pass through untouched.
#[derive(Debug)]
pub struct Json<M>(
    /// The model that is asked.
    pub M,
);

impl<M: Model> Json<M> {
    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let mut asked = instructed(request);
        let first = self.0.complete(&asked).await?;
        let problem = match bare(&first.text) {
            Ok(text) => return Ok(Answer { text: slice(&first.text, text), ..first }),
            Err(problem) => problem,
        };
        tracing::debug!(model = %first.model, "an answer is not JSON and is asked for once more: {problem}");
        // Some servers refuse an empty message.
        if !first.text.is_empty() {
            asked.messages.push(Message { role: Role::Assistant, text: first.text.clone() });
        }
        let again = format!("That answer is not bare JSON: {problem}. {ASK}");
        asked.messages.push(Message { role: Role::User, text: again.into() });

        let second = match self.0.complete(&asked).await {
            Ok(second) => second,
            Err(failure) => return Err(Failure { attempts: failure.attempts + first.attempts, ..failure }),
        };
        let attempts = first.attempts + second.attempts;
        match bare(&second.text) {
            Ok(text) => Ok(Answer {
                text: slice(&second.text, text),
                usage: crate::wire::Usage {
                    input: first.usage.input + second.usage.input,
                    output: first.usage.output + second.usage.output,
                    cached: first.usage.cached + second.usage.cached,
                },
                cost_usd: first.cost_usd.zip(second.cost_usd).map(|(a, b)| a + b),
                latency: first.latency + second.latency,
                attempts,
                ..second
            }),
            Err(problem) => {
                let excerpt: String = second.text.chars().take(EXCERPT).collect();
                let cut = if &*second.finish_reason == "length" { "; it was cut off at the token limit" } else { "" };
                let message = format!("the answer is not JSON, asked for twice: {problem}{cut}; it begins {excerpt:?}");
                let model = Some(second.model);
                Err(Failure { model, attempts, ..Failure::new(FailureClass::InvalidJson, message) })
            }
        }
    }
}

impl<M: Model> Model for Json<M> {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        match request.json {
            JsonMode::Off => self.0.complete(request),
            JsonMode::Asked | JsonMode::Object => Box::pin(self.run(request)),
        }
    }
}

/// The request with [`ASK`] at the end of its system message, or with one that says only that.
fn instructed(request: &Request) -> Request {
    let mut request = request.clone();
    match request.messages.iter_mut().find(|m| m.role == Role::System) {
        Some(system) => system.text = format!("{}\n\n{ASK}", &*system.text).into(),
        None => request.messages.insert(0, Message { role: Role::System, text: ASK.into() }),
    }
    request
}

/// The JSON within an answer: a fence and white space round it do not count. `Err` says what is wrong with it.
fn bare(answer: &str) -> Result<&str, String> {
    let mut text = answer.trim();
    if let Some(fenced) = text.strip_prefix("```").and_then(|t| t.strip_suffix("```")) {
        // The fence's language; JSON that counts begins with a bracket, so none of it is lost.
        text = fenced.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim();
    }
    // A whole `Value` rather than `IgnoredAny`, which would let lone surrogates and bottomless nesting through.
    match serde_json::from_str(text) {
        Ok(Value::Object(_) | Value::Array(_)) => Ok(text),
        Ok(_) => Err("it is neither an object nor an array".into()),
        Err(e) => Err(e.to_string()),
    }
}

/// `part`, which lies within `whole`, without a copy.
fn slice(whole: &Text, part: &str) -> Text {
    Text(whole.0.slice_ref(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Usage;
    use std::{collections::VecDeque, sync::Mutex, time::Duration};

    /// Gives its texts in turn and keeps what it was asked.
    #[derive(Default)]
    struct Script(Mutex<VecDeque<&'static str>>, Mutex<Vec<Request>>);

    impl Model for Script {
        fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
            self.1.lock().unwrap().push(request.clone());
            let text = self.0.lock().unwrap().pop_front().expect("no ask too many");
            Box::pin(std::future::ready(Ok(Answer {
                text: text.into(),
                model: "m".into(),
                usage: Usage { input: 3, output: 2, cached: 1 },
                cost_usd: Some(0.5),
                latency: Duration::from_secs(1),
                attempts: 2,
                finish_reason: "length".into(),
            })))
        }
    }

    fn ask(texts: &[&'static str], json: JsonMode, system: bool) -> (Result<Answer, Failure>, Vec<Request>) {
        let mut messages = vec![Message { role: Role::User, text: "data".into() }];
        if system {
            messages.insert(0, Message { role: Role::System, text: "List.".into() });
        }
        let timeout = Duration::from_secs(1);
        let request = Request { model: None, messages, sampling: Default::default(), json, timeout, retries: 0 };
        let model = Json(Script(Mutex::new(texts.iter().copied().collect()), Mutex::default()));
        let mut pending = std::pin::pin!(model.complete(&request));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(result) = pending.as_mut().poll(&mut context) else { panic!("it waits") };
        (result, std::mem::take(&mut *model.0.1.lock().unwrap()))
    }

    #[test]
    fn fences_and_white_space_are_stripped() {
        for (answer, want) in [
            (" {\"a\": 1}\n", "{\"a\": 1}"),
            ("```json\n[1, 2]\n```", "[1, 2]"),
            ("```\n{}\n```\n", "{}"),
            ("```JSON [\"```\"]```", "[\"```\"]"),
            ("[]", "[]"),
        ] {
            assert_eq!(bare(answer), Ok(want), "{answer:?}");
        }
        for answer in ["", "```", "`````", "1", "\"a\"", "[1", "Here: []", "```json\n[]\n``` Done.", "[\"\\ud800\"]"] {
            assert!(bare(answer).is_err(), "{answer:?}");
        }
    }

    #[test]
    fn the_instruction_asks_for_json() {
        let (_, asked) = ask(&["[]"], JsonMode::Asked, true);
        assert_eq!(&*asked[0].messages[0].text, format!("List.\n\n{ASK}"));
        let (_, asked) = ask(&["[]"], JsonMode::Object, false);
        assert_eq!((asked[0].messages.len(), &*asked[0].messages[0].text), (2, ASK));
    }

    #[test]
    fn other_requests_pass_through() {
        let (answer, asked) = ask(&["``` no"], JsonMode::Off, true);
        assert_eq!((&*answer.unwrap().text, &*asked[0].messages[0].text), ("``` no", "List."));
    }

    #[test]
    fn a_bad_answer_is_asked_for_once_more_and_both_are_paid_for() {
        let (answer, asked) = ask(&["[1", "```json\n[1]\n```"], JsonMode::Asked, true);
        let answer = answer.unwrap();
        assert_eq!((&*answer.text, answer.attempts, answer.cost_usd), ("[1]", 4, Some(1.0)));
        assert_eq!(answer.usage, Usage { input: 6, output: 4, cached: 2 });
        let [.., bad, again] = &asked[1].messages[..] else { panic!("no chat") };
        assert_eq!((bad.role, &*bad.text, again.role), (Role::Assistant, "[1", Role::User));
        assert!(again.text.contains("EOF while parsing"), "{:?}", again.text);
    }

    #[test]
    fn two_bad_answers_fail_with_an_excerpt() {
        let failure = ask(&["no", "Sorry, no."], JsonMode::Asked, true).0.unwrap_err();
        assert_eq!((failure.class, failure.attempts), (FailureClass::InvalidJson, 4));
        assert!(failure.message.contains("\"Sorry, no.\"") && failure.message.contains("cut off"), "{failure}");
    }
}
