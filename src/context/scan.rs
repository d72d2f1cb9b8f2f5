//! One pass over a file in constant memory: is it UTF-8 text, how long is it, how wide are its characters.
//!
//! It tells documents (PDF, HTML, DOCX) from text by how they begin and what they are called. Not here: reading documents,
//! which are hostile until proven otherwise.

use crate::wire::{DocumentFormat, Width};
use std::{io::Read, path::Path};

/// How much is read at once.
const CHUNK: usize = 256 << 10;
/// How much of a file's beginning tells what it is.
const HEAD: usize = 8 << 10;

/// What a text measures, its byte order mark left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// 3 when the text begins with a byte order mark.
    pub(super) mark: u64,
    pub(super) bytes: u64,
    pub(super) chars: u64,
    pub(super) width: Width,
}

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    Text(Measure),
    /// A document, and what has been read of it.
    Document(DocumentFormat, Vec<u8>),
    /// Nothing that can be read as text: why, and what to do.
    Other(String, &'static str),
}

/// Why a scan stopped half-way.
#[derive(Debug)]
pub(super) enum Stopped {
    Reading(std::io::Error),
    Keeping(std::io::Error),
}

/// Reads a file to its end; `keep` is given the text, byte order mark left out, piece by piece.
pub(super) fn scan(
    mut from: impl Read,
    path: &Path,
    mut keep: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<Scanned, Stopped> {
    let mut buffer = vec![0; CHUNK];
    let mut filled = fill(&mut from, &mut buffer, HEAD)?;
    match kind(&buffer[..filled.min(HEAD)], path) {
        Kind::Text => {}
        Kind::Document(format) => {
            buffer.truncate(filled);
            return Ok(Scanned::Document(format, buffer));
        }
        Kind::Other(why, hint) => return Ok(Scanned::Other(why.into(), hint)),
    }
    let mut measure = Measure::default();
    if buffer[..filled].starts_with(b"\xef\xbb\xbf") {
        measure.mark = 3;
        buffer.copy_within(3..filled, 0);
        filled -= 3;
    }
    let mut largest = 0;
    let mut at_end = false;
    loop {
        let whole = match std::str::from_utf8(&buffer[..filled]) {
            Ok(_) => filled,
            // A character may go on in what comes next.
            Err(e) if e.error_len().is_none() && !at_end => e.valid_up_to(),
            Err(e) => {
                let byte = measure.mark + measure.bytes + e.valid_up_to() as u64;
                return Ok(Scanned::Other(format!("is no UTF-8 text (byte {byte})"), CONVERT));
            }
        };
        let text = &buffer[..whole];
        keep(text).map_err(Stopped::Keeping)?;
        measure.bytes += whole as u64;
        measure.chars += characters(text) as u64;
        largest = text.iter().fold(largest, |largest: u8, byte| largest.max(*byte));
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
        if at_end {
            measure.width = Width::of_byte(largest);
            return Ok(Scanned::Text(measure));
        }
        let more = fill(&mut from, &mut buffer[filled..], 1)?;
        at_end = more == 0;
        filled += more;
    }
}

/// How many characters a stretch of UTF-8 has, counted by the bytes that begin one.
fn characters(text: &[u8]) -> usize {
    // In small blocks, so that the compiler can count many bytes at once.
    text.chunks(128).map(|block| usize::from(block.iter().map(|b| u8::from((*b as i8) >= -64)).sum::<u8>())).sum()
}

/// Reads until there are `least` bytes or no more. How many there are.
fn fill(from: &mut impl Read, buffer: &mut [u8], least: usize) -> Result<usize, Stopped> {
    let mut filled = 0;
    while filled < least {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Stopped::Reading(e)),
        }
    }
    Ok(filled)
}

const CONVERT: &str = "convert it first (`iconv -f … -t UTF-8`); `--skip-unreadable` leaves out files that are no text";
const NO_TEXT: &str = "give text, PDF, HTML or DOCX; `--skip-unreadable` leaves out files that are no text";

enum Kind {
    Text,
    Document(DocumentFormat),
    Other(&'static str, &'static str),
}

