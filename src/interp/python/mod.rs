//! Python inside the interpreter process: one CPython, one namespace (`__main__`), kept between calls.
//!
//! The zygote calls [`start`] once and [`fork`] for each session. `convert.rs` carries values across, `output.rs` what
//! is printed, `bootstrap.py` is the half that is easier to say in Python. Deliberately not here: confinement (the
//! operating system's, around the whole process), calls from Python into Scheme, and Scheme's error type: a caller gets
//! a [`PyFailure`] and makes of it what it wants.

use std::{
    ffi::{CStr, c_ulong},
    mem::MaybeUninit,
    os::fd::{IntoRawFd, OwnedFd},
    path::PathBuf,
    sync::OnceLock,
};

use pyo3::{
    call::PyCallArgs,
    exceptions::PyBaseException,
    ffi,
    prelude::*,
    types::{PyBytes, PyCFunction, PyDict, PyString, PyTuple},
};
use steel::SteelVal;

mod contexts;
mod convert;
mod denials;
mod failure;
mod models;
mod output;
#[cfg(test)]
mod tests;

pub(crate) use contexts::{bind as bind_contexts, keep as keep_name, renewed as contexts_changed};
pub(crate) use denials::say_denials;
pub(crate) use failure::PyFailure;
pub(crate) use models::turn;
pub(crate) use output::{pass_on_waiting as pass_on, set_output};

use convert::{PyObjectHandle, to_python, to_steel};

/// `bootstrap.py`, once [`start`] has run it.
static BOOTSTRAP: OnceLock<Py<PyModule>> = OnceLock::new();

/// `models.py`, likewise.
static MODELS: OnceLock<Py<PyModule>> = OnceLock::new();

/// Python hashes strings by this seed, so that a set of strings has one order in every run, and so makes one prompt.
const HASH_SEED: c_ulong = 0;

/// How many pending signals [`drain_signals`] consumes at most: one for each signal number.
const SIGNALS: usize = 64;

/// Starts CPython and all that sessions share. To be called once, on the thread that forks.
///
/// Gives a warning when `VIRTUAL_ENV` cannot be honoured. Fails when CPython's own files are missing or broken.
pub(crate) fn start() -> Result<Option<String>, String> {
    initialize()?;
    Python::attach(|py| {
        let print = |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
            let (text, is_stderr): (Bound<'_, PyString>, bool) = args.extract()?;
            // A lone surrogate must not turn a `print` into an error.
            output::send(&text.to_string_lossy(), is_stderr);
            Ok(())
        };
        let virtual_env = std::env::var("VIRTUAL_ENV").ok().filter(|path| !path.is_empty());
        let source = c_text(concat!(include_str!("bootstrap.py"), "\0"))?;
        let module = PyModule::from_code(py, source, c"bessemer/bootstrap.py", c"_bessemer")
            .map_err(|err| format!("Python's standard library is incomplete: {err}"))?;
        let source = c_text(concat!(include_str!("models.py"), "\0"))?;
        let asking = PyModule::from_code(py, source, c"bessemer/models.py", c"_bessemer_models")
            .and_then(|asking| models::start(py, &asking).map(|()| asking))
            .map_err(|err| format!("Python did not start: {err}"))?;
        let warning = PyCFunction::new_closure(py, None, None, print)
            .and_then(|print| module.call_method1("start", (print, virtual_env)))
            .and_then(|warning| warning.extract())
            .map_err(|err| format!("Python did not start: {err}"))?;
        // A second start would be a second module; the first stays.
        let _ = BOOTSTRAP.set(module.unbind());
        let _ = MODELS.set(asking.unbind());
        Ok(warning)
    })
}

/// What Python reads of its own: its library, packages, shared objects.
pub(crate) fn readable() -> Vec<PathBuf> {
    let found = with(|python| {
        let found = python.call("readable", ())?;
        found.extract::<Vec<PathBuf>>().map_err(|err| python.failure(err, false))
    });
    found.unwrap_or_default()
}

/// What connections by TLS read: where certificates are.
pub(crate) fn certificates() -> Vec<PathBuf> {
    let found = with(|python| {
        let found = python.call("certificates", ())?;
        found.extract::<Vec<PathBuf>>().map_err(|err| python.failure(err, false))
    });
    found.unwrap_or_default()
}

