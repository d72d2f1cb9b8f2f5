//! The embedding API: a host, sessions, functions that scripts call, what is told while a program runs.

use crate::{
    mock::{Mock, Reply},
    program::{confines, zygote},
};
use bessemer::{
    Error, Event, Function, Host, Session, blocking,
    llm::{dispatch::Dispatcher, router},
    rlm::Ask,
    session::Interpreter,
    wire::{Limits, Stream},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Barrier, Notify, mpsc};

fn host() -> Host {
    Host::new(zygote(), Dispatcher::new(router::stack(router::Settings { offline: true, ..Default::default() }), 10))
}

async fn value(session: &mut Session, text: &str) -> Value {
    session.run(text).await.expect(text).value
}

/// The message of the error that a program ends with.
async fn failure(session: &mut Session, text: &str) -> String {
    match session.run(text).await {
        Ok(ran) => panic!("{text} gave {ran}"),
        Err(error) => format!("{error}; {}", error.hint().unwrap_or_default()),
    }
}

#[tokio::test]
async fn a_program_gives_its_value_as_json_and_what_it_wrote() {
    let mut session = host().session().context("report", "Ada mended it.").start().await.unwrap();
    let ran = session.run("(display \"seen\") (finish (hash 'text context 'n (list 1 2.5 #t)))").await.unwrap();
    assert_eq!(ran.value, json!({ "text": "Ada mended it.", "n": [1, 2.5, true] }));
    assert!(ran.finished && ran.output == "seen", "{ran:?}");
    assert_eq!(session.run("\"as it is\"").await.unwrap().to_string(), "as it is");
    assert_eq!(session.run("(void)").await.unwrap().to_string(), "");
    let asked = session.run("(syntax-e (llm-query #:instruction \"Who mended it?\" #:data context))").await.unwrap();
    assert!(asked.to_string().contains("Ada") && asked.usage.calls == 1, "{asked:?}");
    assert_eq!(value(&mut session, "(tokens-used #:run #t) 7").await, 7);
}

#[tokio::test]
async fn several_contexts_have_their_names() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.txt"), "from a file").unwrap();
    let path = format!("filed={}", folder.path().join("b.txt").display());
    let builder = host().session().context("one", "1").context("two", "zwei").context_path(path);
    let mut session = builder.start().await.unwrap();
    let wanted = json!(["1", "zwei", "from a file"]);
    assert_eq!(value(&mut session, "(map get-context '(\"one\" \"two\" \"filed\"))").await, wanted);
    session.add_context("three", "drei").unwrap();
    assert_eq!(value(&mut session, "(get-context \"three\")").await, "drei");
    session.add_context("two", "2").unwrap();
    assert_eq!(value(&mut session, "(list (get-context \"two\") (length (context-names)))").await, json!(["2", 4]));
    let missing = host().session().context_path("/nonexistent/x").start().await;
    assert!(missing.err().expect("an error").to_string().contains("/nonexistent/x"));
}

#[tokio::test]
async fn scripts_call_functions_of_the_embedding_program() {
    let add = Function::new("add", "Adds two numbers.", |(a, b): (i64, i64)| async move { Ok::<_, String>(a + b) });
    let echo = Function::new("echo", "Gives its arguments.", |all: Vec<Value>| async move { Ok::<_, String>(all) });
    let fail = Function::new("breaks", "Fails.", |(): ()| async move { Err::<(), _>("the shelf is empty") });
    let panic = Function::new("panic!", "Panics.", |all: Vec<Value>| async move {
        assert!(all.is_empty(), "on purpose");
        Ok::<_, String>(())
    });
    let builder = host().session().function(add).function(echo).function(fail).function(panic);
    let mut session = builder.limits(Limits { calls: Some(0), ..Limits::default() }).start().await.unwrap();
    assert_eq!(value(&mut session, "(add 2 40)").await, 42);
    assert_eq!(value(&mut session, "(apply add '(1 2))").await, 3);
    assert_eq!(
        value(&mut session, "(map-async (lambda (n) (add n n)) (range 0 200) #:max-concurrent #f)").await[199],
        398
    );
    let wanted = json!([1, "two", [3, {"four": 4.5}], {"deep": true, "to": null}]);
    let text = "(echo 1 \"two\" (list 3 (hash 'four 4.5)) #:to (void) #:deep #t)";
    assert_eq!(value(&mut session, text).await, wanted);
    let caught = "(with-handlers ([exn:fail? (lambda (e) (list (failure-class e) (failure-message e)))]) ";
    assert_eq!(
        value(&mut session, &format!("{caught} (breaks))")).await,
        json!(["server", "breaks: the shelf is empty"])
    );
    let text = failure(&mut session, "(define x 1)\n(add 1 \"b\")").await;
    assert!(text.contains("add: it does not take these arguments") && text.contains("Adds two numbers."), "{text}");
    assert!(failure(&mut session, "(add 1)").await.contains("does not take"));
    assert!(failure(&mut session, "(panic! 1)").await.contains("panicked"));
    assert_eq!(value(&mut session, "(panic!)").await, Value::Null);
    assert!(failure(&mut session, "(echo (spawn (lambda () 1)))").await.contains("echo: "));
    assert!(failure(&mut session, "(ad 1 2)").await.contains("`add`"), "what is misspelt is told");
    let help = session.run("(help add)").await.unwrap().output;
    assert!(help.contains("Adds two numbers."), "{help}");
    // Nothing was charged, and what a script defines of the name is its own.
    assert_eq!(session.usage().calls, 0);
    assert_eq!(value(&mut session, "(length (trace))").await, 0);
    assert_eq!(value(&mut session, "(define (add a b) 'mine) (add 1 2)").await, "mine");
}

