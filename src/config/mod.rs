//! Flags and environment, resolved once into what a run needs; `file` is `bessemer.toml`, `schema` its keys.

pub(crate) mod file;
pub(crate) mod schema;

use crate::{error::Error, llm::router::Settings};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Calls under way at once, unless a flag says otherwise.
pub(crate) const MAX_CONCURRENT: usize = 1000;
/// A session's memory in bytes, unless a flag says otherwise.
pub(crate) const MAX_MEMORY: u64 = 2 << 30;
/// Descriptors that calls do not get: contexts, files, sockets to interpreters, the terminal.
const RESERVED_DESCRIPTORS: u64 = 64 + crate::host_protocol::MAX_CONTEXTS as u64;

/// The variables that hold keys.
pub(crate) const KEYS: &[&str] =
    &["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY", "GEMINI_API_KEY"];
/// The variables that hold providers' base URLs, and the URLs without them.
pub(crate) const BASES: &[(&str, &str)] = &[
    ("OPENAI_BASE_URL", crate::llm::openai::DEFAULT_BASE),
    ("ANTHROPIC_BASE_URL", crate::llm::anthropic::DEFAULT_BASE),
    ("GEMINI_BASE_URL", crate::llm::gemini::DEFAULT_BASE),
];

/// How models are reached: keys and bases out of the environment, as the providers' own clients read them, the rest from
/// flags and files.
pub(crate) fn models(offline: bool, model: Option<String>, said: &file::Settings) -> Settings {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    Settings {
        offline,
        openai_key: variable("OPENAI_API_KEY").map(Into::into),
        openai_base: variable("OPENAI_BASE_URL"),
        anthropic_key: variable("ANTHROPIC_API_KEY").map(Into::into),
        anthropic_token: variable("ANTHROPIC_AUTH_TOKEN").map(Into::into),
        anthropic_base: variable("ANTHROPIC_BASE_URL"),
        // Google's own clients look in this order.
        gemini_key: variable("GOOGLE_API_KEY").or_else(|| variable("GEMINI_API_KEY")).map(Into::into),
        gemini_base: variable("GEMINI_BASE_URL").or_else(|| variable("GOOGLE_GEMINI_BASE_URL")),
        default_model: model.or_else(|| said.defaults.model.clone()),
        prices: said.prices.clone(),
        limits: said.limits.clone(),
        aliases: said.aliases.clone(),
        windows: said.windows.clone(),
        providers: said.providers.clone(),
        cache: Default::default(),
    }
}

/// Takes as many descriptors as the system gives: every call under way holds a socket, and the zygote two a session.
pub(crate) fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    // Where that is refused, what there is must do.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// How many calls can be under way: what was asked for, bounded by the descriptors this process may have.
pub(crate) fn concurrent(wanted: usize) -> usize {
    let (most, descriptors) = most_concurrent();
    if wanted > most {
        tracing::warn!(
            "only {most} calls can be under way at once: {descriptors} descriptors are allowed (`ulimit -n`)"
        );
    }
    wanted.min(most)
}

/// The most calls that the descriptors allow, and how many descriptors there are.
pub(crate) fn most_concurrent() -> (usize, u64) {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = usize::try_from(descriptors.saturating_sub(RESERVED_DESCRIPTORS)).unwrap_or(usize::MAX).max(1);
    (most, descriptors)
}

/// Bytes from text such as `500MB`, `2GB` or `2048` (MB).
pub(crate) fn memory(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .ok()
        .filter(|n| *n > 0.0)
        .ok_or_else(|| format!("`{text}` is no size; write `500MB` or `2GB`"))?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "m" | "mb" | "mib" => 1u64 << 20,
        "k" | "kb" | "kib" => 1 << 10,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(format!("`{unit}` is no unit of memory; write `500MB` or `2GB`")),
    };
    Ok((number * factor as f64) as u64)
}

/// Seconds from text such as `90`, `1.5s`, `10m` or `2h`.
pub(crate) fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .ok()
        .filter(|n| *n > 0.0)
        .ok_or_else(|| format!("`{text}` is no time above zero; write `90`, `10m` or `2h`"))?;
    let factor = match unit.trim() {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("`{unit}` is no unit of time; write `90`, `10m` or `2h`")),
    };
    // What is longer than a century is a slip, and would overflow clocks.
    let seconds = Some(number * factor).filter(|s| *s < 3.2e9).unwrap_or(f64::INFINITY);
    std::time::Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is too long"))
}

/// A text file, by its name on the command line.
pub(crate) fn read_text(path: &std::path::Path, what: &str) -> Result<String, Error> {
    let usage = |message: String, hint: &str| Error::Usage { message, hint: Some(hint.into()) };
    let bytes = std::fs::read(path).map_err(|e| {
        let hint = match e.kind() {
            std::io::ErrorKind::NotFound => "is the path right?",
            std::io::ErrorKind::IsADirectory => "name a file in it",
            _ => "may you read it?",
        };
        usage(format!("the {what} `{}` cannot be read: {e}", path.display()), hint)
    })?;
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        usage(format!("the {what} `{}` is no UTF-8 text (byte {at})", path.display()), "convert it to UTF-8 first")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(memory("500MB"), Ok(500 << 20));
        assert_eq!(memory("1.5g"), Ok(3 << 29));
        assert_eq!(memory("2048"), Ok(2 << 30));
        assert!(memory("ten").is_err() && memory("5 parsecs").is_err());
        assert_eq!(seconds("1.5m"), Ok(std::time::Duration::from_secs(90)));
        assert_eq!(seconds("abc"), Err("`abc` is no time above zero; write `90`, `10m` or `2h`".into()));
        assert!(seconds("5 parsecs").is_err_and(|e| e.contains("no unit of time")));
        for nothing in ["-1", "0", "0h", ""] {
            assert!(seconds(nothing).is_err() && memory(nothing).is_err(), "{nothing}");
        }
    }
}
