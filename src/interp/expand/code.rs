//! What is left of a program once its forms are expanded.

use super::{
    scope::{Arity, Global, Local},
    syntax::{Span, Syntax},
};
use std::rc::Rc;

/// An expression, with the place of what it came from.
pub(crate) struct Code {
    pub(crate) op: Op,
    pub(crate) span: Span,
}

pub(crate) enum Op {
    /// A datum.
    Quote(Syntax),
    Local(Rc<Local>),
    Global(Rc<Global>),
    /// What Steel, or the prelude that Steel itself read, calls by this name.
    Native(Rc<str>),
    If(Box<Code>, Box<Code>, Box<Code>),
    Lambda(Rc<Lambda>),
    Call(Vec<Code>),
    Let(Vec<(Rc<Local>, Code)>, Box<Code>),
    /// Definitions and expressions that see each other, and what the last one gives.
    Body(Vec<(Option<Rc<Local>>, Code)>, Box<Code>),
    /// `set!`; its value is void.
    SetLocal(Rc<Local>, Box<Code>),
    SetGlobal(Rc<Global>, Box<Code>),
    Begin(Vec<Code>),
}

pub(crate) struct Lambda {
    pub(crate) params: Vec<Rc<Local>>,
    pub(crate) rest: Option<Rc<Local>>,
    pub(crate) body: Code,
    /// What it takes as it was written, with the parameters that may be left out.
    pub(crate) takes: Arity,
    /// The same of one with keywords or several cases, as `dialect::takes` reads it.
    pub(crate) more: Option<Rc<str>>,
}

/// A form of the program's top level.
pub(crate) enum Top {
    Define(Rc<Global>, Code),
    /// Several names from a list of their values.
    DefineList(Vec<Rc<Global>>, Code),
    /// An expression, and what prints its value, if anything does.
    Run(Code, Option<&'static str>),
}

impl Top {
    /// What is computed.
    pub(crate) fn code(&self) -> &Code {
        match self {
            Self::Define(_, code) | Self::DefineList(_, code) | Self::Run(code, _) => code,
        }
    }

    /// The variables that it defines.
    pub(crate) fn defined(&self) -> &[Rc<Global>] {
        match self {
            Self::Define(global, _) => std::slice::from_ref(global),
            Self::DefineList(globals, _) => globals,
            Self::Run(..) => &[],
        }
    }
}

/// `(AHEAD variable 'name)` is a variable that is named before its definition: an error if it has no value by then.
pub(crate) const AHEAD: &str = "%defined";

impl Code {
    /// The variable itself, where what it is need not be looked at.
    pub(crate) fn bare(self) -> Self {
        match self.op {
            Op::Call(mut items) if matches!(&items[0].op, Op::Native(name) if **name == *AHEAD) => items.swap_remove(1),
            op => Self { op, span: self.span },
        }
    }

    pub(crate) fn new(op: Op, span: Span) -> Self {
        Self { op, span }
    }

    /// The expressions that it is made of, but for a procedure's body.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match &self.op {
            Op::Quote(_) | Op::Local(_) | Op::Global(_) | Op::Native(_) | Op::Lambda(_) => Vec::new(),
            Op::If(test, yes, no) => vec![test, yes, no],
            Op::Call(codes) | Op::Begin(codes) => codes.iter().collect(),
            Op::Let(bindings, body) => bindings.iter().map(|(_, value)| value).chain([&**body]).collect(),
            Op::Body(steps, value) => steps.iter().map(|(_, step)| step).chain([&**value]).collect(),
            Op::SetLocal(_, value) | Op::SetGlobal(_, value) => vec![value],
        }
    }

    /// Whether its value is a procedure that is written at its end, as in `(let (…) (lambda …))`.
    pub(crate) fn gives_procedure(&self) -> bool {
        match &self.op {
            Op::Lambda(_) => true,
            Op::Let(_, body) | Op::Body(_, body) => body.gives_procedure(),
            Op::Begin(codes) => codes.last().is_some_and(Self::gives_procedure),
            Op::If(_, yes, no) => yes.gives_procedure() && no.gives_procedure(),
            _ => false,
        }
    }
}
