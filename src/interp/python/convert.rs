//! Values from Python to Scheme and back, exactly: no text in between, no rounding, no silent loss.
//!
//! From Python, a value is converted by its type, subclasses included (a `Counter` is a dict); whatever has no
//! counterpart stays in Python behind a [`PyObjectHandle`], which goes back as the very object. What the other side
//! cannot hold is an error: a lone surrogate, a procedure, two keys that Python takes for one. Not here: sharing (what
//! is reachable twice is converted twice) and cycles (they end at [`MAX_DEPTH`]).

use std::fmt;

use num_bigint::BigInt;
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{
        PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple,
    },
};
use steel::{
    SteelVal,
    gc::{Gc, ShareableMut},
    rvals::{Custom, CustomType, SteelByteVector, as_underlying_type},
};

use crate::interp::{
    dialect::{hashes, records},
    value::{self, failure_parts, is_handle, response_text},
};

/// How deep a value may be nested. A level costs some hundred bytes of stack, in Steel's destructors too.
pub(super) const MAX_DEPTH: usize = 10_000;

/// A conversion's value, or why there is none.
type Result<T> = std::result::Result<T, String>;

/// A Python object that has no counterpart in Scheme. `equal?` asks Python's `==`.
pub(crate) struct PyObjectHandle(Py<PyAny>);

impl PyObjectHandle {
    /// The object as a Scheme value.
    pub(super) fn value(object: Bound<'_, PyAny>) -> SteelVal {
        SteelVal::Custom(Gc::new_mut(Box::new(Self(object.unbind())) as Box<dyn CustomType>))
    }
}

impl Custom for PyObjectHandle {
    fn fmt(&self) -> Option<std::result::Result<String, fmt::Error>> {
        Python::attach(|py| Some(Ok(format!("#<python {}>", type_name(self.0.bind(py))))))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| {
            Python::attach(|py| self.0.is(&other.0) || self.0.bind(py).eq(other.0.bind(py)).unwrap_or(false))
        })
    }
}

/// Whether a value is a Python object behind a handle.
#[cfg(test)]
pub(crate) fn is_python(value: &SteelVal) -> bool {
    matches!(value, SteelVal::Custom(custom) if as_underlying_type::<PyObjectHandle>(custom.read().as_ref()).is_some())
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The text of a Python string.
pub(super) fn text(object: &Bound<'_, PyAny>) -> Result<String> {
    let string = object.cast::<PyString>().map_err(|err| err.to_string())?;
    string.to_str().map(str::to_owned).map_err(|_| {
        "a Python string holds a lone surrogate (half a character), which Scheme strings cannot; \
         clean it with `s.encode('utf-8', 'replace').decode()`"
            .to_owned()
    })
}

/// The text of a Python string for people, a lone surrogate replaced.
pub(super) fn lossy_text(object: &Bound<'_, PyAny>) -> String {
    object.cast::<PyString>().map_or_else(|_| String::new(), |string| string.to_string_lossy().into_owned())
}

/// One level further down.
fn deeper(depth: usize) -> Result<usize> {
    if depth < MAX_DEPTH {
        Ok(depth + 1)
    } else {
        Err(format!("a value is nested more than {MAX_DEPTH} levels deep, or contains itself"))
    }
}

/// A Python value in Scheme.
pub(super) fn to_steel(object: &Bound<'_, PyAny>) -> Result<SteelVal> {
    from_python(object, 0)
}

fn from_python(object: &Bound<'_, PyAny>, depth: usize) -> Result<SteelVal> {
    if object.is_none() {
        Ok(SteelVal::Void)
    } else if object.is_instance_of::<PyString>() {
        Ok(SteelVal::StringV(text(object)?.into()))
    } else if let Ok(value) = object.cast::<PyBool>() {
        Ok(SteelVal::BoolV(value.is_true()))
    } else if object.is_instance_of::<PyInt>() {
        integer(object)
    } else if let Ok(value) = object.cast::<PyFloat>() {
        Ok(SteelVal::NumV(value.value()))
    } else if let Ok(items) = object.cast::<PyList>() {
        list(items.iter(), depth)
    } else if let Ok(items) = object.cast::<PyTuple>() {
        list(items.iter(), depth)
    } else if let Ok(dict) = object.cast::<PyDict>() {
        hash(dict, depth)
    } else if let Ok(items) = object.cast::<PySet>() {
        hash_set(items.iter(), depth)
    } else if let Ok(items) = object.cast::<PyFrozenSet>() {
        hash_set(items.iter(), depth)
    } else if let Ok(bytes) = object.cast::<PyBytes>() {
        Ok(SteelVal::ByteVector(SteelByteVector::new(bytes.as_bytes().to_vec())))
    } else if let Ok(bytes) = object.cast::<PyByteArray>() {
        Ok(SteelVal::ByteVector(SteelByteVector::new(bytes.to_vec())))
    } else {
        Ok(PyObjectHandle::value(object.clone()))
    }
}

fn integer(object: &Bound<'_, PyAny>) -> Result<SteelVal> {
    if let Ok(small) = object.extract::<isize>() {
        return Ok(SteelVal::IntV(small));
    }
    let big = object.extract::<BigInt>().map_err(|err| err.to_string())?;
    Ok(SteelVal::BigNum(Gc::new(big)))
}

fn list<'py>(items: impl Iterator<Item = Bound<'py, PyAny>>, depth: usize) -> Result<SteelVal> {
    let depth = deeper(depth)?;
    let items = items.map(|item| from_python(&item, depth)).collect::<Result<Vec<_>>>()?;
    Ok(SteelVal::ListV(items.into()))
}

