//! The language's front end: from a program's text to the few forms that Steel is given, and back from places there.
//!
//! Steel's own expander knows fewer forms than Racket's programs use, and says less when one is wrong. So a program is read
//! here (`read`), its forms are expanded hygienically (`scope`, `rules`, `forms`), and what is left (variables, procedures,
//! calls, `if`, `set!`, literals) is written out as text with a map of places (`emit`). Every name is resolved on the way.
//!
//! Not here: procedures (`dialect`, `prelude/`), and what Steel's errors mean (`errors`).

mod forms;
pub(crate) mod scope;
pub(crate) mod syntax;

use crate::wire::ScriptError;
use scope::Scope;
use syntax::Syntax;

/// What expanding gives, or why it does not.
pub(crate) type Step<T> = Result<T, ScriptError>;

/// A form that is made of others, written in Rust: given a use of it and where that stands, what it stands for.
pub(crate) type Form = fn(&mut Expander, &Syntax, &Scope) -> Step<Syntax>;
