//! The cache's file: one SQLite table of answers.

use crate::{
    journal::{Key, now_ms},
    llm::Answer,
    wire::Usage,
};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use std::{
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

/// Marks a SQLite file as a cache: `BesC`.
const APPLICATION: i64 = 0x4265_7343;
/// The version of its format. A cache of another is begun anew: nothing in it is missed for long.
const VERSION: i64 = 1;
/// What a row takes beside its answer, in bytes.
const ROW: i64 = 200;

const TABLE: &str = "
    DROP TABLE IF EXISTS answers;
    CREATE TABLE answers (
        key BLOB PRIMARY KEY, text TEXT NOT NULL, model TEXT NOT NULL, finish TEXT NOT NULL, tokens INTEGER NOT NULL,
        cost REAL, bytes INTEGER NOT NULL, made INTEGER NOT NULL, used INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX answers_by_use ON answers (used, bytes);
";

/// Answers that are shared.
pub struct Store {
    connection: Connection,
    /// The bytes in it, as far as this process knows.
    bytes: i64,
}

/// What a cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Answers.
    pub answers: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// How often one was given.
    pub hits: u64,
    /// US dollars that those would have cost, by the prices that are known.
    pub saved_usd: f64,
    /// The age of the oldest, in seconds.
    pub oldest_s: u64,
}

impl Store {
    /// Opens the file, and makes it where there is none. Nobody but its owner may read it. Says what is wrong otherwise.
    pub fn open(path: &Path) -> Result<Self, String> {
        let told = |e: &dyn std::fmt::Display| format!("`{}`: {e}", path.display());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| told(&e))?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(|e| told(&e))?;
        Self::prepare(path).map_err(|e| told(&e))?.ok_or_else(|| told(&"it is a file of another program"))
    }

    fn prepare(path: &Path) -> rusqlite::Result<Option<Self>> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        let pragma = |c: &Connection, name| c.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 && pragma(&connection, "application_id")? != APPLICATION {
            return Ok(None);
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        // What a power cut takes is asked again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        if pragma(&connection, "user_version")? != VERSION {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            // Another process may have been first.
            if pragma(&transaction, "user_version")? != VERSION {
                transaction.execute_batch(TABLE)?;
                transaction.pragma_update(None, "application_id", APPLICATION)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
            transaction.commit()?;
        }
        let bytes = sum(&connection)?;
        Ok(Some(Self { connection, bytes }))
    }

    /// The answer of a key, unless it is older than that. It costs nothing: it was paid for.
    pub fn get(&mut self, key: &Key, max_age: Duration) -> Result<Option<Answer>, String> {
        let now = now_ms();
        let oldest = now.saturating_sub(i64::try_from(max_age.as_millis()).unwrap_or(i64::MAX));
        let read = || -> rusqlite::Result<Option<Answer>> {
            let mut statement = self.connection.prepare_cached(
                "UPDATE answers SET used = ?1, hits = hits + 1 WHERE key = ?2 AND made >= ?3 \
                 RETURNING text, model, finish",
            )?;
            let answer = |row: &rusqlite::Row<'_>| {
                Ok(Answer {
                    text: row.get::<_, String>(0)?.into(),
                    model: row.get::<_, String>(1)?.into(),
                    usage: Usage::default(),
                    cost_usd: Some(0.0),
                    latency: Duration::ZERO,
                    attempts: 1,
                    finish_reason: row.get::<_, String>(2)?.into(),
                })
            };
            statement.query_row(params![now, &key.0[..], oldest], answer).optional()
        };
        read().map_err(|e| e.to_string())
    }

    /// Keeps answers; what was not used for the longest time makes room.
    pub fn put(&mut self, answers: &[(Key, Answer)], max_bytes: u64) -> Result<(), String> {
        self.write(answers, i64::try_from(max_bytes).unwrap_or(i64::MAX)).map_err(|e| e.to_string())
    }

    fn write(&mut self, answers: &[(Key, Answer)], most: i64) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let (now, mut bytes) = (now_ms(), self.bytes);
        for (key, answer) in answers {
            let size = i64::try_from(answer.text.len()).unwrap_or(i64::MAX).saturating_add(ROW);
            if size > most {
                continue;
            }
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO answers (key, text, model, finish, tokens, cost, bytes, made, used) \
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    &key.0[..],
                    &*answer.text,
                    &*answer.model,
                    &*answer.finish_reason,
                    (answer.usage.input + answer.usage.output) as i64,
                    answer.cost_usd,
                    size,
                    now,
                    now
                ])?;
            bytes += size;
        }
        if bytes > most {
            // What others have put there meanwhile counts too. A tenth more goes, so that it is not looked for each time.
            bytes = sum(&transaction)?;
            let mut oldest =
                transaction.prepare("SELECT rowid, bytes FROM answers ORDER BY used, rowid LIMIT 10000")?;
            let rows: Vec<(i64, i64)> =
                oldest.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
            for (row, size) in rows {
                if bytes <= most - most / 10 {
                    break;
                }
                transaction.prepare_cached("DELETE FROM answers WHERE rowid = ?")?.execute([row])?;
                bytes -= size;
            }
        }
        transaction.commit()?;
        self.bytes = bytes;
        Ok(())
    }

    /// What it holds.
    pub fn stats(&self) -> Result<Stats, String> {
        let sql = "SELECT count(*), coalesce(sum(bytes), 0), coalesce(sum(hits), 0), coalesce(sum(hits * cost), 0.0), \
                   coalesce(min(made), 0) FROM answers";
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        let read = self.connection.query_row(sql, [], |row| {
            let (answers, made): (i64, i64) = (row.get(0)?, row.get(4)?);
            Ok(Stats {
                answers: number(answers),
                bytes: number(row.get(1)?),
                hits: number(row.get(2)?),
                saved_usd: row.get(3)?,
                oldest_s: if answers == 0 { 0 } else { number((now_ms() - made) / 1000) },
            })
        });
        read.map_err(|e| e.to_string())
    }

    /// Forgets all that is older than that, and gives the room back. How many that were.
    pub fn clear(&mut self, older: Duration) -> Result<u64, String> {
        let oldest = now_ms().saturating_sub(i64::try_from(older.as_millis()).unwrap_or(i64::MAX));
        let deleted = self.connection.execute("DELETE FROM answers WHERE made <= ?", [oldest]);
        let deleted = deleted.map_err(|e| e.to_string())?;
        self.connection.execute_batch("VACUUM").map_err(|e| e.to_string())?;
        Ok(deleted as u64)
    }
}

