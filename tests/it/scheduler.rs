//! Corners of the scheduler that once went wrong.

use crate::{
    mock::{Mock, Reply},
    program::script,
};
use std::io::{BufRead, BufReader};

#[test]
fn a_group_that_has_ended_stays_as_it_ended() {
    let text = r#"
(define (later seconds value) (spawn (lambda () (sleep seconds) value)))
(define (fails seconds) (spawn (lambda () (sleep seconds) (error "boom"))))
(define (busy seconds)
  (py-exec (string-append "import time; time.sleep(" (number->string seconds) ")")))
; Told of its progress after its deadline.
(displayln (length (map-async (lambda (i) (sleep (if (even? i) 0 60)) i) (range 0 200)
                              #:max-concurrent #f #:deadline 0.2 #:on-error 'keep #:on-progress list)))
; A handle from outside that ends when the deadline has settled its item.
(define slow (later 0.1 'slow))
(define results (map-async (lambda (h) h) (list slow) #:deadline 0.02 #:on-error 'keep))
(displayln (list (map failure-class results) (await slow)))
; One fails, the others succeed, all seen at once.
(define handles (list (fails 0.01) (later 0.02 1) (later 0.02 2)))
(busy 0.1)
(displayln (with-handler exn-message (map-async (lambda (h) h) handles #:on-error 'fail-fast)))
; The first of two that have both ended by the time anybody looks.
(define first (later 0.01 'first))
(define second (later 0.02 'second))
(displayln (race (list (lambda () first) (lambda () (busy 0.1) second))))"#;
    assert_eq!(script(text).run().value(), "200\n((timeout) slow)\nboom\nfirst");
}

#[test]
fn a_handler_whose_handle_fails_is_not_asked_again() {
    let text = r#"
(define asked 0)
(define (again failure item) (set! asked (+ asked 1)) (spawn (lambda () (error "again"))))
(displayln (with-handler exn-message (map-async (lambda (x) (error "first")) '(1) #:on-error again)))
(displayln asked)"#;
    assert_eq!(script(text).run().value(), "1 of 1 items failed: 0 (script); item 0: again\n1");
}

#[test]
fn a_fiber_that_waits_for_room_is_woken_when_there_is_some() {
    let mock = Mock::start(|_| Reply::Hang);
    let text = r#"
(define text (make-string 1500000 #\x))
(define handles (map (lambda (i) (llm-query-async text)) (range 0 30)))
(finish (length handles))"#;
    let ran = script(text).server(&mock).args(&["--max-concurrent", "2", "--timeout", "60"]).run();
    assert_eq!(ran.value(), "30");
}

#[test]
fn what_a_cancelled_fiber_began_is_no_cause_for_a_warning() {
    let text = r#"
(define (slow) (spawn (lambda () (sleep 60))) (sleep 60))
(displayln (race (list slow (lambda () (sleep 0.01) 'won))))
(displayln (with-deadline 0.02 slow #:otherwise (lambda () 'late)))"#;
    let ran = script(text).run();
    assert_eq!((ran.value(), ran.stderr.as_str()), ("won\nlate", ""));
}

#[test]
fn a_continuation_of_one_item_is_not_the_next_ones_to_enter() {
    let text = r#"
(define kept #f)
(define (f i)
  (if (= i 0)
      (call/cc (lambda (k) (set! kept k) 'zero))
      (with-handler failure-class (kept 'again))))
(displayln (map-async f '(0 1) #:max-concurrent 1))"#;
    assert_eq!(script(text).run().value(), "(zero script)");
}

#[test]
fn what_was_written_is_seen_while_the_script_waits() {
    let program = script("(displayln \"begun\") (sleep 600)");
    let mut child = program.start();
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("text");
    assert_eq!(line, "begun\n");
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
}

#[test]
fn what_was_written_is_kept_when_the_process_dies() {
    let ran = script("(displayln \"begun\") (py-exec \"import os; os._exit(3)\")").run();
    assert_eq!((ran.stdout.as_str(), ran.code), ("begun\n", Some(1)));
    assert!(ran.stderr.contains("exit code 3"), "{ran:?}");
}

#[test]
fn a_process_left_behind_does_not_keep_the_run_alive() {
    let text = r#"(py-exec "
import os, time
if os.fork() == 0:
    time.sleep(3)
    os._exit(0)
os._exit(3)
")"#;
    // Its stderr would stay open as long as that process: only the run itself is waited for.
    let program = script(text).args(&["--no-sandbox"]);
    let mut child = program.start();
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn threads_of_python_are_heard() {
    let text = r#"
(py-eval "
import threading
thread = threading.Thread(target=lambda: print('from a thread'))
thread.start(); thread.join()
None
")
(sleep 0)"#;
    assert_eq!(script(text).run().value(), "from a thread");
}

#[test]
fn transducers_and_streams_may_block() {
    let text = r#"
(define (slowly x) (sleep 0.001) (* x x))
(define (from n) (stream-cons n (begin (sleep 0.001) (from (+ n 1)))))
(define (third i) (stream-car (stream-cdr (stream-cdr (from i)))))
(displayln (map-async (lambda (i) (transduce (list i 2 3) (mapping slowly) (filtering odd?) (into-list))) '(1 5)))
(displayln (map-async third '(1 10)))
(displayln (with-handler exn-message (transduce '(1) (mapping (lambda (x) (sleep 0.001) (error "inside"))) (into-list))))"#;
    assert_eq!(script(text).run().value(), "((1 9) (25 9))\n(3 12)\ninside");
}
