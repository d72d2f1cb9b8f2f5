//! `bessemer.toml`: providers, aliases, defaults, windows; the commands that write it and show what it comes to.
//!
//! Permissions are in `grants`, prices in `money`, limits in `limits`.

use crate::{
    mock::{Call, Mock, Reply},
    program::{Program, Ran, bessemer, ran, script},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A run of this script with this configuration, chosen by `--config`.
fn configured(text: &str, toml: &str) -> Program {
    let mut program = script(text).file("c.toml", toml).args(&["--config", "c.toml"]);
    program.online();
    program
}

/// Answers who was asked, with which key, and what a header said; lists two models.
fn noting(call: &Call) -> Reply {
    if call.path.ends_with("/models") {
        let list = json!({ "object": "list", "data": [{ "id": "zeta" }, { "id": "alpha" }] });
        return Reply::Status(200, vec![("content-type", "application/json".into())], list.to_string());
    }
    let header = |name| call.header(name).unwrap_or("-").to_owned();
    let model = call.body["model"].as_str().unwrap_or_default();
    Reply::Text(format!("{} {model} {} {}", call.path, header("authorization"), header("x-team")))
}

/// A server of the user's own.
fn own(mock: &Mock, rest: &str) -> String {
    format!("[providers.mine]\nbase-url = \"{}\"\nkey-env = \"MINE_KEY\"\n{rest}", mock.base_url())
}

#[test]
fn a_provider_of_ones_own_is_asked_with_its_key_and_headers() {
    let mock = Mock::start(noting);
    let toml = own(&mock, "headers = { \"X-Team\" = { env = \"MINE_TEAM\" } }\n[aliases]\nfast = \"mine/small\"\n");
    let text = r#"(list (syntax-e (llm-query "x" #:model "mine/big")) (syntax-e (llm-query "x" #:model "fast")))"#;
    let run = configured(text, &toml).env("MINE_KEY", "k-1").env("MINE_TEAM", "red").run();
    let said = |model: &str| format!("/v1/chat/completions {model} Bearer k-1 red");
    assert_eq!(run.value(), format!("({} {})", said("big"), said("small")));
    let run = configured(r#"(llm-query "x" #:model "fast")"#, &toml).run();
    assert!(run.code == Some(4) && run.stderr.contains("set `MINE_KEY`"), "{run:?}");
    assert_eq!(mock.count(), 2, "without its key it is not asked");
}

#[test]
fn a_server_that_speaks_another_format_is_asked_in_it() {
    let mock = Mock::start(|call| Reply::Text(format!("{} {}", call.path, call.header("x-api-key").unwrap_or("-"))));
    let toml = format!(
        "[providers.proxy]\nformat = \"anthropic\"\nbase-url = \"{}\"\nkey-env = \"MINE_KEY\"\n",
        mock.root_url()
    );
    let run = configured(r#"(llm-query "x" #:model "proxy/claude")"#, &toml).env("MINE_KEY", "k-2").run();
    assert_eq!(run.value(), "/v1/messages k-2");
}

#[test]
fn defaults_hold_where_no_flag_says_otherwise() {
    let mock = Mock::start(noting);
    let toml = own(&mock, "[defaults]\nmodel = \"mine/usual\"\nmax-calls = 1\n");
    let text = r#"(list (syntax-e (llm-query "x")) (try (begin (llm-query "x") 'sent) on-error (lambda (m) 'over)))"#;
    let run = configured(text, &toml).env("MINE_KEY", "k").run();
    assert!(run.value().contains(" usual ") && run.value().ends_with(" over)"), "{run:?}");
    let run = configured(text, &toml).env("MINE_KEY", "k").args(&["--max-calls", "2", "--model", "mine/x"]).run();
    assert!(run.value().contains(" x ") && run.value().ends_with(" sent)"), "{run:?}");
    let hanging = Mock::start(|_| Reply::Hang);
    let toml = own(&hanging, "[defaults]\ncall-timeout = \"200ms\"\nretries = 1\n");
    let text = r#"(with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-attempts f)))])
                    (llm-query "x" #:model "mine/m"))"#;
    assert_eq!(configured(text, &toml).env("MINE_KEY", "k").run().value(), "(timeout 2)");
}

#[test]
fn a_window_of_the_configuration_keeps_long_prompts_back() {
    let mock = Mock::start(noting);
    let toml = own(&mock, "[windows]\nsmall = 100\n");
    let text = r#"(with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-attempts f)))])
                    (llm-query (make-string 2000 #\7) #:model "mine/small"))"#;
    assert_eq!(configured(text, &toml).env("MINE_KEY", "k").run().value(), "(too-long 0)");
    assert_eq!(mock.count(), 0);
}

#[test]
fn a_folders_own_file_names_models_and_lowers_bounds_but_sends_nothing_elsewhere() {
    let mock = Mock::start(noting);
    let stranger = format!("[providers.openai]\nbase-url = \"{}\"\n", mock.base_url());
    let run = script("1").file("bessemer.toml", stranger).run();
    assert!(run.code == Some(2) && run.stderr.contains("line 1: `providers` is not heeded here"), "{run:?}");

    // One's own file bounds what the folder's may say.
    let home = TempDir::new().unwrap();
    let folder = home.path().join("bessemer");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("bessemer.toml"), "[defaults]\nmax-calls = 2\n").unwrap();
    let text = r#"(define (ask) (try (begin (llm-query "x" #:model "mine") 'sent) on-error (lambda (m) 'over)))
                  (list (ask) (ask) (ask))"#;
    let asked = |most: u32| {
        let toml = format!("[defaults]\nmax-calls = {most}\n[aliases]\nmine = \"offline\"\n");
        let program = script(text).file("bessemer.toml", toml);
        program.env("XDG_CONFIG_HOME", &home.path().display().to_string()).run().value().to_owned()
    };
    assert_eq!((asked(1), asked(100)), ("(sent over over)".into(), "(sent sent over)".into()));
}

#[test]
fn a_variable_that_holds_a_key_goes_to_no_script_unless_it_is_named() {
    let mock = Mock::start(noting);
    let toml = own(&mock, "");
    let text = r#"(py-eval "import os; [os.environ.get('MINE_KEY'), os.environ.get('PLAIN')]")"#;
    let seen = |flag: &str| {
        let program = configured(text, &toml).env("MINE_KEY", "k-3").env("PLAIN", "p");
        program.args(&[flag]).run().value().to_owned()
    };
    assert_eq!(seen("--allow-env"), "(#<void> p)");
    assert_eq!(seen("--allow-env=MINE_KEY"), "(k-3 #<void>)");
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_to_write() {
    for (toml, words) in [
        ("[providers.opnai]\nkey-env = \"A\"", "did you mean `[providers.openai]`?"),
        (
            "\n[providers.x]\nbase-url = \"localhost:1\"",
            "line 2: `localhost:1`, the `base-url` of `[providers.x]`, is no URL",
        ),
        ("[providers.x]\nbase-url = \"http://h\"\nformat = \"opneai\"", "did you mean `openai`?"),
        ("[providers.openai]\nformat = \"openai\"", "`[providers.openai]` speaks its own `format`"),
        ("[defaults]\ntimout = 3", "did you mean `timeout`?"),
        ("[defaults]\ntimeout = \"soon\"", "line 2: `soon` is no time above zero"),
        ("[defaults]\nmax-cost = -1.0", "line 2: `max-cost` must not be negative"),
        ("[windows]\nm = 0", "line 2: invalid value: integer `0`"),
        ("[aliases]\nfast = \"\"", "line 2: the alias `fast` names no model"),
        ("[alias]\n", "did you mean `aliases`?"),
        ("[limits]\nx = 3", "expected a table such as"),
    ] {
        let run = configured("1", toml).run();
        assert!(run.code == Some(2) && run.stderr.contains(words), "{toml}: {run:?}");
    }
}

/// Runs another subcommand with a configuration.
fn command(arguments: &[&str], toml: &str, environment: &[(&str, &str)]) -> Ran {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, toml).unwrap();
    ran(bessemer().args(arguments).arg("--config").arg(path).envs(environment.iter().copied()))
}

#[test]
fn models_lists_what_each_provider_has_and_what_it_costs() {
    let mock = Mock::start(noting);
    let toml = own(&mock, "[aliases]\nfast = \"mine/alpha\"\n[prices]\nalpha = { input = 1.5, output = 6.0 }\n");
    let run = command(&["models", "--json"], &toml, &[("MINE_KEY", "k"), ("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")]);
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    let [anthropic, mine] = &told["providers"].as_array().unwrap()[..] else { panic!("{told}") };
    assert!(anthropic["problem"].as_str().unwrap().contains("cannot connect"), "{told}");
    let alpha = json!({ "name": "alpha", "aliases": ["fast"], "window": null,
        "price": { "input": 1.5, "output": 6.0, "cached": null } });
    let zeta = json!({ "name": "zeta", "aliases": [], "window": null, "price": null });
    assert_eq!((&mine["provider"], &mine["models"]), (&json!("mine"), &json!([alpha, zeta])));
    let run = command(&["models", "zet"], &toml, &[("MINE_KEY", "k")]);
    assert!(run.stdout.contains("  zeta  ") && !run.stdout.contains("alpha"), "{run:?}");
    let run = command(&["models", "haiku-4", "--offline"], "", &[("ANTHROPIC_API_KEY", "key-of-the-test")]);
    assert!(run.stdout.contains("claude-haiku-4-5     200000          1 / 5  \"cheap\""), "{run:?}");
    assert!(!format!("{run:?}").contains("key-of-the-test"));
}

#[test]
fn the_doctor_asks_every_provider_once_when_told_to() {
    let good = Mock::start(noting);
    let bad = Mock::start(|call| match call.path.ends_with("/models") {
        true => noting(call),
        false => Reply::Status(401, vec![], r#"{"error": {"message": "bad key-of-the-test"}}"#.into()),
    });
    let toml = own(&good, "") + &format!("[providers.other]\nbase-url = \"{}\"\n", bad.base_url());
    let environment = [("MINE_KEY", "key-of-the-test")];
    let run = command(&["doctor", "--online"], &toml, &environment);
    assert!(run.stdout.contains("mine online: `alpha` answered in "), "{run:?}");
    assert!(run.stdout.contains("other online: auth: ") && run.code == Some(1), "{run:?}");
    assert!(run.stdout.contains("provider: `mine` at http://127.0.0.1:"), "{run:?}");
    assert!(!format!("{run:?}").contains("key-of-the-test"));
    assert_eq!((good.count(), bad.count()), (2, 2), "a list and a call each");
    command(&["doctor"], &toml, &environment);
    assert_eq!((good.count(), bad.count()), (2, 2), "otherwise nobody is asked");
}

#[test]
fn init_writes_a_file_once() {
    let home = TempDir::new().unwrap();
    let init = |arguments: &[&str]| {
        ran(bessemer().arg("init").args(arguments).env("XDG_CONFIG_HOME", home.path()).current_dir(home.path()))
    };
    let path = home.path().join("bessemer/bessemer.toml");
    let run = init(&[]);
    assert_eq!((run.code, run.stdout.trim_end()), (Some(0), &*path.display().to_string()));
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(init(&["--print"]).stdout, written);
    std::fs::write(&path, "[defaults]\n").unwrap();
    let again = init(&[]);
    assert!(again.code == Some(2) && again.stderr.contains("is there already, and stays"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[defaults]\n");
    assert_eq!(init(&["--here"]).stdout, "bessemer.toml\n");
    let here = std::fs::read_to_string(home.path().join("bessemer.toml")).unwrap();
    assert!(here.contains("[aliases]") && !here.contains("base-url"));
}
