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
    ("await-all-syntax", "`(await-all handles)`; `#:data` and `finish` take its responses as they are"),
    ("checkpoint!", "`(checkpoint key value)`"),
    ("concat", "`append` is for lists, `string-append` for strings"),
    ("context-store", "`(get-context name)` gives the context that `--context NAME=PATH` loaded"),
    ("def", DEFINE),
    ("defun", DEFINE),
    ("elif", "`cond` takes any number of conditions"),
    ("False", TRUTH),
    ("finish-error", "`(error \"what is wrong\")` ends the script with an error"),
    ("fn", "procedures are written `(lambda (parameter …) body …)`"),
    ("foreach", EACH),
    ("hash-add", HASH),
    ("hash-put!", HASH),
    ("heartbeat", "leave it out: nothing ends a script for its silence, and `--timeout` bounds the whole run"),
    ("json-parse", "`(string->json text)`"),
    ("load-context", "`--context NAME=PATH` loads one, `(get-context name)` gives it"),
    ("mapcar", "`(map f items)`"),
    ("nil", EMPTY),
    ("parallel-map", FAN_OUT),
    ("pmap", FAN_OUT),
    ("progn", "it is written `(begin body …)`"),
    ("return", "a procedure's value is its last expression's; `(finish value)` ends the script"),
    ("setq", "it is written `(set! name value)`"),
    ("string-search", "`(string-contains? string part)`"),
    ("tokens-remaining", "`(- (token-budget) (tokens-used))`, under a budget"),
    ("True", TRUTH),
    (
        "unsafe-exec-sub-output",
        "`(eval-untrusted text)` runs a model's program in a session of its own and gives its value",
    ),
    ("unsafe-interpolate", "`(syntax-e response)` gives a response's text"),
    ("unsafe-overwrite", "`(set! name value)`"),
];

/// What Racket and R7RS have and this dialect has not.
pub(crate) struct Absent {
    /// Such as `classes`.
    pub(crate) area: &'static str,
    /// What to do without it.
    pub(crate) instead: &'static str,
    names: &'static [&'static str],
    /// Those that are forms, which would otherwise be taken for calls.
    pub(crate) forms: &'static [&'static str],
}

#[rustfmt::skip]
pub(crate) const ABSENT: &[Absent] = &[
    Absent {
        area: "classes and objects",
        instead: "`(struct name (field …))` makes records, and closures hold state",
        names: &["make-object", "is-a?", "object%", "is-a?/c", "field-bound?"],
        forms: &["class", "class*", "interface", "mixin", "trait", "new", "instantiate", "send", "send*", "send/apply", "dynamic-send", "get-field",
            "set-field!", "super-new", "init-field", "define/public", "define/override"],
    },
    Absent {
        area: "units and libraries",
        instead: "`(require \"file.scm\")` takes what a file beside the script defines",
        names: &["dynamic-require", "namespace-require"],
        forms: &["unit", "define-unit", "define-signature", "invoke-unit", "require-builtin", "define-library"],
    },
    Absent {
        area: "contracts of this kind",
        instead: "`->`, `->*` and `->i` are there; check what they cannot say with `unless` and `raise-argument-error`",
        names: &[],
        forms: &["->d", "case->", "recursive-contract", "define-contract-struct"],
    },
    Absent {
        area: "macros that compute",
        instead: "macros are written with `define-syntax` and `syntax-rules`, or `define-syntax-rule`",
        names: &["datum->syntax", "syntax->datum", "syntax->list", "raise-syntax-error-at", "generate-temporaries", "local-expand"],
        forms: &["syntax-case", "syntax-parse", "syntax-parser", "define-syntax-class", "with-syntax", "syntax", "quasisyntax", "begin-for-syntax",
            "define-for-syntax", "define-macro", "defmacro", "er-macro-transformer", "let-values-syntax", "define-syntax-parameter", "syntax-parameterize"],
    },
    Absent {
        area: "evaluation",
        instead: "no text becomes a program here; a table of procedures by name does most of what `eval` is used for",
        names: &["eval", "namespace-anchor->namespace", "make-base-namespace", "current-namespace", "interaction-environment", "compile", "expand"],
        forms: &["define-namespace-anchor"],
    },
    Absent {
        area: "threads",
        instead: "`(spawn thunk)` runs a thunk beside the rest and `(await handle)` gives its value; `map-async` does so for a list",
        names: &["thread", "thread-wait", "kill-thread", "break-thread", "thread-send", "thread-receive", "make-channel", "channel-put", "channel-get",
            "make-async-channel", "async-channel-put", "async-channel-get", "make-semaphore", "semaphore-wait", "semaphore-post", "call-with-semaphore",
            "sync", "sync/timeout", "place-channel-put", "future", "touch", "call-in-nested-thread", "make-custodian", "engine-run"],
        forms: &["place", "for/async", "delay/thread"],
    },
    Absent {
        area: "lists that change",
        instead: "pairs and lists stay as they are: make new ones, or use `mcons`, a vector, a mutable hash or a box",
        names: &["set-car!", "set-cdr!", "append!", "reverse!"],
        forms: &[],
    },
    Absent {
        area: "working directories and temporary files",
        instead: "relative paths begin at the directory in which the program was started",
        names: &["current-directory", "find-system-path", "make-temporary-file", "delete-directory", "delete-directory/files", "in-directory", "find-files",
            "path->complete-path", "split-path", "explode-path", "resolve-path", "normalize-path", "file-or-directory-permissions", "open-input-output-file"],
        forms: &["include", "define-runtime-path"],
    },
    Absent {
        area: "processes and the network",
        instead: "Python does it: `(py-exec …)` with `subprocess` or `urllib`, under `--allow-run`, `--allow-net` and `--allow-env`",
        names: &["system", "system*", "process", "process*", "subprocess", "shell-execute", "getenv", "putenv", "environment-variables-ref", "tcp-connect",
            "tcp-listen", "tcp-accept", "get-pure-port", "http-sendrecv", "call/input-url", "string->url", "serve/servlet", "find-executable-path"],
        forms: &[],
    },
    Absent {
        area: "continuation marks",
        instead: "`parameterize` binds for as long as a body runs; prompts, `call/cc`, `let/ec`, generators and `dynamic-wind` are there",
        names: &["continuation-mark-set-first", "continuation-mark-set->list", "call-with-immediate-continuation-mark"],
        forms: &["with-continuation-mark"],
    },
];

impl Absent {
    /// Everything of the area, in order.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.forms.iter().chain(self.names).copied()
    }
}

/// Whether a word is one of Racket's forms that are not here.
pub(crate) fn is_absent_form(name: &str) -> bool {
    ABSENT.iter().any(|area| area.forms.contains(&name))
}

/// What is said of a word of Racket's that is not here, and what to do instead.
pub(crate) fn absent(name: &str) -> Option<(String, &'static str)> {
    let area = ABSENT.iter().find(|area| area.words().any(|word| word == name))?;
    Some((format!("`{name}` is not in this dialect, which has no {}", area.area), area.instead))
}

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
    fn nothing_that_is_absent_is_there_and_nothing_is_absent_twice() {
        let here = crate::interp::reference::words();
        let mut seen = std::collections::HashSet::new();
        for word in ABSENT.iter().flat_map(Absent::words) {
            assert!(!here.contains(word), "{word} is there");
            assert!(seen.insert(word), "{word} stands twice");
        }
    }

    #[test]
    fn names_of_other_languages_are_in_order_once() {
        let lower = |name: &str| name.to_lowercase();
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| (lower(a), a) < (lower(b), b)));
    }
}
