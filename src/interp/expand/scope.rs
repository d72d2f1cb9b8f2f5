//! What names mean where.
//!
//! A scope is a frame of bindings in another scope. A name that a macro brought in and that nothing binds under itself
//! means what the name it stands for means where the macro was defined.

use super::{
    Form,
    rules::Rules,
    syntax::{Name, Syntax},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

/// A frame of bindings, and what lies round it.
#[derive(Clone)]
pub(crate) struct Scope(Rc<Frame>);

struct Frame {
    bindings: RefCell<HashMap<Name, Binding>>,
    outer: Option<Scope>,
}

/// What a name means.
#[derive(Clone)]
pub(crate) enum Binding {
    /// A variable of a procedure.
    Local(Rc<Local>),
    /// A variable of the program's top level.
    Global(Rc<Global>),
    /// A form that is made of others: `syntax-rules`, or Rust.
    Rules(Rc<Rules>),
    Form(Form),
    /// A form that everything else is made of.
    Core(super::Core),
    /// A record's name.
    Record(Rc<Record>),
}

/// A variable of a procedure.
pub(crate) struct Local {
    pub(crate) word: Rc<str>,
    /// No other variable of the program has it.
    pub(crate) number: usize,
    /// How many procedures lie round it.
    pub(crate) depth: usize,
    /// Whether `set!` names it.
    pub(crate) assigned: Cell<bool>,
    /// Whether an inner procedure names it.
    pub(crate) captured: Cell<bool>,
    /// Whether its definition lies ahead of what is being expanded, or is that.
    pub(crate) pending: Cell<bool>,
    /// Whether it is named otherwise than to be called.
    pub(crate) shown: Cell<bool>,
    /// Whether a procedure names it before it has a value.
    pub(crate) early: Cell<bool>,
    /// The arguments that it takes, when it is a procedure that is never assigned.
    pub(crate) arity: Cell<Option<Arity>>,
}

impl Local {
    /// It gets its value from here on, of a procedure or by computing. What is computed lives in a box if a procedure has
    /// captured the variable by then.
    pub(crate) fn defined(&self, as_procedure: bool) {
        self.pending.set(false);
        if self.early.get() && !as_procedure {
            self.assigned.set(true);
        }
    }

    /// Steel loses variables that are assigned to, or takes them for others, where procedures are made, where calls are
    /// replaced by what they call, and where a continuation is entered again: they live in a box of our own.
    pub(crate) fn boxed(&self) -> bool {
        self.assigned.get()
    }
}

/// A variable of the top level.
pub(crate) struct Global {
    /// What programs call it.
    pub(crate) word: Rc<str>,
    /// What Steel calls it.
    pub(crate) steel: Rc<str>,
    /// Whether it is the language's own, which programs do not assign to.
    pub(crate) own: bool,
    /// Whether Steel was given its definition: another gives it a new value, which procedures of earlier programs see.
    pub(crate) made: Cell<bool>,
    pub(crate) assigned: Cell<bool>,
    /// Whether its definition lies ahead of what is being expanded, or is that.
    pub(crate) pending: Cell<bool>,
    /// Whether the program that was to define it ended before it did.
    pub(crate) lost: Cell<bool>,
    pub(crate) arity: Cell<Option<Arity>>,
}

impl Global {
    pub(crate) fn new(word: &str, steel: &str, own: bool) -> Self {
        Self {
            word: word.into(),
            steel: steel.into(),
            own,
            made: Cell::new(false),
            assigned: Cell::new(false),
            pending: Cell::new(false),
            lost: Cell::new(false),
            arity: Cell::new(None),
        }
    }
}

/// How many arguments a procedure takes: at least, at most. Those with keywords count for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arity {
    pub(crate) least: usize,
    pub(crate) most: Option<usize>,
}

impl Arity {
    /// As `dialect::takes` reads it.
    pub(crate) fn told(self) -> String {
        match self.most {
            Some(most) => format!("{}-{most}", self.least),
            None => format!("{}+", self.least),
        }
    }

    pub(crate) fn takes(self, count: usize) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }
}

/// What the forms know of a record's type: `struct-copy`, `match` and sub-types need it.
pub(crate) struct Record {
    /// The expression that is the type itself: `struct:point`.
    pub(crate) descriptor: Syntax,
    pub(crate) constructor: Syntax,
    pub(crate) predicate: Syntax,
    /// Every field's name, its parent's first, with the procedure that reads it and the one that sets it.
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) word: Rc<str>,
    pub(crate) accessor: Syntax,
    pub(crate) mutator: Option<Syntax>,
}

impl Scope {
    /// The outermost one.
    pub(crate) fn outermost() -> Self {
        Self(Rc::new(Frame { bindings: RefCell::default(), outer: None }))
    }

    /// Whether it is the very same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// An empty one within this.
    pub(crate) fn inner(&self) -> Self {
        Self(Rc::new(Frame { bindings: RefCell::default(), outer: Some(self.clone()) }))
    }

    pub(crate) fn bind(&self, name: Name, binding: Binding) {
        self.0.bindings.borrow_mut().insert(name, binding);
    }

    /// Whether this very frame binds it.
    pub(crate) fn binds(&self, name: &Name) -> bool {
        self.0.bindings.borrow().contains_key(name)
    }

    /// What this very frame binds it to.
    pub(crate) fn bound(&self, name: &Name) -> Option<Binding> {
        self.0.bindings.borrow().get(name).cloned()
    }

    /// The words that this very frame binds.
    pub(crate) fn words(&self) -> Vec<Rc<str>> {
        self.0.bindings.borrow().keys().map(|name| name.word().clone()).collect()
    }

    /// What a name means here.
    pub(crate) fn find(&self, name: &Name) -> Option<Binding> {
        let mut frame = Some(self);
        while let Some(scope) = frame {
            if let Some(binding) = scope.0.bindings.borrow().get(name) {
                return Some(binding.clone());
            }
            frame = scope.0.outer.as_ref();
        }
        match name {
            Name::Plain(_) => None,
            Name::Alias(alias) => alias.scope.find(&alias.of),
        }
    }

    /// Whether two names mean the same, each in its scope: the same binding, or none and the same word.
    pub(crate) fn same(&self, a: &Name, other: &Self, b: &Name) -> bool {
        match (self.find(a), other.find(b)) {
            (None, None) => a.word() == b.word(),
            (Some(a), Some(b)) => a.is(&b),
            _ => false,
        }
    }
}

impl Binding {
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Local(a), Self::Local(b)) => Rc::ptr_eq(a, b),
            (Self::Global(a), Self::Global(b)) => Rc::ptr_eq(a, b),
            (Self::Rules(a), Self::Rules(b)) => Rc::ptr_eq(a, b),
            (Self::Record(a), Self::Record(b)) => Rc::ptr_eq(a, b),
            (Self::Form(a), Self::Form(b)) => std::ptr::fn_addr_eq(*a, *b),
            (Self::Core(a), Self::Core(b)) => a == b,
            _ => false,
        }
    }
}
