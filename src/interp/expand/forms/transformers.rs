//! Macros written with `syntax-case` or `syntax-parse` that compute nothing: those are `syntax-rules` in other words.
//!
//! Not here: macros that compute, which the dialect has not.

use crate::interp::expand::syntax::{Name, Node, Syntax};

/// The `syntax-rules` that a transformer comes to: `(lambda (stx) (syntax-case stx () [pattern #'template] …))`.
pub(in crate::interp::expand) fn as_rules(transformer: &Syntax) -> Option<Syntax> {
    match transformer.items()? {
        [head, parameters, body @ ..] if head.is_word("lambda") || head.is_word("λ") => {
            from_procedure(parameters.items()?, body)
        }
        [head, clauses @ ..] if head.is_word("syntax-parser") => rules(&[], clauses, transformer, true),
        _ => None,
    }
}

/// The same of `(define-syntax (name stx) body …)`: its parameters and its body.
pub(in crate::interp::expand) fn from_procedure(parameters: &[Syntax], body: &[Syntax]) -> Option<Syntax> {
    let ([parameter], [body]) = (parameters, body) else { return None };
    let items = body.items()?;
    match items {
        [head, of, literals, clauses @ ..] if head.is_word("syntax-case") && of.word() == parameter.word() => {
            rules(literals.items()?, clauses, body, false)
        }
        [head, of, clauses @ ..] if head.is_word("syntax-parse") && of.word() == parameter.word() => {
            rules(&[], clauses, body, true)
        }
        // It is the same whatever it is used with.
        _ => {
            let any = Syntax::new(Node::Name(Name::Plain("_".into())), body.span);
            let pattern = Syntax::new(Node::Dotted([any.clone()].into(), any.into()), body.span);
            let rule = Syntax::list(vec![pattern, template(body)?.clone()], body.span);
            Some(written(Vec::new(), vec![rule], body))
        }
    }
}

/// `#'template`, `(syntax/loc place template)`
fn template(expression: &Syntax) -> Option<&Syntax> {
    match expression.items()? {
        [head, template] if head.is_word("syntax") => Some(template),
        [head, _, template] if head.is_word("syntax/loc") => Some(template),
        _ => None,
    }
}

fn rules(literals: &[Syntax], clauses: &[Syntax], at: &Syntax, parse: bool) -> Option<Syntax> {
    let mut literals = literals.to_vec();
    let mut clauses = clauses;
    while let [option, value, rest @ ..] = clauses
        && option.keyword().is_some()
    {
        match option.keyword()? {
            "literals" | "datum-literals" => literals.extend(value.items()?.iter().cloned()),
            _ => return None,
        }
        clauses = rest;
    }
    // What a class refuses goes to the next clause: only where there is none can it be left out.
    let classes = parse && clauses.len() == 1;
    let rules = clauses.iter().map(|clause| match clause.items()? {
        [pattern, result] => {
            let pattern = if parse { without_classes(pattern, classes)? } else { pattern.clone() };
            Some(Syntax::list(vec![pattern, template(result)?.clone()], clause.span))
        }
        _ => None,
    });
    Some(written(literals, rules.collect::<Option<_>>()?, at))
}

fn written(literals: Vec<Syntax>, rules: Vec<Syntax>, at: &Syntax) -> Syntax {
    let word = Syntax::new(Node::Name(Name::Plain("syntax-rules".into())), at.span);
    let mut items = vec![word, Syntax::list(literals, at.span)];
    items.extend(rules);
    Syntax::list(items, at.span)
}

/// A pattern of `syntax-parse` with `name` for `name:class`; none if it says more.
fn without_classes(pattern: &Syntax, allowed: bool) -> Option<Syntax> {
    let node = match &pattern.node {
        Node::Name(name) => match name.word().split_once(':') {
            Some((word, class)) if !word.is_empty() && !class.is_empty() => {
                let known = matches!(class, "id" | "expr" | "number" | "str" | "string" | "integer" | "boolean");
                if !known || !allowed && class != "expr" {
                    return None;
                }
                Node::Name(Name::Plain(word.into()))
            }
            _ => pattern.node.clone(),
        },
        Node::List(items) => {
            if items.first().is_some_and(|head| head.word().is_some_and(|word| word.starts_with('~'))) {
                return None;
            }
            Node::List(items.iter().map(|item| without_classes(item, allowed)).collect::<Option<_>>()?)
        }
        Node::Dotted(items, tail) => Node::Dotted(
            items.iter().map(|item| without_classes(item, allowed)).collect::<Option<_>>()?,
            without_classes(tail, allowed)?.into(),
        ),
        _ => pattern.node.clone(),
    };
    Some(Syntax::new(node, pattern.span))
}
