//! Patterns of `match`, read: what a pattern says, before anything is made of it.

use crate::interp::expand::{
    Expander, Part, Step,
    forms::records::derived,
    scope::{Binding, Scope},
    syntax::{Datum, Node, Syntax},
};

/// What the name of a pattern's macro begins with (`define-match-expander`).
pub(super) const EXPANDER: &str = "%pattern:";

/// A pattern.
pub(super) enum Pattern {
    Any,
    /// A name, which stands for the value from here on.
    Name(Syntax),
    /// `'datum`, and literals.
    Datum(Syntax),
    /// `(== expression)`, and by what they are compared.
    Equal(Syntax, Option<Syntax>),
    /// A list of these, and what follows them: nothing, or a pattern for the rest.
    List(Vec<Segment>, Option<Box<Pattern>>),
    Vector(Vec<Segment>),
    /// A record: its predicate, and a pattern for each field's value.
    Record(Syntax, Vec<(Syntax, Pattern)>),
    Boxed(Box<Pattern>),
    And(Vec<Pattern>),
    Or(Vec<Pattern>),
    /// None of them.
    Not(Vec<Pattern>),
    Predicate(Syntax, Vec<Pattern>),
    Apply(Syntax, Vec<Pattern>),
    /// `(regexp expression)`, with a pattern for the list that its match gives.
    Regexp(Syntax, Option<Box<Pattern>>),
    Hash(Vec<Entry>, Others),
    /// Items in any order, and a pattern for each of those that are left, when there may be any.
    Unordered(Vec<Pattern>, Option<Box<Pattern>>),
    /// A hash whose keys are not told: a pattern that its list of pairs fits.
    Pairs(Box<Pattern>),
}

/// A part of a list.
pub(super) enum Segment {
    One(Pattern),
    /// As many as there are, at least so many.
    Many(Pattern, usize),
    /// A pattern that a stretch of the list fits as a list.
    Stretch(Pattern),
}

impl Segment {
    pub(super) fn pattern(self) -> Pattern {
        match self {
            Self::One(pattern) | Self::Many(pattern, _) | Self::Stretch(pattern) => pattern,
        }
    }
}

/// A key of a hash, what stands for its value when there is none, and the value's pattern.
pub(super) struct Entry {
    pub(super) key: Syntax,
    pub(super) default: Option<Syntax>,
    pub(super) value: Pattern,
}

/// What is said of a hash's other keys.
pub(super) enum Others {
    Ignored,
    None,
    /// A hash of them.
    Rest(Box<Pattern>),
    /// A pattern for the list of pairs that they are.
    Listed(Box<Pattern>),
}

/// The least number of `...`, `..1` and the like.
fn dots(syntax: &Syntax) -> Option<usize> {
    match syntax.word()? {
        "..." | "___" => Some(0),
        word => word.strip_prefix("..").or_else(|| word.strip_prefix("__"))?.parse().ok(),
    }
}

/// Reads patterns where they stand.
pub(super) struct Reader<'a> {
    pub(super) x: &'a Expander,
    pub(super) scope: &'a Scope,
    /// The form they stand in, for messages.
    pub(super) who: &'static str,
}

