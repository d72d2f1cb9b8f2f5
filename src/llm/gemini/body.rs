//! The body of a `generateContent` request: <https://ai.google.dev/api/generate-content>.
//!
//! The model stands in the address. Not here: sending it.

use crate::{
    llm::{
        Failure, Image, Message, Request,
        http::text::string,
        schema,
        server::body::{
            Body, Param, Params, apart, base64, buffer, comma, data_url, extra, fields, key, text_asking, value,
        },
    },
    wire::{JsonMode, Role},
};
use serde_json::{Map, Value};

/// What holds the parameters.
const CONFIG: &str = "generationConfig";

/// A parameter's name in `generationConfig`; `None` when there is none.
pub(super) fn name(param: Param) -> Option<&'static str> {
    Some(match param {
        Param::Temperature => "temperature",
        Param::TopP => "topP",
        Param::Seed => "seed",
        Param::Stop => "stopSequences",
        Param::MaxTokens => "maxOutputTokens",
        Param::JsonSchema => "responseJsonSchema",
        Param::JsonObject => "responseMimeType",
        Param::MaxCompletionTokens | Param::StreamOptions => return None,
    })
}

/// Writes the body without the parameters that the model refuses. Fails when what the script adds cannot be sent.
pub(super) fn write(request: &Request, refused: Params) -> Result<Body, Failure> {
    let mut extra = extra(request, &["model", "contents", "systemInstruction", "system_instruction", "stream"])?;
    // What the script says of the generation goes among what the call says of it.
    let further = match extra.remove(CONFIG) {
        Some(Value::Object(further)) => further,
        None => Map::new(),
        Some(other) => {
            extra.insert(CONFIG.into(), other);
            Map::new()
        }
    };
    let schema = request.schema.as_ref().map(schema::compiled).transpose()?;
    let ours = |param: Param| !refused.contains(param) && name(param).is_some_and(|name| !further.contains_key(name));
    let grammar = schema.as_ref().filter(|_| ours(Param::JsonSchema) && ours(Param::JsonObject));
    let in_words = request.schema.as_deref().filter(|_| grammar.is_none());

    let chat = apart(&request.messages);
    let mut out = buffer(request);
    let mut sent = Params::default();
    out.push(b'{');
    if !chat.system.is_empty() || in_words.is_some() {
        key(&mut out, "systemInstruction");
        out.extend_from_slice(b"{\"parts\":[{\"text\":");
        text_asking(&mut out, &chat.system, in_words);
        out.extend_from_slice(b"}]}");
    }
    key(&mut out, "contents");
    out.push(b'[');
    for message in &chat.turns {
        comma(&mut out);
        turn(&mut out, message);
    }
    out.push(b']');

    let mut config = vec![b'{'];
    let mut field = |param: Param, write: &dyn Fn(&mut Vec<u8>)| {
        if let Some(name) = name(param).filter(|_| ours(param)) {
            sent.insert(param);
            key(&mut config, name);
            write(&mut config);
        }
    };
    let sampling = &request.sampling;
    if let Some(x) = sampling.temperature {
        field(Param::Temperature, &|out| value(out, &x));
    }
    if let Some(n) = sampling.max_tokens {
        field(Param::MaxTokens, &|out| value(out, &n));
    }
    if let Some(x) = sampling.top_p {
        field(Param::TopP, &|out| value(out, &x));
    }
    if let Some(n) = sampling.seed {
        field(Param::Seed, &|out| value(out, &n));
    }
    if !sampling.stop.is_empty() {
        field(Param::Stop, &|out| value(out, &sampling.stop));
    }
    if let Some(schema) = grammar {
        field(Param::JsonSchema, &|out| out.extend_from_slice(schema.plain.as_bytes()));
    }
    if grammar.is_some() || request.json == JsonMode::Object || request.schema.is_some() {
        field(Param::JsonObject, &|out| string(out, "application/json"));
    }
    fields(&mut config, &further);
    if config.len() > 1 {
        key(&mut out, CONFIG);
        out.append(&mut config);
        out.push(b'}');
    }
    fields(&mut out, &extra);
    out.push(b'}');
    Ok(Body { bytes: out.into(), sent })
}

fn turn(out: &mut Vec<u8>, message: &Message) {
    let role = if message.role == Role::Assistant { "model" } else { "user" };
    out.extend_from_slice(format!("{{\"role\":\"{role}\",\"parts\":[").as_bytes());
    if !message.text.is_empty() {
        out.extend_from_slice(b"{\"text\":");
        string(out, &message.text);
        out.push(b'}');
    }
    for picture in &message.images {
        comma(out);
        image(out, picture);
    }
    out.extend_from_slice(b"]}");
}

fn image(out: &mut Vec<u8>, image: &Image) {
    let inline = |out: &mut Vec<u8>, mime: &str, data: &dyn Fn(&mut Vec<u8>)| {
        out.extend_from_slice(b"{\"inlineData\":{\"mimeType\":");
        string(out, mime);
        out.extend_from_slice(b",\"data\":");
        data(out);
        out.extend_from_slice(b"}}");
    };
    match image {
        Image::Bytes { mime, bytes } => inline(out, mime, &|out| {
            out.push(b'"');
            base64(out, bytes);
            out.push(b'"');
        }),
        Image::Url(url) => match data_url(url) {
            Some((mime, data)) => inline(out, mime, &|out| string(out, data)),
            None => {
                out.extend_from_slice(b"{\"fileData\":{");
                if let Some(mime) = mime_of(url) {
                    key(out, "mimeType");
                    string(out, mime);
                }
                key(out, "fileUri");
                string(out, url);
                out.extend_from_slice(b"}}");
            }
        },
    }
}

