//! Where inputs come from: a line editor at a terminal, lines at anything else. Each has a thread of its own, since neither
//! can be waited for otherwise.
//!
//! Not here: what is known of the text (`typed`), and what is done with it.

use super::{
    commands,
    typed::{self, Known},
};
use crate::{error::Error, interp::input::Growing};
use anstyle::{AnsiColor, Style};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::{
    Behavior, ColorMode, CompletionType, Config, Context, ExternalPrinter, Helper,
    completion::Completer,
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::{Hint, Hinter},
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{
    borrow::Cow,
    cell::Cell,
    io::{BufRead, IsTerminal},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use unicode_width::UnicodeWidthStr;

/// How many inputs the history keeps.
const KEPT: usize = 10_000;
/// What is longer is not kept there, nor coloured while it is typed, in bytes.
const LONGEST: usize = 64 << 10;
/// How long the end of a line is waited for before a text without one is shown.
const LINE_END: Duration = Duration::from_millis(100);
const PROMPT: Style = AnsiColor::Green.on_default().bold();

/// What came of asking for an input.
#[derive(Debug)]
pub(super) enum Typed {
    Input(String),
    /// Ctrl-C: the line is to be forgotten.
    Interrupted,
    /// There are no more.
    End,
    /// The terminal, or what stands in its place, cannot be read.
    Broken(String),
}

/// The source of inputs.
pub(super) struct Editor {
    ask: Sender<String>,
    typed: mpsc::UnboundedReceiver<Typed>,
    /// Texts to be shown while somebody types; the prompt moves out of their way.
    above: Option<Sender<String>>,
    /// How the terminal was before.
    mode: Option<Termios>,
}

impl Editor {
    /// The terminal that the program was started at.
    pub(super) fn terminal(known: Arc<Mutex<Known>>) -> Self {
        let mode = tcgetattr(std::io::stdin()).ok();
        let (ask, asked) = channel();
        let (answer, typed) = mpsc::unbounded_channel();
        let (tell, told) = channel();
        std::thread::spawn(move || edit(known, &tell, &asked, &answer));
        let printer: Option<Box<dyn ExternalPrinter + Send>> = told.recv().ok().flatten();
        let above = printer.map(|printer| {
            let (above, texts) = channel();
            // Of its own: it may have to wait for the next prompt.
            std::thread::spawn(move || print_above(printer, &texts));
            above
        });
        Self { ask, typed, above, mode }
    }

    /// Standard input, whatever it is.
    pub(super) fn lines() -> Self {
        let (ask, asked) = channel();
        let (answer, typed) = mpsc::unbounded_channel();
        std::thread::spawn(move || read_inputs(&asked, &answer));
        Self { ask, typed, above: None, mode: None }
    }

    /// Asks for an input. [`Self::typed`] has it.
    pub(super) fn ask(&self, prompt: String) {
        // When its thread has gone there is nothing to be had from it, which `typed` says.
        let _ = self.ask.send(prompt);
    }

    /// The input, once there is one. May be dropped and asked again.
    pub(super) async fn typed(&mut self) -> Typed {
        self.typed.recv().await.unwrap_or(Typed::End)
    }

    /// What takes texts to be shown above what is being typed.
    pub(super) fn above(&self) -> Option<Sender<String>> {
        self.above.clone()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // Somebody may be in the middle of a line, where the terminal has another mode.
        if let Some(mode) = &self.mode {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, mode);
        }
    }
}

/// Reads lines until they make an input, for every time that one is asked for.
fn read_inputs(asked: &Receiver<String>, answer: &mpsc::UnboundedSender<Typed>) {
    let mut lines = std::io::stdin().lock();
    while asked.recv().is_ok() {
        let (mut text, mut growing) = (String::new(), Growing::default());
        let typed = loop {
            match lines.read_line(&mut text) {
                Ok(0) if text.trim().is_empty() => break Typed::End,
                // What is unfinished here is told as an error.
                Ok(0) => break Typed::Input(text),
                Ok(_) if !growing.goes_on(&text) && commands::is_complete(&text) => break Typed::Input(text),
                Ok(_) => {}
                Err(e) => break Typed::Broken(e.to_string()),
            }
        };
        if answer.send(typed).is_err() {
            return;
        }
    }
}

fn print_above(mut printer: Box<dyn ExternalPrinter + Send>, texts: &Receiver<String>) {
    while let Ok(mut text) = texts.recv() {
        while !text.ends_with('\n')
            && let Ok(more) = texts.recv_timeout(LINE_END)
        {
            text += &more;
        }
        if printer.print(text).is_err() {
            return;
        }
    }
}

/// Runs the line editor.
fn edit(
    known: Arc<Mutex<Known>>,
    tell: &Sender<Option<Box<dyn ExternalPrinter + Send>>>,
    asked: &Receiver<String>,
    answer: &mpsc::UnboundedSender<Typed>,
) {
    let stdout = std::io::stdout();
    let plain = anstream::AutoStream::choice(&stdout) == anstream::ColorChoice::Never;
    let color_mode = if plain { ColorMode::Disabled } else { ColorMode::Enabled };
    // What stdout is sent to is no place for prompts.
    let behavior = if stdout.is_terminal() { Behavior::Stdio } else { Behavior::PreferTerm };
    let made = Config::builder()
        .max_history_size(KEPT)
        .and_then(|config| config.history_ignore_dups(true))
        .map(|config| config.history_ignore_space(true).completion_type(CompletionType::List))
        .map(|config| config.color_mode(color_mode).behavior(behavior))
        .and_then(|config| {
            let config = config.build();
            rustyline::Editor::<Helping, FileHistory>::with_history(config.clone(), FileHistory::with_config(&config))
        });
    let mut editor = match made {
        Ok(editor) => editor,
        Err(e) => {
            // Nobody waits for it when the session could not be started.
            let _ = answer.send(Typed::Broken(e.to_string()));
            return;
        }
    };
    editor.set_helper(Some(Helping { known, last: Cell::new(false), prompt: Cell::new(0) }));
    let history = history_file(|name| std::env::var_os(name).map(PathBuf::from));
    if let Some(file) = &history {
        // There is none yet, or it is not one: then this session begins without.
        let _ = editor.load_history(file);
    }
    let printer = editor.create_external_printer().ok();
    let _ = tell.send(printer.map(|printer| Box::new(printer) as _));
    while let Ok(prompt) = asked.recv() {
        if let Some(helping) = editor.helper() {
            helping.prompt.set(prompt.width());
        }
        let styled = format!("{PROMPT}{prompt}{PROMPT:#}");
        let typed = match editor.readline(&(prompt, styled)) {
            Ok(text) => {
                if text.len() <= LONGEST && editor.add_history_entry(&*text).unwrap_or(false) {
                    keep(&mut editor, history.as_deref());
                }
                Typed::Input(text)
            }
            Err(ReadlineError::Interrupted) => Typed::Interrupted,
            Err(ReadlineError::Eof) => Typed::End,
            Err(e) => Typed::Broken(e.to_string()),
        };
        if answer.send(typed).is_err() {
            return;
        }
    }
}

/// Adds the last input to the file: a session that is killed has not lost it.
fn keep(editor: &mut rustyline::Editor<Helping, FileHistory>, file: Option<&Path>) {
    let Some(file) = file else { return };
    if let Some(folder) = file.parent() {
        // Where that fails, so does what follows.
        let _ =
            std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700).create(folder);
    }
    // A history that cannot be kept is no reason to stop anybody. The file is its owner's alone: mode 0600.
    let _ = editor.append_history(file);
}

