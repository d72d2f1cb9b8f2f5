//! A session as somebody talks to it: inputs are run and told, commands are done, and when the session is gone another
//! takes its place.
//!
//! Not here: where inputs come from (`editor`), and which commands there are (`commands`).

use super::{
    commands::{self, Does, Parsed},
    editor, pretty,
    typed::Known,
};
use crate::{
    cli::{
        progress::Display,
        screen::{self, complain},
        shared::{Screen, Shared, is_stdin, tell_notes},
        stdout::Stdout,
    },
    config::{self, file::Settings},
    context::Contexts,
    doc,
    embed::{Host, Session, SessionBuilder},
    error::{Error, visible},
    interp::input::procedures,
    llm::router,
    session::{Listener, Outcome, Program, Progress, Report, Stop},
    wire::{Mode, Question, Stream},
};
use std::{
    collections::VecDeque,
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Sender},
    time::Instant,
};
use terminal_size::{Height, Width, terminal_size_of};
use tokio::sync::mpsc;

/// How many earlier inputs can be shown in errors.
const REMEMBERED: usize = 1_000;
/// Lines of the screen that a value leaves free.
const MARGIN: usize = 3;

/// Whether the talk is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    Not,
    Now,
    Signalled(i32),
}

/// An input: its number, what its places are told as, and its text.
struct Told {
    number: u32,
    name: String,
    text: String,
}

/// A session, and what has been said to it.
pub(super) struct Talk<'a> {
    shared: &'a Shared,
    host: Host,
    stdout: &'a Stdout,
    /// Whether somebody sits at a terminal.
    pub(super) attended: bool,
    /// Takes texts that are shown above what is being typed.
    pub(super) above: Option<Sender<String>>,
    pub(super) known: Arc<Mutex<Known>>,
    session: Session,
    /// Whether it has run nothing yet.
    fresh: bool,
    model: Option<String>,
    /// What models' names mean.
    router: router::Router,
    told: VecDeque<Told>,
    number: u32,
    /// What the screen did not hold of the last value.
    rest: String,
    /// The exit code of the last error.
    code: u8,
}

impl<'a> Talk<'a> {
    pub(super) async fn start(
        shared: &'a Shared,
        host: Host,
        session: SessionBuilder,
        stdout: &'a Stdout,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<Self, Error> {
        let session = tokio::select! {
            session = session.start() => session?,
            Some(Stop::Signal(signal)) = stop.recv() => return Err(Error::Interrupted(signal)),
        };
        let mut talk = Self {
            shared,
            host,
            stdout,
            attended: editor::is_attended(),
            above: None,
            known: Arc::default(),
            session,
            fresh: true,
            model: None,
            router: router::Router::new(router::Settings { offline: true, ..Default::default() }),
            told: VecDeque::new(),
            number: 0,
            rest: String::new(),
            code: 0,
        };
        talk.known().models = router::ALIASES.iter().map(|alias| (*alias).to_owned()).collect();
        talk.known().models.extend(shared.model.clone());
        talk.refresh(stop).await;
        Ok(talk)
    }

