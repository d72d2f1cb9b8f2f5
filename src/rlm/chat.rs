//! What a root model has been told and has said. It is summarised when it becomes too long for the model's window.
//!
//! What came of a block is sent whole once, to be answered. From the next turn on a long one is sent short: the model has
//! seen it, its variables hold what it was made of, and each turn pays again for all that was told before. It is cut once and
//! for good, not more and more, so that what a provider has cached of the chat stays what it was. Here it is kept whole.

use super::clip::clipped;
use crate::{
    llm::{Message, Request, models, window},
    wire::{Priority, Role},
};
use std::{sync::Arc, time::Duration};

/// What of a window may be full.
const FULL: f64 = 0.85;
/// Seconds for each attempt of a root call: it thinks longer than others.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Attempts after the first.
const RETRIES: u32 = 4;
/// How much of each message is left where no summary can be had, in characters.
const LEFT: usize = 300;
/// How much of what the model has been told is told again, a message, in characters.
pub(super) const AGAIN: usize = 2_000;

/// Asked for when the window is full.
pub(super) const SUMMARISE: &str = "\
Your window is nearly full. Write a summary for yourself, which will take the place of this conversation: what was asked, \
which variables and procedures you have defined and what they hold, what you have found out, what has failed, and what is \
left to do. No code block.";

/// Said behind the summary.
const GO_ON: &str = "\
That is your summary so far. All that was said stands in the variable `history`, a list of strings, in both languages. Go \
on from here.";

/// The chat.
pub(super) struct Chat {
    messages: Vec<Message>,
    /// What a summary took the place of.
    pub(super) history: Vec<Message>,
    model: Option<Arc<str>>,
    /// The name by which it answers.
    pub(super) answerer: Arc<str>,
    /// Tokens of the model's window.
    window: u64,
}

impl Chat {
    pub(super) fn new(model: Option<Arc<str>>, system: String, question: String, window: u64) -> Self {
        let messages = vec![Message::new(Role::System, system), Message::new(Role::User, question)];
        let known = model.as_deref().and_then(models::facts).and_then(|facts| facts.window);
        let answerer = model.clone().unwrap_or_default();
        Self { messages, history: Vec::new(), model, answerer, window: known.unwrap_or(window) }
    }

    /// The model said this.
    pub(super) fn said(&mut self, text: &str) {
        // Providers take no empty message.
        let text = if text.trim().is_empty() { "(nothing)" } else { text };
        self.messages.push(Message::new(Role::Assistant, text));
    }

    /// The model is told this.
    pub(super) fn tell(&mut self, text: String) {
        match self.messages.last_mut() {
            // Providers want the roles to alternate.
            Some(last) if last.role == Role::User => last.text = format!("{}\n\n{text}", last.text.trim_end()).into(),
            _ => self.messages.push(Message::new(Role::User, text)),
        }
    }

    /// The name by which it answered says what its window is.
    pub(super) fn answered_by(&mut self, model: &Arc<str>) {
        self.answerer = model.clone();
        if let Some(window) = models::facts(model).and_then(|facts| facts.window) {
            self.window = window;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        let tokens: u64 = self.sent().map(|message| window::tokens(&message.text)).sum();
        // The question and the situation alone are nothing to summarise.
        self.messages.len() > 3 && tokens as f64 > self.window as f64 * FULL
    }

    /// What is sent: of what the model has been told, and has answered, no more than will do.
    fn sent(&self) -> impl Iterator<Item = Message> {
        let last = self.messages.len() - 1;
        self.messages.iter().enumerate().map(move |(at, message)| match message.role {
            // The situation and the question stay.
            Role::User if at > 1 && at < last && message.text.len() > AGAIN => {
                Message::new(Role::User, clipped(&message.text, AGAIN))
            }
            _ => message.clone(),
        })
    }

    /// The call for the next reply.
    pub(super) fn request(&self) -> Request {
        Request {
            model: self.model.clone(),
            messages: self.sent().collect(),
            timeout: TIMEOUT,
            retries: RETRIES,
            priority: Priority::High,
            ..Request::default()
        }
    }

    /// The call for a summary. The last of what was told is left out of it, and stands behind it afterwards.
    pub(super) fn summary_request(&self) -> Request {
        let mut request = self.request();
        let last = request.messages.len() - 1;
        request.messages[last] = Message::new(Role::User, SUMMARISE);
        request
    }

    /// Puts a summary in the place of all but the question and what was told last; without one, the beginnings of all.
    pub(super) fn summarise(&mut self, summary: Option<&str>) {
        let last = self.messages.pop();
        let old = self.messages.split_off(2);
        let beginnings = || {
            let short = |message: &Message| clipped(&message.text, LEFT);
            let all: Vec<String> = old.iter().map(short).collect();
            let from = all.len().saturating_sub(20);
            all[from..].join("\n\n")
        };
        let summary = summary.map_or_else(beginnings, Into::into);
        self.history.extend(old);
        self.said(&summary);
        self.tell(GO_ON.into());
        if let Some(last) = last {
            self.tell(last.text.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_sent_whole_once_and_short_from_then_on() {
        let mut chat = Chat::new(None, "s".repeat(9_000), "q".repeat(9_000), 128_000);
        let sizes = |chat: &Chat| {
            let messages = chat.request().messages;
            messages.iter().map(|m| m.text.chars().count()).collect::<Vec<_>>()
        };
        for (turn, length) in [8_000, 100, 5_000].into_iter().enumerate() {
            chat.said(&"r".repeat(3_000));
            chat.tell(format!("{turn}{}", "ä".repeat(length - 1)));
        }
        let cut = AGAIN + "\n[… 6000 characters were cut here …]\n".chars().count();
        assert_eq!(sizes(&chat), [9_000, 9_000, 3_000, cut, 3_000, 100, 3_000, 5_000]);
        let short = chat.request().messages[3].text.to_string();
        assert!(short.starts_with("0ä") && short.contains("\n[… 6000 characters were cut here …]\n"), "{short}");
        chat.said("r");
        chat.tell("next".into());
        assert_eq!(chat.request().messages[3].text.to_string(), short, "it is not cut further");
        chat.summarise(Some("sum"));
        let kept: Vec<usize> = chat.history.iter().map(|m| m.text.chars().count()).collect();
        assert_eq!(kept, [3_000, 8_000, 3_000, 100, 3_000, 5_000, 1], "all of it is kept");
    }
}
