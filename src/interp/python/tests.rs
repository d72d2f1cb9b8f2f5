//! Running code: values, text, failures, signals.

use std::{
    cell::RefCell,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use pyo3::{Python, ffi};
use steel::SteelVal;

use super::{PyFailure, call, convert::is_python, drain_signals, eval, exec, fork, import, set, set_output, start};

thread_local! {
    static PRINTED: RefCell<String> = const { RefCell::new(String::new()) };
}

fn print(text: &str, is_stderr: bool) {
    PRINTED.with_borrow_mut(|printed| printed.push_str(&if is_stderr { format!("<{text}>") } else { text.to_owned() }));
}

/// What was printed on this thread since the last look.
fn printed() -> String {
    PRINTED.take()
}

/// A started Python for this test alone: `sys.stdout` and the namespace belong to the process.
pub(in crate::interp::python) fn python() -> MutexGuard<'static, ()> {
    static SERIAL: Mutex<()> = Mutex::new(());
    static STARTED: OnceLock<()> = OnceLock::new();
    let guard = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    STARTED.get_or_init(|| {
        let began = std::time::Instant::now();
        start().unwrap();
        eprintln!("Python started in {:?}", began.elapsed());
    });
    set_output(print);
    guard
}

fn failure(code: &str) -> PyFailure {
    eval(code).unwrap_err()
}

fn text(code: &str) -> String {
    eval(code).unwrap().to_string()
}

#[test]
fn the_value_is_the_last_expression_s() {
    let _python = python();
    assert_eq!(eval("import json\nx = 20\nx + 1").unwrap(), SteelVal::IntV(21));
    assert_eq!(eval("x + 2;").unwrap(), SteelVal::IntV(22));
    assert_eq!(eval("'one expression'").unwrap(), SteelVal::StringV("one expression".into()));
    for void in ["y = 1", "", "\n  # a comment\n", "if True:\n    3", "None", "def f(): return 4"] {
        assert_eq!(eval(void).unwrap(), SteelVal::Void, "{void}");
    }
    assert_eq!(eval("f()").unwrap(), SteelVal::IntV(4));
    assert_eq!(text("import dataclasses\n@dataclasses.dataclass\nclass P:\n  x: int\nP(3).x"), "3");
}

#[test]
fn code_may_be_indented_as_a_whole() {
    let _python = python();
    assert_eq!(eval("\n    a = 1\n    if a:\n        a = 2\n    a\n  ").unwrap(), SteelVal::IntV(2));
    assert_eq!(eval("  s = '''\nx\n  y'''\n  s").unwrap(), SteelVal::StringV("\nx\n  y".into()));
    assert_eq!(failure("\n    a = 1\n    1/0").line, Some(3));
    let broken = failure("\n    a = 1\n    b = = 2");
    assert_eq!((broken.message.as_str(), broken.line), ("SyntaxError: invalid syntax", Some(3)));
    for bad in ["  a = 1\nb = 2", "  a = 1\nelse:\n  a = 3"] {
        assert!(failure(bad).message.starts_with("IndentationError"), "{bad}");
    }
}

#[test]
fn a_syntax_error_has_its_line_and_no_effect() {
    let _python = python();
    let error = failure("untouched = 1\nprint('x'\n");
    assert_eq!((error.message.as_str(), error.line), ("SyntaxError: '(' was never closed", Some(2)));
    assert!(error.traceback.ends_with("\", line 2\n    print('x'\n         ^\n"), "{}", error.traceback);
    assert_eq!(failure("untouched = 1\nreturn 3").line, Some(2));
    assert_eq!(failure("untouched").message, "NameError: name 'untouched' is not defined");
}

#[test]
fn a_traceback_shows_the_script_s_own_frames_only() {
    let _python = python();
    let error = failure("import json\ndef load(s):\n    return json.loads(s)\nload('nope')");
    assert_eq!(error.message, "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)");
    assert_eq!(error.line, Some(3));
    assert!(error.traceback.starts_with("Traceback (most recent call last):\n  File \"<py-eval "));
    assert!(error.traceback.contains(", line 3, in load\n    return json.loads(s)\n"), "{}", error.traceback);
    assert!(!error.traceback.contains("decoder.py") && !error.traceback.contains("bootstrap"));
    // A function of earlier code: the line is this code's, the traceback shows both.
    let later = failure("\n\nload('')");
    assert_eq!(later.line, Some(3));
    assert!(later.traceback.contains("return json.loads(s)"));
}

