//! What a script can say: failures, printing, endings, the source as people write it, and what is refused.

use crate::{
    mock::{Call, Mock, Reply},
    program::script,
};
use bessemer::primitives;
use serde_json::{Value, json};
use std::collections::HashSet;

/// The first script of the language's reference, as it stands there.
const FIRST_SCRIPT: &str = r##";; Which of these reports mention a recall, and why?
(define reports (py-eval "
import json
[r['body'][:15000] for r in json.loads(context)]
"))

(define findings
  (map-async
    (lambda (report)
      (llm-query-async
        #:instruction "List every product recall. Return JSON: [{product: string, reason: string}]"
        #:data report
        #:model "cheap" #:json #t #:temperature 0.0 #:max-tokens 500))
    reports
    #:max-concurrent 10))

(py-set! "findings" findings)
(define merged (py-exec "
import json
rows = [dict(row, report=i + 1) for i, f in enumerate(findings) for row in json.loads(f)]
print(json.dumps(rows, indent=2))
"))

(finish (string-append merged "\n\n"
  (syntax-e (llm-query #:instruction "Group by cause; name the three most frequent."
                       #:data merged #:model "smart" #:temperature 0.3))))
"##;

/// Its context.
fn reports() -> String {
    let bodies = [
        "The Zephyr kettle is recalled since its lid leaks. Sales were \"good\".",
        "Nothing to report.\nThe weather was fine.",
        "A recall of the Boreas heater: the cable melts. Also recalled: the Notus fan, whose blade breaks.",
    ];
    json!(bodies.map(|body| json!({ "body": body, "page": 1 }))).to_string()
}

/// Asks for JSON get the recalls of their report, in three dresses; the last ask gets its causes.
fn recalls(call: &Call) -> Reply {
    let text = match (call.system().contains("Return JSON"), call.text()) {
        (false, _) => "Leaks, melting, breaking.",
        (_, report) if report.contains("Zephyr") => "```json\n[{\"product\": \"Zephyr\", \"reason\": \"leaks\"}]\n```",
        (_, report) if report.contains("weather") => " []\n",
        _ => r#"[{"product": "Boreas", "reason": "melts"}, {"product": "Notus", "reason": "breaks"}]"#,
    };
    Reply::Text(text.into())
}

#[test]
fn first_script_of_the_reference_works_as_written() {
    let mock = Mock::start(recalls);
    let ran = script(FIRST_SCRIPT).context(&reports()).server(&mock).run();
    let row = |product: &str, reason: &str, report: usize| {
        format!("  {{\n    \"product\": \"{product}\",\n    \"reason\": \"{reason}\",\n    \"report\": {report}\n  }}")
    };
    let rows = [row("Zephyr", "leaks", 1), row("Boreas", "melts", 3), row("Notus", "breaks", 3)].join(",\n");
    assert_eq!((ran.value(), &*ran.stderr), (&*format!("[\n{rows}\n]\n\n\nLeaks, melting, breaking."), ""));

    let (asks, last) = (&mock.bodies()[..3], mock.last_body());
    for ask in asks {
        let sampling = (&ask["model"], &ask["temperature"], &ask["max_tokens"]);
        assert_eq!(sampling, (&json!("mock"), &json!(0.0), &json!(500)));
    }
    assert_eq!((mock.count(), &last["temperature"], last.get("max_tokens")), (4, &json!(0.3), None));
    assert_eq!(last["messages"][1]["content"], json!(format!("[\n{rows}\n]\n")));
}

#[test]
fn first_script_of_the_reference_works_offline() {
    let ran = script(FIRST_SCRIPT).context(&reports()).run();
    let (merged, causes) = ran.value().split_once("\n\n\n").unwrap_or_else(|| panic!("{ran:?}"));
    let rows: Vec<Value> = serde_json::from_str(merged).unwrap();
    assert!(!rows.is_empty() && !causes.is_empty(), "{ran:?}");
    for row in rows {
        assert!(row["product"].is_string() && row["reason"].is_string(), "{row}");
        assert!(row["report"] == 1 || row["report"] == 3, "the second report mentions no recall: {row}");
    }
}

#[test]
fn failures_are_seen_alike_whatever_failed() {
    let mock = Mock::start(|call| match call.text() {
        "good" => Reply::Text("good".into()),
        _ => Reply::Status(400, vec![], json!({ "error": { "message": "no such thing" } }).to_string()),
    });
    let text = r#"
(define (caught thunk) (with-handler (lambda (e) e) (thunk)))
(define (look e)
  (writeln (list (failure? e) (exn? e) (exn:fail? e) (error-object? e) (failure-class e) (string? e)
                 (equal? (exn-message e) (failure-message e)) (equal? (exn-message e) (error-object-message e)))))
(define call-failed (caught (lambda () (llm-query "bad" #:retries 0))))
(for-each look (list call-failed (caught (lambda () (error "mine:" 'a "b" 1))) (caught (lambda () (car '())))
                     (caught (lambda () ("no procedure" 1))) (caught (lambda () (py-eval "1/0")))))
(writeln (list (failure-attempts call-failed) (failure-model call-failed) (failure-results call-failed)))
(writeln (exn-message (caught (lambda () (error "mine:" 'a "b" 1)))))
(for-each (lambda (v) (writeln (equal? v (caught (lambda () (raise v))))))
          (list 42 'sym "text" '(1 2) (hash 'a 1) #f '()))
(writeln (failure? 42))
(define (rethrown thunk) (caught (lambda () (with-handler (lambda (e) (raise e)) (thunk)))))
(writeln (map failure-class (list (rethrown (lambda () (raise call-failed)))
                                  (rethrown (lambda () (py-eval "1/0")))
                                  (rethrown (lambda () (await (spawn (lambda () (llm-query "bad" #:retries 0)))))))))
(writeln (equal? (exn-message call-failed) (exn-message (rethrown (lambda () (raise call-failed))))))"#;
    let ran = script(text).server(&mock).run();
    let look = |class: &str| format!("(#t #t #t #t {class} #f #t #t)\n");
    // As R7RS has it, the message of what `error` raised is its first argument alone.
    let of_error = "(#t #t #t #t script #f #t #f)\n".to_owned();
    let looks = [look("bad-request"), of_error, look("script"), look("script"), look("python")].concat();
    let rest = "(1 \"mock\" ())\n\"mine: 'a \\\"b\\\" 1\"\n#t\n#t\n#t\n#t\n#t\n#t\n#t\n#f\n\
        (bad-request python bad-request)\n#t";
    assert_eq!(ran.value(), looks + rest);
}

#[test]
fn output_keeps_its_order_and_the_value_comes_last() {
    let text = r#"
(display "a ") (write "b") (printf " ~a ~s~%" "c" "d")
(py-eval "print('e'); import sys; sys.stdout.write('f ')")
(eprintf "to ~a~n" "stderr")
(display (list "g" 'h 1.5 #t #\i))
(newline)
(py-eval "import os, sys; os.write(1, b'raw\\n'); print('py stderr', file=sys.stderr)")
(print "j")
(writeln (string->list "kl"))
(displayln (format "~a~~~a" 1 (hash 'b 2 'a "x")))
"the value""#;
    let ran = script(text).run();
    let wanted = "a \"b\" c \"d\"\ne\nf (g h 1.5 #t i)\n\"j\"(#\\k #\\l)\n1~#hash((a . x) (b . 2))\nthe value\n";
    assert_eq!((ran.code, &*ran.stdout), (Some(0), wanted));
    let mut stderr: Vec<&str> = ran.stderr.lines().collect();
    stderr.sort_unstable(); // What C code writes comes by another way, in no order with the rest.
    assert_eq!(stderr, ["py stderr", "raw", "to stderr"]);
}

#[test]
fn json_object_holds_value_and_output() {
    let forms = [
        ("(finish \"text\")", "finished", json!("text")),
        ("(finish (void))", "finished", Value::Null),
        ("(hash 'b 1 \"a\" (list 1.5 #t (void) 'sym))", "value", json!({ "a": [1.5, true, null, "sym"], "b": 1 })),
        ("(list)", "value", json!([])),
        ("(llm-query \"an answer\")", "value", json!("an answer")),
        ("(expt 2 100)", "value", serde_json::from_str("1267650600228229401496703205376").unwrap()),
        ("(define x 1)", "value", Value::Null),
        ("\"[1]\"", "value", json!("[1]")),
    ];
    for (form, status, value) in forms {
        let got = script(&format!("(display \"é\")\n(printf \"~a~%\" 1)\n(py-eval \"print(2)\")\n{form}")).json();
        assert_eq!((&got["status"], &got["value"]), (&json!(status), &value), "{form}");
        assert_eq!((&got["output"], &got["error"]), (&json!("é1\n2\n"), &Value::Null), "{form}");
    }
    let got = script("(displayln \"before\")\n\n(llm-query \"x\" #:modle 1)").json();
    let error = json!({
        "class": "script",
        "message": "llm-query: unknown keyword `#:modle`; did you mean `#:model`?",
        "hint": got["error"]["hint"],
        "line": 3,
    });
    assert!(got["error"]["hint"].as_str().is_some_and(|hint| hint.contains("(llm-query ")), "{got}");
    assert_eq!((&got["status"], &got["error"], &got["output"]), (&json!("error"), &error, &json!("before\n")));
}

#[test]
fn values_are_shown_as_display_shows_them() {
    let forms = [
        ("\"a \\\"b\\\"\"", "a \"b\"\n"),
        ("\"line\\n\"", "line\n"),
        ("(list \"a\" 'b)", "(a b)\n"),
        ("#t", "#t\n"),
        ("#f", "#f\n"),
        ("(void)", ""),
        ("(finish (void))", ""),
        ("(finish #f)", "#f\n"),
        ("", ""),
        ("(define x 1)", ""),
        ("1 2 (+ 1 2)", "3\n"),
        ("(finish 1) (displayln \"not reached\") 2", "1\n"),
        ("#!/usr/bin/env bessemer\n'ok", "ok\n"),
    ];
    for (form, stdout) in forms {
        let ran = script(form).run();
        assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (Some(0), stdout, ""), "{form}");
    }
}

#[test]
fn exit_code_tells_what_ended_the_run() {
    let refused = Mock::start(|_| Reply::Status(400, vec![], "{}".into()));
    assert_eq!(script("(error \"no\")").run().code, Some(1));
    assert_eq!(script("(raise 'odd)").run().code, Some(1));
    assert_eq!(script("(py-eval \"1/0\")").run().code, Some(1));
    assert_eq!(script("(define x").run().code, Some(1));
    assert_eq!(script("(let loop () (loop))").args(&["--timeout", "1"]).run().code, Some(1));
    assert_eq!(script("1").args(&["--nonsense"]).run().code, Some(2));
    assert_eq!(script("1").args(&["--context", "/no/such/file"]).run().code, Some(2));
    let missing = script("1");
    std::fs::remove_file(missing.path()).unwrap();
    assert_eq!(missing.run().code, Some(2));
    let ran = script("(displayln 1)\n(llm-query \"x\" #:retries 0)").server(&refused).run();
    assert_eq!((ran.code, &*ran.stdout), (Some(4), "1\n"));
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("script.scm:2:"), "{}", ran.stderr);
    assert_eq!(
        script("(with-handler (lambda (e) 'mended) (llm-query \"x\" #:retries 0))").server(&refused).run().value(),
        "mended"
    );
}

#[test]
fn source_may_be_written_as_people_write_it() {
    let text = r##"
(define (apply-to fn x) (fn x))
(writeln (apply-to (lambda (x) (list x)) 1))
(writeln (let ([fn (lambda (x) (* x 2))]) (fn 21)))
(writeln "\d+\s \\ \" \w A")
(writeln #<<TEXT
no \escapes, no "quotes" (or parens; not even a comment
  #<<TEXT
TEXT
)
(writeln (string-length #<<E
E
))
(writeln (list (when #f 1) (void)))
(writeln '(void))
(displayln (py-exec #<<PY
import re
print(re.findall(r"\d+", "a1\tb22"), "\n".join("xy").split("\n"))
PY
))
#| a block #| nested |# comment |#
(writeln #;(ignored (fn) "\d") 'after)"##;
    let wanted = r##"(1)
42
"\\d+\\s \\ \" \\w A"
"no \\escapes, no \"quotes\" (or parens; not even a comment\n  #<<TEXT"
0
(#<void> #<void>)
(void)
['1', '22'] ['x', 'y']

after"##;
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn quoted_fn_is_the_symbol_that_was_written() {
    assert_eq!(script("(writeln (list 'fn '(fn x) (symbol->string 'fn)))").run().value(), "(fn (fn x) \"fn\")");
}

#[test]
fn uncaught_value_that_is_no_failure_names_its_line() {
    let ran = script("(define (fails)\n  (raise 'odd))\n(fails)").run();
    assert!(ran.code == Some(1) && ran.stderr.contains("script.scm:2:"), "{}", ran.stderr);
}

#[test]
fn failed_call_over_several_lines_is_shown_from_its_start() {
    let ran =
        script("(define r\n  (llm-query #:instruction \"a\"\n             #:data \"b\"\n             #:modle 1))")
            .run();
    assert!(ran.code == Some(1) && ran.stderr.contains("script.scm:2:"), "{}", ran.stderr);
}

#[test]
fn error_lines_are_true_after_rewrites() {
    let rewrites = [
        "(define s #<<X\none\ntwo\nX\n)",
        "(define (f fn) (fn 1)) (define (g x fn) (list fn))",
        "(void) (when #t (void)) (define r \"\\d \\w\")",
        "#| (void\n\n|# ;; (fn",
        "(define é \"日本\n語\")",
        "(define-syntax twice\n  (syntax-rules () [(_ e) (begin e e)]))",
    ];
    let mut text = String::new();
    for (rewrite, bad) in rewrites.iter().zip([
        "(car '())",
        "(not-defined 1)",
        "(raise (with-handler (lambda (e) e) (error \"no\")))",
        "(py-eval \"1/0\")",
        "(list (llm-query))",
        "(twice (error \"no\"))",
    ]) {
        text += &format!("{rewrite}\n");
        let line = text.lines().count() + 2;
        let ran = script(&format!("{text}(define (fails)\n  {bad})\n(fails)")).run();
        let place = format!("script.scm:{line}:");
        assert!(ran.code == Some(1) && ran.stderr.contains(&place), "{place} {bad} after {rewrite}: {}", ran.stderr);
    }
}

#[test]
fn what_scripts_may_not_do_is_refused() {
    let attempts = [
        "(%submit 1)",
        "(require-builtin steel/process)",
        "(require-builtin steel/filesystem as fs.)",
        "(eval '(+ 1 2))",
        "(env-var \"HOME\")",
        "(load \"x\")",
        "(require \"/etc/x.scm\")",
        "(command \"ls\" '())",
        "(read-port-to-string (stdin))",
        "(#%prim.env-var \"HOME\")",
        "(define mine env-var) (mine \"HOME\")",
    ];
    for attempt in attempts {
        let ran = script(attempt).run();
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{attempt}");
        assert!(ran.stderr.starts_with("error: ") && !ran.stderr.contains("root:"), "{attempt}: {}", ran.stderr);
    }
}

#[test]
fn every_example_of_the_reference_evaluates() {
    let mut names = HashSet::new();
    let mut text = "(define (example name thunk)
  (let ([value (with-handler (lambda (e) (eprintf \"FAILED ~a: ~a~%\" name e)) (thunk))])
    (eprintf \"EXAMPLE ~a => ~a~%\" name value)))\n"
        .to_owned();
    for primitive in primitives::all() {
        let primitives::Primitive { name, doc, result, example, params, .. } = primitive;
        assert!(names.insert(name), "{name} stands there twice");
        assert!(!doc.is_empty() && !result.is_empty() && example.contains(name), "{name}");
        assert!(params.iter().all(|param| !param.doc.is_empty()), "{name}");
        text += &format!("(example \"{name}\" (lambda () {example}\n))\n");
    }
    let ran = script(&text).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let failed: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("FAILED")).collect();
    assert_eq!(failed, Vec::<&str>::new());
    for primitive in primitives::all() {
        let name = primitive.name;
        let said = format!("EXAMPLE {name} => ");
        let value = ran.stderr.split_once(&*said).map(|(_, rest)| rest).unwrap_or_else(|| panic!("{name} is missing"));
        if let Some((_, wanted)) = primitive.example.split_once(";; => ") {
            assert_eq!(value.lines().next(), Some(wanted), "{name}");
        }
    }
}

#[test]
fn define_values_names_any_number_of_values_any_number_of_times() {
    let text = r#"
(define-values (a b) (values 1 2))
(define-values (first rest) (await-any (list (spawn (lambda () "x")) (spawn (lambda () (sleep 0.001) "y")))))
(define-values () (values))
(define-values all (values 3 4))
(define (f n) (define-values (x y) (values n 6)) (define-values (z) 7) (list x y z))
(displayln (list a b first (await-all rest) all (f 5) 'define-values '(define-values (a) 1)))
(displayln (try (let () (define-values (l r) (values 1 2 3)) l) on-error (lambda (m) m)))
(define-values (p q) 1)"#;
    let ran = script(text).run();
    assert_eq!(
        ran.stdout,
        "(1 2 x (y) (3 4) (5 6 7) define-values (define-values (a) 1))\nresult arity mismatch;\n expected number of values not received\n  expected: 2\n  received: 3\n  in: local-binding form\n  arguments...:\n   1\n   2\n   3\n"
    );
    assert!(ran.stderr.contains("  expected: 2\n  received: 1\n") && ran.code == Some(1), "{ran:?}");
}
