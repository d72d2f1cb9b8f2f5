//! Reads the `;;@doc` comments of the prelude, and makes of each the [`Primitive`] that a table's entry would be.
//!
//! ```scheme
//! ;;; Family: Combinators
//!
//! ;;@doc
//! ;; (vote thunks #:method 'majority) -> any
//! ;;
//! ;; Run THUNKS side by side and return the value that wins under METHOD.
//! ;;
//! ;; THUNKS list: procedures of no arguments.
//! ;;
//! ;; ```scheme
//! ;; (vote (list (lambda () "a"))) ;; => a
//! ;; ```
//! (define (vote thunks . options) …)
//! ```
//!
//! In the signature `name` must be given, `[name]` may be, `name …` takes all that is left, `#:key default` is a keyword
//! (`#:key …` one that must be given). A line `NAME kind: text` describes a parameter; without one, its description is the
//! first sentence that says NAME, and it takes anything. Of a procedure the kind says what it is called with,
//! `procedure(draft critique)`, and whether it may be left out, `procedure(draft) or #f`. The family holds for the file. A definition without such a
//! comment is internal, and so is every name that begins with `%`.
//!
//! Not here: what the definition does with its arguments; nothing in it is read but its name.

use super::{Body, Family, Kind, Param, Primitive};

/// What a reader may call a kind.
const KINDS: [(&str, Kind); 14] = [
    ("any", Kind::Any),
    ("string", Kind::Text),
    ("symbol", Kind::Symbol),
    ("number", Kind::Number),
    ("natural", Kind::Natural),
    ("boolean", Kind::Boolean),
    ("procedure", Kind::Procedure),
    ("list", Kind::List),
    ("thunks", Kind::Thunks),
    ("handle", Kind::Handle),
    ("failure", Kind::Failure),
    ("response", Kind::Response),
    ("seconds", Kind::Seconds),
    ("window", Kind::Window),
];

/// Every documented procedure of a prelude file, or what is wrong with its comment.
pub(super) fn read(text: &str) -> Vec<Result<Primitive, String>> {
    let file = text.lines().next().and_then(|l| l.strip_prefix(";;; ")).unwrap_or("a file without a first line");
    let file = file.split(" -- ").next().unwrap_or(file);
    let family = text.lines().find_map(|line| line.strip_prefix(";;; Family: "));
    let mut lines = text.lines().enumerate().peekable();
    let mut found = Vec::new();
    while let Some((at, line)) = lines.next() {
        if line.trim_end() != ";;@doc" {
            continue;
        }
        let mut comment = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with(";;")) {
            comment.push(line.strip_prefix(";; ").unwrap_or(line.trim_start_matches(';')));
        }
        let definition = lines.peek().map_or("", |(_, line)| line);
        let entry = family
            .ok_or("the file's head has no line `;;; Family: …`".to_owned())
            .and_then(|f| Family::titled(f.trim()).ok_or(format!("there is no family `{f}`")))
            .and_then(|family| entry(&comment, definition, family));
        found.push(entry.map_err(|problem| format!("{file}:{}: {problem}", at + 1)));
    }
    found
}

