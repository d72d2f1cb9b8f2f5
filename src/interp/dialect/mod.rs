//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

use std::{collections::HashMap, sync::OnceLock};

mod aliases;
mod binary;
mod bits;
mod bytes;
mod changing;
mod chars;
mod complex;
mod dates;
mod encodings;
pub(crate) mod equality;
mod exceptions;
pub(crate) mod files;
mod formatted;
pub(crate) mod given;
pub(crate) mod hashes;
mod insert;
mod known;
mod lists;
pub(crate) mod mpairs;
pub(crate) mod number_vectors;
mod numbers;
pub(crate) mod numerals;
mod output;
mod parts;
mod pattern;
mod ports;
mod procedures;
mod reals;
pub(crate) mod records;
pub(crate) mod regexps;
mod sequences;
mod sets;
mod sorting;
mod special;
mod strings;
pub(crate) mod structs;
pub(crate) mod support;
mod takes;
#[cfg(test)]
mod tests;
mod tilde;
mod tower;
mod vectors;
mod words;

pub(crate) use aliases::ALIASES;
pub(crate) use exceptions::{kind_of, message_of, raise_error};
pub(crate) use given::{Entry, Given, Machined, Shape, keyed, machined, plain, taking};
pub(crate) use known::{name, name_of, takes};
pub(crate) use regexps::literal as regexp;

/// What belongs together, as the reference shows it.
pub(crate) struct Area {
    pub(crate) title: &'static str,
    natives: &'static [&'static [Entry]],
    /// Those of another signature.
    machined: &'static [&'static [Machined]],
    /// The files of `prelude/racket` that have the rest.
    pub(crate) files: &'static [&'static str],
    /// What is Steel's own, since it is as in Racket there.
    pub(crate) steels: &'static [&'static str],
}

#[rustfmt::skip]
pub(crate) const AREAS: &[Area] = &[
    Area {
        title: "Truth and equality",
        natives: &[equality::TABLE],
        machined: &[],
        files: &["equality.scm"],
        steels: &["not", "boolean?"],
    },
    Area {
        title: "Numbers",
        natives: &[numbers::TABLE, reals::TABLE, bits::TABLE, binary::TABLE, special::TABLE],
        machined: &[],
        files: &["numbers.scm"],
        steels: &["+", "-", "<", ">", "<=", ">="],
    },
    Area {
        title: "Strings and characters",
        natives: &[strings::TABLE, changing::TABLE, words::TABLE, chars::TABLE],
        machined: &[],
        files: &["text.scm"],
        steels: &[],
    },
    Area { title: "Symbols, keywords, bytes", natives: &[bytes::TABLE, encodings::TABLE], machined: &[], files: &[], steels: &["symbol?"] },
    Area { title: "Regular expressions", natives: &[regexps::TABLE], machined: &[], files: &["patterns.scm"], steels: &[] },
    Area {
        title: "Pairs and lists",
        natives: &[lists::TABLE, parts::TABLE, sorting::TABLE, mpairs::TABLE],
        machined: &[mpairs::MAKERS],
        files: &["lists.scm", "sorting.scm"],
        steels: &["car", "cdr", "cons", "pair?", "null?", "list?", "list", "length", "append", "reverse"],
    },
    Area {
        title: "Vectors",
        natives: &[vectors::TABLE, number_vectors::TABLE],
        machined: &[vectors::MAKERS],
        files: &["vectors.scm"],
        steels: &["vector", "vector-ref", "vector-length"],
    },
    Area {
        title: "Hashes",
        natives: &[hashes::TABLE],
        machined: &[hashes::MAKERS],
        files: &["hashes.scm", "dicts.scm"],
        steels: &[],
    },
    Area { title: "Sets", natives: &[sets::TABLE], machined: &[sets::MAKERS], files: &["sets.scm"], steels: &[] },
    Area {
        title: "Sequences, streams, generators",
        natives: &[sequences::TABLE],
        machined: &[sequences::MAKERS],
        files: &["sequences.scm", "walks.scm", "promises.scm", "generators.scm"],
        steels: &[],
    },
    Area {
        title: "Procedures, boxes, time",
        natives: &[procedures::TABLE, known::TABLE, takes::TABLE, support::TABLE, dates::TABLE],
        machined: &[],
        files: &["procedures.scm", "arity.scm", "forms.scm", "dates.scm"],
        steels: &["box", "unbox", "make-parameter", "dynamic-wind", "call/cc", "call-with-current-continuation"],
    },
    Area {
        title: "Records",
        natives: &[records::TABLE],
        machined: &[records::MAKERS],
        files: &["records.scm"],
        steels: &[],
    },
    Area {
        title: "Exceptions and checks",
        natives: &[exceptions::TABLE],
        machined: &[],
        files: &["exceptions.scm", "checks.scm"],
        steels: &["raise", "error"],
    },
    Area {
        title: "Files and paths",
        natives: &[files::TABLE],
        machined: &[],
        files: &["files.scm"],
        steels: &[],
    },
    Area {
        title: "Ports, printing, JSON",
        natives: &[ports::TABLE, output::TABLE, tilde::TABLE],
        machined: &[],
        files: &["output.scm", "json.scm"],
        steels: &["eof-object?"],
    },
];

impl Area {
    /// Its procedures in Rust and their parameters, those that are the prelude's own included.
    pub(crate) fn natives(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let machined = self.machined.iter().copied().flatten().map(|entry| (entry.name, entry.params));
        self.natives.iter().copied().flatten().map(|entry| (entry.name, entry.params)).chain(machined)
    }
}

/// Every procedure, an area's after another's.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    AREAS.iter().flat_map(|area| area.natives.iter().copied().flatten())
}

/// How many arguments a native takes: at least, and at most.
fn native_takes(word: &str) -> Option<(usize, Option<usize>)> {
    let steels = match word {
        "car" | "cdr" | "not" | "null?" | "pair?" | "list?" | "length" | "reverse" | "symbol?" | "boolean?"
        | "vector-length" | "box" | "unbox" => (1, Some(1)),
        "cons" | "vector-ref" => (2, Some(2)),
        "list" | "append" | "+" | "vector" => (0, None),
        "-" | "<" | ">" | "<=" | ">=" => (1, None),
        _ => {
            static PARAMS: OnceLock<HashMap<&str, &str>> = OnceLock::new();
            let params = PARAMS.get_or_init(|| AREAS.iter().flat_map(Area::natives).collect()).get(word)?;
            let shape = Shape::of(params);
            return Some((shape.least, (!shape.rest).then_some(shape.most)));
        }
    };
    Some(steels)
}

/// Those of another signature.
pub(crate) fn machined() -> impl Iterator<Item = &'static Machined> {
    AREAS.iter().flat_map(|area| area.machined.iter().copied().flatten())
}
