//! Which provider serves a model's name, what an alias means here, and what an answer costs.
//!
//! For now the providers are one OpenAI-compatible server and the offline model. Not here: the environment (the caller
//! reads it), and limits or budgets.

use super::{
    Answer, Failure, Model, Pending, Request, json::Json, offline::Offline, openai, openai::OpenAi, retry::Retry,
};
use crate::wire::{FailureClass, Usage};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// The aliases, and the models of OpenAI's that they mean.
pub const ALIASES: [(&str, &str); 2] = [("cheap", "gpt-4o-mini"), ("smart", "gpt-4o")];

/// US dollars per million tokens: of the prompt, of the answer, of the prompt where it was cached. The standard
/// tier as of June 2025; <https://platform.openai.com/docs/pricing> has the prices of today.
const PRICES: [(&str, [f64; 3]); 7] = [
    ("gpt-4o", [2.50, 10.00, 1.25]),
    ("gpt-4o-mini", [0.15, 0.60, 0.075]),
    ("gpt-4.1", [2.00, 8.00, 0.50]),
    ("gpt-4.1-mini", [0.40, 1.60, 0.10]),
    ("gpt-4.1-nano", [0.10, 0.40, 0.025]),
    ("o3", [2.00, 8.00, 0.50]),
    ("o4-mini", [1.10, 4.40, 0.275]),
];

