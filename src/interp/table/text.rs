//! Long texts cut into chunks, tokens counted, the chunks found that matter to a question.
//!
//! The work is done in [`crate::text`]; here are its arguments and its results. A text is not copied but for the chunks
//! that are given back, and scripts see offsets in code points.

use super::{Family, Kind, Param, Primitive, find, given_text, keyword, parsed, required, shown, text};
use crate::{
    interp::{
        dialect::hashes::View,
        json,
        sched::INTERRUPTED,
        value::{Fault, Native, string, symbol},
    },
    text::{By, Chunk, Plan, Stopped, Unit, Vocabulary, best, chunk},
};
use std::sync::atomic::Ordering;
use steel::{SteelVal, rvals::SteelString};

/// What `#:overlap` is by default, in tokens, where chunks are not too small for it.
const OVERLAP: usize = 350;

const MODEL: Param = keyword(
    "model",
    Kind::Text,
    "#f",
    "Counts as this model does: OpenAI's exactly, others (whose vocabulary is not public) by that of GPT-4o, roughly.",
);

const CUT: &[Param] = &[
    required("text", Kind::Text, "Of any length."),
    keyword("tokens", Kind::Natural, "6000", "The most tokens of a chunk."),
    keyword("chars", Kind::Natural, "#f", "The most characters of a chunk, in the place of `#:tokens`."),
    keyword(
        "overlap",
        Kind::Natural,
        "350",
        "How much of its predecessor a chunk repeats at most, in the same unit. Unless it is given: no more than a quarter \
         of a chunk, and 0 with `#:chars`.",
    ),
    keyword(
        "by",
        Kind::Symbol,
        "'auto",
        "Where chunks should end: `'sentence`, `'paragraph`, `'markdown`, `'code`, `'json`, `'dicom`, `'fixed`, or `'auto`, \
         which looks at the text.",
    ),
    MODEL,
];

pub(super) const TABLE: &[Primitive] = &[
    Family::Text.native(
        "chunk-text",
        CUT,
        "list of strings",
        "Cuts TEXT into chunks that fit into a prompt, each at the best place within reach (before a heading, between \
         paragraphs, functions, JSON values), and each with up to 350 tokens of the one before, unless `#:overlap 0`. \
         Nothing is lost: without overlap the chunks make up TEXT again. What fits into \
         a chunk is not cut, be it a sentence, a function or a JSON value.\n\n\
         `'code` knows Python, Rust and JavaScript, and goes by indentation in other languages; `'dicom` keeps the groups \
         of a textual dump together; `'fixed` takes as much as fits, whatever stands there.",
        "(chunk-text \"One. Two. Three.\" #:chars 10 #:by 'sentence) ;; => (One. Two.  Three.)",
        |args| {
            parsed("chunk-text", args, |v| {
                let whole = given_text(&v[0]);
                let chunks = cut("chunk-text", &whole, v)?.0;
                Ok(SteelVal::ListV(chunks.into_iter().map(|chunk| string(&whole[chunk.range])).collect()))
            })
        },
    ),
    Family::Text.native(
        "chunk-document",
        CUT,
        "list of hashes",
        "Cuts TEXT as `chunk-text` does, and says of each chunk where it stands: `'id` from 0, `'text`, `'tokens`, and \
         `'start` and `'end` in characters, so that `(substring text start end)` is the chunk.",
        "(map (lambda (c) (list (hash-ref c 'start) (hash-ref c 'end)))\n     \
         (chunk-document \"Één. Twee. Drie.\" #:chars 12)) ;; => ((0 11) (11 16))",
        document,
    ),
    Family::Text.native(
        "chunks-of",
        &[required("list", Kind::List, "Any list."), required("n", Kind::Natural, "How many belong together.")],
        "list of lists",
        "The elements of LIST in groups of N, in order; the last group may be smaller.",
        "(chunks-of '(1 2 3 4 5) 2) ;; => ((1 2) (3 4) (5))",
        groups,
    ),
    Family::Text.native(
        "count-tokens",
        &[required("text", Kind::Text, "Of any length."), MODEL],
        "integer",
        "How many tokens TEXT is for a model.",
        "(count-tokens \"Which products were recalled?\") ;; => 5",
        |args| {
            parsed("count-tokens", args, |v| {
                let count = vocabulary(&v[1]).count(&given_text(&v[0]), &stop).map_err(stopped)?;
                Ok(SteelVal::IntV(count as isize))
            })
        },
    ),
    Family::Text.native(
        "fit-tokens",
        &[
            required("texts", Kind::List, "Strings or responses."),
            required("n", Kind::Natural, "The most tokens that they may have together."),
            MODEL,
        ],
        "list",
        "As many of TEXTS as are N tokens together or fewer, from the first on. It ends before the first that does not fit.",
        "(fit-tokens '(\"one two\" \"three\" \"four five six\" \"seven\") 4) ;; => (one two three)",
        fitting,
    ),
    Family::Text.native(
        "top-k",
        &[
            required("query", Kind::Text, "A question, or words."),
            required("chunks", Kind::List, "Strings, responses, or hashes of `chunk-document`."),
            keyword("k", Kind::Natural, "8", "How many at most."),
        ],
        "list",
        "The K chunks that share the most telling words with QUERY (BM25, no model), in the order in which they stand. It \
         knows words and not their meaning: give it those that the passage itself would use. Chunks that share none come last.",
        "(top-k \"Who recalled kettles?\" '(\"A lamp.\" \"Acme recalled a kettle.\" \"A table.\") #:k 1)\n\
         ;; => (Acme recalled a kettle.)",
        ranked,
    ),
];

