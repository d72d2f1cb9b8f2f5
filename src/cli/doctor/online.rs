//! Whether each provider that is set up answers: one small call of each, side by side.

use super::Finding;
use crate::{
    config::{self, file::Settings},
    llm::{
        Answer, Failure, Message, Model, Request,
        catalogue::{self, Listed},
        router::{self, Router},
    },
    wire::{FailureClass, Role, Sampling},
};
use std::{sync::Arc, time::Duration};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long its answer may be; some models think before they say a word.
const ANSWER: u32 = 400;

pub(super) fn findings(model: Option<String>, settings: &Settings) -> Vec<Finding> {
    let reached = config::models(false, model, settings);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return vec![Finding::bad("online", format!("no runtime: {e}"), "is there memory left?")],
    };
    runtime.block_on(async {
        let providers = catalogue::listed(&reached, true).await;
        if providers.is_empty() {
            return vec![Finding::lacking(
                "online",
                "no provider is set up, so none was asked",
                super::providers::CURE,
            )];
        }
        let router = Arc::new(Router::new(reached.clone()));
        let asked = providers.into_iter().map(|listed| {
            let (router, model) = (router.clone(), chosen(&listed, &reached));
            tokio::spawn(async move { finding(&listed, model.as_deref(), &router).await })
        });
        let mut all = Vec::new();
        for one in asked.collect::<Vec<_>>() {
            // A task that panicked has said so itself.
            all.extend(one.await);
        }
        all
    })
}

/// The model that a provider is asked for: its usual small one, that of `--model` if the provider lists it, or else the
/// first that it lists.
fn chosen(listed: &Listed, reached: &router::Settings) -> Option<String> {
    let names = listed.models.as_deref().unwrap_or_default();
    let default = reached.default_model.as_deref();
    let default = default.map(|name| name.strip_prefix(&format!("{}/", listed.name)).unwrap_or(name));
    let model = match listed.cheap() {
        Some(cheap) => cheap,
        None => default
            .filter(|name| names.is_empty() || names.iter().any(|each| each == name))
            .or(names.first().map(String::as_str))?,
    };
    // A compatible server in OpenAI's place has its models by their bare names.
    match listed.name == "openai" && !listed.genuine {
        true => Some(model.to_owned()),
        false => Some(format!("{}/{model}", listed.name)),
    }
}

async fn finding(listed: &Listed, model: Option<&str>, router: &Router) -> Finding {
    let what = format!("{} online", listed.title);
    let Some(model) = model else {
        return match &listed.models {
            Ok(_) => Finding::lacking(what, format!("{} lists no model", listed.base), "name one with `--model`"),
            Err(failure) => bad(what, failure),
        };
    };
    let request = Request {
        model: Some(model.into()),
        messages: vec![Message::new(Role::User, "Reply with the one word: ok")],
        sampling: Sampling { max_tokens: Some(ANSWER), ..Sampling::default() },
        timeout: PATIENCE,
        ..Request::default()
    };
    match router.complete(&request).await {
        Ok(Answer { model, usage, cost_usd, latency, .. }) => {
            let cost = cost_usd.map_or("price unknown".into(), |usd| format!("{usd:.6} USD"));
            let (seconds, tokens) = (latency.as_secs_f64(), usage.input + usage.output);
            Finding::good(what, format!("`{model}` answered in {seconds:.1} s ({tokens} tokens, {cost})"))
        }
        Err(failure) => bad(what, &failure),
    }
}

fn bad(what: String, failure: &Failure) -> Finding {
    let cure = match failure.class {
        FailureClass::Auth => "check the key and what it may do",
        FailureClass::Quota => "look at the account's balance and limits with the provider",
        FailureClass::UnknownModel => "name a model that is there with `--model`; `bessemer models` lists them",
        FailureClass::Network | FailureClass::Timeout => "check the address, the network and the proxy",
        _ => "try again later; if it stays so, look at the provider's status page",
    };
    Finding::bad(what, format!("{}: {}", failure.class, failure.message), cure)
}