/// The media type that a URL's ending promises.
fn mime_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    Some(match path.rsplit('.').next()? {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{llm::json::ASK_SCHEMA, wire::Sampling};
    use bytes::Bytes;
    use serde_json::json;

    fn chat(texts: &[(Role, &str)]) -> Request {
        let messages = texts.iter().map(|&(role, text)| Message::new(role, text)).collect();
        Request { messages, ..Request::default() }
    }

    fn sent(request: &Request, refused: &[Param]) -> Value {
        let mut set = Params::default();
        refused.iter().for_each(|&p| assert!(set.insert(p)));
        serde_json::from_slice(&write(request, set).unwrap().bytes).unwrap()
    }

    #[test]
    fn the_instruction_stands_apart_from_the_turns() {
        let request = chat(&[
            (Role::System, "Be terse."),
            (Role::User, "2+\"2\"?"),
            (Role::Assistant, "4"),
            (Role::User, "And 3?"),
        ]);
        let turn = |role: &str, text: &str| json!({ "role": role, "parts": [{ "text": text }] });
        let wanted = json!({ "systemInstruction": { "parts": [{ "text": "Be terse." }] },
            "contents": [turn("user", "2+\"2\"?"), turn("model", "4"), turn("user", "And 3?")] });
        assert_eq!(sent(&request, &[]), wanted);
        let alone = sent(&chat(&[(Role::System, "Sing.")]), &[]);
        assert_eq!(alone, json!({ "contents": [turn("user", "Sing.")] }));
    }

    #[test]
    fn parameters_stand_in_the_generation_config() {
        let sampling = Sampling {
            temperature: Some(0.5),
            max_tokens: Some(9),
            top_p: Some(0.9),
            seed: Some(7),
            stop: vec!["\n".into()],
        };
        let extra = Some(
            r#"{"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}, "topP": 1}, "safetySettings": []}"#
                .into(),
        );
        let request = Request { sampling, json: JsonMode::Object, extra, ..chat(&[(Role::User, "x")]) };
        let mut wanted = json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }],
            "generationConfig": { "temperature": 0.5, "maxOutputTokens": 9, "topP": 1, "seed": 7, "stopSequences": ["\n"],
                "responseMimeType": "application/json", "thinkingConfig": { "thinkingBudget": 0 } },
            "safetySettings": [] });
        assert_eq!(sent(&request, &[]), wanted);
        wanted["generationConfig"].as_object_mut().unwrap().remove("seed");
        assert_eq!(sent(&request, &[Param::Seed]), wanted);
        let contents = Request { extra: Some(r#"{"contents": []}"#.into()), ..chat(&[(Role::User, "x")]) };
        assert!(write(&contents, Params::default()).unwrap_err().message.contains("`contents`"));
    }

    #[test]
    fn images_are_parts_of_their_turn() {
        let mut message = Message::new(Role::User, "what?");
        message.images = vec![
            Image::Bytes { mime: "image/png".into(), bytes: Bytes::from_static(b"\x89PNG\r") },
            Image::Url("https://h/a.JPG?x=1".into()),
            Image::Url("https://h/a".into()),
            Image::Url("data:image/gif;base64,R0lG".into()),
        ];
        let wanted = json!([
            { "text": "what?" },
            { "inlineData": { "mimeType": "image/png", "data": "iVBORw0=" } },
            { "fileData": { "mimeType": "image/jpeg", "fileUri": "https://h/a.JPG?x=1" } },
            { "fileData": { "fileUri": "https://h/a" } },
            { "inlineData": { "mimeType": "image/gif", "data": "R0lG" } },
        ]);
        let request = Request { messages: vec![message], ..Request::default() };
        assert_eq!(sent(&request, &[])["contents"][0]["parts"], wanted);
    }

    #[test]
    fn a_schema_is_sent_whole_or_else_in_words() {
        const LIST: &str = r#"{"type": "array", "items": {"type": "string", "maxLength": 9}}"#;
        let request = Request { schema: Some(LIST.into()), ..chat(&[(Role::User, "x")]) };
        let value: Value = serde_json::from_str(LIST).unwrap();
        let wrapped = json!({ "type": "object", "properties": { "value": value }, "required": ["value"],
            "additionalProperties": false });
        let config = json!({ "responseMimeType": "application/json", "responseJsonSchema": wrapped });
        assert_eq!(sent(&request, &[])["generationConfig"], config);
        let got = sent(&request, &[Param::JsonSchema]);
        assert_eq!(got["generationConfig"], json!({ "responseMimeType": "application/json" }));
        assert_eq!(got["systemInstruction"]["parts"][0]["text"], format!("{ASK_SCHEMA}{LIST}"));
    }
}
