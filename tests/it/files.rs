//! Arguments, and files under the grants of the command line.

use crate::program::script;

#[test]
fn arguments_behind_two_dashes_are_the_scripts() {
    let ran = script("(writeln (script-args))").args(&["--", "one", "--two", "-v", "ü b"]).run();
    assert_eq!(ran.value(), r#"("one" "--two" "-v" "ü b")"#);
    assert_eq!(script("(script-args)").run().value(), "()");
}

#[test]
fn the_scripts_own_folder_can_be_read_and_nothing_else() {
    let program = script(
        r#"
(define (attempt thunk) (with-handler failure-message (thunk)))
(define here (car (script-args)))
(writeln (read-file (string-append here "/script.scm")))
(display (attempt (lambda () (read-file "/etc/hostname"))))
(newline)
(display (attempt (lambda () (list-files "/etc/*"))))
(newline)
(display (attempt (lambda () (write-file (string-append here "/new.txt") "x"))))
(newline)
(display (attempt (lambda () (read-file (string-append here "/missing.txt")))))
(newline)
(length (list-files (string-append here "/*.scm")))"#,
    );
    let folder = program.path().parent().unwrap().display().to_string();
    let ran = program.args(&["--", &folder]).run();
    let lines: Vec<&str> = ran.value().lines().collect();
    assert!(lines[0].contains("read-file"), "{ran:?}");
    assert_eq!(lines[1], "read-file: reading `/etc/hostname` is not allowed");
    assert_eq!(lines[2], "list-files: listing `/etc` is not allowed");
    assert_eq!(lines[3], format!("write-file: writing `{folder}/new.txt` is not allowed"));
    assert!(lines[4].contains("cannot be read: No such file"), "{ran:?}");
    assert_eq!(lines[5], "1");
}

#[test]
fn what_is_not_granted_names_the_flag_and_has_a_code_of_its_own() {
    let ran = script("(read-file \"/etc/hostname\")").run();
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.starts_with("error: read-file: reading `/etc/hostname` is not allowed\n"), "{ran:?}");
    assert!(ran.stderr.ends_with("hint: to allow it, run with `--allow-read=/etc/hostname`\n"), "{ran:?}");
}

#[test]
fn flags_grant_paths_or_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("in.txt"), "inside").unwrap();
    let (read, write) = (format!("--allow-read={}", folder.path().display()), format!("--allow-write={}", path("out")));
    let text = format!(
        r#"
(write-file "{out}" (string-append (read-file "{input}") "!"))
(list (read-file "{out}")
      (try (write-file "{input}" "x") on-error (lambda (m) "not that one"))
      (length (list-files "{all}")))"#,
        out = path("out"),
        input = path("in.txt"),
        all = path("*")
    );
    assert_eq!(script(&text).args(&[&read, &write]).run().value(), "(inside! not that one 2)");
    assert_eq!(std::fs::read_to_string(path("out")).unwrap(), "inside!");
    let ran = script("(string? (read-file \"/etc/hostname\"))").args(&["--allow-read"]).run();
    assert_eq!(ran.value(), "#t");
    std::fs::write(path("latin1"), b"caf\xe9").unwrap();
    let ran = script(&format!("(read-file \"{}\")", path("latin1"))).args(&["--allow-read"]).run();
    assert!(ran.stderr.contains("is no UTF-8 text (byte 3)"), "{ran:?}");
}
