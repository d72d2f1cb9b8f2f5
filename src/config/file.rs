//! `bessemer.toml`: what a user has settled for all runs.
//!
//! There are two of them, and they are not trusted alike. The user's own (`$XDG_CONFIG_HOME/bessemer/bessemer.toml`, or the
//! same in `~/.config`) may grant. The working directory's may only deny, since a folder may be a stranger's, and a script
//! that comes with a file must not be given anything by it, nor may prompts and keys go where it says. `--config FILE` takes
//! the place of both, and may grant, since somebody chose it. Not here: the keys (`schema`), and flags, which come on top.

use super::schema::{Choice, Defaults, File, Header, Provider};
use crate::{
    error::Error,
    llm::{
        Price, Settled,
        router::{Configured, Speaks},
    },
    permissions::Permissions,
    wire::Grant,
};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    fmt,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

/// What both files are called.
pub(crate) const NAME: &str = "bessemer.toml";
/// A larger file is a slip.
const MOST: u64 = 1 << 20;

/// What the files say.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// What holds where no flag says otherwise.
    pub(crate) defaults: Defaults,
    /// Names of the user's own for models.
    pub(crate) aliases: HashMap<String, String>,
    /// Where models are asked.
    pub(crate) providers: Vec<Configured>,
    /// How long prompts may be, by model.
    pub(crate) windows: HashMap<String, u64>,
    /// What every script may do; the denials are already in it.
    pub(crate) permissions: Permissions,
    /// Whether none may start programs, whatever is granted.
    pub(crate) deny_run: bool,
    /// Whether scripts are not confined.
    pub(crate) no_sandbox: bool,
    /// What models cost.
    pub(crate) prices: HashMap<String, Price>,
    /// What providers take, by model or provider.
    pub(crate) limits: HashMap<String, Settled>,
    /// Where that was found.
    pub(crate) files: Vec<PathBuf>,
}

/// Who wrote a file, and so what it may say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// The user, for all runs.
    Own,
    /// Somebody, and the user chose it.
    Chosen,
    /// Anybody.
    Found,
}

/// What holds here: `--config`'s file, or else the user's own and the working directory's.
pub(crate) fn load(chosen: Option<&Path>) -> Result<Settings, Error> {
    let own = own();
    let mut settings = Settings::default();
    let same = |path: &Path| {
        own.as_deref()
            .and_then(|own| own.canonicalize().ok())
            .is_some_and(|own| path.canonicalize().is_ok_and(|path| path == own))
    };
    if let Some(path) = chosen {
        let text =
            read(path)?.ok_or_else(|| usage(path, "there is no such file", "is the path of `--config` right?"))?;
        add(&mut settings, path, &text, if same(path) { Trust::Own } else { Trust::Chosen })?;
        return Ok(settings);
    }
    if let Some(path) = &own
        && let Some(text) = read(path)?
    {
        add(&mut settings, path, &text, Trust::Own)?;
    }
    let found = Path::new(NAME);
    if !same(found)
        && let Some(text) = read(found)?
    {
        add(&mut settings, found, &text, Trust::Found)?;
    }
    Ok(settings)
}

/// What one file says by itself, whether it is the user's own or one that was found.
#[cfg(test)]
pub(crate) fn said(path: &Path, text: &str, own: bool) -> Result<Settings, Error> {
    let mut settings = Settings::default();
    add(&mut settings, path, text, if own { Trust::Own } else { Trust::Found })?;
    Ok(settings)
}

/// Where the user's own file is, if there is one.
pub(crate) fn own() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let configuration = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    Some(configuration?.join("bessemer").join(NAME))
}

fn usage(path: &Path, message: impl fmt::Display, hint: &str) -> Error {
    Error::Usage { message: format!("`{}`: {message}", path.display()), hint: Some(hint.into()) }
}

/// A file's text; none when there is none.
fn read(path: &Path) -> Result<Option<String>, Error> {
    let problem =
        |e: std::io::Error| usage(path, format!("it cannot be read: {e}"), "may you read it, and is it text?");
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(problem(e)),
    };
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text).map_err(problem)?;
    if text.len() as u64 > MOST {
        return Err(usage(path, "it is larger than 1 MB", "is it the right file?"));
    }
    Ok(Some(text))
}

