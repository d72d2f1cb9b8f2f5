//! Byte strings, symbols and keywords.
//!
//! Keywords are symbols that begin with `#:`. A symbol that must be unlike every other has a mark in its name that is never
//! shown.

use super::{
    Entry,
    changing::changing,
    given::{failed, keyword, mistaken},
    plain,
    strings::{exhausted, out_of_range, range, text},
    tower::{natural, optional_natural, truth},
};
use crate::interp::{
    print,
    value::{self, Native, string, symbol},
};
use std::cell::Cell;
use steel::{SteelErr, SteelVal, rvals::SteelByteVector};

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

pub(super) const TABLE: &[Entry] = &[
    plain!("bytes?", "value", |v| truth(matches!(v[0], SteelVal::ByteVector(_)))),
    plain!("bytes", "byte ...", |v| v.iter().map(|b| byte("bytes", b)).collect::<Result<_, _>>().map(made)),
    plain!("make-bytes", "count [byte]", |v| {
        let (count, filler) = (natural("make-bytes", &v[0])?, v.get(1).map_or(Ok(0), |b| byte("make-bytes", b))?);
        if count > 1 << 32 {
            return Err(exhausted(format!("make-bytes: out of memory making {count} bytes")));
        }
        Ok(made(vec![filler; count]))
    }),
    plain!("bytes-length", "bytes", |v| {
        Ok(SteelVal::IntV(value::with_bytes(vector("bytes-length", &v[0])?, <[u8]>::len) as isize))
    }),
    plain!("bytes-ref", "bytes index", |v| {
        let (bytes, index) = (vector("bytes-ref", &v[0])?, natural("bytes-ref", &v[1])?);
        value::with_bytes(bytes, |bytes| bytes.get(index).copied().ok_or(bytes.len()))
            .map(|b| SteelVal::IntV(b.into()))
            .map_err(|count| {
                failed(format!(
                    "bytes-ref: index is out of range\n  index: {index}\n  valid range: [0, {}]\n  byte string: {}",
                    count as isize - 1,
                    print::clipped(&v[0])
                ))
            })
    }),
    plain!("subbytes", "bytes start [end]", |v| part("subbytes", v)),
    plain!("bytes-copy", "bytes [start end]", |v| part("bytes-copy", v)),
    plain!("bytes-append", "bytes ...", |v| {
        let all = v.iter().map(|b| bytes_of("bytes-append", b)).collect::<Result<Vec<_>, _>>()?;
        Ok(made(all.concat()))
    }),
    plain!("bytes->list", "bytes", |v| {
        let bytes = bytes_of("bytes->list", &v[0])?;
        Ok(SteelVal::ListV(bytes.into_iter().map(|b| SteelVal::IntV(isize::from(b))).collect()))
    }),
    plain!("list->bytes", "numbers", |v| match &v[0] {
        SteelVal::ListV(items) => items.iter().map(|b| byte("list->bytes", b)).collect::<Result<_, _>>().map(made),
        other => Err(mistaken("list->bytes", "(listof byte?)", other)),
    }),
    plain!("bytes=?", "bytes more ...", |v| compared("bytes=?", v, |a, b| a == b)),
    plain!("bytes<?", "bytes more ...", |v| compared("bytes<?", v, |a, b| a < b)),
    plain!("bytes>?", "bytes more ...", |v| compared("bytes>?", v, |a, b| a > b)),
    plain!("string->bytes/utf-8", "text [error start end]", |v| encoded("string->bytes/utf-8", v)),
    plain!("string->utf8", "text", |v| encoded("string->utf8", v)),
    plain!("string->bytes/latin-1", "text [error start end]", |v| {
        let text = text("string->bytes/latin-1", &v[0])?;
        let other = optional_natural("string->bytes/latin-1", v.get(1))?.map(|n| n as u8);
        let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok().or(other)).collect::<Option<Vec<u8>>>();
        bytes.map(made).ok_or_else(|| failed("string->bytes/latin-1: the text has a character that Latin-1 lacks"))
    }),
    plain!("bytes->string/utf-8", "bytes [error start end]", |v| decoded("bytes->string/utf-8", v)),
    plain!("utf8->string", "bytes", |v| decoded("utf8->string", v)),
    plain!("bytes->string/latin-1", "bytes", |v| {
        Ok(string(bytes_of("bytes->string/latin-1", &v[0])?.into_iter().map(char::from).collect::<String>()))
    }),
    plain!("bytes-utf-8-length", "bytes [error start end]", |v| {
        let bytes = bytes_of("bytes-utf-8-length", &v[0])?;
        let count = std::str::from_utf8(&bytes).map(|text| SteelVal::IntV(text.chars().count() as isize));
        Ok(count.unwrap_or(SteelVal::BoolV(false)))
    }),
    plain!("bytes->immutable-bytes", "bytes", |v| bytes_of("bytes->immutable-bytes", &v[0]).map(|_| v[0].clone())),
    // ---- digests
    plain!("bytes->hex-string", "bytes", |v| {
        let bytes = bytes_of("bytes->hex-string", &v[0])?;
        Ok(string(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
    }),
    plain!("hex-string->bytes", "text", |v| {
        let text = text("hex-string->bytes", &v[0])?;
        let digits = text.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<u32>>>();
        let pairs = digits.filter(|digits| digits.len() % 2 == 0).map(|digits| {
            digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + *digit as u8)).collect()
        });
        pairs
            .map(made)
            .ok_or_else(|| mistaken("hex-string->bytes", "(and/c string? #px\"^([0-9a-fA-F]{2})*$\")", &v[0]))
    }),
    // ---- symbols and keywords
    plain!("symbol?", "value", |v| { truth(matches!(v[0], SteelVal::SymbolV(_)) && keyword(&v[0]).is_none()) }),
    plain!("keyword?", "value", |v| truth(keyword(&v[0]).is_some())),
    plain!("symbol->string", "symbol", |v| name_of("symbol->string", &v[0]).map(|name| changing(&name))),
    plain!("symbol->immutable-string", "symbol", |v| name_of("symbol->immutable-string", &v[0]).map(string)),
    plain!("keyword->string", "keyword", |v| match keyword(&v[0]) {
        Some(word) => Ok(string(word)),
        None => Err(mistaken("keyword->string", "keyword?", &v[0])),
    }),
    plain!("symbol<?", "symbol more ...", |v| {
        let names = v.iter().map(|s| name_of("symbol<?", s)).collect::<Result<Vec<_>, _>>()?;
        truth(names.windows(2).all(|pair| pair[0] < pair[1]))
    }),
    plain!("symbol=?", "symbol more ...", |v| {
        let names = v.iter().map(|s| name_of("symbol=?", s).map(|_| s)).collect::<Result<Vec<_>, _>>()?;
        truth(names.windows(2).all(|pair| pair[0] == pair[1]))
    }),
    plain!("keyword<?", "keyword more ...", |v| {
        let words = v.iter().map(|k| keyword(k).ok_or_else(|| mistaken("keyword<?", "keyword?", k)));
        let words = words.collect::<Result<Vec<_>, _>>()?;
        truth(words.windows(2).all(|pair| pair[0] < pair[1]))
    }),
    plain!("symbol-interned?", "symbol", |v| {
        name_of("symbol-interned?", &v[0])?;
        truth(!matches!(&v[0], SteelVal::SymbolV(s) if s.contains(print::MARK)))
    }),
    plain!("string->symbol", "text", |v| Ok(symbol(text("string->symbol", &v[0])?))),
    plain!("intern", "text", |v| Ok(symbol(text("intern", &v[0])?))),
    plain!("string->keyword", "text", |v| Ok(symbol(&format!("#:{}", text("string->keyword", &v[0])?)))),
    plain!("string->unreadable-symbol", "text", |v| {
        Ok(symbol(&format!("{}{}", text("string->unreadable-symbol", &v[0])?, print::MARK)))
    }),
    plain!("string->uninterned-symbol", "text", |v| {
        Ok(symbol(&format!("{}{}{}", text("string->uninterned-symbol", &v[0])?, print::MARK, next())))
    }),
    plain!("gensym", "[base]", |v| symbol_like("gensym", v.first())),
    plain!("generate-symbol", "[base]", |v| symbol_like("generate-symbol", v.first())),
    plain!("symbol-append", "symbol ...", |v| {
        let names = v.iter().map(|s| name_of("symbol-append", s)).collect::<Result<Vec<_>, _>>()?;
        Ok(symbol(&names.concat()))
    }),
];

