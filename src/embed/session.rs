//! A session, and how it is to be. When its process is gone, another can take its place.

use super::{Host, Running};
use crate::{
    context::Contexts,
    error::Error,
    journal::Run,
    permissions::Permissions,
    rlm::{self, Answered, Ask, Follower, Ground},
    session::{self, Function, Program, Usage, Watch, account::Account},
    wire::Limits,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// A program's memory, unless something else is said: 2 GB.
const MAX_MEMORY: u64 = 2 << 30;

/// How a session is to be: what its programs find, what they may do, and what they may spend.
#[must_use = "it does nothing until it is started"]
pub struct SessionBuilder {
    host: Host,
    texts: Vec<(String, String)>,
    paths: Vec<PathBuf>,
    given: Vec<Arc<Contexts>>,
    functions: Vec<Function>,
    model: Option<String>,
    loops: Ask,
    account: Arc<Account>,
    run: Option<Arc<Run>>,
    defaults: Program,
}

impl SessionBuilder {
    pub(super) fn new(host: Host) -> Self {
        let defaults = Program { json: true, max_memory: Some(MAX_MEMORY), ..Program::default() };
        let (texts, paths, given, functions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (loops, account) = (Ask::default(), Account::new(None));
        Self { host, texts, paths, given, functions, model: None, loops, account, run: None, defaults }
    }

    /// A text that programs find: by `(get-context "NAME")` and, if it is the only one, as `context`.
    pub fn context(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.texts.push((name.into(), text.into()));
        self
    }

    /// A file, a directory or a glob that programs find, `NAME=` before it if it is to have a name of its own. PDF, HTML and
    /// DOCX become text.
    pub fn context_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// Contexts that were collected already.
    pub fn contexts(mut self, contexts: impl Into<Arc<Contexts>>) -> Self {
        self.given.push(contexts.into());
        self
    }

    /// A function of your own that programs can call.
    pub fn function(mut self, function: Function) -> Self {
        self.functions.push(function);
        self
    }

    /// What programs may do. Unless it is said, nothing.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.defaults.permissions = permissions;
        self
    }

    /// What all calls of the session may take, resets included.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.defaults.limits = limits;
        self
    }

    /// How long each program may take.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.defaults.timeout = Some(time);
        self
    }

    /// How much memory the session's process may have, in bytes; 2 GB unless it is said.
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.defaults.max_memory = Some(bytes);
        self
    }

    /// The model of calls that name none, in place of the host's.
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.model = Some(name.into());
        self
    }

    /// How loops within programs (`rlm-query`) are to be: their models and their bounds. The question is each one's own, and
    /// what they spend is the session's.
    pub fn loops(mut self, loops: Ask) -> Self {
        self.loops = loops;
        self
    }

    /// Charges what it spends to this account, too, and keeps its limits.
    pub(crate) fn below(mut self, account: &Arc<Account>) -> Self {
        self.account = Account::new(Some(account.clone()));
        self
    }

    /// Journals what it asks in this run, whatever is reset meanwhile.
    pub(crate) fn journal(mut self, run: Arc<Run>) -> Self {
        self.account.journal(run.clone());
        self.run = Some(run);
        self
    }

    /// What its calls will be charged to.
    pub(crate) fn account(&self) -> Arc<Account> {
        self.account.clone()
    }

    /// What `(script-args)` gives.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.defaults.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Starts it. Fails where a context cannot be read, a function's name cannot be one, or there is no process.
    pub async fn start(mut self) -> Result<Session, Error> {
        let contexts = self.contexts_found().await?;
        let ground = self.ground();
        let Self { functions, model, loops, account, run, defaults, .. } = self;
        account.limit(defaults.limits);
        let made = Made { ground, functions, model, loops, account, run };
        let inner = made.session(&contexts).await?;
        Ok(Session { given: contexts.len(), made, contexts, defaults, inner })
    }

    /// Has a root model answer a question from the contexts, by programs that it writes: instead of a session of one's own.
    /// The limits are [`Ask::bounds`]'s. `follower` hears what happens; `&mut ()` does not.
    pub async fn ask(mut self, ask: &Ask, follower: &mut dyn Follower) -> Result<Answered, Error> {
        let contexts = self.contexts_found().await?;
        let nothing = Arc::default();
        let contexts = match &contexts[..] {
            [] => &nothing,
            [contexts] => contexts,
            _ => {
                return Err(Error::Usage {
                    message: "a question's contexts come in one way: as texts, as paths, or collected".into(),
                    hint: Some("`Contexts::collect` takes any number of paths".into()),
                });
            }
        };
        // Who wants it no more drops it.
        let (_stop, mut stopped) = mpsc::unbounded_channel();
        Ok(ask.run(&self.ground(), contexts, follower, &mut stopped).await)
    }

    /// What sessions stand on.
    fn ground(&self) -> Ground {
        Ground {
            zygote: self.host.zygote.clone(),
            dispatcher: self.host.dispatcher.clone(),
            permissions: self.defaults.permissions.clone(),
            max_memory: self.defaults.max_memory,
        }
    }

    async fn contexts_found(&mut self) -> Result<Vec<Arc<Contexts>>, Error> {
        let mut contexts = std::mem::take(&mut self.given);
        if !self.paths.is_empty() {
            let collected = Contexts::collect(&self.host.zygote, &self.paths, false, &mut Vec::new()).await?;
            contexts.push(collected.into());
        }
        if !self.texts.is_empty() {
            let texts: Vec<_> = self.texts.iter().map(|(name, text)| (&**name, &**text)).collect();
            contexts.push(Contexts::from_texts(&texts)?.into());
        }
        Ok(contexts)
    }
}

