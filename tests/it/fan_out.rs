//! Many calls side by side: windows, nesting, failures among items, deadlines, cancelling.

use crate::{
    mock::{Call, Mock, Reply},
    program::{Program, Ran, script},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A server that holds the prompts that begin with "hold" for ever, and says how many when asked "held?". Asked
/// "released?" it says whether the test has let the script go on. Other prompts are echoed; "bad …" is refused.
fn holding() -> (Mock, Arc<AtomicBool>) {
    let (held, released) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let release = released.clone();
    let mock = Mock::start(move |call| {
        let soon = |text: String| Reply::After(Duration::from_millis(5), Box::new(Reply::Text(text)));
        match call.text() {
            "held?" => soon(held.load(Ordering::SeqCst).to_string()),
            "released?" => soon(released.load(Ordering::SeqCst).to_string()),
            text if text.starts_with("hold") => {
                held.fetch_add(1, Ordering::SeqCst);
                Reply::Hang
            }
            _ => echo_or_refuse(call),
        }
    });
    (mock, release)
}

/// What a script says to wait until the server of [`holding`] holds so many prompts, or until the test lets it go on.
const WAITING: &str = r#"
(define (poll question right?)
  (let loop ([tries 0])
    (cond [(right? (syntax-e (llm-query question))) (void)]
          [(= tries 5000) (finish (string-append "gave up on " question))]
          [else (loop (+ tries 1))])))
(define (until-held n) (poll "held?" (lambda (held) (>= (string->number held) n))))
(define (until-released) (poll "released?" (lambda (released) (equal? released "true"))))
"#;

/// Refuses "bad …" with status 400, "auth …" with 401, "broken …" with 500, and echoes everything else.
fn echo_or_refuse(call: &Call) -> Reply {
    let text = call.text().to_owned();
    let status = match text.split(' ').next() {
        Some("bad") => 400,
        Some("auth") => 401,
        Some("broken") => 500,
        _ => return Reply::Text(format!("echo:{text}")),
    };
    Reply::Status(status, vec![], json!({ "error": { "message": format!("refused: {text}") } }).to_string())
}

fn refusing() -> Mock {
    Mock::start(echo_or_refuse)
}

/// A script for the server of [`holding`].
fn waiting(text: &str) -> Program {
    script(&format!("{WAITING}{text}"))
}

/// Runs a script that waits for `(until-released)`, and lets it go once `gone` clients have left the server: so what it
/// cancelled was cancelled before its end.
pub(crate) fn run_released(text: &str, gone: usize) -> (Ran, Mock) {
    let (mock, release) = holding();
    let program = waiting(text).server(&mock);
    let child = program.start();
    mock.wait_gone(gone);
    release.store(true, Ordering::SeqCst);
    (crate::program::ended(child), mock)
}

/// Every answer in its own slot, every prompt sent once, never more than `window` under way. Gives the peak.
fn every_item_once(items: usize, window: &str, slowest_ms: u64) -> usize {
    let mock = Mock::start(move |call| {
        // Knuth's multiplicative hash: answers come back in no order.
        let pause = (call.n as u64).wrapping_mul(2_654_435_761) % (slowest_ms + 1);
        Reply::After(Duration::from_millis(pause), Box::new(Reply::Text(format!("<{}>", call.text()))))
    });
    let text = format!(
        "(map-async (lambda (i) (llm-query-async (number->string i))) (range 0 {items}) #:max-concurrent {window})"
    );
    let result = script(&text).server(&mock).json();
    let answers: Vec<String> = (0..items).map(|i| format!("<{i}>")).collect();
    assert_eq!(result["error"], Value::Null);
    assert!(result["value"] == json!(answers), "answers are missing or out of order");
    assert_eq!(result["usage"]["calls"], items);
    let mut sent: Vec<usize> = mock.calls().iter().map(|prompt| prompt.parse().unwrap()).collect();
    sent.sort_unstable();
    assert!(sent.into_iter().eq(0..items), "a prompt was sent twice, or never");
    mock.peak()
}

#[test]
fn window_of_one_sends_one_at_a_time() {
    assert_eq!(every_item_once(300, "1", 10), 1);
}

#[test]
fn window_of_ten_is_filled_and_kept() {
    assert_eq!(every_item_once(2_000, "10", 50), 10);
}

#[test]
fn window_of_a_hundred_is_kept() {
    let peak = every_item_once(10_000, "100", 50);
    assert!((11..=100).contains(&peak), "{peak}");
}

#[test]
fn window_of_a_thousand_is_kept() {
    let peak = every_item_once(10_000, "1000", 50);
    assert!((11..=1000).contains(&peak), "{peak}");
}

#[test]
fn without_a_window_the_hosts_limit_holds() {
    let peak = every_item_once(10_000, "#f", 50);
    assert!((11..=1000).contains(&peak), "{peak}");
}

#[test]
fn items_of_several_blocking_calls_run_side_by_side() {
    let mock = Mock::start(|call| {
        Reply::After(Duration::from_millis(100), Box::new(Reply::Text(format!("{}.", call.text()))))
    });
    let text = r#"
(define (pipeline i)
  (let* ([a (llm-query (number->string i))] [b (llm-query (syntax-e a))])
    (llm-query (syntax-e b))))
(map-async pipeline (range 0 200) #:max-concurrent 50)"#;
    let result = script(text).server(&mock).json();
    let answers: Vec<String> = (0..200).map(|i| format!("{i}...")).collect();
    assert_eq!(result["value"], json!(answers));
    assert_eq!((mock.count(), mock.peak()), (600, 50));
}

#[test]
fn nested_fan_outs_are_bounded_by_the_host_and_cannot_deadlock() {
    let mock = Mock::start(|call| {
        Reply::After(Duration::from_millis(50), Box::new(Reply::Text(format!("echo:{}", call.text()))))
    });
    let text = r#"
(define (below prefix f) (map-async (lambda (i) (f (string-append prefix (number->string i)))) '(1 2 3)))
(below "" (lambda (a) (below a (lambda (b) (below b llm-query)))))"#;
    let result = script(text).server(&mock).args(&["--max-concurrent", "2"]).json();
    let level = |f: &dyn Fn(usize) -> Value| Value::Array((1..=3).map(f).collect());
    let answers = level(&|a| level(&|b| level(&|c| json!(format!("echo:{a}{b}{c}")))));
    assert_eq!(result["value"], answers);
    assert_eq!((mock.count(), mock.peak()), (27, 2));
}

#[test]
fn fibers_see_the_parameters_of_their_spawner_after_parks() {
    let text = r#"
(define p (make-parameter 'outside))
(define (park) (llm-query "park"))
(displayln (parameterize ([p 'inside])
  (map-async (lambda (i) (let ([before (p)]) (park) (list before (p)))) '(1 2))))
(displayln (map-async (lambda (i) (parameterize ([p i]) (park) (let ([own (p)]) (park) (list own (p))))) '(1 2)))
(displayln (parameterize ([p 'spawner]) (await (spawn (lambda () (park) (p))))))
(displayln (with-handler (lambda (e) (p)) (parameterize ([p 'failed]) (park) (error "no"))))
(displayln (p))"#;
    let wanted = "((inside inside) (inside inside))\n((1 1) (2 2))\nspawner\noutside\noutside";
    assert_eq!(script(text).server(&Mock::echo()).run().value(), wanted);
}

#[test]
fn winders_run_on_entry_and_exit_alone() {
    let text = r#"
(define (wound thunk) (dynamic-wind (lambda () (display "in ")) thunk (lambda () (display "out "))))
(define (park) (sleep 0.01))
(map-async (lambda (i) (wound (lambda () (park) (park)))) '(1 2))
(newline)
(with-handler (lambda (e) (displayln (exn-message e))) (wound (lambda () (park) (error "failed"))))
(displayln (call/cc (lambda (k) (wound (lambda () (park) (k 'escaped))))))
(displayln (wound (lambda () (park) 'returned)))"#;
    let wanted = "in in out out \nin out failed\nin out escaped\nin out returned";
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn errors_reach_the_handler_of_their_own_fiber() {
    let text = r#"
(define (inner i j)
  (sleep 0.001)
  (if (= i j) (error "inner" i j) (* i j)))
(define (outer i)
  (with-handler (lambda (e) (list 'caught i (failure-class e) (failure-results e)))
    (map-async (lambda (j) (with-handler (lambda (e) (sleep 0) (error "handler" i j)) (inner i j))) '(1 2 3))))
(for-each displayln (map-async outer '(1 2 7)))
(displayln (with-handler exn-message (with-handler (lambda (e) (error "second")) (error "first"))))"#;
    let wanted = "\
(caught 1 items (#<failure script: handler 1 1> 2 3))
(caught 2 items (2 #<failure script: handler 2 2> 6))
(7 14 21)
second";
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn a_thousand_fibers_parked_in_handlers_keep_their_own() {
    let mock = Mock::start(|call| Reply::After(Duration::from_secs(3), Box::new(echo_or_refuse(call))));
    let text = r#"
(map-async
  (lambda (i)
    (with-handler (lambda (e) (list i (symbol->string (failure-class e)) (exn-message e)))
      (syntax-e (llm-query (string-append (if (even? i) "good " "bad ") (number->string i)) #:retries 0))))
  (range 0 1000) #:max-concurrent #f)"#;
    let result = script(text).server(&mock).json();
    let answers = result["value"].as_array().unwrap_or_else(|| panic!("{result}"));
    assert_eq!(answers.len(), 1000);
    for (i, answer) in answers.iter().enumerate() {
        if i % 2 == 0 {
            assert_eq!(answer, &json!(format!("echo:good {i}")));
        } else {
            assert_eq!((&answer[0], &answer[1]), (&json!(i), &json!("bad-request")));
            assert!(answer[2].as_str().unwrap().contains(&format!("refused: bad {i}")), "{answer}");
        }
    }
    assert_eq!((mock.count(), mock.peak()), (1000, 1000));
}

#[test]
fn race_gives_the_first_success_and_cancels_the_losers() {
    let text = r#"
(define (held i) (lambda () (llm-query (string-append "hold " i))))
(displayln (race (list (held "1") (lambda () (error "fails first")) (held "2")
                       (lambda () (until-held 2) (llm-query "won")))))
(until-released)
(displayln (race (list (lambda () (sleep 60)) (lambda () 'plain))))
(displayln (with-handler (lambda (e) (list (failure-class e) (map failure-class (failure-results e))))
             (race (list (lambda () (error "a")) (lambda () (llm-query "bad b"))))))"#;
    let (ran, mock) = run_released(text, 2);
    assert_eq!(ran.value(), "echo:won\nplain\n(items (script bad-request))");
    assert_eq!(mock.gone(), 2);
}

#[test]
fn deadline_cancels_what_its_thunk_began() {
    let text = r#"
(displayln (with-deadline 1 (lambda () (map-async (lambda (i) (llm-query "hold")) '(1 2 3)))
  #:otherwise (lambda () 'late)))
(until-released)
(displayln (with-handler failure-class (with-deadline 0.01 (lambda () (sleep 60)))))
(displayln (with-deadline 60 (lambda () (sleep 0.01) 'in-time)))
(displayln (with-handler exn-message (with-deadline 60 (lambda () (error "own")))))"#;
    let (ran, mock) = run_released(text, 3);
    assert_eq!(ran.value(), "late\ntimeout\nin-time\nown");
    assert_eq!(mock.gone(), 3);
}

#[test]
fn finish_ends_all_from_any_depth() {
    let (mock, _) = holding();
    let text = r#"
(define (inner i)
  (with-handler (lambda (e) (displayln "swallowed"))
    (dynamic-wind (lambda () 'in)
      (lambda () (if (= i 3) (begin (until-held 6) (finish "the value")) (llm-query "hold")))
      (lambda () (displayln "wound")))))
(with-handler (lambda (e) (displayln "swallowed"))
  (map-async (lambda (i) (if (= i 3) (map-async inner '(1 2 3)) (map-async llm-query '("hold" "hold")))) '(1 2 3)))
(displayln "not reached")"#;
    let ran = waiting(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), ("the value", ""));
    mock.wait_gone(6);
    assert_eq!(mock.in_flight(), 0);
}

#[test]
fn elements_are_texts_of_answers_or_values_as_they_are() {
    let text = r#"
(define shared (llm-query-async "shared"))
(define (element kind)
  (case kind
    [(handle) (llm-query-async "a")]
    [(response) (llm-query "b")]
    [(spawn) (spawn (lambda () (sleep 0.01) (list 'spawned kind)))]
    [(spawned-response) (spawn (lambda () (llm-query "c")))]
    [(shared) shared]
    [(failing) (with-handler failure-class (await (spawn (lambda () (raise 'odd)))))]
    [else (list kind 1.5 #f)]))
(define kinds '(plain handle response spawn spawned-response shared shared))
(writeln (map-async element kinds))
(writeln (map-async element (list->vector kinds) #:max-concurrent 1))
(writeln (map-async element '()))
(writeln (map-async element (vector)))
(writeln (map response? (car (map-async (lambda (i) (list (llm-query "in a list"))) '(1)))))"#;
    let each = r#"((plain 1.5 #f) "echo:a" "echo:b" (spawned spawn) "echo:c" "echo:shared" "echo:shared")"#;
    assert_eq!(script(text).server(&Mock::echo()).run().value(), format!("{each}\n{each}\n()\n()\n(#t)"));
}

#[test]
fn raise_lets_the_others_finish_and_names_the_failed() {
    let mock = refusing();
    let text = r#"
(define (ask prompt) (llm-query-async prompt #:retries 0))
(define prompts '("a" "bad b" "c" "broken d" "e"))
(define e (with-handler (lambda (e) e) (map-async ask prompts)))
(displayln (failure-class e))
(displayln (map (lambda (r) (if (failure? r) (failure-class r) r)) (failure-results e)))
(displayln (exn-message e))"#;
    let ran = script(text).server(&mock).run();
    let lines: Vec<&str> = ran.value().splitn(3, '\n').collect();
    assert_eq!(lines[..2], ["items", "(echo:a bad-request echo:c server echo:e)"]);
    assert!(lines[2].starts_with("2 of 5 items failed: 1 (bad-request), 3 (server)"), "{}", lines[2]);
    assert_eq!(mock.count(), 5);
}

#[test]
fn keep_and_a_procedure_put_something_in_the_failed_items_place() {
    let mock = refusing();
    let text = r#"
(define (ask prompt) (if (equal? prompt "typo") (car prompt) (llm-query prompt #:retries 0)))
(define prompts '("a" "bad b" "typo" "c"))
(define kept (map-async ask prompts #:on-error 'keep #:max-concurrent 1))
(displayln (map (lambda (r) (if (failure? r) (failure-class r) r)) kept))
(displayln (map-async ask prompts #:max-concurrent 1
  #:on-error (lambda (failure item) (llm-query "park") (list (failure-class failure) item))))
(displayln (with-handler exn-message (map-async ask '("bad b") #:on-error (lambda (failure item) (error "own" item)))))
(displayln (map failure-class (map-async (lambda (i) (llm-query "auth" #:retries 0)) '(1 2 3) #:on-error 'keep)))"#;
    let ran = script(text).server(&mock).run();
    let lines: Vec<&str> = ran.value().splitn(4, '\n').collect();
    assert_eq!(lines[0], "(echo:a bad-request script echo:c)");
    assert_eq!(lines[1], "(echo:a (bad-request bad b) (script typo) echo:c)");
    assert_eq!(lines[2], "1 of 1 items failed: 0 (script); item 0: own \"bad b\"");
    assert_eq!(lines[3], "(auth auth auth)");
}

#[test]
fn fail_fast_cancels_the_rest() {
    let text = r#"
(displayln (with-handler failure-class
  (map-async (lambda (i) (if (= i 1) (begin (until-held 3) (llm-query "bad" #:retries 0)) (llm-query "hold")))
             '(1 2 3 4 5 6) #:on-error 'fail-fast #:max-concurrent 4)))
(until-released)"#;
    let (ran, mock) = run_released(text, 3);
    assert_eq!(ran.value(), "bad-request");
    assert_eq!(mock.calls().iter().filter(|prompt| *prompt == "hold").count(), 3);
}

#[test]
fn a_typo_or_a_refused_key_stops_new_items() {
    let stopped = |f: &str, on_error: &str| {
        let mock = refusing();
        let text = format!(
            "(displayln (with-handler failure-class
               (map-async (lambda (i) {f}) (range 0 1000) #:max-concurrent 5 #:on-error {on_error})))"
        );
        let ran = script(&text).server(&mock).run();
        (ran.value().to_owned(), mock.count())
    };
    let typo = "(if (= i 3) (car i) (llm-query (number->string i)))";
    let python = r#"(if (= i 3) (py-eval "1/0") (llm-query (number->string i)))"#;
    for f in [typo, python] {
        let (class, calls) = stopped(f, "'raise");
        assert_eq!(class, "items");
        assert!(calls < 10, "{calls} calls after an error of the script");
    }
    let auth = r#"(llm-query-async "auth")"#;
    assert_eq!(stopped(auth, "'raise"), ("items".into(), 5));
    assert_eq!(stopped(auth, "(lambda (failure item) 'mended)"), ("items".into(), 5));
    // Here the others are cancelled as well, some before they were sent.
    let (class, calls) = stopped(auth, "'fail-fast");
    assert_eq!(class, "auth");
    assert!(calls <= 5, "{calls} calls after a refused key");
}

#[test]
fn progress_is_told_for_every_item_in_order() {
    let text = r#"
(define (tell . counts) (sleep 0) (display counts))
(define (f i) (sleep 0) (if (= i 2) (error "no") i))
(displayln (map-async f '(1 2 3 4) #:max-concurrent 1 #:on-error 'keep #:on-progress tell #:label "pages"))
(displayln (map-async f '(1 3) #:on-progress tell))
(displayln (map-async f '() #:on-progress tell))"#;
    let wanted = "\
(1 4 0)(2 4 1)(3 4 1)(4 4 1)(1 #<failure script: no> 3 4)
(1 2 0)(2 2 0)(1 3)
()";
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn items_unfinished_at_the_deadline_fail_as_timeout() {
    let text = r#"
(define (f i) (if (= i 2) 'done (llm-query-async "hold")))
(displayln (map (lambda (r) (if (failure? r) (failure-class r) r))
                (map-async f '(1 2 3 4) #:deadline 1 #:on-error 'keep #:max-concurrent 3)))
(until-released)
(define e (with-handler (lambda (e) e) (map-async (lambda (i) (sleep 60)) '(1 2) #:deadline 0.01)))
(displayln (list (failure-class e) (map failure-class (failure-results e))))"#;
    let (ran, _) = run_released(text, 3);
    assert_eq!(ran.value(), "(timeout done timeout timeout)\n(items (timeout timeout))");
}

#[test]
fn misused_keywords_of_a_fan_out_are_named() {
    let text = r#"
(define (says thunk) (displayln (with-handler exn-message (thunk))))
(says (lambda () (map-async list '(1) #:max-concurent 3)))
(says (lambda () (map-async list '(1) #:max-concurrent 0)))
(says (lambda () (map-async list '(1) #:on-error 'ignore)))
(says (lambda () (map-async list '(1) #:label 7)))
(says (lambda () (map-async list 5)))
(says (lambda () (map-async 5 '(1))))
(says (lambda () (parallel (list 5))))
(says (lambda () (sleep -1)))"#;
    let wanted = "\
map-async: unknown keyword `#:max-concurent`; did you mean `#:max-concurrent`?
map-async: `#:max-concurrent` must be a whole number above zero, or `#f`, not `0`
map-async: `#:on-error` must be `'raise`, `'keep`, `'fail-fast` or a procedure, not `ignore`
map-async: `#:label` must be a string, not `7`
map-async: `5` is neither a list nor a vector
map-async: `5` is no procedure
parallel: `5` is no thunk: a procedure of no arguments
sleep: `-1` is no number of seconds";
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn parallel_gives_values_in_order() {
    let text = r#"
(define (after s v) (lambda () (sleep s) v))
(displayln (parallel (list (after 0.1 'slow) (after 0 'fast) (lambda () (llm-query "asked")))))
(displayln (parallel (list (after 0 1) (after 0 2)) #:max-concurrent 1))
(displayln (parallel '()))
(displayln (map failure? (parallel (list (after 0 1) (lambda () (error "no"))) #:on-error 'keep)))
(displayln (with-handler failure-class (parallel (list (after 0 1) (lambda () (error "no"))))))"#;
    assert_eq!(script(text).server(&Mock::echo()).run().value(), "(slow fast echo:asked)\n(1 2)\n()\n(#f #t)\nitems");
}
