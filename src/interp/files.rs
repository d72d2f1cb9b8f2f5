//! Files, as far as the program was granted them.
//!
//! These checks give errors that name the flag to set. They are no wall: that is the operating system's. Not here:
//! contexts, which come from the host.

use super::value::Fault;
use crate::wire::{Grant, Granted};
use std::path::{Component, Path, PathBuf};

/// What a program was granted, as its own procedures heed it.
#[derive(Debug, Default)]
pub(crate) struct Grants(pub(crate) Granted);

impl Grants {
    /// The bytes of a file, for the primitive `name`.
    pub(crate) fn read(&self, name: &str, path: &str) -> Result<Vec<u8>, Fault> {
        let real = self.to_read(name, path)?;
        std::fs::read(&real).map_err(|e| failed(name, path, "read", &e))
    }

    /// The real path of what may be read, for the primitive `name`.
    pub(crate) fn to_read(&self, name: &str, path: &str) -> Result<PathBuf, Fault> {
        self.reading().allowed(name, "reading", path)
    }

    /// The real path of what may be written.
    pub(crate) fn to_write(&self, name: &str, path: &str) -> Result<PathBuf, Fault> {
        self.writing().allowed(name, "writing", path)
    }

    /// The real path of a file that may be read; else what is wrong, and what to do.
    pub(crate) fn readable(&self, name: &str, path: &str) -> Result<PathBuf, (String, Option<String>)> {
        self.reading().allowed(name, "reading", path).map_err(|fault| (fault.message, fault.hint))
    }

    /// Writes a whole file; what it held before is gone.
    pub(crate) fn write(&self, name: &str, path: &str, bytes: &[u8]) -> Result<(), Fault> {
        let real = self.to_write(name, path)?;
        std::fs::write(&real, bytes).map_err(|e| failed(name, path, "written", &e))
    }

    /// The paths that a pattern such as `reports/*.txt` matches, sorted; hidden files only where it names the dot.
    pub(crate) fn list(&self, name: &str, pattern: &str) -> Result<Vec<String>, Fault> {
        let bad = |e: glob::PatternError| {
            Fault::script(format!("{name}: `{pattern}` is no pattern: {}", e.msg)).hint("write `reports/*.txt`")
        };
        let folder = fixed_part(Path::new(pattern));
        let shown = folder.to_string_lossy();
        let reading = self.reading();
        let real = reading.allowed(name, "listing", if shown.is_empty() { "." } else { &shown })?;
        if let Grant::Only(denied) = reading.deny
            && let Some(denied) = denied.iter().find(|path| resolved(path).starts_with(&real))
            && super::wall::stands()
        {
            return Err(Fault::denied(format!("{name}: `{}` cannot be listed", real.display()))
                .hint(format!("`--deny-read={}` shuts a part of it, and so the list", denied.display())));
        }
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
        // What cannot be looked into has no matches.
        let found = glob::glob_with(pattern, options).map_err(bad)?.flatten();
        // A link may lead out of what is granted.
        let granted = found.filter(|path| reading.grants(&resolved(path)));
        Ok(granted.map(|path| path.to_string_lossy().into_owned()).collect())
    }
}

/// What stands before the first part that is a pattern.
fn fixed_part(pattern: &Path) -> PathBuf {
    let fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let parts: PathBuf = pattern.components().take_while(fixed).collect();
    if parts == pattern { parts.parent().map(Path::to_path_buf).unwrap_or_default() } else { parts }
}

/// What may be done to files in one way.
struct Way<'a> {
    /// As the flags call it.
    flag: &'static str,
    grant: &'a Grant,
    deny: &'a Grant,
}

impl Grants {
    fn reading(&self) -> Way<'_> {
        Way { flag: "read", grant: &self.0.read, deny: &self.0.deny_read }
    }

    fn writing(&self) -> Way<'_> {
        Way { flag: "write", grant: &self.0.write, deny: &self.0.deny_write }
    }
}

impl Way<'_> {
    /// The real path of one that is granted.
    fn allowed(&self, name: &str, doing: &str, path: &str) -> Result<PathBuf, Fault> {
        let real = resolved(Path::new(path));
        if self.grants(&real) {
            return Ok(real);
        }
        let flag = self.flag;
        let fault = Fault::denied(format!("{name}: {doing} `{path}` is not allowed"));
        Err(match covers(self.deny, &real) {
            true => fault.hint(format!("`--deny-{flag}` shuts it, whatever is granted")),
            false => fault.hint(format!("to allow it, run with `--allow-{flag}={path}`")),
        })
    }

    fn grants(&self, real: &Path) -> bool {
        covers(self.grant, real) && !covers(self.deny, real)
    }
}

fn covers(grant: &Grant, real: &Path) -> bool {
    match grant {
        Grant::Nothing => false,
        Grant::Only(paths) => paths.iter().any(|path| real.starts_with(resolved(path))),
        Grant::Everything => true,
    }
}

/// The path without links and dots. Of one that does not exist, as much as does.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut real = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            part => real.push(part),
        }
        if let Ok(canonical) = real.canonicalize() {
            real = canonical;
        }
    }
    real
}

fn failed(name: &str, path: &str, done: &str, error: &std::io::Error) -> Fault {
    Fault::script(format!("{name}: `{path}` cannot be {done}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_dots_do_not_lead_out_of_a_granted_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
        std::fs::create_dir(&inside).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret.txt"), "s").unwrap();
        std::fs::write(inside.join("plain.txt"), "p").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        let grants = Grants(Granted { read: Grant::Only(vec![inside.clone()]), ..Granted::default() });
        let path = |rest: &str| inside.join(rest).display().to_string();
        assert_eq!(grants.read("read-file", &path("plain.txt")).unwrap(), b"p");
        assert_eq!(
            grants.read("read-file", &path("link/../plain.txt")).unwrap_err().blame(),
            crate::wire::Blame::Limit
        );
        for way in ["link/secret.txt", "../out/secret.txt", "link/missing.txt", "nowhere/../../out/secret.txt"] {
            let fault = grants.read("read-file", &path(way)).unwrap_err();
            assert!(fault.message.contains("is not allowed"), "{way}: {}", fault.message);
        }
        assert_eq!(grants.list("list-files", &path("*.txt")).unwrap(), [path("plain.txt")]);
        assert_eq!(grants.list("list-files", &path("*/*")).unwrap(), Vec::<String>::new());
        assert!(grants.list("list-files", &folder.path().join("*").display().to_string()).is_err());
        let fault = grants.write("write-file", &path("new.txt"), b"").unwrap_err();
        assert!(fault.hint.unwrap().contains("--allow-write="), "{}", fault.message);
    }

    #[test]
    fn a_denial_wins_over_a_grant_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, secret) = (folder.path().join("plain.txt"), folder.path().join("secret.txt"));
        std::fs::write(&plain, "p").unwrap();
        std::fs::write(&secret, "s").unwrap();
        let grants = Grants(Granted {
            read: Grant::Everything,
            deny_read: Grant::Only(vec![secret.clone()]),
            ..Granted::default()
        });
        assert_eq!(grants.read("read-file", &plain.display().to_string()).unwrap(), b"p");
        let fault = grants.read("read-file", &secret.display().to_string()).unwrap_err();
        assert!(fault.message.contains("is not allowed") && fault.hint.unwrap().contains("`--deny-read` shuts it"));
    }
}
