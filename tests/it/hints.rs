//! What a run is advised of at its end.

use crate::{
    mock::{Mock, Reply},
    program::{Ran, script},
};

fn hints(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stderr.lines().map(|line| line.strip_prefix("hint: ").unwrap_or_else(|| panic!("{ran:?}"))).collect()
}

#[test]
fn calls_one_after_another_are_advised_of_map_async() {
    let ask = |n: usize, with: &str| script(&format!("({with} (lambda (x) (llm-query \"x\")) (range 0 {n}))\n'done"));
    let ran = ask(50, "map").run();
    let said = hints(&ran);
    assert!(
        said.len() == 1 && said[0].starts_with("50 calls were made one after another; unless each needs"),
        "{ran:?}"
    );
    assert_eq!(hints(&ask(49, "map").run()), Vec::<&str>::new());
    assert_eq!(hints(&ask(60, "map-async").run()), Vec::<&str>::new());
    assert_eq!(hints(&ask(60, "map").args(&["--quiet"]).run()), Vec::<&str>::new());
    let ran = ask(60, "map").args(&["--json"]).run();
    assert!(!ran.stdout.contains("one after another"), "{ran:?}");
}

#[test]
fn a_fan_out_over_the_dearest_model_is_advised_of_the_cheap_one() {
    let mock = Mock::echo();
    let ask = |n: usize, model: &str| {
        let call = format!("(lambda (x) (llm-query-async \"x\" #:model \"{model}\"))");
        script(&format!("(map-async {call} (range 0 {n}))\n'done")).server(&mock).run()
    };
    let ran = ask(40, "gpt-4o");
    // A call counts when another was under way with it, which all but a few of them have seen.
    assert!(hints(&ran)[0].contains(" calls of a fan-out went to `gpt-4o`"), "{ran:?}");
    assert_eq!(hints(&ask(19, "gpt-4o")), Vec::<&str>::new());
    assert_eq!(hints(&ask(30, "gpt-4o-mini")), Vec::<&str>::new());
    assert_eq!(hints(&ask(30, "llama3")), Vec::<&str>::new());
}

#[test]
fn answers_that_were_cut_are_counted() {
    let reply = |finish| Reply::Usage { text: "x".into(), input: 5, output: 7, finish };
    let mock = Mock::start(move |call| reply(if call.text() == "long" { "length" } else { "stop" }));
    let text = "(map-async (lambda (p) (llm-query p #:max-tokens 7)) '(\"long\" \"short\" \"long\"))
(llm-query \"long\")
'done";
    let ran = script(text).server(&mock).run();
    assert_eq!(hints(&ran), ["2 of 3 answers were cut at `#:max-tokens`; give more, or ask for less text"]);
}

#[test]
fn a_prompt_that_the_server_cut_is_noticed() {
    let mock = Mock::start(|call| {
        let input = if call.text().len() > 8192 { 2048 } else { 4 };
        Reply::Usage { text: "x".into(), input, output: 1, finish: "stop" }
    });
    let prose = "The quick brown fox jumps over the lazy dog, and then it sleeps. ".repeat(700);
    let ran = script("(llm-query #:instruction \"i\" #:data context)\n'done").context(&prose).server(&mock).run();
    let said = hints(&ran);
    assert!(
        said.len() == 1 && said[0].starts_with("1 prompt seems to have been cut by the server: it counted 2048"),
        "{ran:?}"
    );
    assert!(said[0].contains("num_ctx"), "{ran:?}");
    // The mock's own count is a quarter of the characters.
    let honest = Mock::echo();
    let ran = script("(llm-query #:instruction \"i\" #:data context)\n'done").context(&prose).server(&honest).run();
    assert_eq!(hints(&ran), Vec::<&str>::new());
}