impl Reader<'_> {
    fn wrong<T>(&self, at: &Syntax, message: &str) -> Step<T> {
        Err(self.x.bad(at, format!("{}: {message}", self.who)))
    }

    pub(super) fn read(&self, syntax: &Syntax) -> Step<Pattern> {
        match &syntax.node {
            Node::Name(_) if syntax.is_word("_") => Ok(Pattern::Any),
            Node::Name(_) if dots(syntax).is_some() => self.wrong(syntax, "`...` follows a pattern within a list"),
            Node::Name(_) => Ok(Pattern::Name(syntax.clone())),
            Node::List(items) => match &**items {
                [head, args @ ..] if head.name().is_some() => self.named(head, args, syntax),
                _ => {
                    let message =
                        "a pattern in parentheses begins with a word such as `list`, `cons` or `?`, or a record's name";
                    self.wrong(syntax, message)
                }
            },
            Node::Dotted(..) => self.wrong(syntax, "a dot stands in quasiquoted patterns alone: `(a . ,b)"),
            Node::Boxed(inner) => Ok(Pattern::Boxed(Box::new(self.datum(inner)))),
            Node::Literal(_) | Node::Vector(_) | Node::Hash(..) | Node::Prefab(..) => {
                Ok(Pattern::Datum(syntax.clone()))
            }
        }
    }

    fn datum(&self, datum: &Syntax) -> Pattern {
        match &datum.node {
            Node::Boxed(inner) => Pattern::Boxed(Box::new(self.datum(inner))),
            _ => Pattern::Datum(datum.clone()),
        }
    }

    fn all(&self, patterns: &[Syntax]) -> Step<Vec<Pattern>> {
        patterns.iter().map(|pattern| self.read(pattern)).collect()
    }

    /// `(head arg …)`
    fn named(&self, head: &Syntax, args: &[Syntax], whole: &Syntax) -> Step<Pattern> {
        // Racket knows these words by their letters, whatever else they name.
        let own = head.word().is_some_and(|word| FIRST.contains(&word));
        if !own && self.x.record(head, self.scope).is_some() {
            return self.record(head, args, whole);
        }
        let expander = head.word().map(|word| derived(head, &format!("{EXPANDER}{word}")));
        if let Some(Binding::Rules(rules)) = expander.and_then(|name| self.scope.find(name.name()?)) {
            return self.read(&rules.expand(whole, self.scope)?);
        }
        Ok(match (head.word().unwrap_or_default(), args) {
            ("quote", [datum]) => self.datum(datum),
            ("quasiquote", [datum]) => self.quasi(datum, 0)?,
            ("list", args) => list(self.segments(args)?, None),
            ("list*" | "list-rest" | "cons*", [items @ .., rest]) => {
                list(self.segments(items)?, Some(self.read(rest)?))
            }
            ("cons", [first, rest]) => list(vec![Segment::One(self.read(first)?)], Some(self.read(rest)?)),
            ("vector", args) => Pattern::Vector(self.segments(args)?),
            ("list-no-order", args) => self.unordered(args)?,
            ("struct", [name, fields]) if fields.items().is_some() => {
                self.record(name, fields.items().unwrap_or_default(), whole)?
            }
            ("struct", [name, any]) if any.is_word("_") => match self.x.record(name, self.scope) {
                Some(record) => Pattern::Record(record.predicate.clone(), Vec::new()),
                None => return self.no_record(name),
            },
            ("struct*", [name, fields]) if fields.items().is_some() => {
                self.some_fields(name, fields.items().unwrap_or_default())?
            }
            ("box", [inner]) => Pattern::Boxed(Box::new(self.read(inner)?)),
            ("and", args) => Pattern::And(self.all(args)?),
            ("or", args) => Pattern::Or(self.all(args)?),
            ("not", args) => Pattern::Not(self.all(args)?),
            ("?", [predicate, args @ ..]) => Pattern::Predicate(predicate.clone(), self.all(args)?),
            ("app", [function, args @ ..]) => Pattern::Apply(function.clone(), self.all(args)?),
            ("var", [name]) if name.name().is_some() => Pattern::Name(name.clone()),
            ("==", [value]) => Pattern::Equal(value.clone(), None),
            ("==", [value, same]) => Pattern::Equal(value.clone(), Some(same.clone())),
            ("regexp" | "pregexp", [pattern, found @ ..]) if found.len() < 2 => {
                let made = match pattern.node {
                    Node::Literal(Datum::String(_)) => Syntax::list(vec![head.clone(), pattern.clone()], whole.span),
                    _ => pattern.clone(),
                };
                let found = found.first().map(|found| self.read(found)).transpose()?;
                Pattern::Regexp(made, found.map(Box::new))
            }
            ("hash-table", args) => self.hash_table(args)?,
            ("hash", args) => self.hash(args, whole)?,
            ("hash*", args) => self.open_hash(args)?,
            ("mcons", [first, rest]) => {
                let named = |word: &'static str| self.x.fill(head, word, &[]);
                let halves = vec![(named("mcar"), self.read(first)?), (named("mcdr"), self.read(rest)?)];
                Pattern::Record(named("mpair?"), halves)
            }
            (word, _) => {
                let message = if KNOWN.contains(&word) {
                    format!("the pattern `{word}` is written otherwise")
                } else {
                    format!("there is no pattern `({word} …)`, and no record of that name")
                };
                return self.wrong(whole, &message);
            }
        })
    }

    fn no_record<T>(&self, name: &Syntax) -> Step<T> {
        self.wrong(name, &format!("`{name}` is no record: define it before with `struct`"))
    }

    /// `(point x y)`
    fn record(&self, name: &Syntax, args: &[Syntax], whole: &Syntax) -> Step<Pattern> {
        let Some(record) = self.x.record(name, self.scope) else { return self.no_record(name) };
        if record.fields.len() != args.len() {
            let (fields, patterns) = (record.fields.len(), args.len());
            let s = if fields == 1 { "" } else { "s" };
            let message = format!("`{name}` has {fields} field{s}, and the pattern {patterns}");
            return self.wrong(whole, &message);
        }
        let fields = record.fields.iter().zip(args);
        let fields = fields.map(|(field, arg)| Ok((field.accessor.clone(), self.read(arg)?)));
        Ok(Pattern::Record(record.predicate.clone(), fields.collect::<Step<_>>()?))
    }

    /// `(struct* point ([x pattern] …))`
    fn some_fields(&self, name: &Syntax, fields: &[Syntax]) -> Step<Pattern> {
        let Some(record) = self.x.record(name, self.scope) else { return self.no_record(name) };
        let mut read = Vec::new();
        for field in fields {
            let Some([word, pattern]) = field.items() else {
                return self.wrong(field, "a field is written [name pattern]");
            };
            let known = record.fields.iter().find(|field| word.is_word(&field.word));
            let Some(known) = known else { return self.wrong(word, &format!("`{name}` has no field `{word}`")) };
            read.push((known.accessor.clone(), self.read(pattern)?));
        }
        Ok(Pattern::Record(record.predicate.clone(), read))
    }

    /// Patterns of which some are followed by `...`.
    fn segments(&self, items: &[Syntax]) -> Step<Vec<Segment>> {
        let mut segments = Vec::with_capacity(items.len());
        let mut items = items.iter().peekable();
        while let Some(item) = items.next() {
            let pattern = self.read(item)?;
            segments.push(match items.next_if(|next| dots(next).is_some()).and_then(dots) {
                Some(least) => Segment::Many(pattern, least),
                None => Segment::One(pattern),
            });
        }
        Ok(segments)
    }

    fn unordered(&self, args: &[Syntax]) -> Step<Pattern> {
        let mut segments = self.segments(args)?;
        let rest = match segments.pop() {
            Some(Segment::Many(pattern, _)) => Some(Box::new(pattern)),
            Some(last) => {
                segments.push(last);
                None
            }
            None => None,
        };
        let mut patterns = Vec::with_capacity(segments.len());
        for segment in segments {
            match segment {
                Segment::One(pattern) => patterns.push(pattern),
                _ => return self.wrong(&args[0], "in `list-no-order` only the last pattern is followed by `...`"),
            }
        }
        Ok(Pattern::Unordered(patterns, rest))
    }

    /// Whether a pattern is a value that can be looked up.
    fn key(&self, pattern: &Syntax) -> Option<Syntax> {
        match (&pattern.node, pattern.items()) {
            (Node::Literal(_), _) => Some(pattern.clone()),
            (_, Some([head, _])) if head.is_word("quote") => Some(pattern.clone()),
            (_, Some([head, value])) if head.is_word("==") => Some(value.clone()),
            _ => None,
        }
    }

    /// `(hash-table (key value) … (keys values) ...)`
    fn hash_table(&self, args: &[Syntax]) -> Step<Pattern> {
        let (mut entries, mut loose, mut others) = (Vec::new(), Vec::new(), Others::Ignored);
        let mut items = args.iter().peekable();
        while let Some(item) = items.next() {
            // `_ ...` takes the others, whatever they are, as no mention of them does.
            if item.is_word("_") && items.next_if(|next| dots(next).is_some()).is_some() && items.peek().is_none() {
                break;
            }
            let Some([key, value]) = item.items() else {
                return self.wrong(item, "in `hash-table` stand entries (key value)");
            };
            let many = items.next_if(|next| dots(next).is_some()).and_then(dots);
            let pair = |this: &Self| Ok(list(vec![Segment::One(this.read(key)?)], Some(this.read(value)?)));
            match (many, self.key(key)) {
                (Some(least), _) if items.peek().is_none() => {
                    others = Others::Listed(Box::new(list(vec![Segment::Many(pair(self)?, least)], None)));
                }
                (Some(_), _) => return self.wrong(item, "in `hash-table` only the last entry is followed by `...`"),
                (None, Some(key)) => entries.push(Entry { key, default: None, value: self.read(value)? }),
                (None, None) => loose.push(pair(self)?),
            }
        }
        if !loose.is_empty() {
            let rest = match others {
                Others::Listed(pattern) => match *pattern {
                    Pattern::List(mut segments, None) => match segments.pop() {
                        Some(Segment::Many(pattern, _)) => Some(Box::new(pattern)),
                        _ => None,
                    },
                    _ => None,
                },
                _ => Some(Box::new(Pattern::Any)),
            };
            others = Others::Listed(Box::new(Pattern::Unordered(loose, rest)));
        }
        match (&*entries, others) {
            ([], Others::Listed(pattern)) => Ok(Pattern::Pairs(pattern)),
            (_, others) => Ok(Pattern::Hash(entries, others)),
        }
    }

    /// `(hash key value … #:closed)`, `#:open`, `#:rest pattern`
    fn hash(&self, args: &[Syntax], whole: &Syntax) -> Step<Pattern> {
        let (mut entries, mut others) = (Vec::new(), Others::None);
        let mut items = args.iter();
        while let Some(item) = items.next() {
            let value = match item.keyword() {
                Some("closed") => {
                    others = Others::None;
                    continue;
                }
                Some("open") => {
                    others = Others::Ignored;
                    continue;
                }
                _ => items.next(),
            };
            match (item.keyword(), value) {
                (Some("rest"), Some(rest)) => others = Others::Rest(Box::new(self.read(rest)?)),
                (None, Some(value)) => {
                    entries.push(Entry { key: item.clone(), default: None, value: self.read(value)? });
                }
                _ => {
                    return self
                        .wrong(whole, "`hash` is written (hash key pattern … #:open), #:closed or #:rest pattern");
                }
            }
        }
        Ok(Pattern::Hash(entries, others))
    }

    /// `(hash* [key pattern #:default value] …)`
    fn open_hash(&self, args: &[Syntax]) -> Step<Pattern> {
        let (mut entries, mut others) = (Vec::new(), Others::Ignored);
        let mut items = args.iter();
        while let Some(item) = items.next() {
            match (item.keyword(), item.items()) {
                (Some("closed"), _) => others = Others::None,
                (Some("open"), _) => others = Others::Ignored,
                (Some("rest"), _) => match items.next() {
                    Some(rest) => others = Others::Rest(Box::new(self.read(rest)?)),
                    None => return self.wrong(item, "`#:rest` has no pattern"),
                },
                (None, Some([key, value])) => {
                    entries.push(Entry { key: key.clone(), default: None, value: self.read(value)? });
                }
                (None, Some([key, value, word, default])) if word.keyword() == Some("default") => {
                    let default = Some(default.clone());
                    entries.push(Entry { key: key.clone(), default, value: self.read(value)? });
                }
                _ => {
                    return self
                        .wrong(item, "in `hash*` stand entries [key pattern] and [key pattern #:default value]");
                }
            }
        }
        Ok(Pattern::Hash(entries, others))
    }

    /// What stands in a quasiquotation.
    fn quasi(&self, datum: &Syntax, depth: usize) -> Step<Pattern> {
        if let Some([head, inner]) = datum.items() {
            match head.word() {
                Some("unquote") if depth == 0 => return self.read(inner),
                Some("unquote") => return self.marked(head, inner, depth - 1),
                Some("quasiquote") => return self.marked(head, inner, depth + 1),
                _ => {}
            }
        }
        Ok(match &datum.node {
            Node::List(items) => match &**items {
                // `(a . ,b)` is read as `(a unquote b)`.
                [before @ .., mark, inner] if depth == 0 && !before.is_empty() && mark.is_word("unquote") => {
                    list(self.quasi_segments(before, depth)?, Some(self.read(inner)?))
                }
                [before @ .., last] if depth == 0 && spliced(last).is_some() => {
                    let rest = self.read(spliced(last).unwrap_or(last))?;
                    list(self.quasi_segments(before, depth)?, Some(rest))
                }
                items => list(self.quasi_segments(items, depth)?, None),
            },
            Node::Dotted(items, tail) => list(self.quasi_segments(items, depth)?, Some(self.quasi(tail, depth)?)),
            Node::Vector(items) => Pattern::Vector(self.quasi_segments(items, depth)?),
            Node::Boxed(inner) => Pattern::Boxed(Box::new(self.quasi(inner, depth)?)),
            Node::Prefab(key, fields) => {
                let fields = self.quasi(&Syntax::list(fields.to_vec(), datum.span), depth)?;
                let taken = self.x.fill(datum, "(lambda (v) (%prefab-fields v 'KEY))", &[("KEY", Part::One(key))]);
                Pattern::Apply(taken, vec![fields])
            }
            _ => Pattern::Datum(datum.clone()),
        })
    }

    fn marked(&self, head: &Syntax, inner: &Syntax, depth: usize) -> Step<Pattern> {
        let items = vec![Segment::One(Pattern::Datum(head.clone())), Segment::One(self.quasi(inner, depth)?)];
        Ok(list(items, None))
    }

    fn quasi_segments(&self, items: &[Syntax], depth: usize) -> Step<Vec<Segment>> {
        let mut segments = Vec::with_capacity(items.len());
        let mut items = items.iter().peekable();
        while let Some(item) = items.next() {
            if let Some(inner) = spliced(item).filter(|_| depth == 0) {
                match self.read(inner)? {
                    Pattern::List(inner, None) => segments.extend(inner),
                    pattern => segments.push(Segment::Stretch(pattern)),
                }
                continue;
            }
            let pattern = self.quasi(item, depth)?;
            segments.push(match items.next_if(|next| dots(next).is_some()).and_then(dots) {
                Some(least) => Segment::Many(pattern, least),
                None => Segment::One(pattern),
            });
        }
        Ok(segments)
    }
}

