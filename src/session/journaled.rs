//! What a session has to do with its run's journal: what the run has kept goes to the interpreter before the first
//! program, and what the interpreter notes goes to the journal.
//!
//! Not here: calls, which have tickets ([`crate::journal::Ticket`]).

use super::{Progress, Session};
use crate::{
    journal::Run,
    wire::{RunHead, ToSession},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a script's items are called when it does not say.
const UNNAMED: &str = "items";

impl Session {
    /// Journals its calls in this run from here on: what the run has been answered already comes from the journal, and so
    /// do the values that its script keeps. Calls of sessions within it are journaled with it. To be called before the first
    /// program.
    pub fn journal(&mut self, run: Arc<Run>) {
        self.calls.journal(run.clone());
        self.run = Some(run);
    }

    /// What makes the first program go as it went before its run was resumed; what it has kept is sent first.
    pub(super) fn run_head(&mut self) -> RunHead {
        let first = !std::mem::replace(&mut self.begun, true);
        let Some(run) = &self.run else { return RunHead::default() };
        if !first {
            return RunHead { journaled: true, ..RunHead::default() };
        }
        for (key, value) in run.checkpoints() {
            // It came from a session by a frame of its own, so it fits into one.
            let _ = self.calls.frame(&ToSession::Checkpoint { key: key.clone() }, value.as_bytes());
        }
        RunHead { seed: Some(run.seed()), ago_ms: run.ago_ms(), readings: run.readings().to_vec(), journaled: true }
    }

    /// The script keeps a value.
    pub(super) fn keeps(&self, key: &str, value: &str) {
        if let Some(run) = &self.run {
            run.checkpoint(key, value);
        }
    }

    /// Something happened.
    pub(super) fn notes(&self, kind: &str, data: impl FnOnce() -> Value) {
        if let Some(run) = &self.run {
            run.note(kind, data().to_string());
        }
    }

    /// The script notes something; what is no JSON is noted as it stands.
    pub(super) fn notes_event(&self, name: &str, value: &str) {
        self.notes("log", || {
            let value: Value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            json!({ "name": name, "value": value })
        });
    }

    /// A map-async begins, goes on or ends.
    pub(super) fn notes_progress(&self, progress: &Progress) {
        if !self.calls.journaled() {
            return;
        }
        let Progress { group, label, done, total, failed } = progress;
        let stage = if label == UNNAMED { format!("{UNNAMED} {group}") } else { label.clone() };
        if *done == 0 {
            self.calls.stage(*group, stage.clone().into());
        }
        if *done == 0 || done == total {
            let what = if done == total { "end" } else { "begin" };
            self.notes("stage", || json!({ "stage": stage, "what": what, "items": total, "failed": failed }));
        }
    }
}
