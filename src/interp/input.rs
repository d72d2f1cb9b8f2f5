//! What a prompt has to know of the text that is being typed: whether it is complete, and what it defines. Runs in the
//! host's process; nothing is evaluated.

use super::{
    expand::{
        read,
        syntax::{Node, Syntax},
    },
    lex::{self, Kind, Unbalanced},
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
    let goes_on = read::ends_early(text)
        .unwrap_or_else(|| matches!(lex::unbalanced(text), Some(Unbalanced::Open { .. } | Unbalanced::Text { .. })));
    !goes_on
}

/// Follows the brackets of a text that grows, so that the whole of it need not be read for every line.
#[derive(Default)]
pub(crate) struct Growing {
    /// Up to here nothing can change any more.
    at: usize,
    /// The brackets that are open there.
    open: Vec<u8>,
}

impl Growing {
    /// Whether the text, which begins as it did before, goes on for certain. If not, [`input_is_complete`] is to be asked.
    pub(crate) fn goes_on(&mut self, text: &str) -> bool {
        let (from, mut last) = (self.at, None);
        for (kind, place) in lex::tokens(&text[from..]) {
            // The last token may be another one when there is more text.
            if let Some((kind, place)) = last.replace((kind, from + place.start..from + place.end)) {
                if !fits(&mut self.open, kind, text.as_bytes()[place.start]) {
                    return false;
                }
                self.at = place.end;
            }
        }
        match last {
            Some((Kind::Text(false), _)) => true,
            Some((Kind::Open, _)) => true,
            Some((Kind::Close, place)) => {
                self.open.len() > 1 && closes(self.open.last().copied(), text.as_bytes()[place.start])
            }
            _ => !self.open.is_empty(),
        }
    }
}

/// Opens or closes a bracket. Whether it closes what is open.
fn fits(open: &mut Vec<u8>, kind: Kind, bracket: u8) -> bool {
    match kind {
        Kind::Open => open.push(bracket),
        Kind::Close => return closes(open.pop(), bracket),
        _ => {}
    }
    true
}

fn closes(open: Option<u8>, bracket: u8) -> bool {
    matches!((open, bracket), (Some(b'('), b')') | (Some(b'['), b']') | (Some(b'{'), b'}'))
}

/// The procedures that a text defines at its top level, and how each is called, as it stands there: `(f x #:key [k 1])`.
pub(crate) fn procedures(text: &str) -> Vec<(String, String)> {
    let forms = read::shallow(text);
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
    fn what_is_nested_without_end_needs_no_stack() {
        for (text, complete) in [("(", false), ("'", true), ("#;", true), ("[(", false)] {
            assert_eq!(input_is_complete(&text.repeat(100_000)), complete, "{text}");
        }
        assert!(input_is_complete(&format!("{}{}", "(".repeat(100_000), ")".repeat(100_000))));
        assert_eq!(procedures(&"(define ".repeat(100_000)), []);
    }

    #[test]
    fn a_text_that_grows_is_followed_without_being_read_again() {
        let mut growing = Growing::default();
        let mut text = String::new();
        for (line, goes_on) in [
            ("(define (f x) ; (", true),
            ("  \"a ) string", true),
            ("of lines\" #\\)", true),
            ("  #| (", true),
            (") |#", true),
            ("  #<<T", true),
            (")))", true),
            ("T", true),
            ("  [x]", true),
            (")", false),
        ] {
            text += &format!("{line}\n");
            assert_eq!(growing.goes_on(&text), goes_on, "{text}");
        }
        for wrong in [")", "(f]", "(f (g]\n", "(a))"] {
            assert!(!Growing::default().goes_on(wrong), "{wrong}");
            assert!(!Growing::default().goes_on(&format!("{wrong} x")), "{wrong}");
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
