//! The reference, the doctor, the completions and the manual page, as their readers get them.

use crate::{
    mock::Mock,
    program::{Ran, bessemer, ran, script},
};
use bessemer::primitives;
use serde_json::Value;

fn run(arguments: &[&str]) -> Ran {
    ran(bessemer().args(arguments))
}

#[test]
fn the_overview_has_every_name() {
    let all = run(&["doc"]);
    for primitive in primitives::all() {
        assert!(all.value().contains(&format!("({}", primitive.name)), "{}", primitive.name);
    }
    assert!(all.stdout.lines().all(|line| line.chars().count() <= 100) && !all.stdout.contains('\u{1b}'), "{all:?}");
}

#[test]
fn an_entry_says_all_there_is() {
    let entry = run(&["doc", "map-async"]);
    for part in
        ["(map-async f items #:max-concurrent 10", "Parameters", "default 'raise", "Example", "See also", "parallel"]
    {
        assert!(entry.value().contains(part), "{part}: {entry:?}");
    }
    // A procedure whose entry is a comment in the prelude.
    let entry = run(&["doc", "taking"]);
    assert!(entry.value().contains("n natural number, required") && entry.value().contains("into-list"), "{entry:?}");
    assert!(run(&["doc", "sleep", "--color", "always"]).value().contains('\u{1b}'));
}

#[test]
fn an_unknown_name_is_a_usage_error_with_the_nearest() {
    let unknown = run(&["doc", "map-asinc"]);
    assert_eq!((unknown.code, &*unknown.stdout), (Some(2), ""));
    assert!(unknown.stderr.starts_with("error: `map-asinc` is not in the reference\nhint: did you mean `map-async`"));
    assert_eq!(run(&["doc", "--search", "xyzzy"]).code, Some(2));
}

#[test]
fn a_search_finds_names_first() {
    let found = run(&["doc", "--search", "deadline"]);
    assert!(found.value().starts_with("  (with-deadline ") && found.value().contains("(map-async "), "{found:?}");
}

#[test]
fn the_markdown_has_every_entry() {
    let text = run(&["doc", "--markdown"]);
    let headings = text.value().lines().filter(|line| line.starts_with("### ")).count();
    assert_eq!(headings, primitives::all().count());
}

#[test]
fn help_and_apropos_print_the_same() {
    let entry = run(&["doc", "map-async"]).stdout;
    for form in ["(help map-async)", "(help 'map-async)", "(help \"map-async\")"] {
        assert_eq!(script(form).run().stdout, entry, "{form}");
    }
    assert_eq!(script("(apropos \"deadline\")").run().stdout, run(&["doc", "--search", "deadline"]).stdout);
    assert_eq!(script("(help)").run().stdout, run(&["doc"]).stdout);
    let unknown = script("\n(help map-asinc)").run();
    assert!(unknown.code == Some(1) && unknown.stderr.contains("did you mean `map-async`"), "{unknown:?}");
    assert!(unknown.stderr.contains("script.scm:2:"), "{unknown:?}");
}

#[test]
fn the_doctor_tells_what_is_there() {
    let well = run(&["doctor", "--offline"]);
    for what in ["interpreter: starts", "models: ", "descriptors: ", "stack: ", "memory: ", "confinement: "] {
        assert!(well.value().contains(what), "{what}: {well:?}");
    }
    assert!(well.value().ends_with("a run would work here"), "{well:?}");
    #[cfg(feature = "python")]
    assert!(well.value().contains("\npython: 3."), "{well:?}");
    let ill = run(&["doctor"]);
    assert!(
        ill.code == Some(1) && ill.stdout.contains("no provider is set up\n    better: set `OPENAI_API_KEY`"),
        "{ill:?}"
    );
}

#[test]
fn the_doctor_never_shows_a_key() {
    let mock = Mock::echo();
    let url = mock.base_url().replace("http://", "http://me:hidden-password@");
    let mut command = bessemer();
    command.args(["doctor", "--json", "--model", "llama3"]);
    command.env("OPENAI_API_KEY", "sk-hidden-key").env("OPENAI_BASE_URL", url);
    let told = ran(&mut command);
    let object: Value = serde_json::from_str(told.value()).unwrap();
    assert_eq!(object["works"], true, "{told:?}");
    assert!(told.stdout.contains("`OPENAI_API_KEY` is set") && told.stdout.contains(&mock.base_url()), "{told:?}");
    assert!(told.stdout.contains("`llama3`"), "{told:?}");
    for secret in ["hidden", "sk-"] {
        assert!(!told.stdout.contains(secret) && !told.stderr.contains(secret), "{told:?}");
    }
    assert_eq!(mock.count(), 0);
}

#[test]
fn the_doctor_outlives_a_python_that_does_not_start() {
    let told = ran(bessemer().args(["doctor", "--offline"]).env("PYTHONHOME", "/nonexistent"));
    if cfg!(feature = "python") {
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.stdout.starts_with("interpreter: Python cannot start"), "{told:?}");
        assert!(told.stdout.contains("better: ") && told.stdout.contains("memory: "), "{told:?}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for (shell, part) in [("bash", "complete -F"), ("zsh", "#compdef bessemer"), ("fish", "complete -c bessemer")] {
        let script = run(&["completions", shell]);
        assert!(script.value().contains(part) && script.value().contains("doctor"), "{shell}: {script:?}");
    }
    assert_eq!(run(&["completions", "cmd"]).code, Some(2));
}

#[test]
fn the_manual_page_is_one() {
    let page = run(&["man"]);
    assert!(page.value().contains(".TH bessemer 1") && page.value().contains("doctor"), "{page:?}");
    assert!(run(&["man", "run"]).value().contains("max\\-concurrent"));
    assert_eq!(run(&["man", "nothing"]).code, Some(2));
    assert!(run(&["--version"]).value().starts_with("bessemer "));
    assert!(run(&["help", "run"]).value().contains("--offline"));
}
