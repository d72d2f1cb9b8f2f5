//! What a script finds as its contexts: from `--context` to descriptors and a table that says where each text lies.
//!
//! Every text is read through once, in constant memory, to see that it is text. A large file then stays where it is, and
//! sessions are given its descriptor; small ones, standard input and what documents were turned into are packed into one
//! file that has no name, so that thousands of them need one descriptor. Sessions read when a script touches a context.
//!
//! Not here: parsing documents, which happens in a session of its own ([`crate::session`]), since they are hostile until
//! proven otherwise; and reading contexts ([`crate::wire::ContextTable`] is all that sessions are told).

mod find;
mod scan;

use crate::{
    error::Error,
    host_protocol::MAX_CONTEXTS,
    session::{self, Zygote},
    wire::{ContextGroup, ContextHead, ContextTable, DocumentFormat, MAX_FRAME, Stamp},
};
use find::{Group, Place, left_out, unreadable, usage};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{Mode, OFlags, fstat, open},
};
use scan::{Measure, Scanned, Stopped, scan};
use std::{
    fs::File,
    io::Read,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Files smaller than this are packed, in bytes.
const SMALL: u64 = 1 << 20;

/// The contexts of a run. Any number of sessions can be given the same ones.
#[derive(Debug, Default)]
pub struct Contexts {
    table: ContextTable,
    files: Vec<OwnedFd>,
}

impl Contexts {
    /// Finds and measures what `--context [NAME=]PATH` arguments name; documents are turned into text by sessions of
    /// `zygote`. With `skip`, files that cannot be read as text are left out. What was left out is told in `notes`.
    pub async fn collect(
        zygote: &Zygote,
        arguments: &[PathBuf],
        skip: bool,
        notes: &mut Vec<String>,
    ) -> Result<Self, Error> {
        if arguments.is_empty() {
            return Ok(Self::default());
        }
        let arguments = arguments.to_vec();
        // On a thread of its own: standard input, a pipe or a slow disk must not hold up Ctrl-C.
        let measured = tokio::task::spawn_blocking(move || {
            let mut notes = Vec::new();
            let collected =
                find::find(&arguments, skip, &mut notes).and_then(|groups| Collecting::read(groups, skip, &mut notes));
            (collected, notes)
        });
        let (collecting, noted) = measured.await.map_err(|e| Error::interpreter(format!("reading contexts: {e}")))?;
        notes.extend(noted);
        collecting?.convert(zygote, skip, notes).await?.finish()
    }

    /// One context, from memory.
    pub fn from_text(name: &str, text: &str) -> Result<Self, Error> {
        Self::from_texts(&[(name, text)])
    }

    /// Contexts from memory, each with its name.
    pub fn from_texts(texts: &[(&str, &str)]) -> Result<Self, Error> {
        let mut collecting = Collecting::new()?;
        for (name, text) in texts {
            let begun = collecting.packed;
            let Scanned::Text(measure) = collecting.pack(&mut text.as_bytes(), Path::new("text"))? else {
                return Err(usage(format!("the context `{name}` holds bytes that are no text"), "leave them out"));
            };
            let found = Found::Lies(collecting.packed(begun, measure));
            collecting.groups.push(((*name).into(), false, vec![Entry { name: (*name).into(), found }]));
        }
        collecting.finish()
    }

    /// Every text, with the name that it shares with others. For sessions that run already: others are given the files.
    pub(crate) fn texts(&self) -> Result<Vec<(ContextHead, Option<String>, String)>, Error> {
        let read = |(index, entry): (usize, &ContextHead)| {
            let problem =
                |e: std::io::Error| usage(format!("the context `{}` cannot be read: {e}", entry.name), "try again");
            let file =
                self.files.get(entry.file as usize).ok_or_else(|| problem(std::io::ErrorKind::NotFound.into()))?;
            let file = File::from(file.try_clone().map_err(problem)?);
            let mut bytes = vec![0; usize::try_from(entry.bytes).unwrap_or(usize::MAX).min(MAX_FRAME + 1)];
            file.read_exact_at(&mut bytes, entry.offset).map_err(problem)?;
            let text = String::from_utf8(bytes).map_err(|_| problem(std::io::ErrorKind::InvalidData.into()))?;
            let index = index as u32;
            let group =
                self.table.groups.iter().find(|group| (group.first..group.first + group.count).contains(&index));
            Ok((entry.clone(), group.map(|group| group.name.clone()), text))
        };
        self.table.entries.iter().enumerate().map(read).collect()
    }

    /// The name, when there is but one text and it has that for itself.
    pub(crate) fn alone(&self) -> Option<&str> {
        match &self.table.entries[..] {
            [one] if self.table.groups.is_empty() => Some(&one.name),
            _ => None,
        }
    }

    /// A part of the text of this name, by characters; `None` when there is no such text. What lies behind its end is not
    /// there.
    pub(crate) fn excerpt(&self, name: &str, start: u64, end: u64) -> Result<Option<String>, Error> {
        let Some(entry) = self.table.entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
        let problem = |e: std::io::Error| usage(format!("the context `{name}` cannot be read: {e}"), "try again");
        let file = self.files.get(entry.file as usize).ok_or_else(|| problem(std::io::ErrorKind::NotFound.into()))?;
        let file = File::from(file.try_clone().map_err(problem)?);
        let (mut text, mut at, mut chars) = (String::new(), 0, 0);
        let mut buffer = vec![0; 64 << 10];
        let mut held = 0;
        while at < entry.bytes && chars < end {
            let room = buffer.len() - held;
            let wanted = usize::try_from(entry.bytes - at).unwrap_or(usize::MAX).min(room);
            file.read_exact_at(&mut buffer[held..held + wanted], entry.offset + at).map_err(problem)?;
            (at, held) = (at + wanted as u64, held + wanted);
            // A character may go on in the next piece.
            let whole = match std::str::from_utf8(&buffer[..held]) {
                Ok(whole) => whole.len(),
                Err(e) if e.error_len().is_none() && e.valid_up_to() > 0 => e.valid_up_to(),
                Err(_) => return Err(problem(std::io::ErrorKind::InvalidData.into())),
            };
            let piece = String::from_utf8_lossy(&buffer[..whole]);
            text.extend(
                piece.chars().enumerate().filter_map(|(i, c)| (start..end).contains(&(chars + i as u64)).then_some(c)),
            );
            chars += piece.chars().count() as u64;
            buffer.copy_within(whole..held, 0);
            held -= whole;
        }
        Ok(Some(text))
    }

    /// The first characters of a text; of one that cannot be read, none.
    pub(crate) fn beginning(&self, index: usize, chars: usize) -> String {
        let read = || {
            let entry = self.table.entries.get(index)?;
            let file = File::from(self.files.get(entry.file as usize)?.try_clone().ok()?);
            let mut bytes = vec![0; usize::try_from(entry.bytes).unwrap_or(usize::MAX).min(4 * chars)];
            file.read_exact_at(&mut bytes, entry.offset).ok()?;
            // The last character may be cut.
            Some(String::from_utf8_lossy(&bytes).chars().take(chars).collect())
        };
        read().unwrap_or_default()
    }

    pub(crate) fn table(&self) -> &ContextTable {
        &self.table
    }

    /// The descriptors that the table speaks of, in its order.
    pub(crate) fn files(&self) -> Vec<BorrowedFd<'_>> {
        self.files.iter().map(AsFd::as_fd).collect()
    }
}

