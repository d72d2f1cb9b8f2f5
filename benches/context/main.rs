//! What a context of 200 MB costs: the memory of host and interpreter as one side and then the other touches it, and the
//! time of slices far from its start.
//!
//! `cargo bench --bench context`. Each measurement is a run of its own; a script says how far it is by writing a word, and
//! the memory of both processes is looked at when that word arrives.

use bessemer::{
    context::Contexts,
    error::Error,
    llm::{dispatch::Dispatcher, router},
    session::{Interpreter, Listener, Program, Progress, Session, Zygote},
    wire::Stream,
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

/// The size of each file, in bytes.
const SIZE: usize = 200 << 20;

fn main() {
    bessemer::interpreter_main();
    let folder = tempfile::tempdir().expect("a folder for the texts");
    println!("memory in MB: resident, and the highest it has been (in brackets)");
    for (name, line) in [
        ("ASCII", "The quick brown fox jumps over the lazy dog. 0123456789\n"),
        ("Latin (é)", "The quick brown fox jumps over the lazy dog. 012345é789\n"),
        ("emoji (😀)", "The quick brown fox jumps over the lazy dog. 012345😀89\n"),
    ] {
        let path = folder.path().join("context.txt");
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("the text is made"));
        for _ in 0..SIZE / line.len() {
            file.write_all(line.as_bytes()).expect("the text is written");
        }
        file.flush().expect("the text is written");
        println!("{name}");
        measure("nothing touched", &path, "");
        measure("Scheme touched it", &path, "(get-context \"x\")");
        measure("Python touched it", &path, "(py-exec \"context\")");
        measure("both did", &path, "(define text (get-context \"x\")) (py-exec \"context\") (string-length text)");
        slices(&path);
    }
}

/// Looks at the processes' memory when the script writes something.
struct Watch {
    seen: Vec<String>,
    interpreters: Vec<u32>,
    before: usize,
}

impl Listener for Watch {
    fn wrote(&mut self, _: Stream, text: &str) -> Result<(), Error> {
        if text.starts_with("here") {
            let host = memory(std::process::id());
            self.interpreters = children(std::process::id()).into_iter().flat_map(children).collect();
            let session = self.interpreters.last().map_or((0, 0), |pid| memory(*pid));
            self.seen.push(format!(
                "host {:4} (it was {:3} before)   interpreter {:4} ({:4})",
                host.0, self.before, session.0, session.1
            ));
        } else {
            self.seen.push(text.to_owned());
        }
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

fn measure(what: &str, path: &Path, touch: &str) {
    let begun = Instant::now();
    let seen = run(path, &format!("{touch} (displayln \"here\")"));
    println!("  {what:18} {}   {:4.0} ms in all", seen.join(" "), begun.elapsed().as_secs_f64() * 1e3);
}

fn slices(path: &Path) {
    let script = r#"
(define text (get-context "x"))
(define (timed what thunk n)
  (define begun (current-inexact-milliseconds))
  (let loop ([i 0]) (when (< i n) (thunk i) (loop (+ i 1))))
  (displayln what (/ (* 1000 (- (current-inexact-milliseconds) begun)) n)))
(define (displayln . values) (for-each display values) (newline))
(timed "first look, which makes the index, us " (lambda (i) (string-length text)) 1)
(define end (string-length text))
(timed "string-length, us " (lambda (i) (string-length text)) 1000)
(timed "substring of 100 in the middle, us " (lambda (i) (substring text (+ (quotient end 2) i) (+ (quotient end 2) i 100))) 1000)
(timed "substring of 100 at the end, us " (lambda (i) (substring text (- end 100 i) (- end i))) 1000)
(timed "string-ref at the end, us " (lambda (i) (string-ref text (- end 1 i))) 1000)
"#;
    for line in run(path, script).concat().lines() {
        println!("    {line}");
    }
}

fn run(path: &Path, script: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let zygote = Zygote::start(&Interpreter::ThisProgram).expect("an interpreter");
        let before = memory(std::process::id()).0;
        let argument = PathBuf::from(format!("x={}", path.display()));
        let contexts = Contexts::collect(&zygote, &[argument], false, &mut Vec::new()).await.expect("a context");
        let offline = router::Settings { offline: true, ..Default::default() };
        let dispatcher = Dispatcher::new(router::stack(offline), 1);
        let mut session = Session::start_with(&zygote, dispatcher, &contexts).await.expect("a session");
        let mut watch = Watch { seen: Vec::new(), interpreters: Vec::new(), before };
        let (_keep, mut stop) = tokio::sync::mpsc::unbounded_channel();
        let program = Program { text: format!("{script}\n(sleep 0.1)\n(void)"), ..Program::default() };
        session.run(program, &mut watch, &mut stop).await.outcome.expect("the script ends well");
        watch.seen
    })
}

/// What a process has in memory, and the most it has had, in MB.
fn memory(pid: u32) -> (usize, usize) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

fn children(pid: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
