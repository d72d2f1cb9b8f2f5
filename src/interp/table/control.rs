//! Many things side by side, handles, time and the end. The bodies are in `prelude/fan-out.scm`.

use super::{Body, Family, Kind, Param, Primitive, keyword, required};

const THUNKS: Param = required("thunks", Kind::Thunks, "Procedures of no arguments.");
const HANDLE: Param = required("handle", Kind::Handle, "What `llm-query-async` or `spawn` gave.");
const ON_ERROR: Param = keyword(
    "on-error",
    Kind::Any,
    "'raise",
    "`'raise`: the others finish, then one failure of class `'items` names those that failed. `'keep`: a failure stands \
     in its place. `'fail-fast`: the rest is cancelled. A procedure `(lambda (failure item) …)`: \
     its value stands there.",
);

const ON_PROGRESS: Param = keyword(
    "on-progress",
    Kind::CallsOrFalse("done total failed"),
    "#f",
    "Procedure of done, total and failed, called as each item ends.",
);
const DEADLINE: Param =
    keyword("deadline", Kind::Any, "#f", "After so many seconds the unfinished items fail as `'timeout`.");
const LABEL: Param = keyword("label", Kind::Text, "\"items\"", "What the progress line calls them.");

pub(super) const FAN_OUT: &[Primitive] = &[
    Family::FanOut.prelude(
        "map-async",
        &[
            required(
                "f",
                Kind::Calls("item"),
                "Procedure of one item. It may give a handle, a response or any other value.",
            ),
            required("items", Kind::Any, "A list or a vector."),
            keyword("max-concurrent", Kind::Window, "10", "How many items are under way at once; `#f` for all."),
            ON_ERROR,
            ON_PROGRESS,
            DEADLINE,
            LABEL,
        ],
        "list",
        "Calls F on every item, each in a fiber of its own, and gives the results in the order of the items. A handle or \
         a response stands in the list as its text, any other value as it is. As one item ends the next begins.",
        "(map-async (lambda (x) (* x x)) '(1 2 3)) ;; => (1 4 9)",
    ),
    Family::FanOut.prelude(
        "for-each-async",
        &[
            required("f", Kind::Calls("item"), "Procedure of one item, called for what it does."),
            required("items", Kind::Any, "A list or a vector."),
            keyword("max-concurrent", Kind::Window, "10", "How many items are under way at once; `#f` for all."),
            ON_ERROR,
            ON_PROGRESS,
            DEADLINE,
            LABEL,
        ],
        "void",
        "Calls F on every item, each in a fiber of its own, and waits for all: `map-async` without results.",
        "(for-each-async (lambda (x) (display x)) '(1 2 3))",
    ),
    Family::FanOut.prelude(
        "map-async-stream",
        &[
            required("f", Kind::Calls("item"), "Procedure of one item, as `map-async` has it."),
            required("items", Kind::Any, "A list or a vector."),
            required("consume", Kind::Calls("index result"), "Procedure of an item's index and its result."),
            keyword("max-concurrent", Kind::Window, "10", "How many items are under way at once; `#f` for all."),
            ON_ERROR,
            ON_PROGRESS,
            DEADLINE,
            LABEL,
        ],
        "void",
        "Calls F on every item, each in a fiber of its own, and CONSUME, `(lambda (index result) …)`, on each result as it \
         comes, one at a time, in the caller's own fiber. Leaving CONSUME by an error cancels the rest.",
        "(map-async-stream (lambda (x) (* x x)) '(1 2 3) (lambda (index result) (display result)))",
    ),
    Family::FanOut.prelude(
        "parallel",
        &[
            THUNKS,
            keyword("max-concurrent", Kind::Window, "#f", "How many are under way at once; `#f` for all."),
            ON_ERROR,
        ],
        "list",
        "Runs thunks, `(lambda () …)`, side by side and gives their values in order.",
        "(parallel (list (lambda () 1) (lambda () 2))) ;; => (1 2)",
    ),
    Family::FanOut.prelude(
        "race",
        &[THUNKS],
        "any",
        "Runs thunks side by side, gives the value of the first that succeeds and cancels the others.",
        "(race (list (lambda () (sleep 60) 1) (lambda () 2))) ;; => 2",
    ),
    Family::FanOut.prelude(
        "spawn",
        &[required("thunk", Kind::Calls(""), "Procedure of no arguments.")],
        "handle",
        "Starts a fiber that runs THUNK, and gives its handle at once.",
        "(await (spawn (lambda () (+ 1 2)))) ;; => 3",
    ),
    Family::FanOut.prelude(
        "await",
        &[HANDLE],
        "response or any",
        "Waits for a handle: the response of a call, the value of a `spawn`. A second time gives the same.",
        "(await (spawn (lambda () 'done))) ;; => done",
    ),
    Family::FanOut.prelude(
        "await-all",
        &[required("handles", Kind::List, "Handles.")],
        "list",
        "Waits for all the handles and gives their texts in order.",
        "(await-all (list (spawn (lambda () \"a\")) (spawn (lambda () \"b\")))) ;; => (a b)",
    ),
    Family::FanOut.prelude(
        "await-any",
        &[required("handles", Kind::List, "Handles.")],
        "two values",
        "Waits for the first of the handles: its text, and the list of the others in their order.",
        "(call-with-values (lambda () (await-any (list (spawn (lambda () \"a\"))))) (lambda (text others) text)) ;; => a",
    ),
    Family::FanOut.prelude(
        "cancel",
        &[HANDLE],
        "void",
        "Drops what the handle stands for and all that it began; its handlers do not run. Awaiting it raises `'cancelled`.",
        "(cancel (spawn (lambda () (sleep 60))))",
    ),
];

