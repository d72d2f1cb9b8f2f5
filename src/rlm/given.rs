//! The contexts of a loop: what the root model is told of them, and how sessions come by them.

use super::clip::clipped;
use crate::{
    context::Contexts,
    error::Error,
    llm::{Text, dispatch::Dispatcher},
    session::{Session, Zygote, account::Account},
};
use std::sync::Arc;

/// Characters of a preview, when there is one text, and when there are several.
const PREVIEW: usize = 600;
const SHORT_PREVIEW: usize = 150;
/// How many of several texts are named, and how many of those have a preview.
const NAMED: usize = 20;
const PREVIEWED: usize = 3;

/// Where contexts are.
pub(super) enum Given<'a> {
    /// In files.
    Files(&'a Contexts),
    /// In memory: one text, or a list of them.
    Texts(&'a [Text]),
}

impl Given<'_> {
    /// A session that has them.
    pub(super) async fn session(
        &self,
        zygote: &Zygote,
        dispatcher: Arc<Dispatcher>,
        account: Arc<Account>,
    ) -> Result<Session, Error> {
        match self {
            Self::Files(contexts) => Session::start_charged(zygote, dispatcher, contexts, account).await,
            Self::Texts(texts) => {
                let session = Session::start_charged(zygote, dispatcher, &Contexts::default(), account).await?;
                session.add_texts(texts)?;
                Ok(session)
            }
        }
    }

    /// What they are, for the root model: names, types, sizes, beginnings.
    pub(super) fn described(&self) -> String {
        let single = match self {
            Self::Files(contexts) => contexts.table().single,
            Self::Texts(texts) => texts.len() == 1,
        };
        let names = self.names();
        if names.is_empty() {
            return "There is no context: `context` is an empty string. Answer from what you know, or compute.".into();
        }
        if single {
            let (name, chars) = &names[0];
            let named = if name == "context" { String::new() } else { format!(" (`{name}`)") };
            return format!(
                "`context`{named} is a string of {chars} characters. It begins:\n{}",
                self.preview(0, PREVIEW)
            );
        }
        let sum: u64 = names.iter().map(|(_, chars)| chars).sum();
        let mut out = format!("`context` is a list of {} strings, {sum} characters in all.", names.len());
        out += " `(get-context NAME)` gives one; in Python `contexts[NAME]`.";
        for (index, (name, chars)) in names.iter().enumerate().take(NAMED) {
            out += &format!("\n- \"{name}\": {chars} characters");
            if index < PREVIEWED {
                out += &format!(". It begins:\n{}", self.preview(index, SHORT_PREVIEW));
            }
        }
        if names.len() > NAMED {
            out += &format!("\n- and {} more: `(context-names)` gives all names", names.len() - NAMED);
        }
        let groups = match self {
            Self::Files(contexts) => &contexts.table().groups[..],
            Self::Texts(_) => &[],
        };
        for group in groups.iter().take(NAMED) {
            out += &format!("\n`(get-context \"{}\")` is the list of {} of them.", group.name, group.count);
        }
        out
    }

    /// Each text's name, and its length in characters.
    fn names(&self) -> Vec<(String, u64)> {
        match self {
            Self::Files(contexts) => {
                let short = |name: &str| clipped(name, 200).replace('\n', " ");
                contexts.table().entries.iter().map(|entry| (short(&entry.name), entry.chars)).collect()
            }
            Self::Texts([text]) => vec![("context".into(), text.chars().count() as u64)],
            Self::Texts(texts) => {
                let numbered = texts.iter().enumerate();
                numbered.map(|(index, text)| ((index + 1).to_string(), text.chars().count() as u64)).collect()
            }
        }
    }

    /// The beginning of a text, each line marked as quoted.
    fn preview(&self, index: usize, most: usize) -> String {
        let begins = match self {
            Self::Files(contexts) => contexts.beginning(index, most),
            Self::Texts(texts) => texts[index].chars().take(most).collect(),
        };
        let lines: Vec<String> = begins.lines().map(|line| format!("> {line}")).collect();
        lines.join("\n")
    }
}
