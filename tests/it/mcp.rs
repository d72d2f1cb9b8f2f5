//! `bessemer mcp`: the protocol spoken by hand.

mod client;

use crate::{
    faults::wait_gone,
    mock::{Mock, Reply},
    program::{bessemer, descendants},
};
use client::{Client, begins, offline, served, server, text};
use serde_json::{Value, json};
use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

#[test]
fn a_session_lasts_until_it_is_reset() {
    let mut client = offline();
    assert!(
        client
            .run("(define x 41) (py-exec \"y = 7\") (display \"on the way\") (finish (+ x 1))")
            .starts_with("on the way\n42\n[run 1: ")
    );
    begins(&client.run("(list x (py-eval \"y\") _)"), "[41,7,42]\n");
    begins(&client.run("(define later (spawn (lambda () (sleep 0.01) 'done))) (void)"), "[run 3");
    begins(&client.run("(await later)"), "done\n");
    let wrong = client.run("(define (halve y)\n  (car y))\n(halve x)");
    assert!(wrong.starts_with("!error: car: contract violation") && wrong.contains("run 5:2:4"), "{wrong}");
    assert!(client.run("(halve 2)").contains("run 5:2:4"), "an error has its place in the earlier program");
    assert!(client.run("(halv 2)").contains("did you mean `halve`?"));
    let state = client.tool("get_sandbox_state", json!({}));
    assert!(state.contains("x = 41\n") && state.contains("memory: 2048 MB"), "{state}");
    begins(&client.tool("reset", json!({})), "a fresh session");
    assert!(client.run("x").contains("`x` is not defined"));
    let (stderr, code) = client.leave();
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
}

#[test]
fn the_configuration_in_the_readme_starts_a_server() {
    let (_, block) =
        include_str!("../../README.md").split_once("```json\n{ \"mcpServers\"").expect("the README has it");
    let block = format!("{{ \"mcpServers\"{}", block.split("```").next().unwrap());
    let configuration: Value = serde_json::from_str(&block).unwrap();
    let server_of = &configuration["mcpServers"]["bessemer"];
    let arguments: Vec<&str> = server_of["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    assert_eq!((server_of["command"].as_str(), arguments[0]), (Some("bessemer"), "mcp"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("reports")).unwrap();
    let mut client = Client::start(&mut server(folder.path(), &[&arguments[1..], &["--offline"]].concat()));
    let tools = client.ask("tools/list", json!({})).unwrap();
    let readme = include_str!("../../README.md");
    for tool in tools["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "`{name}` is not in the README");
    }
    assert!(client.tool("get_sandbox_state", json!({})).contains("reports"));
}

#[test]
fn standard_output_is_the_protocol_alone() {
    let mut client = Client::start(&mut server(&std::env::temp_dir(), &["--offline", "-v"]));
    let written = client.run("(display \"{\\\"jsonrpc\\\": 1}\\n\") (eprintf \"beside\\n\") (log-event \"step\" 1)");
    assert!(written.starts_with("{\"jsonrpc\": 1}\nbeside\n"), "{written}");
    if cfg!(feature = "python") {
        client.run("(py-exec \"import os\\nos.write(1, b'raw')\\nprint('printed')\")");
    }
    let shown = client.run("(display \"\\u001b[2J\") (string #\\u7)");
    assert!(shown.starts_with("\u{241b}[2J\n\u{2407}"), "{shown:?}");
    client.leave();
}

#[test]
fn contexts_are_loaded_looked_at_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (tempfile::tempdir_in(folder.path()).unwrap(), tempfile::NamedTempFile::new().unwrap());
    std::fs::write(inside.path().join("report.txt"), "from a file").unwrap();
    std::fs::write(folder.path().join("given.txt"), "given").unwrap();
    let mut client = Client::start(&mut server(folder.path(), &["--offline", "--context", "first=given.txt"]));
    begins(&client.run("context"), "given\n");
    assert!(
        client
            .tool("load_context", json!({ "name": "two", "text": "z\u{fc}rich".repeat(1000) }))
            .contains("6000 characters")
    );
    begins(&client.run("(list (length context) (string-length (get-context \"two\")))"), "[2,6000]");
    let part = client.tool("get_context", json!({ "name": "two", "start": 5995, "end": 9000 }));
    assert!(part.starts_with("\u{fc}rich\n") && part.ends_with("characters 5995 to 6000 of 6000]"), "{part}");
    client.tool("load_context", json!({ "name": "two", "text": "short" }));
    let path = inside.path().join("report.txt").display().to_string();
    client.tool("load_context", json!({ "name": "three", "path": path }));
    assert!(
        client
            .run("(map get-context '(\"first\" \"two\" \"three\"))")
            .starts_with("[\"given\",\"short\",\"from a file\"]")
    );
    let all = client.tool("get_context", json!({}));
    assert_eq!(all, "first: 5 characters: given\nthree: 11 characters: from a file\ntwo: 5 characters: short");
    for (arguments, wanted) in [
        (json!({ "path": outside.path() }), "--allow-read="),
        (json!({ "path": "." }), "no file"),
        (json!({}), "`text` or `path`"),
        (json!({ "text": "a", "path": "b" }), "one of them"),
        (json!({ "txt": "a" }), "unknown field `txt`"),
    ] {
        let refused = client.tool("load_context", arguments);
        assert!(refused.starts_with('!') && refused.contains(wanted), "{refused}");
    }
    assert!(client.tool("get_context", json!({ "name": "thre" })).contains("did you mean `three`?"));
    client.tool("reset", json!({}));
    begins(&client.run("(get-context \"two\")"), "short\n");
    client.tool("reset", json!({ "contexts": true }));
    begins(&client.run("context"), "given\n");
    assert!(client.run("(get-context \"two\")").contains("no context `two`"));
}

