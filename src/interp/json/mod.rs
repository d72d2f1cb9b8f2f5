//! JSON to Scheme values and back, always in the same order.
//!
//! Objects are hashes with symbol keys, arrays lists, null is void; integers stay integers, of any size. Racket's way of
//! reading it is in [`reader`].

mod reader;

use super::{
    dialect::{equality, hashes, records},
    value::{Fault, string, symbol, text_like, with_fault},
};
use base64::Engine;
use serde_json::Value;
use steel::{SteelVal, rvals::IntoSteelVal};

pub(crate) use reader::{Problem, first};

/// How deep values may nest: a value that holds itself would never end.
const DEPTH: usize = 1_000;

/// A hash of these pairs.
pub(crate) fn hash(pairs: impl IntoIterator<Item = (SteelVal, SteelVal)>) -> SteelVal {
    hashes::immutable(hashes::Kind::Equal, pairs)
}

/// Parses JSON text.
pub(crate) fn from_text(text: &str) -> Result<SteelVal, String> {
    serde_json::from_str(text).map(from_json).map_err(|e| e.to_string())
}

/// What stands within a Markdown fence, if the whole text is one.
pub(crate) fn unfenced(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("```")?.strip_suffix("```")?;
    let inner = inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    (!inner.contains("```")).then_some(inner)
}

fn from_json(value: Value) -> SteelVal {
    match value {
        Value::Null => SteelVal::Void,
        Value::Bool(b) => SteelVal::BoolV(b),
        Value::String(s) => string(s),
        Value::Array(items) => SteelVal::ListV(items.into_iter().map(from_json).collect()),
        Value::Object(fields) => hash(fields.into_iter().map(|(k, v)| (symbol(&k), from_json(v)))),
        Value::Number(n) => {
            let digits = n.as_str();
            match (n.as_i64(), digits.parse::<num_bigint::BigInt>(), digits.parse::<f64>()) {
                (Some(i), _, _) => SteelVal::IntV(i as isize),
                (_, Ok(big), _) => big.into_steelval().unwrap_or(SteelVal::Void),
                (_, _, float) => SteelVal::NumV(float.unwrap_or(f64::NAN)),
            }
        }
    }
}

/// Writes a value as JSON, keys sorted.
pub(crate) fn to_text(value: &SteelVal) -> Result<String, Fault> {
    to_json(value, &symbol("null"), 0).map(|v| v.to_string())
}

/// As [`to_text`], but as Racket escapes it: the character DEL too or, if `all`, all that is not ASCII. NULL is null.
pub(crate) fn to_racket(value: &SteelVal, null: &SteelVal, all: bool) -> Result<String, Fault> {
    let text = to_json(value, null, 0)?.to_string();
    let escaped = |c: char| c == '\u{7f}' || all && !c.is_ascii();
    if !text.contains(escaped) {
        return Ok(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if escaped(c) {
            let mut halves = [0; 2];
            c.encode_utf16(&mut halves).iter().for_each(|half| out.push_str(&format!("\\u{half:04x}")));
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

fn to_json(value: &SteelVal, null: &SteelVal, depth: usize) -> Result<Value, Fault> {
    if depth > DEPTH {
        return Err(Fault::script("a value nests too deep for JSON").hint("does it hold itself?"));
    }
    let list = |items: &mut dyn Iterator<Item = SteelVal>| {
        items.map(|v| to_json(&v, null, depth + 1)).collect::<Result<Vec<_>, _>>().map(Value::Array)
    };
    if equality::eqv(value, null) {
        return Ok(Value::Null);
    }
    if let Some(text) = text_like(value) {
        return Ok(Value::String(text));
    }
    if let Some(fields) = with_fault(
        value,
        |f| serde_json::json!({ "error": f.message, "class": f.class.name(), "attempts": f.attempts, "model": f.model }),
    ) {
        return Ok(fields);
    }
    Ok(match value {
        SteelVal::Void => Value::Null,
        SteelVal::BoolV(b) => Value::Bool(*b),
        SteelVal::IntV(n) => Value::from(*n),
        SteelVal::NumV(n) => serde_json::Number::from_f64(*n).map_or(Value::Null, Value::Number),
        SteelVal::BigNum(_) => serde_json::from_str(&value.to_string()).unwrap_or(Value::Null),
        SteelVal::Rational(r) => {
            let float = f64::from(*r.numer()) / f64::from(*r.denom());
            serde_json::Number::from_f64(float).map_or(Value::Null, Value::Number)
        }
        SteelVal::ByteVector(bytes) => {
            Value::String(base64::engine::general_purpose::STANDARD.encode(super::value::bytes(bytes)))
        }
        SteelVal::ListV(items) => list(&mut items.iter().cloned())?,
        SteelVal::VectorV(items) => list(&mut items.iter().cloned())?,
        SteelVal::MutableVector(items) => list(&mut items.get().into_iter())?,
        SteelVal::Pair(pair) => list(&mut [pair.car(), pair.cdr()].into_iter())?,
        SteelVal::HashMapV(_) | SteelVal::CustomStruct(_) => {
            match kept_fields(value).or_else(|| super::print::struct_fields(value)) {
                Some(fields) => {
                    let fields = fields.into_iter().map(|(k, v)| to_json(&v, null, depth + 1).map(|v| (k, v)));
                    Value::Object(fields.collect::<Result<_, _>>()?)
                }
                None => match hashes::shown_set(value) {
                    Some((_, items)) => list(&mut items.into_iter())?,
                    None => Value::String(super::print::displayed(value)),
                },
            }
        }
        other => {
            let what = super::print::written(other);
            let fault = Fault::script(format!("`{what}` has no JSON form"));
            return Err(if super::value::is_handle(other) { fault.hint("`await` the handle first") } else { fault });
        }
    })
}

/// The entries of a hash, or the fields of a record, that the dialect keeps in one of Steel's structs.
fn kept_fields(value: &SteelVal) -> Option<Vec<(String, SteelVal)>> {
    let named = |key: &SteelVal| text_like(key).unwrap_or_else(|| super::print::displayed(key));
    // serde_json's map sorts its keys itself.
    let entries = hashes::View::of(value).map(|hash| hash.entries());
    let entries = entries.map(|all| all.into_iter().map(|(key, value)| (named(&key), value)).collect());
    entries.or_else(|| records::named_fields(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stay_integers_of_any_size() {
        let text = r#"[1,-9223372036854775808,123456789012345678901234567890,1.5]"#;
        assert_eq!(to_text(&from_text(text).unwrap()).unwrap(), text);
    }

    #[test]
    fn keys_are_sorted_and_null_is_void() {
        let text = r#"{"b":null,"a":{"d":1,"c":"\u0001"}}"#;
        assert_eq!(to_text(&from_text(text).unwrap()).unwrap(), r#"{"a":{"c":"\u0001","d":1},"b":null}"#);
    }

    #[test]
    fn a_fence_is_one_when_it_is_the_whole_text() {
        for text in ["```json\n[1]\n```", " ```\n[1]```\n", "```JSON [1] ```"] {
            assert_eq!(unfenced(text).map(str::trim), Some("[1]"), "{text}");
        }
        for text in ["[1]", "So:\n```json\n[1]\n```", "```json\n[1]\n```\nand\n```json\n[2]\n```"] {
            assert_eq!(unfenced(text), None, "{text}");
        }
    }

    #[test]
    fn a_failure_is_an_object() {
        let fault = Fault::new(crate::wire::FailureClass::Timeout, "late").into_value();
        assert!(to_text(&fault).unwrap().contains(r#""class":"timeout""#));
    }
}
