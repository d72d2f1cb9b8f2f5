//! What programs come to, as Steel is given them.

use super::{Expander, shorter::LONG};

const NATIVES: &[&str] = &[
    "car",
    "cdr",
    "cons",
    "list",
    "append",
    "list->vector",
    "+",
    "=",
    "<",
    "length",
    "apply",
    "display",
    "map",
    "not",
];

fn expander() -> Expander {
    let expander = Expander::new(NATIVES.iter().map(ToString::to_string).collect());
    expander.bind_native("void", "%d:void");
    expander
}

/// The text for Steel, variables numbered from 1 and top-level wrappers left out; or the error.
fn text(program: &str) -> String {
    match expander().program(program) {
        Ok(source) => {
            let bare = |line: &str| match line.split_once("(%main (lambda () (%just ") {
                Some((before, rest)) => format!("{before}{}", rest.strip_suffix(")))").unwrap_or(rest)),
                None => line.to_owned(),
            };
            renumbered(&source.text.replace(LONG, "LONG").lines().map(bare).collect::<Vec<_>>().join("\n"))
        }
        Err(error) => format!("error: {}", error.message),
    }
}

/// With variables numbered in their order, and natives by their plain names.
fn renumbered(text: &str) -> String {
    let text = &text.replace("#%prim.", "");
    let mut out = String::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut parts = text.split('%');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        out.push('%');
        if digits > 0 {
            let at = seen.iter().position(|number| *number == &part[..digits]).unwrap_or_else(|| {
                seen.push(&part[..digits]);
                seen.len() - 1
            });
            out.push_str(&(at + 1).to_string());
        }
        out.push_str(&part[digits..]);
    }
    out.trim_end().to_owned()
}

#[test]
fn core_forms_are_written_out() {
    for (program, wanted) in [
        ("(define x 1)", "(define x 1)"),
        ("(define (f x . r) (cons x r))", "(define f (lambda (x%1 . r%2) (cons x%1 r%2)))\n(%named f \"f\" 1 #false)"),
        ("(let ([x 1] [y 2]) (+ x y))", "(let ((x%1 1)(y%2 2)) (+ x%1 y%2))"),
        ("(let* ([x 1] [x (+ x 1)]) x)", "(let ((x%1 1)) (let ((x%2 (+ x%1 1))) x%2))"),
        ("(and 1 2) (or)", "(if 1 2 #false)\n#false"),
        ("(cond [1 2] [else 3])", "(if 1 2 3)"),
        ("(when 1 2)", "(if 1 2 void)"),
        ("'(a \"b\") 'c '()", "%constant-1\n'c\n'()"),
        ("`(1 ,(car 2))", "(cons 1 (cons (car 2) '()))"),
        ("(begin (define a 1) (define b a))", "(define b '%undefined)\n(define a 1)\n(set! b a)\nvoid"),
    ] {
        assert_eq!(text(program), wanted, "{program}");
    }
}

#[test]
fn a_variable_that_is_assigned_is_boxed() {
    assert_eq!(
        text("(define (f n) (lambda () (set! n (+ n 1)) n))"),
        "(define f (lambda (n%1) (begin LONG (let ((n%1 (box n%1))) (lambda () (begin (set-box! n%1 (+ (unbox n%1) 1)) (unbox n%1)))))))\n(%named f \"f\" 1 1)"
    );
    assert_eq!(
        text("(define (f n) (set! n 1) n)"),
        "(define f (lambda (n%1) (let ((n%1 (box n%1))) (begin (set-box! n%1 1) (unbox n%1)))))\n(%named f \"f\" 1 1)"
    );
}

#[test]
fn a_local_procedure_that_is_only_called_stands_at_the_top_level() {
    for (program, wanted) in [
        // It is given what it names of the procedure round it.
        (
            "(define (f n) (let loop ([i 0]) (if (= i n) i (loop (+ i 1)))))",
            "(define %loop%1 (lambda (i%2 n%3) (if (= i%2 n%3) i%2 (%loop%1 (+ i%2 1) n%3))))\n(define f (lambda (n%3) (%loop%1 0 n%3)))\n(%named f \"f\" 1 1)",
        ),
        // An inner one calls the outer one, which it need not be given.
        (
            "(define (f n) (let a ([i n]) (let b ([j i]) (if (= j 0) (a n) (b i)))))",
            "(define %loop%1 (lambda (i%2 n%3) (%loop%4 i%2 n%3 i%2)))\n(define %loop%4 (lambda (j%5 n%3 i%2) (if (= j%5 0) (%loop%1 n%3 n%3) (%loop%4 i%2 n%3 i%2))))\n(define f (lambda (n%3) (%loop%1 n%3 n%3)))\n(%named f \"f\" 1 1)",
        ),
        // A value is what a closure is for.
        (
            "(define (f n) (define (g x) (+ x n)) (list g (g 1)))",
            "(define f (lambda (n%1) (begin LONG (let () (define g%2 (lambda (x%3) (+ x%3 n%1))) (%inner-named g%2 \"g\")(list g%2 (g%2 1))))))\n(%named f \"f\" 1 1)",
        ),
        // Who calls it wrongly is told so.
        (
            "(define (f n) (define (g x) (+ x n)) (g))",
            "(define f (lambda (n%1) (begin LONG (let () (define g%2 (lambda (x%3) (+ x%3 n%1))) (%miscounted \"g\" 1 1)))))\n(%named f \"f\" 1 1)",
        ),
        // What is assigned to lives in a box, which it is given.
        (
            "(define (f n) (define (g) (set! n 1)) (g) n)",
            "(define %loop%1 (lambda (n%2) (begin (set-box! n%2 1) void)))\n(define f (lambda (n%2) (let ((n%2 (box n%2))) (%loop%1 n%2) (unbox n%2))))\n(%named f \"f\" 1 1)",
        ),
    ] {
        assert_eq!(text(program), wanted, "{program}");
    }
}

