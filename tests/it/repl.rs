//! `bessemer repl`: forms from a pipe, and a session at a terminal, which tmux plays.

use crate::{
    mock::{Mock, Reply},
    program::{Ran, bessemer, confines, ended, ran},
};
use std::{
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

fn repl(folder: &Path) -> Command {
    let mut command = bessemer();
    command.arg("repl").args((!confines()).then_some("--no-sandbox")).current_dir(folder);
    // No history but the test's own.
    command.env("XDG_DATA_HOME", folder.join("data")).env("HOME", folder);
    command
}

/// Runs these lines, as from a pipe.
fn piped(folder: &Path, arguments: &[&str], lines: &str) -> Ran {
    std::fs::write(folder.join("stdin"), lines).unwrap();
    let stdin = std::fs::File::open(folder.join("stdin")).unwrap();
    ran(repl(folder).args(arguments).stdin(stdin))
}

/// Runs these lines offline.
fn offline(lines: &str) -> Ran {
    piped(TempDir::new().unwrap().path(), &["--offline"], lines)
}

#[test]
fn forms_from_a_pipe_run_one_after_the_other_without_prompts() {
    let ran =
        offline("(define (f x)\n  ; twice\n  (* x 2))\n\n(f 21)\n(list _ \"a\")\n(void)\n(displayln \"b\") 'c\n__\n");
    assert_eq!((ran.value(), &*ran.stderr), ("42\n(42 \"a\")\nb\nc\n(42 \"a\")", ""));
}

#[test]
fn what_is_defined_again_is_new_to_procedures_that_name_it() {
    let ran = offline(
        "(define y 1)\n(define (f) y)\n(f)\n(define y 2)\n(f)\n(set! y 3)\n(f)\n(define (g) 1)\n(define (h) (g))\n\
         (define (g) '(2))\n(h)\n(define z (list 1))\n(define (k) z)\n(define z (list 2))\n(k)\n(struct p (x))\n\
         (struct p (x y))\n(p-y (p 1 4))\n",
    );
    assert_eq!((ran.value(), &*ran.stderr), ("1\n2\n3\n(2)\n(2)\n4", ""));
}

#[test]
fn an_error_is_told_where_it_stands_and_the_next_form_runs() {
    let ran = offline("(define (first-of l)\n  (car l))\n(+ 1 1)\n(first-of 5)\n(display \"on\")\n");
    assert_eq!((&*ran.stdout, ran.code), ("2\non", Some(1)));
    assert!(ran.stderr.contains(" --> input 1:2:"), "{ran:?}");
    assert!(ran.stderr.contains("\n2 |   (car l))\n"), "{ran:?}");
}

#[test]
fn a_name_whose_definition_failed_has_no_value_until_it_is_defined_again() {
    let lines = "(define x (car '()))\n(list x 1)\n(define (f) (* 2 x))\n(f)\n(define x 5)\n(list x (f))\n";
    let ran = offline(lines);
    assert_eq!(ran.stdout, "(5 10)\n", "{ran:?}");
    let said = "error: x: undefined;\n its definition did not come to an end";
    assert_eq!(ran.stderr.matches(said).count(), 2, "{ran:?}");
    assert!(ran.stderr.contains("hint: define it again"), "{ran:?}");
}

#[test]
fn the_exit_code_is_that_of_the_last_error() {
    assert_eq!(offline("(car 5)\n,nothing\n1\n").code, Some(2));
    assert_eq!(offline(",nothing\n(car 5)\n1\n").code, Some(1));
    assert_eq!(offline("(car 5)\n,quit\n(display 1)\n").stdout, "");
    let unfinished = offline("1\n(list 2");
    assert_eq!((&*unfinished.stdout, unfinished.code), ("1\n", Some(1)));
    assert!(unfinished.stderr.contains("never closed"), "{unfinished:?}");
}

#[test]
fn what_an_input_leaves_running_can_be_looked_at_later() {
    let ran = offline(
        "(define h (llm-query-async \"One.\"))\n(define s (spawn (lambda () (sleep 0.05) (displayln \"ran\") 7)))\n\
         (define never (spawn (lambda () (sleep 1000))))\n(await s)\n(syntax-e (await h))\n(handle? never)\n",
    );
    assert_eq!((ran.value(), &*ran.stderr), ("ran\n7\n\"One.\"\n#t", ""));
}

#[test]
fn a_reset_forgets_all_but_what_was_spent() {
    let folder = TempDir::new().unwrap();
    let lines = "(define x 5)\n(syntax-e (llm-query \"a\"))\n,reset\nx\n,cost\n(llm-query \"b\")\n";
    let ran = piped(folder.path(), &["--offline", "--max-calls", "1"], lines);
    assert_eq!((&*ran.stdout, ran.code), ("\"a\"\n1 call, 1 + 1 tokens, $0.0000\n", Some(3)));
    assert!(ran.stderr.contains("`x` is not defined") && ran.stderr.contains("the budget of"), "{ran:?}");
}

#[test]
fn a_session_that_dies_is_replaced() {
    let ran = offline("(define x 5)\n(py-eval \"import os; os._exit(3)\")\n(+ 1 1)\nx\n");
    assert_eq!((&*ran.stdout, ran.code), ("2\n", Some(1)));
    assert!(ran.stderr.contains("note: the session ended with that"), "{ran:?}");
    assert!(ran.stderr.contains("`x` is not defined"), "{ran:?}");
}

#[test]
fn a_session_that_cannot_live_is_not_replaced_for_ever() {
    let folder = TempDir::new().unwrap();
    let mut command = repl(folder.path());
    // Nothing comes on standard input, and nothing ends it.
    command
        .args(["--offline", "--max-memory", "1MB"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("bessemer starts");
    let stdin = child.stdin.take();
    let ran = ended(child);
    drop(stdin);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("its limit of 1 MB"), "{ran:?}");
}

#[test]
fn commands_load_files_add_contexts_and_answer() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("report.txt"), "Ada wrote it.").unwrap();
    std::fs::write(folder.path().join("f.scm"), "(define (f x #:by [n 1])\n  (+ x n))\n(f 1)").unwrap();
    std::fs::write(folder.path().join("bad.scm"), "\n(car 5)").unwrap();
    let lines = "context\n,context report.txt\ncontext\n(py-eval \"len(context)\")\n,context more=report.txt\n\
                 (get-context \"more\")\n,load f.scm\n,help f\n,vars\n,reset\ncontext-names\n(context-names)\n";
    let ran = piped(folder.path(), &["--offline"], lines);
    let wanted = "\"\"\n\"Ada wrote it.\"\n13\n\"Ada wrote it.\"\n2\n(f x #:by [n 1])\nIt was defined here.\n\
                  f  #<procedure:f>\n#<procedure:context-names>\n(\"report.txt\" \"more\")";
    assert_eq!((ran.value(), &*ran.stderr), (wanted, ""));
    let ran = piped(folder.path(), &["--offline"], ",load bad.scm\n,load none.scm\n,apropos map-async\n,doc await\n");
    assert!(ran.stderr.contains(" --> bad.scm:2:") && ran.stderr.contains("`none.scm` cannot be read"), "{ran:?}");
    assert!(ran.stdout.starts_with("  (map-async f items") && ran.stdout.contains("\n(await handle) →"), "{ran:?}");
    assert_eq!(ran.code, Some(2));
}