#[test]
fn a_chain_of_exceptions_is_told_in_order() {
    let _python = python();
    let error = failure("try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('no k') from e");
    assert_eq!((error.message.as_str(), error.line), ("ValueError: no k", Some(4)));
    assert!(
        error.traceback.contains("KeyError: 'k'\n\nThe above exception was the direct cause"),
        "{}",
        error.traceback
    );
    let hidden = failure("try:\n    {}['k']\nexcept KeyError:\n    raise ValueError('no k') from None");
    assert!(!hidden.traceback.contains("KeyError:"));
}

#[test]
fn every_way_to_fail_is_an_ordinary_failure() {
    let _python = python();
    for (code, message) in [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("exit()", "SystemExit: None"),
        ("1/0", "ZeroDivisionError: division by zero"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class Odd(BaseException):\n    def __str__(self): 1/0\nraise Odd", "Odd: <exception str() failed>"),
        ("def g(): return g()\ng()", "RecursionError: maximum recursion depth exceeded"),
        ("[0] * 2**62", "MemoryError"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ] {
        let error = failure(code);
        assert!(error.message.starts_with(message), "{error:?}");
        assert!(!error.interrupted);
        assert!(error.line.is_some() && error.traceback.len() < 2000, "{error:?}");
    }
    assert!(failure("raise KeyboardInterrupt").interrupted);
    assert!(failure("'\\ud800'").message.contains("lone surrogate"));
    assert!(failure("a = '\0'").message.contains("null bytes"));
    assert_eq!(eval("1").unwrap(), SteelVal::IntV(1));
}

#[test]
fn exec_gives_what_was_printed_and_lets_stdout_go_afterwards() {
    let _python = python();
    printed();
    assert_eq!(
        exec("import sys\nprint('a', 1)\nsys.stdout.write('b')\nprint('c', file=sys.stderr)").unwrap(),
        "a 1\nb"
    );
    assert_eq!(printed(), "<c><\n>");
    assert_eq!(exec("print('lost')\n1/0").unwrap_err().message, "ZeroDivisionError: division by zero");
    assert_eq!(exec("print('🎉' * 3)").unwrap(), "🎉🎉🎉\n");
    eval("print('seen')").unwrap();
    assert_eq!(printed(), "seen\n");
}

#[test]
fn printed_text_comes_in_order_from_any_thread() {
    let _python = python();
    printed();
    eval("import sys\nprint('one')\nprint('two', file=sys.stderr, end='')\nsys.stdout.writelines(['3', '\\ud800'])")
        .unwrap();
    assert!(printed().starts_with("one\n<two>3\u{fffd}"));
    eval("import threading\nt = threading.Thread(target=print, args=('from a thread',))\nt.start(); t.join()").unwrap();
    assert_eq!(printed(), "from a thread\n");
    eval("print('x' * 5_000_000, end='')").unwrap();
    assert_eq!(printed().len(), 5_000_000);
    assert!(failure("sys.stdout.write(b'x')").message.starts_with("TypeError: string argument expected"));
    assert_eq!(text("sys.stdout.flush(); sys.stdout.close(); sys.stdout.reconfigure(encoding='utf-8')"), "#<void>");
    assert_eq!(text("[sys.stdout.isatty(), sys.stdout.encoding]"), "(#false \"utf-8\")");
}

#[test]
fn set_binds_what_python_can_name() {
    let _python = python();
    set("größe", &SteelVal::StringV("\"quoted\" \\ \n".into())).unwrap();
    assert_eq!(eval("größe").unwrap(), SteelVal::StringV("\"quoted\" \\ \n".into()));
    for name in ["", "2x", "a b", "class", "None", "a.b", "a-b"] {
        let error = set(name, &SteelVal::Void).unwrap_err();
        assert_eq!(error.message, format!("NameError: `{name}` cannot be the name of a Python variable"));
    }
}

#[test]
fn call_and_import_reach_objects() {
    let _python = python();
    let string = |text: &str| SteelVal::StringV(text.into());
    let path = import("os.path").unwrap();
    assert!(is_python(&path));
    assert_eq!(call(&path, "join", &[string("a"), string("b")]).unwrap(), string("a/b"));
    assert_eq!(eval("os.sep").unwrap(), string("/"));
    assert_eq!(call(&string("a b"), "upper", &[]).unwrap(), string("A B"));
    assert_eq!(
        call(&string("a"), "nope", &[]).unwrap_err().message,
        "AttributeError: 'str' object has no attribute 'nope'"
    );
    let missing = import("no.such").unwrap_err();
    assert_eq!((missing.message.as_str(), missing.line), ("ModuleNotFoundError: No module named 'no'", None));
    assert_eq!(missing.traceback, "");
}

/// In a child of its own, since only the thread that forked or started Python gets its signals.
#[test]
fn an_interrupt_ends_a_loop_and_leaves_nothing_behind_in_a_fork() {
    let _python = python();
    // Attached throughout: CPython 3.11 dies when a fork's thread detaches that is not the one that started it.
    Python::attach(|_| {
        // SAFETY: the child runs Python and `_exit` only.
        let pid = fork(|| unsafe { libc::fork() });
        if pid == 0 {
            let passed = std::panic::catch_unwind(interrupt_and_drain).is_ok();
            // SAFETY: ends this child without running what the test harness does at exit.
            unsafe { libc::_exit(i32::from(!passed)) }
        }
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
        assert_eq!(status, 0);
    });
}

fn interrupt_and_drain() {
    let looping = "import signal\nsignal.signal(signal.SIGALRM, signal.default_int_handler)\n\
                   signal.setitimer(signal.ITIMER_REAL, 0.01)\nwhile True: pass";
    let error = failure(looping);
    assert!(error.interrupted && error.line == Some(4), "{error:?}");
    // SAFETY: it asks for no state of the thread.
    unsafe { ffi::PyErr_SetInterrupt() };
    assert!(failure("for n in range(1000): n").interrupted);
    // SAFETY: as above.
    unsafe { ffi::PyErr_SetInterrupt() };
    drain_signals();
    assert_eq!(eval("for n in range(1000): n\nn").unwrap(), SteelVal::IntV(999));
}

#[test]
fn a_set_of_strings_has_the_same_order_in_every_run() {
    let _python = python();
    assert_eq!(eval("hash('bessemer')").unwrap(), eval(REFERENCE).unwrap());
}

/// The hash in another process under the same seed.
const REFERENCE: &str = "import os, subprocess\nint(subprocess.run(['python3', '-c', 'print(hash(\"bessemer\"))'], \
                         env={**os.environ, 'PYTHONHASHSEED': '0'}, capture_output=True, text=True).stdout)";

#[test]
fn a_virtual_environment_s_packages_come_before_the_system_s() {
    let _python = python();
    let folder = tempfile::tempdir().unwrap();
    set("venv", &SteelVal::StringV(folder.path().to_str().unwrap().into())).unwrap();
    let run = |code: &str| text(&format!("import os, sys, sysconfig\nbessemer = sys.modules['_bessemer']\n{code}"));
    let warning = run("os.makedirs(venv + '/lib/python2.7/site-packages')\nbessemer.use_virtual_env(venv)");
    assert!(warning.contains("VIRTUAL_ENV is not used") && warning.contains("python2.7"), "{warning}");
    let order = "own = venv + '/lib/python' + sysconfig.get_python_version() + '/site-packages'\nos.makedirs(own)\n\
                 before = list(sys.path)\nbessemer.use_virtual_env(venv)\nafter, sys.path[:] = list(sys.path), before\n\
                 [after.index(sysconfig.get_path('stdlib')) < after.index(own), after.index(own) < len(before)]";
    assert_eq!(run(order), "(#true #true)");
}