#[test]
fn what_the_machine_has_instructions_for_is_called_by_its_own_name() {
    let written = |program: &str| expander().program(program).unwrap().text;
    assert!(written("(define (f a b) (cons (car a) (+ b 1)))").contains("(#%prim.cons (#%prim.car a"));
    // The instructions would take these as they come.
    for other in ["(lambda (a) (< a 1))", "(lambda (a) (+ a 1 2))", "(lambda (a) (car))", "(map car (list))"] {
        assert!(!written(other).contains("#%prim"), "{other}");
    }
    assert!(!written("(define (car x) x) (car 1)").contains("#%prim"));
    assert!(written("(lambda (a) (if (not a) 1 2))").contains(" 2 1)"));
    // What is handed over to be changed is named last.
    let turned = written("(define (hash-set h k v) h) (define (f h n) (if (< n 3) (f (hash-set h n n) (+ n 1)) h))");
    assert!(turned.contains("(if (if (< n%5 3) #f #t) h%") && turned.contains("(hash-set h%"), "{turned}");
    let other = written("(define (hash-set h k v) h) (define (f h n) (if (< n 3) (f (hash-set h n n) (+ n 1)) n))");
    assert!(!other.contains("#f #t)"), "{other}");
}

#[test]
fn what_a_loop_names_once_of_a_list_is_not_bound() {
    let written = |program: &str| {
        let expander = expander();
        ["null?", "in-list"].iter().for_each(|name| expander.bind_native(name, name));
        let mut expander = expander;
        expander.program(&format!("(lambda (l) {program})")).unwrap().text
    };
    assert!(!written("(for/fold ([s 0]) ([x (in-list l)]) (+ s x))").contains("let"));
    for bound in ["(+ x x)", "(begin (set! x 1) x)", "((lambda () x))"] {
        let program = format!("(for/fold ([s 0]) ([x (in-list l)]) {bound})");
        assert!(written(&program).contains("(let ((x%"), "{bound}");
    }
}

