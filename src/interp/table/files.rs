//! The command line's arguments, and files as far as they were granted.

use super::{Family, Kind, Param, Primitive, given_text, parsed, required};
use crate::interp::{
    ledger,
    value::{Fault, string},
};
use steel::SteelVal;

const PATH: Param = required("path", Kind::Text, "A path; a relative one begins at the working directory.");

pub(super) const TABLE: &[Primitive] = &[
    Family::Files.native(
        "script-args",
        &[],
        "list of strings",
        "The arguments that stood after `--` on the command line.",
        "(script-args) ;; => ()",
        |args| parsed("script-args", args, |_| Ok(SteelVal::ListV(ledger::args().into_iter().map(string).collect()))),
    ),
    Family::Files.native(
        "read-file",
        &[PATH],
        "string",
        "The text of a file. Files in the script's own folder can be read; others need `--allow-read`.",
        "(try (read-file \"/no/such/file\") on-error (lambda (message) \"denied\")) ;; => denied",
        |args| {
            parsed("read-file", args, |v| {
                let path = given_text(&v[0]);
                String::from_utf8(ledger::grants().read("read-file", path.as_str())?).map(string).map_err(|e| {
                    let at = e.utf8_error().valid_up_to();
                    Fault::script(format!("read-file: `{path}` is no UTF-8 text (byte {at})"))
                        .hint("give documents by `--context`; Python can decode other texts")
                })
            })
        },
    ),
    Family::Files.native(
        "write-file",
        &[PATH, required("text", Kind::Text, "What the file is to hold.")],
        "void",
        "Writes a file, in place of what it held. Needs `--allow-write`.",
        "(try (write-file \"/no/such/file\" \"text\") on-error (lambda (message) \"denied\")) ;; => denied",
        |args| {
            parsed("write-file", args, |v| {
                let (path, text) = (given_text(&v[0]), given_text(&v[1]));
                ledger::grants().write("write-file", path.as_str(), text.as_bytes())?;
                Ok(SteelVal::Void)
            })
        },
    ),
    Family::Files.native(
        "list-files",
        &[required("pattern", Kind::Text, "A path with `*`, `?`, `[…]` or `**`, such as `reports/*.txt`.")],
        "list of strings",
        "The paths that a pattern matches, sorted, as far as they may be read.",
        "(try (list-files \"/no/such/folder/*\") on-error (lambda (message) \"denied\")) ;; => denied",
        |args| {
            parsed("list-files", args, |v| {
                let found = ledger::grants().list("list-files", given_text(&v[0]).as_str())?;
                Ok(SteelVal::ListV(found.into_iter().map(string).collect()))
            })
        },
    ),
];
