//! From a program's text to what Steel is given.

use super::{Expander, Source, Step, emit::Emitter, error, read};
use std::mem;

impl Expander {
    /// Expands a program. What it defines is known to the session's later programs, even if this one fails.
    pub(crate) fn program(&mut self, text: &str) -> Step<Source> {
        self.expand(text, false)
    }

    /// Expands a part of the language that is written in the language.
    pub(crate) fn prelude(&mut self, text: &str) -> Step<Source> {
        self.expand(text, true)
    }

    fn expand(&mut self, text: &str, internal: bool) -> Step<Source> {
        (self.internal, self.depth, self.nesting, self.context) = (internal, 0, 0, None);
        self.reentrant = ["call/cc", "call-with-current-continuation", "let/cc"].iter().any(|word| text.contains(word));
        self.text = text.into();
        let forms = read::program(text, internal)?;
        let tops = self.top(&forms)?;
        // A module of Racket's prints the values of its expressions.
        let shown = is_module(text);
        let mut emitter = Emitter::new(self.constants, internal);
        emitter.program(&tops, shown);
        let mut source = emitter.finish().map_err(|(span, problem)| error(span, problem, ""))?;
        self.constants += source.constants.len();
        source.context = mem::take(&mut self.context).map(|span| span.range());
        Ok(source)
    }
}

/// Whether a program says that it is a module of Racket's.
fn is_module(text: &str) -> bool {
    let mut rest = text.trim_start();
    while rest.starts_with(';') || rest.starts_with("#!") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
    }
    rest.starts_with("#lang ")
}
