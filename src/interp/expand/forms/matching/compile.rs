//! From patterns to steps: what is tested, and where the value's parts are found.
//!
//! A part of the value is an expression such as `(car v)`. It gets a name of its own only where it is needed more than
//! once, so that most clauses are one condition, and need no procedure for what is tried when they fail.

use super::{
    patterns::{Entry, Others, Pattern, Segment},
    steps::{Attempt, Failure, Step, condition, first_of, write},
};
use crate::interp::expand::{Expander, Part, syntax::Syntax};

/// Collects the steps of a clause, and what its names stand for.
#[derive(Default)]
pub(super) struct Matcher {
    pub(super) steps: Vec<Step>,
    /// The program's names, and the parts of the value that they stand for.
    pub(super) names: Vec<(Syntax, Syntax)>,
    /// The same of what lies before: such a name is compared where it stands again, so that a search goes on when it
    /// differs.
    before: Vec<(Syntax, Syntax)>,
}

/// Fills a template in which V is the value's part.
pub(super) fn of(x: &Expander, place: &Syntax, template: &'static str) -> Syntax {
    x.fill(place, template, &[("V", Part::One(place))])
}

impl Matcher {
    /// Takes the value at PLACE, an expression that is cheap and may be written twice, for what PATTERN says.
    pub(super) fn take(&mut self, x: &mut Expander, pattern: Pattern, place: Syntax) {
        match pattern {
            Pattern::Any => {}
            Pattern::Name(name) => self.name(x, name, place),
            Pattern::Datum(datum) => {
                let template =
                    if datum.items().is_some_and(<[Syntax]>::is_empty) { "(null? V)" } else { "(equal? V 'D)" };
                self.test(x.fill(&datum, template, &[("V", Part::One(&place)), ("D", Part::One(&datum))]));
            }
            Pattern::Equal(value, same) => {
                let same = same.unwrap_or_else(|| x.fill(&value, "equal?", &[]));
                let parts = [("SAME", Part::One(&same)), ("W", Part::One(&value)), ("V", Part::One(&place))];
                self.test(x.fill(&value, "(SAME W V)", &parts));
            }
            Pattern::List(segments, rest) => self.list(x, segments, rest, place),
            Pattern::Vector(segments) => self.vector(x, segments, place),
            Pattern::Record(predicate, fields) => {
                let place = self.part(x, place, fields.len() + 1);
                self.test(x.fill(&place, "(P V)", &[("P", Part::One(&predicate)), ("V", Part::One(&place))]));
                for (accessor, field) in fields {
                    let part = x.fill(&place, "(A V)", &[("A", Part::One(&accessor)), ("V", Part::One(&place))]);
                    self.take(x, field, part);
                }
            }
            Pattern::Boxed(inner) => {
                let place = self.part(x, place, 2);
                self.test(of(x, &place, "(box? V)"));
                let part = of(x, &place, "(unbox V)");
                self.take(x, *inner, part);
            }
            Pattern::And(all) => {
                let place = self.part(x, place, all.len());
                for pattern in all {
                    self.take(x, pattern, place.clone());
                }
            }
            Pattern::Or(all) => self.either(x, all, place),
            Pattern::Not(all) => {
                let place = self.part(x, place, all.len());
                for pattern in all {
                    let no = alone(x, pattern, &place);
                    self.test(x.fill(&place, "(not NO)", &[("NO", Part::One(&no))]));
                }
            }
            Pattern::Predicate(predicate, all) => {
                let place = self.part(x, place, all.len() + 1);
                self.test(x.fill(&predicate, "(P V)", &[("P", Part::One(&predicate)), ("V", Part::One(&place))]));
                for pattern in all {
                    self.take(x, pattern, place.clone());
                }
            }
            Pattern::Apply(function, all) => {
                let parts = [("F", Part::One(&function)), ("V", Part::One(&place))];
                if all.len() > 1 {
                    // One of its values for each pattern.
                    let values = x.fill(&function, "(call-with-values (lambda () (F V)) list)", &parts);
                    let values = self.once(x, values);
                    let each = all.into_iter().map(Segment::One).collect();
                    return self.take(x, Pattern::List(each, None), values);
                }
                let value = x.fill(&function, "(F V)", &parts);
                let value = self.once(x, value);
                for pattern in all {
                    self.take(x, pattern, value.clone());
                }
            }
            Pattern::Regexp(made, found) => {
                let place = self.part(x, place, 2);
                self.test(of(x, &place, "(or (string? V) (bytes? V))"));
                let value = x.fill(&made, "(regexp-match RX V)", &[("RX", Part::One(&made)), ("V", Part::One(&place))]);
                match found {
                    None => self.test(value),
                    Some(found) => {
                        let value = self.once(x, value);
                        self.test(value.clone());
                        self.take(x, *found, value);
                    }
                }
            }
            Pattern::Hash(entries, others) => self.hash(x, entries, others, place),
            Pattern::Pairs(pattern) => {
                let place = self.part(x, place, 2);
                self.test(of(x, &place, "(hash? V)"));
                let pairs = of(x, &place, "(hash->list V)");
                let pairs = self.once(x, pairs);
                self.take(x, *pattern, pairs);
            }
            Pattern::Unordered(patterns, rest) => self.unordered(x, patterns, rest, place),
        }
    }