#[tokio::test]
async fn a_function_that_waits_holds_up_its_own_fiber_alone() {
    let barrier = Arc::new(Barrier::new(10));
    let meet = Function::new("meet", "Waits for nine others.", move |(n,): (u32,)| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Ok::<_, String>(n)
        }
    });
    let mut session = host().session().function(meet).start().await.unwrap();
    let text = "(apply + (map-async meet (range 0 10)))";
    let met = tokio::time::timeout(Duration::from_secs(60), session.run(text).into_future()).await;
    assert_eq!(met.expect("they meet").unwrap().value, 45);
}

#[tokio::test]
async fn a_function_is_dropped_when_nobody_wants_its_value() {
    struct Gone(mpsc::UnboundedSender<u32>, u32);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.send(self.1).unwrap();
        }
    }
    let (send, mut gone) = mpsc::unbounded_channel();
    let begun = Arc::new(Notify::new());
    let begins = begun.clone();
    let hang = Function::new("hang", "Never ends.", move |(n,): (u32,)| {
        let guard = Gone(send.clone(), n);
        begins.notify_one();
        async move {
            let () = std::future::pending().await;
            Ok::<_, String>(guard.1)
        }
    });
    let heard = begun.clone();
    let began = Function::new("began", "Waits until `hang` has begun.", move |(): ()| {
        let heard = heard.clone();
        async move {
            heard.notified().await;
            Ok::<_, String>(())
        }
    });
    let mut session = host().session().function(hang).function(began).start().await.unwrap();
    assert_eq!(value(&mut session, "(race (list (lambda () (hang 1)) (lambda () (began) 'first)))").await, "first");
    assert_eq!(gone.recv().await, Some(1));
    assert_eq!(value(&mut session, "(spawn (lambda () (hang 2))) (began) (finish 'over)").await, "over");
    assert_eq!(gone.recv().await, Some(2));
    // Their numbers are free again.
    assert_eq!(value(&mut session, "(map-async (lambda (n) (sleep 0.001) n) '(1 2 3))").await, json!([1, 2, 3]));
    let mut running = session.run("(hang 3)");
    tokio::select! {
        () = begun.notified() => {}
        event = running.next() => panic!("{event:?}"),
    }
    drop(running);
    assert_eq!(gone.recv().await, Some(3));
}

#[tokio::test]
async fn a_name_that_scripts_could_not_say_or_know_already_is_refused() {
    let host = host();
    for name in ["", "two words", "1st", "%x", "a)(b", "llm-query", "map", "if", "define", "\u{e9}t\u{e9}"] {
        let function = Function::new(name, "", |(): ()| async { Ok::<_, String>(()) });
        let error = host.session().function(function).start().await.err().unwrap_or_else(|| panic!("`{name}` is one"));
        assert!(matches!(error, Error::Usage { .. }) && error.to_string().contains("name of a function"), "{error}");
    }
}

