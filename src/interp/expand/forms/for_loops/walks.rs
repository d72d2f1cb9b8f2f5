//! How a loop walks a sequence: as a counter or along a list, without making anything, wherever its clause shows what it is.

use super::{is_simple, lists::LISTS};
use crate::interp::expand::{
    Expander, Part, Step,
    scope::Scope,
    shorter::WALKED,
    syntax::{Datum, Node, Syntax},
};

/// How one sequence is walked.
#[derive(Default)]
pub(super) struct Walk {
    /// Evaluated once, before the loop: `[name expression]`, in order.
    pub(super) outer: Vec<Syntax>,
    /// The loop's variables.
    pub(super) steps: Vec<Variable>,
    /// All must hold for another turn, before anything is bound.
    pub(super) tests: Vec<Syntax>,
    /// What the clause's names stand for in a turn.
    binds: Vec<(Vec<Syntax>, Syntax)>,
    /// All must hold for another turn, once the names are bound.
    guards: Vec<Syntax>,
    /// Names bound in a turn; when one is true, that turn is the last.
    pub(super) lasts: Vec<Syntax>,
}

/// A variable of a loop that walks.
pub(super) struct Variable {
    pub(super) name: Syntax,
    pub(super) init: Syntax,
    pub(super) next: Syntax,
}

impl Walk {
    /// Whether anything is computed for it before the loop.
    pub(super) fn computes(&self) -> bool {
        !self.outer.is_empty() || self.steps.iter().any(|step| !is_simple(&step.init))
    }

    /// `inner` with the clause's names bound; `end` where there is no further turn.
    pub(super) fn bind(&self, x: &mut Expander, form: &Syntax, inner: Syntax, end: &Syntax) -> Syntax {
        let mut inner = inner;
        if !self.guards.is_empty() {
            let parts = [("GUARDS", Part::Many(&self.guards)), ("INNER", Part::One(&inner)), ("END", Part::One(end))];
            inner = x.fill(form, "(if (and GUARDS...) INNER END)", &parts);
        }
        for (names, value) in self.binds.iter().rev() {
            let parts = [("NAMES", Part::Many(names)), ("VALUE", Part::One(value)), ("INNER", Part::One(&inner))];
            inner = match names.len() {
                1 => x.fill(form, "(let ([NAMES... VALUE]) INNER)", &parts),
                _ => x.fill(form, "(let-values ([(NAMES...) VALUE]) INNER)", &parts),
            };
        }
        inner
    }
}

