//! `struct`, `define-struct`, `define-record-type`, `struct-copy`, `define-generics`.
//!
//! A definition of a record becomes the definition of its procedures, from the list that `%record-type` gives, and of what
//! the other forms know of it (`%define-record`). What a record is at run time is told in `dialect::records`.

mod generics;
mod options;

use crate::interp::expand::{
    Expander, Form, Part, Step,
    scope::{Field, Record, Scope},
    syntax::{Alias, Name, Node, Syntax},
};
use options::Options;
use std::rc::Rc;

pub(super) const FORMS: &[(&str, Form)] = &[
    ("struct", struct_form),
    ("define-struct", define_struct),
    ("define-record-type", define_record_type),
    ("struct-copy", struct_copy),
    ("define-generics", generics::define_generics),
];

fn arguments(form: &Syntax) -> &[Syntax] {
    form.items().unwrap_or_default().get(1..).unwrap_or_default()
}

/// A name made from another, which means something where that one does.
pub(super) fn derived(name: &Syntax, word: &str) -> Syntax {
    fn again(name: &Name, word: &str) -> Name {
        match name {
            Name::Plain(_) => Name::Plain(word.into()),
            Name::Alias(alias) => {
                Name::Alias(Rc::new(Alias { of: again(&alias.of, word), scope: alias.scope.clone() }))
            }
        }
    }
    match name.name() {
        Some(own) => Syntax::new(Node::Name(again(own, word)), name.span),
        None => name.clone(),
    }
}

/// A field of its own that a record has.
struct Own {
    name: Syntax,
    accessor: Syntax,
    mutator: Option<Syntax>,
    auto: bool,
}

/// All that a definition of a record says.
struct Definition<'a> {
    form: &'a Syntax,
    /// What the record is called, and what prints.
    name: Syntax,
    shown: Syntax,
    parent: Option<Rc<Record>>,
    /// The expression that is its parent's type.
    super_type: Option<Syntax>,
    descriptor: Syntax,
    constructor: Syntax,
    predicate: Syntax,
    fields: Vec<Own>,
    options: Options,
    /// More definitions, behind the record's.
    more: Vec<Syntax>,
}

impl Definition<'_> {
    fn written(self, x: &mut Expander) -> Syntax {
        let form = self.form;
        let mut names = vec![self.descriptor.clone(), self.constructor.clone(), self.predicate.clone()];
        names.extend(self.fields.iter().map(|field| field.accessor.clone()));
        let no = Syntax::boolean(false, form.span);
        names.extend(
            self.fields.iter().map(|field| field.mutator.clone().unwrap_or_else(|| x.fresh("none", form.span))),
        );
        let own: Vec<Syntax> = self.fields.iter().map(|field| field.name.clone()).collect();
        let flags: Vec<Syntax> =
            self.fields.iter().map(|field| Syntax::boolean(field.mutator.is_some(), form.span)).collect();
        let autos = self.fields.iter().filter(|field| field.auto).count();
        let options = &self.options;
        let auto_value = options.auto_value.as_ref().unwrap_or(&no);
        let guard = options.guard.as_ref().unwrap_or(&no);
        let parts = [
            ("NAMES", Part::Many(&names)),
            ("NAME", Part::One(&self.shown)),
            ("PARENT", Part::One(self.super_type.as_ref().unwrap_or(&no))),
            ("OWN", Part::Many(&own)),
            ("AUTOS", Part::One(&Syntax::integer(autos, form.span))),
            ("AUTO", Part::One(auto_value)),
            ("FLAGS", Part::Many(&flags)),
            ("SEEN", Part::One(&options.seen(x, form))),
            ("GUARD", Part::One(guard)),
            ("PROPERTIES", Part::Many(&options.properties)),
        ];
        let procedures = x.fill(
            form,
            "(%define-list (NAMES...)
                (%record-type 'NAME PARENT '(OWN...) AUTOS AUTO '(FLAGS...) SEEN GUARD (list PROPERTIES...)))",
            &parts,
        );
        let above = self.parent.iter().flat_map(|parent| parent.fields.iter().cloned());
        let fields = above.chain(self.fields.iter().map(|field| Field {
            word: field.name.word().unwrap_or_default().into(),
            accessor: field.accessor.clone(),
            mutator: field.mutator.clone(),
        }));
        let fields: Vec<Syntax> = fields
            .map(|field| {
                let word = Syntax::new(Node::Name(Name::Plain(field.word)), form.span);
                Syntax::list(vec![word, field.accessor, field.mutator.unwrap_or_else(|| no.clone())], form.span)
            })
            .collect();
        let parts = [
            ("PROCEDURES", Part::One(&procedures)),
            ("NAME", Part::One(&self.name)),
            ("DESCRIPTOR", Part::One(&self.descriptor)),
            ("CONSTRUCTOR", Part::One(&self.constructor)),
            ("PREDICATE", Part::One(&self.predicate)),
            ("FIELDS", Part::Many(&fields)),
            ("MORE", Part::Many(&self.more)),
        ];
        // The static part is first: the properties may hold procedures that match on the record.
        let template = "(begin (%define-record NAME DESCRIPTOR CONSTRUCTOR PREDICATE (FIELDS...)) PROCEDURES MORE...)";
        x.fill(form, template, &parts)
    }
}

