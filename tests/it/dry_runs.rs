//! `bessemer run --dry-run`: nothing is sent, and what it would have come to is told.

use crate::{
    mock::Mock,
    program::{Program, script},
};
use serde_json::{Value, json};

const TEXT: &str = r#"
    (define answers (map-async (lambda (i) (llm-query-async #:instruction "What failed?" #:data (format "Pump ~a failed." i)
                                                            #:max-tokens 60))
                               (range 0 30) #:max-concurrent 10))
    (display "not for the report")
    (llm-query #:instruction "Sum up." #:data (apply string-append answers) #:model "claude-haiku-4-5")
"#;

fn dry(text: &str) -> Program {
    let mut program = script(text).args(&["--dry-run"]);
    program.online();
    program
}

#[test]
fn a_dry_run_says_what_the_calls_would_come_to() {
    let mock = Mock::echo();
    let toml = "[prices]\nmock = { input = 1.0, output = 2.0 }\n[limits]\nopenai = { requests = 15 }\n";
    let program = || {
        let program = dry(TEXT)
            .env("OPENAI_BASE_URL", &mock.base_url())
            .env("ANTHROPIC_API_KEY", "none")
            .args(&["--model", "mock"]);
        program.file("c.toml", toml).args(&["--config", "c.toml"])
    };
    let ran = program().args(&["--max-cost", "0.001"]).run();
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "dry run: 31 calls, none of them sent; all figures are estimates");
    assert!(lines[2].starts_with("mock at OpenAI") && lines[2].contains("to 1,800"), "{ran:?}");
    assert!(lines[3].starts_with("claude-haiku-4-5") && lines[4].starts_with("in all"), "{ran:?}");
    // Thirty requests at fifteen a minute, of which fifteen go at once.
    assert!(
        lines[5].starts_with("time: about 60 s") && lines[5].contains("15 requests a minute for `mock`"),
        "{ran:?}"
    );
    for words in [
        "one after another: about ",
        "wholly on `claude-haiku-4-5`: ",
        "1 call has no `#:max-tokens`",
        "that may pass `--max-cost`",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    assert!(!ran.stdout.contains("not for the report"));
    let told: Value = serde_json::from_str(&program().args(&["--json"]).run().stdout).unwrap();
    let load = &told["dry_run"][0];
    assert_eq!(
        (&load["calls"], &load["output_tokens"]["most"], &load["seconds"]),
        (&json!(30), &json!(1800), &json!(60.0))
    );
    let (least, most) = (load["cost_usd"]["least"].as_f64().unwrap(), load["cost_usd"]["most"].as_f64().unwrap());
    let input = load["input_tokens"].as_f64().unwrap();
    assert!(least < most && (most - (input + 2.0 * 1800.0) / 1e6).abs() < 1e-9, "{told}");
    assert_eq!(mock.count(), 0);
}

#[test]
fn it_needs_no_key_writes_nothing_and_tells_how_far_a_script_came() {
    let text = r#"(llm-query "x" #:model "own/unknown" #:max-tokens 5) (write-file "out.txt" "x") (llm-query "y")"#;
    let program = dry(text).file("note", "").args(&["--allow-write=out.txt"]);
    let ran = program.run();
    assert_eq!(ran.code, Some(3), "it was denied");
    assert!(
        ran.stdout.starts_with("dry run: 1 call, none") && ran.stdout.contains("price of `own/unknown`"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("a dry run writes no files") && ran.stderr.contains("is not allowed"), "{ran:?}");
    assert!(!program.folder().join("out.txt").exists());
    assert_eq!(dry("(+ 1 2)").run().value(), "dry run: 0 calls, none of them sent; all figures are estimates");
    let part = "(provide ask)\n(define (ask) (llm-query \"x\"))\n(define (fail) (car 1))\n(provide fail)\n";
    let ran = dry("(require \"part.scm\")\n(ask)\n(fail)").file("part.scm", part).run();
    assert!(ran.stdout.starts_with("dry run: 1 call, none") && ran.stderr.contains("part.scm:3:"), "{ran:?}");
    let ran = dry("1").args(&["--offline"]).run();
    assert!(ran.code == Some(2) && ran.stderr.contains("cannot be used with"), "{ran:?}");
}