#[test]
fn a_run_in_the_background_is_waited_for_or_stopped() {
    let mut client = offline();
    client.run("(define kept 1)");
    let begin =
        |client: &mut Client, code: &str| client.tool("execute_scheme", json!({ "code": code, "background": true }));
    assert!(begin(&mut client, "(sleep 0.05) 'over").starts_with("run 2 has begun"));
    begins(&client.tool("get_status", json!({ "run": 2, "wait_s": 60 })), "over\n");
    begin(&mut client, "(sleep 1000)");
    begin(&mut client, "'never");
    assert!(client.tool("get_status", json!({ "run": 4 })).contains("run 4 is not over: it waits for its turn"));
    while !client.tool("get_status", json!({})).contains("run 3 runs for ") {}
    assert!(client.tool("cancel_call", json!({ "run": 4 })).contains("run 4"));
    assert!(client.tool("cancel_call", json!({})).contains("run 3"));
    for run in [3, 4] {
        let stopped = client.tool("get_status", json!({ "run": run, "wait_s": 60 }));
        assert!(stopped.starts_with("!error: interrupted"), "{stopped}");
    }
    begins(&client.run("kept"), "1\n");
    begins(&client.tool("cancel_call", json!({})), "!nothing runs");
    begins(&client.tool("get_status", json!({ "run": 99 })), "!there is no run 99");
    let mut short = Client::start(&mut server(&std::env::temp_dir(), &["--offline", "--timeout", "0.2"]));
    let slow = short.tool("execute_scheme", json!({ "code": "(sleep 1000)", "timeout_s": 600 }));
    assert!(slow.contains("limit of 0.2 s"), "the command line's bound holds: {slow}");
    let slow = client.tool("execute_scheme", json!({ "code": "(sleep 1000)", "timeout_s": 0.1 }));
    assert!(slow.contains("limit of 0.1 s") && slow.contains("`timeout_s`"), "{slow}");
}

#[test]
fn a_request_that_is_cancelled_stops_its_program() {
    let mut client = offline();
    client.run("(define kept 1)");
    let id = client.request("tools/call", json!({ "name": "execute_scheme", "arguments": { "code": "(sleep 1000)" } }));
    while !client.tool("get_status", json!({})).contains("run 2 runs for ") {}
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
    client.send(&cancel.to_string());
    begins(&client.run("kept"), "1\n");
    begins(&client.tool("get_status", json!({})), "nothing runs");
}

