//! Quasiquotation.

use crate::interp::{
    dialect::hashes::Kind,
    expand::{
        Expander, Part, Step,
        code::{Code, Op},
        error,
        scope::Scope,
        syntax::{Node, Span, Syntax},
    },
};

/// What a quasiquoted datum comes to.
pub(super) fn expand(x: &mut Expander, datum: &Syntax, scope: &Scope) -> Step<Code> {
    quasi(x, datum, scope, 0)
}

/// The form and the datum of `(word datum)`.
fn marked<'a>(x: &Expander, datum: &'a Syntax, scope: &Scope) -> Option<(&'static str, &'a Syntax)> {
    let Some([head, inner]) = datum.items() else { return None };
    ["unquote", "unquote-splicing", "quasiquote"]
        .into_iter()
        .find(|word| x.means(head, scope, word))
        .map(|w| (w, inner))
}

fn call(native: &str, args: Vec<Code>, span: Span) -> Code {
    let mut items = vec![Code::new(Op::Native(native.into()), span)];
    items.extend(args);
    Code::new(Op::Call(items), span)
}

fn quoted(datum: &Syntax) -> Code {
    Code::new(Op::Quote(datum.clone()), datum.span)
}

fn is_quoted(code: &Code) -> bool {
    matches!(code.op, Op::Quote(_))
}

/// Whether a datum is an unquoted expression, which may be a constant: then too it does not stand as it is written.
fn is_computed(x: &Expander, datum: &Syntax, scope: &Scope, depth: usize) -> bool {
    depth == 0 && matches!(marked(x, datum, scope), Some(("unquote", _)))
}

fn quasi(x: &mut Expander, datum: &Syntax, scope: &Scope, depth: usize) -> Step<Code> {
    let span = datum.span;
    match marked(x, datum, scope) {
        Some(("unquote", inner)) if depth == 0 => return x.expression(inner, scope),
        Some(("unquote-splicing", _)) if depth == 0 => {
            return Err(error(span, "`,@` stands where no list is built", "it splices a list into the list round it"));
        }
        Some((word, inner)) => {
            let depth = if word == "quasiquote" { depth + 1 } else { depth - 1 };
            let code = quasi(x, inner, scope, depth)?;
            if is_quoted(&code) && !is_computed(x, inner, scope, depth) {
                return Ok(quoted(datum));
            }
            let head = datum.items().and_then(|items| items.first()).unwrap_or(datum);
            return Ok(call("list", vec![quoted(head), code], span));
        }
        None => {}
    }
    match &datum.node {
        Node::List(items) => list(x, items, None, datum, scope, depth),
        Node::Dotted(items, tail) => list(x, items, Some(tail), datum, scope, depth),
        Node::Vector(items) => {
            let code = list(x, items, None, datum, scope, depth)?;
            Ok(if is_quoted(&code) { quoted(datum) } else { call("list->vector", vec![code], span) })
        }
        // The values of a hash, but not its keys, may be computed.
        Node::Hash(kind, pairs) if depth == 0 => {
            let mut args = Vec::with_capacity(pairs.len() * 2);
            let mut plain = true;
            for (key, value) in pairs.iter() {
                let code = quasi(x, value, scope, depth)?;
                plain &= is_quoted(&code) && !is_computed(x, value, scope, depth);
                args.push(x.fill(key, "(quote KEY)", &[("KEY", Part::One(key))]));
                args.push(x.fill(value, "(quasiquote VALUE)", &[("VALUE", Part::One(value))]));
            }
            if plain {
                return Ok(quoted(datum));
            }
            let template = match kind {
                Kind::Equal => "(hash ARGS...)",
                Kind::Eqv => "(hasheqv ARGS...)",
                Kind::Eq => "(hasheq ARGS...)",
            };
            let made = x.fill(datum, template, &[("ARGS", Part::Many(&args))]);
            x.expression(&made, scope)
        }
        Node::Boxed(inner) => Ok(call("box", vec![quasi(x, inner, scope, depth)?], span)),
        Node::Prefab(key, fields) => {
            let code = list(x, fields, None, datum, scope, depth)?;
            Ok(if is_quoted(&code) { quoted(datum) } else { call("%prefab-of", vec![quoted(key), code], span) })
        }
        _ => Ok(quoted(datum)),
    }
}

fn list(
    x: &mut Expander,
    items: &[Syntax],
    tail: Option<&Syntax>,
    whole: &Syntax,
    scope: &Scope,
    depth: usize,
) -> Step<Code> {
    // `(a . ,b)` is read as `(a unquote b)`.
    if depth == 0
        && let [before @ .., mark, inner] = items
        && !before.is_empty()
        && tail.is_none()
        && x.means(mark, scope, "unquote")
    {
        let end = x.expression(inner, scope)?;
        return chain(x, before, end, false, scope, depth);
    }
    let end = match tail {
        Some(tail) => quasi(x, tail, scope, depth)?,
        None => quoted(&Syntax::list(Vec::new(), whole.span)),
    };
    let plain = is_quoted(&end) && !tail.is_some_and(|tail| is_computed(x, tail, scope, depth));
    let code = chain(x, items, end, plain, scope, depth)?;
    Ok(if is_quoted(&code) { quoted(whole) } else { code })
}

/// The items before a tail; the tail itself when it is plain and none of them is computed.
fn chain(x: &mut Expander, items: &[Syntax], end: Code, plain: bool, scope: &Scope, depth: usize) -> Step<Code> {
    let mut codes = Vec::with_capacity(items.len());
    let mut plain = plain;
    for item in items {
        let spliced = match marked(x, item, scope) {
            Some(("unquote-splicing", inner)) if depth == 0 => Some(inner),
            _ => None,
        };
        let code = match spliced {
            Some(inner) => x.expression(inner, scope)?,
            None => quasi(x, item, scope, depth)?,
        };
        plain &= spliced.is_none() && is_quoted(&code) && !is_computed(x, item, scope, depth);
        codes.push((code, spliced.is_some()));
    }
    if plain {
        return Ok(end);
    }
    let mut code = end;
    for (item, spliced) in codes.into_iter().rev() {
        let span = item.span;
        code = call(if spliced { "append" } else { "cons" }, vec![item, code], span);
    }
    Ok(code)
}
