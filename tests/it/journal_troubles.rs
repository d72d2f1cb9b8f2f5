//! A journal that cannot be used, or not for a while: nothing is spent, or nothing is lost, and it is told.

use crate::{
    journal::{query, resume, runs},
    mock::{Mock, Reply},
    program::{Program, Ran, ran, script},
};
use rusqlite::Connection;
use serde_json::json;
use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt},
    sync::Arc,
};

/// A run whose journal is spoilt beforehand: nothing may be asked.
fn refused(spoil: impl FnOnce(&Program)) -> String {
    let mock = Mock::start(|_| panic!("nothing is asked"));
    let program = script("(llm-query \"a\")").server(&mock);
    std::fs::create_dir_all(program.journal().parent().unwrap()).unwrap();
    spoil(&program);
    let ran = program.run();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    let path = program.journal().display().to_string();
    ran.stderr.replace(&path, "PATH")
}

#[test]
fn a_journal_that_cannot_be_used_is_told_before_anything_is_spent() {
    let newer = refused(|program| {
        program.also(&["run", program.path().to_str().unwrap(), "--offline"]).output().unwrap();
        Connection::open(program.journal()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    });
    let said = "error: the journal `PATH` is from a newer Bessemer (its format is 99, this one knows 2)\nhint: update Bessemer, ";
    assert!(newer.starts_with(said), "{newer}");
    let foreign = refused(|program| {
        Connection::open(program.journal()).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    });
    assert!(foreign.starts_with("error: the journal `PATH` cannot be used: it is a database of another"), "{foreign}");
    let corrupt = refused(|program| std::fs::write(program.journal(), "no database at all".repeat(500)).unwrap());
    assert!(
        corrupt.starts_with("error: the journal `PATH` cannot be used: file is not a database\nhint: "),
        "{corrupt}"
    );
    let folder = refused(|program| std::fs::create_dir(program.journal()).unwrap());
    assert!(folder.starts_with("error: the journal `PATH` cannot be written: Is a directory"), "{folder}");
}

#[test]
fn a_locked_journal_is_waited_for_and_then_told() {
    let locked = refused(|program| {
        program.also(&["run", program.path().to_str().unwrap(), "--offline"]).output().unwrap();
        let connection = Connection::open(program.journal()).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        // It is held until the test's process ends.
        std::mem::forget(connection);
    });
    assert!(locked.starts_with("error: the journal `PATH` is locked by another process\nhint: wait for"), "{locked}");
}

#[test]
fn a_journal_that_may_only_be_read_is_told_before_anything_is_spent() {
    let mock = Mock::start(|_| panic!("nothing is asked"));
    let program = script("(llm-query \"a\")").server(&mock);
    program.also(&["run", program.path().to_str().unwrap(), "--offline"]).output().unwrap();
    let (journal, read_only) = (program.journal(), std::fs::Permissions::from_mode(0o400));
    std::fs::set_permissions(&journal, read_only).unwrap();
    let mut command = program.command();
    // SAFETY: the call may be made between fork and exec.
    unsafe {
        command.pre_exec(|| {
            // The superuser may write to what may only be read, but for this. Others may not do it, and need not.
            const CAP_DAC_OVERRIDE: libc::c_ulong = 1;
            libc::prctl(libc::PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
            Ok(())
        });
    }
    let ran = ran(&mut command);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    let said = format!("error: the journal `{}` cannot be written: Permission denied", journal.display());
    assert!(ran.stderr.starts_with(&said), "{}", ran.stderr);
}

#[test]
fn a_disk_that_fills_up_loses_no_answer_and_is_told() {
    let mock = Mock::start(|call| Reply::Text(format!("{}{}", call.text(), "x".repeat(20_000))));
    let program = script(
        "(finish (length (map-async (lambda (i) (llm-query (number->string i))) (range 0 100) #:max-concurrent 4)))",
    )
    .server(&mock);
    let mut command = program.command();
    // SAFETY: both calls may be made between fork and exec.
    unsafe {
        command.pre_exec(|| {
            // No file of the run's grows beyond this, as on a disk that is full.
            let limit = libc::rlimit { rlim_cur: 400_000, rlim_max: 400_000 };
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            if libc::setrlimit(libc::RLIMIT_FSIZE, &limit) == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        });
    }
    let ran = ran(&mut command);
    assert_eq!((ran.value(), mock.count()), ("100", 100));
    assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
    assert!(ran.stderr.contains("missing in the journal"), "{}", ran.stderr);
    // What it could write it has, and the rest is made again.
    assert_eq!(runs(&program)[0]["status"], "broken");
    let kept = query(&program, "SELECT count(*) FROM calls") as usize;
    assert!((1..100).contains(&kept), "{kept}");
    assert_eq!((resume(&program, &[]).value(), mock.count()), ("100", 200 - kept));
}

/// A run of twenty calls during which another has the journal to itself, from the sixth to the `last` or beyond the end.
fn locked_out(last: usize) -> (Program, Ran, Mock) {
    let locked = Arc::new(std::sync::Mutex::new(None::<Connection>));
    let program = script(
        "(finish (length (map-async (lambda (i) (llm-query (number->string i))) (range 0 20) #:max-concurrent 1)))",
    );
    let (lock, path) = (locked.clone(), program.journal());
    let mock = Mock::start(move |call| {
        let mut lock = lock.lock().unwrap();
        match call.n {
            5 => {
                let connection = Connection::open(&path).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                *lock = Some(connection);
            }
            n if n == last => *lock = None,
            _ => {}
        }
        Reply::Text(call.text().into())
    });
    let program = program.server(&mock);
    let ran = program.run();
    assert_eq!(ran.value(), "20");
    *locked.lock().unwrap() = None;
    (program, ran, mock)
}

#[test]
fn a_journal_that_is_locked_while_it_runs_is_written_later() {
    let (program, ran, _mock) = locked_out(15);
    assert_eq!(ran.stderr, "");
    assert_eq!(query(&program, "SELECT count(*) FROM calls"), 20);
}

#[test]
fn a_journal_that_stays_locked_has_everything_when_it_is_next_opened() {
    let (program, ran, mock) = locked_out(usize::MAX);
    assert!(ran.stderr.contains("is locked by another process; the run goes on"), "{}", ran.stderr);
    assert!(ran.stderr.contains("what it lacks lies beside it"), "{}", ran.stderr);
    assert!(query(&program, "SELECT count(*) FROM calls") < 20);
    let run = &runs(&program)[0];
    assert_eq!((&run["status"], &run["done"]), (&json!("finished"), &json!(20)));
    assert_eq!((resume(&program, &[]).value(), mock.count()), ("20", 20));
    assert!(!program.journal().with_file_name("journal.sqlite-spool").exists(), "nothing stays beside it");
}
