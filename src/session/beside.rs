//! The files that a script requires: found beside it, read by the host, and sent behind its text.
//!
//! The folder that a script lies in is what its user chose to run from: `(require "x.scm")` may read from there and from
//! below, whatever the script was granted, but never from elsewhere, by `..` and by links included, nor what
//! `--deny-read` shuts. Only names that end as programs do are read, so that a script cannot have a file of secrets shown
//! as one with wrong syntax. Not here: what such a file means (`interp::expand::modules`).

use super::Program;
use crate::{
    error::Error,
    interp::{beside, required, resolved},
    wire::{Blame, FailureClass, Grant, ScriptError},
};
use std::path::Path;

/// How the names of required files end.
const ENDINGS: [&str; 3] = ["scm", "ss", "rkt"];
/// How large the text of all of them may be, in bytes.
const MOST: usize = 8 << 20;

/// A file that a script requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Its path from the script's folder.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl Program {
    /// Reads the files that the program requires, and those that they require, as far as they lie beside the script of this
    /// path. An error has its place in one of these texts: [`Program::place`] tells in which.
    pub fn require_beside(&mut self, script: &Path) -> Result<(), Error> {
        let folder = script.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = resolved(folder);
        // The files grow while they are gone through: each may require others.
        let mut next = 0_usize;
        loop {
            let (file, text, offset) = match next.checked_sub(1) {
                None => ("", self.text.as_str(), 0),
                Some(at) => match self.beside.get(at) {
                    Some(file) => (file.name.as_str(), file.text.as_str(), self.offset(at)),
                    None => return Ok(()),
                },
            };
            let mut found = Vec::new();
            for (path, place) in required(text) {
                let wrong = |message: String, hint: &str| {
                    let offset = offset as u32;
                    Error::Script(ScriptError {
                        class: FailureClass::Script,
                        blame: Blame::Program,
                        message,
                        hint: Some(hint.into()),
                        span: Some((offset + place.start, offset + place.end)),
                    })
                };
                let name = beside(file, &path).ok_or_else(|| wrong(outside(&path), INSIDE))?;
                let known = |all: &[Beside]| all.iter().any(|file| file.name == name);
                if known(&self.beside) || known(&found) {
                    continue;
                }
                let text = self.read(&folder, &name, &path).map_err(|(message, hint)| wrong(message, hint))?;
                found.push(Beside { name, text });
            }
            self.beside.extend(found);
            if self.beside.iter().map(|file| file.text.len()).sum::<usize>() > MOST {
                let hint = "large data belongs in a context, or in a file that the script reads";
                return Err(Error::script(
                    format!("the files that the script requires are larger than {} MB", MOST >> 20),
                    hint,
                ));
            }
            next += 1;
        }
    }

    /// The text of a file, or why it may not be read and what to do.
    fn read(&self, folder: &Path, name: &str, required: &str) -> Result<String, (String, &'static str)> {
        let path = folder.join(name);
        let real = resolved(&path);
        if !real.starts_with(folder) {
            return Err((outside(required), INSIDE));
        }
        let ending = real.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !ENDINGS.contains(&ending) {
            return Err((
                format!("`{required}` is no program by its name"),
                "the name of a required file ends in `.scm`, `.ss` or `.rkt`; `read-file` reads others",
            ));
        }
        let denied = match &self.permissions.deny_read {
            Grant::Nothing => false,
            Grant::Only(paths) => paths.iter().any(|denied| real.starts_with(resolved(denied))),
            Grant::Everything => true,
        };
        if denied {
            return Err((format!("`{required}` may not be read"), "`--deny-read` shuts it"));
        }
        let problem = |e: std::io::Error| {
            let hint = match e.kind() {
                std::io::ErrorKind::NotFound => {
                    "required files are looked for from the folder of the file that names them"
                }
                _ => "may you read it?",
            };
            (format!("`{required}` cannot be read: {e}"), hint)
        };
        let about = std::fs::metadata(&real).map_err(problem)?;
        if !about.is_file() || about.len() > MOST as u64 {
            return Err((format!("`{required}` is no file that can be required"), "is it a folder, or very large?"));
        }
        let bytes = std::fs::read(&real).map_err(problem)?;
        let text = String::from_utf8(bytes);
        text.map_err(|_| (format!("`{required}` is no UTF-8 text"), "convert it to UTF-8 first"))
    }

    /// Where a file's text begins behind the program's.
    fn offset(&self, at: usize) -> usize {
        self.text.len() + self.beside[..at].iter().map(|file| file.text.len()).sum::<usize>()
    }

    /// The file in which the place of an error lies, and its text, if that is none of the program's own: the place is then
    /// one in that.
    pub fn place(&self, error: &mut Error) -> Option<&Beside> {
        let Error::Script(ScriptError { span: Some((start, end)), .. }) = error else { return None };
        let at = (0..self.beside.len()).rfind(|at| self.offset(*at) <= *start as usize)?;
        let offset = u32::try_from(self.offset(at)).ok()?;
        (*start, *end) = (*start - offset, end.saturating_sub(offset));
        self.beside.get(at)
    }
}

