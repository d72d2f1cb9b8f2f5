//! The tools, each declared once: its name, what a client's model is told of it, and what it takes.
//!
//! What they say of the language comes from the table of primitives. Not here: what they do.

use crate::{
    doc,
    primitives::{Family, all},
};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How much of output and value a result shows unless more is asked for, in characters.
pub(super) const SHOWN: usize = 20_000;

/// Which tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Execute,
    Load,
    Context,
    Reset,
    State,
    Status,
    Trace,
    Cancel,
    Guide,
    Reference,
    Plan,
}

/// A tool.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) does: Does,
    title: &'static str,
    doc: fn() -> String,
    /// The parameters: name, JSON type, what it is, whether it must be given.
    params: &'static [(&'static str, &'static str, &'static str, bool)],
    read_only: bool,
}

pub(super) const TOOLS: &[Entry] = &[
    Entry {
        name: "execute_scheme",
        does: Does::Execute,
        title: "Run a Scheme program",
        doc: execute_doc,
        params: &[
            (
                "code",
                "string",
                "The program: one or more forms. Its value is `(finish VALUE)`'s, or the last form's.",
                true,
            ),
            ("timeout_s", "number", "How long it may take, in seconds.", false),
            (
                "background",
                "boolean",
                "Give its run number at once; `get_status` with that number waits for the result.",
                false,
            ),
            ("max_chars", "integer", "How many characters of its output and of its value to show (20000).", false),
        ],
        read_only: false,
    },
    Entry {
        name: "load_context",
        does: Does::Load,
        title: "Give the session a text",
        doc: || {
            "Gives the session a text to work on. Programs find it by `(get-context \"NAME\")` and, when it is the only one, \
             as `context`; Python has `context` and `contexts`. Give `text` itself or, for what is large, the `path` of a \
             file that scripts may read here: PDF, HTML and DOCX become text. It never goes through your own window."
                .into()
        },
        params: &[
            (
                "name",
                "string",
                "What programs call it. A text that has the name already is replaced. Default: `context`.",
                false,
            ),
            ("text", "string", "The text.", false),
            ("path", "string", "A file to read it from instead.", false),
        ],
        read_only: false,
    },
    Entry {
        name: "get_context",
        does: Does::Context,
        title: "Look at the contexts",
        doc: || {
            "Without `name`: what contexts there are, their sizes, and how each begins. With it: a part of that text, by \
             characters."
                .into()
        },
        params: &[
            ("name", "string", "Which one.", false),
            ("start", "integer", "The first character (0).", false),
            ("end", "integer", "The character before which it ends (`start` + 2000).", false),
        ],
        read_only: true,
    },
    Entry {
        name: "reset",
        does: Does::Reset,
        title: "Begin anew",
        doc: || {
            "Ends what runs and starts a fresh session: nothing is defined, in Scheme or Python. Contexts stay unless \
             `contexts` is true. What has been spent stays spent."
                .into()
        },
        params: &[("contexts", "boolean", "Forget what `load_context` has loaded, too (false).", false)],
        read_only: false,
    },
    Entry {
        name: "get_sandbox_state",
        does: Does::State,
        title: "What the session has",
        doc: || {
            "What the session's programs have defined, which contexts they find, what they may do (files, hosts, programs) \
             and how much memory they may have."
                .into()
        },
        params: &[],
        read_only: true,
    },
    Entry {
        name: "get_status",
        does: Does::Status,
        title: "What is under way",
        doc: || {
            "What runs now and how far it is: its calls with their numbers, its fan-out's progress; what calls have cost so \
             far, and what is left of the limits. With `run`: the result of that run of `execute_scheme`, waited for up to \
             `wait_s` seconds."
                .into()
        },
        params: &[
            ("run", "integer", "The number of a run.", false),
            ("wait_s", "number", "How long to wait for its end (0).", false),
            ("max_chars", "integer", "As in `execute_scheme`.", false),
        ],
        read_only: true,
    },
    Entry {
        name: "get_execution_trace",
        does: Does::Trace,
        title: "The calls so far",
        doc: || {
            "The model calls and noted events of the session, in the order in which they ended: model, status, tokens, cost, \
             latency, attempts. While a program runs, wait for its end, or ask `get_status`."
                .into()
        },
        params: &[("last", "integer", "Only the last so many (100).", false)],
        read_only: true,
    },
    Entry {
        name: "cancel_call",
        does: Does::Cancel,
        title: "Stop something",
        doc: || {
            "With `call`: cancels that model call (`get_status` has the numbers), which fails as `cancelled` in the program. \
             Without: stops the program that runs, or the run of number `run`. The session and what it has defined stay."
                .into()
        },
        params: &[
            ("run", "integer", "The number of a run, also of one that waits for its turn.", false),
            ("call", "integer", "The number of a model call.", false),
        ],
        read_only: false,
    },
    Entry {
        name: "get_usage_guide",
        does: Does::Guide,
        title: "How to use this server",
        doc: || "How to work with this server, with programs to start from. Read it before the first program.".into(),
        params: &[],
        read_only: true,
    },
    Entry {
        name: "get_reference",
        does: Does::Reference,
        title: "The language's reference",
        doc: || {
            "The reference of what programs can call. With `name`: one procedure in full, keywords and an example included. \
             With `search`: the procedures that a word finds. With `dialect`: what there is of Racket and R7RS. Else: all of \
             Bessemer's own in short."
                .into()
        },
        params: &[
            ("name", "string", "A procedure, such as `map-async`.", false),
            ("search", "string", "Part of a name, or a word of a description.", false),
            ("dialect", "boolean", "The names of the Scheme dialect.", false),
        ],
        read_only: true,
    },
    Entry {
        name: "plan_strategy",
        does: Does::Plan,
        title: "Propose programs for a task",
        doc: || {
            "Asks a model how a task could be done here: one recommended program, two alternatives and a daring one, each \
             with an estimate of calls, cost and latency. Only programs that parse are offered. It costs one or two calls."
                .into()
        },
        params: &[
            ("task", "string", "What is to be found out or made.", true),
            (
                "data",
                "string",
                "What the data is: kind, size, how many parts. The loaded contexts are described anyway.",
                false,
            ),
            ("constraints", "string", "What matters: cost, speed, quality, models.", false),
            ("model", "string", "The model to ask (`smart`).", false),
        ],
        read_only: true,
    },
];

