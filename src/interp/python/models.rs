//! Python's way to models, and to the end of the program: what the functions of `models.py` stand on.
//!
//! A call blocks the interpreter's thread, and every fiber with it; calls that fibers have under way go on in the host
//! meanwhile. Not here: how calls are sent and waited for (`sched::blocking`).

use pyo3::{
    exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError},
    prelude::*,
    types::{PyCFunction, PyDict, PyTuple},
};

use super::{BOOTSTRAP, MODELS, PyFailure, with};
use crate::interp::{
    sched::{
        self,
        blocking::{Asked, Waiting},
    },
    value::string,
};

/// How many calls of one batch are under way at once, unless it says otherwise. The host has a limit of its own.
const WINDOW: usize = 1000;

/// The functions of `models.py`, made before the first fork.
pub(super) fn start(py: Python<'_>, module: &Bound<'_, PyModule>) -> PyResult<()> {
    let asks = |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| ask(args);
    let finishes = |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
        let text: String = args.get_item(0)?.extract()?;
        ends(|| sched::with(|s| s.finish(string(text))))
    };
    let variable = |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
        let name: String = args.get_item(0)?.extract()?;
        ends(|| sched::with(|s| s.finish_variable(name, Vec::new())))
    };
    let asks = PyCFunction::new_closure(py, None, None, asks)?;
    let finishes = PyCFunction::new_closure(py, None, None, finishes)?;
    let variable = PyCFunction::new_closure(py, None, None, variable)?;
    module.call_method1("start", (asks, finishes, variable)).map(drop)
}

/// Runs a block of Python as a model has written it: what it prints, and the value of its last expression, are output.
pub(crate) fn turn(code: &str) -> Result<(), PyFailure> {
    with(|python| {
        let models = MODELS.get().zip(BOOTSTRAP.get());
        let (models, bootstrap) = models.ok_or_else(|| PyFailure::new("Python was not started"))?;
        let evaluate = bootstrap.bind(python.py).getattr("evaluate").map_err(|err| python.failure(err, false))?;
        let ran = models.bind(python.py).call_method1("turn", (evaluate, code));
        ran.map(drop).map_err(|err| python.failure(err, true))
    })
}

fn ends(end: impl FnOnce()) -> PyResult<()> {
    if !sched::is_here() {
        return Err(elsewhere());
    }
    end();
    Ok(())
}

fn elsewhere() -> PyErr {
    PyRuntimeError::new_err(
        "models are asked from the main thread; `llm_query_batched(prompts)` asks many side by side without threads",
    )
}

/// `ask(prompts, model, recursive, window)` → a list of pairs: `None` and an answer, or a failure's class and message.
/// What would fail every item alike is raised.
fn ask(args: &Bound<'_, PyTuple>) -> PyResult<Vec<(Option<&'static str>, String)>> {
    let py = args.py();
    let (prompts, model, recursive, window): (Vec<String>, Option<String>, bool, Option<usize>) = args.extract()?;
    if !sched::is_here() {
        return Err(elsewhere());
    }
    if window == Some(0) {
        return Err(PyValueError::new_err("max_concurrent must be above zero"));
    }
    let model = model.map(Into::into);
    let asked = prompts.into_iter().map(|prompt| Asked { prompt, model: Option::clone(&model), recursive }).collect();
    let mut waiting = Waiting::new(asked, window.unwrap_or(WINDOW));
    loop {
        let done = sched::with(|s| waiting.step(s));
        if done {
            break;
        }
        // Other threads of the script's run meanwhile.
        py.detach(|| sched::with(sched::Sched::wait_for_host));
        if let Err(interrupted) = py.check_signals() {
            sched::with(|s| waiting.give_up(s));
            return Err(interrupted);
        }
    }
    if sched::with(|s| s.is_ending()) {
        return Err(PyKeyboardInterrupt::new_err("the program ended"));
    }
    let answers = waiting.into_answers();
    let doom = answers.iter().find_map(|answer| answer.as_ref().err().filter(|(class, _)| class.dooms_the_rest()));
    if let Some((class, message)) = doom {
        return Err(PyRuntimeError::new_err(format!("{}: {message}", class.name())));
    }
    Ok(answers
        .into_iter()
        .map(|answer| match answer {
            Ok(text) => (None, text),
            Err((class, message)) => (Some(class.name()), message),
        })
        .collect())
}
