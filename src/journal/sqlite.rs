//! The store in one SQLite file.
//!
//! It is in WAL mode, so that one process can read while another writes, and two can write in turn. `synchronous` is
//! `NORMAL`: a commit is in the system's hands when it returns and survives `kill -9`; a power cut may take the last
//! moments with it, and never more than those. Spools lie in a folder beside it. A call's row is numbered by its run and its own number, so that a run's
//! calls lie together and need no index.

mod rows;

use super::{
    owner,
    store::{
        CallEntry, CallMark, Entry, Event, Kept, NewRun, Place, Problem, RunId, Setup, SpoolPlace, Status, Store,
        Summary, Taken,
    },
};
use rows::{Sums, call_of, class_of, insert, key_of, note, rows_of, summary_of};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use std::{
    collections::HashMap,
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// Marks a SQLite file as a journal: `Bess`.
const APPLICATION: i64 = 0x4265_7373;
/// How long another process's writing is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many pages the log may have before they are moved into the file itself.
const LOG_PAGES: u32 = 4000;
/// How much of a name a prefix must be.
const PREFIX: usize = 2;

/// What makes each version out of the one before it.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE programs (hash TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, command TEXT NOT NULL, title TEXT NOT NULL,
        status TEXT NOT NULL, owner TEXT NOT NULL, began INTEGER NOT NULL, touched INTEGER NOT NULL,
        done INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, pending INTEGER NOT NULL DEFAULT 0,
        input INTEGER NOT NULL DEFAULT 0, output INTEGER NOT NULL DEFAULT 0,
        cost REAL NOT NULL DEFAULT 0, unpriced INTEGER NOT NULL DEFAULT 0,
        outcome TEXT, program TEXT NOT NULL, setup TEXT NOT NULL
    );
    CREATE TABLE calls (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL, occurrence INTEGER NOT NULL, replaced INTEGER NOT NULL DEFAULT 0,
        class TEXT, model TEXT, input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL,
        reasoning INTEGER NOT NULL, written INTEGER NOT NULL, cost REAL, attempts INTEGER NOT NULL, finish TEXT,
        latency INTEGER NOT NULL, asked INTEGER NOT NULL, took INTEGER NOT NULL, stage TEXT, sources TEXT,
        text TEXT NOT NULL
    );
    CREATE TABLE checkpoints (run INTEGER, key TEXT, value TEXT NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL
    );
    CREATE INDEX events_of_run ON events (run);
",
    "
    CREATE TABLE identity (id TEXT NOT NULL);
    INSERT INTO identity VALUES (lower(hex(randomblob(8))));
    CREATE TABLE spools (name TEXT PRIMARY KEY, taken INTEGER NOT NULL) WITHOUT ROWID;
",
];

/// The file.
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// What no other journal is called, wherever it lies.
    identity: String,
    /// What is written in the name of.
    owner: String,
}

