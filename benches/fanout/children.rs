//! What a loop within a program (`rlm-query`) costs beyond its model's calls: a session is forked, confined and ended for
//! each.
//!
//! The root model is the echo of the server, whose answer holds the block that the question holds: it calls `finish` at
//! once. A hundred children at a time, depth 2; the same hundred calls by themselves are taken off.

use super::{better, child, raise_descriptors, runtime, server::Server, session_in};
use bessemer::{
    llm::{dispatch::Dispatcher, router},
    permissions::Permissions,
    rlm::{Ask, Ground},
    session::{Interpreter, Zygote},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Children at once.
const CHILDREN: usize = 100;

/// Prints milliseconds a child, the better of five runs.
pub(crate) fn children() {
    let server = Server::start(["serve", "0"]).expect("the server starts");
    let (mut loops, mut calls) = (Value::Null, Value::Null);
    for _ in 0..5 {
        better(&mut loops, child(&["children-host", &server.url(), "rlm-query-async"]));
        better(&mut calls, child(&["children-host", &server.url(), "llm-query-async"]));
    }
    let each = |v: &Value| v["wall"].as_f64().unwrap_or(f64::NAN) * 1e3 / CHILDREN as f64;
    println!(
        "children: {CHILDREN} `rlm-query` at once, depth 2: {:.1} ms a child beyond its call, which is {:.2}",
        each(&loops) - each(&calls),
        each(&calls)
    );
}

/// One such run, in a process of its own.
pub(crate) fn host(url: &str, procedure: &str) {
    raise_descriptors();
    let zygote = Arc::new(Zygote::start(&Interpreter::ThisProgram).expect("an interpreter"));
    let settings =
        router::Settings { openai_base: Some(url.into()), default_model: Some("mock".into()), ..Default::default() };
    let dispatcher = Dispatcher::new(router::stack(settings), 1000);
    let ground = Ground {
        zygote: zygote.clone(),
        dispatcher: dispatcher.clone(),
        permissions: Permissions::default(),
        max_memory: Some(2 << 30),
    };
    let ask = Ask { root_model: Some("mock".into()), ..Ask::default() };
    // A loop gives what its block finished with, a call the echo of the block itself.
    let wanted = if procedure.starts_with("rlm") { "child " } else { "echo:" };
    let script = |n: usize| {
        format!(
            r#"(define (ask i) ({procedure} (format "\n```scheme\n(finish \"child ~a\")\n```" i)))
(define answers (map-async ask (range 0 {n}) #:max-concurrent #f))
(finish (length (filter (lambda (text) (string-prefix? text "{wanted}")) answers)))"#
        )
    };
    let wall = runtime().block_on(async {
        // The first connection, and the first fork.
        let _ = session_in(&ground, &ask, &script(2)).await;
        let (value, took) = session_in(&ground, &ask, &script(CHILDREN)).await;
        assert_eq!(value, CHILDREN.to_string(), "every child answers");
        took
    });
    println!("{}", json!({ "wall": wall.as_secs_f64() }));
}