fn execute_doc() -> String {
    let mut doc = String::from(
        "Runs a program in a persistent session of Bessemer: Scheme (as Racket has it) with procedures that ask language \
         models, many at a time. What it defines stays for the next program; handles may be left running. Errors come back \
         with line and hint. Write one program that fans out over the data, not a loop of tool calls:\n\n\
         (define chunks (chunk-text context #:tokens 4000))\n\
         (define notes (map-async (lambda (c) (llm-query-async #:instruction \"List the defects.\" #:data c)) chunks))\n\
         (finish (llm-query #:instruction \"Merge these lists.\" #:data (string-join notes \"\\n\") #:model \"smart\"))\n\n",
    );
    for family in [Family::Calls, Family::FanOut, Family::Python] {
        let names: Vec<_> = all().filter(|p| p.family == family).map(|p| p.name).collect();
        doc += &format!("{}: {}. ", family.title(), names.join(", "));
    }
    doc + "More: `get_usage_guide`, `get_reference`."
}

impl Entry {
    /// As the protocol has it.
    pub(super) fn tool(&self) -> Tool {
        let property = |(name, kind, doc, _): &(&str, &str, &str, bool)| {
            ((*name).to_owned(), json!({ "type": kind, "description": doc }))
        };
        let properties: JsonObject = self.params.iter().map(property).collect();
        let required: Vec<_> = self.params.iter().filter(|p| p.3).map(|p| p.0).collect();
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        let Value::Object(schema) = schema else { unreachable!("it is written as an object above") };
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(self.read_only)
            .destructive(self.does == Does::Reset)
            .open_world(matches!(self.does, Does::Execute | Does::Plan));
        Tool::new(self.name, (self.doc)(), Arc::new(schema)).with_title(self.title).with_annotations(annotations)
    }
}

