//! Cuts a program into tokens, as far as explaining an error needs it: parentheses, names, strings and where they end.
//!
//! Not here: what a program means, and rewriting it (`source.rs`). Nothing is refused by what is found here: it is asked
//! only once Steel has refused.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Open,
    Close,
    Name,
    /// A string; whether it ends.
    Text(bool),
    /// A comment of several lines, or a character.
    Other,
}

/// A token and its bytes.
pub(crate) type Token = (Kind, Range<usize>);

/// All tokens; white space, line comments and quotes left out.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let c = rest.chars().next()?;
            let (kind, len) = match c {
                c if c.is_whitespace() || matches!(c, '\'' | '`' | ',' | '@') => (None, c.len_utf8()),
                ';' => (None, rest.find('\n').unwrap_or(rest.len())),
                '(' | '[' | '{' => (Some(Kind::Open), 1),
                ')' | ']' | '}' => (Some(Kind::Close), 1),
                '"' => string(rest),
                '#' if rest.starts_with("#|") => (Some(Kind::Other), super::expand::read::block_comment(rest)),
                '#' if rest.starts_with("#\\") => (Some(Kind::Other), character(rest)),
                '#' if rest.starts_with("#;") => (None, 2),
                '#' if rest.starts_with("#<<") => here_string(rest),
                '#' if rest[1..].starts_with(['(', '[', '{']) => (None, 1),
                '|' => (Some(Kind::Name), rest[1..].find('|').map_or(rest.len(), |end| end + 2)),
                _ => (Some(Kind::Name), name(rest)),
            };
            let place = at..at + len;
            at += len;
            if let Some(kind) = kind {
                return Some((kind, place));
            }
        }
    })
}

fn name(rest: &str) -> usize {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    first + rest[first..].find(super::expand::read::is_delimiter).unwrap_or(rest.len() - first)
}

fn character(rest: &str) -> usize {
    let first = rest[2..].chars().next().map_or(0, char::len_utf8);
    let after = &rest[2 + first..];
    2 + first + after.find(super::expand::read::is_delimiter).unwrap_or(after.len())
}

fn string(rest: &str) -> (Option<Kind>, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (Some(Kind::Text(true)), at + 1),
            _ => {}
        }
    }
    (Some(Kind::Text(false)), rest.len())
}

fn here_string(rest: &str) -> (Option<Kind>, usize) {
    let first = rest.find('\n').map_or(rest.len(), |n| n + 1);
    let tag = rest[3..first].trim_end();
    let mut end = first;
    for line in rest[first..].split_inclusive('\n') {
        if line.trim_end() == tag {
            return (Some(Kind::Text(true)), end + tag.len());
        }
        end += line.len();
    }
    (Some(Kind::Text(false)), rest.len())
}

/// The names in a program.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    tokens(text).filter(|(kind, _)| *kind == Kind::Name).map(|(_, place)| &text[place])
}

/// What keeps a program's parentheses from matching.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unbalanced {
    /// Something opens and never closes; where, within it, a new form begins at the margin.
    Open { at: usize, next: Option<usize> },
    /// A string begins and never ends.
    Text { at: usize },
    /// Something closes what is not open.
    Close { at: usize },
    /// What opens is closed by another kind.
    Crossed { open: usize, at: usize },
}

/// Looks for it.
pub(super) fn unbalanced(text: &str) -> Option<Unbalanced> {
    let mut open: Vec<usize> = Vec::new();
    // Openers at the margin that stand within others.
    let mut margin: Vec<usize> = Vec::new();
    for (kind, place) in tokens(text) {
        let at = place.start;
        match kind {
            Kind::Open => {
                if !open.is_empty() && (at == 0 || text[..at].ends_with('\n')) {
                    margin.push(at);
                }
                open.push(at);
            }
            Kind::Close => match open.pop() {
                None => return Some(Unbalanced::Close { at }),
                Some(opener) if !fits(&text[opener..], &text[at..]) => {
                    return Some(Unbalanced::Crossed { open: opener, at });
                }
                Some(_) => {}
            },
            Kind::Text(false) => return Some(Unbalanced::Text { at }),
            Kind::Text(true) | Kind::Name | Kind::Other => {}
        }
    }
    // What is open where the first form at the margin begins should have ended before it.
    let next = margin.into_iter().find(|next| open.iter().any(|at| at < next));
    let at = *open.iter().rfind(|at| next.is_none_or(|next| **at < next))?;
    Some(Unbalanced::Open { at, next })
}

fn fits(open: &str, close: &str) -> bool {
    matches!((open.as_bytes()[0], close.as_bytes()[0]), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_come_out_of_strings_and_comments() {
        let text = "(define (f-1 x) \"no\\\" no\" ; no\n #| no |# #\\n 'yes #<<T\nno\nT\n `(,|a b| #t))";
        assert_eq!(names(text).collect::<Vec<_>>(), ["define", "f-1", "x", "yes", "|a b|", "#t"]);
    }

    #[test]
    fn the_opener_that_is_not_closed_is_found() {
        let open = |text| match unbalanced(text) {
            Some(Unbalanced::Open { at, next }) => (at, next),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(open("(define (f x)\n  (list x\n(g 1)\n(h 2)"), (16, Some(24)));
        assert_eq!(open("(a)\n(b (c)"), (4, None));
        assert_eq!(open("'(1 2"), (1, None));
        assert_eq!(open("(a (b (c)"), (3, None));
        assert_eq!(unbalanced("(a))"), Some(Unbalanced::Close { at: 3 }));
        assert_eq!(unbalanced("[a)"), Some(Unbalanced::Crossed { open: 0, at: 2 }));
        assert_eq!(unbalanced("(a \"b)"), Some(Unbalanced::Text { at: 3 }));
        assert_eq!(unbalanced("(a #\\( \"(\" #|(|# ; (\n)"), None);
    }
}
