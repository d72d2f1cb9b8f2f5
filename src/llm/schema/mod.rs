//! JSON Schemas that answers must fit: compiled once, checked within a bound, and written as providers want them.
//!
//! A schema comes from an untrusted script, and what it is checked against from a model. So its size and nesting are
//! bounded, patterns run in linear time, the work of a check is counted before it is done, and nothing is ever fetched.
//! Not here: asking a model ([`super::json`]), and schemas that refer to others: `$ref` stays within the schema.

mod bounds;
mod closed;
mod provider;

use super::{Failure, Text};
use crate::wire::FailureClass;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest schema, in bytes.
const MAX_SCHEMA: usize = 256 << 10;

/// How much memory a compiled pattern may take, and as much again for what it remembers, in bytes.
const MAX_PATTERN: usize = 512 << 10;

/// How many schemas are kept compiled: a fan-out uses one, a pipeline a few.
const KEPT: usize = 16;

/// The most violations that a message names, and how much of each, in characters.
const NAMED: usize = 4;
const WORDS: usize = 300;

/// How many steps a check may take for all violations to be looked for: each of them takes memory.
const SMALL: usize = 100_000;

/// A schema ready for use.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) root: Value,
    /// Whether its top is no object, so that it is the property [`provider::VALUE`] of one for the provider.
    pub(crate) wrapped: bool,
    /// The `response_format` of the providers that speak OpenAI's format.
    pub(crate) response_format: String,
    /// The schema, wrapped where it must be, for the providers that take any.
    pub(crate) plain: String,
    /// The same for those that make a grammar of it; `None` when none can be made.
    pub(crate) closed: Option<String>,
    validator: Validator,
}

/// A text, and what came of compiling it.
type Compiled = (Text, Result<Arc<Schema>, Failure>);

/// What has been compiled, oldest first. A mistake is kept too: ten thousand calls may share it.
static COMPILED: Mutex<Vec<Compiled>> = Mutex::new(Vec::new());

/// The schema of a text; compiled when it is met for the first time. Fails as `bad-request` when it is none.
pub(crate) fn compiled(text: &Text) -> Result<Arc<Schema>, Failure> {
    // Held while it compiles, so that calls which begin together compile once.
    let mut kept = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = kept.iter().rev().find(|(t, _)| t == text) {
        return known.clone();
    }
    let made = Schema::new(text).map(Arc::new).map_err(|why| {
        let message = format!("the schema is unusable: {why}");
        Failure { attempts: 0, ..Failure::new(FailureClass::BadRequest, message) }
    });
    if kept.len() == KEPT {
        drop(kept.remove(0));
    }
    // A copy: the text may be a slice of a frame that holds megabytes of prompt.
    kept.push((Text::from(&**text), made.clone()));
    made
}

impl Schema {
    fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX_SCHEMA {
            return Err(format!("it is larger than {} KB", MAX_SCHEMA >> 10));
        }
        let root: Value = serde_json::from_str(text).map_err(|e| format!("it is no JSON: {e}"))?;
        if !root.is_object() && !root.is_boolean() {
            return Err("a JSON Schema is an object".into());
        }
        bounds::check(&root)?;
        let validator = validator(&root).map_err(|e| e.to_string())?;
        let provider::Forms { wrapped, response_format, plain, closed } = provider::forms(&root);
        Ok(Self { root, wrapped, response_format, plain, closed, validator })
    }

    /// What an answer holds, if it fits; else what is wrong, in the validator's words. With it whether that is the whole
    /// of the given value, or what was wrapped for the provider.
    pub(crate) fn check(&self, value: Value) -> Result<Checked, String> {
        if self.wrapped
            && let Value::Object(fields) = &value
            && fields.len() == 1
            && let Some(inner) = fields.get(provider::VALUE)
        {
            // A provider without structured output was given the schema itself: both are answers.
            return match self.violations(inner) {
                Ok(()) => Ok(Checked::Unwrapped(inner.clone())),
                Err(why) => self.violations(&value).map(|()| Checked::Whole).map_err(|_| why),
            };
        }
        self.violations(&value).map(|()| Checked::Whole)
    }

    fn violations(&self, value: &Value) -> Result<(), String> {
        let Some(steps) = bounds::steps_to_check(&self.root, value) else {
            return Err("checking it against the schema would take too long".into());
        };
        if self.validator.is_valid(value) {
            return Ok(());
        }
        let words = |e: jsonschema::ValidationError<'_>| {
            let place = e.instance_path().to_string();
            let mut words = if place.is_empty() { String::new() } else { format!("at `{place}`: ") };
            let said = e.to_string();
            words.extend(said.chars().take(WORDS));
            words.push_str(if said.chars().nth(WORDS).is_some() { "…" } else { "" });
            words
        };
        if steps > SMALL {
            return self.validator.validate(value).map_err(words);
        }
        let mut errors = self.validator.iter_errors(value);
        let mut named: Vec<String> = errors.by_ref().take(NAMED).map(words).collect();
        if errors.next().is_some() {
            named.push("and more".into());
        }
        Err(named.join("; "))
    }
}

/// What an answer that fits is.
#[derive(Debug, PartialEq)]
pub(crate) enum Checked {
    /// The answer as it is.
    Whole,
    /// What stood in the object that was made for the provider.
    Unwrapped(Value),
}

/// A validator that fetches nothing and whose patterns take linear time.
fn validator(schema: &Value) -> Result<Validator, jsonschema::ValidationError<'static>> {
    let patterns = PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN);
    jsonschema::options().offline().with_pattern_options(patterns).build(schema)
}

/// Whether a string fits a pattern; not when the pattern is none.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    validator(&serde_json::json!({ "pattern": pattern })).is_ok_and(|v| v.is_valid(&Value::from(text)))
}

/// Where a `$ref` within the schema leads.
pub(crate) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

#[cfg(test)]
mod tests;