#[test]
fn progress_is_told_to_who_asks_for_it() {
    let mut client = offline();
    let code = "(for-each-async (lambda (n) (sleep (* n 0.2))) (range 0 6) #:label \"naps\" #:max-concurrent #f)";
    let id = client.request(
        "tools/call",
        json!({ "name": "execute_scheme", "arguments": { "code": code }, "_meta": { "progressToken": "t" } }),
    );
    client.answer(id).unwrap();
    let told: Vec<&Value> = client.told.iter().filter(|m| m["method"] == "notifications/progress").collect();
    let counts: Vec<f64> = told.iter().map(|m| m["params"]["progress"].as_f64().unwrap()).collect();
    assert!(counts.len() >= 2 && counts.is_sorted_by(|a, b| a < b), "{told:?}");
    let last = &told.last().unwrap()["params"];
    assert!(last["total"] == 6.0 && last["message"].as_str().unwrap().starts_with("naps "), "{last}");
}

#[test]
fn progress_of_one_run_is_not_told_to_another_that_waits() {
    let mut client = offline();
    let ask = |client: &mut Client, code: &str, token: &str| {
        let arguments = json!({ "code": code });
        let params = json!({ "name": "execute_scheme", "arguments": arguments, "_meta": { "progressToken": token } });
        client.request("tools/call", params)
    };
    let one = ask(&mut client, "(for-each-async sleep '(0.1 0.4 0.7 1) #:label \"naps\")", "one");
    let two = ask(&mut client, "(+ 1 2)", "two");
    client.answer(one).unwrap();
    begins(&text(&client.answer(two).unwrap()), "3\n");
    let tokens: Vec<_> = client.told.iter().map(|m| m["params"]["progressToken"].clone()).collect();
    assert!(tokens.contains(&json!("one")) && !tokens.contains(&json!("two")), "{tokens:?}");
}

#[test]
fn one_call_of_many_is_cancelled_by_its_number() {
    let mock = Mock::start(|call| if call.text() == "hold" { Reply::Hang } else { Reply::Text("fine".into()) });
    let mut client = served(&mock, &[]);
    let code = "(define got (map-async llm-query-async '(\"go\" \"hold\" \"go\") #:on-error 'keep))
                (map (lambda (x) (if (failure? x) (failure-class x) x)) got)";
    client.tool("execute_scheme", json!({ "code": code, "background": true }));
    let call = loop {
        let status = client.tool("get_status", json!({}));
        let calls: Vec<_> = status.lines().filter_map(|line| line.strip_prefix("call ")?.split_once(':')).collect();
        if let [(number, _)] = calls[..]
            && status.contains("items 2/3")
        {
            break number.parse::<u32>().unwrap();
        }
    };
    assert!(client.tool("cancel_call", json!({ "call": call })).contains("is cancelled"));
    let ended = client.tool("get_status", json!({ "run": 1, "wait_s": 60 }));
    assert!(ended.starts_with("[\"fine\",\"cancelled\",\"fine\"]"), "{ended}");
    begins(&client.tool("cancel_call", json!({ "call": call })), "!error: there is no call");
    let trace = client.tool("get_execution_trace", json!({}));
    assert!(trace.ends_with("[3 of 3 entries]") && trace.contains("\"status\":\"cancelled\""), "{trace}");
}

#[test]
fn limits_hold_for_the_server_and_outlast_a_reset() {
    let mut client = Client::start(&mut server(&std::env::temp_dir(), &["--offline", "--max-calls", "2"]));
    assert!(client.run("(syntax-e (llm-query \"Ada wrote it.\"))").contains("1 call, "));
    assert!(client.tool("get_status", json!({})).contains("left of the limits: 1 calls"));
    client.tool("reset", json!({}));
    assert!(!client.run("(syntax-e (llm-query \"Ada wrote it.\"))").starts_with('!'));
    let refused = client.run("(llm-query \"Ada wrote it.\")");
    assert!(refused.starts_with("!error: ") && refused.contains("budget"), "{refused}");
    assert!(client.tool("get_status", json!({})).contains("so far: 2 calls"));
}

