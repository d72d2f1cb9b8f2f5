//! Traces: what happened in a run, and which answers went into which prompts.

use crate::{
    journal::hashed,
    mock::{Mock, Reply},
    program::{Program, ran, script},
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Two labelled stages whose answers are long enough to be found again, a further attempt, a failure, and Python.
fn traced(mock: &Mock) -> Program {
    script(
        r#"
(define pieces
  (map-async (lambda (i) (llm-query #:instruction "one" #:data (format "piece ~a" i)))
             (range 0 6) #:label "pieces" #:on-error 'keep))
(define good (filter (lambda (p) (not (failure? p))) pieces))
(define pairs
  (map-async (lambda (pair) (llm-query #:instruction "two" #:data (string-join pair "\n"))) (chunks-of good 2)
             #:label "pairs"))
(py-exec "import time; time.sleep(0.02)")
(await-all (list (spawn (lambda () 1)) (spawn (lambda () 2))))
(try (await (spawn (lambda () (error "odd")))) on-error (lambda (message) message))
(cancel (spawn (lambda () (sleep 60))))
(log-event "note" 1)
(finish (syntax-e (llm-query #:instruction "three" #:data (json->string pairs))))"#,
    )
    .server(mock)
}

fn telling() -> Mock {
    let once = AtomicBool::new(true);
    Mock::start(move |call| match call.text() {
        "piece 0" => Reply::Status(400, vec![], "bad".into()),
        "piece 1" if once.swap(false, Relaxed) => Reply::Status(503, vec![], "busy".into()),
        text => Reply::Text(format!("What there is to say of {} is this.", hashed(text))),
    })
}

#[test]
fn a_trace_has_every_event_and_says_which_answers_went_into_which_prompts() {
    let mock = telling();
    let program = traced(&mock);
    let file = program.folder().join("trace.jsonl");
    let program = program.args(&["--trace", file.to_str().unwrap()]);
    program.run().value();
    let parse = |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let written = parse(&std::fs::read_to_string(&file).unwrap());
    let of = |lines: &[Value], kind: &str| -> Vec<Value> {
        lines.iter().filter(|line| line["event"] == kind).cloned().collect()
    };
    let kept = parse(&ran(&mut program.also(&["trace", "last", "--json"])).stdout);
    for lines in [&written, &kept] {
        assert_eq!(of(lines, "call").len(), 10, "{lines:?}");
        assert_eq!(of(lines, "retry").len(), 1);
        assert_eq!(of(lines, "stage").len(), 4);
        assert_eq!(of(lines, "log")[0]["name"], "note");
        let fibers = of(lines, "fiber");
        let ended = fibers.iter().filter(|line| line["what"] == "end").map(|line| line["status"].clone());
        assert_eq!((fibers.len(), Value::from_iter(ended)), (8, json!(["ok", "ok", "script", "cancelled"])));
        assert!(of(lines, "python").iter().any(|line| line["took_s"].as_f64().unwrap() >= 0.02));
        let call =
            |stage: Value| of(lines, "call").into_iter().filter(|call| call["stage"] == stage).collect::<Vec<_>>();
        let mut from: Vec<u64> = Vec::new();
        for pair in call(json!("pairs")) {
            from.extend(pair["from"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()));
        }
        from.sort_unstable();
        let good = |call: &&Value| call["status"] == "ok";
        let mut pieces: Vec<u64> =
            call(json!("pieces")).iter().filter(good).map(|call| call["call"].as_u64().unwrap()).collect();
        pieces.sort_unstable();
        assert_eq!((pieces.len(), &from), (5, &pieces));
        let last = &call(Value::Null)[0];
        assert_eq!(last["from"].as_array().unwrap().len(), 3, "{last}");
    }
}

#[test]
fn a_trace_is_summed_up_by_stage_model_and_failure() {
    let program = traced(&telling());
    assert_eq!(program.run().code, Some(4), "the server is gone");
    let mock = telling();
    let program = traced(&mock);
    program.run().value();
    let shown = ran(&mut program.also(&["trace"])).stdout;
    let rows: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let has = |start: &str| assert!(rows.iter().any(|row| row.starts_with(start)), "no `{start}` in\n{shown}");
    has("stage calls failed retries span median slowest tokens cost");
    has("pieces 6 1 1 ");
    has("pairs 3 0 0 ");
    has("call 9 1 0 0 ");
    has("mock 10 1 1 ");
    has("bad-request 1 ");
    let tree = "what went into what\ncall 9\n└─ pairs: 3 answers\n   └─ pieces: 5 answers\n";
    assert!(shown.ends_with(tree), "{shown}");
}

#[test]
fn a_trace_can_be_had_without_a_journal() {
    let program = script("(llm-query \"a\") (car '())");
    let file = program.folder().join("trace.jsonl");
    let program = program.args(&["--no-journal", "--trace", file.to_str().unwrap()]);
    let ran = program.run();
    assert!(ran.code == Some(1) && !ran.stderr.contains("resume"), "{ran:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"event\":\"call\"") && text.contains("\"event\":\"end\""), "{text}");
    let nowhere = script("1").args(&["--trace", "/nowhere/at/all"]).run();
    assert!(nowhere.stderr.starts_with("error: the trace `/nowhere/at/all` cannot be written: "), "{nowhere:?}");
}
