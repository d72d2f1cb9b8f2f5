//! What the wall costs: a session from its fork to its first value, confined and not, and calls into Python behind it.
//!
//! `cargo bench --bench wall`. Both are measured in turn, so that what else the machine does falls on both alike.

use bessemer::{
    error::Error,
    llm::{dispatch::Dispatcher, router},
    permissions::Permissions,
    session::{Interpreter, Listener, Program, Progress, Session, Zygote},
    wire::{Grant, Stream},
};
use std::time::Instant;

/// How many sessions of each kind.
const SESSIONS: usize = 200;

struct Nobody;

impl Listener for Nobody {
    fn wrote(&mut self, _: Stream, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

/// Milliseconds from the fork to the value of a program.
async fn session(zygote: &Zygote, permissions: &Permissions, text: &str) -> f64 {
    let begun = Instant::now();
    let models = router::stack(router::Settings { offline: true, ..Default::default() });
    let mut session = Session::start(zygote, Dispatcher::new(models, 1)).await.expect("a session");
    let program = Program { text: text.into(), permissions: permissions.clone(), ..Program::default() };
    let (_stop, mut stopped) = tokio::sync::mpsc::unbounded_channel();
    session.run(program, &mut Nobody, &mut stopped).await.outcome.expect("a value");
    let took = begun.elapsed().as_secs_f64() * 1e3;
    // Its end must not fall on the next one's beginning.
    session.close().await;
    took
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    bessemer::interpreter_main();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let start = || Zygote::start(&Interpreter::ThisProgram).expect("the zygote starts");
        let (confined, bare) = (start(), start().without_sandbox());
        let nothing = Permissions::default();
        let read = Permissions { read: Grant::Only(vec![".".into()]), ..Permissions::default() };
        let run = Permissions { run: true, ..Permissions::default() };
        let net = Permissions { net: Grant::Everything, ..Permissions::default() };
        let kinds = [
            ("not confined", &bare, &nothing),
            ("confined", &confined, &nothing),
            ("with a folder to read", &confined, &read),
            ("with --allow-run", &confined, &run),
            ("with --allow-net", &confined, &net),
        ];
        for (what, text) in [
            ("a session's start, to its first value", "(+ 1 2)"),
            ("1,000 calls of py-eval", "(map (lambda (i) (py-eval \"1 + 1\")) (range 0 1000))"),
            (
                "1,000 calls of py-eval that look for a file",
                "(map (lambda (i) (py-eval \"import os; os.stat('/')\")) (range 0 1000))",
            ),
        ] {
            println!("{what}: median of {SESSIONS}, ms");
            let mut times = vec![Vec::new(); kinds.len()];
            for _ in 0..SESSIONS {
                for (index, (_, zygote, permissions)) in kinds.iter().enumerate() {
                    times[index].push(session(zygote, permissions, text).await);
                }
            }
            let medians: Vec<f64> = times.into_iter().map(median).collect();
            for ((kind, ..), took) in kinds.iter().zip(&medians) {
                println!("    {kind:24} {took:8.2}  {:+.2}", took - medians[0]);
            }
        }
    });
}
