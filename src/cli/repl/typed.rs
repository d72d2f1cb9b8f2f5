//! What is known of a line while it is typed: completions, the signature of the call round the cursor, colours.
//!
//! Pure functions of the text and of what the session has told. Not here: keys and terminals (`editor`).

use super::commands::{COMMANDS, Wants};
use crate::{
    interp::lex::{Kind, Token, tokens},
    primitives,
};
use anstyle::{AnsiColor, Style};
use std::{collections::HashMap, path::Path};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// No more completions are offered.
const MOST: usize = 200;
/// A hint that would be narrower says nothing.
const NARROWEST: usize = 20;
const COMMENT: Style = Style::new().dimmed();
const STRING: Style = AnsiColor::Green.on_default();
const KEYWORD: Style = AnsiColor::Yellow.on_default();
const NUMBER: Style = AnsiColor::Blue.on_default();
const FORM: Style = AnsiColor::Magenta.on_default();
const CALL: Style = AnsiColor::Cyan.on_default();
const MATCHED: Style = Style::new().bold().underline();
const STRAY: Style = AnsiColor::Red.on_default();

/// Forms that are worth a colour.
const FORMS: &[&str] = &[
    "and",
    "begin",
    "case",
    "cond",
    "define",
    "define-syntax",
    "define-values",
    "do",
    "else",
    "for",
    "for/hash",
    "for/list",
    "for/sum",
    "if",
    "lambda",
    "let",
    "let*",
    "let-values",
    "letrec",
    "match",
    "or",
    "parameterize",
    "quote",
    "set!",
    "struct",
    "unless",
    "when",
    "with-handler",
    "with-handlers",
    "λ",
];

/// Keywords whose strings are models.
const MODELS: &[&str] = &["#:model", "#:fallback"];

/// What the session knows.
#[derive(Default)]
pub(super) struct Known {
    /// Every name that means something, sorted.
    pub(super) names: Vec<String>,
    /// How the procedures are called that were defined here.
    pub(super) signatures: HashMap<String, String>,
    /// Aliases and models that have been named.
    pub(super) models: Vec<String>,
}

impl Known {
    /// How a procedure is called.
    pub(super) fn signature(&self, name: &str) -> Option<String> {
        self.signatures.get(name).cloned().or_else(|| primitives::find(name).map(primitives::Primitive::signature))
    }

    /// Takes note of what an input defines, and of the models that it names.
    pub(super) fn learn(&mut self, procedures: Vec<(String, String)>, text: &str) {
        self.signatures.extend(procedures);
        let all: Vec<Token> = tokens(text).collect();
        for two in all.windows(2) {
            if let [(Kind::Name, keyword), (Kind::Text(true), name)] = two
                && MODELS.contains(&&text[keyword.clone()])
            {
                self.named(text[name.clone()].trim_matches('"'));
            }
        }
    }

    /// Takes note of a model.
    pub(super) fn named(&mut self, model: &str) {
        if !self.models.iter().any(|known| known == model) {
            self.models.push(model.to_owned());
        }
    }

    fn keywords(&self, name: &str) -> Vec<String> {
        let signature = self.signature(name).unwrap_or_default();
        let words = signature.split([' ', '(', ')', '[', ']']).filter(|word| word.starts_with("#:"));
        words.map(str::to_owned).collect()
    }
}

/// Where the end of a text is.
#[derive(Debug, Default, PartialEq)]
struct Place<'a> {
    /// The procedures being called, the innermost last, with the keywords that they have been given.
    calls: Vec<(&'a str, Vec<&'a str>)>,
    /// Where the contents of the string begin that it is in.
    string: Option<usize>,
    comment: bool,
}

