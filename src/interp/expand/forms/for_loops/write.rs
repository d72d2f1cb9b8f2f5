//! What a loop becomes: a named `let` for each level, with what the kind gathers on the way.

use super::{
    super::tails::{Taker, receive},
    Kind, Level, Loop, is_simple, pairs, together,
    walks::Walk,
};
use crate::interp::expand::{Expander, Part, Step, syntax::Syntax};

impl Loop<'_> {
    /// The accumulators that are the loops' variables. `for/foldr` works on what comes back from the rest of the loop.
    pub(super) fn carried(&self) -> &[Syntax] {
        if self.kind == Kind::Foldr { &[] } else { &self.accs }
    }

    /// Accumulators that the program does not name.
    pub(super) fn plain_accumulators(&mut self, x: &mut Expander) {
        let init = match self.kind {
            Kind::Each | Kind::Or | Kind::First | Kind::Stream => return,
            Kind::List => "'()",
            Kind::Sum => "0",
            Kind::Product => "1",
            Kind::And => "#t",
            Kind::Hash(empty) | Kind::Set(empty) => empty,
            _ => "#f",
        };
        let init = x.fill(self.form, init, &[]);
        self.accs.push(x.fresh("acc", self.form.span));
        self.inits.push(init);
    }

    /// `([name init] … #:result expression)`, or `(name … #:result expression)`; gives the result's expression.
    pub(super) fn accumulators(
        &mut self,
        x: &mut Expander,
        accs: &Syntax,
        word: &str,
        outside: &mut Vec<Syntax>,
    ) -> Step<Option<Syntax>> {
        let shape = if self.kind == Kind::Lists { "(name …)" } else { "([name init] …)" };
        let wrong = |x: &mut Expander, at: &Syntax| x.bad(at, format!("{word}: accumulators are written {shape}"));
        let Some(items) = accs.items() else { return Err(wrong(x, accs)) };
        let mut result = None;
        let mut items = items.iter();
        while let Some(item) = items.next() {
            match (item.keyword(), item.items()) {
                (Some("result"), _) => {
                    let value =
                        items.next().ok_or_else(|| x.bad(item, format!("{word}: `#:result` has no expression")))?;
                    result = Some(value.clone());
                }
                (Some(keyword), _) => return Err(x.bad(item, format!("{word}: there is no option `#:{keyword}` here"))),
                (None, None) if self.kind == Kind::Lists && item.name().is_some() => {
                    self.shown.push(item.clone());
                    self.accs.push(x.fresh("acc", item.span));
                    self.inits.push(x.fill(item, "'()", &[]));
                }
                (None, Some([name, init])) if self.kind != Kind::Lists && name.name().is_some() => {
                    self.accs.push(name.clone());
                    if self.kind == Kind::Foldr && !matches!(init.node, crate::interp::expand::syntax::Node::Literal(_))
                    {
                        // It is written where the loop's own names would catch the program's.
                        let hidden = x.fresh("init", init.span);
                        outside.push(Syntax::list(vec![hidden.clone(), init.clone()], init.span));
                        self.inits.push(hidden);
                    } else {
                        self.inits.push(init.clone());
                    }
                }
                _ => return Err(wrong(x, item)),
            }
        }
        Ok(result)
    }

    /// `#:length n #:fill value`; gives the arguments behind them.
    pub(super) fn vector_options<'s>(
        &mut self,
        x: &mut Expander,
        mut args: &'s [Syntax],
        word: &str,
        outside: &mut Vec<Syntax>,
    ) -> Step<&'s [Syntax]> {
        let (mut length, mut fill) = (None, None);
        while let [first, rest @ ..] = args
            && let Some(keyword) = first.keyword()
        {
            let [value, rest @ ..] = rest else {
                return Err(x.bad(first, format!("{word}: `#:{keyword}` has no value")));
            };
            match keyword {
                "length" => length = Some(value.clone()),
                "fill" => fill = Some(value.clone()),
                _ => return Err(x.bad(first, format!("{word}: its options are `#:length` and `#:fill`"))),
            }
            args = rest;
        }
        self.accs.push(x.fresh("acc", self.form.span));
        let Some(length) = length else {
            self.inits.push(x.fill(self.form, "'()", &[]));
            return Ok(args);
        };
        let (vector, count) = (x.fresh("vector", length.span), x.fresh("length", length.span));
        let fill = fill.unwrap_or_else(|| Syntax::integer(0, length.span));
        let parts = [
            ("VECTOR", Part::One(&vector)),
            ("COUNT", Part::One(&count)),
            ("LENGTH", Part::One(&length)),
            ("FILL", Part::One(&fill)),
        ];
        outside.push(x.fill(&length, "[COUNT LENGTH]", &parts));
        outside.push(x.fill(&length, "[VECTOR (make-vector COUNT FILL)]", &parts));
        self.vector = Some((vector, count));
        self.inits.push(Syntax::integer(0, length.span));
        Ok(args)
    }

    /// The body; what stands before a `#:break` in it belongs to the levels.
    pub(super) fn read_body(
        &mut self,
        x: &mut Expander,
        body: &[Syntax],
        word: &str,
        levels: &mut Vec<Level>,
    ) -> Step<()> {
        let mut forms = Vec::new();
        let mut items = body.iter();
        while let Some(item) = items.next() {
            let Some(keyword @ ("break" | "final")) = item.keyword() else {
                forms.push(item.clone());
                continue;
            };
            let test =
                items.next().ok_or_else(|| x.bad(item, format!("{word}: `#:{keyword}` has no condition")))?.clone();
            if !forms.is_empty() {
                levels.push(Level::Do(std::mem::take(&mut forms)));
            }
            levels.push(if keyword == "break" { Level::Break(test) } else { Level::Final(test) });
        }
        if forms.is_empty() {
            return Err(x.bad(self.form, format!("{word}: a body is needed behind the clauses")));
        }
        self.body = forms;
        Ok(())
    }

    /// A level and those within it. `inits` are the accumulators' values on the way in; `next` is what comes after it,
    /// given theirs on the way out; `finals` are flags that end the whole loop once a body has run.
    pub(super) fn level(
        &self,
        x: &mut Expander,
        levels: &[Level],
        inits: &[Syntax],
        next: Taker,
        finals: &[Syntax],
    ) -> Syntax {
        let Some((level, rest)) = levels.split_first() else { return self.last_level(x, next, finals) };
        let form = self.form;
        match level {
            Level::Walks(walks) => self.walk(x, walks, rest, inits, next, finals),
            Level::When(test) | Level::Unless(test) | Level::Break(test) => {
                let inner = self.level(x, rest, self.carried(), next, finals);
                let other = match level {
                    Level::Break(_) => self.done(x, self.carried()),
                    // As in Racket, a turn that `#:unless` leaves out may be the last one, and not one that `#:when` does.
                    Level::Unless(_) if !finals.is_empty() => self.either(x, finals, self.carried(), next),
                    _ => next(x, self.carried()),
                };
                let parts = [("TEST", Part::One(test)), ("INNER", Part::One(&inner)), ("OTHER", Part::One(&other))];
                match level {
                    Level::When(_) => x.fill(form, "(if TEST INNER OTHER)", &parts),
                    _ => x.fill(form, "(if TEST OTHER INNER)", &parts),
                }
            }
            Level::Final(test) => {
                let flag = x.fresh("final", test.span);
                let mut finals = finals.to_vec();
                finals.push(flag.clone());
                let inner = self.level(x, rest, self.carried(), next, &finals);
                let parts = [("FLAG", Part::One(&flag)), ("TEST", Part::One(test)), ("INNER", Part::One(&inner))];
                x.fill(form, "(let ([FLAG TEST]) INNER)", &parts)
            }
            Level::Do(forms) => {
                let inner = self.level(x, rest, self.carried(), next, finals);
                let parts = [("FORMS", Part::Many(forms)), ("INNER", Part::One(&inner))];
                x.fill(form, "(let () FORMS... INNER)", &parts)
            }
        }
    }

    pub(super) fn last_level(&self, x: &mut Expander, next: Taker, finals: &[Syntax]) -> Syntax {
        if finals.is_empty() {
            return self.step(x, next);
        }
        self.step(x, &|x: &mut Expander, values: &[Syntax]| self.either(x, finals, values, next))
    }

    /// The end of everything when one of the flags is set, else what is next.
    pub(super) fn either(&self, x: &mut Expander, flags: &[Syntax], values: &[Syntax], next: Taker) -> Syntax {
        self.either_of(x, flags, values, &|x: &mut Expander, accs: &[Syntax]| self.done(x, accs), next)
    }

    pub(super) fn either_of(
        &self,
        x: &mut Expander,
        flags: &[Syntax],
        values: &[Syntax],
        end: Taker,
        next: Taker,
    ) -> Syntax {
        let mut bindings = Vec::new();
        let mut once = Vec::with_capacity(values.len());
        for value in values {
            if is_simple(value) {
                once.push(value.clone());
            } else {
                let hidden = x.fresh("value", value.span);
                bindings.push(Syntax::list(vec![hidden.clone(), value.clone()], value.span));
                once.push(hidden);
            }
        }
        let (end, next) = (end(x, &once), next(x, &once));
        let parts = [
            ("FLAGS", Part::Many(flags)),
            ("END", Part::One(&end)),
            ("NEXT", Part::One(&next)),
            ("BINDINGS", Part::Many(&bindings)),
        ];
        let template = match bindings.is_empty() {
            true => "(if (or FLAGS...) END NEXT)",
            false => "(let (BINDINGS...) (if (or FLAGS...) END NEXT))",
        };
        x.fill(self.form, template, &parts)
    }

    /// A loop over sequences that are walked together.
    pub(super) fn walk(
        &self,
        x: &mut Expander,
        walks: &[Walk],
        rest: &[Level],
        inits: &[Syntax],
        next: Taker,
        finals: &[Syntax],
    ) -> Syntax {
        let form = self.form;
        let again = x.fresh("loop", form.span);
        let steps: Vec<Syntax> = walks.iter().flat_map(|walk| &walk.steps).map(|step| step.next.clone()).collect();
        let turn = |x: &mut Expander, accs: &[Syntax]| {
            let parts = [("AGAIN", Part::One(&again)), ("ACCS", Part::Many(accs)), ("STEPS", Part::Many(&steps))];
            x.fill(form, "(AGAIN ACCS... STEPS...)", &parts)
        };
        let lasts: Vec<Syntax> = walks.iter().flat_map(|walk| walk.lasts.iter().cloned()).collect();
        let onward = |x: &mut Expander, accs: &[Syntax]| match lasts.is_empty() {
            true => turn(x, accs),
            false => self.either_of(x, &lasts, accs, next, &turn),
        };
        let mut inner = self.level(x, rest, self.carried(), &onward, finals);
        let end = next(x, self.carried());
        for walk in walks.iter().rev() {
            inner = walk.bind(x, form, inner, &end);
        }
        let tests: Vec<Syntax> = walks.iter().flat_map(|walk| walk.tests.iter().cloned()).collect();
        if !tests.is_empty() {
            let parts = [("TESTS", Part::Many(&tests)), ("INNER", Part::One(&inner)), ("END", Part::One(&end))];
            let template = if tests.len() == 1 { "(if TESTS... INNER END)" } else { "(if (and TESTS...) INNER END)" };
            inner = x.fill(form, template, &parts);
        }
        // What the program computes for the walks is computed in their order, before the accumulators' first values.
        let in_order =
            inits.iter().any(|init| !is_simple(init)) || walks.iter().filter(|walk| walk.computes()).count() > 1;
        let mut outer = Vec::new();
        let mut variables = pairs(self.carried(), inits, form);
        for walk in walks {
            outer.extend(walk.outer.iter().cloned());
            for step in &walk.steps {
                let mut init = step.init.clone();
                if in_order && !is_simple(&init) {
                    let first = x.fresh("first", init.span);
                    outer.push(Syntax::list(vec![first.clone(), init], form.span));
                    init = first;
                }
                variables.push(Syntax::list(vec![step.name.clone(), init], form.span));
            }
        }
        let parts = [("AGAIN", Part::One(&again)), ("VARIABLES", Part::Many(&variables)), ("INNER", Part::One(&inner))];
        let whole = x.fill(form, "(let AGAIN (VARIABLES...) INNER)", &parts);
        if outer.is_empty() {
            return whole;
        }
        x.fill(form, "(let* (OUTER...) WHOLE)", &[("OUTER", Part::Many(&outer)), ("WHOLE", Part::One(&whole))])
    }

    /// The body, and what is done with its value.
    pub(super) fn step(&self, x: &mut Expander, next: Taker) -> Syntax {
        let form = self.form;
        let (scope, body) = (self.scope, &self.body);
        let several = |x: &mut Expander, count, take: Taker| {
            let mut body = body.clone();
            if let Some(last) = body.last_mut() {
                *last = receive(x, scope, last, count, take);
            }
            together(x, form, &body)
        };
        let value = |x: &mut Expander| together(x, form, body);
        let acc = self.accs.first();
        // One value, by a template of it and of the accumulator.
        let combined = |x: &mut Expander, template| {
            let value = value(x);
            let parts = match acc {
                Some(acc) => vec![("VALUE", Part::One(&value)), ("ACC", Part::One(acc))],
                None => vec![("VALUE", Part::One(&value))],
            };
            let combined = x.fill(form, template, &parts);
            next(x, &[combined])
        };
        match self.kind {
            Kind::List => combined(x, "(cons VALUE ACC)"),
            Kind::Vector => match &self.vector {
                None => combined(x, "(cons VALUE ACC)"),
                Some((vector, count)) => {
                    let value = value(x);
                    self.fill_vector(x, vector, count, &value, next)
                }
            },
            Kind::Set(empty) if empty.starts_with("(mutable-") => combined(x, "(begin (set-add! ACC VALUE) ACC)"),
            Kind::Set(_) => combined(x, "(set-add ACC VALUE)"),
            Kind::Sum => combined(x, "(+ ACC VALUE)"),
            Kind::Product => combined(x, "(* ACC VALUE)"),
            Kind::Last => combined(x, "VALUE"),
            Kind::Fold if self.accs.len() == 1 => combined(x, "VALUE"),
            Kind::First => value(x),
            Kind::Hash(_) => several(x, 2, &|x: &mut Expander, values: &[Syntax]| {
                let parts = [("ACC", Part::One(&self.accs[0])), ("VALUES", Part::Many(values))];
                let with = x.fill(form, "(hash-set ACC VALUES...)", &parts);
                next(x, &[with])
            }),
            Kind::Fold if self.accs.len() > 1 => several(x, self.accs.len(), next),
            Kind::Lists => {
                let inner = several(x, self.accs.len(), &|x: &mut Expander, values: &[Syntax]| {
                    let longer: Vec<Syntax> = values
                        .iter()
                        .zip(&self.accs)
                        .map(|(value, acc)| {
                            x.fill(form, "(cons VALUE ACC)", &[("VALUE", Part::One(value)), ("ACC", Part::One(acc))])
                        })
                        .collect();
                    next(x, &longer)
                });
                self.bound(x, &self.shown, &self.accs, inner)
            }
            Kind::And => {
                let it = x.fresh("it", form.span);
                let onward = next(x, std::slice::from_ref(&it));
                let value = value(x);
                let parts = [("IT", Part::One(&it)), ("VALUE", Part::One(&value)), ("NEXT", Part::One(&onward))];
                x.fill(form, "(let ([IT VALUE]) (if IT NEXT #f))", &parts)
            }
            Kind::Foldr => {
                let after = next(x, &[]);
                let accs = &self.accs;
                let value = value(x);
                let parts = [("NAMES", Part::Many(accs)), ("AFTER", Part::One(&after)), ("VALUE", Part::One(&value))];
                match accs.len() {
                    1 => x.fill(form, "(let ([NAMES... AFTER]) VALUE)", &parts),
                    _ => x.fill(form, "(let-values ([(NAMES...) AFTER]) VALUE)", &parts),
                }
            }
            Kind::Each | Kind::Or | Kind::Stream | Kind::Fold => {
                let onward = next(x, &[]);
                let value = value(x);
                let parts = [("VALUE", Part::One(&value)), ("NEXT", Part::One(&onward))];
                match self.kind {
                    Kind::Or => x.fill(form, "(or VALUE NEXT)", &parts),
                    Kind::Stream => x.fill(form, "(stream-cons VALUE NEXT)", &parts),
                    _ => x.fill(form, "(begin VALUE NEXT)", &parts),
                }
            }
        }
    }

    pub(super) fn fill_vector(
        &self,
        x: &mut Expander,
        vector: &Syntax,
        count: &Syntax,
        value: &Syntax,
        next: Taker,
    ) -> Syntax {
        let form = self.form;
        let at = x.fresh("at", form.span);
        let onward = next(x, std::slice::from_ref(&at));
        let parts = [
            ("VECTOR", Part::One(vector)),
            ("COUNT", Part::One(count)),
            ("ACC", Part::One(&self.accs[0])),
            ("AT", Part::One(&at)),
            ("VALUE", Part::One(value)),
            ("NEXT", Part::One(&onward)),
        ];
        let template = "(begin (vector-set! VECTOR ACC VALUE) (let ([AT (+ ACC 1)]) (if (< AT COUNT) NEXT VECTOR)))";
        x.fill(form, template, &parts)
    }

    /// What the whole loop gives, from the accumulators' values.
    pub(super) fn done(&self, x: &mut Expander, accs: &[Syntax]) -> Syntax {
        let form = self.form;
        let acc = accs.first();
        let of = |x: &mut Expander, template: &'static str| match acc {
            Some(acc) => x.fill(form, template, &[("ACC", Part::One(acc))]),
            None => x.fill(form, template, &[]),
        };
        match self.kind {
            Kind::Each => of(x, "(void)"),
            Kind::List => of(x, "(reverse ACC)"),
            Kind::Vector => match &self.vector {
                Some((vector, _)) => vector.clone(),
                None => of(x, "(list->vector (reverse ACC))"),
            },
            Kind::Or | Kind::First => of(x, "#f"),
            Kind::Stream => of(x, "empty-stream"),
            Kind::Hash(_) | Kind::Set(_) | Kind::Sum | Kind::Product | Kind::And | Kind::Last => of(x, "ACC"),
            Kind::Foldr => match &*self.inits {
                [one] => one.clone(),
                several => x.fill(form, "(values ALL...)", &[("ALL", Part::Many(several))]),
            },
            Kind::Fold | Kind::Lists => {
                let accs: Vec<Syntax> = match self.kind {
                    Kind::Fold => accs.to_vec(),
                    _ => accs.iter().map(|acc| x.fill(form, "(reverse ACC)", &[("ACC", Part::One(acc))])).collect(),
                };
                match (&self.finish, &*accs) {
                    (Some(finish), all) => {
                        x.fill(form, "(FINISH ALL...)", &[("FINISH", Part::One(finish)), ("ALL", Part::Many(all))])
                    }
                    (None, [one]) => one.clone(),
                    (None, []) => of(x, "(values)"),
                    (None, all) => x.fill(form, "(values ALL...)", &[("ALL", Part::Many(all))]),
                }
            }
        }
    }

    pub(super) fn bound(&self, x: &mut Expander, names: &[Syntax], values: &[Syntax], inner: Syntax) -> Syntax {
        if names.is_empty() {
            return inner;
        }
        let pairs = pairs(names, values, self.form);
        x.fill(self.form, "(let (PAIRS...) INNER)", &[("PAIRS", Part::Many(&pairs)), ("INNER", Part::One(&inner))])
    }
}
