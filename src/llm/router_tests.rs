//! Names, aliases, keys.

use super::*;
use crate::{
    llm::Message,
    wire::{JsonMode, Role},
};
use std::time::Duration;

fn router(key: bool, base: Option<&str>, default_model: Option<&str>) -> Router {
    let openai_key = key.then(|| "sk-hidden".into());
    let (openai_base, default_model) = (base.map(Into::into), default_model.map(Into::into));
    Router::new(Settings { openai_key, openai_base, default_model, ..Settings::default() })
}

/// A router for the providers whose first letters are named.
fn keyed(providers: &str, base: Option<&str>) -> Router {
    let key = |letter: char| providers.contains(letter).then(|| SecretString::from("sk-hidden"));
    let openai_base = base.map(Into::into);
    let (openai_key, anthropic_key, gemini_key) = (key('o'), key('a'), key('g'));
    Router::new(Settings { openai_key, anthropic_key, gemini_key, openai_base, ..Settings::default() })
}

fn name(router: &Router, name: Option<&str>) -> String {
    match router.resolve(name) {
        Ok(Resolved { provider: None, model, .. }) => format!("<{model}>"),
        Ok(Resolved { provider: Some(provider), model, .. }) if &*provider == "OpenAI" => model.to_string(),
        Ok(Resolved { provider: Some(provider), model, .. }) => format!("{}:{model}", provider.to_lowercase()),
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
        (router(true, None, None), Some("claude-x"), "auth"),
        (router(true, None, None), Some("google/gemini-x"), "auth"),
        (router(false, here, None), Some("claude-x"), "claude-x"),
        (router(false, here, None), Some("anthropic/claude-x"), "anthropic/claude-x"),
        (router(false, here, None), Some("openai/gpt-oss-20b"), "openai/gpt-oss-20b"),
        (router(false, here, None), None, "gpt-4o-mini"),
        (router(false, here, Some("llama3")), Some("smart"), "llama3"),
        (router(true, here, Some("llama3")), None, "llama3"),
        (router(false, here, Some("smart")), Some("cheap"), "gpt-4o"),
        (router(false, None, None), None, "auth"),
        (router(false, Some(" "), None), None, "auth"),
        (router(false, None, None), Some("offline"), "<offline>"),
        (router(false, Some("nonsense"), None), None, "bad-request"),
        (keyed("a", None), None, "anthropic:claude-haiku-4-5"),
        (keyed("a", None), Some("smart"), "anthropic:claude-sonnet-4-6"),
        (keyed("a", None), Some("gpt-4o"), "auth"),
        (keyed("a", None), Some("llama3"), "anthropic:llama3"),
        (keyed("g", None), Some("cheap"), "gemini:gemini-3.1-flash-lite"),
        (keyed("ag", None), None, "anthropic:claude-haiku-4-5"),
        (keyed("oag", None), None, "gpt-4o-mini"),
        (keyed("oag", None), Some("claude-x"), "anthropic:claude-x"),
        (keyed("oag", None), Some("anthropic/claude-x"), "anthropic:claude-x"),
        (keyed("oag", None), Some("gemini-x"), "gemini:gemini-x"),
        (keyed("oag", None), Some("google/gemini-x"), "gemini:gemini-x"),
        (keyed("oag", None), Some("gemini/tunedModels/x"), "gemini:tunedModels/x"),
        (keyed("ag", here), Some("claude-x"), "anthropic:claude-x"),
        (keyed("ag", here), Some("llama3"), "llama3"),
    ] {
        assert_eq!(name(&router, asked), want, "{asked:?} {router:?}");
    }
    let offline = Router::new(Settings { offline: true, ..Settings::default() });
    assert_eq!(name(&offline, Some("gpt-4o")), "<offline>");
}

#[test]
fn a_compatible_server_of_any_provider_needs_no_key() {
    let (anthropic_base, gemini_base) = (Some("http://localhost:1".into()), Some("http://localhost:2".into()));
    let router = Router::new(Settings { anthropic_base, gemini_base, ..Settings::default() });
    assert_eq!(name(&router, Some("claude-x")), "anthropic:claude-x");
    assert_eq!(name(&router, Some("gemini-x")), "gemini:gemini-x");
}

/// A router with Anthropic's key, and two servers of the user's own.
fn own(default_model: Option<&str>, aliases: &[(&str, &str)]) -> Router {
    let configured = |name: &str, key: Option<&str>| Configured {
        name: name.into(),
        base: Some(format!("http://{name}/v1")),
        key: key.map(|key| ("OWN_KEY".into(), Some(key.into()))),
        ..Configured::default()
    };
    Router::new(Settings {
        anthropic_key: Some("sk-hidden".into()),
        providers: vec![configured("groq", Some("k")), configured("locked", Some(" "))],
        aliases: aliases.iter().map(|(name, model)| ((*name).to_owned(), (*model).to_owned())).collect(),
        default_model: default_model.map(Into::into),
        ..Settings::default()
    })
}

