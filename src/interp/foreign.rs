//! What Racket, other Schemes, other Lisps and Python call things, and what is written here instead.
//!
//! Asked only of names that are not defined. Not here: misspelt names (`errors::undefined`).

use super::{
    lex::{self, Kind},
};
use std::ops::Range;

const CATCH: &str = "`(with-handler (lambda (failure) …) body …)` catches failures";
const DEFINE: &str = "it is written `(define name value)`, `(define (name parameter …) body …)`";
const EACH: &str =
    "`(map (lambda (item) …) items)` goes through a list, `map-async` side by side, `for-each` without results";
const EMPTY: &str = "the empty list is `'()`, and JSON's null `(void)`";
const FAN_OUT: &str = "`(map-async f items)` calls F on all of them side by side";
const HASH: &str = "a hash does not change: `(hash-insert hash key value)` gives a new one";
const MODULES: &str = "leave it out: everything in `bessemer doc` is there without it";
const REGEXP: &str = "Python has regular expressions: `(py-call (py-import \"re\") \"findall\" pattern text)`";
const STRUCT: &str = "it is written `(struct name (field …))`";
const TRUTH: &str = "true is `#t`, false `#f`";
const VALUES: &str = "`(define-values (name …) values)`, or `(call-with-values thunk procedure)`";

/// Names, and what to do without them.
const TABLE: &[(&str, &str)] = &[
    ("#lang", MODULES),
    ("append-map", "`(apply append (map f items))`"),
    ("async-map", FAN_OUT),
    ("concat", "`append` is for lists, `string-append` for strings"),
    ("def", DEFINE),
    ("define-record-type", STRUCT),
    ("define-struct", STRUCT),
    ("defun", DEFINE),
    ("dict-ref", "`(hash-ref hash key)`"),
    ("dict-set", HASH),
    ("elif", "`cond` takes any number of conditions"),
    ("empty", EMPTY),
    ("exit", "`(finish value)` ends the script"),
    ("False", TRUTH),
    ("false", TRUTH),
    ("file->string", "`(read-file path)`"),
    ("fn", "procedures are written `(lambda (parameter …) body …)`"),
    ("fold-left", "`(foldl f init items)`; F is given an item, then what has been gathered"),
    ("for", EACH),
    ("for/fold", "`(foldl f init items)`; F is given an item, then what has been gathered"),
    ("for/hash", EACH),
    ("for/list", EACH),
    ("foreach", EACH),
    ("guard", CATCH),
    ("hash-has-key?", "`(hash-contains? hash key)`"),
    ("hash-set", HASH),
    ("hash-set!", HASH),
    ("hash-update", HASH),
    ("import", MODULES),
    ("iota", "`(range 0 n)`"),
    ("json-parse", "`(string->json text)`"),
    ("let*-values", VALUES),
    ("let-values", VALUES),
    ("make-hash", "`(hash key value …)` makes a hash"),
    ("mapcar", "`(map f items)`"),
    ("nil", EMPTY),
    ("null", EMPTY),
    ("parallel-map", FAN_OUT),
    ("pmap", FAN_OUT),
    ("progn", "it is written `(begin body …)`"),
    ("read-json", "`(string->json text)`"),
    ("regexp-match", REGEXP),
    ("regexp-match*", REGEXP),
    ("regexp-replace", REGEXP),
    ("regexp-replace*", REGEXP),
    ("return", "a procedure's value is its last expression's; `(finish value)` ends the script"),
    ("setq", "it is written `(set! name value)`"),
    ("string-prefix?", "`(starts-with? string prefix)`"),
    ("string-search", "`(string-contains? string part)`"),
    ("string-split", "`(split-many string separator)`"),
    ("string-suffix?", "`(ends-with? string suffix)`"),
    ("string-trim", "`(trim string)`"),
    ("True", TRUTH),
    ("true", TRUTH),
    ("with-handlers", CATCH),
];

/// What is written here instead of a name that is not defined.
pub(super) fn instead(name: &str) -> Option<String> {
    if let Some((_, hint)) = TABLE.iter().find(|(foreign, _)| *foreign == name) {
        return Some((*hint).to_owned());
    }
    let keyword = name.strip_suffix(':').or_else(|| name.strip_prefix(':')).filter(|word| !word.is_empty());
    if let Some(word) = keyword {
        return Some(format!("a keyword is written `#:{word}`"));
    }
    (name.starts_with("#rx") || name.starts_with("#px")).then(|| REGEXP.to_owned())
}

/// Whether a comma outside of a quasiquote stands right before a place: then the name is as good as any, and the comma is
/// one that separates items elsewhere.
pub(super) fn after_comma(text: &str, place: &Range<usize>) -> bool {
    text.get(..place.start).is_some_and(|before| before.trim_end().ends_with([',', '@'])) && !text.contains('`')
}

/// The head of a form that does not exist here, out of the lists round a place, inner ones first: what stands in it is only
/// undefined because the form is.
pub(super) fn head(text: &str, lists: impl Iterator<Item = Range<usize>>) -> Option<Range<usize>> {
    let heads = lists.filter_map(|list| {
        let name = lex::names(text.get(list.start + 1..list.end)?).next()?;
        let inner = text[list.start + 1..].trim_start();
        let start = text.len() - inner.len();
        inner.starts_with(name).then(|| start..start + name.len())
    });
    let mut heads = heads.filter(|head| instead(&text[head.clone()]).is_some());
    heads.find(|head| !defined(text, &text[head.clone()]))
}

/// Whether the program itself defines a name.
fn defined(text: &str, name: &str) -> bool {
    let mut definition = false;
    lex::tokens(text).any(|(kind, place)| {
        let word = &text[place];
        match kind {
            Kind::Name if definition => {
                definition = false;
                word == name
            }
            Kind::Name => {
                definition = word.starts_with("define");
                false
            }
            // `(define (name`.
            Kind::Open => false,
            _ => {
                definition = false;
                false
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_not_there_is_found_by_its_head() {
        let head = |text: &'static str| {
            let lists = [text.find('[').unwrap_or(0)..text.len(), 0..text.len()];
            head(text, lists.into_iter()).map(|place| &text[place])
        };
        assert_eq!(head("(for ([x items]) x)"), Some("for"));
        assert_eq!(head("( def x 1)"), Some("def"));
        assert_eq!(head("(for ([x items]) x) (define-syntax for (syntax-rules ()))"), None);
        assert_eq!(head("(for ([x items]) x) (define (for a) a)"), None);
        assert_eq!(head("(list x)"), None);
    }

    #[test]
    fn names_of_other_languages_are_in_order_once() {
        let lower = |name: &str| name.to_lowercase();
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| (lower(a), a) < (lower(b), b)));
    }
}
