//! `require` and `provide`: the files beside a script, and the modules within it.
//!
//! Each is read once, in a scope of its own, and runs before whatever requires it. The host reads the files and sends their
//! text behind the script's (`session::beside`); nothing here looks at a disk. What a module of Racket's own gives is there
//! already, so requiring one only renames.

use super::{
    Expander, Step,
    code::Top,
    error,
    libraries::{self, Library},
    program::showing,
    read,
    scope::{Binding, Field, Record, Scope},
    syntax::{Alias, Datum, Name, Node, Span, Syntax},
};
use crate::wire::ScriptError;
use std::{
    collections::{HashMap, HashSet},
    mem,
    ops::Range,
    rc::Rc,
};

/// Takes libraries.
pub(super) fn requiring(names: impl Iterator<Item = &'static str>) -> Option<Syntax> {
    let word = |word: &str| Syntax::new(Node::Name(Name::Plain(word.into())), Span::default());
    let all: Vec<Syntax> = names.map(word).collect();
    (!all.is_empty()).then(|| Syntax::list([&[word("require")], &*all].concat(), Span::default()))
}

/// The same without its places: they are none of the program's.
fn nowhere(syntax: &Syntax) -> Syntax {
    let all = |items: &[Syntax]| items.iter().map(nowhere).collect();
    let node = match &syntax.node {
        Node::List(items) => Node::List(all(items)),
        Node::Dotted(items, tail) => Node::Dotted(all(items), nowhere(tail).into()),
        Node::Vector(items) => Node::Vector(all(items)),
        other => other.clone(),
    };
    Syntax::new(node, Span::default())
}

/// What a module gives.
#[derive(Clone, Default)]
pub(super) struct Exports {
    /// Words, and what they mean.
    pub(super) all: Vec<(Rc<str>, Binding)>,
    /// Whether it said so itself. A file without `provide` gives all that it defines, and what others define comes first.
    pub(super) stated: bool,
}

impl Exports {
    fn mapped(self, f: impl FnMut((Rc<str>, Binding)) -> Option<(Rc<str>, Binding)>) -> Self {
        Self { all: self.all.into_iter().filter_map(f).collect(), ..self }
    }
}

/// A module, by how far it has come.
pub(super) enum Module {
    /// A file's text, as a part of the program's.
    File(Range<usize>),
    /// The body of `(module name language form …)`.
    Forms(Rc<[Syntax]>),
    /// It is being expanded.
    Open,
    Done(Rc<Exports>),
}

/// The modules that a program may require.
#[derive(Default)]
pub(super) struct Modules {
    by_name: HashMap<Rc<str>, Module>,
    /// The file that is being expanded, with the folders that it lies in, counted from the script's. The script's own is empty.
    file: Rc<str>,
    /// What those required so far do, before the script does anything.
    pub(super) tops: Vec<Top>,
}

impl Modules {
    /// Those of these files.
    pub(super) fn of(files: &[(Rc<str>, Range<usize>)]) -> Self {
        let by_name = files.iter().map(|(name, place)| (name.clone(), Module::File(place.clone()))).collect();
        Self { by_name, ..Self::default() }
    }

    /// Whether a file that was required is being expanded, or a module in a script.
    pub(super) fn within(&self) -> bool {
        !self.file.is_empty()
    }

    /// Takes note of a module that a program has in it.
    pub(super) fn holds(&mut self, name: &str, forms: &[Syntax]) {
        let name = format!("{}'{name}", self.file.split('\'').next().unwrap_or_default());
        self.by_name.insert(name.into(), Module::Forms(forms.into()));
    }
}

