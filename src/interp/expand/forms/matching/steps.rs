//! From what has to be tested and bound, one after the other, to nested `if` and `let`.

use crate::interp::expand::{
    Expander, Part,
    syntax::{Node, Syntax},
};
use std::cell::Cell;

/// One of the things that matching does, in order.
pub(super) enum Step {
    /// Goes on when it holds.
    Test(Syntax),
    /// A name for what is cheap to compute, more than once if need be: a part of the value.
    Part(Syntax, Syntax),
    /// A name for what is computed once.
    Once(Syntax, Syntax),
    /// Given what is done on success and on failure, all of it.
    Round(Round),
}

pub(super) type Round = Box<dyn FnOnce(&mut Expander, Syntax, &Failure) -> Syntax>;

/// What is done when something does not match: an expression, and how often it has been written.
pub(super) struct Failure {
    what: Syntax,
    uses: Cell<usize>,
    /// It was written among names of the program, where nothing may be put in its place.
    pinned: Cell<bool>,
}

impl Failure {
    pub(super) fn new(what: Syntax) -> Self {
        Self { what, uses: Cell::new(0), pinned: Cell::new(false) }
    }

    pub(super) fn write(&self) -> Syntax {
        self.uses.set(self.uses.get() + 1);
        self.what.clone()
    }

    /// Where names of the program are bound.
    pub(super) fn write_among_names(&self) -> Syntax {
        self.pinned.set(true);
        self.write()
    }
}

/// The steps, then `success`.
pub(super) fn write(x: &mut Expander, steps: Vec<Step>, success: Syntax, failure: &Failure) -> Syntax {
    let mut steps = steps;
    let mut inner = success;
    while let Some(step) = steps.pop() {
        inner = match step {
            Step::Round(round) => round(x, inner, failure),
            Step::Once(name, value) => {
                let parts = [("NAME", Part::One(&name)), ("VALUE", Part::One(&value)), ("INNER", Part::One(&inner))];
                x.fill(&value, "(let ([NAME VALUE]) INNER)", &parts)
            }
            step @ (Step::Test(_) | Step::Part(..)) => {
                // All the tests in a row have one failure together.
                let mut run = vec![step];
                while let Some(before) = steps.pop_if(|step| matches!(step, Step::Test(_) | Step::Part(..))) {
                    run.push(before);
                }
                run.reverse();
                row(x, &run, inner, failure)
            }
        };
    }
    inner
}

/// Whether steps do nothing but test.
pub(super) fn are_plain(steps: &[Step]) -> bool {
    steps.iter().all(|step| matches!(step, Step::Test(_) | Step::Part(..)))
}

/// Steps as a condition.
pub(super) fn condition(x: &mut Expander, steps: Vec<Step>, at: &Syntax) -> Syntax {
    if are_plain(&steps) {
        return holds(x, &steps).unwrap_or_else(|| Syntax::boolean(true, at.span));
    }
    let no = Failure::new(Syntax::boolean(false, at.span));
    write(x, steps, Syntax::boolean(true, at.span), &no)
}

fn row(x: &mut Expander, run: &[Step], inner: Syntax, failure: &Failure) -> Syntax {
    let test = holds(x, run);
    let mut inner = inner;
    for step in run.iter().rev() {
        if let Step::Part(name, value) = step
            && mentions(&inner, name)
        {
            let parts = [("NAME", Part::One(name)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
            inner = x.fill(value, "(let ([NAME VALUE]) INNER)", &parts);
        }
    }
    match test {
        None => inner,
        Some(test) => {
            let other = failure.write();
            let parts = [("TEST", Part::One(&test)), ("INNER", Part::One(&inner)), ("OTHER", Part::One(&other))];
            x.fill(&test, "(if TEST INNER OTHER)", &parts)
        }
    }
}

/// The tests of a row as one condition; none when there are none.
fn holds(x: &mut Expander, run: &[Step]) -> Option<Syntax> {
    let mut tests: Vec<Syntax> = Vec::new();
    for step in run.iter().rev() {
        match step {
            Step::Test(test) => tests.insert(0, test.clone()),
            Step::Part(name, value) if tests.iter().any(|test| mentions(test, name)) => {
                let inner = all(x, &tests)?;
                let parts = [("NAME", Part::One(name)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
                tests = vec![x.fill(value, "(let ([NAME VALUE]) INNER)", &parts)];
            }
            _ => {}
        }
    }
    all(x, &tests)
}

fn all(x: &mut Expander, tests: &[Syntax]) -> Option<Syntax> {
    match tests {
        [] => None,
        [one] => Some(one.clone()),
        [first, ..] => Some(x.fill(first, "(and TESTS...)", &[("TESTS", Part::Many(tests))])),
    }
}

fn mentions(syntax: &Syntax, name: &Syntax) -> bool {
    match &syntax.node {
        Node::Name(own) => name.name() == Some(own),
        Node::List(items) => items.iter().any(|item| mentions(item, name)),
        Node::Dotted(items, tail) => items.iter().any(|item| mentions(item, name)) || mentions(tail, name),
        _ => false,
    }
}

/// One of the things that are tried.
pub(super) type Attempt = Box<dyn FnOnce(&mut Expander, &Failure) -> Syntax>;

/// Tries one after the other; `last` when all fail. What follows an attempt is a procedure only where it is needed in
/// several places. `last` is small enough to be written anywhere.
pub(super) fn first_of(x: &mut Expander, attempts: Vec<Attempt>, last: Syntax) -> Syntax {
    let mut rest = last;
    let mut small = true;
    for attempt in attempts.into_iter().rev() {
        let otherwise = x.fresh("otherwise", rest.span);
        let call = Syntax::list(vec![otherwise.clone()], rest.span);
        let failure = Failure::new(if small { rest.clone() } else { call });
        let code = attempt(x, &failure);
        rest = if small || failure.uses.get() == 0 {
            code
        } else if failure.uses.get() == 1 && !failure.pinned.get() {
            replaced(&code, &otherwise, &rest)
        } else {
            let parts = [("OTHERWISE", Part::One(&otherwise)), ("REST", Part::One(&rest)), ("CODE", Part::One(&code))];
            x.fill(&rest, "(let ([OTHERWISE (lambda () REST)]) CODE)", &parts)
        };
        small = false;
    }
    rest
}

/// The same with `(name)` replaced.
fn replaced(syntax: &Syntax, name: &Syntax, with: &Syntax) -> Syntax {
    let inside = |items: &[Syntax]| items.iter().map(|item| replaced(item, name, with)).collect::<Vec<_>>();
    match &syntax.node {
        Node::List(items) => match &**items {
            [head] if head.name().is_some() && head.name() == name.name() => with.clone(),
            items => Syntax::list(inside(items), syntax.span),
        },
        _ => syntax.clone(),
    }
}
