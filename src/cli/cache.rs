//! `bessemer cache`: what the cache of answers holds, and forgetting it.

use super::{
    runs::{age, ago, dollars},
    screen::{self, fail},
};
use crate::{error::Error, llm::cache};
use clap::{Args, Subcommand};
use std::{path::PathBuf, process::ExitCode, time::Duration};

#[derive(Args)]
pub(super) struct Cache {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// How many answers there are, what they take, and what they have saved.
    Stats {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Forget all answers.
    Clear {
        /// Only those that are older: `12h`, `30d`.
        #[arg(long, value_name = "TIME", value_parser = age)]
        older_than: Option<Duration>,
    },
}

/// The cache's flags of a subcommand that runs programs.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct CacheFlags {
    /// Share the answers of all calls with other runs: what was asked before is not asked again.
    #[arg(long)]
    cache: bool,
    /// How old a shared answer may be: `12h`, `30d` (the default).
    #[arg(long, value_name = "TIME", value_parser = age)]
    cache_age: Option<Duration>,
    /// How much the shared answers may take: `500MB`, `1GB` (the default).
    #[arg(long, value_name = "SIZE", value_parser = crate::config::memory)]
    cache_size: Option<u64>,
}

impl CacheFlags {
    pub(super) fn settings(&self) -> cache::Settings {
        let usual = cache::Settings::default();
        cache::Settings {
            path: path(),
            all: self.cache,
            max_age: self.cache_age.unwrap_or(usual.max_age),
            max_bytes: self.cache_size.unwrap_or(usual.max_bytes),
        }
    }
}

fn path() -> Option<PathBuf> {
    cache::default_path(|name| std::env::var_os(name).map(PathBuf::from))
}

impl Cache {
    pub(super) fn main(self) -> ExitCode {
        match self.text() {
            Ok(text) => screen::print(&text),
            Err(problem) => fail(&Error::Usage {
                message: format!("the cache {problem}"),
                hint: Some("nothing is lost if you move the file away".into()),
            }),
        }
    }

    fn text(&self) -> Result<String, String> {
        let store = path().filter(|path| path.exists()).map(|path| cache::Store::open(&path)).transpose()?;
        match &self.what {
            What::Stats { json } => {
                let stats = store.map(|store| store.stats()).transpose()?.unwrap_or_default();
                if *json {
                    return Ok(format!("{}\n", serde_json::to_string(&stats).unwrap_or_default()));
                }
                let mb = stats.bytes as f64 / f64::from(1 << 20);
                let oldest = ago(i64::try_from(stats.oldest_s * 1000).unwrap_or(i64::MAX));
                Ok(format!(
                    "answers  {}\nsize     {mb:.1} MB\nhits     {}\nsaved    {}\noldest   {oldest}\n",
                    stats.answers,
                    stats.hits,
                    dollars(Some(stats.saved_usd))
                ))
            }
            What::Clear { older_than } => {
                let deleted = store.map(|mut store| store.clear(older_than.unwrap_or_default())).transpose()?;
                match deleted.unwrap_or_default() {
                    1 => Ok("forgot 1 answer\n".into()),
                    n => Ok(format!("forgot {n} answers\n")),
                }
            }
        }
    }
}