#[test]
fn providers_of_the_users_own_are_found_by_name_and_aliases_come_first() {
    let router = own(Some("fast"), &[("fast", "groq/llama/x"), ("cheap", "smart"), ("smart", "groq/big")]);
    for (asked, want) in [
        (None, "groq:llama/x"),
        (Some("groq/y"), "groq:y"),
        // One step: what an alias names is a model, or what each provider has by that name.
        (Some("cheap"), "anthropic:claude-sonnet-4-6"),
        (Some("smart"), "groq:big"),
        (Some("llama"), "anthropic:llama"),
        (Some("locked/m"), "auth"),
    ] {
        assert_eq!(name(&router, asked), want, "{asked:?}");
    }
    let failure = router.resolve(Some("locked/m")).unwrap_err();
    assert!(failure.message.contains("`OWN_KEY`") && failure.message.contains("`locked`"), "{failure}");
}

#[test]
fn a_known_provider_is_as_the_configuration_says_where_the_environment_says_nothing() {
    let said = Configured {
        name: "openai".into(),
        base: Some("http://from-file/v1/".into()),
        key: Some(("OTHER_KEY".into(), Some("k".into()))),
        ..Configured::default()
    };
    let base = |openai_base: Option<&str>| {
        let openai_base = openai_base.map(Into::into);
        let settings = Settings { openai_base, providers: vec![said.clone()], ..Settings::default() };
        let place = place::all(&settings).remove(0);
        (place.base, place.site.key_variable.into_owned(), place.site.base_variable.into_owned())
    };
    let key = "OTHER_KEY".to_owned();
    assert_eq!(base(None), ("http://from-file/v1".into(), key.clone(), "base-url of [providers.openai]".into()));
    assert_eq!(base(Some("http://from-env")), ("http://from-env".into(), key, "OPENAI_BASE_URL".into()));
}

#[test]
fn vectors_have_a_default_of_their_own() {
    let found = |providers: &str, asked: Option<&str>| {
        let router = keyed(providers, None);
        router.find(asked, true).map(|(_, name)| name.to_string()).map_err(|failure| failure.class)
    };
    assert_eq!(found("oag", None).as_deref(), Ok("text-embedding-3-small"));
    assert_eq!(found("ag", None).as_deref(), Ok("gemini-embedding-001"));
    assert_eq!(found("g", Some("gemini-x")).as_deref(), Ok("gemini-x"));
    assert_eq!(found("a", Some("text-embedding-3-small")), Err(FailureClass::Auth));
    assert_eq!(found("", None), Err(FailureClass::Auth));
}

#[test]
fn a_missing_key_says_what_to_do() {
    let failure = router(false, None, None).resolve(Some("gpt-4o")).unwrap_err();
    assert!(["OPENAI_API_KEY", "OPENAI_BASE_URL", "--offline"].iter().all(|w| failure.message.contains(w)));
    assert_eq!((failure.model.as_deref(), failure.attempts), (Some("gpt-4o"), 0));
    let failure = router(true, None, None).resolve(Some("claude-x")).unwrap_err();
    assert!(["ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "--offline"].iter().all(|w| failure.message.contains(w)));
}

#[test]
fn no_key_is_ever_printed() {
    let secret = || Some(SecretString::from("sk-hidden"));
    let (openai_key, anthropic_key, anthropic_token, gemini_key) = (secret(), secret(), secret(), secret());
    let settings = Settings { openai_key, anthropic_key, anthropic_token, gemini_key, ..Settings::default() };
    assert!(!format!("{settings:?}{:?}", Router::new(settings.clone())).contains("hidden"));
}

#[tokio::test]
async fn a_prompt_longer_than_the_window_is_not_sent() {
    // Nothing listens there: a call that went out would fail as `network`.
    let router = router(false, Some("http://127.0.0.1:1/v1"), None);
    let messages = vec![Message::new(Role::User, "word ".repeat(300_000))];
    let request =
        Request { model: Some("gpt-4o".into()), messages, timeout: Duration::from_secs(5), ..Request::default() };
    let failure = router.complete(&request).await.unwrap_err();
    assert_eq!((failure.class, failure.attempts), (FailureClass::TooLong, 0));
}

#[tokio::test]
async fn the_offline_stack_answers() {
    let messages = vec![Message::new(Role::User, "Say hello.")];
    let (timeout, json) = (Duration::from_secs(1), JsonMode::Asked);
    let request = Request { messages, timeout, json, ..Request::default() };
    let answer = stack(Settings { offline: true, ..Settings::default() }).complete(&request).await.unwrap();
    assert_eq!((&*answer.text, answer.cost_usd), (r#"{"answer": "Say hello."}"#, Some(0.0)));
}
