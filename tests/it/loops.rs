//! The loop as an embedding program uses it: `bessemer::rlm::Ask`.

use crate::{
    mock::{Mock, Reply},
    program::zygote,
};
use bessemer::{
    context::Contexts,
    llm::{dispatch::Dispatcher, router},
    permissions::Permissions,
    rlm::{Answered, Ask, Bounds, Event, Follower, Ground, Outcome},
    session::Stop,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How long anything here may take. Far above what it does take: past it, it is taken to hang.
const BOUND: Duration = Duration::from_secs(60);

fn ground(mock: &Mock) -> Ground {
    let settings = router::Settings {
        openai_base: Some(mock.base_url()),
        default_model: Some("mock".into()),
        ..router::Settings::default()
    };
    Ground {
        zygote: Arc::new(zygote()),
        dispatcher: Dispatcher::new(router::stack(settings), 100),
        permissions: Permissions::default(),
        max_memory: None,
    }
}

/// Keeps the names of what happened.
#[derive(Debug, Default)]
struct Log(Vec<String>);

impl Follower for Log {
    fn event(&mut self, event: Event<'_>) {
        self.0.push(match event {
            Event::Begun(_) => "begun".into(),
            Event::Asked(n) => format!("asked {n}"),
            Event::Replied(text) => format!("replied {}", text.len()),
            Event::Runs(block) => format!("runs {}", block.code.trim()),
            Event::Wrote(_, text) => format!("wrote {}", text.trim()),
            Event::Progress(progress) => format!("progress {}", progress.total),
            Event::Ended(turn) => format!("ended {}", turn.output.trim()),
            Event::Summarised => "summarised".into(),
        });
    }
}

async fn asked(ask: &Ask, mock: &Mock, context: &str, log: &mut Log) -> Answered {
    let contexts = Contexts::from_text("notes", context).unwrap();
    let (_stop, mut stopped) = mpsc::unbounded_channel();
    let ground = ground(mock);
    tokio::time::timeout(BOUND, ask.run(&ground, &contexts, log, &mut stopped)).await.expect("a loop ends")
}

/// Gives one reply after the other, by how many the model has given, and a summary where one is asked for.
fn scripted(replies: &'static [&'static str]) -> Mock {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Mock::start(move |call| {
        if call.text().contains("Write a summary for yourself") {
            return Reply::Text("Summary: words were counted.".into());
        }
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Reply::Text(replies[n.min(replies.len() - 1)].into())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_happens_is_heard_in_order() {
    let mock = scripted(&["```scheme\n(display \"hi\")\n```", "```scheme\n(finish (string-length context))\n```"]);
    let mut log = Log::default();
    let answered = asked(&Ask::new("How long?"), &mock, "abc", &mut log).await;
    assert!(matches!(answered.outcome, Outcome::Finished), "{answered:?}");
    assert_eq!((answered.answer.as_deref(), answered.turns.len(), answered.usage.calls), (Some("3"), 2, 2));
    let wanted = [
        "begun",
        "asked 1",
        "replied 28",
        "runs (display \"hi\")",
        "wrote hi",
        "ended hi",
        "asked 2",
        "replied 46",
        "runs (finish (string-length context))",
        "ended ",
    ];
    assert_eq!(log.0, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fills_the_window_is_summarised_and_all_of_it_kept() {
    const LONG: &str = "```scheme\n(display (string-append* (make-list 700 \"word \")))\n```";
    let mock = scripted(&[
        LONG,
        LONG,
        LONG,
        "```scheme\n(list (length history) (string-contains? (car history) \"make-list 700\") (py-eval \"len(history)\"))\n```",
        "```scheme\n(finish 1)\n```",
    ]);
    let bounds = Bounds { window: 5_000, ..Bounds::default() };
    let mut log = Log::default();
    let answered = asked(&Ask { bounds, ..Ask::new("How long?") }, &mock, "abc", &mut log).await;
    assert_eq!(answered.answer.as_deref(), Some("1"), "{answered:?}");
    assert!(log.0.contains(&"summarised".to_owned()), "{log:?}");
    let bodies = mock.bodies();
    let last = bodies.last().unwrap()["messages"].as_array().unwrap();
    let texts: Vec<&str> = last.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert!(texts[0].starts_with("You answer a question") && texts[1].starts_with("# Question"), "{texts:?}");
    assert_eq!(texts[2], "Summary: words were counted.");
    assert!(texts[3].starts_with("That is your summary so far."), "{texts:?}");
    assert!(texts.last().unwrap().contains("#t"), "{texts:?}");
    let roles: Vec<&str> = last.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert!(roles[1..].windows(2).all(|pair| pair[0] != pair[1]), "they alternate: {roles:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_summary_the_beginnings_are_left() {
    let mock = Mock::start(|call| match call.text() {
        text if text.contains("Write a summary for yourself") => Reply::Status(400, Vec::new(), "{}".into()),
        text if text.contains("That is your summary") => Reply::Text("```scheme\n(finish 1)\n```".into()),
        _ => Reply::Text("```scheme\n(display (string-append* (make-list 1400 \"word \")))\n```".into()),
    });
    let bounds = Bounds { window: 5_000, ..Bounds::default() };
    let answered = asked(&Ask { bounds, ..Ask::new("How long?") }, &mock, "abc", &mut Log::default()).await;
    assert_eq!(answered.answer.as_deref(), Some("1"), "{answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_aborts_it_wherever_it_is() {
    let mock = Arc::new(Mock::start(|call| match call.text() {
        text if text.starts_with("# Question") => Reply::Text("```scheme\n(llm-query \"hang\")\n```".into()),
        _ => Reply::Hang,
    }));
    let ask = Ask::new("How long?");
    let contexts = Contexts::default();
    let (stop, mut stopped) = mpsc::unbounded_channel();
    let ground = ground(&mock);
    let mut log = Log::default();
    let running = ask.run(&ground, &contexts, &mut log, &mut stopped);
    let stopping = async {
        let mock = mock.clone();
        tokio::task::spawn_blocking(move || mock.wait_for(2)).await.unwrap();
        stop.send(Stop::Signal(libc::SIGINT)).unwrap();
        std::future::pending::<()>().await;
    };
    let answered = tokio::select! {
        answered = tokio::time::timeout(BOUND, running) => answered.expect("it ends"),
        () = stopping => unreachable!(),
    };
    assert!(matches!(answered.outcome, Outcome::Aborted(libc::SIGINT)), "{answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn loops_of_one_ground_run_side_by_side() {
    let mock = scripted(&["```scheme\n(finish (* 2 (string-length context)))\n```"]);
    let ground = ground(&mock);
    let mut all = tokio::task::JoinSet::new();
    for n in 0..10 {
        let ground = ground.clone();
        all.spawn(async move {
            let contexts = Contexts::from_text("notes", &"x".repeat(n)).unwrap();
            let (_stop, mut stopped) = mpsc::unbounded_channel();
            let answered = Ask::new("How long?").run(&ground, &contexts, &mut (), &mut stopped).await;
            (answered.answer, Some((2 * n).to_string()))
        });
    }
    assert!(all.join_all().await.into_iter().all(|(answer, wanted)| answer == wanted));
}