#[tokio::test]
async fn what_happens_is_told_in_order() {
    let mut session = host().session().start().await.unwrap();
    let text = "(display \"a\") (log-event \"step\" (hash 'n 1)) (map-async (lambda (x) x) '(1 2) #:label \"words\")
                (eprintf \"b\") (display \"c\") 9";
    let mut running = session.run(text);
    let mut told = Vec::new();
    while let Some(event) = running.next().await {
        told.push(match event {
            Event::Wrote(Stream::Stdout, text) => format!("out {text}"),
            Event::Wrote(Stream::Stderr, text) => format!("err {text}"),
            Event::Noted { name, value } => format!("{name} {value}"),
            Event::Progress(p) if p.done == p.total => format!("{} {}/{}", p.label, p.done, p.total),
            _ => continue,
        });
    }
    let ran = running.await.unwrap();
    assert_eq!((ran.value, ran.output.as_str()), (json!(9), ""), "what was told is not told again");
    for wanted in ["out a", "step {\"n\":1}", "words 2/2", "err b", "out c"] {
        assert!(told.iter().any(|line| line == wanted), "`{wanted}` is missing in {told:?}");
    }
    let place = |wanted: &str| told.iter().position(|line| line == wanted);
    assert!(place("out a") < place("out c"), "{told:?}");
}

#[tokio::test]
async fn a_program_is_stopped_and_its_session_lives_on() {
    let mut session = host().session().start().await.unwrap();
    assert_eq!(value(&mut session, "(define kept 5) kept").await, 5);
    let mut running = session.run("(display 'begun) (sleep 1000)");
    let stopper = running.stopper();
    assert!(running.next().await.is_some());
    stopper.stop();
    assert!(matches!(running.await, Err(Error::Interrupted(libc::SIGINT))));
    assert_eq!(value(&mut session, "kept").await, 5);
}

#[tokio::test]
async fn a_session_is_reset_with_what_it_was_given_and_what_it_spent() {
    let host = host();
    let add = Function::new("add", "Adds.", |(a, b): (i64, i64)| async move { Ok::<_, String>(a + b) });
    let limits = Limits { calls: Some(2), ..Limits::default() };
    let mut session = host.session().context("c", "text").function(add).limits(limits).start().await.unwrap();
    session.add_context("d", "more").unwrap();
    assert_eq!(value(&mut session, "(define kept 5) (llm-query \"one\") kept").await, 5);
    session.reset().await.unwrap();
    assert!(failure(&mut session, "kept").await.contains("`kept` is not defined"));
    assert_eq!(
        value(&mut session, "(list (get-context \"c\") (get-context \"d\") (add 1 2))").await,
        json!(["text", "more", 3])
    );
    assert_eq!(value(&mut session, "(llm-query \"two\") 2").await, 2);
    assert_eq!(session.usage().calls, 2);
    assert!(failure(&mut session, "(llm-query \"three\")").await.contains("budget"));
    session.reset().await.unwrap();
    assert!(failure(&mut session, "(llm-query \"four\")").await.contains("budget"), "a reset gives no money back");
}

#[tokio::test]
async fn a_program_that_is_given_up_ends_its_process_and_no_other_program_hears_of_it() {
    let mut session = host().session().start().await.unwrap();
    let mut running = session.run("(display 'begun) (sleep 0.05) 'late");
    assert!(running.next().await.is_some());
    drop(running);
    assert!(session.has_ended());
    assert!(failure(&mut session, "1").await.contains("the session has ended"));
    session.reset().await.unwrap();
    assert_eq!(value(&mut session, "(+ 1 2)").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_run_in_tasks_of_their_own() {
    let host = host();
    let square = Function::blocking("square-of", "N times N.", |(n,): (u64,)| match n {
        0 => Err("nothing"),
        n => Ok(n * n),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=8u64 {
        let session = host.session().function(square.clone()).context("n", n.to_string());
        tasks.spawn(async move {
            let mut session = session.start().await?;
            session.run("(square-of (string->number context))").await.map(|ran| (n, ran.value))
        });
    }
    for ran in tasks.join_all().await {
        let (n, value) = ran.unwrap();
        assert_eq!(value, n * n);
    }
    let mut session = host.session().function(square).start().await.unwrap();
    assert!(failure(&mut session, "(square-of 0)").await.contains("square-of: nothing"));
}

#[test]
fn a_root_model_answers_a_question_from_a_text() {
    let mock = Mock::start(|call| match call.text().contains("Ada mended it.") {
        // The root model sees the beginning of the text.
        true => Reply::Text("```scheme\n(finish (substring context 0 3))\n```".into()),
        false => Reply::Text("no".into()),
    });
    let models = router::Settings { openai_base: Some(mock.base_url()), ..Default::default() };
    let builder = Host::builder().models(models).interpreter(Interpreter::Path(env!("CARGO_BIN_EXE_bessemer").into()));
    let host = blocking::Host::start(if confines() { builder } else { builder.without_sandbox() }).unwrap();
    let answered = host.ask(&Ask::new("Who mended it?"), |s| s.context("report", "Ada mended it.")).unwrap();
    assert_eq!((answered.answer.as_deref(), answered.outcome.name()), (Some("Ada"), "finished"));
    let both = host.ask(&Ask::new("Who?"), |s| s.context("a", "b").context_path(file!()));
    assert!(both.unwrap_err().to_string().contains("in one way"));
}

#[test]
fn a_program_that_is_not_async_has_the_same() {
    let builder = Host::builder().offline().interpreter(Interpreter::Path(env!("CARGO_BIN_EXE_bessemer").into()));
    let builder = if confines() { builder } else { builder.without_sandbox() };
    let host = blocking::Host::start(builder).unwrap();
    let mut session = host.session(|s| s.context("report", "Ada mended it.")).unwrap();
    assert_eq!(session.run("context").unwrap().to_string(), "Ada mended it.");
    let mut told = String::new();
    let program = session.program("(display \"on the way\") 7");
    let ran = session.run_with(program, |event| {
        if let Event::Wrote(_, text) = event {
            told += &text;
        }
    });
    assert_eq!((ran.unwrap().value, told.as_str()), (json!(7), "on the way"));
    session.add_context("next", "later").unwrap();
    session.reset().unwrap();
    assert_eq!(session.run("(get-context \"next\")").unwrap().value, "later");
    assert_eq!(session.usage().calls, 0);
}
