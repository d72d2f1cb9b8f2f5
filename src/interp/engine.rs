//! The Steel engine as scripts find it: natives taken away, primitives and prelude in place.

use super::{
    dialect, disarm,
    expand::{self, Expander, Source},
    natives, session, table,
};
use std::{fmt::Write, mem};
use steel::{
    SteelVal,
    compiler::modules::SourceModuleResolver,
    steel_vm::{engine::Engine, primitives},
};

/// The prelude. Loaded as one program, since its files call each other's procedures.
pub(crate) const PRELUDE: &[&str] = &[
    include_str!("../../prelude/fibers.scm"),
    include_str!("../../prelude/control.scm"),
    include_str!("../../prelude/fan-out.scm"),
    include_str!("../../prelude/budgets.scm"),
    include_str!("../../prelude/python.scm"),
    include_str!("../../prelude/transduce.scm"),
];

/// The part of the prelude that is written in the language that scripts have, and not in Steel's. One program too: no name
/// means Steel's procedure in one file and ours in the next.
pub(super) const RACKET: &[&str] = &[
    include_str!("../../prelude/racket/forms.scm"),
    include_str!("../../prelude/racket/equality.scm"),
    include_str!("../../prelude/racket/text.scm"),
    include_str!("../../prelude/racket/patterns.scm"),
    include_str!("../../prelude/racket/output.scm"),
    include_str!("../../prelude/racket/procedures.scm"),
    include_str!("../../prelude/racket/lists.scm"),
    include_str!("../../prelude/racket/numbers.scm"),
    include_str!("../../prelude/racket/sorting.scm"),
    include_str!("../../prelude/racket/vectors.scm"),
    include_str!("../../prelude/racket/hashes.scm"),
    include_str!("../../prelude/racket/sets.scm"),
    include_str!("../../prelude/racket/records.scm"),
    include_str!("../../prelude/racket/arity.scm"),
    include_str!("../../prelude/racket/promises.scm"),
    include_str!("../../prelude/racket/exceptions.scm"),
    include_str!("../../prelude/racket/sequences.scm"),
    include_str!("../../prelude/racket/walks.scm"),
    include_str!("../../prelude/racket/dicts.scm"),
    include_str!("../../prelude/racket/generators.scm"),
    include_str!("../../prelude/racket/json.scm"),
    include_str!("../../prelude/racket/checks.scm"),
    include_str!("../../prelude/racket/dates.scm"),
    include_str!("../../prelude/racket/files.scm"),
];

/// Ways to put calls together, written as a script would be, on top of all that.
pub(crate) const COMBINATORS: &[&str] = &[
    include_str!("../../prelude/combinators/common.scm"),
    include_str!("../../prelude/combinators/steps.scm"),
    include_str!("../../prelude/combinators/refine.scm"),
    include_str!("../../prelude/combinators/guards.scm"),
    include_str!("../../prelude/combinators/trees.scm"),
    include_str!("../../prelude/combinators/votes.scm"),
    include_str!("../../prelude/combinators/tiers.scm"),
    include_str!("../../prelude/combinators/memory.scm"),
    include_str!("../../prelude/combinators/groups.scm"),
    include_str!("../../prelude/combinators/map-reduce.scm"),
    include_str!("../../prelude/combinators/reports.scm"),
];

/// The text of one of these files.
pub(super) fn racket_file(name: &str) -> &'static str {
    let head = format!(";;; {name} -- ");
    RACKET.iter().find(|text| text.starts_with(&head)).copied().unwrap_or_default()
}

/// Natives that no program has.
const WITHOUT: &[&str] = &["eval", "#%default-input-port"];

/// Steel's modules, whose natives are its own names for them.
#[rustfmt::skip]
const MODULES: &[&str] = &[
    "hash", "sets", "lists", "strings", "symbols", "vectors", "immutable-vectors", "streams", "identity", "numbers",
    "equality", "ord", "transducers", "io", "filesystem", "ports", "meta", "json", "constants", "syntax", "process",
    "core/result", "core/option", "core/types", "threads", "bytevectors",
];

/// No `require` reaches the disk: every name is answered here, and there are none.
struct NoModules;

impl SourceModuleResolver for NoModules {
    fn resolve(&self, _: &str) -> Option<String> {
        None
    }

    fn exists(&self, _: &str) -> bool {
        true
    }
}

/// What of the language Steel is given before any program: what the front end writes of itself, and what waits.
const ROOTS: &[&str] = &["%main", "%show", "%show-written", "%final-variable", "map-async", "llm-query", "finish"];

/// What runs programs: the engine, and the front end that makes of a program what the engine takes.
pub(crate) struct Language {
    pub(crate) engine: Engine,
    pub(crate) expander: Expander,
}

impl Language {
    /// Gives Steel what of the language a program needs, and the literals that are no text.
    pub(crate) fn prepare(&mut self, program: &mut Source) -> Result<(), String> {
        self.need(mem::take(&mut program.needs), &[])?;
        self.register(program);
        Ok(())
    }

