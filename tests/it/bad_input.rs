//! The command line given what it cannot use: each time a clear error, what to do, and the right exit code.

use crate::program::{Ran, bessemer, ran, script};
use std::{net::TcpListener, path::Path};
use tempfile::TempDir;

/// Asserts an error in the form that every error has: one line of what, and a hint when there is something to do.
fn assert_error(what: &str, ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!((ran.code, &*ran.stdout), (Some(code), ""), "{what}: {ran:?}");
    assert!(ran.stderr.starts_with("error: "), "{what}: {ran:?}");
    for noise in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Error {", "os error 2)\n\n"] {
        assert!(!ran.stderr.contains(noise), "{what}: {ran:?}");
    }
    for word in words {
        assert!(ran.stderr.contains(word), "{what}: no `{word}` in {}", ran.stderr);
    }
}

fn run_file(path: &Path) -> Ran {
    ran(bessemer().arg("run").arg(path).arg("--offline"))
}

#[test]
fn scripts_that_cannot_be_read_are_named() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_error("missing", &run_file(&path("no.scm")), 2, &["no.scm", "No such file", "hint: "]);
    assert_error("directory", &run_file(folder.path()), 2, &["Is a directory", "hint: name a file in it"]);
    std::fs::write(path("latin.scm"), b"(display \"caf\xe9\")").unwrap();
    assert_error("latin", &run_file(&path("latin.scm")), 2, &["latin.scm", "no UTF-8 text (byte 13)", "hint: convert"]);
    std::fs::write(path("binary.scm"), [0u8, 159, 146, 150]).unwrap();
    assert_error("binary", &run_file(&path("binary.scm")), 2, &["no UTF-8", "hint: "]);
    std::fs::write(path("nul.scm"), "(display \0)").unwrap();
    assert_error("nul", &run_file(&path("nul.scm")), 1, &["error: "]);
    std::fs::write(path("esc\u{1b}[2J.scm"), "(car '())").unwrap();
    let told = run_file(&path("esc\u{1b}[2J.scm"));
    assert!(!told.stderr.contains('\u{1b}') && told.stderr.contains("esc␛[2J.scm:1:2"), "{told:?}");
    for (name, text) in [
        ("empty.scm", ""),
        ("blank.scm", " \n\n"),
        ("comment.scm", "; nothing\n#| to do |#\n"),
        ("bom.scm", "\u{feff}"),
    ] {
        std::fs::write(path(name), text).unwrap();
        let told = run_file(&path(name));
        assert_eq!((told.code, &*told.stdout, &*told.stderr), (Some(0), "", ""), "{name}");
    }
}

#[test]
fn scripts_that_are_wrong_are_told_where() {
    for (text, words) in [
        ("(display 1", &["never closed", "script.scm:1:1", "hint: "][..]),
        ("(display 1))", &["closes nothing", "script.scm:1:12", "hint: "]),
        ("\n(displya 1)", &["`displya` is not defined", "script.scm:2:2", "did you mean `display`?"]),
        ("(llm-query #:modle \"x\")", &["unknown keyword `#:modle`; did you mean `#:model`?", "hint: it is called as"]),
        ("(llm-query)", &["`#:instruction` is missing", "hint: "]),
    ] {
        let told = script(text).run();
        assert_eq!(told.code, Some(1), "{text}: {told:?}");
        for word in words {
            assert!(told.stderr.contains(word), "{text}: no `{word}` in {}", told.stderr);
        }
    }
}

#[test]
fn flags_that_are_wrong_are_usage_errors() {
    let file = script("1");
    let path = file.path().display().to_string();
    for (arguments, words) in [
        (&["run", &path, "--ofline"][..], &["--ofline", "--offline"][..]),
        (&["run"], &["<SCRIPT>", "Usage"]),
        (&["runn", &path], &["runn", "run"]),
        (&[], &["Usage"]),
        (&["run", &path, "--max-concurrent", "0"], &["--max-concurrent", "no whole number above zero"]),
        (&["run", &path, "--max-concurrent", "many"], &["no whole number above zero"]),
        (&["run", &path, "--max-concurrent", "99999999999999999999"], &["no whole number above zero"]),
        (&["run", &path, "--timeout", "-5"], &["--timeout"]),
        (&["run", &path, "--timeout", "soon"], &["`90`, `10m` or `2h`"]),
        (&["run", &path, "--timeout", "1e400"], &["--timeout"]),
        (&["run", &path, "--max-memory", "5 parsecs"], &["`500MB` or `2GB`"]),
        (&["run", &path, "--max-memory", ""], &["--max-memory"]),
        (&["run", &path, "--color", "blue"], &["--color", "auto"]),
        (&["run", &path, "extra"], &["extra"]),
        (&["doc", "map-async", "--markdown"], &["--markdown"]),
        (&["doctor", "--jsn"], &["--json"]),
    ] {
        let told = ran(bessemer().args(arguments));
        assert_eq!((told.code, &*told.stdout), (Some(2), ""), "{arguments:?}: {told:?}");
        for word in words {
            assert!(told.stderr.contains(word), "{arguments:?}: no `{word}` in {}", told.stderr);
        }
        assert!(!told.stderr.contains("panicked"), "{told:?}");
    }
}

/// One call, with this environment; nothing is tried twice.
fn call(environment: &[(&str, &str)]) -> Ran {
    let file = script("(llm-query \"x\" #:retries 0 #:timeout 20)");
    ran(bessemer().arg("run").arg(file.path()).envs(environment.iter().copied()))
}

#[test]
fn calls_that_cannot_be_made_say_what_to_set() {
    assert_error("no key", &call(&[]), 4, &["OPENAI_API_KEY", "--offline", "script.scm:1:"]);
    assert_error("empty key", &call(&[("OPENAI_API_KEY", " ")]), 4, &["OPENAI_API_KEY"]);
    for bad in ["localhost:11434", "not a url", "ftp://example.invalid/v1", "http://"] {
        assert_error(bad, &call(&[("OPENAI_BASE_URL", bad)]), 4, &["OPENAI_BASE_URL"]);
    }
    // A key that no header can hold must not be repeated.
    let told = call(&[("OPENAI_API_KEY", "sk-\u{e9}\u{7f}secret"), ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")]);
    assert!(told.code == Some(4) && !told.stderr.contains("secret"), "{told:?}");
}

#[test]
fn servers_that_do_not_answer_are_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // It reads nothing and says nothing, which no TLS handshake survives.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
        }
    });
    let url = format!("https://127.0.0.1:{port}/v1");
    assert_error("tls", &call(&[("OPENAI_BASE_URL", &url)]), 4, &[&format!("127.0.0.1:{port}")]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{closed}/v1");
    assert_error("closed", &call(&[("OPENAI_BASE_URL", &url)]), 4, &[&format!("127.0.0.1:{closed}")]);
}

#[test]
fn contexts_that_cannot_be_read_are_named() {
    let file = script("context");
    let told = ran(bessemer().arg("run").arg(file.path()).args(["--offline", "--context", "/no/such/file"]));
    assert_error("missing", &told, 2, &["/no/such/file", "hint: "]);
}