/// The type that is another's parent, by its name.
fn parent_of(x: &Expander, name: &Syntax, scope: &Scope) -> (Option<Rc<Record>>, Syntax) {
    match x.record(name, scope) {
        Some(record) => (Some(record.clone()), record.descriptor.clone()),
        None => (None, derived(name, &format!("struct:{}", name.word().unwrap_or_default()))),
    }
}

/// `(struct name [parent] (field …) option …)`
fn struct_form(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let (name, parent, rest) = match arguments(form) {
        [name, parent, rest @ ..] if name.name().is_some() && parent.name().is_some() => (name, Some(parent), rest),
        [name, rest @ ..] if name.name().is_some() => (name, None, rest),
        _ => return Err(x.bad(form, "struct: a name and fields are needed: (struct name (field …) option …)")),
    };
    define(x, form, scope, name, parent, rest, false)
}

/// `(define-struct name (field …) option …)`, `(define-struct (name parent) (field …) option …)`
fn define_struct(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let (name, parent, rest) = match arguments(form) {
        [name, rest @ ..] if name.name().is_some() => (name, None, rest),
        [both, rest @ ..] => match both.items() {
            Some([name, parent]) if name.name().is_some() && parent.name().is_some() => (name, Some(parent), rest),
            _ => return Err(x.bad(both, "define-struct: a name stands here, or (name parent)")),
        },
        [] => return Err(x.bad(form, "define-struct: it is written (define-struct name (field …) option …)")),
    };
    define(x, form, scope, name, parent, rest, true)
}

fn define(
    x: &mut Expander,
    form: &Syntax,
    scope: &Scope,
    name: &Syntax,
    parent: Option<&Syntax>,
    rest: &[Syntax],
    make: bool,
) -> Step<Syntax> {
    let who = if make { "define-struct" } else { "struct" };
    let word = name.word().unwrap_or_default().to_owned();
    let [fields, rest @ ..] = rest else {
        return Err(x.bad(form, format!("{who}: `{word}` has no list of fields: ({who} {word} (field …))")));
    };
    let Some(fields) = fields.items() else {
        return Err(x.bad(fields, format!("{who}: fields are written (field …), and an option stands behind them")));
    };
    let options = Options::read(x, rest, fields, scope, who)?;
    let mut own = Vec::with_capacity(fields.len());
    for field in fields {
        own.push(read_field(x, field, &word, name, options.mutable, who)?);
    }
    if let Some(at) = own.windows(2).position(|pair| pair[0].auto && !pair[1].auto) {
        return Err(x.bad(&fields[at + 1], format!("{who}: fields with `#:auto` come last")));
    }
    for (at, field) in own.iter().enumerate() {
        if own[..at].iter().any(|other| other.name.word() == field.name.word()) {
            return Err(x.bad(&fields[at], format!("{who}: `{word}` has two fields `{}`", field.name)));
        }
    }
    let (parent, super_type) = match (parent, &options.super_type) {
        (Some(parent), None) => {
            let (record, descriptor) = parent_of(x, parent, scope);
            (record, Some(descriptor))
        }
        (None, given) => (None, given.clone()),
        (Some(parent), Some(_)) => return Err(x.bad(parent, format!("{who}: a parent is named once"))),
    };
    let constructor = match (&options.constructor, make) {
        (Some(given), _) => given.clone(),
        (None, true) => derived(name, &format!("make-{word}")),
        (None, false) => x.fresh(&word, name.span),
    };
    let mut more = Vec::new();
    if let Some(extra) = &options.extra_constructor {
        let parts = [("EXTRA", Part::One(extra)), ("CONSTRUCTOR", Part::One(&constructor))];
        more.push(x.fill(extra, "(define EXTRA CONSTRUCTOR)", &parts));
    }
    let known = options.name.clone().unwrap_or_else(|| name.clone());
    let constructor = if constructor.name() == known.name() { x.fresh(&word, name.span) } else { constructor };
    Ok(Definition {
        form,
        shown: name.clone(),
        name: known,
        parent,
        super_type,
        descriptor: derived(name, &format!("struct:{word}")),
        constructor,
        predicate: derived(name, &format!("{word}?")),
        fields: own,
        options,
        more,
    }
    .written(x))
}

