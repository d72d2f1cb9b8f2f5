//! HTML: its text, with headings, lists and tables as Markdown has them. Links are their words.

use super::Blocks;
use ego_tree::iter::Edge;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use scraper::{Html, Node};

/// Elements whose text nobody reads.
const SILENT: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "audio", "video", "canvas", "select",
];
/// Where a document says its encoding.
const DECLARATION: usize = 1024;
/// How far lists are indented at most.
const DEEPEST: usize = 20;

pub(super) fn text(document: &[u8]) -> Result<String, String> {
    let html = Html::parse_document(&decode(document));
    let mut walk = Walk::default();
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => walk.open(element.name(), element.attr("alt")),
                Node::Text(text) => walk.text(text),
                _ => {}
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    walk.close(element.name());
                }
            }
        }
    }
    Ok(walk.blocks.finish())
}

/// The text of the bytes: by its mark, by what it declares, as UTF-8, or as what browsers take it for.
fn decode(document: &[u8]) -> std::borrow::Cow<'_, str> {
    let encoding = match Encoding::for_bom(document) {
        Some((encoding, _)) => encoding,
        None => declared(&document[..document.len().min(DECLARATION)])
            .unwrap_or_else(|| if std::str::from_utf8(document).is_ok() { UTF_8 } else { WINDOWS_1252 }),
    };
    encoding.decode(document).0
}

fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.to_ascii_lowercase();
    let at = head.windows(8).position(|window| window == b"charset=")? + 8;
    let label = head[at..].trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end = label.iter().position(|b| !(b.is_ascii_alphanumeric() || b"-_:.".contains(b))).unwrap_or(label.len());
    Encoding::for_label(&label[..end])
}

#[derive(Default)]
struct Walk {
    blocks: Blocks,
    /// How many elements deep within a silent one.
    silent: usize,
    /// How many `pre` deep.
    verbatim: usize,
    /// Lists that are open: the number of the next item, when items have numbers.
    lists: Vec<Option<usize>>,
}

impl Walk {
    fn text(&mut self, text: &str) {
        match (self.silent, self.verbatim) {
            (0, 0) => self.blocks.flowing(text),
            (0, _) => self.blocks.raw(text),
            _ => {}
        }
    }

    fn open(&mut self, name: &str, alt: Option<&str>) {
        if self.silent > 0 || SILENT.contains(&name) {
            self.silent += 1;
            return;
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.blocks.block();
                let level = usize::from(name.as_bytes()[1] - b'0');
                self.blocks.raw(&format!("{} ", "#".repeat(level)));
            }
            "br" => self.blocks.raw("\n"),
            "hr" => {
                self.blocks.block();
                self.blocks.raw("---");
                self.blocks.block();
            }
            "ul" | "menu" | "ol" => {
                self.blocks.line();
                self.lists.push((name == "ol").then_some(1));
            }
            "li" => {
                self.blocks.line();
                let depth = self.lists.len().clamp(1, DEEPEST) - 1;
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".into(),
                };
                self.blocks.raw(&format!("{}{mark}", "  ".repeat(depth)));
            }
            "pre" => {
                self.blocks.block();
                self.blocks.raw("```\n");
                self.verbatim += 1;
            }
            "img" => self.blocks.flowing(alt.unwrap_or_default()),
            "table" => self.blocks.begin_table(),
            "tr" => self.blocks.begin_row(),
            "td" | "th" => self.blocks.begin_cell(),
            _ => self.apart(name),
        }
    }

    fn close(&mut self, name: &str) {
        if self.silent > 0 {
            self.silent -= 1;
            return;
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.blocks.block(),
            "ul" | "menu" | "ol" => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.blocks.block();
                }
            }
            "li" => self.blocks.line(),
            "pre" => {
                self.verbatim = self.verbatim.saturating_sub(1);
                self.blocks.line();
                self.blocks.raw("```\n");
                self.blocks.block();
            }
            "table" => self.blocks.end_table(),
            "td" | "th" => self.blocks.end_cell(),
            _ => self.apart(name),
        }
    }

    /// Elements that stand apart from what is round them.
    fn apart(&mut self, name: &str) {
        match name {
            "p" | "blockquote" | "figure" | "article" | "section" | "header" | "footer" | "main" | "aside" | "nav"
            | "form" | "fieldset" | "dl" | "details" | "caption" | "title" => self.blocks.block(),
            "div" | "dt" | "dd" | "figcaption" | "address" | "summary" | "legend" | "option" | "body" => {
                self.blocks.line()
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        text(html.as_bytes()).unwrap()
    }

    #[test]
    fn headings_lists_and_tables_are_as_markdown_has_them() {
        let html =
            "<!doctype html><title>T &amp; U</title><style>x{}</style><h1>One\n two</h1><p>a <b>b</b>\n  c<br>d</p>
            <ul><li>x<ol><li>y<li>z</ol></ul><script>no()</script><pre>  k_v\n</pre>
            <table><tr><th>n</th><th>m|</th></tr><tr><td>1</td><td>2<p>3</td></tr></table><div>end</div>";
        let wanted = "T & U\n\n# One two\n\na b c\nd\n\n- x\n  1. y\n  2. z\n\n```\n  k_v\n```\n\n\
                      | n | m\\| |\n| --- | --- |\n| 1 | 2 3 |\n\nend\n";
        assert_eq!(shown(html), wanted);
    }

    #[test]
    fn encodings_are_declared_or_guessed() {
        assert_eq!(text(b"<meta charset=\"iso-8859-2\"><p>\xb1").unwrap(), "ą\n");
        assert_eq!(text(b"<p>caf\xe9").unwrap(), "café\n");
        assert_eq!(text("<p>café 😀".as_bytes()).unwrap(), "café 😀\n");
        assert_eq!(text(b"\xff\xfe<\0p\0>\0a\0").unwrap(), "a\n");
    }

    #[test]
    fn nonsense_and_depth_are_survived() {
        assert_eq!(shown("</td></table><tr><td>x</ul>"), "x\n");
        let deep = shown(&("<div>".repeat(20_000) + "x"));
        assert_eq!(deep, "x\n");
    }
}