fn stop() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

fn stopped(_: Stopped) -> Fault {
    Fault::script("interrupted")
}

/// An error in how one of these was called.
fn misuse(name: &str, what: String) -> Fault {
    match find(name) {
        Some(primitive) => primitive.misuse(what),
        None => Fault::script(what),
    }
}

fn natural(value: &Option<SteelVal>) -> Option<usize> {
    match value {
        Some(SteelVal::IntV(n)) => usize::try_from(*n).ok(),
        _ => None,
    }
}

fn vocabulary(model: &Option<SteelVal>) -> Vocabulary {
    model.as_ref().and_then(text).map_or(Vocabulary::default(), |model| Vocabulary::of_model(&model))
}

/// The chunks of a text by the arguments in [`CUT`], and the vocabulary asked for.
fn cut(name: &str, whole: &str, v: &[Option<SteelVal>]) -> Result<(Vec<Chunk>, Vocabulary), Fault> {
    let vocabulary = vocabulary(&v[5]);
    let (tokens, chars) = (natural(&v[1]), natural(&v[2]));
    let (keyword, unit, size) = match (tokens, chars) {
        (Some(_), Some(_)) => return Err(misuse(name, "`#:tokens` and `#:chars` exclude each other".into())),
        (tokens, None) => ("tokens", Unit::Tokens(vocabulary), tokens.unwrap_or(6000)),
        (None, Some(chars)) => ("chars", Unit::Chars, chars),
    };
    if size == 0 {
        return Err(misuse(name, format!("`#:{keyword}` must be a whole number above zero")));
    }
    let overlap = match (natural(&v[3]), unit) {
        (Some(overlap), _) if overlap >= size => {
            let what = format!("`#:overlap` {overlap} is no smaller than `#:{keyword}` {size}");
            return Err(misuse(name, what).hint("a tenth of a chunk is a common overlap"));
        }
        (Some(overlap), _) => overlap,
        (None, Unit::Tokens(_)) => OVERLAP.min(size / 4),
        (None, Unit::Chars) => 0,
    };
    let by = match &v[4] {
        Some(SteelVal::SymbolV(by)) => By::named(by).ok_or_else(|| {
            let names = || By::NAMES.iter().map(|(name, _)| *name);
            let hint = match crate::interp::nearest(by, names()) {
                Some(near) => format!("did you mean `'{near}`?"),
                None => format!("it is one of {}", names().map(|n| format!("`'{n}`")).collect::<Vec<_>>().join(" ")),
            };
            misuse(name, format!("`#:by` cannot be `'{by}`")).hint(hint)
        })?,
        _ => By::Auto,
    };
    let chunks = chunk(whole, &Plan { by, unit, size, overlap }, &stop).map_err(stopped)?;
    Ok((chunks, vocabulary))
}

