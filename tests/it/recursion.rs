//! Loops within programs (`rlm-query`), and programs that models have written (`eval-untrusted`).

use crate::{
    mock::{Call, Mock, Reply},
    program::{descendants, ended, script},
};
use std::{
    io::{BufRead, BufReader, Read},
    time::{Duration, Instant},
};

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

/// A server whose root models are each told their question and do what `root` says; other models answer with the first word
/// of what they are told.
fn server(root: impl Fn(&str, &Call) -> String + Send + Sync + 'static) -> Mock {
    Mock::start(move |call| {
        let messages = call.body["messages"].as_array().unwrap();
        let asked = messages.iter().find_map(|m| m["content"].as_str()?.strip_prefix("# Question\n\n"));
        Reply::Text(match asked {
            Some(asked) => root(asked.split("\n\n# Contexts").next().unwrap(), call),
            None => call.text().split_whitespace().next().unwrap_or("nothing").into(),
        })
    })
}

/// One whose root models finish with this program at once.
fn finishing(program: &'static str) -> Mock {
    server(move |_, _| format!("```scheme\n(finish {program})\n```"))
}

#[test]
fn a_loop_within_a_script_explores_its_data_and_answers() {
    let mock = server(|question, call| {
        assert_eq!(question, "How long is it?");
        assert!(
            call.text().contains("`context` is a string of 40000 characters. It begins:\n> hay hay"),
            "{}",
            call.text()
        );
        "```scheme\n(finish (format \"~a, and ~a\" (string-length context) (syntax-e (llm-query \"small it is\"))))\n```".into()
    });
    let text = "(define r (rlm-query #:instruction \"How long is it?\" #:data (string-append* (make-list 10000 \"hay \"))))
                (list (syntax-e r) (response-finish-reason r) (response-model r) (hash-ref (response-usage r) 'output))";
    let ran = script(text).server(&mock).run();
    assert!(ran.value().starts_with("(40000, and small finished mock 2"), "{ran:?}");
    let usage = script(text).server(&mock).json();
    assert_eq!(usage["usage"]["calls"], 2, "{usage}");
}

#[test]
fn a_loop_is_asked_in_many_ways() {
    let mock = server(|question, _| {
        let program = match question {
            "texts" => "(list (length context) (cadr context) (get-context \"2\") (length (context-names)))",
            "json" => "(hash-ref (string->json context) 'a)",
            "alone" => "(string-length context)",
            other => return format!("It is {other}.\nFINAL(neither)"),
        };
        format!("```scheme\n(finish {program})\n```")
    });
    for (call, value) in [
        ("(syntax-e (rlm-query #:instruction \"texts\" #:data '(\"a\" \"b\")))", "(2 b b 2)"),
        ("(syntax-e (rlm-query #:instruction \"json\" #:data (hash 'a 7)))", "7"),
        ("(syntax-e (rlm-query \"alone\"))", "0"),
        ("(syntax-e (rlm-query #:instruction \"alone\"))", "0"),
        ("(syntax-e (llm-query #:instruction \"alone\" #:data \"xyz\" #:recursive #t))", "3"),
        ("(syntax-e (await (rlm-query-async \"alone\")))", "0"),
        ("(map-async (lambda (t) (rlm-query-async #:instruction \"alone\" #:data t)) '(\"a\" \"bc\"))", "(1 2)"),
        ("(parallel-query \"{chunk}\" '(\"alone\") #:recursive #f #:model \"mock\")", "(alone)"),
        ("((recursive-spawn (lambda () \"alone\")) \"four\")", "4"),
        ("((recursive-spawn (lambda () \"alone\") #:depth 0) \"four\")", "four"),
        ("(syntax-e (rlm-query (make-string 5000 #\\x)))", "neither"),
    ] {
        let ran = script(call).server(&mock).run();
        assert_eq!((ran.value(), &*ran.stderr), (value, ""), "{call}");
    }
    for wrong in [
        "(rlm-query #:data \"x\")",
        "(rlm-query \"a\" #:data \"x\")",
        "(llm-query \"a\" #:recursive #t #:json #t)",
        "(rlm-query \"a\" #:modle \"x\")",
    ] {
        assert_eq!(script(wrong).server(&mock).run().code, Some(1), "{wrong}");
    }
}

#[cfg(feature = "python")]
#[test]
fn python_asks_loops_too() {
    let mock = finishing("(string-append \"about \" (number->string (string-length context)))");
    let text = "(py-eval \"[rlm_query('one'), *rlm_query_batched(['two', 'x' * 5000])]\")";
    assert_eq!(script(text).server(&mock).run().value(), "(about 0 about 0 about 5000)");
    let budget =
        "(parameterize ([call-budget 1]) (py-eval \"llm_query('a')\") (py-eval \"llm_query_batched(['b', 'c'])\"))";
    let ran = script(budget).server(&mock).run();
    assert_eq!(ran.value(), "(Error: the budget of 1 calls is used up Error: the budget of 1 calls is used up)");
}

#[cfg(feature = "python")]
#[test]
fn what_python_asks_can_be_interrupted_and_ends_with_the_program() {
    let mock = Mock::start(|_| Reply::Hang);
    let program = script("(py-eval \"llm_query('a')\")").server(&mock);
    let child = program.start();
    mock.wait_for(1);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    assert_eq!(ended(child).code, Some(130));
    let threads = "(py-exec \"import threading\\ntold = []\\ndef ask():\\n try: llm_query('a')\\n except RuntimeError as e: \
                   told.append(str(e))\\nt = threading.Thread(target=ask)\\nt.start()\\nt.join()\\nprint(told[0])\")";
    assert!(script(threads).run().value().contains("from the main thread"));
}

#[test]
fn at_the_greatest_depth_a_loop_is_a_plain_call() {
    // Each loop asks one within it, and says how deep it stands.
    let mock = server(|_, _| {
        "```scheme\n(finish (string-append \"(\" (syntax-e (rlm-query #:instruction \"q\" #:data \"plain\")) \")\"))\n```".into()
    });
    let text = "(syntax-e (rlm-query #:instruction \"q\" #:data \"plain\"))";
    for (flags, value) in
        [(&["--max-depth", "1"][..], "plain"), (&[], "(plain)"), (&["--max-depth", "4"], "(((plain)))")]
    {
        assert_eq!(script(text).server(&mock).args(flags).run().value(), value, "{flags:?}");
    }
    let bounded = "(syntax-e (rlm-query #:instruction \"q\" #:data \"plain\" #:depth 2))";
    assert_eq!(script(bounded).server(&mock).args(&["--max-depth", "9"]).run().value(), "((plain))");
    let list = "(syntax-e (rlm-query #:instruction \"q\" #:data '(\"a\" \"b\")))";
    assert_eq!(script(list).server(&mock).args(&["--max-depth", "1"]).run().value(), "[\"a\",\"b\"]");
}

/// Waits until a run has no processes but the zygote and its own session.
fn wait_until_alone(pid: u32) {
    let begun = Instant::now();
    while descendants(pid).len() != 2 {
        assert!(begun.elapsed() < BOUND, "{:?}", descendants(pid));
        std::thread::yield_now();
    }
}

#[test]
fn a_hundred_loops_side_by_side_are_all_answered_and_none_is_left() {
    let mock = finishing("(syntax-e (llm-query context))");
    let text = "(define answers (map-async (lambda (i) (rlm-query-async #:instruction \"q\" #:data (number->string i)))
                                           (range 0 100) #:max-concurrent #f))
                (display (equal? answers (map number->string (range 0 100))))
                (newline)
                (displayln \"rest\")
                (sleep 1000)";
    let program = script(text).server(&mock).args(&["--max-calls", "200"]);
    let mut child = program.start();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line
    };
    assert_eq!((line(), line()), ("#t\n".into(), "rest\n".into()));
    assert_eq!(mock.count(), 200);
    wait_until_alone(child.id());
    // Connections to the model stay open for the next call; of sessions nothing does. Of a process that keeps keys only its
    // owner may look; where not even that, there is nothing to see.
    let links = std::fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten();
    let links: Vec<_> = links.filter_map(|link| std::fs::read_link(link.path()).ok()).collect();
    let of_sessions =
        links.iter().filter(|link| ["pidfd", "memfd"].iter().any(|kind| link.to_string_lossy().contains(kind)));
    // Its own session's, at least.
    assert!(links.is_empty() || (1..10).contains(&of_sessions.count()), "{links:?}");
    child.kill().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    child.wait().unwrap();
}

#[test]
fn what_loops_take_is_charged_to_those_who_asked() {
    let mock = finishing("(syntax-e (llm-query context))");
    let fan_out = "(map-async (lambda (i) (rlm-query-async #:instruction \"q\" #:data \"word\")) (range 0 20)
                              #:max-concurrent #f #:on-error (lambda (f item) (failure-class f)))";
    let count = "(let ([r (count (lambda (x) (equal? x \"word\")) answers)]) (list (<= r 5) ";
    let scope = format!(
        "(define answers '()) (define left #f)
         (parameterize ([call-budget 10]) (set! answers {fan_out}) (set! left (hash-ref (budget-left) 'calls)))
         {count} left))"
    );
    // As many calls as it allows, each of them counted.
    let ran = script(&scope).server(&mock).run();
    assert_eq!(ran.value(), "(#t 0)", "{ran:?}");
    assert_eq!(mock.count(), 10);
    let whole = format!("(define answers {fan_out}) {count} (hash-ref (budget-left) 'calls)))");
    let before = mock.count();
    let ran = script(&whole).server(&mock).args(&["--max-calls", "10"]).run();
    assert_eq!(ran.value(), "(#t 0)", "{ran:?}");
    assert_eq!(mock.count() - before, 10);
}

#[test]
fn what_a_loop_may_explore_is_not_charged_as_a_prompt() {
    let mock = finishing("(string-length context)");
    let text = "(parameterize ([token-budget 5000])
                  (syntax-e (rlm-query #:instruction \"q\" #:data (make-string 1000000 #\\x))))";
    assert_eq!(script(text).server(&mock).run().value(), "1000000");
    // Where no loop may stand it is one.
    let ran = script(text).server(&mock).args(&["--max-depth", "1", "--max-tokens", "5000"]).run();
    assert_eq!(ran.code, Some(3), "{ran:?}");
}

#[test]
fn a_cancelled_loop_ends_with_its_session() {
    let mock = server(|_, call| {
        if call.text().contains("hang") { "```scheme\n(sleep 1000)\n```" } else { "```scheme\n(display \"hang\")\n```" }
            .into()
    });
    let text = "(define hs (map (lambda (i) (rlm-query-async \"q\")) '(1 2 3)))
                (sleep 1)
                (for-each cancel hs)
                (displayln (failure-class (with-handlers ([failure? values]) (await (car hs)))))
                (displayln \"rest\") (sleep 1000)";
    let program = script(text).server(&mock);
    let mut child = program.start();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = [out.next().unwrap().unwrap(), out.next().unwrap().unwrap()];
    assert_eq!(lines, ["cancelled", "rest"]);
    wait_until_alone(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_loop_that_fails_is_a_failure_and_one_that_is_exhausted_says_so() {
    let fails = Mock::start(|_| Reply::Status(400, Vec::new(), "{\"error\": {\"message\": \"no such thing\"}}".into()));
    let class = "(failure-class (with-handlers ([failure? values]) (rlm-query \"q\")))";
    assert_eq!(script(class).server(&fails).run().value(), "bad-request");
    let talks = server(|_, _| "I would rather talk.".into());
    let text = "(let ([r (rlm-query \"q\")]) (list (syntax-e r) (response-finish-reason r)))";
    assert_eq!(script(text).server(&talks).run().value(), "(I would rather talk. exhausted)");
}

#[test]
fn a_program_of_a_model_is_run_apart() {
    for (text, value) in [
        ("(eval-untrusted \"(+ 1 2)\")", "3"),
        ("(eval-untrusted \"Sure:\\n```scheme\\n(define (f x) (* x x))\\n(finish (map f numbers))\\n```\" #:with (hash 'numbers '(1 2 3)))", "(1 4 9)"),
        ("(hash-ref (eval-untrusted \"(hash 'a (list 1.5 \\\"b\\\" #t))\") 'a)", "(1.5 b #t)"),
        ("(eval-untrusted \"(display (string-append text \\\"!\\\"))\" #:with (hash 'text \"a\\\"b\\\\c\"))", "a\"b\\c!"),
        ("(eval-untrusted \"(string-length context)\" #:with (hash 'context \"abcd\"))", "4"),
        ("(define secret 1) (failure-message (with-handlers ([failure? values]) (eval-untrusted \"\\n(+ 1\\n secret)\")))", "line 3: `secret` is not defined"),
        ("(failure-class (with-handlers ([failure? values]) (eval-untrusted \"(car 1)\")))", "script"),
        ("(eval-untrusted \"(if (= n 0) 'deep (list (eval-untrusted program #:with (hash 'n (- n 1) 'program program))))\"
            #:with (hash 'n 3 'program \"(if (= n 0) 'deep (list (eval-untrusted program #:with (hash 'n (- n 1) 'program program))))\"))", "(((deep)))"),
    ] {
        let ran = script(text).run();
        assert!(ran.value().starts_with(value), "{text}: {ran:?}");
    }
    let mock = finishing("1");
    let calls = "(list (parameterize ([call-budget 1]) (eval-untrusted \"(syntax-e (llm-query \\\"word by word\\\"))\")) (tokens-used #:run #t))";
    assert!(script(calls).server(&mock).run().value().starts_with("(word "));
    let over = "(parameterize ([call-budget 1]) (eval-untrusted \"(llm-query \\\"a\\\") (llm-query \\\"b\\\")\"))";
    let ran = script(over).server(&mock).run();
    assert_eq!(ran.code, Some(3), "{ran:?}");
    for wrong in
        ["(eval-untrusted \"1\" #:with '(1))", "(eval-untrusted \"1\" #:with (hash '|a b| 1))", "(eval-untrusted 7)"]
    {
        assert_eq!(script(wrong).run().code, Some(1), "{wrong}");
    }
}

#[test]
fn what_has_been_defined_can_be_shown() {
    let text = "(define b \"two\") (define (f x) x) (struct p (x)) (define l (make-list 200 'xy)) (show-vars) (define later 1)";
    let ran = script(text).run();
    assert!(ran.value().starts_with("b = \"two\"\nf = #<procedure:f>\nl = (xy xy "), "{ran:?}");
    assert!(ran.stdout.contains(" … 601 characters\np-x = ") && !ran.stdout.contains("later"), "{ran:?}");
    assert_eq!(script("(show-vars)").run().value(), "");
    assert_eq!(script("(show-vars 1)").run().code, Some(1));
}

#[test]
fn a_program_of_a_model_that_never_ends_is_ended() {
    let ran = script("(eval-untrusted \"(let loop () (loop))\" #:timeout 0.3)").run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("longer than its limit of 0.3 s"), "{ran:?}");
}

#[test]
fn a_program_of_a_model_has_none_of_the_scripts_rights() {
    if !crate::program::confines() {
        return println!("skipped: this system cannot confine scripts");
    }
    let program = script("(list (string-length (read-file \"a.txt\")) (try (eval-untrusted \"(read-file \\\"a.txt\\\")\") on-error (lambda (m) m)))")
        .file("a.txt", "abc")
        .args(&["--allow-read"]);
    let ran = program.run();
    assert!(ran.value().starts_with("(3 line 1: ") && ran.value().contains("--allow-read"), "{ran:?}");
    // A loop has them.
    let mock = finishing("(string-length (read-file \"a.txt\"))");
    let program = script("(syntax-e (rlm-query \"q\"))").file("a.txt", "abc").server(&mock);
    assert_eq!(program.run().value(), "3");
}
