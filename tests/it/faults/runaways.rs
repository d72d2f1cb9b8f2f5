//! Scripts that run away: beyond their time, their memory, their stack.

use super::{assert_error, run};
use crate::{
    mock::{Mock, Reply},
    program::script,
};

// ---- scripts that run away

/// Asserts that `--timeout` ends this script.
fn assert_times_out(text: &str) {
    let ran = run(&script(text).args(&["--timeout", "1"]));
    assert_error(&ran, 1, &["--timeout"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn an_endless_loop_is_ended_by_the_time_limit() {
    assert_times_out("(define (spin) (spin)) (spin)");
}

#[test]
fn an_endless_loop_in_a_fiber_is_ended_by_the_time_limit() {
    assert_times_out("(map-async (lambda (i) (let loop () (loop))) '(1 2))");
}

#[test]
fn an_endless_loop_in_a_spawned_fiber_is_ended_by_the_time_limit() {
    assert_times_out("(await (spawn (lambda () (let loop ([n 0]) (loop (+ n 1))))))");
}

#[test]
fn no_handler_keeps_a_script_beyond_the_time_limit() {
    assert_times_out("(let again () (with-handler (lambda (f) 'go-on) (let loop () (loop))) (again))");
}

#[test]
fn no_after_thunk_keeps_a_script_beyond_the_time_limit() {
    assert_times_out("(dynamic-wind (lambda () 0) (lambda () (let loop () (loop))) (lambda () (let loop () (loop))))");
}

#[test]
fn a_long_sleep_is_ended_by_the_time_limit() {
    assert_times_out("(sleep 1000)");
}

#[test]
fn a_call_under_way_is_ended_by_the_time_limit() {
    let mock = Mock::start(|_| Reply::Hang);
    let ran = run(&script("(llm-query \"hi\")").server(&mock).args(&["--timeout", "1"]));
    assert_error(&ran, 1, &["--timeout"]);
    mock.wait_gone(1);
}

#[cfg(feature = "python")]
#[test]
fn an_endless_loop_in_python_is_ended_by_the_time_limit() {
    assert_times_out(r#"(py-exec "while True: pass")"#);
}

#[cfg(feature = "python")]
#[test]
fn no_except_clause_keeps_python_beyond_the_time_limit() {
    assert_times_out(
        r#"(py-exec "
while True:
    try:
        while True: pass
    except BaseException: pass
")"#,
    );
}

#[cfg(feature = "python")]
#[test]
fn c_code_that_no_interrupt_reaches_is_ended_by_the_time_limit() {
    assert_times_out(r#"(py-eval "7 ** (10 ** 9)")"#);
}

#[cfg(feature = "python")]
#[test]
fn a_script_that_ignores_every_signal_is_ended_by_the_time_limit() {
    assert_times_out(
        r#"(py-exec "
import signal, threading
for s in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
threading.Event().wait()
")"#,
    );
}

/// Asserts that `--max-memory` ends this script.
fn assert_runs_out_of_memory(text: &str) {
    let ran = run(&script(text).args(&["--max-memory", "400MB", "--timeout", "50"]));
    assert_error(&ran, 1, &["--max-memory"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn ten_gigabytes_of_strings_are_ended_by_the_memory_limit() {
    assert_runs_out_of_memory("(length (map (lambda (i) (make-string 1000000 #\\x)) (range 0 10000)))");
}

#[test]
fn ten_gigabytes_of_pairs_are_ended_by_the_memory_limit() {
    assert_runs_out_of_memory("(let loop ([n 0] [all '()]) (if (= n 1000000000) 'done (loop (+ n 1) (cons n all))))");
}

#[test]
fn one_string_of_ten_gigabytes_is_ended_by_the_memory_limit() {
    assert_runs_out_of_memory("(string-length (make-string 10000000000 #\\x))");
}

#[cfg(feature = "python")]
#[test]
fn ten_gigabytes_in_python_are_ended_by_the_memory_limit() {
    assert_runs_out_of_memory(r#"(py-exec "rows = [b'x' * 1000000 + bytes([i % 256]) for i in range(10000)]")"#);
}

#[cfg(feature = "python")]
#[test]
fn one_python_list_of_ten_gigabytes_is_ended_by_the_memory_limit() {
    assert_runs_out_of_memory(r#"(py-exec "rows = [0] * (10 ** 10 // 8)")"#);
}

#[test]
fn infinite_recursion_is_an_error() {
    let text = "(define (count n) (+ 1 (count n))) (count 1)";
    let ran = run(&script(text).args(&["--max-memory", "400MB", "--timeout", "20"]));
    assert_error(&ran, 1, &["hint: "]);
}

#[cfg(feature = "python")]
#[test]
fn infinite_recursion_in_python_is_pythons_own_error() {
    let ran = run(&script("(py-exec \"def f(): f()\nf()\")").args(&["--timeout", "20"]));
    assert_error(&ran, 1, &["RecursionError"]);
}