/// The tool of this name; else a message that names the nearest.
pub(super) fn find(name: &str) -> Result<&'static Entry, String> {
    TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| {
        match crate::interp::nearest(name, TOOLS.iter().map(|tool| tool.name)) {
            Some(near) => format!("there is no tool `{name}`; did you mean `{near}`?"),
            None => format!("there is no tool `{name}`"),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Execute {
    pub(super) code: String,
    pub(super) timeout_s: Option<f64>,
    #[serde(default)]
    pub(super) background: bool,
    pub(super) max_chars: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    pub(super) name: Option<String>,
    pub(super) text: Option<String>,
    pub(super) path: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: Option<String>,
    pub(super) start: Option<u64>,
    pub(super) end: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    #[serde(default)]
    pub(super) contexts: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Status {
    pub(super) run: Option<u32>,
    pub(super) wait_s: Option<f64>,
    pub(super) max_chars: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    pub(super) last: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancel {
    pub(super) run: Option<u32>,
    pub(super) call: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub(super) name: Option<String>,
    pub(super) search: Option<String>,
    #[serde(default)]
    pub(super) dialect: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) task: String,
    pub(super) data: Option<String>,
    pub(super) constraints: Option<String>,
    pub(super) model: Option<String>,
}

/// How wide the reference is laid out.
const WIDTH: usize = 100;

/// What `get_reference` gives, or why it gives nothing.
pub(super) fn reference(asked: &Reference) -> Result<String, String> {
    let text = match asked {
        Reference { name: Some(name), .. } => {
            let own = crate::primitives::find(name).map(|primitive| doc::entry(primitive, WIDTH));
            own.or_else(|| doc::of_dialect(name, WIDTH)).ok_or_else(|| {
                let (message, hint) = doc::unknown(name);
                format!("{message}\nhint: {hint}")
            })?
        }
        Reference { search: Some(word), .. } => match doc::search(word) {
            found if found.is_empty() => return Err(format!("nothing in the reference has `{word}`")),
            found => doc::list(&found, WIDTH),
        },
        Reference { dialect: true, .. } => doc::dialect(WIDTH),
        _ => doc::overview(WIDTH),
    };
    Ok(doc::plain(&text))
}

/// What `get_usage_guide` gives.
pub(super) fn guide() -> String {
    let mut guide = include_str!("guide.md").to_owned();
    for family in Family::ALL {
        let names: Vec<_> = all().filter(|p| p.family == family).map(|p| p.name).collect();
        if !names.is_empty() {
            guide += &format!("- {}: `{}`\n", family.title(), names.join("` `"));
        }
    }
    guide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_what_it_takes_and_fits_a_prompt() {
        let mut total = 0;
        for entry in TOOLS {
            let tool = serde_json::to_string(&entry.tool()).unwrap();
            assert!(entry.params.iter().all(|(name, ..)| tool.contains(name)), "{tool}");
            assert!((entry.doc)().ends_with('.'), "{}", entry.name);
            total += tool.len();
        }
        assert!(total < 12_000, "the tools take {total} bytes of every client's prompt");
        assert!(find("execute_shceme").err().unwrap().contains("`execute_scheme`"));
    }

    #[test]
    fn the_reference_has_entries_searches_and_the_dialect() {
        let asked = |text: &str| reference(&serde_json::from_str(text).unwrap());
        assert!(asked(r#"{"name": "map-async"}"#).unwrap().contains("#:max-concurrent"));
        assert!(asked(r#"{"name": "for/list"}"#).unwrap().contains("for/list"));
        assert!(asked(r#"{"name": "map-asinc"}"#).unwrap_err().contains("map-async"));
        assert!(asked(r#"{"search": "deadline"}"#).unwrap().contains("with-deadline"));
        assert!(asked(r#"{"dialect": true}"#).unwrap().contains("hash-update"));
        assert!(asked("{}").unwrap().contains("llm-query") && guide().contains("tree-reduce"));
    }
}
