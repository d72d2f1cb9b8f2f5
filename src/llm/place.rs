//! The places where models can be asked: providers, as the environment, the configuration and this table say.
//!
//! Three providers are known; further ones are servers that speak a format of theirs, by a name of the user's. Not here:
//! which place a model's name goes to ([`super::router`]), and the formats themselves.

use super::{
    Failure, anthropic, gemini,
    http::{Link, Site},
    openai,
    router::Settings,
};
use crate::wire::FailureClass;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::Arc;

/// The wire format that a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaks {
    /// Chat completions, as OpenAI and all compatible servers have them.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
}

/// What is fixed of a provider over the network. They stand in the order in which one is the default.
pub(super) struct Known {
    pub(super) speaks: Speaks,
    /// What people call it.
    pub(super) title: &'static str,
    /// What may stand before `/` in a model's name; the first is its name in the configuration.
    pub(super) names: &'static [&'static str],
    /// How the names of its models begin.
    pub(super) prefixes: &'static [&'static str],
    pub(super) site: Site,
    /// What [`super::router::ALIASES`] mean there.
    pub(super) aliases: [&'static str; 2],
    /// What makes vectors there, when a call does not say.
    pub(super) embedding: &'static str,
}

pub(super) static KNOWN: [Known; 3] = [
    Known {
        speaks: Speaks::OpenAi,
        title: "OpenAI",
        names: &["openai"],
        prefixes: &["gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"],
        site: openai::SITE,
        aliases: ["gpt-4o-mini", "gpt-4o"],
        embedding: "text-embedding-3-small",
    },
    Known {
        speaks: Speaks::Anthropic,
        title: "Anthropic",
        names: &["anthropic"],
        prefixes: &["claude-"],
        site: anthropic::SITE,
        aliases: ["claude-haiku-4-5", "claude-sonnet-4-6"],
        // It has none, and says so.
        embedding: "",
    },
    Known {
        speaks: Speaks::Gemini,
        title: "Gemini",
        names: &["gemini", "google"],
        prefixes: &["gemini-", "gemma-"],
        site: gemini::SITE,
        aliases: ["gemini-3.1-flash-lite", "gemini-3.1-pro-preview"],
        embedding: "gemini-embedding-001",
    },
];

/// What the configuration says of a provider: of a known one, or of a further server by a name of its own.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// `openai`, `anthropic`, `gemini`, or any other.
    pub name: String,
    /// What a further server speaks; a known one speaks its own.
    pub speaks: Speaks,
    /// Where it is.
    pub base: Option<String>,
    /// The variable that holds its key, and what it holds.
    pub key: Option<(String, Option<SecretString>)>,
    /// What every request says besides. A value may be secret.
    pub headers: Vec<(String, SecretString)>,
}

/// A provider that is set up.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// What people call it.
    pub(super) title: Arc<str>,
    /// What may stand before `/` in a model's name, and what the configuration calls it.
    pub(super) names: Vec<String>,
    /// The place in [`KNOWN`] whose format it speaks.
    format: usize,
    /// Whether it is a known provider, rather than a further one of the user's.
    pub(super) own_names: bool,
    /// How messages name it.
    pub(super) site: Site,
    pub(super) base: String,
    pub(super) key: Option<SecretString>,
    /// Whether the key is a bearer token of Anthropic's.
    pub(super) bearer: bool,
    /// Whether a key is wanted that is not there.
    pub(super) locked: bool,
    pub(super) headers: Vec<(String, SecretString)>,
    /// Whether it is the provider's own server, so that its names and prices hold.
    pub(super) genuine: bool,
}

