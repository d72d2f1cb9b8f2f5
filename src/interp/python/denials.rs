//! Says, in Python's own exceptions, what a confined script asked for and which flag grants it.
//!
//! An audit hook (PEP 578) sees what is about to be opened or started, and raises where the wall would refuse, in kinder
//! words. It is no wall: C code passes it by, and then the operating system refuses. Where it is in doubt it says nothing.
//! Most events it turns away by their names, without a look at what they are about.

use super::with;
use crate::interp::{files::resolved, python::PyFailure, wall};
use pyo3::{
    exceptions::PyPermissionError,
    ffi,
    prelude::*,
    types::{PyBytes, PyString, PyTuple},
};
use std::{
    ffi::{CStr, OsString, c_char, c_int, c_void},
    os::unix::ffi::OsStringExt,
    path::{Component, Path, PathBuf},
};

unsafe extern "C" {
    /// <https://docs.python.org/3/c-api/sys.html#c.PySys_AddAuditHook>; `pyo3` does not declare it.
    fn PySys_AddAuditHook(
        hook: unsafe extern "C" fn(*const c_char, *mut ffi::PyObject, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
}

/// From here on, denials have words. The wall stands already.
pub(crate) fn say_denials() -> Result<(), String> {
    let hooked = with(|python| {
        // SAFETY: the thread is attached, the hook lives as long as the process, and its data are null.
        match unsafe { PySys_AddAuditHook(hook, std::ptr::null_mut()) } {
            0 => python.call("confined", (wall::lets_run(),)).map(drop),
            _ => Err(python.failure(PyErr::fetch(python.py), false)),
        }
    });
    hooked.map_err(|failed: PyFailure| failed.message)
}

/// What an event is about.
#[derive(Clone, Copy)]
enum Asks {
    /// `open`: a path, a mode or none, flags.
    Open,
    /// A path to be read, at this place of the arguments.
    Reads(usize),
    /// `os.mkdir`: a path, a mode, the descriptor of the folder that it begins at.
    Makes,
    /// Paths to be changed, and where the folders' descriptors stand that they begin at.
    Changes(&'static [(usize, Option<usize>)]),
    /// A program, or a copy of this one; the argument that names it.
    Starts(Option<usize>),
    /// A socket: itself, its family.
    Socket,
    /// The addresses of a host.
    Address,
}

fn asks(event: &[u8]) -> Option<Asks> {
    Some(match event {
        b"open" => Asks::Open,
        b"os.listdir" | b"os.scandir" => Asks::Reads(0),
        b"os.mkdir" => Asks::Makes,
        b"os.remove" | b"os.rmdir" => Asks::Changes(&[(0, Some(1))]),
        b"os.rename" => Asks::Changes(&[(0, Some(2)), (1, Some(3))]),
        b"os.symlink" => Asks::Changes(&[(1, Some(2))]),
        b"subprocess.Popen" | b"os.posix_spawn" | b"os.exec" | b"os.system" => Asks::Starts(Some(0)),
        b"os.fork" | b"os.forkpty" => Asks::Starts(None),
        b"socket.__new__" => Asks::Socket,
        b"socket.getaddrinfo" => Asks::Address,
        _ => return None,
    })
}

/// # Safety
///
/// CPython calls it, on a thread that is attached, with a C string and a tuple or null.
unsafe extern "C" fn hook(event: *const c_char, args: *mut ffi::PyObject, _: *mut c_void) -> c_int {
    // SAFETY: as this function's own.
    let (asks, py) = unsafe {
        let Some(asks) = asks(CStr::from_ptr(event).to_bytes()) else { return 0 };
        (asks, Python::assume_attached())
    };
    // SAFETY: the arguments are CPython's, for as long as this call.
    let args = unsafe { Bound::from_borrowed_ptr_or_opt(py, args) };
    let Some(args) = args.and_then(|args| args.cast_into::<PyTuple>().ok()) else { return 0 };
    match denied(asks, &args) {
        None => 0,
        Some(error) => {
            error.restore(py);
            -1
        }
    }
}

fn denied(asks: Asks, args: &Bound<'_, PyTuple>) -> Option<PyErr> {
    let argument = |index: usize| args.get_item(index).ok();
    match asks {
        Asks::Open => {
            let mode: Option<String> = argument(1)?.extract().ok()?;
            let flags: c_int = argument(2)?.extract().ok()?;
            let changing = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
            let said = mode.as_deref().unwrap_or_default();
            let writes = flags & changing != 0 || said.contains(['w', 'a', 'x', '+']);
            let reads =
                flags & libc::O_ACCMODE != libc::O_WRONLY && (said.contains('+') || !said.contains(['w', 'a', 'x']));
            let path = argument(0)?;
            // Of `os.open` it is not told which folder a path begins at; and what a bare path names can be opened by all.
            let elsewhere = mode.is_none() && (flags & libc::O_PATH != 0 || !path_of(&path)?.is_absolute());
            if elsewhere {
                return None;
            }
            let unwritten = if writes { file(&path, true, true) } else { None };
            unwritten.or_else(|| if reads { file(&path, false, writes) } else { None })
        }
        Asks::Reads(index) => file(&argument(index)?, false, false),
        Asks::Makes => changed(argument(0)?, argument(2), "/"),
        Asks::Changes(paths) => {
            paths.iter().find_map(|(path, folder)| changed(argument(*path)?, folder.and_then(argument), ""))
        }
        Asks::Starts(_) if wall::lets_run() => None,
        Asks::Starts(program) => {
            let program = program.and_then(argument).and_then(|program| path_of(&program));
            let program = program.map_or("a process".into(), |program| format!("`{}`", program.display()));
            let words = format!("starting {program} is not allowed (`--allow-run` grants it)");
            Some(PyPermissionError::new_err((libc::EPERM, words)))
        }
        Asks::Socket if wall::lets_connect() => None,
        Asks::Socket => {
            let family: c_int = argument(1)?.extract().ok()?;
            [libc::AF_INET, libc::AF_INET6].contains(&family).then(|| {
                let words = "the network is shut (`--allow-net=HOST:PORT` grants a part of it)";
                PyPermissionError::new_err((libc::EPERM, words))
            })
        }
        Asks::Address if wall::lets_connect() => None,
        Asks::Address => {
            let host = path_of(&argument(0)?)?;
            let port = argument(1).filter(|port| !port.is_none()).map_or(String::new(), |port| format!(":{port}"));
            let place = format!("{}{port}", host.display());
            let words = format!("connecting to `{place}` is not allowed (`--allow-net={place}` grants it)");
            Some(PyPermissionError::new_err((libc::EPERM, words)))
        }
    }
}

/// A text or bytes; not a descriptor, nor nothing.
fn path_of(value: &Bound<'_, PyAny>) -> Option<PathBuf> {
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        let bytes = value.extract::<Vec<u8>>().ok();
        return bytes
            .map(|bytes| OsString::from_vec(bytes).into())
            .or_else(|| value.extract::<OsString>().ok().map(Into::into));
    }
    value.extract::<PathBuf>().ok()
}

/// A file or a folder that is to be changed or made; what it begins at, if not at this folder; what its name ends with in a
/// flag.
fn changed(path: Bound<'_, PyAny>, folder: Option<Bound<'_, PyAny>>, end: &str) -> Option<PyErr> {
    let begins = folder.and_then(|folder| folder.extract::<c_int>().ok());
    if begins.is_some_and(|descriptor| descriptor >= 0) { None } else { opened(&path, true, true, end) }
}

fn file(path: &Bound<'_, PyAny>, writes: bool, made: bool) -> Option<PyErr> {
    opened(path, writes, made, "")
}

/// A file that is to be changed or read; `made`, when it is not there, by the same call.
fn opened(path: &Bound<'_, PyAny>, writes: bool, made: bool, end: &str) -> Option<PyErr> {
    let asked = path_of(path)?;
    let plain = asked.is_absolute() && !asked.components().any(|part| part == Component::ParentDir);
    // Without a look at the disk, which takes longer: Python's own files come this way.
    if plain && wall::leaves_open(&asked, writes) {
        return None;
    }
    let real = resolved(&asked);
    // What is not there is another error.
    if wall::leaves_open(&real, writes) || !there(&real, made) {
        return None;
    }
    let asked = asked.display().to_string();
    let flag = format!("--allow-{}={}{end}", if writes { "write" } else { "read" }, asked.trim_end_matches('/'));
    let words = format!("Permission denied (`{flag}` grants it)");
    Some(PyPermissionError::new_err((libc::EACCES, words, path.clone().unbind())))
}

/// Whether a file is there, or could be made.
fn there(real: &Path, made: bool) -> bool {
    real.exists() || made && real.parent().is_some_and(Path::exists)
}
