//! Procedures: required, optional, keyword and rest parameters; several cases.

use super::{
    Expander, Part, Step,
    code::{Code, Lambda, Op},
    error,
    forms::core::misused,
    scope::{Arity, Scope},
    syntax::{Datum, Name, Node, Syntax},
};
use std::{cell::Cell, rc::Rc};

/// A procedure's parameters.
struct Formals {
    required: Vec<Syntax>,
    /// Where each stands among these and the keywords, and with what it is when it is left out.
    optional: Vec<(usize, Syntax, Syntax)>,
    keys: Vec<Key>,
    rest: Option<Syntax>,
}

struct Key {
    place: usize,
    word: Rc<str>,
    name: Syntax,
    default: Option<Syntax>,
}

impl Formals {
    /// Reads `(a b [c 1] #:d d #:e [e 2] . rest)`, or one name for all.
    fn read(formals: &Syntax) -> Step<Self> {
        let wrong = |at: &Syntax| {
            let hint = "parameters are written name, [name default], #:keyword name, #:keyword [name default]";
            error(at.span, format!("`{at}` is no parameter"), hint)
        };
        let (items, rest): (&[Syntax], _) = match &formals.node {
            Node::Name(_) => (&[], Some(formals.clone())),
            Node::List(items) => (items, None),
            Node::Dotted(items, rest) if rest.name().is_some() => (items, Some((**rest).clone())),
            _ => return Err(wrong(formals)),
        };
        let mut read = Self { required: Vec::new(), optional: Vec::new(), keys: Vec::new(), rest };
        let mut items = items.iter();
        while let Some(item) = items.next() {
            if let Some(word) = item.keyword() {
                let value = items.next().ok_or_else(|| wrong(item))?;
                let (name, default) = match value.items() {
                    Some([name, default]) => (name, Some(default.clone())),
                    None => (value, None),
                    _ => return Err(wrong(value)),
                };
                if name.name().is_none() {
                    return Err(wrong(name));
                }
                read.keys.push(Key {
                    place: read.optional.len() + read.keys.len(),
                    word: word.into(),
                    name: name.clone(),
                    default,
                });
            } else if item.is_word("#!optional") || item.is_word("#!rest") {
                return Err(wrong(item));
            } else if item.name().is_some() {
                match read.optional.is_empty() {
                    true => read.required.push(item.clone()),
                    false => {
                        let hint = "parameters that may be left out come last";
                        let message = format!("`{item}` has no default, and one before it has");
                        return Err(error(item.span, message, hint));
                    }
                }
            } else {
                match item.items() {
                    Some([name, default]) if name.name().is_some() => {
                        let place = read.optional.len() + read.keys.len();
                        read.optional.push((place, name.clone(), default.clone()));
                    }
                    _ => return Err(wrong(item)),
                }
            }
        }
        Ok(read)
    }

    fn arity(&self) -> Arity {
        let least = self.required.len();
        Arity { least, most: self.rest.is_none().then_some(least + self.optional.len()) }
    }

    /// What is taken, as `dialect::takes` reads it.
    fn told(&self) -> Rc<str> {
        let mut told = self.arity().told();
        for key in &self.keys {
            told += &format!(" {}{}", if key.default.is_some() { '?' } else { '!' }, key.word);
        }
        told.into()
    }
}

