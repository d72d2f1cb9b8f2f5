//! The forms that everything is made of, as expressions.
//!
//! Definitions are in `body`, procedures in `lambda`.

use super::quasi;
use crate::interp::{
    errors,
    expand::{
        Expander, Step,
        code::{Code, Op},
        error,
        expression::quoted,
        modules,
        rules::Rules,
        scope::{Binding, Scope},
        syntax::{Node, Span, Syntax},
    },
    foreign,
};
use std::rc::Rc;

/// Which form it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    And,
    Begin,
    CaseLambda,
    Cond,
    Define,
    /// Several names from a list.
    DefineList,
    DefineRecord,
    DefineSyntax,
    DefineSyntaxRule,
    DefineValues,
    If,
    Lambda,
    Let,
    LetStar,
    LetSyntax,
    Letrec,
    /// `module+`: its body, unless it is a test.
    Module,
    NamedLambda,
    Or,
    Provide,
    Quasiquote,
    Quote,
    Require,
    Set,
    /// `module`, `module*`: what may be required.
    Submodule,
    Unless,
    Unquote,
    When,
}

/// What each is written as.
pub(super) const WORDS: &[(&str, Core)] = &[
    ("and", Core::And),
    ("begin", Core::Begin),
    ("case-lambda", Core::CaseLambda),
    ("cond", Core::Cond),
    ("define", Core::Define),
    ("%define-list", Core::DefineList),
    ("%define-record", Core::DefineRecord),
    ("define-syntax", Core::DefineSyntax),
    ("define-syntax-rule", Core::DefineSyntaxRule),
    ("define-values", Core::DefineValues),
    ("if", Core::If),
    ("import", Core::Require),
    ("provide", Core::Provide),
    ("require", Core::Require),
    ("local-require", Core::Require),
    ("lambda", Core::Lambda),
    ("λ", Core::Lambda),
    ("let", Core::Let),
    ("let*", Core::LetStar),
    ("let-syntax", Core::LetSyntax),
    ("letrec-syntax", Core::LetSyntax),
    ("letrec", Core::Letrec),
    ("letrec*", Core::Letrec),
    ("module", Core::Submodule),
    ("module*", Core::Submodule),
    ("module+", Core::Module),
    ("%named-lambda", Core::NamedLambda),
    ("or", Core::Or),
    ("quasiquote", Core::Quasiquote),
    ("quote", Core::Quote),
    ("set!", Core::Set),
    ("unless", Core::Unless),
    ("unquote", Core::Unquote),
    ("unquote-splicing", Core::Unquote),
    ("when", Core::When),
];

/// A form written wrongly.
pub(in crate::interp::expand) fn misused(form: &Syntax, what: &str) -> crate::wire::ScriptError {
    let word = form.items().and_then(|items| items.first()).and_then(Syntax::word).unwrap_or("form").to_owned();
    let word = word.trim_start_matches('%').trim_start_matches("named-");
    error(form.span, format!("{word}: {what}"), errors::form_hint(word))
}