/// Reads a clause's sequence: the walks it takes.
pub(super) fn read(
    x: &mut Expander,
    names: &[Syntax],
    sequence: &Syntax,
    scope: &Scope,
    into: &mut Vec<Walk>,
) -> Step<()> {
    if names.is_empty() {
        into.push(nameless(x, sequence));
        return Ok(());
    }
    if let ([name], Node::Literal(Datum::Number(text))) = (names, &sequence.node)
        && text.bytes().all(|b| b.is_ascii_digit())
    {
        into.push(counter(x, name, None, Some(sequence), None, "(%< P END)"));
        return Ok(());
    }
    let Some([head, args @ ..]) = sequence.items() else {
        into.push(anything(x, names, sequence));
        return Ok(());
    };
    let known = head.word().filter(|word| x.means(head, scope, word)).unwrap_or_default().to_owned();
    let one = |template: &'static str, x: &mut Expander| match args {
        [arg] => Some(x.fill(sequence, template, &[("ARG", Part::One(arg))])),
        _ => None,
    };
    let listed: Option<Syntax> = match &*known {
        "quote" if matches!(args, [datum] if datum.items().is_some()) => Some(sequence.clone()),
        "in-list" => one("(in-list ARG)", x),
        "in-hash" | "in-immutable-hash" | "in-mutable-hash" | "in-weak-hash" | "in-ephemeron-hash" => match args {
            [hash, ..] if names.len() == 2 => Some(x.fill(sequence, "(%in-hash HASH)", &[("HASH", Part::One(hash))])),
            _ => None,
        },
        "in-dict" => one("(dict->list ARG)", x),
        "in-set" => one("(set->list ARG)", x),
        "in-permutations" => one("(permutations ARG)", x),
        "in-combinations" if args.len() == 1 => one("(combinations ARG)", x),
        word if LISTS.contains(&word) => Some(sequence.clone()),
        _ => None,
    };
    if let Some(list) = listed {
        into.push(along(x, names, &list));
        return Ok(());
    }
    match (&*known, names, args) {
        ("in-range" | "range", [name], [end]) => into.push(counter(x, name, None, Some(end), None, "(%< P END)")),
        ("in-range" | "range", [name], [start, end]) => {
            into.push(counter(x, name, Some(start), Some(end), None, "(%< P END)"));
        }
        ("in-range" | "range", [name], [start, end, step]) => into.push(stepped(x, name, start, end, step, false)),
        ("in-inclusive-range" | "inclusive-range", [name], [start, end]) => {
            into.push(counter(x, name, Some(start), Some(end), None, "(%<= P END)"));
        }
        ("in-inclusive-range" | "inclusive-range", [name], [start, end, step]) => {
            into.push(stepped(x, name, start, end, step, true));
        }
        ("in-naturals", [name], []) => into.push(counter(x, name, None, None, None, "")),
        ("in-naturals", [name], [start]) => {
            let start = x.fill(start, "(%in-naturals N)", &[("N", Part::One(start))]);
            into.push(counter(x, name, Some(&start), None, None, ""));
        }
        ("in-vector", [name], [vector]) => into.push(vector_walk(x, name, vector, sequence)),
        ("in-vector", [name], [vector, bounds @ ..]) if (1..=3).contains(&bounds.len()) => {
            into.push(part_walk(x, name, vector, bounds, sequence));
        }
        ("in-value", [name], [value]) => into.push(once(x, name, value)),
        ("in-indexed", [name, index], [inner]) => {
            read(x, std::slice::from_ref(name), inner, scope, into)?;
            into.push(counter(x, index, None, None, None, ""));
        }
        ("in-parallel", names, args) if names.len() == args.len() => {
            for (name, arg) in names.iter().zip(args) {
                read(x, std::slice::from_ref(name), arg, scope, into)?;
            }
        }
        ("in-producer", names, [producer, rest @ ..]) => into.push(produced(x, names, producer, rest, sequence)),
        ("in-stream", [name], [stream]) => into.push(streamed(x, name, stream)),
        ("in-generator", [name], [_, ..]) => into.push(generated(x, name, sequence)),
        ("in-lines" | "in-bytes-lines", [name], args) if args.len() <= 2 => {
            let any = x.fill(sequence, "'any", &[]);
            let port = x.fill(sequence, "(current-input-port)", &[]);
            let parts =
                [("PORT", Part::One(args.first().unwrap_or(&port))), ("MODE", Part::One(args.get(1).unwrap_or(&any)))];
            let call = if known == "in-lines" { "(read-line PORT MODE)" } else { "(read-bytes-line PORT MODE)" };
            let call = x.fill(sequence, call, &parts);
            into.push(until_eof(x, name, &call));
        }
        ("in-input-port-chars", [name], [port]) => {
            let call = x.fill(sequence, "(read-char PORT)", &[("PORT", Part::One(port))]);
            into.push(until_eof(x, name, &call));
        }
        ("in-port", [name], args) if args.len() < 3 => {
            let call = match args {
                [] => x.fill(sequence, "(read)", &[]),
                [reader, port @ ..] => {
                    let parts = [("READER", Part::One(reader)), ("PORT", Part::Many(port))];
                    x.fill(sequence, "(READER PORT...)", &parts)
                }
            };
            into.push(until_eof(x, name, &call));
        }
        ("stop-before" | "stop-after", [name], [inner, stops]) => {
            let at = into.len();
            read(x, std::slice::from_ref(name), inner, scope, into)?;
            let hidden = x.fresh("stop?", stops.span);
            if let Some(walk) = into.get_mut(at) {
                walk.outer.push(Syntax::list(vec![hidden.clone(), stops.clone()], stops.span));
                let parts = [("STOP", Part::One(&hidden)), ("NAME", Part::One(name))];
                if known == "stop-before" {
                    walk.guards.push(x.fill(stops, "(not (STOP NAME))", &parts));
                } else {
                    let last = x.fresh("last", stops.span);
                    let value = x.fill(stops, "(STOP NAME)", &parts);
                    walk.binds.push((vec![last.clone()], value));
                    walk.lasts.push(last);
                }
            }
        }
        _ => into.push(anything(x, names, sequence)),
    }
    Ok(())
}

fn variable(name: &Syntax, init: Syntax, next: Syntax) -> Variable {
    Variable { name: name.clone(), init, next }
}

fn binding(name: &Syntax, value: &Syntax) -> Syntax {
    Syntax::list(vec![name.clone(), value.clone()], value.span)
}

