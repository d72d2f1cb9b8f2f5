//! What `bessemer.toml` may say, key by key. A key that is not here is a mistake, and is told.
//!
//! Not here: who may say it, and what comes of two files (`file`).

use crate::{
    config,
    llm::{Price, Settled, router::Speaks},
    permissions::Host,
    wire::Grant,
};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    marker::PhantomData,
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub(super) defaults: Defaults,
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) providers: BTreeMap<String, Provider>,
    pub(super) prices: HashMap<String, Price>,
    pub(super) windows: HashMap<String, NonZeroU64>,
    pub(super) limits: HashMap<String, Settled>,
    pub(super) permissions: Permissions,
}

/// What holds for a run whose flags do not say otherwise; each key is called as its flag is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Defaults {
    pub(crate) model: Option<String>,
    pub(crate) max_concurrent: Option<NonZeroUsize>,
    pub(crate) max_calls: Option<u64>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) max_cost: Option<f64>,
    #[serde(deserialize_with = "size")]
    pub(crate) max_memory: Option<u64>,
    #[serde(deserialize_with = "time")]
    pub(crate) timeout: Option<Duration>,
    #[serde(deserialize_with = "time")]
    pub(crate) call_timeout: Option<Duration>,
    /// Attempts after the first of a call that does not say.
    pub(crate) retries: Option<u32>,
}

impl Defaults {
    /// Puts what another file says on top; what bounds a run may only become `narrower`, if so.
    pub(super) fn add(&mut self, later: Self, narrower: bool) {
        fn bound<T: PartialOrd + Copy>(had: Option<T>, later: Option<T>, narrower: bool) -> Option<T> {
            match (had, later) {
                (Some(had), Some(later)) if narrower && later > had => Some(had),
                (had, later) => later.or(had),
            }
        }
        *self = Self {
            model: later.model.or(self.model.take()),
            max_concurrent: bound(self.max_concurrent, later.max_concurrent, narrower),
            max_calls: bound(self.max_calls, later.max_calls, narrower),
            max_tokens: bound(self.max_tokens, later.max_tokens, narrower),
            max_cost: bound(self.max_cost, later.max_cost, narrower),
            max_memory: bound(self.max_memory, later.max_memory, narrower),
            timeout: bound(self.timeout, later.timeout, narrower),
            call_timeout: bound(self.call_timeout, later.call_timeout, narrower),
            retries: bound(self.retries, later.retries, narrower),
        };
    }
}

/// A provider: one of those that Bessemer knows, or a server that speaks as one of them does.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Provider {
    pub(super) format: Option<Speaks>,
    pub(super) base_url: Option<String>,
    pub(super) key_env: Option<String>,
    pub(super) headers: BTreeMap<String, Header>,
}

/// What a header says: a text, or what a variable of the environment holds.
#[derive(Debug)]
pub(super) enum Header {
    Text(String),
    Variable(String),
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Said;
        impl<'de> Visitor<'de> for Said {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or `{ env = \"NAME\" }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Header, E> {
                Ok(Header::Text(text.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Header, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Variable {
                    env: String,
                }
                let Variable { env } = Variable::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Header::Variable(env))
            }
        }
        deserializer.deserialize_any(Said)
    }
}

/// What a script may do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Permissions {
    pub(super) allow_read: Choice<PathBuf>,
    pub(super) deny_read: Choice<PathBuf>,
    pub(super) allow_write: Choice<PathBuf>,
    pub(super) deny_write: Choice<PathBuf>,
    pub(super) allow_net: Choice<Host>,
    pub(super) deny_net: Choice<Host>,
    pub(super) allow_env: Choice<String>,
    pub(super) deny_env: Choice<String>,
    pub(super) allow_run: bool,
    pub(super) deny_run: bool,
    pub(super) no_sandbox: bool,
}

/// A text with a unit, or a bare number, as a flag has it.
fn said<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    read: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text such as `10m` or `2GB`, or a number")]
    enum Said {
        Text(String),
        Whole(u64),
        Number(f64),
    }
    let text = match Said::deserialize(deserializer)? {
        Said::Text(text) => text,
        Said::Whole(n) => n.to_string(),
        Said::Number(n) => n.to_string(),
    };
    read(&text).map(Some).map_err(de::Error::custom)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    said(deserializer, config::memory)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    said(deserializer, config::seconds)
}

/// `true`, `false`, a text, or a list of texts.
#[derive(Debug)]
pub(super) struct Choice<T>(pub(super) Grant<T>);

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self(Grant::Nothing)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Chosen<T>(PhantomData<T>);
        impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for Chosen<T> {
            type Value = Choice<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or a list of texts")
            }

            fn visit_bool<E: de::Error>(self, all: bool) -> Result<Self::Value, E> {
                Ok(Choice(if all { Grant::Everything } else { Grant::Nothing }))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Choice(Grant::Only(vec![text.parse().map_err(E::custom)?])))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = texts.next_element::<String>()? {
                    all.push(text.parse().map_err(de::Error::custom)?);
                }
                Ok(Choice(if all.is_empty() { Grant::Nothing } else { Grant::Only(all) }))
            }
        }
        deserializer.deserialize_any(Chosen(PhantomData))
    }
}
