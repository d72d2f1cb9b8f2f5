//! Answers that must be JSON, or fit a schema: unfenced, checked, and asked for once more.
//!
//! Without a schema the instruction asks for JSON; with one the provider does, by its structured output or in its own
//! words. Not here: what a schema means ([`super::schema`]), and the mending of broken JSON: a model that is told what
//! the parser said does it better than a guess would.

use super::{
    Answer, Failure, Message, Model, Pending, Request, Standing, Text,
    schema::{self, Checked, Schema},
};
use crate::wire::{FailureClass, JsonMode, Role};
use serde_json::Value;
use std::sync::Arc;

/// What the system message is extended by.
pub const ASK: &str =
    "Answer with bare JSON and nothing else: one object or array, no prose before or after it, no Markdown fence.";

/// What goes before a schema, where it is asked for in words.
pub(crate) const ASK_SCHEMA: &str = "Answer with bare JSON and nothing else, no prose before or after it, no Markdown \
                                     fence. The JSON must fit this JSON Schema:\n";

/// How much of a bad answer a failure shows, in characters.
const EXCERPT: usize = 200;

/// A model whose answers are bare JSON where the request wants that; other requests pass through untouched.
#[derive(Debug)]
pub struct Json<M>(
    /// The model that is asked.
    pub M,
);

/// What an answer must be.
enum Wanted {
    ObjectOrArray,
    Fitting(Arc<Schema>),
}

/// What is wrong with an answer.
struct Problem {
    class: FailureClass,
    words: String,
}

impl<M: Model> Json<M> {
    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let (wanted, mut asked) = match &request.schema {
            Some(text) => (Wanted::Fitting(schema::compiled(text)?), request.clone()),
            None => (Wanted::ObjectOrArray, instructed(request)),
        };
        let first = self.0.complete(&asked).await?;
        let problem = match wanted.check(&first.text) {
            Ok(text) => return Ok(Answer { text, ..first }),
            Err(problem) => problem,
        };
        tracing::debug!(model = %first.model, "an answer is asked for once more: {}", problem.words);
        // Some servers refuse an empty message.
        if !first.text.is_empty() {
            asked.messages.push(Message::new(Role::Assistant, first.text.clone()));
        }
        asked.messages.push(Message::new(Role::User, again(&problem, request)));
        // Whoever follows the pieces has seen an answer already.
        asked.pieces = None;

        let second = match self.0.complete(&asked).await {
            Ok(second) => second,
            Err(failure) => return Err(paid(failure, &first)),
        };
        match wanted.check(&second.text) {
            Ok(text) => Ok(Answer {
                text,
                usage: first.usage.plus(second.usage),
                cost_usd: first.cost_usd.zip(second.cost_usd).map(|(a, b)| a + b),
                latency: first.latency + second.latency,
                attempts: first.attempts + second.attempts,
                ..second
            }),
            Err(problem) => {
                let excerpt: String = second.text.chars().take(EXCERPT).collect();
                let cut = if second.is_cut() { "; it was cut off at the token limit" } else { "" };
                let what = match problem.class {
                    FailureClass::Schema => "does not fit the schema",
                    _ => "is not JSON",
                };
                let words = problem.words;
                let message = format!("the answer {what}, asked for twice: {words}{cut}; it begins {excerpt:?}");
                let failure = Failure { attempts: 0, cost_usd: Some(0.0), ..Failure::new(problem.class, message) };
                let failure = Failure { model: Some(second.model.clone()), ..failure };
                Err(paid(paid(failure, &first), &second))
            }
        }
    }
}

impl<M: Model> Model for Json<M> {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        match (&request.schema, request.json) {
            (None, JsonMode::Off) => self.0.complete(request),
            _ => Box::pin(self.run(request)),
        }
    }

    fn limits(&self) -> Vec<Standing> {
        self.0.limits()
    }
}

impl Wanted {
    /// The bare JSON of an answer, if that is what it has to be.
    fn check(&self, answer: &Text) -> Result<Text, Problem> {
        let bare = bare(answer);
        // A whole `Value` rather than `IgnoredAny`, which would let lone surrogates and bottomless nesting through.
        let value = serde_json::from_str(bare)
            .map_err(|e| Problem { class: FailureClass::InvalidJson, words: e.to_string() })?;
        match (self, value) {
            (Self::ObjectOrArray, Value::Object(_) | Value::Array(_)) => Ok(slice(answer, bare)),
            (Self::ObjectOrArray, _) => {
                let words = "it is neither an object nor an array".into();
                Err(Problem { class: FailureClass::InvalidJson, words })
            }
            (Self::Fitting(schema), value) => match schema.check(value) {
                Ok(Checked::Whole) => Ok(slice(answer, bare)),
                Ok(Checked::Unwrapped(inner)) => Ok(inner.to_string().into()),
                Err(words) => Err(Problem { class: FailureClass::Schema, words }),
            },
        }
    }
}

/// What a model is told about its first answer.
fn again(problem: &Problem, request: &Request) -> String {
    let words = &problem.words;
    let complaint = match problem.class {
        FailureClass::Schema => format!("That answer does not fit the JSON Schema: {words}."),
        _ => format!("That answer is not bare JSON: {words}."),
    };
    match &request.schema {
        Some(schema) => format!("{complaint} {ASK_SCHEMA}{}", &**schema),
        None => format!("{complaint} {ASK}"),
    }
}