/// A number as it is written, or a name for it that is bound outside the loop.
fn real(x: &mut Expander, number: &Syntax, walk: &mut Walk) -> Syntax {
    if matches!(number.node, Node::Literal(Datum::Number(_))) {
        return number.clone();
    }
    let hidden = x.fresh("n", number.span);
    walk.outer.push(x.fill(
        number,
        "[HIDDEN (%in-range N)]",
        &[("HIDDEN", Part::One(&hidden)), ("N", Part::One(number))],
    ));
    hidden
}

/// Counts from 0 or START by 1 or STEP, as long as TEST holds.
fn counter(
    x: &mut Expander,
    name: &Syntax,
    start: Option<&Syntax>,
    end: Option<&Syntax>,
    step: Option<&Syntax>,
    test: &'static str,
) -> Walk {
    let mut walk = Walk::default();
    let p = x.fresh("p", name.span);
    let start = match start {
        Some(start) => real(x, start, &mut walk),
        None => Syntax::integer(0, name.span),
    };
    if let Some(end) = end {
        let end = real(x, end, &mut walk);
        walk.tests.push(x.fill(name, test, &[("P", Part::One(&p)), ("END", Part::One(&end))]));
    }
    let one = Syntax::integer(1, name.span);
    let next = x.fill(name, "(+ P STEP)", &[("P", Part::One(&p)), ("STEP", Part::One(step.unwrap_or(&one)))]);
    walk.steps.push(variable(&p, start, next));
    walk.binds.push((vec![name.clone()], p));
    walk
}

/// Counts by steps that may go down.
fn stepped(x: &mut Expander, name: &Syntax, start: &Syntax, end: &Syntax, step: &Syntax, inclusive: bool) -> Walk {
    let negative = match &step.node {
        Node::Literal(Datum::Number(text)) => Some(text.starts_with('-')),
        _ => None,
    };
    match (negative, inclusive) {
        (Some(false), false) => return counter(x, name, Some(start), Some(end), Some(step), "(%< P END)"),
        (Some(true), false) => return counter(x, name, Some(start), Some(end), Some(step), "(%> P END)"),
        (Some(false), true) => return counter(x, name, Some(start), Some(end), Some(step), "(%<= P END)"),
        (Some(true), true) => return counter(x, name, Some(start), Some(end), Some(step), "(%>= P END)"),
        (None, _) => {}
    }
    let mut walk = Walk::default();
    let (start, end, step) = (real(x, start, &mut walk), real(x, end, &mut walk), real(x, step, &mut walk));
    let (p, up) = (x.fresh("p", name.span), x.fresh("up?", name.span));
    let parts = [("P", Part::One(&p)), ("END", Part::One(&end)), ("STEP", Part::One(&step)), ("UP", Part::One(&up))];
    walk.outer.push(x.fill(name, "[UP (>= STEP 0)]", &parts));
    let test = if inclusive { "(if UP (%<= P END) (%>= P END))" } else { "(if UP (%< P END) (%> P END))" };
    walk.tests.push(x.fill(name, test, &parts));
    let next = x.fill(name, "(+ P STEP)", &parts);
    walk.steps.push(variable(&p, start, next));
    walk.binds.push((vec![name.clone()], p));
    walk
}

/// What one or several names stand for when the walk has come to ELEMENT: several take a pair apart, or a list.
fn element(x: &mut Expander, names: &[Syntax], element: Syntax, walk: &mut Walk) {
    match names {
        [one] => walk.binds.push((vec![one.clone()], element)),
        [key, value] => {
            let parts = [("PAIR", Part::One(&element))];
            let (first, second) = (x.fill(key, "(car PAIR)", &parts), x.fill(value, "(cdr PAIR)", &parts));
            walk.binds.push((vec![key.clone()], first));
            walk.binds.push((vec![value.clone()], second));
        }
        several => {
            for (at, name) in several.iter().enumerate() {
                let parts = [("LIST", Part::One(&element)), ("AT", Part::One(&Syntax::integer(at, name.span)))];
                let value = x.fill(name, "(list-ref LIST AT)", &parts);
                walk.binds.push((vec![name.clone()], value));
            }
        }
    }
}

/// Along a list, for which Steel's machine has instructions.
fn along(x: &mut Expander, names: &[Syntax], list: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let p = x.fresh(WALKED, list.span);
    let parts = [("P", Part::One(&p))];
    walk.tests.push(x.fill(list, "(not (null? P))", &parts));
    let next = x.fill(list, "(cdr P)", &parts);
    let first = x.fill(list, "(car P)", &parts);
    walk.steps.push(variable(&p, list.clone(), next));
    element(x, names, first, &mut walk);
    walk
}

