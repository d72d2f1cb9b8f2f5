//! What the system allows: descriptors, stack, memory, what a sandbox would stand on, the terminal.

use super::{Finding, screen};
use crate::{
    config::{self, file::Settings},
    error::Error,
};
use rustix::process::{Resource, getrlimit};
use std::io::IsTerminal;

/// What an interpreter asks for, in bytes (`session/zygote.rs`).
const STACK: u64 = 1 << 30;

/// The version of Landlock that keeps signals within a session.
const SIGNALS_SCOPED: i64 = 6;

pub(super) fn findings(settings: &Result<Settings, Error>) -> Vec<Finding> {
    vec![descriptors(), stack(), memory(), sandbox(), configuration(settings), terminal()]
}

fn descriptors() -> Finding {
    let (most, descriptors) = config::most_concurrent();
    let found = format!("{descriptors}, so that up to {most} calls can be under way (`--max-concurrent`)");
    if most >= config::MAX_CONCURRENT {
        return Finding::good("descriptors", found);
    }
    Finding::lacking("descriptors", found, format!("`ulimit -Hn` above {}", config::MAX_CONCURRENT + 100))
}

fn stack() -> Finding {
    match getrlimit(Resource::Stack).maximum {
        Some(most) if most < STACK => Finding::lacking(
            "stack",
            format!("{} MB at most", most >> 20),
            "`ulimit -Hs unlimited`: very deep data needs a gigabyte",
        ),
        _ => Finding::good("stack", "as much as the interpreter asks for"),
    }
}

fn memory() -> Finding {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let megabytes = |name: &str| -> Option<u64> {
        let line = info.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb >> 10)
    };
    let (Some(free), Some(total)) = (megabytes("MemAvailable"), megabytes("MemTotal")) else {
        return Finding::good("memory", "unknown");
    };
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|n| n.trim().parse::<u64>().ok());
    let group = group.map_or(String::new(), |bytes| format!(", of which this group may have {} MB", bytes >> 20));
    let found = format!("{free} MB free of {total} MB{group}; a script may have {} GB", config::MAX_MEMORY >> 30);
    if free >= config::MAX_MEMORY >> 20 {
        return Finding::good("memory", found);
    }
    Finding::lacking("memory", found, "a lower `--max-memory` ends a script before the system does")
}

fn sandbox() -> Finding {
    let landlock = match crate::landlock_abi() {
        Some(abi) => format!("Landlock ABI {abi}"),
        None => "no Landlock".into(),
    };
    let filters = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").is_ok();
    let seccomp = if filters { "seccomp filters" } else { "no seccomp filters" };
    let found = format!("{landlock}, {seccomp}");
    if crate::landlock_abi().is_none() || !filters {
        let cure = "scripts are refused without both; `--no-sandbox` runs them as they are, so run only your own";
        return Finding::lacking("confinement", found, cure);
    }
    let found = format!("{found}: files, network, other programs and processes are shut to scripts");
    if crate::landlock_abi().is_some_and(|abi| abi < SIGNALS_SCOPED) {
        let cure = "Linux 6.12 or later: before, what `--allow-run` starts can send no signals";
        return Finding::lacking("confinement", found, cure);
    }
    Finding::good("confinement", found)
}

/// Which files settle things for all runs, and whether they can be read.
fn configuration(settings: &Result<Settings, Error>) -> Finding {
    match settings {
        Ok(settings) if settings.files.is_empty() => {
            let own =
                config::file::own().map_or("none".into(), |own| format!("none; yours would be {}", own.display()));
            Finding::good("configuration", own)
        }
        Ok(settings) => {
            let files: Vec<_> = settings.files.iter().map(|file| file.display().to_string()).collect();
            let open = if settings.no_sandbox { ": `no-sandbox`, scripts are not confined" } else { "" };
            Finding::good("configuration", format!("{}{open}", files.join(", ")))
        }
        Err(e) => Finding::bad("configuration", e.to_string(), e.hint().unwrap_or("mend the file").to_owned()),
    }
}

fn terminal() -> Finding {
    let (stdout, stderr) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let colour = if screen::look().colour { "colour" } else { "no colour" };
    Finding::good(
        "terminal",
        match (stdout, stderr) {
            (false, false) => format!("none, so no progress line; {colour}"),
            (_, false) => {
                format!("{} columns on stdout, none on stderr, so no progress line; {colour}", screen::width())
            }
            (_, true) => format!("{} columns; {colour}", screen::width()),
        },
    )
}