fn entry(comment: &[&str], definition: &str, family: Family) -> Result<Primitive, String> {
    let (signature, rest) = comment.split_first().ok_or("the comment is empty")?;
    let (call, result) = signature.rsplit_once(" -> ").ok_or("the first line is no `(name …) -> result`")?;
    let call = call.trim().strip_prefix('(').and_then(|c| c.strip_suffix(')'));
    let mut words = words(call.ok_or("the signature stands in no parentheses")?)?.into_iter();
    let name = words.next().ok_or("the signature has no name")?;
    let defined = definition.strip_prefix("(define ").map(|d| d.trim_start_matches('('));
    let defined = defined.map(|d| &d[..d.find([' ', ')']).unwrap_or(d.len())]);
    if name.starts_with('%') || defined != Some(&*name) {
        return Err(format!("the signature is of `{name}`, but `{definition}` follows"));
    }
    let text = rest.join("\n");
    let (before, example) = text.split_once("```scheme\n").ok_or(format!("`{name}` has no example"))?;
    let (example, after) = example.split_once("\n```").ok_or(format!("the example of `{name}` does not end"))?;
    if !after.trim().is_empty() || !example.contains(&*name) {
        return Err(format!("the comment of `{name}` must end with an example that uses it"));
    }
    let (doc, described) = split_descriptions(before);
    if doc.is_empty() {
        return Err(format!("`{name}` is not described"));
    }
    let Parameters { params, rest } = parameters(words.collect(), &doc, &described)?;
    if let Some((odd, ..)) = described.iter().find(|(n, ..)| !params.iter().any(|p| p.name == *n)) {
        return Err(format!("`{name}` has no parameter `{odd}`"));
    }
    Ok(Primitive {
        name: leak(&name),
        family,
        params: params.leak(),
        rest: rest.map(|r| leak(&r)),
        // Steel's own comments name a type by its predicate.
        result: leak(result.trim().trim_end_matches('?')),
        doc: leak(&doc),
        example: leak(example.trim()),
        body: Body::Prelude,
    })
}

struct Parameters {
    params: Vec<Param>,
    rest: Option<String>,
}

fn parameters(words: Vec<String>, doc: &str, described: &[(String, Kind, String)]) -> Result<Parameters, String> {
    let mut params: Vec<Param> = Vec::new();
    let mut rest = None;
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if !word.starts_with("#:") && words.next_if(|next| next == "…").is_some() {
            rest = Some(word);
            continue;
        }
        let (name, keyword, default) = if let Some(key) = word.strip_prefix("#:") {
            let default = words.next().ok_or(format!("`#:{key}` has no default; `…` when there is none"))?;
            (key.to_owned(), true, Some(default).filter(|d| d != "…"))
        } else if let Some(name) = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            (name.to_owned(), false, Some("#f".to_owned()))
        } else {
            (word, false, None)
        };
        if !keyword && params.last().is_some_and(|p| p.keyword || p.default.is_some() && default.is_none()) {
            return Err(format!("`{name}` stands behind what may be left out"));
        }
        let (kind, text) = match described.iter().find(|(n, ..)| *n == name) {
            Some((_, kind, text)) => (*kind, text.clone()),
            None => (Kind::Any, sentence_with(doc, &name).ok_or(format!("nothing is said of `{name}`"))?),
        };
        let default = default.map(|d| leak(&d));
        params.push(Param { name: leak(&name), keyword, kind, default, doc: leak(&text) });
    }
    Ok(Parameters { params, rest })
}

/// Cuts a signature into its words; a string or a list is one.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut depth, mut quoted) = (Vec::new(), String::new(), 0usize, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth = depth.checked_sub(1).ok_or("the signature's parentheses do not match")?,
            _ => {}
        }
        if c.is_whitespace() && depth == 0 && !quoted {
            words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()));
        } else {
            word.push(c);
        }
    }
    words.extend(Some(word).filter(|w| !w.is_empty()));
    if depth > 0 || quoted { Err("the signature's parentheses do not match".into()) } else { Ok(words) }
}

/// The paragraphs, each on one line, and what lines of the form `NAME kind: text` say.
fn split_descriptions(text: &str) -> (String, Vec<(String, Kind, String)>) {
    let (mut paragraphs, mut described) = (Vec::new(), Vec::<(String, Kind, String)>::new());
    for paragraph in text.split("\n\n") {
        let (mut plain, mut in_description) = (Vec::new(), false);
        for line in paragraph.lines().map(str::trim).filter(|l| !l.is_empty()) {
            if let Some(found) = description(line) {
                described.push(found);
                in_description = true;
            } else if let Some((.., text)) = described.last_mut().filter(|_| in_description) {
                *text += &format!(" {line}");
            } else {
                plain.push(line);
            }
        }
        if !plain.is_empty() {
            paragraphs.push(plain.join(" "));
        }
    }
    (paragraphs.join("\n\n"), described)
}

