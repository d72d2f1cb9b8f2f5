//! Files, as far as the program was granted them.
//!
//! These checks give errors that name the flag to set. They are no wall: that is the operating system's. Not here:
//! contexts, which come from the host.

use super::value::Fault;
use crate::wire::Grant;
use std::path::{Component, Path, PathBuf};

/// What a program may do to files.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(crate) read: Grant,
    pub(crate) write: Grant,
}

impl Grants {
    /// The bytes of a file, for the primitive `name`.
    pub(crate) fn read(&self, name: &str, path: &str) -> Result<Vec<u8>, Fault> {
        let real = allowed(name, "reading", "read", &self.read, path)?;
        std::fs::read(&real).map_err(|e| failed(name, path, "read", &e))
    }

    /// Writes a whole file; what it held before is gone.
    pub(crate) fn write(&self, name: &str, path: &str, bytes: &[u8]) -> Result<(), Fault> {
        let real = allowed(name, "writing", "write", &self.write, path)?;
        std::fs::write(&real, bytes).map_err(|e| failed(name, path, "written", &e))
    }

    /// The paths that a pattern such as `reports/*.txt` matches, sorted; hidden files only where it names the dot.
    pub(crate) fn list(&self, name: &str, pattern: &str) -> Result<Vec<String>, Fault> {
        let bad = |e: glob::PatternError| {
            Fault::script(format!("{name}: `{pattern}` is no pattern: {}", e.msg)).hint("write `reports/*.txt`")
        };
        let folder = fixed_part(Path::new(pattern));
        let shown = folder.to_string_lossy();
        allowed(name, "listing", "read", &self.read, if shown.is_empty() { "." } else { &shown })?;
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
        // What cannot be looked into has no matches.
        let found = glob::glob_with(pattern, options).map_err(bad)?.flatten();
        // A link may lead out of what is granted.
        let granted = found.filter(|path| grants(&self.read, &resolved(path)));
        Ok(granted.map(|path| path.to_string_lossy().into_owned()).collect())
    }
}

/// What stands before the first part that is a pattern.
fn fixed_part(pattern: &Path) -> PathBuf {
    let fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let parts: PathBuf = pattern.components().take_while(fixed).collect();
    if parts == pattern { parts.parent().map(Path::to_path_buf).unwrap_or_default() } else { parts }
}

/// The real path of one that is granted.
fn allowed(name: &str, doing: &str, flag: &str, grant: &Grant, path: &str) -> Result<PathBuf, Fault> {
    let real = resolved(Path::new(path));
    if grants(grant, &real) {
        return Ok(real);
    }
    Err(Fault::denied(format!("{name}: {doing} `{path}` is not allowed"))
        .hint(format!("to allow it, run with `--allow-{flag}={path}`")))
}

fn grants(grant: &Grant, real: &Path) -> bool {
    match grant {
        Grant::Nothing => false,
        Grant::Paths(paths) => paths.iter().any(|path| real.starts_with(resolved(path))),
        Grant::Everything => true,
    }
}

/// The path without links and dots. Of one that does not exist, as much as does.
fn resolved(path: &Path) -> PathBuf {
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
        let grants = Grants { read: Grant::Paths(vec![inside.clone()]), write: Grant::Nothing };
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
}
