//! Procedures that cannot be called as a form calls them: refused before any item begins and any call is paid.

use crate::{mock::Mock, program::script};

/// Each of these says it of its second form, and no call is made.
fn refused(cases: &[(&str, &str)]) {
    for (call, wanted) in cases {
        let mock = Mock::echo();
        let ran = script(&format!("(define (ask x) (llm-query (format \"~a\" x)))\n{call}")).server(&mock).run();
        assert!(ran.stderr.starts_with(&format!("error: {wanted}\n")), "{call}: {ran:?}");
        // Where a procedure is called that a combinator has made, Steel does not always know.
        assert!(ran.stderr.contains("script.scm:2:") || call.starts_with("(("), "{call}: {ran:?}");
        assert_eq!((ran.code, mock.count()), (Some(1), 0), "{call}: {ran:?}");
    }
}

#[test]
fn a_fan_out_says_how_it_calls_its_procedures() {
    refused(&[
        (
            "(map-async (lambda (a b) (ask a)) '(1 2))",
            "map-async: `f` is called as `(f item)`, and this procedure takes 2 arguments",
        ),
        ("(map-async cons '(1 2))", "map-async: `f` is called as `(f item)`, and `cons` takes 2 arguments"),
        (
            "(for-each-async (lambda () (ask 1)) '(1))",
            "for-each-async: `f` is called as `(f item)`, and this procedure takes no arguments",
        ),
        (
            "(map-async ask '(1) #:on-error (lambda (failure) 0))",
            "map-async: `#:on-error` is called as `(on-error failure item)`, and this procedure takes 1 argument",
        ),
        (
            "(map-async ask '(1) #:on-progress (lambda (a b c d) 0))",
            "map-async: `#:on-progress` is called as `(on-progress done total failed)`, and this procedure takes 4 arguments",
        ),
        (
            "(map-async-stream ask '(1) (lambda (result) result))",
            "map-async-stream: `consume` is called as `(consume index result)`, and this procedure takes 1 argument",
        ),
        (
            "(llm-query \"a\" #:on-token (lambda (a b . more) a))",
            "llm-query: `#:on-token` is called as `(on-token piece)`, and this procedure takes at least 2 arguments",
        ),
        (
            "(parallel (list (lambda (x) (ask x))))",
            "parallel: a thunk is called with no arguments, and this procedure takes 1 argument",
        ),
        (
            "(race (list (lambda () (ask 1)) ask))",
            "race: a thunk is called with no arguments, and `ask` takes 1 argument",
        ),
        ("(await (spawn ask))", "spawn: `thunk` is called with no arguments, and `ask` takes 1 argument"),
        (
            "(with-deadline 9 (lambda () (ask 1)) #:otherwise ask)",
            "with-deadline: `#:otherwise` is called with no arguments, and `ask` takes 1 argument",
        ),
        (
            "(batch-process (lambda (a b) (ask a)) '(1 2))",
            "batch-process: `f` is called as `(f item)`, and this procedure takes 2 arguments",
        ),
    ]);
}