    /// For what follows within a search; `more` was found meanwhile.
    pub(super) fn within(&self, more: &[(Syntax, Syntax)]) -> Self {
        let before = self.before.iter().chain(&self.names).chain(more).cloned().collect();
        Self { before, ..Self::default() }
    }

    pub(super) fn test(&mut self, test: Syntax) {
        self.steps.push(Step::Test(test));
    }

    /// A place that is written so often: a name, unless it is as cheap as one.
    pub(super) fn part(&mut self, x: &mut Expander, place: Syntax, uses: usize) -> Syntax {
        let deep = place.items().is_some_and(|items| items.iter().any(|item| item.items().is_some()));
        if place.name().is_some() || uses < 2 || uses == 2 && !deep {
            return place;
        }
        let name = x.fresh("part", place.span);
        self.steps.push(Step::Part(name.clone(), place));
        name
    }

    pub(super) fn once(&mut self, x: &mut Expander, value: Syntax) -> Syntax {
        let name = x.fresh("value", value.span);
        self.steps.push(Step::Once(name.clone(), value));
        name
    }

    /// A name of the program's: a second one is equal to the first.
    pub(super) fn name(&mut self, x: &mut Expander, name: Syntax, place: Syntax) {
        match self.before.iter().chain(&self.names).find(|(known, _)| known.name() == name.name()) {
            None => self.names.push((name, place)),
            Some((_, first)) => {
                let parts = [("FIRST", Part::One(first)), ("V", Part::One(&place))];
                let same = x.fill(&name, "((match-equality-test) FIRST V)", &parts);
                self.test(same);
            }
        }
    }

    pub(super) fn vector(&mut self, x: &mut Expander, segments: Vec<Segment>, place: Syntax) {
        let place = self.part(x, place, segments.len() + 2);
        self.test(of(x, &place, "(vector? V)"));
        if segments.iter().any(|segment| !matches!(segment, Segment::One(_))) {
            let items = of(x, &place, "(vector->list V)");
            let items = self.once(x, items);
            return self.list(x, segments, None, items);
        }
        let count = Syntax::integer(segments.len(), place.span);
        let parts = [("V", Part::One(&place)), ("N", Part::One(&count))];
        self.test(x.fill(&place, "(= (vector-length V) N)", &parts));
        self.items(x, segments, &place, |x, place, at, _| {
            let at = Syntax::integer(at, place.span);
            x.fill(place, "(vector-ref V AT)", &[("V", Part::One(place)), ("AT", Part::One(&at))])
        });
    }

