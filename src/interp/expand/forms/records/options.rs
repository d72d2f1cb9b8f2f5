//! The options of `struct`: those that say something here, those that say nothing, and those that are refused.

use crate::interp::expand::{
    Expander, Part, Step,
    scope::Scope,
    syntax::{Node, Syntax},
};

/// What the options say.
#[derive(Default)]
pub(super) struct Options {
    pub(super) mutable: bool,
    transparent: bool,
    prefab: bool,
    pub(super) auto_value: Option<Syntax>,
    pub(super) guard: Option<Syntax>,
    pub(super) super_type: Option<Syntax>,
    pub(super) constructor: Option<Syntax>,
    pub(super) extra_constructor: Option<Syntax>,
    pub(super) name: Option<Syntax>,
    /// Expressions of pairs: a property's name and its value.
    pub(super) properties: Vec<Syntax>,
}

impl Options {
    /// Reads what stands behind the fields.
    pub(super) fn read(
        x: &mut Expander,
        options: &[Syntax],
        fields: &[Syntax],
        scope: &Scope,
        who: &str,
    ) -> Step<Self> {
        let mut read = Self::default();
        let mut rest = options.iter();
        while let Some(option) = rest.next() {
            let Some(word) = option.keyword() else {
                let message = format!("{who}: behind the fields stand options such as #:transparent, not `{option}`");
                return Err(x.bad(option, message));
            };
            let mut value = |x: &Expander| match rest.next() {
                Some(value) => Ok(value.clone()),
                None => Err(x.bad(option, format!("{who}: nothing follows `#:{word}`"))),
            };
            match word {
                "mutable" => read.mutable = true,
                "transparent" => read.transparent = true,
                "prefab" => read.prefab = true,
                // They hide what nobody here could see.
                "authentic" | "sealed" | "omit-define-syntaxes" => {}
                "inspector" => {
                    let inspector = value(x)?;
                    let seen = matches!(&inspector.node, Node::Literal(datum) if format!("{datum}") == "#f");
                    let made = inspector.items().and_then(<[Syntax]>::first);
                    read.transparent |= seen || made.is_some_and(|head| head.is_word("make-inspector"));
                }
                "auto-value" => read.auto_value = Some(value(x)?),
                "guard" => read.guard = Some(value(x)?),
                "super" => read.super_type = Some(value(x)?),
                "constructor-name" => read.constructor = Some(value(x)?),
                "extra-constructor-name" => read.extra_constructor = Some(value(x)?),
                "name" | "extra-name" => read.name = Some(value(x)?),
                "property" => {
                    let name = value(x)?;
                    let held = numbered(&value(x)?, fields);
                    read.property(x, scope, &name, &held);
                }
                "methods" => {
                    let generic = value(x)?;
                    let methods = value(x)?;
                    read.methods(x, &generic, &methods, who)?;
                }
                _ => {
                    let known = "#:mutable #:transparent #:prefab #:auto-value #:guard #:property #:methods #:super #:constructor-name";
                    return Err(x.bad(option, format!("{who}: there is no option `#:{word}` here, but {known}")));
                }
            }
        }
        Ok(read)
    }

    /// Whether a record's fields are seen: false, true, or the symbol `prefab`.
    pub(super) fn seen(&self, x: &Expander, form: &Syntax) -> Syntax {
        if self.prefab {
            return x.fill(form, "'prefab", &[]);
        }
        Syntax::boolean(self.transparent, form.span)
    }

    /// A property of the language goes by its word, another one is a value.
    fn property(&mut self, x: &mut Expander, scope: &Scope, name: &Syntax, held: &Syntax) {
        let word = name.word().unwrap_or_default();
        let own = word.starts_with("prop:") && x.means(name, scope, word);
        let parts = [("NAME", Part::One(name)), ("HELD", Part::One(held))];
        let template = if own { "(cons 'NAME HELD)" } else { "(cons NAME HELD)" };
        self.properties.push(x.fill(held, template, &parts));
    }

    /// `#:methods gen:custom-write [(define (write-proc …) …)]`
    fn methods(&mut self, x: &mut Expander, generic: &Syntax, methods: &Syntax, who: &str) -> Step<()> {
        let Some(definitions) = methods.items() else {
            return Err(x.bad(methods, format!("{who}: methods are written [(define (method …) …) …]")));
        };
        let defined: Vec<&Syntax> = definitions.iter().filter_map(name_of).collect();
        let method = |word: &str| {
            let found = defined.iter().find(|name| name.is_word(word));
            found.map_or_else(|| Syntax::boolean(false, methods.span), |name| (*name).clone())
        };
        let (template, results): (&'static str, Vec<Syntax>) = match generic.word().unwrap_or_default() {
            "gen:custom-write" => {
                ("(cons 'prop:custom-write (let () DEFINITIONS... RESULTS...))", vec![method("write-proc")])
            }
            "gen:equal+hash" => (
                "(cons 'prop:equal+hash (let () DEFINITIONS... (list RESULTS...)))",
                vec![method("equal-proc"), method("hash-proc"), method("hash2-proc")],
            ),
            "gen:equal-mode+hash" | "gen:set" | "gen:datum" => {
                let message = format!("{who}: methods of `{generic}` are not in this dialect");
                return Err(x.bad(generic, message));
            }
            // The language's own, by their words.
            "gen:stream" => ("(cons 'gen:stream RESULTS...)", vec![super::generics::methods(x, definitions, methods)]),
            "gen:dict" => ("(cons 'gen:dict RESULTS...)", vec![super::generics::methods(x, definitions, methods)]),
            _ => ("(cons 'GENERIC RESULTS...)", vec![super::generics::methods(x, definitions, methods)]),
        };
        let parts = [
            ("GENERIC", Part::One(generic)),
            ("DEFINITIONS", Part::Many(definitions)),
            ("RESULTS", Part::Many(&results)),
        ];
        self.properties.push(x.fill(methods, template, &parts));
        Ok(())
    }
}

/// An expression with the number of the field in place of each `(struct-field-index field)`.
fn numbered(syntax: &Syntax, fields: &[Syntax]) -> Syntax {
    let Some(items) = syntax.items() else { return syntax.clone() };
    if let [head, field] = items
        && head.is_word("struct-field-index")
    {
        let name = |one: &Syntax| one.items().and_then(<[Syntax]>::first).unwrap_or(one).word().map(str::to_owned);
        let at = fields.iter().position(|one| name(one).is_some_and(|word| field.is_word(&word)));
        return at.map_or_else(|| syntax.clone(), |at| Syntax::integer(at, syntax.span));
    }
    Syntax::list(items.iter().map(|item| numbered(item, fields)).collect(), syntax.span)
}

/// The name that a definition defines.
pub(super) fn name_of(definition: &Syntax) -> Option<&Syntax> {
    let mut target = definition.items()?.get(1)?;
    loop {
        target = match &target.node {
            Node::Name(_) => return Some(target),
            Node::List(items) => items.first()?,
            Node::Dotted(items, _) => items.first()?,
            _ => return None,
        };
    }
}
