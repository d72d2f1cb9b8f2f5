//! `syntax-rules`: patterns, what they find, and templates.

// A name's hash and equality look at its word or its address, which do not change.
#![allow(clippy::mutable_key_type)]

use super::{
    Expander, Step, error,
    scope::Scope,
    syntax::{Alias, Name, Node, Span, Syntax},
};
use std::{collections::HashMap, rc::Rc};

/// A macro.
pub(crate) struct Rules {
    pub(crate) word: Rc<str>,
    literals: Vec<Name>,
    ellipsis: Rc<str>,
    rules: Vec<(Syntax, Syntax)>,
    /// Where it was defined.
    scope: Scope,
}

/// What a variable of a pattern stands for.
#[derive(Clone)]
enum Match {
    One(Syntax),
    Many(Vec<Match>),
}

type Matches = HashMap<Name, Match>;

/// What a word of a Rust form's template is replaced with.
pub(crate) enum Part<'a> {
    One(&'a Syntax),
    /// Where the word is followed by `...` without a space, all of them.
    Many(&'a [Syntax]),
}

impl Rules {
    /// Reads `(syntax-rules (literal …) [pattern template] …)`.
    pub(crate) fn read(word: &Rc<str>, form: &Syntax, scope: &Scope) -> Step<Self> {
        let wrong = |at: Span| {
            error(
                at,
                format!("{word}: its rules are wrong"),
                "they are written (syntax-rules (literal …) [pattern template] …)",
            )
        };
        let items = form.items().ok_or_else(|| wrong(form.span))?;
        let (ellipsis, items) = match &items[1..] {
            [own, rest @ ..] if own.name().is_some() => (own.word().unwrap_or("...").into(), rest),
            rest => ("...".into(), rest),
        };
        let [literals, rules @ ..] = items else { return Err(wrong(form.span)) };
        let literals = literals.items().ok_or_else(|| wrong(literals.span))?;
        let literals = literals.iter().map(|l| l.name().cloned().ok_or_else(|| wrong(l.span))).collect::<Step<_>>()?;
        let rules = rules.iter().map(|rule| match rule.items() {
            Some([pattern, template]) => Ok((pattern.clone(), template.clone())),
            _ => Err(wrong(rule.span)),
        });
        Ok(Self { word: word.clone(), literals, ellipsis, rules: rules.collect::<Step<_>>()?, scope: scope.clone() })
    }

    /// The macro of `(define-syntax-rule (name . pattern) template)`.
    pub(crate) fn single(word: &Rc<str>, pattern: &Syntax, template: &Syntax, scope: &Scope) -> Self {
        let rules = vec![(pattern.clone(), template.clone())];
        Self { word: word.clone(), literals: Vec::new(), ellipsis: "...".into(), rules, scope: scope.clone() }
    }

    /// What a use of the macro stands for.
    pub(super) fn expand(&self, form: &Syntax, scope: &Scope) -> Step<Syntax> {
        for (pattern, template) in &self.rules {
            let mut found = Matches::new();
            // A pattern's first word is the macro's own name, whatever it is.
            if self.matches_rest(pattern, form, scope, &mut found) {
                let mut transcript = Transcript::new(&self.scope, form.span, &self.ellipsis);
                return transcript.write(template, &found);
            }
        }
        let patterns: Vec<String> = self.rules.iter().take(3).map(|(pattern, _)| pattern.to_string()).collect();
        let hint = format!("it is written {}", patterns.join(" or ").replace("(_", &format!("({}", self.word)));
        Err(error(form.span, format!("{}: no rule of the macro fits this use", self.word), hint))
    }

    fn matches_rest(&self, pattern: &Syntax, form: &Syntax, scope: &Scope, found: &mut Matches) -> bool {
        let (Some((p, p_tail)), Some((f, f_tail))) = (parts(pattern), parts(form)) else { return false };
        if p.is_empty() || f.is_empty() {
            return false;
        }
        self.matches_list(&p[1..], p_tail, &f[1..], f_tail, scope, found)
    }

    fn is_ellipsis(&self, syntax: Option<&Syntax>) -> bool {
        syntax.is_some_and(|s| s.is_word(&self.ellipsis)) && !self.literals.iter().any(|l| **l.word() == *self.ellipsis)
    }

    fn matches(&self, pattern: &Syntax, form: &Syntax, scope: &Scope, found: &mut Matches) -> bool {
        match &pattern.node {
            Node::Name(name) if self.literals.contains(name) => {
                form.name().is_some_and(|other| self.scope.same(name, scope, other))
            }
            Node::Name(name) => {
                if &**name.word() != "_" {
                    found.insert(name.clone(), Match::One(form.clone()));
                }
                true
            }
            Node::Literal(datum) => matches!(&form.node, Node::Literal(other) if other == datum),
            Node::List(_) | Node::Dotted(..) => {
                let (Some((p, p_tail)), Some((f, f_tail))) = (parts(pattern), parts(form)) else { return false };
                self.matches_list(p, p_tail, f, f_tail, scope, found)
            }
            Node::Vector(p) => {
                matches!(&form.node, Node::Vector(f) if self.matches_list(p, None, f, None, scope, found))
            }
            Node::Hash(..) | Node::Boxed(_) | Node::Prefab(..) => false,
        }
    }

    fn matches_list(
        &self,
        pattern: &[Syntax],
        p_tail: Option<&Syntax>,
        form: &[Syntax],
        f_tail: Option<&Syntax>,
        scope: &Scope,
        found: &mut Matches,
    ) -> bool {
        let Some(at) = (0..pattern.len()).find(|at| self.is_ellipsis(pattern.get(at + 1))) else {
            // No ellipsis: one for one, and the rest for the tail.
            if form.len() < pattern.len() || (p_tail.is_none() && (form.len() > pattern.len() || f_tail.is_some())) {
                return false;
            }
            let (front, rest) = form.split_at(pattern.len());
            return pattern.iter().zip(front).all(|(p, f)| self.matches(p, f, scope, found))
                && p_tail.is_none_or(|tail| self.matches(tail, &rest_of(rest, f_tail), scope, found));
        };
        let (before, repeated, after) = (&pattern[..at], &pattern[at], &pattern[at + 2..]);
        if form.len() < before.len() + after.len() || (p_tail.is_none() && f_tail.is_some()) {
            return false;
        }
        let middle = &form[before.len()..form.len() - after.len()];
        let last = &form[form.len() - after.len()..];
        let mut each = Vec::with_capacity(middle.len());
        for item in middle {
            let mut inner = Matches::new();
            if !self.matches(repeated, item, scope, &mut inner) {
                return false;
            }
            each.push(inner);
        }
        for name in self.variables(repeated) {
            let all = each.iter().filter_map(|inner| inner.get(&name).cloned()).collect();
            found.insert(name, Match::Many(all));
        }
        before.iter().zip(form).all(|(p, f)| self.matches(p, f, scope, found))
            && after.iter().zip(last).all(|(p, f)| self.matches(p, f, scope, found))
            && p_tail.is_none_or(|tail| self.matches(tail, &rest_of(&[], f_tail), scope, found))
    }

    fn variables(&self, pattern: &Syntax) -> Vec<Name> {
        let mut out = Vec::new();
        let mut left = vec![pattern];
        while let Some(next) = left.pop() {
            match &next.node {
                Node::Name(name) if !self.literals.contains(name) && **name.word() != *self.ellipsis => {
                    out.push(name.clone());
                }
                Node::List(items) | Node::Vector(items) => left.extend(items.iter()),
                Node::Dotted(items, tail) => {
                    left.extend(items.iter());
                    left.push(tail);
                }
                _ => {}
            }
        }
        out
    }
}

/// A list's items and its tail.
fn parts(syntax: &Syntax) -> Option<(&[Syntax], Option<&Syntax>)> {
    match &syntax.node {
        Node::List(items) => Some((items, None)),
        Node::Dotted(items, tail) => Some((items, Some(tail))),
        _ => None,
    }
}

fn rest_of(items: &[Syntax], tail: Option<&Syntax>) -> Syntax {
    let start = items.first().or(tail).map_or(0, |first| first.span.start);
    let span = Span { start, end: tail.or(items.last()).map_or(start, |last| last.span.end) };
    match tail {
        None => Syntax::list(items.to_vec(), span),
        Some(tail) if items.is_empty() => tail.clone(),
        Some(tail) => Syntax::new(Node::Dotted(items.into(), Rc::new(tail.clone())), span),
    }
}

/// One writing of a template. Names that it brings in are aliases, the same for the same name.
struct Transcript<'a> {
    scope: &'a Scope,
    span: Span,
    ellipsis: &'a str,
    aliases: HashMap<Name, Name>,
}

