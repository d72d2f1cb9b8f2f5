//! The journal: what a run was answered is never bought again, whatever ends it.

use crate::{
    mock::{Mock, Reply},
    program::{Program, Ran, ended, ran, script},
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

/// Three stages: pieces, pairs of what came of them, and one answer over all.
fn stages(items: usize, window: usize) -> String {
    format!(
        r#"
(define (ask what data) (llm-query #:instruction what #:data data))
(define first
  (map-async (lambda (i) (ask "first" (number->string i))) (range 0 {items}) #:max-concurrent {window}))
(define second
  (map-async (lambda (pair) (ask "second" (string-join pair "+"))) (chunks-of first 2) #:max-concurrent {window}))
(finish (list (length second) (syntax-e (ask "third" (string-join second "|")))))"#
    )
}

/// Answers by a hash of what it is asked, so that a wrong answer anywhere shows at the end.
pub(crate) fn hashed(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("<{hash:x}>")
}

fn hashing() -> Mock {
    Mock::start(|call| Reply::Text(hashed(&format!("{} {}", call.system(), call.text()))))
}

pub(crate) fn resume(program: &Program, more: &[&str]) -> Ran {
    ran(&mut program.also(&[&["resume", "last"], more].concat()))
}

pub(crate) fn runs(program: &Program) -> Value {
    let ran = ran(&mut program.also(&["runs", "--json"]));
    serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {ran:?}"))
}

pub(crate) fn query(program: &Program, sql: &str) -> i64 {
    Connection::open(program.journal()).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_finished_run_is_given_again_without_a_call() {
    let mock = hashing();
    let program = script(&stages(20, 5)).server(&mock);
    let first = program.run();
    let calls = mock.count();
    assert_eq!(calls, 31);
    let again = resume(&program, &[]);
    assert_eq!((again.value(), again.stderr.as_str(), mock.count()), (first.value(), "", calls));
    let run = &runs(&program)[0];
    assert_eq!((&run["status"], &run["done"], &run["pending"]), (&json!("finished"), &json!(31), &json!(0)));
}

#[test]
fn killed_at_any_moment_a_run_loses_no_answer_that_it_has_had() {
    let mock = Mock::start(|call| {
        let answer = hashed(&format!("{} {}", call.system(), call.text()));
        Reply::After(Duration::from_millis(20), Box::new(Reply::Text(answer)))
    });
    let text = stages(332, 16);
    let undisturbed = script(&text).server(&hashing()).run();
    let undisturbed = undisturbed.value();
    let program = script(&text).server(&mock).args(&["--run-id", "often"]);
    let (mut killed, mut in_flight, mut chance) = (0, 0, 7_u64);
    let ran = loop {
        let mut child = match killed {
            0 => program.start(),
            _ => program.also(&["resume", "often"]).spawn().unwrap(),
        };
        if killed == 30 {
            break ended(child);
        }
        // By calls that have arrived, not by time: so many more, by chance, and it is over.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        mock.wait_for(mock.count() + 1 + (chance >> 33) as usize % 14);
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // What was on the wire when it died, and what its last words began.
        in_flight += 16;
        mock.wait_idle();
        assert_eq!(query(&program, "SELECT count(*) FROM pragma_quick_check WHERE quick_check != 'ok'"), 0);
    };
    assert_eq!(ran.value(), undisturbed);
    let calls = 332 + 166 + 1;
    assert_eq!(query(&program, "SELECT count(*) FROM calls"), calls as i64);
    let extra = mock.count() - calls;
    assert!(extra <= in_flight, "{extra} calls more than there are, with {in_flight} in flight at the kills");
    assert_eq!(runs(&program)[0]["status"], "finished");
}

#[test]
fn requests_that_are_the_same_are_told_apart_by_how_often_they_were_made() {
    let count = AtomicUsize::new(0);
    let mock = Mock::start(move |_| Reply::Text(count.fetch_add(1, Relaxed).to_string()));
    let program = script(
        r#"
(define all (map (lambda (_) (syntax-e (llm-query "Give me a number." #:temperature 1.0))) (range 0 5)))
(finish all)"#,
    )
    .server(&mock);
    assert_eq!(program.run().value(), "(0 1 2 3 4)");
    assert_eq!((resume(&program, &[]).value(), mock.count()), ("(0 1 2 3 4)", 5));
}

#[test]
fn interrupt_budget_and_failure_end_a_run_that_can_be_resumed_and_say_how() {
    let mock = hashing();
    let program = script(&stages(20, 1)).server(&mock).args(&["--run-id", "short", "--max-calls", "10"]);
    let over = program.run();
    assert_eq!(over.code, Some(3), "{over:?}");
    let how = "hint: what was answered is kept: `bessemer resume short`, with a higher limit, goes on from there\n";
    assert!(over.stderr.ends_with(how), "{}", over.stderr);
    assert_eq!(mock.count(), 10);
    assert_eq!(runs(&program)[0]["status"], "limited");
    let rest = ran(&mut program.also(&["resume", "short", "--max-calls", "100"]));
    assert_eq!((rest.code, mock.count()), (Some(0), 31), "{rest:?}");

    let broken = script("(llm-query \"a\") (car '())").server(&mock).args(&["--run-id", "typo"]);
    let stderr = broken.run().stderr;
    assert!(
        stderr.ends_with("hint: what was answered is kept: `bessemer resume typo` goes on from there\n"),
        "{stderr}"
    );
    std::fs::write(broken.path(), "(llm-query \"a\") (car '(1))").unwrap();
    let mended = resume(&broken, &[]);
    assert_eq!((mended.value(), mock.count()), ("1", 32));
    assert_eq!(mended.stderr, "note: the script has changed since; what it asks as before is not asked again\n");

    let waiting = Mock::start(|call| if call.n == 0 { Reply::Text("a".into()) } else { Reply::Hang });
    let program = script("(llm-query \"a\") (llm-query \"b\")").server(&waiting).args(&["--run-id", "stopped"]);
    let child = program.start();
    waiting.wait_for(2);
    // SAFETY: a signal to a child that has not been waited for, so the number is still its own.
    assert_eq!(unsafe { libc::kill(child.id().cast_signed(), libc::SIGINT) }, 0);
    let stopped = ended(child);
    assert_eq!(stopped.code, Some(130));
    assert!(stopped.stderr.contains("`bessemer resume stopped`"), "{}", stopped.stderr);
    let run = &runs(&program)[0];
    assert_eq!((&run["status"], &run["done"], &run["pending"]), (&json!("interrupted"), &json!(1), &json!(1)));
}

#[test]
fn what_failed_for_good_stands_until_it_is_asked_for_again() {
    let well = Arc::new(AtomicBool::new(false));
    let now_well = well.clone();
    let mock = Mock::start(move |call| match call.text() {
        "3" | "5" if !now_well.load(Relaxed) => Reply::Status(500, vec![], "no".into()),
        "7" if !now_well.load(Relaxed) => Reply::Usage { text: "cut".into(), input: 1, output: 1, finish: "length" },
        text => Reply::Text(format!("echo:{text}")),
    });
    let program = script(
        r#"
(define all (map-async (lambda (i) (llm-query (number->string i) #:retries 0)) (range 0 8) #:on-error 'keep))
(finish (map (lambda (r) (if (failure? r) 'failed r)) all))"#,
    )
    .server(&mock);
    let first = "(echo:0 echo:1 echo:2 failed echo:4 failed echo:6 cut)";
    assert_eq!(program.run().value(), first);
    well.store(true, Relaxed);
    assert_eq!((resume(&program, &[]).value(), mock.count()), (first, 8));
    let retried = resume(&program, &["--retry", "truncated"]);
    assert_eq!((retried.value(), mock.count()), ("(echo:0 echo:1 echo:2 failed echo:4 failed echo:6 echo:7)", 9));
    let retried = resume(&program, &["--retry", "failed"]);
    let all = "(echo:0 echo:1 echo:2 echo:3 echo:4 echo:5 echo:6 echo:7)";
    assert_eq!((retried.value(), mock.count()), (all, 11));
    let run = &runs(&program)[0];
    assert_eq!((&run["done"], &run["failed"]), (&json!(8), &json!(0)));
    // And that is what it is from now on.
    assert_eq!((resume(&program, &[]).value(), mock.count()), (all, 11));
}

#[test]
fn a_run_that_failed_for_want_of_a_server_makes_that_call_again() {
    let well = Arc::new(AtomicBool::new(false));
    let now_well = well.clone();
    let mock = Mock::start(move |call| match call.text() {
        "b" if !now_well.load(Relaxed) => Reply::Status(503, vec![], "no".into()),
        text => Reply::Text(text.into()),
    });
    let text = r#"(define (ask s) (syntax-e (llm-query s #:retries 0))) (list (ask "a") (ask "b"))"#;
    let program = script(text).server(&mock);
    assert_eq!(program.run().code, Some(4));
    assert_eq!(resume(&program, &[]).code, Some(4));
    well.store(true, Relaxed);
    assert_eq!((resume(&program, &[]).value(), mock.count()), ("(a b)", 4));
}

#[test]
fn a_changed_script_keeps_what_it_asks_as_before_and_says_what_it_does_not() {
    let mock = hashing();
    let text = |window: usize, items: &str, what: &str| {
        format!(
            "(length (map-async (lambda (s) (llm-query #:instruction \"{what}\" #:data s)) '({items}) \
             #:max-concurrent {window}))"
        )
    };
    let program = script(&text(1, r#""a" "b" "c""#, "one")).server(&mock);
    program.run().value();
    std::fs::write(program.path(), text(3, r#""c" "d" "a" "b""#, "one")).unwrap();
    let more = resume(&program, &[]);
    assert_eq!((more.value(), mock.count()), ("4", 4), "one item more, in another order and window");
    std::fs::write(program.path(), text(3, r#""a" "b""#, "two")).unwrap();
    let other = resume(&program, &[]);
    assert_eq!((other.value(), mock.count()), ("2", 6));
    let said = "hint: of the 4 answers in the journal 0 were asked for, and 2 calls were made: the program or its \
                contexts are not what they were\n";
    assert!(other.stderr.ends_with(said), "{}", other.stderr);
}

#[test]
fn time_and_chance_are_those_of_the_run() {
    let mock = Mock::echo();
    let program = script(
        r#"
(define seen (list (current-milliseconds) (random 1000000) (py-eval "import random; random.random()")
                   (py-eval "[x for x in {'a', 'b', 'c', 'd', 'e'}]")
                   (py-eval "
import datetime, time
day = datetime.date(2020, 1, 1)
[isinstance(datetime.datetime.now(), datetime.date), type(day).__name__, str(day + datetime.timedelta(days=1)),
 isinstance(datetime.datetime.fromisoformat('2020-01-01T00:00'), datetime.datetime)]")))
(llm-query (json->string seen))
(finish seen)"#,
    )
    .server(&mock);
    let first = program.run();
    assert_eq!((resume(&program, &[]).value(), mock.count()), (first.value(), 1));
    let other = program.run();
    assert_ne!(other.value(), first.value(), "another run has its own");
}

#[cfg(feature = "python")]
#[test]
fn pythons_clock_goes_on_from_when_the_run_began() {
    let text = r#"
(define now "
import datetime, time
times = [time.time(), datetime.datetime.now().timestamp(), datetime.datetime.today().timestamp(),
         datetime.datetime.now(datetime.timezone.utc).timestamp(), time.mktime(time.localtime()), time.time_ns() / 1e9]
max(times) - min(times) < 5 and [times[0], str(datetime.date.today())]")
(finish (json->string (py-eval now)))"#;
    let program = script(text);
    let seen =
        |ran: Ran| -> (f64, String) { serde_json::from_str(ran.value()).unwrap_or_else(|e| panic!("{e}: {ran:?}")) };
    let (first, day) = seen(program.run());
    // As if it had begun ten days ago.
    Connection::open(program.journal()).unwrap().execute("UPDATE runs SET began = began - 864000000", []).unwrap();
    let (again, then) = seen(resume(&program, &[]));
    assert!((863_000.0..865_000.0).contains(&(first - again)), "{first} {again}");
    assert_ne!(then, day);
}

#[test]
fn checkpoints_survive_the_run() {
    let mock = Mock::echo();
    let program = script(
        r#"
(define draft (restore "draft"))
(cond
  [draft (finish (list "found" draft))]
  [else (checkpoint "draft" (hash 'n 1 's "é")) (llm-query "x") (car '())])"#,
    )
    .server(&mock);
    assert_eq!(program.run().code, Some(1));
    assert_eq!(resume(&program, &[]).value(), "(found #hash((n . 1) (s . é)))");
    assert_eq!(program.run().code, Some(1), "another run finds nothing");
}

#[test]
fn a_context_that_has_changed_is_named() {
    let program = script("(syntax-e (llm-query #:instruction \"Sum up.\" #:data context))").context("one fact.");
    program.run().value();
    assert_eq!(resume(&program, &[]).stderr, "");
    std::fs::write(program.folder().join("context.txt"), "another fact.").unwrap();
    let stderr = resume(&program, &[]).stderr;
    let said = "context.txt` has changed since; what it makes the script ask is asked anew\n";
    assert!(stderr.contains(said) && stderr.contains("0 were asked for, and 1 call was made"), "{stderr}");
}

#[test]
fn runs_are_listed_shown_exported_and_deleted() {
    let program = script("(llm-query \"a\") (checkpoint \"k\" '(1 2)) (log-event \"e\" 3) (finish 'done)");
    program.run().value();
    let named = script("(finish 2)");
    let mut second = named.args(&["--journal", program.journal().to_str().unwrap(), "--run-id", "mine"]);
    assert_eq!(second.run().value(), "2");
    let list = ran(&mut program.also(&["runs"])).stdout;
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("run ") && lines[1].starts_with("mine ") && lines.len() == 3, "{list}");
    let show = ran(&mut program.also(&["runs", "show", "mi"])).stdout;
    assert!(show.contains("status       finished\n") && show.contains("value        2\n"), "{show}");
    let other = runs(&program)[1]["name"].as_str().unwrap().to_owned();
    let export = ran(&mut program.also(&["runs", "export", &other])).stdout;
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["run", "call", "kept", "checkpoint", "log"]);
    assert_eq!(
        (&lines[1]["status"], &lines[2]["value"], &lines[4]["value"]),
        (&json!("ok"), &json!([1, 2]), &json!(3))
    );
    second = second.args(&[]);
    let taken = second.run();
    assert_eq!(taken.code, Some(2));
    assert!(taken.stderr.starts_with("error: there is a run `mine` already\nhint: "), "{}", taken.stderr);
    assert_eq!(ran(&mut program.also(&["runs", "delete", "mine", &other])).stdout, "deleted 2 runs\n");
    assert_eq!(ran(&mut program.also(&["runs"])).stdout, "no runs yet\n");
    let unknown = ran(&mut program.also(&["resume", "mine"]));
    assert_eq!(
        (unknown.code, unknown.stderr.as_str()),
        (Some(2), "error: there is no run `mine`\nhint: `bessemer runs` lists them\n")
    );
}

#[test]
fn a_run_that_runs_cannot_be_resumed_or_deleted() {
    let mock = Mock::start(|_| Reply::Hang);
    let program = script("(llm-query \"a\")").server(&mock).args(&["--run-id", "busy"]);
    let mut child = program.start();
    mock.wait_for(1);
    assert_eq!(runs(&program)[0]["status"], "running");
    let resumed = resume(&program, &[]);
    assert!(resumed.code == Some(2) && resumed.stderr.contains("`busy` is running, as process"), "{resumed:?}");
    assert_eq!(ran(&mut program.also(&["runs", "delete", "busy"])).code, Some(2));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(runs(&program)[0]["status"], "broken");
}

#[test]
fn neither_keys_nor_prompts_are_in_the_journal() {
    let mock = Mock::start(|call| {
        assert_eq!(call.header("authorization"), Some("Bearer key-of-the-test"));
        if call.text() == "bad" { Reply::Status(401, vec![], "no".into()) } else { Reply::Text("fine".into()) }
    });
    let text = "(llm-query \"a very private prompt\" #:model \"mock\") (llm-query \"bad\" #:model \"mock\")";
    let program = script("").provider("OPENAI", &mock).file("made.txt", text).args(&["--", "key-of-the-test"]);
    std::fs::write(
        program.path(),
        "; key-of-the-test\n(define p (read-file \"made.txt\")) (llm-query p #:model \"mock\") (llm-query \"bad\" #:model \"mock\")",
    )
    .unwrap();
    assert_eq!(program.run().code, Some(4));
    let mut held = Vec::new();
    for file in std::fs::read_dir(program.journal().parent().unwrap()).unwrap() {
        held.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| held.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("fine") && !holds("key-of-the-test") && !holds("a very private prompt"));
    let mode = std::fs::metadata(program.journal()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else reads it");
}

#[test]
fn a_script_that_is_gone_or_came_from_a_pipe_is_run_as_it_was() {
    let mock = Mock::echo();
    let program = script("(finish (syntax-e (llm-query \"a\")))").server(&mock);
    program.run().value();
    std::fs::remove_file(program.path()).unwrap();
    let again = resume(&program, &[]);
    assert_eq!((again.value(), mock.count()), ("echo:a", 1));
    assert!(again.stderr.contains("cannot be read") && again.stderr.contains(": it is run as it was"), "{again:?}");
    let mut piped = program.also(&["run", "/dev/stdin", "--model", "mock"]);
    piped.args((!crate::program::confines()).then_some("--no-sandbox")).stdin(std::process::Stdio::piped());
    let mut child = piped.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"(finish (syntax-e (llm-query \"b\")))").unwrap();
    assert_eq!(ended(child).value(), "echo:b");
    let again = resume(&program, &[]);
    assert_eq!((again.value(), again.stderr.as_str(), mock.count()), ("echo:b", "", 2));
}

#[test]
fn two_runs_at_once_share_a_journal() {
    let mock = Mock::echo();
    let text = |what: &str| {
        format!("(finish (length (map-async (lambda (i) (llm-query (format \"{what} ~a\" i))) (range 0 500))))")
    };
    let (one, two) = (script(&text("one")).server(&mock), script(&text("two")).server(&mock));
    let two = two.args(&["--journal", one.journal().to_str().unwrap()]);
    let (a, b) = (one.start(), two.start());
    assert_eq!((ended(a).value(), ended(b).value()), ("500", "500"));
    assert_eq!(query(&one, "SELECT count(*) FROM calls"), 1000);
    assert_eq!(runs(&one).as_array().unwrap().len(), 2);
}

#[test]
fn without_a_journal_nothing_is_kept() {
    let program = script("(finish (syntax-e (llm-query \"a\")))").args(&["--no-journal"]);
    assert_eq!(program.run().value(), "a");
    assert!(!program.journal().exists());
    assert_eq!(program.json()["run"], Value::Null);
}

#[test]
fn a_loop_within_a_run_buys_nothing_twice_either() {
    // Whoever is shown a question writes a program, whose calls are answered.
    let mock = Mock::start(|call| {
        let text = call.text();
        let reply = match call.system().contains("(finish") || text.contains("How long") {
            true => "```scheme\n(finish (syntax-e (llm-query \"inner\")))\n```".into(),
            false => hashed(text),
        };
        Reply::Text(reply)
    });
    let program = script("(define a (rlm-query #:instruction \"How long is it?\" #:data \"abc\")) (llm-query \"b\") a")
        .server(&mock)
        .args(&["--run-id", "loop", "--max-calls", "2"]);
    let over = program.run();
    assert_eq!((over.code, mock.count()), (Some(3), 2), "{over:?}");
    let rest = ran(&mut program.also(&["resume", "loop", "--max-calls", "9"]));
    assert_eq!((rest.code, mock.count()), (Some(0), 3), "{rest:?}");
    assert!(rest.stdout.contains(&hashed("inner")), "{rest:?}");
    let shown = ran(&mut program.also(&["trace", "loop"])).stdout;
    assert!(shown.contains("\nroot  "), "{shown}");
}

#[test]
fn an_ask_goes_on_where_it_was_stopped() {
    let mock = Mock::start(|call| {
        let turns = call.body["messages"].as_array().unwrap().iter().filter(|m| m["role"] == "assistant").count();
        let block = |code: &str| Reply::Text(format!("```scheme\n{code}\n```"));
        match (call.text(), turns) {
            ("one" | "two", _) => Reply::Text(format!("about {}", call.text())),
            (_, 0) => block("(define one (syntax-e (llm-query \"one\")))"),
            _ => block("(finish (string-append one \", \" (syntax-e (llm-query \"two\"))))"),
        }
    });
    // For its folder alone.
    let program = script("").env("OPENAI_BASE_URL", &mock.base_url());
    let sandbox: &[&str] = if crate::program::confines() { &[] } else { &["--no-sandbox"] };
    let line = ["ask", "How long?", "--model", "mock", "--run-id", "question", "--max-calls", "3"];
    let stopped = ran(&mut program.also(&[&line[..], sandbox].concat()));
    assert_eq!(stopped.code, Some(3), "{stopped:?}");
    assert!(stopped.stderr.contains("`bessemer resume question`, with a higher limit,"), "{stopped:?}");
    let calls = mock.count();
    let rest = ran(&mut program.also(&["resume", "question", "--max-calls", "9"]));
    assert_eq!(rest.value(), "about one, about two");
    assert_eq!(mock.count() - calls, 1, "the one that did not fit");
    let lines = ran(&mut program.also(&["trace", "question", "--json"])).stdout;
    assert!(lines.contains("\"event\":\"turn\""), "{lines}");
}