fn description(line: &str) -> Option<(String, Kind, String)> {
    let (head, text) = line.split_once(": ")?;
    let (name, kind) = head.split_once(' ')?;
    let plain = || KINDS.into_iter().find(|(said, _)| *said == kind.trim_end_matches('?')).map(|(_, kind)| kind);
    let kind = match kind.strip_prefix("procedure(").and_then(|rest| rest.split_once(')')) {
        Some((arguments, "")) => Kind::Calls(leak(arguments)),
        Some((arguments, " or #f")) => Kind::CallsOrFalse(leak(arguments)),
        _ => plain()?,
    };
    let capital = name.chars().all(|c| !c.is_lowercase()) && name.chars().any(char::is_uppercase);
    capital.then(|| (name.to_lowercase(), kind, text.to_owned()))
}

/// The first sentence that says a parameter's name in capitals.
fn sentence_with(doc: &str, name: &str) -> Option<String> {
    let said = name.to_uppercase();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '?' | '!');
    let says = |s: &&str| s.split(|c| !is_part(c)).any(|word| word == said);
    super::sentences(doc).find(says).map(str::to_owned)
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = ";;; x.scm -- tries.\n;;;\n;;; Family: Combinators\n\n;;@doc\n\
        ;; (vote thunks [seed] more … #:method 'majority #:by '(a b) #:key …) -> any?\n;;\n\
        ;; Run THUNKS side by side. SEED and BY are\n;; for fun. KEY must be.\n;;\n\
        ;; METHOD symbol: how to count,\n;; or not.\n;;\n\
        ;; ```scheme\n;; (vote '())\n;; ;; => ()\n;; ```\n(define (vote thunks . options)\n  1)\n(define (%in) 2)\n";

    fn problem(change: (&str, &str)) -> String {
        assert!(FILE.contains(change.0), "{}", change.0);
        let read = read(&FILE.replace(change.0, change.1)).pop().unwrap();
        read.map(|p| p.signature()).unwrap_err()
    }

    #[test]
    fn a_comment_becomes_an_entry() {
        let mut all = read(FILE);
        let vote = all.pop().unwrap().unwrap();
        assert!(all.is_empty());
        assert_eq!(vote.signature(), "(vote thunks [seed] #:method 'majority #:by '(a b) #:key … more …)");
        assert_eq!((vote.family, vote.result, vote.rest), (Family::Combinators, "any", Some("more")));
        assert_eq!(vote.doc, "Run THUNKS side by side. SEED and BY are for fun. KEY must be.");
        assert_eq!(vote.example, "(vote '())\n;; => ()");
        let params: Vec<_> = vote.params.iter().map(|p| (p.name, p.keyword, p.kind, p.default, p.doc)).collect();
        assert_eq!(params[0], ("thunks", false, Kind::Any, None, "Run THUNKS side by side."));
        assert_eq!(params[1], ("seed", false, Kind::Any, Some("#f"), "SEED and BY are for fun."));
        assert_eq!(params[2], ("method", true, Kind::Symbol, Some("'majority"), "how to count, or not."));
        assert_eq!(params[4], ("key", true, Kind::Any, None, "KEY must be."));
    }

    #[test]
    fn a_malformed_comment_is_told_by_its_line() {
        assert!(problem((" -> any?", "")).starts_with("x.scm:5: the first line is no"));
        assert!(problem(("(define (vote", "(define (veto")).contains("the signature is of `vote`, but"));
        assert!(problem((";;; Family: Combinators\n", "")).contains("Family"));
        assert!(problem(("Family: Combinators", "Family: Odds")).contains("no family `Odds`"));
        assert!(problem(("```scheme", "```")).contains("has no example"));
        assert!(problem(("THUNKS", "them")).contains("nothing is said of `thunks`"));
        assert!(problem(("METHOD symbol", "METHODS symbol")).contains("nothing is said of `method`"));
        assert!(problem((" '(a b)", " '(a b")).contains("do not match"));
        assert!(problem(("[seed]", "[seed] late")).contains("behind"));
    }
}
