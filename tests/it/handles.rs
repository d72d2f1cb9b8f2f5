//! Handles: awaited, cancelled, forgotten.

use crate::{
    fan_out::run_released,
    mock::{Mock, Reply, Step},
    program::script,
};

#[test]
fn handles_are_awaited_alone_together_or_for_the_first() {
    let text = r#"
(define (after s v) (spawn (lambda () (sleep s) v)))
(define h (llm-query-async "once"))
(displayln (list (syntax-e (await h)) (syntax-e (await h)) (equal? (await h) (await h))))
(displayln (let ([s (after 0.01 '(a value))]) (list (await s) (await s))))
(displayln (await-all (list (llm-query-async "a") (after 0.05 "slow") (llm-query-async "b") (after 0 7))))
(displayln (await-all '()))
(define slow (after 60 "slow"))
(define later (after 60 "later"))
(call-with-values (lambda () (await-any (list slow (llm-query-async "first") later)))
  (lambda (text others)
    (displayln (list text (length others) (equal? (car others) slow) (equal? (cadr others) later)))))
(define failing (spawn (lambda () (raise 'odd))))
(displayln (list (with-handler (lambda (e) e) (await failing)) (with-handler (lambda (e) e) (await failing))))
(displayln (with-handler (lambda (e) e) (await-all (list (after 0 1) failing))))
(define order '())
(define (note name) (set! order (cons name order)))
(await-all (list (spawn (lambda () (sleep 0.3) (note 'third))) (spawn (lambda () (note 'first)))
                 (spawn (lambda () (sleep 0.05) (note 'second)))))
(displayln order)
(displayln (list (handle? slow) (handle? 1)))
(cancel slow)
(cancel later)"#;
    let wanted = "\
(echo:once echo:once #t)
((a value) (a value))
(echo:a slow echo:b 7)
()
(echo:first 2 #t #t)
(odd odd)
odd
(third second first)
(#t #f)";
    let mock = Mock::echo();
    let ran = script(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), (wanted, ""));
    assert_eq!(mock.calls().iter().filter(|prompt| *prompt == "once").count(), 1);
}

#[test]
fn cancelled_handles_raise_cancelled() {
    let text = r#"
(define h (llm-query-async "hold"))
(define s (spawn (lambda () (with-handler (lambda (e) (displayln "handled")) (map-async llm-query '("hold" "hold"))))))
(until-held 3)
(cancel h)
(cancel s)
(cancel s)
(until-released)
(displayln (list (with-handler failure-class (await h)) (with-handler failure-class (await s))))
(define self #f)
(set! self (spawn (lambda () (sleep 0) (cancel self) (displayln "not reached"))))
(displayln (with-handler failure-class (await self)))
(define done (spawn (lambda () 'kept)))
(await done)
(cancel done)
(displayln (await done))"#;
    let (ran, mock) = run_released(text, 3);
    assert_eq!((ran.value(), &*ran.stderr), ("(cancelled cancelled)\ncancelled\nkept", ""));
    assert_eq!(mock.gone(), 3);
}

#[test]
fn what_nobody_awaited_is_said_on_stderr() {
    let ran = script("(spawn (lambda () (error \"unheard\" 1)))\n(sleep 0.01)\n'end").run();
    assert_eq!(ran.value(), "end");
    assert_eq!(ran.stderr, "warning: a `spawn` that nobody awaited failed: #<failure script: unheard 1>\n");

    let ran =
        script("(define h (spawn (lambda () (sleep 60))))\n(define g (spawn (lambda () (sleep 60))))\n'end").run();
    assert_eq!(ran.value(), "end");
    assert_eq!(ran.stderr, "note: 2 handles were still running when the script ended: cancelled\n");
}

#[test]
fn deadlock_is_an_error() {
    let ran = script("(define h #f)\n(set! h (spawn (lambda () (sleep 0) (await h))))\n(await h)").run();
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""));
    let wanted = "error: deadlock: every fiber waits for another, and no call is under way\n";
    assert!(ran.stderr.starts_with(wanted), "{}", ran.stderr);
}

#[test]
fn cancelling_a_streamed_call_drops_the_fiber_that_reads_it() {
    let mock = Mock::start(|_| Reply::Stream(vec![Step::Say("a"), Step::Hang]));
    let text = r#"
(define seen '())
(define (see what) (set! seen (cons what seen)))
(define began (box #f))
(define h (llm-query-async "x" #:on-token (lambda (p) (see p) (set-box! began #t) (sleep 0.02) (see 'late))))
(define (until thunk) (unless (thunk) (sleep 0.001) (until thunk)))
(until (lambda () (unbox began)))
(cancel h)
(sleep 0.05)
(define own #f)
(set! own (llm-query-async "x" #:on-token (lambda (p) (see p) (cancel own) (see 'late))))
(list (try (await own) on-error (lambda (m) m)) seen)"#;
    assert_eq!(script(text).server(&mock).run().value(), "(it was cancelled (a a))");
}
