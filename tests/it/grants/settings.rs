//! `bessemer.toml`: the user's own file grants, a folder's may only deny, and a mistake in either is told.

use super::skipped;
use crate::program::{Program, Ran, script};

const READS: &str = "(py-eval \"len(open('/etc/passwd').read()) > 0\")";

/// A script with the user's own file, or none, in a folder with a file of its own, or none.
fn with_files(text: &str, own: Option<&str>, found: Option<&str>) -> Program {
    let mut program = script(text).file("bystander.txt", "");
    if let Some(own) = own {
        program = program.file("home/bessemer/bessemer.toml", own);
    }
    if let Some(found) = found {
        program = program.file("bessemer.toml", found);
    }
    let home = program.folder().join("home").display().to_string();
    program.env("XDG_CONFIG_HOME", &home)
}

fn assert_mistake(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "no `{word}` in {}", ran.stderr);
    }
}

#[test]
fn the_users_own_file_grants_and_a_folders_file_takes_away() {
    if skipped() {
        return;
    }
    let grants = "[permissions]\nallow-read = [\"/etc/passwd\"]\n";
    assert_eq!(with_files(READS, Some(grants), None).run().value(), "#t");
    let denies = "[permissions]\ndeny-read = [\"/etc/passwd\"]\n";
    assert_eq!(with_files(READS, Some(grants), Some(denies)).run().code, Some(3));
    // A flag comes on top of the file, and no denial is undone by one.
    assert_eq!(with_files(READS, None, None).args(&["--allow-read=/etc/passwd"]).run().value(), "#t");
    assert_eq!(with_files(READS, None, Some(denies)).args(&["--allow-read=/etc/passwd"]).run().code, Some(3));
}

#[test]
fn a_downloaded_folder_grants_its_scripts_nothing() {
    for key in ["allow-read", "allow-write", "allow-net", "allow-env", "allow-run", "no-sandbox"] {
        let file = format!("[permissions]\n{key} = true\n");
        let ran = with_files("1", None, Some(&file)).run();
        assert_mistake(&ran, &["`bessemer.toml`: line 2", key, "may only deny", "--config bessemer.toml"]);
        assert_eq!(ran.stdout, "", "the script did not run");
    }
}

#[test]
fn a_file_that_was_chosen_takes_the_place_of_both_and_may_grant() {
    if skipped() {
        return;
    }
    let (grants, denies) = ("[permissions]\nallow-read = [\"/etc/passwd\"]\n", "[permissions]\ndeny-read = true\n");
    let ran = with_files(READS, None, Some(grants)).args(&["--config", "bessemer.toml"]).run();
    assert_eq!(ran.value(), "#t");
    let ran = with_files(READS, Some(denies), Some(denies)).file("x.toml", grants).args(&["--config", "x.toml"]).run();
    assert_eq!(ran.value(), "#t");
    let open = "[permissions]\nno-sandbox = true\n";
    let ran = with_files(READS, None, None).file("x.toml", open).args(&["--config", "x.toml"]).run();
    assert_mistake(&ran, &["`no-sandbox` is not heeded here: only your own file may say that"]);
    assert_eq!(with_files(READS, Some(open), None).run().value(), "#t");
    assert_mistake(&with_files("1", None, None).args(&["--config", "no.toml"]).run(), &["there is no such file"]);
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_line_and_the_key_that_was_meant() {
    let ran = with_files("1", Some("[permissions]\nallow-raed = true\n"), None).run();
    assert_mistake(&ran, &["line 2: unknown field `allow-raed`", "hint: did you mean `allow-read`?"]);
    let ran = with_files("1", Some("[permissions]\nallow-net = [\"https://a/\"]\n"), None).run();
    assert_mistake(&ran, &["line 2: `https://a/` is no host"]);
}
