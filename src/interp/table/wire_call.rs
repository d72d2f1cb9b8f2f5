//! The frame of a call, from what the script said.

use super::{Primitive, embed, nested, shown, state, text};
use crate::{
    interp::{
        dialect::hashes::View,
        json, ledger,
        value::{Fault, bytes, symbol},
    },
    wire::{Asks, CallHead, ImageHead, JsonMode, MessageHead, Priority, Role, Sampling},
};
use steel::{SteelVal, rvals::SteelString};

/// Fields of `#:extra` that are not the script's to set.
const OURS: &[&str] = &["model", "messages", "stream"];

/// A call, ready to be sent.
pub(crate) struct WireCall {
    pub(crate) head: CallHead,
    /// The tail's parts, in order.
    pub(crate) tail: Vec<Part>,
    /// The procedure of `#:on-token`.
    pub(crate) on_token: Option<SteelVal>,
}

/// A part of a call's tail. A prompt is Scheme's own string, not a copy.
pub(crate) enum Part {
    Text(SteelString),
    Bytes(Vec<u8>),
}

impl Part {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Checks the arguments of a call, and makes its frame.
pub(crate) fn wire_call(primitive: &Primitive, args: &[SteelVal]) -> Result<WireCall, Fault> {
    if primitive.name == embed::NAME {
        return embed::wire_call(primitive, args);
    }
    if nested::is(primitive.name) {
        return nested::wire_call(primitive, args);
    }
    if primitive.name == state::LIMITS {
        primitive.parse(args)?;
        let head = CallHead { asks: Asks::Limits, ..CallHead::default() };
        return Ok(WireCall { head, tail: Vec::new(), on_token: None });
    }
    let values = primitive.parse(args)?;
    let mut values = values.into_iter();
    // In the order of the table.
    let mut next = || values.next().flatten().filter(|v| !matches!(v, SteelVal::BoolV(false)));
    let (prompt, instruction, data, messages) = (next(), next(), next(), next());
    let (image, images) = (next(), next());
    let (model, balance, fallback, hedge) = (next(), next(), next(), next());
    let (temperature, max_tokens, top_p, seed, stop, extra) = (next(), next(), next(), next(), next(), next());
    let (json_mode, schema, on_token, timeout, retries, rank) = (next(), next(), next(), next(), next(), next());
    if next().is_some() {
        // What a loop cannot be told would pass for heeded.
        let others =
            [&messages, &image, &images, &balance, &fallback, &hedge, &temperature, &max_tokens, &top_p, &seed];
        let more = [&stop, &extra, &json_mode, &schema, &on_token];
        if others.into_iter().chain(more).any(Option::is_some) {
            let problem =
                "beside `#:recursive` there can be the question, `#:data`, `#:model` and `#:timeout`, and no more";
            return Err(primitive.misuse(problem.into()));
        }
        let head = CallHead {
            model: model.as_ref().and_then(text).map(|model| model.to_string()),
            timeout_s: timeout.as_ref().and_then(number),
            ..CallHead::default()
        };
        let question = [prompt, instruction].map(|value| value.as_ref().and_then(text));
        return nested::exploring(primitive, question, data, head);
    }
    // `#f` says something here.
    let cache = values.next().flatten();

    let mut chat = match (prompt.and_then(|p| text(&p)), instruction.and_then(|i| text(&i)), data, messages) {
        (None, None, None, Some(messages)) => chat_of(primitive, &messages)?,
        (_, _, _, Some(_)) => {
            return Err(primitive.misuse("`#:messages` excludes a prompt, `#:instruction` and `#:data`".into()));
        }
        (Some(prompt), None, None, None) => vec![(Role::User, prompt)],
        (None, Some(instruction), None, None) => vec![(Role::User, instruction)],
        (None, Some(instruction), Some(data), None) => {
            vec![(Role::System, instruction), (Role::User, as_text(&data)?)]
        }
        (None, None, _, None) => return Err(primitive.misuse("`#:instruction` is missing".into())),
        (Some(_), ..) => return Err(primitive.misuse("a prompt excludes `#:instruction` and `#:data`".into())),
    };
    let images = match (image, images) {
        (None, None) => Vec::new(),
        (Some(one), None) => vec![image_of(primitive, &one)?],
        (None, Some(SteelVal::ListV(list))) => {
            list.iter().map(|one| image_of(primitive, one)).collect::<Result<_, _>>()?
        }
        (None, Some(other)) => {
            return Err(primitive.misuse(format!("`#:images` must be a list, not {}", shown(&other))));
        }
        (Some(_), Some(_)) => return Err(primitive.misuse("`#:image` excludes `#:images`".into())),
    };
    let shown_beside = match chat.iter().rposition(|(role, _)| *role == Role::User) {
        Some(last) => last,
        None if images.is_empty() => 0,
        None => return Err(primitive.misuse("an image needs a user message to stand beside".into())),
    };

    let mut tail = Vec::with_capacity(chat.len() + images.len() + 2);
    let mut messages = Vec::with_capacity(chat.len());
    let mut images = Some(images);
    for (index, (role, text)) in chat.drain(..).enumerate() {
        let mut message = MessageHead { role, text: text.len() as u32, images: Vec::new() };
        tail.push(Part::Text(text));
        if index == shown_beside {
            for (head, part) in images.take().unwrap_or_default() {
                message.images.push(head);
                tail.push(part);
            }
        }
        messages.push(message);
    }
    let mut optional = |text: Option<String>| {
        let len = text.as_ref().map_or(0, |t| t.len() as u32);
        tail.extend(text.map(|t| Part::Text(t.into())));
        len
    };
    let schema = optional(schema.map(|s| schema_of(primitive, &s)).transpose()?);
    let extra = optional(extra.map(|e| extra_of(primitive, &e)).transpose()?);

    let head = CallHead {
        id: 0,
        models: match &model {
            Some(SteelVal::ListV(_)) => model_names(primitive, "model", &model)?,
            Some(other) if text(other).is_none() => return Err(no_models(primitive, "model", other)),
            _ => Vec::new(),
        },
        model: model.and_then(|m| text(&m)).map(|m| m.to_string()),
        least_used: match balance.as_ref().map(|b| if let SteelVal::SymbolV(s) = b { s.as_str() } else { "" }) {
            None | Some("round-robin") => false,
            Some("least-used") => true,
            Some(other) => {
                let problem = format!("`#:balance` must be `'round-robin` or `'least-used`, not `'{other}`");
                return Err(primitive.misuse(problem));
            }
        },
        fallback: model_names(primitive, "fallback", &fallback)?,
        hedge_s: match (hedge.as_ref().and_then(number), &on_token) {
            (Some(_), Some(_)) => return Err(primitive.misuse("`#:hedge` excludes `#:on-token`".into())),
            (seconds, _) => seconds,
        },
        messages,
        sampling: Sampling {
            temperature: temperature.as_ref().and_then(number),
            max_tokens: max_tokens.as_ref().and_then(natural),
            top_p: top_p.as_ref().and_then(number),
            seed: seed.as_ref().and_then(|s| if let SteelVal::IntV(n) = s { Some(*n as i64) } else { None }),
            stop: stop.map_or(Ok(Vec::new()), |s| stop_words(primitive, &s))?,
        },
        json: match &json_mode {
            None => JsonMode::Off,
            Some(SteelVal::BoolV(_)) => JsonMode::Asked,
            Some(SteelVal::SymbolV(s)) if s.as_str() == "object" => JsonMode::Object,
            Some(other) => {
                return Err(primitive.misuse(format!("`#:json` must be `#t`, `#f` or `'object`, not {}", shown(other))));
            }
        },
        schema,
        extra,
        stream: on_token.is_some(),
        asks: Asks::Answer,
        timeout_s: timeout.as_ref().and_then(number),
        retries: retries.as_ref().and_then(natural),
        priority: priority(primitive, rank.as_ref())?,
        cache: cache.map(|cache| matches!(cache, SteelVal::BoolV(true))),
        ..CallHead::default()
    };
    Ok(WireCall { head, tail, on_token })
}

/// The names of models: one, or a list of them.
fn model_names(primitive: &Primitive, key: &str, value: &Option<SteelVal>) -> Result<Vec<String>, Fault> {
    let name = |value: &SteelVal| text(value).filter(|name| !name.is_empty()).map(|name| name.to_string());
    let names = match value {
        None => Some(Vec::new()),
        Some(SteelVal::ListV(list)) if !list.is_empty() => list.iter().map(name).collect(),
        Some(one) => name(one).map(|name| vec![name]),
    };
    names.ok_or_else(|| no_models(primitive, key, value.as_ref().unwrap_or(&SteelVal::Void)))
}

fn no_models(primitive: &Primitive, key: &str, value: &SteelVal) -> Fault {
    primitive.misuse(format!("`#:{key}` must be a model's name or a list of names, not {}", shown(value)))
}

/// Who goes first.
pub(super) fn priority(primitive: &Primitive, value: Option<&SteelVal>) -> Result<Priority, Fault> {
    match value.map(|p| if let SteelVal::SymbolV(s) = p { s.as_str() } else { "" }) {
        None | Some("normal") => Ok(Priority::Normal),
        Some("high") => Ok(Priority::High),
        Some("batch") => Ok(Priority::Batch),
        Some(other) => {
            Err(primitive.misuse(format!("`#:priority` must be `'high`, `'normal` or `'batch`, not `'{other}`")))
        }
    }
}

/// A value as a message has it: a string or a response as it is, any other as JSON.
pub(super) fn as_text(value: &SteelVal) -> Result<SteelString, Fault> {
    text(value).map_or_else(|| json::to_text(value).map(Into::into), Ok)
}

fn chat_of(primitive: &Primitive, value: &SteelVal) -> Result<Vec<(Role, SteelString)>, Fault> {
    let misuse = |what: String| primitive.misuse(what).hint("write `#:messages '((system . \"…\") (user . \"…\"))`");
    let message = |value: &SteelVal| {
        let (role, content) = match value {
            SteelVal::Pair(pair) => (Some(pair.car()), Some(pair.cdr())),
            SteelVal::ListV(list) if list.len() == 2 => (list.get(0).cloned(), list.get(1).cloned()),
            other => match View::of(other) {
                Some(hash) => (hash.get(&symbol("role")), hash.get(&symbol("content"))),
                None => (None, None),
            },
        };
        let (Some(role), Some(content)) = (role, content) else {
            return Err(misuse(format!("{} is no message: a pair of role and text", shown(value))));
        };
        let role = match &role {
            SteelVal::SymbolV(name) | SteelVal::StringV(name) => match name.as_str() {
                "system" | "developer" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => {
                    return Err(misuse(format!("a message's role is `system`, `user` or `assistant`, not `{other}`")));
                }
            },
            other => return Err(misuse(format!("a message's role is a symbol, not {}", shown(other)))),
        };
        Ok((role, as_text(&content)?))
    };
    match value {
        SteelVal::ListV(list) if !list.is_empty() => list.iter().map(message).collect(),
        SteelVal::VectorV(items) if !items.is_empty() => items.iter().map(message).collect(),
        other => Err(misuse(format!("`#:messages` must be a list of messages, not {}", shown(other)))),
    }
}

fn image_of(primitive: &Primitive, value: &SteelVal) -> Result<(ImageHead, Part), Fault> {
    let bytes = match value {
        SteelVal::ByteVector(vector) => bytes(vector),
        SteelVal::StringV(place) => {
            if ["http://", "https://", "data:"].iter().any(|scheme| place.starts_with(scheme)) {
                return Ok((ImageHead::Url(place.len() as u32), Part::Text(place.clone())));
            }
            ledger::grants().read(primitive.name, place)?
        }
        other => {
            return Err(primitive.misuse(format!("an image must be a path, a URL or bytes, not {}", shown(other))));
        }
    };
    let mime = match &bytes[..] {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => {
            let what = if matches!(value, SteelVal::StringV(_)) { shown(value) } else { "what it was given".into() };
            return Err(primitive.misuse(format!("{what} is no PNG, JPEG, GIF or WebP image")));
        }
    };
    Ok((ImageHead::Bytes { mime: mime.into(), len: bytes.len() as u32 }, Part::Bytes(bytes)))
}

/// JSON text from a hash, or from text that is JSON already.
fn object_of(primitive: &Primitive, name: &str, value: &SteelVal) -> Result<(String, serde_json::Value), Fault> {
    let problem = |why: String| primitive.misuse(format!("`#:{name}` must be a hash or a JSON object: {why}"));
    // Text is kept as it is written: the order of a schema's properties is that of the answer's.
    let text = match value {
        hash if View::of(hash).is_some() => json::to_text(hash)?,
        other => text(other).ok_or_else(|| problem(format!("{} is neither", shown(value))))?.to_string(),
    };
    match serde_json::from_str(&text) {
        Ok(object @ serde_json::Value::Object(_)) => Ok((text, object)),
        Ok(_) => Err(problem("it is JSON, but no object".into())),
        Err(e) => Err(problem(e.to_string())),
    }
}

fn schema_of(primitive: &Primitive, value: &SteelVal) -> Result<String, Fault> {
    object_of(primitive, "schema", value).map(|(text, _)| text)
}

pub(super) fn extra_of(primitive: &Primitive, value: &SteelVal) -> Result<String, Fault> {
    let (text, extra) = object_of(primitive, "extra", value)?;
    match OURS.iter().find(|name| extra.get(name).is_some()) {
        Some(name) => Err(primitive.misuse(format!("`#:extra` cannot set `{name}`; a keyword does that"))),
        None => Ok(text),
    }
}

fn stop_words(primitive: &Primitive, value: &SteelVal) -> Result<Vec<String>, Fault> {
    let one = |v: &SteelVal| text(v).map(|s| s.to_string());
    let all = match value {
        SteelVal::ListV(list) => list.iter().map(one).collect(),
        other => one(other).map(|s| vec![s]),
    };
    all.ok_or_else(|| primitive.misuse(format!("`#:stop` must be a string or a list of strings, not {}", shown(value))))
}

pub(super) fn number(value: &SteelVal) -> Option<f64> {
    match value {
        SteelVal::IntV(n) => Some(*n as f64),
        SteelVal::NumV(n) => Some(*n),
        SteelVal::Rational(r) => Some(f64::from(*r.numer()) / f64::from(*r.denom())),
        _ => None,
    }
}

/// What is too large for the frame is as large as it can be: it must not pass for unsaid.
pub(super) fn natural(value: &SteelVal) -> Option<u32> {
    match value {
        SteelVal::IntV(n) => Some(u32::try_from(*n).unwrap_or(u32::MAX)),
        _ => None,
    }
}
