//! What a run has been answered comes from its journal, and what it is answered is handed to it.
//!
//! A request without a ticket passes. Not here: how a journal is kept ([`crate::journal`]).

use super::{Answer, Failure, Model, Pending, Price, Request, Standing};
use crate::{journal::Ticket, wire::FailureClass};

/// A model whose answers are journaled.
pub(super) struct Recorded<M>(pub(super) M);

impl<M: Model> Recorded<M> {
    async fn run(&self, request: &Request, ticket: &Ticket) -> Result<Answer, Failure> {
        if let Some(known) = ticket.recall().await {
            if let (Ok(answer), Some(pieces)) = (&known, &request.pieces) {
                (pieces.0)(&answer.text);
            }
            return known;
        }
        let result = self.0.complete(request).await;
        // What never was a call is none in the journal either.
        let called = !matches!(&result, Err(Failure { class: FailureClass::Cancelled | FailureClass::Budget, .. }));
        if called {
            ticket.keep(request, &result);
        }
        result
    }
}

impl<M: Model> Model for Recorded<M> {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        match &request.ticket {
            Some(ticket) => Box::pin(self.run(request, ticket)),
            None => self.0.complete(request),
        }
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        self.0.price(model, vectors)
    }

    fn limits(&self) -> Vec<Standing> {
        self.0.limits()
    }
}
