//! What Racket, other Schemes, other Lisps and Python call things, and what is written here instead.
//!
//! Asked only of names that are not defined. Not here: misspelt names (`errors::undefined`).

const DEFINE: &str = "it is written `(define name value)`, `(define (name parameter …) body …)`";
const EACH: &str =
    "`(map (lambda (item) …) items)` goes through a list, `map-async` side by side, `for-each` without results";
const EMPTY: &str = "the empty list is `'()`, and JSON's null `(void)`";
const FAN_OUT: &str = "`(map-async f items)` calls F on all of them side by side";
const HASH: &str = "`(hash-set hash key value)` gives a new hash, `hash-set!` changes one that `make-hash` made";
const TRUTH: &str = "true is `#t`, false `#f`";

/// Names, and what to do without them.
const TABLE: &[(&str, &str)] = &[
    ("async-map", FAN_OUT),
    ("concat", "`append` is for lists, `string-append` for strings"),
    ("def", DEFINE),
    ("defun", DEFINE),
    ("elif", "`cond` takes any number of conditions"),
    ("False", TRUTH),
    ("fn", "procedures are written `(lambda (parameter …) body …)`"),
    ("foreach", EACH),
    ("hash-add", HASH),
    ("hash-put!", HASH),
    ("json-parse", "`(string->json text)`"),
    ("mapcar", "`(map f items)`"),
    ("nil", EMPTY),
    ("parallel-map", FAN_OUT),
    ("pmap", FAN_OUT),
    ("progn", "it is written `(begin body …)`"),
    ("read-json", "`(string->json text)`"),
    ("return", "a procedure's value is its last expression's; `(finish value)` ends the script"),
    ("setq", "it is written `(set! name value)`"),
    ("string-search", "`(string-contains? string part)`"),
    ("True", TRUTH),
];

/// What is written here instead of a name that is not defined.
pub(super) fn instead(name: &str) -> Option<String> {
    if let Some((_, hint)) = TABLE.iter().find(|(foreign, _)| *foreign == name) {
        return Some((*hint).to_owned());
    }
    let keyword = name.strip_suffix(':').or_else(|| name.strip_prefix(':')).filter(|word| !word.is_empty());
    keyword.map(|word| format!("a keyword is written `#:{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_languages_are_in_order_once() {
        let lower = |name: &str| name.to_lowercase();
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| (lower(a), a) < (lower(b), b)));
    }
}
