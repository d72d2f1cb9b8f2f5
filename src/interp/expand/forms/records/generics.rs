//! `define-generics`: procedures that each type of record has its own of, given by the option `#:methods` of `struct`.
//!
//! A generic procedure looks its method up at run time (`%generic` in `prelude/racket/records.scm`).

use super::{arguments, derived, options::name_of};
use crate::interp::expand::{
    Expander, Part, Step,
    scope::Scope,
    syntax::{Node, Syntax},
};

/// `(define-generics name option … (method … name …) …)`
pub(super) fn define_generics(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let shape = "define-generics: it is written (define-generics name (method name argument …) …)";
    let [name, rest @ ..] = arguments(form) else { return Err(x.bad(form, shape)) };
    let Some(word) = name.word() else { return Err(x.bad(name, shape)) };
    let generic = derived(name, &format!("gen:{word}"));
    let predicate = derived(name, &format!("{word}?"));
    let (mut asked, mut table, mut properties) = (None, None, Vec::new());
    let (mut defaults, mut fallbacks) = (Vec::new(), methods(x, &[], form));
    let mut procedures = Vec::new();
    let mut rest = rest.iter();
    while let Some(item) = rest.next() {
        let Some(option) = item.keyword() else {
            procedures.push(item);
            continue;
        };
        let Some(value) = rest.next() else { return Err(x.bad(item, shape)) };
        match option {
            "defined-predicate" => asked = Some(value.clone()),
            "defined-table" => table = Some(value.clone()),
            "derive-property" => {
                let Some(held) = rest.next() else { return Err(x.bad(item, shape)) };
                let word = value.word().unwrap_or_default();
                let own = word.starts_with("prop:") && x.means(value, scope, word);
                let parts = [("PROPERTY", Part::One(value)), ("HELD", Part::One(held))];
                let template =
                    if own { "(cons 'PROPERTY (lambda () HELD))" } else { "(cons PROPERTY (lambda () HELD))" };
                properties.push(x.fill(item, template, &parts));
            }
            "fallbacks" => fallbacks = methods(x, value.items().unwrap_or_default(), value),
            "defaults" | "fast-defaults" => {
                for clause in value.items().unwrap_or_default() {
                    let Some([test, definitions @ ..]) = clause.items() else { return Err(x.bad(clause, shape)) };
                    let methods = methods(x, definitions, clause);
                    let parts = [("TEST", Part::One(test)), ("METHODS", Part::One(&methods))];
                    defaults.push(x.fill(clause, "(cons TEST METHODS)", &parts));
                }
            }
            _ => return Err(x.bad(item, format!("define-generics: there is no option `#:{option}` here"))),
        }
    }
    let (found, given) = (x.fresh("defaults", form.span), x.fresh("fallbacks", form.span));
    let mut definitions = Vec::new();
    let mut names = Vec::new();
    for procedure in procedures {
        let (items, target) = match &procedure.node {
            Node::List(items) | Node::Dotted(items, _) => (items, items.first()),
            _ => return Err(x.bad(procedure, shape)),
        };
        let positional = positional(&items[1..]);
        let at = positional.iter().position(|item| item.name() == name.name());
        let (Some(target), Some(at)) = (target.filter(|target| target.name().is_some()), at) else {
            let message = format!("define-generics: a method is written (method … {word} …)");
            return Err(x.bad(procedure, message));
        };
        names.push(target.clone());
        let parts = [
            ("METHOD", Part::One(target)),
            ("GENERIC", Part::One(&generic)),
            ("PREDICATE", Part::One(&predicate)),
            ("AT", Part::One(&Syntax::integer(at, procedure.span))),
            ("DEFAULTS", Part::One(&found)),
            ("FALLBACKS", Part::One(&given)),
        ];
        let template = "(define METHOD (%generic 'METHOD 'GENERIC 'PREDICATE AT DEFAULTS FALLBACKS))";
        definitions.push(x.fill(procedure, template, &parts));
    }
    for (name, template) in [
        (asked, "(define (NAME value . methods) (andmap (lambda (m) (%has-method? value 'GENERIC DEFAULTS m)) methods))"),
        (
            table,
            "(define (NAME value)
                (make-immutable-hash (map (lambda (m) (cons m (%has-method? value 'GENERIC DEFAULTS m))) '(METHODS...))))",
        ),
    ] {
        if let Some(name) = name {
            let parts = [
                ("NAME", Part::One(&name)),
                ("GENERIC", Part::One(&generic)),
                ("DEFAULTS", Part::One(&found)),
                ("METHODS", Part::Many(&names)),
            ];
            definitions.push(x.fill(&name, template, &parts));
        }
    }
    let parts = [
        ("PROPERTIES", Part::Many(&properties)),
        ("GENERIC", Part::One(&generic)),
        ("PREDICATE", Part::One(&predicate)),
        ("DEFAULTS", Part::One(&found)),
        ("ALL", Part::Many(&defaults)),
        ("FALLBACKS", Part::One(&given)),
        ("GIVEN", Part::One(&fallbacks)),
        ("DEFINITIONS", Part::Many(&definitions)),
    ];
    let template = "(begin
        (%new-generic 'GENERIC (list PROPERTIES...))
        (define DEFAULTS (list ALL...))
        (define FALLBACKS GIVEN)
        (define (PREDICATE value) (%implements? value 'GENERIC DEFAULTS))
        DEFINITIONS...)";
    Ok(x.fill(form, template, &parts))
}

/// The parameters that keywords do not lead to.
fn positional(items: &[Syntax]) -> Vec<&Syntax> {
    let mut found = Vec::new();
    let mut items = items.iter();
    while let Some(item) = items.next() {
        match item.keyword() {
            Some(_) => _ = items.next(),
            None => found.push(item),
        }
    }
    found
}

/// The expression of a list of pairs, of a method's name and its procedure, that definitions give.
pub(super) fn methods(x: &Expander, definitions: &[Syntax], at: &Syntax) -> Syntax {
    // `(define/generic own method)` names the generic procedure, which the method's own definition hides.
    let mut outside = Vec::new();
    let mut inside = Vec::new();
    for definition in definitions {
        match definition.items() {
            Some([head, own, method]) if head.is_word("define/generic") => {
                // A fallback's generic procedure is defined behind it.
                let parts = [("METHOD", Part::One(method))];
                let call = x.fill(definition, "(lambda args (apply METHOD args))", &parts);
                outside.push(Syntax::list(vec![own.clone(), call], definition.span));
            }
            _ => inside.push(definition.clone()),
        }
    }
    let names = inside.iter().filter_map(name_of);
    let pairs: Vec<Syntax> =
        names.map(|name| x.fill(name, "(cons 'NAME NAME)", &[("NAME", Part::One(name))])).collect();
    let parts =
        [("OUTSIDE", Part::Many(&outside)), ("DEFINITIONS", Part::Many(&inside)), ("PAIRS", Part::Many(&pairs))];
    x.fill(at, "(let (OUTSIDE...) (let () DEFINITIONS... (list PAIRS...)))", &parts)
}
