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
    llm::{Message, Model, Request, offline::Offline},
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
    let json = if system.contains("JSON") { JsonMode::Asked } else { JsonMode::Off };
    let mut messages = vec![Message::new(Role::User, user.to_owned())];
    if !system.is_empty() {
        messages.insert(0, Message::new(Role::System, system.to_owned()));
    }
    let request = Request { messages, json, ..Request::default() };
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

/// Runs a script offline and against a server. `calls`: how many it makes, by model.
fn pattern(name: &str, calls: &[(&str, usize)]) {
    let alone = run(name, None);
    assert_eq!((alone.code, &*alone.stderr), (Some(0), ""), "{alone:?}");
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
    assert_eq!((served.code, &*served.stderr), (Some(0), ""), "{served:?}");
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
