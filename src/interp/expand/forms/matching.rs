//! `match` and its kin.
//!
//! A pattern is read (`patterns`), becomes steps (`compile`), and these nested `if`s and `let`s (`steps`). Bodies stay in
//! tail position.

mod compile;
mod lists;
mod patterns;
mod steps;

use super::records::derived;
use crate::interp::expand::{
    Expander, Form, Part, Step,
    scope::Scope,
    syntax::{Node, Syntax},
};
use compile::Matcher;
use patterns::{EXPANDER, Reader};
use steps::{Attempt, Failure, first_of, write};

pub(super) const FORMS: &[(&str, Form)] = &[
    ("match", one),
    ("match*", several),
    ("match/values", values),
    ("match-lambda", |x, form, scope| lambda(x, form, scope, "match-lambda")),
    ("match-lambda*", |x, form, scope| lambda(x, form, scope, "match-lambda*")),
    ("match-lambda**", lambda_of_several),
    ("match-let", |x, form, scope| bind(x, form, scope, "match-let")),
    ("match-let*", |x, form, scope| bind(x, form, scope, "match-let*")),
    ("match-letrec", letrec),
    ("match-let-values", |x, form, scope| bind_values(x, form, scope, "match-let-values")),
    ("match-let*-values", |x, form, scope| bind_values(x, form, scope, "match-let*-values")),
    ("match-define", define),
    ("define/match", define_procedure),
    ("match-define-values", define_values),
    ("define-match-expander", define_expander),
];

fn arguments(form: &Syntax) -> &[Syntax] {
    form.items().unwrap_or_default().get(1..).unwrap_or_default()
}

/// What is raised when nothing matches.
fn no_match(x: &Expander, form: &Syntax, who: &'static str, values: &[Syntax]) -> Syntax {
    let who = Syntax::string(who, form.span);
    let parts = [("WHO", Part::One(&who)), ("VALUES", Part::Many(values))];
    match values.len() {
        1 => x.fill(form, "(%no-match WHO VALUES...)", &parts),
        _ => x.fill(form, "(%no-match WHO (list VALUES...))", &parts),
    }
}

/// `[pattern body …]`, `[pattern #:when condition body …]`, `[pattern (=> next) body …]`, with a pattern for each value.
fn clause(
    x: &mut Expander,
    clause: &Syntax,
    scope: &Scope,
    who: &'static str,
    values: &[Syntax],
    together: bool,
) -> Step<Attempt> {
    let shape = match together {
        true => "[(pattern …) body …]",
        false => "[pattern body …]",
    };
    let Some([pattern, body @ ..]) = clause.items() else {
        return Err(x.bad(clause, format!("{who}: a clause is written {shape}")));
    };
    let patterns = match (together, pattern.items()) {
        (false, _) => std::slice::from_ref(pattern),
        (true, Some(patterns)) if patterns.len() == values.len() => patterns,
        (true, _) => {
            let message = format!("{who}: there is one pattern for each of the {} values: {shape}", values.len());
            return Err(x.bad(pattern, message));
        }
    };
    let matcher = matcher(x, scope, who, patterns.iter().zip(values))?;
    let mut body = body.to_vec();
    let mut guard = None;
    let mut next = None;
    loop {
        match &*body {
            [word, condition, ..] if word.keyword() == Some("when") => {
                guard = Some(condition.clone());
                body.drain(..2);
            }
            [first, ..] if next.is_none() => match first.items() {
                Some([arrow, name]) if x.means(arrow, scope, "=>") && name.name().is_some() => {
                    next = Some(name.clone());
                    body.remove(0);
                }
                _ => break,
            },
            _ => break,
        }
    }
    if body.is_empty() {
        return Err(x.bad(clause, format!("{who}: a body is needed behind the pattern: {shape}")));
    }
    let clause = clause.clone();
    Ok(Box::new(move |x, failure| {
        let inner = guarded(x, &clause, &matcher, body, guard, next, failure);
        write(x, matcher.steps, inner, failure)
    }))
}

