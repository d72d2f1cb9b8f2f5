//! Patterns of lists: of a length that is known, and with `...`.

use super::{
    compile::{Matcher, gathered, longer, nth, of},
    patterns::{Pattern, Segment},
    steps::{Failure, Step, write},
};
use crate::interp::expand::{Expander, Part, syntax::Syntax};

impl Matcher {
    pub(super) fn list(&mut self, x: &mut Expander, segments: Vec<Segment>, rest: Option<Box<Pattern>>, place: Syntax) {
        let loose = segments.iter().filter(|segment| !matches!(segment, Segment::One(_))).count();
        match (loose, rest) {
            (0, None) => self.fixed(x, segments, place),
            (0, Some(rest)) => self.pairs(x, segments, *rest, place),
            (1, None) => self.stretched(x, segments, place),
            (_, rest) => {
                let place = self.part(x, place, 3);
                self.searched(x, segments, rest, place);
            }
        }
    }

    /// A list of so many items.
    pub(super) fn fixed(&mut self, x: &mut Expander, mut segments: Vec<Segment>, place: Syntax) {
        if segments.is_empty() {
            return self.test(of(x, &place, "(null? V)"));
        }
        let place = self.part(x, place, segments.len() + 1);
        let count = Syntax::integer(segments.len(), place.span);
        let known = segments.iter_mut().enumerate().find_map(|(at, segment)| match segment {
            Segment::One(pattern @ Pattern::Datum(_)) => Some((at, std::mem::replace(pattern, Pattern::Any))),
            _ => None,
        });
        let test = match &known {
            Some((at, Pattern::Datum(datum))) => {
                let at = Syntax::integer(*at, place.span);
                let parts = [
                    ("V", Part::One(&place)),
                    ("N", Part::One(&count)),
                    ("AT", Part::One(&at)),
                    ("D", Part::One(datum)),
                ];
                x.fill(&place, "(%form? V N AT 'D)", &parts)
            }
            _ => x.fill(&place, "(%length=? V N)", &[("V", Part::One(&place)), ("N", Part::One(&count))]),
        };
        self.test(test);
        self.items(x, segments, &place, |x, place, at, _| nth(x, place, at));
    }

    pub(super) fn items(
        &mut self,
        x: &mut Expander,
        segments: Vec<Segment>,
        place: &Syntax,
        part: fn(&Expander, &Syntax, usize, usize) -> Syntax,
    ) {
        let count = segments.len();
        for (at, segment) in segments.into_iter().enumerate() {
            let part = part(x, place, at, count);
            self.take(x, segment.pattern(), part);
        }
    }

    /// Some items, and the rest.
    pub(super) fn pairs(&mut self, x: &mut Expander, segments: Vec<Segment>, rest: Pattern, place: Syntax) {
        let mut place = place;
        for segment in segments {
            place = self.part(x, place, 3);
            self.test(of(x, &place, "(pair? V)"));
            let first = of(x, &place, "(car V)");
            self.take(x, segment.pattern(), first);
            place = of(x, &place, "(cdr V)");
        }
        self.take(x, rest, place);
    }

    /// A list with one stretch of any length in it.
    pub(super) fn stretched(&mut self, x: &mut Expander, segments: Vec<Segment>, place: Syntax) {
        let at = segments.iter().position(|segment| !matches!(segment, Segment::One(_))).unwrap_or(0);
        let mut before = segments;
        let after = before.split_off(at + 1);
        let Some(middle) = before.pop() else { return };
        let place = self.part(x, place, 2 + before.len() + after.len());
        let least = match &middle {
            Segment::Many(_, least) => *least,
            _ => 0,
        };
        let (start, end) = (before.len(), after.len());
        let number = |n: usize| Syntax::integer(n, place.span);
        let (least, start_n, end_n) = (number(start + least + end), number(start), number(end));
        let parts = [
            ("V", Part::One(&place)),
            ("LEAST", Part::One(&least)),
            ("START", Part::One(&start_n)),
            ("END", Part::One(&end_n)),
        ];
        self.test(x.fill(&place, "(%length>=? V LEAST)", &parts));
        let stretch = match (start, end) {
            (0, 0) => place.clone(),
            (_, 0) => x.fill(&place, "(list-tail V START)", &parts),
            _ => x.fill(&place, "(%middle V START END)", &parts),
        };
        self.items(x, before, &place, |x, place, at, _| nth(x, place, at));
        match middle {
            Segment::Many(pattern, _) => self.many(x, pattern, stretch),
            Segment::Stretch(pattern) | Segment::One(pattern) => self.take(x, pattern, stretch),
        }
        self.items(x, after, &place, |x, place, at, count| {
            let back = Syntax::integer(count - at, place.span);
            x.fill(place, "(%from-end V BACK)", &[("V", Part::One(place)), ("BACK", Part::One(&back))])
        });
    }

