//! Libraries that are expanded into the programs that require them: others would pay for them at every start.

/// The library of contracts.
const CONTRACTS: &str = "racket/contract";
/// What racket/base has of delimited continuations.
const CONTINUATIONS: &str = "racket/private/continuations";

/// What `#lang racket` has without requiring it: libraries, and words that nearly all programs have that use one.
const UNASKED: &[(&str, &[&str])] = &[
    (
        CONTRACTS,
        &[
            "define/contract",
            "contract-out",
            "provide/contract",
            "struct/contract",
            "(contract ",
            "listof ",
            "any/c",
            "or/c",
            "and/c",
            "not/c",
            "hash/c",
            "(->* ",
            "(->i ",
        ],
    ),
    ("eopl", &["#lang eopl"]),
    (CONTINUATIONS, &["continuation-prompt", "call-with-composable-continuation", "abort-current-continuation"]),
];

/// The libraries that a program seems to use. To require one again takes nothing new.
pub(super) fn unasked(text: &str) -> impl Iterator<Item = &'static str> {
    let used = UNASKED.iter().filter(|(_, words)| words.iter().any(|word| text.contains(word)));
    used.map(|(name, _)| *name)
}

/// What a library is.
#[derive(Clone, Copy)]
pub(super) enum Library {
    Text(&'static str),
    /// Another's text, in which one word stands for another.
    Like(&'static str, [&'static str; 2]),
    /// All that others give.
    Of(&'static [&'static str]),
}

use Library::Of;

macro_rules! text {
    ($file:literal) => {
        Library::Text(include_str!(concat!("../../../prelude/library/", $file, ".scm")))
    };
}

pub(super) const ALL: &[(&str, Library)] = &[
    (CONTRACTS, text!("contracts")),
    ("racket/contract/base", Of(&[CONTRACTS])),
    ("racket/control", text!("control")),
    (CONTINUATIONS, text!("continuations")),
    ("racket/fixnum", text!("number-vectors")),
    ("racket/flonum", Of(&["racket/fixnum"])),
    ("racket/trace", text!("trace")),
    ("compatibility/mlist", text!("mlist")),
    ("data/bit-vector", text!("bit-vector")),
    ("data/gvector", text!("gvector")),
    ("data/heap", text!("heap")),
    ("data/integer-set", text!("integer-set")),
    ("data/interval-map", text!("interval-map")),
    ("data/order", text!("order")),
    ("data/queue", text!("queue")),
    // How they balance nobody sees.
    (
        "data/skip-list",
        Library::Like(include_str!("../../../prelude/library/splay-tree.scm"), ["splay-tree", "skip-list"]),
    ),
    ("data/splay-tree", text!("splay-tree")),
    ("data/union-find", text!("union-find")),
    ("eopl", text!("eopl")),
    ("file/md5", text!("md5")),
    ("math", Of(&["math/base", "math/matrix", "math/number-theory", "math/special-functions", "math/statistics"])),
    ("math/base", text!("math-base")),
    ("math/matrix", text!("matrix")),
    ("math/number-theory", Of(&["math/number-theory/numbers", "math/number-theory/modular"])),
    ("math/number-theory/modular", text!("modular")),
    ("math/number-theory/numbers", text!("number-theory")),
    ("math/special-functions", text!("special-functions")),
    ("math/statistics", text!("statistics")),
    ("net/base64", text!("base64")),
    ("net/uri-codec", text!("uri-codec")),
    ("rackunit", text!("rackunit")),
    ("rnrs/arithmetic/bitwise-6", text!("bitwise-6")),
    ("scheme/mpair", Of(&["compatibility/mlist"])),
    ("srfi/1", text!("srfi-1")),
    ("srfi/2", text!("srfi-2")),
    ("srfi/13", text!("srfi-13")),
    ("srfi/14", text!("char-sets")),
    ("srfi/26", text!("srfi-26")),
    ("xml", text!("xml")),
    ("xml/xml", Of(&["xml"])),
];

/// The library of this name.
pub(super) fn find(name: &str) -> Option<Library> {
    ALL.iter().find(|(library, _)| *library == name).map(|(_, library)| *library)
}
