//! Budgets, records of what has happened, and values kept for later.

use super::{Family, Kind, Param, Primitive, given_text, keyword, parsed, required, text};
use crate::{
    interp::{
        json, ledger, sched,
        value::{Fault, Native, string},
    },
    wire::ToHost,
};
use std::{cell::RefCell, collections::HashMap};
use steel::SteelVal;

pub(super) const LIMITS: &str = "rate-limits";

const LIMIT: &[Param] = &[];
const WHOLE: &[Param] = &[keyword("run", Kind::Boolean, "#f", "Of the whole run, not of the innermost budget.")];

pub(super) const TABLE: &[Primitive] = &[
    Family::State.prelude(
        "call-budget",
        LIMIT,
        "integer or #f",
        "A parameter: how many calls may be made within `(parameterize ([call-budget 50]) …)`, by any fiber. One call more \
         fails as `'budget`, unsent. Budgets nest.",
        "(parameterize ([call-budget 1]) (llm-query \"Say something.\") (try (llm-query \"Again.\") on-error (lambda (m) \"over\")))",
    ),
    Family::State.prelude(
        "token-budget",
        LIMIT,
        "integer or #f",
        "A parameter: how many tokens, of prompts and answers, calls may take within `(parameterize ([token-budget 5000]) …)`. \
         What a call may take is set aside before it is sent, by an estimate of its prompt and by `#:max-tokens`; what it \
         did take is counted after it. A call that does not fit fails as `'budget`, unsent.",
        "(parameterize ([token-budget 5000]) (llm-query \"Say something.\" #:max-tokens 100) (hash-ref (budget-left) 'tokens))",
    ),
    Family::State.prelude(
        "cost-budget",
        LIMIT,
        "number or #f",
        "A parameter: how many US dollars calls may cost within `(parameterize ([cost-budget 0.20]) …)`. It is kept like \
         `token-budget`, by the model's price; with `#:max-tokens` given, what is spent does not pass it. A call to a model \
         whose price is unknown fails as `'budget`, unsent.",
        "(parameterize ([cost-budget 0.20]) (llm-query \"Say something.\") (hash-ref (budget-left) 'cost)) ;; => 0.2",
    ),
    Family::State.prelude(
        "budget-left",
        &[],
        "hash",
        "What can still be spent here: a hash of `'calls`, `'tokens` and `'cost` (US dollars), each the least that the budgets around leave, or `#f` \
         where nothing bounds it.",
        "(parameterize ([call-budget 3]) (llm-query \"Say something.\") (hash-ref (budget-left) 'calls)) ;; => 2",
    ),
    Family::State.prelude(
        "tokens-used",
        WHOLE,
        "integer",
        "The tokens, of prompts and answers, that calls within the innermost budget have taken; without a budget, those of \
         the run.",
        "(tokens-used #:run #t)",
    ),
    Family::State.prelude(
        "cost-used",
        WHOLE,
        "number or #f",
        "US dollars that calls within the innermost budget have cost; without a budget, those of the run. `#f` when a price \
         is unknown.",
        "(cost-used)",
    ),
    Family::State.native(
        "model-usage",
        &[],
        "hash",
        "What the calls so far came to, by model. For each model's name, a string, there is a hash of `'calls`, `'failures`, `'input`, `'output`, \
         `'cached` and `'reasoning` (tokens) and `'cost` (US dollars, or `#f` when a price is unknown). A call that failed \
         before its model was settled stands under `\"\"`.",
        "(begin (llm-query \"Say something.\") (hash-ref (hash-ref (model-usage) \"offline\") 'failures)) ;; => 0",
        |args| parsed("model-usage", args, |_| Ok(ledger::by_model())),
    ),
    Family::State.native(
        "next-model",
        &[required("models", Kind::List, "Names of models.")],
        "string",
        "The model whose turn it is: each of MODELS one after the other, and from the start again. Each list is counted by \
         itself. A `#:model` that is given the list does so without being asked.",
        "(begin (next-model '(\"a\" \"b\")) (next-model '(\"a\" \"b\"))) ;; => b",
        |args| parsed("next-model", args, |v| next_model(&v[0])),
    ),
    Family::State.prelude(
        LIMITS,
        &[],
        "list",
        "How the providers' limits stand, for each model asked and as far as they are known. A hash has `'model`, `'in-flight` and \
         `'waiting` (requests), `'width` (how many may be under way, `#f` for any number), `'paused` (seconds for which the \
         provider asked to be left alone), and `'requests`, `'tokens`, `'input-tokens` and `'output-tokens`: `#f`, or a hash \
         of `'limit`, `'left` and `'window` (seconds in which all of it comes back).",
        "(rate-limits) ;; => ()",
    ),
    Family::State.native(
        "trace",
        &[],
        "list",
        "What has happened so far, in the order in which it ended: for each call a hash of `'model`, `'status` (`'ok` or the \
         failure's class), `'input`, `'output`, `'cached` (tokens), `'cost`, `'latency` (s), `'waited` (s, for limits and \
         before further attempts), `'attempts` and `'at` (seconds since the session began); for each `log-event` one of `'event`, `'value` and `'at`.",
        "(begin (llm-query \"Say something.\") (map (lambda (call) (hash-ref call 'status)) (trace)))",
        |args| parsed("trace", args, |_| Ok(ledger::trace())),
    ),
    Family::State.native(
        "log-event",
        &[
            required("name", Kind::Text, "What to call it."),
            required("value", Kind::Any, "Any value that has a JSON form."),
        ],
        "void",
        "Notes that something happened: in the trace, and on stderr with `-v`.",
        "(log-event \"stage\" (hash 'name \"merge\" 'rows 12))",
        log_event,
    ),
    Family::State.native(
        "checkpoint",
        &[
            required("key", Kind::Text, "By what it is found again."),
            required("value", Kind::Any, "Any value that has a JSON form."),
        ],
        "any",
        "Keeps VALUE, as JSON, under KEY and gives it back. It is kept in the run's journal: \
         a run that is resumed finds it, even if it was killed.",
        "(checkpoint \"draft\" \"text\") ;; => text",
        |args| {
            parsed("checkpoint", args, |v| {
                let value = v[1].clone().unwrap_or(SteelVal::Void);
                let (key, kept) = (given_text(&v[0]).to_string(), json::to_text(&value)?);
                sched::with(|s| s.tell(&ToHost::Checkpoint { key: key.clone() }, kept.as_bytes()));
                ledger::checkpoint(key, kept);
                Ok(value)
            })
        },
    ),
    Family::State.native(
        "restore",
        &[
            required("key", Kind::Text, "What `checkpoint` was given."),
            Param {
                name: "default",
                keyword: false,
                kind: Kind::Any,
                default: Some("#f"),
                doc: "What is given when nothing was kept under KEY.",
            },
        ],
        "any",
        "The value that `checkpoint` kept under KEY, in this run or before it was resumed: an object is a hash with symbol keys, a response its text.",
        "(begin (checkpoint \"rows\" '(1 2)) (restore \"rows\")) ;; => (1 2)",
        restore,
    ),
];

