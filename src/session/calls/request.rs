//! What a frame asks for, as the models are given it.

use crate::{
    llm::{Choices, Course, Message, Pieces, Request, dispatch::Unsaid},
    session::tail::Tail,
    wire::{Asks, CallHead, WireError},
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};

/// What a call may ask for at most, in seconds: nothing waits without a bound.
const LONGEST: f64 = 24.0 * 60.0 * 60.0;

/// The request of a call; TAIL has its texts.
pub(super) fn of(
    head: CallHead,
    tail: Bytes,
    pieces: Option<Pieces>,
    unsaid: Unsaid,
    course: Arc<Course>,
) -> Result<Request, WireError> {
    let timeout = timeout(&head).unwrap_or(unsaid.timeout);
    let mut rest = Tail(tail);
    let mut messages = Vec::with_capacity(head.messages.len());
    for message in head.messages {
        let text = rest.text(message.text)?;
        let images = message.images.into_iter().map(|image| rest.image(image)).collect::<Result<_, _>>()?;
        messages.push(Message { role: message.role, text, images });
    }
    let (schema, extra) = (rest.optional(head.schema)?, rest.optional(head.extra)?);
    Ok(Request {
        ticket: None,
        cache: head.cache,
        model: head.model.map(Into::into),
        messages,
        sampling: head.sampling,
        json: head.json,
        schema,
        extra,
        embedding: head.asks == Asks::Vectors,
        pieces,
        timeout,
        retries: head.retries.unwrap_or(unsaid.retries),
        priority: head.priority,
        choices: Choices {
            models: names(head.models),
            least_used: head.least_used,
            fallback: names(head.fallback),
            hedge: head.hedge_s.and_then(|s| Duration::try_from_secs_f64(s).ok()),
        },
        price: None,
        course,
    })
}

/// How long an attempt may take, where the call says so.
pub(super) fn timeout(head: &CallHead) -> Option<Duration> {
    let seconds = head.timeout_s.filter(|s| s.is_finite() && *s >= 0.0);
    seconds.map(|s| Duration::from_secs_f64(s.min(LONGEST)))
}

fn names(names: Vec<String>) -> Vec<Arc<str>> {
    names.into_iter().map(Into::into).collect()
}
