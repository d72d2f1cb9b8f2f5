//! A journal's rows: what is written of a call, and what is read of calls and runs.

use super::super::{
    key::Key,
    owner,
    store::{CallEntry, Event, RunId, Status, Summary},
};
use crate::{
    llm::{Answer, Failure},
    wire::{FailureClass, Usage},
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::Duration;

/// Numbers of rows: the run above, the call below.
fn row_of(run: RunId, number: u32) -> i64 {
    run.0 << 32 | i64::from(number)
}

/// The rows of a run's calls.
pub(super) fn rows_of(run: RunId) -> [i64; 2] {
    [run.0 << 32, (run.0 << 32) | i64::from(u32::MAX)]
}

/// What entries add to the sums of their run.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) pending: u64,
    pub(super) done: i64,
    pub(super) failed: i64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cost: f64,
    pub(super) unpriced: i64,
    pub(super) ended: Option<(Status, String)>,
}

pub(super) fn insert(connection: &Connection, run: RunId, call: &CallEntry, sums: &mut Sums) -> rusqlite::Result<()> {
    if let Some(place) = call.replaces {
        let class: Option<Option<String>> = connection
            .prepare_cached("UPDATE calls SET replaced = 1 WHERE id = ? AND replaced = 0 RETURNING class")?
            .query_row([place.0], |row| row.get(0))
            .optional()?;
        match class {
            Some(None) => sums.done -= 1,
            Some(Some(_)) => sums.failed -= 1,
            None => {}
        }
    }
    let (class, text, model, usage, cost, attempts, finish, latency) = match &call.result {
        Ok(answer) => (
            None,
            &*answer.text,
            Some(&*answer.model),
            answer.usage,
            answer.cost_usd,
            answer.attempts,
            Some(&*answer.finish_reason),
            answer.latency,
        ),
        Err(failure) => (
            Some(failure.class.name()),
            &*failure.message,
            failure.model.as_deref(),
            failure.usage,
            failure.cost_usd,
            failure.attempts,
            None,
            Duration::ZERO,
        ),
    };
    *(if class.is_none() { &mut sums.done } else { &mut sums.failed }) += 1;
    sums.input += usage.input;
    sums.output += usage.output;
    sums.cost += cost.unwrap_or_default();
    sums.unpriced += i64::from(cost.is_none());
    let sources = (!call.sources.is_empty()).then(|| {
        let sources: Vec<String> = call.sources.iter().map(u32::to_string).collect();
        sources.join(" ")
    });
    connection
        .prepare_cached(
            "INSERT INTO calls (id, key, occurrence, class, model, input, output, cached, reasoning, written, cost, \
             attempts, finish, latency, asked, took, stage, sources, text) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            row_of(run, call.number),
            &call.key.0[..],
            call.occurrence,
            class,
            model,
            usage.input as i64,
            usage.output as i64,
            usage.cached as i64,
            usage.reasoning as i64,
            usage.written as i64,
            cost,
            attempts,
            finish,
            millis(latency),
            call.asked_ms,
            call.took_ms,
            call.stage.as_deref(),
            sources,
            text,
        ])?;
    Ok(())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn natural(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or_default())
}

/// A class by its name; one that is not known is a server's failure.
pub(super) fn class_of(name: &str) -> FailureClass {
    serde_json::from_value(name.into()).unwrap_or(FailureClass::Server)
}

pub(super) fn key_of(row: &Row<'_>) -> rusqlite::Result<Key> {
    let mut key = [0; 32];
    let bytes = row.get_ref("key")?.as_blob().unwrap_or_default();
    if bytes.len() == key.len() {
        key.copy_from_slice(bytes);
    }
    Ok(Key(key))
}

pub(super) fn call_of(row: &Row<'_>) -> rusqlite::Result<CallEntry> {
    let usage = Usage {
        input: natural(row, "input")?,
        output: natural(row, "output")?,
        cached: natural(row, "cached")?,
        reasoning: natural(row, "reasoning")?,
        written: natural(row, "written")?,
    };
    let (text, model): (String, Option<String>) = (row.get("text")?, row.get("model")?);
    let (cost_usd, attempts) = (row.get("cost")?, row.get("attempts")?);
    let result = match row.get::<_, Option<String>>("class")? {
        None => Ok(Answer {
            text: text.into(),
            model: model.unwrap_or_default().into(),
            usage,
            cost_usd,
            latency: Duration::from_millis(natural(row, "latency")?),
            attempts,
            finish_reason: row.get::<_, Option<String>>("finish")?.unwrap_or_default().into(),
        }),
        Some(class) => Err(Failure {
            model: model.map(Into::into),
            attempts,
            usage,
            cost_usd,
            ..Failure::new(class_of(&class), text)
        }),
    };
    let sources = row.get::<_, Option<String>>("sources")?.unwrap_or_default();
    Ok(CallEntry {
        number: (row.get::<_, i64>("id")? & i64::from(u32::MAX)) as u32,
        key: key_of(row)?,
        occurrence: row.get("occurrence")?,
        result,
        asked_ms: row.get("asked")?,
        took_ms: row.get("took")?,
        stage: row.get::<_, Option<String>>("stage")?.map(Into::into),
        sources: sources.split(' ').filter_map(|number| number.parse().ok()).collect(),
        replaces: None,
        prompt: Vec::new(),
    })
}

pub(super) fn summary_of(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let status = Status::parse(&row.get::<_, String>("status")?).unwrap_or(Status::Broken);
    let owner: String = row.get("owner")?;
    let (cost, unpriced): (f64, i64) = (row.get("cost")?, row.get("unpriced")?);
    Ok(Summary {
        id: RunId(row.get("id")?),
        name: row.get("name")?,
        command: row.get("command")?,
        title: row.get("title")?,
        status: if status == Status::Running && !owner::lives(&owner) { Status::Broken } else { status },
        began_ms: row.get("began")?,
        touched_ms: row.get("touched")?,
        done: natural(row, "done")?,
        failed: natural(row, "failed")?,
        pending: natural(row, "pending")?,
        input_tokens: natural(row, "input")?,
        output_tokens: natural(row, "output")?,
        cost_usd: (unpriced == 0).then_some(cost),
        outcome: row.get("outcome")?,
        owner,
    })
}

pub(super) fn note(connection: &Connection, run: RunId, event: &Event) -> rusqlite::Result<()> {
    let sql = "INSERT INTO events (run, at, kind, data) VALUES (?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![run.0, event.at_ms, event.kind, event.data])?;
    Ok(())
}