/// Where a text lies, before it has a name.
struct Lying {
    /// `None`: in the pack.
    file: Option<usize>,
    offset: u64,
    measure: Measure,
    stamp: Option<Stamp>,
}

enum Found {
    /// Measured: which of `lying`.
    Lies(usize),
    /// A document that is yet to be turned into text, and its bytes when it cannot be read again.
    Document(DocumentFormat, PathBuf, Option<Vec<u8>>),
    /// Left out.
    Nothing,
}

struct Entry {
    name: String,
    found: Found,
}

struct Collecting {
    groups: Vec<(String, bool, Vec<Entry>)>,
    /// Texts that were packed, one after the other.
    pack: File,
    packed: u64,
    files: Vec<OwnedFd>,
    lying: Vec<Lying>,
}

impl Collecting {
    fn new() -> Result<Self, Error> {
        let pack = tempfile::tempfile().map_err(|e| no_room(&e))?;
        Ok(Self { groups: Vec::new(), pack, packed: 0, files: Vec::new(), lying: Vec::new() })
    }

    fn read(groups: Vec<Group>, skip: bool, notes: &mut Vec<String>) -> Result<Self, Error> {
        let mut collecting = Self::new()?;
        for group in groups {
            let mut entries = Vec::with_capacity(group.inputs.len());
            for input in group.inputs {
                let found = match collecting.look(&input.place) {
                    Ok(found) => found,
                    Err(Problem::Text(e)) => {
                        left_out(e, skip, notes)?;
                        Found::Nothing
                    }
                    Err(Problem::Other(e)) => return Err(e),
                };
                entries.push(Entry { name: input.name, found });
            }
            collecting.groups.push((group.name, group.several, entries));
        }
        Ok(collecting)
    }