impl Sqlite {
    /// Opens the journal, and makes it where there is none. Nobody but its owner may read it.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let unwritable =
            |e: std::io::Error| Problem::Unwritable { path: path.display().to_string(), why: e.to_string() };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(unwritable)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).map_err(|e| problem(path, &e))?;
        let mut store =
            Self { connection: opened, path: path.to_owned(), identity: String::new(), owner: owner::mine() };
        store.prepare().map_err(|e| e.told(path))?;
        Ok(store)
    }

    fn prepare(&mut self) -> Result<(), Unready> {
        let connection = &mut self.connection;
        connection.busy_timeout(PATIENCE)?;
        let pragma = |c: &Connection, name| c.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        // One look: another process may be making it meanwhile.
        let look = connection.transaction()?;
        let (version, application) = (pragma(&look, "user_version")?, pragma(&look, "application_id")?);
        let tables: i64 = look.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        look.commit()?;
        if application != APPLICATION && tables > 0 {
            return Err(Unready::Foreign);
        }
        if version > MIGRATIONS.len() as i64 {
            return Err(Unready::Newer(version));
        }
        // Where the file system has no shared memory it stays as it was, which is slower and no less safe.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.set_prepared_statement_cache_capacity(32);
        if version < MIGRATIONS.len() as i64 {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            // Another process may have been first.
            let version = pragma(&transaction, "user_version")?;
            for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
                transaction.execute_batch(step)?;
            }
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
            transaction.commit()?;
        }
        self.identity = connection.query_row("SELECT id FROM identity", [], |row| row.get(0))?;
        Ok(())
    }

    /// Gives back to the system what deleted runs took.
    pub fn shrink(&mut self) -> Result<(), Problem> {
        self.write(|connection, _| {
            let sql = "DELETE FROM programs WHERE hash NOT IN (SELECT program FROM runs)";
            connection.execute(sql, []).map(drop)
        })?;
        let pages = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let free = pages("freelist_count").map_err(|e| self.problem(&e))?;
        let all = pages("page_count").map_err(|e| self.problem(&e))?;
        // It copies what is left, so it is done when that is the smaller part.
        if free > all / 2 && free > 256 {
            self.connection.execute_batch("VACUUM").map_err(|e| self.problem(&e))?;
        }
        Ok(())
    }

    fn problem(&self, error: &rusqlite::Error) -> Problem {
        problem(&self.path, error)
    }

    fn write(&mut self, write: impl FnOnce(&Connection, &str) -> rusqlite::Result<()>) -> Result<(), Problem> {
        let (connection, owner) = (&self.connection, &self.owner);
        let say = |sql| connection.prepare_cached(sql)?.execute([]).map(drop);
        let written = say("BEGIN IMMEDIATE").and_then(|()| {
            let written = write(connection, owner).and_then(|()| say("COMMIT"));
            if written.is_err() && !connection.is_autocommit() {
                // What was wrong is told; this leaves the file as it was.
                let _ = connection.execute_batch("ROLLBACK");
            }
            written
        });
        written.map_err(|e| self.problem(&e))
    }
}

/// Why a file cannot be used as a journal.
enum Unready {
    Foreign,
    Newer(i64),
    Error(rusqlite::Error),
}

impl From<rusqlite::Error> for Unready {
    fn from(error: rusqlite::Error) -> Self {
        Self::Error(error)
    }
}

impl Unready {
    fn told(self, path: &Path) -> Problem {
        let path_shown = path.display().to_string();
        match self {
            Self::Foreign => Problem::Broken { path: path_shown, why: "it is a database of another program".into() },
            Self::Newer(found) => Problem::Newer { path: path_shown, found, known: MIGRATIONS.len() as i64 },
            Self::Error(e) => problem(path, &e),
        }
    }
}

