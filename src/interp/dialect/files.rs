//! Files by Racket's names, and the paths that name them. Which may be touched is [`crate::interp::files`]'s to say.
//!
//! A file is read whole when it is opened. What is written to one is there at once.

use super::{
    Entry,
    bytes::{bytes_of, made},
    given::{NOTHING, mistaken, plain, raised},
    ports,
    strings::text,
    tower::truth,
};
use crate::interp::{
    ledger,
    natives::raise,
    print,
    value::{Exn, Native, custom, string},
};
use std::{
    fmt, fs, io,
    path::{Component, Path, PathBuf},
    time::UNIX_EPOCH,
};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, as_underlying_type},
};

/// A path, as Racket has values of their own for them.
struct Named(String);

impl Custom for Named {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        Some(Ok(format!("#<path:{}>", self.0)))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| other.0 == self.0)
    }
}

/// The text of a path.
pub(crate) fn path_text(value: &SteelVal) -> Option<String> {
    match value {
        SteelVal::Custom(inner) => as_underlying_type::<Named>(inner.read().as_ref()).map(|path| path.0.clone()),
        _ => None,
    }
}

fn named(path: impl Into<String>) -> SteelVal {
    custom(Named(path.into()))
}

/// A path as procedures take it: itself, or its text.
fn path_of(name: &str, value: &SteelVal) -> Result<String, SteelErr> {
    let text = match value {
        SteelVal::StringV(text) => Some(text.to_string()),
        other => path_text(other),
    };
    text.filter(|text| !text.is_empty() && !text.contains('\0')).ok_or_else(|| mistaken(name, "path-string?", value))
}

/// A file that may be read.
fn readable(name: &str, path: &str) -> Result<PathBuf, SteelErr> {
    ledger::grants().to_read(name, path).map_err(|fault| raise(fault.into_value()))
}

/// A file that may be written.
fn writable(name: &str, path: &str) -> Result<PathBuf, SteelErr> {
    ledger::grants().to_write(name, path).map_err(|fault| raise(fault.into_value()))
}

/// A path from the root, as messages show it.
fn whole(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// What the system says, as Racket tells it.
fn system(name: &str, what: &str, path: &str, error: &io::Error) -> SteelErr {
    let said = error.to_string();
    let said = said.split_once(" (os error").map_or(&*said, |(said, _)| said);
    let number = error.raw_os_error().map(|number| format!("; errno={number}")).unwrap_or_default();
    let told = format!("{name}: {what}\n  path: {}\n  system error: {said}{number}", whole(path));
    raised(Exn::Filesystem, told)
}

fn contents(name: &str, value: &SteelVal) -> Result<(String, Vec<u8>), SteelErr> {
    let path = path_of(name, value)?;
    let bytes = fs::read(readable(name, &path)?);
    let bytes = bytes.map_err(|e| system("open-input-file", "cannot open input file", &path, &e))?;
    Ok((path, bytes))
}

/// A way of opening a file that may be there already.
fn opened(name: &str, value: &SteelVal, exists: &SteelVal) -> Native {
    let path = path_of(name, value)?;
    let mut options = fs::OpenOptions::new();
    options.write(true);
    match &*print::displayed(exists) {
        "error" => options.create_new(true),
        "append" => options.append(true).create(true),
        "update" => &mut options,
        "can-update" => options.create(true),
        "must-truncate" => options.truncate(true),
        "truncate" | "replace" | "truncate/replace" => options.truncate(true).create(true),
        _ => {
            let modes = "(or/c 'error 'append 'update 'can-update 'replace 'truncate 'must-truncate 'truncate/replace)";
            return Err(mistaken(name, modes, exists));
        }
    };
    match options.open(writable(name, &path)?) {
        Ok(file) => Ok(ports::write_to(file, whole(&path))),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            Err(raised(Exn::Filesystem, format!("open-output-file: file exists\n  path: {}", whole(&path))))
        }
        Err(e) => Err(system("open-output-file", "error opening file", &path, &e)),
    }
}

/// Whether there is something of a kind.
fn is(name: &str, value: &SteelVal, what: fn(&Path) -> bool) -> Native {
    let path = path_of(name, value)?;
    truth(what(&readable(name, &path)?))
}

