//! Readers that go away, errors in their forms, and what a script can reach.

use super::{assert_error, end_of, json_error, run, wait_gone};
use crate::program::{descendants, script};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

// ---- readers that go away

#[test]
fn a_reader_that_goes_away_ends_an_endless_script_quietly() {
    let program = script("(let loop ([n 0]) (displayln n) (loop (+ n 1)))");
    let mut child = program.start();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "0\n");
    let family = descendants(child.id());
    let ran = end_of(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    wait_gone(&family);
}

#[test]
fn a_reader_that_goes_away_before_the_value_is_no_error() {
    for json in [&[][..], &["--json"]] {
        let program = script("(+ 1 2)").args(json);
        let mut child = program.start();
        drop(child.stdout.take());
        let ran = end_of(child);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_value_is_given_though_nobody_reads_stderr() {
    let program = script("(eprintf \"to nobody~%\") (sleep 0.001) (eprintf \"again~%\") (sleep 0.001) 42");
    let mut child = program.start();
    drop(child.stderr.take());
    assert_eq!(end_of(child).value(), "42");
}

// ---- errors in their forms

#[test]
fn a_json_error_has_class_message_hint_and_line() {
    let (ran, error) = json_error(script("(define x '(1 2))\n\n  (lenght x)\n"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!((&error["class"], &error["line"]), (&json!("script"), &json!(3)), "{error}");
    assert!(error["message"].as_str().unwrap().contains("lenght"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("`length`"), "{error}");
}

#[cfg(feature = "python")]
#[test]
fn a_python_error_has_its_class_and_line() {
    let (ran, error) = json_error(script("\n(py-eval \"1 / 0\")"));
    assert_eq!(ran.code, Some(1));
    assert_eq!((&error["class"], &error["line"]), (&json!("python"), &json!(2)), "{error}");
    assert!(error["message"].as_str().unwrap().contains("ZeroDivisionError"), "{error}");
}

#[test]
fn a_script_that_is_missing_is_a_usage_error() {
    let program = script("");
    std::fs::remove_file(program.path()).unwrap();
    let ran = run(&program);
    assert_error(&ran, 2, &["script.scm", "hint: "]);
    assert_eq!(ran.stdout, "");
    let (ran, error) = json_error(program);
    assert_eq!((ran.code, &error["class"], &error["line"]), (Some(2), &json!("usage"), &Value::Null));
    assert!(error["hint"].is_string(), "{error}");
}

#[test]
fn a_script_that_is_no_text_is_a_usage_error() {
    let program = script("");
    std::fs::write(program.path(), b"(+ 1 2) ; caf\xe9").unwrap();
    assert_error(&run(&program), 2, &["script.scm", "UTF-8", "hint: "]);
}

#[test]
fn a_script_that_is_a_folder_is_a_usage_error() {
    let program = script("");
    std::fs::remove_file(program.path()).unwrap();
    std::fs::create_dir(program.path()).unwrap();
    assert_error(&run(&program), 2, &["script.scm", "hint: "]);
}

#[test]
fn wrong_flags_are_usage_errors_that_say_what_is_right() {
    for (arguments, cure) in [
        (&["--max-concurent", "5"][..], "--max-concurrent"),
        (&["--timeout", "x"], "write `90`"),
        (&["--timeout=-1"], "write `90`"),
        (&["--max-memory", "lots"], "write `500MB`"),
        (&["--timeout", "0"], "no time above zero"),
        (&["--max-memory", "0"], "write `500MB`"),
        (&["--max-concurrent", "0"], "above zero"),
        (&["--max-concurrent", "-1"], "`-1` is no whole number above zero"),
        (&["--max-calls", "-1"], "`-1` is no whole number that is not negative"),
        (&["--allow-read", "/tmp"], "hint: what is granted is joined to the flag: `--allow-read=ONE,TWO`"),
    ] {
        let ran = run(&script("(+ 1 2)").args(arguments));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?} {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
        assert!(ran.stderr.contains(cure), "{arguments:?}: no `{cure}` in {}", ran.stderr);
    }
}

// ---- what a script can reach

#[cfg(feature = "python")]
#[test]
fn a_script_finds_no_key_in_its_environment() {
    let text = r#"(py-exec "
import os
try: environ = open('/proc/self/environ').read()
except OSError: environ = ''
print('HOME' in os.environ, 'OPENAI_API_KEY' in os.environ, 'sk-secret' in str(os.environ) + environ)
")"#;
    let ran = run(&script(text).env("OPENAI_API_KEY", "sk-secret-123").env("HOME", "/tmp"));
    assert_eq!(ran.value(), "False False False");
}

#[cfg(feature = "python")]
#[test]
fn what_c_code_writes_to_descriptor_1_goes_to_stderr() {
    let text = r#"(py-exec "import os; os.write(1, b'from C\\n'); os.system('echo from sh')") 42"#;
    for json in [false, true] {
        let program = script(text).args(&["--allow-run"]);
        let ran = run(&if json { program.args(&["--json"]) } else { program });
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(json || ran.stdout == "42\n", "{ran:?}");
        assert!(!ran.stdout.contains("from") && ran.stderr.contains("from C\nfrom sh\n"), "{ran:?}");
    }
}

#[cfg(feature = "python")]
#[test]
fn a_script_that_writes_into_the_sessions_socket_ends_itself_alone() {
    let text = r#"(py-exec "
import os
for fd in range(3, 64):
    try: os.write(fd, b'garbage ' * 100)
    except OSError: pass
") (sleep 1000)"#;
    assert_error(&run(&script(text)), 1, &["hint: "]);
}
