//! `bessemer runs`: what the journal has: a list, one run in full, fewer runs, one as JSON lines.

use super::{
    keep::Place,
    screen::{self, fail},
};
use crate::{
    config,
    error::{Error, visible},
    journal::{
        self, Journal,
        store::{Problem, Status, Store, Summary},
    },
    trace,
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{
    fmt::Write,
    io::{self, BufWriter},
    process::ExitCode,
    time::{Duration, UNIX_EPOCH},
};

#[derive(Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    place: Place,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// All runs, the newest first: what `bessemer runs` alone gives.
    List {
        #[command(flatten)]
        place: Place,
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// One run in full.
    Show {
        /// Its name, the beginning of its name, or `last`.
        run: String,
        #[command(flatten)]
        place: Place,
        /// JSON instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Forget runs, with all that they were answered.
    Delete {
        /// Their names.
        #[arg(required_unless_present_any = ["older_than", "all"], conflicts_with_all = ["older_than", "all"])]
        runs: Vec<String>,
        /// All that nothing was written of for so long: `12h`, `30d`.
        #[arg(long, value_name = "TIME", value_parser = age)]
        older_than: Option<Duration>,
        /// All of them.
        #[arg(long, conflicts_with = "older_than")]
        all: bool,
        #[command(flatten)]
        place: Place,
    },
    /// One run as JSON lines: the run, its calls with their answers, what it kept and what happened.
    Export {
        /// Its name, the beginning of its name, or `last`.
        run: String,
        #[command(flatten)]
        place: Place,
    },
}

/// As `config::seconds`, and days.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    match text.trim().strip_suffix('d') {
        Some(days) => config::seconds(&format!("{}h", days.trim())).map(|hours| hours * 24),
        None => config::seconds(text),
    }
}

impl Runs {
    pub(super) fn main(self) -> ExitCode {
        let done = match self.what {
            None => list(&self.place, self.json),
            Some(What::List { place, json }) => list(&place, json || self.json),
            Some(What::Show { run, place, json }) => show(&place, &run, json || self.json),
            Some(What::Delete { runs, older_than, all, place }) => delete(&place, &runs, older_than, all),
            Some(What::Export { run, place }) => export(&place, &run),
        };
        match done {
            Ok(text) => screen::print(&text),
            Err(e) => fail(&e),
        }
    }
}

/// The journal, to be looked at; `None` where there is none yet.
pub(super) fn store(place: &Place) -> Result<Option<journal::Sqlite>, Error> {
    match place.path() {
        Some(path) => Ok(journal::look(&path)?),
        None => Ok(None),
    }
}

/// The one run of a name, the beginning of one, or `last`.
pub(super) fn one(journal: &Journal, name: &str) -> Result<Summary, Error> {
    let wanted = name.to_owned();
    only(journal.ask(move |store| store.runs(Some(&wanted)))?, name)
}

/// The same, where the store is at hand.
pub(super) fn find(store: Option<&mut journal::Sqlite>, name: &str) -> Result<Summary, Error> {
    let found = store.map(|store| store.runs(Some(name))).transpose()?;
    only(found.unwrap_or_default(), name)
}

fn only(mut found: Vec<Summary>, name: &str) -> Result<Summary, Error> {
    let usage = |message: String, hint: String| Error::Usage { message, hint: Some(hint) };
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().take(5).map(|run| &*run.name).collect();
        return Err(usage(format!("several runs begin with `{name}`"), format!("they are {}, …", names.join(", "))));
    }
    let none = || usage(format!("there is no run `{name}`"), "`bessemer runs` lists them".into());
    found.pop().ok_or_else(none)
}

fn list(place: &Place, json: bool) -> Result<String, Error> {
    let runs = store(place)?.map(|mut store| store.runs(None)).transpose()?.unwrap_or_default();
    if json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(&runs).unwrap_or_default()));
    }
    if runs.is_empty() {
        return Ok("no runs yet\n".into());
    }
    let now = journal::now_ms();
    let mut rows = vec![["run", "status", "done", "pending", "failed", "cost", "age", "what"].map(String::from)];
    rows.extend(runs.iter().map(|run| {
        [
            run.name.clone(),
            run.status.name().into(),
            run.done.to_string(),
            run.pending.to_string(),
            run.failed.to_string(),
            dollars(run.cost_usd),
            ago(now - run.began_ms),
            one_line(&run.title, TITLE),
        ]
    }));
    Ok(table(&rows))
}

/// How much of a title a list shows.
const TITLE: usize = 60;

/// Columns side by side; numbers at the right of theirs.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let number = |cell: &str| cell.starts_with(|c: char| c.is_ascii_digit() || c == '$' || c == '?' || c == '-');
    let right: [bool; N] =
        std::array::from_fn(|i| i > 0 && rows.iter().skip(1).all(|row| number(&row[i])) && i + 1 < N);
    let mut out = String::new();
    for row in rows {
        let start = out.len();
        for (i, cell) in row.iter().enumerate() {
            let width = widths[i];
            let gap = if i == 0 { "" } else { "  " };
            // Writing to memory cannot fail.
            let _ = if right[i] { write!(out, "{gap}{cell:>width$}") } else { write!(out, "{gap}{cell:<width$}") };
        }
        let end = start + out[start..].trim_end().len();
        out.truncate(end);
        out.push('\n');
    }
    out
}

/// US dollars; `?` when a price is unknown.
pub(super) fn dollars(cost: Option<f64>) -> String {
    match cost {
        None => "?".into(),
        Some(cost) if cost == 0.0 || cost >= 0.995 => format!("${cost:.2}"),
        Some(cost) => format!("${cost:.4}"),
    }
}

