//! `plan_strategy`: a model proposes programs for a task, with what they would take. Only what parses is offered.

use super::tools;
use crate::{
    embed::Host,
    error::Error,
    llm::Price,
    session::{Program, account::Account},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The model that is asked unless another is named.
const MODEL: &str = "smart";
/// How long a program may take to be looked at.
const LOOK: Duration = Duration::from_secs(10);
/// How long a model may take to propose programs.
const ASK: Duration = Duration::from_secs(300);

/// Asks the model that the script's arguments name.
const ASKING: &str = "(define-values (instruction task schema model) (apply values (script-args)))
(finish (llm-query #:instruction instruction #:data task #:schema schema #:model model))";

/// What a model proposes.
#[derive(Deserialize)]
struct Proposed {
    options: Vec<Option_>,
}

#[derive(Deserialize)]
struct Option_ {
    kind: String,
    title: String,
    why: String,
    program: String,
    model: String,
    calls: u64,
    input_tokens_per_call: u64,
    output_tokens_per_call: u64,
    rounds: u64,
}

fn schema() -> Value {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object", "required": ["options"], "additionalProperties": false,
        "properties": { "options": { "type": "array", "items": {
            "type": "object", "additionalProperties": false,
            "required": ["kind", "title", "why", "program", "model", "calls", "input_tokens_per_call",
                         "output_tokens_per_call", "rounds"],
            "properties": {
                "kind": { "type": "string", "enum": ["recommended", "alternative", "daring"] },
                "title": text, "why": text, "program": text, "model": text, "calls": number,
                "input_tokens_per_call": number, "output_tokens_per_call": number, "rounds": number,
            },
        } } },
    })
}

fn instruction() -> String {
    format!(
        "You plan how a task is done by Bessemer, which runs Scheme programs that ask language models. Propose four options: \
         one `recommended`, two `alternative` that differ from it in strategy, one `daring`. Each has a whole program in \
         `program`, which reads the contexts and ends with `finish`; `why` says in two sentences when it is the best. \
         Estimate honestly: `calls` of models, tokens of each, the `model` that most calls ask, and `rounds`, how many calls \
         wait for each other one after the other. Fan out, do not loop.\n\n{}",
        tools::guide()
    )
}

/// The options as text and as JSON. Asking for them is charged to this account.
pub(super) async fn plan(
    host: &Host,
    account: &Arc<Account>,
    asked: &tools::Plan,
    contexts: &str,
) -> Result<(String, Value), Error> {
    let mut session = host.session().below(account).timeout(ASK).start().await?;
    let model = asked.model.as_deref().unwrap_or(MODEL);
    let none = "not said";
    let mut task = format!(
        "Task: {}\n\nData: {}\n\nWhat matters: {}\n\nThe contexts that are loaded: {contexts}",
        asked.task,
        asked.data.as_deref().unwrap_or(none),
        asked.constraints.as_deref().unwrap_or(none),
    );
    let mut offered: Vec<(Option_, Value)> = Vec::new();
    let mut refused = Vec::new();
    // Those that do not parse are asked for once more.
    for _ in 0..2 {
        let args = vec![instruction(), task.clone(), schema().to_string(), model.to_owned()];
        let program = Program { args, ..session.program(ASKING) };
        let proposed = match session.run_program(program).await {
            Ok(ran) => ran.to_string(),
            Err(error) if offered.is_empty() => return Err(error),
            Err(_) => break,
        };
        // The answer fits the schema, which says the same.
        let Ok(Proposed { options }) = serde_json::from_str(&proposed) else { break };
        refused.clear();
        for option in options.into_iter().take(8) {
            match wrong_with(host, &option.program).await {
                None => {
                    let price = host.dispatcher.price(Some(&option.model), false);
                    let estimate = estimate(&option, price);
                    offered.push((option, estimate));
                }
                Some(why) => refused.push(format!("{}: {why}", option.title)),
            }
        }
        if refused.is_empty() {
            break;
        }
        task +=
            &format!("\n\nThese programs were wrong; give them anew, mended, and no others:\n{}", refused.join("\n"));
    }
    offered.sort_by_key(|(option, _)| ["recommended", "alternative", "daring"].iter().position(|k| *k == option.kind));
    let mut text = String::new();
    let mut options = Vec::new();
    for (option, estimate) in &offered {
        text += &format!(
            "## {}: {}\n\n{}\n\n```scheme\n{}\n```\n\n",
            option.kind,
            option.title,
            option.why,
            option.program.trim()
        );
        let cost = estimate["cost_usd"].as_f64().map_or("cost unknown".into(), |usd| format!("about {usd:.4} USD"));
        let latency = estimate["latency_s"].as_f64().unwrap_or_default();
        text += &format!("Estimate: {} calls of `{}`, {cost}, {latency:.0} s or so.\n\n", option.calls, option.model);
        options.push(json!({
            "kind": option.kind, "title": option.title, "why": option.why, "program": option.program,
            "model": option.model, "estimate": estimate,
        }));
    }
    for why in &refused {
        text += &format!("Left out, since it does not parse: {why}\n");
    }
    if offered.is_empty() {
        text +=
            "No program is offered: none that was proposed parses. Ask again, or write one after `get_usage_guide`.\n";
    }
    Ok((text, json!({ "options": options, "left_out": refused })))
}

/// What calls, cost and time come to by the model's own figures and the prices that are known.
fn estimate(option: &Option_, price: Option<Price>) -> Value {
    let tokens = |each: u64| option.calls.saturating_mul(each);
    let cost = price.map(|price| {
        (tokens(option.input_tokens_per_call) as f64 * price.input
            + tokens(option.output_tokens_per_call) as f64 * price.output)
            / 1e6
    });
    // A second and a half until a model begins, and some sixty tokens a second from then on.
    let each = 1.5 + option.output_tokens_per_call as f64 / 60.0;
    json!({
        "calls": option.calls, "input_tokens": tokens(option.input_tokens_per_call),
        "output_tokens": tokens(option.output_tokens_per_call), "cost_usd": cost,
        "latency_s": (option.rounds.max(1) as f64 * each).round(),
    })
}

/// What is wrong with a program, without running it: it is the body of a procedure that nobody calls.
async fn wrong_with(host: &Host, program: &str) -> Option<String> {
    let mut session = match host.session().timeout(LOOK).start().await {
        Ok(session) => session,
        Err(error) => return Some(error.to_string()),
    };
    let text = format!("(lambda () {program}\n)");
    match session.run(&text).await {
        Ok(_) => None,
        Err(error) => Some(match error.line(&text) {
            Some(line) => format!("line {line}: {error}"),
            None => error.to_string(),
        }),
    }
}
