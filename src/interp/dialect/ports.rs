//! Ports: the script's own output, and strings that are written to or read from.
//!
//! Which port is the current one is a parameter, and parameters are Scheme's (`prelude/racket/output.scm`): the natives here
//! are given it, or `#f` for the script's own output. Not here: which files may be opened (`files`), and what is written
//! (`output`).

use super::{
    Entry,
    bytes::{bytes_of, made},
    given::{NOTHING, failed, mistaken, raised},
    plain,
    strings::text,
    tower::{natural, optional_natural, truth},
};
use crate::{
    interp::{
        expand, json,
        natives::raise,
        output, print,
        value::{Exn, Fault, Native, custom, string, text_like},
    },
    wire::{FailureClass, Stream},
};
use std::{
    cell::{Cell, RefCell},
    fmt, fs,
    io::Write,
};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, as_underlying_type},
};

/// A port.
pub(super) enum Port {
    /// The script's stdout or stderr.
    Stream(Stream),
    /// What is written is kept.
    Kept { text: RefCell<String>, closed: Cell<bool> },
    /// A text that is read, and the path of the file that it stood in, if it did in one.
    Input { text: RefCell<String>, from: Option<String>, at: Cell<usize>, closed: Cell<bool>, counts_lines: Cell<bool> },
    /// What is written is in the file at once; none when it is closed.
    File { file: RefCell<Option<fs::File>>, path: String },
    /// What is written goes to the end of this port's text.
    Pipe { into: SteelVal, closed: Cell<bool> },
}

impl Custom for Port {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        Some(Ok(match self {
            Self::Stream(Stream::Stdout) => "#<output-port:stdout>",
            Self::Stream(Stream::Stderr) => "#<output-port:stderr>",
            Self::Kept { .. } => "#<output-port:string>",
            Self::Input { from: None, .. } => "#<input-port:string>",
            Self::Input { from: Some(path), .. } => return Some(Ok(format!("#<input-port:{path}>"))),
            Self::File { path, .. } => return Some(Ok(format!("#<output-port:{path}>"))),
            Self::Pipe { .. } => "#<output-port:pipe>",
        }
        .into()))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| match (self, other) {
            (Self::Stream(a), Self::Stream(b)) => a == b,
            (a, b) => std::ptr::eq(a, b),
        })
    }
}

/// What is read at the end of a port.
struct Eof;

impl Custom for Eof {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        Some(Ok("#<eof>".into()))
    }
}