/// What the environment and the command line say. Printing it for debugging does not show the key.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--offline`: every call goes to the offline model.
    pub offline: bool,
    /// `OPENAI_API_KEY`.
    pub openai_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`; OpenAI's own server when absent.
    pub openai_base: Option<String>,
    /// `--model`: what a call without a model gets.
    pub default_model: Option<String>,
}

/// A provider of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// The OpenAI-compatible server.
    OpenAi,
    /// The extractive model.
    Offline,
}

/// Sends each request to the provider of its model, under the name that this provider knows.
#[derive(Debug)]
pub struct Router {
    offline_only: bool,
    /// The server; or why there is none, which only matters once a call wants it.
    server: Result<Json<Retry<OpenAi>>, Failure>,
    /// Whether the server is OpenAI itself, so that its names and prices hold.
    genuine: bool,
    default_model: Option<Arc<str>>,
}

impl Router {
    /// Empty settings count as absent ones. Never fails: what is wrong fails the calls that it concerns.
    pub fn new(settings: Settings) -> Self {
        let base = settings.openai_base.map(|b| b.trim().trim_end_matches('/').to_owned()).filter(|b| !b.is_empty());
        let key = settings.openai_key.map(|k| SecretString::from(k.expose_secret().trim()));
        let key = key.filter(|k| !k.expose_secret().is_empty());
        let genuine = base.as_deref().is_none_or(|b| b == openai::DEFAULT_BASE);
        let server = match (&base, key) {
            (None, None) => Err(Failure::new(
                FailureClass::Auth,
                "no model provider is set up: set `OPENAI_API_KEY`, or `OPENAI_BASE_URL` for a compatible server, or \
                 run with `--offline`",
            )),
            (base, key) => OpenAi::new(base.as_deref().unwrap_or(openai::DEFAULT_BASE), key),
        };
        Self {
            offline_only: settings.offline,
            server: server.map(|s| Json(Retry::new(s))),
            genuine,
            default_model: settings.default_model.filter(|m| !m.trim().is_empty()).map(Into::into),
        }
    }

    /// The provider of a name and what the name is there; `None` asks for the default. Fails when no provider has it.
    pub fn resolve(&self, name: Option<&str>) -> Result<(Provider, Arc<str>), Failure> {
        let name = name.or(self.default_model.as_deref()).unwrap_or(ALIASES[0].0);
        if self.offline_only || name == "offline" || name.starts_with("offline/") {
            return Ok((Provider::Offline, "offline".into()));
        }
        let name = self.meaning(name);
        let fail = |failure: Failure| Failure { model: Some(name.into()), attempts: 0, ..failure };
        if self.genuine && ["claude-", "gemini-"].iter().any(|p| name.starts_with(p)) {
            let message = format!(
                "`{name}`: this build only has OpenAI-compatible providers; set `OPENAI_BASE_URL` to a server that has \
                 this model, or run with `--offline`"
            );
            return Err(fail(Failure::new(FailureClass::UnknownModel, message)));
        }
        if let Err(failure) = &self.server {
            return Err(fail(failure.clone()));
        }
        // Elsewhere the name is the server's own: `openai/gpt-oss-20b` at vLLM, `openai/gpt-4o` at OpenRouter.
        let own = if self.genuine { name.strip_prefix("openai/").unwrap_or(name) } else { name };
        Ok((Provider::OpenAi, own.into()))
    }

    /// What an alias stands for: a compatible server has none of OpenAI's models, but the one that `--model` names.
    fn meaning<'a>(&'a self, name: &'a str) -> &'a str {
        let alias = |name: &str| ALIASES.into_iter().find(|&(alias, _)| alias == name).map(|(_, model)| model);
        let Some(model) = alias(name) else { return name };
        match self.default_model.as_deref().filter(|_| !self.genuine) {
            Some(default) => alias(default).unwrap_or(default),
            None => model,
        }
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let (provider, name) = self.resolve(request.model.as_deref())?;
        let server = match (provider, &self.server) {
            (Provider::Offline, _) => return Offline.complete(request).await,
            (Provider::OpenAi, server) => server.as_ref().map_err(Clone::clone)?,
        };
        // The messages share their bytes, so this copies handles alone.
        let named = Request { model: Some(name.clone()), ..request.clone() };
        match server.complete(&named).await {
            Ok(answer) => {
                let cost_usd = if self.genuine { cost(&answer.model, answer.usage) } else { answer.cost_usd };
                Ok(Answer { cost_usd, ..answer })
            }
            Err(failure) => {
                let model = failure.model.unwrap_or(name);
                let priced = self.genuine && failure.usage != Usage::default();
                let cost_usd = if priced { cost(&model, failure.usage) } else { failure.cost_usd };
                Err(Failure { model: Some(model), cost_usd, ..failure })
            }
        }
    }
}

impl Model for Router {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(self.run(request))
    }
}

/// The whole stack: a router over the offline model and, behind JSON checking and retries, the server.
pub fn stack(settings: Settings) -> Arc<dyn Model> {
    Arc::new(Router::new(settings))
}

/// What OpenAI charges for an answer, in US dollars; `None` when the price is unknown.
fn cost(model: &str, usage: Usage) -> Option<f64> {
    // The first snapshot cost more than the name without a date does.
    if model == "gpt-4o-2024-05-13" {
        return None;
    }
    let is = |name: &str| model.strip_prefix(name).is_some_and(|rest| rest.is_empty() || is_date(rest));
    let (_, [input, output, cached]) = PRICES.into_iter().find(|&(name, _)| is(name))?;
    let fresh = usage.input.saturating_sub(usage.cached);
    Some((fresh as f64 * input + usage.cached as f64 * cached + usage.output as f64 * output) / 1e6)
}

/// Whether a model, by the name its server gives it, is what `"smart"` means at OpenAI or costs as much: `"cheap"` is cheaper.
pub(crate) fn dearest(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let is = |known: &str| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || is_date(rest));
    let most = PRICES.iter().map(|(_, [_, output, _])| *output).fold(0.0, f64::max);
    ALIASES.iter().any(|(alias, model)| *alias == "smart" && is(model))
        || PRICES.iter().any(|(known, [_, output, _])| is(known) && *output >= most)
}

/// Whether this is a snapshot's suffix, `-2024-08-06`.
fn is_date(suffix: &str) -> bool {
    let fits = |(i, b): (usize, u8)| if matches!(i, 0 | 5 | 8) { b == b'-' } else { b.is_ascii_digit() };
    suffix.len() == 11 && suffix.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::Message,
        wire::{JsonMode, Role},
    };
    use std::time::Duration;

    fn router(key: bool, base: Option<&str>, default_model: Option<&str>) -> Router {
        let openai_key = key.then(|| "sk-hidden".into());
        let (openai_base, default_model) = (base.map(Into::into), default_model.map(Into::into));
        Router::new(Settings { offline: false, openai_key, openai_base, default_model })
    }

    fn name(router: &Router, name: Option<&str>) -> String {
        match router.resolve(name) {
            Ok((Provider::OpenAi, name)) => name.to_string(),
            Ok((Provider::Offline, name)) => format!("<{name}>"),
            Err(failure) => failure.class.to_string(),
        }
    }

    #[test]
    fn names_find_their_provider() {
        let here = Some("http://localhost:8000/v1/");
        for (router, asked, want) in [
            (router(true, None, None), None, "gpt-4o-mini"),
            (router(true, None, None), Some("smart"), "gpt-4o"),
            (router(true, None, Some("smart")), None, "gpt-4o"),
            (router(true, None, Some("o3")), None, "o3"),
            (router(true, None, Some("o3")), Some("cheap"), "gpt-4o-mini"),
            (router(true, None, None), Some("openai/gpt-4.1"), "gpt-4.1"),
            (router(true, Some("https://api.openai.com/v1/"), None), Some("openai/o3"), "o3"),
            (router(true, None, None), Some("offline/x"), "<offline>"),
            (router(true, None, None), Some("meta/llama"), "meta/llama"),
            (router(true, None, None), Some("claude-x"), "unknown-model"),
            (router(false, here, None), Some("claude-x"), "claude-x"),
            (router(false, here, None), Some("openai/gpt-oss-20b"), "openai/gpt-oss-20b"),
            (router(false, here, None), None, "gpt-4o-mini"),
            (router(false, here, Some("llama3")), Some("smart"), "llama3"),
            (router(true, here, Some("llama3")), None, "llama3"),
            (router(false, here, Some("smart")), Some("cheap"), "gpt-4o"),
            (router(false, None, None), None, "auth"),
            (router(false, Some(" "), None), None, "auth"),
            (router(false, None, None), Some("offline"), "<offline>"),
            (router(false, Some("nonsense"), None), None, "bad-request"),
        ] {
            assert_eq!(name(&router, asked), want, "{asked:?} {router:?}");
        }
        let offline = Router::new(Settings { offline: true, ..Settings::default() });
        assert_eq!(name(&offline, Some("gpt-4o")), "<offline>");
    }

    #[test]
    fn a_missing_key_says_what_to_do() {
        let failure = router(false, None, None).resolve(Some("gpt-4o")).unwrap_err();
        assert!(["OPENAI_API_KEY", "OPENAI_BASE_URL", "--offline"].iter().all(|w| failure.message.contains(w)));
        assert_eq!((failure.model.as_deref(), failure.attempts), (Some("gpt-4o"), 0));
    }

    #[test]
    fn the_key_is_never_printed() {
        let settings = Settings { openai_key: Some("sk-hidden".into()), ..Settings::default() };
        assert!(!format!("{settings:?}{:?}", Router::new(settings.clone())).contains("hidden"));
    }

    #[test]
    fn prices_hold_for_names_and_snapshots() {
        let usage = Usage { input: 1_000_000, output: 1_000_000, cached: 400_000 };
        let near = |model, want: f64| assert!((cost(model, usage).unwrap() - want).abs() < 1e-9, "{model}");
        near("gpt-4o", 0.6 * 2.5 + 0.4 * 1.25 + 10.0);
        near("gpt-4o-2024-08-06", 0.6 * 2.5 + 0.4 * 1.25 + 10.0);
        near("gpt-4o-mini-2024-07-18", 0.6 * 0.15 + 0.4 * 0.075 + 0.6);
        for model in ["gpt-4o-audio-preview", "gpt-4o-2024-05-13", "o3-pro", "gpt-4o-2024-8-6", "llama3", ""] {
            assert_eq!(cost(model, usage), None, "{model}");
        }
    }

    #[tokio::test]
    async fn the_offline_stack_answers() {
        let messages = vec![Message::new(Role::User, "Say hello.")];
        let (timeout, json) = (Duration::from_secs(1), JsonMode::Asked);
        let request = Request { messages, timeout, json, ..Request::default() };
        let answer = stack(Settings { offline: true, ..Settings::default() }).complete(&request).await.unwrap();
        assert_eq!((&*answer.text, answer.cost_usd), (r#"{"answer": "Say hello."}"#, Some(0.0)));
    }
}
