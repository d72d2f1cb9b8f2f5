//! `bessemer run --dry-run`: what a script's calls would come to, without sending any.
//!
//! The script runs as it would, against the offline model, so what it asks next may differ where it looks at answers. It
//! writes nothing and reaches nobody: what it was granted for that is not given. Not here: the counting (`llm::dry`).

use super::{
    run::Run,
    screen::{self, complain},
    shared::signals,
    summary::{counted, dollars, grouped, seconds},
};
use crate::{
    config::file::Settings,
    error::Error,
    llm::{
        dispatch::Dispatcher,
        dry::{Dry, Forecast, Load, UNBOUNDED},
    },
    session::{Listener, Program, Progress, Session, Zygote},
    wire::{Grant, Limits, Stream},
};
use serde_json::{Value, json};
use std::{fmt::Write, process::ExitCode, time::Duration};

/// What the script writes is shown to whoever wants to know.
struct Aside(bool);

impl Listener for Aside {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        if self.0 || stream == Stream::Stderr {
            complain(text);
        }
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

pub(super) fn main(
    run: &Run,
    zygote: Result<Zygote, Error>,
    settings: Result<Settings, Error>,
    script: Result<String, Error>,
) -> ExitCode {
    let (zygote, settings, text) = match (zygote, settings, script) {
        (Ok(zygote), Ok(settings), Ok(script)) => (zygote, settings, script),
        (Err(e), ..) | (_, Err(e), _) | (.., Err(e)) => return screen::fail(&e),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return screen::fail(&Error::interpreter(format!("no runtime: {e}"))),
    };
    let zygote = if run.shared.grants.confines(&settings) { zygote } else { zygote.without_sandbox() };
    let (forecast, early) = match runtime.block_on(forecast(run, &zygote, &settings, &text)) {
        Ok(forecast) => forecast,
        Err(e) => return screen::fail(&e),
    };
    runtime.shutdown_background();
    let shown = match run.json {
        true => format!("{}\n", object(&forecast, early.as_ref(), &text)),
        false => lines(&forecast, run),
    };
    let code = screen::print(&shown);
    match early {
        Some((file, error)) => {
            if !run.json {
                let (name, text) = file.unwrap_or_else(|| (run.script.display().to_string(), text));
                complain(
                    "note: the script ended early, so this is what it came to until then; a dry run writes no files\n",
                );
                complain(&error.render(&name, &text, screen::look()));
            }
            ExitCode::from(error.exit_code())
        }
        None => code,
    }
}

/// Runs it. What it came to, and the error that it ended with.
async fn forecast(
    run: &Run,
    zygote: &Zygote,
    settings: &Settings,
    text: &str,
) -> Result<(Forecast, Option<Early>), Error> {
    let mut stop = signals().map_err(|e| Error::interpreter(format!("no signals: {e}")))?;
    let contexts = run.shared.contexts(zygote, &mut stop).await?;
    let dry = Dry::new(run.shared.reached(settings));
    let dispatcher = Dispatcher::new(dry.stack(), run.shared.concurrent());
    let mut session = Session::start_with(zygote, dispatcher, &contexts).await?;
    let granted = run.shared.grants.permissions(settings, &run.script);
    let permissions =
        crate::permissions::Permissions { write: Grant::Nothing, net: Grant::Nothing, run: false, ..granted };
    // What it would cost is what is to be found out.
    let limits = Limits { cost_usd: None, ..run.shared.limits() };
    let mut program = Program {
        text: text.to_owned(),
        args: run.args.clone(),
        permissions,
        limits,
        timeout: run.timeout,
        max_memory: Some(run.shared.max_memory()),
        ..Program::default()
    };
    let required = program.require_beside(&run.script);
    let given = program.clone();
    let (outcome, at_once) = match required {
        Err(error) => (Err(error), 0),
        Ok(()) => {
            let report = session.run(program, &mut Aside(run.shared.verbose > 0), &mut stop).await;
            (report.outcome, report.summary.most_at_once)
        }
    };
    match outcome {
        Err(error @ Error::Interrupted(_)) => Err(error),
        outcome => {
            let early = outcome.err().map(|mut error| (run.file_of(&given, &mut error), error));
            Ok((dry.forecast(at_once), early))
        }
    }
}

/// The error that a run ended with, and the required file that it has its place in, if it is not the script: its name, and
/// its text.
type Early = (Option<(String, String)>, Error);

/// The cost of all, at least and at most; `None` when a price is unknown.
fn total(loads: &[Load]) -> Option<(f64, f64)> {
    loads.iter().try_fold((0.0, 0.0), |sum, load| load.cost.map(|cost| (sum.0 + cost.0, sum.1 + cost.1)))
}

fn range(low: &str, high: &str) -> String {
    if low == high { low.to_owned() } else { format!("{low} to {high}") }
}

fn money(cost: Option<(f64, f64)>) -> String {
    cost.map_or("unknown".into(), |(low, high)| range(&dollars(low), &dollars(high)))
}

fn lines(forecast: &Forecast, run: &Run) -> String {
    let Forecast { loads, unbounded, dearest } = forecast;
    let calls: u64 = loads.iter().map(|load| load.calls).sum();
    let mut out = format!("dry run: {}, none of them sent; all figures are estimates\n", counted(calls, "call"));
    if calls == 0 {
        return out;
    }
    let sum = |of: fn(&Load) -> u64| loads.iter().map(of).sum::<u64>();
    let output = |low: u64, high: u64| range(&grouped(low), &grouped(high));
    let mut rows = vec![["model", "calls", "tokens in", "tokens out", "USD"].map(str::to_owned)];
    rows.extend(loads.iter().map(|load| {
        let place = load.model.provider.as_deref().map(|title| format!(" at {title}")).unwrap_or_default();
        let (low, high) = load.output;
        let name = format!("{}{place}", load.model.model);
        [name, grouped(load.calls), grouped(load.input), output(low, high), money(load.cost)]
    }));
    if loads.len() > 1 {
        let all = output(sum(|load| load.output.0), sum(|load| load.output.1));
        rows.push(["in all".into(), grouped(calls), grouped(sum(|load| load.input)), all, money(total(loads))]);
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in &rows {
        let [model, rest @ ..] = row;
        // Writing to a text cannot fail.
        let _ = write!(out, "{:w$}", crate::error::visible(model), w = widths[0]);
        for (cell, width) in rest.iter().zip(&widths[1..]) {
            let _ = write!(out, "  {cell:>width$}");
        }
        out.push('\n');
    }
    let time = |s: f64| seconds(Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX));
    if let Some(slowest) = loads.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)) {
        // Models that are asked side by side take as long as the slowest, and one after the other as long as all.
        let all = loads.iter().map(|load| load.seconds).sum();
        let name = crate::error::visible(&slowest.model.model);
        let limit = slowest.limit.as_ref().map(|limit| format!(", by the limit of {limit} for `{name}`"));
        let _ = writeln!(out, "time: about {}{}", range(&time(slowest.seconds), &time(all)), limit.unwrap_or_default());
    }
    let alone: f64 = loads.iter().map(|load| load.alone).sum();
    let _ = writeln!(out, "one after another: about {}, for the same price", time(alone));
    if let Some((model, cost)) = dearest {
        let _ = writeln!(out, "wholly on `{}`: {} USD", crate::error::visible(model), money(Some(*cost)));
    }
    if *unbounded > 0 {
        let have = if *unbounded == 1 { "has" } else { "have" };
        let _ = writeln!(
            out,
            "{} {have} no `#:max-tokens`: an answer is taken to have {} tokens at most",
            counted(*unbounded, "call"),
            grouped(UNBOUNDED)
        );
    }
    for load in loads.iter().filter(|load| load.cost.is_none()) {
        let name = crate::error::visible(&load.model.model).into_owned();
        let _ = writeln!(out, "the price of `{name}` is unknown: write it into `bessemer.toml` below `[prices]`");
    }
    if let Some((most, (_, high))) = run.shared.max_cost.zip(total(loads)).filter(|(most, (_, high))| high > most) {
        let _ = writeln!(
            out,
            "that may pass `--max-cost`: {} USD, and at most {} are allowed",
            dollars(high),
            dollars(most)
        );
    }
    out
}

fn object(forecast: &Forecast, early: Option<&Early>, script: &str) -> Value {
    let error = early.map(|(file, error)| {
        let mut told = error.json(file.as_ref().map_or(script, |(_, text)| text));
        if let Some((name, _)) = file {
            told["file"] = name.as_str().into();
        }
        told
    });
    let cost = |cost: Option<(f64, f64)>| cost.map(|(low, high)| json!({ "least": low, "most": high }));
    let load = |load: &Load| {
        json!({
            "model": &*load.model.model,
            "provider": load.model.provider.as_deref(),
            "calls": load.calls,
            "input_tokens": load.input,
            "output_tokens": { "least": load.output.0, "most": load.output.1 },
            "cost_usd": cost(load.cost),
            "seconds": load.seconds,
            "limit": load.limit,
            "seconds_one_after_another": load.alone,
        })
    };
    let dearest = forecast.dearest.as_ref();
    json!({
        "dry_run": forecast.loads.iter().map(load).collect::<Vec<Value>>(),
        "cost_usd": cost(total(&forecast.loads)),
        "dearest": dearest.map(|(model, sum)| json!({ "model": model, "cost_usd": cost(Some(*sum)) })),
        "without_max_tokens": forecast.unbounded,
        "error": error,
    })
}