impl<'a> Transcript<'a> {
    fn new(scope: &'a Scope, span: Span, ellipsis: &'a str) -> Self {
        Self { scope, span, ellipsis, aliases: HashMap::new() }
    }

    fn alias(&mut self, name: &Name) -> Name {
        let scope = self.scope;
        let alias = || Name::Alias(Rc::new(Alias { of: name.clone(), scope: scope.clone() }));
        self.aliases.entry(name.clone()).or_insert_with(alias).clone()
    }

    fn is_ellipsis(&self, syntax: Option<&Syntax>) -> bool {
        syntax.is_some_and(|s| !self.ellipsis.is_empty() && s.is_word(self.ellipsis))
    }

    fn write(&mut self, template: &Syntax, found: &Matches) -> Step<Syntax> {
        match &template.node {
            Node::Name(name) => match found.get(name) {
                Some(Match::One(syntax)) => Ok(syntax.clone()),
                Some(Match::Many(_)) => Err(error(
                    self.span,
                    format!(
                        "`{}` of the macro's pattern is followed by `...`, and in the template it is not",
                        name.word()
                    ),
                    "every variable under `...` in the pattern stands under `...` in the template",
                )),
                None => Ok(Syntax::new(Node::Name(self.alias(name)), self.span)),
            },
            Node::List(items) => {
                if let [dots, inner] = &**items
                    && self.is_ellipsis(Some(dots))
                {
                    // `(... template)`: dots within are themselves.
                    let ellipsis = std::mem::take(&mut self.ellipsis);
                    let written = self.write(inner, found);
                    self.ellipsis = ellipsis;
                    return written;
                }
                Ok(Syntax::list(self.items(items, found)?, self.span))
            }
            Node::Vector(items) => Ok(Syntax::new(Node::Vector(self.items(items, found)?.into()), self.span)),
            Node::Dotted(items, tail) => {
                let mut written = self.items(items, found)?;
                let tail = self.write(tail, found)?;
                let node = match &tail.node {
                    Node::List(more) => {
                        written.extend(more.iter().cloned());
                        Node::List(written.into())
                    }
                    Node::Dotted(more, last) => {
                        written.extend(more.iter().cloned());
                        Node::Dotted(written.into(), last.clone())
                    }
                    _ if written.is_empty() => return Ok(tail),
                    _ => Node::Dotted(written.into(), Rc::new(tail)),
                };
                Ok(Syntax::new(node, self.span))
            }
            _ => Ok(template.clone().at(self.span)),
        }
    }

