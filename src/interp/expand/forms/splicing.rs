//! `splicing-let` and its kin: their definitions are seen outside, and what they bind is not.
//!
//! What they bind is given names that nothing else has, wherever it is written in the body.

use super::{core::misused, small::arguments};
use crate::interp::expand::{
    Expander, Form, Part, Step,
    scope::Scope,
    syntax::{Name, Node, Syntax},
};

pub(super) const FORMS: &[(&str, Form)] = &[
    ("splicing-let", |x, form, _| bound(x, form, "(define NAMES VALUE)", false)),
    ("splicing-letrec", |x, form, _| bound(x, form, "(define NAMES VALUE)", true)),
    ("splicing-let-values", |x, form, _| bound(x, form, "(define-values NAMES VALUE)", false)),
    ("splicing-letrec-values", |x, form, _| bound(x, form, "(define-values NAMES VALUE)", true)),
    ("splicing-let-syntax", |x, form, _| bound(x, form, "(define-syntax NAMES VALUE)", false)),
    ("splicing-letrec-syntax", |x, form, _| bound(x, form, "(define-syntax NAMES VALUE)", true)),
    ("splicing-local", local),
    ("splicing-parameterize", parameterized),
];

/// A name, and the one that stands for it.
type Renaming = (Name, Syntax);

/// The names among these, each with a new one.
fn renamings(x: &Expander, names: &Syntax, out: &mut Vec<Renaming>) {
    match &names.node {
        Node::Name(name) => out.push((name.clone(), x.fresh(name.word(), names.span))),
        Node::List(items) => items.iter().for_each(|item| renamings(x, item, out)),
        Node::Dotted(items, rest) => items.iter().chain([&**rest]).for_each(|item| renamings(x, item, out)),
        _ => {}
    }
}

/// The same with other names.
fn renamed(syntax: &Syntax, all: &[Renaming]) -> Syntax {
    let each = |items: &[Syntax]| items.iter().map(|item| renamed(item, all)).collect();
    let node = match &syntax.node {
        Node::Name(name) => match all.iter().find(|(old, _)| old == name) {
            Some((_, new)) => new.node.clone(),
            None => return syntax.clone(),
        },
        Node::List(items) => Node::List(each(items)),
        Node::Dotted(items, tail) => Node::Dotted(each(items), renamed(tail, all).into()),
        Node::Vector(items) => Node::Vector(each(items)),
        _ => return syntax.clone(),
    };
    Syntax::new(node, syntax.span)
}

/// `(splicing-let ([name value] …) form …)` and those like it: a definition for each binding, and the forms.
fn bound(x: &mut Expander, form: &Syntax, template: &'static str, recursive: bool) -> Step<Syntax> {
    let [bindings, body @ ..] = arguments(form) else { return Err(misused(form, "bindings are needed")) };
    let pairs = bindings.items().ok_or_else(|| misused(form, "bindings are written ([name value] …)"))?;
    let (mut all, mut sides) = (Vec::new(), Vec::new());
    for pair in pairs {
        let Some([names, value]) = pair.items() else { return Err(misused(form, "a binding is written [name value]")) };
        renamings(x, names, &mut all);
        sides.push((names, value));
    }
    let mut forms: Vec<Syntax> = sides
        .into_iter()
        .map(|(names, value)| {
            let value = if recursive { renamed(value, &all) } else { value.clone() };
            let parts = [("NAMES", Part::One(&renamed(names, &all))), ("VALUE", Part::One(&value))];
            x.fill(form, template, &parts)
        })
        .collect();
    forms.extend(body.iter().map(|form| renamed(form, &all)));
    Ok(x.fill(form, "(begin FORMS...)", &[("FORMS", Part::Many(&forms))]))
}

/// `(splicing-local [definition …] form …)`
fn local(x: &mut Expander, form: &Syntax, _: &Scope) -> Step<Syntax> {
    let [definitions, body @ ..] = arguments(form) else { return Err(misused(form, "definitions are needed")) };
    let definitions = definitions.items().ok_or_else(|| misused(form, "definitions stand in brackets"))?;
    let mut all = Vec::new();
    for definition in definitions {
        if let Some([head, what, ..]) = definition.items()
            && let Some(head) = head.word().filter(|head| head.starts_with("define"))
        {
            match what.items() {
                Some(names) if head.starts_with("define-values") => {
                    names.iter().for_each(|name| renamings(x, name, &mut all))
                }
                _ => renamings(x, defined(what), &mut all),
            }
        }
    }
    let forms: Vec<Syntax> = definitions.iter().chain(body).map(|form| renamed(form, &all)).collect();
    Ok(x.fill(form, "(begin FORMS...)", &[("FORMS", Part::Many(&forms))]))
}

/// The name in what stands behind `define`: itself, or the first of a procedure's head.
fn defined(what: &Syntax) -> &Syntax {
    match &what.node {
        Node::List(items) | Node::Dotted(items, _) => items.first().map_or(what, defined),
        _ => what,
    }
}

/// `(splicing-parameterize ([parameter value] …) form …)`: each value and expression is of these parameters.
fn parameterized(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let [bindings, body @ ..] = arguments(form) else { return Err(misused(form, "parameters are needed")) };
    let mut forms = Vec::with_capacity(body.len());
    for item in body {
        let within = |value: &Syntax| {
            let parts = [("BINDINGS", Part::One(bindings)), ("VALUE", Part::One(value))];
            x.fill(item, "(parameterize BINDINGS VALUE)", &parts)
        };
        let defines = |word: &str| item.items().is_some_and(|all| x.means(&all[0], scope, word));
        forms.push(match item.items() {
            Some([head, names, value]) if (defines("define") && names.name().is_some()) || defines("define-values") => {
                Syntax::list(vec![head.clone(), names.clone(), within(value)], item.span)
            }
            Some([head, ..]) if head.word().is_some_and(|word| word.starts_with("define") || word == "struct") => {
                item.clone()
            }
            _ => within(item),
        });
    }
    Ok(x.fill(form, "(begin FORMS...)", &[("FORMS", Part::Many(&forms))]))
}