impl Core {
    /// What a use of the form as an expression comes to.
    pub(in crate::interp::expand) fn expression(self, x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Code> {
        let items = form.items().unwrap_or_default();
        let args = &items[1..];
        match self {
            Self::Quote => match args {
                [datum] => Ok(quoted(&Syntax::new(datum.node.clone(), form.span))),
                _ => Err(misused(form, "one datum stands in it")),
            },
            Self::Quasiquote => match args {
                [datum] => quasi::expand(x, datum, scope),
                _ => Err(misused(form, "one datum stands in it")),
            },
            Self::Unquote => {
                let said = errors::comma();
                Err(error(form.span, said.message, said.hint.unwrap_or_default()))
            }
            Self::If => x.choice(args, form, scope),
            Self::Begin => match args {
                [] => Ok(x.void(form)),
                args => x.sequence(args, scope, form),
            },
            Self::And => x.and(args, form, scope),
            Self::Or => x.or(args, form, scope),
            Self::When | Self::Unless => x.one_sided(self == Self::When, args, form, scope),
            Self::Cond => x.cond(args, form, scope),
            Self::Set => x.set(args, form, scope),
            Self::Lambda => match args {
                [formals, body @ ..] if !body.is_empty() => x.lambda(None, formals, body, form, scope),
                _ => Err(misused(form, "parameters and a body are needed")),
            },
            Self::NamedLambda => match args {
                [name, formals, body @ ..] if !body.is_empty() => {
                    x.lambda(name.name().map(|n| n.word().clone()), formals, body, form, scope)
                }
                _ => Err(misused(form, "a name, parameters and a body are needed")),
            },
            Self::CaseLambda => x.case_lambda(None, args, form, scope),
            Self::Let => match args {
                [name, bindings, body @ ..] if name.name().is_some() => x.named_let(name, bindings, body, form, scope),
                [bindings, body @ ..] => x.let_form(bindings, body, form, scope),
                [] => Err(misused(form, "bindings and a body are needed")),
            },
            Self::LetStar => match args {
                [bindings, body @ ..] => x.let_star(bindings, body, form, scope),
                [] => Err(misused(form, "bindings and a body are needed")),
            },
            Self::Letrec => match args {
                [bindings, body @ ..] => x.letrec(bindings, body, form, scope),
                [] => Err(misused(form, "bindings and a body are needed")),
            },
            Self::LetSyntax => match args {
                [bindings, body @ ..] => {
                    let inner = scope.inner();
                    for binding in bindings.items().unwrap_or_default() {
                        let Some([name, rules]) = binding.items() else {
                            return Err(misused(form, "a macro is written [name (syntax-rules …)]"));
                        };
                        x.define_syntax(name, rules, &inner, form)?;
                    }
                    x.body(body, &inner, form)
                }
                [] => Err(misused(form, "macros and a body are needed")),
            },
            Self::Provide => Ok(x.void(form)),
            Self::Require => args.iter().try_for_each(modules::not_within).map(|()| x.void(form)),
            Self::Module | Self::Submodule => Err(misused(form, "it stands at the top level alone")),
            Self::Define
            | Self::DefineList
            | Self::DefineRecord
            | Self::DefineSyntax
            | Self::DefineSyntaxRule
            | Self::DefineValues => {
                let hint = "definitions stand at the top level and in the bodies of procedures and of `let`; `(let () (define …) …)` is an expression";
                let message = format!("`{}` stands where a value is needed", form_word(items));
                Err(error(form.span, message, hint))
            }
        }
    }
}

fn form_word(items: &[Syntax]) -> &str {
    items.first().and_then(Syntax::word).unwrap_or_default()
}

/// What is said of a form of Racket's that is not here.
pub(in crate::interp::expand) fn refused(word: &str, span: Span) -> crate::wire::ScriptError {
    let (message, hint) = foreign::absent(word).unwrap_or_else(|| (format!("`{word}` is not in this dialect"), ""));
    error(span, message, hint)
}

impl Expander {
    fn choice(&mut self, args: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let (test, yes, no) = match args {
            [test, yes, no] => (test, yes, Some(no)),
            [test, yes] => (test, yes, None),
            _ => return Err(misused(form, "a condition and one or two expressions are needed")),
        };
        let (test, yes) = (self.expression(test, scope)?, self.expression(yes, scope)?);
        let no = match no {
            Some(no) => self.expression(no, scope)?,
            None => self.void(form),
        };
        Ok(if_code(test, yes, no, form.span))
    }

    fn and(&mut self, args: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let Some((last, before)) = args.split_last() else { return Ok(truth(true, form.span)) };
        let mut code = self.expression(last, scope)?;
        for arg in before.iter().rev() {
            code = if_code(self.expression(arg, scope)?, code, truth(false, arg.span), form.span);
        }
        Ok(code)
    }

    fn or(&mut self, args: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let Some((last, before)) = args.split_last() else { return Ok(truth(false, form.span)) };
        let mut code = self.expression(last, scope)?;
        for arg in before.iter().rev() {
            let value = self.expression(arg, scope)?;
            code = self.first_true(value, None, code, form.span);
        }
        Ok(code)
    }

    /// VALUE, or what YES gives for it, when it is true; NO otherwise.
    fn first_true(&mut self, value: Code, yes: Option<Code>, no: Code, span: Span) -> Code {
        let name = self.fresh("t", span);
        let local = match self.local(&name, &self.base.inner()) {
            Ok(local) => local,
            // A fresh name is a name.
            Err(_) => unreachable!("a fresh name can be bound"),
        };
        let it = || Code::new(Op::Local(local.clone()), span);
        let yes = match yes {
            Some(receiver) => Code::new(Op::Call(vec![receiver, it()]), span),
            None => it(),
        };
        let body = if_code(it(), yes, no, span);
        Code::new(Op::Let(vec![(local, value)], Box::new(body)), span)
    }

    fn one_sided(&mut self, when: bool, args: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let [test, body @ ..] = args else { return Err(misused(form, "a condition and a body are needed")) };
        let test = self.expression(test, scope)?;
        let body = self.body(body, &scope.inner(), form)?;
        let void = self.void(form);
        Ok(if when { if_code(test, body, void, form.span) } else { if_code(test, void, body, form.span) })
    }