    fn items(&mut self, items: &[Syntax], found: &Matches) -> Step<Vec<Syntax>> {
        let mut out = Vec::with_capacity(items.len());
        let mut at = 0;
        while at < items.len() {
            let item = &items[at];
            let mut depth = 0;
            while self.is_ellipsis(items.get(at + 1 + depth)) {
                depth += 1;
            }
            if depth == 0 {
                out.push(self.write(item, found)?);
            } else {
                self.repeat(item, depth, found, &mut out)?;
            }
            at += 1 + depth;
        }
        Ok(out)
    }

    fn repeat(&mut self, item: &Syntax, depth: usize, found: &Matches, out: &mut Vec<Syntax>) -> Step<()> {
        let mut names = Vec::new();
        collect_names(item, &mut names);
        let many: Vec<(&Name, &Vec<Match>)> = names
            .iter()
            .filter_map(|name| match found.get(name) {
                Some(Match::Many(all)) => Some((name, all)),
                _ => None,
            })
            .collect();
        let Some(count) = many.iter().map(|(_, all)| all.len()).max() else {
            let message = "nothing under `...` of the macro's template can be repeated";
            return Err(error(self.span, message, "what stands under `...` names a variable that the pattern repeats"));
        };
        if many.iter().any(|(_, all)| all.len() != count) {
            let message = "what a macro repeats together has different lengths";
            return Err(error(self.span, message, "give it as many of the one as of the other"));
        }
        for at in 0..count {
            let mut inner = found.clone();
            for (name, all) in &many {
                inner.insert((*name).clone(), all[at].clone());
            }
            if depth > 1 {
                self.repeat(item, depth - 1, &inner, out)?;
            } else {
                out.push(self.write(item, &inner)?);
            }
        }
        Ok(())
    }
}

