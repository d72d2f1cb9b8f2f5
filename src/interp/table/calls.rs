//! Calling models.

use super::{Body, Family, Kind, Param, Primitive, keyword, shown, text};
use crate::{
    interp::{json, value::Fault},
    wire::{CallHead, JsonMode, Priority, Role, Sampling},
};
use steel::{SteelVal, rvals::SteelString};

const PROMPT: Param = Param {
    name: "prompt",
    keyword: false,
    kind: Kind::Text,
    default: Some("#f"),
    doc: "The user message, when it is all there is.",
};

const CALL: &[Param] = &[
    PROMPT,
    keyword("instruction", Kind::Text, "#f", "The system message (trusted). Alone, it is sent as the user message."),
    keyword(
        "data",
        Kind::Any,
        "#f",
        "The user message (untrusted): a string or a response; other values are sent as JSON.",
    ),
    keyword("model", Kind::Text, "\"cheap\"", "A name, an alias (\"cheap\", \"smart\") or \"provider/name\"."),
    keyword("temperature", Kind::Number, "#f", "Sampling temperature, as the provider has it."),
    keyword("max-tokens", Kind::Natural, "#f", "The answer is cut after so many tokens."),
    keyword("top-p", Kind::Number, "#f", "Nucleus sampling, as the provider has it."),
    keyword("seed", Kind::Natural, "#f", "For providers that can repeat an answer."),
    keyword("stop", Kind::Any, "#f", "A string, or a list of strings, before which the answer ends."),
    keyword(
        "json",
        Kind::Any,
        "#f",
        "`#t`: the answer must be JSON, and is asked for once more when it does not parse. `'object`: the provider's object mode as well.",
    ),
    keyword("timeout", Kind::Seconds, "120", "Seconds for each attempt."),
    keyword("retries", Kind::Natural, "4", "Attempts after the first, for faults that may pass."),
    keyword(
        "priority",
        Kind::Symbol,
        "'normal",
        "`'high`, `'normal` or `'batch`: who goes first when the limit is short.",
    ),
];

pub(super) const TABLE: &[Primitive] = &[
    Primitive {
        name: "llm-query",
        family: Family::Calls,
        params: CALL,
        rest: None,
        result: "response",
        doc: "Asks a model and waits for its answer. Only the fiber that asks waits: inside `map-async`, `parallel` or \
              `spawn` the others go on. Raises a failure when the call fails for good.",
        example: "(syntax-e (llm-query #:instruction \"Who wrote it?\" #:data \"Ada wrote the program.\"))",
        body: Body::Prelude,
    },
    Primitive {
        name: "llm-query-async",
        family: Family::Calls,
        params: CALL,
        rest: None,
        result: "handle",
        doc: "Asks a model and gives a handle at once. `await` waits for its answer; a `map-async` whose procedure returns \
              the handle does so by itself.",
        example: "(syntax-e (await (llm-query-async \"Who wrote it?\\n\\nAda wrote the program.\")))",
        body: Body::Prelude,
    },
    Primitive {
        name: "unsafe-raw-query",
        family: Family::Calls,
        params: CALL,
        rest: None,
        result: "string",
        doc: "`llm-query`, but gives the answer's bare text, which nothing marks as a model's words.",
        example: "(unsafe-raw-query \"Who wrote it?\\n\\nAda wrote the program.\")",
        body: Body::Prelude,
    },
];

/// Makes the frame of a call from what the script said.
pub(crate) fn wire_call(primitive: &Primitive, args: &[SteelVal]) -> Result<(CallHead, Vec<SteelString>), Fault> {
    let values = primitive.parse(args)?;
    let mut values = values.into_iter();
    let mut next = || values.next().flatten().filter(|v| !matches!(v, SteelVal::BoolV(false)));
    let (prompt, instruction, data) = (next(), next(), next());
    let (model, temperature, max_tokens, top_p, seed, stop) = (next(), next(), next(), next(), next(), next());
    let (json_mode, timeout, retries, priority) = (next(), next(), next(), next());

    let mut messages = Vec::with_capacity(2);
    let mut texts = Vec::with_capacity(2);
    let mut say = |role, text: SteelString| {
        messages.push((role, text.len() as u32));
        texts.push(text);
    };
    let user = data.map(|d| text(&d).map_or_else(|| json::to_text(&d).map(Into::into), Ok)).transpose()?;
    match (prompt.and_then(|p| text(&p)), instruction.and_then(|i| text(&i)), user) {
        (Some(prompt), None, None) => say(Role::User, prompt),
        (None, Some(instruction), None) => say(Role::User, instruction),
        (None, Some(instruction), Some(data)) => {
            say(Role::System, instruction);
            say(Role::User, data);
        }
        (None, None, _) => return Err(primitive.misuse("`#:instruction` is missing".into())),
        (Some(_), _, _) => {
            return Err(primitive.misuse("a prompt excludes `#:instruction` and `#:data`".into()));
        }
    }

    let head = CallHead {
        id: 0,
        model: model.and_then(|m| text(&m)).map(|m| m.to_string()),
        messages,
        sampling: Sampling {
            temperature: temperature.as_ref().and_then(number),
            max_tokens: max_tokens.as_ref().and_then(natural),
            top_p: top_p.as_ref().and_then(number),
            seed: seed.as_ref().and_then(natural).map(i64::from),
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
        timeout_s: timeout.as_ref().and_then(number),
        retries: retries.as_ref().and_then(natural),
        priority: match priority.as_ref().map(|p| if let SteelVal::SymbolV(s) = p { s.as_str() } else { "" }) {
            None | Some("normal") => Priority::Normal,
            Some("high") => Priority::High,
            Some("batch") => Priority::Batch,
            Some(other) => {
                return Err(
                    primitive.misuse(format!("`#:priority` must be `'high`, `'normal` or `'batch`, not `'{other}`"))
                );
            }
        },
    };
    Ok((head, texts))
}

fn stop_words(primitive: &Primitive, value: &SteelVal) -> Result<Vec<String>, Fault> {
    let one = |v: &SteelVal| text(v).map(|s| s.to_string());
    let all = match value {
        SteelVal::ListV(list) => list.iter().map(one).collect(),
        other => one(other).map(|s| vec![s]),
    };
    all.ok_or_else(|| primitive.misuse(format!("`#:stop` must be a string or a list of strings, not {}", shown(value))))
}

fn number(value: &SteelVal) -> Option<f64> {
    match value {
        SteelVal::IntV(n) => Some(*n as f64),
        SteelVal::NumV(n) => Some(*n),
        SteelVal::Rational(r) => Some(f64::from(*r.numer()) / f64::from(*r.denom())),
        _ => None,
    }
}

fn natural(value: &SteelVal) -> Option<u32> {
    match value {
        SteelVal::IntV(n) => u32::try_from(*n).ok(),
        _ => None,
    }
}
