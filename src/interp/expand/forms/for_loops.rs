//! `for` and its kin: each use becomes named lets, one in another.
//!
//! What a loop accumulates are its variables, so that nothing is assigned to and a continuation may come back into it.
//! An inner loop ends with a call of the outer one, and `#:break` with the result: everything is in tail position, and no
//! number of accumulators makes values that somebody has to keep. How each sequence is walked is told in `walks`.

mod walks;
mod write;

use super::tails::receive;
use crate::interp::expand::{Expander, Form, Part, Step, scope::Scope, syntax::Syntax};
use walks::Walk;

/// What becomes of the bodies' values.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Each,
    List,
    Vector,
    /// With the procedure that makes an empty one.
    Hash(&'static str),
    Set(&'static str),
    Sum,
    Product,
    And,
    Or,
    First,
    Last,
    Fold,
    Foldr,
    Lists,
    Stream,
}

macro_rules! loops {
    ($($name:literal $star:literal $kind:expr;)*) => {
        &[$(($name, |x, form, scope| expand(x, form, scope, $kind, false)),
            ($star, |x, form, scope| expand(x, form, scope, $kind, true)),)*]
    };
}

pub(super) const FORMS: &[(&str, Form)] = loops! {
    "for" "for*" Kind::Each;
    "for/list" "for*/list" Kind::List;
    "for/vector" "for*/vector" Kind::Vector;
    "for/hash" "for*/hash" Kind::Hash("(hash)");
    "for/hasheq" "for*/hasheq" Kind::Hash("(hasheq)");
    "for/hasheqv" "for*/hasheqv" Kind::Hash("(hasheqv)");
    "for/set" "for*/set" Kind::Set("(set)");
    "for/seteq" "for*/seteq" Kind::Set("(seteq)");
    "for/seteqv" "for*/seteqv" Kind::Set("(seteqv)");
    "for/mutable-set" "for*/mutable-set" Kind::Set("(mutable-set)");
    "for/mutable-seteqv" "for*/mutable-seteqv" Kind::Set("(mutable-seteqv)");
    "for/mutable-seteq" "for*/mutable-seteq" Kind::Set("(mutable-seteq)");
    "for/weak-set" "for*/weak-set" Kind::Set("(mutable-set)");
    "for/weak-seteqv" "for*/weak-seteqv" Kind::Set("(mutable-seteqv)");
    "for/weak-seteq" "for*/weak-seteq" Kind::Set("(mutable-seteq)");
    "for/sum" "for*/sum" Kind::Sum;
    "for/product" "for*/product" Kind::Product;
    "for/and" "for*/and" Kind::And;
    "for/or" "for*/or" Kind::Or;
    "for/first" "for*/first" Kind::First;
    "for/last" "for*/last" Kind::Last;
    "for/fold" "for*/fold" Kind::Fold;
    "for/foldr" "for*/foldr" Kind::Foldr;
    "for/lists" "for*/lists" Kind::Lists;
    "for/stream" "for*/stream" Kind::Stream;
};

/// One of the things that a loop's clauses say, in order.
enum Level {
    /// Sequences that are walked together.
    Walks(Vec<Walk>),
    When(Syntax),
    Unless(Syntax),
    Break(Syntax),
    Final(Syntax),
    Do(Vec<Syntax>),
}

/// A loop, read.
struct Loop<'a> {
    form: &'a Syntax,
    scope: &'a Scope,
    kind: Kind,
    /// What it accumulates: the program's own names in `for/fold`.
    accs: Vec<Syntax>,
    inits: Vec<Syntax>,
    /// `for/lists`: the program's names for what is accumulated.
    shown: Vec<Syntax>,
    /// The procedure of the accumulators that gives the result, when there is one.
    finish: Option<Syntax>,
    /// `for/vector` with a length: the vector and its length.
    vector: Option<(Syntax, Syntax)>,
    body: Vec<Syntax>,
}