impl Expander {
    /// A procedure; `word` is what messages call it.
    pub(super) fn lambda(
        &mut self,
        word: Option<Rc<str>>,
        formals: &Syntax,
        body: &[Syntax],
        form: &Syntax,
        scope: &Scope,
    ) -> Step<Code> {
        let read = Formals::read(formals)?;
        if read.optional.is_empty() && read.keys.is_empty() {
            return self.plain_lambda(&read, body, form, scope);
        }
        let span = form.span;
        let least = read.required.len();
        let keyword = |word: &Rc<str>| Syntax::literal(Datum::Keyword(word.clone()), span);
        let keys: Vec<Syntax> = read.keys.iter().map(|key| keyword(&key.word)).collect();
        let needed: Vec<Syntax> =
            read.keys.iter().filter(|key| key.default.is_none()).map(|key| keyword(&key.word)).collect();
        let slots = self.fresh("slots", span);
        let mut bindings = Vec::new();
        let mut at = 0;
        let mut slot = |place: usize, name: &Syntax, default: Option<&Syntax>| {
            let index = Syntax::integer(at, span);
            at += 1;
            let parts = [("SLOTS", Part::One(&slots)), ("AT", Part::One(&index))];
            let value = match default {
                None => self.fill(form, "(%slot SLOTS AT)", &parts),
                Some(default) => {
                    let [slots, index] = parts;
                    let parts = [slots, index, ("DEFAULT", Part::One(default))];
                    self.fill(form, "(let ([t (%slot SLOTS AT)]) (if (%absent? t) DEFAULT t))", &parts)
                }
            };
            bindings.push((place, Syntax::list(vec![name.clone(), value], span)));
        };
        for name in &read.required {
            slot(0, name, None);
        }
        for (place, name, default) in &read.optional {
            slot(*place, name, Some(default));
        }
        for key in &read.keys {
            slot(key.place, &key.name, key.default.as_ref());
        }
        if let Some(rest) = &read.rest {
            slot(usize::MAX, rest, None);
        }
        // A default may name the parameters that are written before it.
        bindings.sort_by_key(|(place, _)| *place);
        let bindings: Vec<Syntax> = bindings.into_iter().map(|(_, binding)| binding).collect();
        let word: Rc<str> = word.unwrap_or_else(|| "procedure".into());
        let word = Syntax::new(Node::Name(Name::Plain(word)), span);
        let template = "(lambda args
            (let* ([SLOTS (%sorted 'WORD LEAST MOST REST '(KEYS...) '(NEEDED...) args)] BINDINGS...) BODY...))";
        let parts = [
            ("SLOTS", Part::One(&slots)),
            ("WORD", Part::One(&word)),
            ("LEAST", Part::One(&Syntax::integer(least, span))),
            ("MOST", Part::One(&Syntax::integer(least + read.optional.len(), span))),
            ("REST", Part::One(&Syntax::boolean(read.rest.is_some(), span))),
            ("KEYS", Part::Many(&keys)),
            ("NEEDED", Part::Many(&needed)),
            ("BINDINGS", Part::Many(&bindings)),
            ("BODY", Part::Many(body)),
        ];
        let filled = self.fill(form, template, &parts);
        let mut code = self.expression(&filled, scope)?;
        if let Op::Lambda(lambda) = &mut code.op
            && let Some(lambda) = Rc::get_mut(lambda)
        {
            lambda.takes = read.arity();
            lambda.more = (!read.keys.is_empty()).then(|| read.told());
        }
        Ok(code)
    }

    fn plain_lambda(&mut self, formals: &Formals, body: &[Syntax], form: &Syntax, scope: &Scope) -> Step<Code> {
        let inner = scope.inner();
        self.depth += 1;
        let made = (|| {
            let mut params = Vec::with_capacity(formals.required.len());
            for name in &formals.required {
                self.twice(name, &inner, "lambda")?;
                params.push(self.local(name, &inner)?);
            }
            let rest = match &formals.rest {
                None => None,
                Some(name) => {
                    self.twice(name, &inner, "lambda")?;
                    Some(self.local(name, &inner)?)
                }
            };
            let body = self.body(body, &inner.inner(), form)?;
            Ok(Op::Lambda(Rc::new(Lambda { params, rest, body, takes: formals.arity(), more: None })))
        })();
        self.depth -= 1;
        Ok(Code::new(made?, form.span))
    }

    /// `(case-lambda [formals body …] …)`
    pub(super) fn case_lambda(
        &mut self,
        word: Option<Rc<str>>,
        clauses: &[Syntax],
        form: &Syntax,
        scope: &Scope,
    ) -> Step<Code> {
        let count = self.fresh("n", form.span);
        let args = self.fresh("args", form.span);
        let mut choices = Vec::with_capacity(clauses.len());
        let mut arities = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let Some([formals, body @ ..]) = clause.items() else {
                return Err(misused(form, "a case is written [parameters body …]"));
            };
            let arity @ Arity { least, most } = Formals::read(formals)?.arity();
            arities.push(arity);
            let parts = [
                ("COUNT", Part::One(&count)),
                ("ARGS", Part::One(&args)),
                ("LEAST", Part::One(&Syntax::integer(least, clause.span))),
                ("FORMALS", Part::One(formals)),
                ("BODY", Part::Many(body)),
            ];
            let template = match most {
                Some(_) => "[(= COUNT LEAST) (apply (lambda FORMALS BODY...) ARGS)]",
                None => "[(<= LEAST COUNT) (apply (lambda FORMALS BODY...) ARGS)]",
            };
            choices.push(self.fill(clause, template, &parts));
        }
        let word = Syntax::new(Node::Name(Name::Plain(word.unwrap_or_else(|| "case-lambda".into()))), form.span);
        // What is told when all from some number of arguments on are taken.
        let least = arities.iter().map(|arity| arity.least).min().unwrap_or(0);
        let endless = arities.iter().filter(|arity| arity.most.is_none()).map(|arity| arity.least).min();
        let gapless = endless.is_some_and(|from| (least..from).all(|n| arities.iter().any(|arity| arity.takes(n))));
        let least = match gapless {
            true => Syntax::integer(least, form.span),
            false => Syntax::boolean(false, form.span),
        };
        let parts = [
            ("COUNT", Part::One(&count)),
            ("ARGS", Part::One(&args)),
            ("WORD", Part::One(&word)),
            ("CHOICES", Part::Many(&choices)),
            ("LEAST", Part::One(&least)),
        ];
        let template =
            "(lambda ARGS (let ([COUNT (length ARGS)]) (cond CHOICES... [else (%no-case 'WORD COUNT LEAST)])))";
        let filled = self.fill(form, template, &parts);
        let mut code = self.expression(&filled, scope)?;
        if let Op::Lambda(lambda) = &mut code.op
            && let Some(lambda) = Rc::get_mut(lambda)
        {
            lambda.more = Some(arities.iter().map(|arity| arity.told()).collect::<Vec<_>>().join(" ").into());
        }
        Ok(code)
    }

    /// Takes note of how many arguments a variable's procedure takes.
    pub(super) fn learn(arity: &Cell<Option<Arity>>, code: &Code) {
        if let Op::Lambda(lambda) = &code.op {
            let least = lambda.params.len();
            arity.set(Some(Arity { least, most: lambda.rest.is_none().then_some(least) }));
        }
    }
}
