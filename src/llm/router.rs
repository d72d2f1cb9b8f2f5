//! Which provider serves a model's name, what an alias means here, and what an answer costs.
//!
//! Not here: the environment (the caller reads it), and limits or budgets.

pub use super::place::{Configured, Speaks};
use super::{
    Answer, Failure, Model, Pending, Price, Request, Settled, Standing, anthropic,
    cache::{self, Cache},
    choice::Choice,
    gemini,
    http::Link,
    json::Json,
    models,
    offline::Offline,
    once::Once,
    openai,
    place::{self, KNOWN, Known, Place},
    recorded::Recorded,
    retry::Retry,
    server::{self, Format},
    window,
};
use crate::wire::{FailureClass, Usage};
use secrecy::SecretString;
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
    /// Names for models, by which scripts may call them; they come before [`ALIASES`].
    pub aliases: HashMap<String, String>,
    /// How long prompts may be in tokens, by model; they come before the built-in table's.
    pub windows: HashMap<String, u64>,
    /// What the configuration says of providers.
    pub providers: Vec<Configured>,
    /// Where answers are shared between runs, and which.
    pub cache: cache::Settings,
}

/// A provider that is set up.
struct Server {
    place: Place,
    /// The provider itself; or what is wrong with its settings, which only matters once a call wants it.
    model: Result<Box<dyn Model>, Failure>,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// What people call the provider; `None` is the offline model.
    pub provider: Option<Arc<str>>,
    /// What the configuration calls it, and what stands before `/` in the names of its models.
    pub name: Option<String>,
    /// What the model is called there.
    pub model: Arc<str>,
    /// The tokens of a prompt at most, where that is known.
    pub window: Option<u64>,
    /// What it costs there, where that is known.
    pub price: Option<Price>,
}

/// Sends each request to the provider of its model, under the name that this provider knows.
pub struct Router {
    offline_only: bool,
    /// Those that are set up: the first is the default.
    servers: Vec<Server>,
    default_model: Option<Arc<str>>,
    /// Names of the user's own for models.
    aliases: HashMap<String, String>,
    prices: HashMap<String, Price>,
    /// How long prompts may be, in tokens.
    windows: HashMap<String, u64>,
}

impl Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let servers: Vec<&str> = self.servers.iter().map(|server| &*server.place.title).collect();
        f.debug_struct("Router").field("servers", &servers).field("default_model", &self.default_model).finish()
    }
}

/// JSON checking, limits and retries round a provider.
fn wrapped(place: &Place, limits: &HashMap<String, Settled>) -> Result<Box<dyn Model>, Failure> {
    fn over<F: Format>(link: Link, limits: &HashMap<String, Settled>, others: Settled) -> Box<dyn Model> {
        Box::new(Json(Retry::new(server::Server::<F>::over(link)).limited(limits.clone(), others)))
    }
    let others = place.names.iter().find_map(|name| limits.get(name)).copied().unwrap_or_default();
    let link = place.link()?;
    Ok(match place.known().speaks {
        Speaks::OpenAi => over::<openai::ChatCompletions>(link, limits, others),
        Speaks::Anthropic => over::<anthropic::Messages>(link, limits, others),
        Speaks::Gemini => over::<gemini::GenerateContent>(link, limits, others),
    })
}

impl Router {
    /// Empty settings count as absent ones. Never fails: what is wrong fails the calls that it concerns.
    pub fn new(settings: Settings) -> Self {
        let server = |place: Place| Server { model: wrapped(&place, &settings.limits), place };
        let mut servers: Vec<Server> = place::all(&settings).into_iter().map(server).collect();
        // What lacks its key is no default.
        servers.sort_by_key(|server| server.place.locked);
        let default_model = settings.default_model.filter(|m| !m.trim().is_empty()).map(Into::into);
        Self {
            offline_only: settings.offline,
            servers,
            default_model,
            aliases: settings.aliases,
            prices: settings.prices,
            windows: settings.windows,
        }
    }

    /// Where a name leads; `None` asks for the default. Fails when no provider has it.
    pub fn resolve(&self, name: Option<&str>) -> Result<Resolved, Failure> {
        self.resolve_for(name, false)
    }