fn sum(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(sum(bytes), 0) FROM answers", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        Answer {
            text: text.into(),
            model: "m".into(),
            usage: Usage { input: 3, ..Usage::default() },
            cost_usd: Some(0.5),
            latency: Duration::ZERO,
            attempts: 2,
            finish_reason: "stop".into(),
        }
    }

    fn key(n: u8) -> Key {
        Key([n; 32])
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn what_is_kept_is_given_for_nothing_until_it_is_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/cache");
        let mut store = Store::open(&path).unwrap();
        store.put(&[(key(1), answer("one"))], 1 << 20).unwrap();
        drop(store);
        let mut store = Store::open(&path).unwrap();
        let found = store.get(&key(1), LONG).unwrap().unwrap();
        assert_eq!((&*found.text, found.cost_usd, found.usage), ("one", Some(0.0), Usage::default()));
        assert_eq!(store.get(&key(2), LONG).unwrap(), None);
        store.connection.execute("UPDATE answers SET made = made - 7200000", []).unwrap();
        assert_eq!(store.get(&key(1), LONG).unwrap(), None);
        let stats = store.stats().unwrap();
        assert_eq!((stats.answers, stats.hits, stats.saved_usd), (1, 1, 0.5));
        assert!((7200..7300).contains(&stats.oldest_s), "{stats:?}");
        assert_eq!(store.clear(LONG), Ok(1));
        assert_eq!(store.stats().unwrap().answers, 0);
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("cache")).unwrap();
        let most = 10 * (1000 + ROW as u64);
        for n in 0..10 {
            store.put(&[(key(n), answer(&"x".repeat(1000)))], most).unwrap();
        }
        store.connection.execute("UPDATE answers SET used = rowid", []).unwrap();
        assert!(store.get(&key(0), LONG).unwrap().is_some());
        store.put(&[(key(10), answer(&"x".repeat(1000)))], most).unwrap();
        let kept = |store: &mut Store, n| store.get(&key(n), LONG).unwrap().is_some();
        assert!(kept(&mut store, 0) && kept(&mut store, 10) && !kept(&mut store, 1) && !kept(&mut store, 2));
        assert!(store.stats().unwrap().bytes <= most);
        store.put(&[(key(11), answer(&"x".repeat(20_000)))], most).unwrap();
        assert!(!kept(&mut store, 11) && kept(&mut store, 10), "one that is larger than all of it is not kept");
    }

    #[test]
    fn a_file_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE answers (a)").unwrap();
        assert!(Store::open(&path).err().unwrap().ends_with("it is a file of another program"));
        std::fs::write(&path, "text".repeat(1000)).unwrap();
        assert!(Store::open(&path).err().unwrap().ends_with("file is not a database"));
    }
}