thread_local! {
    /// Whose turn it is in each list of models.
    static TURNS: RefCell<HashMap<Vec<String>, usize>> = RefCell::default();
}

fn next_model(models: &Option<SteelVal>) -> Result<SteelVal, Fault> {
    let Some(SteelVal::ListV(list)) = models else { return Ok(SteelVal::Void) };
    let misuse = || Fault::script("next-model: `models` must be a list of names, and not empty");
    let names: Option<Vec<String>> = list.iter().map(|name| text(name).map(|name| name.to_string())).collect();
    let names = names.filter(|names| !names.is_empty()).ok_or_else(misuse)?;
    let turn = TURNS.with_borrow_mut(|turns| {
        let turn = turns.entry(names.clone()).or_default();
        *turn += 1;
        *turn - 1
    });
    Ok(string(names[turn % names.len()].clone()))
}

fn log_event(args: &[SteelVal]) -> Native {
    parsed("log-event", args, |v| {
        let name = given_text(&v[0]).to_string();
        let value = json::to_text(v[1].as_ref().unwrap_or(&SteelVal::Void))?;
        ledger::note(&name, &value);
        sched::with(|s| s.tell(&ToHost::Event { name }, value.as_bytes()));
        Ok(SteelVal::Void)
    })
}

fn restore(args: &[SteelVal]) -> Native {
    parsed("restore", args, |v| {
        let kept = ledger::restore(given_text(&v[0]).as_str());
        // It was written by `checkpoint`, so it parses.
        let value = kept.map(|text| json::from_text(&text).unwrap_or_else(|_| string(text)));
        Ok(value.or_else(|| v[1].clone()).unwrap_or(SteelVal::BoolV(false)))
    })
}
