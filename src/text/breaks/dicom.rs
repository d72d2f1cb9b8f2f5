//! A textual dump of DICOM data, as `dcmdump`, `gdcmdump` or pydicom print it: groups, elements, nested items.

use super::{Break, LINE, indent, line, lines};

/// A line that begins with a tag, `(0008,0018)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::text) struct Tag {
    pub(in crate::text) group: u16,
    indent: usize,
}

const GROUP: u16 = 1;
const ELEMENT: u16 = 2;
const NESTED: u16 = 3;
/// Delimiters and remarks.
const REST: u16 = 1000;

/// The group whose elements mark the items of a sequence.
const ITEMS: u16 = 0xfffe;

/// The places of a dump.
pub(super) struct Dicom<'a> {
    text: &'a str,
    lines: Box<dyn Iterator<Item = usize> + 'a>,
    group: Option<u16>,
}

impl<'a> Dicom<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let group = tag(line(text, 0)).map(|tag| tag.group);
        Self { text, lines: Box::new(lines(text)), group }
    }
}

impl Iterator for Dicom<'_> {
    type Item = Break;

    fn next(&mut self) -> Option<Break> {
        let at = self.lines.next()?;
        let line = line(self.text, at);
        let level = match tag(line) {
            Some(tag) if tag.indent == 0 && tag.group != ITEMS => {
                let same = self.group.replace(tag.group) == Some(tag.group);
                if same { ELEMENT } else { GROUP }
            }
            // An item begins before its elements, which are indented as far or further.
            Some(tag) if tag.indent > 0 => {
                let inner = u16::from(tag.group != ITEMS);
                NESTED + 2 * tag.indent.min(400) as u16 + inner
            }
            Some(_) => REST,
            None if line.starts_with('#') => REST,
            None => LINE,
        };
        Some(Break { at, level })
    }
}

/// The tag at a line's beginning.
pub(in crate::text) fn tag(line: &str) -> Option<Tag> {
    let mut body = line.trim_start();
    // Some dumps mark the depth by these.
    let marks = body.bytes().take_while(|b| *b == b'>').count();
    body = body[marks..].trim_start();
    let hex = |text: &str| u16::from_str_radix(text, 16).ok();
    let rest = body.strip_prefix('(')?;
    let group = hex(rest.get(..4)?)?;
    let rest = rest.get(4..)?.strip_prefix(',')?.trim_start();
    // Repeating groups are printed with an `x`; an element's number says nothing here.
    let element = rest.get(..4)?;
    let known = element.bytes().all(|b| b.is_ascii_hexdigit()) && rest.get(4..)?.starts_with(')');
    known.then_some(Tag { group, indent: indent(line) + marks })
}