fn problem(path: &Path, error: &rusqlite::Error) -> Problem {
    let (path, why) = (path.display().to_string(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Problem::Locked { path },
        Some(
            ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::PermissionDenied,
        ) => Problem::Unwritable { path, why },
        _ => Problem::Broken { path, why },
    }
}

impl Store for Sqlite {
    fn begin(&mut self, run: &NewRun) -> Result<RunId, Problem> {
        let setup = serde_json::to_string(&run.setup)
            .map_err(|e| Problem::Broken { path: self.path.display().to_string(), why: e.to_string() })?;
        let hash = super::key::digest(run.program.as_bytes());
        let mut taken = false;
        let mut id = RunId(0);
        self.write(|connection, owner| {
            let there =
                connection.query_row("SELECT 1 FROM runs WHERE name = ?", [&run.name], |_| Ok(())).optional()?;
            if there.is_some() {
                taken = true;
                return Ok(());
            }
            connection
                .execute("INSERT OR IGNORE INTO programs (hash, text) VALUES (?, ?)", params![hash, run.program])?;
            let now = super::now_ms();
            connection.execute(
                "INSERT INTO runs (name, command, title, status, owner, began, touched, program, setup) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![run.name, run.command, run.title, Status::Running.name(), owner, now, now, hash, setup],
            )?;
            id = RunId(connection.last_insert_rowid());
            Ok(())
        })?;
        if taken { Err(Problem::Taken(run.name.clone())) } else { Ok(id) }
    }

    fn take_up(&mut self, run: &Summary) -> Result<(), Problem> {
        let mut taken = false;
        self.write(|connection, owner| {
            let rows = connection.execute(
                "UPDATE runs SET status = ?, owner = ?, touched = ?, outcome = NULL, pending = 0 \
                 WHERE id = ? AND owner = ?",
                params![Status::Running.name(), owner, super::now_ms(), run.id.0, run.owner],
            )?;
            taken = rows == 0;
            Ok(())
        })?;
        if taken { Err(Problem::Taken(run.name.clone())) } else { Ok(()) }
    }

    fn commit(&mut self, entries: &[Kept], taken: Option<&Taken>) -> Result<(), Problem> {
        let now = super::now_ms();
        self.write(|connection, _| {
            let mut sums: HashMap<RunId, Sums> = HashMap::new();
            for Kept { run, pending, entry } in entries {
                let sum = sums.entry(*run).or_default();
                sum.pending = *pending;
                match entry {
                    Entry::Call(call) => insert(connection, *run, call, sum)?,
                    Entry::Checkpoint { key, value, at_ms } => {
                        let sql = "INSERT OR REPLACE INTO checkpoints (run, key, value) VALUES (?, ?, ?)";
                        connection.prepare_cached(sql)?.execute(params![run.0, key, value])?;
                        let data = serde_json::json!({ "key": key, "bytes": value.len() }).to_string();
                        note(connection, *run, &Event { at_ms: *at_ms, kind: "checkpoint".into(), data })?;
                    }
                    Entry::Event(event) => note(connection, *run, event)?,
                    Entry::End { status, outcome } => sum.ended = Some((*status, outcome.clone())),
                }
            }
            if let Some(Taken { spool, upto }) = taken {
                let sql = "INSERT OR REPLACE INTO spools (name, taken) VALUES (?, ?)";
                connection.prepare_cached(sql)?.execute(params![spool, *upto as i64])?;
            }
            for (run, sum) in sums {
                let mut update = connection.prepare_cached(
                    "UPDATE runs SET pending = ?, done = done + ?, failed = failed + ?, input = input + ?, \
                     output = output + ?, cost = cost + ?, unpriced = unpriced + ?, touched = ? WHERE id = ?",
                )?;
                let (input, output) = (sum.input as i64, sum.output as i64);
                update.execute(params![
                    sum.pending as i64,
                    sum.done,
                    sum.failed,
                    input,
                    output,
                    sum.cost,
                    sum.unpriced,
                    now,
                    run.0
                ])?;
                if let Some((status, outcome)) = sum.ended {
                    let sql = "UPDATE runs SET status = ?, outcome = ? WHERE id = ?";
                    connection.prepare_cached(sql)?.execute(params![status.name(), outcome, run.0])?;
                }
            }
            Ok(())
        })
    }

    fn spool(&self) -> Option<SpoolPlace> {
        let mut folder = self.path.clone().into_os_string();
        folder.push("-spool");
        Some(SpoolPlace { folder: folder.into(), store: self.identity.clone() })
    }

    fn taken(&mut self, spool: &str) -> Result<u64, Problem> {
        let sql = "SELECT taken FROM spools WHERE name = ?";
        let found = self.connection.query_row(sql, [spool], |row| row.get::<_, i64>(0)).optional();
        found.map(|taken| taken.unwrap_or_default() as u64).map_err(|e| self.problem(&e))
    }

    fn spent(&mut self, spool: &str) -> Result<(), Problem> {
        self.write(|connection, _| connection.execute("DELETE FROM spools WHERE name = ?", [spool]).map(drop))
    }

    fn runs(&mut self, name: Option<&str>) -> Result<Vec<Summary>, Problem> {
        let columns = "id, name, command, title, status, owner, began, touched, done, failed, pending, input, output, \
                       cost, unpriced, outcome";
        let rows = |sql: String, name: Option<&str>| -> rusqlite::Result<Vec<Summary>> {
            let mut statement = self.connection.prepare(&sql)?;
            match name {
                Some(name) => statement.query_map([name], summary_of)?.collect(),
                None => statement.query_map([], summary_of)?.collect(),
            }
        };
        let found = match name {
            None => rows(format!("SELECT {columns} FROM runs ORDER BY id DESC"), None),
            Some("last") => rows(format!("SELECT {columns} FROM runs ORDER BY id DESC LIMIT 1"), None),
            Some(name) => rows(format!("SELECT {columns} FROM runs WHERE name = ?"), Some(name)).and_then(|found| {
                if !found.is_empty() || name.len() < PREFIX {
                    return Ok(found);
                }
                let sql = format!(
                    "SELECT {columns} FROM runs WHERE substr(name, 1, length(?1)) = ?1 ORDER BY id DESC LIMIT 20"
                );
                rows(sql, Some(name))
            }),
        };
        found.map_err(|e| self.problem(&e))
    }

    fn program(&mut self, run: RunId) -> Result<(String, Setup), Problem> {
        let sql = "SELECT text, setup FROM runs JOIN programs ON hash = program WHERE id = ?";
        let found = self.connection.query_row(sql, [run.0], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
        let (text, setup) = found.map_err(|e| self.problem(&e))?;
        let setup = serde_json::from_str(&setup)
            .map_err(|e| Problem::Broken { path: self.path.display().to_string(), why: e.to_string() })?;
        Ok((text, setup))
    }

    fn marks(&mut self, run: RunId) -> Result<Vec<CallMark>, Problem> {
        let read = || -> rusqlite::Result<Vec<CallMark>> {
            let mut statement = self.connection.prepare(
                "SELECT id, key, occurrence, class, finish FROM calls WHERE id BETWEEN ? AND ? AND replaced = 0",
            )?;
            let rows = statement.query_map(rows_of(run), |row| {
                let id: i64 = row.get("id")?;
                let class = row.get_ref("class")?.as_str_or_null().ok().flatten().map(class_of);
                let finish = row.get_ref("finish")?.as_str_or_null().ok().flatten();
                Ok(CallMark {
                    place: Place(id),
                    number: (id & i64::from(u32::MAX)) as u32,
                    key: key_of(row)?,
                    occurrence: row.get("occurrence")?,
                    class,
                    cut: finish.is_some_and(crate::llm::is_cut),
                })
            })?;
            rows.collect()
        };
        read().map_err(|e| self.problem(&e))
    }

    fn call(&mut self, place: Place) -> Result<CallEntry, Problem> {
        let read = || self.connection.prepare_cached("SELECT * FROM calls WHERE id = ?")?.query_row([place.0], call_of);
        read().map_err(|e| self.problem(&e))
    }

    fn calls(&mut self, run: RunId, each: &mut dyn FnMut(CallEntry)) -> Result<(), Problem> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare("SELECT * FROM calls WHERE id BETWEEN ? AND ?")?;
            let mut rows = statement.query(rows_of(run))?;
            while let Some(row) = rows.next()? {
                each(call_of(row)?);
            }
            Ok(())
        };
        read().map_err(|e| self.problem(&e))
    }

    fn checkpoints(&mut self, run: RunId) -> Result<HashMap<String, String>, Problem> {
        let read = || -> rusqlite::Result<HashMap<String, String>> {
            let mut statement = self.connection.prepare("SELECT key, value FROM checkpoints WHERE run = ?")?;
            statement.query_map([run.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|e| self.problem(&e))
    }

    fn events(&mut self, run: RunId, each: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement =
                self.connection.prepare("SELECT at, kind, data FROM events WHERE run = ? ORDER BY id")?;
            let mut rows = statement.query([run.0])?;
            while let Some(row) = rows.next()? {
                each(Event { at_ms: row.get(0)?, kind: row.get(1)?, data: row.get(2)? });
            }
            Ok(())
        };
        read().map_err(|e| self.problem(&e))
    }

    fn delete(&mut self, run: RunId) -> Result<(), Problem> {
        self.write(|connection, _| {
            connection.execute("DELETE FROM calls WHERE id BETWEEN ? AND ?", rows_of(run))?;
            connection.execute("DELETE FROM checkpoints WHERE run = ?", [run.0])?;
            connection.execute("DELETE FROM events WHERE run = ?", [run.0])?;
            connection.execute("DELETE FROM runs WHERE id = ?", [run.0])?;
            Ok(())
        })
    }

    fn patient(&mut self, patient: bool) {
        // It fails for want of memory alone.
        let _ = self.connection.busy_timeout(if patient { PATIENCE } else { Duration::ZERO });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_of_an_earlier_version_is_brought_up_to_date_and_keeps_its_runs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 1;")).unwrap();
        old.execute_batch(
            "INSERT INTO runs (name, command, title, status, owner, began, touched, program, setup) \
             VALUES ('a', 'run', 't', 'finished', '', 1, 2, 'p', '{}')",
        )
        .unwrap();
        let mut store = Sqlite::open(&path).unwrap();
        assert_eq!(store.runs(None).unwrap()[0].name, "a");
        assert_eq!((store.identity.len(), store.taken("none").unwrap()), (16, 0));
        assert_eq!(Sqlite::open(&path).unwrap().identity, store.identity);
    }
}
