//! CPython in the session: what crosses over, what stays, and how errors come back.

use crate::program::script;
use std::{fs, process::Command};
use tempfile::TempDir;

#[test]
fn python_values_come_over_as_schemes_own() {
    let text = r##"
(define (show code) (writeln (py-eval code)))
(for-each show
  '("None" "True" "7" "-2 ** 200" "2.5" "float('nan')" "float('inf')" "'é😀\\n\"q\"'"
    "b'ab'" "[1, [2, (3, 'x')], []]"
    "{'b': {'c': None}, 'a': [True, 1.0]}" "{1: 'int', 'two': 2}" "{3, 1, 2}" "''" "{}"))
(writeln (map void? (list (py-eval "None") (py-eval "x = 3") (py-eval "import os") (py-eval "") (py-eval "0"))))
(define h (py-eval "{'k': 1}"))
(define mixed (py-eval "{1: 'int', 'two': 2}"))
(writeln (list (hash-ref h 'k) (hash-ref mixed 1) (hash-ref mixed 'two)))
(define d (py-eval "
class D:\n  def times(self, n): return n * self.k\n  def me(self): return self\nd = D()\nd.k = 6\nd"))
(writeln (list (string? d) (py-call d "times" 7) (py-call (py-call d "me") "times" 2)))
(py-set! "back" d)
(writeln (py-eval "back is d"))"##;
    let wanted = r##"#<void>
#t
7
-1606938044258990275541962092341162602522202993782792835301376
2.5
+nan.0
+inf.0
"é😀\n\"q\""
#"ab"
(1 (2 (3 "x")) ())
#hash((a . (#t 1.0)) (b . #hash((c . #<void>))))
#hash((1 . "int") (two . 2))
#<set: 1 2 3>
""
#hash()
(#t #t #t #t #f)
(1 "int" 2)
(#f 42 12)
#t"##;
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn scheme_values_come_over_as_pythons_own() {
    let text = r##"
(define (show value) (py-set! "v" value) (displayln (py-eval "repr(v)")))
(struct point (x y))
(for-each show (list (void) #t 7 (expt 2 200) 2.5 "é😀\n'q' \\d {x}" 'symbol '(1 (2 "x") ())
                     (vector 1 2) (hash 'b 1 'a '(2))
                     (hash "s" 1) (bytes 97 0 255) (hashset 1) (llm-query "an answer")))
(show (map-async llm-query '("a" "b")))
(show (point 1 (list 2)))
(show (hash 'in (with-handler (lambda (e) e) (error "no"))))
(displayln (with-handler failure-class (py-set! "v" car)))"##;
    let ran = script(text).run();
    let lines: Vec<&str> = ran.value().lines().collect();
    let wanted = [
        "None",
        "True",
        "7",
        "1606938044258990275541962092341162602522202993782792835301376",
        "2.5",
        r#""é😀\n'q' \\d {x}""#,
        "'symbol'",
        "[1, [2, 'x'], []]",
        "[1, 2]",
        "{'a': [2], 'b': 1}",
        "{'s': 1}",
        r"b'a\x00\xff'",
        "{1}",
        "'an answer'",
        "['a', 'b']",
        "{'x': 1, 'y': [2]}",
    ];
    assert_eq!(lines[..wanted.len()], wanted);
    assert!(lines[wanted.len()].starts_with("{'in': {") && lines[wanted.len()].contains("'error': "), "{lines:?}");
    assert_eq!(lines.len(), wanted.len() + 2);
}

#[test]
fn ten_megabytes_come_over_and_go_back_unchanged() {
    let text = r#"
(define s (py-eval "s = 'é😀\\n\"\\\\' * 2_000_000\ns"))
(py-set! "t" s)
(writeln (list (string-length s) (py-eval "len(t) if s == t else s[:20]")))
(define rows (py-eval "rows = [{'i': i, 'v': [i / 2, str(i)]} for i in range(20000)]\nrows"))
(py-set! "rows2" rows)
(writeln (list (length rows) (py-eval "rows == rows2")))"#;
    assert_eq!(script(text).run().value(), "(10000000 10000000)\n(20000 #t)");
}

#[test]
fn state_is_kept_and_statements_give_void() {
    let text = r#"
(py-eval "count = 0\ndef bump(n=1):\n    global count\n    count += n\n    return count")
(writeln (list (py-eval "bump()") (py-eval "bump(5)") (py-eval "count")))
(writeln (py-exec "print(count)\nprint('x', end='')\ncount"))
(writeln (py-exec "y = 1"))
(writeln (list (py-call "a-b" "split" "-") (py-call '(3 1 2) "index" 2) (py-call (py-import "math") "sqrt" 16)))
(py-import "json")
(writeln (py-eval "json.dumps([1])"))
(writeln (py-eval "a = 1; b = 2\nfor i in range(3):\n    a += i\na + b"))
(writeln (py-eval "if True:\n    7"))
(writeln (with-handler failure-class (py-import "no_such_module")))
(writeln (map-async (lambda (i) (py-set! "i" i) (py-eval "i * count")) '(1 2 3)))"#;
    let wanted = "\
(1 6 6)
\"6\\nx\"
\"\"
((\"a\" \"b\") 2 4.0)
\"[1]\"
6
#<void>
python
(6 12 18)";
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn context_is_the_same_on_both_sides() {
    let text = "(writeln (list context (string-length context) (py-eval \"len(context)\")
          (equal? context (py-eval \"context\"))))";
    assert_eq!(script(text).context("één\n\"2\"").run().value(), "(\"één\\n\\\"2\\\"\" 7 7 #t)");
    assert_eq!(script(text).run().value(), "(\"\" 0 0 #t)");
}

#[test]
fn traceback_shows_the_scripts_own_code_alone() {
    let text = r#"
(define e (with-handler (lambda (e) e) (py-eval "import json
def parse(text):
    return json.loads(text)
parse('[1,')")))
(writeln (failure-class e))
(displayln (exn-message e))"#;
    let wanted = "\
python
json.decoder.JSONDecodeError: Expecting value: line 1 column 4 (char 3)
Traceback (most recent call last):
  File \"<py-eval 1>\", line 4, in <module>
    parse('[1,')
  File \"<py-eval 1>\", line 3, in parse
    return json.loads(text)";
    let ran = script(text).run();
    // Python 3.11 and later mark the expression with a line of its own.
    let marks = |line: &str| !line.is_empty() && line.chars().all(|c| matches!(c, ' ' | '^' | '~'));
    let lines: Vec<&str> = ran.value().lines().filter(|line| !marks(line)).collect();
    assert_eq!(lines, wanted.lines().collect::<Vec<_>>());
}

#[test]
fn uncaught_exception_names_the_line_of_the_script() {
    let ran = script("(define x 1)\n(py-eval \"int('x')\")").run();
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""));
    let wanted = "error: ValueError: invalid literal for int() with base 10: 'x'\n";
    assert!(ran.stderr.starts_with(wanted) && ran.stderr.contains("script.scm:2:"), "{}", ran.stderr);

    let ran = script("(py-exec \"print('a\nb')\")").run();
    assert!(ran.code == Some(1) && ran.stderr.contains("SyntaxError"), "{ran:?}");
    assert!(ran.stderr.contains("hint: a newline inside a Python literal is written `\\\\n`"), "{}", ran.stderr);
}

#[test]
fn exit_and_endless_recursion_in_python_are_errors_too() {
    let text = r#"
(define (class code) (with-handler failure-class (py-eval code)))
(writeln (list (class "raise SystemExit(3)") (class "import sys; sys.exit()") (class "def f(): f()\nf()")
               (class "x = (") (class "raise BaseException('b')")))"#;
    assert_eq!(script(text).run().value(), "(python python python python python)");
}

#[test]
fn virtual_environment_is_honoured() {
    let folder = TempDir::new().unwrap();
    let environment = folder.path().join("env");
    let made = Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&environment).status().unwrap();
    assert!(made.success());
    let version = fs::read_dir(environment.join("lib")).unwrap().next().unwrap().unwrap().path();
    fs::write(version.join("site-packages/from_the_environment.py"), "answer = 42\n").unwrap();
    let text = "(py-import \"from_the_environment\")\n(py-eval \"from_the_environment.answer\")";
    assert_eq!(script(text).env("VIRTUAL_ENV", environment.to_str().unwrap()).run().value(), "42");
    assert_eq!(script(text).run().code, Some(1));
}
