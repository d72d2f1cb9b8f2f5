//! Anthropic's format: <https://docs.claude.com/en/api/messages>, its stream and its errors.

use super::{Call, Reply};
use serde_json::{Value, json};

/// The body of an answer. What was said of the reason to stop is said in Anthropic's words.
pub(super) fn answer(call: &Call, text: &str, input: u64, output: u64, finish: &str) -> Value {
    json!({
        "id": format!("msg_mock_{}", call.n), "type": "message", "role": "assistant", "model": call.body["model"],
        "content": [{ "type": "text", "text": text }], "stop_reason": reason(finish), "stop_sequence": null,
        "usage": { "input_tokens": input, "output_tokens": output, "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0 },
    })
}

fn reason(finish: &str) -> &str {
    match finish {
        "stop" => "end_turn",
        "length" => "max_tokens",
        other => other,
    }
}

/// What stands before the first piece of a stream.
pub(super) fn opening(call: &Call) -> String {
    let message = json!({ "id": "msg_mock", "type": "message", "role": "assistant", "model": call.body["model"],
        "content": [], "stop_reason": null, "usage": { "input_tokens": 7, "output_tokens": 1 } });
    let block = json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
    event(&json!({ "type": "message_start", "message": message })) + &event(&block) + &event(&json!({ "type": "ping" }))
}

pub(super) fn piece(text: &str) -> String {
    let delta = json!({ "type": "text_delta", "text": text });
    event(&json!({ "type": "content_block_delta", "index": 0, "delta": delta }))
}

/// What stands behind the last.
pub(super) fn ending(said: usize) -> String {
    let delta = json!({ "stop_reason": "end_turn", "stop_sequence": null });
    let usage = json!({ "output_tokens": said.div_ceil(4) });
    event(&json!({ "type": "content_block_stop", "index": 0 }))
        + &event(&json!({ "type": "message_delta", "delta": delta, "usage": usage }))
        + &event(&json!({ "type": "message_stop" }))
}

/// An event says its kind twice.
fn event(value: &Value) -> String {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap_or_default())
}

/// An error in Anthropic's words.
pub(crate) fn error(status: u16, kind: &str, message: &str) -> Reply {
    let body = json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_mock" });
    Reply::Status(status, vec![("content-type", "application/json".into())], body.to_string())
}
