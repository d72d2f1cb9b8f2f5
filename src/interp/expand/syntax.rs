//! What a program is made of: names, lists and literals, each with its place in the text.
//!
//! Cheap to clone. A name that a macro brought in is an alias: it means what it meant where the macro was defined, and as
//! a binding it is caught by no other name. Not here: reading (`read`), and what names mean (`scope`).

use super::scope::Scope;
use crate::interp::dialect::hashes;
use std::{fmt, ops::Range, rc::Rc};

/// A place in the program's text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A name as it was written, or one that a macro brought in.
#[derive(Clone)]
pub(crate) enum Name {
    Plain(Rc<str>),
    Alias(Rc<Alias>),
}

/// A name that a macro brought in.
pub(crate) struct Alias {
    /// What it is an alias of, itself perhaps an alias.
    pub(crate) of: Name,
    /// Where the macro was defined.
    pub(crate) scope: Scope,
}

impl Name {
    /// The word that was written.
    pub(crate) fn word(&self) -> &Rc<str> {
        match self {
            Self::Plain(word) => word,
            Self::Alias(alias) => alias.of.word(),
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Plain(a), Self::Plain(b)) => a == b,
            (Self::Alias(a), Self::Alias(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Eq for Name {}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Plain(word) => word.hash(state),
            Self::Alias(alias) => Rc::as_ptr(alias).hash(state),
        }
    }
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    String(Rc<str>),
    /// As it was written; a number that Steel reads.
    Number(Rc<str>),
    Char(char),
    Boolean(bool),
    /// Without its `#:`.
    Keyword(Rc<str>),
    /// A pattern, and whether it was written `#px`.
    Regexp {
        pattern: Rc<str>,
        px: bool,
        bytes: bool,
    },
    Bytes(Rc<[u8]>),
    /// What cannot be written: the value of `(void)`.
    Void,
}

/// What stands somewhere.
#[derive(Clone)]
pub(crate) enum Node {
    Name(Name),
    Literal(Datum),
    List(Rc<[Syntax]>),
    /// `(a b . c)`: the tail is neither a list nor empty.
    Dotted(Rc<[Syntax]>, Rc<Syntax>),
    /// `#(a b)`
    Vector(Rc<[Syntax]>),
    /// `#hash((a . b))`: keys and values.
    Hash(hashes::Kind, Rc<[(Syntax, Syntax)]>),
    /// `#&a`
    Boxed(Rc<Syntax>),
    /// `#s(key field …)`: the key is a name, or a list that tells of parents.
    Prefab(Rc<Syntax>, Rc<[Syntax]>),
}

/// A piece of a program.
#[derive(Clone)]
pub(crate) struct Syntax {
    pub(crate) node: Node,
    pub(crate) span: Span,
}

impl Syntax {
    pub(crate) fn new(node: Node, span: Span) -> Self {
        Self { node, span }
    }

    pub(crate) fn list(items: Vec<Self>, span: Span) -> Self {
        Self::new(Node::List(items.into()), span)
    }

    pub(crate) fn literal(datum: Datum, span: Span) -> Self {
        Self::new(Node::Literal(datum), span)
    }

    pub(crate) fn string(text: &str, span: Span) -> Self {
        Self::literal(Datum::String(text.into()), span)
    }

    pub(crate) fn integer(n: usize, span: Span) -> Self {
        Self::literal(Datum::Number(n.to_string().into()), span)
    }

    pub(crate) fn boolean(truth: bool, span: Span) -> Self {
        Self::literal(Datum::Boolean(truth), span)
    }

    /// The name, if it is one.
    pub(crate) fn name(&self) -> Option<&Name> {
        match &self.node {
            Node::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The word of the name, if it is one. What it *means* is another question (`Expander::means`).
    pub(crate) fn word(&self) -> Option<&str> {
        self.name().map(|name| &**name.word())
    }

    /// Whether it is a name written so: for words that stand for themselves, such as `...` and `_`.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    /// The items, if it is a proper list.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.node {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The keyword without its `#:`, if it is one.
    pub(crate) fn keyword(&self) -> Option<&str> {
        match &self.node {
            Node::Literal(Datum::Keyword(word)) => Some(word),
            _ => None,
        }
    }

    /// The same at another place.
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }
}

/// As a program would be written: for messages and tests.
impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |f: &mut fmt::Formatter<'_>, open: &str, items: &[Self]| {
            f.write_str(open)?;
            for (i, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if i > 0 { " " } else { "" })?;
            }
            Ok(())
        };
        match &self.node {
            Node::Name(name) => f.write_str(name.word()),
            Node::Literal(datum) => write!(f, "{datum}"),
            Node::List(items) => match &**items {
                [quote, datum] if quote.is_word("quote") => write!(f, "'{datum}"),
                items => {
                    all(f, "(", items)?;
                    f.write_str(")")
                }
            },
            Node::Dotted(items, tail) => {
                all(f, "(", items)?;
                write!(f, " . {tail})")
            }
            Node::Vector(items) => {
                all(f, "#(", items)?;
                f.write_str(")")
            }
            Node::Hash(kind, pairs) => {
                write!(f, "#hash{}(", kind.suffix())?;
                for (i, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}({key} . {value})", if i > 0 { " " } else { "" })?;
                }
                f.write_str(")")
            }
            Node::Boxed(inner) => write!(f, "#&{inner}"),
            Node::Prefab(key, fields) => {
                all(f, &format!("#s({key}{}", if fields.is_empty() { "" } else { " " }), fields)?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => write!(f, "{text:?}"),
            Self::Number(text) => f.write_str(text),
            Self::Char(' ') => f.write_str("#\\space"),
            Self::Char('\n') => f.write_str("#\\newline"),
            Self::Char(c) => write!(f, "#\\{c}"),
            Self::Boolean(truth) => f.write_str(if *truth { "#t" } else { "#f" }),
            Self::Keyword(word) => write!(f, "#:{word}"),
            Self::Regexp { pattern, px, bytes } => {
                write!(f, "{}{}{pattern:?}", if *px { "#px" } else { "#rx" }, if *bytes { "#" } else { "" })
            }
            Self::Bytes(bytes) => write!(f, "#{:?}", String::from_utf8_lossy(bytes)),
            Self::Void => f.write_str("#<void>"),
        }
    }
}