pub(super) const CONTROL: &[Primitive] = &[
    Family::Control.prelude(
        "sleep",
        &[required("seconds", Kind::Seconds, "How long.")],
        "void",
        "Waits; other fibers go on.",
        "(sleep 0.001)",
    ),
    Family::Control.prelude(
        "with-deadline",
        &[
            required("seconds", Kind::Seconds, "How long the thunk may take."),
            required("thunk", Kind::Calls(""), "Procedure of no arguments."),
            keyword("otherwise", Kind::CallsOrFalse(""), "#f", "Thunk whose value is given when the time is over."),
        ],
        "any",
        "The value of THUNK. When the time is over all that it began is cancelled; then the value of `#:otherwise` is \
         given or, without it, a failure of class `'timeout` raised.",
        "(with-deadline 0.01 (lambda () (sleep 60)) #:otherwise (lambda () 'late)) ;; => late",
    ),
    Family::Control.prelude(
        "finish",
        &[required("value", Kind::Any, "What the run gives.")],
        "never",
        "Ends the script with VALUE, from any depth and any fiber, and cancels every call in flight. No handler can \
         swallow it.",
        "(if #f (finish 42) 'going-on) ;; => going-on",
    ),
    Family::Control.prelude(
        "finish-var",
        &[required("name", Kind::Text, "The name of a variable of the program's top level, or of a Python variable.")],
        "never",
        "Ends the script, as `finish` does, with the value of a variable.",
        "(if #f (finish-var \"answer\") 'going-on) ;; => going-on",
    ),
    Primitive {
        name: "try",
        family: Family::Control,
        params: &[
            required("expr", Kind::Any, "An expression."),
            required("on-error", Kind::Any, "This word, as it stands."),
            required("handler", Kind::Procedure, "Procedure of a message."),
        ],
        rest: None,
        result: "any",
        doc: "The value of EXPR or, when that raises, of HANDLER applied to the error's message.",
        example: "(try (car '()) on-error (lambda (message) \"none\")) ;; => none",
        body: Body::Prelude,
    },
];
