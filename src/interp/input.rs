//! What a prompt has to know of the text that is being typed: whether it is complete, and what it defines. Runs in the
//! host's process; nothing is evaluated.

use super::expand::{
    read,
    syntax::{Node, Syntax},
};

/// Whether a text can be run as it stands. Where it cannot, something that it began goes on: a list, a string, a comment.
/// A text that is wrong is complete: more of it would not mend it.
///
/// ```
/// assert!(bessemer::input_is_complete("(+ 1 2)"));
/// assert!(!bessemer::input_is_complete("(define (f x)"));
/// assert!(bessemer::input_is_complete("(+ 1 2))"));
/// ```
pub fn input_is_complete(text: &str) -> bool {
    !read::ends_early(text)
}

/// The procedures that a text defines at its top level, and how each is called, as it stands there: `(f x #:key [k 1])`.
pub(crate) fn procedures(text: &str) -> Vec<(String, String)> {
    let forms = read::program(text, false).unwrap_or_default();
    forms.iter().filter_map(|form| procedure(form, text)).collect()
}

fn procedure(form: &Syntax, text: &str) -> Option<(String, String)> {
    let items = list(form)?;
    let (head, what) = (items.first()?, items.get(1)?);
    let shown = |syntax: &Syntax| text.get(syntax.span.range()).map(in_one_line);
    if head.is_word("struct") {
        let (name, fields) = (what.name()?.word(), list(items.get(2)?)?);
        let fields = fields.iter().map(|field| shown(list(field).and_then(|parts| parts.first()).unwrap_or(field)));
        let fields: String = fields.flatten().map(|field| format!(" {field}")).collect();
        return Some((name.to_string(), format!("({name}{fields})")));
    }
    if !head.is_word("define") {
        return None;
    }
    match &what.node {
        // `(define name (lambda (x) …))`
        Node::Name(name) => {
            let lambda = list(items.get(2)?)?;
            let parameters = lambda.get(1).filter(|_| lambda[0].is_word("lambda") || lambda[0].is_word("λ"))?;
            let inner = shown(parameters)?;
            let inner = inner.trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
            let gap = if inner.is_empty() { "" } else { " " };
            Some((name.word().to_string(), format!("({}{gap}{inner})", name.word())))
        }
        Node::List(parts) => Some((parts.first()?.name()?.word().to_string(), shown(what)?)),
        Node::Dotted(parts, _) => Some((parts.first()?.name()?.word().to_string(), shown(what)?)),
        _ => None,
    }
}

fn list(syntax: &Syntax) -> Option<&[Syntax]> {
    match &syntax.node {
        Node::List(items) if !items.is_empty() => Some(items),
        _ => None,
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_complete_when_all_that_it_began_has_ended() {
        for text in
            ["", "  ", "; note", "1", "(f)", "[f {x}]", "\"a\"", "'x", "(f) (g)", "#<<T\nx\nT\n", "#| a |#", "#;(a)"]
        {
            assert!(input_is_complete(text), "{text}");
        }
        for text in [
            "(f",
            "(f (g)",
            "\"a",
            "\"a\\\"",
            "'",
            "(f) (g",
            "#<<T\nx\n",
            "#<<T",
            "#| a",
            "#;",
            "(f \")\"",
            "#(1",
            "`(a ,",
        ] {
            assert!(!input_is_complete(text), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_not_waited_for() {
        for text in [")", "(f))", "(f]", "(')", "(f (g]", "#lang-foo", "(a . b c)"] {
            assert!(input_is_complete(text), "{text}");
        }
    }

    #[test]
    fn the_procedures_of_an_input_are_found_with_their_parameters() {
        let text = "(define (f x #:key [k 1]) x)\n(define (g . r) 1) (define h (lambda (a\n b) 1)) (define x 2)\n\
                    (struct point (x [y #:mutable]))";
        let found: Vec<_> = procedures(text).into_iter().map(|(_, signature)| signature).collect();
        assert_eq!(found, ["(f x #:key [k 1])", "(g . r)", "(h a b)", "(point x y)"]);
        assert_eq!(procedures("(define (f x)"), []);
    }
}