fn add(settings: &mut Settings, path: &Path, text: &str, trust: Trust) -> Result<(), Error> {
    let File { defaults, aliases, providers, prices, windows, limits, permissions: table } =
        toml::from_str(text).map_err(|e| unread(path, text, &e))?;
    let wrong = |key: &str, (message, hint): (String, String)| {
        usage(path, format!("line {}: {message}", line_of(text, key)), &hint)
    };
    let bad = |(_, price): &(&String, &Price)| {
        !(price.input >= 0.0 && price.output >= 0.0 && price.cached.is_none_or(|c| c >= 0.0))
    };
    if let Some((model, _)) = prices.iter().find(bad) {
        let message = format!("the price of `{model}` is negative");
        return Err(usage(path, message, "prices are in US dollars per million tokens"));
    }
    let granting = [
        ("allow-read", table.allow_read.0 != Grant::Nothing),
        ("allow-write", table.allow_write.0 != Grant::Nothing),
        ("allow-net", table.allow_net.0 != Grant::Nothing),
        ("allow-env", table.allow_env.0 != Grant::Nothing),
        ("allow-run", table.allow_run),
        ("no-sandbox", table.no_sandbox),
        // Who sets a price low lets more be spent; who says where a provider is gets prompts, and its key.
        ("[prices", !prices.is_empty()),
        ("[providers", !providers.is_empty()),
    ];
    let kept = |key: &str| match trust {
        Trust::Own => false,
        Trust::Chosen => key == "no-sandbox",
        Trust::Found => true,
    };
    if let Some((key, _)) = granting.iter().find(|(key, set)| *set && kept(key)) {
        let own = own().map_or_else(|| "your own configuration".into(), |own| format!("`{}`", own.display()));
        let (why, hint) = match trust {
            Trust::Found => (
                "the working directory's file may only deny",
                format!("if you trust it, run with `--config {NAME}`; what holds for all runs stands in {own}"),
            ),
            _ => ("only your own file may say that", format!("write it into {own}, or run with `--no-sandbox`")),
        };
        let message = format!("`{}` is not heeded here: {why}", key.trim_start_matches('['));
        return Err(wrong(key, (message, hint)));
    }
    if defaults.max_cost.is_some_and(|usd| usd < 0.0 || !usd.is_finite()) {
        let hint = "write US dollars, such as `max-cost = 5.00`".to_owned();
        return Err(wrong("max-cost", ("`max-cost` must not be negative".into(), hint)));
    }
    if let Some((name, _)) = aliases.iter().find(|(_, model)| model.trim().is_empty()) {
        let hint = format!("write a model's name, such as `{name} = \"gpt-4o-mini\"`");
        return Err(wrong(name, (format!("the alias `{name}` names no model"), hint)));
    }
    for (name, provider) in providers {
        let configured =
            configured(&name, provider).map_err(|problem| wrong(&format!("[providers.{name}"), problem))?;
        settings.permissions.keys.extend(configured.1);
        settings.providers.retain(|had| had.name != name);
        settings.providers.push(configured.0);
    }
    let folder =
        std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default();
    let below = |choice: Choice<PathBuf>| match choice.0 {
        Grant::Only(paths) => Grant::Only(paths.into_iter().map(|path| placed(&folder, path)).collect()),
        grant => grant,
    };
    let had = std::mem::take(&mut settings.permissions);
    settings.permissions = Permissions {
        read: had.read.and(below(table.allow_read)),
        deny_read: had.deny_read.and(below(table.deny_read)),
        write: had.write.and(below(table.allow_write)),
        deny_write: had.deny_write.and(below(table.deny_write)),
        net: had.net.and(table.allow_net.0),
        deny_net: had.deny_net.and(table.deny_net.0),
        env: had.env.and(table.allow_env.0),
        deny_env: had.deny_env.and(table.deny_env.0),
        run: had.run || table.allow_run,
        keys: had.keys,
    };
    settings.deny_run |= table.deny_run;
    settings.no_sandbox |= table.no_sandbox;
    settings.defaults.add(defaults, trust == Trust::Found);
    settings.aliases.extend(aliases);
    settings.windows.extend(windows.into_iter().map(|(model, tokens)| (model, tokens.get())));
    settings.prices.extend(prices);
    settings.limits.extend(limits);
    settings.files.push(path.into());
    Ok(())
}

/// A provider, and the variables whose values are its secrets; or what is wrong with it, and what to do.
fn configured(name: &str, provider: Provider) -> Result<(Configured, Vec<String>), (String, String)> {
    let Provider { format, base_url, key_env, headers } = provider;
    let known = ["openai", "anthropic", "gemini", "google"];
    let table = format!("[providers.{name}]");
    if name.contains('/') || name.trim().is_empty() || name == "offline" {
        let hint = "a provider's name stands before `/` in the names of its models: `name/model`";
        return Err((format!("`{name}` is no name for a provider"), hint.into()));
    }
    if known.contains(&name) && format.is_some() {
        let hint = "leave it out; a server of your own with another format wants another name";
        return Err((format!("`{table}` speaks its own `format`"), hint.into()));
    }
    let Some(url) = base_url.as_deref().or(known.contains(&name).then_some("http://known")) else {
        let hint = match crate::interp::nearest(name, known.into_iter()) {
            Some(near) => format!("did you mean `[providers.{near}]`? Any other wants `base-url = \"https://…/v1\"`"),
            None => "write where it is: `base-url = \"https://…/v1\"`".into(),
        };
        return Err((format!("`{table}` has no `base-url`"), hint));
    };
    if !reqwest::Url::parse(url.trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        let hint = "write it with `http://` or `https://`, up to and with `/v1` if its server has that";
        return Err((format!("`{url}`, the `base-url` of `{table}`, is no URL"), hint.into()));
    }
    let variable = |name: &str| std::env::var(name).ok().map(SecretString::from);
    let mut secrets: Vec<String> = key_env.iter().cloned().collect();
    let headers = headers.into_iter().filter_map(|(name, header)| {
        let value = match header {
            Header::Text(text) => text.into(),
            Header::Variable(from) => {
                secrets.push(from.clone());
                // Without a value there is nothing to say.
                variable(&from)?
            }
        };
        Some((name, value))
    });
    let headers = headers.collect();
    let key = key_env.map(|name| {
        let key = variable(&name);
        (name, key)
    });
    let speaks = format.unwrap_or(Speaks::OpenAi);
    Ok((Configured { name: name.into(), speaks, base: base_url, key, headers }, secrets))
}

