//! Expressions: names resolved, forms expanded, calls.

use super::{
    Expander, NESTING, Part, Step,
    code::{AHEAD, Code, Op},
    error,
    scope::{Binding, Local, Scope},
    syntax::{Name, Node, Syntax},
};
use crate::interp::{errors, inputs};
use std::{cell::Cell, rc::Rc};

/// A literal. Boxes are made where they stand: Steel's collector has to know of them.
pub(super) fn quoted(datum: &Syntax) -> Code {
    match &datum.node {
        Node::Boxed(inner) => {
            Code::new(Op::Call(vec![Code::new(Op::Native("box".into()), datum.span), quoted(inner)]), datum.span)
        }
        _ => Code::new(Op::Quote(datum.clone()), datum.span),
    }
}

impl Expander {
    /// What an expression comes to.
    pub(super) fn expression(&mut self, syntax: &Syntax, scope: &Scope) -> Step<Code> {
        self.nesting += 1;
        if self.nesting > NESTING {
            self.nesting = 0;
            let hint = "a macro that uses itself must come to an end; long data belongs in a context or in JSON";
            return Err(error(syntax.span, "this is nested too deeply, or expands without end", hint));
        }
        let code = self.expanded(syntax, scope);
        self.nesting = self.nesting.saturating_sub(1);
        code
    }

    fn expanded(&mut self, syntax: &Syntax, scope: &Scope) -> Step<Code> {
        match &syntax.node {
            Node::Name(name) => self.variable(name, syntax, scope),
            Node::List(items) => match &**items {
                [] => {
                    let hint = "the empty list is written '()";
                    Err(error(syntax.span, "`()` is no expression: nothing is called", hint))
                }
                [head, ..] => match head.name().and_then(|name| scope.find(name)) {
                    Some(Binding::Core(core)) => core.expression(self, syntax, scope),
                    Some(Binding::Form(form)) => {
                        let expanded = form(self, syntax, scope)?;
                        self.expression(&expanded, scope)
                    }
                    Some(Binding::Rules(rules)) => {
                        let expanded = rules.expand(syntax, scope)?;
                        self.expression(&expanded, scope)
                    }
                    _ => self.call(items, syntax, scope),
                },
            },
            Node::Dotted(..) => {
                Err(error(syntax.span, "a call has no dot", "`(apply f arguments)` calls F with a list of arguments"))
            }
            // Literals stand for themselves, quoted or not.
            Node::Literal(_) | Node::Vector(_) | Node::Hash(..) | Node::Boxed(_) | Node::Prefab(..) => {
                Ok(quoted(syntax))
            }
        }
    }

    fn call(&mut self, items: &[Syntax], syntax: &Syntax, scope: &Scope) -> Step<Code> {
        if let Some(applied) = self.applied(items, syntax, scope) {
            return self.expression(&applied, scope);
        }
        let called = match items[0].name().and_then(|name| scope.find(name)) {
            Some(Binding::Local(local)) => Some((local.shown.get(), local)),
            _ => None,
        };
        // Before it is defined it is void, which is no procedure.
        let head = self.expression(&items[0], scope)?.bare();
        if let Some((shown, local)) = called {
            local.shown.set(shown);
        }
        let mut calls = vec![head];
        for item in &items[1..] {
            calls.push(self.expression(item, scope)?);
        }
        if calls.len() == 3
            && let Op::Global(global) = &calls[0].op
        {
            // Steel's own are right for two arguments, and have instructions for it.
            match &*global.steel {
                "%d:=" => calls[0].op = Op::Native("=".into()),
                "apply%r" => {
                    calls[0].op = Op::Native("apply".into());
                    // Which takes no record that is called.
                    let plain = match &calls[1].op {
                        Op::Native(_) | Op::Lambda(_) => true,
                        Op::Global(global) => global.arity.get().is_some(),
                        _ => false,
                    };
                    if !plain {
                        let span = calls[1].span;
                        let callable = Code::new(Op::Native("%callable".into()), span);
                        let f = calls.remove(1);
                        calls.insert(1, Code::new(Op::Call(vec![callable, f]), span));
                    }
                }
                _ => {}
            }
        }
        Ok(Code::new(Op::Call(calls), syntax.span))
    }

    /// `(apply f arg … list #:key value …)` with one list behind F, the keywords first: what Steel puts before a list that
    /// is the rest of another it puts before the whole.
    fn applied(&self, items: &[Syntax], form: &Syntax, scope: &Scope) -> Option<Syntax> {
        let [head, f, rest @ ..] = items else { return None };
        if rest.len() < 2 || !self.means(head, scope, "apply") {
            return None;
        }
        let (mut before, mut plain) = (Vec::new(), Vec::new());
        let mut rest = rest.iter();
        while let Some(item) = rest.next() {
            match item.keyword() {
                Some(_) => before.extend([Some(item), rest.next()].into_iter().flatten().cloned()),
                None => plain.push(item.clone()),
            }
        }
        before.extend(plain);
        Some(self.fill(form, "(apply F (%spread ARGS...))", &[("F", Part::One(f)), ("ARGS", Part::Many(&before))]))
    }

    /// Every one of several expressions, and what the last gives.
    pub(super) fn sequence(&mut self, items: &[Syntax], scope: &Scope, whole: &Syntax) -> Step<Code> {
        match items {
            [one] => self.expression(one, scope),
            [] => Ok(self.void(whole)),
            several => {
                let codes = several.iter().map(|item| self.expression(item, scope)).collect::<Step<Vec<_>>>()?;
                Ok(Code::new(Op::Begin(codes), whole.span))
            }
        }
    }

