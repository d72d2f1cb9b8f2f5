//! `case`, `do`, the forms of several values, and `show-vars`, which no procedure can be: it must know names.

use super::{core::misused, records::derived};
use crate::interp::expand::{
    Expander, Form, Part, Step,
    scope::Scope,
    syntax::{Name, Node, Syntax},
};

pub(super) const FORMS: &[(&str, Form)] = &[
    ("case", case),
    ("do", do_form),
    ("let-values", |x, form, scope| let_values(x, form, scope, false)),
    ("let*-values", |x, form, scope| let_values(x, form, scope, true)),
    ("letrec-values", letrec_values),
    ("receive", receive),
    ("show-vars", show_vars),
    ("define-logger", define_logger),
];

pub(super) fn arguments(form: &Syntax) -> &[Syntax] {
    form.items().unwrap_or_default().get(1..).unwrap_or_default()
}

/// `(case value [(datum …) body …] … [else body …])`
fn case(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let [value, clauses @ ..] = arguments(form) else { return Err(misused(form, "a value is needed")) };
    let it = x.fresh("it", form.span);
    let mut choices = Vec::with_capacity(clauses.len());
    for clause in clauses {
        let wrong = || misused(&form.clone().at(clause.span), "a clause is written [(datum …) body …]");
        let Some([data, body @ ..]) = clause.items() else { return Err(wrong()) };
        let body = match body {
            [arrow, receiver] if x.means(arrow, scope, "=>") => {
                vec![x.fill(clause, "(RECEIVER IT)", &[("RECEIVER", Part::One(receiver)), ("IT", Part::One(&it))])]
            }
            [] => return Err(wrong()),
            body => body.to_vec(),
        };
        let parts = [("IT", Part::One(&it)), ("DATA", Part::One(data)), ("BODY", Part::Many(&body))];
        choices.push(if x.means(data, scope, "else") {
            x.fill(clause, "[else BODY...]", &parts)
        } else if data.items().is_some() {
            x.fill(clause, "[(%in? IT 'DATA) BODY...]", &parts)
        } else {
            return Err(wrong());
        });
    }
    let parts = [("IT", Part::One(&it)), ("VALUE", Part::One(value)), ("CHOICES", Part::Many(&choices))];
    Ok(x.fill(form, "(let ([IT VALUE]) (cond CHOICES...))", &parts))
}

/// `(define-logger name)`: procedures that say nothing, since nobody listens.
fn define_logger(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let [name, ..] = arguments(form) else { return Err(misused(form, "a name is needed")) };
    let Some(word) = name.word() else { return Err(misused(form, "a name is needed")) };
    let levels = ["debug", "info", "warning", "error", "fatal"];
    let speakers: Vec<Syntax> = levels.iter().map(|level| derived(name, &format!("log-{word}-{level}"))).collect();
    let logger = derived(name, &format!("{word}-logger"));
    let definitions: Vec<Syntax> = speakers
        .iter()
        .map(|speaker| x.fill(form, "(define (SPEAKER . message) (void))", &[("SPEAKER", Part::One(speaker))]))
        .collect();
    let parts = [("DEFINITIONS", Part::Many(&definitions)), ("LOGGER", Part::One(&logger)), ("NAME", Part::One(name))];
    Ok(x.fill(form, "(begin DEFINITIONS... (define LOGGER 'NAME))", &parts))
}

/// `(do ([name start step] …) (done? value …) body …)`
fn do_form(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let [bindings, end, body @ ..] = arguments(form) else {
        return Err(misused(form, "variables and an end are needed"));
    };
    let (mut starts, mut steps) = (Vec::new(), Vec::new());
    for binding in bindings.items().ok_or_else(|| misused(form, "variables are written ([name start step] …)"))? {
        let (name, start, step) = match binding.items() {
            Some([name, start]) => (name, start, name),
            Some([name, start, step]) => (name, start, step),
            _ => return Err(misused(form, "a variable is written [name start step]")),
        };
        starts.push(Syntax::list(vec![name.clone(), start.clone()], binding.span));
        steps.push(step.clone());
    }
    let Some([test, values @ ..]) = end.items() else {
        return Err(misused(form, "the end is written (done? value …)"));
    };
    let parts = [
        ("STARTS", Part::Many(&starts)),
        ("STEPS", Part::Many(&steps)),
        ("TEST", Part::One(test)),
        ("VALUES", Part::Many(values)),
        ("BODY", Part::Many(body)),
    ];
    let template = match values {
        [] => "(let loop (STARTS...) (if TEST (void) (begin BODY... (loop STEPS...))))",
        _ => "(let loop (STARTS...) (if TEST (begin VALUES...) (begin BODY... (loop STEPS...))))",
    };
    Ok(x.fill(form, template, &parts))
}