    /// Where a name leads, of a call for an answer or for vectors.
    pub(super) fn resolve_for(&self, name: Option<&str>, vectors: bool) -> Result<Resolved, Failure> {
        let (server, model) = self.find(name, vectors)?;
        let window = self.window(&model).filter(|_| server.is_some());
        let price = server.map_or(Some(Price::FREE), |server| self.price_at(server, &model));
        let provider = server.map(|server| server.place.title.clone());
        let name = server.and_then(|server| server.place.names.first().cloned());
        Ok(Resolved { provider, name, model, window, price })
    }

    /// The tokens of a prompt at most.
    fn window(&self, model: &str) -> Option<u64> {
        self.windows.get(model).copied().or_else(|| models::facts(model)?.window)
    }

    /// Who answers a request: the provider, its address and the model there; `None` when nobody does.
    pub(super) fn identity(&self, request: &Request) -> Option<String> {
        let (server, name) = self.find(request.model.as_deref(), request.embedding).ok()?;
        let (title, base) = server.map_or(("offline", ""), |server| (&*server.place.title, &*server.place.base));
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
            let able = self.servers.iter().find(|server| !server.place.known().embedding.is_empty());
            if let Some(server) = able.or(self.servers.first()) {
                return self.usable(server, server.place.known().embedding);
            }
        }
        let name = self.meaning(name);
        let of = |known: &Known| {
            self.servers.iter().find(|server| server.place.own_names && server.place.known().speaks == known.speaks)
        };
        if let Some((before, rest)) = name.split_once('/')
            && let Some(server) = self.servers.iter().find(|server| server.place.names.iter().any(|n| n == before))
        {
            // Elsewhere the name is the server's own: `openai/gpt-oss-20b` at vLLM, `openai/gpt-4o` at OpenRouter.
            return self.usable(server, if server.place.genuine || before != "openai" { rest } else { name });
        }
        let own = KNOWN.iter().find(|known| known.prefixes.iter().any(|prefix| name.starts_with(prefix)));
        if let Some(server) = own.and_then(of) {
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
        if let Some(known) = own.or(named).filter(|_| first.place.genuine) {
            let message = format!(
                "`{name}` is a model of {}'s, for which there is no key: set `{}`, or `OPENAI_BASE_URL` to a server that \
                 has this model, or run with `--offline`",
                known.title, known.site.key_variable
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

    /// What an alias stands for: a model, or, where the user's own names one of those that each provider has, what that is
    /// at the first that is set up. A compatible server has none of OpenAI's models, but the one that `--model` names.
    fn meaning<'a>(&'a self, name: &'a str) -> &'a str {
        let own = |name: &'a str| self.aliases.get(name).map_or(name, String::as_str);
        let first = self.servers.first();
        let aliases = first.map_or(KNOWN[0].aliases, |server| server.place.known().aliases);
        let alias = |name: &str| ALIASES.iter().position(|alias| *alias == name).map(|at| aliases[at]);
        let name = own(name);
        let Some(model) = alias(name) else { return name };
        match self.default_model.as_deref().filter(|_| first.is_some_and(|server| !server.place.genuine)) {
            Some(default) => alias(own(default)).unwrap_or(own(default)),
            None => model,
        }
    }

    /// What a model costs at a server.
    fn price_at(&self, server: &Server, model: &str) -> Option<Price> {
        let own = self.prices.get(model).copied();
        own.or_else(|| server.place.genuine.then(|| models::facts(model))??.price())
    }

    /// What a call cost, by the name that the server answered by, or else by the one that it was asked by.
    fn cost(&self, server: &Server, answered: &str, asked: &str, usage: Usage) -> Option<f64> {
        let price = self.price_at(server, answered).or_else(|| self.prices.get(asked).copied());
        price.map(|price| price.of(usage))
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let (server, name) = self.find(request.model.as_deref(), request.embedding)?;
        let Some(server) = server else {
            let sent = request.course.sent(0, Some(Price::FREE));
            let result = Offline.complete(request).await;
            sent.ended(result.as_ref().map_or_else(|failure| failure.usage, |answer| answer.usage));
            return result;
        };
        window::check(request, &name, self.window(&name))?;
        let model = server.model.as_ref().map_err(Clone::clone)?;
        // The messages share their bytes, so this copies handles alone.
        let price = self.price_at(server, &name);
        let named = Request { model: Some(name.clone()), price, ..request.clone() };
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
