//! What a session has still to be told: frames, pieces of answers, and credit.

use super::{Calls, Inner, Receiver};
use crate::{
    llm::{Pieces, dispatch::Call},
    wire::{self, ToSession, WireError},
};
use serde::Serialize;
use std::sync::{Arc, Weak, atomic::Ordering::Relaxed};

/// How many bytes may wait for a session before it is not listened to any more: until it has read some.
const UNREAD: usize = 16 << 20;

impl Calls {
    /// Queues a frame for the interpreter.
    pub(in crate::session) fn frame<T: Serialize>(&self, head: &T, tail: &[u8]) -> Result<(), WireError> {
        let mut inner = self.lock();
        self.push(&mut inner, head, tail)
    }

    pub(super) fn push<T: Serialize>(&self, inner: &mut Inner, head: &T, tail: &[u8]) -> Result<(), WireError> {
        let quiet = inner.out.is_empty();
        wire::encode(&mut inner.out, head, &[tail])?;
        if quiet {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits until there are frames to write.
    pub(in crate::session) async fn written_to(&self) {
        self.wake.notified().await;
    }

    /// A piece of a call's answer came.
    fn piece(&self, call: &Weak<Call>, id: u32, piece: &str) {
        let mut inner = self.lock();
        // Cancelled meanwhile: its number may belong to another by now.
        let Some(open) = inner.open.get_mut(&id).filter(|open| Arc::as_ptr(&open.call) == call.as_ptr()) else {
            return;
        };
        open.call.course.heard(piece.chars().count());
        let first = open.partial.is_empty();
        open.partial.push_str(piece);
        if first && !piece.is_empty() {
            inner.partials.push(id);
            self.wake.notify_one();
        }
    }

    /// Queues what is left of a call's pieces.
    pub(super) fn flush(&self, inner: &mut Inner, id: u32, partial: &str) {
        if !partial.is_empty() {
            // It is smaller than the answer; were it not, its pieces could be done without.
            let _ = self.push(inner, &ToSession::Piece { id }, partial.as_bytes());
        }
    }

    /// The frames to write, partial answers and credit included.
    pub(in crate::session) fn take_frames(&self) -> Vec<u8> {
        let mut inner = self.lock();
        if let Some(run) = self.account.run() {
            // No answer is seen that the journal could lose.
            run.secure();
        }
        for id in std::mem::take(&mut inner.partials) {
            // One that ended meanwhile has sent its own.
            let partial = inner.open.get_mut(&id).map(|open| std::mem::take(&mut open.partial)).unwrap_or_default();
            self.flush(&mut inner, id, &partial);
        }
        let credit = std::mem::take(&mut inner.credit);
        if credit > 0 {
            // A frame of a few bytes is within any bound.
            let _ = wire::encode(&mut inner.out, &ToSession::Credit(credit), &[]);
        }
        self.writing.store(inner.out.len(), Relaxed);
        std::mem::take(&mut inner.out)
    }

    /// What was taken has been written.
    pub(in crate::session) fn written(&self) {
        self.writing.store(0, Relaxed);
    }

    /// Whether so much waits for the session to be read that it must not be given cause for more.
    pub(in crate::session) fn behind(&self) -> bool {
        self.lock().out.len() + self.writing.load(Relaxed) > UNREAD
    }

    /// Who gets the pieces of a call's answer. It holds neither the call, which holds it, nor the session.
    pub(super) fn pieces(&self, id: u32, receiver: &Receiver) -> Pieces {
        let (me, receiver) = (self.me.clone(), receiver.clone());
        Pieces(Arc::new(move |piece| {
            if let Some((me, call)) = me.upgrade().zip(receiver.get()) {
                me.piece(call, id, piece);
            }
        }))
    }
}