/// `(show-vars)`: what has been defined so far, each as a thunk, since some of it may have no value yet.
fn show_vars(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    if !arguments(form).is_empty() {
        return Err(misused(form, "it takes nothing"));
    }
    let mut words: Vec<String> = x.defined().into_iter().map(|(word, _)| word).collect();
    words.sort();
    let entry = |word: &String| {
        let name = Syntax::new(Node::Name(Name::Plain(word.as_str().into())), form.span);
        x.fill(form, "(cons 'NAME (lambda () NAME))", &[("NAME", Part::One(&name))])
    };
    let entries: Vec<Syntax> = words.iter().map(entry).collect();
    Ok(x.fill(form, "(%show-vars (list ENTRIES...))", &[("ENTRIES", Part::Many(&entries))]))
}

/// The names that several values go to, and the expression that gives a list with one for each.
pub(in crate::interp::expand) fn several(
    x: &Expander,
    formals: &Syntax,
    value: &Syntax,
    form: &Syntax,
) -> Step<(Vec<Syntax>, Syntax)> {
    let (names, rest): (&[Syntax], Option<&Syntax>) = match &formals.node {
        Node::List(items) => (items, None),
        Node::Dotted(items, rest) => (items, Some(rest)),
        Node::Name(_) => (&[], Some(formals)),
        _ => return Err(misused(form, "names are written (name …)")),
    };
    let count = Syntax::integer(names.len(), form.span);
    let parts = [("COUNT", Part::One(&count)), ("VALUE", Part::One(value))];
    let template = if rest.is_some() { "(%several-rest COUNT VALUE)" } else { "(%several COUNT VALUE)" };
    let list = x.fill(&form.clone().at(value.span), template, &parts);
    Ok((names.iter().chain(rest).cloned().collect(), list))
}

/// `(let-values ([(name …) values] …) body …)`: all at once, or one after the other.
fn let_values(x: &mut Expander, form: &Syntax, _: &Scope, nested: bool) -> Step<Syntax> {
    let [bindings, body @ ..] = arguments(form) else { return Err(misused(form, "bindings and a body are needed")) };
    let (mut lists, mut slots) = (Vec::new(), Vec::new());
    for binding in bindings.items().ok_or_else(|| misused(form, "bindings are written ([(name …) values] …)"))? {
        let Some([formals, value]) = binding.items() else {
            return Err(misused(form, "a binding is written [(name …) values]"));
        };
        let hidden = x.fresh("values", binding.span);
        let (names, list) = several(x, formals, value, form)?;
        lists.push(Syntax::list(vec![hidden.clone(), list], binding.span));
        let into = if nested { &mut lists } else { &mut slots };
        for (at, name) in names.into_iter().enumerate() {
            let parts = [("VALUES", Part::One(&hidden)), ("AT", Part::One(&Syntax::integer(at, name.span)))];
            let slot = x.fill(binding, "(%slot VALUES AT)", &parts);
            into.push(Syntax::list(vec![name, slot], binding.span));
        }
    }
    let parts = [("LISTS", Part::Many(&lists)), ("SLOTS", Part::Many(&slots)), ("BODY", Part::Many(body))];
    let template = match nested {
        true => "(let* (LISTS...) BODY...)",
        false => "(let (LISTS...) (let (SLOTS...) BODY...))",
    };
    Ok(x.fill(form, template, &parts))
}

fn letrec_values(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let [bindings, body @ ..] = arguments(form) else { return Err(misused(form, "bindings and a body are needed")) };
    let mut definitions = Vec::new();
    for binding in bindings.items().ok_or_else(|| misused(form, "bindings are written ([(name …) values] …)"))? {
        let Some([formals, value]) = binding.items() else {
            return Err(misused(form, "a binding is written [(name …) values]"));
        };
        let parts = [("FORMALS", Part::One(formals)), ("VALUE", Part::One(value))];
        definitions.push(x.fill(binding, "(define-values FORMALS VALUE)", &parts));
    }
    let parts = [("DEFINITIONS", Part::Many(&definitions)), ("BODY", Part::Many(body))];
    Ok(x.fill(form, "(let () DEFINITIONS... (let () BODY...))", &parts))
}

/// SRFI 8's `(receive formals values body …)`
fn receive(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let [formals, values, body @ ..] = arguments(form) else {
        return Err(misused(form, "names, an expression and a body are needed"));
    };
    let parts = [("FORMALS", Part::One(formals)), ("VALUES", Part::One(values)), ("BODY", Part::Many(body))];
    Ok(x.fill(form, "(let-values ([FORMALS VALUES]) BODY...)", &parts))
}