    fn cond(&mut self, clauses: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let mut code = self.void(form);
        for (i, clause) in clauses.iter().enumerate().rev() {
            let Some([test, body @ ..]) = clause.items() else {
                return Err(error(
                    clause.span,
                    "cond: a clause is written [condition body …]",
                    errors::form_hint("cond"),
                ));
            };
            if self.means(test, scope, "else") {
                if i + 1 != clauses.len() {
                    return Err(error(clause.span, "cond: `else` stands in the last clause", "move it to the end"));
                }
                code = self.body(body, &scope.inner(), clause)?;
                continue;
            }
            let value = self.expression(test, scope)?;
            code = match body {
                [] => self.first_true(value, None, code, clause.span),
                [arrow, receiver] if self.means(arrow, scope, "=>") => {
                    let receiver = self.expression(receiver, scope)?;
                    self.first_true(value, Some(receiver), code, clause.span)
                }
                body => {
                    let body = self.body(body, &scope.inner(), clause)?;
                    if_code(value, body, code, clause.span)
                }
            };
        }
        Ok(code)
    }

    fn set(&mut self, args: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let [target, value] = args else { return Err(misused(form, "a name and a value are needed")) };
        let Some(name) = target.name() else { return Err(misused(form, "only variables are assigned to")) };
        let value = Box::new(self.expression(value, scope)?);
        let op = match scope.find(name) {
            Some(Binding::Local(local)) => {
                self.noticed(&local);
                local.assigned.set(true);
                Op::SetLocal(local, value)
            }
            Some(Binding::Global(global)) if self.internal || !global.own => {
                global.assigned.set(true);
                Op::SetGlobal(global, value)
            }
            None if self.internal => Op::Call(vec![
                Code::new(Op::Native("set!".into()), form.span),
                Code::new(Op::Native(name.word().clone()), target.span),
                *value,
            ]),
            _ => {
                // A name that is known nowhere is told so.
                self.expression(target, scope)?;
                let message = format!("set!: `{target}` is the language's own");
                return Err(error(form.span, message, "define a variable of this name first, or choose another"));
            }
        };
        Ok(Code::new(op, form.span))
    }

    /// The names and values of `([name value] …)`.
    fn bindings<'a>(&self, bindings: &'a Syntax, form: &Syntax) -> Step<Vec<(&'a Syntax, &'a Syntax)>> {
        let items = bindings.items().ok_or_else(|| misused(form, "bindings are written ([name value] …)"))?;
        items
            .iter()
            .map(|binding| match binding.items() {
                Some([name, value]) if name.name().is_some() => Ok((name, value)),
                _ => {
                    let word = form_word(form.items().unwrap_or_default());
                    Err(error(
                        binding.span,
                        format!("{word}: a binding is written [name value]"),
                        errors::form_hint(word),
                    ))
                }
            })
            .collect()
    }

    fn let_form(&mut self, bindings: &Syntax, body: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let mut codes = Vec::new();
        for (name, value) in self.bindings(bindings, form)? {
            codes.push((name, self.named(value, name, scope)?));
        }
        let inner = scope.inner();
        let mut bound = Vec::with_capacity(codes.len());
        for (name, code) in codes {
            self.twice(name, &inner, "let")?;
            let local = self.local(name, &inner)?;
            Self::learn(&local.arity, &code);
            bound.push((local, code));
        }
        let body = self.body(body, &inner.inner(), form)?;
        Ok(if bound.is_empty() { body } else { Code::new(Op::Let(bound, Box::new(body)), form.span) })
    }

    /// Refuses a name that is bound in this frame already.
    pub(in crate::interp::expand) fn twice(&self, name: &Syntax, frame: &Scope, what: &str) -> Step<()> {
        if name.name().is_some_and(|n| frame.binds(n)) {
            return Err(error(name.span, format!("{what}: `{name}` stands twice"), "give one of them another name"));
        }
        Ok(())
    }

    fn let_star(&mut self, bindings: &Syntax, body: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let mut inner = scope.inner();
        let mut bound = Vec::new();
        for (name, value) in self.bindings(bindings, form)? {
            let code = self.named(value, name, &inner)?;
            inner = inner.inner();
            let local = self.local(name, &inner)?;
            Self::learn(&local.arity, &code);
            bound.push((local, code));
        }
        let body = self.body(body, &inner.inner(), form)?;
        let nest = |body, one| Code::new(Op::Let(vec![one], Box::new(body)), form.span);
        Ok(bound.into_iter().rev().fold(body, nest))
    }

