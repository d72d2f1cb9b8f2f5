//! What a script writes, gathered into frames: one for all that was written between two looks at the socket.
//!
//! Not in the scheduler, so that Python's own output can be taken while anything is going on.

use super::sched::Sched;
use crate::wire::{Stream, ToHost};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// Past this, text is handed to the link at once.
const FLUSH_AT: usize = 1 << 20;

/// How long text may wait while the script goes on.
const SOON: Duration = Duration::from_millis(50);

/// How many times what a program writes is handed over at once: more than that nobody reads as it comes.
const EAGERLY: u32 = 1_000;

thread_local! {
    /// How many times more.
    static EAGER: Cell<u32> = const { Cell::new(0) };
    /// Whether only what ends a line is handed over at once, so that lines stay whole.
    static LINES: Cell<bool> = const { Cell::new(true) };
    static WRITTEN: RefCell<Vec<(Stream, String)>> = const { RefCell::new(Vec::new()) };
}

/// Takes text for one of the streams.
pub(crate) fn text(stream: Stream, text: &str) {
    if text.is_empty() {
        return;
    }
    let written = WRITTEN.with_borrow_mut(|pieces| {
        match pieces.last_mut() {
            Some((last, piece)) if *last == stream => piece.push_str(text),
            _ => pieces.push((stream, text.to_owned())),
        }
        pieces.iter().map(|(_, piece)| piece.len()).sum::<usize>() + 64 * pieces.len()
    });
    if written > FLUSH_AT {
        super::sched::with(flush_all);
    } else {
        let eager = EAGER.get() > 0 && (text.ends_with('\n') || !LINES.get());
        EAGER.set(EAGER.get() - u32::from(eager));
        super::sched::with(|s| {
            // A script that computes for long shows meanwhile what it wrote before.
            if eager || s.last_flush.elapsed() > SOON {
                hand_over(s);
            }
        });
    }
}

/// A program begins, at a prompt or not.
pub(crate) fn begin(at_prompt: bool) {
    EAGER.set(EAGERLY);
    LINES.set(!at_prompt);
}

/// Hands to the socket what was written and what was asked so far.
pub(crate) fn hand_over(sched: &mut Sched) {
    flush(sched);
    sched.flush();
}

/// Makes frames of what was written.
pub(crate) fn flush(sched: &mut Sched) {
    for (stream, text) in WRITTEN.take() {
        // Frames have a largest size; text is cut into pieces far below it.
        for piece in pieces(&text, 64 * FLUSH_AT) {
            if sched.link.write(&ToHost::Output(stream), &[piece.as_bytes()]).is_err() {
                sched.ended = Some(super::sched::Ended::HostGone);
            }
        }
    }
}

/// The same, and waits until the socket has taken it: a script that writes without end must not fill the memory.
fn flush_all(sched: &mut Sched) {
    flush(sched);
    if sched.link.flush_all().is_err() {
        sched.ended = Some(super::sched::Ended::HostGone);
    }
}

fn pieces(mut text: &str, most: usize) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = text.floor_char_boundary(most.min(text.len()));
        let (piece, rest) = text.split_at(end);
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}