#[test]
fn a_combinator_does_so_too() {
    let takes = |n: &str| format!("this procedure takes {n}");
    let (none, one, two) = (takes("no arguments"), takes("1 argument"), takes("2 arguments"));
    let cases = [
        (
            "(tree-reduce (lambda (parts) (ask parts)) '(1 2 3 4 5 6 7))",
            format!("tree-reduce: `f` is called with the items of a group, 5 here, and {one}"),
        ),
        (
            "(tree-reduce (lambda (a b c) (ask a)) '(1 2 3 4 5) #:branch-factor 3)",
            format!("tree-reduce: `f` is called with the items of a group, 2 here, and {}", takes("3 arguments")),
        ),
        (
            "(tree-reduce list '(1 2) #:leaf-fn (lambda () (ask 1)))",
            format!("tree-reduce: `#:leaf-fn` is called as `(leaf-fn item)`, and {none}"),
        ),
        (
            "(fan-out-aggregate ask (lambda (a b) a) '(1))",
            format!("fan-out-aggregate: `reduce-fn` is called as `(reduce-fn results)`, and {two}"),
        ),
        (
            "(hierarchical '(1) #:each ask #:group even? #:combine (lambda (all) all) #:overview list)",
            format!("hierarchical: `#:combine` is called as `(combine name results)`, and {one}"),
        ),
        (
            "(iterate-until ask (lambda () #t) 1)",
            format!("iterate-until: `done?` is called as `(done? value)`, and {none}"),
        ),
        (
            "(fold-sequential (lambda (x) (ask x)) 0 '(1))",
            format!("fold-sequential: `f` is called as `(f so-far item)`, and {one}"),
        ),
        (
            "(critique-refine (lambda () (ask 1)) ask (lambda (draft) draft))",
            format!("critique-refine: `refine` is called as `(refine draft critique)`, and {one}"),
        ),
        (
            "(refine-until 1 ask list #:good-enough? (lambda () #t))",
            format!("refine-until: `#:good-enough?` is called as `(good-enough? draft)`, and {none}"),
        ),
        (
            "(with-validation ask (lambda (a b) #t))",
            format!("with-validation: `valid?` is called as `(valid? value)`, and {two}"),
        ),
        (
            "(vote (list (lambda () (ask 1))) #:key (lambda (a b) a))",
            format!("vote: `#:key` is called as `(key value)`, and {two}"),
        ),
        (
            "(vote (list (lambda () (ask 1)) (lambda (x) x)))",
            format!("vote: a thunk is called with no arguments, and {one}"),
        ),
        (
            "(ensemble (list (lambda () (ask 1))) #:aggregator (lambda () 1))",
            format!("ensemble: `#:aggregator` is called as `(aggregator values)`, and {none}"),
        ),
        (
            "(tiered ask (lambda () 1) '(1))",
            format!("tiered: `expensive` is called as `(expensive results)`, and {none}"),
        ),
        (
            "(active-learning ask ask (lambda () 1) '(1))",
            format!("active-learning: `uncertainty` is called as `(uncertainty value)`, and {none}"),
        ),
        (
            "(memoized ask #:key-fn (lambda (a b) a))",
            format!("memoized: `#:key-fn` is called as `(key-fn arguments)`, and {two}"),
        ),
        (
            "(map-reduce \"a\" #:map (lambda (chunk) (ask chunk)) #:reduce list)",
            format!("map-reduce: `#:map` is called as `(map chunk info)`, and {one}"),
        ),
        (
            "((choose (lambda (x) (ask x)) (lambda () 1) 2) 3)",
            format!("choose: its procedures are called with the arguments, 1 here, and {none}"),
        ),
        (
            "((try-fallback ask (lambda () 1)) 3)",
            format!("try-fallback: its procedures are called with the arguments, 1 here, and {none}"),
        ),
        (
            "((sequence ask (lambda () 1)) 3)",
            format!("sequence: each step but the first is called with what came of the one before, and {none}"),
        ),
    ];
    refused(&cases.iter().map(|(call, wanted)| (*call, &**wanted)).collect::<Vec<_>>());
}

