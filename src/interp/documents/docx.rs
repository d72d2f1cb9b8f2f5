//! DOCX (ECMA-376): the text of its body, then its footnotes and endnotes. Deleted text, comments, headers and footers are left out.

use super::{Blocks, MAX_TEXT};
use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Cursor, Read},
};
use zip::{ZipArchive, result::ZipError};

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// The largest part that is read, in bytes when unpacked: a few kilobytes can unpack to any size.
const MAX_PART: u64 = 1 << 30;

pub(super) fn text(document: &[u8]) -> Result<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(document))
        .map_err(|e| format!("it is no DOCX, or is protected by a password, or damaged ({e})"))?;
    let styles = match part(&mut archive, "word/styles.xml")? {
        Some(part) => headings(part).unwrap_or_default(),
        None => HashMap::new(),
    };
    let mut body = Body { styles, ..Body::default() };
    let main = part(&mut archive, "word/document.xml")?.ok_or("it is no DOCX: it has no `word/document.xml`")?;
    body.read(main)?;
    for notes in ["word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(part) = part(&mut archive, notes)? {
            body.blocks.block();
            body.read(part)?;
        }
    }
    Ok(body.blocks.finish())
}

/// A part of the archive, for reading as it is unpacked.
fn part<'a>(archive: &'a mut Archive<'_>, name: &str) -> Result<Option<impl BufRead + 'a>, String> {
    match archive.by_name(name) {
        Ok(file) => Ok(Some(BufReader::new(file.take(MAX_PART)))),
        Err(ZipError::FileNotFound) => Ok(None),
        Err(e) => Err(format!("it may be damaged ({e})")),
    }
}

/// The headings' levels, by the names that paragraphs call their styles: those differ by language, `w:name` does not.
fn headings(part: impl BufRead) -> Result<HashMap<String, usize>, String> {
    let mut levels = HashMap::new();
    let mut style = String::new();
    events(part, |event| {
        if let Event::Start(e) | Event::Empty(e) = &event {
            match e.local_name().as_ref() {
                "style" => style = attribute(e, "styleId").unwrap_or_default(),
                "name" => {
                    let name = attribute(e, "val").unwrap_or_default().to_ascii_lowercase();
                    let level = name.strip_prefix("heading ").and_then(|n| n.trim().parse().ok());
                    if let Some(level) = level.or((name == "title").then_some(1)) {
                        levels.insert(style.clone(), level);
                    }
                }
                "outlineLvl" => {
                    if let Some(level) = attribute(e, "val").and_then(|n| n.parse::<usize>().ok()) {
                        levels.entry(style.clone()).or_insert(level.saturating_add(1));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(levels)
}

#[derive(Default)]
struct Body {
    blocks: Blocks,
    styles: HashMap<String, usize>,
    /// How deep within something that is left out.
    silent: usize,
    /// Within text, rather than between it.
    text: bool,
    /// Where the paragraph begins: its mark goes before it, once its properties are known.
    paragraph: bool,
    /// Whether a footnote's own number comes with its first paragraph.
    note: Option<String>,
}

impl Body {
    fn read(&mut self, part: impl BufRead) -> Result<(), String> {
        events(part, |event| {
            match &event {
                Event::Start(e) => self.start(e),
                Event::Empty(e) => {
                    self.start(e);
                    self.end(e.local_name().as_ref());
                }
                Event::End(e) => self.end(e.local_name().as_ref()),
                Event::Text(text) if self.text && self.silent == 0 => self.blocks.raw(text),
                Event::CData(text) if self.text && self.silent == 0 => self.blocks.raw(text),
                Event::GeneralRef(entity) if self.text && self.silent == 0 => {
                    if let Ok(Some(c)) = entity.resolve_char_ref() {
                        self.blocks.raw(c.encode_utf8(&mut [0; 4]));
                    } else if let Some(text) = resolve_predefined_entity(entity) {
                        self.blocks.raw(text);
                    }
                }
                _ => {}
            }
            if self.blocks.out.len() > MAX_TEXT { Err("its text is too large".into()) } else { Ok(()) }
        })
    }

    fn start(&mut self, e: &BytesStart<'_>) {
        let name = e.local_name();
        let name = name.as_ref();
        // What stands in `Fallback` stands in `Choice` as well.
        if self.silent > 0 || matches!(name, "Fallback" | "del" | "moveFrom" | "instrText" | "delText") {
            self.silent += 1;
            return;
        }
        match name {
            "p" => {
                self.blocks.block();
                if let Some(number) = self.note.take() {
                    self.blocks.raw(&format!("[{number}] "));
                }
            }
            "pStyle" => {
                if let Some(level) = attribute(e, "val").and_then(|style| self.styles.get(&style).copied()) {
                    self.blocks.raw(&format!("{} ", "#".repeat(level.clamp(1, 6))));
                    self.paragraph = true;
                }
            }
            "numPr" if !self.paragraph => self.blocks.raw("- "),
            "t" => self.text = true,
            "tab" if e.attributes().next().is_none() => self.blocks.raw("\t"),
            "br" | "cr" => self.blocks.raw("\n"),
            "noBreakHyphen" => self.blocks.raw("-"),
            "footnoteReference" | "endnoteReference" => {
                self.blocks.raw(&format!("[{}]", note_name(name, e)));
            }
            "footnote" | "endnote" => self.note = (attribute(e, "type").is_none()).then(|| note_name(name, e)),
            "tbl" => self.blocks.begin_table(),
            "tr" => self.blocks.begin_row(),
            "tc" => self.blocks.begin_cell(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if self.silent > 0 {
            self.silent -= 1;
            return;
        }
        match name {
            "p" => {
                self.paragraph = false;
                self.blocks.block();
            }
            "t" => self.text = false,
            "tbl" => self.blocks.end_table(),
            "tc" => self.blocks.end_cell(),
            _ => {}
        }
    }
}

fn note_name(element: &str, e: &BytesStart<'_>) -> String {
    let kind = if element.starts_with("end") { "endnote" } else { "footnote" };
    format!("{kind} {}", attribute(e, "id").unwrap_or_default())
}

fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = e.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

/// Gives a part's events to `f`, one after the other.
fn events(part: impl BufRead, mut f: impl FnMut(Event<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut reader = Reader::from_reader(part);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return Ok(()),
            Ok(event) => f(event)?,
            Err(e) => return Err(format!("it may be damaged ({e})")),
        }
        buffer.clear();
    }
}