fn folder(name: &str, value: &SteelVal) -> Native {
    let path = path_of(name, value)?;
    let wrong = |e: &io::Error| system(name, "could not open directory", &path, e);
    let entries = fs::read_dir(readable(name, &path)?).map_err(|e| wrong(&e))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(|e| wrong(&e))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(SteelVal::ListV(names.into_iter().map(named).collect()))
}

/// A part of a path's text as a path; #f where there is none.
fn part(text: Option<&str>) -> Native {
    Ok(text.map_or(SteelVal::BoolV(false), named))
}

/// Where the last name of a path begins.
fn last(path: &str) -> usize {
    path.rfind('/').map_or(0, |at| at + 1)
}

/// Where a path's extension begins, with its dot: at its end when it has none.
fn extension(path: &str) -> usize {
    let from = last(path);
    path[from..].rfind('.').filter(|at| *at > 0).map_or(path.len(), |at| from + at)
}

/// An extension, which may be bytes.
fn ending(name: &str, value: &SteelVal) -> Result<String, SteelErr> {
    match value {
        SteelVal::ByteVector(_) => Ok(String::from_utf8_lossy(&bytes_of(name, value)?).into_owned()),
        other => text(name, other).map(ToString::to_string),
    }
}

fn built(parts: &[SteelVal]) -> Native {
    let mut path = String::new();
    for value in parts {
        let part = match value {
            SteelVal::SymbolV(word) if word.as_str() == "up" => "..".to_owned(),
            SteelVal::SymbolV(word) if word.as_str() == "same" => ".".to_owned(),
            other => path_of("build-path", other)?,
        };
        if !path.is_empty() && part.starts_with('/') {
            let told = format!("build-path: absolute path cannot be added to a path\n  absolute path: {part}");
            return Err(raised(Exn::Contract, told));
        }
        if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&part);
    }
    Ok(named(path))
}

/// Without `.` and, as far as names stand before them, `..`.
fn simple(path: &str) -> String {
    let mut simple = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(simple.components().next_back(), Some(Component::Normal(_))) => {
                simple.pop();
            }
            other => simple.push(other),
        }
    }
    let text = simple.to_string_lossy().into_owned();
    if text.is_empty() { ".".into() } else { text }
}