/// Words that begin a pattern, for messages.
/// Patterns that no record of the same name hides.
const FIRST: &[&str] = &[
    "not",
    "var",
    "struct",
    "box",
    "cons",
    "list",
    "vector",
    "and",
    "or",
    "regexp",
    "pregexp",
    "list-rest",
    "list-no-order",
    "hash-table",
    "mcons",
    "list*",
];

const KNOWN: &[&str] = &[
    "quote",
    "quasiquote",
    "list*",
    "list-rest",
    "cons",
    "struct",
    "struct*",
    "box",
    "?",
    "app",
    "var",
    "==",
    "regexp",
    "pregexp",
];

/// The pattern of `,@pattern`.
fn spliced(item: &Syntax) -> Option<&Syntax> {
    match item.items() {
        Some([head, inner]) if head.is_word("unquote-splicing") => Some(inner),
        _ => None,
    }
}

/// A list's pattern; one whose rest is a list's again is one list.
fn list(mut segments: Vec<Segment>, rest: Option<Pattern>) -> Pattern {
    match rest {
        None => Pattern::List(segments, None),
        Some(Pattern::List(more, rest)) => {
            segments.extend(more);
            Pattern::List(segments, rest)
        }
        Some(Pattern::Datum(datum)) if datum.items().is_some_and(<[Syntax]>::is_empty) => Pattern::List(segments, None),
        Some(rest) if segments.is_empty() => rest,
        Some(rest) => Pattern::List(segments, Some(Box::new(rest))),
    }
}