fn hash(dict: &Bound<'_, PyDict>, depth: usize) -> Result<SteelVal> {
    let depth = deeper(depth)?;
    let mut pairs = Vec::with_capacity(dict.len());
    for (key, value) in dict.iter() {
        let textual = key.is_instance_of::<PyString>();
        let key = if textual { SteelVal::SymbolV(text(&key)?.into()) } else { from_python(&key, depth)? };
        pairs.push((key, from_python(&value, depth)?));
    }
    Ok(hashes::immutable(hashes::Kind::Equal, pairs))
}

fn hash_set<'py>(items: impl Iterator<Item = Bound<'py, PyAny>>, depth: usize) -> Result<SteelVal> {
    let depth = deeper(depth)?;
    let items = items.map(|item| from_python(&item, depth)).collect::<Result<Vec<_>>>()?;
    Ok(hashes::immutable_set(hashes::Kind::Equal, items))
}

/// A Scheme value in Python.
pub(super) fn to_python<'py>(py: Python<'py>, value: &SteelVal) -> Result<Bound<'py, PyAny>> {
    Writer { py, hashable: false }.value(value, 0)
}

/// Builds Python objects.
#[derive(Clone, Copy)]
struct Writer<'py> {
    py: Python<'py>,
    /// Whether the object will be a key: then lists become tuples and sets frozen.
    hashable: bool,
}