impl Place {
    /// What is fixed of the provider whose format it speaks.
    pub(super) fn known(&self) -> &'static Known {
        &KNOWN[self.format]
    }

    /// The way there. Fails when its address is none, or when something cannot stand in a header.
    pub(super) fn link(&self) -> Result<Link, Failure> {
        if self.locked {
            let (title, variable) = (&self.title, &self.site.key_variable);
            let message = format!("there is no key for `{title}`: set `{variable}`, or run with `--offline`");
            return Err(Failure::new(FailureClass::Auth, message));
        }
        let (site, base, key) = (self.site.clone(), &*self.base, self.key.clone());
        let link = match self.known().speaks {
            Speaks::OpenAi => openai::link(site, base, key),
            Speaks::Anthropic => anthropic::link(site, base, key, self.bearer),
            Speaks::Gemini => gemini::link(site, base, key),
        };
        link?.saying(&self.headers)
    }
}

fn text(base: &Option<String>) -> Option<String> {
    let base = base.as_deref().map(|base| base.trim().trim_end_matches('/').to_owned());
    base.filter(|base| !base.is_empty())
}

fn secret(key: &Option<SecretString>) -> Option<SecretString> {
    let key = key.as_ref().map(|key| SecretString::from(key.expose_secret().trim()));
    key.filter(|key| !key.expose_secret().is_empty())
}

/// The providers that are set up: the known ones, in their order, then the user's own by name. Empty settings count as
/// absent ones.
pub(super) fn all(settings: &Settings) -> Vec<Place> {
    let environment = [
        (&settings.openai_base, &settings.openai_key, &None),
        (&settings.anthropic_base, &settings.anthropic_key, &settings.anthropic_token),
        (&settings.gemini_base, &settings.gemini_key, &None),
    ];
    let known = KNOWN.iter().zip(environment).enumerate().filter_map(|(format, (known, (base, key, token)))| {
        let said = settings.providers.iter().find(|said| known.names.contains(&&*said.name));
        let base = text(base).or_else(|| text(&said?.base));
        let mut site = known.site.clone();
        let (key, token) = match said.and_then(|said| said.key.as_ref()) {
            Some((variable, key)) => {
                site.key_variable = variable.clone().into();
                (secret(key), None)
            }
            None => (secret(key), secret(token)),
        };
        let bearer = key.is_none() && token.is_some();
        if bearer {
            site.key_variable = anthropic::TOKEN_VARIABLE.into();
        }
        let key = key.or(token);
        // A base alone is a compatible server, which may want no key.
        if base.is_none() && key.is_none() {
            return None;
        }
        if said.is_some_and(|said| base == text(&said.base)) && base.is_some() {
            site.base_variable = format!("base-url of [providers.{}]", known.names[0]).into();
        }
        Some(Place {
            title: known.title.into(),
            names: known.names.iter().map(|name| (*name).to_owned()).collect(),
            format,
            own_names: true,
            genuine: base.as_deref().is_none_or(|base| base == known.site.base),
            base: base.unwrap_or_else(|| known.site.base.clone().into_owned()),
            site,
            key,
            bearer,
            locked: false,
            headers: said.map(|said| said.headers.clone()).unwrap_or_default(),
        })
    });
    let further = settings.providers.iter().filter_map(|said| {
        if KNOWN.iter().any(|known| known.names.contains(&&*said.name)) {
            return None;
        }
        let format = KNOWN.iter().position(|known| known.speaks == said.speaks)?;
        let (variable, key) =
            said.key.clone().unwrap_or_else(|| (format!("key-env of [providers.{}]", said.name), None));
        let key = secret(&key);
        let site = Site {
            base_variable: format!("base-url of [providers.{}]", said.name).into(),
            key_variable: variable.into(),
            ..KNOWN[format].site.clone()
        };
        Some(Place {
            title: (*said.name).into(),
            names: vec![said.name.clone()],
            format,
            own_names: false,
            site,
            base: text(&said.base)?,
            bearer: false,
            locked: said.key.is_some() && key.is_none(),
            key,
            headers: said.headers.clone(),
            genuine: false,
        })
    });
    known.chain(further).collect()
}