/// A time in its largest unit.
pub(super) fn ago(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The beginning of a text, on one line.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let text = visible(text).replace(['\n', '\t'], " ");
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn show(place: &Place, name: &str, json: bool) -> Result<String, Error> {
    let mut store = store(place)?;
    let run = find(store.as_mut(), name)?;
    let Some(mut store) = store else { return Ok(String::new()) };
    let (program, setup) = store.program(run.id)?;
    let checkpoints = store.checkpoints(run.id)?;
    let mut keys: Vec<&String> = checkpoints.keys().collect();
    keys.sort();
    if json {
        let mut object = json!(run);
        object["setup"] = json!(setup);
        object["program"] = json!(program);
        object["checkpoints"] = json!(keys);
        return Ok(format!("{}\n", serde_json::to_string_pretty(&object).unwrap_or_default()));
    }
    let began = UNIX_EPOCH + Duration::from_millis(run.began_ms.unsigned_abs());
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to memory cannot fail.
        let _ = writeln!(out, "{name:<12} {value}");
    };
    line("run", run.name.clone());
    line("status", run.status.name().into());
    let arguments = setup.arguments.iter().map(|argument| one_line(argument, 200)).collect::<Vec<_>>().join(" ");
    line("command", format!("bessemer {} {arguments}", run.command));
    line("in", setup.directory.display().to_string());
    line("began", httpdate::fmt_http_date(began));
    line("took", format!("{:.1} s", (run.touched_ms - run.began_ms) as f64 / 1000.0));
    line("calls", format!("{} done, {} pending, {} failed", run.done, run.pending, run.failed));
    line("tokens", format!("{} in, {} out", run.input_tokens, run.output_tokens));
    line("cost", dollars(run.cost_usd));
    for context in setup.contexts.iter().take(10) {
        let hash: String = context.hash.chars().take(16).collect();
        line("context", format!("{} ({hash})", one_line(&context.name, 100)));
    }
    if setup.contexts.len() > 10 {
        line("", format!("and {} more", setup.contexts.len() - 10));
    }
    for key in keys {
        line("checkpoint", one_line(key, 100));
    }
    if let Some(outcome) = run.outcome.as_deref().filter(|outcome| !outcome.is_empty()) {
        line(if run.status == Status::Finished { "value" } else { "error" }, one_line(outcome, 500));
    }
    if !matches!(run.status, Status::Running | Status::Finished) {
        line("go on", format!("bessemer resume {}", run.name));
    }
    Ok(out)
}

fn delete(place: &Place, names: &[String], older: Option<Duration>, all: bool) -> Result<String, Error> {
    let mut store = store(place)?;
    let mut doomed = Vec::new();
    for name in names {
        doomed.push(find(store.as_mut(), name)?);
    }
    let Some(mut store) = store else { return Ok("no runs yet\n".into()) };
    if all || older.is_some() {
        let bound = journal::now_ms() - i64::try_from(older.unwrap_or_default().as_millis()).unwrap_or(i64::MAX);
        let old = |run: &Summary| (all || run.touched_ms < bound) && run.status != Status::Running;
        doomed.extend(store.runs(None)?.into_iter().filter(old));
    }
    if let Some(running) = doomed.iter().find(|run| run.status == Status::Running) {
        let message = format!("the run `{}` is running", running.name);
        return Err(Error::Usage { message, hint: Some("stop it first".into()) });
    }
    for run in &doomed {
        store.delete(run.id)?;
    }
    store.shrink()?;
    Ok(match doomed.len() {
        1 => format!("deleted `{}`\n", doomed[0].name),
        n => format!("deleted {n} runs\n"),
    })
}

fn export(place: &Place, name: &str) -> Result<String, Error> {
    let mut store = store(place)?;
    let run = find(store.as_mut(), name)?;
    let Some(mut store) = store else { return Ok(String::new()) };
    let mut out = BufWriter::new(io::stdout().lock());
    match write_lines(&mut store, &run, &mut out) {
        Ok(()) => Ok(String::new()),
        Err(Unwritten::Io(e)) if e.kind() == io::ErrorKind::BrokenPipe => Ok(String::new()),
        Err(Unwritten::Io(e)) => Err(Error::output(&e)),
        Err(Unwritten::Problem(problem)) => Err(problem.into()),
    }
}

enum Unwritten {
    Io(io::Error),
    Problem(Problem),
}

impl From<io::Error> for Unwritten {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl From<Problem> for Unwritten {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn write_lines(store: &mut dyn Store, run: &Summary, out: &mut dyn io::Write) -> Result<(), Unwritten> {
    let (program, setup) = store.program(run.id)?;
    let mut head = json!({ "event": "run" });
    head["run"] = json!(run);
    head["setup"] = json!(setup);
    head["program"] = json!(program);
    writeln!(out, "{head}")?;
    let mut written = Ok(());
    store.calls(run.id, &mut |call| {
        if written.is_ok() {
            written = writeln!(out, "{}", trace::call(&call, run.began_ms, true));
        }
    })?;
    let mut checkpoints: Vec<(String, String)> = store.checkpoints(run.id)?.into_iter().collect();
    checkpoints.sort();
    for (key, value) in checkpoints {
        let value: serde_json::Value = serde_json::from_str(&value).unwrap_or_else(|_| value.into());
        writeln!(out, "{}", json!({ "event": "kept", "key": key, "value": value }))?;
    }
    store.events(run.id, &mut |event| {
        if written.is_ok() {
            written = writeln!(out, "{}", trace::event(&event, run.began_ms));
        }
    })?;
    written?;
    Ok(out.flush()?)
}