    fn look(&mut self, place: &Place) -> Result<Found, Problem> {
        match place {
            Place::Stdin => self.stream(&mut std::io::stdin().lock(), Path::new("-"), false),
            Place::File(path) => {
                // A pipe without a writer would wait for ever in `open`; one that has a writer is read like stdin.
                let metadata = std::fs::metadata(path).map_err(|e| unreadable(path, &e.to_string()))?;
                let flags = if metadata.is_file() { libc::O_NONBLOCK } else { 0 };
                let mut file = std::fs::OpenOptions::new()
                    .read(true)
                    .custom_flags(flags)
                    .open(path)
                    .map_err(|e| unreadable(path, &e.to_string()))?;
                if metadata.is_file() && metadata.len() >= SMALL && self.files.len() + 1 < MAX_CONTEXTS {
                    self.in_place(file, path)
                } else {
                    self.stream(&mut file, path, metadata.is_file())
                }
            }
        }
    }

    /// Measures a file that stays where it is.
    fn in_place(&mut self, file: File, path: &Path) -> Result<Found, Problem> {
        let problem = |e: std::io::Error| unreadable(path, &e.to_string());
        let before = stamp(&file).map_err(problem)?;
        let scanned = scan(&file, path, |_| Ok(())).map_err(|stopped| match stopped {
            Stopped::Reading(e) | Stopped::Keeping(e) => problem(e),
        })?;
        let measure = match scanned {
            Scanned::Text(measure) => measure,
            other => return no_text(other, None, path),
        };
        if stamp(&file).map_err(problem)? != before || measure.mark + measure.bytes != before.size {
            return Err(unreadable(path, "somebody writes to it at this moment").into());
        }
        self.files.push(file.into());
        let file = Some(self.files.len() - 1);
        self.lying.push(Lying { file, offset: measure.mark, measure, stamp: Some(before) });
        Ok(Found::Lies(self.lying.len() - 1))
    }

    /// Measures what comes out of a stream, and keeps it. `again`: it can be read once more.
    fn stream(&mut self, from: &mut impl Read, path: &Path, again: bool) -> Result<Found, Problem> {
        let offset = self.packed;
        match self.pack(from, path)? {
            Scanned::Text(measure) => Ok(Found::Lies(self.packed(offset, measure))),
            other => no_text(other, (!again).then_some(from as &mut dyn Read), path),
        }
    }

    /// Writes a stream behind what is in the pack, without taking it for good.
    fn pack(&self, from: &mut impl Read, path: &Path) -> Result<Scanned, Problem> {
        let mut at = self.packed;
        let scanned = scan(from, path, |piece| {
            self.pack.write_all_at(piece, at)?;
            at += piece.len() as u64;
            Ok(())
        });
        scanned.map_err(|stopped| match stopped {
            Stopped::Reading(e) => unreadable(path, &e.to_string()).into(),
            Stopped::Keeping(e) => Problem::Other(no_room(&e)),
        })
    }

    /// Takes what was written to the pack.
    fn packed(&mut self, offset: u64, measure: Measure) -> usize {
        self.packed = offset + measure.bytes;
        self.lying.push(Lying { file: None, offset, measure, stamp: None });
        self.lying.len() - 1
    }

    /// Turns documents into text.
    async fn convert(mut self, zygote: &Zygote, skip: bool, notes: &mut Vec<String>) -> Result<Self, Error> {
        let mut groups = std::mem::take(&mut self.groups);
        for entry in groups.iter_mut().flat_map(|(.., entries)| entries) {
            if !matches!(entry.found, Found::Document(..)) {
                continue;
            }
            let found = std::mem::replace(&mut entry.found, Found::Nothing);
            let Found::Document(format, path, bytes) = found else { continue };
            let bytes = bytes.map_or_else(|| std::fs::read(&path), Ok);
            let converted = match bytes {
                Ok(bytes) if bytes.len() + 1024 > MAX_FRAME => Err(format!("it is larger than {} MB", MAX_FRAME >> 20)),
                Ok(bytes) => session::convert(zygote, format, &bytes).await?,
                Err(e) => Err(e.to_string()),
            };
            match converted {
                Ok(text) => {
                    let measure = Measure {
                        mark: 0,
                        bytes: text.len() as u64,
                        chars: text.chars().count() as u64,
                        width: crate::wire::Width::of_byte(text.bytes().max().unwrap_or(0)),
                    };
                    let offset = self.packed;
                    self.pack.write_all_at(text.as_bytes(), offset).map_err(|e| no_room(&e))?;
                    entry.found = Found::Lies(self.packed(offset, measure));
                }
                Err(why) => {
                    let message = format!("the {} context `{}` cannot be read: {why}", format.name(), path.display());
                    let hint = "turn it into text with another program, or leave it out with `--skip-unreadable`";
                    left_out(usage(message, hint), skip, notes)?;
                }
            }
        }
        self.groups = groups;
        Ok(self)
    }