/// Sees to it that copies of this process, which a script may make with `os.fork`, leave the host alone.
pub(crate) fn cut_copies() {
    let seen_to = with(|python| {
        let cut = |_: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| crate::interp::link::cut();
        let cut = PyCFunction::new_closure(python.py, None, None, cut).map_err(|err| python.failure(err, false))?;
        python.call("cut_copies", (cut,)).map(drop)
    });
    if let Err(failed) = seen_to {
        eprintln!("warning: copies of the session would disturb it: {}", failed.message);
    }
}

/// Gives the process these variables; `only` these.
pub(crate) fn set_environment(variables: &[(Vec<u8>, Vec<u8>)], only: bool) {
    let done = with(|python| {
        let py = python.py;
        let pairs: Vec<_> = variables.iter().map(|(n, v)| (PyBytes::new(py, n), PyBytes::new(py, v))).collect();
        python.call("set_environment", (pairs, only)).map(drop)
    });
    if let Err(failed) = done {
        // What cannot be set is missing, which its reader will say.
        eprintln!("warning: the environment is not what was granted: {}", failed.message);
    }
}

/// Where the numbers of Python's `random` begin.
pub(crate) fn seed(seed: u64) {
    // It fails for want of memory alone, and then the script does.
    let _ = with(|python| python.call("seed", (seed,)).map(drop));
}

/// Moves Python's clock by so many seconds.
pub(crate) fn set_clock(seconds: f64) {
    // Likewise.
    let _ = with(|python| python.call("set_clock", (seconds,)).map(drop));
}

/// From here on, connections are asked for on this socket.
pub(crate) fn ask_for_connections(socket: OwnedFd) -> Result<(), String> {
    let source = c_text(concat!(include_str!("network.py"), "\0"))?;
    let started = with(|python| {
        let module = PyModule::from_code(python.py, source, c"bessemer/network.py", c"_bessemer_network");
        let started = module.and_then(|module| module.call_method1("start", (socket.into_raw_fd(),)));
        started.map(drop).map_err(|err| python.failure(err, false))
    });
    started.map_err(|failed: PyFailure| format!("connections: {}", failed.message))
}

