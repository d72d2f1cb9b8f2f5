//! Functions of the embedding program's own: a script calls one by its name, it runs here, and the fiber that called it
//! waits as for a model's answer. Nothing is charged for it.

use super::{Calls, told};
use crate::{
    error::Error,
    interp::reference,
    wire::{CallHead, FUNCTION_FAILED, FUNCTION_MISUSED, FunctionHead, ToSession, WireError},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    pin::Pin,
    sync::{Arc, OnceLock},
};
use tokio::task::AbortHandle;

/// What became of a function: its value as JSON, or a reason to fail and the words for it.
type Became = Result<String, (&'static str, String)>;
type Body = dyn Fn(&[u8]) -> Pin<Box<dyn Future<Output = Became> + Send>> + Send + Sync;

const PANICKED: &str = "the embedding program's function panicked";

/// A function of the embedding program's, which scripts call like any procedure. It runs on the host, asynchronously, and
/// only the fiber that calls it waits.
///
/// Values travel as JSON: objects are hashes with symbol keys, arrays lists, null is void.
#[derive(Clone)]
pub struct Function {
    name: Arc<str>,
    doc: Arc<str>,
    body: Arc<Body>,
}

impl Function {
    /// A function that scripts call by `name`; `doc` is what `(help name)` shows.
    ///
    /// `f` takes its arguments as a tuple, such as `(city, days): (String, u32)`, or as a `Vec<serde_json::Value>` when it
    /// takes any. Keywords of the call come behind the others, all together as one object. An error becomes a failure of
    /// class `server`, which scripts can catch; arguments that do not fit, one of class `script`.
    pub fn new<A, F, R, E>(name: &str, doc: &str, f: impl Fn(A) -> F + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned,
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: fmt::Display,
    {
        let body = move |arguments: &[u8]| -> Pin<Box<dyn Future<Output = Became> + Send>> {
            // Nothing is no sequence to serde.
            let parsed = serde_json::from_slice(arguments)
                .or_else(|e| if arguments == b"[]" { serde_json::from_slice(b"null").map_err(|_| e) } else { Err(e) });
            match parsed {
                Err(e) => {
                    let why = format!("it does not take these arguments: {e}");
                    Box::pin(std::future::ready(Err((FUNCTION_MISUSED, why))))
                }
                Ok(arguments) => {
                    let running = f(arguments);
                    Box::pin(async move {
                        let value = running.await.map_err(|e| (FUNCTION_FAILED, e.to_string()))?;
                        serde_json::to_string(&value).map_err(|e| (FUNCTION_FAILED, format!("no JSON: {e}")))
                    })
                }
            }
        };
        Self { name: name.into(), doc: doc.into(), body: Arc::new(body) }
    }

    /// A function that is not async, which runs on a thread of its own. Nothing can end it before it returns.
    pub fn blocking<A, R, E>(name: &str, doc: &str, f: impl Fn(A) -> Result<R, E> + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        R: Serialize + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let f = Arc::new(f);
        Self::new(name, doc, move |arguments: A| {
            let f = f.clone();
            async move {
                let ran = tokio::task::spawn_blocking(move || f(arguments).map_err(|e| e.to_string()));
                ran.await.unwrap_or_else(|_| Err(PANICKED.into()))
            }
        })
    }

    /// What sessions are told of it. Fails when scripts could not say its name, or know it already.
    fn head(&self) -> Result<FunctionHead, Error> {
        let sayable = |c: char| c.is_ascii_alphanumeric() || "!?*<>=/+-_:".contains(c);
        let name = &*self.name;
        let bad = |message: String| Error::Usage { message, hint: Some("give it another name".into()) };
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(sayable) {
            return Err(bad(format!(
                "`{name}` cannot be the name of a function: it begins with a letter, and has no space"
            )));
        }
        static DIALECT: OnceLock<HashSet<String>> = OnceLock::new();
        let words = || reference::sections().into_iter().flat_map(|section| section.entries.into_keys()).collect();
        if crate::primitives::find(name).is_some() || DIALECT.get_or_init(words).contains(name) {
            return Err(bad(format!("`{name}` cannot be the name of a function: it is in the reference")));
        }
        Ok(FunctionHead { name: name.into(), doc: self.doc.to_string() })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A session's functions, and their calls under way.
#[derive(Default)]
pub(super) struct Functions {
    known: HashMap<Arc<str>, Function>,
    /// By the call's number.
    running: HashMap<u32, Running>,
    /// How many calls there have been.
    calls: u64,
}

struct Running {
    task: AbortHandle,
    /// What it counts for, in bytes.
    weight: u64,
    /// Which call it is, of all that have had this number.
    which: u64,
}

impl Calls {
    /// Lets programs call these, too.
    pub(in crate::session) fn serve(&self, functions: &[Function]) -> Result<(), Error> {
        let heads = functions.iter().map(Function::head).collect::<Result<Vec<_>, _>>()?;
        let table = postcard::to_stdvec(&heads).map_err(|e| Error::interpreter(e.to_string()))?;
        self.frame(&ToSession::Functions, &table).map_err(|e| Error::interpreter(e.to_string()))?;
        self.lock().functions.known.extend(functions.iter().map(|function| (function.name.clone(), function.clone())));
        Ok(())
    }

    /// A script calls one.
    pub(super) fn call_function(&self, head: &CallHead, arguments: Bytes, weight: u64) -> Result<(), WireError> {
        let id = head.id;
        let mut inner = self.lock();
        let known = &inner.functions.known;
        let Some(function) = head.model.as_deref().and_then(|name| known.get(name)).cloned() else {
            return Err(WireError::Head);
        };
        if inner.open.contains_key(&id) || inner.functions.running.contains_key(&id) {
            return Err(WireError::Head);
        }
        let me = self.me.clone();
        // In a task of its own: what panics there ends nothing else.
        let task = tokio::spawn(async move { (function.body)(&arguments).await });
        inner.functions.calls += 1;
        let which = inner.functions.calls;
        let running = Running { task: task.abort_handle(), weight, which };
        tokio::spawn(async move {
            let became = match task.await {
                Ok(became) => became,
                Err(e) if e.is_panic() => Err((FUNCTION_FAILED, PANICKED.into())),
                // Whoever ended it has answered.
                Err(_) => return,
            };
            if let Some(me) = me.upgrade() {
                me.function_ended(id, which, became);
            }
        });
        inner.waiting += weight;
        inner.functions.running.insert(id, running);
        Ok(())
    }

    fn function_ended(&self, id: u32, which: u64, became: Became) {
        let mut inner = self.lock();
        // Cancelled meanwhile: its number may belong to another by now.
        if inner.functions.running.get(&id).is_none_or(|running| running.which != which) {
            return;
        }
        let Some(Running { weight, .. }) = inner.functions.running.remove(&id) else { return };
        inner.waiting -= weight;
        inner.credit += weight;
        let (reason, text) = match became {
            Ok(text) => ("", text),
            Err((reason, text)) => (reason, text),
        };
        if self.push(&mut inner, &ToSession::Done { id, head: told::head(reason) }, text.as_bytes()).is_err() {
            let head = told::head(FUNCTION_FAILED);
            let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"its value is too large");
        }
    }

    /// Ends one whose value nobody wants any more. Whether there was one of this number.
    pub(super) fn cancel_function(&self, id: u32) -> bool {
        let running = self.lock().functions.running.get(&id).map(|running| (running.task.clone(), running.which));
        let found = running.is_some();
        if let Some((task, which)) = running {
            task.abort();
            self.function_ended(id, which, Err((FUNCTION_FAILED, "it was cancelled".into())));
        }
        found
    }

    /// Ends them all.
    pub(super) fn cancel_functions(&self) {
        let all: Vec<u32> = self.lock().functions.running.keys().copied().collect();
        for id in all {
            self.cancel_function(id);
        }
    }
}
