//! From `--context [NAME=]PATH` to the files it names: what is a directory, a glob, a name.
//!
//! Looks at directories and at whether files are there. Not here: what is in the files.

use crate::error::Error;
use std::{
    collections::HashSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Stdin,
    File(PathBuf),
}

/// One text to be.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) place: Place,
}

/// What one argument stands for.
#[derive(Debug)]
pub(super) struct Group {
    /// What `get-context` calls it.
    pub(super) name: String,
    /// Whether it stands for several, as a directory and a glob do even when it is one file.
    pub(super) several: bool,
    pub(super) inputs: Vec<Input>,
}

/// What the arguments stand for, in their order. With `skip`, what a directory holds and cannot be read is left out with
/// a note.
pub(super) fn find(arguments: &[PathBuf], skip: bool, notes: &mut Vec<String>) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let (name, path) = split(argument)?;
        if path == Path::new("-") {
            let name = name.unwrap_or_else(|| "-".into());
            groups.push(Group {
                inputs: vec![Input { name: name.clone(), place: Place::Stdin }],
                name,
                several: false,
            });
            continue;
        }
        groups.push(match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => directory(path, name, skip, notes)?,
            Ok(_) => {
                let name = name.unwrap_or_else(|| shown(path));
                let place = Place::File(path.to_owned());
                Group { inputs: vec![Input { name: name.clone(), place }], name, several: false }
            }
            Err(_) if is_pattern(path) => pattern(path, name, skip, notes)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(usage(
                    format!("there is no context `{}`", path.display()),
                    "give a file, a directory, a glob in quotes, or `-` for standard input",
                ));
            }
            Err(e) => return Err(unreadable(path, &e.to_string())),
        });
    }
    check_names(&groups)?;
    Ok(groups)
}

/// `NAME=PATH` → both. A file whose whole name has an equals sign is that file.
fn split(argument: &Path) -> Result<(Option<String>, &Path), Error> {
    let bytes = argument.as_os_str().as_bytes();
    let Some(equals) = bytes.iter().position(|b| *b == b'=') else { return Ok((None, argument)) };
    let name = std::str::from_utf8(&bytes[..equals]).unwrap_or_default();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !plain || std::fs::symlink_metadata(argument).is_ok() {
        return Ok((None, argument));
    }
    let path = Path::new(OsStr::from_bytes(&bytes[equals + 1..]));
    if path.as_os_str().is_empty() {
        return Err(usage(format!("the context `{name}=` names no file"), "write `--context NAME=PATH`"));
    }
    Ok((Some(name.to_owned()), path))
}

fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_bytes().iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// Every file below a directory, hidden ones left out, in the order of their paths.
fn directory(path: &Path, name: Option<String>, skip: bool, notes: &mut Vec<String>) -> Result<Group, Error> {
    let given = shown(path);
    let given = if given.len() > 1 { given.trim_end_matches('/') } else { &given };
    let name = name.unwrap_or_else(|| given.to_owned());
    let hidden = |e: &walkdir::DirEntry| e.depth() > 0 && e.file_name().as_bytes().starts_with(b".");
    let mut inputs = Vec::new();
    for entry in WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().filter_entry(|e| !hidden(e)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let within = entry.path().strip_prefix(path).unwrap_or(entry.path());
                let name = shown(&Path::new(&name).join(within));
                inputs.push(Input { name, place: Place::File(entry.into_path()) });
            }
            // Directories; and sockets, pipes and devices, which are nobody's text.
            Ok(_) => {}
            Err(e) => left_out(of_walk(path, &e), skip, notes)?,
        }
    }
    if inputs.is_empty() {
        return Err(usage(
            format!("there is no file in the context `{}`", path.display()),
            "hidden files, whose names begin with a dot, are left out",
        ));
    }
    Ok(Group { name, several: true, inputs })
}

fn of_walk(root: &Path, error: &walkdir::Error) -> Error {
    let at = error.path().unwrap_or(root);
    match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => usage(
            format!("the context `{}` leads back to `{}` for ever", at.display(), ancestor.display()),
            "remove the symbolic link, or name the files with a glob",
        ),
        (_, Some(e)) => unreadable(at, &e.to_string()),
        _ => unreadable(at, &error.to_string()),
    }
}