fn kind(head: &[u8], path: &Path) -> Kind {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let begins = |with: &[u8]| head.len() >= with.len() && head[..with.len()].eq_ignore_ascii_case(with);
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let html = |with: &[u8]| text.len() >= with.len() && text[..with.len()].eq_ignore_ascii_case(with);
    let holds = |what: &[u8]| head.windows(what.len()).any(|window| window == what);
    match &*extension {
        _ if begins(b"%PDF-") => return Kind::Document(DocumentFormat::Pdf),
        "pdf" => return Kind::Document(DocumentFormat::Pdf),
        "docx" | "docm" | "dotx" => return Kind::Document(DocumentFormat::Docx),
        "html" | "htm" | "xhtml" => return Kind::Document(DocumentFormat::Html),
        "" if begins(b"PK\x03\x04") && holds(b"word/") => return Kind::Document(DocumentFormat::Docx),
        "" if html(b"<!doctype html") || html(b"<html") => return Kind::Document(DocumentFormat::Html),
        _ => {}
    }
    if begins(b"\xff\xfe") || begins(b"\xfe\xff") {
        return Kind::Other("is UTF-16, not UTF-8", CONVERT);
    }
    if head.contains(&0) {
        return Kind::Other("is no text", NO_TEXT);
    }
    Kind::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, so that characters are cut.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn scanned(bytes: &[u8], name: &str) -> (Scanned, Vec<u8>) {
        let mut kept = Vec::new();
        let scanned = scan(Drops(bytes, 7), Path::new(name), |piece| {
            kept.extend_from_slice(piece);
            Ok(())
        });
        (scanned.unwrap(), kept)
    }

    #[test]
    fn a_text_is_measured_in_code_points_and_its_mark_is_left_out() {
        let long = "é😀".repeat(20_000);
        for (text, width) in [
            ("", Width::Ascii),
            ("plain", Width::Ascii),
            ("é", Width::Latin1),
            ("Ā", Width::Basic),
            (&*long, Width::Full),
        ] {
            let measure = Measure { mark: 0, bytes: text.len() as u64, chars: text.chars().count() as u64, width };
            assert_eq!(scanned(text.as_bytes(), "a.txt"), (Scanned::Text(measure), text.as_bytes().to_vec()));
            let marked = format!("\u{feff}{text}");
            let with_mark = Measure { mark: 3, ..measure };
            assert_eq!(scanned(marked.as_bytes(), "a"), (Scanned::Text(with_mark), text.as_bytes().to_vec()));
        }
    }

    #[test]
    fn what_is_no_text_says_so() {
        let why = |bytes: &[u8]| match scanned(bytes, "a.bin").0 {
            Scanned::Other(why, _) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(b"abc\xffdef"), "is no UTF-8 text (byte 3)");
        assert_eq!(why(b"\xef\xbb\xbfabc\xc3"), "is no UTF-8 text (byte 6)");
        let late = [vec![b'a'; 300_000], vec![0xc3, b'b']].concat();
        assert_eq!(why(&late), "is no UTF-8 text (byte 300000)");
        assert_eq!(why(b"\x7fELF\x00\x01"), "is no text");
        assert_eq!(why(b"\xff\xfea\0"), "is UTF-16, not UTF-8");
        assert_eq!(why(b"PK\x03\x04\x00\x00word/"), "is no text");
    }

    #[test]
    fn documents_are_told_by_content_and_extension() {
        let format = |bytes: &[u8], name: &str| match scanned(bytes, name).0 {
            Scanned::Document(format, _) => Some(format),
            _ => None,
        };
        assert_eq!(format(b"%PDF-1.4", "notes.txt"), Some(DocumentFormat::Pdf));
        assert_eq!(format(b"<p>hi", "a.HTM"), Some(DocumentFormat::Html));
        assert_eq!(format(b"\n<!DOCTYPE HTML><p>hi", ""), Some(DocumentFormat::Html));
        assert_eq!(format(b"<html>", "page.txt"), None);
        assert_eq!(format(b"PK\x03\x04 word/document.xml", ""), Some(DocumentFormat::Docx));
    }
}