const INSIDE: &str = "a script may require the files of its own folder, and of folders in that";

fn outside(required: &str) -> String {
    format!("`{required}` cannot be required: it lies outside the script's folder")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    fn reading(folder: &Path, text: &str) -> Result<Program, Error> {
        let mut program = Program { text: text.into(), ..Program::default() };
        program.require_beside(&folder.join("main.scm"))?;
        Ok(program)
    }

    #[test]
    fn files_are_found_beside_the_script_and_beside_each_other() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("lib")).unwrap();
        fs::write(folder.path().join("a.scm"), "(require \"lib/b.scm\" racket/list)").unwrap();
        fs::write(folder.path().join("lib/b.scm"), "(require \"c.scm\" \"../a.scm\")").unwrap();
        fs::write(folder.path().join("lib/c.scm"), "(define c 1)").unwrap();
        let program = reading(folder.path(), "(require (only-in \"a.scm\" x) \"./a.scm\")").unwrap();
        let names: Vec<&str> = program.beside.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.scm", "lib/b.scm", "lib/c.scm"]);
    }

    #[test]
    fn nothing_outside_the_scripts_folder_is_read() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("in");
        fs::create_dir(&folder).unwrap();
        fs::write(outer.path().join("secret.scm"), "1").unwrap();
        fs::write(folder.join("notes.txt"), "1").unwrap();
        fs::create_dir(outer.path().join("out")).unwrap();
        fs::write(outer.path().join("out/secret.scm"), "1").unwrap();
        symlink(outer.path().join("secret.scm"), folder.join("file.scm")).unwrap();
        symlink(outer.path().join("out"), folder.join("folder")).unwrap();
        symlink(folder.join("notes.txt"), folder.join("notes.scm")).unwrap();
        for (path, said) in [
            ("../secret.scm", "outside the script's folder"),
            ("../../../../../../../../etc/passwd", "outside the script's folder"),
            ("/etc/passwd", "outside the script's folder"),
            ("x/../../secret.scm", "outside the script's folder"),
            ("file.scm", "outside the script's folder"),
            ("folder/secret.scm", "outside the script's folder"),
            ("notes.txt", "no program by its name"),
            ("notes.scm", "no program by its name"),
            ("missing.scm", "cannot be read"),
        ] {
            let error = reading(&folder, &format!("(require \"{path}\")")).unwrap_err();
            assert!(error.to_string().contains(said), "{path}: {error}");
        }
    }

    #[test]
    fn what_is_denied_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.scm"), "1").unwrap();
        let mut program = Program { text: "(require \"a.scm\")".into(), ..Program::default() };
        program.permissions.deny_read = Grant::Only(vec![folder.path().join("a.scm")]);
        let error = program.require_beside(&folder.path().join("main.scm")).unwrap_err();
        assert!(error.to_string().contains("may not be read"), "{error}");
    }

    #[test]
    fn the_place_of_an_error_lies_in_its_file() {
        let file = |name: &str, text: &str| Beside { name: name.into(), text: text.into() };
        let beside = vec![file("a.scm", "0123"), file("b.scm", "4567")];
        let program = Program { text: "abc".into(), beside, ..Program::default() };
        let place = |start: u32| {
            let mut error = Error::script("no", "do");
            if let Error::Script(error) = &mut error {
                error.span = Some((start, start + 1));
            }
            let name = program.place(&mut error).map(|file| file.name.clone());
            match error {
                Error::Script(ScriptError { span: Some((start, _)), .. }) => (name, start),
                _ => (name, u32::MAX),
            }
        };
        assert_eq!(place(2), (None, 2));
        assert_eq!(place(3), (Some("a.scm".into()), 0));
        assert_eq!(place(8), (Some("b.scm".into()), 1));
    }
}
