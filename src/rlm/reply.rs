//! What a root model's reply holds: a block of code, or an answer given as text.
//!
//! Not here: running it.

/// A block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its language.
    pub language: Language,
    /// Its text.
    pub code: String,
}

/// The languages of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// ` ```scheme `.
    Scheme,
    /// ` ```python ` or ` ```repl `.
    Python,
}

impl Language {
    /// As fences have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Python => "python",
        }
    }

    /// By the word behind a fence; by the code where there is none. Other languages are none of ours.
    fn of(word: &str, code: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "scheme" | "scm" | "racket" | "rkt" | "lisp" | "steel" => Some(Self::Scheme),
            "python" | "python3" | "py" | "repl" => Some(Self::Python),
            "" if code.trim_start().starts_with(['(', ';', '[', '#']) && code.contains('(') => Some(Self::Scheme),
            "" => Some(Self::Python),
            _ => None,
        }
    }
}

/// An answer that stands in the text, not in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `FINAL(text)`.
    Text(String),
    /// `FINAL_VAR(name)`.
    Variable(String),
}

/// A reply, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// The first block.
    pub(super) block: Option<Block>,
    /// How many there were beside it.
    pub(super) others: usize,
    /// Whether the first block's fence was never closed: the reply was cut.
    pub(super) open: bool,
    /// An answer in the text outside of blocks.
    pub(super) said: Option<Said>,
}

/// Reads a reply.
pub(super) fn read(text: &str) -> Reply {
    let (mut reply, mut outside) = (Reply::default(), String::new());
    // What a model thinks aloud, it does not say.
    let text = text.rsplit_once("</think>").map_or(text, |(_, said)| said);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((fence, word)) = fence(line) else {
            outside += line;
            outside.push('\n');
            continue;
        };
        let (mut code, mut closed) = (String::new(), false);
        for line in lines.by_ref() {
            if self::fence(line).is_some_and(|(closing, word)| word.is_empty() && closing.starts_with(fence)) {
                closed = true;
                break;
            }
            code += line;
            code.push('\n');
        }
        let Some(language) = Language::of(word, &code).filter(|_| !code.trim().is_empty()) else { continue };
        if reply.block.is_some() {
            reply.others += 1;
        } else {
            (reply.block, reply.open) = (Some(Block { language, code }), !closed);
        }
    }
    reply.said = said(&outside);
    reply
}

/// A line that begins or ends a block: its marks, and the first word behind them.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let marks = line.len() - line.trim_start_matches('`').len();
    let (marks, rest) = line.split_at(marks);
    let word = rest.trim().trim_start_matches('{').split([' ', ',', '}', ':']).next().unwrap_or_default();
    (marks.len() >= 3 && !rest.contains('`')).then_some((marks, word.trim_start_matches('.')))
}

/// `FINAL(…)` or `FINAL_VAR(…)` at the beginning of a line.
fn said(text: &str) -> Option<Said> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let rest = &text[start..];
        if let Some(rest) = rest.strip_prefix("FINAL_VAR(") {
            let name = rest.split(')').next().unwrap_or_default();
            return Some(Said::Variable(unquoted(name).into()));
        }
        if let Some(rest) = rest.strip_prefix("FINAL(") {
            // As far as the last parenthesis: the answer may have some of its own.
            let inner = rest.rfind(')').map_or(rest, |end| &rest[..end]);
            return Some(Said::Text(unquoted(inner).into()));
        }
    }
    None
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let quotes = ["\"\"\"", "\"", "'", "`"].into_iter();
    let mut inner = quotes.filter_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    inner.next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Option<(Language, String)> {
        read(text).block.map(|block| (block.language, block.code))
    }

    #[test]
    fn the_first_block_counts_and_the_others_are_counted() {
        let reply = read("I look.\n```scheme\n(+ 1 2)\n```\nand\n\n```python\nprint(1)\n```\nDone.");
        assert_eq!(reply.block, Some(Block { language: Language::Scheme, code: "(+ 1 2)\n".into() }));
        assert_eq!((reply.others, reply.open, reply.said), (1, false, None));
    }

    #[test]
    fn fences_come_in_many_ways() {
        use Language::{Python, Scheme};
        assert_eq!(block("```repl\nx = 1\n```"), Some((Python, "x = 1\n".into())));
        assert_eq!(block("  ```{.scheme}\n(f)\n  ```"), Some((Scheme, "(f)\n".into())));
        assert_eq!(block("```\n; look\n(f)\n```"), Some((Scheme, "; look\n(f)\n".into())));
        assert_eq!(block("```\nprint(1)\n```"), Some((Python, "print(1)\n".into())));
        // Another fence may stand in a block of longer ones.
        assert_eq!(block("````scheme\n(f \"\n```\n\")\n````"), Some((Scheme, "(f \"\n```\n\")\n".into())));
        for none in ["```json\n{}\n```", "```scheme\n\n```", "say ```(f)``` here", "", "``\n(f)\n``"] {
            assert_eq!(block(none), None, "{none}");
        }
        assert_eq!(
            block("<think>\n```scheme\n(no)\n```\n</think>\n```scheme\n(f)\n```"),
            Some((Scheme, "(f)\n".into()))
        );
        let cut = read("```scheme\n(f\n  (g");
        assert!(cut.open && cut.block.is_some());
    }

    #[test]
    fn an_answer_may_stand_in_the_text() {
        let said = |text: &str| read(text).said;
        assert_eq!(said("So:\n  FINAL(It is (about) 42.)\n"), Some(Said::Text("It is (about) 42.".into())));
        assert_eq!(said("FINAL(\"\"\"two\nlines\"\"\")"), Some(Said::Text("two\nlines".into())));
        assert_eq!(said("FINAL_VAR(\"result\")"), Some(Said::Variable("result".into())));
        assert_eq!(said("I will call FINAL(x) later."), None);
        assert_eq!(said("```python\nFINAL(1)\n```"), None);
        assert_eq!(said("FINAL("), Some(Said::Text("".into())));
    }
}
