//! The interpreter and its Python, as a session finds them: a small program asks.

use super::Finding;
use crate::{
    error::Error,
    llm::{dispatch::Dispatcher, router},
    permissions::Permissions,
    session::{Interpreter, Listener, Program, Progress, Session, Zygote},
    wire::{FailureClass, Grant, Stream},
};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long the interpreter may take to start and answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Python says of itself. Libraries are looked for, not imported: that takes seconds.
const QUESTIONS: &str = r##"(py-eval #<<PY
import importlib.metadata, importlib.util, os, sys, sysconfig
def version(name):
    try:
        if importlib.util.find_spec(name) is None:
            return None
        return importlib.metadata.version({"PIL": "pillow", "sklearn": "scikit-learn"}.get(name, name))
    except Exception:
        return "present"
environment = os.environ.get("VIRTUAL_ENV", "")
{
    "version": sys.version.split()[0],
    "prefix": sys.prefix,
    "library": str(sysconfig.get_config_var("INSTSONAME") or sysconfig.get_config_var("LDLIBRARY")),
    "folder": str(sysconfig.get_config_var("LIBDIR")),
    "environment": environment,
    "used": bool(environment) and any(path.startswith(environment + os.sep) for path in sys.path),
    "libraries": [[name, version(name)] for name in ("numpy", "pandas", "scipy", "sklearn", "matplotlib", "PIL")],
}
PY
)"##;

/// The program writes nothing that anybody wants.
struct Nobody;

impl Listener for Nobody {
    fn wrote(&mut self, _: Stream, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

pub(super) fn findings() -> Vec<Finding> {
    let begun = Instant::now();
    match ask() {
        Ok(answer) => {
            let mut all = vec![Finding::good(
                "interpreter",
                format!("starts, and runs a program, in {} ms", begun.elapsed().as_millis()),
            )];
            all.extend(python(&answer));
            all
        }
        // The interpreter itself works.
        Err(Error::Script(e)) if e.class == FailureClass::Python => vec![
            Finding::good("interpreter", format!("starts in {} ms", begun.elapsed().as_millis())),
            Finding::lacking("python", e.message, "scripts that use no `py-` procedure run without it"),
        ],
        Err(e) => {
            let cure = e.hint().map_or("python's shared library and standard library must be those it was built with; `PYTHONHOME` and `LD_LIBRARY_PATH` say where".into(), str::to_owned);
            vec![Finding::bad("interpreter", e.to_string(), cure)]
        }
    }
}

fn ask() -> Result<Value, Error> {
    let mut zygote = Zygote::start(&Interpreter::ThisProgram)?;
    if crate::landlock_abi().is_none() {
        // That is a finding of its own; the questions are ours.
        zygote = zygote.without_sandbox();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::interpreter(format!("no runtime: {e}")))?;
    runtime.block_on(async {
        let models = router::stack(router::Settings { offline: true, ..Default::default() });
        let asked = async {
            let mut session = Session::start(&zygote, Dispatcher::new(models, 1)).await?;
            let env = Grant::Only(vec!["VIRTUAL_ENV".into()]);
            let permissions = Permissions { env, ..Permissions::default() };
            let program = Program { text: QUESTIONS.into(), json: true, permissions, ..Program::default() };
            let (_stop, mut stopped) = mpsc::unbounded_channel();
            session.run(program, &mut Nobody, &mut stopped).await.outcome
        };
        let outcome = tokio::time::timeout(PATIENCE, asked).await;
        let outcome =
            outcome.map_err(|_| Error::interpreter(format!("it did not answer within {} s", PATIENCE.as_secs())))??;
        serde_json::from_str(outcome.value.as_deref().unwrap_or("null"))
            .map_err(|e| Error::interpreter(format!("its answer is no JSON: {e}")))
    })
}

fn python(answer: &Value) -> Vec<Finding> {
    let text = |key: &str| answer[key].as_str().unwrap_or("unknown").to_owned();
    let environment = text("environment");
    let used = answer["used"].as_bool().unwrap_or(false);
    let environment = match (environment.is_empty(), used) {
        (true, _) => Finding::lacking(
            "virtual environment",
            "none",
            "activate one (`VIRTUAL_ENV`) for libraries that are not the system's",
        ),
        (false, true) => Finding::good("virtual environment", format!("{environment}, its packages come first")),
        (false, false) => Finding::lacking(
            "virtual environment",
            format!("{environment}, not used"),
            format!("it has no packages for Python {}; make it with that version", text("version")),
        ),
    };
    let pairs: Vec<_> = answer["libraries"].as_array().into_iter().flatten().collect();
    let names = |present: bool| -> Vec<String> {
        let chosen = pairs.iter().filter(|p| p[1].is_string() == present);
        chosen.map(|p| [&p[0], &p[1]].iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join(" ")).collect()
    };
    let (here, missing) = (names(true), names(false));
    let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    vec![
        Finding::good("python", format!("{} in {}", text("version"), text("prefix"))),
        Finding::good("python's library", format!("{} of {}", text("library"), text("folder"))),
        environment,
        Finding::good("python libraries", format!("{}; not here: {}", list(&here), list(&missing))),
    ]
}
