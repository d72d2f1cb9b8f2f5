//! `rlm-query` and `eval-untrusted`: calls that a session of its own answers.

use super::{
    Family, Kind, Param, Primitive, given_text, keyword, required, text,
    wire_call::{Part, WireCall, as_text, number},
};
use crate::{
    interp::{json, value::Fault},
    wire::{Asks, CallHead, MessageHead, NestedHead, Role},
};
use steel::{SteelVal, rvals::SteelString};

pub(super) const PROGRAM: &str = "eval-untrusted";

const LOOP: &[Param] = &[
    Param {
        name: "question",
        keyword: false,
        kind: Kind::Text,
        default: Some("#f"),
        doc: "The question, when it is all there is. One of several thousand characters is itself what is explored.",
    },
    keyword("instruction", Kind::Text, "#f", "The question (trusted)."),
    keyword(
        "data",
        Kind::Any,
        "#f",
        "What it is about (untrusted), which is the loop's `context`: a string, a response or a list of strings; other \
         values as JSON. Of any size.",
    ),
    keyword(
        "model",
        Kind::Text,
        "#f",
        "The root model of the loop; by default that of the command line, or \"smart\".",
    ),
    keyword("timeout", Kind::Seconds, "#f", "Seconds for all of it."),
    keyword(
        "depth",
        Kind::Window,
        "#f",
        "How many loops may stand one within another from this one on; `#f` as many as `--max-depth` allows.",
    ),
];

pub(super) const TABLE: &[Primitive] = &[
    Family::Calls.prelude(
        "rlm-query",
        LOOP,
        "response",
        "Has a root model explore the data by programs of its own, in a session of its own, until it can answer. The session \
         has the rights of this one, and its calls count against the same budgets. Where loops may not stand any deeper \
         (`--max-depth`), it is `llm-query`.",
        "(syntax-e (rlm-query #:instruction \"Who wrote it?\" #:data \"Ada wrote the program.\"))",
    ),
    Family::Calls.prelude(
        "rlm-query-async",
        LOOP,
        "handle",
        "`rlm-query`, but gives a handle at once, as `llm-query-async` does.",
        "(map-async (lambda (text) (rlm-query-async #:instruction \"Who wrote it?\" #:data text)) '(\"Ada wrote it.\" \"Bob did.\"))",
    ),
    Family::Calls.prelude(
        PROGRAM,
        &[
            required("text", Kind::Text, "The program, in Scheme; a Markdown fence round it is taken off."),
            keyword("with", Kind::Any, "#f", "A hash of variables that it finds: names and values that have a JSON form."),
            keyword("timeout", Kind::Seconds, "300", "Seconds for all of it."),
        ],
        "any",
        "Runs a program that a model has written, in a session of its own: the only way from a model's words to code. The \
         program has no files, no network and no variables of this session's but those that it is given; it may make calls, \
         which count against the same budgets. Gives its value, or what it printed when it has none, by way of JSON; an \
         error of its is raised with its line, so that a model can mend it.",
        "(eval-untrusted \"(apply + numbers)\" #:with (hash 'numbers '(1 2 3))) ;; => 6",
    ),
];

/// Whether a call is one of these.
pub(super) fn is(name: &str) -> bool {
    TABLE.iter().any(|primitive| primitive.name == name)
}

/// Checks the arguments, and makes the frame.
pub(super) fn wire_call(primitive: &Primitive, args: &[SteelVal]) -> Result<WireCall, Fault> {
    let values = primitive.parse(args)?;
    if primitive.name == PROGRAM {
        return program(primitive, &values);
    }
    let mut values = values.into_iter().map(|value| value.filter(|v| !matches!(v, SteelVal::BoolV(false))));
    let mut next = || values.next().flatten();
    let (question, instruction, data) = (next(), next(), next());
    let (model, timeout, depth) = (next(), next(), next());
    let depth = depth.and_then(|depth| if let SteelVal::IntV(n) = depth { u32::try_from(n).ok() } else { None });
    let texts = [question, instruction].map(|value| value.and_then(|value| text(&value)));
    let head = CallHead {
        model: model.and_then(|model| text(&model)).map(|model| model.to_string()),
        timeout_s: timeout.as_ref().and_then(number),
        nested: Some(Box::new(NestedHead { depth, within: Vec::new() })),
        ..CallHead::default()
    };
    exploring(primitive, texts, data, head)
}

