//! Answers that runs share: what a call asks that another has asked before is answered by what that one was.
//!
//! Only calls that want it (`#:cache #t`, or all of a run's by `--cache`). An answer is found by the content of its
//! request, the provider's address and the model's name there; failures and answers that were cut off are not kept. Those
//! who ask the same at the same time are one call, which [`super::once`] sees to. A cache that cannot be used is told once,
//! and calls are made without it. Not here: what one run has been answered ([`crate::journal`]).

mod store;

pub use store::{Stats, Store};

use super::{Answer, Failure, Model, Pending, Price, Request, Standing, router::Router};
use crate::journal::Key;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, mpsc},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Where answers are shared, and which.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file; without one there is no cache.
    pub path: Option<PathBuf>,
    /// Whether every call is cached that does not say otherwise.
    pub all: bool,
    /// Older answers are not given any more.
    pub max_age: Duration,
    /// How much is kept, in bytes of answers: what was not used for the longest time goes first.
    pub max_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { path: None, all: false, max_age: Duration::from_secs(30 * 24 * 3600), max_bytes: 1 << 30 }
    }
}

/// Where the cache is when nobody says: in the user's cache directory. `None` where there is none.
pub fn default_path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let cache = variable("XDG_CACHE_HOME").filter(absolute);
    let cache = cache.or_else(|| variable("HOME").filter(absolute).map(|home| home.join(".cache")))?;
    Some(cache.join("bessemer/answers.sqlite"))
}

/// A router whose answers are shared.
pub(super) struct Cache {
    router: Arc<Router>,
    settings: Settings,
    /// The thread that has the file, from the first call that wants it.
    jobs: OnceLock<mpsc::Sender<Job>>,
}

enum Job {
    Get(Key, oneshot::Sender<Option<Answer>>),
    Put(Key, Answer, oneshot::Sender<()>),
}

/// Has the file, and does what it is asked; what has gathered meanwhile is one transaction.
fn serve(settings: &Settings, jobs: &mpsc::Receiver<Job>) {
    let Some(path) = &settings.path else { return };
    let mut store = match Store::open(path) {
        Ok(store) => store,
        Err(problem) => return tracing::warn!("answers are not cached: {problem}"),
    };
    let mut failed = false;
    let mut told = |result: Result<(), String>| {
        if let Err(problem) = result
            && !std::mem::replace(&mut failed, true)
        {
            tracing::warn!("the cache: {problem}");
        }
    };
    while let Ok(first) = jobs.recv() {
        let (mut puts, mut done) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Get(key, answer) => {
                    let found = store.get(&key, settings.max_age).unwrap_or_else(|problem| {
                        told(Err(problem));
                        None
                    });
                    let _ = answer.send(found);
                }
                Job::Put(key, answer, kept) => {
                    puts.push((key, answer));
                    done.push(kept);
                }
            }
            next = if puts.len() < 1000 { jobs.try_recv().ok() } else { None };
        }
        if !puts.is_empty() {
            told(store.put(&puts, settings.max_bytes));
        }
        for kept in done {
            let _ = kept.send(());
        }
    }
}

impl Cache {
    pub(super) fn new(router: Arc<Router>, settings: Settings) -> Self {
        Self { router, settings, jobs: OnceLock::new() }
    }

    /// Whether a call's answer is shared.
    pub(super) fn wanted(settings: &Settings, request: &Request) -> bool {
        settings.path.is_some() && request.cache.unwrap_or(settings.all)
    }

    fn jobs(&self) -> &mpsc::Sender<Job> {
        self.jobs.get_or_init(|| {
            let (send, receive) = mpsc::channel();
            let settings = self.settings.clone();
            // Without a thread nobody answers, and calls are made.
            let _ = std::thread::Builder::new().name("cache".into()).spawn(move || serve(&settings, &receive));
            send
        })
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let Some(who) = self.router.identity(request) else { return self.router.complete(request).await };
        let (key, begun) = (Key::of(request, Some(&who)), Instant::now());
        let (send, receive) = oneshot::channel();
        let _ = self.jobs().send(Job::Get(key, send));
        if let Ok(Some(answer)) = receive.await {
            if let Some(pieces) = &request.pieces {
                (pieces.0)(&answer.text);
            }
            if let Some(ticket) = &request.ticket {
                ticket.cached();
            }
            return Ok(Answer { latency: begun.elapsed(), ..answer });
        }
        let result = self.router.complete(request).await;
        if let Ok(answer) = &result
            && !answer.is_cut()
        {
            let (send, kept) = oneshot::channel();
            let _ = self.jobs().send(Job::Put(key, answer.clone(), send));
            // Who asks the same next finds it. An error says that there is no cache, which has been told.
            let _ = kept.await;
        }
        result
    }
}

impl Model for Cache {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        match Self::wanted(&self.settings, request) {
            true => Box::pin(self.run(request)),
            false => self.router.complete(request),
        }
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        self.router.price(model, vectors)
    }

    fn limits(&self) -> Vec<Standing> {
        self.router.limits()
    }
}
