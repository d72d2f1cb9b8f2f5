//! The dialect: every assertion and every program of `tests/dialect`, whose expected values Racket itself gave
//! (`tests/dialect/verify.rkt`). No Racket is needed here.

use crate::program::zygote;
use bessemer::{
    error::Error,
    llm::{dispatch::Dispatcher, router},
    session::{Listener, Program, Progress, Session, Zygote},
    wire::Stream,
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;

/// How long any one program may take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(20);

/// What the program prints to begin what an assertion came to.
const MARK: &str = "\n@@";

/// Keeps what a program writes to standard output.
#[derive(Default)]
struct Screen(String);

impl Listener for Screen {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        if matches!(stream, Stream::Stdout) {
            self.0 += text;
        }
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

/// What a program printed, its value included as `bessemer run` prints it, and the error that ended it.
struct Ran {
    stdout: String,
    error: Option<String>,
    /// The line of the error.
    line: Option<usize>,
}

/// Runs a program in a session of its own.
async fn run(zygote: &Zygote, text: String) -> Ran {
    let offline = router::Settings { offline: true, ..Default::default() };
    let mut session =
        Session::start(zygote, Dispatcher::new(router::stack(offline), 10)).await.expect("a session starts");
    let (_keep, mut stopped) = mpsc::unbounded_channel();
    let mut screen = Screen::default();
    let shown = text.clone();
    let program = Program { text, timeout: Some(BOUND), ..Program::default() };
    let report = session.run(program, &mut screen, &mut stopped).await;
    let stdout = screen.0;
    match report.outcome {
        Ok(outcome) => {
            let value = outcome.value.map(|value| value + "\n").unwrap_or_default();
            Ran { stdout: stdout + &value, error: None, line: None }
        }
        Err(error) => {
            let told = error.plain("program", &shown).trim_end().to_owned();
            Ran { stdout, error: Some(told), line: error.line(&shown) }
        }
    }
}

/// The files of a folder with this extension, sorted.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialect").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    files
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}

/// A top-level form of a file of assertions: its line, its text as written, and whether it is an assertion.
#[derive(Clone)]
struct Form {
    line: usize,
    text: String,
    assertion: bool,
}

/// A form begins where a parenthesis stands first in a line.
fn forms(text: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if let Some(inside) = content.strip_prefix('(') {
            let head = inside.split([' ', '\n']).next().unwrap_or_default();
            let assertion = ["check", "check-output", "check-error"].contains(&head);
            forms.push(Form { line, text: content.into(), assertion });
        } else if let Some(form) = forms.last_mut().filter(|_| !content.is_empty() && !content.starts_with(";;")) {
            let _ = write!(form.text, "\n{content}");
        }
    }
    forms
}

/// The harness and these forms as a program; each assertion is told its line.
fn program(harness: &str, forms: &[Form]) -> String {
    let mut text = harness.to_owned();
    for form in forms {
        match form.text.split_once(' ').filter(|_| form.assertion) {
            Some((head, rest)) => text += &format!("{head} {} {rest}\n", form.line),
            None => text += &format!("{}\n", form.text),
        }
    }
    text + "(void)\n"
}

/// What the assertions that ran came to, by line: `None` is well.
fn verdicts(stdout: &str) -> BTreeMap<usize, Option<String>> {
    let mut found = BTreeMap::new();
    let blocks = ["pass ", "fail ", "output ", "message "];
    for (at, _) in stdout.match_indices(MARK) {
        let block = &stdout[at + MARK.len()..];
        let Some(kind) = blocks.into_iter().find(|kind| block.starts_with(kind)) else { continue };
        let (line, rest) = block[kind.len()..].split_once('\n').unwrap_or((&block[kind.len()..], ""));
        let Ok(line) = line.parse() else { continue };
        let body = rest.split("\n@@end\n").next().unwrap_or_default();
        let (got, wanted) = body.split_once("\n@@wanted\n").unwrap_or((body, ""));
        let verdict = match kind {
            "pass " => None,
            "fail " => Some(body.to_owned()),
            "output " => (got != wanted).then(|| format!("printed: {got:?}\n wanted: {wanted:?}")),
            _ => (!got.contains(wanted)).then(|| format!(" raised: {got:?}\n wanted: {wanted:?}")),
        };
        found.insert(line, verdict);
    }
    found
}

/// The definitions that run, and those that do not, each with what is wrong with it.
async fn sifted(zygote: &Zygote, harness: &str, mut kept: Vec<Form>) -> (Vec<Form>, Vec<(Form, String)>) {
    let mut failed = Vec::new();
    while let Ran { error: Some(error), line, .. } = run(zygote, program(harness, &kept)).await {
        // The form that the error stands in; where it does not say, the last: then the next round blames another.
        let mut end = harness.lines().count();
        let blamed = kept.iter().position(|form| {
            end += form.text.lines().count();
            line.is_some_and(|line| line <= end)
        });
        let Some(form) = blamed.map(|at| kept.remove(at)).or_else(|| kept.pop()) else { break };
        failed.push((form, error));
    }
    (kept, failed)
}

