//! Which provider serves a model's name, what an alias means here, and what an answer costs.
//!
//! Not here: the environment (the caller reads it), and limits or budgets.

use super::{
    Answer, Failure, Model, Pending, Price, Request, Settled, Standing, anthropic,
    anthropic::Anthropic,
    cache::{self, Cache},
    choice::Choice,
    gemini,
    gemini::Gemini,
    json::Json,
    models,
    offline::Offline,
    once::Once,
    openai,
    openai::OpenAi,
    recorded::Recorded,
    retry::Retry,
    window,
};
use crate::wire::{FailureClass, Usage};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::HashMap, fmt::Debug, sync::Arc};

/// The aliases. What each means depends on the providers that are set up: [`Router::resolve`] says.
pub const ALIASES: [&str; 2] = ["cheap", "smart"];

/// What a call without a model gets when nothing is said of a default.
const DEFAULT: &str = ALIASES[0];

/// What the environment and the command line say. Printing it for debugging does not show a key.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--offline`: every call goes to the offline model.
    pub offline: bool,
    /// `OPENAI_API_KEY`.
    pub openai_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`; OpenAI's own server when absent.
    pub openai_base: Option<String>,
    /// `ANTHROPIC_API_KEY`.
    pub anthropic_key: Option<SecretString>,
    /// `ANTHROPIC_AUTH_TOKEN`: a bearer token, used when there is no key.
    pub anthropic_token: Option<SecretString>,
    /// `ANTHROPIC_BASE_URL`.
    pub anthropic_base: Option<String>,
    /// `GOOGLE_API_KEY` or `GEMINI_API_KEY`.
    pub gemini_key: Option<SecretString>,
    /// `GEMINI_BASE_URL` or `GOOGLE_GEMINI_BASE_URL`.
    pub gemini_base: Option<String>,
    /// `--model`: what a call without a model gets.
    pub default_model: Option<String>,
    /// What models cost, by the names that their providers know; they come before the built-in table's.
    pub prices: HashMap<String, Price>,
    /// Limits by the names of models, or of providers (`openai`, …) for each of their models.
    pub limits: HashMap<String, Settled>,
    /// Where answers are shared between runs, and which.
    pub cache: cache::Settings,
}

/// A provider of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// The OpenAI-compatible server.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Gemini.
    Gemini,
    /// The extractive model.
    Offline,
}

/// What is fixed of a provider over the network. They stand in the order in which one is the default.
struct Known {
    provider: Provider,
    /// What people call it.
    title: &'static str,
    /// What may stand before `/` in a model's name.
    names: &'static [&'static str],
    /// How the names of its models begin.
    prefixes: &'static [&'static str],
    /// The variable that holds its key.
    key: &'static str,
    base: &'static str,
    /// What [`ALIASES`] mean there.
    aliases: [&'static str; 2],
    /// What makes vectors there, when a call does not say.
    embedding: &'static str,
}

static KNOWN: [Known; 3] = [
    Known {
        provider: Provider::OpenAi,
        title: "OpenAI",
        names: &["openai"],
        prefixes: &["gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"],
        key: "OPENAI_API_KEY",
        base: openai::DEFAULT_BASE,
        aliases: ["gpt-4o-mini", "gpt-4o"],
        embedding: "text-embedding-3-small",
    },
    Known {
        provider: Provider::Anthropic,
        title: "Anthropic",
        names: &["anthropic"],
        prefixes: &["claude-"],
        key: "ANTHROPIC_API_KEY",
        base: anthropic::DEFAULT_BASE,
        aliases: ["claude-haiku-4-5", "claude-sonnet-4-6"],
        // It has none, and says so.
        embedding: "",
    },
    Known {
        provider: Provider::Gemini,
        title: "Gemini",
        names: &["gemini", "google"],
        prefixes: &["gemini-", "gemma-"],
        key: "GEMINI_API_KEY",
        base: gemini::DEFAULT_BASE,
        aliases: ["gemini-3.1-flash-lite", "gemini-3.1-pro-preview"],
        embedding: "gemini-embedding-001",
    },
];

/// A provider that is set up.
struct Server {
    known: &'static Known,
    /// The provider itself; or what is wrong with its settings, which only matters once a call wants it.
    model: Result<Box<dyn Model>, Failure>,
    /// Its address.
    base: String,
    /// Whether it is the provider's own server, so that its names and prices hold.
    genuine: bool,
}

impl Server {
    /// A provider, when there is a key or a base URL, which alone is a compatible server that may want no key.
    fn new(
        known: &'static Known,
        base: Option<String>,
        keyed: bool,
        make: impl FnOnce(&str) -> Result<Box<dyn Model>, Failure>,
    ) -> Option<Self> {
        if base.is_none() && !keyed {
            return None;
        }
        let base = base.unwrap_or_else(|| known.base.into());
        Some(Self { known, model: make(&base), genuine: base == known.base, base })
    }
}

/// Sends each request to the provider of its model, under the name that this provider knows.
pub struct Router {
    offline_only: bool,
    /// Those that are set up, in [`KNOWN`]'s order.
    servers: Vec<Server>,
    default_model: Option<Arc<str>>,
    prices: HashMap<String, Price>,
}

impl Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let servers: Vec<&str> = self.servers.iter().map(|server| server.known.title).collect();
        f.debug_struct("Router").field("servers", &servers).field("default_model", &self.default_model).finish()
    }
}

/// JSON checking and retries round a provider.
fn wrapped<F: super::server::Format>(
    server: super::server::Server<F>,
    known: &Known,
    limits: &HashMap<String, Settled>,
) -> Box<dyn Model> {
    let others = known.names.iter().find_map(|name| limits.get(*name)).copied().unwrap_or_default();
    Box::new(Json(Retry::new(server).limited(limits.clone(), others)))
}

impl Router {
    /// Empty settings count as absent ones. Never fails: what is wrong fails the calls that it concerns.
    pub fn new(settings: Settings) -> Self {
        let base =
            |base: Option<String>| base.map(|b| b.trim().trim_end_matches('/').to_owned()).filter(|b| !b.is_empty());
        let key = |key: Option<SecretString>| {
            let key = key.map(|k| SecretString::from(k.expose_secret().trim()));
            key.filter(|k| !k.expose_secret().is_empty())
        };
        let mut servers = Vec::new();
        let [openai, anthropic, gemini] = &KNOWN;
        let openai_key = key(settings.openai_key);
        servers.extend(Server::new(openai, base(settings.openai_base), openai_key.is_some(), |base| {
            OpenAi::new(base, openai_key.clone()).map(|server| wrapped(server, openai, &settings.limits))
        }));
        let (anthropic_key, token) = (key(settings.anthropic_key), key(settings.anthropic_token));
        servers.extend(Server::new(
            anthropic,
            base(settings.anthropic_base),
            anthropic_key.is_some() || token.is_some(),
            |base| {
                Anthropic::new(base, anthropic_key.clone(), token.clone())
                    .map(|server| wrapped(server, anthropic, &settings.limits))
            },
        ));
        let gemini_key = key(settings.gemini_key);
        servers.extend(Server::new(gemini, base(settings.gemini_base), gemini_key.is_some(), |base| {
            Gemini::new(base, gemini_key.clone()).map(|server| wrapped(server, gemini, &settings.limits))
        }));
        let default_model = settings.default_model.filter(|m| !m.trim().is_empty()).map(Into::into);
        Self { offline_only: settings.offline, servers, default_model, prices: settings.prices }
    }

    /// The provider of a name and what the name is there; `None` asks for the default. Fails when no provider has it.
    pub fn resolve(&self, name: Option<&str>) -> Result<(Provider, Arc<str>), Failure> {
        self.find(name, false).map(|(server, name)| (server.map_or(Provider::Offline, |s| s.known.provider), name))
    }

    /// Who answers a request: the provider, its address and the model there; `None` when nobody does.
    pub(super) fn identity(&self, request: &Request) -> Option<String> {
        let (server, name) = self.find(request.model.as_deref(), request.embedding).ok()?;
        let (title, base) = server.map_or(("offline", ""), |server| (server.known.title, &*server.base));
        Some(format!("{title}\n{base}\n{name}"))
    }

    /// The server of a name, `None` for the offline model, and what the name is there.
    fn find(&self, name: Option<&str>, embedding: bool) -> Result<(Option<&Server>, Arc<str>), Failure> {
        let unnamed = name.is_none();
        let name = name.or(self.default_model.as_deref().filter(|_| !embedding)).unwrap_or(DEFAULT);
        if self.offline_only || name == "offline" || name.starts_with("offline/") {
            return Ok((None, "offline".into()));
        }
        let fail = |name: &str, class, message: String| Failure {
            model: Some(name.into()),
            attempts: 0,
            ..Failure::new(class, message)
        };
        if unnamed && embedding {
            let able = self.servers.iter().find(|server| !server.known.embedding.is_empty());
            if let Some(server) = able.or(self.servers.first()) {
                return self.usable(server, server.known.embedding);
            }
        }
        let name = self.meaning(name);
        let of = |provider: Provider| self.servers.iter().find(|server| server.known.provider == provider);
        if let Some((before, rest)) = name.split_once('/')
            && let Some(server) = self.servers.iter().find(|server| server.known.names.contains(&before))
        {
            // Elsewhere the name is the server's own: `openai/gpt-oss-20b` at vLLM, `openai/gpt-4o` at OpenRouter.
            return self.usable(server, if server.genuine || before != "openai" { rest } else { name });
        }
        let own = KNOWN.iter().find(|known| known.prefixes.iter().any(|prefix| name.starts_with(prefix)));
        if let Some(server) = own.and_then(|known| of(known.provider)) {
            return self.usable(server, name);
        }
        let Some(first) = self.servers.first() else {
            let (keys, base) = ("`OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `GEMINI_API_KEY`", "`OPENAI_BASE_URL`");
            let message = format!(
                "no model provider is set up: set {keys}, or {base} for a compatible server, or run with `--offline`"
            );
            return Err(fail(name, FailureClass::Auth, message));
        };
        // Another provider's own server has no model of this name; a compatible one may have any.
        let named =
            KNOWN.iter().find(|known| name.split_once('/').is_some_and(|(before, _)| known.names.contains(&before)));
        if let Some(known) = own.or(named).filter(|_| first.genuine) {
            let message = format!(
                "`{name}` is a model of {}'s, for which there is no key: set `{}`, or `OPENAI_BASE_URL` to a server that \
                 has this model, or run with `--offline`",
                known.title, known.key
            );
            return Err(fail(name, FailureClass::Auth, message));
        }
        self.usable(first, name)
    }

    fn usable<'a>(&self, server: &'a Server, name: &str) -> Result<(Option<&'a Server>, Arc<str>), Failure> {
        match &server.model {
            Ok(_) => Ok((Some(server), name.into())),
            Err(failure) => Err(Failure { model: Some(name.into()), attempts: 0, ..failure.clone() }),
        }
    }

    /// What an alias stands for, at the first provider that is set up: a compatible server has none of OpenAI's models, but
    /// the one that `--model` names.
    fn meaning<'a>(&'a self, name: &'a str) -> &'a str {
        let first = self.servers.first();
        let aliases = first.map_or(KNOWN[0].aliases, |server| server.known.aliases);
        let alias = |name: &str| ALIASES.iter().position(|alias| *alias == name).map(|at| aliases[at]);
        let Some(model) = alias(name) else { return name };
        match self.default_model.as_deref().filter(|_| first.is_some_and(|server| !server.genuine)) {
            Some(default) => alias(default).unwrap_or(default),
            None => model,
        }
    }

    /// What a model costs at a server.
    fn price_at(&self, server: &Server, model: &str) -> Option<Price> {
        let own = self.prices.get(model).copied();
        own.or_else(|| models::facts(model).filter(|_| server.genuine)?.price())
    }

    /// What a call cost, by the name that the server answered by, or else by the one that it was asked by.
    fn cost(&self, server: &Server, answered: &str, asked: &str, usage: Usage) -> Option<f64> {
        let price = self.price_at(server, answered).or_else(|| self.prices.get(asked).copied());
        price.map(|price| price.of(usage))
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let (server, name) = self.find(request.model.as_deref(), request.embedding)?;
        let Some(server) = server else { return Offline.complete(request).await };
        window::check(request, &name)?;
        let model = server.model.as_ref().map_err(Clone::clone)?;
        // The messages share their bytes, so this copies handles alone.
        let named = Request { model: Some(name.clone()), ..request.clone() };
        match model.complete(&named).await {
            Ok(answer) => {
                let cost_usd = self.cost(server, &answer.model, &name, answer.usage).or(answer.cost_usd);
                Ok(Answer { cost_usd, ..answer })
            }
            Err(failure) => {
                let paid = failure.usage != Usage::default();
                let model = failure.model.unwrap_or_else(|| name.clone());
                let cost = || self.cost(server, &model, &name, failure.usage);
                let cost_usd = if paid { cost().or(failure.cost_usd) } else { failure.cost_usd };
                Err(Failure { model: Some(model), cost_usd, ..failure })
            }
        }
    }
}

impl Model for Router {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(self.run(request))
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        match self.find(model, vectors) {
            Ok((Some(server), name)) => self.price_at(server, &name),
            // The offline model costs nothing, and neither does a call that will fail for want of a provider.
            Ok((None, _)) | Err(_) => Some(Price::FREE),
        }
    }

    fn limits(&self) -> Vec<Standing> {
        let mut all: Vec<Standing> =
            self.servers.iter().filter_map(|server| Some(server.model.as_ref().ok()?.limits())).flatten().collect();
        all.sort_by(|a, b| a.model.cmp(&b.model));
        all
    }
}

/// The whole stack: the journal, a choice of models, each request once, answers that are shared, and a router over the
/// offline model and, behind JSON checking, limits and retries, the providers.
pub fn stack(mut settings: Settings) -> Arc<dyn Model> {
    let shared = std::mem::take(&mut settings.cache);
    let cache = Cache::new(Arc::new(Router::new(settings)), shared.clone());
    let once = Once::new(Arc::new(cache), move |request| Cache::wanted(&shared, request));
    Arc::new(Recorded(Choice::new(once)))
}

#[cfg(test)]
#[path = "router_tests.rs"]
mod tests;
