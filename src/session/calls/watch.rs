//! A look at a session's calls from elsewhere, while one of its programs runs.

use super::{Calls, Counts};
use std::{sync::Arc, time::Duration};

/// The calls of a session, for whoever does not run its programs. It keeps no process alive.
#[derive(Clone)]
pub struct Watch(Arc<Calls>);

/// A call that has not been answered.
#[derive(Clone, Debug)]
pub struct OpenCall {
    /// Its number, which another may have once it has ended.
    pub id: u32,
    /// The model that it names.
    pub model: Option<String>,
    /// How long ago it was made.
    pub age: Duration,
}

impl Watch {
    pub(in crate::session) fn new(calls: Arc<Calls>) -> Self {
        Self(calls)
    }

    /// The counts of its calls, as they change.
    pub fn counts(&self) -> Arc<Counts> {
        self.0.counts()
    }

    /// The calls under way or waiting for their turn, the oldest first.
    pub fn open(&self) -> Vec<OpenCall> {
        let inner = self.0.lock();
        let call = |(id, open): (&u32, &super::Open)| OpenCall {
            id: *id,
            model: open.model.as_deref().map(Into::into),
            age: open.begun.elapsed(),
        };
        let mut all: Vec<OpenCall> = inner.open.iter().map(call).collect();
        all.sort_by_key(|call| (std::cmp::Reverse(call.age), call.id));
        all
    }

    /// Cancels a call: it fails as `cancelled` where it was made. Whether there was one of this number.
    pub fn cancel(&self, id: u32) -> bool {
        let known = self.0.lock().open.contains_key(&id);
        if known {
            self.0.cancel(id);
        }
        known
    }
}