/// A sequence of which nothing is known before the program runs: a number is counted to, what is made as far as the loop
/// goes is walked so, anything else is made a list.
fn anything(x: &mut Expander, names: &[Syntax], sequence: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let [s, end, unmade, p] = ["s", "end", "unmade?", "p"].map(|word| x.fresh(word, sequence.span));
    let count = Syntax::integer(names.len(), sequence.span);
    let parts = [
        ("S", Part::One(&s)),
        ("END", Part::One(&end)),
        ("UNMADE", Part::One(&unmade)),
        ("P", Part::One(&p)),
        ("COUNT", Part::One(&count)),
        ("NAME", Part::One(&names[0])),
        ("SEQUENCE", Part::One(sequence)),
    ];
    walk.outer.push(x.fill(sequence, "[S SEQUENCE]", &parts));
    walk.outer.push(x.fill(sequence, "[UNMADE (%unmade? S)]", &parts));
    let (init, next, first) = if names.len() == 1 {
        walk.outer.push(x.fill(sequence, "[END (if (exact-nonnegative-integer? S) S #f)]", &parts));
        walk.tests.push(x.fill(sequence, "(if END (%< P END) (not (null? P)))", &parts));
        (
            "(if END 0 (if UNMADE (%walk S) (%sequence->list S 'NAME)))",
            "(if END (+ P 1) (if UNMADE (%next P) (cdr P)))",
            "(if END P (if UNMADE (%element P) (car P)))",
        )
    } else {
        walk.tests.push(x.fill(sequence, "(not (null? P))", &parts));
        let first = match names.len() {
            2 => "(if UNMADE (%element-pair P) (car P))",
            _ => "(if UNMADE (%element-list COUNT P) (car P))",
        };
        ("(if UNMADE (%walk S) (%sequence->list S 'NAME))", "(if UNMADE (%next P) (cdr P))", first)
    };
    let [init, next, first] = [init, next, first].map(|template| x.fill(sequence, template, &parts));
    walk.steps.push(variable(&p, init, next));
    if names.len() == 1 {
        element(x, names, first, &mut walk);
    } else {
        // It is taken apart by several, and made once.
        let one = x.fresh("one", sequence.span);
        walk.binds.push((vec![one.clone()], first));
        element(x, names, one, &mut walk);
    }
    walk
}

fn vector_walk(x: &mut Expander, name: &Syntax, vector: &Syntax, sequence: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let (v, n, p) = (x.fresh("v", name.span), x.fresh("n", name.span), x.fresh("p", name.span));
    let parts = [("V", Part::One(&v)), ("N", Part::One(&n)), ("P", Part::One(&p)), ("VECTOR", Part::One(vector))];
    walk.outer.push(x.fill(sequence, "[V (%in-vector VECTOR)]", &parts));
    walk.outer.push(x.fill(sequence, "[N (vector-length V)]", &parts));
    walk.tests.push(x.fill(sequence, "(%< P N)", &parts));
    let next = x.fill(sequence, "(+ P 1)", &parts);
    let value = x.fill(sequence, "(vector-ref V P)", &parts);
    walk.steps.push(variable(&p, Syntax::integer(0, name.span), next));
    walk.binds.push((vec![name.clone()], value));
    walk
}

/// `(in-vector vector start [stop [step]])`, in place: the vector may change meanwhile.
fn part_walk(x: &mut Expander, name: &Syntax, vector: &Syntax, bounds: &[Syntax], sequence: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let [v, start, step, stop, p] = ["v", "start", "step", "stop", "p"].map(|word| x.fresh(word, name.span));
    let (none, one) = (Syntax::boolean(false, name.span), Syntax::integer(1, name.span));
    let given_step = bounds.get(2).unwrap_or(&one);
    let down = match &given_step.node {
        Node::Literal(Datum::Number(text)) => Some(text.starts_with('-')),
        _ => None,
    };
    let parts = [
        ("V", Part::One(&v)),
        ("START", Part::One(&start)),
        ("STOP", Part::One(&stop)),
        ("STEP", Part::One(&step)),
        ("P", Part::One(&p)),
        ("VECTOR", Part::One(vector)),
        ("FROM", Part::One(&bounds[0])),
        ("TO", Part::One(bounds.get(1).unwrap_or(&none))),
        ("BY", Part::One(given_step)),
    ];
    for binding in ["[V VECTOR]", "[START FROM]", "[STOP TO]", "[STEP BY]", "[STOP (%stop-of V START STOP STEP)]"] {
        walk.outer.push(x.fill(sequence, binding, &parts));
    }
    let test = match down {
        Some(false) => "(%< P STOP)",
        Some(true) => "(%> P STOP)",
        None => "(if (%> STEP 0) (%< P STOP) (%> P STOP))",
    };
    walk.tests.push(x.fill(sequence, test, &parts));
    let next = x.fill(sequence, "(+ P STEP)", &parts);
    let value = x.fill(sequence, "(vector-ref V P)", &parts);
    walk.steps.push(variable(&p, start, next));
    walk.binds.push((vec![name.clone()], value));
    walk
}