/// The files that a glob matches, in the order of their paths.
fn pattern(path: &Path, name: Option<String>, skip: bool, notes: &mut Vec<String>) -> Result<Group, Error> {
    let given = shown(path);
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let matches = glob::glob_with(&given, options).map_err(|e| {
        usage(
            format!("the context `{given}` is no file and no glob: {}", e.msg),
            "`*`, `?`, `[ab]` and `**` may stand in a glob",
        )
    })?;
    let mut paths = Vec::new();
    for found in matches {
        match found {
            Ok(found) if found.is_dir() => {}
            Ok(found) => paths.push(found),
            Err(e) => left_out(unreadable(e.path(), &e.error().to_string()), skip, notes)?,
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(usage(
            format!("no file matches the context `{given}`"),
            "`**` matches directories of any depth; hidden files are left out",
        ));
    }
    // What stands before the part that varies; a given name stands in its place.
    let fixed = given.find(['*', '?', '[']).and_then(|at| given[..at].rfind('/')).map_or("", |slash| &given[..slash]);
    let inputs = paths
        .into_iter()
        .map(|path| {
            let within = path.strip_prefix(fixed).unwrap_or(&path);
            let name = name.as_ref().map_or_else(|| shown(&path), |name| shown(&Path::new(name).join(within)));
            Input { name, place: Place::File(path) }
        })
        .collect();
    Ok(Group { name: name.unwrap_or(given), several: true, inputs })
}

/// No name may stand for two things, and standard input can be read once.
fn check_names(groups: &[Group]) -> Result<(), Error> {
    let mut names = HashSet::new();
    let mut stdin = false;
    for group in groups {
        let own = group.several.then_some(&group.name);
        for name in group.inputs.iter().map(|input| &input.name).chain(own) {
            if !names.insert(name) {
                let message = match group.inputs[0].place {
                    Place::Stdin if stdin => "standard input is given twice as a context".into(),
                    _ => format!("there are two contexts of the name `{name}`"),
                };
                return Err(usage(message, "`--context NAME=PATH` gives one of them another name"));
            }
        }
        if group.inputs.iter().any(|input| input.place == Place::Stdin) && std::mem::replace(&mut stdin, true) {
            return Err(usage("standard input is given twice as a context".into(), "it can be read once"));
        }
    }
    Ok(())
}

/// Something that cannot be a context: an error, or a note when that is wanted.
pub(super) fn left_out(error: Error, skip: bool, notes: &mut Vec<String>) -> Result<(), Error> {
    if !skip {
        return Err(error);
    }
    notes.push(format!("{error}: left out"));
    Ok(())
}

pub(super) fn unreadable(path: &Path, why: &str) -> Error {
    usage(
        format!("the context `{}` cannot be read: {why}", path.display()),
        "is the path right, and may you read it? `--skip-unreadable` leaves out what cannot be read",
    )
}

pub(super) fn usage(message: String, hint: &str) -> Error {
    Error::Usage { message, hint: Some(hint.into()) }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    /// The names under which an argument's files are found, less the folder itself.
    fn names(folder: &Path, argument: &str) -> Result<Vec<String>, String> {
        let argument = argument.replace('@', folder.to_str().unwrap());
        let groups = find(&[argument.into()], false, &mut Vec::new()).map_err(|e| e.to_string())?;
        let inputs = groups.iter().flat_map(|g| &g.inputs);
        Ok(inputs.map(|input| input.name.replace(folder.to_str().unwrap(), "@")).collect())
    }

    #[test]
    fn a_directory_is_read_in_order_without_hidden_files() {
        let folder = folder(&["b.txt", "a/z.txt", "a/.hidden", ".git/x", "a.txt"]);
        assert_eq!(names(folder.path(), "@").unwrap(), ["@/a/z.txt", "@/a.txt", "@/b.txt"]);
        assert_eq!(names(folder.path(), "@/").unwrap(), ["@/a/z.txt", "@/a.txt", "@/b.txt"]);
        assert_eq!(names(folder.path(), "docs=@").unwrap(), ["docs/a/z.txt", "docs/a.txt", "docs/b.txt"]);
    }

    #[test]
    fn a_glob_is_expanded_and_its_name_stands_for_the_fixed_part() {
        let folder = folder(&["r/b.txt", "r/a.txt", "r/c.md", "r/.d.txt", "r/deep/e.txt"]);
        assert_eq!(names(folder.path(), "@/r/*.txt").unwrap(), ["@/r/a.txt", "@/r/b.txt"]);
        assert_eq!(names(folder.path(), "all=@/r/**/*.txt").unwrap(), ["all/a.txt", "all/b.txt", "all/deep/e.txt"]);
        assert!(names(folder.path(), "@/*.pdf").unwrap_err().starts_with("no file matches the context"));
        assert!(names(folder.path(), "@/[.pdf").unwrap_err().contains("no file and no glob"));
    }

    #[test]
    fn a_name_is_a_plain_word_and_no_file() {
        let folder = folder(&["a=b.txt", "c.txt", "odd[1].txt"]);
        assert_eq!(names(folder.path(), "x=@/c.txt").unwrap(), ["x"]);
        assert_eq!(names(folder.path(), "@/a=b.txt").unwrap(), ["@/a=b.txt"]);
        assert_eq!(names(folder.path(), "@/odd[1].txt").unwrap(), ["@/odd[1].txt"]);
        assert!(names(folder.path(), "a b=@/c.txt").unwrap_err().contains("there is no context"));
        assert_eq!(names(folder.path(), "x=").unwrap_err(), "the context `x=` names no file");
    }

    #[test]
    fn one_name_is_one_context() {
        let folder = folder(&["a", "d/b"]);
        let [a, d] = ["a", "d"].map(|name| folder.path().join(name));
        let two = |one: PathBuf, other: PathBuf| find(&[one, other], false, &mut Vec::new()).unwrap_err().to_string();
        assert!(two(a.clone(), a.clone()).starts_with("there are two contexts of the name"));
        let named = |path: &Path| PathBuf::from(format!("x={}", path.display()));
        assert_eq!(two(named(&d), named(&a)), "there are two contexts of the name `x`");
        assert_eq!(two("-".into(), "x=-".into()), "standard input is given twice as a context");
        assert_eq!(two("-".into(), "-".into()), "standard input is given twice as a context");
    }

    #[test]
    fn a_directory_that_contains_itself_is_an_error() {
        let folder = folder(&["a/b"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
        assert!(names(folder.path(), "@").unwrap_err().contains("for ever"));
        let mut notes = Vec::new();
        assert!(find(&[folder.path().into()], true, &mut notes).is_ok() && notes.len() == 1);
    }
}