/// Where the history is: `$XDG_DATA_HOME/bessemer/history`, or the same in `~/.local/share`.
fn history_file(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let data = variable("XDG_DATA_HOME").filter(absolute);
    let data = data.or_else(|| variable("HOME").filter(absolute).map(|home| home.join(".local/share")))?;
    Some(data.join("bessemer/history"))
}

/// What the line editor asks of `typed`.
struct Helping {
    known: Arc<Mutex<Known>>,
    /// Whether the line is drawn for the last time: nothing is at the cursor any more.
    last: Cell<bool>,
    /// How wide the prompt is.
    prompt: Cell<usize>,
}

impl Helping {
    fn with<R>(&self, f: impl FnOnce(&Known) -> R) -> R {
        f(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Helper for Helping {}

impl Completer for Helping {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.with(|known| typed::completions(&line[..pos], known)))
    }
}

/// A hint that is to be read: no key takes it over.
struct Shown(String);

impl Hint for Shown {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Helping {
    type Hint = Shown;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Shown> {
        // It stands at the end of the line, where only what is closed may come before it.
        if line.len() > LONGEST || !line[pos..].chars().all(|c| c.is_whitespace() || ")]}".contains(c)) {
            return None;
        }
        let columns = usize::from(terminal_size::terminal_size()?.0.0);
        let last = line.rsplit('\n').next().unwrap_or(line);
        let used = last.width() + if last.len() == line.len() { self.prompt.get() } else { 0 };
        self.with(|known| typed::hint(&line[..pos], known, columns.saturating_sub(used + 1))).map(Shown)
    }
}

impl Highlighter for Helping {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if line.len() > LONGEST {
            return Cow::Borrowed(line);
        }
        let cursor = (!self.last.get()).then_some(pos);
        Cow::Owned(self.with(|known| typed::coloured(line, cursor, known)))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let dim = Style::new().dimmed();
        Cow::Owned(format!("{dim}{hint}{dim:#}"))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.last.set(kind == CmdKind::ForcedRefresh);
        !self.last.get()
    }
}

impl Validator for Helping {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match commands::is_complete(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

/// Whether somebody sits at a terminal.
pub(super) fn is_attended() -> bool {
    std::io::stdin().is_terminal()
}

/// What cannot be read any more.
pub(super) fn broken(problem: String) -> Error {
    Error::Usage { message: format!("the input cannot be read: {problem}"), hint: Some("is it text?".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_among_the_users_data() {
        let file = |data: Option<&str>, home: Option<&str>| {
            history_file(|name| if name == "HOME" { home } else { data }.map(PathBuf::from))
        };
        assert_eq!(file(Some("/data"), Some("/home/ada")), Some("/data/bessemer/history".into()));
        assert_eq!(file(None, Some("/home/ada")), Some("/home/ada/.local/share/bessemer/history".into()));
        assert_eq!(file(Some("relative"), Some("/home/ada")), Some("/home/ada/.local/share/bessemer/history".into()));
        assert_eq!(file(None, None), None);
    }
}