    /// The table, and descriptors that nobody can write through.
    fn finish(self) -> Result<Contexts, Error> {
        let mut table = ContextTable::default();
        let pack = self.files.len() as u32;
        for (name, several, entries) in &self.groups {
            let first = table.entries.len() as u32;
            for entry in entries {
                let Found::Lies(index) = entry.found else { continue };
                let lying = &self.lying[index];
                table.entries.push(ContextHead {
                    name: entry.name.clone(),
                    file: lying.file.map_or(pack, |file| file as u32),
                    offset: lying.offset,
                    bytes: lying.measure.bytes,
                    chars: lying.measure.chars,
                    width: lying.measure.width,
                    stamp: lying.stamp,
                });
            }
            if *several {
                table.groups.push(ContextGroup {
                    name: name.clone(),
                    first,
                    count: table.entries.len() as u32 - first,
                });
            }
        }
        if table.entries.is_empty() {
            return Err(usage(
                "no context is left: every file was left out as unreadable".into(),
                "look at the notes above; without `--skip-unreadable` the first of them is an error",
            ));
        }
        table.single = matches!(&*self.groups, [(_, false, _)]);
        let mut files = self.files;
        // Sessions share it, and one must not write what another reads: opened anew for reading only.
        let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.pack));
        files.push(open(link, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(|e| no_room(&e.into()))?);
        Ok(Contexts { table, files })
    }
}

/// What to do with a file that is no plain text. `rest`: what is left of a stream that cannot be read again.
fn no_text(scanned: Scanned, rest: Option<&mut dyn Read>, path: &Path) -> Result<Found, Problem> {
    match (scanned, rest) {
        (Scanned::Document(format, mut head), Some(rest)) => {
            // One frame is what a document may be.
            let room = (MAX_FRAME as u64).saturating_sub(head.len() as u64);
            rest.take(room).read_to_end(&mut head).map_err(|e| unreadable(path, &e.to_string()))?;
            Ok(Found::Document(format, path.to_owned(), Some(head)))
        }
        (Scanned::Document(format, _), None) => Ok(Found::Document(format, path.to_owned(), None)),
        (Scanned::Other(why, hint), _) => Err(usage(format!("the context `{}` {why}", path.display()), hint).into()),
        (Scanned::Text(_), _) => Err(unreadable(path, "it changed").into()),
    }
}

/// Why something could not be made a context: it is to blame itself, or something else is.
enum Problem {
    Text(Error),
    Other(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Text(error)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Text(e) | Problem::Other(e) => e,
        }
    }
}

fn stamp(file: &File) -> std::io::Result<Stamp> {
    Ok(Stamp::of(&fstat(file)?))
}

fn no_room(error: &std::io::Error) -> Error {
    usage(
        format!("the contexts cannot be kept in a temporary file: {error}"),
        "`TMPDIR` names the directory for temporary files",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_by_characters_wherever_they_lie() {
        // Longer than what is read at once, so that characters of two and four bytes lie across the edges.
        let long: String = (0..40_000).map(|i| ['a', '\u{fc}', '\u{1f600}'][i % 3]).collect();
        let contexts = Contexts::from_texts(&[("before", "x"), ("long", &long)]).unwrap();
        let part = |name: &str, start, end| contexts.excerpt(name, start, end).unwrap();
        for (start, end) in [(0, 5), (0, 40_000), (21_843, 21_850), (39_998, 50_000), (50_000, 60_000), (7, 7), (9, 3)]
        {
            let wanted: String = long.chars().skip(start).take(end.max(start) - start).collect();
            assert_eq!(part("long", start as u64, end as u64).unwrap(), wanted, "{start} {end}");
        }
        assert_eq!(part("before", 0, 9).as_deref(), Some("x"));
        assert_eq!(part("nothing", 0, 9), None);
        assert_eq!(contexts.alone(), None);
        assert_eq!(Contexts::from_text("one", "x").unwrap().alone(), Some("one"));
    }
}
