//! Ctrl-C, SIGTERM, and processes that die.

use super::{assert_error, end_of, send, wait_for_stderr, wait_gone};
use crate::{
    mock::{Mock, Reply},
    program::{descendants, script},
};
use rustix::process::Signal;
use std::process::Child;

// ---- Ctrl-C and SIGTERM

/// A thousand calls that the server holds.
const THOUSAND: &str =
    "(map-async (lambda (i) (llm-query-async (number->string i))) (range 0 1000) #:max-concurrent #f)";

/// Starts a run whose thousand calls hang: the run, and the processes below it.
fn hold_a_thousand(mock: &Mock) -> (Child, Vec<u32>) {
    let program = script(THOUSAND).server(mock);
    let child = program.start();
    mock.wait_for(1000);
    let family = family(&child);
    (child, family)
}

/// The zygote and its session.
fn family(child: &Child) -> Vec<u32> {
    let family = descendants(child.id());
    assert_eq!(family.len(), 2, "a zygote and a session");
    family
}

fn assert_interrupted(child: Child, family: &[u32], signal: Signal) {
    send(child.id(), signal);
    let ran = end_of(child);
    assert_error(&ran, 128 + signal.as_raw(), &["error: interrupted"]);
    assert_eq!(ran.stdout, "");
    wait_gone(family);
}

#[test]
fn ctrl_c_ends_a_thousand_calls() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    assert_interrupted(child, &family, Signal::INT);
    mock.wait_gone(1000);
}

#[test]
fn sigterm_ends_a_thousand_calls() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    assert_interrupted(child, &family, Signal::TERM);
    mock.wait_gone(1000);
}

/// Asserts that both signals end a script which has written "ready" to stderr.
fn assert_interruptible(text: &str) {
    for signal in [Signal::INT, Signal::TERM] {
        let program = script(text);
        let mut child = program.start();
        wait_for_stderr(&mut child, "ready");
        let family = family(&child);
        assert_interrupted(child, &family, signal);
    }
}

#[test]
fn ctrl_c_ends_an_endless_loop() {
    assert_interruptible("(eprintf \"ready~%\") (sleep 0.001) (let loop () (loop))");
}

#[cfg(feature = "python")]
#[test]
fn ctrl_c_ends_a_sleep_in_python() {
    assert_interruptible(r#"(py-exec "import os, time; os.write(2, b'ready\\n'); time.sleep(100)")"#);
}

#[cfg(feature = "python")]
#[test]
fn ctrl_c_ends_c_code_that_no_interrupt_reaches() {
    assert_interruptible(r#"(py-exec "import os; os.write(2, b'ready\\n'); x = 7 ** (10 ** 9)")"#);
}

#[test]
fn ctrl_c_ends_a_session_that_is_stopped() {
    let program = script("(eprintf \"ready~%\") (sleep 1000)");
    let mut child = program.start();
    wait_for_stderr(&mut child, "ready");
    let family = family(&child);
    send(family[1], Signal::STOP);
    assert_interrupted(child, &family, Signal::INT);
}

// ---- processes that die

#[test]
fn a_session_that_is_killed_is_an_error() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    send(family[1], Signal::KILL);
    assert_error(&end_of(child), 1, &["killed", "hint: "]);
    wait_gone(&family);
    mock.wait_gone(1000);
}

#[test]
fn a_zygote_that_is_killed_is_an_error() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    send(family[0], Signal::KILL);
    assert_error(&end_of(child), 1, &["zygote", "hint: "]);
    wait_gone(&family);
    mock.wait_gone(1000);
}

#[test]
fn a_host_that_is_killed_leaves_nothing_behind() {
    let mock = Mock::start(|_| Reply::Hang);
    let (child, family) = hold_a_thousand(&mock);
    send(child.id(), Signal::KILL);
    let ran = end_of(child);
    assert_eq!(ran.code, None, "{ran:?}");
    wait_gone(&family);
    mock.wait_gone(1000);
}

#[test]
fn a_host_that_is_killed_leaves_no_endless_loop_behind() {
    let program = script("(eprintf \"ready~%\") (sleep 0.001) (let loop () (loop))");
    let mut child = program.start();
    wait_for_stderr(&mut child, "ready");
    let family = family(&child);
    send(child.id(), Signal::KILL);
    assert_eq!(end_of(child).code, None);
    wait_gone(&family);
}