#[test]
fn a_session_that_ends_is_followed_by_another() {
    let mut client = Client::start(&mut server(&std::env::temp_dir(), &["--offline", "--max-memory", "300MB"]));
    client.tool("load_context", json!({ "text": "kept" }));
    let ended = client.run("(define x 1) (let loop ([all '()]) (loop (cons (make-string 1000000 #\\x) all)))");
    assert!(ended.starts_with("!error: ") && ended.contains("nothing is defined"), "{ended}");
    begins(&client.run("context"), "kept\n");
    assert!(client.run("x").contains("not defined"));
}

#[test]
fn what_is_cut_is_said_and_what_is_structured_says_the_same() {
    let mut client = offline();
    let arguments = json!({ "code": "(display (make-string 100 #\\o)) (make-string 1000 #\\v)", "max_chars": 10 });
    let result = client.ask("tools/call", json!({ "name": "execute_scheme", "arguments": arguments })).unwrap();
    let text = text(&result);
    assert!(
        text.contains("oooooooooo\n\u{2026} 90 characters more") && text.contains("vvvvvvvvvv\n\u{2026} 990"),
        "{text}"
    );
    let structured = &result["structuredContent"];
    assert!(structured["value"].as_str().unwrap().contains("990 characters more") && structured["run"] == 1);
    let wrong = json!({ "name": "execute_scheme", "arguments": { "code": "\n(car 1)" } });
    let wrong = client.ask("tools/call", wrong).unwrap()["structuredContent"]["error"].clone();
    assert_eq!((&wrong["class"], &wrong["line"]), (&json!("script"), &json!(2)));
}

#[test]
fn nonsense_is_answered_and_the_server_goes_on() {
    let mut client = offline();
    client.send("nonsense");
    client.send("{\"jsonrpc\": \"2.0\"}");
    for (name, arguments) in
        [("execute_scheme", json!({ "code": 7 })), ("execute_scheme", json!({})), ("reset", json!({ "x": 1 }))]
    {
        let refused = client.tool(name, arguments);
        assert!(refused.starts_with("!the arguments do not fit"), "{refused}");
    }
    let unknown = client.ask("tools/call", json!({ "name": "exec_scheme", "arguments": {} })).unwrap_err();
    assert!(unknown["message"].as_str().unwrap().contains("did you mean `execute_scheme`?"), "{unknown}");
    assert!(client.ask("no/such", json!({})).is_err());
    begins(&client.run("(+ 1 2)"), "3\n");
    assert!(client.tool("get_usage_guide", json!({})).contains("map-async"));
}

#[test]
fn every_program_of_the_guide_runs() {
    let mut client = offline();
    let guide = client.tool("get_usage_guide", json!({}));
    let programs: Vec<&str> = guide.split("```scheme\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(programs.len() > 3, "{guide}");
    let text = "Invoice 7 is overdue; the penalty for late payment is five per cent. The pump failed. ".repeat(40);
    client.tool("load_context", json!({ "text": text }));
    for program in programs {
        // What Python counts is names that no extractive model gives.
        if program.contains("py-eval") && !cfg!(feature = "python") {
            continue;
        }
        let ran = client.run(program);
        assert!(!ran.starts_with('!'), "{program}: {ran}");
    }
}

#[test]
fn a_plan_offers_only_programs_that_parse() {
    let option = |kind: &str, program: &str| {
        json!({ "kind": kind, "title": kind, "why": "It is.", "program": program, "model": "gpt-4o-mini", "calls": 10,
                "input_tokens_per_call": 1000, "output_tokens_per_call": 100, "rounds": 2 })
    };
    let asked = AtomicU32::new(0);
    let good = "(define (f x)\n  (* x 2))\n(finish (f 21))";
    let mock = Mock::start(move |call| {
        let options = match asked.fetch_add(1, Relaxed) {
            0 => vec![option("daring", good), option("recommended", good), option("alternative", "(finish (")],
            _ => {
                assert!(call.text().contains("never closed"), "{}", call.text());
                vec![option("alternative", "(finsh 1)")]
            }
        };
        Reply::Text(json!({ "options": options }).to_string())
    });
    let settings = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&settings, "[prices]\n\"gpt-4o-mini\" = { input = 0.15, output = 0.6 }\n").unwrap();
    let mut client = served(&mock, &["--max-calls", "2", "--config", &settings.path().display().to_string()]);
    client.tool("load_context", json!({ "name": "minutes", "text": "Ada chaired." }));
    let arguments = json!({ "task": "Count them.", "model": "mock" });
    let result = client.ask("tools/call", json!({ "name": "plan_strategy", "arguments": arguments })).unwrap();
    let (text, options) = (text(&result), &result["structuredContent"]["options"]);
    assert!(text.starts_with("## recommended: ") && text.contains("## daring") && text.contains(good), "{text}");
    assert!(text.contains("Left out") && text.contains("`finsh` is not defined"), "{text}");
    assert_eq!(options.as_array().unwrap().len(), 2);
    let estimate = &options[0]["estimate"];
    assert_eq!((&estimate["calls"], &estimate["input_tokens"]), (&json!(10), &json!(10_000)));
    assert!((estimate["cost_usd"].as_f64().unwrap() - 0.0021).abs() < 1e-9, "{estimate}");
    assert!(client.tool("get_status", json!({})).contains("so far: 2 calls"), "a plan is paid for");
    assert!(client.run("(llm-query \"x\")").contains("budget"), "and counts against the limits");
}