/// The name of a file that another one requires, counted from the script's folder; none when it lies outside of that.
pub(crate) fn beside(file: &str, required: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    if required.starts_with('/') {
        return None;
    }
    for part in required.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The files that a program requires, as they are written, and where.
pub(crate) fn required(text: &str) -> Vec<(Rc<str>, Range<u32>)> {
    let mut found = Vec::new();
    read::shallow(text).iter().for_each(|form| in_form(form, &mut found));
    found
}

/// The forms in which libraries are named.
const NAMING: &[&str] =
    &["require", "only-in", "prefix-in", "except-in", "rename-in", "for-syntax", "begin", "module", "module+"];

/// The libraries that a program requires and that are not here.
pub(super) fn elsewhere(text: &str) -> Vec<Rc<str>> {
    let own = |name: &str| ["racket", "scheme"].iter().any(|own| name.starts_with(own));
    let here = |name: &str| own(name) || libraries::find(name).is_some();
    let mut named = Vec::new();
    let mut all: Vec<Syntax> = read::shallow(text);
    while let Some(form) = all.pop() {
        if let Some([head, rest @ ..]) = form.items()
            && head.word().is_some_and(|word| NAMING.contains(&word))
        {
            let words = rest.iter().filter_map(Syntax::word);
            named.extend(words.filter(|word| word.contains('/') && !here(word)).map(Rc::from));
            all.extend(rest.iter().cloned());
        }
    }
    named
}

fn in_form(form: &Syntax, found: &mut Vec<(Rc<str>, Range<u32>)>) {
    let Some([head, rest @ ..]) = form.items() else { return };
    match head.word() {
        Some("require") => in_specs(rest, found),
        Some("begin" | "module" | "module+" | "module*") => rest.iter().for_each(|form| in_form(form, found)),
        _ => {}
    }
}

fn in_specs(specs: &[Syntax], found: &mut Vec<(Rc<str>, Range<u32>)>) {
    for spec in specs {
        match (&spec.node, spec.items()) {
            (Node::Literal(Datum::String(path)), _) => found.push((path.clone(), spec.span.start..spec.span.end)),
            (_, Some([head, ..])) if matches!(head.word(), Some("lib" | "planet" | "submod")) => {}
            (_, Some(items)) => in_specs(items, found),
            _ => {}
        }
    }
}

/// Refuses a spec of a file where none can be required.
pub(super) fn not_within(spec: &Syntax) -> Step<()> {
    let mut found = Vec::new();
    in_specs(std::slice::from_ref(spec), &mut found);
    match found.is_empty() {
        true => Ok(()),
        false => Err(error(spec.span, "files are required at the top level alone", "move the `require` there")),
    }
}

fn text_of(spec: &Syntax) -> Option<&str> {
    match &spec.node {
        Node::Literal(Datum::String(text)) => Some(text),
        _ => None,
    }
}

impl Expander {
    /// What a spec of `require` takes from a file or from a module in the program; none when it is one of Racket's own.
    pub(super) fn taken(&mut self, spec: &Syntax) -> Step<Option<Exports>> {
        if let Some(file) = text_of(spec) {
            let name = beside(&self.modules.file, file).unwrap_or_default();
            return self.module(name.into(), spec).map(|exports| Some((*exports).clone()));
        }
        if let Some(word) = spec.word() {
            return self.of_library(word, spec);
        }
        match spec.items().unwrap_or_default() {
            [word, file] if word.is_word("file") => self.taken(file),
            [word, name] if word.is_word("quote") => {
                let name = format!("{}'{name}", self.modules.file.split('\'').next().unwrap_or_default());
                self.module(name.into(), spec).map(|exports| Some((*exports).clone()))
            }
            [word, .., name] if word.is_word("submod") && name.name().is_some() => {
                let name = format!("{}'{name}", self.modules.file.split('\'').next().unwrap_or_default());
                self.module(name.into(), spec).map(|exports| Some((*exports).clone()))
            }
            [word, of, names @ ..] if word.is_word("only-in") => {
                let Some(all) = self.taken(of)? else { return Ok(None) };
                let all = all.all;
                let pick = |item: &Syntax| {
                    let (old, new) = renamed(item);
                    let old = old.and_then(Syntax::word).ok_or_else(|| no_name(item))?;
                    let binding = all.iter().find(|(word, _)| **word == *old).ok_or_else(|| missing(item, old, of))?;
                    Ok((new.and_then(Syntax::word).unwrap_or(old).into(), binding.1.clone()))
                };
                // A library leaves out what the language has itself.
                let own = |name: &&Syntax| {
                    let word = name.word().filter(|_| of.word().is_some());
                    !word.is_some_and(|w| !all.iter().any(|(word, _)| **word == *w) && self.meaning(w).is_some())
                };
                let all = names.iter().filter(own).map(pick).collect::<Step<Vec<_>>>()?;
                Ok(Some(Exports { all, stated: true }))
            }
            [word, of, names @ ..] if word.is_word("except-in") => {
                let taken = self.taken(of)?;
                Ok(taken.map(|all| all.mapped(|(w, b)| (!names.iter().any(|n| n.is_word(&w))).then_some((w, b)))))
            }
            [word, prefix, of] if word.is_word("prefix-in") => {
                let mut taken = self.taken(of)?;
                let prefix = prefix.word().unwrap_or_default();
                if let Some(taken) = taken.as_mut().filter(|_| of.word().is_some()) {
                    // A library leaves out what the language has itself.
                    let given: HashSet<Rc<str>> = taken.all.iter().map(|(word, _)| word.clone()).collect();
                    let own = self.language().into_iter();
                    taken.all.extend(own.filter(|(word, _)| !given.contains(word)));
                }
                Ok(taken.map(|all| all.mapped(|(w, b)| Some((format!("{prefix}{w}").into(), b)))))
            }
            [word, of, names @ ..] if word.is_word("rename-in") => {
                let taken = self.taken(of)?;
                let new = |word: &Rc<str>| {
                    let pair = names.iter().map(renamed).find(|(old, _)| old.is_some_and(|old| old.is_word(word)));
                    pair.and_then(|(_, new)| new?.word()).map_or(word.clone(), Into::into)
                };
                Ok(taken.map(|all| all.mapped(|(w, b)| Some((new(&w), b)))))
            }
            _ => Ok(None),
        }
    }

    /// What a library gives, if there is one of this name.
    fn of_library(&mut self, name: &str, spec: &Syntax) -> Step<Option<Exports>> {
        // What the program defines comes first.
        let stated = false;
        Ok(match libraries::find(name) {
            None => None,
            Some(Library::Text(_) | Library::Like(..)) => {
                Some(Exports { stated, ..(*self.module(name.into(), spec)?).clone() })
            }
            Some(Library::Of(others)) => {
                let mut all = Vec::new();
                for other in others {
                    all.extend(self.of_library(other, spec)?.unwrap_or_default().all);
                }
                Some(Exports { all, stated })
            }
        })
    }

    /// What a module gives; expands it when it is required for the first time.
    fn module(&mut self, name: Rc<str>, spec: &Syntax) -> Step<Rc<Exports>> {
        let module = self.modules.by_name.insert(name.clone(), Module::Open);
        let (forms, shows) = match module {
            Some(Module::Done(exports)) => {
                self.modules.by_name.insert(name, Module::Done(exports.clone()));
                return Ok(exports);
            }
            Some(Module::Open) => {
                let hint = "what both need belongs into a third file";
                return Err(error(spec.span, format!("{spec} requires itself, by way of others or not"), hint));
            }
            Some(Module::File(place)) => {
                let text = self.text.clone();
                (read::part(&text, place.clone())?, showing(&text[place]))
            }
            Some(Module::Forms(forms)) => (forms.to_vec(), self.shows),
            None if spec.name().is_some() => {
                let text = match libraries::find(&name) {
                    Some(Library::Text(text)) => text.into(),
                    Some(Library::Like(text, [word, other])) => text.replace(word, other),
                    _ => return Ok(Rc::default()),
                };
                let forms = read::program(&text, true)?;
                (forms.iter().map(nowhere).collect(), None)
            }
            None => {
                let hint = match text_of(spec) {
                    Some(_) => "`bessemer run` finds the files beside its script; elsewhere there are none",
                    None => "no module of the program has this name",
                };
                return Err(error(spec.span, format!("{spec} is not here to be required"), hint));
            }
        };
        let mut forms = forms;
        if spec.name().is_none() && whole(&forms).len() == forms.len() {
            forms.splice(..0, requiring(libraries::unasked(&self.text)));
        }
        let outer = mem::replace(&mut self.modules.file, name.clone());
        let outer_shows = mem::replace(&mut self.shows, shows);
        let scope = self.base.inner();
        let expanded = self.top_in(whole(&forms), &scope);
        self.modules.file = outer;
        self.shows = outer_shows;
        let (tops, exports) = expanded?;
        self.modules.tops.extend(tops);
        let exports = Rc::new(exports);
        self.modules.by_name.insert(name, Module::Done(exports.clone()));
        Ok(exports)
    }

    /// What a module gives that defines so much in this scope: what its `provide`s say, or all.
    pub(super) fn provided(&self, specs: Option<&[Syntax]>, scope: &Scope, imported: &Imports) -> Step<Exports> {
        let own = || scope.words().into_iter().filter(|word| !imported.contains_key(word));
        let mut words: Vec<(Rc<str>, Rc<str>)> = Vec::new();
        match specs {
            None => words.extend(own().map(|word| (word.clone(), word))),
            Some(specs) => {
                for spec in specs {
                    self.provide(spec, scope, &own, &mut words)?;
                }
            }
        }
        let found = words.into_iter().filter_map(|(inner, outer)| {
            let binding = scope.bound(&Name::Plain(inner))?;
            Some((outer, outside(binding, scope)))
        });
        Ok(Exports { all: found.collect(), stated: specs.is_some() })
    }

    /// The words of a spec of `provide`, each with what it is called outside.
    fn provide<W: Iterator<Item = Rc<str>>>(
        &self,
        spec: &Syntax,
        scope: &Scope,
        own: &impl Fn() -> W,
        out: &mut Vec<(Rc<str>, Rc<str>)>,
    ) -> Step<()> {
        if let Some(name) = spec.name() {
            let word = name.word();
            if !scope.binds(&Name::Plain(word.clone())) && self.meaning(word).is_none() {
                return Err(error(spec.span, format!("provide: `{word}` is not defined here"), "is it misspelt?"));
            }
            out.push((word.clone(), word.clone()));
            return Ok(());
        }
        match spec.items().unwrap_or_default() {
            [word] if word.is_word("all-defined-out") => out.extend(own().map(|word| (word.clone(), word))),
            [word, name, ..] if word.is_word("struct-out") || word.is_word("struct") => {
                let Some(Binding::Record(record)) = name.name().and_then(|name| scope.find(name)) else {
                    return Err(error(name.span, format!("provide: `{name}` is no record's name"), ""));
                };
                let mut parts = vec![name, &record.descriptor, &record.constructor, &record.predicate];
                parts.extend(
                    record.fields.iter().flat_map(|field| [Some(&field.accessor), field.mutator.as_ref()]).flatten(),
                );
                let plain = parts.into_iter().filter_map(Syntax::name).filter(|name| matches!(name, Name::Plain(_)));
                out.extend(plain.map(|name| (name.word().clone(), name.word().clone())));
            }
            [word, pairs @ ..] if word.is_word("rename-out") => {
                for pair in pairs {
                    let (Some(old), Some(new)) = renamed(pair) else { return Err(no_name(pair)) };
                    let (Some(old), Some(new)) = (old.word(), new.word()) else { return Err(no_name(pair)) };
                    out.push((old.into(), new.into()));
                }
            }
            [word, of, names @ ..] if word.is_word("except-out") => {
                let mut inner = Vec::new();
                self.provide(of, scope, own, &mut inner)?;
                out.extend(inner.into_iter().filter(|(word, _)| !names.iter().any(|name| name.is_word(word))));
            }
            [word, prefix, of] if word.is_word("prefix-out") => {
                let mut inner = Vec::new();
                self.provide(of, scope, own, &mut inner)?;
                let prefix = prefix.word().unwrap_or_default();
                out.extend(inner.into_iter().map(|(inner, outer)| (inner, format!("{prefix}{outer}").into())));
            }
            // What is promised of them is not checked.
            [word, pairs @ ..] if word.is_word("contract-out") => {
                for pair in pairs {
                    match pair.items() {
                        Some([word, ..]) if word.is_word("struct") => self.provide(pair, scope, own, out)?,
                        Some([name, _]) => self.provide(name, scope, own, out)?,
                        _ => return Err(no_name(pair)),
                    }
                }
            }
            [word, specs @ ..] if word.is_word("combine-out") => {
                for spec in specs {
                    self.provide(spec, scope, own, out)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Which file each word that was required came from, and whether that stated it.
pub(super) type Imports = HashMap<Rc<str>, (Rc<str>, bool)>;

/// The body of a program that is one module, whatever its name, or the program.
pub(super) fn whole(forms: &[Syntax]) -> &[Syntax] {
    match forms {
        [one] => match one.items() {
            Some([head, name, _, body @ ..]) if head.is_word("module") && name.name().is_some() => body,
            _ => forms,
        },
        _ => forms,
    }
}

/// `name`, or `[old new]`.
fn renamed(item: &Syntax) -> (Option<&Syntax>, Option<&Syntax>) {
    match item.items() {
        Some([old, new]) => (Some(old), Some(new)),
        _ => (Some(item), None),
    }
}

fn no_name(at: &Syntax) -> ScriptError {
    error(
        at.span,
        format!("`{at}` names nothing that is required or provided"),
        "it is written name, or [name new-name]",
    )
}

fn missing(at: &Syntax, word: &str, of: &Syntax) -> ScriptError {
    error(at.span, format!("{of} does not provide `{word}`"), "what it defines is provided unless it has a `provide`")
}

/// What a binding of a module means elsewhere: a record's procedures are known there by names of the module's.
fn outside(binding: Binding, scope: &Scope) -> Binding {
    let Binding::Record(record) = binding else { return binding };
    let there = |syntax: &Syntax| match syntax.name() {
        Some(name) => {
            let alias = Alias { of: name.clone(), scope: scope.clone() };
            Syntax::new(Node::Name(Name::Alias(Rc::new(alias))), syntax.span)
        }
        None => syntax.clone(),
    };
    let fields = record.fields.iter().map(|field| Field {
        word: field.word.clone(),
        accessor: there(&field.accessor),
        mutator: field.mutator.as_ref().map(there),
    });
    Binding::Record(Rc::new(Record {
        descriptor: there(&record.descriptor),
        constructor: there(&record.constructor),
        predicate: there(&record.predicate),
        fields: fields.collect(),
    }))
}
