//! From a program's text to what Steel is given.

use super::{Expander, Source, Step, code::Top, emit::Emitter, error, library::Library, read};
use std::mem;

impl Expander {
    /// Expands a program. What it defines is known to the session's later programs, even if this one fails.
    pub(crate) fn program(&mut self, text: &str) -> Step<Source> {
        let tops = self.read(text, false)?;
        // A module of Racket's prints the values of its expressions.
        let mut source = self.write(&tops, is_module(text))?;
        source.needs = self.library.named_by(&tops);
        tops.iter().flat_map(Top::defined).for_each(|global| global.made.set(true));
        source.context = mem::take(&mut self.context).map(|span| span.range());
        Ok(source)
    }

    /// Expands the part of the language that is written in the language.
    pub(crate) fn prelude(&mut self, text: &str) -> Step<()> {
        self.library = Library::new(self.read(text, true)?);
        Ok(())
    }

    /// What Steel must be given before a program, or so that it has what it calls by these names.
    pub(crate) fn needed(&mut self, mut groups: Vec<usize>, names: &[&str]) -> Step<Vec<Source>> {
        groups.extend(self.library.defining(names));
        self.library.take(groups).iter().map(|part| self.own(part)).collect()
    }

    /// The next part of what Steel has not been given yet.
    pub(crate) fn more(&mut self) -> Option<Step<Source>> {
        self.library.next().map(|part| self.own(&part))
    }

    fn own(&mut self, part: &[Top]) -> Step<Source> {
        self.internal = true;
        self.write(part, false)
    }

    fn read(&mut self, text: &str, internal: bool) -> Step<Vec<Top>> {
        (self.internal, self.depth, self.nesting, self.context) = (internal, 0, 0, None);
        self.reentrant =
            !internal && ["call/cc", "call-with-current-continuation", "let/cc"].iter().any(|word| text.contains(word));
        self.text = text.into();
        let forms = read::program(text, internal)?;
        self.top(&forms)
    }

    fn write(&mut self, tops: &[Top], shown: bool) -> Step<Source> {
        let mut emitter = Emitter::new(self.constants, self.internal);
        emitter.program(tops, shown);
        let mut source = emitter.finish().map_err(|(span, problem)| error(span, problem, ""))?;
        self.constants += source.constants.len();
        let defined = tops.iter().flat_map(Top::defined).filter(|_| self.internal);
        source.defined = defined.map(|global| global.steel.clone()).collect();
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