/// `field`, or `[field option …]`
fn read_field(x: &Expander, field: &Syntax, word: &str, record: &Syntax, mutable: bool, who: &str) -> Step<Own> {
    let wrong = || x.bad(field, format!("{who}: a field is a name, or [name #:mutable], or [name #:auto]"));
    let (name, flags) = match field.items() {
        None => (field, &[][..]),
        Some([name, flags @ ..]) => (name, flags),
        Some([]) => return Err(wrong()),
    };
    let Some(own) = name.word() else { return Err(wrong()) };
    let (mut mutable, mut auto) = (mutable, false);
    for flag in flags {
        match flag.keyword() {
            Some("mutable") => mutable = true,
            Some("auto") => auto = true,
            _ => return Err(wrong()),
        }
    }
    Ok(Own {
        name: name.clone(),
        accessor: derived(record, &format!("{word}-{own}")),
        mutator: mutable.then(|| derived(record, &format!("set-{word}-{own}!"))),
        auto,
    })
}

/// SRFI 9's `(define-record-type name (constructor field …) predicate (field accessor [modifier]) …)`
fn define_record_type(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let who = "define-record-type";
    let shape = "(define-record-type name (constructor field …) predicate (field accessor modifier) …)";
    let [name, constructor, predicate, fields @ ..] = arguments(form) else {
        return Err(x.bad(form, format!("{who}: something is missing: {shape}")));
    };
    let (name, parent) = match name.items() {
        Some([name, parent]) if parent.name().is_some() => (name, Some(parent)),
        Some([name, ..]) => (name, None),
        _ => (name, None),
    };
    if name.name().is_none() {
        return Err(x.bad(name, format!("{who}: the record's name stands here: {shape}")));
    }
    let word = name.word().unwrap_or_default();
    let bare = word.trim_start_matches('<').trim_end_matches('>').to_owned();
    let mut own = Vec::with_capacity(fields.len());
    for field in fields {
        let (field, accessor, mutator) = match field.items() {
            None => (field, None, None),
            Some([field]) => (field, None, None),
            Some([field, accessor]) => (field, Some(accessor), None),
            Some([field, accessor, mutator]) => (field, Some(accessor), Some(mutator)),
            Some(_) => return Err(x.bad(field, format!("{who}: a field is written (field accessor modifier)"))),
        };
        if [Some(field), accessor, mutator].into_iter().flatten().any(|part| part.name().is_none()) {
            return Err(x.bad(field, format!("{who}: a field is written (field accessor modifier)")));
        }
        let accessor = accessor.cloned().unwrap_or_else(|| x.fresh("accessor", field.span));
        own.push(Own { name: field.clone(), accessor, mutator: mutator.cloned(), auto: false });
    }
    let (parent, super_type) = match parent {
        Some(parent) => {
            let (record, descriptor) = parent_of(x, parent, scope);
            (record, Some(descriptor))
        }
        None => (None, None),
    };
    let mut more = Vec::new();
    let mut constructor = record_constructor(x, constructor, &bare, &own, parent.as_deref(), &mut more)?;
    let mut known = name.clone();
    if !more.is_empty() {
        // A constructor that bears the record's own name, and is not that of all fields, is all that the name means.
        if arguments(form)[1].items().and_then(|items| items.first()).and_then(Syntax::name) == name.name() {
            known = x.fresh(&bare, name.span);
        }
    } else if constructor.name() == name.name() {
        constructor = x.fresh(&bare, name.span);
    }
    let predicate = match (predicate.name(), &predicate.node) {
        (Some(_), _) => predicate.clone(),
        (None, Node::Literal(_)) => x.fresh("predicate", predicate.span),
        _ => return Err(x.bad(predicate, format!("{who}: the predicate's name stands here: {shape}"))),
    };
    Ok(Definition {
        form,
        name: known,
        shown: name.clone(),
        parent,
        super_type,
        descriptor: x.fresh("type", name.span),
        constructor,
        predicate,
        fields: own,
        options: Options::default(),
        more,
    }
    .written(x))
}

