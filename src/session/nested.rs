//! Calls that no model answers but a session of its own: a loop within a program, or a program that a model has written.
//!
//! Not here: those sessions, and what they run (`rlm::within`).

use super::account::Account;
use crate::{
    llm::{Answer, Failure, Message, Request},
    wire::{Asks, Role, ScopeLeft},
};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::task::AbortHandle;

/// An answer that is being made.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send>>;

/// What such a call wants.
pub(crate) struct Wanted<'a> {
    /// A loop or a program.
    pub(crate) asks: Asks,
    /// Its texts, its model and its sampling.
    pub(crate) request: &'a Request,
    /// How many loops may stand one within another from this one on.
    pub(crate) depth: Option<u32>,
    /// How long it may take in all.
    pub(crate) timeout: Option<Duration>,
    /// What its own calls are charged to.
    pub(crate) account: Arc<Account>,
}

/// Who answers such calls.
pub(crate) trait Nests: Send + Sync {
    /// Answers one. Nothing when it would stand too deep.
    fn answer(&self, wanted: Wanted<'_>) -> Option<Answering>;
}

/// Such a call under way.
pub(super) struct Nested {
    pub(super) task: AbortHandle,
    pub(super) account: Arc<Account>,
}

/// A script's own budgets, as far as such calls are charged to them. A script counts for itself what it asks of models; of
/// what is asked within a loop it hears when the loop has ended, and till then this keeps loops side by side in bounds.
#[derive(Default)]
pub(super) struct Scopes(HashMap<u32, Weak<Account>>);

impl Scopes {
    /// An account for a call within these budgets, the innermost first.
    pub(super) fn account(&mut self, session: &Arc<Account>, within: &[ScopeLeft]) -> Arc<Account> {
        self.0.retain(|_, account| account.strong_count() > 0);
        let above = within.iter().rev().fold(session.clone(), |above, scope| {
            if let Some(account) = self.0.get(&scope.id).and_then(Weak::upgrade) {
                return account;
            }
            let account = Account::new(Some(above));
            account.limit(scope.left);
            self.0.insert(scope.id, Arc::downgrade(&account));
            account
        });
        Account::new(Some(above))
    }
}

/// A loop's call as one that a model answers: what the loop would have read is the data.
pub(super) fn plain(mut request: Request) -> Request {
    let (user, mut rest): (Vec<Message>, Vec<Message>) =
        request.messages.into_iter().partition(|message| message.role == Role::User);
    match <[Message; 1]>::try_from(user) {
        Ok(only) => rest.extend(only),
        Err(several) => {
            let texts: Vec<&str> = several.iter().map(|message| &*message.text).collect();
            let json = serde_json::Value::from(texts).to_string();
            rest.push(Message::new(Role::User, json));
        }
    }
    request.messages = rest;
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{budget::Spent, wire::Limits};

    #[test]
    fn loops_side_by_side_share_what_a_budget_of_the_scripts_leaves() {
        let (mut scopes, session) = (Scopes::default(), Account::new(None));
        let left = |id, calls| ScopeLeft { id, left: Limits { calls: Some(calls), ..Limits::default() } };
        let one = scopes.account(&session, &[left(7, 2), left(3, 9)]);
        let other = scopes.account(&session, &[left(7, 2), left(3, 9)]);
        let call = Spent { calls: 1, tokens: 0, cost_usd: 0.0 };
        assert_eq!((one.reserve(call), other.reserve(call)), (Ok(()), Ok(())));
        assert!(one.reserve(call).is_err() && other.reserve(call).is_err());
        assert_eq!(session.left(), Limits::default());
        drop((one, other));
        // The script has heard of what they took by now.
        let next = scopes.account(&session, &[left(7, 1), left(3, 9)]);
        assert_eq!((next.reserve(call), next.reserve(call).is_err()), (Ok(()), true));
    }
}
