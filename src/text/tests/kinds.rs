//! Where chunks end, kind by kind.

use super::*;
use crate::text::{
    breaks::code::{ITEM, Items, Language, PART, Trees},
    detect::kind,
};

#[test]
fn sentences_stay_whole_and_abbreviations_end_none() {
    let text = "Dr. Smith paid $3.50 for No. 7. He left at 5 p.m. on Monday! \"Why?\" she asked. See Fig. 2 for more.";
    let wanted = [
        "Dr. Smith paid $3.50 for No. 7. ",
        "He left at 5 p.m. on Monday! ",
        "\"Why?\" she asked. ",
        "See Fig. 2 for more.",
    ];
    assert_eq!(pieces(text, by_chars(By::Sentence, 34, 0)), wanted);
    assert_eq!(
        pieces("今日は雨。明日は晴れ！本当？", by_chars(By::Sentence, 6, 0)),
        ["今日は雨。", "明日は晴れ！", "本当？"]
    );
}

#[test]
fn paragraphs_stay_together_and_one_that_is_too_long_is_cut_between_sentences() {
    let text = "One.\nStill one.\n\nTwo is longer. It has a second sentence. And a third.\n\n\nThree.";
    let wanted = ["One.\nStill one.\n\n", "Two is longer. ", "It has a second sentence. ", "And a third.\n\n\nThree."];
    assert_eq!(pieces(text, by_chars(By::Paragraph, 26, 0)), wanted);
}

#[test]
fn a_sentence_that_is_too_long_is_cut_between_words_and_a_word_between_letters() {
    let text = "A sentence without an end and incomprehensibilities";
    let wanted = ["A sentence ", "without an ", "end and ", "incomprehens", "ibilities"];
    assert_eq!(pieces(text, by_chars(By::Sentence, 12, 0)), wanted);
    // What a reader takes for one character is not taken apart.
    assert_eq!(pieces("ne\u{301}e\u{301}e\u{301}", by_chars(By::Sentence, 4, 0)), ["ne\u{301}", "e\u{301}e\u{301}"]);
}

#[test]
fn fixed_takes_as_much_as_fits() {
    assert_eq!(pieces("One. Two. Three.", by_chars(By::Fixed, 7, 0)), ["One. Tw", "o. Thre", "e."]);
    assert_eq!(pieces("One. Two. Three.", by_chars(By::Fixed, 7, 2)), ["One. Tw", "Two. Th", "Three."]);
}

#[test]
fn an_overlap_begins_where_a_sentence_does() {
    let text = "One is here. Two is here. Three is here. Four is here.";
    let wanted = ["One is here. Two is here. ", "Two is here. Three is here. ", "Three is here. Four is here."];
    assert_eq!(pieces(text, by_chars(By::Sentence, 30, 15)), wanted);
    let chunks = cut(text, by_chars(By::Sentence, 30, 15));
    assert_eq!(&text[chunks[1].range.start..chunks[1].fresh], "Two is here. ");
}

#[test]
fn an_overlap_never_cuts_what_fits_without_it() {
    let text = "Short one. A sentence of thirty letters, yes. Short two.";
    let chunks = pieces(text, by_chars(By::Sentence, 36, 20));
    assert!(chunks.iter().any(|chunk| chunk.contains("A sentence of thirty letters, yes.")), "{chunks:?}");
}

const MARKDOWN: &str = "# Guide\n\nIntro.\n\n## Install\n\nRun this:\n\n```sh\n# not a heading\n\nmake\n```\n\n\
    ## Use\n\n- one\n- two\n  - nested\n\nSetext\n======\n\nText of its own.\n";

#[test]
fn markdown_is_cut_before_headings() {
    let wanted = [
        "# Guide\n\nIntro.\n\n",
        "## Install\n\nRun this:\n\n```sh\n# not a heading\n\nmake\n```\n\n",
        "## Use\n\n- one\n- two\n  - nested\n\n",
        "Setext\n======\n\nText of its own.\n",
    ];
    assert_eq!(pieces(MARKDOWN, by_chars(By::Markdown, 60, 0)), wanted);
}

#[test]
fn fenced_code_and_a_heading_with_its_text_stay_whole() {
    let chunks = pieces(MARKDOWN, by_chars(By::Markdown, 36, 0));
    assert!(chunks.iter().any(|chunk| chunk.contains("```sh\n# not a heading\n\nmake\n```")), "{chunks:?}");
    assert!(chunks.iter().all(|chunk| !chunk.trim_end().ends_with("## Use")), "{chunks:?}");
    assert!(chunks.iter().any(|chunk| chunk.starts_with("Setext\n======")), "{chunks:?}");
}