    pub(super) fn void(&self, at: &Syntax) -> Code {
        Code::new(Op::Quote(Syntax::literal(super::syntax::Datum::Void, at.span)), at.span)
    }

    /// What a name means as an expression.
    fn variable(&mut self, name: &Name, syntax: &Syntax, scope: &Scope) -> Step<Code> {
        let op = match scope.find(name) {
            Some(Binding::Local(local)) => {
                if local.pending.get() && local.depth == self.depth {
                    return Ok(early(name, syntax));
                }
                let ahead = local.pending.get();
                if ahead {
                    local.early.set(true);
                }
                self.noticed(&local);
                local.shown.set(true);
                let read = Op::Local(local);
                if ahead { checked(AHEAD, read, name, syntax) } else { read }
            }
            Some(Binding::Global(global)) => {
                if global.pending.get() && self.depth == 0 {
                    return Ok(early(name, syntax));
                }
                let (ahead, lost) = (global.pending.get(), global.lost.get());
                let read = Op::Global(global);
                match (ahead, lost) {
                    (true, _) => checked(AHEAD, read, name, syntax),
                    (false, true) => checked("%found", read, name, syntax),
                    (false, false) => read,
                }
            }
            Some(Binding::Record(record)) => {
                let constructor = record.constructor.clone().at(syntax.span);
                return self.expression(&constructor, scope);
            }
            Some(Binding::Core(_) | Binding::Form(_) | Binding::Rules(_)) => {
                let word = name.word();
                let hint = errors::form_hint(word);
                return Err(error(syntax.span, format!("`{word}` is a form, and stands first in parentheses"), hint));
            }
            None => match inputs::past(name.word()).filter(|_| self.at_prompt) {
                Some(number) => {
                    let place = syntax.span;
                    let number = Code::new(Op::Quote(Syntax::integer(number, place)), place);
                    Op::Call(vec![Code::new(Op::Native("%past".into()), place), number])
                }
                None => Op::Native(self.native(name, syntax)?),
            },
        };
        Ok(Code::new(op, syntax.span))
    }

    /// What Steel calls a name that nothing here binds.
    fn native(&mut self, name: &Name, syntax: &Syntax) -> Step<Rc<str>> {
        let word = name.word();
        // Only templates of ours bring such names in, or text that may say them.
        let ours = word.starts_with('%') && word.len() > 1 || word.starts_with("#%");
        if ours || self.natives.contains(&**word) {
            if &**word == "context" {
                self.context.get_or_insert(syntax.span);
            }
            return Ok(word.clone());
        }
        Err(self.unbound(word, syntax))
    }

    /// A name that means nothing.
    fn unbound(&self, word: &str, syntax: &Syntax) -> crate::wire::ScriptError {
        let bound = self.words();
        let known = self.natives.iter().map(String::as_str).chain(bound.iter().map(|word| &**word));
        let said = errors::undefined(word, &self.text, known);
        let mut hint = said.hint.unwrap_or_default();
        if let Some(library) = super::modules::elsewhere(&self.text).first() {
            let more = if hint.is_empty() { String::new() } else { format!("; {hint}") };
            hint = format!("`{library}`, which is required, is not here, and it may be from there{more}");
        }
        error(syntax.span, said.message, hint)
    }

    /// Every word that the language or the session's programs bind.
    pub(crate) fn words(&self) -> Vec<Rc<str>> {
        let mut words = self.base.words();
        words.extend(self.top.words());
        words
    }

    /// Takes note of a variable being named here.
    pub(super) fn noticed(&self, local: &Local) {
        if local.depth < self.depth {
            local.captured.set(true);
        }
    }

    /// A new variable of the procedure that is being expanded.
    pub(super) fn local(&self, name: &Syntax, scope: &Scope) -> Step<Rc<Local>> {
        let Some(bound) = name.name() else {
            let message = format!("a name stands here, not `{name}`");
            return Err(error(name.span, message, "variables have names"));
        };
        let local = Rc::new(Local {
            word: bound.word().clone(),
            number: self.number(),
            depth: self.depth,
            assigned: Cell::new(false),
            captured: Cell::new(false),
            pending: Cell::new(false),
            shown: Cell::new(false),
            early: Cell::new(false),
            arity: Cell::new(None),
        });
        scope.bind(bound.clone(), Binding::Local(local.clone()));
        Ok(local)
    }
}

/// A variable that may have no value when it is reached, which this native sees.
fn checked(native: &str, read: Op, name: &Name, at: &Syntax) -> Op {
    let word = Syntax::new(Node::Name(Name::Plain(name.word().clone())), at.span);
    let parts = [Op::Native(native.into()), read, Op::Quote(word)];
    Op::Call(parts.map(|part| Code::new(part, at.span)).into())
}

/// A variable named where it cannot have a value yet: an error when it is reached.
fn early(name: &Name, at: &Syntax) -> Code {
    let word = Syntax::new(Node::Name(Name::Plain(name.word().clone())), at.span);
    let call = vec![Code::new(Op::Native("%undefined".into()), at.span), Code::new(Op::Quote(word), at.span)];
    Code::new(Op::Call(call), at.span)
}