/// A text that ends in a zero byte, as C wants it.
fn c_text(text: &'static str) -> Result<&'static CStr, String> {
    CStr::from_bytes_with_nul(text.as_bytes()).map_err(|err| err.to_string())
}

/// `Python::initialize`, but with a fixed hash seed, and with an error where that one ends the process.
fn initialize() -> Result<(), String> {
    let mut config = MaybeUninit::<ffi::PyConfig>::zeroed();
    // SAFETY: `PyConfig` is a C struct for which all zeros is a valid value, and `InitPythonConfig` sets every field.
    // The pointers that a status holds are static C strings or null. No other thread uses Python before this returns,
    // as `start` demands; it is left detached, which is what `Python::attach` expects.
    unsafe {
        if ffi::Py_IsInitialized() != 0 {
            return Ok(());
        }
        ffi::PyConfig_InitPythonConfig(config.as_mut_ptr());
        let config = config.assume_init_mut();
        config.install_signal_handlers = 0;
        config.parse_argv = 0;
        config.configure_c_stdio = 0;
        config.use_hash_seed = 1;
        config.hash_seed = HASH_SEED;
        let status = ffi::Py_InitializeFromConfig(config);
        ffi::PyConfig_Clear(config);
        if ffi::PyStatus_Exception(status) != 0 {
            let why = if status.err_msg.is_null() { c"unknown" } else { CStr::from_ptr(status.err_msg) };
            return Err(format!(
                "Python cannot start ({}): its standard library is missing or of another version; is PYTHONHOME set?",
                why.to_string_lossy()
            ));
        }
        ffi::PyEval_SaveThread();
    }
    Ok(())
}

/// Forks by `fork`, whose value is the child's process id, or 0 in the child, or negative; and tells Python of it.
pub(crate) fn fork(fork: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the thread is attached, as all three calls demand, and each is called on its own side of the fork.
    Python::attach(|_| unsafe {
        ffi::PyOS_BeforeFork();
        let pid = fork();
        if pid == 0 {
            ffi::PyOS_AfterFork_Child();
        } else {
            ffi::PyOS_AfterFork_Parent();
        }
        pid
    })
}

/// Runs all statements of `code`; gives the value of the last one if it is an expression, else void, like a notebook.
pub(crate) fn eval(code: &str) -> Result<SteelVal, PyFailure> {
    with(|python| to_steel(&python.run("evaluate", (code,))?).map_err(PyFailure::new))
}

/// Runs `code` and gives what it printed on stdout.
pub(crate) fn exec(code: &str) -> Result<String, PyFailure> {
    with(|python| {
        let printed = python.run("capture", (code,))?;
        convert::text(&printed).map_err(PyFailure::new)
    })
}

/// Binds a name to a value. Fails when Python could not say that name.
pub(crate) fn set(name: &str, value: &SteelVal) -> Result<(), PyFailure> {
    with(|python| {
        let value = to_python(python.py, value).map_err(PyFailure::new)?;
        python.call("bind", (name, value)).map(drop)
    })
}

/// The value of a variable, if there is one of that name.
pub(crate) fn variable(name: &str) -> Result<Option<SteelVal>, PyFailure> {
    with(|python| {
        let found = python.call("variable", (name,))?;
        let found = found.cast_into::<PyTuple>().map_err(|err| PyFailure::new(err.to_string()))?;
        found.get_item(0).ok().map(|value| to_steel(&value).map_err(PyFailure::new)).transpose()
    })
}

/// Calls a method of a handle's object, or of what a value becomes in Python.
pub(crate) fn call(object: &SteelVal, method: &str, args: &[SteelVal]) -> Result<SteelVal, PyFailure> {
    with(|python| {
        let py = python.py;
        let object = to_python(py, object).map_err(PyFailure::new)?;
        let args = args.iter().map(|arg| to_python(py, arg)).collect::<Result<Vec<_>, _>>().map_err(PyFailure::new)?;
        let value = PyTuple::new(py, args)
            .and_then(|args| object.call_method1(method, args))
            .map_err(|err| python.failure(err, false))?;
        to_steel(&value).map_err(PyFailure::new)
    })
}

/// Imports a module, binds its top-level name as `import` does, and gives a handle to the module that was named.
pub(crate) fn import(module: &str) -> Result<SteelVal, PyFailure> {
    with(|python| Ok(PyObjectHandle::value(python.call("import_module", (module,))?)))
}

/// Makes Python raise `KeyboardInterrupt` soon. May be called from a signal handler, before Python runs too.
pub(crate) fn interrupt() {
    // SAFETY: CPython documents this function as safe in a signal handler and without the GIL.
    unsafe { ffi::PyErr_SetInterrupt() }
}

/// Consumes what an interrupt left behind: the next call would raise a `KeyboardInterrupt` that is meant for the last.
pub(crate) fn drain_signals() {
    if BOOTSTRAP.get().is_some() {
        Python::attach(|py| (0..SIGNALS).any(|_| py.check_signals().is_ok()));
    }
}

/// An attached interpreter.
struct Attached<'py> {
    py: Python<'py>,
    bootstrap: &'py Bound<'py, PyModule>,
}

/// Attaches to the interpreter, and passes on afterwards what other threads printed meanwhile.
fn with<T>(body: impl FnOnce(Attached<'_>) -> Result<T, PyFailure>) -> Result<T, PyFailure> {
    let bootstrap = BOOTSTRAP.get().ok_or_else(|| PyFailure::new("Python was not started"))?;
    let result = Python::attach(|py| body(Attached { py, bootstrap: bootstrap.bind(py) }));
    output::pass_on_waiting();
    result
}

impl<'py> Attached<'py> {
    /// Calls a function of `bootstrap.py` that runs code of the script.
    fn run(&self, function: &str, args: impl PyCallArgs<'py>) -> Result<Bound<'py, PyAny>, PyFailure> {
        self.bootstrap.call_method1(function, args).map_err(|err| self.failure(err, true))
    }

    /// Calls any other function of `bootstrap.py`.
    fn call(&self, function: &str, args: impl PyCallArgs<'py>) -> Result<Bound<'py, PyAny>, PyFailure> {
        self.bootstrap.call_method1(function, args).map_err(|err| self.failure(err, false))
    }

    /// What an exception is to the caller. `in_code`: it came out of code that has lines of its own.
    fn failure(&self, err: PyErr, in_code: bool) -> PyFailure {
        let plain = err.to_string();
        let error: Py<PyBaseException> = err.into_value(self.py);
        let described = self.bootstrap.call_method1("describe", (error, in_code));
        match described.and_then(|parts| parts.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>, Option<u32>, bool)>()) {
            Ok((message, traceback, line, interrupted)) => PyFailure {
                message: convert::lossy_text(&message),
                traceback: convert::lossy_text(&traceback),
                line,
                interrupted,
            },
            // Out of memory, or a second interrupt while the first was described.
            Err(_) => PyFailure::new(plain),
        }
    }
}
