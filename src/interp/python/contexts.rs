//! The contexts in Python: `context`, a string or a list of them, and `contexts`, a dict by name.
//!
//! They are bound right before the first code that names them, by decoding straight from where a text lies into CPython's
//! own string, whose size is known beforehand: no byte is held twice. CPython stores all characters of a string at the
//! width of its widest: one byte up to U+00FF, two up to U+FFFF, four beyond, such as for emoji.

use std::cell::RefCell;

use pyo3::{
    ffi,
    prelude::*,
    types::{PyDict, PyList, PyString},
};

use super::BOOTSTRAP;
use crate::{
    interp::{
        context::{Shape, changed, no_memory, pieces, shape},
        value::Fault,
    },
    wire::{ContextHead, FailureClass, Width},
};

/// Which names are bound, by us or by the script, and the texts that the one has and the other will want.
#[derive(Default)]
struct Bound {
    context: bool,
    contexts: bool,
    texts: Vec<Option<Py<PyString>>>,
}

thread_local! {
    static BOUND: RefCell<Bound> = RefCell::default();
}

/// The script sets this name itself: it is not ours to bind any more.
pub(crate) fn keep(name: &str) {
    BOUND.with(|bound| {
        let mut bound = bound.borrow_mut();
        bound.context |= name == "context";
        bound.contexts |= name == "contexts";
    });
}

/// There are others now: they are bound anew.
pub(crate) fn renewed() {
    BOUND.with(|bound| *bound.borrow_mut() = Bound::default());
}

/// Binds what a piece of code names.
pub(crate) fn bind(code: &str) -> Result<(), Fault> {
    let (context, contexts) = BOUND.with(|bound| {
        let bound = bound.borrow();
        (!bound.context && names(code, "context"), !bound.contexts && names(code, "contexts"))
    });
    if !context && !contexts {
        return Ok(());
    }
    let Some(bootstrap) = BOOTSTRAP.get() else { return Ok(()) };
    let shape = shape();
    Python::attach(|py| {
        let texts = texts(py, &shape)?;
        let bootstrap = bootstrap.bind(py);
        if context {
            let value = if shape.single {
                texts[0].clone().into_any()
            } else if texts.is_empty() {
                PyString::new(py, "").into_any()
            } else {
                PyList::new(py, &texts).map_err(failure)?.into_any()
            };
            bootstrap.call_method1("bind", ("context", value)).map_err(failure)?;
        }
        if contexts {
            let by_name = PyDict::new(py);
            for (entry, text) in shape.entries.iter().zip(&texts) {
                by_name.set_item(&entry.name, text).map_err(failure)?;
            }
            let groups = PyDict::new(py);
            for (name, entries) in &shape.groups {
                let names: Vec<&str> = shape.entries[entries.clone()].iter().map(|entry| &*entry.name).collect();
                groups.set_item(name, names).map_err(failure)?;
            }
            let value = bootstrap.call_method1("Contexts", (by_name, groups)).map_err(failure)?;
            bootstrap.call_method1("bind", ("contexts", value)).map_err(failure)?;
        }
        BOUND.with(|bound| {
            let mut bound = bound.borrow_mut();
            bound.context |= context;
            bound.contexts |= contexts;
            bound.texts = match (bound.context, bound.contexts) {
                (true, true) => Vec::new(),
                _ => texts.iter().map(|text| Some(text.clone().unbind())).collect(),
            };
        });
        Ok(())
    })
}

/// Whether code says this name: as a word of its own, wherever it stands.
fn names(code: &str, name: &str) -> bool {
    let part = |c: char| c == '_' || c.is_alphanumeric();
    code.match_indices(name).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part) && !code[at + name.len()..].chars().next().is_some_and(part)
    })
}

/// Every text, those that Python has already as they are.
fn texts<'py>(py: Python<'py>, shape: &Shape) -> Result<Vec<Bound_<'py>>, Fault> {
    let had = BOUND.with(|bound| std::mem::take(&mut bound.borrow_mut().texts));
    let mut had = had.into_iter();
    shape
        .entries
        .iter()
        .enumerate()
        .map(|(index, entry)| match had.next().flatten() {
            Some(text) => Ok(text.into_bound(py)),
            None => decode(py, index, entry),
        })
        .collect()
}

type Bound_<'py> = pyo3::Bound<'py, PyString>;

