//! Renders the table of primitives for its readers: an overview, one entry, a search, Markdown.
//!
//! The texts for people hold terminal styles; [`plain`] takes them out again. Not here: where they are printed, and whether
//! styles are wanted there.

use crate::interp::reference;
use crate::primitives::{Family, Param, Primitive, all, find};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

const HEADING: Style = Style::new().bold().underline();
const NAME: Style = AnsiColor::Cyan.on_default().bold();
const DIM: Style = Style::new().dimmed();
/// No text is made narrower than this.
const NARROWEST: usize = 24;

/// A text without its styles.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Every entry by family: its signature, and what it does in one sentence.
pub fn overview(width: usize) -> String {
    let mut out = String::new();
    for family in Family::ALL {
        let members: Vec<_> = all().filter(|p| p.family == family).collect();
        if !members.is_empty() {
            out += &format!("{HEADING}{}{HEADING:#}\n\n{}\n", family.title(), list(&members, width));
        }
    }
    let more = "`bessemer doc NAME` or `(help NAME)` says more of one, `bessemer doc --search WORD` or `(apropos \"WORD\")` \
                finds one.";
    out + &wrapped(more, width, "") + "\n"
}

/// What scripts have of Racket and R7RS, by area, and what they have not.
pub fn dialect(width: usize) -> String {
    let mut out = wrapped(
        "Scripts are written in Scheme as Racket has it, and R7RS where Racket has nothing. This is what there is; `bessemer \
         doc NAME` shows the parameters of one. The procedures for models, Python and contexts are in `bessemer doc`.",
        width,
        "",
    );
    for section in reference::sections() {
        let names: Vec<&str> = section.entries.keys().map(String::as_str).collect();
        out += &format!("\n\n{HEADING}{}{HEADING:#}\n\n{}", section.title, wrapped(&names.join(" "), width, "  "));
    }
    out += &format!("\n\n{HEADING}What is not there{HEADING:#}\n");
    for area in reference::absent() {
        let names: Vec<&str> = area.words().collect();
        out += &format!("\n  {NAME}{}{NAME:#}\n", area.area);
        out += &format!("{}\n", wrapped(area.instead, width, "    "));
        out += &format!("{DIM}{}{DIM:#}\n", wrapped(&names.join(" "), width, "    "));
    }
    out
}

/// One procedure or form of the dialect.
pub fn of_dialect(name: &str, width: usize) -> Option<String> {
    let name = bare(name);
    if let Some((message, instead)) = crate::interp::foreign::absent(name) {
        return Some(format!("{}\n", wrapped(&format!("{message}: {instead}."), width, "")));
    }
    reference::sections().into_iter().find_map(|section| {
        let params = section.entries.get(name)?;
        let call = match params.as_deref() {
            None => format!("{NAME}{name}{NAME:#}"),
            Some("") => format!("({NAME}{name}{NAME:#})"),
            Some(params) => format!("({NAME}{name}{NAME:#} {params})"),
        };
        let about = format!("As in Racket, or R7RS where Racket has none. {}: `bessemer doc dialect`.", section.title);
        Some(format!("{call}\n\n{}\n", wrapped(&about, width, "")))
    })
}

/// A few entries: how they are called, keywords left out, and what they do in one sentence.
pub fn list(entries: &[&Primitive], width: usize) -> String {
    let mut out = String::new();
    for primitive in entries {
        out += &format!("{}\n", signature(primitive, brief(primitive), width.saturating_sub(2), "  "));
        out += &format!("{}\n", wrapped(primitive.summary(), width, "      "));
    }
    out
}