/// The body with the pattern's names, and what may still send on to the next clause.
fn guarded(
    x: &mut Expander,
    clause: &Syntax,
    matcher: &Matcher,
    body: Vec<Syntax>,
    guard: Option<Syntax>,
    next: Option<Syntax>,
    failure: &Failure,
) -> Syntax {
    let mut inner = match (&*body, matcher.names.is_empty() && next.is_none() && guard.is_none()) {
        ([one], _) => one.clone(),
        (body, _) => x.fill(clause, "(let () BODY...)", &[("BODY", Part::Many(body))]),
    };
    if let Some(name) = body.iter().find_map(leaving) {
        let other = failure.write_among_names();
        let parts = [("NAME", Part::One(&name)), ("INNER", Part::One(&inner)), ("OTHER", Part::One(&other))];
        inner = x.fill(clause, "(let ([NAME (lambda () OTHER)]) INNER)", &parts);
    }
    if let Some(guard) = guard {
        let other = failure.write_among_names();
        let parts = [("GUARD", Part::One(&guard)), ("INNER", Part::One(&inner)), ("OTHER", Part::One(&other))];
        inner = x.fill(&guard, "(if GUARD INNER OTHER)", &parts);
    }
    if let Some(next) = next {
        let other = failure.write_among_names();
        let parts = [("NEXT", Part::One(&next)), ("INNER", Part::One(&inner)), ("OTHER", Part::One(&other))];
        // It may be called anywhere within, and does not come back.
        inner = x.fill(
            clause,
            "((let/ec escape
                (let ([NEXT (lambda () (escape (lambda () OTHER)))])
                  (call-with-values (lambda () INNER) (lambda all (lambda () (apply values all)))))))",
            &parts,
        );
    }
    named(x, clause, &matcher.names, inner)
}

/// The `failure-cont` of a body that calls it, which goes on with the next clause.
fn leaving(syntax: &Syntax) -> Option<Syntax> {
    match &syntax.node {
        Node::Name(_) if syntax.is_word("failure-cont") => Some(syntax.clone()),
        Node::List(items) => items.iter().find_map(leaving),
        _ => None,
    }
}

/// An expression in which the patterns' names are bound.
fn named(x: &Expander, form: &Syntax, names: &[(Syntax, Syntax)], inner: Syntax) -> Syntax {
    if names.is_empty() {
        return inner;
    }
    let pairs: Vec<Syntax> =
        names.iter().map(|(name, place)| Syntax::list(vec![name.clone(), place.clone()], name.span)).collect();
    x.fill(form, "(let (PAIRS...) INNER)", &[("PAIRS", Part::Many(&pairs)), ("INNER", Part::One(&inner))])
}

fn matcher<'a>(
    x: &mut Expander,
    scope: &Scope,
    who: &'static str,
    pairs: impl Iterator<Item = (&'a Syntax, &'a Syntax)>,
) -> Step<Matcher> {
    let mut matcher = Matcher::default();
    for (pattern, value) in pairs {
        let read = Reader { x, scope, who }.read(pattern)?;
        matcher.take(x, read, value.clone());
    }
    Ok(matcher)
}

/// Clauses for values that have names.
fn clauses(
    x: &mut Expander,
    form: &Syntax,
    scope: &Scope,
    who: &'static str,
    values: &[Syntax],
    all: &[Syntax],
    together: bool,
) -> Step<Syntax> {
    let attempts = all.iter().map(|one| clause(x, one, scope, who, values, together)).collect::<Step<Vec<_>>>()?;
    let last = no_match(x, form, who, values);
    Ok(first_of(x, attempts, last))
}

