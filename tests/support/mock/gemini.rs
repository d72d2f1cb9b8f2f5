//! Gemini's format: <https://ai.google.dev/api/generate-content>, its stream, its vectors and its errors.

use super::{Call, Reply};
use serde_json::{Value, json};

/// The body of an answer. What was said of the reason to stop is said in Gemini's words.
pub(super) fn answer(call: &Call, text: &str, input: u64, output: u64, finish: &str) -> Value {
    let finish = match finish {
        "stop" => "STOP",
        "length" => "MAX_TOKENS",
        other => other,
    };
    let content = json!({ "role": "model", "parts": [{ "text": text }] });
    json!({
        "candidates": [{ "index": 0, "content": content, "finishReason": finish }],
        "usageMetadata": { "promptTokenCount": input, "candidatesTokenCount": output, "totalTokenCount": input + output },
        "modelVersion": model(call), "responseId": format!("mock-{}", call.n),
    })
}

/// The model that the address names.
pub(super) fn model(call: &Call) -> &str {
    let (_, name) = call.path.rsplit_once('/').unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

pub(super) fn piece(call: &Call, text: &str) -> String {
    let content = json!({ "role": "model", "parts": [{ "text": text }] });
    let piece = json!({ "candidates": [{ "index": 0, "content": content }], "modelVersion": model(call) });
    format!("data: {piece}\r\n\r\n")
}

/// The last piece: it says nothing but why, and what was used.
pub(super) fn ending(said: usize) -> String {
    let usage = json!({ "promptTokenCount": 7, "candidatesTokenCount": said.div_ceil(4) });
    let candidate = json!({ "index": 0, "content": { "role": "model", "parts": [] }, "finishReason": "STOP" });
    format!("data: {}\r\n\r\n", json!({ "candidates": [candidate], "usageMetadata": usage }))
}

/// Vectors, one for each of the requests.
pub(super) fn vectors(vectors: &[Vec<f64>]) -> Value {
    let all: Vec<Value> = vectors.iter().map(|vector| json!({ "values": vector })).collect();
    json!({ "embeddings": all })
}

/// An error in Google's words.
pub(crate) fn error(status: u16, name: &str, message: &str, details: Value) -> Reply {
    let body = json!({ "error": { "code": status, "message": message, "status": name, "details": details } });
    Reply::Status(status, vec![("content-type", "application/json; charset=UTF-8".into())], body.to_string())
}
