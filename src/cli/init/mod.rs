//! `bessemer init`: a configuration file with every key in it, commented out.
//!
//! Not here: what the keys mean (`config::schema`).

use super::screen;
use crate::{config::file, error::Error};
use clap::Args;
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What any file may say, and what only one's own may.
const COMMON: &str = include_str!("common.toml");
const OWN: &str = include_str!("own.toml");

#[derive(Args)]
pub(super) struct Init {
    /// Write it into the working directory: aliases, defaults, limits and denials for what is run there.
    #[arg(long)]
    here: bool,
    /// Print it instead of writing it.
    #[arg(long)]
    print: bool,
}

impl Init {
    pub(super) fn main(self) -> ExitCode {
        let text = text(self.here);
        if self.print {
            return screen::print(&text);
        }
        match write(self.here, &text) {
            Ok(path) => screen::print(&format!("{}\n", path.display())),
            Err(error) => screen::fail(&error),
        }
    }
}

fn text(here: bool) -> String {
    if here { COMMON.into() } else { format!("{COMMON}{OWN}") }
}

/// Writes the file, and gives its path. One that is there is left as it is.
fn write(here: bool, text: &str) -> Result<PathBuf, Error> {
    let usage = |message: String, hint: &str| Error::Usage { message, hint: Some(hint.into()) };
    let path = match here {
        true => PathBuf::from(file::NAME),
        false => file::own().ok_or_else(|| {
            usage("there is no place for your configuration".into(), "set `HOME`, or write one with `--here`")
        })?,
    };
    let problem = |path: &Path, e: &std::io::Error| match e.kind() {
        ErrorKind::AlreadyExists => usage(
            format!("`{}` is there already, and stays as it is", path.display()),
            "`bessemer init --print` shows what a new one would say",
        ),
        _ => usage(format!("`{}` cannot be written: {e}", path.display()), "`bessemer init --print` prints it instead"),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| problem(folder, &e))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| problem(&path, &e))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with every key in force.
    fn uncommented(text: &str) -> String {
        let key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '"' | '['));
        let lines = text.lines().map(|line| line.strip_prefix("# ").filter(key).filter(|l| is_toml(l)).unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn is_toml(line: &str) -> bool {
        line.starts_with('[') || line.contains(" = ")
    }

    #[test]
    fn what_is_written_says_nothing_until_somebody_uncomments_it_and_then_all_of_it_holds() {
        for here in [true, false] {
            let text = text(here);
            let said = |text: &str| file::said(Path::new("/x/bessemer.toml"), text, !here).unwrap();
            let settings = said(&text);
            assert!(settings.aliases.is_empty() && settings.prices.is_empty() && settings.limits.is_empty());
            let settings = said(&uncommented(&text));
            assert_eq!((settings.aliases.len(), settings.windows.len(), settings.limits.len()), (2, 1, 2));
            let defaults = settings.defaults;
            assert!(defaults.model.is_some() && defaults.retries == Some(4) && defaults.max_cost == Some(5.0));
            assert!(defaults.timeout.is_some() && defaults.call_timeout.is_some() && defaults.max_memory.is_some());
            assert_eq!((settings.prices.len(), settings.providers.len()), if here { (0, 0) } else { (1, 2) });
            assert!(settings.deny_run);
        }
    }
}