    /// Any of these, which all bind the same names.
    pub(super) fn either(&mut self, x: &mut Expander, patterns: Vec<Pattern>, place: Syntax) {
        let place = self.part(x, place, patterns.len());
        let mut branches: Vec<Self> = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let mut branch = self.within(&[]);
            branch.take(x, pattern, place.clone());
            branches.push(branch);
        }
        let names: Vec<Syntax> =
            branches.first().map_or(Vec::new(), |branch| branch.names.iter().map(|(name, _)| name.clone()).collect());
        if names.is_empty() {
            let any: Vec<Syntax> = branches.into_iter().map(|branch| condition(x, branch.steps, &place)).collect();
            return self.test(x.fill(&place, "(or ANY...)", &[("ANY", Part::Many(&any))]));
        }
        let params: Vec<Syntax> = names.iter().map(|name| x.fresh("found", name.span)).collect();
        let bound: Vec<(Syntax, Syntax)> = names.iter().cloned().zip(params.iter().cloned()).collect();
        let found = x.fresh("found", place.span);
        self.steps.push(Step::Round(Box::new(move |x, success, failure| {
            let attempts = branches.into_iter().map(|branch| {
                let values: Vec<Syntax> = names
                    .iter()
                    .map(|name| {
                        let known = branch.names.iter().find(|(known, _)| known.name() == name.name());
                        known.map_or_else(|| Syntax::boolean(false, name.span), |(_, place)| place.clone())
                    })
                    .collect();
                let found = found.clone();
                let attempt: Attempt = Box::new(move |x, failure| {
                    let parts = [("FOUND", Part::One(&found)), ("VALUES", Part::Many(&values))];
                    let success = x.fill(&found, "(FOUND VALUES...)", &parts);
                    write(x, branch.steps, success, failure)
                });
                attempt
            });
            let attempts = attempts.collect();
            let out = failure.write();
            let tried = first_of(x, attempts, out);
            let parts = [
                ("FOUND", Part::One(&found)),
                ("PARAMS", Part::Many(&params)),
                ("SUCCESS", Part::One(&success)),
                ("TRIED", Part::One(&tried)),
            ];
            x.fill(&place, "(let ([FOUND (lambda (PARAMS...) SUCCESS)]) TRIED)", &parts)
        })));
        self.names(x, bound);
    }

    pub(super) fn hash(&mut self, x: &mut Expander, entries: Vec<Entry>, others: Others, place: Syntax) {
        let place = self.part(x, place, 1 + 2 * entries.len());
        self.test(of(x, &place, "(hash? V)"));
        let count = entries.len();
        let mut keys = Vec::with_capacity(count);
        for entry in entries {
            let literal = entry.key.name().is_some() || entry.key.items().is_none_or(|items| items[0].is_word("quote"));
            let key = if literal { entry.key } else { self.once(x, entry.key) };
            let parts = [("V", Part::One(&place)), ("KEY", Part::One(&key))];
            let value = match &entry.default {
                None => {
                    self.test(x.fill(&place, "(hash-has-key? V KEY)", &parts));
                    x.fill(&place, "(hash-ref V KEY)", &parts)
                }
                Some(default) => {
                    let [v, key] = parts;
                    let parts = [v, key, ("DEFAULT", Part::One(default))];
                    let value = x.fill(&place, "(if (hash-has-key? V KEY) (hash-ref V KEY) DEFAULT)", &parts);
                    self.once(x, value)
                }
            };
            self.take(x, entry.value, value);
            keys.push(key);
        }
        let rest = |x: &mut Expander| {
            let mut rest = place.clone();
            for key in &keys {
                rest = x.fill(&place, "(hash-remove V KEY)", &[("V", Part::One(&rest)), ("KEY", Part::One(key))]);
            }
            rest
        };
        match others {
            Others::Ignored => {}
            Others::None => {
                let count = Syntax::integer(count, place.span);
                let parts = [("V", Part::One(&place)), ("N", Part::One(&count))];
                self.test(x.fill(&place, "(= (hash-count V) N)", &parts));
            }
            Others::Rest(pattern) => {
                let rest = rest(x);
                let rest = self.once(x, rest);
                self.take(x, *pattern, rest);
            }
            Others::Listed(pattern) => {
                let rest = rest(x);
                let rest = of(x, &rest, "(hash->list V)");
                let rest = self.once(x, rest);
                self.take(x, *pattern, rest);
            }
        }
    }

    /// Items in any order.
    pub(super) fn unordered(
        &mut self,
        x: &mut Expander,
        patterns: Vec<Pattern>,
        rest: Option<Box<Pattern>>,
        place: Syntax,
    ) {
        let place = self.part(x, place, 2);
        self.test(of(x, &place, "(list? V)"));
        self.picked(x, patterns.into_iter(), rest, place);
    }

    /// The first pattern picks an item, and another one when what follows fails.
    pub(super) fn picked(
        &mut self,
        x: &mut Expander,
        mut patterns: std::vec::IntoIter<Pattern>,
        rest: Option<Box<Pattern>>,
        list: Syntax,
    ) {
        let Some(pattern) = patterns.next() else {
            return match rest {
                None => self.test(of(x, &list, "(null? V)")),
                Some(rest) => self.many(x, *rest, list),
            };
        };
        let fresh = |x: &Expander, word| x.fresh(word, list.span);
        let (again, before, left, item, others) =
            (fresh(x, "pick"), fresh(x, "before"), fresh(x, "left"), fresh(x, "item"), fresh(x, "others"));
        let mut one = self.within(&[]);
        one.take(x, pattern, item.clone());
        let mut after = self.within(&one.names);
        after.picked(x, patterns, rest, others.clone());
        let mut names = one.names;
        names.extend(after.names);
        self.steps.push(Step::Round(Box::new(move |x, success, failure| {
            let names = [
                ("AGAIN", Part::One(&again)),
                ("BEFORE", Part::One(&before)),
                ("LEFT", Part::One(&left)),
                ("ITEM", Part::One(&item)),
            ];
            let another = x.fill(&item, "(AGAIN (cons ITEM BEFORE) (cdr LEFT))", &names);
            let inner = write(x, after.steps, success, &Failure::new(another.clone()));
            let [again, before, left, item] = names;
            let parts = [before, left, ("OTHERS", Part::One(&others)), ("INNER", Part::One(&inner))];
            let inner = x.fill(&list, "(let ([OTHERS (append (reverse BEFORE) (cdr LEFT))]) INNER)", &parts);
            let inner = write(x, one.steps, inner, &Failure::new(another));
            let out = failure.write();
            let [before, left, ..] = parts;
            let parts = [
                again,
                before,
                left,
                item,
                ("LIST", Part::One(&list)),
                ("INNER", Part::One(&inner)),
                ("OUT", Part::One(&out)),
            ];
            let template =
                "(let AGAIN ([BEFORE '()] [LEFT LIST]) (if (pair? LEFT) (let ([ITEM (car LEFT)]) INNER) OUT))";
            x.fill(&list, template, &parts)
        })));
        self.names(x, names);
    }
}

