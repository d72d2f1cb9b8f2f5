//! The spool: the file that an entry is in before anybody sees the answer, until the store has it.
//!
//! A transaction for each answer would cost more than all else that is done for a call, so the store is given many at a
//! time, and meanwhile an entry is a line of JSON at the end of a plain file, written with all that ended at the same moment.
//! It is in the system's hands then: it survives `kill -9`, and a power cut may take the last moments with it. How far a store has taken a spool it keeps together with
//! what it took, so that nothing goes there twice, whenever the process dies. Whose process lives has a lock on its spool;
//! what another left behind goes to the store when the journal is next opened ([`recover`]).

use super::store::{Kept, Problem, SpoolPlace, Store, Taken};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How much is gathered at most before it is written, in bytes.
const GATHERED: usize = 1 << 16;
/// How much of a spool goes to the store at once, in bytes.
const PORTION: u64 = 4 << 20;
/// How often a file is tried to be made: another process may clear the folder away meanwhile.
const TRIES: usize = 10;

/// One process's spool. Its file is made when there is something to write.
#[derive(Debug, Default)]
pub(super) struct Spool {
    place: Option<SpoolPlace>,
    file: Option<Open>,
    /// Whether an entry could not be written. What follows is not written either until the store has all, so that what is
    /// in the file is always what came first.
    broken: bool,
    /// Lines that are not written yet.
    gathered: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    name: Arc<str>,
    length: u64,
}

impl Open {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(lines);
        match &written {
            Ok(()) => self.length += lines.len() as u64,
            // A part may be there, which would spoil what is written behind it; a part at the end is passed over.
            Err(_) => self.file.set_len(self.length).unwrap_or_default(),
        }
        written
    }
}

impl Spool {
    pub(super) fn at(place: Option<SpoolPlace>) -> Self {
        Self { place, ..Self::default() }
    }

    /// Takes an entry, to be written with the next [`Spool::write`].
    pub(super) fn put(&mut self, kept: &Kept) {
        if self.place.is_none() || self.broken {
            return;
        }
        // Neither can writing to memory fail, nor has an entry anything that JSON has not.
        self.broken = serde_json::to_writer(&mut self.gathered, kept).is_err();
        self.gathered.push(b'\n');
        if self.gathered.len() > GATHERED {
            self.write();
        }
    }

    /// Writes what was put: it survives the end of the process then, unless the spool is broken.
    pub(super) fn write(&mut self) {
        let Some(place) = self.place.as_ref().filter(|_| !self.gathered.is_empty()) else { return };
        let written = match &mut self.file {
            _ if self.broken => Err(io::ErrorKind::Other.into()),
            Some(file) => file.append(&self.gathered),
            none => create(place).and_then(|made| none.insert(made).append(&self.gathered)),
        };
        self.broken = written.is_err();
        self.gathered.clear();
        self.gathered.shrink_to(GATHERED);
    }

    /// Whether all that was put is in the file.
    pub(super) fn is_whole(&self) -> bool {
        self.place.is_some() && !self.broken
    }

    /// Whether something could not be written.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// All that is written.
    pub(super) fn taken(&self) -> Option<Taken> {
        self.file.as_ref().map(|open| Taken { spool: open.name.clone(), upto: open.length })
    }

    /// Removes the file, of which the store has all; gives its name.
    pub(super) fn remove(&mut self) -> Option<Arc<str>> {
        self.broken = false;
        let open = self.file.take()?;
        clear(&open.path);
        Some(open.name)
    }
}

/// A file that nobody else has, locked.
fn create(place: &SpoolPlace) -> io::Result<Open> {
    let mut failed = io::Error::other("every name is taken");
    for _ in 0..TRIES {
        let name: Arc<str> = format!("{}-{}", place.store, super::fresh_name()).into();
        let path = place.folder.join(&*name);
        DirBuilder::new().recursive(true).mode(0o700).create(&place.folder)?;
        let made = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
        // Whoever looks for what was left behind may have it before it is locked, and removes it then.
        match made.and_then(|file| file.try_lock().map(|()| file).map_err(io::Error::from)) {
            Ok(file) => return Ok(Open { file, path, name, length: 0 }),
            Err(e) => failed = e,
        }
    }
    Err(failed)
}

/// Removes a file, and the folder if it was the last. What stays is found and removed later.
fn clear(path: &Path) {
    let _ = fs::remove_file(path);
    if let Some(folder) = path.parent() {
        let _ = fs::remove_dir(folder);
    }
}

/// Gives the store what processes have left behind.
pub(super) fn recover(store: &mut dyn Store) -> Result<(), Problem> {
    let Some(place) = store.spool() else { return Ok(()) };
    let Ok(files) = fs::read_dir(&place.folder) else { return Ok(()) };
    for path in files.flatten().map(|file| file.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(file) = name.starts_with(&*place.store).then(|| File::open(&path).ok()).flatten() else { continue };
        // Its process lives, and does it itself.
        if file.try_lock().is_err() {
            continue;
        }
        replay(store, &path, &Taken { spool: name.as_ref().into(), upto: u64::MAX })?;
        clear(&path);
        store.spent(&name)?;
    }
    Ok(())
}

/// Gives the store what it has not taken yet of a spool, as far as that.
pub(super) fn catch_up(store: &mut dyn Store, behind: &Taken) -> Result<(), Problem> {
    let Some(place) = store.spool() else { return Ok(()) };
    replay(store, &place.folder.join(&*behind.spool), behind)
}

fn replay(store: &mut dyn Store, path: &Path, most: &Taken) -> Result<(), Problem> {
    let unreadable = |e: io::Error| Problem::Broken { path: path.display().to_string(), why: e.to_string() };
    let mut taken = Taken { spool: most.spool.clone(), upto: store.taken(&most.spool)? };
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(taken.upto)).map_err(unreadable)?;
    let (mut lines, mut line) = (BufReader::with_capacity(1 << 16, file), Vec::new());
    loop {
        let (mut entries, before) = (Vec::<Kept>::new(), taken.upto);
        let mut ended = false;
        while !ended && taken.upto - before < PORTION {
            line.clear();
            let read = lines.read_until(b'\n', &mut line).map_err(unreadable)?;
            // A last line without an end was being written when its process died: nobody has seen what it says.
            ended = taken.upto >= most.upto || line.last() != Some(&b'\n');
            if !ended {
                match serde_json::from_slice(&line) {
                    Ok(entry) => {
                        entries.push(entry);
                        taken.upto += read as u64;
                    }
                    Err(e) => {
                        ended = true;
                        tracing::warn!(
                            "what a run that was stopped had left in `{}` cannot be read: {e}",
                            path.display()
                        );
                    }
                }
            }
        }
        if !entries.is_empty() {
            store.commit(&entries, Some(&taken))?;
        }
        if ended {
            return Ok(());
        }
    }
}