/// Texts shorter than this, in bytes, are decoded by CPython itself.
const SHORT: u64 = 64 << 10;

fn decode<'py>(py: Python<'py>, index: usize, entry: &ContextHead) -> Result<Bound_<'py>, Fault> {
    if entry.bytes < SHORT {
        let mut whole = String::new();
        pieces(index, |piece| {
            whole.push_str(piece);
            Ok(())
        })?;
        return Ok(PyString::new(py, &whole));
    }
    let mut filling = Filling::new(py, entry)?;
    // Ctrl-C would otherwise wait for the last piece.
    pieces(index, |piece| {
        py.check_signals().map_err(failure)?;
        filling.push(piece).ok_or_else(|| changed(entry))
    })?;
    filling.end().ok_or_else(|| changed(entry))
}

/// A Python string of known length and width that is being filled.
struct Filling<'py> {
    string: Bound_<'py>,
    width: Width,
    chars: usize,
    filled: usize,
    /// The widest that has come.
    widest: Width,
}

impl<'py> Filling<'py> {
    fn new(py: Python<'py>, entry: &ContextHead) -> Result<Self, Fault> {
        let chars = usize::try_from(entry.chars).map_err(|_| no_memory(entry))?;
        let size = ffi::Py_ssize_t::try_from(chars).map_err(|_| no_memory(entry))?;
        let largest = match entry.width {
            Width::Ascii => 0x7f,
            Width::Latin1 => 0xff,
            Width::Basic => 0xffff,
            Width::Full => 0x10_ffff,
        };
        // SAFETY: the thread is attached. The new string is ours alone until `end`; null, with an exception, when there is
        // no memory for it.
        let string = unsafe { pyo3::Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(size, largest)) };
        let string = string.map_err(|_| no_memory(entry))?.cast_into::<PyString>().map_err(|_| no_memory(entry))?;
        Ok(Self { string, width: entry.width, chars, filled: 0, widest: Width::Ascii })
    }

    /// Puts a piece behind the others. `None` when it does not fit: then it is not the text that was measured.
    fn push(&mut self, piece: &str) -> Option<()> {
        let widest = Width::of_byte(piece.bytes().max().unwrap_or(0));
        let chars = if widest == Width::Ascii { piece.len() } else { piece.chars().count() };
        if widest > self.width || chars > self.chars - self.filled {
            return None;
        }
        // SAFETY: `PyUnicode_New` gave the string room for `self.chars` characters of `self.width`, of 1, 1, 2 or 4 bytes
        // each and aligned to that. Exactly `chars` are written behind the `self.filled` that have been, which fits, as was
        // just checked, and so does each of them, by `widest`. Nobody else has the string yet.
        unsafe {
            let data = ffi::PyUnicode_DATA(self.string.as_ptr());
            match self.width {
                Width::Ascii => {
                    std::ptr::copy_nonoverlapping(piece.as_ptr(), data.cast::<u8>().add(self.filled), piece.len());
                }
                Width::Latin1 => write(data.cast::<u8>().add(self.filled), piece, |c| c as u8),
                Width::Basic => write(data.cast::<u16>().add(self.filled), piece, |c| c as u16),
                Width::Full => write(data.cast::<u32>().add(self.filled), piece, |c| c),
            }
        }
        self.filled += chars;
        self.widest = self.widest.max(widest);
        Some(())
    }

    /// The string. `None` unless it is full and really as wide as it was made: CPython relies on that.
    fn end(self) -> Option<Bound_<'py>> {
        (self.filled == self.chars && self.widest == self.width).then_some(self.string)
    }
}

/// Writes a piece's characters one after the other.
///
/// # Safety
///
/// There is room at `to` for as many units as `piece` has characters.
unsafe fn write<T>(to: *mut T, piece: &str, unit: impl Fn(u32) -> T) {
    for (at, c) in piece.chars().enumerate() {
        // SAFETY: `at` is less than the number of characters.
        unsafe { to.add(at).write(unit(u32::from(c))) };
    }
}

fn failure(error: PyErr) -> Fault {
    Fault::new(FailureClass::Python, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_is_a_word_of_its_own() {
        assert!(names("json.loads(context)", "context") && names("context", "context"));
        assert!(!names("contexts['a'] + my_context", "context") && names("contexts['a']", "contexts"));
        assert!(!names("contextlib", "context") && names("é+context", "context"));
    }
}
