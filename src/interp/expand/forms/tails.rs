//! Several values without a place to keep them: what is done with `(values a b)` goes to where that stands.
//!
//! `(if c (values 1 2) (values 3 4))`, received by a loop, becomes `(if c (loop 1 2) (loop 3 4))`. Only an expression that
//! nobody can look into is called for its values.

use crate::interp::expand::{Expander, Part, scope::Scope, syntax::Syntax};

/// What is done with the values, each given as an expression that may be written once.
pub(super) type Taker<'a> = &'a dyn Fn(&mut Expander, &[Syntax]) -> Syntax;

/// Hands the `count` values of `body` to `take`.
pub(super) fn receive(x: &mut Expander, scope: &Scope, body: &Syntax, count: usize, take: Taker) -> Syntax {
    let Some([head, args @ ..]) = body.items() else { return called(x, body, count, take) };
    let known = [
        "values",
        "begin",
        "let",
        "let*",
        "letrec",
        "letrec*",
        "let-values",
        "let*-values",
        "if",
        "cond",
        "case",
        "match",
    ]
    .into_iter()
    .find(|word| x.means(head, scope, word));
    let within = match known {
        Some("values") if args.len() == count => return take(x, args),
        Some("begin") if !args.is_empty() => Some(1),
        Some("if") if args.len() == 3 => {
            let mut items = body.items().unwrap_or_default().to_vec();
            for branch in &mut items[2..] {
                *branch = receive(x, scope, branch, count, take);
            }
            return Syntax::list(items, body.span);
        }
        Some("cond") => return clauses(x, scope, body, 1, count, take),
        Some("case" | "match") => return clauses(x, scope, body, 2, count, take),
        Some(word) if word.starts_with("let") && args.len() > 1 && args[0].name().is_none() => Some(2),
        _ => None,
    };
    match within {
        Some(_) => last(x, scope, body, count, take),
        None => called(x, body, count, take),
    }
}

/// The same list, with its last expression's values handed on.
fn last(x: &mut Expander, scope: &Scope, list: &Syntax, count: usize, take: Taker) -> Syntax {
    let mut items = list.items().unwrap_or_default().to_vec();
    if let Some(last) = items.last_mut() {
        *last = receive(x, scope, last, count, take);
    }
    Syntax::list(items, list.span)
}

/// A form of clauses, each a list whose last expression gives the values. One of them is always taken, or it raises.
fn clauses(x: &mut Expander, scope: &Scope, form: &Syntax, from: usize, count: usize, take: Taker) -> Syntax {
    let items = form.items().unwrap_or_default();
    let Some(all) = items.get(from..) else { return called(x, form, count, take) };
    let plain = all.iter().all(|clause| {
        clause.items().is_some_and(|items| items.len() > 1 && !items.iter().any(|item| x.means(item, scope, "=>")))
    });
    let whole = x.means(&items[0], scope, "match")
        || all.last().and_then(Syntax::items).is_some_and(|items| x.means(&items[0], scope, "else"));
    if !plain || !whole {
        return called(x, form, count, take);
    }
    let mut items = items.to_vec();
    for clause in &mut items[from..] {
        *clause = last(x, scope, clause, count, take);
    }
    Syntax::list(items, form.span)
}

fn called(x: &mut Expander, body: &Syntax, count: usize, take: Taker) -> Syntax {
    let names: Vec<Syntax> = (0..count).map(|_| x.fresh("value", body.span)).collect();
    let taken = take(x, &names);
    let parts = [("BODY", Part::One(body)), ("NAMES", Part::Many(&names)), ("TAKEN", Part::One(&taken))];
    x.fill(body, "(let-values ([(NAMES...) BODY]) TAKEN)", &parts)
}
