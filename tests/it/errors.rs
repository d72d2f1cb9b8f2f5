//! What a script's mistakes are told: in whose words, at which place, and what to do.

use crate::program::script;

/// Runs a script that fails: what it says, without the lines that show the source.
fn told(text: &str) -> String {
    let ran = script(text).run();
    assert_eq!(ran.code, Some(1), "{text}: {ran:?}");
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("RUST_BACKTRACE"), "{text}: {}", ran.stderr);
    let shown = |line: &&str| !line.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(" |");
    let lines = ran.stderr.lines().filter(|line| !line.trim_start().starts_with('|')).filter(shown);
    let lines = lines.map(|line| match line.split_once("script.scm:") {
        Some((_, place)) => format!("at {place}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn steels_errors_are_told_in_schemes_words() {
    for (text, wanted) in [
        (
            "(define (f x)\n  (car x))\n(f '())",
            "error: car: contract violation\n  expected: pair?\n  given: '()\nat 2:4\nhint: `(null? list)` tells",
        ),
        (
            "(+ 1 \"2\")",
            "error: +: contract violation\n  expected: number?\n  given: \"2\"\nat 1:2\nhint: `(string->number",
        ),
        (
            "(string-append \"a\" 5)",
            "error: string-append: contract violation\n  expected: string?\n  given: 5\nat 1:2\nhint: `(number->string n)`",
        ),
        ("(hash-ref (hash 'a 1) 'b)", "error: hash-ref: no value found for key\n  key: 'b\nat 1:"),
        (
            "(hash-ref (hash \"a\" 1) 'a)",
            "error: hash-ref: no value found for key\n  key: 'a\nat 1:2\nhint: the key there is the string",
        ),
        (
            "(vector-ref (vector 1 2) 5)",
            "error: vector-ref: index is out of range\n  index: 5\n  valid range: [0, 1]\n  vector: '#(1 2)\nat 1:",
        ),
        (
            "(define x 3)\n(x 1)",
            "error: application: not a procedure;\n expected a procedure that can be applied to arguments\n  given: 3\nat 2:2\nhint: `x` is that value",
        ),
        (
            "(define fs (list (lambda (x) x)))\n((car fs))",
            "error: a procedure: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 1\n  given: 0\nat 2:",
        ),
        ("(if (define x 1) 2 3)", "error: `define` stands where a value is needed\nat 1:5\nhint: definitions stand"),
        ("(let ((x)) x)", "error: let: a binding is written [name value]\nat 1:7\nhint: it is written (let"),
        ("(let* ([x]) x)", "error: let*: a binding is written [name value]\nat 1:8\nhint: it is written"),
        (
            "(require \"other.scm\")",
            "error: `other.scm` cannot be read: No such file or directory (os error 2)\nat 1:10\nhint: ",
        ),
        (
            "(foo 1)\n(define foo 5)",
            "error: foo: undefined;\n cannot use before initialization\nat 1:2\nhint: its definition comes later",
        ),
        ("(set! log 1)", "error: set!: `log` is the language's own\nat 1:1\nhint: define a variable"),
        (
            "(define-values (a b))",
            "error: define-values: something is missing, or too much\nat 1:1\nhint: it is written (define-v",
        ),
        ("(race '())", "error: 0 of 0 thunks failed\nat 1:1\nhint: give `race` one thunk at least"),
        (
            "(race (list (lambda () (error \"a\"))))",
            "error: 1 of 1 thunks failed: 0 (script); item 0: a\nat 1:25\nhint: `(failure-results e)` has",
        ),
        ("(assert! #f)", "error: assert!: its argument is not `#t`\nhint: "),
        ("(sleep \"x\")", "error: sleep: `\"x\"` is no number of seconds\nat 1:1"),
        ("(py-eval \"print('a\\nb')\")", "error: SyntaxError: unterminated string literal"),
    ] {
        let told = told(text);
        assert!(told.starts_with(wanted), "{text}\n{told}");
    }
}

#[test]
fn parentheses_that_do_not_match_are_shown_where_they_open() {
    let text = "(define (f x)\n  (let ([y 1])\n    (list x y))\n\n(displayln (f 1))\n";
    assert_eq!(
        told(text),
        "error: this `(` is never closed\nat 1:1\nhint: line 5 begins a new form: close this one before it"
    );
    assert!(
        told("(list 1\n  [list 2)\n")
            .starts_with("error: this `)` stands where the `[` of line 2 is to be closed\nat 2:10")
    );
    assert!(told("(list 1))").starts_with("error: this `)` closes nothing\nat 1:9"));
    assert!(told("(display \"abc)\n").starts_with("error: this string never ends\nat 1:10"));
    assert!(told("'(1 2").starts_with("error: this `(` is never closed\nat 1:2"));
}

#[test]
fn a_misspelt_name_is_answered_with_the_scripts_own() {
    for (text, near) in [
        ("(define (my-helper x) x)\n(my-helpr 1)", "my-helper"),
        ("(define (g my-local) (my-locl 1))\n(g 2)", "my-local"),
        ("(let ([total 1]) (+ totl 1))", "total"),
        ("(map-asinc car '())", "map-async"),
        ("(transdoce '() (into-list))", "transduce"),
    ] {
        let told = told(text);
        assert!(
            told.contains(" is not defined\n") && told.ends_with(&format!("hint: did you mean `{near}`?")),
            "{told}"
        );
    }
    assert!(told("(define x 1)\n(list y)").ends_with("at 2:7"), "nothing is near enough to one letter");
}

#[test]
fn what_other_languages_write_is_answered_with_what_is_written_here() {
    for (text, wanted) in [
        ("(define (f)\n  (def y 1)\n  y)", "error: `def` is not defined\nat 2:4\nhint: it is written `(define name"),
        ("(fn (x) x)", "error: `fn` is not defined\nat 1:2\nhint: procedures are written `(lambda"),
        ("(if (= 1 1) True 0)", "error: `True` is not defined\nat 1:13\nhint: true is `#t`"),
        (
            "(class object% (super-new))",
            "error: `class` is not in this dialect, which has no classes and objects\nat 1:",
        ),
        (
            "(thread (lambda () 1))",
            "error: `thread` is not in this dialect, which has no threads\nat 1:2\nhint: `(spawn",
        ),
        ("(set-car! '(1) 2)", "`set-car!` is not in this dialect, which has no lists that change\nat 1:2"),
        ("(llm-query instruction: \"a\")", "at 1:12\nhint: a keyword is written `#:instruction`"),
        (
            "(define l [1, 2])",
            "error: a comma stands outside of a quasiquote\nat 1:13\nhint: the items of a list are separated",
        ),
        ("(define l '(1))\n(car (list , 2))", "error: a comma stands outside of a quasiquote\nat 2:"),
        ("`(1 ,x)", "error: `x` is not defined\nat 1:6"),
        (
            "(map and '(1))",
            "error: `and` is a form, and stands first in parentheses\nat 1:6\nhint: it is written (and condition …)",
        ),
        ("(try 1 (lambda (e) 2))", "hint: it is written (try expr on-error handler)"),
        (
            "(define x 1 2)",
            "error: define: a name and one value are needed\nat 1:1\nhint: it is written (define name value)",
        ),
        // A macro of the script's own is its own.
        ("(define-syntax for (syntax-rules () [(_ x) x]))\n(for y)", "error: `y` is not defined\nat 2:6"),
    ] {
        let told = told(text);
        assert!(told.contains(wanted), "{text}\n{told}");
    }
}

#[test]
fn a_wrong_number_of_arguments_is_an_error_however_short_the_procedure() {
    for (text, wanted) in [
        (
            "(define (f x y) x)\n(f 1)",
            "error: f: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 2\n  given: 1\nat 2:2",
        ),
        (
            "(define f (lambda (x) x))\n(list (f 1 2))",
            "error: f: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 1\n  given: 2\nat 2:8",
        ),
        (
            "(define (f x) x)\n(define (g) (f))\n(g)",
            "error: f: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 1\n  given: 0\nat 2:14",
        ),
    ] {
        assert_eq!(told(text), wanted, "{text}");
    }
    assert_eq!(script("(define (f x . rest) rest)").run().stdout, "");
    for own in ["car", "map", "filter", "map-async"] {
        let text = format!("(define ({own} x) 5)\n({own} 1)");
        assert_eq!(script(&text).run().value(), "5", "{text}: a name of the language may be taken");
    }
    assert_eq!(script("(define (f x . rest) rest)\n(f 1 2 3)").run().value(), "(2 3)");
}

#[test]
fn a_here_string_whose_last_line_goes_on_is_explained() {
    let told = told("(py-exec #<<PY\nprint(1)\nPY)");
    assert!(
        told.starts_with("error: the here-string `#<<PY` does not end\nat 1:10\nhint: it ends at a line"),
        "{told}"
    );
}

#[test]
fn an_error_within_a_prelude_procedure_shows_the_scripts_line() {
    for (text, wanted) in [
        ("(displayln 1)\n(map-async car '(1 2))", "at 2:1"),
        (
            "(define xs '(1))\n\n(await-all 5)",
            "error: await-all: contract violation\n  expected: list?\n  given: 5\nat 3:1",
        ),
        (
            "(list 1\n  (cadr '(1)))",
            "error: cadr: contract violation\n  expected: (cons/c any/c pair?)\n  given: '(1)\nat 2:4",
        ),
        (
            "(transduce '(1)\n  (mapping (lambda (x) (car x)))\n  (into-list))",
            "error: car: contract violation\n  expected: pair?\n  given: 1\nat 2:25",
        ),
        ("(define (f x)\n  (map-async (lambda (y) (vector-ref y 0)) x))\n(f '(1))", "at 2:27"),
        (
            "1\n(taking)",
            "error: taking: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 1\n  given: 0\nat 2:2\nhint: it is called as (taking n)",
        ),
    ] {
        let told = told(text);
        assert!(told.contains(wanted), "{text}\n{told}");
    }
}

#[test]
fn a_handler_reads_the_same_words() {
    let text = "(with-handler (lambda (e) (exn-message e)) (car 5))";
    assert_eq!(script(text).run().value(), "car: contract violation\n  expected: pair?\n  given: 5");
}

#[test]
fn a_newline_in_a_python_literal_is_explained() {
    let ran = script("(py-eval \"print('a\\nb')\")").run();
    assert!(
        ran.stderr.contains("hint: a newline inside a Python literal is written `\\\\n` in a Scheme string"),
        "{ran:?}"
    );
    assert_eq!(script("(py-exec \"print('a\\\\nb')\")").run().value(), "a\nb");
}

#[test]
fn what_a_server_says_cannot_steer_the_terminal() {
    use crate::mock::{Mock, Reply};
    let mock =
        Mock::start(|_| Reply::Status(400, vec![], "{\"error\": {\"message\": \"no\\u001b[2J\\u0007 such\"}}".into()));
    let ran = script("(llm-query \"x\" #:retries 0)").server(&mock).run();
    assert!(ran.code == Some(4) && !ran.stderr.contains(['\u{1b}', '\u{7}']), "{ran:?}");
    let ran = script("(error \"no\\x1b;[2J\")").run();
    assert!(ran.stderr.starts_with("error: no␛[2J\n"), "{ran:?}");
    let error = script("(error \"no\\x1b;[2J\")").json()["error"]["message"].clone();
    assert_eq!(error, "no\u{1b}[2J");
}

#[test]
fn what_was_written_before_the_memory_ran_out_is_shown() {
    let text = "(displayln 'before) (let loop ([held '()]) (loop (cons (make-vector 1000 0) held)))";
    let ran = script(text).args(&["--max-memory", "200MB"]).run();
    assert_eq!((ran.code, &*ran.stdout), (Some(1), "before\n"), "{ran:?}");
    assert!(ran.stderr.contains("more memory than its limit of 200 MB"), "{ran:?}");
}

#[test]
fn a_name_of_a_library_that_is_not_here_says_so() {
    let said = told("(require racket/list srfi/19)\n(displayln (string->date \"2015\" \"~Y\"))");
    let hint = "hint: `srfi/19`, which is required, is not here, and it may be from there";
    assert!(said.starts_with("error: `string->date` is not defined\nat 2:13\n") && said.contains(hint), "{said}");
    assert!(!told("(require racket/list)\n(frist '(1))").contains("not here"));
}