impl<'py> Writer<'py> {
    fn value(self, value: &SteelVal, depth: usize) -> Result<Bound<'py, PyAny>> {
        let py = self.py;
        Ok(match value {
            SteelVal::Void => py.None().into_bound(py),
            SteelVal::BoolV(value) => PyBool::new(py, *value).to_owned().into_any(),
            SteelVal::IntV(value) => self.object(*value)?,
            SteelVal::BigNum(value) => self.object(&**value)?,
            SteelVal::NumV(value) => PyFloat::new(py, *value).into_any(),
            SteelVal::Rational(value) => self.fraction(self.object(*value.numer())?, self.object(*value.denom())?)?,
            SteelVal::BigRational(value) => self.fraction(self.object(value.numer())?, self.object(value.denom())?)?,
            SteelVal::Complex(value) => {
                PyComplex::from_doubles(py, self.double(&value.re)?, self.double(&value.im)?).into_any()
            }
            SteelVal::StringV(text) | SteelVal::SymbolV(text) => PyString::new(py, text.as_str()).into_any(),
            SteelVal::CharV(char) => PyString::new(py, char.encode_utf8(&mut [0; 4])).into_any(),
            SteelVal::ByteVector(bytes) => PyBytes::new(py, &value::bytes(bytes)).into_any(),
            SteelVal::ListV(items) => self.list(items.iter(), depth)?,
            SteelVal::VectorV(items) => self.list(items.iter(), depth)?,
            SteelVal::MutableVector(items) => items.borrow(|items| self.list(items.iter(), depth))?,
            SteelVal::Pair(pair) => {
                let depth = deeper(depth)?;
                let both = [self.value(pair.car_ref(), depth)?, self.value(pair.cdr_ref(), depth)?];
                PyTuple::new(py, both).map_err(|err| err.to_string())?.into_any()
            }
            SteelVal::HashMapV(_) | SteelVal::CustomStruct(_) => {
                match (hashes::sorted(value), hashes::shown_set(value)) {
                    (Some(entries), _) => self.dict(entries.len(), entries.iter().map(|(k, v)| (k, v)), depth)?,
                    (None, Some((_, items))) => self.set(items.len(), items.iter(), depth)?,
                    (None, None) => self.record(value, depth)?,
                }
            }
            SteelVal::Boxed(content) => self.value(&content.read(), deeper(depth)?)?,
            SteelVal::HeapAllocated(content) => {
                let depth = deeper(depth)?;
                content.borrow(|content| self.value(content, depth))?
            }
            SteelVal::Custom(_) => self.custom(value)?,
            SteelVal::FutureV(_) => return Err(async_handle()),
            SteelVal::ContinuationFunction(_) | SteelVal::FutureFunc(_) => return Err(procedure()),
            _ if value.is_function() => return Err(procedure()),
            other => return Err(format!("`{other}` has no counterpart in Python")),
        })
    }

    /// A number that pyo3 converts itself.
    fn object<T: IntoPyObject<'py>>(self, value: T) -> Result<Bound<'py, PyAny>> {
        value.into_bound_py_any(self.py).map_err(|err| err.to_string())
    }

    fn fraction(self, numerator: Bound<'py, PyAny>, denominator: Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        let fractions = self.py.import("fractions").map_err(|err| err.to_string())?;
        fractions.call_method1("Fraction", (numerator, denominator)).map_err(|err| err.to_string())
    }

    /// A part of a complex number: Python knows doubles only there.
    fn double(self, part: &SteelVal) -> Result<f64> {
        self.value(part, 0)?.extract().map_err(|err: PyErr| err.to_string())
    }

    fn list<'a>(self, items: impl Iterator<Item = &'a SteelVal>, depth: usize) -> Result<Bound<'py, PyAny>> {
        let depth = deeper(depth)?;
        let items = items.map(|item| self.value(item, depth)).collect::<Result<Vec<_>>>()?;
        if self.hashable {
            PyTuple::new(self.py, items).map(Bound::into_any)
        } else {
            PyList::new(self.py, items).map(Bound::into_any)
        }
        .map_err(|err| err.to_string())
    }

    fn dict<'a>(
        self,
        len: usize,
        entries: impl Iterator<Item = (&'a SteelVal, &'a SteelVal)>,
        depth: usize,
    ) -> Result<Bound<'py, PyAny>> {
        if self.hashable {
            return Err("a hash cannot be a key in Python".to_owned());
        }
        let depth = deeper(depth)?;
        let dict = PyDict::new(self.py);
        for (key, value) in self.sorted_keys(entries, depth)? {
            dict.set_item(key, self.value(value, depth)?).map_err(|err| err.to_string())?;
        }
        all_there(len, dict.len())?;
        Ok(dict.into_any())
    }

    fn set<'a>(self, len: usize, items: impl Iterator<Item = &'a SteelVal>, depth: usize) -> Result<Bound<'py, PyAny>> {
        let depth = deeper(depth)?;
        let items = self.sorted_keys(items.map(|item| (item, ())), depth)?.into_iter().map(|(item, ())| item);
        if self.hashable {
            let set = PyFrozenSet::new(self.py, items).map_err(|err| err.to_string())?;
            all_there(len, set.len())?;
            Ok(set.into_any())
        } else {
            let set = PySet::new(self.py, items).map_err(|err| err.to_string())?;
            all_there(len, set.len())?;
            Ok(set.into_any())
        }
    }

    /// Converts keys, in an order that does not depend on the run: Steel's own does.
    fn sorted_keys<'a, T>(
        self,
        entries: impl Iterator<Item = (&'a SteelVal, T)>,
        depth: usize,
    ) -> Result<Vec<(Bound<'py, PyAny>, T)>> {
        let writer = Self { hashable: true, ..self };
        let mut keys = entries
            .map(|(key, with)| {
                let object = writer.value(key, depth)?;
                Ok((KeyOrder::of(key, &object), object, with))
            })
            .collect::<Result<Vec<_>>>()?;
        keys.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        Ok(keys.into_iter().map(|(_, object, with)| (object, with)).collect())
    }

    /// A record as a dict of its fields, in their order.
    fn record(self, value: &SteelVal, depth: usize) -> Result<Bound<'py, PyAny>> {
        let SteelVal::CustomStruct(record) = value else { return Err(format!("`{value}` is no record")) };
        let depth = deeper(depth)?;
        let writer = Self { hashable: false, ..self };
        if let Some(fields) = records::named_fields(value) {
            let dict = PyDict::new(self.py);
            for (name, field) in fields {
                dict.set_item(name, writer.value(&field, depth)?).map_err(|err| err.to_string())?;
            }
            return Ok(dict.into_any());
        }
        let fields = (0..).map_while(|index| record.get_index(index));
        match value::field_names(value) {
            Some(names) => {
                let dict = PyDict::new(self.py);
                for (name, field) in names.iter().zip(fields) {
                    let entry = (writer.value(name, depth)?, writer.value(field, depth)?);
                    dict.set_item(entry.0, entry.1).map_err(|err| err.to_string())?;
                }
                Ok(dict.into_any())
            }
            // Steel's own results and options have no names for their fields.
            None => {
                let name = SteelVal::SymbolV(record.name().resolve().into());
                writer.list(std::iter::once(&name).chain(fields), depth)
            }
        }
    }

    fn custom(self, value: &SteelVal) -> Result<Bound<'py, PyAny>> {
        if let SteelVal::Custom(custom) = value
            && let Some(handle) = as_underlying_type::<PyObjectHandle>(custom.read().as_ref())
        {
            return Ok(handle.0.bind(self.py).clone());
        }
        if let Some(text) = response_text(value) {
            return Ok(PyString::new(self.py, text.as_str()).into_any());
        }
        if let Some((class, message)) = failure_parts(value) {
            let dict = PyDict::new(self.py);
            dict.set_item("error", message).map_err(|err| err.to_string())?;
            dict.set_item("class", class.name()).map_err(|err| err.to_string())?;
            return Ok(dict.into_any());
        }
        Err(if is_handle(value) { async_handle() } else { format!("`{value}` has no counterpart in Python") })
    }
}

fn procedure() -> String {
    "a procedure cannot go to Python: call it here and pass its value".to_owned()
}

fn async_handle() -> String {
    "an async handle cannot go to Python: `await` it first".to_owned()
}

/// Scheme tells `1` from `1.0`, and `'a` from `"a"`; as keys Python does not.
fn all_there(wanted: usize, there: usize) -> Result<()> {
    if wanted == there { Ok(()) } else { Err("two of the keys are the same one in Python".to_owned()) }
}

/// Where a key stands among the others.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum KeyOrder {
    Int(isize),
    Text(String),
    Other(String),
}

impl KeyOrder {
    fn of(key: &SteelVal, object: &Bound<'_, PyAny>) -> Self {
        match key {
            SteelVal::IntV(value) => Self::Int(*value),
            SteelVal::StringV(text) | SteelVal::SymbolV(text) => Self::Text(text.to_string()),
            _ => Self::Other(object.repr().map_or_else(|_| type_name(object), |repr| lossy_text(&repr))),
        }
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