/// A path of a file: one that is relative begins at the file's folder.
fn placed(folder: &Path, path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

/// The line on which a key is set, from 1.
fn line_of(text: &str, key: &str) -> usize {
    let sets = |line: &str| line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(key).is_some();
    text.lines().position(sets).map_or(1, |index| index + 1)
}

/// Why a file is no configuration: on which line, and which key may have been meant.
fn unread(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let line = error.span().map_or(1, |span| text[..text.floor_char_boundary(span.start)].matches('\n').count() + 1);
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    let unknown = ["unknown field", "unknown variant"].iter().any(|begin| error.message().starts_with(begin));
    let near = unknown.then(|| quoted.next()).flatten().and_then(|key| crate::interp::nearest(key, quoted));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`bessemer init --print` shows every key, with what it may be".into(),
    };
    usage(path, format!("line {line}: {}", error.message().trim_end()), &hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str, trust: Trust) -> Result<Settings, String> {
        let mut settings = Settings::default();
        match add(&mut settings, Path::new("/etc/x/bessemer.toml"), text, trust) {
            Ok(()) => Ok(settings),
            Err(e) => Err(format!("{e} | {}", e.hint().unwrap_or_default())),
        }
    }

    #[test]
    fn grants_and_denials_are_lists_or_all() {
        let text = r#"
            [permissions]
            allow-read = ["reports", "/srv/data"]
            allow-write = true
            allow-net = ["example.com:443"]
            allow-env = "LANG"
            allow-run = true
            deny-read = ["reports/secret"]
        "#;
        let settings = added(text, Trust::Own).unwrap();
        let permissions = settings.permissions;
        let paths = |texts: &[&str]| Grant::Only(texts.iter().map(PathBuf::from).collect());
        assert_eq!(permissions.read, paths(&["/etc/x/reports", "/srv/data"]));
        assert_eq!(permissions.deny_read, paths(&["/etc/x/reports/secret"]));
        assert_eq!(permissions.write, Grant::Everything);
        assert_eq!(permissions.net, Grant::Only(vec!["example.com:443".parse().unwrap()]));
        assert_eq!(permissions.env, Grant::Only(vec!["LANG".into()]));
        assert!(permissions.run && !settings.no_sandbox);
    }

    #[test]
    fn a_folders_file_may_only_deny() {
        for key in ["allow-read", "allow-write", "allow-net", "allow-env", "allow-run", "no-sandbox"] {
            let text = format!("[permissions]\ndeny-net = true\n{key} = true\n");
            assert!(added(&text, Trust::Own).is_ok());
            assert_eq!(added(&text, Trust::Chosen).is_ok(), key != "no-sandbox", "{key}");
            let refused = added(&text, Trust::Found).unwrap_err();
            assert!(refused.contains(&format!("line 3: `{key}` is not heeded here")), "{refused}");
        }
        let denied = added("[permissions]\ndeny-net = true\ndeny-run = true\nallow-read = []", Trust::Found).unwrap();
        assert!(denied.permissions.deny_net == Grant::Everything && denied.deny_run);
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_the_key_that_was_meant() {
        for (text, words) in [
            ("[permissions]\nalow-read = true", "line 2: unknown field `alow-read`"),
            ("[permissions]\nalow-read = true", "did you mean `allow-read`?"),
            ("[permission]\n", "did you mean `permissions`?"),
            (
                "\n[permissions]\nallow-read = 3",
                "line 3: invalid type: integer `3`, expected `true`, `false` or a list",
            ),
            ("[permissions]\nallow-net = [\n\"example.com\",\n\"https://a\"]", "`https://a` is no host"),
            ("[permissions\n", "line 1: "),
        ] {
            let told = added(text, Trust::Own).unwrap_err();
            assert!(told.starts_with("`/etc/x/bessemer.toml`: line ") && told.contains(words), "{told}");
        }
    }
}