#[test]
fn the_model_of_calls_that_name_none_can_be_changed() {
    let (mock, folder) = (
        Mock::start(|call| Reply::Text(format!("by {}", call.body["model"].as_str().unwrap()))),
        TempDir::new().unwrap(),
    );
    std::fs::write(
        folder.path().join("stdin"),
        "(syntax-e (llm-query \"x\"))\n,model other\n(syntax-e (llm-query \"x\"))\n(syntax-e (llm-query \"x\" #:model \"own\"))\n\
         ,reset\n(syntax-e (llm-query \"x\"))\n",
    )
    .unwrap();
    let stdin = std::fs::File::open(folder.path().join("stdin")).unwrap();
    let mut command = repl(folder.path());
    let ran = ran(command.args(["--model", "mock"]).env("OPENAI_BASE_URL", mock.base_url()).stdin(stdin));
    assert_eq!(ran.value(), "\"by mock\"\nother\n\"by other\"\n\"by own\"\n\"by other\"", "{ran:?}");
}

#[test]
fn standard_input_is_no_context() {
    let ran = piped(TempDir::new().unwrap().path(), &["--offline", "--context", "-"], "1\n");
    assert_eq!((&*ran.stdout, ran.code), ("", Some(2)));
    assert!(ran.stderr.starts_with("error: standard input cannot be a context here"), "{ran:?}");
}

#[test]
fn an_interrupt_ends_a_repl_that_nobody_sits_at() {
    let folder = TempDir::new().unwrap();
    let mut command = repl(folder.path());
    command.arg("--offline").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("bessemer starts");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"(displayln \"begun\") (let loop () (loop))\n").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    // SAFETY: a signal to a child that has not been waited for, so the number is still its own.
    assert_eq!(unsafe { libc::kill(child.id().cast_signed(), libc::SIGINT) }, 0);
    let ran = ended(child);
    drop(stdin);
    assert_eq!(ran.code, Some(130), "{ran:?}");
}

/// A terminal that tmux plays, 80 by 24.
struct Terminal {
    folder: TempDir,
}

