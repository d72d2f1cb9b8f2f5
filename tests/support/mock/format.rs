//! Whose format a request is in, what it says, and the answer to it.

use super::{Call, anthropic, gemini};
use serde_json::{Value, json};

/// The formats that the mock speaks.
pub(super) enum Format {
    OpenAi,
    Vectors,
    Anthropic,
    Gemini,
    GeminiVectors,
}

impl Format {
    /// The format that belongs to a path.
    pub(super) fn of(path: &str) -> Self {
        match path {
            path if path.contains("/v1/messages") => Self::Anthropic,
            path if path.contains("GenerateContent") || path.contains(":generateContent") => Self::Gemini,
            path if path.contains(":batchEmbedContents") => Self::GeminiVectors,
            path if path.ends_with("/embeddings") => Self::Vectors,
            _ => Self::OpenAi,
        }
    }
}

/// The body of an answer with this text; vectors where vectors are asked for.
pub(super) fn answer(call: &Call, text: &str, input: u64, output: u64, finish: &str) -> Value {
    match Format::of(&call.path) {
        Format::Anthropic => anthropic::answer(call, text, input, output, finish),
        Format::Gemini => gemini::answer(call, text, input, output, finish),
        Format::GeminiVectors => gemini::vectors(&vectors(&call.body["requests"])),
        Format::Vectors => {
            let all = vectors(&call.body["input"]).into_iter().enumerate();
            let data: Vec<Value> = all.map(|(index, v)| json!({ "index": index, "embedding": v })).collect();
            let usage = json!({ "prompt_tokens": input, "total_tokens": input });
            json!({ "data": data, "model": call.body["model"], "usage": usage })
        }
        Format::OpenAi => completion(call, text, input, output, finish),
    }
}

/// <https://platform.openai.com/docs/api-reference/chat/object>
fn completion(call: &Call, text: &str, input: u64, output: u64, finish: &str) -> Value {
    let message = json!({ "role": "assistant", "content": text });
    json!({
        "id": format!("mock-{}", call.n),
        "object": "chat.completion",
        "created": 0,
        "model": call.body["model"],
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output },
    })
}

/// A vector for each text of an array.
fn vectors(texts: &Value) -> Vec<Vec<f64>> {
    let length = |text: &Value| text.as_str().unwrap_or_else(|| content(text)).chars().count() as f64;
    texts.as_array().map(|texts| texts.iter().map(|text| vec![length(text), 1.0]).collect()).unwrap_or_default()
}

pub(super) fn messages(body: &Value) -> &[Value] {
    let messages = body["messages"].as_array().or_else(|| body["contents"].as_array());
    messages.map_or(&[], Vec::as_slice)
}

/// The text of a message: a string, or the first text among an array of parts, whatever the format.
pub(super) fn content(message: &Value) -> &str {
    let arrays = [&message["content"], &message["parts"], &message["content"]["parts"]];
    let parts = || arrays.iter().filter_map(|parts| parts.as_array()).flatten().find_map(|part| part["text"].as_str());
    message["content"].as_str().or_else(parts).unwrap_or("")
}

pub(super) fn last_message<'a>(body: &'a Value, roles: &[&str]) -> &'a str {
    let in_role = |message: &&Value| message["role"].as_str().is_some_and(|role| roles.contains(&role));
    messages(body).iter().rev().find(in_role).map_or("", content)
}