/// `(match value clause …)`
fn one(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let [value, all @ ..] = arguments(form) else { return Err(x.bad(form, "match: a value and clauses are needed")) };
    let hidden = x.fresh("v", value.span);
    let inner = clauses(x, form, scope, "match", std::slice::from_ref(&hidden), all, false)?;
    let parts = [("V", Part::One(&hidden)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
    Ok(x.fill(form, "(let ([V VALUE]) INNER)", &parts))
}

/// `(match* (value …) [(pattern …) body …] …)`
fn several(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let wrong = |x: &mut Expander| x.bad(form, "match*: it is written (match* (value …) [(pattern …) body …] …)");
    let [values, all @ ..] = arguments(form) else { return Err(wrong(x)) };
    let Some(values) = values.items() else { return Err(wrong(x)) };
    let hidden: Vec<Syntax> = values.iter().map(|value| x.fresh("v", value.span)).collect();
    let inner = clauses(x, form, scope, "match*", &hidden, all, true)?;
    let pairs: Vec<Syntax> = hidden
        .iter()
        .zip(values)
        .map(|(name, value)| Syntax::list(vec![name.clone(), value.clone()], value.span))
        .collect();
    Ok(x.fill(form, "(let (PAIRS...) INNER)", &[("PAIRS", Part::Many(&pairs)), ("INNER", Part::One(&inner))]))
}

/// `(define/match (name parameter …) [(pattern …) body …] …)`
fn define_procedure(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let wrong = || x.bad(form, "define/match: it is written (define/match (name parameter …) [(pattern …) body …] …)");
    let [head, all @ ..] = arguments(form) else { return Err(wrong()) };
    let mut names = Vec::new();
    let mut inner = head;
    while inner.name().is_none() {
        let (parameters, rest) = match &inner.node {
            Node::List(items) => (&items[..], None),
            Node::Dotted(items, rest) => (&items[..], Some((**rest).clone())),
            _ => return Err(wrong()),
        };
        let [next, parameters @ ..] = parameters else { return Err(wrong()) };
        let mut own = Vec::new();
        for parameter in parameters.iter().filter(|parameter| parameter.keyword().is_none()) {
            let name = parameter.items().and_then(<[Syntax]>::first).unwrap_or(parameter);
            own.push(name.name().map(|_| name.clone()).ok_or_else(wrong)?);
        }
        own.extend(rest);
        names.splice(0..0, own);
        inner = next;
    }
    let parts = [("HEAD", Part::One(head)), ("NAMES", Part::Many(&names)), ("ALL", Part::Many(all))];
    Ok(x.fill(form, "(define HEAD (match* (NAMES...) ALL...))", &parts))
}

/// How many values the first clause has patterns for.
fn width(x: &Expander, form: &Syntax, who: &'static str, all: &[Syntax]) -> Step<usize> {
    let patterns = all.first().and_then(Syntax::items).and_then(|items| items.first()).and_then(Syntax::items);
    let message = || format!("{who}: its clauses are written [(pattern …) body …]");
    patterns.map(<[Syntax]>::len).ok_or_else(|| x.bad(form, message()))
}

/// `(match/values expression [(pattern …) body …] …)`
fn values(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let [value, all @ ..] = arguments(form) else {
        return Err(x.bad(form, "match/values: an expression and clauses are needed"));
    };
    let hidden: Vec<Syntax> = (0..width(x, form, "match/values", all)?).map(|_| x.fresh("v", value.span)).collect();
    let inner = clauses(x, form, scope, "match/values", &hidden, all, true)?;
    Ok(received(x, form, &hidden, value, &inner))
}

fn received(x: &Expander, form: &Syntax, names: &[Syntax], value: &Syntax, inner: &Syntax) -> Syntax {
    let parts = [("NAMES", Part::Many(names)), ("VALUE", Part::One(value)), ("INNER", Part::One(inner))];
    x.fill(form, "(let-values ([(NAMES...) VALUE]) INNER)", &parts)
}

/// `(match-lambda clause …)`: of one argument; `match-lambda*`: of the list of all.
fn lambda(x: &mut Expander, form: &Syntax, scope: &Scope, who: &'static str) -> Step<Syntax> {
    let hidden = x.fresh("v", form.span);
    let inner = clauses(x, form, scope, who, std::slice::from_ref(&hidden), arguments(form), false)?;
    let parts = [("V", Part::One(&hidden)), ("INNER", Part::One(&inner))];
    let template = if who == "match-lambda" { "(lambda (V) INNER)" } else { "(lambda V INNER)" };
    Ok(x.fill(form, template, &parts))
}

/// `(match-lambda** [(pattern …) body …] …)`
fn lambda_of_several(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let all = arguments(form);
    let hidden: Vec<Syntax> = (0..width(x, form, "match-lambda**", all)?).map(|_| x.fresh("v", form.span)).collect();
    let inner = clauses(x, form, scope, "match-lambda**", &hidden, all, true)?;
    Ok(x.fill(form, "(lambda (VS...) INNER)", &[("VS", Part::Many(&hidden)), ("INNER", Part::One(&inner))]))
}

/// A pattern and the expression whose value it takes apart.
type Pair<'a> = (&'a Syntax, &'a Syntax);

/// The bindings and the body of `(word ([pattern value] …) body …)`.
fn bindings<'a>(x: &Expander, form: &'a Syntax, who: &'static str) -> Step<(Vec<Pair<'a>>, &'a [Syntax])> {
    let wrong = |at: &Syntax| x.bad(at, format!("{who}: it is written ({who} ([pattern value] …) body …)"));
    let [all, body @ ..] = arguments(form) else { return Err(wrong(form)) };
    if body.is_empty() {
        return Err(wrong(form));
    }
    let pairs = all.items().ok_or_else(|| wrong(all))?.iter().map(|one| match one.items() {
        Some([pattern, value]) => Ok((pattern, value)),
        _ => Err(wrong(one)),
    });
    Ok((pairs.collect::<Step<_>>()?, body))
}

/// A value's name, its pattern, taken apart; then INNER with the pattern's names.
fn matched(
    x: &mut Expander,
    matcher: Matcher,
    inner: Syntax,
    form: &Syntax,
    who: &'static str,
    value: &Syntax,
) -> Syntax {
    let none = no_match(x, form, who, std::slice::from_ref(value));
    write(x, matcher.steps, inner, &Failure::new(none))
}

/// `match-let` and `match-let*`
fn bind(x: &mut Expander, form: &Syntax, scope: &Scope, who: &'static str) -> Step<Syntax> {
    if let [name, all, body @ ..] = arguments(form)
        && name.name().is_some()
    {
        return named_let(x, form, name, all, body);
    }
    let (pairs, body) = bindings(x, form, who)?;
    let mut inner = x.fill(form, "(let () BODY...)", &[("BODY", Part::Many(body))]);
    if who == "match-let*" {
        for (pattern, value) in pairs.into_iter().rev() {
            let hidden = x.fresh("v", value.span);
            let matcher = matcher(x, scope, who, [(pattern, &hidden)].into_iter())?;
            inner = named(x, form, &matcher.names, inner);
            inner = matched(x, matcher, inner, form, who, &hidden);
            let parts = [("V", Part::One(&hidden)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
            inner = x.fill(form, "(let ([V VALUE]) INNER)", &parts);
        }
        return Ok(inner);
    }
    // All values first, then all patterns: a name that stands in two of them is one.
    let hidden: Vec<Syntax> = pairs.iter().map(|(_, value)| x.fresh("v", value.span)).collect();
    let mut matcher = matcher(x, scope, who, pairs.iter().zip(&hidden).map(|((pattern, _), name)| (*pattern, name)))?;
    inner = named(x, form, &std::mem::take(&mut matcher.names), inner);
    let none = no_match(x, form, who, &hidden);
    inner = write(x, matcher.steps, inner, &Failure::new(none));
    let values: Vec<Syntax> = hidden
        .iter()
        .zip(&pairs)
        .map(|(name, (_, value))| Syntax::list(vec![name.clone(), (*value).clone()], value.span))
        .collect();
    Ok(x.fill(form, "(let (VALUES...) INNER)", &[("VALUES", Part::Many(&values)), ("INNER", Part::One(&inner))]))
}

/// `(match-let name ([pattern value] …) body …)`
fn named_let(x: &mut Expander, form: &Syntax, name: &Syntax, all: &Syntax, body: &[Syntax]) -> Step<Syntax> {
    let wrong = || "match-let: it is written (match-let name ([pattern value] …) body …)";
    let mut starts = Vec::new();
    let mut inner = Vec::new();
    for one in all.items().ok_or_else(|| x.bad(all, wrong()))? {
        let Some([pattern, value]) = one.items() else { return Err(x.bad(one, wrong())) };
        let hidden = x.fresh("v", one.span);
        starts.push(Syntax::list(vec![hidden.clone(), value.clone()], one.span));
        inner.push(Syntax::list(vec![pattern.clone(), hidden], one.span));
    }
    let parts = [
        ("NAME", Part::One(name)),
        ("STARTS", Part::Many(&starts)),
        ("INNER", Part::Many(&inner)),
        ("BODY", Part::Many(body)),
    ];
    Ok(x.fill(form, "(let NAME (STARTS...) (match-let (INNER...) BODY...))", &parts))
}

/// `(match-let-values ([(pattern …) expression] …) body …)`
fn bind_values(x: &mut Expander, form: &Syntax, _: &Scope, who: &'static str) -> Step<Syntax> {
    let (pairs, body) = bindings(x, form, who)?;
    let mut inner = x.fill(form, "(let () BODY...)", &[("BODY", Part::Many(body))]);
    for (patterns, value) in pairs.into_iter().rev() {
        let parts = [("PATTERNS", Part::One(patterns)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
        inner = x.fill(form, "(match/values VALUE [PATTERNS INNER])", &parts);
    }
    Ok(inner)
}

/// `(match-letrec ([pattern value] …) body …)`
fn letrec(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let (pairs, body) = bindings(x, form, "match-letrec")?;
    let definitions: Vec<Syntax> = pairs
        .into_iter()
        .map(|(pattern, value)| {
            let parts = [("PATTERN", Part::One(pattern)), ("VALUE", Part::One(value))];
            x.fill(form, "(match-define PATTERN VALUE)", &parts)
        })
        .collect();
    let parts = [("DEFINITIONS", Part::Many(&definitions)), ("BODY", Part::Many(body))];
    Ok(x.fill(form, "(let () DEFINITIONS... (let () BODY...))", &parts))
}

/// The definition of a matcher's names.
fn defined(x: &mut Expander, form: &Syntax, names: &[(Syntax, Syntax)], value: &Syntax) -> Syntax {
    let all: Vec<Syntax> = names.iter().map(|(name, _)| name.clone()).collect();
    let parts = [("NAMES", Part::Many(&all)), ("VALUE", Part::One(value))];
    match all.len() {
        1 => x.fill(form, "(define NAMES... VALUE)", &parts),
        _ => x.fill(form, "(%define-list (NAMES...) VALUE)", &parts),
    }
}

/// The parts of a value that a matcher's names stand for: the one, or a list of them.
fn places(x: &Expander, form: &Syntax, names: &[(Syntax, Syntax)]) -> Syntax {
    match names {
        [(_, place)] => place.clone(),
        names => {
            let all: Vec<Syntax> = names.iter().map(|(_, place)| place.clone()).collect();
            x.fill(form, "(list PLACES...)", &[("PLACES", Part::Many(&all))])
        }
    }
}

/// `(match-define pattern value)`
fn define(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let who = "match-define";
    let [pattern, value] = arguments(form) else {
        return Err(x.bad(form, "match-define: it is written (match-define pattern value)"));
    };
    let hidden = x.fresh("v", value.span);
    let mut matcher = matcher(x, scope, who, [(pattern, &hidden)].into_iter())?;
    let names = std::mem::take(&mut matcher.names);
    let inner = places(x, form, &names);
    let inner = matched(x, matcher, inner, form, who, &hidden);
    let parts = [("V", Part::One(&hidden)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
    let list = x.fill(form, "(let ([V VALUE]) INNER)", &parts);
    Ok(defined(x, form, &names, &list))
}

/// `(match-define-values (pattern …) expression)`
fn define_values(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let who = "match-define-values";
    let ([patterns, value], Some(all)) = (arguments(form), arguments(form).first().and_then(Syntax::items)) else {
        return Err(x.bad(form, "match-define-values: it is written (match-define-values (pattern …) expression)"));
    };
    let hidden: Vec<Syntax> = all.iter().map(|pattern| x.fresh("v", pattern.span)).collect();
    let mut matcher = matcher(x, scope, who, all.iter().zip(&hidden))?;
    let names = std::mem::take(&mut matcher.names);
    let inner = places(x, patterns, &names);
    let none = no_match(x, form, who, &hidden);
    let inner = write(x, matcher.steps, inner, &Failure::new(none));
    let list = received(x, form, &hidden, value, &inner);
    Ok(defined(x, form, &names, &list))
}

/// `(define-match-expander name transformer)`, and perhaps another transformer for expressions.
fn define_expander(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let ([name, pattern, expression @ ..], true) = (arguments(form), arguments(form).len() < 4) else {
        let message = "define-match-expander: it is written (define-match-expander name transformer)";
        return Err(x.bad(form, message));
    };
    let hidden = derived(name, &format!("{EXPANDER}{}", name.word().unwrap_or_default()));
    let mut parts = vec![("HIDDEN", Part::One(&hidden)), ("PATTERN", Part::One(pattern))];
    let template = match expression.first() {
        None => "(begin (define-syntax HIDDEN PATTERN))",
        Some(expression) => {
            parts.extend([("NAME", Part::One(name)), ("EXPRESSION", Part::One(expression))]);
            "(begin (define-syntax HIDDEN PATTERN) (define-syntax NAME EXPRESSION))"
        }
    };
    Ok(x.fill(form, template, &parts))
}