impl Terminal {
    /// None, and a word about it, where there is no tmux.
    fn new() -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: there is no tmux to play a terminal");
            return None;
        }
        Some(Self { folder: TempDir::new().unwrap() })
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(self.folder.path().join("socket")).args(arguments);
        let program = repl(self.folder.path());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        String::from_utf8(command.env_remove("TMUX").output().unwrap().stdout).unwrap()
    }

    /// Starts the program, or starts it again; when it has ended, its exit code is shown.
    fn start(&self) {
        let program = repl(self.folder.path());
        let words: Vec<_> = program.get_args().map(|word| word.to_str().unwrap()).collect();
        let (program, folder) = (program.get_program().to_str().unwrap(), self.folder.path().to_str().unwrap());
        let line = format!("'{program}' {} --offline --quiet; echo \"left $?\"; sleep 1000", words.join(" "));
        match self.tmux(&["list-panes"]).is_empty() {
            true => self.tmux(&["new-session", "-d", "-x", "80", "-y", "24", "-c", folder, &line]),
            false => self.tmux(&["respawn-pane", "-k", "-c", folder, &line]),
        };
        self.prompts("1>");
    }

    /// Types text.
    fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key.
    fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Types a line and sends it off.
    fn line(&self, text: &str) {
        self.types(text);
        self.key("Enter");
    }

    /// Waits until a line begins so, and gives all lines.
    fn until(&self, beginning: &str) -> Vec<String> {
        self.shows(beginning, |lines| lines.iter().any(|line| line.starts_with(beginning)))
    }

    /// Waits until the last line is this prompt, and gives all lines.
    fn prompts(&self, prompt: &str) -> Vec<String> {
        self.shows(prompt, |lines| lines.last().is_some_and(|line| line == prompt))
    }

    fn shows(&self, what: &str, is_shown: impl Fn(&[String]) -> bool) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let screen = self.tmux(&["capture-pane", "-p"]);
            let lines: Vec<String> = screen.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
            if is_shown(&lines) {
                return lines;
            }
            assert!(begun.elapsed() < BOUND, "`{what}` is not shown:\n{}", lines.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn a_session_at_a_terminal() {
    let Some(terminal) = Terminal::new() else { return };
    terminal.start();
    terminal.line("(define (f x)");
    terminal.line("  (* x 2))");
    terminal.prompts("2>");
    terminal.line("(f 21)");
    let lines = terminal.prompts("3>");
    assert_eq!(lines, ["1> (define (f x)", "  (* x 2))", "2> (f 21)", "42", "3>"]);
    terminal.line("(car 5)");
    let lines = terminal.prompts("4>");
    assert!(lines.iter().any(|line| line.starts_with("error: car")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("--> input 3:1:")), "{lines:?}");
    terminal.line("(displayln \"begun\") (let loop () (loop))");
    terminal.until("begun");
    terminal.key("C-c");
    let lines = terminal.prompts("5>");
    assert!(lines.contains(&"error: interrupted".into()), "{lines:?}");
    // Typed, and thought better of.
    terminal.types("(unfinished");
    terminal.until("5> (unfinished");
    terminal.key("C-c");
    terminal.prompts("5>");
    terminal.line("(list (f 1) _)");
    assert!(terminal.prompts("6>").contains(&"(2 42)".into()));
    terminal.line(",reset");
    terminal.line("f");
    let lines = terminal.prompts("7>");
    assert!(lines.iter().any(|line| line.starts_with("error: `f` is not defined")), "{lines:?}");
    terminal.key("C-d");
    terminal.until("left 0");
    let history = terminal.folder.path().join("data/bessemer/history");
    assert_eq!(std::fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);

    terminal.start();
    for _ in 0..4 {
        terminal.key("Up");
    }
    // `f`, `,reset`, the list, what was thought better of is not kept, the loop: four inputs ago.
    terminal.until("1> (displayln \"begun\")");
    terminal.key("C-c");
    terminal.prompts("1>");
    terminal.key("C-d");
    terminal.until("left 0");
}

#[test]
fn names_are_completed_and_calls_explained_while_they_are_typed() {
    let Some(terminal) = Terminal::new() else { return };
    terminal.start();
    terminal.line("(define (my-own-reader path #:width [w 3]) w)");
    terminal.prompts("2>");
    terminal.types("(my-own-r");
    terminal.key("Tab");
    terminal.types(" ");
    terminal.until("2> (my-own-reader   ; (my-own-reader path #:width [w 3])");
    terminal.types("\"x\" #:");
    terminal.key("Tab");
    terminal.line(" 5)");
    let lines = terminal.prompts("3>");
    assert_eq!(lines[lines.len() - 3..], ["2> (my-own-reader \"x\" #:width 5)", "5", "3>"]);
}

#[test]
fn what_runs_on_is_heard_while_somebody_types() {
    let Some(terminal) = Terminal::new() else { return };
    terminal.start();
    terminal.line("(define h (spawn (lambda () (sleep 0.5) (displayln \"from afar\") 7)))");
    terminal.prompts("2>");
    terminal.types("(list 'mine (await h)");
    terminal.until("from afar");
    terminal.until("2> (list 'mine (await h)");
    terminal.line(")");
    assert!(terminal.prompts("3>").contains(&"(mine 7)".into()));
}

#[test]
fn a_value_that_the_screen_does_not_hold_is_cut() {
    let Some(terminal) = Terminal::new() else { return };
    terminal.start();
    terminal.line("(range 0 2000)");
    let lines = terminal.prompts("2>");
    assert_eq!(lines[0], "1> (range 0 2000)", "{lines:?}");
    assert!(lines[lines.len() - 2].ends_with(" lines more: `,show`"), "{lines:?}");
    terminal.line(",show");
    terminal.until(" 1989");
}
