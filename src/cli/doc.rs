//! `bessemer doc`: the reference, out of the primitives' own table.

use super::screen;
use crate::{doc, error::Error};
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Doc {
    /// A procedure, or `dialect` for what scripts have of Racket; without one, all of Bessemer's own in short.
    #[arg(value_name = "NAME", conflicts_with_all = ["search", "markdown"])]
    name: Option<String>,
    /// What has to do with a word, the best matches first.
    #[arg(long, value_name = "WORD", conflicts_with = "markdown")]
    search: Option<String>,
    /// The whole reference as Markdown.
    #[arg(long)]
    markdown: bool,
}

impl Doc {
    pub(super) fn main(self) -> ExitCode {
        let width = screen::width();
        let text = match (&self.name, &self.search) {
            _ if self.markdown => doc::reference(),
            (Some(name), _) if name == "dialect" => doc::dialect(width),
            (Some(name), _) => {
                let own = doc::named(name).map(|primitive| doc::entry(primitive, width));
                match own.or_else(|| doc::of_dialect(name, width)) {
                    Some(entry) => entry,
                    None => return unknown(doc::unknown(name)),
                }
            }
            (None, Some(word)) => {
                let found = doc::search(word);
                if found.is_empty() {
                    return unknown((format!("nothing in the reference has `{word}`"), doc::unknown(word).1));
                }
                doc::list(&found, width)
            }
            (None, None) => doc::overview(width),
        };
        screen::print(&text)
    }
}

fn unknown((message, hint): (String, String)) -> ExitCode {
    screen::fail(&Error::Usage { message, hint: Some(hint) })
}
