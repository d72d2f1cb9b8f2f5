//! `--allow-run`: programs start, are confined as the session is, and end with it.

use super::{skipped, tried};
use crate::program::{descendants, runs, script};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader},
    process::Child,
    time::{Duration, Instant},
};

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

#[test]
fn programs_start_and_are_confined_as_the_session_is() {
    if skipped() {
        return;
    }
    let output =
        |program: &str| format!("subprocess.run({program}, capture_output=True, text=True, timeout=60).stdout");
    let code =
        |program: &str| format!("subprocess.run({program}, stderr=subprocess.DEVNULL, timeout=60).returncode != 0");
    let expressions = [
        output("['echo', 'hi']"),
        output("'echo $((6 * 7)) | cat', shell=True"),
        output("['sh', '-c', 'kill -9 $$; echo not here']"),
        code("['cat', '/etc/passwd']"),
        code("['sh', '-c', 'echo x > /tmp/bessemer-test']"),
        code("['sh', '-c', 'kill -0 %d' % os.getppid()]"),
        code("['setsid', 'true']"),
        code(
            "[sys.prefix + '/bin/python3', '-c', 'import socket; socket.socket()'] if os.path.exists(sys.prefix + '/bin/python3') else ['false']",
        ),
        "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)[1]".into(),
        "subprocess.run(['true'], start_new_session=True)".into(),
        "os.setsid()".into(),
        "os.setpgid(0, 0)".into(),
        "os.kill(os.getppid(), 0)".into(),
    ];
    let expressions: Vec<&str> = expressions.iter().map(String::as_str).collect();
    let (lines, ran) = tried(&expressions, &["--allow-run"], &[]);
    let shut = "PermissionError";
    let wanted = [r"'hi\n'", r"'42\n'", "''", "True", "True", "True", "True", "True", "0", shut, shut, shut, shut];
    assert_eq!(lines, wanted, "{ran:?}");
    for flags in [&[][..], &["--allow-run", "--deny-run"], &["-A", "--deny-run"]] {
        let (lines, ran) = tried(&["subprocess.run(['true'])", "os.fork()"], flags, &[]);
        assert_eq!(lines, [shut, shut], "{flags:?}: {ran:?}");
    }
}

/// Python that leaves programs behind, in every way there is, and prints their numbers when all of them run.
const LEAVING: &str = r#"
import os, subprocess, sys
numbers = [subprocess.Popen(["sleep", "1000"]).pid for _ in range(20)]
# Whose parent has gone, so that nobody waits for it.
out = subprocess.run(["sh", "-c", "trap '' HUP INT TERM; sleep 1000 >&- 2>&- & echo $!"], capture_output=True, text=True).stdout
numbers.append(int(out))
child = os.fork()
if child == 0:
    import time
    time.sleep(1000)
numbers.append(child)
print(*numbers, flush=True)
"#;

fn wait_gone(numbers: &[u32]) {
    let begun = Instant::now();
    while let Some(number) = numbers.iter().find(|number| runs(**number)) {
        assert!(begun.elapsed() < BOUND, "process {number} of {numbers:?} still runs");
        std::thread::sleep(Duration::from_millis(5)); // A process that is no child of ours can only be polled.
    }
}

fn numbers(line: &str) -> Vec<u32> {
    let numbers: Vec<u32> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers.len(), 22, "{line}");
    numbers
}

#[test]
fn what_a_script_started_ends_with_it() {
    if skipped() {
        return;
    }
    let ran = script(&format!("(display (py-exec #<<PY{LEAVING}PY\n))")).args(&["--allow-run"]).run();
    wait_gone(&numbers(ran.value()));
}

/// A run whose script has left programs behind and goes on, and their numbers.
fn leaving() -> (Child, Vec<u32>) {
    let program = script(&format!("(display (py-exec #<<PY{LEAVING}PY\n)) (sleep 1000)")).args(&["--allow-run"]);
    let mut child = program.start();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let numbers = numbers(&line);
    assert!(numbers.iter().all(|number| runs(*number)));
    (child, numbers)
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn what_a_script_started_ends_when_the_host_is_killed() {
    if skipped() {
        return;
    }
    let (mut child, numbers) = leaving();
    child.kill().unwrap();
    child.wait().unwrap();
    wait_gone(&numbers);
}

#[test]
fn what_a_script_started_ends_when_its_session_is_killed() {
    if skipped() {
        return;
    }
    let (child, numbers) = leaving();
    let below = descendants(child.id());
    let session = below
        .iter()
        .find(|pid| !numbers.contains(pid) && descendants(**pid).contains(&numbers[0]) && **pid != below[0]);
    kill(*session.expect("a session"));
    wait_gone(&numbers);
    assert_eq!(crate::program::ended(child).code, Some(1));
}

#[test]
fn what_a_script_started_ends_when_the_zygote_is_killed() {
    if skipped() {
        return;
    }
    let (child, numbers) = leaving();
    kill(descendants(child.id())[0]);
    let ran = crate::program::ended(child);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    wait_gone(&numbers);
}