/// The name that the constructor of all fields gets. One that takes some of them, or in another order, is defined
/// besides.
fn record_constructor(
    x: &mut Expander,
    constructor: &Syntax,
    bare: &str,
    own: &[Own],
    parent: Option<&Record>,
    more: &mut Vec<Syntax>,
) -> Step<Syntax> {
    let (name, given) = match (constructor.items(), constructor.name()) {
        (None, Some(_)) => return Ok(constructor.clone()),
        (None, None) => return Ok(x.fresh(bare, constructor.span)),
        (Some([name, given @ ..]), _) if name.name().is_some() => (name, given),
        _ => return Err(x.bad(constructor, "define-record-type: the constructor is written (name field …)")),
    };
    let inherited: Vec<&str> =
        parent.iter().flat_map(|parent| parent.fields.iter().map(|field| &*field.word)).collect();
    let all: Vec<&str> = inherited.into_iter().chain(own.iter().filter_map(|field| field.name.word())).collect();
    if let Some(unknown) = given.iter().find(|field| field.word().is_none_or(|word| !all.contains(&word))) {
        return Err(x.bad(unknown, format!("define-record-type: `{unknown}` is not among the record's fields")));
    }
    if given.iter().map(Syntax::word).eq(all.iter().copied().map(Some)) {
        return Ok(name.clone());
    }
    let hidden = x.fresh(bare, name.span);
    let values: Vec<Syntax> = all
        .iter()
        .map(|word| {
            let given = given.iter().find(|field| field.is_word(word));
            given.cloned().unwrap_or_else(|| Syntax::boolean(false, constructor.span))
        })
        .collect();
    let parts = [
        ("NAME", Part::One(name)),
        ("GIVEN", Part::Many(given)),
        ("HIDDEN", Part::One(&hidden)),
        ("VALUES", Part::Many(&values)),
    ];
    more.push(x.fill(constructor, "(define (NAME GIVEN...) (HIDDEN VALUES...))", &parts));
    Ok(hidden)
}

/// `(struct-copy name record [field value] [field #:parent parent value] …)`
fn struct_copy(x: &mut Expander, form: &Syntax, scope: &Scope) -> Step<Syntax> {
    let shape = "struct-copy: it is written (struct-copy name record [field value] …)";
    let [name, record, changes @ ..] = arguments(form) else { return Err(x.bad(form, shape)) };
    let Some(known) = x.record(name, scope) else {
        return Err(x.bad(name, format!("struct-copy: `{name}` is no record: define it before with `struct`")));
    };
    let mut values: Vec<Option<Syntax>> = vec![None; known.fields.len()];
    let mut bindings = Vec::new();
    for change in changes {
        let (field, among, value) = match change.items() {
            Some([field, value]) => (field, known.clone(), value),
            Some([field, word, parent, value]) if word.keyword() == Some("parent") => match x.record(parent, scope) {
                Some(record) => (field, record, value),
                None => return Err(x.bad(parent, format!("struct-copy: `{parent}` is no record"))),
            },
            _ => return Err(x.bad(change, shape)),
        };
        let at = among.fields.iter().rposition(|known| field.is_word(&known.word)).filter(|at| *at < values.len());
        let Some(at) = at else {
            let all: Vec<&str> = among.fields.iter().map(|field| &*field.word).collect();
            let message = format!("struct-copy: `{name}` has no field `{field}`, only {}", all.join(", "));
            return Err(x.bad(field, message));
        };
        let hidden = x.fresh("value", value.span);
        bindings.push(Syntax::list(vec![hidden.clone(), value.clone()], value.span));
        values[at] = Some(hidden);
    }
    let source = x.fresh("record", record.span);
    let values: Vec<Syntax> = values
        .into_iter()
        .zip(&known.fields)
        .map(|(value, field)| {
            let parts = [("GET", Part::One(&field.accessor)), ("SOURCE", Part::One(&source))];
            value.unwrap_or_else(|| x.fill(form, "(GET SOURCE)", &parts))
        })
        .collect();
    let parts = [
        ("SOURCE", Part::One(&source)),
        ("RECORD", Part::One(record)),
        ("BINDINGS", Part::Many(&bindings)),
        ("CONSTRUCTOR", Part::One(&known.constructor)),
        ("PREDICATE", Part::One(&known.predicate)),
        ("EXPECTED", Part::One(&Syntax::string(&format!("{name}?"), name.span))),
        ("VALUES", Part::Many(&values)),
    ];
    let template = "(let ([SOURCE RECORD])
        (if (PREDICATE SOURCE)
            (let* (BINDINGS...) (CONSTRUCTOR VALUES...))
            (raise-argument-error 'struct-copy EXPECTED SOURCE)))";
    Ok(x.fill(form, template, &parts))
}
