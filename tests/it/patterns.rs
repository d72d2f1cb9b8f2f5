//! The pattern scripts: each prints what it should, offline and against a server, and makes the calls that its header
//! promises.
//!
//! A script is run by the command of its own header. `BLESS=1 cargo test patterns` writes what it prints to
//! `tests/patterns/`, to be looked at before it is kept.

use crate::{
    mock::{Call, Mock, Reply},
    program::{Ran, bessemer, confines, ran},
};
use bessemer::{
    llm::{Message, Model, Request, json::ASK, offline::Offline},
    wire::{JsonMode, Role},
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    task::{Context, Poll, Waker},
};

const CHEAP: &str = "gpt-4o-mini";
const SMART: &str = "gpt-4o";

/// What the offline model says, sent by a server.
fn offline(call: &Call) -> Reply {
    let (system, user) = (call.system(), call.text());
    let (system, json) = match system.split_once(ASK) {
        Some((system, _)) => (system.trim_end(), JsonMode::Asked),
        None => (system, JsonMode::Off),
    };
    let mut messages = vec![Message::new(Role::User, user.to_owned())];
    if !system.is_empty() {
        messages.insert(0, Message::new(Role::System, system.to_owned()));
    }
    let schema = &call.body["response_format"]["json_schema"]["schema"];
    let schema = schema.is_object().then(|| schema.to_string().into());
    let request = Request { messages, json, schema, ..Request::default() };
    match Offline.complete(&request).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(answer)) => Reply::Text(answer.text.to_string()),
        other => panic!("the offline model answers at once: {other:?}"),
    }
}

/// A script of `scripts/`, run as its header says.
fn run(name: &str, server: Option<&Mock>) -> Ran {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(repository.join(format!("scripts/{name}.scm"))).expect("the script is there");
    let header: Vec<&str> = text.lines().map_while(|line| line.strip_prefix(";;;")).map(str::trim).collect();
    let header = header.join(" ").replace("\\ ", "");
    let command = header.split("cargo run --release -- ").nth(1).expect("the header says how to run it");
    let arguments = command.split_whitespace().take_while(|word| !word.ends_with('.')).collect::<Vec<_>>();
    let end = arguments.iter().position(|word| *word == "--offline").expect("the header's command ends with it");
    let mut program = bessemer();
    program.current_dir(repository).args(&arguments[..end]).args((!confines()).then_some("--no-sandbox"));
    match server {
        Some(mock) => program.env("OPENAI_BASE_URL", mock.base_url()),
        None => program.arg("--offline"),
    };
    ran(&mut program)
}

/// Nothing went wrong. Hints may stand there, such as one on what the smart model costs.
fn well(ran: &Ran) {
    assert!(ran.code == Some(0) && ran.stderr.lines().all(|line| line.starts_with("hint: ")), "{ran:?}");
}