#[test]
fn python_is_cut_between_functions_and_comments_stay_with_theirs() {
    let text = "import os\n\n\n@cached\ndef one():\n    \"\"\"Not a break:\n\ndef fake():\n    \"\"\"\n    return 1\n\n\n\
                # About two.\ndef two():\n    if x:\n        return 2\n    return 3\n";
    let wanted = [
        "import os\n\n\n",
        "@cached\ndef one():\n    \"\"\"Not a break:\n\ndef fake():\n    \"\"\"\n    return 1\n\n\n",
        "# About two.\ndef two():\n    if x:\n        return 2\n    return 3\n",
    ];
    assert_eq!(pieces(text, by_chars(By::Code, 85, 0)), wanted);
}

#[test]
fn rust_is_cut_between_items_then_between_methods() {
    let text = "use std::fmt;\n\n/// Two methods.\nimpl A {\n    /// One.\n    #[inline]\n    fn one(&self) {\n        \
                work();\n    }\n\n    fn two(&self) {\n        work();\n    }\n}\n\nfn last() {}\n";
    let wanted = [
        "use std::fmt;\n\n/// Two methods.\nimpl A {\n",
        "    /// One.\n    #[inline]\n    fn one(&self) {\n        work();\n    }\n\n",
        "    fn two(&self) {\n        work();\n    }\n}\n\nfn last() {}\n",
    ];
    assert_eq!(pieces(text, by_chars(By::Code, 75, 0)), wanted);
}

#[test]
fn javascript_without_line_ends_is_cut_between_statements() {
    let text = "const a = 1; function f(x) { return x + 1; } const b = f(a); console.log(b);";
    let chunks = pieces(text, by_chars(By::Code, 50, 0));
    assert!(chunks.len() == 2 && chunks[0].trim_end().ends_with(['}', ';']), "{chunks:?}");
    assert!(chunks[0].contains("function f(x) { return x + 1; }"), "{chunks:?}");
}

#[test]
fn code_of_an_unknown_language_is_cut_by_its_indentation() {
    let text = "proc one\n  a\n  b\n\nproc two\n  c\n  d\n\nproc three\n  e\n";
    let wanted = ["proc one\n  a\n  b\n\n", "proc two\n  c\n  d\n\n", "proc three\n  e\n"];
    assert_eq!(pieces(text, by_chars(By::Code, 20, 0)), wanted);
}

#[test]
fn code_parsed_in_parts_is_cut_where_the_whole_would_be() {
    let python: String = (0..300)
        .map(|n| {
            format!("# {n}\nclass A{n}:\n    def f(self):\n        \"\"\"\n\nx\n\"\"\"\n        return [\n{n},\n]\n\n")
        })
        .collect();
    let rust: String = (0..300).map(|n| format!("/// {n}\n#[a]\nfn f{n}() {{\n    let a = {n};\n}}\n\n")).collect();
    for (language, text) in [(Language::Python, python), (Language::Rust, rust)] {
        let whole: Vec<_> = Trees::new(&text, 0, language, usize::MAX, &never).unwrap().collect();
        assert!(whole.len() > 600);
        for part in [500, 777, 5000] {
            let parts = Trees::new(&text, 0, language, part, &never).unwrap();
            assert_eq!(parts.collect::<Vec<_>>(), whole, "{language:?} {part}");
        }
    }
}

const PYTHON: &str = r##"#!/usr/bin/env python3
"""A module.

def not_here(): pass
"""
import os, re  # (

X = [
1,
2,
]
y = f"{X['a']} # (" + 'it\'s' + r'\''

@decorated(
"here")
# with a comment
def one(a,
b):
    return """
x = 1
"""
if y:
    pass
elif y == 2:
    pass
else:
    pass

z = 1 + \
2
w = 3
"##;

const RUST: &str = r###"//! A module.

use std::{
fmt,
};

/// Text with an unclosed ( and a "quote.
#[derive(Debug)]
pub struct A<'a> { b: &'a str }

