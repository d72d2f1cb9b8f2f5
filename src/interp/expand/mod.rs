//! The language's front end: from a program's text to the few forms that Steel is given, and back from places there.
//!
//! Steel's own expander knows fewer forms than Racket's programs use, and says less when one is wrong. So a program is read
//! here (`read`), its forms are expanded hygienically (`scope`, `rules`, `forms`), and what is left (variables, procedures,
//! calls, `if`, `set!`, literals) is written out as text with a map of places (`emit`). Every name is resolved on the way.
//!
//! Not here: procedures (`dialect`, `prelude/`), and what Steel's errors mean (`errors`).

mod body;
mod code;
mod emit;
mod expression;
mod forms;
mod lambda;
mod libraries;
mod library;
mod lift;
mod literal;
pub(crate) mod modules;
mod program;
pub(crate) mod read;
mod rules;
pub(crate) mod scope;
mod shorter;
mod source;
pub(crate) mod syntax;

use crate::wire::{Blame, FailureClass, ScriptError};
pub(crate) use emit::JUST;
pub(crate) use forms::{core::Core, words as form_words};
use library::Library;
pub(crate) use rules::Part;
use scope::{Binding, Global, Record, Scope};
pub(crate) use source::{Source, as_written};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};
use syntax::{Alias, Name, Node, Span, Syntax};

/// What expanding gives, or why it does not.
pub(crate) type Step<T> = Result<T, ScriptError>;

/// A form that is made of others, written in Rust: given a use of it and where that stands, what it stands for.
pub(crate) type Form = fn(&mut Expander, &Syntax, &Scope) -> Step<Syntax>;

/// What is known from one program of a session to the next.
pub(crate) struct Expander {
    /// The language.
    base: Scope,
    /// What the session's programs have defined.
    top: Scope,
    /// What Steel itself has, by its own names.
    natives: HashSet<String>,
    /// Whether the text is an input at a prompt, which knows `_`.
    pub(crate) at_prompt: bool,
    /// Whether the text is ours: names that begin with `%` are allowed.
    internal: bool,
    /// How many procedures lie round what is being expanded.
    depth: usize,
    /// How many expressions lie round it.
    nesting: usize,
    numbers: Cell<usize>,
    /// Parsed templates of the forms in Rust, by their address.
    templates: RefCell<HashMap<*const u8, Syntax>>,
    /// How many literals of the session's programs are no text.
    constants: usize,
    /// The program's text.
    text: Rc<str>,
    /// Where the program first names `context`.
    context: Option<Span>,
    /// What Steel has not been given of the language.
    library: Library,
    /// What it may require.
    modules: modules::Modules,
    /// What the last program defines.
    defined: Vec<Rc<scope::Global>>,
    /// What prints the values of the expressions at its top level, as Racket's modules do, if anything does.
    shows: Option<&'static str>,
}

/// More than this is an expansion without end.
const NESTING: usize = 6_000;

impl Expander {
    /// Of a language that has nothing but forms and these natives.
    pub(crate) fn new(natives: HashSet<String>) -> Self {
        let base = Scope::outermost();
        forms::bind(&base);
        let top = base.inner();
        Self {
            base,
            top,
            natives,
            at_prompt: false,
            internal: false,
            depth: 0,
            nesting: 0,
            numbers: Cell::new(0),
            templates: RefCell::default(),
            constants: 0,
            text: "".into(),
            context: None,
            library: Library::default(),
            modules: modules::Modules::default(),
            defined: Vec::new(),
            shows: None,
        }
    }

    /// Gives the language a procedure that Steel calls otherwise.
    pub(crate) fn bind_native(&self, word: &str, steel: &str) {
        self.base.bind(Name::Plain(word.into()), Binding::Global(Rc::new(Global::new(word, steel, true))));
    }

    /// What a word of the language means.
    fn meaning(&self, word: &str) -> Option<Binding> {
        let native = || self.natives.contains(word).then(|| Binding::Global(Rc::new(Global::new(word, word, true))));
        self.base.find(&Name::Plain(word.into())).or_else(native)
    }

    /// Every word of the language, and what it means.
    fn language(&self) -> Vec<(Rc<str>, Binding)> {
        let natives = self.natives.iter().map(|name| Rc::from(name.as_str()));
        let words: HashSet<Rc<str>> = self.base.words().into_iter().chain(natives).collect();
        words.into_iter().filter_map(|word| Some((word.clone(), self.meaning(&word)?))).collect()
    }

    /// The language's variables, with what Steel calls each.
    pub(crate) fn variables(&self) -> Vec<(Rc<str>, Rc<str>)> {
        let own = self.base.words().into_iter().filter_map(|word| match self.base.find(&Name::Plain(word.clone())) {
            Some(Binding::Global(global)) => Some((word, global.steel.clone())),
            _ => None,
        });
        let steels = self.natives.iter().map(|name| Rc::from(name.as_str())).map(|name: Rc<str>| (name.clone(), name));
        own.chain(steels).filter(|(word, _)| !word.starts_with(['%', '#'])).collect()
    }

    /// What Steel calls a variable of the session's top level.
    pub(crate) fn steel_name_of(&self, word: &str) -> Option<Rc<str>> {
        match self.top.find(&Name::Plain(word.into())) {
            Some(Binding::Global(global)) => Some(global.steel.clone()),
            _ => None,
        }
    }

