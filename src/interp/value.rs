//! The values that scripts handle beside Steel's own: responses, failures and handles.
//!
//! Not here: how a handle comes to its outcome (`sched`), and how values print (`print`).

use crate::wire::{Blame, FailureClass, Usage};
use std::{
    cell::RefCell,
    fmt,
    hash::{Hash, Hasher},
    rc::Rc,
};
use steel::{
    RootToken, SteelErr, SteelVal,
    gc::ShareableMut,
    parser::span::Span,
    rerrs::ErrorKind,
    rvals::{Custom, CustomType, IntoSteelVal, SteelByteVector, SteelString, as_underlying_type},
    steel_vm::primitives::META_MODULE,
};

/// What natives give back.
pub(crate) type Native = Result<SteelVal, SteelErr>;

/// A value that Rust holds on to. Steel's collector does not see what lies in Rust, so whatever could hold a box or a
/// mutable vector is registered as a root for as long as this lives.
pub(crate) struct Kept {
    // Dropped before `value`: freeing a root drops the collector's copy while its table is borrowed, so that copy must
    // never be the last one (its own drop could free another root).
    _root: Option<RootToken>,
    value: SteelVal,
}

impl Kept {
    pub(crate) fn new(value: SteelVal) -> Self {
        let plain = matches!(
            value,
            SteelVal::StringV(_)
                | SteelVal::IntV(_)
                | SteelVal::NumV(_)
                | SteelVal::BoolV(_)
                | SteelVal::CharV(_)
                | SteelVal::SymbolV(_)
                | SteelVal::BigNum(_)
                | SteelVal::Void
        ) || is_leaf(&value);
        Self { _root: (!plain).then(|| value.mark_rooted()), value }
    }

    pub(crate) fn get(&self) -> SteelVal {
        self.value.clone()
    }
}

/// How an operation ended.
pub(crate) type Outcome = Result<Kept, Kept>;

/// One answer. `#:data`, `finish`, `display`, `py-set!` take it as it is.
pub(crate) struct Response {
    pub(crate) text: SteelString,
    pub(crate) model: String,
    pub(crate) usage: Usage,
    pub(crate) cost_usd: Option<f64>,
    pub(crate) latency_ms: u32,
    pub(crate) attempts: u32,
    pub(crate) finish_reason: String,
}

impl Custom for Response {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        Some(Ok(format!("#<response {} {} tokens>", self.model, self.usage.output)))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| other.text == self.text && other.model == self.model)
    }
}

/// The kinds of exceptions that Racket knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exn {
    Fail,
    Contract,
    Arity,
    DivideByZero,
    Variable,
    Filesystem,
    Read,
    Syntax,
    User,
}

impl Exn {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fail => "exn:fail",
            Self::Contract => "exn:fail:contract",
            Self::Arity => "exn:fail:contract:arity",
            Self::DivideByZero => "exn:fail:contract:divide-by-zero",
            Self::Variable => "exn:fail:contract:variable",
            Self::Filesystem => "exn:fail:filesystem",
            Self::Read => "exn:fail:read",
            Self::Syntax => "exn:fail:syntax",
            Self::User => "exn:fail:user",
        }
    }
}

/// What a handler gets: a call that failed for good, or an error of the program (classes `script` and `python`).
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) class: FailureClass,
    /// What Racket calls it.
    pub(crate) kind: Exn,
    /// Whose doing it is, where the class does not say.
    pub(crate) blamed: Option<Blame>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Not a `String`: faults travel in results, and small they cost less.
    pub(crate) model: Option<Box<str>>,
    pub(crate) attempts: u32,
    /// Where it was raised, innermost first; source ids included.
    pub(crate) spans: Vec<Span>,
    /// What Steel itself said, when it was the one.
    pub(crate) steels: Option<Rc<String>>,
    /// The value given to `raise`, when it was no failure.
    pub(crate) payload: Option<Rc<Kept>>,
    /// Of class `items`, a map-async's results with the failures in their places; of what `error` raised, its message and
    /// a list of the other values.
    pub(crate) details: Option<Rc<Kept>>,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#<failure {}: {}>", self.class, self.message)
    }
}

impl Fault {
    pub(crate) fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            kind: Exn::Fail,
            blamed: None,
            message: message.into(),
            hint: None,
            model: None,
            attempts: 0,
            spans: Vec::new(),
            steels: None,
            payload: None,
            details: None,
        }
    }

    pub(crate) fn script(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Script, message)
    }

    /// A failure of a call's class that is the program's own doing.
    pub(crate) fn of_program(class: FailureClass, message: impl Into<String>) -> Self {
        Self { blamed: Some(Blame::Program), ..Self::new(class, message) }
    }

    /// Something that the program may not have.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self { blamed: Some(Blame::Limit), ..Self::script(message) }
    }

    pub(crate) fn blame(&self) -> Blame {
        self.blamed.unwrap_or(self.class.blame())
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn into_value(self) -> SteelVal {
        // A Custom value's conversion cannot fail: it only boxes.
        self.into_steelval().unwrap_or(SteelVal::Void)
    }

    pub(crate) fn kept(self) -> Kept {
        Kept::new(self.into_value())
    }
}

impl Custom for Fault {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        Some(Ok(format!("#<failure {}: {}>", self.class, self.message)))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other)
            .is_some_and(|other| other.class == self.class && other.message == self.message)
    }
}

/// What a handle knows of its operation.
pub(crate) enum TaskState {
    /// Under way, as the operation of this number.
    Running(super::sched::OpId),
    /// Ended.
    Done(Outcome),
}