/// What sessions are made of that take each other's places.
struct Made {
    ground: Ground,
    functions: Vec<Function>,
    model: Option<String>,
    loops: Ask,
    /// What all of them are charged to.
    account: Arc<Account>,
    /// What all of them are journaled in.
    run: Option<Arc<Run>>,
}

impl Made {
    /// Forks a session that has all this.
    async fn session(&self, contexts: &[Arc<Contexts>]) -> Result<session::Session, Error> {
        let nothing = Arc::default();
        let (first, later) = contexts.split_first().unwrap_or((&nothing, &[]));
        // Its interpreter counts from the beginning; what all of them may spend is the account's above.
        let (dispatcher, account) = (self.ground.dispatcher.clone(), Account::new(Some(self.account.clone())));
        let mut session = session::Session::start_charged(&self.ground.zygote, dispatcher, first, account).await?;
        self.run.iter().for_each(|run| session.journal(run.clone()));
        later.iter().try_for_each(|contexts| session.add_contexts(contexts))?;
        session.add_functions(&self.functions)?;
        session.set_model(self.model.clone());
        rlm::serve(&session, &self.ground, &self.loops);
        Ok(session)
    }
}

/// A session: programs run in it one after the other, and see what the earlier ones defined. What a program leaves running
/// ends with it.
pub struct Session {
    made: Made,
    contexts: Vec<Arc<Contexts>>,
    /// How many of them its builder gave.
    given: usize,
    defaults: Program,
    inner: session::Session,
}

impl Session {
    /// Runs a program. What this gives is awaited for what the program came to, or asked for what happens on the way.
    pub fn run(&mut self, text: impl Into<String>) -> Running<'_> {
        self.run_program(self.program(text))
    }

    /// A program as this session's builder said, to be changed before [`Session::run_program`] runs it.
    pub fn program(&self, text: impl Into<String>) -> Program {
        Program { text: text.into(), ..self.defaults.clone() }
    }

    /// Runs a program that differs from the others. Its value is told as JSON, whatever it says of that.
    pub fn run_program(&mut self, program: Program) -> Running<'_> {
        Running::new(&mut self.inner, Program { json: true, ..program })
    }

    /// Adds contexts to those that programs find; one of a name that is there already takes its place.
    pub fn add_contexts(&mut self, contexts: impl Into<Arc<Contexts>>) -> Result<(), Error> {
        let contexts = contexts.into();
        self.inner.add_contexts(&contexts)?;
        // One that is added again and again is held once.
        let added = &mut self.contexts[self.given..];
        match added.iter_mut().find(|earlier| earlier.alone().is_some() && earlier.alone() == contexts.alone()) {
            Some(earlier) => *earlier = contexts,
            None => self.contexts.push(contexts),
        }
        Ok(())
    }

    /// Adds a text to what programs find.
    pub fn add_context(&mut self, name: &str, text: &str) -> Result<(), Error> {
        self.add_contexts(Contexts::from_text(name, text)?)
    }

    /// The model of calls that name none, from here on.
    pub fn set_model(&mut self, model: Option<String>) {
        self.inner.set_model(model.clone());
        self.made.model = model;
    }

    /// Another session takes the place of this one: nothing is defined, and the contexts are as they were. What has been
    /// spent stays spent.
    pub async fn reset(&mut self) -> Result<(), Error> {
        self.inner = self.made.session(&self.contexts).await?;
        self.defaults.limits = self.made.account.left();
        Ok(())
    }

    /// What all its calls have come to.
    pub fn usage(&self) -> Usage {
        self.made.account.usage()
    }

    /// A look at its calls while a program runs. A reset makes other calls of them.
    pub fn watch(&self) -> Watch {
        self.inner.watch()
    }

    /// Whether its process has ended, as it does when a program takes too much memory: it runs nothing until it is reset.
    pub fn has_ended(&self) -> bool {
        self.inner.has_ended()
    }

    /// The contexts that programs find, in the order in which they were given.
    pub(crate) fn contexts(&self) -> &[Arc<Contexts>] {
        &self.contexts
    }

    /// Forgets all contexts but its builder's; the next reset takes them from programs.
    pub(crate) fn forget_contexts(&mut self) {
        self.contexts.truncate(self.given);
    }

    /// What it is made of.
    pub(crate) fn inner(&mut self) -> &mut session::Session {
        &mut self.inner
    }

    /// Closes it, and waits for its process: what that took in all.
    pub async fn close(self) -> Option<session::Exit> {
        self.inner.close().await
    }
}
