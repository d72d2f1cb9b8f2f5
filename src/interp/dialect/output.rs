//! What is written to ports. Each of these is given the current port, or `#f` for the script's own output, by the prelude
//! (`prelude/racket/output.scm`).

use super::{
    Entry,
    bytes::bytes_of,
    formatted::format,
    given::{NOTHING, failed, mistaken},
    plain,
    ports::put,
    strings::{char_of, range, text},
    tower::optional_natural,
};
use crate::interp::{
    print::{self, Style, customs, pretty},
    value::{Native, string},
};
use steel::SteelVal;

pub(super) const TABLE: &[Entry] = &[
    // CURRENT: the current port.  PORT: a list of the port that was given, if one was.
    plain!("%display", "current value port", |v| shown("display", v, Style::Display, "")),
    plain!("%write", "current value port", |v| shown("write", v, Style::Write, "")),
    plain!("%print", "current value port", |v| shown("print", v, Style::Print, "")),
    plain!("%displayln", "current value port", |v| shown("displayln", v, Style::Display, "\n")),
    plain!("%writeln", "current value port", |v| shown("writeln", v, Style::Write, "\n")),
    plain!("%println", "current value port", |v| shown("println", v, Style::Print, "\n")),
    plain!("%newline", "current port", |v| put("newline", port(&v[0], &v[1]), "\n").and(NOTHING)),
    plain!("%write-char", "current char port", |v| {
        let c = char_of("write-char", &v[1])?;
        put("write-char", port(&v[0], &v[2]), c.encode_utf8(&mut [0; 4])).and(NOTHING)
    }),
    plain!("%write-string", "current text port+range", |v| {
        let name = "write-string";
        let text = text(name, &v[1])?;
        let SteelVal::ListV(rest) = &v[2] else { return NOTHING };
        let range = range(name, text, rest.get(1), rest.get(2))?;
        let count = text[range.clone()].chars().count();
        put(name, port(&v[0], &v[2]), &text[range])?;
        Ok(SteelVal::IntV(count as isize))
    }),
    plain!("%write-bytes", "current bytes port", |v| {
        let bytes = bytes_of("write-bytes", &v[1])?;
        let (start, end) = match &v[2] {
            SteelVal::ListV(given) => (
                optional_natural("write-bytes", given.get(1))?.unwrap_or(0),
                optional_natural("write-bytes", given.get(2))?.unwrap_or(bytes.len()),
            ),
            _ => (0, bytes.len()),
        };
        let Some(bytes) = bytes.get(start..end) else {
            return Err(failed("write-bytes: the range lies outside the bytes"));
        };
        put("write-bytes", port(&v[0], &v[2]), &String::from_utf8_lossy(bytes))?;
        Ok(SteelVal::IntV(bytes.len() as isize))
    }),
    plain!("%printf", "port name template values", |v| {
        let name = print::displayed(&v[1]);
        let SteelVal::ListV(values) = &v[3] else { return Err(mistaken(&name, "list?", &v[3])) };
        let values: Vec<SteelVal> = values.iter().cloned().collect();
        put(&name, &v[0], &format(&name, &v[2], &values)?).and(NOTHING)
    }),
    plain!("%format", "template values", |v| {
        let SteelVal::ListV(values) = &v[1] else { return Err(mistaken("format", "list?", &v[1])) };
        format("format", &v[0], &values.iter().cloned().collect::<Vec<_>>()).map(string)
    }),
    // ---- records that print themselves
    plain!("%customs?", "", |_| Ok(SteelVal::BoolV(customs::any()))),
    plain!("%customs-in", "value", |v| Ok(SteelVal::ListV(customs::within(&v[0]).into()))),
    plain!("%keep-text!", "record style text", |v| {
        customs::keep(&v[0], style(&v[1]), text("%keep-text!", &v[2])?);
        NOTHING
    }),
    plain!("%mistaken", "name expected value", |v| {
        Err(mistaken(&print::displayed(&v[0]), &print::displayed(&v[1]), &v[2]))
    }),
    // ---- over several lines
    plain!("%pretty", "style value columns", |v| {
        let style = style(&v[0]);
        let columns = match v[2] {
            SteelVal::IntV(n) if n > 0 => n as usize,
            SteelVal::BoolV(false) => 79,
            _ => usize::MAX,
        };
        Ok(string(pretty::laid_out(&v[1], style, columns)))
    }),
];

/// The style of this name.
fn style(name: &SteelVal) -> Style {
    match print::displayed(name).as_str() {
        "display" => Style::Display,
        "write" => Style::Write,
        _ => Style::Print,
    }
}

fn port<'a>(current: &'a SteelVal, given: &'a SteelVal) -> &'a SteelVal {
    match given {
        SteelVal::ListV(given) => given.first().unwrap_or(current),
        _ => current,
    }
}

/// The depth of quotes that `print` is given behind the port.
fn depth(given: &SteelVal) -> Option<isize> {
    match given {
        SteelVal::ListV(given) => {
            given.get(1).and_then(|depth| if let SteelVal::IntV(n) = depth { Some(*n) } else { None })
        }
        _ => None,
    }
}

fn shown(name: &str, v: &[SteelVal], style: Style, end: &str) -> Native {
    let port = port(&v[0], &v[2]);
    match &v[1] {
        // What is written most needs no copy.
        SteelVal::StringV(text) if style == Style::Display => {
            put(name, port, text)?;
            if !end.is_empty() {
                put(name, port, end)?;
            }
        }
        // Within what stands behind a quote.
        value if style == Style::Print && depth(&v[2]) == Some(1) => put(name, port, &print::behind_quote(value))?,
        value => put(name, port, &(super::formatted::styled(value, style) + end))?,
    }
    NOTHING
}