fn place(text: &str) -> Place<'_> {
    let mut calls: Vec<Option<(&str, Vec<&str>)>> = Vec::new();
    let (mut string, mut end, mut opened) = (None, 0, false);
    for (kind, at) in tokens(text) {
        let token = &text[at.clone()];
        match kind {
            Kind::Open => calls.push(None),
            Kind::Close => drop(calls.pop()),
            Kind::Name => match calls.last_mut() {
                Some(call @ None) if opened => *call = Some((token, Vec::new())),
                Some(Some((_, keywords))) if token.starts_with("#:") => keywords.push(token),
                _ => {}
            },
            Kind::Text(false) if token.starts_with('"') => string = Some(at.start + 1),
            Kind::Text(_) | Kind::Other => {}
        }
        opened = kind == Kind::Open;
        end = at.end;
    }
    let rest = &text[end..];
    let comment = rest.rfind(';').is_some_and(|at| !rest[at..].contains('\n'));
    Place { calls: calls.into_iter().flatten().collect(), string, comment }
}

/// Where the word before the cursor begins.
fn word_start(text: &str) -> usize {
    text.rfind(|c: char| c.is_whitespace() || "()[]{}\"';`,".contains(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
}

/// From where on the text before the cursor can be completed, and by what.
pub(super) fn completions(text: &str, known: &Known) -> (usize, Vec<String>) {
    if let Some(command) = text.strip_prefix(',') {
        let Some((name, argument)) = command.split_once(char::is_whitespace) else {
            let names = COMMANDS.iter().map(|c| c.name.to_owned());
            return (1, beginning(names, command));
        };
        let start = text.len() - argument.trim_start().len();
        let word = &text[start..];
        match COMMANDS.iter().find(|c| c.name == name).map(|c| c.wants) {
            Some(Wants::Name) => return (start, beginning(known.names.iter().cloned(), word)),
            Some(Wants::Model) => return (start, beginning(known.models.iter().cloned(), word)),
            Some(Wants::Path) => return paths(text, start + word.find('=').map_or(0, |at| at + 1)),
            Some(Wants::Form) => {}
            _ => return (text.len(), Vec::new()),
        }
    }
    let place = place(text);
    if place.comment {
        return (text.len(), Vec::new());
    }
    if let Some(start) = place.string {
        let keyword = place.calls.last().and_then(|(_, keywords)| keywords.last());
        if keyword.is_some_and(|keyword| MODELS.contains(keyword)) {
            return (start, beginning(known.models.iter().cloned(), &text[start..]));
        }
        return paths(text, start);
    }
    let start = word_start(text);
    let word = &text[start..];
    if word.starts_with('#') {
        let Some((name, given)) = place.calls.last() else { return (start, Vec::new()) };
        let free = known.keywords(name).into_iter().filter(|k| k == word || !given.contains(&&**k));
        return (start, beginning(free, word));
    }
    let names = if word.is_empty() { Vec::new() } else { beginning(known.names.iter().cloned(), word) };
    (start, names)
}

fn beginning(all: impl Iterator<Item = String>, word: &str) -> Vec<String> {
    all.filter(|name| name.starts_with(word)).take(MOST).collect()
}

/// Files and folders whose names begin as the text from `start` on does.
fn paths(text: &str, start: usize) -> (usize, Vec<String>) {
    let path = &text[start..];
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let place = match (folder, path.starts_with('/')) {
        ("", true) => Path::new("/"),
        ("", false) => Path::new("."),
        (folder, _) => Path::new(folder),
    };
    let mut found = Vec::new();
    for entry in place.read_dir().into_iter().flatten().flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        if file.starts_with(name) && (name.starts_with('.') || !file.starts_with('.')) {
            // A link to a folder is one.
            let slash = if entry.path().is_dir() { "/" } else { "" };
            found.push(format!("{file}{slash}"));
        }
    }
    found.sort();
    found.truncate(MOST);
    (text.len() - name.len(), found)
}

/// How the procedure is called that the end of the text is in a call of.
pub(super) fn signature(text: &str, known: &Known) -> Option<String> {
    let text = if text.starts_with(',') { text.split_once(' ').map_or("", |(_, form)| form) } else { text };
    let place = place(text);
    let (name, _) = place.calls.last()?;
    // While the name is typed it may become another.
    if place.comment || text.ends_with(name) {
        return None;
    }
    known.signature(name)
}

/// That signature as a comment behind the text, cut to so many columns.
pub(super) fn hint(text: &str, known: &Known, columns: usize) -> Option<String> {
    let shown = format!("  ; {}", signature(text, known)?);
    let room = columns.min(shown.width());
    if room < NARROWEST.min(shown.width()) {
        return None;
    }
    if shown.width() <= columns {
        return Some(shown);
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in shown.chars() {
        used += c.width().unwrap_or(0);
        if used >= room {
            break;
        }
        out.push(c);
    }
    Some(out + "…")
}

/// The bracket that belongs to the one at or before the cursor: both, or the one alone when it has none.
fn pair(text: &str, cursor: usize, all: &[Token]) -> Option<(usize, Option<usize>)> {
    let bracket =
        |at: usize| all.iter().find(|(kind, place)| matches!(kind, Kind::Open | Kind::Close) && place.start == at);
    let (kind, place) = bracket(cursor).or_else(|| bracket(cursor.checked_sub(1)?))?;
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (kind, place) in all {
        match kind {
            Kind::Open => open.push(place.start),
            Kind::Close => {
                if let Some(start) = open.pop() {
                    pairs.push((start, place.start));
                }
            }
            _ => {}
        }
    }
    let fits = |open: usize, close: usize| {
        matches!((&text[open..=open], &text[close..=close]), ("(", ")") | ("[", "]") | ("{", "}"))
    };
    let mate = pairs.iter().find(|(a, b)| *a == place.start || *b == place.start).filter(|(a, b)| fits(*a, *b));
    match (mate, kind) {
        (Some((a, b)), _) => Some((*a, Some(*b))),
        // What is open may still be closed.
        (None, Kind::Open) => None,
        (None, _) => Some((place.start, None)),
    }
}

/// The text in colours, the pair of brackets at the cursor marked.
pub(super) fn coloured(text: &str, cursor: Option<usize>, known: &Known) -> String {
    let all: Vec<Token> = tokens(text).collect();
    let pair = cursor.and_then(|cursor| pair(text, cursor, &all));
    let mut out = String::with_capacity(text.len() * 2);
    let (mut end, mut opened) = (0, false);
    for (kind, place) in &all {
        gap(&mut out, &text[end..place.start]);
        let token = &text[place.clone()];
        let style = match kind {
            Kind::Open | Kind::Close => match pair {
                Some((at, None)) if at == place.start => Some(STRAY),
                Some((a, Some(b))) if a == place.start || b == place.start => Some(MATCHED),
                _ => None,
            },
            Kind::Text(_) => Some(STRING),
            Kind::Other => Some(if token.starts_with("#|") { COMMENT } else { STRING }),
            Kind::Name if token.starts_with("#:") => Some(KEYWORD),
            Kind::Name if token.starts_with(|c: char| c.is_ascii_digit()) => Some(NUMBER),
            Kind::Name if opened && FORMS.contains(&token) => Some(FORM),
            Kind::Name if opened && known.signature(token).is_some() => Some(CALL),
            Kind::Name => None,
        };
        painted(&mut out, token, style);
        opened = *kind == Kind::Open;
        end = place.end;
    }
    gap(&mut out, &text[end..]);
    out
}

fn painted(out: &mut String, text: &str, style: Option<Style>) {
    match style {
        Some(style) => *out += &format!("{style}{text}{style:#}"),
        None => out.push_str(text),
    }
}

/// White space, and comments up to the ends of their lines.
fn gap(out: &mut String, text: &str) {
    for line in text.split_inclusive('\n') {
        let (before, comment) = line.split_at(line.find(';').unwrap_or(line.len()));
        out.push_str(before);
        painted(out, comment, (!comment.is_empty()).then_some(COMMENT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let names = ["llm-query", "llm-query-async", "map-async", "my-reader"];
        Known {
            names: names.map(str::to_owned).into(),
            signatures: HashMap::from([("my-reader".to_owned(), "(my-reader path #:width [w 3])".to_owned())]),
            models: ["cheap".to_owned(), "smart".to_owned()].into(),
        }
    }

    fn completed(text: &str) -> Vec<String> {
        completions(text, &known()).1
    }

    #[test]
    fn names_are_completed_from_the_word_at_the_cursor() {
        assert_eq!(completions("(list (llm-q", &known()), (7, vec!["llm-query".into(), "llm-query-async".into()]));
        assert_eq!(completed("(map my"), ["my-reader"]);
        assert_eq!(completed("(map "), Vec::<String>::new());
        assert_eq!(completed("; llm-q"), Vec::<String>::new());
    }

    #[test]
    fn keywords_are_those_of_the_procedure_being_called() {
        assert_eq!(completed("(llm-query #:mod"), ["#:model"]);
        assert_eq!(completed("(llm-query #:data (my-reader \"a\" #:"), ["#:width"]);
        let all = completed("(llm-query #:model \"cheap\" #:");
        assert!(all.contains(&"#:data".into()) && !all.contains(&"#:model".into()), "{all:?}");
        assert_eq!(completed("(list #:mod"), Vec::<String>::new());
    }

    #[test]
    fn a_string_is_a_model_after_its_keyword_and_else_a_path() {
        assert_eq!(completed("(llm-query #:model \"ch"), ["cheap"]);
        assert_eq!(completed("(read-file \"Carg"), ["Cargo.lock", "Cargo.toml"]);
        assert_eq!(completions("(read-file \"src/li", &known()), (16, vec!["lib.rs".into()]));
        assert_eq!(completed("(read-file \"./sr"), ["src/"]);
    }

    #[test]
    fn commands_are_completed_with_what_they_want() {
        assert_eq!(completed(",ti"), ["time"]);
        assert_eq!(completed(",help map-"), ["map-async"]);
        assert_eq!(completed(",model sm"), ["smart"]);
        assert_eq!(completed(",load Cargo.t"), ["Cargo.toml"]);
        assert_eq!(completed(",context book=Cargo.t"), ["Cargo.toml"]);
        assert_eq!(completed(",time (llm-query #:temp"), ["#:temperature"]);
    }

    #[test]
    fn the_signature_of_the_call_round_the_cursor_is_the_hint() {
        let shown = |text: &str| signature(text, &known());
        assert!(
            shown("(map-async f ").is_some_and(|s| s.starts_with("(map-async f items")),
            "{:?}",
            shown("(map-async f ")
        );
        assert_eq!(shown("(map-async (lambda (x) (my-reader x ").as_deref(), Some("(my-reader path #:width [w 3])"));
        assert_eq!(shown("(map-async"), None);
        assert_eq!(shown("(unknown 1 "), None);
        assert_eq!(shown("(my-reader 1) "), None);
    }

    #[test]
    fn what_an_input_names_is_known_from_then_on() {
        let mut known = known();
        known.learn(vec![("g".into(), "(g x)".into())], "(define (g x) (llm-query #:model \"mine\" #:data \"not\"))");
        assert_eq!(known.models, ["cheap", "smart", "mine"]);
        assert_eq!(signature("(g ", &known).as_deref(), Some("(g x)"));
    }

    #[test]
    fn a_hint_keeps_to_the_room_there_is() {
        let hint = |columns| hint("(my-reader ", &known(), columns);
        assert_eq!(hint(80).as_deref(), Some("  ; (my-reader path #:width [w 3])"));
        assert_eq!(hint(24).as_deref(), Some("  ; (my-reader path #:w…"));
        assert_eq!(hint(10), None);
    }

    #[test]
    fn colours_change_nothing_but_the_look() {
        let text = "(define (f x) ; note\n  (llm-query #:model \"a)\" 12 #| b |# #\\( x))";
        for cursor in 0..text.len() {
            let shown = coloured(text, Some(cursor), &known());
            assert_eq!(anstream::adapter::strip_str(&shown).to_string(), text);
        }
    }

    #[test]
    fn the_bracket_at_the_cursor_is_marked_with_its_mate() {
        let pair = |text: &str, cursor| super::pair(text, cursor, &tokens(text).collect::<Vec<_>>());
        assert_eq!(pair("(a [b])", 7), Some((0, Some(6))));
        assert_eq!(pair("(a [b])", 3), Some((3, Some(5))));
        assert_eq!(pair("(a \")\" ", 5), None);
        assert_eq!(pair("(a", 0), None);
        assert_eq!(pair("a)", 2), Some((1, None)));
        assert_eq!(pair("(a]", 3), Some((2, None)));
    }
}
