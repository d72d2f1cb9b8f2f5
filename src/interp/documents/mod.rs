//! PDF, HTML and DOCX become text: page marks, headings as Markdown `#` lines, tables as Markdown tables.
//!
//! The parsers read hostile input, and some of them panic or fill memory on it. So this runs in a session that runs
//! nothing else and ends after it: the host watches its time and its memory, and takes its death for an answer. Not here:
//! telling which files are documents (the host's `context`), and pictures of text.

mod docx;
mod html;
mod pdf;

use crate::wire::{Blame, DocumentFormat, Ending, FailureClass, MAX_FRAME, ScriptError};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The largest text that a document may become, in bytes: it goes back in one frame.
const MAX_TEXT: usize = MAX_FRAME - 1024;

/// The document's text, as a program's ending. A document that cannot be read is an error of class `validation`.
pub(super) fn convert(format: DocumentFormat, document: &[u8]) -> (Ending, String) {
    // What the parsers say on their way, and their last words, are of no use to anybody: stdin is empty and cannot be
    // written to, and Rust does not mind.
    let _ = rustix::stdio::dup2_stdout(rustix::stdio::stdin());
    let _ = rustix::stdio::dup2_stderr(rustix::stdio::stdin());
    let converted = catch_unwind(AssertUnwindSafe(|| match format {
        DocumentFormat::Pdf => pdf::text(document),
        DocumentFormat::Html => html::text(document),
        DocumentFormat::Docx => docx::text(document),
    }));
    match converted {
        Ok(Ok(text)) if text.len() > MAX_TEXT => (Ending::Error(too_large()), String::new()),
        Ok(Ok(text)) => (Ending::Value { shown: true, finished: false }, text),
        Ok(Err(why)) => (Ending::Error(unreadable(why)), String::new()),
        Err(_) => (Ending::Error(unreadable("its reader fell over it; it may be damaged".into())), String::new()),
    }
}

/// The error for a text that no frame holds.
pub(super) fn too_large() -> ScriptError {
    unreadable(format!("its text is larger than {} MB", MAX_FRAME >> 20))
}

fn unreadable(message: String) -> ScriptError {
    ScriptError { class: FailureClass::Validation, blame: Blame::Program, message, hint: None, span: None }
}

/// Text that grows by blocks: paragraphs, headings, list items, and tables whose cells are texts of their own.
#[derive(Default)]
struct Blocks {
    out: String,
    /// Tables that are open, innermost last, each with the text that goes on after it.
    tables: Vec<Table>,
}

#[derive(Default)]
struct Table {
    before: String,
    rows: Vec<Vec<String>>,
}

impl Blocks {
    /// Adds text as it is.
    fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Adds text in which white space is one space; a space that must not break is none.
    fn flowing(&mut self, text: &str) {
        for (number, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            if number > 0 && !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
    }

    /// What comes next begins on a line of its own.
    fn line(&mut self) {
        self.out.truncate(self.out.trim_end_matches([' ', '\t']).len());
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// What comes next stands after an empty line.
    fn block(&mut self) {
        self.line();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn begin_table(&mut self) {
        self.block();
        let before = std::mem::take(&mut self.out);
        self.tables.push(Table { before, rows: Vec::new() });
    }

    fn begin_row(&mut self) {
        self.out.clear();
        if let Some(table) = self.tables.last_mut() {
            table.rows.push(Vec::new());
        }
    }

    fn begin_cell(&mut self) {
        self.out.clear();
    }

    fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let cell = std::mem::take(&mut self.out);
        let cell = cell.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        match table.rows.last_mut() {
            Some(row) => row.push(cell),
            None => table.rows.push(vec![cell]),
        }
    }

    fn end_table(&mut self) {
        let Some(Table { before, mut rows }) = self.tables.pop() else { return };
        self.out = before;
        rows.retain(|row| !row.is_empty());
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        for (number, row) in rows.iter().enumerate() {
            self.out.push('|');
            for column in 0..columns {
                self.out.push(' ');
                self.out.push_str(row.get(column).map_or("", |cell| cell));
                self.out.push_str(" |");
            }
            self.out.push('\n');
            if number == 0 && rows.len() > 1 {
                self.out.push('|');
                self.out.push_str(&" --- |".repeat(columns));
                self.out.push('\n');
            }
        }
        self.block();
    }

    fn finish(mut self) -> String {
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.out.truncate(self.out.trim_end().len());
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }
}
