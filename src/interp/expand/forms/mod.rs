//! The forms: those that everything is made of (`core`), and those in Rust that are made of others.
//!
//! More of them are macros in `prelude/racket/forms.scm`.

pub(super) mod core;
mod for_loops;
mod matching;
mod quasi;
mod records;
pub(super) mod small;
mod splicing;
mod tails;
pub(super) mod transformers;

use super::{
    Form,
    scope::{Binding, Scope},
    syntax::Name,
};

/// The forms in Rust that are made of others.
const FORMS: &[&[(&str, Form)]] = &[small::FORMS, splicing::FORMS, for_loops::FORMS, matching::FORMS, records::FORMS];

/// Every form's word.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    let made = FORMS.iter().copied().flatten().map(|(word, _)| *word);
    core::WORDS.iter().map(|(word, _)| *word).chain(made)
}

/// Binds every form.
pub(super) fn bind(scope: &Scope) {
    let plain = |word: &str| Name::Plain(word.into());
    for (word, core) in core::WORDS {
        scope.bind(plain(word), Binding::Core(*core));
    }
    for (word, form) in FORMS.iter().copied().flatten() {
        scope.bind(plain(word), Binding::Form(*form));
    }
}
