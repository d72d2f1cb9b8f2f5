//! What the script was given to read.

use super::{Family, Kind, Primitive, given_text, parsed, required};
use crate::interp::context;

pub(super) const TABLE: &[Primitive] = &[
    Family::Context.native(
        "context-names",
        &[],
        "list",
        "The names of all contexts, in the order of `context`: paths as `--context` gave them, or its NAME. A directory \
         and a glob give a name for each of their files.",
        "(context-names) ;; => ()",
        |args| parsed("context-names", args, |_| Ok(context::names())),
    ),
    Family::Context.native(
        "get-context",
        &[required("name", Kind::Text, "What `--context NAME=PATH` called it, or its path.")],
        "string or list",
        "Reads the context of this name, and no other; of a directory or a glob, the list of its texts. `context` itself is \
         the one text there is, `\"\"` when there is none, or the list of all of them.",
        "(if (member \"report.txt\" (context-names)) (string-length (get-context \"report.txt\")) 0) ;; => 0",
        |args| parsed("get-context", args, |v| context::get(&given_text(&v[0]))),
    ),
];