/// Runs a script offline and against a server. `calls`: how many it makes, by model.
fn pattern(name: &str, calls: &[(&str, usize)]) {
    let alone = run(name, None);
    well(&alone);
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/patterns/{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &alone.stdout).expect("the output is kept");
    }
    let wanted = std::fs::read_to_string(golden).expect("what it should print is there");
    assert_eq!(alone.stdout, wanted);
    let mock = Mock::start(offline);
    let served = run(name, Some(&mock));
    let mut made = BTreeMap::new();
    for body in mock.bodies() {
        *made.entry(body["model"].as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(made, calls.iter().map(|(model, n)| ((*model).to_owned(), *n)).collect(), "{served:?}");
    well(&served);
    assert_eq!(served.stdout, wanted);
}

#[test]
fn one_long_document_is_read_chunk_by_chunk() {
    pattern("map-reduce-document", &[(CHEAP, 9), (SMART, 1)]);
}

#[test]
fn a_summary_is_made_level_by_level() {
    pattern("progressive-summary", &[(CHEAP, 9)]);
}

#[test]
fn a_draft_is_improved_in_rounds() {
    pattern("refinement-chain", &[(CHEAP, 3), (SMART, 2)]);
}

#[test]
fn groups_are_compared_in_an_overview() {
    pattern("hierarchical-overview", &[(CHEAP, 50 + 9), (SMART, 1)]);
}

#[test]
fn batches_wait_for_each_other() {
    pattern("batch-rate-limit", &[(CHEAP, 50)]);
}

#[test]
fn a_needle_is_found_without_reading_the_haystack() {
    pattern("needle-in-a-haystack", &[(CHEAP, 8)]);
}

#[test]
fn questions_are_answered_from_the_best_passages() {
    pattern("document-qa", &[(SMART, 3)]);
}

#[test]
fn notes_are_merged_by_a_tree() {
    pattern("tree-aggregation", &[(CHEAP, 50 + 10 + 2 + 1)]);
}

#[test]
fn notes_are_carried_from_part_to_part() {
    pattern("cumulative-fold", &[(CHEAP, 5)]);
}

#[test]
fn prose_becomes_rows_and_rows_become_counts() {
    pattern("multi-stage", &[(CHEAP, 50 + 18), (SMART, 1)]);
}

#[test]
fn every_quotation_of_an_audit_stands_in_its_clause() {
    pattern("contract-audit", &[(CHEAP, 7 + 3)]);
}

#[test]
fn entities_are_extracted_at_batch_priority() {
    pattern("entity-extraction", &[(CHEAP, 50)]);
}

#[test]
fn a_review_cites_only_papers_that_exist() {
    pattern("literature-review", &[(CHEAP, 120 + 8), (SMART, 1)]);
}

#[test]
fn the_smart_model_sees_only_what_is_doubtful() {
    pattern("content-moderation", &[(CHEAP, 500), (SMART, 93)]);
}

#[test]
fn three_models_decide_together() {
    pattern("model-consensus", &[(CHEAP, 12), (SMART, 12), ("gpt-4.1", 12)]);
}

#[test]
fn what_repeats_itself_is_asked_once() {
    pattern("memoisation", &[(CHEAP, 79)]);
}

#[test]
fn the_sections_of_a_report_are_written_by_themselves() {
    pattern("section-report", &[(CHEAP, 3), (SMART, 1)]);
}

#[test]
fn results_are_worked_on_as_they_come() {
    pattern("stream-processing", &[(CHEAP, 50)]);
}

#[test]
fn the_best_answer_in_time_is_kept() {
    pattern("anytime-answer", &[(CHEAP, 1), (SMART, 2)]);
}

#[test]
fn a_bandit_learns_which_model_is_worth_its_price() {
    pattern("model-bandit", &[(CHEAP, 46), (SMART, 4)]);
}

#[test]
fn models_are_measured_by_gold_labels() {
    pattern("evaluation", &[(CHEAP, 50), (SMART, 50)]);
}

#[test]
fn five_steps_make_a_report_of_a_pile() {
    pattern("five-step-pipeline", &[(CHEAP, 50 + 18 + 1), (SMART, 2)]);
}

#[test]
fn the_second_step_begins_before_the_first_has_decided() {
    pattern("speculative", &[(CHEAP, 18)]);
}

#[test]
fn a_search_goes_back_where_the_rules_do_not_hold() {
    pattern("backtracking-search", &[(CHEAP, 11)]);
}

#[test]
fn every_part_gets_an_explorer() {
    pattern("recursive-delegation", &[(CHEAP, 9), (SMART, 9 + 1)]);
}

#[test]
fn a_program_that_a_model_wrote_is_run_apart_and_checked() {
    pattern("code-generation", &[(SMART, 1)]);
}

#[test]
fn a_model_chooses_how_each_question_is_answered() {
    pattern("meta-orchestration", &[(CHEAP, 1 + 5 + 1), (SMART, 3 + 1 + 1)]);
}

#[test]
fn every_script_has_a_header_a_test_and_a_line_in_the_readme() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut scripts = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "scm") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!(";;; {name}.scm -- ")), "{name}");
        for part in ["Problem ", "Shape ", "Calls ", "Run ", "The wrong pattern "] {
            assert!(text.contains(&format!("\n;;; {part}")), "{name}: {part}");
        }
        assert!(readme.contains(&format!("\n| `{name}` |")), "{name} is not in the README");
        // The first command of the project's README has tests of its own.
        let tested = include_str!("patterns.rs").contains(&format!("pattern(\"{name}\", "));
        assert!(tested || name == "parallel-fan-out", "{name} has no test");
        scripts += 1;
    }
    assert!(scripts > 20, "{scripts}");
}