    fn letrec(&mut self, bindings: &Syntax, body: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let inner = scope.inner();
        let bindings = self.bindings(bindings, form)?;
        let mut locals = Vec::with_capacity(bindings.len());
        for (name, _) in &bindings {
            self.twice(name, &inner, "letrec")?;
            let local = self.local(name, &inner)?;
            local.pending.set(true);
            locals.push(local);
        }
        let mut steps = Vec::with_capacity(bindings.len());
        for (local, (name, value)) in locals.into_iter().zip(bindings) {
            let code = self.named(value, name, &inner)?;
            local.defined(matches!(code.op, Op::Lambda(_)));
            Self::learn(&local.arity, &code);
            steps.push((Some(local), code));
        }
        let body = self.body(body, &inner.inner(), form)?;
        Ok(Code::new(Op::Body(steps, Box::new(body)), form.span))
    }

    fn named_let(
        &mut self,
        name: &Syntax,
        bindings: &Syntax,
        body: &[Syntax],
        form: &Syntax,
        scope: &Scope,
    ) -> Step<Code> {
        let mut names = Vec::new();
        let mut call = Vec::new();
        for (name, value) in self.bindings(bindings, form)? {
            names.push(name.clone());
            call.push(self.expression(value, scope)?);
        }
        let inner = scope.inner();
        let local = self.local(name, &inner)?;
        let formals = Syntax::list(names, bindings.span);
        let word = name.name().map(|name| name.word().clone());
        let procedure = self.lambda(word, &formals, body, form, &inner)?;
        Self::learn(&local.arity, &procedure);
        call.insert(0, Code::new(Op::Local(local.clone()), name.span));
        let call = Code::new(Op::Call(call), form.span);
        Ok(Code::new(Op::Body(vec![(Some(local), procedure)], Box::new(call)), form.span))
    }

    /// An expression whose value a name is given: procedures are called by it in messages.
    pub(in crate::interp::expand) fn named(&mut self, value: &Syntax, name: &Syntax, scope: &Scope) -> Step<Code> {
        let items = value.items().unwrap_or_default();
        let head = items.first().and_then(Syntax::name).and_then(|head| scope.find(head));
        let word: Option<Rc<str>> = name.name().map(|name| name.word().clone());
        match (head, items) {
            (Some(Binding::Core(Core::Lambda)), [_, formals, body @ ..]) if !body.is_empty() => {
                self.lambda(word, formals, body, value, scope)
            }
            (Some(Binding::Core(Core::CaseLambda)), [_, clauses @ ..]) => self.case_lambda(word, clauses, value, scope),
            _ => self.expression(value, scope),
        }
    }

    /// Defines a macro in a frame.
    pub(in crate::interp::expand) fn define_syntax(
        &mut self,
        name: &Syntax,
        rules: &Syntax,
        scope: &Scope,
        form: &Syntax,
    ) -> Step<()> {
        let bound = name.name().ok_or_else(|| misused(form, "a macro has a name"))?.clone();
        // `(define-syntax new old)`
        if let Some(old) = rules.name() {
            if let Some(binding @ (Binding::Core(_) | Binding::Form(_) | Binding::Rules(_))) = scope.find(old) {
                scope.bind(bound, binding);
                return Ok(());
            }
            self.expression(rules, scope)?;
            return Err(misused(form, "a macro is another's name or `(syntax-rules …)`"));
        }
        let rewritten = super::transformers::as_rules(rules);
        let rules = rewritten.as_ref().unwrap_or(rules);
        let head = rules.items().and_then(|items| items.first()).and_then(Syntax::word);
        if head != Some("syntax-rules") {
            if let Some(word @ ("syntax-case" | "er-macro-transformer" | "syntax-parse")) = head {
                return Err(refused(word, rules.span));
            }
            if let Node::List(items) = &rules.node
                && matches!(head, Some("lambda" | "λ"))
                && items.len() > 2
            {
                return Err(refused("syntax-case", rules.span));
            }
            let word = form_word(form.items().unwrap_or_default());
            let message = format!("`{word}` takes a name and `(syntax-rules …)`");
            return Err(error(form.span, message, "write the macro with `syntax-rules`"));
        }
        let rules = Rules::read(bound.word(), rules, scope)?;
        scope.bind(bound, Binding::Rules(Rc::new(rules)));
        Ok(())
    }
}

pub(in crate::interp::expand) fn if_code(test: Code, yes: Code, no: Code, span: Span) -> Code {
    Code::new(Op::If(Box::new(test), Box::new(yes), Box::new(no)), span)
}

fn truth(truth: bool, span: Span) -> Code {
    Code::new(Op::Quote(Syntax::boolean(truth, span)), span)
}