fn collect_names(template: &Syntax, out: &mut Vec<Name>) {
    match &template.node {
        Node::Name(name) => out.push(name.clone()),
        Node::List(items) | Node::Vector(items) => items.iter().for_each(|item| collect_names(item, out)),
        Node::Dotted(items, tail) => {
            items.iter().for_each(|item| collect_names(item, out));
            collect_names(tail, out);
        }
        _ => {}
    }
}

impl Expander {
    /// Writes a template of a form in Rust: the words of `parts` are replaced, everything else means what it means in the
    /// base language, and what it binds is caught by nothing else.
    pub(crate) fn fill(&self, form: &Syntax, template: &'static str, parts: &[(&str, Part)]) -> Syntax {
        let parsed = self.template(template);
        let mut transcript = Transcript::new(&self.base, form.span, "");
        transcript.fill(&parsed, parts)
    }
}

impl Transcript<'_> {
    fn fill(&mut self, template: &Syntax, parts: &[(&str, Part)]) -> Syntax {
        let part = |word: &str| parts.iter().find(|(name, _)| *name == word).map(|(_, part)| part);
        match &template.node {
            Node::Name(name) => match part(name.word()) {
                Some(Part::One(syntax)) => (*syntax).clone(),
                _ => Syntax::new(Node::Name(self.alias(name)), self.span),
            },
            Node::List(items) => {
                let written = self.fill_all(items, parts);
                Syntax::list(written, self.span)
            }
            Node::Vector(items) => Syntax::new(Node::Vector(self.fill_all(items, parts).into()), self.span),
            Node::Dotted(items, tail) => {
                let mut written = self.fill_all(items, parts);
                match self.fill(tail, parts).node {
                    Node::List(more) => {
                        written.extend(more.iter().cloned());
                        Syntax::list(written, self.span)
                    }
                    node => {
                        let tail = Syntax::new(node, self.span);
                        Syntax::new(Node::Dotted(written.into(), Rc::new(tail)), self.span)
                    }
                }
            }
            _ => template.clone().at(self.span),
        }
    }

    fn fill_all(&mut self, items: &[Syntax], parts: &[(&str, Part)]) -> Vec<Syntax> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let many = item.word().and_then(|word| word.strip_suffix("...")).and_then(|word| {
                parts.iter().find_map(|(name, part)| match part {
                    Part::Many(all) if *name == word => Some(*all),
                    _ => None,
                })
            });
            match many {
                Some(all) => out.extend(all.iter().cloned()),
                None => out.push(self.fill(item, parts)),
            }
        }
        out
    }
}
