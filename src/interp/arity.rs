//! Finds calls that give one of the program's procedures a number of arguments which its definition does not have.
//!
//! Steel puts the body of a short procedure in the place of its calls without counting their arguments. What is found here
//! is kept from that ([`super::source`]), and Steel counts. So a name that means something else where it stands does no
//! harm. Not here: procedures with a rest parameter, which Steel leaves alone, and telling anybody.

use super::lex::{self, Kind, Token};
use std::collections::{HashMap, HashSet};

/// The names of the procedures that are called so.
pub(super) fn miscalled(text: &str) -> HashSet<&str> {
    let tokens: Vec<Token> = lex::tokens(text).collect();
    let parameters = parameters(text, &tokens);
    let mut found = HashSet::new();
    if parameters.is_empty() {
        return found;
    }
    // The lists round the place: the name that each begins with, and how many things are in it.
    let mut lists: Vec<(&str, usize)> = Vec::new();
    for (kind, place) in &tokens {
        if *kind == Kind::Close {
            let Some((head, length)) = lists.pop() else { continue };
            if parameters.get(head).is_some_and(|count| *count != length - 1) {
                found.insert(head);
            }
            continue;
        }
        if let Some((head, length)) = lists.last_mut() {
            if *length == 0 && *kind == Kind::Name {
                *head = &text[place.clone()];
            }
            *length += 1;
        }
        if *kind == Kind::Open {
            lists.push(("", 0));
        }
    }
    found
}

/// How many parameters the procedures have that the program defines, where they are plain names.
fn parameters<'a>(text: &'a str, tokens: &[Token]) -> HashMap<&'a str, usize> {
    let word = |at: usize| match tokens.get(at) {
        Some((Kind::Name, place)) => &text[place.clone()],
        Some((Kind::Open, _)) => "(",
        _ => "",
    };
    let starts = (0..tokens.len()).filter(|at| word(*at) == "(" && word(at + 1) == "define");
    let defined = starts.filter_map(|at| {
        let (name, first) = match (word(at + 2), word(at + 4)) {
            ("(", _) => (word(at + 3), at + 4),
            (name, "lambda" | "λ") if word(at + 3) == "(" && word(at + 5) == "(" => (name, at + 6),
            _ => return None,
        };
        let names = tokens[first.min(tokens.len())..].iter().take_while(|(kind, _)| *kind == Kind::Name).count();
        let plain = tokens.get(first + names).is_some_and(|(kind, _)| *kind == Kind::Close);
        let plain = plain && (first..first + names).all(|at| word(at) != "." && !word(at).starts_with('#'));
        (plain && !matches!(name, "" | "(")).then_some((name, names))
    });
    defined.collect()
}

#[cfg(test)]
mod tests {
    use super::miscalled;

    #[test]
    fn calls_with_a_wrong_number_of_arguments_are_found() {
        let found = |text| {
            let mut found: Vec<_> = miscalled(text).into_iter().collect();
            found.sort_unstable();
            found
        };
        assert_eq!(found("(define (f x y) x) (f 1)"), ["f"]);
        assert_eq!(found("(define f (lambda (x) x)) (list (f '(1 2) \"b\"))"), ["f"]);
        assert_eq!(found("(define (f) 1) (define (g x) (f x)) (g) (f)"), ["f", "g"]);
        for right in [
            "(define (f x y) x) (f '(1 2) (g \"a b\"))",
            "(define (f x . rest) x) (f 1 2 3)",
            "(define (f x [y 1]) x) (f 1)",
            "(define f (lambda args args)) (f 1 2)",
            "(define (f x) x) (map f '(1 2)) (list f f f)",
            "(define x (f 1 2)) )",
        ] {
            assert_eq!(found(right), Vec::<&str>::new(), "{right}");
        }
    }
}