fn document(args: &[SteelVal]) -> Native {
    parsed("chunk-document", args, |v| {
        let whole = given_text(&v[0]);
        let (chunks, vocabulary) = cut("chunk-document", &whole, v)?;
        let by_chars = natural(&v[2]).is_some();
        let mut hashes = Vec::with_capacity(chunks.len());
        // Where the chunk begins, in bytes and in characters.
        let (mut byte, mut start) = (0, 0);
        for (id, chunk) in chunks.into_iter().enumerate() {
            let piece = &whole[chunk.range.clone()];
            start += whole[byte..chunk.range.start].chars().count();
            byte = chunk.range.start;
            let length = piece.chars().count();
            let tokens = if by_chars { vocabulary.count(piece, &stop).map_err(stopped)? } else { chunk.size };
            let number = |n: usize| SteelVal::IntV(n as isize);
            hashes.push(json::hash([
                (symbol("id"), number(id)),
                (symbol("text"), string(piece)),
                (symbol("tokens"), number(tokens)),
                (symbol("start"), number(start)),
                (symbol("end"), number(start + length)),
            ]));
        }
        Ok(SteelVal::ListV(hashes.into_iter().collect()))
    })
}

fn groups(args: &[SteelVal]) -> Native {
    parsed("chunks-of", args, |v| {
        let n = natural(&v[1]).filter(|n| *n > 0);
        let n = n.ok_or_else(|| misuse("chunks-of", "`n` must be a whole number above zero".into()))?;
        let all: Vec<SteelVal> = elements(&v[0]).cloned().collect();
        Ok(SteelVal::ListV(all.chunks(n).map(|group| SteelVal::ListV(group.iter().cloned().collect())).collect()))
    })
}

fn fitting(args: &[SteelVal]) -> Native {
    parsed("fit-tokens", args, |v| {
        let texts = texts("fit-tokens", "texts", &v[0])?;
        let limit = natural(&v[1]).unwrap_or(0);
        let some = vocabulary(&v[2]).fitting(texts.iter().map(|t| t.as_str()), limit, &stop).map_err(stopped)?;
        Ok(SteelVal::ListV(elements(&v[0]).take(some).cloned().collect()))
    })
}

fn ranked(args: &[SteelVal]) -> Native {
    parsed("top-k", args, |v| {
        let texts = texts("top-k", "chunks", &v[1])?;
        let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        let k = natural(&v[2]).unwrap_or(8);
        let places = best(&given_text(&v[0]), &texts, k, &stop).map_err(stopped)?;
        let all: Vec<&SteelVal> = elements(&v[1]).collect();
        Ok(SteelVal::ListV(places.into_iter().filter_map(|at| all.get(at).map(|v| (*v).clone())).collect()))
    })
}

fn elements(list: &Option<SteelVal>) -> impl Iterator<Item = &SteelVal> {
    let list = match list {
        Some(SteelVal::ListV(list)) => Some(list.iter()),
        _ => None,
    };
    list.into_iter().flatten()
}

/// The texts in a list; of a hash, what its `'text` is.
fn texts(name: &str, param: &str, list: &Option<SteelVal>) -> Result<Vec<SteelString>, Fault> {
    let one = |value: &SteelVal| match View::of(value) {
        Some(hash) => text(&hash.get(&symbol("text"))?),
        None => text(value),
    };
    let wrong = |at: usize, value: &SteelVal| {
        misuse(name, format!("`{param}` must hold strings; its element {at} is {}", shown(value)))
    };
    elements(list).enumerate().map(|(at, value)| one(value).ok_or_else(|| wrong(at, value))).collect()
}
