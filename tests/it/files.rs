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
    for name in ["read-file", "open-input-file"] {
        let ran = script(&format!("({name} \"/etc/hostname\")")).run();
        assert_eq!((ran.code, &*ran.stdout), (Some(3), ""), "{ran:?}");
        let wanted = format!("error: {name}: reading `/etc/hostname` is not allowed\n");
        assert!(ran.stderr.starts_with(&wanted), "{ran:?}");
        assert!(ran.stderr.ends_with("hint: to allow it, run with `--allow-read=/etc/hostname`\n"), "{ran:?}");
    }
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

#[test]
fn rackets_procedures_read_and_write_what_is_granted() {
    let program = script(
        r#"
(define here (car (script-args)))
(define (in name) (build-path here name))
(define-syntax-rule (t form)
  (writeln (with-handlers ([exn:fail:filesystem? (lambda (e) (car (string-split (exn-message e) "\n")))]
                           [exn:fail? exn-message])
             form)))
(t (with-output-to-file (in "a.txt") (lambda () (for ([i 3]) (displayln i)))))
(t (file->lines (in "a.txt")))
(t (display-to-file "again" (in "a.txt")))
(t (display-lines-to-file '(a "b") (in "a.txt") #:exists 'append))
(t (list (file->string (in "a.txt")) (file-size (in "a.txt")) (file-exists? (in "a.txt")) (directory-exists? here)))
(t (call-with-output-file (in "a.txt") #:exists 'truncate (lambda (port) (write '(x "y") port) (write 'z port) 5)))
(t (list (file->value (in "a.txt")) (file->list (in "a.txt")) (file->bytes (in "a.txt"))))
(t (call-with-input-file (in "a.txt") (lambda (port) (list (read port) (read-char port) (read-char port)))))
(t (with-input-from-file (in "a.txt") read-line))
;; What is written is there before the port is closed, and a port is closed however it is left.
(define port (open-output-file (in "b.txt")))
(t (begin (display "soon" port) (file->string (in "b.txt"))))
(t (begin (close-output-port port) (list (port-closed? port) (string-port? port))))
(t (let ([kept #f]) (let/ec out (call-with-output-file (in "b.txt") #:exists 'append (lambda (p) (set! kept p) (out 1)))) (port-closed? kept)))
(t (map path->string (directory-list here)))
(t (begin (copy-file (in "b.txt") (in "c.txt")) (rename-file-or-directory (in "c.txt") (in "d.txt")) (delete-file (in "b.txt"))))
(t (map (lambda (p) (file-exists? (in p))) '("b.txt" "c.txt" "d.txt")))
(t (begin (make-directory* (build-path here "x" "y")) (map path->string (directory-list (in "x")))))
(t (file->string (in "none.txt")))
(t (delete-file (in "none.txt")))
(t (directory-list (in "none")))
(t (open-output-file (build-path here "none" "x.txt")))
(t (make-directory here))
(t (open-output-file (in "a.txt") #:exists 'nonsense))
(t (file->string 5))
(t (file->string "/etc/hostname"))
(t (delete-file "/etc/hostname"))
(t (list (build-path "a" 'up "b/" "c") (path-get-extension "a/b.tar.gz") (path-replace-extension "a/.b.x" #".y") (path-only "a/b") (file-name-from-path "a/b")))
(displayln (build-path "a" "b"))
(t (list (equal? (string->path "a") (build-path "a")) (path? "a") (path-string? "a") (path-string? 5)))"#,
    );
    let folder = program.path().parent().unwrap().join("held");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.display().to_string();
    let ran = program.args(&[&format!("--allow-write={folder}"), "--", &folder]).run();
    let wanted = r##"#<void>
("0" "1" "2")
"open-output-file: file exists"
#<void>
("0\n1\n2\na\nb\n" 10 #t #t)
5
((x "y") ((x "y") z) #"(x \"y\")z")
((x "y") #\z #<eof>)
"(x \"y\")z"
"soon"
(#t #f)
#t
("a.txt" "b.txt")
#<void>
(#f #f #t)
("y")
"open-input-file: cannot open input file"
"delete-file: cannot delete file"
"directory-list: could not open directory"
"open-output-file: error opening file"
"make-directory: cannot make directory;"
"open-output-file: contract violation\n  expected: (or/c 'error 'append 'update 'can-update 'replace 'truncate 'must-truncate 'truncate/replace)\n  given: 'nonsense"
"file->string: contract violation\n  expected: path-string?\n  given: 5"
"file->string: reading `/etc/hostname` is not allowed"
"delete-file: writing `/etc/hostname` is not allowed"
(#<path:a/../b/c> #".gz" #<path:a/.b.y> #<path:a/> #<path:b>)
a/b
(#t #f #t #f)
"##;
    assert_eq!(ran.stdout, wanted, "{ran:?}");
}
