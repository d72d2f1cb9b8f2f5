//! The README's commands, as they stand there.

use crate::{
    mock::{Mock, Reply},
    program::{bessemer, confines, ran, script},
};
use std::{path::PathBuf, process::Command};
use tempfile::TempDir;

/// The products that the reports say are recalled (`scripts/data/README.md`).
const RECALLED: &[&str] = &[
    "Corvane V8 stick vacuum",
    "Lumenary P3 lantern",
    "Murmur B2 baby monitor",
    "Tindra 40 cordless hedge trimmer",
    "Roamwell H6 handheld fan",
    "Brisel N4 portable blender",
    "Halden K2 kettle",
    "Strand 7 pressure cooker",
    "Nebrin D9 dehumidifier",
    "Pollard M3 stand mixer",
    "Ferrow C5 food processor",
    "Aurelle T2 thermostat",
    "Aldermoor O1 oven",
    "Vigil G4 smoke alarm",
    "Quillon W6 washing machine",
    "Veldra R2 fan heater",
    "Morwen C8 coffee starter pack",
    "Clemmow J3 juicer",
];

#[test]
fn the_first_command_reads_the_reports_and_finds_every_recall() {
    let line = include_str!("../../README.md")
        .lines()
        .find_map(|line| line.strip_prefix("cargo run --release -- "))
        .expect("the README has the command");
    let ran = Command::new(env!("CARGO_BIN_EXE_bessemer"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(line.split_whitespace())
        .args((!confines()).then_some("--no-sandbox"))
        .output()
        .expect("bessemer runs");
    let stdout = String::from_utf8(ran.stdout).expect("text");
    assert!(ran.status.success(), "{stdout}{}", String::from_utf8_lossy(&ran.stderr));
    for product in RECALLED {
        assert!(stdout.contains(product), "{product} is missing in:\n{stdout}");
    }
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
}

/// The README's programs, less the first, which is a part of one.
fn programs() -> Vec<&'static str> {
    let blocks = include_str!("../../README.md").split("```scheme\n").skip(2);
    blocks.map(|block| block.split("```").next().unwrap_or(block)).collect()
}

#[test]
fn every_program_of_the_readme_works() {
    let programs = programs();
    assert!(programs.len() > 3, "only {} programs were found", programs.len());
    for program in programs {
        let ran = script(program).run();
        // What the offline vectors are is said wherever they are used.
        let quiet =
            ran.stderr.is_empty() || program.contains("llm-embed") && ran.stderr.contains("no language model's");
        assert!(ran.code == Some(0) && quiet, "{program}: {ran:?}");
    }
}

#[test]
fn every_flag_of_a_run_is_in_the_readme() {
    let ran = ran(bessemer().args(["run", "--help"]));
    let flags: Vec<&str> = ran.stdout.split([' ', ',', '[', '\n', '.', '`']).filter(|word| word.len() > 2).collect();
    let flags: Vec<&str> = flags.into_iter().filter(|word| word.starts_with("--") && *word != "--help").collect();
    assert!(flags.len() > 13, "{flags:?}");
    let table: Vec<&str> = include_str!("../../README.md").lines().filter(|line| line.starts_with("| `-")).collect();
    for flag in flags {
        let named = |line: &&str| {
            line.contains(&format!("`{flag}`"))
                || line.contains(&format!("`{flag} "))
                || line.contains(&format!("`{flag}["))
        };
        assert!(table.iter().any(named), "`{flag}` is not in the README's table");
    }
}

/// What is not run: it would run these tests, or change the machine.
const EXCEPTED: &[&str] = &["cargo test", "export "];

/// The lines of the README's `sh` blocks, comments left out.
fn commands() -> Vec<&'static str> {
    let (mut commands, mut inside) = (Vec::new(), false);
    for line in include_str!("../../README.md").lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => commands.push(line.split(" #").next().unwrap_or(line).trim()),
            _ => {}
        }
    }
    commands.retain(|command| !command.is_empty());
    commands
}

/// A folder with the files that the README's commands name.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    std::os::unix::fs::symlink(repository.join("scripts"), folder.path().join("scripts")).unwrap();
    std::fs::write(folder.path().join("script.scm"), "(finish (llm-query #:instruction \"Sum up.\" #:data context))")
        .unwrap();
    std::fs::write(folder.path().join("report.txt"), "Ada wrote the program.").unwrap();
    std::fs::write(folder.path().join("typed"), "context\n").unwrap();
    folder
}

/// The words of a command; quotes keep some together.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn every_command_of_the_readme_works() {
    let mock = Mock::start(|call| {
        let root = call.text().starts_with("# Question");
        Reply::Text(if root { "```scheme\n(finish (string-length context))\n```" } else { "[]" }.into())
    });
    let folder = folder();
    let mut count = 0;
    for command in commands() {
        if EXCEPTED.iter().any(|excepted| command.starts_with(excepted)) {
            continue;
        }
        let program = ["cargo run --release -- ", "bessemer "].iter().find_map(|p| command.strip_prefix(p));
        let arguments = program.unwrap_or_else(|| panic!("`{command}` is neither run nor excepted"));
        let mut command = bessemer();
        command.current_dir(folder.path()).args(words(arguments)).env("OPENAI_BASE_URL", mock.base_url());
        if arguments.starts_with("repl") {
            command.stdin(std::fs::File::open(folder.path().join("typed")).unwrap());
        }
        let ran = ran(&mut command);
        assert_eq!(ran.code, Some(0), "{arguments}: {ran:?}");
        // Its turns are told as they happen.
        assert_eq!(ran.stderr.is_empty(), !arguments.starts_with("ask"), "{arguments}: {ran:?}");
        assert!(!ran.stdout.is_empty(), "{arguments}");
        count += 1;
    }
    assert!(count > 5, "only {count} commands were found");
}

#[test]
fn the_second_command_is_what_ci_runs() {
    let readme = include_str!("../../README.md");
    let ci = include_str!("../../.ci/run");
    assert!(readme.contains("\ncargo test\n"));
    assert_eq!(ci.lines().last(), Some("cargo test"));
}

#[test]
fn the_program_in_rust_is_the_one_that_its_documentation_runs() {
    let readme = include_str!("../../README.md");
    let (_, program) = readme.split_once("```rust\n").expect("the README has a program in Rust");
    let (program, _) = program.split_once("```").unwrap();
    // Lines that begin with `#` are run there and not shown.
    let documented = include_str!("../../src/embed/mod.rs").lines().filter(|line| !line.starts_with("//! #"));
    let documented: String =
        documented.map(|line| format!("{}\n", line.trim_start_matches("//!").replacen(' ', "", 1))).collect();
    assert!(documented.contains(program), "{program}\nis not in\n{documented}");
}
