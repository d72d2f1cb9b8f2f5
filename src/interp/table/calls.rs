//! Calling models: what a call can say, and the keywords it says it by.
//!
//! The frame that is made of it is in `wire_call`.

use super::{Family, Kind, Param, Primitive, keyword, required};

const PROMPT: Param = Param {
    name: "prompt",
    keyword: false,
    kind: Kind::Text,
    default: Some("#f"),
    doc: "The user message, when it is all there is.",
};

/// What is said. [`super::wire_call`] takes these in this order, then [`HOW`]'s.
const WHAT: [Param; 4] = [
    PROMPT,
    keyword("instruction", Kind::Text, "#f", "The system message (trusted). Alone, it is sent as the user message."),
    keyword(
        "data",
        Kind::Any,
        "#f",
        "The user message (untrusted): a string or a response; other values are sent as JSON.",
    ),
    keyword(
        "messages",
        Kind::Any,
        "#f",
        "A whole chat instead: a list of `(role . text)` pairs, or of hashes with `'role` and `'content`.",
    ),
];

/// How it is to be answered.
const HOW: [Param; 20] = [
    keyword("image", Kind::Any, "#f", "An image for the user message: a path, a URL or bytes."),
    keyword("images", Kind::Any, "#f", "A list of such images."),
    keyword(
        "model",
        Kind::Any,
        "\"cheap\"",
        "A name, an alias (\"cheap\", \"smart\"), \"provider/name\", or a list of them to balance over.",
    ),
    keyword("balance", Kind::Symbol, "'round-robin", "Over a list: `'round-robin` or `'least-used`."),
    keyword("fallback", Kind::Any, "#f", "A model, or a list of them, to ask in turn after a failure for good."),
    keyword(
        "hedge",
        Kind::Seconds,
        "#f",
        "Seconds after which a second copy is sent; the first answer wins, the other is cancelled and its prompt counted.",
    ),
    keyword("temperature", Kind::Number, "#f", "Sampling temperature, as the provider has it."),
    keyword("max-tokens", Kind::Natural, "#f", "The answer is cut after so many tokens."),
    keyword("top-p", Kind::Number, "#f", "Nucleus sampling, as the provider has it."),
    keyword("seed", Kind::Natural, "#f", "For providers that can repeat an answer."),
    keyword("stop", Kind::Any, "#f", "A string, or a list of strings, before which the answer ends."),
    keyword("extra", Kind::Any, "#f", "A hash of further parameters that the provider is given as they are."),
    keyword(
        "json",
        Kind::Any,
        "#f",
        "`#t`: the answer must be JSON, and is asked for once more when it does not parse. `'object`: the provider's object mode as well.",
    ),
    keyword(
        "schema",
        Kind::Any,
        "#f",
        "A JSON Schema, as a hash or JSON text, that the answer must fit: asked for by the provider's structured output, \
         checked, and asked for once more when it does not.",
    ),
    keyword(
        "on-token",
        Kind::CallsOrFalse("piece"),
        "#f",
        "Procedure of each piece of the answer as it comes, called in a fiber of its own. The call ends when it has had all.",
    ),
    keyword("timeout", Kind::Seconds, "120", "Seconds for each attempt."),
    keyword("retries", Kind::Natural, "4", "Attempts after the first, for faults that may pass."),
    keyword(
        "priority",
        Kind::Symbol,
        "'normal",
        "`'high`, `'normal` or `'batch`: who goes first when the limit is short.",
    ),
    keyword(
        "recursive",
        Kind::Boolean,
        "#f",
        "`#t`: as `rlm-query`, by a loop of its own. Beside the question, `#:data`, `#:model` and `#:timeout` nothing can be said.",
    ),
    keyword(
        "cache",
        Kind::Boolean,
        "#f",
        "Whether the answer is shared with other runs, and may be another's: by what is asked, for 30 days. With `--cache` \
         all are, but for those that say `#f`.",
    ),
];

const fn joined<const A: usize, const B: usize, const N: usize>(a: [Param; A], b: [Param; B]) -> [Param; N] {
    let mut all = [PROMPT; N];
    let mut i = 0;
    while i < N {
        all[i] = if i < A { a[i] } else { b[i - A] };
        i += 1;
    }
    all
}

const CALL: &[Param] = &joined::<4, 20, 24>(WHAT, HOW);

const INSTRUCTION: Param = keyword("instruction", Kind::Text, "#f", "The system message of every call (trusted).");
const AT_A_TIME: Param =
    keyword("max-concurrent", Kind::Window, "10", "How many calls are under way at once; `#f` for all.");

const TEMPLATED: &[Param] = &joined::<4, 20, 24>(
    [
        required("template", Kind::Text, "The prompt; each `{chunk}` in it stands for the chunk."),
        required("chunks", Kind::Any, "A list or a vector."),
        AT_A_TIME,
        INSTRUCTION,
    ],
    HOW,
);

const BATCHED: &[Param] = &joined::<3, 20, 23>(
    [required("prompts", Kind::Any, "A list or a vector of prompts."), AT_A_TIME, INSTRUCTION],
    HOW,
);

pub(super) const TABLE: &[Primitive] = &[
    Family::Calls.prelude(
        "llm-query",
        CALL,
        "response",
        "Asks a model and waits for its answer. Only the fiber that asks waits: inside `map-async`, `parallel` or `spawn` \
         the others go on. Raises a failure when the call fails for good.",
        "(syntax-e (llm-query #:instruction \"Who wrote it?\" #:data \"Ada wrote the program.\"))",
    ),
    Family::Calls.prelude(
        "llm-query-async",
        CALL,
        "handle",
        "Asks a model and gives a handle at once. `await` waits for its answer; a `map-async` whose procedure returns the \
         handle does so by itself.",
        "(syntax-e (await (llm-query-async \"Who wrote it?\\n\\nAda wrote the program.\")))",
    ),
    Family::Calls.prelude(
        "unsafe-raw-query",
        CALL,
        "string",
        "`llm-query`, but gives the answer's bare text, which nothing marks as a model's words.",
        "(unsafe-raw-query \"Who wrote it?\\n\\nAda wrote the program.\")",
    ),
    Family::Calls.prelude(
        "parallel-query",
        TEMPLATED,
        "list of strings",
        "Asks one question of every chunk, side by side, and gives the answers in order. An item that fails is the string \
         `\"Error: …\"`, here and in `llm-batch` alone; what would fail every item alike (a refused key, a typo) is raised.",
        "(parallel-query \"Who wrote it?\\n\\n{chunk}\" '(\"Ada wrote the program.\" \"Bob wrote the test.\"))",
    ),
    Family::Calls.prelude(
        "llm-batch",
        BATCHED,
        "list of strings",
        "Asks every prompt, side by side, and gives the answers in order, as `parallel-query` does.",
        "(llm-batch '(\"Who wrote it?\\n\\nAda wrote it.\" \"Who read it?\\n\\nBob read it.\") #:max-concurrent 2)",
    ),
];
