//! Which models the providers that are set up say they have: for people who ask, not for calls.
//!
//! Not here: prices and windows ([`super::models`]), and what a name means ([`super::router`]).

use super::{
    Failure, anthropic, gemini, openai,
    place::{self, Place, Speaks},
    router::Settings,
    server::{Format, Server},
};
use crate::wire::FailureClass;
use std::{sync::Arc, time::Duration};

/// How long a provider may take to say what it has.
const PATIENCE: Duration = Duration::from_secs(15);

/// A provider that is set up, and what it says of its models.
#[derive(Debug)]
pub(crate) struct Listed {
    /// What people call it.
    pub(crate) title: Arc<str>,
    /// What stands before `/` in the names of its models.
    pub(crate) name: String,
    /// Which format it speaks.
    pub(crate) speaks: Speaks,
    /// Whether it is the provider's own server.
    pub(crate) genuine: bool,
    /// Where it is, without what may be secret; empty when that is no URL.
    pub(crate) base: String,
    /// The names of its models; or why it does not say.
    pub(crate) models: Result<Vec<String>, Failure>,
}

impl Listed {
    /// Its usual small model, where that is known.
    pub(crate) fn cheap(&self) -> Option<&'static str> {
        let known = place::KNOWN.iter().find(|known| known.speaks == self.speaks).filter(|_| self.genuine);
        known.map(|known| known.aliases[0])
    }
}

/// Asks all providers, side by side; or, where nobody is to be `asked`, says only which there are.
pub(crate) async fn listed(settings: &Settings, asked: bool) -> Vec<Listed> {
    let mut asking = Vec::new();
    for place in place::all(settings) {
        asking.push(tokio::spawn(async move {
            let link = place.link();
            let base = link.as_ref().map(|link| link.base().to_owned()).unwrap_or_default();
            let models = match (link, asked) {
                (Err(failure), _) => Err(failure),
                (Ok(_), false) => Ok(Vec::new()),
                (Ok(_), true) => match tokio::time::timeout(PATIENCE, ask(&place)).await {
                    Ok(models) => models,
                    Err(_) => Err(late(&base)),
                },
            };
            let Place { title, names, genuine, .. } = &place;
            let name = names.first().cloned().unwrap_or_default();
            Listed { title: title.clone(), name, speaks: place.known().speaks, genuine: *genuine, base, models }
        }));
    }
    let mut all = Vec::new();
    for one in asking {
        // A task that panicked has said so itself.
        all.extend(one.await);
    }
    all
}

fn late(base: &str) -> Failure {
    Failure::new(FailureClass::Timeout, format!("{base} did not list its models within {} s", PATIENCE.as_secs()))
}

async fn ask(place: &Place) -> Result<Vec<String>, Failure> {
    async fn of<F: Format>(place: &Place) -> Result<Vec<String>, Failure> {
        Server::<F>::over(place.link()?).models().await
    }
    let mut models = match place.known().speaks {
        Speaks::OpenAi => of::<openai::ChatCompletions>(place).await,
        Speaks::Anthropic => of::<anthropic::Messages>(place).await,
        Speaks::Gemini => of::<gemini::GenerateContent>(place).await,
    }?;
    models.sort();
    models.dedup();
    Ok(models)
}