fn once(x: &mut Expander, name: &Syntax, value: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let (hidden, go) = (x.fresh("value", value.span), x.fresh("go?", value.span));
    walk.outer.push(binding(&hidden, value));
    walk.tests.push(go.clone());
    walk.steps.push(variable(&go, Syntax::boolean(true, value.span), Syntax::boolean(false, value.span)));
    walk.binds.push((vec![name.clone()], hidden));
    walk
}

/// `(in-producer procedure [stop argument …])`
fn produced(x: &mut Expander, names: &[Syntax], producer: &Syntax, rest: &[Syntax], at: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let make = x.fresh("make", producer.span);
    walk.outer.push(binding(&make, producer));
    let mut call = vec![make];
    let stop = x.fresh("stop", at.span);
    if let [value, args @ ..] = rest {
        walk.outer.push(binding(&stop, value));
        for arg in args {
            let hidden = x.fresh("arg", arg.span);
            walk.outer.push(binding(&hidden, arg));
            call.push(hidden);
        }
        let parts = [("STOP", Part::One(&stop)), ("NAMES", Part::Many(names)), ("NAME", Part::One(&names[0]))];
        walk.guards.push(match names.len() {
            1 => x.fill(at, "(not (if (procedure? STOP) (STOP NAME) (equal? STOP NAME)))", &parts),
            _ => x.fill(at, "(not (STOP NAMES...))", &parts),
        });
    }
    walk.binds.push((names.to_vec(), Syntax::list(call, at.span)));
    walk
}

fn streamed(x: &mut Expander, name: &Syntax, stream: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let p = x.fresh("p", stream.span);
    let parts = [("P", Part::One(&p))];
    walk.tests.push(x.fill(stream, "(not (stream-empty? P))", &parts));
    let next = x.fill(stream, "(stream-rest P)", &parts);
    let first = x.fill(stream, "(stream-first P)", &parts);
    walk.steps.push(variable(&p, stream.clone(), next));
    walk.binds.push((vec![name.clone()], first));
    walk
}

/// A sequence each of whose elements is no values at all.
fn nameless(x: &mut Expander, sequence: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let (p, none) = (x.fresh("p", sequence.span), x.fresh("none", sequence.span));
    let parts = [("P", Part::One(&p)), ("SEQUENCE", Part::One(sequence))];
    walk.tests.push(x.fill(sequence, "(not (null? P))", &parts));
    let next = x.fill(sequence, "(%next P)", &parts);
    let element = x.fill(sequence, "(%several 0 (%element P))", &parts);
    walk.steps.push(variable(&p, x.fill(sequence, "(%walk SEQUENCE)", &parts), next));
    walk.binds.push((vec![none], element));
    walk
}

/// Along the places of what is made as the loop goes.
fn generated(x: &mut Expander, name: &Syntax, sequence: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let p = x.fresh("p", sequence.span);
    let parts = [("P", Part::One(&p)), ("SEQUENCE", Part::One(sequence))];
    walk.tests.push(x.fill(sequence, "(not (null? P))", &parts));
    let next = x.fill(sequence, "((cdr P))", &parts);
    let first = x.fill(sequence, "((car P))", &parts);
    walk.steps.push(variable(&p, x.fill(sequence, "(%walk SEQUENCE)", &parts), next));
    walk.binds.push((vec![name.clone()], first));
    walk
}

/// What a call gives until it gives the end of a file. Its arguments are evaluated once.
fn until_eof(x: &mut Expander, name: &Syntax, call: &Syntax) -> Walk {
    let mut walk = Walk::default();
    let items = call.items().unwrap_or_default();
    let mut fixed = vec![items[0].clone()];
    for item in &items[1..] {
        let hidden = x.fresh("port", item.span);
        walk.outer.push(binding(&hidden, item));
        fixed.push(hidden);
    }
    let fixed = Syntax::list(fixed, call.span);
    walk.binds.push((vec![name.clone()], fixed));
    walk.guards.push(x.fill(call, "(not (eof-object? NAME))", &[("NAME", Part::One(name))]));
    walk
}
