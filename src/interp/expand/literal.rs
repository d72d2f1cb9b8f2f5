//! The values that literals stand for.

use super::syntax::{Datum, Node, Syntax};
use crate::interp::{
    dialect,
    value::{string, symbol},
};
use num_bigint::BigInt;
use num_rational::{BigRational, Rational32};
use num_traits::ToPrimitive;
use steel::{SteelVal, rvals::IntoSteelVal, steel_vm::primitives::LIST_MODULE};

/// The value of a quoted datum.
pub(crate) fn value(datum: &Syntax) -> Result<SteelVal, String> {
    Ok(match &datum.node {
        Node::Name(name) => symbol(name.word()),
        Node::Literal(literal) => atom(literal)?,
        Node::List(items) => SteelVal::ListV(items.iter().map(value).collect::<Result<Vec<_>, _>>()?.into()),
        Node::Dotted(items, tail) => {
            let mut all = value(tail)?;
            for item in items.iter().rev() {
                all = cons(value(item)?, all)?;
            }
            all
        }
        Node::Vector(items) => SteelVal::VectorV(items.iter().map(value).collect::<Result<_, _>>()?),
        Node::Hash(kind, pairs) => {
            let pairs = pairs.iter().map(|(k, v)| Ok::<_, String>((value(k)?, value(v)?)));
            let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
            dialect::hashes::immutable(*kind, pairs)
        }
        Node::Prefab(key, fields) => {
            let fields = fields.iter().map(value).collect::<Result<Vec<_>, _>>()?;
            dialect::records::prefab(&value(key)?, fields)
                .ok_or_else(|| format!("`{key}` is no prefab record's key for these fields: it is written `name`"))?
        }
        Node::Boxed(_) => return Err("a box cannot stand within a literal: `(box value)` makes one".into()),
    })
}

/// Steel shows its pairs to its own crate alone, and what makes them by name.
pub(super) fn cons(first: SteelVal, rest: SteelVal) -> Result<SteelVal, String> {
    let made = match LIST_MODULE.with(|module| module.try_get("cons".to_owned())) {
        Some(SteelVal::FuncV(cons)) => cons(&[first, rest]),
        Some(SteelVal::MutFunc(cons)) => cons(&mut [first, rest]),
        _ => return Err("there is no `cons`".into()),
    };
    made.map_err(|e| e.to_string())
}

fn atom(literal: &Datum) -> Result<SteelVal, String> {
    Ok(match literal {
        Datum::String(text) => string(&**text),
        Datum::Number(text) => number(text).ok_or_else(|| format!("`{text}` is no number"))?,
        Datum::Char(c) => SteelVal::CharV(*c),
        Datum::Boolean(truth) => SteelVal::BoolV(*truth),
        Datum::Keyword(word) => symbol(&format!("#:{word}")),
        Datum::Regexp { pattern, px, bytes } => return dialect::regexp(pattern, *px, *bytes),
        Datum::Bytes(bytes) => SteelVal::ByteVector(steel::rvals::SteelByteVector::new(bytes.to_vec())),
        Datum::Void => SteelVal::Void,
    })
}

/// A number from the text that the reader makes of it.
pub(crate) fn number(text: &str) -> Option<SteelVal> {
    if let Ok(n) = text.parse::<isize>() {
        return Some(SteelVal::IntV(n));
    }
    if let Ok(n) = text.parse::<BigInt>() {
        return n.into_steelval().ok();
    }
    if let Ok(n) = text.parse::<BigRational>() {
        return match (n.numer().to_i32(), n.denom().to_i32()) {
            (Some(over), Some(under)) => Some(SteelVal::Rational(Rational32::new(over, under))),
            _ => n.into_steelval().ok(),
        };
    }
    match text {
        "+inf.0" => Some(SteelVal::NumV(f64::INFINITY)),
        "-inf.0" => Some(SteelVal::NumV(f64::NEG_INFINITY)),
        "+nan.0" => Some(SteelVal::NumV(f64::NAN)),
        text if text.ends_with('i') => dialect::numerals::read(text, 10),
        text => text.parse().ok().map(SteelVal::NumV),
    }
}
