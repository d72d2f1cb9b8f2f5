//! The Steel engine as scripts find it: natives taken away, primitives and prelude in place.

use super::{disarm, natives, table};
use std::fmt::Write;
use steel::{SteelErr, SteelVal, compiler::modules::SourceModuleResolver, rerrs::ErrorKind, steel_vm::engine::Engine};

/// The prelude. Loaded as one program, since its files call each other's procedures.
pub(crate) const PRELUDE: &[&str] = &[
    include_str!("../../prelude/fibers.scm"),
    include_str!("../../prelude/control.scm"),
    include_str!("../../prelude/fan-out.scm"),
    include_str!("../../prelude/budgets.scm"),
    include_str!("../../prelude/transduce.scm"),
    include_str!("../../prelude/help.scm"),
];

/// Natives that the prelude itself still needed.
const LATE: &[&str] = &["eval", "#%default-input-port", "current-input-port"];

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

/// Makes the engine. Takes some hundred milliseconds; the zygote does it once.
pub(crate) fn build() -> Result<Engine, String> {
    disarm::disarm();
    let mut engine = Engine::new();
    engine.register_source_module_resolver(NoModules);
    for (name, function) in natives::all() {
        engine.register_value(name, SteelVal::FuncV(*function));
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
    load(&mut engine, "prelude", PRELUDE.concat())?;
    for name in LATE {
        engine.register_value(name, SteelVal::FuncV(|_| Err(refused())));
    }
    engine.register_value("context", super::value::string(""));
    Ok(engine)
}

fn refused() -> SteelErr {
    SteelErr::new(ErrorKind::Generic, "this is not available to scripts".into())
}

fn load(engine: &mut Engine, name: &str, text: String) -> Result<(), String> {
    match engine.run(text) {
        Ok(_) => Ok(()),
        Err(e) => {
            let shown = engine.raise_error_to_string(e.clone()).unwrap_or_else(|| e.to_string());
            Err(format!("{name}: {shown}"))
        }
    }
}