#[test]
fn a_client_that_knows_tasks_gets_one_and_need_not_wait() {
    let capabilities = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let mut client = Client::with(&mut server(&std::env::temp_dir(), &["--offline"]), capabilities);
    let begin = |client: &mut Client, code: &str| {
        let params = json!({ "name": "execute_scheme", "arguments": { "code": code } });
        let made = client.ask("tools/call", params).unwrap();
        made["taskId"].as_str().unwrap_or_else(|| panic!("no task: {made}")).to_owned()
    };
    let (one, two) = (begin(&mut client, "(sleep 0.05) (+ 1 2)"), begin(&mut client, "(sleep 1000)"));
    let ended = |client: &mut Client, task: &str| loop {
        let state = client.ask("tasks/get", json!({ "taskId": task })).unwrap();
        if state["status"] != "working" {
            return state;
        }
    };
    let state = ended(&mut client, &one);
    assert!(state["status"] == "completed" && text(&state["result"]).starts_with("3\n"), "{state}");
    client.ask("tasks/cancel", json!({ "taskId": two })).unwrap();
    assert_eq!(ended(&mut client, &two)["status"], "cancelled");
    let three = begin(&mut client, "'next");
    assert!(text(&ended(&mut client, &three)["result"]).starts_with("next\n"));
}

#[test]
fn the_server_ends_with_its_client_and_leaves_nothing() {
    let mut client = offline();
    client.run("(+ 1 2)");
    client.tool("execute_scheme", json!({ "code": "(sleep 1000)", "background": true }));
    let below = descendants(client.child.id());
    assert!(below.len() >= 2, "a zygote and a session: {below:?}");
    let (_, code) = client.leave();
    assert_eq!(code, Some(0));
    wait_gone(&below);
}

#[test]
fn what_a_server_was_answered_is_not_asked_again_when_it_is_resumed() {
    let (mock, folder) = (Mock::echo(), tempfile::tempdir().unwrap());
    let journal = ["--journal", "journal.sqlite"];
    let started = |command: &mut Command| Client::start(command.env("OPENAI_BASE_URL", mock.base_url()));
    let ask = "(map-async (lambda (i) (llm-query-async (format \"~a\" i))) (range 0 20))";
    let mut first =
        started(&mut server(folder.path(), &[&journal[..], &["--model", "mock", "--run-id", "talk"]].concat()));
    let answers = first.run(ask);
    first.tool("reset", json!({}));
    first.run("(syntax-e (llm-query \"after a reset\"))");
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    assert_eq!(mock.count(), 21);
    let mut again = started(bessemer().current_dir(folder.path()).args(["resume", "talk"]).args(journal));
    let value = |told: &str| told.lines().next().unwrap_or_default().to_owned();
    assert_eq!(value(&again.run(ask)), value(&answers));
    assert_eq!(mock.count(), 21);
    begins(&again.run("(syntax-e (llm-query \"new\"))"), "echo:new");
    assert_eq!(mock.count(), 22);
    assert_eq!(again.leave().1, Some(0));
}