    /// Every name that means something.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.natives.iter().cloned().chain(self.words().into_iter().map(|word| word.to_string()))
    }

    /// What the session's inputs have defined, with what Steel calls it.
    pub(crate) fn defined(&self) -> Vec<(String, String)> {
        let steel = |word: &Rc<str>| match self.top.bound(&Name::Plain(word.clone())) {
            Some(Binding::Global(global)) => Some((word.to_string(), global.steel.to_string())),
            _ => None,
        };
        self.top.words().iter().filter_map(steel).collect()
    }

    /// A number that nothing else has.
    fn number(&self) -> usize {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// A name that nothing else catches, for use in several templates.
    pub(crate) fn fresh(&self, word: &str, span: Span) -> Syntax {
        let alias = Alias { of: Name::Plain(word.into()), scope: self.base.clone() };
        Syntax::new(Node::Name(Name::Alias(Rc::new(alias))), span)
    }

    fn template(&self, text: &'static str) -> Syntax {
        if let Some(parsed) = self.templates.borrow().get(&text.as_ptr()) {
            return parsed.clone();
        }
        let parsed = match read::program(text, true) {
            Ok(mut forms) if forms.len() == 1 => forms.remove(0),
            // A template is a part of this program, and a test reads each.
            _ => unreachable!("a template is one datum: {text}"),
        };
        self.templates.borrow_mut().insert(text.as_ptr(), parsed.clone());
        parsed
    }

    /// Whether a name means here what the base language means by a word, such as `else`.
    pub(crate) fn means(&self, syntax: &Syntax, scope: &Scope, word: &str) -> bool {
        syntax.is_word(word)
            && syntax.name().is_some_and(|name| scope.same(name, &self.base, &Name::Plain(word.into())))
    }

    /// What is known of a record's name.
    pub(crate) fn record(&self, syntax: &Syntax, scope: &Scope) -> Option<Rc<Record>> {
        match scope.find(syntax.name()?) {
            Some(Binding::Record(record)) => Some(record),
            _ => None,
        }
    }

    /// Wrong syntax at a place.
    pub(crate) fn bad(&self, part: &Syntax, message: impl Into<String>) -> ScriptError {
        error(part.span, message, "")
    }
}

/// What the language's own text defines: the name, its parameters if it is a procedure or a macro of one rule, and whether
/// it is a macro.
pub(crate) fn definitions(text: &str) -> Vec<(String, Option<String>, bool)> {
    let forms = read::program(text, true).unwrap_or_default();
    let defined = forms.iter().filter_map(|form| {
        let [head, target, ..] = form.items()? else { return None };
        let is_macro = match head.word()? {
            "define" | "struct" => false,
            "define-syntax" | "define-syntax-rule" => true,
            _ => return None,
        };
        let (name, params) = match &target.node {
            Node::Name(name) => (name.word().to_string(), None),
            Node::List(items) | Node::Dotted(items, _) => {
                let written = target.to_string();
                let name = items.first()?.word()?.to_owned();
                let params = written.strip_prefix('(')?.strip_suffix(')')?.strip_prefix(&*name)?.trim().to_owned();
                (name, Some(params))
            }
            _ => return None,
        };
        Some((name, params, is_macro))
    });
    defined.collect()
}

/// The first datum of a text, and how many bytes it takes; none when there is nothing but space. What `read` gives.
/// What is wrong is told in Racket's words, with its place.
pub(crate) fn datum(text: &str) -> Result<Option<(steel::SteelVal, usize)>, (String, usize)> {
    match read::first(text).map_err(|e| misread(text, e))? {
        None => Ok(None),
        Some((datum, bytes)) => match literal::value(&datum) {
            Ok(value) => Ok(Some((value, bytes))),
            Err(problem) => Err((problem, datum.span.start as usize)),
        },
    }
}

fn misread(text: &str, error: ScriptError) -> (String, usize) {
    let at = error.span.map_or(0, |(start, _)| start as usize);
    // A vector is told by its parenthesis.
    let here = text.get(at..).and_then(|rest| rest.chars().find(|c| *c != '#')).unwrap_or('(');
    let close = |open: char| match open {
        '[' => ']',
        '{' => '}',
        _ => ')',
    };
    let said = &error.message;
    let message = if said.ends_with("is never closed") {
        format!("expected a `{}` to close `{here}`", close(here))
    } else if said.starts_with("this string never ends") {
        "expected a closing `\"`".into()
    } else if let Some((_, open)) = said.split_once("stands where a `") {
        let open = open.chars().next().unwrap_or('(');
        format!("expected `{}` to close preceding `{open}`, found instead `{here}`", close(open))
    } else if said.starts_with("nothing follows this") {
        format!("expected an element for quoting \"{here}\", found end-of-file")
    } else {
        error.message
    };
    (message, at)
}

/// A pair, which is a list when its second part is one.
pub(crate) fn cons(first: steel::SteelVal, rest: steel::SteelVal) -> steel::SteelVal {
    // Steel always has its `cons`.
    literal::cons(first, rest).unwrap_or(steel::SteelVal::Void)
}

/// Something in the program's text that is wrong.
pub(crate) fn error(span: Span, message: impl Into<String>, hint: impl Into<String>) -> ScriptError {
    let hint = hint.into();
    ScriptError {
        class: FailureClass::Script,
        blame: Blame::Program,
        message: message.into(),
        hint: (!hint.is_empty()).then_some(hint),
        span: Some((span.start, span.end)),
    }
}

#[cfg(test)]
mod tests;