/// A failure that an answer of no use came before: what that took counts in.
fn paid(failure: Failure, answer: &Answer) -> Failure {
    Failure {
        attempts: failure.attempts + answer.attempts,
        usage: failure.usage.plus(answer.usage),
        cost_usd: failure.cost_usd.zip(answer.cost_usd).map(|(a, b)| a + b),
        ..failure
    }
}

/// The request with [`ASK`] at the end of its system message, or with one that says only that.
fn instructed(request: &Request) -> Request {
    let mut request = request.clone();
    match request.messages.iter_mut().find(|m| m.role == Role::System) {
        Some(system) => system.text = format!("{}\n\n{ASK}", &*system.text).into(),
        None => request.messages.insert(0, Message::new(Role::System, ASK)),
    }
    request
}

/// What may be JSON within an answer: a fence and white space round it do not count.
fn bare(answer: &str) -> &str {
    let text = answer.trim();
    match text.strip_prefix("```").and_then(|t| t.strip_suffix("```")) {
        // The fence's language stands on its line, or before a bracket.
        Some(fenced) => fenced.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim(),
        None => text,
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
                usage: Usage { input: 3, output: 2, cached: 1, ..Usage::default() },
                cost_usd: Some(0.5),
                latency: Duration::from_secs(1),
                attempts: 2,
                finish_reason: "length".into(),
            })))
        }
    }

    fn ask(texts: &[&'static str], json: JsonMode, system: bool) -> (Result<Answer, Failure>, Vec<Request>) {
        ask_for(texts, json, None, system)
    }

    fn ask_for(
        texts: &[&'static str],
        json: JsonMode,
        schema: Option<&str>,
        system: bool,
    ) -> (Result<Answer, Failure>, Vec<Request>) {
        let schema = schema.map(Text::from);
        let pieces = Some(crate::llm::Pieces(Arc::new(|_| {})));
        let mut messages = vec![Message::new(Role::User, "data")];
        if system {
            messages.insert(0, Message::new(Role::System, "List."));
        }
        let timeout = Duration::from_secs(1);
        let request = Request { messages, json, schema, pieces, timeout, ..Request::default() };
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
            assert_eq!(Wanted::ObjectOrArray.check(&answer.into()).ok().as_deref(), Some(want), "{answer:?}");
        }
        for answer in ["", "```", "`````", "1", "\"a\"", "[1", "Here: []", "```json\n[]\n``` Done.", "[\"\\ud800\"]"] {
            assert!(Wanted::ObjectOrArray.check(&answer.into()).is_err(), "{answer:?}");
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
        assert_eq!(answer.usage, Usage { input: 6, output: 4, cached: 2, ..Usage::default() });
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

    #[test]
    fn failures_keep_what_was_paid() {
        let failure = ask(&["no", "no"], JsonMode::Asked, true).0.unwrap_err();
        assert_eq!(
            (failure.usage, failure.cost_usd),
            (Usage { input: 6, output: 4, cached: 2, ..Usage::default() }, Some(1.0))
        );
    }

    const NAMES: &str = r#"{"type": "array", "items": {"type": "string"}}"#;

    #[test]
    fn an_answer_under_a_schema_is_unwrapped() {
        for (answer, want) in
            [(r#"{"value": ["a", "b"]}"#, r#"["a","b"]"#), ("```json\n[\"a\"]\n```", r#"["a"]"#), ("[]", "[]")]
        {
            let (got, asked) = ask_for(&[answer], JsonMode::Off, Some(NAMES), true);
            assert_eq!((&*got.unwrap().text, &*asked[0].messages[0].text), (want, "List."), "{answer}");
        }
        let (got, _) = ask_for(&["```json\n42\n```"], JsonMode::Off, Some(r#"{"type": "integer"}"#), true);
        assert_eq!(&*got.unwrap().text, "42");
    }

    #[test]
    fn a_violation_is_asked_for_once_more_in_the_validators_words() {
        let (answer, asked) = ask_for(&[r#"{"value": [7]}"#, "[\"a\"]"], JsonMode::Off, Some(NAMES), true);
        let answer = answer.unwrap();
        assert_eq!((&*answer.text, answer.attempts, answer.usage.input), ("[\"a\"]", 4, 6));
        let again = &asked[1].messages.last().unwrap().text;
        assert!(["`/0`", "string", NAMES].iter().all(|word| again.contains(word)), "{again:?}");
        assert!(asked[0].pieces.is_some() && asked[1].pieces.is_none(), "the first asking alone streams");
    }

    #[test]
    fn two_violations_fail_as_schema_and_prose_as_invalid_json() {
        for (texts, class) in [
            (["[7]", "{}"], FailureClass::Schema),
            (["prose", "[7]"], FailureClass::Schema),
            (["[7]", "prose"], FailureClass::InvalidJson),
        ] {
            let failure = ask_for(&texts, JsonMode::Asked, Some(NAMES), false).0.unwrap_err();
            assert_eq!((failure.class, failure.attempts, failure.usage.output), (class, 4, 4), "{failure}");
        }
    }

    #[test]
    fn an_unusable_schema_is_not_sent() {
        let (failure, asked) = ask_for(&[], JsonMode::Off, Some(r#"{"type": 7}"#), true);
        assert_eq!((failure.unwrap_err().class, asked.len()), (FailureClass::BadRequest, 0));
    }
}
