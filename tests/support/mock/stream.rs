//! Streamed answers: Server-Sent Events in the format of the path, whole or broken.
//!
//! OpenAI's format: <https://platform.openai.com/docs/api-reference/chat/streaming>.

use super::{Call, Then, anthropic, format::Format, gemini};
use serde_json::{Value, json};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::sleep,
};

/// What a streamed answer is made of.
pub(crate) enum Step {
    /// A piece of the text.
    Say(&'static str),
    /// Nothing for so long.
    Pause(Duration),
    /// Nothing more, while the connection stays.
    Hang,
    /// These bytes as they are.
    Bytes(Vec<u8>),
    /// An event that says so; the stream ends as it should.
    Error(Value),
    /// The stream ends as it should, but says neither why the model stopped nor that it is done.
    End,
    /// The connection closes in the middle.
    Cut,
}

/// Sends the steps; unless one of them ends it, the answer ends well.
pub(super) async fn deliver(steps: Vec<Step>, call: &Call, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<Then> {
    to.write_all(b"HTTP/1.1 200 Mock\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let mut said = 0;
    if matches!(Format::of(&call.path), Format::Anthropic) {
        send(to, anthropic::opening(call).as_bytes()).await?;
    }
    for step in steps {
        match step {
            Step::Say(text) => {
                said += text.len();
                let event = match Format::of(&call.path) {
                    Format::Anthropic => anthropic::piece(text),
                    Format::Gemini => gemini::piece(call, text),
                    _ => event(&piece(call, json!([{ "index": 0, "delta": { "content": text } }]))),
                };
                send(to, event.as_bytes()).await?;
            }
            Step::Pause(pause) => sleep(pause).await,
            Step::Hang => std::future::pending().await,
            Step::Bytes(bytes) => send(to, &bytes).await?,
            Step::Error(error) => {
                send(to, event(&json!({ "error": error })).as_bytes()).await?;
                return end(to).await;
            }
            Step::End => return end(to).await,
            Step::Cut => return Ok(Then::Close),
        }
    }
    let last = match Format::of(&call.path) {
        Format::Anthropic => Some(anthropic::ending(said)),
        Format::Gemini => Some(gemini::ending(said)),
        _ => None,
    };
    if let Some(last) = last {
        send(to, last.as_bytes()).await?;
        return end(to).await;
    }
    let stop = json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]);
    send(to, event(&piece(call, stop)).as_bytes()).await?;
    if call.body["stream_options"]["include_usage"] == true {
        let mut usage = piece(call, json!([]));
        usage["usage"] = json!({ "prompt_tokens": 7, "completion_tokens": said.div_ceil(4) });
        send(to, event(&usage).as_bytes()).await?;
    }
    send(to, b"data: [DONE]\n\n").await?;
    end(to).await
}

fn piece(call: &Call, choices: Value) -> Value {
    json!({ "object": "chat.completion.chunk", "model": call.body["model"], "choices": choices, "usage": null })
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(&[format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()).await
}

async fn end(to: &mut (impl AsyncWrite + Unpin)) -> io::Result<Then> {
    to.write_all(b"0\r\n\r\n").await?;
    Ok(Then::Keep)
}