/// One entry: all that is known of it.
pub fn entry(primitive: &Primitive, width: usize) -> String {
    let call = signature(primitive, primitive.signature_parts(), width, "");
    let last = plain(call.lines().last().unwrap_or_default()).chars().count();
    let turn = if last + 3 + primitive.result.chars().count() > width { "\n" } else { " " };
    let mut out = format!("{call}{turn}→ {}\n", primitive.result);
    for paragraph in primitive.doc.split("\n\n") {
        out += &format!("\n{}\n", wrapped(paragraph, width, ""));
    }
    if !primitive.params.is_empty() || primitive.rest.is_some() {
        out += &format!("\n{HEADING}Parameters{HEADING:#}\n");
    }
    for param in primitive.params {
        let wanted = match (param.default, param.keyword) {
            (None, _) => "required".to_owned(),
            (Some("#f"), false) => "optional".into(),
            (Some(default), _) => format!("default {default}"),
        };
        let (name, kind) = (said(param), param.kind.said());
        let length = name.len() + kind.chars().count() + wanted.chars().count() + 5;
        let turn = if length > width { "\n      " } else { " " };
        out += &format!("  {NAME}{name}{NAME:#} {DIM}{kind},{turn}{wanted}{DIM:#}\n");
        out += &format!("{}\n", wrapped(param.doc, width, "      "));
    }
    if let Some(rest) = primitive.rest {
        out += &format!("  {NAME}{rest} …{NAME:#} {DIM}any number of them{DIM:#}\n");
    }
    out += &format!("\n{HEADING}Example{HEADING:#}\n");
    for line in primitive.example.lines() {
        out += &format!("  {line}\n");
    }
    let others: Vec<_> = all().filter(|p| p.family == primitive.family && p.name != primitive.name).collect();
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|p| p.name).collect();
        out += &format!("\n{HEADING}See also{HEADING:#} ({})\n", primitive.family.title());
        out += &format!("{}\n", wrapped(&names.join(" "), width, "  "));
    }
    out
}

/// Entries that have to do with a word, the best first: by name, by the beginning of the name, by a part of it, by
/// what is said of it.
pub fn search(word: &str) -> Vec<&'static Primitive> {
    let word = word.trim().to_lowercase();
    if word.is_empty() {
        return Vec::new();
    }
    let rank = |p: &Primitive| {
        let name = p.name.to_lowercase();
        let params = || p.params.iter().any(|param| param.name == word.trim_start_matches("#:"));
        match () {
            () if name == word => Some(0),
            () if name.starts_with(&word) => Some(1),
            () if name.contains(&word) => Some(2),
            () if params() => Some(3),
            () if p.summary().to_lowercase().contains(&word) => Some(4),
            () if p.doc.to_lowercase().contains(&word) => Some(5),
            () if p.params.iter().any(|param| param.doc.to_lowercase().contains(&word)) => Some(6),
            () => None,
        }
    };
    let mut found: Vec<_> = all().filter_map(|p| rank(p).map(|rank| (rank, p))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, p)| p).collect()
}

/// What to say of a name that has no entry: a message, and a hint with the nearest names.
pub fn unknown(name: &str) -> (String, String) {
    let mut near: Vec<_> =
        all().map(|p| (strsim::jaro_winkler(name, p.name), p.name)).filter(|(s, _)| *s > 0.75).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<_> = near.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    let hint = match names.split_last() {
        None => "`bessemer doc` and `bessemer doc dialect` list every name".into(),
        Some((only, [])) => format!("did you mean {only}?"),
        Some((last, others)) => format!("did you mean {} or {last}?", others.join(", ")),
    };
    (format!("`{name}` is not in the reference"), hint)
}

/// The whole reference as Markdown.
pub fn reference() -> String {
    let mut out = "# The language of Bessemer's scripts\n".to_owned();
    for family in Family::ALL {
        let mut heading = Some(family.title());
        for p in all().filter(|p| p.family == family) {
            if let Some(title) = heading.take() {
                out += &format!("\n## {title}\n");
            }
            out += &format!("\n### `{}`\n\n`{}` → {}\n\n{}\n", p.name, p.signature(), p.result, p.doc);
            if !p.params.is_empty() {
                out += "\n| parameter | | default | |\n|---|---|---|---|\n";
            }
            for param in p.params {
                let default = param.default.map_or("required".into(), |d| format!("`{}`", cell(d)));
                let (kind, doc) = (param.kind.said(), cell(param.doc));
                // Writing to a string cannot fail.
                let _ = writeln!(out, "| `{}` | {kind} | {default} | {doc} |", said(param));
            }
            out += &format!("\n```scheme\n{}\n```\n", p.example);
        }
    }
    out
}

