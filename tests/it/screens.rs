//! Where output goes: readers that leave, disks that are full, terminals of every kind and none.

use crate::program::{Ran, bessemer, ran, script};
use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::fd::{FromRawFd, OwnedFd},
    process::{Command, Stdio},
};

/// Runs `bessemer` as `$0` in a shell line, with the script as `$1`.
fn shell(line: &str, text: &str) -> Ran {
    let file = script(text);
    let program = bessemer();
    let mut command = Command::new("sh");
    command.args(["-c", line]).arg(program.get_program()).arg(file.path()).stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    ran(&mut command)
}

/// Writes far more than a pipe holds.
const TALKS: &str = "(let loop ([i 0]) (when (< i 100000) (displayln \"a line of text\") (loop (+ i 1))))";

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let ended = shell("{ \"$0\" run \"$1\" --offline; echo \"code $?\" >&2; } | head -1", TALKS);
    assert_eq!((&*ended.stdout, &*ended.stderr), ("a line of text\n", "code 0\n"));
    let ended = shell("{ \"$0\" doc; echo \"code $?\" >&2; } | head -1", "1");
    assert_eq!((&*ended.stdout, &*ended.stderr), ("Calling models\n", "code 0\n"));
}

#[test]
fn a_closed_stdout_is_no_reason_to_fail() {
    for line in ["\"$0\" run \"$1\" --offline >&-", "\"$0\" doc >&-", "\"$0\" --version >&-"] {
        let ended = shell(line, "(displayln 1) 2");
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""), "{line}");
    }
}

#[test]
fn a_full_disk_is_told() {
    for line in [
        "\"$0\" run \"$1\" --offline >/dev/full",
        "\"$0\" run \"$1\" --offline --json >/dev/full",
        "\"$0\" doc >/dev/full",
    ] {
        let ended = shell(line, "(displayln 1) 2");
        assert_eq!(ended.code, Some(1), "{line}: {ended:?}");
        assert!(ended.stderr.starts_with("error: stdout cannot be written: No space left"), "{line}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 2, "{line}: {ended:?}");
    }
}

#[test]
fn a_closed_stderr_loses_the_words_and_not_the_exit_code() {
    let ended = shell("\"$0\" run \"$1\" --offline 2>&-", "(displayln 1) (eprintf \"x\") (car '())");
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(1), "1\n", ""));
    let ended = shell("\"$0\" run \"$1\" --offline 2>/dev/full", "(displayln 1) (eprintf \"x\") 2");
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "1\n2\n"));
    let ended = shell("\"$0\" run \"$1\" --offline <&- >&- 2>&-", "(displayln 1) 2");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// A terminal of so many columns: its own end, and the program's.
fn terminal(columns: u16) -> (File, OwnedFd) {
    let (mut ours, mut theirs) = (-1, -1);
    let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the out-parameters and the size live through the call; null stands for no name and no attributes.
    let opened = unsafe { libc::openpty(&mut ours, &mut theirs, std::ptr::null_mut(), std::ptr::null(), &size) };
    assert_eq!(opened, 0, "a terminal");
    // SAFETY: both were opened just now, and nothing else owns them.
    unsafe { (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) }
}

/// What a command shows on a terminal of so many columns, stderr and stdout together.
fn shown(columns: u16, command: &mut Command) -> String {
    let (mut ours, theirs) = terminal(columns);
    let stdout = theirs.try_clone().unwrap();
    let mut child = command.stdout(stdout).stderr(theirs).spawn().expect("bessemer starts");
    // The command holds the terminal's other end open as long as it lives.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut text = Vec::new();
    // A terminal whose other end is closed gives an error, not an end.
    let _ = ours.read_to_end(&mut text);
    child.wait().unwrap();
    String::from_utf8_lossy(&text).replace("\r\n", "\n")
}

/// A script whose error stands in the middle of a long line.
fn long_line() -> crate::program::Program {
    script(&format!("(list {} (car '()) {})", "\"some text\" ".repeat(20), "\"more text\" ".repeat(20)))
}