#[test]
fn only_what_cannot_be_called_so_is_refused() {
    let text = r#"
(define (opt a [b 1]) (list a b))
(define (keyed a #:more [more 2]) (list a more))
(define cases (case-lambda [(x) (list x)] [(x y) y]))
(define setting (make-parameter 1))
(struct box-of (held))
(displayln (map (lambda (f) (map-async f '(5)))
                (list opt keyed cases list (lambda (a . more) more) add1 (curry + 1) (compose add1 add1) identity setting)))
(displayln (map-async box-of-held (list (box-of 7))))
(displayln (map-async (lambda (x [y 1] #:z [z 2]) (+ x y z)) '(1)))
(displayln (map-async llm-query-async '("a")))
(displayln (tree-reduce (lambda (a b [c 0]) (+ a b c)) '(1 2 3 4 5) #:branch-factor 3))
(displayln (tree-reduce (lambda (a b) (+ a b)) '(1 2 3 4 5 6 7)))
(displayln (tree-reduce max '(1 2 3 4 5 6 7)))
(displayln (tree-reduce (lambda () 1) '(8)))
(displayln (vote (list (case-lambda [() 1] [(x) 2]))))
(displayln ((choose #t (lambda (x y) (+ x y)) 0) 1 2))"#;
    let wanted = "(((5 1)) ((5 2)) ((5)) ((5)) (()) (6) (6) (7) (5) (#<void>))\n(7)\n(4)\n(echo:a)\n15\n28\n7\n8\n1\n3";
    assert_eq!(script(text).server(&Mock::echo()).run().value(), wanted);
}

#[test]
fn a_parameter_takes_one_argument_and_a_budget_none() {
    for (call, wanted) in [
        ("((make-parameter 1) 2 3)", "parameter-procedure: arity mismatch;"),
        (
            "(call-budget 20 (lambda () 1))",
            "call-budget: it takes no arguments; a budget holds within a `parameterize`",
        ),
        ("(token-budget 20)", "token-budget: it takes no arguments; a budget holds within a `parameterize`"),
        ("(cost-budget 0.5)", "cost-budget: it takes no arguments; a budget holds within a `parameterize`"),
    ] {
        let ran = script(&format!("(displayln 1)\n{call}")).run();
        assert!(
            ran.stderr.starts_with(&format!("error: {wanted}")) && ran.stderr.contains("script.scm:2:"),
            "{call}: {ran:?}"
        );
        let name = call.trim_start_matches('(').split(' ').next().unwrap_or_default();
        let hint = format!("hint: it is written `(parameterize ([{name} ");
        assert!(ran.stderr.contains(&hint) || !name.contains("budget"), "{call}: {ran:?}");
    }
    let text =
        "(define p (make-parameter 1))\n(p 2)\n(displayln (list (p) (parameterize ([call-budget 3]) (call-budget))))";
    assert_eq!(script(text).run().value(), "(2 3)");
}

#[test]
fn a_fan_out_that_kept_nothing_but_the_programs_mistakes_warns_once() {
    let text = "(define (run) (map-async (lambda (x)\n  (car x)) '(1 2) #:on-error 'keep))\n(run)\n(displayln (map failure? (run)))";
    let ran = script(text).run();
    assert_eq!(ran.value(), "(#t #t)");
    assert_eq!(
        ran.stderr,
        "warning: all 2 items of a fan-out failed by the program's own mistake, which `#:on-error 'keep` kept: car: \
         contract violation expected: pair? given: 1, line 2\n"
    );
    for quiet in [
        "(map-async (lambda (x) (car x)) '((1) 2) #:on-error 'keep)",
        "(map-async (lambda (x) (llm-query x #:model 'none)) '() #:on-error 'keep)",
        "(map-async (lambda (x) (sleep 60)) '(1 2) #:deadline 0.01 #:on-error 'keep)",
    ] {
        let ran = script(&format!("{quiet}\n(finish 1)")).run();
        assert_eq!((ran.value(), &*ran.stderr), ("1", ""), "{quiet}");
    }
}

#[test]
fn failures_that_are_the_programs_own_are_not_to_be_kept() {
    let ran = script("(map-async (lambda (x) (error \"boo\" x)) '(1 2))").run();
    let hint = "hint: the mistake is in the procedure, at the place shown, and no call's failure: mend it there\n";
    assert!(ran.stderr.contains("script.scm:1:") && ran.stderr.ends_with(hint), "{ran:?}");
}

#[test]
fn the_place_is_the_calls_own_wherever_it_stands() {
    for (call, place) in [
        ("(critique-refine (lambda () 1) identity (lambda (draft) draft))", "3:3"),
        ("(map-async identity (list 1 2) #:on-error (lambda (failure) failure))", "3:3"),
        ("(map-async-stream (lambda (a b) a) (list 1) (lambda (index result) result))", "3:3"),
        ("(list (vote (list (lambda () 1)) #:key (lambda () 1)))", "3:9"),
        ("(spawn (lambda (x) x))", "3:3"),
        ("(with-deadline 1 (lambda (x) x) #:otherwise (lambda () 1))", "3:3"),
        ("(llm-query \"a\" #:on-tokn (lambda (piece) 1))", "3:3"),
    ] {
        // What was right before says nothing of what is wrong now.
        let right = "(map-async identity '(1) #:on-error (lambda (failure item) 1))";
        let ran = script(&format!("(define (run)\n  {right}\n  {call})\n(run)")).run();
        assert!(ran.stderr.contains(&format!("script.scm:{place}\n")), "{call}: {ran:?}");
    }
}
