//! The session's side of contexts: texts behind descriptors, read when a script first touches them.
//!
//! A text that nobody holds any more is forgotten and read again when it is asked for; `context` itself is held by its
//! global, so later programs see it without a second reading. Files are read by `pread`, never mapped: somebody may cut
//! them short meanwhile. Not here: which files there are and whether they are text (the host's `context`), and Python's
//! objects (`python::contexts`).

use super::{
    sched::INTERRUPTED,
    value::{Fault, string},
};
use crate::wire::{ContextGroup, ContextHead, ContextTable, Stamp};
use rustix::{
    fd::OwnedFd,
    fs::fstat,
    io::{Errno, pread},
};
use std::{
    cell::RefCell,
    collections::HashMap,
    rc::{Rc, Weak},
    sync::atomic::Ordering,
};
use steel::{SteelVal, rvals::SteelString};

/// How much is read at once: between two pieces an interrupt is looked for.
const PIECE: usize = 8 << 20;
/// The same on the way to Python, which needs a buffer of this size.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
const SLICE: usize = 256 << 10;

#[derive(Default)]
struct State {
    files: Vec<OwnedFd>,
    table: ContextTable,
    /// Entries by name.
    names: HashMap<String, usize>,
    /// Texts that a script holds.
    held: Vec<Weak<String>>,
    /// Those that came by frame, and lie nowhere else.
    sent: Vec<SteelString>,
    /// Whether the global `context` is what it should be.
    bound: bool,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// The descriptors that this session was born with.
pub(super) fn set_files(files: Vec<OwnedFd>) {
    with(|s| s.files = files);
}

/// What lies behind them.
pub(super) fn set_table(table: ContextTable) {
    with(|s| {
        s.names = table.entries.iter().enumerate().map(|(index, entry)| (entry.name.clone(), index)).collect();
        s.held = table.entries.iter().map(|_| Weak::new()).collect();
        s.table = table;
        s.bound = false;
    });
}

/// One more, whose text came by frame. It takes the place of one that stands alone under its name.
pub(super) fn add(entry: ContextHead, group: Option<String>, text: String) {
    with(|s| {
        let text = SteelString::from(text);
        s.bound = false;
        let same = s.names.get(&entry.name).copied().filter(|_| group.is_none());
        let grouped =
            |index: usize| s.table.groups.iter().any(|g| (g.first..g.first + g.count).contains(&(index as u32)));
        if let Some(index) = same.filter(|index| !grouped(*index)) {
            s.sent.retain(|old| !Weak::ptr_eq(&Rc::downgrade(old), &s.held[index]));
            s.held[index] = Rc::downgrade(&text);
            s.sent.push(text);
            s.table.entries[index] = entry;
            return;
        }
        let index = s.table.entries.len();
        s.names.insert(entry.name.clone(), index);
        s.held.push(Rc::downgrade(&text));
        s.sent.push(text);
        s.table.single = index == 0 && group.is_none();
        s.table.entries.push(entry);
        if let Some(name) = group {
            match s.table.groups.last_mut().filter(|last| last.name == name) {
                Some(last) => last.count += 1,
                None => s.table.groups.push(ContextGroup { name, first: index as u32, count: 1 }),
            }
        }
    });
    super::python::contexts_changed();
}

/// The value for the global `context`; `None` when it has been bound already, or is what it was from the start.
pub(super) fn bind() -> Option<Result<SteelVal, Fault>> {
    let wanted = with(|s| !s.bound && !s.table.entries.is_empty());
    wanted.then(|| {
        let value = with(|s| s.value())?;
        with(|s| s.bound = true);
        Ok(value)
    })
}

/// The names of all texts.
pub(super) fn names() -> SteelVal {
    with(|s| SteelVal::ListV(s.table.entries.iter().map(|entry| string(entry.name.as_str())).collect()))
}

/// The text of this name, or the list of those that it stands for.
pub(super) fn get(name: &str) -> Result<SteelVal, Fault> {
    with(|s| {
        if let Some(index) = s.names.get(name) {
            return s.text(*index).map(SteelVal::StringV);
        }
        if let Some(group) = s.table.groups.iter().find(|group| group.name == name) {
            let entries = group.first as usize..(group.first + group.count) as usize;
            return s.texts(entries);
        }
        let fault = Fault::script(format!("get-context: there is no context `{name}`"));
        if s.table.entries.is_empty() {
            return Err(fault.hint("contexts are given on the command line: `--context NAME=PATH`"));
        }
        let known = s.names.keys().map(String::as_str).chain(s.table.groups.iter().map(|group| group.name.as_str()));
        Err(match super::nearest(name, known) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint("`(context-names)` gives the names that there are"),
        })
    })
}

/// A context on its way to Python.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(super) struct Shape {
    pub(super) entries: Vec<ContextHead>,
    pub(super) groups: Vec<(String, std::ops::Range<usize>)>,
    pub(super) single: bool,
}

/// What contexts there are.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(super) fn shape() -> Shape {
    with(|s| Shape {
        entries: s.table.entries.clone(),
        groups: (s.table.groups.iter())
            .map(|g| (g.name.clone(), g.first as usize..(g.first + g.count) as usize))
            .collect(),
        single: s.table.single,
    })
}

