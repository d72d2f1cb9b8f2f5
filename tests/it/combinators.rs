//! The combinators: what they give, what runs side by side, what is cancelled, and how their errors read.

use crate::{
    fan_out::run_released,
    mock::{Mock, Reply},
    program::script,
};
use serde_json::json;
use std::time::Duration;

/// What a script displays, offline.
fn displayed(text: &str) -> String {
    let ran = script(text).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

/// A server that answers "<prompt>" a little later, so that calls that may meet do.
fn slow() -> Mock {
    Mock::start(|call| Reply::After(Duration::from_millis(150), Box::new(Reply::Text(format!("<{}>", call.text())))))
}

/// Runs a script against [`slow`]: what it displays, the calls, and how many were under way at once.
fn side_by_side(text: &str) -> (String, usize, usize) {
    let mock = slow();
    let ran = script(text).server(&mock).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    (ran.stdout, mock.count(), mock.peak())
}

#[test]
fn independent_parts_run_side_by_side() {
    let ask = "(define (ask x) (llm-query (format \"~a\" x)))\n(define (asking x) (lambda () (ask x)))\n";
    for (text, calls, peak) in [
        ("(vote (map asking '(a a a b c)) #:method 'plurality)", 5, 5),
        ("(ensemble (map asking '(a b c)))", 3, 3),
        ("(tiered ask (lambda (all) (length all)) (range 0 100))", 100, 100),
        ("(active-learning ask ask (lambda (guess) 0.1) (range 0 100))", 100, 100),
        ("(tree-reduce (lambda parts (ask (length parts))) (range 0 27) #:branch-factor 3)", 13, 9),
        ("(fan-out-aggregate ask length (range 0 40))", 40, 20),
        ("(batch-process ask (range 0 12) #:batch-size 6 #:pause 0)", 12, 6),
        (
            "(hierarchical (range 0 12) #:each ask #:group even? #:combine (lambda (n all) (length all)) #:overview identity)",
            12,
            12,
        ),
        ("(map-reduce (range 0 12) #:workers 4 #:map (lambda (chunk info) (ask chunk)) #:reduce length)", 12, 4),
        ("(progressive-summary \"One.\\n\\nTwo.\\n\\nThree.\")", 4, 3),
    ] {
        let (_, sent, together) = side_by_side(&format!("{ask}{text}"));
        assert_eq!((sent, together), (calls, peak), "{text}");
    }
}

#[test]
fn a_response_and_a_handle_go_on_as_their_texts() {
    let (said, calls, _) = side_by_side(
        r#"
(define (ask x) (llm-query x))
(define (begin-to-ask x) (llm-query-async x))
(define (is-text x) (if (string? x) x (error "no string" x)))
(displayln ((sequence ask is-text begin-to-ask is-text) "a"))
(displayln (fold-sequential (lambda (so-far item) (begin-to-ask (string-append so-far item))) "" '("a" "b")))
(displayln (iterate-until ask (lambda (x) (> (string-length x) 4)) "x"))
(displayln (refine-until "d" ask (lambda (draft said) (ask said)) #:max-iter 1))
(displayln ((with-validation ask string?) "v"))
(displayln ((choose #t ask ask) "c"))
(displayln ((try-fallback begin-to-ask ask) "f"))
(displayln ((memoized begin-to-ask) "m"))
(displayln (ensemble (list (lambda () (ask "e"))) #:aggregator (lambda (all) (ask (car all)))))
(displayln (tree-reduce string-append (list (ask "l") (begin-to-ask "r"))))"#,
    );
    assert_eq!(said, "<<a>>\n<<a>b>\n<<x>>\n<<d>>\n<v>\n<c>\n<f>\n<m>\n<<e>>\n<l><r>\n");
    assert_eq!(calls, 16);
}

#[test]
fn steps_end_when_they_are_done_or_have_been_made_often_enough() {
    let said = displayed(
        r#"
(define (longer x) (string-append x "+"))
(displayln (iterate-until longer (lambda (x) #f) "a" #:max-iter 3))
(displayln (iterate-until longer (lambda (x) #t) "a"))
(displayln (critique-refine (lambda () "a") longer (lambda (draft said) (string-append draft said))))
(displayln (critique-refine (lambda () "a") longer list #:max-iter 0))
(displayln (refine-until "a" longer (lambda (draft said) said) #:good-enough? (lambda (d) (equal? d "a++"))))
(displayln ((sequence) 7))
(displayln (fold-sequential + 0 #(1 2 3)))"#,
    );
    let refined = (0..3).fold("a".to_owned(), |draft, _| format!("{draft}{draft}+"));
    assert_eq!(said, format!("a+++\na\n{refined}\na\na++\n7\n6\n"));
}

#[test]
fn the_winner_of_a_vote_is_certain() {
    let said = displayed(
        r#"
(define (saying . all) (map (lambda (x) (lambda () x)) all))
(define (told thunk) (with-handler (lambda (e) (list (failure-class e) (failure-message e))) (thunk)))
(displayln (vote (saying "b" "a" "A " "b" "c") #:method 'plurality))
(displayln (vote (saying 1 11 21) #:key (lambda (n) (modulo n 10)) #:method 'consensus))
(displayln (told (lambda () (vote (saying "a" "b" "c" "a")))))
(displayln (told (lambda () (vote (saying "a" "b") #:method 'consensus))))
(displayln (vote (append (saying "a" "a") (list (lambda () (error "no answer"))))))"#,
    );
    let wanted = "b\n1\n(validation vote: no majority; `a` came 1 of 3 times)\n\
        (validation vote: no consensus; `a` came 1 of 2 times)\na\n";
    assert_eq!(said, wanted);
}

#[test]
fn a_vote_that_is_decided_cancels_the_other_voters() {
    let text = r#"
(define (asking x) (lambda () (syntax-e (llm-query x))))
(define winner (vote (list (asking "hold 1") (asking "a") (lambda () (until-held 2) "echo:a") (asking "a") (asking "hold 2"))))
(until-released)
winner"#;
    let (ran, mock) = run_released(text, 2);
    assert_eq!((ran.code, ran.value()), (Some(0), "echo:a"), "{ran:?}");
    assert_eq!(mock.gone(), 2);
}

#[test]
fn an_invalid_result_is_asked_for_again_and_then_fails() {
    let text = r#"
(define calls 0)
(define (ask) (set! calls (+ calls 1)) (number->string calls))
(displayln ((with-validation ask (lambda (x) (equal? x "3")) #:retries 2)))
(with-handler (lambda (e) (displayln (failure-class e)) (displayln (failure-message e)))
  ((with-validation ask (lambda (x) #f) #:retries 1)))
(displayln calls)"#;
    assert_eq!(displayed(text), "3\nvalidation\nwith-validation: `5` is not valid, 2 times\n5\n");
}

#[test]
fn a_computation_under_way_is_shared_and_one_that_failed_is_made_again() {
    let (said, calls, _) = side_by_side(
        r#"
(define ask (memoized (lambda (x) (llm-query x))))
(displayln (map-async ask '("a" "a" "b" "a")))
(displayln (ask "a"))
(define by-length (memoized (lambda (x) (llm-query x)) #:key-fn (lambda (arguments) (string-length (car arguments)))))
(displayln (list (by-length "c") (by-length "d")))
(define tries 0)
(define flaky (memoized (lambda () (set! tries (+ tries 1)) (if (= tries 1) (error "first") tries))))
(displayln (list (try (flaky) on-error identity) (flaky) (flaky)))"#,
    );
    assert_eq!((&*said, calls), ("(<a> <a> <b> <a>)\n<a>\n(<c> <c>)\n(first 2 2)\n", 3));
}

#[test]
fn who_waits_for_a_shared_computation_outlives_who_began_it() {
    let text = r#"
(define begun 0)
(define slow (memoized (lambda () (set! begun (+ begun 1)) (when (= begun 1) (sleep 60)) begun)))
(define first (spawn slow))
(sleep 0.001)
(define second (spawn slow))
(sleep 0.001)
(cancel first)
(displayln (await second))"#;
    assert_eq!(displayed(text), "2\n");
}

#[test]
fn a_tree_keeps_the_order_and_folds_with_two_arguments() {
    let text = r#"
(define (pair a b) (format "(~a ~a)" a b))
(displayln (tree-reduce pair '(1 2 3 4 5) #:branch-factor 3))
(displayln (tree-reduce + '(1 2 3 4 5 6 7) #:leaf-fn (lambda (x) (* 10 x))))
(displayln (tree-reduce pair '(1)))
(displayln (tree-reduce + (range 0 1000) #:branch-factor 10))"#;
    assert_eq!(displayed(text), "(((1 2) 3) (4 5))\n280\n1\n499500\n");
}

#[test]
fn groups_come_in_the_order_of_their_first_items() {
    let text = r#"
(define (name item) (substring item 0 1))
(displayln (hierarchical '("b1" "a1" "b2") #:each string-upcase #:group name
                         #:combine (lambda (name all) (string-join all "+")) #:overview identity))
(displayln (batch-process add1 '() #:batch-size 3))
(displayln (batch-process add1 (range 0 7) #:batch-size 3 #:pause 0.001))"#;
    assert_eq!(displayed(text), "((b . B1+B2) (a . A1))\n()\n(1 2 3 4 5 6 7)\n");
}

#[test]
fn a_job_counts_its_chunks_and_leaves_out_those_that_failed() {
    let mock = Mock::start(|call| match call.text() {
        "3" => Reply::Status(400, vec![], json!({ "error": { "message": "no" } }).to_string()),
        text => Reply::Text(format!("<{text}>")),
    });
    let text = r#"
(define events '())
(define-values (all summary)
  (map-reduce '("0" "1" "2" "3" "4") #:workers 2 #:models '("m" "n")
              #:map (lambda (chunk info) (llm-query chunk #:model (hash-ref info 'model)))
              #:reduce identity
              #:on-event (lambda (event) (set! events (cons event events)))))
(for ([one all])
  (displayln (list (hash-ref one 'id) (hash-ref one 'worker) (hash-ref one 'model) (hash-ref one 'result)
                   (hash-ref (hash-ref one 'usage) 'output))))
(displayln (map (lambda (key) (hash-ref summary key)) '(total-chunks processed-chunks failed-chunks models)))
(displayln (sort (map (lambda (event) (symbol->string (hash-ref event 'type))) events) string<?))
(define failed (findf (lambda (event) (equal? (hash-ref event 'type) 'chunk-failed)) events))
(displayln (list (hash-ref failed 'id) (string? (hash-ref failed 'error))))
(displayln (hash-ref (findf (lambda (event) (equal? (hash-ref event 'progress #f) 1.0)) events) 'progress))
(displayln (andmap number? (map (lambda (key) (hash-ref summary key)) '(duration-ms chunks-per-second tokens-per-second))))"#;
    let ran = script(text).server(&mock).run();
    let wanted = "(0 0 m <0> 1)\n(1 1 n <1> 1)\n(2 0 m <2> 1)\n(4 0 m <4> 1)\n(5 4 1 (m n))\n\
        (chunk-failed chunk-processed chunk-processed chunk-processed chunk-processed job-complete)\n(3 #t)\n1.0\n#t\n";
    assert_eq!(ran.stdout, wanted, "{ran:?}");
}

#[test]
fn every_model_gets_every_chunk_and_what_they_agree_on_is_kept() {
    let mock = Mock::start(|call| {
        let odd = call.body["model"] == "b" && call.text() == "two";
        Reply::Text(if odd { "no" } else { " Yes " }.into())
    });
    let text = r#"
(define-values (agreed summary)
  (map-reduce '("one" "two") #:models '("a" "b" "c") #:each-model #t #:assign 'rolling
              #:map (lambda (chunk info) (llm-query-async chunk #:model (hash-ref info 'model)))
              #:reduce consensus-aggregate))
(for ([one (hash-ref agreed 'consensus)])
  (displayln (list (hash-ref one 'id) (hash-ref one 'prediction) (exact-round (* 100 (hash-ref one 'confidence))))))
(displayln (exact-round (* 100 (hash-ref agreed 'avg-confidence))))
(displayln (hash-ref summary 'total-chunks))"#;
    let ran = script(text).server(&mock).run();
    assert_eq!(ran.stdout, "(0  Yes  100)\n(1  Yes  67)\n83\n6\n", "{ran:?}");
    assert_eq!(mock.count(), 6);
}

#[test]
fn a_job_cuts_its_document_and_a_report_strings_the_results_together() {
    let text = r#"
(define document (string-join (for/list ([n 40]) (format "Sentence number ~a." n)) " "))
(define-values (report summary)
  (map-reduce document #:chunk-tokens 50 #:overlap 0 #:by 'sentence
              #:map (lambda (chunk info) chunk) #:reduce report-aggregate))
(displayln (equal? document (apply string-append (string-split (hash-ref report 'full-report) "\n\n---\n\n"))))
(displayln (= (hash-ref report 'total-sections) (hash-ref summary 'total-chunks)))
(displayln (list (hash-ref report 'models) (hash-ref report 'total-output-tokens)))"#;
    assert_eq!(displayed(text), "#t\n#t\n((cheap) 0)\n");
}

#[test]
fn a_mistake_in_the_script_ends_a_job_at_once() {
    let mock = slow();
    let text = "(map-reduce (range 0 50) #:workers 2 #:reduce identity\n  #:map (lambda (chunk info)\n    (llm-query \"a\")\n    (car chunk)))";
    let ran = script(text).server(&mock).run();
    assert!(ran.code == Some(1) && ran.stderr.contains("script.scm:4:"), "{ran:?}");
    assert!(mock.count() <= 4, "{} calls", mock.count());
}

#[test]
fn a_summary_goes_level_by_level_and_leaves_headings_as_they_are() {
    let mock = Mock::start(|call| Reply::Text(format!("<{}>", call.text().replace("\n\n", "|"))));
    let text = r##"
(define text "# A\n\nOne.\n\nTwo.\n\n# B\n\nThree.")
(displayln (progressive-summary text))
(displayln (progressive-summary text #:levels '(document)))
(displayln (progressive-summary text #:levels '(paragraph)))
(displayln (progressive-summary ""))"##;
    let ran = script(text).server(&mock).run();
    let paragraphs = "# A\n\n<One.>\n\n<Two.>\n\n# B\n\n<Three.>";
    let wanted = format!("<<# A|<One.>|<Two.>>|<# B|<Three.>>>\n<# A|One.|Two.|# B|Three.>\n{paragraphs}\n\n");
    assert_eq!(ran.stdout, wanted, "{ran:?}");
}

#[test]
fn errors_name_the_combinator_and_stand_at_the_line_of_the_script() {
    for (call, wanted) in [
        ("(vote '() #:method 'majority)", "vote: there is nobody to vote"),
        ("(vote (list (lambda () 1)) #:methd 'majority)", "vote: unknown keyword `#:methd`; did you mean `#:method`?"),
        ("(vote (list (lambda () 1)) #:method 'most)", "vote: `#:method` must be"),
        ("(vote '(1 2))", "vote: `1` is no thunk: a procedure of no arguments"),
        ("(vote (list (lambda () 1) (lambda () 2)))", "vote: no majority; `1` came 1 of 2 times"),
        ("(sequence car 5)", "sequence: `5` is no procedure"),
        ("(tree-reduce + '())", "tree-reduce: there are no items"),
        ("(tree-reduce + '(1 2) #:branch-factor 1)", "tree-reduce: `#:branch-factor` must be a whole number from 2 on"),
        ("(tree-reduce + 7)", "tree-reduce: `7` is neither a list nor a vector"),
        ("(iterate-until add1)", "iterate-until: the argument `done?` is missing"),
        ("(map-reduce \"a\" #:map list)", "map-reduce: `#:reduce` is missing"),
        ("(map-reduce \"a\" #:map list #:reduce list #:assign 'any)", "map-reduce: `#:assign` must be"),
        ("(progressive-summary \"a\" #:levels '(chapter))", "progressive-summary: `#:levels` may hold"),
        ("(tiered (lambda (x) (error \"boo\")) list '(1 2))", "tiered: 1 of 2 items failed"),
        ("(ensemble (list (lambda () (error \"boo\")) (lambda () 1)))", "ensemble: 1 of 2 items failed"),
        ("(active-learning list list car '(a))", "active-learning: 1 of 1 items failed"),
        ("((with-validation add1 odd?) 1)", "with-validation: `2` is not valid"),
    ] {
        let ran = script(&format!("(displayln \"first\")\n{call}")).run();
        assert!(ran.code == Some(1) || ran.code == Some(4), "{call}: {ran:?}");
        assert!(ran.stderr.contains(wanted) && ran.stderr.contains("script.scm:2:"), "{call}: {ran:?}");
    }
}