fn next() -> u32 {
    LAST.replace(LAST.get() + 1)
}

/// A symbol that is unlike every other, and shows its number.
fn symbol_like(name: &str, base: Option<&SteelVal>) -> Native {
    let base = match base {
        None => "g".to_owned(),
        Some(SteelVal::StringV(text)) => text.to_string(),
        Some(SteelVal::SymbolV(base)) => print::unmarked(base).to_owned(),
        Some(other) => return Err(mistaken(name, "(or/c string? symbol?)", other)),
    };
    let number = next();
    Ok(symbol(&format!("{base}{}{}{number}", 1000 + number, print::MARK)))
}

fn name_of(name: &str, value: &SteelVal) -> Result<String, SteelErr> {
    match value {
        SteelVal::SymbolV(symbol) if keyword(value).is_none() => Ok(print::unmarked(symbol).to_owned()),
        other => Err(mistaken(name, "symbol?", other)),
    }
}

pub(super) fn made(bytes: Vec<u8>) -> SteelVal {
    SteelVal::ByteVector(SteelByteVector::new(bytes))
}

pub(super) fn bytes_of(name: &str, value: &SteelVal) -> Result<Vec<u8>, SteelErr> {
    vector(name, value).map(value::bytes)
}

fn vector<'a>(name: &str, value: &'a SteelVal) -> Result<&'a SteelByteVector, SteelErr> {
    match value {
        SteelVal::ByteVector(bytes) => Ok(bytes),
        other => Err(mistaken(name, "bytes?", other)),
    }
}

