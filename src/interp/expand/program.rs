//! From a program's text to what Steel is given.

use super::{
    Expander, Source, Step,
    code::Top,
    emit::Emitter,
    error, libraries,
    library::Library,
    modules::{self, Modules, whole},
    read,
    syntax::Name,
};
use std::{mem, ops::Range, rc::Rc};

/// Procedures that show values, but for those that always see to it that records print themselves: natives, which cannot
/// call what does. A program that has such records calls others instead (`%heedful-…` in `prelude/racket/output.scm`).
#[rustfmt::skip]
const HEEDFUL: &[&str] = &[
    "~a", "~s", "~v", "~e", "~.a", "error", "raise-arguments-error", "raise-argument-error", "raise-user-error",
    "pretty-print", "pretty-write", "pretty-display", "pretty-format",
];

impl Expander {
    /// From now on the language's procedures that show values ask records that print themselves.
    fn heed(&self) {
        for word in HEEDFUL {
            if let Some(binding) = self.base.find(&Name::Plain(format!("%heedful-{word}").into())) {
                self.base.bind(Name::Plain((*word).into()), binding);
            }
        }
    }

    /// Expands a program. What it defines is known to the session's later programs, even if this one fails.
    #[cfg(test)]
    pub(crate) fn program(&mut self, text: &str) -> Step<Source> {
        self.program_with(text, &[])
    }

    /// The same of a program behind whose text stand those of the files that it may require, by name.
    pub(crate) fn program_with(&mut self, text: &str, files: &[(Rc<str>, Range<usize>)]) -> Step<Source> {
        let own = files.iter().map(|(_, place)| place.start).min().unwrap_or(text.len());
        self.modules = Modules::of(files);
        self.shows = showing(&text[..own]);
        if text.contains("custom-write") {
            self.heed();
        }
        let tops = self.read(text, own, false)?;
        let mut source = self.write(&tops)?;
        source.needs = self.library.named_by(&tops);
        self.defined = tops.iter().flat_map(Top::defined).cloned().collect();
        self.defined.iter().for_each(|global| global.made.set(true));
        source.context = mem::take(&mut self.context).map(|span| span.range());
        Ok(source)
    }

    /// The program ended. HAS_NONE tells, by what Steel calls it, of a variable of the program's that it has no value.
    pub(crate) fn ended(&mut self, has_none: impl Fn(&str) -> bool) {
        for global in mem::take(&mut self.defined) {
            global.lost.set(has_none(&global.steel));
        }
    }

    /// Expands the part of the language that is written in the language.
    pub(crate) fn prelude(&mut self, text: &str) -> Step<()> {
        self.library = Library::new(self.read(text, text.len(), true)?);
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
        self.write(part)
    }

    /// All that a program does, what it requires first. Its own text ends at OWN.
    fn read(&mut self, text: &str, own: usize, internal: bool) -> Step<Vec<Top>> {
        (self.internal, self.depth, self.nesting, self.context) = (internal, 0, 0, None);
        self.text = text.into();
        let forms = read::program(&text[..own], internal)?;
        let body = whole(&forms);
        if body.len() != forms.len() {
            self.shows.get_or_insert("%show");
        }
        let unasked = if internal { None } else { modules::requiring(libraries::unasked(text)) };
        let tops = match unasked {
            Some(required) => self.top(&[&[required], body].concat())?,
            None => self.top(body)?,
        };
        let mut all = mem::take(&mut self.modules.tops);
        all.extend(tops);
        Ok(all)
    }

    fn write(&mut self, tops: &[Top]) -> Step<Source> {
        let mut emitter = Emitter::new(self.constants, self.internal);
        emitter.program(tops);
        let mut source = emitter.finish().map_err(|(span, problem)| error(span, problem, ""))?;
        self.constants += source.constants.len();
        let defined = tops.iter().flat_map(Top::defined).filter(|_| self.internal);
        source.defined = defined.map(|global| global.steel.clone()).collect();
        Ok(source)
    }
}

/// What shows the values of a module's top level, if a program says that it is a module of Racket's.
pub(super) fn showing(text: &str) -> Option<&'static str> {
    let mut rest = text.trim_start();
    while rest.starts_with(';') || rest.starts_with("#!") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
    }
    let language = rest.strip_prefix("#lang ")?.trim_start();
    Some(if language.starts_with("scheme") || language.starts_with("mzscheme") { "%show-written" } else { "%show" })
}
