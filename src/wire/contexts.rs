//! What sessions are told of contexts: names, places, measures. Not here: the texts, which lie behind descriptors.

use serde::{Deserialize, Serialize};

/// The contexts of a session, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContextTable {
    /// Every text.
    pub entries: Vec<ContextHead>,
    /// Names that stand for several texts: a directory's, a glob's.
    pub groups: Vec<ContextGroup>,
    /// Whether `context` is the one text there is, rather than a list.
    pub single: bool,
}

/// One text among the contexts, and where it lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContextHead {
    /// What scripts call it.
    pub name: String,
    /// Which of the session's descriptors it lies behind.
    pub file: u32,
    /// Where it begins there, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its length in code points.
    pub chars: u64,
    /// Its widest character.
    pub width: Width,
    /// What the file looked like when it was measured; `None` when it is the host's own and nobody else writes to it.
    pub stamp: Option<Stamp>,
}

/// A name that stands for several texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContextGroup {
    /// The name.
    pub name: String,
    /// The first of its entries.
    pub first: u32,
    /// How many there are.
    pub count: u32,
}

/// How many bytes CPython needs for each character of a text: 1, 1, 2 or 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Width {
    /// All below U+0080.
    #[default]
    Ascii,
    /// All below U+0100.
    Latin1,
    /// All below U+10000.
    Basic,
    /// Anything, such as emoji.
    Full,
}

impl Width {
    /// The width of a UTF-8 text by its largest byte.
    pub fn of_byte(largest: u8) -> Self {
        match largest {
            ..0x80 => Self::Ascii,
            0x80..0xc4 => Self::Latin1,
            0xc4..0xf0 => Self::Basic,
            _ => Self::Full,
        }
    }
}

/// What a file looks like from outside: it differs once somebody has written to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// When it was last written to: seconds.
    pub seconds: i64,
    /// And nanoseconds.
    pub nanoseconds: i64,
}

impl Stamp {
    pub(crate) fn of(stat: &rustix::fs::Stat) -> Self {
        // The types of these fields differ between systems.
        #[allow(clippy::unnecessary_cast)]
        Self { size: stat.st_size as u64, seconds: stat.st_mtime as i64, nanoseconds: stat.st_mtime_nsec as i64 }
    }
}

/// Documents that are turned into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum DocumentFormat {
    Pdf,
    Html,
    Docx,
}

impl DocumentFormat {
    /// As messages say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Html => "HTML",
            Self::Docx => "DOCX",
        }
    }
}
