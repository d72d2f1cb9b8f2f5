//! What goes wrong, as its user sees it. Here: what the parts below share, running a program to an end that may not come.

mod deaths;
mod endings;
mod providers;
mod runaways;

use crate::{
    mock::Mock,
    program::{Program, Ran, descendants, ended, runs, script},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    io::Read,
    process::Child,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

// ---- running and ending

/// Sends a signal to a process that this test started, or that such a process did.
fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).expect("the process is there");
}

/// Waits for a started run, but not for ever.
fn end_of(child: Child) -> Ran {
    let pid = child.id();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(ended(child)));
    told.recv_timeout(BOUND).unwrap_or_else(|_| {
        let family = descendants(pid);
        // What still runs goes, so that the tests end; the panic is the result.
        for pid in [&[pid][..], &family].concat() {
            let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL);
        }
        panic!("the run did not end within {BOUND:?}; below it ran {family:?}")
    })
}

/// Runs it to its end, but not for ever.
fn run(program: &Program) -> Ran {
    end_of(program.start())
}

/// Waits until none of these processes runs.
pub(crate) fn wait_gone(pids: &[u32]) {
    let begun = Instant::now();
    while let Some(pid) = pids.iter().find(|pid| runs(**pid)) {
        assert!(begun.elapsed() < BOUND, "process {pid} of {pids:?} still runs");
        thread::sleep(Duration::from_millis(5)); // A process that is no child of ours can only be polled.
    }
}

/// Waits until the run has written this line to stderr, and leaves it what follows.
fn wait_for_stderr(child: &mut Child, line: &str) {
    let stderr = child.stderr.as_mut().unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    // Byte by byte: what is read ahead would be lost.
    while !seen.ends_with(format!("{line}\n").as_bytes()) {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{:?} came first", String::from_utf8_lossy(&seen));
        seen.extend(byte);
    }
}

/// Asserts that it failed with this exit code, and said why in the form that every error has.
fn assert_error(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert!(ran.stderr.lines().any(|line| line.starts_with("error: ")), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "no `{word}` in {}", ran.stderr);
    }
}

/// Runs it with `--json`: what it came to, and the object's error.
fn json_error(program: Program) -> (Ran, Value) {
    let ran = run(&program.args(&["--json"]));
    let object: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {ran:?}"));
    assert_eq!(object["status"], "error", "{ran:?}");
    let error = object["error"].clone();
    let keys: Vec<&str> = error.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["class", "hint", "line", "message"]);
    (ran, error)
}

/// Asserts that a script whose one call gets this reply fails for good: the class, and words of the message.
fn assert_fails_for_good(mock: &Mock, class: &str, words: &[&str]) {
    let (ran, error) = json_error(script("\n(llm-query \"hi\")").server(mock));
    assert_eq!((ran.code, &error["class"], &error["line"]), (Some(4), &json!(class), &json!(2)), "{ran:?}");
    assert_eq!(mock.count(), 1, "{ran:?}");
    let message = error["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "no `{word}` in {message}");
    }
}
