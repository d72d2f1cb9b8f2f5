//! A call of the host's own, such as a root model's: charged to an account like any other, and dropped with its future.

use super::{account::Account, told};
use crate::{
    budget::{self, Spent},
    llm::{
        Answer, Course, Failure, Request,
        dispatch::{Call, Caller, Dispatcher},
    },
    wire::{CallHead, FailureClass, MessageHead},
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// What a trace calls these calls.
const STAGE: &str = "root";

/// Asks a model.
pub(crate) async fn ask(
    dispatcher: &Arc<Dispatcher>,
    account: &Arc<Account>,
    mut request: Request,
) -> Result<Answer, Failure> {
    let message = |text: usize, role| MessageHead { role, text: text as u32, images: Vec::new() };
    let head = CallHead {
        model: request.model.as_deref().map(Into::into),
        messages: request.messages.iter().map(|m| message(m.text.len(), m.role)).collect(),
        sampling: request.sampling.clone(),
        ..CallHead::default()
    };
    let price = account.bounds_money().then(|| told::price(dispatcher, &head, false)).flatten();
    let reserved = budget::estimate(&head, price);
    account.received();
    if let Err(refusal) = account.reserve(reserved) {
        return Err(Failure { attempts: 0, ..Failure::new(FailureClass::Budget, refusal) });
    }
    request.ticket = account.run().map(|run| run.ticket(&request, Some(STAGE.into())));
    let (answer, answered) = oneshot::channel();
    let single = Arc::new(Single { account: account.clone(), reserved, answer: Mutex::new(Some(answer)) });
    let priority = request.priority;
    let course = Course::of(account.traffic().clone());
    let call = Call::new(0, 0, Request { course, ..request });
    let _dropped = Dropped { call: call.clone(), single: single.clone() };
    dispatcher.submit(call, priority, single);
    let result = answered.await.unwrap_or_else(|_| Err(Failure::new(FailureClass::Cancelled, "the call was dropped")));
    if let Some(run) = account.run() {
        run.secure();
    }
    result
}

struct Single {
    account: Arc<Account>,
    reserved: Spent,
    /// Taken by whoever ends the call, and so settles it.
    answer: Mutex<Option<oneshot::Sender<Result<Answer, Failure>>>>,
}

impl Single {
    fn take(&self) -> Option<oneshot::Sender<Result<Answer, Failure>>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Caller for Single {
    fn started(&self, _: &Arc<Call>) {
        self.account.started();
    }

    fn ended(&self, _: &Arc<Call>, result: Result<Answer, Failure>) {
        if let Some(answer) = self.take() {
            self.account.ended(self.reserved, &result);
            // Whoever waited may have gone.
            let _ = answer.send(result);
        }
    }
}

/// Cancels the call, unless it has ended.
struct Dropped {
    call: Arc<Call>,
    single: Arc<Single>,
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if self.single.take().is_some() {
            let unsent = self.call.cancel();
            self.single.account.dropped(self.single.reserved, unsent, &self.call.course.taken());
        }
    }
}