    /// Every item of a list.
    pub(super) fn many(&mut self, x: &mut Expander, pattern: Pattern, list: Syntax) {
        let pattern = match pattern {
            Pattern::Any => return,
            Pattern::Name(name) => return self.name(x, name, list),
            pattern => pattern,
        };
        let (item, mut each) = (x.fresh("item", list.span), Self::default());
        each.take(x, pattern, item.clone());
        let (again, left) = (x.fresh("loop", list.span), x.fresh("left", list.span));
        let found: Vec<Syntax> = each.names.iter().map(|(name, _)| x.fresh("found", name.span)).collect();
        let places: Vec<Syntax> = each.names.iter().map(|(_, place)| place.clone()).collect();
        let names = gathered(x, each.names, &found);
        self.steps.push(Step::Round(Box::new(move |x, success, failure| {
            let longer = longer(x, &places, &found);
            let parts = [("AGAIN", Part::One(&again)), ("LEFT", Part::One(&left)), ("LONGER", Part::Many(&longer))];
            let onward = x.fill(&left, "(AGAIN (cdr LEFT) LONGER...)", &parts);
            let inner = write(x, each.steps, onward, failure);
            let starts: Vec<Syntax> =
                found.iter().map(|found| x.fill(found, "[V '()]", &[("V", Part::One(found))])).collect();
            let parts = [
                ("AGAIN", Part::One(&again)),
                ("LEFT", Part::One(&left)),
                ("LIST", Part::One(&list)),
                ("STARTS", Part::Many(&starts)),
                ("ITEM", Part::One(&item)),
                ("INNER", Part::One(&inner)),
                ("SUCCESS", Part::One(&success)),
            ];
            let template =
                "(let AGAIN ([LEFT LIST] STARTS...) (if (pair? LEFT) (let ([ITEM (car LEFT)]) INNER) SUCCESS))";
            x.fill(&list, template, &parts)
        })));
        self.names(x, names);
    }

    pub(super) fn names(&mut self, x: &mut Expander, names: Vec<(Syntax, Syntax)>) {
        for (name, place) in names {
            self.name(x, name, place);
        }
    }

    /// A list with several stretches, or with one before what ends it: the longest first, and back when that fails.
    pub(super) fn searched(
        &mut self,
        x: &mut Expander,
        segments: Vec<Segment>,
        rest: Option<Box<Pattern>>,
        place: Syntax,
    ) {
        let mut place = place;
        let mut segments = segments.into_iter();
        while let Some(segment) = segments.next() {
            match segment {
                Segment::One(pattern) => {
                    place = self.part(x, place, 3);
                    self.test(of(x, &place, "(pair? V)"));
                    let first = of(x, &place, "(car V)");
                    self.take(x, pattern, first);
                    place = of(x, &place, "(cdr V)");
                }
                Segment::Many(pattern, least) => {
                    return self.longest(x, pattern, least, segments.collect(), rest, place);
                }
                // A stretch that is a list as a whole, among others: each of its items is anything.
                Segment::Stretch(Pattern::Name(name)) => {
                    return self.longest(x, Pattern::Name(name), 0, segments.collect(), rest, place);
                }
                Segment::Stretch(pattern) => {
                    place = self.part(x, place, 2);
                    self.take(x, pattern, place.clone());
                }
            }
        }
        match rest {
            None => self.test(of(x, &place, "(null? V)")),
            Some(rest) => self.take(x, *rest, place),
        }
    }

    pub(super) fn longest(
        &mut self,
        x: &mut Expander,
        pattern: Pattern,
        least: usize,
        segments: Vec<Segment>,
        rest: Option<Box<Pattern>>,
        list: Syntax,
    ) {
        let fresh = |x: &Expander, word| x.fresh(word, list.span);
        let (again, left, count, back, here) =
            (fresh(x, "loop"), fresh(x, "left"), fresh(x, "count"), fresh(x, "back"), fresh(x, "here"));
        let (item, mut each) = (fresh(x, "item"), Self::default());
        each.take(x, pattern, item.clone());
        let found: Vec<Syntax> = each.names.iter().map(|(name, _)| x.fresh("found", name.span)).collect();
        let places: Vec<Syntax> = each.names.iter().map(|(_, place)| place.clone()).collect();
        let mut names = gathered(x, each.names, &found);
        let mut after = self.within(&names);
        after.searched(x, segments, rest, left.clone());
        names.extend(after.names);
        self.steps.push(Step::Round(Box::new(move |x, success, failure| {
            let out = failure.write();
            let least = Syntax::integer(least, list.span);
            let starts: Vec<Syntax> =
                found.iter().map(|found| x.fill(found, "[V '()]", &[("V", Part::One(found))])).collect();
            let longer = longer(x, &places, &found);
            let names = [
                ("AGAIN", Part::One(&again)),
                ("LEFT", Part::One(&left)),
                ("COUNT", Part::One(&count)),
                ("BACK", Part::One(&back)),
                ("HERE", Part::One(&here)),
                ("LONGER", Part::Many(&longer)),
            ];
            let onward = x.fill(&left, "(AGAIN (cdr LEFT) (+ COUNT 1) HERE LONGER...)", &names);
            let stay = x.fill(&left, "(HERE)", &names);
            let inner = write(x, each.steps, onward, &Failure::new(stay));
            let leave = x.fill(&left, "(BACK)", &names);
            let ended = write(x, after.steps, success, &Failure::new(leave));
            let [again, left, count, back, here, _] = names;
            let parts = [
                again,
                left,
                count,
                back,
                here,
                ("LIST", Part::One(&list)),
                ("LEAST", Part::One(&least)),
                ("STARTS", Part::Many(&starts)),
                ("ITEM", Part::One(&item)),
                ("OUT", Part::One(&out)),
                ("INNER", Part::One(&inner)),
                ("ENDED", Part::One(&ended)),
            ];
            x.fill(
                &list,
                "(let AGAIN ([LEFT LIST] [COUNT 0] [BACK (lambda () OUT)] STARTS...)
                    (let ([HERE (lambda () (if (>= COUNT LEAST) ENDED (BACK)))])
                        (if (pair? LEFT) (let ([ITEM (car LEFT)]) INNER) (HERE))))",
                &parts,
            )
        })));
        self.names(x, names);
    }
}
