//! The offline model in a root model's place: one program, always the same, that finds the parts of the contexts that have
//! most to do with the question, and asks of those.
//!
//! So that `bessemer ask` can be tried anywhere. It is no more a language model for that.

use crate::{llm::Message, wire::Role};

/// The reply, when it is a root model's that is asked for.
pub(super) fn reply(messages: &[Message]) -> Option<String> {
    let asked = messages.iter().find(|message| message.role == Role::User)?;
    let question = asked.text.strip_prefix("# Question\n\n")?.split("\n\n# Contexts\n\n").next()?;
    let question = question.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!(
        "No model wrote this block: it is the same for every question.\n\n```scheme\n(define question \"{question}\")\n\
         (define texts (if (string? context) (list context) context))\n\
         (define chunks (append-map (lambda (text) (chunk-text text #:tokens 1000)) texts))\n\
         (define best (top-k question chunks #:k 8))\n\
         (finish (syntax-e (llm-query #:instruction question #:data (string-join best \"\\n\\n\"))))\n```\n"
    ))
}