/// The names of a pattern that was taken of several items: lists of what each stood for.
pub(super) fn gathered(x: &Expander, names: Vec<(Syntax, Syntax)>, found: &[Syntax]) -> Vec<(Syntax, Syntax)> {
    names.into_iter().zip(found).map(|((name, _), found)| (name, of(x, found, "(reverse V)"))).collect()
}

/// What is found so far, and what was found just now.
pub(super) fn longer(x: &Expander, places: &[Syntax], found: &[Syntax]) -> Vec<Syntax> {
    let all = places.iter().zip(found);
    all.map(|(place, found)| x.fill(place, "(cons P V)", &[("P", Part::One(place)), ("V", Part::One(found))])).collect()
}

/// An item of a list.
pub(super) fn nth(x: &Expander, list: &Syntax, at: usize) -> Syntax {
    if at == 0 {
        return of(x, list, "(car V)");
    }
    let at = Syntax::integer(at, list.span);
    x.fill(list, "(list-ref V AT)", &[("V", Part::One(list)), ("AT", Part::One(&at))])
}

/// Whether a value is what a pattern says, as a condition; its names are nobody's.
pub(super) fn alone(x: &mut Expander, pattern: Pattern, place: &Syntax) -> Syntax {
    let mut matcher = Matcher::default();
    matcher.take(x, pattern, place.clone());
    condition(x, matcher.steps, place)
}
