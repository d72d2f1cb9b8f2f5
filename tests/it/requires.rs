//! `(require "file.scm")`: files beside the script.

use crate::program::script;

const UTIL: &str = r#"
(provide double swap! (struct-out point) (rename-out [triple times-three]))
(require "lib/deep.scm")
(define (double x) (* 2 x))
(define (triple x) (assist x))
(define (assist x) (+ x x x))
(struct point (x y) #:transparent)
(define-syntax-rule (swap! a b) (let ([t a]) (set! a b) (set! b t)))
(displayln "once")
"#;
const DEEP: &str = "(define (deep) 'deep)\n(define assist 'its-own)\n(define (boom x)\n  (car x))\n";

#[test]
fn a_required_file_gives_what_it_provides_and_runs_once() {
    let ran = script(
        r#"
(require "util.scm" (prefix-in d: "lib/deep.scm") racket/list)
(define (triple x) 'mine)
(define a 1)
(define b 2)
(swap! a b)
(list (double 4) (times-three 3) (triple 3) (d:deep) d:assist a b
      (match (point 1 2) [(point x y) (+ x y)])
      (point-x (struct-copy point (point 1 2) [x 10])))"#,
    )
    .file("util.scm", UTIL)
    .file("lib/deep.scm", DEEP)
    .run();
    assert_eq!(ran.value(), "once\n(8 9 mine deep its-own 2 1 3 10)");
}

#[test]
fn an_error_in_a_required_file_is_shown_there() {
    let program = script("(require \"lib/deep.scm\")\n(boom '())").file("lib/deep.scm", DEEP);
    let ran = program.run();
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("lib/deep.scm:4:4\n") && ran.stderr.contains("4 |   (car x))\n"), "{ran:?}");
    let json = program.json();
    assert_eq!(json["error"]["line"], 4);
    assert!(json["error"]["file"].as_str().unwrap().ends_with("lib/deep.scm"), "{json}");
}

#[test]
fn what_cannot_be_required_is_told_where_it_stands() {
    for (text, said) in [
        ("(require \"util.scm\")\nassist", "`assist` is not defined\n --> "),
        (
            "(require \"util.scm\")\n(define (double x) x)",
            "`double` is required from \"util.scm\", and defined elsewhere too",
        ),
        ("(require (only-in \"util.scm\" nothing))", "\"util.scm\" does not provide `nothing`"),
        ("(require \"round.scm\")", "\"round.scm\" requires itself, by way of others or not"),
        ("(require \"open.scm\")", "this `(` is never closed"),
        ("(let () (require \"util.scm\") 1)", "files are required at the top level alone"),
        ("(require \"missing.scm\")", "`missing.scm` cannot be read: No such file"),
        ("(require \"../../etc/passwd\")", "it lies outside the script's folder"),
        ("(require \"notes.txt\")", "`notes.txt` is no program by its name"),
    ] {
        let ran = script(text)
            .file("util.scm", UTIL)
            .file("lib/deep.scm", DEEP)
            .file("round.scm", "(require \"again.scm\")")
            .file("again.scm", "(require \"round.scm\")")
            .file("open.scm", "(define x 1)\n(define (f")
            .file("notes.txt", "secret")
            .run();
        assert_eq!(ran.code, Some(1), "{text}: {ran:?}");
        assert!(ran.stderr.contains(said), "{text}: {ran:?}");
    }
}

#[test]
fn a_link_out_of_the_folder_leads_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.scm"), "(define secret 1)").unwrap();
    let program = script("(require \"inside/secret.scm\")\nsecret");
    std::os::unix::fs::symlink(outside.path(), program.folder().join("inside")).unwrap();
    let ran = program.run();
    assert!(ran.stderr.contains("it lies outside the script's folder"), "{ran:?}");
}

#[test]
fn fibers_have_prompts_of_their_own() {
    let ran = script(
        r#"
(require racket/control)
(define (walk tag)
  (reset
   (let next ([i 0])
     (if (= i 3)
         '()
         (begin
           (sleep 0.005)
           (shift rest (cons (list tag i) (begin (sleep (* 0.002 tag)) (rest #f))))
           (next (+ i 1)))))))
(map-async walk '(1 2 3))"#,
    )
    .run();
    assert_eq!(ran.value(), "(((1 0) (1 1) (1 2)) ((2 0) (2 1) (2 2)) ((3 0) (3 1) (3 2)))");
}
