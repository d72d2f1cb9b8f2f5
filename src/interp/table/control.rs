//! Many things side by side, handles, time and the end. The bodies are in `prelude/fan-out.scm`.

use super::{Body, Family, Kind, Param, Primitive, keyword, required};

const THUNKS: Param = required("thunks", Kind::List, "Procedures of no arguments.");
const HANDLE: Param = required("handle", Kind::Handle, "What `llm-query-async` or `spawn` gave.");
const ON_ERROR: Param = keyword(
    "on-error",
    Kind::Any,
    "'raise",
    "`'raise`: the others finish, then one failure of class `'items` names those that failed. `'keep`: a failure stands \
     in its place. `'fail-fast`: the rest is cancelled. A procedure of failure and item: its value stands there.",
);

const fn entry(
    name: &'static str,
    family: Family,
    params: &'static [Param],
    result: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Primitive {
    Primitive { name, family, params, rest: None, result, doc, example, body: Body::Prelude }
}

pub(super) const FAN_OUT: &[Primitive] = &[
    entry(
        "map-async",
        Family::FanOut,
        &[
            required(
                "f",
                Kind::Procedure,
                "Procedure of one item. It may give a handle, a response or any other value.",
            ),
            required("items", Kind::Any, "A list or a vector."),
            keyword("max-concurrent", Kind::Window, "10", "How many items are under way at once; `#f` for all."),
            ON_ERROR,
            keyword("on-progress", Kind::Any, "#f", "Procedure of done, total and failed, called as each item ends."),
            keyword("deadline", Kind::Any, "#f", "After so many seconds the unfinished items fail as `'timeout`."),
            keyword("label", Kind::Text, "\"items\"", "What the progress line calls them."),
        ],
        "list",
        "Calls F on every item, each in a fiber of its own, and gives the results in the order of the items. A handle or \
         a response stands in the list as its text, any other value as it is. As one item ends the next begins.",
        "(map-async (lambda (x) (* x x)) '(1 2 3)) ;; => (1 4 9)",
    ),
    entry(
        "parallel",
        Family::FanOut,
        &[
            THUNKS,
            keyword("max-concurrent", Kind::Window, "#f", "How many are under way at once; `#f` for all."),
            ON_ERROR,
        ],
        "list",
        "Runs thunks side by side and gives their values in order.",
        "(parallel (list (lambda () 1) (lambda () 2))) ;; => (1 2)",
    ),
    entry(
        "race",
        Family::FanOut,
        &[THUNKS],
        "any",
        "Runs thunks side by side, gives the value of the first that succeeds and cancels the others.",
        "(race (list (lambda () (sleep 60) 1) (lambda () 2))) ;; => 2",
    ),
    entry(
        "spawn",
        Family::FanOut,
        &[required("thunk", Kind::Procedure, "Procedure of no arguments.")],
        "handle",
        "Starts a fiber that runs THUNK, and gives its handle at once.",
        "(await (spawn (lambda () (+ 1 2)))) ;; => 3",
    ),
    entry(
        "await",
        Family::FanOut,
        &[HANDLE],
        "response or any",
        "Waits for a handle: the response of a call, the value of a `spawn`. A second time gives the same.",
        "(await (spawn (lambda () 'done))) ;; => done",
    ),
    entry(
        "await-all",
        Family::FanOut,
        &[required("handles", Kind::List, "Handles.")],
        "list",
        "Waits for all the handles and gives their texts in order.",
        "(await-all (list (spawn (lambda () \"a\")) (spawn (lambda () \"b\")))) ;; => (a b)",
    ),
    entry(
        "await-any",
        Family::FanOut,
        &[required("handles", Kind::List, "Handles.")],
        "two values",
        "Waits for the first of the handles: its text, and the list of the others in their order.",
        "(call-with-values (lambda () (await-any (list (spawn (lambda () \"a\"))))) (lambda (text others) text)) ;; => a",
    ),
    entry(
        "cancel",
        Family::FanOut,
        &[HANDLE],
        "void",
        "Drops what the handle stands for and all that it began; its handlers do not run. Awaiting it raises `'cancelled`.",
        "(cancel (spawn (lambda () (sleep 60))))",
    ),
];

pub(super) const CONTROL: &[Primitive] = &[
    entry(
        "sleep",
        Family::Control,
        &[required("seconds", Kind::Seconds, "How long.")],
        "void",
        "Waits; other fibers go on.",
        "(sleep 0.001)",
    ),
    entry(
        "with-deadline",
        Family::Control,
        &[
            required("seconds", Kind::Seconds, "How long the thunk may take."),
            required("thunk", Kind::Procedure, "Procedure of no arguments."),
            keyword("otherwise", Kind::Procedure, "#f", "Thunk whose value is given when the time is over."),
        ],
        "any",
        "The value of THUNK. When the time is over all that it began is cancelled; then the value of `#:otherwise` is \
         given or, without it, a failure of class `'timeout` raised.",
        "(with-deadline 0.01 (lambda () (sleep 60)) #:otherwise (lambda () 'late)) ;; => late",
    ),
    entry(
        "finish",
        Family::Control,
        &[required("value", Kind::Any, "What the run gives.")],
        "never",
        "Ends the script with VALUE, from any depth and any fiber, and cancels every call in flight. No handler can \
         swallow it.",
        "(if #f (finish 42) 'going-on) ;; => going-on",
    ),
];
