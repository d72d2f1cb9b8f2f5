//! The reference, from within a script. What it says is made in `doc.rs`.

use super::{Body, Family, Kind, Param, Primitive, given_text, parsed, required};
use crate::{
    doc,
    interp::{
        functions, output,
        value::{Fault, Native, text_like},
    },
    wire::Stream,
};
use steel::SteelVal;

/// How wide the text is: a script does not know its terminal.
const WIDTH: usize = 80;

pub(super) const TABLE: &[Primitive] = &[
    Primitive {
        name: "help",
        family: Family::Help,
        params: &[Param {
            name: "name",
            keyword: false,
            kind: Kind::Any,
            default: Some("#f"),
            doc: "A bare name, a symbol or a string.",
        }],
        rest: None,
        result: "void",
        doc: "Prints what the reference says of NAME: how it is called, its parameters, an example. Without NAME, all \
              names.",
        example: "(help map-async)",
        body: Body::Prelude,
    },
    Primitive {
        name: "show-vars",
        family: Family::Help,
        params: &[],
        rest: None,
        result: "void",
        doc: "Prints what the program has defined so far: each name, and the beginning of its value. At a prompt, and in \
              `bessemer ask`, what all inputs have defined.",
        example: "(begin (define answer 42) (show-vars))",
        body: Body::Prelude,
    },
    Primitive {
        name: "apropos",
        family: Family::Help,
        params: &[required("word", Kind::Text, "Part of a name, or a word of its description.")],
        rest: None,
        result: "void",
        doc: "Prints the names in the reference that have to do with WORD, the best matches first.",
        example: "(apropos \"deadline\")",
        body: Body::Native(apropos),
    },
];

/// `(%help name)`: the name is quoted data.
pub(crate) fn help(args: &[SteelVal]) -> Native {
    let name = match args.first() {
        // `(help 'name)`.
        Some(SteelVal::ListV(list)) => list.iter().nth(1).and_then(text_like),
        Some(other) => text_like(other),
        None => None,
    };
    let name = name.unwrap_or_default();
    if name.is_empty() {
        output::text(Stream::Stdout, &doc::plain(&doc::overview(WIDTH)));
        return Ok(SteelVal::Void);
    }
    if let Some(said) = functions::said(&name) {
        output::text(Stream::Stdout, &format!("({name} …)\n\n{said}\n\nIt is the embedding program's.\n"));
        return Ok(SteelVal::Void);
    }
    let own = super::find(&name).map(|primitive| doc::entry(primitive, WIDTH));
    match own.or_else(|| doc::of_dialect(&name, WIDTH)) {
        Some(entry) => output::text(Stream::Stdout, &doc::plain(&entry)),
        None => {
            let (message, hint) = doc::unknown(&name);
            return Err(super::raised(Fault::script(format!("help: {message}")).hint(hint)));
        }
    }
    Ok(SteelVal::Void)
}

fn apropos(args: &[SteelVal]) -> Native {
    parsed("apropos", args, |v| {
        let word = given_text(&v[0]);
        let found = doc::search(&word);
        if found.is_empty() {
            output::text(Stream::Stdout, &format!("nothing in the reference has `{word}`\n"));
        }
        output::text(Stream::Stdout, &doc::plain(&doc::list(&found, WIDTH)));
        Ok(SteelVal::Void)
    })
}
