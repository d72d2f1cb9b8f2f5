//! Contexts as scripts find them: shapes, names, laziness, and what is no context.

use crate::{
    mock::{Mock, Reply},
    program::{Program, Ran, script},
};
use bessemer::{
    context::Contexts,
    llm::{dispatch::Dispatcher, router},
    session::{Program as Text, Session, Stop, Zygote},
};
use std::{fs, path::PathBuf};

/// A text that stays where it is, rather than being packed.
fn large() -> String {
    "0123456789".repeat(150_000)
}

const SHOWN: &str = "(writeln (list context (context-names) (py-eval \"context\") (py-eval \"list(contexts)\")))";

/// Checks a refusal: its exit code, its message, the beginning of its hint.
fn refused(ran: &Ran, message: &str, hint: &str) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.starts_with(&format!("error: {message}\nhint: {hint}")), "{ran:?}");
}

fn files(text: &str) -> Program {
    script(text).file("d/b.txt", "two").file("d/a.txt", "één 😀").file("d/sub/c.md", "").file("d/.hidden", "no")
}

#[test]
fn one_file_is_a_string_and_none_is_empty() {
    assert_eq!(script(SHOWN).run().value(), "(\"\" () \"\" ())");
    assert_eq!(
        files(SHOWN).args(&["--context", "d/b.txt"]).run().value(),
        "(\"two\" (\"d/b.txt\") \"two\" (\"d/b.txt\"))"
    );
    let named = files(SHOWN).args(&["--context", "x=d/b.txt"]).run();
    assert_eq!(named.value(), "(\"two\" (\"x\") \"two\" (\"x\"))");
}

#[test]
fn a_directory_and_a_glob_are_lists_even_of_one() {
    let texts = "(\"één 😀\" \"two\" \"\")";
    let names = "(\"d/a.txt\" \"d/b.txt\" \"d/sub/c.md\")";
    let ran = files(SHOWN).args(&["--context", "d/"]).run();
    assert_eq!(ran.value(), format!("({texts} {names} {texts} {names})"));
    let glob = files(SHOWN).args(&["--context", "d/s*/*.md"]).run();
    assert_eq!(glob.value(), "((\"\") (\"d/sub/c.md\") (\"\") (\"d/sub/c.md\"))");
}