/// What failed of a file of assertions, in its order, each with its line; and how many assertions there are.
///
/// Where the file does not run as a whole, each definition that does not is told and left out, and each assertion that
/// was not heard of runs in a session of its own.
async fn failures(zygote: &Zygote, harness: &str, text: &str) -> (Vec<(Form, String)>, usize) {
    let forms = forms(text);
    let (assertions, definitions): (Vec<Form>, Vec<Form>) = forms.iter().cloned().partition(|form| form.assertion);
    let whole = run(zygote, program(harness, &forms)).await;
    let mut heard = verdicts(&whole.stdout);
    let missing = heard.len() < assertions.len();
    let (kept, mut failed) =
        if missing { sifted(zygote, harness, definitions).await } else { (Vec::new(), Vec::new()) };
    let asserted = assertions.len();
    for form in assertions {
        let verdict = match heard.remove(&form.line) {
            Some(verdict) => verdict,
            None => {
                // What it calls may be defined below it.
                let alone =
                    run(zygote, program(harness, &[kept.as_slice(), std::slice::from_ref(&form)].concat())).await;
                let unheard = || Some(alone.error.unwrap_or_else(|| "it told nothing".into()));
                verdicts(&alone.stdout).remove(&form.line).unwrap_or_else(unheard)
            }
        };
        failed.extend(verdict.map(|verdict| (form, verdict)));
    }
    failed.sort_by_key(|(form, _)| form.line);
    (failed, asserted)
}

/// What the failures say first, most frequent first: where to begin.
fn causes<'a>(verdicts: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in verdicts {
        let said =
            verdict.lines().map(str::trim).find(|line| line.starts_with("error: ") || line.starts_with("raised: "));
        *counts.entry(said.unwrap_or("another value or other output")).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().take(40).map(|(said, count)| format!("{count:5} {said}\n")).collect()
}

#[tokio::test]
async fn every_assertion_of_the_conformance_suite_holds() {
    let zygote = zygote();
    let (mut told, mut all, mut total, mut failing) = (String::new(), Vec::new(), 0, 0);
    let areas = files(".", "scm");
    let harness = read(areas.iter().find(|path| path.ends_with("harness.scm")).expect("the harness is there"));
    for path in areas.iter().filter(|path| !path.ends_with("harness.scm")) {
        let (failed, asserted) = failures(&zygote, &harness, &read(path)).await;
        total += asserted;
        failing += failed.len();
        for (form, verdict) in failed {
            let _ = writeln!(told, "{}:{}: {}\n{verdict}\n", name(path), form.line, form.text);
            all.push(verdict);
        }
    }
    assert!(total >= 700, "only {total} assertions were found");
    let causes = causes(all.iter().map(String::as_str));
    assert!(failing == 0, "{told}{failing} of {total} assertions fail, by what they say first:\n{causes}");
}

/// The first line that differs, with its number.
fn difference(got: &str, wanted: &str) -> String {
    let (mut left, mut right) = (got.lines(), wanted.lines());
    for line in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (got, wanted) if got == wanted => (),
            (got, wanted) => {
                let shown = |text: Option<&str>| text.map_or("nothing more".into(), |t| format!("{t:?}"));
                return format!("  line {line}:    got {}\n  line {line}: wanted {}\n", shown(got), shown(wanted));
            }
        }
    }
    "  the last newline\n".into()
}

#[tokio::test]
async fn every_program_prints_what_it_prints_in_racket() {
    let zygote = zygote();
    let programs = files("programs", "rkt");
    let (mut told, mut names, mut all) = (String::new(), Vec::new(), Vec::new());
    for path in &programs {
        let wanted = read(&path.with_extension("out"));
        let ran = run(&zygote, read(path)).await;
        if ran.stdout != wanted || ran.error.is_some() {
            let _ = writeln!(told, "{}:", name(path));
            if ran.stdout != wanted {
                told += &difference(&ran.stdout, &wanted);
            }
            for line in ran.error.iter().flat_map(|error| error.lines()) {
                let _ = writeln!(told, "  {line}");
            }
            all.push(ran.error.unwrap_or_default());
            names.push(name(path));
        }
    }
    assert!(programs.len() >= 100, "only {} programs were found", programs.len());
    let well = programs.len() - names.len();
    assert!(
        names.is_empty(),
        "{told}\n{well} of {} programs print what Racket prints; these do not: {names:?}",
        programs.len()
    );
}

#[test]
fn an_assertion_that_fails_is_told_with_its_line() {
    let text =
        "(define x 1)\n(check x => 1)\n\n;; y\n(check (list\n  x) => (2))\n(check-output (display x) => \"1\")\n";
    let forms = forms(text);
    assert_eq!(
        forms.iter().map(|f| (f.line, f.assertion)).collect::<Vec<_>>(),
        [(1, false), (2, true), (5, true), (7, true)]
    );
    let ran = program("", &forms);
    assert!(ran.contains("(check 5 (list\n  x) => (2))\n") && ran.contains("(check-output 7 (display"), "{ran}");
    let stdout = "\n@@pass 2\n\n@@fail 5\n   got: (1)\nwanted: (2)\n@@end\n\n@@output 7\n2\n@@wanted\n1\n@@end\n\
        \n@@message 9\ncar: no\n@@wanted\ncar\n@@end\n";
    let found = verdicts(stdout);
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [2, 5, 7, 9]);
    assert_eq!((&found[&2], &found[&9]), (&None, &None));
    assert_eq!(found[&5].as_deref(), Some("   got: (1)\nwanted: (2)"));
    assert_eq!(found[&7].as_deref(), Some("printed: \"2\"\n wanted: \"1\""));
}