    /// What the configuration says of models.
    pub(super) fn reaches(&mut self, settings: &Settings) {
        self.router = router::Router::new(self.shared.reached(settings));
        self.known().models.extend(settings.aliases.keys().cloned());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The exit code: at a terminal, errors were somebody's to see.
    pub(super) fn code(&self) -> u8 {
        if self.attended { 0 } else { self.code }
    }

    pub(super) fn prompt(&self) -> String {
        format!("{}> ", self.number + 1)
    }

    /// Writes to stdout, with styles where they are wanted.
    pub(super) fn say(&self, text: &str) -> Result<(), Error> {
        let plain = anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never;
        self.stdout.write(if plain { doc::plain(text) } else { text.to_owned() })
    }

    fn blame(&mut self, message: String, hint: String) {
        let error = Error::Usage { message, hint: Some(hint) };
        self.wrong(&error, None);
    }

    /// Tells an error, with its place when it lies in an input.
    fn wrong(&mut self, error: &Error, input: Option<u32>) {
        let told = input.and_then(|number| self.told.iter().find(|told| told.number == number));
        let (name, text) = told.map_or(("", ""), |told| (&*told.name, &*told.text));
        complain(&error.render(name, text, screen::look()));
        self.code = error.exit_code();
    }

    /// Hears what earlier inputs have left running. Why the session ended.
    pub(super) async fn attend(&mut self) -> Error {
        let mut aside = Aside { above: self.above.clone(), stdout: self.stdout };
        self.session.inner().attend(Some(self.shared.max_memory()), &mut aside).await
    }

    /// The session ended by itself.
    pub(super) async fn died(&mut self, error: Error) -> Result<(), Error> {
        // One that ends before it has run anything would be followed by others of its kind.
        if self.fresh || matches!(error, Error::OutputClosed | Error::Output(_)) {
            return Err(error);
        }
        self.wrong(&error, None);
        self.renew().await
    }

    /// Another session in the place of this one.
    async fn renew(&mut self) -> Result<(), Error> {
        self.session.reset().await?;
        self.fresh = true;
        self.known().signatures.clear();
        Ok(())
    }

    /// What is still under way when the talk is over.
    pub(super) fn farewell(&self) {
        let calls = self.session.watch().counts().in_flight.load(std::sync::atomic::Ordering::Relaxed);
        if calls > 0 {
            let them = if calls == 1 { "call was" } else { "calls were" };
            complain(&format!("note: {calls} {them} still under way: cancelled\n"));
        }
    }

    /// Does what an input says.
    pub(super) async fn input(&mut self, text: &str, stop: &mut mpsc::UnboundedReceiver<Stop>) -> Result<Left, Error> {
        // Those that came before it are not meant for it.
        while let Ok(Stop::Signal(signal)) = stop.try_recv() {
            if signal != libc::SIGINT || !self.attended {
                return Ok(Left::Signalled(signal));
            }
        }
        let left = match commands::parse(text) {
            Parsed::Program if text.trim().is_empty() => Left::Not,
            Parsed::Program => self.program(None, text, stop).await?,
            Parsed::Command(does, argument) => self.command(does, argument, stop).await?,
            Parsed::Wrong(message, hint) => {
                self.blame(message, hint);
                Left::Not
            }
        };
        match self.drained(stop).await? {
            Left::Not => Ok(left),
            signalled => Ok(signalled),
        }
    }

    /// Waits until all has been written, or a signal ends that.
    async fn drained(&self, stop: &mut mpsc::UnboundedReceiver<Stop>) -> Result<Left, Error> {
        loop {
            tokio::select! {
                biased;
                drained = self.stdout.drained() => return drained.map(|()| Left::Not),
                // At a terminal a Ctrl-C that comes now was meant for what has just ended.
                Some(Stop::Signal(signal)) = stop.recv() => if signal != libc::SIGINT || !self.attended {
                    return Ok(Left::Signalled(signal));
                },
            }
        }
    }

    /// A text of this mode, as the session is given it.
    fn given(&self, mode: Mode, text: &str) -> Program {
        Program { mode, json: false, ..self.session.program(text) }
    }

    /// Runs a program, that of a file or one that was typed, and tells what it came to.
    async fn program(
        &mut self,
        file: Option<&Path>,
        text: &str,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<Left, Error> {
        self.number += 1;
        let number = self.number;
        let name = file.map_or_else(|| format!("input {number}"), |path| path.display().to_string());
        if self.told.len() >= REMEMBERED {
            self.told.pop_front();
        }
        self.told.push_back(Told { number, name, text: text.to_owned() });
        self.known().learn(procedures(text), text);
        self.rest.clear();
        self.fresh = false;
        let program = self.given(Mode::Input(number), text);
        let (report, mid_line) = self.run(program, stop).await;
        let Report { outcome, hints, input, .. } = report;
        if mid_line && std::io::stdout().is_terminal() {
            self.stdout.write("\n".into())?;
        }
        let left = match outcome {
            Ok(Outcome { value, .. }) => {
                if let Some(value) = value {
                    self.show(&value)?;
                }
                Left::Not
            }
            Err(Error::Interrupted(signal)) if signal != libc::SIGINT || !self.attended => Left::Signalled(signal),
            Err(error @ (Error::OutputClosed | Error::Output(_))) => return Err(error),
            Err(error) => {
                if matches!(error, Error::Interrupted(_)) {
                    // The terminal has shown the key.
                    complain("\n");
                }
                // What it wrote before comes before it.
                let left = self.drained(stop).await?;
                self.wrong(&error, Some(input.unwrap_or(number)));
                left
            }
        };
        for hint in hints.iter().filter(|_| !self.shared.quiet && left == Left::Not) {
            complain(&screen::hint(hint));
        }
        if self.session.has_ended() && left == Left::Not {
            complain("note: the session ended with that; in the new one nothing is defined\n");
            self.renew().await?;
        }
        self.refresh(stop).await;
        Ok(left)
    }

    /// Gives the session something to run. Whether the terminal is left in the middle of a line.
    async fn run(&mut self, program: Program, stop: &mut mpsc::UnboundedReceiver<Stop>) -> (Report, bool) {
        let display = Display::new(self.session.watch().counts(), self.shared.quiet);
        let mut screen = Screen { display, stdout: self.stdout, captured: None };
        let report = self.session.inner().run(program, &mut screen, stop).await;
        (report, screen.display.finish())
    }

    /// Asks the session something.
    async fn ask(&mut self, question: Question, stop: &mut mpsc::UnboundedReceiver<Stop>) -> Option<String> {
        let (report, _) = self.run(self.given(Mode::Ask(question), ""), stop).await;
        report.outcome.ok().and_then(|outcome| outcome.value)
    }

    /// Learns which names there are, for whoever types them.
    async fn refresh(&mut self, stop: &mut mpsc::UnboundedReceiver<Stop>) {
        if self.attended
            && !self.session.has_ended()
            && let Some(names) = self.ask(Question::Names, stop).await
        {
            self.known().names = names.lines().map(str::to_owned).collect();
        }
    }

    /// Shows a value: at a terminal as much of it as the screen holds.
    fn show(&mut self, value: &str) -> Result<(), Error> {
        let Some((Width(columns), Height(rows))) = terminal_size_of(std::io::stdout()) else {
            return self.stdout.write(format!("{value}\n"));
        };
        let (columns, rows) = (usize::from(columns), usize::from(rows).saturating_sub(MARGIN));
        let shown = pretty::laid_out(&visible(value), columns);
        let (first, rest) = pretty::cut(&shown, rows, columns);
        self.stdout.write(format!("{}\n", first.trim_end_matches('\n')))?;
        if !rest.is_empty() {
            let lines = pretty::counted(rest.lines().count() as u64, "line");
            complain(&format!("… {lines} more: `,show`\n"));
        }
        self.rest = rest.to_owned();
        Ok(())
    }

    async fn command(
        &mut self,
        does: Does,
        argument: &str,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<Left, Error> {
        match does {
            Does::Quit => return Ok(Left::Now),
            Does::Time => return self.time(argument, stop).await,
            Does::Load => match config::read_text(Path::new(argument), "program") {
                Ok(text) => return self.program(Some(Path::new(argument)), &text, stop).await,
                Err(error) => self.wrong(&error, None),
            },
            Does::Reset => {
                self.renew().await?;
                self.refresh(stop).await;
            }
            Does::Show if self.rest.is_empty() => self.say("nothing was cut\n")?,
            Does::Show => self.stdout.write(format!("{}\n", std::mem::take(&mut self.rest).trim_end_matches('\n')))?,
            Does::Help if argument.is_empty() => self.say(&commands::list())?,
            Does::Doc if argument.is_empty() => self.say(&doc::overview(screen::width()))?,
            Does::Help | Does::Doc => self.help(argument)?,
            Does::Apropos => match doc::search(argument) {
                found if found.is_empty() => {
                    self.blame(format!("nothing in the reference has `{argument}`"), doc::unknown(argument).1);
                }
                found => self.say(&doc::list(&found, screen::width()))?,
            },
            Does::Context => self.context(argument, stop).await,
            Does::Vars => {
                let variables = self.ask(Question::Variables, stop).await.unwrap_or_default();
                self.say(&pretty::variables(&visible(&variables), screen::width()))?;
            }
            Does::Trace => {
                let trace = self.ask(Question::Trace, stop).await.unwrap_or_default();
                self.say(&pretty::trace(&trace))?;
            }
            Does::Cost => self.say(&pretty::usage(&self.session.usage()))?,
            Does::Model => self.model(argument)?,
        }
        Ok(Left::Not)
    }

    async fn time(&mut self, form: &str, stop: &mut mpsc::UnboundedReceiver<Stop>) -> Result<Left, Error> {
        let (begun, before) = (Instant::now(), self.session.usage());
        let left = self.program(None, form, stop).await?;
        let (took, after) = (begun.elapsed(), self.session.usage());
        let spent = after.since(before);
        let (calls, tokens) = (pretty::counted(spent.calls, "call"), spent.input_tokens + spent.output_tokens);
        self.say(&format!("{:.3} s, {calls}, {tokens} tokens\n", took.as_secs_f64()))?;
        Ok(left)
    }

    fn help(&mut self, name: &str) -> Result<(), Error> {
        let signature = self.known().signatures.get(name).cloned();
        match (signature, doc::named(name)) {
            // What is defined here goes before what it took the name of.
            (Some(signature), _) => self.say(&format!("{signature}\nIt was defined here.\n")),
            (None, Some(primitive)) => self.say(&doc::entry(primitive, screen::width())),
            (None, None) => {
                let (message, hint) = doc::unknown(name);
                self.blame(message, hint);
                Ok(())
            }
        }
    }

    async fn context(&mut self, argument: &str, stop: &mut mpsc::UnboundedReceiver<Stop>) {
        let (mut notes, path) = (Vec::new(), [PathBuf::from(argument)]);
        if is_stdin(&path[0]) {
            return self.blame("standard input cannot be a context here".into(), "name a file".into());
        }
        let collected = tokio::select! {
            collected = Contexts::collect(&self.host.zygote, &path, self.shared.skip_unreadable, &mut notes) => collected,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        tell_notes(&notes);
        if let Err(error) = collected.and_then(|contexts| self.session.add_contexts(contexts)) {
            self.wrong(&error, None);
        }
    }

    /// Shows or sets the model of calls that name none.
    fn model(&mut self, name: &str) -> Result<(), Error> {
        if !name.is_empty() {
            self.model = Some(name.trim_matches('"').to_owned());
            self.session.set_model(self.model.clone());
            self.known().named(name.trim_matches('"'));
        }
        match self.router.resolve(self.model.as_deref()) {
            Ok(router::Resolved { provider: None, .. }) => self.say("the built-in extractive model\n"),
            Ok(router::Resolved { model, .. }) => self.say(&format!("{model}\n")),
            Err(failure) => {
                self.blame(failure.message, "give a key or a server, or begin with `--offline`".into());
                Ok(())
            }
        }
    }
}

/// Where what comes between inputs goes.
struct Aside<'a> {
    above: Option<Sender<String>>,
    stdout: &'a Stdout,
}

impl Listener for Aside<'_> {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        let above = self.above.as_ref().filter(|_| stream == Stream::Stderr || std::io::stdout().is_terminal());
        if above.is_some_and(|above| above.send(text.to_owned()).is_ok()) {
            return Ok(());
        }
        match stream {
            Stream::Stdout => return self.stdout.write(text.to_owned()),
            Stream::Stderr => complain(text),
        }
        Ok(())
    }

    fn behind(&self) -> bool {
        self.stdout.full()
    }

    fn progress(&mut self, _: Progress) {}
}