/// An operation under way that a script holds by a handle.
pub(crate) struct Task {
    /// For messages: `#<async 17 running>`.
    pub(crate) number: u32,
    pub(crate) state: RefCell<TaskState>,
    /// Whether anybody ever asked for the outcome; a failed `spawn` that nobody awaited warns.
    pub(crate) awaited: std::cell::Cell<bool>,
    /// Whether its own deadline ended it (`with-deadline`).
    pub(crate) expired: std::cell::Cell<bool>,
    /// When it ended, among the others.
    pub(crate) ended: std::cell::Cell<Option<u64>>,
}

/// What `llm-query-async` and `spawn` give.
pub(crate) struct Handle(pub(crate) Rc<Task>);

impl Custom for Handle {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        let state = match &*self.0.state.borrow() {
            TaskState::Running(_) => "running",
            TaskState::Done(Ok(_)) => "done",
            TaskState::Done(Err(_)) => "failed",
        };
        Some(Ok(format!("#<async {} {state}>", self.0.number)))
    }

    // Steel takes two values of one type for equal unless this says otherwise.
    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| Rc::ptr_eq(&other.0, &self.0))
    }
}

pub(crate) fn with_custom<T: Custom + 'static, R>(value: &SteelVal, f: impl FnOnce(&T) -> R) -> Option<R> {
    match value {
        SteelVal::Custom(custom) => as_underlying_type::<T>(custom.read().as_ref()).map(f),
        _ => None,
    }
}

/// Reads a response.
pub(crate) fn with_response<R>(value: &SteelVal, f: impl FnOnce(&Response) -> R) -> Option<R> {
    with_custom(value, f)
}

/// Reads a failure.
pub(crate) fn with_fault<R>(value: &SteelVal, f: impl FnOnce(&Fault) -> R) -> Option<R> {
    with_custom(value, f)
}

/// The operation behind a handle.
pub(crate) fn as_handle(value: &SteelVal) -> Option<Rc<Task>> {
    with_custom(value, |handle: &Handle| handle.0.clone())
}

/// The text of a response.
pub(crate) fn response_text(value: &SteelVal) -> Option<SteelString> {
    with_response(value, |r| r.text.clone())
}

/// A failure's class and message.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) fn failure_parts(value: &SteelVal) -> Option<(FailureClass, String)> {
    with_fault(value, |f| (f.class, f.message.clone()))
}

/// Whether it is a handle.
pub(crate) fn is_handle(value: &SteelVal) -> bool {
    as_handle(value).is_some()
}

/// A value of ours that holds no other Steel values.
fn is_leaf(value: &SteelVal) -> bool {
    with_response(value, |_| ()).is_some()
}

/// A Steel value of one of our types. Boxing cannot fail.
pub(crate) fn custom<T: Custom + 'static>(value: T) -> SteelVal {
    value.into_steelval().unwrap_or(SteelVal::Void)
}

/// A Scheme string.
pub(crate) fn string(text: impl Into<String>) -> SteelVal {
    SteelVal::StringV(text.into().into())
}

/// A Scheme symbol.
pub(crate) fn symbol(name: &str) -> SteelVal {
    SteelVal::SymbolV(name.into())
}

/// An error that scripts can catch; Steel adds the place of the call.
pub(crate) fn error(message: impl Into<String>) -> SteelErr {
    SteelErr::new(ErrorKind::Generic, message.into())
}

/// The text of what goes as text everywhere: strings, symbols, characters, responses.
pub(crate) fn text_like(value: &SteelVal) -> Option<String> {
    match value {
        SteelVal::StringV(s) => Some(s.to_string()),
        SteelVal::SymbolV(s) => Some(s.to_string()),
        SteelVal::CharV(c) => Some(c.to_string()),
        other => response_text(other).map(|s| s.to_string()),
    }
}

/// The names of a record's fields. Steel keeps them among the struct's properties, which it shows to Scheme alone.
pub(crate) fn field_names(record: &SteelVal) -> Option<Vec<SteelVal>> {
    let property = META_MODULE.with(|module| module.try_get("#%struct-property-ref".to_owned()))?;
    let args = [record.clone(), SteelVal::SymbolV("#:fields".into())];
    let names = match property {
        SteelVal::BoxedFunction(function) => function.func()(&args),
        SteelVal::FuncV(function) => function(&args),
        _ => return None,
    };
    match names {
        Ok(SteelVal::ListV(names)) => Some(names.iter().cloned().collect()),
        _ => None,
    }
}

/// Looks at the bytes of a byte vector. Steel 0.8.3 shows them to its own crate alone, except by hashing them: that hashes
/// the length and then all the bytes.
pub(crate) fn with_bytes<R>(bytes: &SteelByteVector, look: impl FnOnce(&[u8]) -> R) -> R {
    struct Look<F, R>(Option<F>, Option<R>);
    impl<R, F: FnOnce(&[u8]) -> R> Hasher for Look<F, R> {
        fn write(&mut self, bytes: &[u8]) {
            self.1 = self.0.take().map(|look| look(bytes));
        }
        fn write_usize(&mut self, _length: usize) {}
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut looking = Look(Some(look), None);
    bytes.hash(&mut looking);
    looking.1.expect("a byte vector is hashed in one piece")
}

/// A copy of them.
pub(crate) fn bytes(bytes: &SteelByteVector) -> Vec<u8> {
    with_bytes(bytes, <[u8]>::to_vec)
}