#[test]
fn get_context_gives_one_text_or_those_that_a_name_stands_for() {
    let text = "(writeln (list (get-context \"docs\") (get-context \"docs/b.txt\") (get-context \"-\") (length context)
                       (py-eval \"[contexts['docs'], contexts['-'], len(contexts)]\")))";
    let ran = files(text).stdin("in").args(&["--context", "docs=d/*.txt", "--context", "-"]).run();
    assert_eq!(ran.value(), "((\"één 😀\" \"two\") \"two\" \"in\" 3 ((\"één 😀\" \"two\") \"in\" 3))");
    let ran = files("(get-context \"dosc\")").args(&["--context", "docs=d"]).run();
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no context `dosc`"), "{ran:?}");
    assert!(ran.stderr.ends_with("hint: did you mean `docs`?\n"), "{ran:?}");
    let ran = files("(py-eval \"contexts['dosc']\")").args(&["--context", "docs=d"]).run();
    assert!(ran.code == Some(1) && ran.stderr.contains("did you mean 'docs'?"), "{ran:?}");
}

#[test]
fn offsets_are_code_points_on_both_sides_and_a_mark_is_left_out() {
    let text = "(writeln (list (string-length context) (substring context 99999 100002) (string-ref context 100001)
                       (substring context 199999)
                       (py-eval \"[len(context), context[99999:100002], context[199999:]]\")
                       (equal? context (py-eval \"context\"))))";
    for (c, name) in [("a", "ascii"), ("é", "latin"), ("你", "basic"), ("😀", "full")] {
        let context = format!("\u{feff}{}é😀{}", c.repeat(100_000), c.repeat(99_998));
        for (size, context) in [("as it is", context.clone()), ("with ASCII behind", context + &large())] {
            let rest = if size == "as it is" { c.to_owned() } else { format!("{c}{}", large()) };
            let length = 200_000 + rest.chars().count() - 1;
            let [slice, at] = [format!("\"{c}é😀\""), "#\\😀".to_owned()];
            let wanted = format!("({length} {slice} {at} \"{rest}\" ({length} {slice} \"{rest}\") #t)");
            let ran = script(text).file("c.txt", context).args(&["--context", "c.txt"]).run();
            assert!(ran.value() == wanted, "{name} {size}: {}", &ran.stdout[..300.min(ran.stdout.len())]);
        }
    }
}

#[test]
fn python_sees_a_large_text_whether_scheme_has_it_or_not() {
    for (before, width) in
        [("", ""), ("(string-length context)", ""), ("", "é"), ("", "你"), ("(string-length context)", "😀")]
    {
        let text = format!(
            "{before} (py-eval #<<PY
w = len({width:?})
(context.endswith({width:?}), context[:-1] if not w else '', len(context), context is contexts['c.txt'],
 context == contexts['c.txt'].encode().decode())[2:]
PY
)"
        );
        let ran = script(&text).file("c.txt", large() + width).args(&["--context", "c.txt"]).run();
        assert_eq!(ran.value(), format!("({} #t #t)", 1_500_000 + width.chars().count()), "{before} {width}");
    }
}

#[test]
fn what_a_script_calls_context_itself_stays() {
    let text = "(define context \"own\") (py-set! \"context\" \"mine\")
                (list context (py-eval \"context\"))";
    assert_eq!(script(text).context("hers").run().value(), "(own mine)");
    assert_eq!(script("((lambda (context) context) 5)").context("hers").run().value(), "5");
}

/// Runs a script during whose first call `change` is done to the context's file.
fn changed(text: &str, change: fn(&PathBuf)) -> Ran {
    let program = script(&format!("(llm-query \"now\")\n{text}")).file("big.txt", large());
    let path = program.folder().join("big.txt");
    let mock = Mock::start(move |_| {
        change(&path);
        Reply::Text("done".into())
    });
    program.args(&["--context", "x=big.txt"]).server(&mock).run()
}

#[test]
fn a_file_that_changes_before_it_is_read_is_an_error_that_says_so() {
    for change in [
        (|path| fs::write(path, "short").unwrap()) as fn(&PathBuf),
        |path| fs::write(path, large() + "more").unwrap(),
        |path| fs::write(path, large()).unwrap(),
    ] {
        for text in ["(get-context \"x\")", "(py-eval \"context\")"] {
            let ran = changed(text, change);
            assert_eq!(ran.code, Some(1), "{ran:?}");
            assert!(ran.stderr.starts_with("error: the context `x` has changed since the run began\n"), "{ran:?}");
            assert!(ran.stderr.contains("hint: run the script again"), "{ran:?}");
        }
    }
}

#[test]
fn a_context_that_nobody_touches_is_not_read() {
    let text = "(py-exec \"import contextlib\") \"context\" ; context\n'context";
    assert_eq!(changed(text, |path| fs::write(path, "other").unwrap()).value(), "context");
    let removed = changed("(string-length (get-context \"x\"))", |path| fs::remove_file(path).unwrap());
    assert_eq!(removed.value(), "1500000");
}

#[test]
fn a_program_that_names_a_changed_context_is_pointed_at_the_name() {
    let zygote = crate::program::zygote();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.txt");
    fs::write(&path, large()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let contexts = Contexts::collect(&zygote, std::slice::from_ref(&path), false, &mut Vec::new()).await.unwrap();
        let mut early = start(&zygote, &contexts).await;
        assert_eq!(run(&mut early, "(string-length context)").await.unwrap(), "1500000");
        fs::write(&path, "changed").unwrap();
        // It has been read: later programs see it as it was.
        assert_eq!(run(&mut early, "(substring context 0 3)").await.unwrap(), "012");
        let mut late = start(&zygote, &contexts).await;
        assert_eq!(run(&mut late, "(+ 1 2)").await.unwrap(), "3");
        let error = run(&mut late, "(list\n  context)").await.unwrap_err();
        assert!(error.contains("has changed since the run began") && error.contains(":2:3"), "{error}");
    });
}

#[test]
fn an_embedding_program_gives_text_from_memory() {
    let zygote = crate::program::zygote();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let contexts = Contexts::from_text("note", "één").unwrap();
        for mut session in [start(&zygote, &contexts).await, start(&zygote, &contexts).await] {
            assert_eq!(run(&mut session, "(list context (context-names))").await.unwrap(), "(één (note))");
        }
        assert_eq!(run(&mut start(&zygote, &Contexts::default()).await, "context").await.unwrap(), "");
    });
}

async fn start(zygote: &Zygote, contexts: &Contexts) -> Session {
    let offline = router::Settings { offline: true, ..Default::default() };
    Session::start_with(zygote, Dispatcher::new(router::stack(offline), 10), contexts).await.unwrap()
}

struct Nothing;

impl bessemer::session::Listener for Nothing {
    fn wrote(&mut self, _: bessemer::wire::Stream, _: &str) -> Result<(), bessemer::error::Error> {
        Ok(())
    }
    fn progress(&mut self, _: bessemer::session::Progress) {}
}

async fn run(session: &mut Session, text: &str) -> Result<String, String> {
    let (_stop, mut stopped) = tokio::sync::mpsc::unbounded_channel::<Stop>();
    let program = Text { text: text.into(), ..Text::default() };
    let report = session.run(program, &mut Nothing, &mut stopped).await;
    report.outcome.map(|outcome| outcome.value.unwrap_or_default()).map_err(|e| e.plain("s.scm", text))
}

#[test]
fn thousands_of_small_files_and_many_large_ones_need_few_descriptors() {
    let mut program =
        script("(list (length context) (list-ref context 2500) (py-eval \"len(contexts), sum(map(len, context))\"))");
    for n in 0..3000 {
        program = program.file(&format!("d/{n:04}"), format!("{n}"));
    }
    assert_eq!(program.args(&["--context", "d"]).run().value(), "(3000 2500 (3000 10890))");
    let mut program = script("(list (length context) (apply + (map string-length context)))");
    for n in 0..140 {
        program = program.file(&format!("d/{n:04}"), vec![b'x'; (1 << 20) + n]);
    }
    let wanted = 140 * (1 << 20) + 139 * 140 / 2;
    assert_eq!(program.args(&["--context", "d"]).run().value(), format!("(140 {wanted})"));
}

#[test]
fn an_interrupt_ends_the_wait_for_a_stream() {
    let program = files("(string-length context)").args(&["--context", "x=pipe"]);
    let pipe = program.folder().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let child = program.start();
    // Opening waits until the program has opened it to read.
    let writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ran = crate::program::ended(child);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    drop(writer);
    let child = program.start();
    fs::write(&pipe, "streamed").unwrap();
    assert_eq!(crate::program::ended(child).value(), "8");
}

#[test]
fn what_is_not_there_is_refused_with_what_to_do() {
    let given = |path: &str| files("1").args(&["--context", path]).run();
    refused(&given("nowhere.txt"), "there is no context `nowhere.txt`", "give a file, a directory, a glob");
    refused(&given("d/*.pdf"), "no file matches the context `d/*.pdf`", "`**` matches directories");
    refused(&given("x="), "the context `x=` names no file", "write `--context NAME=PATH`");
    let two = files("1").args(&["--context", "x=d/a.txt", "--context", "x=d/b.txt"]).run();
    refused(&two, "there are two contexts of the name `x`", "`--context NAME=PATH` gives one of them another name");
    let stdin = files("1").stdin("").args(&["--context", "-", "--context", "y=-"]).run();
    refused(&stdin, "standard input is given twice as a context", "it can be read once");
    let empty = script("1").file("d/.hidden", "").args(&["--context", "d"]).run();
    refused(&empty, "there is no file in the context `d`", "hidden files");
    let program = files("1");
    std::os::unix::fs::symlink(program.folder(), program.folder().join("d/up")).unwrap();
    let ran = program.args(&["--context", "d"]).run();
    assert!(ran.code == Some(2) && ran.stderr.contains("for ever"), "{ran:?}");
}

#[test]
fn what_is_no_text_is_refused_or_left_out() {
    let program = || {
        files("(context-names)")
            .file("d/image.png", b"\x89PNG\r\n\x1a\n\0\0")
            .file("d/latin1.txt", b"caf\xe9")
            .file("d/utf16.txt", b"\xff\xfea\0")
    };
    let given = |path: &str| program().args(&["--context", path]).run();
    refused(&given("d"), "the context `d/image.png` is no text", "give text, PDF, HTML or DOCX");
    refused(&given("d/latin1.txt"), "the context `d/latin1.txt` is no UTF-8 text (byte 3)", "convert it first (`iconv");
    refused(&given("d/utf16.txt"), "the context `d/utf16.txt` is UTF-16, not UTF-8", "convert it first");
    refused(&program().stdin(b"\0").args(&["--context", "-"]).run(), "the context `-` is no text", "give text");
    let skipped = program().args(&["--context", "d", "--skip-unreadable"]).run();
    assert_eq!(skipped.value(), "(d/a.txt d/b.txt d/sub/c.md)");
    assert_eq!(skipped.stderr.matches(": left out\n").count(), 3, "{skipped:?}");
    let none = program().args(&["--context", "d/image.png", "--skip-unreadable"]).run();
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("error: no context is left"), "{none:?}");
}

#[test]
fn slices_outside_a_string_name_its_length() {
    let said = |text: &str| script(text).context("één").run().stderr;
    let past = said("(substring context 1 9)");
    assert!(past.starts_with("error: substring: ending index is out of range\n  ending index: 9\n"), "{past}");
    assert!(past.contains("  valid range: [0, 3]\n"), "{past}");
    assert!(said("(substring context 2 1)").contains("ending index is smaller than starting index\n"));
    assert!(said("(substring context -1)").contains("expected: exact-nonnegative-integer?\n  given: -1\n"));
    assert!(said("(string-ref context 3)").contains("index is out of range\n  index: 3\n  valid range: [0, 2]\n"));
    assert!(said("(string-length (llm-query \"x\"))").contains("`(syntax-e response)` gives its text"));
    let caught = "(with-handler (lambda (e) (failure-message e)) (substring \"abc\" 2 7))";
    assert!(script(caught).run().value().ends_with("valid range: [0, 3]\n  string: \"abc\""));
    assert_eq!(script("(map (lambda (s) (substring s 1)) '(\"abc\" \"é😀x\" \"a\"))").run().value(), "(bc 😀x )");
}