    /// Gives Steel definitions that call these of the language's own.
    pub(crate) fn define(&mut self, called: &[&str], definitions: String) -> Result<(), String> {
        self.need(Vec::new(), called)?;
        load(&mut self.engine, "definitions", definitions)
    }

    /// Gives Steel another part of the language. Whether there was one.
    pub(crate) fn give_more(&mut self) -> Result<bool, String> {
        match self.expander.more() {
            None => Ok(false),
            Some(part) => self.give(part.map_err(|e| e.message)?).map(|()| true),
        }
    }

    fn need(&mut self, groups: Vec<usize>, names: &[&str]) -> Result<(), String> {
        let parts = self.expander.needed(groups, names).map_err(|e| e.message)?;
        parts.into_iter().try_for_each(|part| self.give(part))
    }

    fn give(&mut self, mut part: Source) -> Result<(), String> {
        self.register(&mut part);
        load(&mut self.engine, "prelude", part.text)?;
        for steel in part.defined.iter().filter(|steel| !steel.starts_with('%')) {
            if let Ok(value) = self.engine.extract_value(steel) {
                dialect::name(&value, expand::as_written(steel));
            }
        }
        Ok(())
    }

    fn register(&mut self, source: &mut Source) {
        for (name, value) in source.constants.drain(..) {
            self.engine.register_value(&name, value);
        }
    }
}

/// Makes the language. Takes some hundred milliseconds; the zygote does it once.
pub(crate) fn build() -> Result<Language, String> {
    disarm::disarm();
    let mut engine = machine();
    dialect::structs::know(&mut engine)?;
    engine.register_source_module_resolver(NoModules);
    for (name, function) in natives::all() {
        engine.register_value(name, SteelVal::FuncV(*function));
    }
    for entry in dialect::all() {
        engine.register_value(&steel_name(entry.name), SteelVal::FuncV(entry.function));
    }
    for entry in dialect::machined() {
        engine.register_value(&steel_name(entry.name), (entry.value)());
    }
    // Steel binds its own names early: an earlier native is replaced only by a definition in a later program.
    let mut definitions = String::new();
    for primitive in table::all() {
        if let table::Body::Native(function) = primitive.body {
            engine.register_value(&format!("%native:{}", primitive.name), SteelVal::FuncV(function));
            // Writing to a string cannot fail.
            let _ = writeln!(definitions, "(define {0} %native:{0})", primitive.name);
        }
    }
    load(&mut engine, "primitives", definitions)?;
    engine.register_value("context", super::value::string(""));
    racket(engine)
}

/// Steel's machine with its natives, and without its own prelude: the front end does what that is for, in a tenth of the
/// time.
fn machine() -> Engine {
    let mut engine = Engine::new_raw_no_kernel();
    primitives::register_builtin_modules(&mut engine, false);
    for name in MODULES {
        let Some(module) = engine.builtin_modules().get(&format!("steel/{name}")) else { continue };
        let natives: Vec<_> = module.inner_map().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        for (name, value) in natives.into_iter().filter(|(name, _)| !WITHOUT.contains(&&**name)) {
            // Under this name Steel's compiler knows it.
            engine.register_value(&format!("#%prim.{name}"), value.clone());
            engine.register_value(&name, value);
        }
    }
    engine
}

/// What Steel calls a procedure of the dialect: it may have one of that name.
fn steel_name(name: &str) -> String {
    if name.starts_with('%') { name.to_owned() } else { format!("%d:{name}") }
}

/// The front end, with the procedures and the forms of the dialect.
fn racket(engine: Engine) -> Result<Language, String> {
    let natives = engine.globals().iter().map(|name| name.resolve().to_owned()).collect();
    let mut expander = Expander::new(natives);
    for name in dialect::all().map(|entry| entry.name).chain(dialect::machined().map(|entry| entry.name)) {
        expander.bind_native(name, &steel_name(name));
    }
    for (word, steel) in expander.variables() {
        if let Ok(value) = engine.extract_value(&steel) {
            dialect::name(&value, &word);
        }
    }
    for (word, steel) in dialect::ALIASES {
        expander.bind_native(word, steel);
    }
    let text = [PRELUDE, RACKET, COMBINATORS].concat().concat();
    expander.prelude(&text).map_err(|e| {
        let place = e.span.map_or("", |(start, end)| text.get(start as usize..end as usize).unwrap_or_default());
        format!("prelude: {}: {place}", e.message)
    })?;
    let mut language = Language { engine, expander };
    language.need(Vec::new(), ROOTS)?;
    Ok(language)
}

fn load(engine: &mut Engine, name: &str, text: String) -> Result<(), String> {
    loop {
        match engine.run(text.clone()) {
            Ok(_) => return Ok(()),
            // No part of the language may be left half given. Whoever interrupts a program does so until it ends.
            Err(_) if session::forget_interrupt(engine) => {}
            Err(e) => {
                let shown = engine.raise_error_to_string(e.clone()).unwrap_or_else(|| e.to_string());
                return Err(format!("{name}: {shown}"));
            }
        }
    }
}