#[test]
fn a_narrow_terminal_shows_the_place() {
    let file = long_line();
    let mut command = bessemer();
    command.current_dir(file.path().parent().unwrap()).args(["run", "script.scm", "--offline", "--quiet"]);
    let text = shown(40, command.env("TERM", "xterm"));
    assert!(text.contains("\u{1b}["), "{text:?}");
    let bare = anstream_free(&text);
    let lines: Vec<&str> = bare.lines().collect();
    assert!(lines.iter().take(7).all(|line| line.chars().count() <= 40), "{bare}");
    let at = lines[6].find('^').expect(&bare);
    assert_eq!(lines[5].chars().skip(at).take(3).collect::<String>(), "car", "{bare}");
}

#[test]
fn an_error_begins_a_line_of_its_own() {
    for (text, wanted) in [
        ("(display \"half\") (car '())", "half\nerror: car: contract violation\n"),
        ("(displayln \"whole\") (car '())", "whole\nerror: car: contract violation\n"),
    ] {
        let file = script(text);
        let mut command = bessemer();
        command.arg("run").arg(file.path()).args(["--offline", "--quiet", "--color", "never"]);
        let shown = shown(80, &mut command);
        assert!(shown.starts_with(wanted), "{shown}");
        let piped = shell("\"$0\" run \"$1\" --offline", text);
        assert!(!piped.stderr.starts_with('\n'), "{piped:?}");
    }
    let file = script("(display \"half\") 5");
    let mut command = bessemer();
    command.arg("run").arg(file.path()).args(["--offline", "--quiet"]);
    assert_eq!(shown(80, &mut command), "half5\n");
}

/// A text without its terminal styles.
fn anstream_free(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out += before;
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn no_colour_where_it_is_not_wanted() {
    let file = long_line();
    let mut command = bessemer();
    command.arg("run").arg(file.path()).args(["--offline", "--quiet"]);
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = shown(80, bessemer().args(command.get_args()).env("TERM", "xterm").env("CI", "1").env(name, value));
        assert!(text.contains("error: car: contract violation") && !text.contains('\u{1b}'), "{name}: {text:?}");
        let text = shown(80, bessemer().args(["doc", "sleep"]).env("TERM", "xterm").env(name, value));
        assert!(text.starts_with("(sleep seconds)") && !text.contains('\u{1b}'), "{name}: {text:?}");
    }
    let text = shown(80, bessemer().args(command.get_args()).args(["--color", "never"]).env("TERM", "xterm"));
    assert!(text.contains("error: car") && !text.contains('\u{1b}'), "{text:?}");
    assert!(shown(80, bessemer().args(["doc", "sleep"]).env("TERM", "xterm")).contains('\u{1b}'));
    let plain = ran(bessemer().args(command.get_args()));
    assert!(!plain.stderr.contains('\u{1b}'), "{plain:?}");
}

#[test]
fn a_dumb_terminal_gets_no_progress_line() {
    let file = script("(map-async (lambda (x) (llm-query \"x\") (sleep 0.5)) '(1 2))\n'done");
    let mut command = bessemer();
    command.arg("run").arg(file.path()).arg("--offline");
    let text = shown(80, command.env("TERM", "dumb"));
    assert!(!text.contains('\u{1b}') && text.contains("done\n2 calls in "), "{text:?}");
}

#[test]
fn the_doctor_knows_its_terminal() {
    let text = shown(43, bessemer().args(["doctor", "--offline"]).env("TERM", "xterm"));
    assert!(anstream_free(&text).contains("terminal: 43 columns; colour"), "{text:?}");
}

#[test]
fn a_file_for_stdout_gets_the_value() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("out");
    let file = script("(displayln 1) 2");
    let out = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    assert!(bessemer().arg("run").arg(file.path()).arg("--offline").stdout(out).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(path).unwrap(), "1\n2\n");
}
