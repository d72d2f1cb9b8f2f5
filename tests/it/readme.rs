//! The README's first command, as it stands there.

use std::process::Command;

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
        .output()
        .expect("bessemer runs");
    let stdout = String::from_utf8(ran.stdout).expect("text");
    assert!(ran.status.success(), "{stdout}{}", String::from_utf8_lossy(&ran.stderr));
    for product in RECALLED {
        assert!(stdout.contains(product), "{product} is missing in:\n{stdout}");
    }
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
}

#[test]
fn the_second_command_is_what_ci_runs() {
    let readme = include_str!("../../README.md");
    let ci = include_str!("../../.ci/run");
    assert!(readme.contains("\ncargo test\n"));
    assert_eq!(ci.lines().last(), Some("cargo test"));
}