/// Gives a text to `f` piece by piece, each of whole characters: from Scheme's string when there is one, else from the
/// file, without keeping it.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(super) fn pieces(index: usize, mut f: impl FnMut(&str) -> Result<(), Fault>) -> Result<(), Fault> {
    if let Some(held) = with(|s| s.held[index].upgrade()) {
        return f(&held);
    }
    with(|s| {
        let entry = &s.table.entries[index];
        let mut reading = Reading::begin(entry, &s.files)?;
        let mut buffer = Vec::with_capacity(SLICE.min(entry.bytes as usize));
        while reading.left > 0 {
            buffer.clear();
            reading.piece(&mut buffer)?;
            let whole = match std::str::from_utf8(&buffer) {
                Ok(text) => text,
                // A character that goes on in the next piece is read with it.
                Err(e) if e.error_len().is_none() && e.valid_up_to() > 0 && reading.left > 0 => {
                    reading.step_back(buffer.len() - e.valid_up_to());
                    std::str::from_utf8(&buffer[..e.valid_up_to()]).map_err(|_| changed(entry))?
                }
                Err(_) => return Err(changed(entry)),
            };
            f(whole)?;
        }
        reading.end()
    })
}

impl State {
    fn value(&mut self) -> Result<SteelVal, Fault> {
        if self.table.single { self.text(0).map(SteelVal::StringV) } else { self.texts(0..self.table.entries.len()) }
    }

    fn texts(&mut self, entries: std::ops::Range<usize>) -> Result<SteelVal, Fault> {
        let texts = entries.map(|index| self.text(index).map(SteelVal::StringV)).collect::<Result<Vec<_>, _>>()?;
        Ok(SteelVal::ListV(texts.into_iter().collect()))
    }

    fn text(&mut self, index: usize) -> Result<SteelString, Fault> {
        if let Some(held) = self.held[index].upgrade() {
            return Ok(SteelString::from(held));
        }
        let entry = &self.table.entries[index];
        let length = usize::try_from(entry.bytes).map_err(|_| no_memory(entry))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| no_memory(entry))?;
        let mut reading = Reading::begin(entry, &self.files)?;
        while reading.left > 0 {
            reading.piece(&mut bytes)?;
        }
        reading.end()?;
        let text = SteelString::from(String::from_utf8(bytes).map_err(|_| changed(entry))?);
        self.held[index] = Rc::downgrade(&text);
        Ok(text)
    }
}

/// A text that is being read.
struct Reading<'a> {
    entry: &'a ContextHead,
    file: &'a OwnedFd,
    at: u64,
    left: u64,
}

impl<'a> Reading<'a> {
    fn begin(entry: &'a ContextHead, files: &'a [OwnedFd]) -> Result<Self, Fault> {
        let file = files.get(entry.file as usize).ok_or_else(|| unreadable(entry, "its descriptor is missing"))?;
        let reading = Self { entry, file, at: entry.offset, left: entry.bytes };
        reading.unchanged()?;
        Ok(reading)
    }

    /// Appends as much as there is room for, and no more than one piece.
    fn piece(&mut self, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Err(Fault::script("interrupted"));
        }
        // What was reserved may be more than was asked for: a byte more would belong to the next text.
        let wanted = (bytes.capacity() - bytes.len()).min(PIECE).min(usize::try_from(self.left).unwrap_or(PIECE));
        let mut filled = 0;
        while filled < wanted {
            let room = &mut bytes.spare_capacity_mut()[..wanted - filled];
            match pread(self.file, room, self.at).map(|(read, _)| read.len()) {
                // Its end comes sooner than it did.
                Ok(0) => return Err(changed(self.entry)),
                Ok(n) => {
                    // SAFETY: `pread` has filled the first `n` bytes of the spare capacity.
                    unsafe { bytes.set_len(bytes.len() + n) };
                    (filled, self.at, self.left) = (filled + n, self.at + n as u64, self.left - n as u64);
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(unreadable(self.entry, &std::io::Error::from(e).to_string())),
            }
        }
        Ok(())
    }

    #[cfg_attr(not(feature = "python"), allow(dead_code))]
    fn step_back(&mut self, bytes: usize) {
        self.at -= bytes as u64;
        self.left += bytes as u64;
    }

    fn end(self) -> Result<(), Fault> {
        self.unchanged()
    }

    fn unchanged(&self) -> Result<(), Fault> {
        let Some(stamp) = self.entry.stamp else { return Ok(()) };
        match fstat(self.file) {
            Ok(now) if Stamp::of(&now) == stamp => Ok(()),
            Ok(_) => Err(changed(self.entry)),
            Err(e) => Err(unreadable(self.entry, &std::io::Error::from(e).to_string())),
        }
    }
}

pub(super) fn changed(entry: &ContextHead) -> Fault {
    Fault::script(format!("the context `{}` has changed since the run began", entry.name))
        .hint("run the script again, on a file that nobody writes to meanwhile")
}

pub(super) fn no_memory(entry: &ContextHead) -> Fault {
    Fault::script(format!("the context `{}` does not fit into memory: {} bytes", entry.name, entry.bytes))
        .hint("give the script more with `--max-memory`, or cut the file into several")
}

fn unreadable(entry: &ContextHead, why: &str) -> Fault {
    Fault::script(format!("the context `{}` cannot be read: {why}", entry.name)).hint("run the script again")
}
