//! `bessemer models`: which models there are here, what they cost, how long their prompts may be.
//!
//! Each provider that is set up is asked what it has; what it does not say comes from the configuration and from the table
//! that ships. Not here: whether a model answers (`doctor --online`).

use super::screen;
use crate::{
    config::{self, file},
    error::{Error, visible},
    llm::{
        catalogue::{self, Listed},
        models,
        router::{ALIASES, Resolved, Router, Speaks},
    },
};
use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::{Value, json};
use std::{fmt::Write, path::PathBuf, process::ExitCode};

#[derive(Args)]
pub(super) struct Models {
    /// Only those whose name has this in it.
    #[arg(value_name = "WORD")]
    word: Option<String>,
    /// Ask nobody: what the built-in table and the configuration know.
    #[arg(long)]
    offline: bool,
    /// The configuration file, instead of your own and the working directory's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// One provider's models.
struct Group {
    title: String,
    base: String,
    /// Why it does not say what it has.
    problem: Option<String>,
    rows: Vec<Row>,
}

/// One model.
struct Row {
    name: String,
    /// The names that stand for it here.
    aliases: Vec<String>,
    found: Option<Resolved>,
}

impl Models {
    pub(super) fn main(self) -> ExitCode {
        match self.groups() {
            Ok(groups) => screen::print(&if self.json { object(&groups) } else { lines(&groups) }),
            Err(error) => screen::fail(&error),
        }
    }

    fn groups(&self) -> Result<Vec<Group>, Error> {
        let settings = file::load(self.config.as_deref())?;
        let reached = config::models(false, None, &settings);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::interpreter(format!("no runtime: {e}")))?;
        let listed = runtime.block_on(catalogue::listed(&reached, !self.offline));
        let router = Router::new(reached);
        let names = ALIASES.iter().map(|alias| (*alias).to_owned()).chain(settings.aliases.into_keys());
        let mut aliases: Vec<(String, Resolved)> =
            names.filter_map(|alias| Some((alias.clone(), router.resolve(Some(&alias)).ok()?))).collect();
        aliases.sort_by(|a, b| a.0.cmp(&b.0));
        aliases.dedup_by(|a, b| a.0 == b.0);
        let mut groups: Vec<Group> = listed.iter().map(|listed| self.group(listed, &aliases, &router)).collect();
        if groups.is_empty() {
            let table = [(Speaks::OpenAi, "OpenAI"), (Speaks::Anthropic, "Anthropic"), (Speaks::Gemini, "Gemini")];
            groups.extend(table.map(|(speaks, title)| Group {
                title: title.into(),
                base: String::new(),
                problem: Some("no key is set; these are what the table knows".into()),
                rows: self.rows(models::of(speaks).to_vec(), |name| Row {
                    found: Some(Resolved {
                        provider: None,
                        name: None,
                        model: name.into(),
                        window: models::facts(name).and_then(|facts| facts.window),
                        price: models::facts(name).and_then(models::Facts::price),
                    }),
                    name: name.into(),
                    aliases: Vec::new(),
                }),
            }));
        }
        // Of what nothing has the word there is nothing to say, unless it could not be asked.
        groups.retain(|group| self.word.is_none() || !group.rows.is_empty());
        Ok(groups)
    }

    fn group(&self, listed: &Listed, aliases: &[(String, Resolved)], router: &Router) -> Group {
        let here = |found: &Resolved| found.provider.as_deref() == Some(&*listed.title);
        let asked = listed.models.as_ref().is_ok_and(|models| !models.is_empty());
        let mut names = match &listed.models {
            Ok(names) if asked => names.clone(),
            // Without its own word, what is known of it.
            _ if listed.genuine => models::of(listed.speaks).to_vec(),
            _ => Vec::new(),
        };
        names.extend(
            aliases.iter().filter(|(_, found)| here(found) && !asked).map(|(_, found)| found.model.to_string()),
        );
        names.sort();
        names.dedup();
        // A compatible server in OpenAI's place has its models by their bare names.
        let full = |name: &str| match listed.name == "openai" && !listed.genuine {
            true => name.to_owned(),
            false => format!("{}/{name}", listed.name),
        };
        let rows = self.rows(names, |name| Row {
            aliases: aliases
                .iter()
                .filter(|(_, found)| here(found) && *found.model == *name)
                .map(|(alias, _)| alias.clone())
                .collect(),
            found: router.resolve(Some(&full(name))).ok().filter(here),
            name: name.into(),
        });
        let problem = listed.models.as_ref().err().map(|failure| failure.message.clone());
        Group { title: listed.title.to_string(), base: listed.base.clone(), problem, rows }
    }

    fn rows(&self, names: Vec<String>, row: impl Fn(&str) -> Row) -> Vec<Row> {
        let wanted = |name: &String| self.word.as_ref().is_none_or(|word| name.contains(&**word));
        names.iter().filter(|name| wanted(name)).map(|name| row(name)).collect()
    }
}

fn lines(groups: &[Group]) -> String {
    let bold = Style::new().bold();
    let dim = AnsiColor::Yellow.on_default();
    let mut out = String::new();
    let name = groups.iter().flat_map(|g| &g.rows).map(|row| row.name.chars().count()).max().unwrap_or(0).clamp(10, 50);
    for group in groups {
        let base = if group.base.is_empty() { String::new() } else { format!(" ({})", visible(&group.base)) };
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{bold}{}{bold:#}{base}", visible(&group.title));
        if let Some(problem) = &group.problem {
            let _ = writeln!(out, "  {dim}{}{dim:#}", visible(problem));
        }
        for row in &group.rows {
            let found = row.found.as_ref();
            let window = found.and_then(|f| f.window).map_or("-".into(), |n| n.to_string());
            let price = found.and_then(|f| f.price).map_or("-".into(), |p| format!("{} / {}", p.input, p.output));
            let aliases: Vec<String> = row.aliases.iter().map(|alias| format!("\"{alias}\"")).collect();
            let line = format!("  {:name$}  {window:>9}  {price:>13}  {}", visible(&row.name), aliases.join(" "));
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    let date = models::date();
    out + &format!(
        "name, tokens of a prompt at most, USD per million tokens of prompts / answers, alias; - is unknown \
         (table of {date}; `[prices]` and `[windows]` of your configuration come first)\n"
    )
}

fn object(groups: &[Group]) -> String {
    let row = |row: &Row| {
        let found = row.found.as_ref();
        let price = found.and_then(|f| f.price);
        json!({
            "name": row.name,
            "aliases": row.aliases,
            "window": found.and_then(|f| f.window),
            "price": price.map(|p| json!({ "input": p.input, "output": p.output, "cached": p.cached })),
        })
    };
    let group = |group: &Group| {
        json!({
            "provider": group.title,
            "base_url": group.base,
            "problem": group.problem,
            "models": group.rows.iter().map(row).collect::<Vec<Value>>(),
        })
    };
    let all: Vec<Value> = groups.iter().map(group).collect();
    format!("{}\n", json!({ "table": models::date(), "providers": all }))
}
