//! `#:on-token` as scripts use it: when the procedure is called, and what becomes of the call.

use crate::{
    mock::{Mock, Reply, Step},
    program::script,
};
use std::time::Duration;

/// Streams its words, with a pause after each; "hang" says one and no more; "cut" breaks off; "plain" does not stream.
fn wordy() -> Mock {
    Mock::start(|call| {
        let pause = || Step::Pause(Duration::from_millis(5));
        match call.text() {
            "plain" => Reply::Text("all at once".into()),
            "hang" => Reply::Stream(vec![Step::Say("one "), Step::Hang]),
            "cut" => Reply::Stream(vec![Step::Say("one "), pause(), Step::Cut]),
            _ => Reply::Stream(vec![Step::Say("one "), pause(), Step::Say("two "), pause(), Step::Say("three")]),
        }
    })
}

#[test]
fn the_call_ends_when_its_procedure_has_had_every_piece() {
    let mock = wordy();
    let text = r#"
(define pieces '())
(define (keep piece) (sleep 0.01) (set! pieces (cons piece pieces)))
(define answer (llm-query "x" #:on-token keep))
(define told (apply string-append (reverse pieces)))
(list (equal? told (syntax-e answer)) (> (length pieces) 1) (hash-ref (response-usage answer) 'output)
      (llm-query "plain" #:on-token display))"#;
    let ran = script(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), ("all at once(#t #t 4 #<response mock 3 tokens>)", ""));
}

#[test]
fn pieces_of_many_calls_reach_each_its_own_procedure() {
    let mock = wordy();
    let text = r#"
(define (ask i)
  (let ([mine ""])
    (let ([answer (llm-query "x" #:on-token (lambda (piece) (set! mine (string-append mine piece))))])
      (equal? mine (syntax-e answer)))))
(define handles
  (map-async (lambda (i) (llm-query-async "x" #:on-token (lambda (piece) (llm-query "plain")))) (range 0 20)))
(list (length (filter (lambda (same) same) (map-async ask (range 0 100) #:max-concurrent #f)))
      (length (filter (lambda (text) (equal? text "one two three")) handles)))"#;
    assert_eq!(script(text).server(&mock).run().value(), "(100 20)");
}

#[test]
fn a_procedure_that_fails_ends_its_call_and_nothing_else() {
    let mock = wordy();
    let text = r#"
(define (attempt thunk) (with-handler (lambda (e) (list (failure-class e) (failure-message e))) (thunk)))
(define (refuse piece) (error "no more of" piece))
(list (attempt (lambda () (llm-query "hang" #:on-token refuse)))
      (attempt (lambda () (await (llm-query-async "hang" #:on-token refuse))))
      (attempt (lambda () (map-async (lambda (x) (llm-query-async x #:on-token refuse)) '("hang") #:on-error 'fail-fast)))
      (syntax-e (llm-query "plain")))"#;
    let ran = script(text).server(&mock).run();
    let failed = r#"(script no more of "one ")"#;
    assert_eq!(ran.value(), format!("({failed} {failed} {failed} all at once)"));
    mock.wait_gone(3);
    mock.wait_idle();
}

#[test]
fn a_stream_that_is_cancelled_ends_its_procedures_fiber() {
    let mock = wordy();
    let text = r#"
(define seen 0)
(define (count piece) (set! seen (+ seen 1)) (sleep 60))
(define late
  (with-deadline 0.3 (lambda () (llm-query "hang" #:on-token count)) #:otherwise (lambda () 'late)))
(define handle (llm-query-async "hang" #:on-token (lambda (piece) (set! seen (+ seen 10)))))
(let wait () (when (< seen 11) (sleep 0.01) (wait)))
(cancel handle)
(list late seen (with-handler failure-class (await handle)))"#;
    let ran = script(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), ("(late 11 cancelled)", ""));
    mock.wait_gone(2);
}

#[test]
fn finish_within_a_piece_ends_the_run() {
    let mock = wordy();
    let ran =
        script(r#"(llm-query "hang" #:on-token (lambda (piece) (finish (list "enough" piece))))"#).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), ("(enough one )", ""));
}

#[test]
fn a_stream_that_breaks_off_says_how_far_it_came() {
    let mock = wordy();
    let ran = script(r#"(llm-query "cut" #:on-token display)"#).server(&mock).run();
    assert_eq!((ran.code, &*ran.stdout, mock.count()), (Some(4), "one ", 1), "{ran:?}");
    assert!(ran.stderr.contains("the stream broke off after 4 characters"), "{ran:?}");
}

#[test]
fn the_offline_model_speaks_in_pieces_too() {
    let text = r#"
(define pieces '())
(define answer
  (llm-query #:instruction "Who wrote it?" #:data "Ada wrote the program. The weather was fine."
             #:on-token (lambda (piece) (set! pieces (cons piece pieces)))))
(equal? (apply string-append (reverse pieces)) (syntax-e answer))"#;
    assert_eq!(script(text).run().value(), "#t");
}