/// The frame of a call that a loop answers.
pub(super) fn exploring(
    primitive: &Primitive,
    question: [Option<SteelString>; 2],
    data: Option<SteelVal>,
    head: CallHead,
) -> Result<WireCall, Fault> {
    let chat = match (question, data) {
        ([Some(_), Some(_)], _) | ([Some(_), None], Some(_)) => {
            return Err(primitive.misuse("a question excludes `#:instruction` and `#:data`".into()));
        }
        ([None, None], _) => return Err(primitive.misuse("`#:instruction` is missing".into())),
        ([Some(question), None] | [None, Some(question)], None) => vec![(Role::User, question)],
        ([None, Some(instruction)], Some(data)) => {
            let mut chat = vec![(Role::System, instruction)];
            chat.extend(texts(&data)?.into_iter().map(|text| (Role::User, text)));
            chat
        }
    };
    let message =
        |(role, text): &(Role, SteelString)| MessageHead { role: *role, text: text.len() as u32, images: Vec::new() };
    let messages = chat.iter().map(message).collect();
    let tail = chat.into_iter().map(|(_, text)| Part::Text(text)).collect();
    Ok(WireCall { head: CallHead { messages, asks: Asks::Loop, ..head }, tail, on_token: None })
}

/// The texts that data is: each of a list of texts, or one.
fn texts(data: &SteelVal) -> Result<Vec<SteelString>, Fault> {
    if let SteelVal::ListV(list) = data
        && !list.is_empty()
        && let Some(texts) = list.iter().map(text).collect::<Option<Vec<_>>>()
    {
        return Ok(texts);
    }
    Ok(vec![as_text(data)?])
}

fn program(primitive: &Primitive, values: &[Option<SteelVal>]) -> Result<WireCall, Fault> {
    let text: SteelString = unfenced(&given_text(&values[0])).into();
    let given = match &values[1] {
        None | Some(SteelVal::BoolV(false)) => "{}".to_owned(),
        Some(value) => json::to_text(value)?,
    };
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&given)
        .map_err(|_| primitive.misuse("`#:with` must be a hash of names and values".into()))?;
    if let Some(name) = fields.keys().find(|name| !is_variable(name)) {
        return Err(primitive.misuse(format!("`{name}` cannot be the name of a variable")));
    }
    let head = CallHead {
        messages: vec![MessageHead { role: Role::User, text: text.len() as u32, images: Vec::new() }],
        extra: given.len() as u32,
        asks: Asks::Program,
        timeout_s: values[2].as_ref().and_then(number),
        ..CallHead::default()
    };
    Ok(WireCall { head, tail: vec![Part::Text(text), Part::Text(given.into())], on_token: None })
}

/// The program in the first fence of a text; a text without one is the program.
fn unfenced(text: &str) -> &str {
    let Some(fence) = text.find("```") else { return text };
    let Some((_, rest)) = text[fence..].split_once('\n') else { return text };
    rest.find("\n```").map_or(rest.trim_end_matches('`'), |end| &rest[..end + 1])
}

fn is_variable(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "!$*/<=>?^_~+-".contains(c);
    name.starts_with(|c: char| c.is_alphabetic() || "!$*/<=>?^_~".contains(c)) && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_round_a_program_is_taken_off() {
        for (text, program) in [
            ("(f)", "(f)"),
            ("```scheme\n(f)\n(g)\n```\n", "(f)\n(g)\n"),
            ("Here it is:\n```\n(f)\n```\nand more", "(f)\n"),
            ("```scheme\n(f)", "(f)"),
            ("```", "```"),
        ] {
            assert_eq!(unfenced(text), program, "{text}");
        }
    }
}