/* A comment /* in another */
fn not_here() {}
*/
fn one<T>(c: char) -> bool
where
    T: Copy,
{
    let raw = r#"
fn nor_here() { " "#;
    c == '"' || c == '(' || c == '\'' || c == '漢' || raw == "\"
fn nor_here() {"
}
const B: &[u8] = br"\";
static C: u8 = b'{';
fn two() {}
"###;

const JAVASCRIPT: &str = r##"// A module.
import { a } from 'b';

const c = /[/"(]+\/'/g.test(a) ? a / 2 : 1;
const d = `text ${ `inner ${ { e: "}" } } (` }
function notHere() {
`;

/** Text. */
async function one(
x
) {
  return x / 2 / 3; // "
}
class A {
}
try {
} catch (e) {
}
finally {
}
export default one;
"##;

#[test]
fn items_found_by_reading_along_are_those_of_the_syntax_tree() {
    for (language, text) in [
        (Language::Python, PYTHON),
        (Language::Rust, RUST),
        (Language::JavaScript, JAVASCRIPT),
        (Language::Rust, include_str!("../cut.rs")),
        (Language::Rust, include_str!("../breaks/code/items.rs")),
        (Language::Rust, include_str!("kinds.rs")),
        (Language::Rust, include_str!("../../interp/natives.rs")),
    ] {
        let items = |places: &mut dyn Iterator<Item = crate::text::breaks::Break>| {
            let items = places.filter(|place| place.level == ITEM);
            items.map(|place| text[place.at..].lines().next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let by_tree = items(&mut Trees::new(text, 0, language, PART, &never).unwrap());
        let along = items(&mut Items::new(text, language, usize::MAX, &never));
        assert_eq!(along, by_tree, "{language:?}");
        assert!(by_tree.len() > 3, "{by_tree:?}");
    }
}

#[test]
fn json_is_cut_between_the_outermost_values() {
    let text = r#"{"a": [1, 2, 3], "b": {"c": "one, two", "d": null}, "e": "a rather long string, it is"}"#;
    let wanted =
        [r#"{"a": [1, 2, 3], "#, r#""b": {"c": "one, two", "d": null}, "#, r#""e": "a rather long string, it is"}"#];
    assert_eq!(pieces(text, by_chars(By::Json, 40, 0)), wanted);
    let lines = "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n";
    assert_eq!(pieces(lines, by_chars(By::Json, 10, 0)).len(), 3);
}

const DUMP: &str = "(0008,0018) UI [1.2.3] # 6, 1 SOPInstanceUID\n(0008,0060) CS [CT] # 2, 1 Modality\n\
    (0010,0010) PN [Doe^J] # 6, 1 PatientName\n(0010,0020) LO [42] # 2, 1 PatientID\n\
    (0040,0275) SQ (Sequence with 1 item)\n  (fffe,e000) na (Item)\n    (0040,0007) LO [Head] # 4, 1 Step\n\
    (7fe0,0010) OW [0] # 2, 1 PixelData\n";

#[test]
fn a_dump_is_cut_between_groups() {
    let chunks = pieces(DUMP, by_chars(By::Dicom, 120, 0));
    let groups: Vec<&str> = chunks.iter().map(|chunk| &chunk[1..5]).collect();
    assert_eq!(groups, ["0008", "0010", "0040", "7fe0"], "{chunks:?}");
    let elements = pieces(DUMP, by_chars(By::Dicom, 50, 0));
    assert!(elements.iter().all(|chunk| chunk.trim_start().starts_with('(')), "{elements:?}");
}

#[test]
fn the_kind_of_a_text_is_seen_in_it() {
    let python = "import os\n\ndef f(x):\n    return x\n\nclass A:\n    def g(self):\n        self.x = 1\n";
    for (text, by) in [
        ("[page 1]\nIt was a dark night. The rain fell.\n\n[page 2]\nIt still fell.", By::Paragraph),
        ("We import goods for a class of buyers. Let us const.", By::Paragraph),
        ("{\"a\": 1}", By::Json),
        ("[{\"a\": 1},\n {\"a\": 2}]", By::Json),
        (MARKDOWN, By::Markdown),
        (DUMP, By::Dicom),
        (python, By::Code),
        ("#[test]\nfn f() {\n    let mut x = 1;\n}\n", By::Code),
        ("const a = require('a');\nfunction f() {\n  return a === 1;\n}\n", By::Code),
    ] {
        assert_eq!(kind(text), by, "{text}");
    }
}

#[test]
fn the_best_texts_are_given_in_their_order() {
    let texts =
        ["Acme sells kettles.", "A lamp of Bolt's was recalled.", "Nobody minded.", "Recalls of kettles: the K2."];
    let of = |query: &str, most: usize| best(query, &texts, most, &never).unwrap();
    assert_eq!(of("Which kettle was recalled?", 1), [3]);
    assert_eq!(of("recalled lamps", 2), [1, 3]);
    assert_eq!(of("nothing of the kind", 2), [0, 1]);
    assert_eq!(of("kettle", 9), [0, 1, 2, 3]);
    assert_eq!(of("kettle", 0), [0; 0]);
}

#[test]
fn models_count_in_their_own_vocabulary() {
    for (model, wanted) in [
        ("gpt-4", Vocabulary::Cl100k),
        ("openai/gpt-3.5-turbo", Vocabulary::Cl100k),
        ("text-embedding-3-small", Vocabulary::Cl100k),
        ("gpt-4o-mini", Vocabulary::O200k),
        ("gpt-4.1", Vocabulary::O200k),
        ("claude-sonnet", Vocabulary::O200k),
    ] {
        assert_eq!(Vocabulary::of_model(model), wanted, "{model}");
    }
}

#[test]
fn texts_fit_as_long_as_their_tokens_do() {
    let fitting = |limit| Vocabulary::O200k.fitting(["one two", "three", "four"], limit, &never);
    assert_eq!([fitting(0), fitting(2), fitting(3), fitting(9)], [Ok(0), Ok(1), Ok(2), Ok(3)]);
}