#[rustfmt::skip]
pub(super) const TABLE: &[Entry] = &[
    // ---- paths
    plain!("path?", "value", |v| truth(path_text(&v[0]).is_some())),
    plain!("path-string?", "value", |v| truth(path_of("path-string?", &v[0]).is_ok())),
    plain!("string->path", "text", |v| path_of("string->path", &v[0]).map(named)),
    plain!("path->string", "path", |v| path_text(&v[0]).map(string).ok_or_else(|| mistaken("path->string", "path?", &v[0]))),
    plain!("build-path", "path part ...", built),
    plain!("simplify-path", "path [filesystem?]", |v| path_of("simplify-path", &v[0]).map(|path| named(simple(&path)))),
    plain!("absolute-path?", "path", |v| truth(path_of("absolute-path?", &v[0]).is_ok_and(|path| path.starts_with('/')))),
    plain!("relative-path?", "path", |v| truth(path_of("relative-path?", &v[0]).is_ok_and(|path| !path.starts_with('/')))),
    plain!("file-name-from-path", "path", |v| {
        let path = path_of("file-name-from-path", &v[0])?;
        part(Some(&path[last(&path)..]).filter(|name| !name.is_empty()))
    }),
    plain!("path-only", "path", |v| {
        let path = path_of("path-only", &v[0])?;
        part(Some(&path[..last(&path)]).filter(|folder| !folder.is_empty()))
    }),
    plain!("path-get-extension", "path", |v| {
        let path = path_of("path-get-extension", &v[0])?;
        let extension = &path[extension(&path)..];
        Ok(if extension.is_empty() { SteelVal::BoolV(false) } else { made(extension.as_bytes().to_vec()) })
    }),
    plain!("path-has-extension?", "path extension", |v| {
        truth(path_of("path-has-extension?", &v[0])?.ends_with(&ending("path-has-extension?", &v[1])?))
    }),
    plain!("path-replace-extension", "path extension", |v| {
        let path = path_of("path-replace-extension", &v[0])?;
        let new = ending("path-replace-extension", &v[1])?;
        Ok(named(format!("{}{new}", &path[..extension(&path)])))
    }),
    // ---- what there is
    plain!("file-exists?", "path", |v| is("file-exists?", &v[0], Path::is_file)),
    plain!("directory-exists?", "path", |v| is("directory-exists?", &v[0], Path::is_dir)),
    plain!("%directory-list", "path", |v| folder("directory-list", &v[0])),
    plain!("file-size", "path", |v| {
        let path = path_of("file-size", &v[0])?;
        let size = readable("file-size", &path).map(|real| real.metadata())?;
        let size = size.map_err(|e| system("file-size", "cannot get size", &path, &e))?.len();
        Ok(SteelVal::IntV(size as isize))
    }),
    plain!("%modified", "path", |v| {
        let path = path_of("file-or-directory-modify-seconds", &v[0])?;
        let told = |e: &io::Error| system("file-or-directory-modify-seconds", "error getting file/directory time", &path, e);
        let time = readable("file-or-directory-modify-seconds", &path).map(|real| real.metadata().and_then(|m| m.modified()))?;
        let passed = time.map_err(|e| told(&e))?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(SteelVal::IntV(passed.as_secs() as isize))
    }),
    // ---- reading and writing
    plain!("%file-bytes", "name path", |v| contents(&print::displayed(&v[0]), &v[1]).map(|(_, held)| made(held))),
    plain!("%open-input-file", "name path", |v| {
        let (path, held) = contents(&print::displayed(&v[0]), &v[1])?;
        let text = String::from_utf8(held).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        Ok(ports::read_from(text, Some(whole(&path))))
    }),
    plain!("%open-output-file", "name path exists", |v| opened(&print::displayed(&v[0]), &v[1], &v[2])),
    // ---- changing
    plain!("delete-file", "path", |v| {
        let path = path_of("delete-file", &v[0])?;
        fs::remove_file(writable("delete-file", &path)?).map_err(|e| system("delete-file", "cannot delete file", &path, &e))?;
        NOTHING
    }),
    plain!("make-directory", "path", |v| {
        let path = path_of("make-directory", &v[0])?;
        match fs::create_dir(writable("make-directory", &path)?) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let told = format!("make-directory: cannot make directory;\n the path already exists\n  path: {}", whole(&path));
                Err(raised(Exn::Filesystem, told))
            }
            Err(e) => Err(system("make-directory", "cannot make directory", &path, &e)),
            Ok(()) => NOTHING,
        }
    }),
    plain!("make-directory*", "path", |v| {
        let path = path_of("make-directory*", &v[0])?;
        fs::create_dir_all(writable("make-directory*", &path)?).map_err(|e| system("make-directory*", "cannot make directory", &path, &e))?;
        NOTHING
    }),
    plain!("copy-file", "from to [exists-ok?]", |v| {
        let (from, to) = (path_of("copy-file", &v[0])?, path_of("copy-file", &v[1])?);
        let (source, target) = (readable("copy-file", &from)?, writable("copy-file", &to)?);
        if target.exists() && v.get(2).is_none_or(|ok| !ok.is_truthy()) {
            return Err(raised(Exn::Filesystem, format!("copy-file: destination exists\n  source path: {from}\n  destination path: {to}")));
        }
        let copied = fs::read(source).and_then(|held| fs::write(target, held));
        copied.map_err(|e| system("copy-file", "cannot copy file", &from, &e))?;
        NOTHING
    }),
    plain!("rename-file-or-directory", "from to [exists-ok?]", |v| {
        let name = "rename-file-or-directory";
        let (from, to) = (path_of(name, &v[0])?, path_of(name, &v[1])?);
        let (source, target) = (writable(name, &from)?, writable(name, &to)?);
        if target.exists() && v.get(2).is_none_or(|ok| !ok.is_truthy()) {
            let told = format!("{name}: cannot rename file or directory;\n the destination path already exists\n  source path: {from}\n  dest path: {to}");
            return Err(raised(Exn::Filesystem, told));
        }
        fs::rename(source, target).map_err(|e| system(name, "cannot rename file or directory", &from, &e))?;
        NOTHING
    }),
];