fn byte(name: &str, value: &SteelVal) -> Result<u8, SteelErr> {
    match value {
        SteelVal::IntV(n @ 0..=255) => Ok(*n as u8),
        other => Err(mistaken(name, "byte?", other)),
    }
}

fn part(name: &str, v: &[SteelVal]) -> Native {
    part_of(name, &v[0], v.get(1), v.get(2)).map(made)
}

/// Some of the bytes.
pub(super) fn part_of(
    name: &str,
    whole: &SteelVal,
    start: Option<&SteelVal>,
    end: Option<&SteelVal>,
) -> Result<Vec<u8>, SteelErr> {
    let start = optional_natural(name, start)?.unwrap_or(0);
    let end = optional_natural(name, end)?;
    value::with_bytes(vector(name, whole)?, |bytes| {
        let part = bytes.get(start..end.unwrap_or(bytes.len())).map(<[u8]>::to_vec);
        part.ok_or_else(|| out_of_range(name, ("byte string", whole), (start, end), bytes.len()))
    })
}

fn compared(name: &str, v: &[SteelVal], f: fn(&[u8], &[u8]) -> bool) -> Native {
    let all = v.iter().map(|b| bytes_of(name, b)).collect::<Result<Vec<_>, _>>()?;
    truth(all.windows(2).all(|pair| f(&pair[0], &pair[1])))
}

fn encoded(name: &str, v: &[SteelVal]) -> Native {
    let text = text(name, &v[0])?;
    let range = range(name, text, v.get(2), v.get(3))?;
    Ok(made(text[range].as_bytes().to_vec()))
}

fn decoded(name: &str, v: &[SteelVal]) -> Native {
    let SteelVal::ByteVector(bytes) = part(name, &[&v[..1], v.get(2..).unwrap_or_default()].concat())? else {
        return Err(mistaken(name, "bytes?", &v[0]));
    };
    match (String::from_utf8(value::bytes(&bytes)), v.get(1)) {
        (Ok(text), _) => Ok(string(text)),
        (Err(e), Some(SteelVal::CharV(c))) => {
            let lossy = String::from_utf8_lossy(e.as_bytes()).into_owned();
            Ok(string(lossy.replace(char::REPLACEMENT_CHARACTER, &c.to_string())))
        }
        (Err(_), _) => Err(failed(format!(
            "{name}: byte string is not a well-formed UTF-8 encoding\n  byte string: {}",
            print::clipped(&v[0])
        ))),
    }
}