/// `(word option … (clause …) body …)`
fn expand(x: &mut Expander, form: &Syntax, scope: &Scope, kind: Kind, nested: bool) -> Step<Syntax> {
    let items = form.items().unwrap_or_default();
    let word = items.first().and_then(Syntax::word).unwrap_or("for").to_owned();
    let mut args = items.get(1..).unwrap_or_default();
    let mut this = Loop {
        form,
        scope,
        kind,
        accs: Vec::new(),
        inits: Vec::new(),
        shown: Vec::new(),
        finish: None,
        vector: None,
        body: Vec::new(),
    };
    // What is bound round the whole loop, first to last.
    let mut outside: Vec<Syntax> = Vec::new();
    let mut result = None;
    match kind {
        Kind::Fold | Kind::Foldr | Kind::Lists => {
            let Some(([accs], rest)) = args.split_at_checked(1) else {
                return Err(x.bad(form, format!("{word}: accumulators, clauses and a body are needed")));
            };
            args = rest;
            result = this.accumulators(x, accs, &word, &mut outside)?;
        }
        Kind::Vector => args = this.vector_options(x, args, &word, &mut outside)?,
        _ => this.plain_accumulators(x),
    }
    let [clauses, body @ ..] = args else {
        return Err(x.bad(form, format!("{word}: clauses and a body are needed")));
    };
    let mut levels = read_clauses(x, clauses, scope, &word, nested)?;
    this.read_body(x, body, &word, &mut levels)?;
    if let Some(result) = &result {
        let finish = x.fresh("finish", form.span);
        let names = if this.shown.is_empty() { &this.accs } else { &this.shown };
        let parts = [("FINISH", Part::One(&finish)), ("NAMES", Part::Many(names)), ("RESULT", Part::One(result))];
        // `for/foldr` begins with the end: its result is that of the whole.
        if kind != Kind::Foldr {
            outside.push(x.fill(result, "[FINISH (lambda (NAMES...) RESULT)]", &parts));
            this.finish = Some(finish);
        }
    }
    let end = |x: &mut Expander, accs: &[Syntax]| this.done(x, accs);
    let inits: &[Syntax] = if kind == Kind::Foldr { &[] } else { &this.inits };
    let mut whole = match levels.first() {
        Some(Level::Walks(_)) => this.level(x, &levels, inits, &end, &[]),
        _ => {
            let inner = this.level(x, &levels, this.carried(), &end, &[]);
            this.bound(x, this.carried(), inits, inner)
        }
    };
    if let Some((vector, count)) = &this.vector {
        let parts = [("COUNT", Part::One(count)), ("VECTOR", Part::One(vector)), ("WHOLE", Part::One(&whole))];
        whole = x.fill(form, "(if (= COUNT 0) VECTOR WHOLE)", &parts);
    }
    if let (Kind::Foldr, Some(result)) = (kind, result) {
        let accs = this.accs.clone();
        whole = receive(x, scope, &whole, accs.len(), &|x: &mut Expander, values: &[Syntax]| {
            let pairs = pairs(&accs, values, form);
            x.fill(form, "(let (PAIRS...) RESULT)", &[("PAIRS", Part::Many(&pairs)), ("RESULT", Part::One(&result))])
        });
    }
    if !outside.is_empty() {
        let parts = [("OUTSIDE", Part::Many(&outside)), ("WHOLE", Part::One(&whole))];
        whole = x.fill(form, "(let* (OUTSIDE...) WHOLE)", &parts);
    }
    Ok(whole)
}

fn pairs(names: &[Syntax], values: &[Syntax], form: &Syntax) -> Vec<Syntax> {
    names.iter().zip(values).map(|(name, value)| Syntax::list(vec![name.clone(), value.clone()], form.span)).collect()
}

/// Whether an expression may be written twice, anywhere.
fn is_simple(syntax: &Syntax) -> bool {
    matches!(syntax.items(), None | Some([]))
}

/// Several forms as one expression.
fn together(x: &mut Expander, form: &Syntax, forms: &[Syntax]) -> Syntax {
    match forms {
        [one] => one.clone(),
        several => x.fill(form, "(let () SEVERAL...)", &[("SEVERAL", Part::Many(several))]),
    }
}

/// `([name sequence] … #:when condition …)`; `nested`: each sequence is walked within the one before it.
fn read_clauses(x: &mut Expander, clauses: &Syntax, scope: &Scope, word: &str, nested: bool) -> Step<Vec<Level>> {
    let shape = "a clause is written [name sequence]";
    let Some(items) = clauses.items() else {
        return Err(x.bad(clauses, format!("{word}: clauses are written ([name sequence] …)")));
    };
    let mut levels = Vec::new();
    let mut group: Vec<Walk> = Vec::new();
    let mut items = items.iter();
    while let Some(item) = items.next() {
        if let Some(keyword) = item.keyword() {
            let keyword = keyword.to_owned();
            let Some(value) = items.next() else {
                return Err(x.bad(item, format!("{word}: nothing follows `#:{keyword}`")));
            };
            if !group.is_empty() {
                levels.push(Level::Walks(std::mem::take(&mut group)));
            }
            let value = value.clone();
            levels.push(match &*keyword {
                "when" => Level::When(value),
                "unless" => Level::Unless(value),
                "break" => Level::Break(value),
                "final" => Level::Final(value),
                "do" => match value.items() {
                    Some(forms) => Level::Do(forms.to_vec()),
                    None => return Err(x.bad(&value, format!("{word}: `#:do` is written #:do [form …]"))),
                },
                _ => {
                    let known = "`#:when`, `#:unless`, `#:break`, `#:final` and `#:do`";
                    return Err(x.bad(item, format!("{word}: among clauses stand {known}, not `#:{keyword}`")));
                }
            });
            continue;
        }
        let Some([names, sequence]) = item.items() else {
            return Err(x.bad(item, format!("{word}: {shape}")));
        };
        let names = match names.items() {
            None if names.name().is_some() => vec![names.clone()],
            Some(all) if all.iter().all(|name| name.name().is_some()) => all.to_vec(),
            _ => return Err(x.bad(names, format!("{word}: {shape}, or [(name name) sequence]"))),
        };
        walks::read(x, &names, sequence, scope, &mut group)?;
        if nested {
            levels.push(Level::Walks(std::mem::take(&mut group)));
        }
    }
    if !group.is_empty() {
        levels.push(Level::Walks(group));
    }
    Ok(levels)
}
