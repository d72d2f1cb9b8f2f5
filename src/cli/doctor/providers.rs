//! Which providers are set up here, and what the aliases mean. No key is ever shown, nor a part of one.

use super::Finding;
use crate::{
    config::{self, file::Settings},
    llm::{
        models,
        router::{ALIASES, Resolved, Router},
    },
    wire::FailureClass,
};

pub(super) const CURE: &str = "set `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `GEMINI_API_KEY`, or `OPENAI_BASE_URL` for a compatible \
                    server such as Ollama, or use `--offline`";

pub(super) fn findings(offline: bool, model: Option<String>, settings: &Settings) -> Vec<Finding> {
    if offline {
        return vec![Finding::good("models", "the built-in extractive model answers every call (`--offline`)")];
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let state = |name: &&str| format!("`{name}` is {}", if variable(name).is_some() { "set" } else { "not set" });
    let mut all = vec![Finding::good("keys", config::KEYS.iter().map(state).collect::<Vec<_>>().join(", "))];
    for (name, default) in config::BASES {
        // Gemini's has another name at Google's own clients.
        let other = "GOOGLE_GEMINI_BASE_URL";
        let name = if *name == "GEMINI_BASE_URL" && variable(name).is_none() && variable(other).is_some() {
            &other
        } else {
            name
        };
        all.push(match variable(name) {
            None => Finding::good("base URL", format!("{default} (`{name}` is not set)")),
            Some(url) => match shown(&url) {
                Some(shown) => Finding::good("base URL", format!("{shown} (`{name}`)")),
                None => Finding::bad("base URL", format!("`{name}` is no URL"), "write `http://localhost:11434/v1`"),
            },
        });
    }
    for said in &settings.providers {
        let address = said.base.as_deref().and_then(shown).unwrap_or_else(|| "its usual address".into());
        let (key, there) = match &said.key {
            None => (String::new(), true),
            Some((name, Some(_))) => (format!("; its key is in `{name}`"), true),
            Some((name, None)) => (format!("; `{name}`, which would hold its key, is not set"), false),
        };
        let found = format!("`{}` at {address}{key}", said.name);
        all.push(match there {
            true => Finding::good("provider", found),
            false => {
                Finding::lacking("provider", found, "set that variable, or take `key-env` out of the configuration")
            }
        });
    }
    let router = Router::new(config::models(false, model, settings));
    let mut own: Vec<&str> = settings.aliases.keys().map(String::as_str).filter(|a| !ALIASES.contains(a)).collect();
    own.sort_unstable();
    let asked = std::iter::once(None).chain(ALIASES.into_iter().chain(own).map(Some));
    for name in asked {
        let what = name.map_or_else(|| "the default model".into(), |name| format!("\"{name}\""));
        all.push(match router.resolve(name) {
            Ok(Resolved { provider: None, .. }) => Finding::good(what, "the built-in extractive model"),
            Ok(found) => Finding::good(what, at(&found)),
            Err(failure) if failure.class == FailureClass::Auth => Finding::bad(what, "no provider is set up", CURE),
            Err(failure) => Finding::bad(what, failure.message, "name another model, or use `--offline`"),
        });
        if all.last().is_some_and(|f| f.state == super::State::Bad) {
            // The others would say the same.
            break;
        }
    }
    all
}

/// A model, where it is, and how long its prompts may be.
fn at(found: &Resolved) -> String {
    let Resolved { provider, model, window, .. } = found;
    let place = provider.as_deref().map(|title| format!(" at {title}")).unwrap_or_default();
    let window =
        window.map(|n| format!(", prompts up to {n} tokens (table of {})", models::date())).unwrap_or_default();
    format!("`{model}`{place}{window}")
}

/// A URL without what may be secret in it.
fn shown(url: &str) -> Option<String> {
    let mut url = reqwest::Url::parse(url.trim()).ok().filter(|u| u.has_host())?;
    // Both fail only where there is no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn nothing_secret_of_a_url_is_shown() {
        assert_eq!(shown("https://me:secret@host/v1?key=secret#x").as_deref(), Some("https://host/v1"));
        assert_eq!(shown("localhost"), None);
    }
}
