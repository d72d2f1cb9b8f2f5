//! `llm-embed`: vectors of texts.
//!
//! The prelude cuts the texts into batches and asks for each of them by a call of its own. What a call carries is as in
//! [`super::wire_call`]; its answer is one text, of which vectors are made here.

use super::{
    Family, Kind, Param, Primitive, find, keyword, required, shown, text,
    wire_call::{Part, WireCall, extra_of, natural, number, priority},
};
use crate::{
    interp::value::{Fault, Native, error},
    llm::embed,
    wire::{Asks, CallHead, FailureClass, MessageHead, Role},
};
use steel::{SteelVal, rvals::SteelString};

pub(super) const NAME: &str = "llm-embed";

/// Texts of one call, at most: Gemini takes no more.
const TEXTS: usize = 100;
/// Their bytes, which are never fewer than their tokens: OpenAI takes 300,000 of these. A longer text goes alone.
const BYTES: usize = 250_000;

const PARAMS: &[Param] = &[
    required("texts", Kind::Any, "A list or a vector of strings or responses."),
    keyword("model", Kind::Text, "#f", "A name or \"provider/name\"; by default the provider's own for vectors."),
    keyword("extra", Kind::Any, "#f", "A hash of further parameters, such as `(hash 'dimensions 256)` at OpenAI."),
    keyword("timeout", Kind::Seconds, "120", "Seconds for each attempt."),
    keyword("retries", Kind::Natural, "4", "Attempts after the first, for faults that may pass."),
    keyword("priority", Kind::Symbol, "'normal", "`'high`, `'normal` or `'batch`, as in `llm-query`."),
];

pub(super) const TABLE: &[Primitive] = &[Family::Calls.prelude(
    NAME,
    PARAMS,
    "list of vectors",
    "Turns every text into a vector of numbers, in order: texts that mean the like lie near each other. A hundred texts go \
     in one call, and calls side by side. OpenAI and Gemini have models for it, Anthropic has none. Offline the vectors are \
     hashes of the texts' words, which tell shared words and nothing else.",
    "(map vector-length (llm-embed '(\"The pump failed.\" \"Invoices are paid monthly.\"))) ;; => (256 256)",
)];

/// `(%embedding-batches texts)` → the texts as lists, each for one call.
pub(crate) fn batches(args: &[SteelVal]) -> Native {
    let primitive = find(NAME).ok_or_else(|| error("`llm-embed` has an entry"))?;
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for text in texts(primitive, &args[0]).map_err(super::raised)? {
        if !batch.is_empty() && (batch.len() == TEXTS || bytes + text.len() > BYTES) {
            batches.push(SteelVal::ListV(std::mem::take(&mut batch).into()));
            bytes = 0;
        }
        bytes += text.len();
        batch.push(SteelVal::StringV(text));
    }
    if !batch.is_empty() {
        batches.push(SteelVal::ListV(batch.into()));
    }
    Ok(SteelVal::ListV(batches.into()))
}

fn texts(primitive: &Primitive, value: &SteelVal) -> Result<Vec<SteelString>, Fault> {
    let one = |(at, value): (usize, &SteelVal)| {
        text(value).ok_or_else(|| {
            let shown = shown(value);
            primitive.misuse(format!("a text must be a string, and number {} is {shown}", at + 1))
        })
    };
    match value {
        SteelVal::ListV(all) => all.iter().enumerate().map(one).collect(),
        SteelVal::VectorV(all) => all.iter().enumerate().map(one).collect(),
        SteelVal::MutableVector(all) => all.borrow(|all| all.iter().enumerate().map(one).collect()),
        other => {
            let fault = primitive.misuse(format!("`texts` must be a list of strings, not {}", shown(other)));
            Err(if text(other).is_some() { fault.hint("for one text, write `(llm-embed (list text))`") } else { fault })
        }
    }
}

/// Checks the arguments of one call, and makes its frame.
pub(super) fn wire_call(primitive: &Primitive, args: &[SteelVal]) -> Result<WireCall, Fault> {
    let mut values = primitive.parse(args)?.into_iter();
    // In the order of the table.
    let mut next = || values.next().flatten().filter(|v| !matches!(v, SteelVal::BoolV(false)));
    let texts = texts(primitive, &next().unwrap_or(SteelVal::Void))?;
    let (model, extra, timeout, retries, rank) = (next(), next(), next(), next(), next());
    let extra = extra.map(|e| extra_of(primitive, &e)).transpose()?;
    let message = |text: &SteelString| MessageHead { role: Role::User, text: text.len() as u32, images: Vec::new() };
    let head = CallHead {
        model: model.and_then(|m| text(&m)).map(|m| m.to_string()),
        messages: texts.iter().map(message).collect(),
        extra: extra.as_ref().map_or(0, |e| e.len() as u32),
        asks: Asks::Vectors,
        timeout_s: timeout.as_ref().and_then(number),
        retries: retries.as_ref().and_then(natural),
        priority: priority(primitive, rank.as_ref())?,
        ..CallHead::default()
    };
    let tail = texts.into_iter().map(Part::Text).chain(extra.map(|e| Part::Text(e.into()))).collect();
    Ok(WireCall { head, tail, on_token: None })
}

/// `(%vectors answers)` → the vectors of all the answers' texts.
pub(crate) fn vectors(args: &[SteelVal]) -> Native {
    let SteelVal::ListV(answers) = &args[0] else { return Err(error("%vectors takes a list")) };
    let mut all = Vec::new();
    for answer in answers.iter() {
        let vectors = text(answer).and_then(|text| embed::decode(&text)).ok_or_else(|| {
            super::raised(Fault::new(FailureClass::Server, "llm-embed: the answer holds no vectors; please report it"))
        })?;
        let numbers = |vector: Vec<f32>| vector.into_iter().map(|x| SteelVal::NumV(f64::from(x))).collect();
        all.extend(vectors.into_iter().map(|vector| SteelVal::VectorV(numbers(vector))));
    }
    Ok(SteelVal::ListV(all.into()))
}