thread_local! {
    /// Whether anything but the script's own output was ever the current port.
    static REDIRECTED: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn with_port<R>(value: &SteelVal, f: impl FnOnce(&Port) -> R) -> Option<R> {
    match value {
        SteelVal::Custom(inner) => as_underlying_type::<Port>(inner.read().as_ref()).map(f),
        _ => None,
    }
}

/// What a port has still to be read; none when it is no input port.
pub(super) fn unread(port: &SteelVal) -> Option<String> {
    with_port(port, |port| match port {
        Port::Input { text, at, .. } => Some(text.borrow()[at.get()..].to_owned()),
        _ => None,
    })
    .flatten()
}

/// Reads over this many bytes.
pub(super) fn skip(port: &SteelVal, bytes: usize) {
    with_port(port, |port| {
        if let Port::Input { text, at, .. } = port {
            let text = text.borrow();
            at.set(text.floor_char_boundary((at.get() + bytes).min(text.len())));
        }
    });
}

/// Writes to a port, or to stdout when it is `#f`.
pub(super) fn put(name: &str, port: &SteelVal, text: &str) -> Result<(), SteelErr> {
    if matches!(port, SteelVal::BoolV(false)) {
        output::text(Stream::Stdout, text);
        return Ok(());
    }
    let done = with_port(port, |kind| match kind {
        Port::Stream(stream) => {
            output::text(*stream, text);
            Ok(true)
        }
        Port::Kept { closed, .. } if closed.get() => {
            Err(failed(format!("{name}: output port is closed\n  output port: #<output-port:string>")))
        }
        Port::Kept { text: kept, .. } => {
            kept.borrow_mut().push_str(text);
            Ok(true)
        }
        Port::Pipe { closed, .. } if closed.get() => {
            Err(failed(format!("{name}: output port is closed\n  output port: #<output-port:pipe>")))
        }
        Port::Pipe { into, .. } => {
            with_port(into, |port| {
                if let Port::Input { text: kept, .. } = port {
                    kept.borrow_mut().push_str(text);
                }
            });
            Ok(true)
        }
        Port::File { file, .. } => match file.borrow_mut().as_mut() {
            None => Err(failed(format!("{name}: output port is closed\n  output port: {}", print::displayed(port)))),
            Some(file) => match file.write_all(text.as_bytes()) {
                Ok(()) => Ok(true),
                Err(e) => Err(raised(Exn::Filesystem, format!("{name}: error writing\n  system error: {e}"))),
            },
        },
        Port::Input { .. } => Ok(false),
    });
    match done {
        Some(Ok(true)) => Ok(()),
        Some(Err(e)) => Err(e),
        _ => Err(mistaken(name, "output-port?", port)),
    }
}

/// Reads from a port: `f` is given what is left and says how much of it was read, in bytes.
fn read<R>(name: &str, port: &SteelVal, f: impl FnOnce(&str) -> (R, usize)) -> Result<R, SteelErr> {
    let result = with_port(port, |kind| match kind {
        Port::Input { closed, .. } if closed.get() => {
            Some(Err(failed(format!("{name}: input port is closed\n  input port: {}", print::displayed(port)))))
        }
        Port::Input { text, at, .. } => {
            let (result, bytes) = f(&text.borrow()[at.get()..]);
            at.set(at.get() + bytes);
            Some(Ok(result))
        }
        _ => None,
    });
    result.flatten().unwrap_or_else(|| Err(mistaken(name, "input-port?", port)))
}

fn eof() -> SteelVal {
    custom(Eof)
}

fn is_eof(value: &SteelVal) -> bool {
    matches!(value, SteelVal::Custom(inner) if as_underlying_type::<Eof>(inner.read().as_ref()).is_some())
}

fn open(text: String) -> SteelVal {
    read_from(text, None)
}

/// A port from which a text is read that stood in the file of this path.
pub(super) fn read_from(text: String, from: Option<String>) -> SteelVal {
    custom(Port::Input {
        text: RefCell::new(text),
        from,
        at: Cell::new(0),
        closed: Cell::new(false),
        counts_lines: Cell::new(false),
    })
}

pub(super) const TABLE: &[Entry] = &[
    plain!("%stdout", "", |_| Ok(custom(Port::Stream(Stream::Stdout)))),
    plain!("%stderr", "", |_| Ok(custom(Port::Stream(Stream::Stderr)))),
    plain!("%stdin", "", |_| Ok(open(String::new()))),
    plain!("%redirected?", "", |_| truth(REDIRECTED.get())),
    plain!("%as-output-port", "name port", |v| {
        match with_port(&v[1], |port| !matches!(port, Port::Input { .. })) {
            Some(true) => {
                let plain = with_port(&v[1], |port| matches!(port, Port::Stream(_))).unwrap_or(false);
                if !plain {
                    REDIRECTED.set(true);
                }
                Ok(v[1].clone())
            }
            _ => Err(mistaken(&print::displayed(&v[0]), "output-port?", &v[1])),
        }
    }),
    plain!("%as-current-output", "port", |v| match with_port(&v[0], |port| matches!(port, Port::Input { .. })) {
        Some(false) => {
            let stdout = with_port(&v[0], |port| matches!(port, Port::Stream(Stream::Stdout))).unwrap_or(false);
            if !stdout {
                REDIRECTED.set(true);
            }
            Ok(v[0].clone())
        }
        _ => Err(mistaken("current-output-port", "output-port?", &v[0])),
    }),
    plain!("%as-current-input", "port", |v| match with_port(&v[0], |port| matches!(port, Port::Input { .. })) {
        Some(true) => Ok(v[0].clone()),
        _ => Err(mistaken("current-input-port", "input-port?", &v[0])),
    }),
    plain!("open-output-string", "[name]", |_| Ok(kept())),
    plain!("open-output-bytes", "[name]", |_| Ok(kept())),
    plain!("open-input-string", "text [name]", |v| Ok(open(text("open-input-string", &v[0])?.to_string()))),
    plain!("open-input-bytes", "bytes [name]", |v| {
        Ok(open(String::from_utf8_lossy(&bytes_of("open-input-bytes", &v[0])?).into_owned()))
    }),
    // Reading finds the end where Racket would wait for more.
    plain!("make-pipe", "[limit name name]", |_| {
        let input = open(String::new());
        let output = custom(Port::Pipe { into: input.clone(), closed: Cell::new(false) });
        Ok(super::support::several(&[input, output]))
    }),
    plain!("get-output-string", "port", |v| written("get-output-string", &v[0]).map(string)),
    plain!("get-output-bytes", "port [reset? start end]", |v| {
        let text = written("get-output-bytes", &v[0])?;
        if v.get(1).is_some_and(|reset| !matches!(reset, SteelVal::BoolV(false))) {
            with_port(&v[0], |port| {
                if let Port::Kept { text, .. } = port {
                    text.borrow_mut().clear();
                }
            });
        }
        let start = optional_natural("get-output-bytes", v.get(2))?.unwrap_or(0);
        let end = optional_natural("get-output-bytes", v.get(3))?.unwrap_or(text.len());
        let part = text.as_bytes().get(start..end);
        part.map(|part| made(part.to_vec())).ok_or_else(|| failed("get-output-bytes: the range lies outside the bytes"))
    }),
    // ---- what ports are
    plain!("port?", "value", |v| truth(with_port(&v[0], |_| ()).is_some())),
    plain!("input-port?", "value", |v| truth(is_input(&v[0]))),
    plain!("output-port?", "value", |v| truth(with_port(&v[0], |_| ()).is_some() && !is_input(&v[0]))),
    plain!("textual-port?", "value", |v| truth(with_port(&v[0], |_| ()).is_some())),
    plain!("string-port?", "value", |v| {
        let other =
            |port: &Port| matches!(port, Port::Stream(_) | Port::File { .. } | Port::Input { from: Some(_), .. });
        truth(with_port(&v[0], |port| !other(port)).unwrap_or(false))
    }),
    plain!("eof-object", "", |_| Ok(eof())),
    plain!("eof-object?", "value", |v| truth(is_eof(&v[0]))),
    plain!("close-input-port", "port", |v| close("close-input-port", &v[0])),
    plain!("close-output-port", "port", |v| close("close-output-port", &v[0])),
    plain!("close-port", "port", |v| close("close-port", &v[0])),
    plain!("port-closed?", "port", |v| {
        let closed = with_port(&v[0], |port| match port {
            Port::Stream(_) => false,
            Port::File { file, .. } => file.borrow().is_none(),
            Port::Kept { closed, .. } | Port::Input { closed, .. } | Port::Pipe { closed, .. } => closed.get(),
        });
        closed.map_or_else(|| Err(mistaken("port-closed?", "port?", &v[0])), truth)
    }),
    plain!("port-count-lines!", "port", |v| {
        with_port(&v[0], |port| {
            if let Port::Input { counts_lines, .. } = port {
                counts_lines.set(true);
            }
        });
        NOTHING
    }),
    // The line, the column and the position of what is read next; no line and no column unless they are counted.
    plain!("port-next-location", "port", |v| {
        let int = |n: usize| SteelVal::IntV(n as isize);
        let place = with_port(&v[0], |port| match port {
            Port::Input { text, at, counts_lines, .. } => {
                let text = text.borrow();
                let before = &text[..at.get()];
                let position = int(before.chars().count() + 1);
                let line = before.rsplit('\n').next().unwrap_or_default();
                match counts_lines.get() {
                    true => [int(before.matches('\n').count() + 1), int(line.chars().count()), position],
                    false => [SteelVal::BoolV(false), SteelVal::BoolV(false), position],
                }
            }
            Port::Kept { text, .. } => {
                [SteelVal::BoolV(false), SteelVal::BoolV(false), int(text.borrow().chars().count() + 1)]
            }
            _ => [const { SteelVal::BoolV(false) }; 3],
        });
        place.map_or_else(
            || Err(mistaken("port-next-location", "port?", &v[0])),
            |place| Ok(super::support::several(&place)),
        )
    }),
    plain!("file-position", "port [position]", |v| {
        if let Some(new) = v.get(1) {
            let new = if is_eof(new) { usize::MAX } else { natural("file-position", new)? };
            let moved = with_port(&v[0], |port| match port {
                Port::Input { text, at, .. } => {
                    let text = text.borrow();
                    at.set(text.floor_char_boundary(new.min(text.len())));
                    true
                }
                _ => false,
            });
            return match moved {
                Some(true) => NOTHING,
                Some(false) => Err(failed("file-position: only the place where a string is read can be set")),
                None => Err(mistaken("file-position", "port?", &v[0])),
            };
        }
        let bytes = with_port(&v[0], |port| match port {
            Port::Input { at, .. } => at.get(),
            Port::Kept { text, .. } => text.borrow().len(),
            _ => 0,
        });
        bytes.map_or_else(|| Err(mistaken("file-position", "port?", &v[0])), |n| Ok(SteelVal::IntV(n as isize)))
    }),
    plain!("flush-output", "[port]", |_| NOTHING),
    plain!("flush-output-port", "[port]", |_| NOTHING),
    // ---- reading: the prelude says from which port
    plain!("%read-char", "port", |v| read("read-char", &v[0], |rest| {
        rest.chars().next().map_or((eof(), 0), |c| (SteelVal::CharV(c), c.len_utf8()))
    })),
    plain!("%peek-char", "skip port", |v| {
        let skip = natural("peek-char", &v[0])?;
        read("peek-char", &v[1], |rest| {
            let skipped = rest.get(skip.min(rest.len())..).unwrap_or_default();
            (skipped.chars().next().map_or_else(eof, SteelVal::CharV), 0)
        })
    }),
    plain!("%char-ready?", "port", |v| read("char-ready?", &v[0], |_| (SteelVal::BoolV(true), 0))),
    plain!("%read-line", "port mode", |v| read("read-line", &v[0], |rest| {
        match line(rest, &print::displayed(&v[1])) {
            _ if rest.is_empty() => (eof(), 0),
            (line, bytes) => (string(line), bytes),
        }
    })),
    plain!("%read-lines", "name port mode", |v| read(&print::displayed(&v[0]), &v[1], |rest| {
        let mode = print::displayed(&v[2]);
        let (mut lines, mut left) = (Vec::new(), rest);
        while !left.is_empty() {
            let (line, bytes) = line(left, &mode);
            lines.push(string(line));
            left = &left[bytes..];
        }
        (SteelVal::ListV(lines.into_iter().collect()), rest.len())
    })),
    plain!("%read-all", "name port", |v| { read(&print::displayed(&v[0]), &v[1], |rest| (string(rest), rest.len())) }),
    plain!("%read-string", "count port", |v| {
        let count = natural("read-string", &v[0])?;
        read("read-string", &v[1], |rest| {
            let end = rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
            if end == 0 && count > 0 { (eof(), 0) } else { (string(&rest[..end]), end) }
        })
    }),
    plain!("%peek-string", "count skip port", |v| {
        let (count, skip) = (natural("peek-string", &v[0])?, natural("peek-string", &v[1])?);
        read("peek-string", &v[2], |rest| {
            let text: String = rest.chars().skip(skip).take(count).collect();
            (if text.is_empty() && count > 0 { eof() } else { string(text) }, 0)
        })
    }),
    plain!("%read-bytes", "count port", |v| {
        let count = natural("read-bytes", &v[0])?;
        read("read-bytes", &v[1], |rest| {
            let end = rest.floor_char_boundary(count.min(rest.len()));
            if end == 0 && count > 0 { (eof(), 0) } else { (made(rest.as_bytes()[..end].to_vec()), end) }
        })
    }),
    plain!("%peek-bytes", "name count skip port", |v| {
        let name = print::displayed(&v[0]);
        let (count, skip) = (natural(&name, &v[1])?, natural(&name, &v[2])?);
        read(&name, &v[3], |rest| {
            let bytes: Vec<u8> = rest.bytes().skip(skip).take(count).collect();
            (if bytes.is_empty() && count > 0 { eof() } else { made(bytes) }, 0)
        })
    }),
    // The first value of what is left; NULL stands for null.
    plain!("%read-json", "name port null", |v| {
        let name = print::displayed(&v[0]);
        let before = with_port(&v[1], |port| match port {
            Port::Input { at, .. } => at.get(),
            _ => 0,
        });
        read(&name, &v[1], |rest| match json::first(rest, &v[2]) {
            Ok(Some((value, bytes))) => (Ok(value), bytes),
            Ok(None) => (Ok(eof()), rest.len()),
            Err(problem) => {
                let place = problem.at.map(|at| before.unwrap_or(0) + at + 1);
                (Err(no_json(&name, &problem.message, place)), rest.len())
            }
        })?
    }),
    // The first value of a text, or of what stands in a Markdown fence if that is the whole text.
    plain!("%text->jsexpr", "name text null", |v| {
        let name = print::displayed(&v[0]);
        let Some(text) = text_like(&v[1]) else { return Err(mistaken(&name, "string?", &v[1])) };
        let unfenced = |_: &json::Problem| json::unfenced(&text).and_then(|inner| json::first(inner, &v[2]).ok());
        match json::first(&text, &v[2]).or_else(|problem| unfenced(&problem).ok_or(problem)) {
            Ok(value) => Ok(value.map_or_else(eof, |(value, _)| value)),
            Err(problem) => Err(no_json(&name, &problem.message, problem.at.map(|at| at + 1))),
        }
    }),
    plain!("%jsexpr->text", "value null all?", |v| {
        json::to_racket(&v[0], &v[1], v[2].is_truthy()).map(string).map_err(|fault| raise(fault.into_value()))
    }),
    plain!("%read", "port", |v| {
        let before = with_port(&v[0], |port| match port {
            Port::Input { at, .. } => at.get(),
            _ => 0,
        });
        // Racket counts characters from the port's beginning.
        let wrong = |what: String, at: usize| {
            let place = with_port(&v[0], |port| match port {
                Port::Input { text, .. } => {
                    text.borrow().get(..before.unwrap_or(0) + at).map_or(0, |text| text.chars().count())
                }
                _ => 0,
            });
            raised(Exn::Read, format!("string::{}: read: {what}", place.unwrap_or(0) + 1))
        };
        read("read", &v[0], |rest| match expand::datum(rest) {
            Ok(Some((value, bytes))) => (Ok(value), bytes),
            Ok(None) if rest.trim_start().starts_with([')', ']', '}']) => {
                let close = rest.trim_start().chars().next().unwrap_or(')');
                let at = rest.len() - rest.trim_start().len();
                (Err(wrong(format!("unexpected `{close}`"), at)), at + 1)
            }
            Ok(None) => (Ok(eof()), rest.len()),
            Err((what, at)) => (Err(wrong(what, at)), rest.len()),
        })?
    }),
];

/// PLACE is the position in the port, from 1.
fn no_json(name: &str, message: &str, place: Option<usize>) -> SteelErr {
    let message = place.map_or_else(|| message.to_owned(), |at| format!("string::{at}: {name}: {message}"));
    let fault = Fault::of_program(FailureClass::InvalidJson, message);
    raise(Fault { kind: Exn::Read, ..fault }.into_value())
}

fn kept() -> SteelVal {
    custom(Port::Kept { text: RefCell::default(), closed: Cell::new(false) })
}

/// A port to a file.
pub(super) fn write_to(file: fs::File, path: String) -> SteelVal {
    custom(Port::File { file: RefCell::new(Some(file)), path })
}

fn is_input(value: &SteelVal) -> bool {
    with_port(value, |port| matches!(port, Port::Input { .. })).unwrap_or(false)
}

fn written(name: &str, value: &SteelVal) -> Result<String, SteelErr> {
    let text = with_port(value, |port| match port {
        Port::Kept { text, .. } => Some(text.borrow().clone()),
        _ => None,
    });
    text.flatten().ok_or_else(|| mistaken(name, "(and/c output-port? string-port?)", value))
}

fn close(name: &str, value: &SteelVal) -> Native {
    with_port(value, |port| match port {
        Port::Stream(_) => {}
        Port::File { file, .. } => *file.borrow_mut() = None,
        Port::Kept { closed, .. } | Port::Input { closed, .. } | Port::Pipe { closed, .. } => closed.set(true),
    })
    .map_or_else(|| Err(mistaken(name, "port?", value)), |()| NOTHING)
}

/// The first line of a text, and how many bytes it takes with what ends it.
fn line<'a>(text: &'a str, mode: &str) -> (&'a str, usize) {
    let ends = |c: char| match mode {
        "return" => c == '\r',
        "linefeed" | "return-linefeed" => c == '\n',
        _ => c == '\n' || c == '\r',
    };
    let Some(at) = text.find(ends) else { return (text, text.len()) };
    match mode {
        "linefeed" | "return" | "any-one" => (&text[..at], at + 1),
        "return-linefeed" => (text[..at].strip_suffix('\r').unwrap_or(&text[..at]), at + 1),
        _ => (&text[..at], at + if text[at..].starts_with("\r\n") { 2 } else { 1 }),
    }
}
