//! Shows an error: the message, the line of the script with carets under the place, the hint.
//!
//! What comes from scripts and servers is shown with its control characters made visible: it must not steer a terminal.
//! Not here: JSON, which has escapes of its own.

use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// Where an error is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Whether in colour.
    pub colour: bool,
    /// The columns of the terminal, if it is one. Source lines are cut to it.
    pub width: Option<usize>,
}

/// Source lines are not longer than this anywhere.
const WIDEST: usize = 160;
/// Nor cut to less than this.
const NARROWEST: usize = 16;
const TAB: usize = 4;

impl Look {
    fn style(self, style: Style) -> Style {
        if self.colour { style } else { Style::new() }
    }
}

/// The first line: `error: …`. Further lines of the message follow as they are.
pub(super) fn message(out: &mut String, label: &str, text: &str, look: Look) {
    let style = look.style(match label {
        "error" => AnsiColor::Red.on_default().bold(),
        _ => AnsiColor::Cyan.on_default().bold(),
    });
    *out += &format!("{style}{label}:{style:#} {}\n", visible(text));
}

/// The line on which a place of the script begins.
pub(super) fn snippet(out: &mut String, name: &str, script: &str, span: (usize, usize), look: Look) {
    let place = Place::find(script, span.0);
    let (frame, mark) = (look.style(AnsiColor::Blue.on_default()), look.style(AnsiColor::Red.on_default().bold()));
    let gutter = place.line.to_string().len();
    let (number, column, name) = (place.line, place.before.chars().count() + 1, visible(name));
    let width = look.width.unwrap_or(WIDEST).min(WIDEST).saturating_sub(gutter + 3).max(NARROWEST);
    let rest = &place.text[place.before.len()..];
    let marked = rest[..rest.floor_char_boundary(span.1.saturating_sub(span.0).min(rest.len()))].trim_end();
    let Cut { text, indent, carets } = cut(place.before, marked, &rest[marked.len()..], width);
    let (none, indent, carets) = ("", " ".repeat(indent), "^".repeat(carets));
    *out += &format!("{none:gutter$}{frame}-->{frame:#} {name}:{number}:{column}\n");
    *out += &format!("{none:gutter$} {frame}|{frame:#}\n");
    *out += &format!("{frame}{number} |{frame:#} {}\n", text.trim_end());
    *out += &format!("{none:gutter$} {frame}|{frame:#} {indent}{mark}{carets}{mark:#}\n");
}

/// A line cut to a width, and where its carets go.
struct Cut {
    text: String,
    indent: usize,
    carets: usize,
}

fn cut(before: &str, marked: &str, after: &str, width: usize) -> Cut {
    let cells = |text: &str| -> Vec<(char, usize)> {
        let shown = visible(text).replace('\t', &" ".repeat(TAB));
        shown.chars().map(|c| (c, c.width().unwrap_or(0))).collect()
    };
    let columns = |cells: &[(char, usize)]| cells.iter().map(|(_, w)| w).sum::<usize>();
    let (before, marked, after) = (cells(before), cells(marked), cells(after));
    let (indent, mark) = (columns(&before), columns(&marked).max(1));
    let all: Vec<_> = before.iter().chain(&marked).chain(&after).copied().collect();
    if columns(&all) <= width {
        return Cut { text: all.iter().map(|(c, _)| c).collect(), indent, carets: mark };
    }
    // As much of the mark as there is room for, with a third of the line before it.
    let wanted = indent + mark.min(width / 2);
    let skip = if wanted < width { 0 } else { indent.saturating_sub(width / 3) };
    let (mut text, mut used, mut skipped) = (String::new(), 0, 0);
    let mut cells = all.into_iter().peekable();
    if skip > 0 {
        // The dots take the place of one column more.
        while skipped < skip + 1 {
            let Some((_, w)) = cells.next() else { break };
            skipped += w;
        }
        text.push('…');
        used = 1;
    }
    while let Some((c, w)) = cells.next_if(|(_, w)| used + w < width) {
        text.push(c);
        used += w;
    }
    if cells.peek().is_some() {
        text.push('…');
    }
    let indent = if skip > 0 { (indent + 1).saturating_sub(skipped) } else { indent };
    Cut { text, indent, carets: mark.min(used.saturating_sub(indent)).max(1) }
}

/// A place in a script.
pub(super) struct Place<'a> {
    pub(super) line: usize,
    text: &'a str,
    before: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn find(script: &'a str, at: usize) -> Self {
        let at = script.floor_char_boundary(at.min(script.len()));
        let start = script[..at].rfind('\n').map_or(0, |n| n + 1);
        let end = script[at..].find('\n').map_or(script.len(), |n| at + n);
        Self { line: script[..start].matches('\n').count() + 1, text: &script[start..end], before: &script[start..at] }
    }
}

/// The text with control characters made visible; new lines and tabs are left.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            // Marks that turn the direction of what follows.
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            c if !steers(c) => out.push(c),
            // The picture that Unicode has of it, such as `␛`.
            '\0'..='\x1f' => out.extend(char::from_u32(0x2400 + c as u32)),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str, marked: &str, width: Option<usize>) -> String {
        let at = script.find(marked).unwrap();
        let mut out = String::new();
        snippet(&mut out, "a.scm", script, (at, at + marked.len()), Look { colour: false, width });
        out.lines().skip(2).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_long_line_is_cut_round_the_place() {
        let script = format!("(list {} (car '()) {})", "a".repeat(300), "b".repeat(300));
        for width in [40, 41, 80, 200] {
            let shown = shown(&script, "(car '())", Some(width));
            let lines: Vec<&str> = shown.lines().collect();
            assert!(lines.iter().all(|l| l.chars().count() <= width.min(WIDEST)), "{shown}");
            let at = lines[1].find('^').unwrap();
            assert_eq!(lines[0].chars().skip(at).take(9).collect::<String>(), "(car '())", "{shown}");
            assert!(lines[0].starts_with("1 | …a") && lines[0].ends_with("b…"), "{shown}");
        }
        assert!(shown(&script, "(list", Some(40)).starts_with("1 | (list aaaa"));
    }

    #[test]
    fn a_mark_longer_than_the_line_is_cut_too() {
        let script = format!("(f {})", "x".repeat(200));
        assert_eq!(shown(&script, &script, Some(20)), "1 | (f xxxxxxxxxxxx…\n  | ^^^^^^^^^^^^^^^");
    }

    #[test]
    fn carets_stand_under_wide_letters_and_tabs() {
        assert_eq!(shown("\t\"日本\" (car x)", "(car x)", None), "1 |     \"日本\" (car x)\n  |            ^^^^^^^");
    }

    #[test]
    fn a_place_of_several_lines_is_shown_from_its_start() {
        assert_eq!(shown("(f\n  1)", "(f\n  1)", None), "1 | (f\n  | ^^");
    }

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(visible("a\x1b[31mb\x07\u{9b}\r\n\tc\u{202e}"), "a␛[31mb␇\\u{9b}\n\tc\\u{202e}");
        assert!(matches!(visible("plain\n"), Cow::Borrowed(_)));
    }
}
