//! What begins with a comma: the table of commands, from which they are completed and explained, and how one is read.
//!
//! Not here: what they do (`talk`).

use crate::{input_is_complete, interp};

/// What a command is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Nothing,
    /// Something in the reference, or defined here.
    Name,
    Word,
    Model,
    Path,
    Form,
}

/// Which command it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Help,
    Apropos,
    Doc,
    Show,
    Time,
    Load,
    Context,
    Vars,
    Cost,
    Trace,
    Model,
    Reset,
    Quit,
}

/// A command.
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) wants: Wants,
    pub(super) does: Does,
    /// What it is given, as help shows it.
    pub(super) argument: &'static str,
    /// Whether it must be given that.
    pub(super) needs: bool,
    pub(super) doc: &'static str,
}

const fn command(
    name: &'static str,
    does: Does,
    wants: Wants,
    argument: &'static str,
    needs: bool,
    doc: &'static str,
) -> Command {
    Command { name, wants, does, argument, needs, doc }
}

/// All of them, in the order in which help shows them.
pub(super) const COMMANDS: &[Command] = &[
    command("help", Does::Help, Wants::Name, "[NAME]", false, "what the reference says of NAME; alone, this list"),
    command("apropos", Does::Apropos, Wants::Word, "WORD", true, "what in the reference has to do with WORD"),
    command("doc", Does::Doc, Wants::Name, "[NAME]", false, "the whole reference in short, or NAME in full"),
    command("show", Does::Show, Wants::Nothing, "", false, "the rest of the last value, when it was cut"),
    command("time", Does::Time, Wants::Form, "FORM", true, "runs FORM, and says how long it took and its calls"),
    command("load", Does::Load, Wants::Path, "FILE", true, "runs the program in FILE as if it had been typed"),
    command("context", Does::Context, Wants::Path, "[NAME=]PATH", true, "makes a file, directory or glob a context"),
    command("vars", Does::Vars, Wants::Nothing, "", false, "what has been defined here"),
    command("cost", Does::Cost, Wants::Nothing, "", false, "what the calls have come to so far"),
    command("trace", Does::Trace, Wants::Nothing, "", false, "the calls so far, one by one"),
    command("model", Does::Model, Wants::Model, "[NAME]", false, "the model of calls that name none: shows or sets it"),
    command("reset", Does::Reset, Wants::Nothing, "", false, "begins anew: nothing is defined, nothing runs"),
    command("quit", Does::Quit, Wants::Nothing, "", false, "leaves, as Ctrl-D does"),
];

/// What an input is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// A program.
    Program,
    /// A command, and what it is given.
    Command(Does, &'a str),
    /// A command that there is not, or not so: what is wrong, and what to do.
    Wrong(String, String),
}

/// The name of a command and what follows it.
fn split(text: &str) -> Option<(&str, &str)> {
    let command = text.trim().strip_prefix(',')?;
    Some(command.split_once(char::is_whitespace).map_or((command, ""), |(name, rest)| (name, rest.trim())))
}

/// Reads an input.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let Some((name, argument)) = split(text) else { return Parsed::Program };
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
        let near = interp::nearest(name, COMMANDS.iter().map(|c| c.name));
        let hint = near.map_or("`,help` lists the commands".into(), |near| format!("did you mean `,{near}`?"));
        return Parsed::Wrong(format!("there is no command `,{name}`"), hint);
    };
    let usage = format!("write `,{name} {}`", command.argument);
    match (command.wants, argument) {
        (Wants::Nothing, argument) if !argument.is_empty() => {
            Parsed::Wrong(format!("`,{name}` takes nothing"), format!("write `,{name}`"))
        }
        (_, "") if command.needs => Parsed::Wrong(format!("`,{name}` wants something"), usage.trim_end().into()),
        _ => Parsed::Command(command.does, argument),
    }
}

/// Whether an input can be run as it stands.
pub(super) fn is_complete(text: &str) -> bool {
    match split(text) {
        None => input_is_complete(text),
        Some((name, argument)) => {
            let form = COMMANDS.iter().any(|c| c.name == name && c.wants == Wants::Form);
            !form || input_is_complete(argument)
        }
    }
}

/// The list of them.
pub(super) fn list() -> String {
    let mut out = String::new();
    for command in COMMANDS {
        let call = format!(",{} {}", command.name, command.argument);
        out += &format!("{call:22}{}\n", command.doc);
    }
    out + "`_`, `__` and `___` are the last three values. Tab completes; Ctrl-C ends what runs, Ctrl-D leaves.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_with_what_it_is_given() {
        assert_eq!(parse("(f)"), Parsed::Program);
        assert_eq!(parse(",help  map-async \n"), Parsed::Command(Does::Help, "map-async"));
        assert_eq!(parse(",time (f\n 1)"), Parsed::Command(Does::Time, "(f\n 1)"));
        assert_eq!(parse(",vars\n"), Parsed::Command(Does::Vars, ""));
    }

    #[test]
    fn a_command_that_is_wrong_is_answered_with_what_to_do() {
        let hint = |text: &'static str| match parse(text) {
            Parsed::Wrong(_, hint) => hint,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(hint(",hlep"), "did you mean `,help`?");
        assert_eq!(hint(",xyzzy"), "`,help` lists the commands");
        assert_eq!(hint(",load"), "write `,load FILE`");
        assert_eq!(hint(",vars x"), "write `,vars`");
    }

    #[test]
    fn a_command_ends_with_its_line_unless_it_takes_a_form() {
        assert!(is_complete(",help (") && is_complete(",load \"") && is_complete(",time (f)"));
        assert!(!is_complete(",time (f") && !is_complete("(f"));
    }

    #[test]
    fn every_command_is_in_the_list() {
        let list = list();
        assert!(COMMANDS.iter().all(|c| list.contains(c.doc) && list.contains(&format!(",{}", c.name))));
    }
}