/// The README's table: the primitives by family, one line each.
pub fn markdown() -> String {
    let mut out = String::new();
    for family in Family::ALL {
        let mut heading = Some(family.title());
        for primitive in all().filter(|p| p.family == family) {
            if let Some(title) = heading.take() {
                out += &format!("\n| {title} | |\n|---|---|\n");
            }
            let parts: String = brief(primitive).iter().map(|part| format!(" {part}")).collect();
            let (name, result) = (primitive.name, primitive.result);
            out += &format!("| `({name}{parts})` → {result} | {} |\n", cell(primitive.summary()));
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn said(param: &Param) -> String {
    if param.keyword { format!("#:{}", param.name) } else { param.name.into() }
}

/// The parts of a signature, all keywords as one.
fn brief(primitive: &Primitive) -> Vec<String> {
    let mut parts = primitive.signature_parts();
    parts.retain(|part| !part.starts_with("#:"));
    parts.extend(primitive.params.iter().any(|p| p.keyword).then(|| "#:…".to_owned()));
    parts
}

/// The signature with its name marked, broken between its parts.
fn signature(primitive: &Primitive, parts: Vec<String>, width: usize, indent: &str) -> String {
    let further = format!("{indent}{}", " ".repeat((primitive.name.len() + 2).min(20)));
    let mut out = format!("{indent}({NAME}{}{NAME:#}", primitive.name);
    let mut column = primitive.name.chars().count() + 1;
    for part in parts {
        let length = part.chars().count() + 1;
        if column + length + 1 > width.max(NARROWEST) {
            out += &format!("\n{further}{part}");
            column = further.len() + length;
        } else {
            out += &format!(" {part}");
            column += length;
        }
    }
    out + ")"
}

/// Text in lines of at most so many characters, each indented.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let width = width.max(NARROWEST);
    let mut out = indent.to_owned();
    let mut column = indent.len();
    for (i, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if i > 0 && column + 1 + length > width {
            out += &format!("\n{indent}");
            column = indent.len();
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out
}

/// The entry of this name, as `bessemer doc` takes it: `(map-async` is `map-async`.
pub(crate) fn named(name: &str) -> Option<&'static Primitive> {
    find(bare(name))
}

fn bare(name: &str) -> &str {
    name.trim().trim_start_matches(['(', '\'']).trim_end_matches(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readmes_table_is_the_primitives_table() {
        let readme = include_str!("../README.md");
        let table = markdown();
        assert!(readme.contains(&table), "put this between the README's marks:\n{table}");
    }

    #[test]
    fn every_text_keeps_to_its_width() {
        for width in [40, 80] {
            for text in [overview(width), all().map(|p| entry(p, width)).collect()] {
                let text = plain(&text);
                let too_long = |line: &&str| line.chars().count() > width && line.split_whitespace().count() > 1;
                // Signatures and examples are code, which is broken between its parts at most.
                let long: Vec<_> = text.lines().filter(too_long).filter(|l| !l.contains(['(', '`', '#'])).collect();
                assert_eq!(long, Vec::<&str>::new());
            }
        }
    }

    #[test]
    fn the_dialect_is_told_by_area_and_by_name() {
        let all = plain(&dialect(80));
        assert!(all.contains("\n\nRegular expressions\n\n  ") && all.contains("regexp-match-positions"), "{all}");
        assert!(all.contains("\n\nWhat is not there\n\n  classes and objects\n"), "{all}");
        let told = |name: &str| plain(&of_dialect(name, 80).unwrap_or_default());
        assert!(told("substring").starts_with("(substring text start [end])\n\nAs in Racket"));
        assert!(told("class").starts_with("`class` is not in this dialect"));
        assert_eq!(of_dialect("xyzzy", 80), None);
    }

    #[test]
    fn a_search_puts_names_before_descriptions() {
        let found: Vec<_> = search("await").iter().map(|p| p.name).collect();
        assert_eq!(found[..3], ["await", "await-all", "await-any"]);
        assert!(found.contains(&"llm-query-async"), "{found:?}");
        assert!(search("").is_empty() && search("xyzzy").is_empty());
        assert!(search("#:deadline").iter().any(|p| p.name == "map-async"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        assert!(unknown("map-asinc").1.starts_with("did you mean `map-async`"));
        assert!(unknown("xyzzy").1.contains("bessemer doc"));
        assert_eq!(named("(map-async").map(|p| p.name), Some("map-async"));
    }
}