#[test]
fn macros_catch_nothing_and_are_caught_by_nothing() {
    for (program, wanted) in [
        // The macro's `t` is not the program's.
        (
            "(define-syntax or2 (syntax-rules () [(_ a b) (let ([t a]) (if t t b))])) (let ([t 5]) (or2 #f t))",
            "(let ((t%1 5)) (let ((t%2 #false)) (if t%2 t%2 t%1)))",
        ),
        // The macro's `if` is the language's, whatever the program binds.
        ("(define-syntax-rule (my a) (if a 1 2)) (let ([if list]) (my 3))", "(let ((if%1 list)) (if 3 1 2))"),
        // A name that the program defines over the language's.
        ("(define (car x) x) (car 1)", "(define car%u (lambda (x%1) x%1))\n(%named car%u \"car\" 1 1)\n(car%u 1)"),
        (
            "(define-syntax my-let (syntax-rules () [(_ ([n v] ...) b ...) ((lambda (n ...) b ...) v ...)])) (my-let ([a 1] [b 2]) (+ a b))",
            "(let ((f%1 (lambda (a%2 b%3) (+ a%2 b%3)))) (f%1 1 2))",
        ),
        ("(let-syntax ([one (syntax-rules () [(_) 1])]) (one))", "1"),
        (
            "(define-syntax nest (syntax-rules () [(_ (a b ...) ...) '((b ... a) ...)])) (nest (1 2 3) (4 5))",
            "%constant-1",
        ),
        ("(define-syntax lits (syntax-rules (=>) [(_ a => b) b] [(_ a b c) a])) (lits 1 => 2) (lits 1 2 3)", "2\n1"),
    ] {
        assert_eq!(text(program), wanted, "{program}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    for (program, wanted) in [
        ("(f 1)", "`f` is not defined"),
        ("(let ([x 1] [x 2]) x)", "let: `x` stands twice"),
        ("(define x 1) (define x 2)", "`x` is defined twice"),
        ("if", "`if` is a form, and stands first in parentheses"),
        ("(define-syntax m (syntax-rules () [(_ a) a])) (m 1 2)", "m: no rule of the macro fits this use"),
        ("(define-syntax m (syntax-rules () [(_ a) (m a)])) (m 1)", "this macro expands without end"),
        ("(syntax-case x () [_ 1])", "`syntax-case` is not in this dialect, which has no macros that compute"),
        ("(define-syntax (m stx) 1)", "`syntax-case` is not in this dialect, which has no macros that compute"),
        ("(set! car 1)", "set!: `car` is the language's own"),
        ("(lambda (x [y 1] z) 1)", "`z` has no default, and one before it has"),
        ("()", "`()` is no expression: nothing is called"),
        ("(require \"x.scm\")", "\"x.scm\" is not here to be required"),
    ] {
        assert_eq!(text(program), format!("error: {wanted}"), "{program}");
    }
}

#[test]
fn a_macro_without_end_is_an_error() {
    let endless = || {
        let told = text("(define-syntax m (syntax-rules () [(_ a) (list (m a))])) (m 1)");
        assert_eq!(told, "error: this is nested too deeply, or expands without end");
    };
    // As roomy as an interpreter's stack.
    std::thread::Builder::new().stack_size(512 << 20).spawn(endless).unwrap().join().unwrap();
}

#[test]
fn places_lead_back_to_the_program() {
    let program = "(define-syntax-rule (twice e) (list e e))\n(twice (car 5))";
    let source = expander().program(program).unwrap();
    let at = source.text.find("(#%prim.car 5)").unwrap();
    assert_eq!(&program[source.original(at..at + 14)], "(car 5)");
    assert_eq!(&program[source.original(at + 1..at + 11)], "car");
    let list = source.text.find("list").unwrap();
    assert_eq!(&program[source.original(list..list + 4)], "(twice (car 5))");
}

#[test]
fn what_one_program_defines_the_next_knows() {
    let mut expander = expander();
    expander.program("(define x 1) (define-syntax-rule (inc v) (+ v 1))").unwrap();
    assert!(expander.program("(inc x)").unwrap().text.contains("+ x 1)"));
    assert!(expander.program("(define x 2)").unwrap().text.contains("(set! x 2)"));
    assert!(expander.program("(define (car x) x)").unwrap().text.contains("car%u"));
    assert_eq!(expander.steel_name_of("car").as_deref(), Some("car%u"));
}

#[test]
fn the_context_is_found_where_it_is_named() {
    let context = |program: &str| {
        let natives = NATIVES.iter().chain(&["context"]).map(ToString::to_string).collect();
        Expander::new(natives).program(program).unwrap().context
    };
    assert_eq!(context("(display context)"), Some(9..16));
    for without in ["(display 'context)", "(let ([context 1]) context)", "\"context\" ; context"] {
        assert_eq!(context(without), None, "{without}");
    }
}

#[test]
fn what_steels_optimiser_misreads_is_written_otherwise() {
    // A test that may come to a quoted constant.
    assert_eq!(
        text("(define (f n) (if (or (= n 1) (not (or (= n 2) n))) 1 2))"),
        "(define f (lambda (n%1) (if (if (= n%1 1) #t (if (= n%1 2) #f (if n%1 #f #t))) 1 2)))\n(%named f \"f\" 1 1)"
    );
    assert_eq!(
        text("(define (f n) (if (let ([t n]) (+ t 1)) (if (begin n (f n)) 1 2) 3))"),
        "(define f (lambda (n%1) (if (not (let ((t%2 n%1)) (+ t%2 1))) 3 (if (begin n%1 (if (not (f n%1)) #f #t)) 1 2))))\n(%named f \"f\" 1 1)"
    );
    // A procedure that a definition gives and that calls it.
    assert_eq!(
        text("(define (f n) (lambda () (f n)))"),
        "(define f (lambda (n%1) (begin LONG (let ((given%2 (lambda () (f n%1)))) given%2))))\n(%named f \"f\" 1 1)"
    );
    // A variable that has its value from another and is assigned.
    assert_eq!(
        text("(define (f n) (let ([m n]) (set! m 1) n))"),
        "(define f (lambda (n%1) (let ((m%2 (box n%1))) (begin (set-box! m%2 1) n%1))))\n(%named f \"f\" 1 1)"
    );
    // A procedure whose name is assigned.
    assert_eq!(
        text("(define (f n) (f n))(set! f 1)"),
        "(define f void)\n(set! f (lambda (n%1) (f n%1)))\nvoid\n(%named f \"f\" 1 1)\n(begin (set! f 1) void)"
    );
}
