//! From Racket's syntax of patterns to that of Rust's engines.
//!
//! `#rx` and `#px` differ: in the first, braces and escaped letters stand for themselves. Everything else is told in Racket's
//! words (docs: "Regexp Syntax"). Not here: matching (`regexps`).

/// A pattern in the syntax of the engines.
pub(super) struct Translated {
    pub(super) text: String,
    /// Whether it looks ahead, looks behind, or refers to what a group matched: only an engine that tries again can do that.
    pub(super) tries_again: bool,
}

/// Translates a pattern; `Err` is Racket's explanation.
pub(super) fn translate(source: &str, px: bool) -> Result<Translated, String> {
    let mut parser = Parser { chars: source.chars().collect(), at: 0, px, out: String::new(), tries_again: false };
    parser.alternatives(Mode::default())?;
    if parser.at < parser.chars.len() {
        return Err("unmatched `)` in pattern".into());
    }
    Ok(Translated { text: parser.out, tries_again: parser.tries_again })
}

/// What `(?i:` and kin switch. Racket's `s` is the opposite of its `m`.
#[derive(Clone, Copy, Default)]
struct Mode {
    fold: bool,
    multi: bool,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    px: bool,
    out: String,
    tries_again: bool,
}

/// Racket's spaces and word characters are those of ASCII.
const SPACE: &str = r" \t\n\x0C\r";
const WORD: &str = "a-zA-Z0-9_";

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn eat(&mut self, text: &str) -> bool {
        let fits = text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if fits {
            self.at += text.chars().count();
        }
        fits
    }

    fn alternatives(&mut self, mode: Mode) -> Result<(), String> {
        // Whether there is something that a `*` could follow.
        let mut operand = false;
        while let Some(c) = self.peek() {
            match c {
                ')' => return Ok(()),
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                    operand = false;
                    continue;
                }
                '*' | '+' | '?' if !operand => return Err(format!("`{c}` follows nothing in pattern")),
                '{' if self.px && !operand => return Err("`{` follows nothing in pattern".into()),
                _ => {}
            }
            let start = self.out.len();
            self.atom(mode)?;
            self.repetition(start)?;
            operand = false;
            if let Some(c) = self.peek() {
                if matches!(c, '*' | '+' | '?') || (self.px && c == '{') {
                    let repeated = self.chars[self.at - 1];
                    let nested = matches!(repeated, '*' | '+' | '?' | '}') && self.out.len() > start;
                    if nested {
                        return Err(format!("nested `{c}` in patten"));
                    }
                }
                operand = true;
            }
        }
        Ok(())
    }

    fn atom(&mut self, mode: Mode) -> Result<(), String> {
        match self.next() {
            None => {}
            Some('(') => self.group(mode)?,
            Some('[') => self.class(mode)?,
            Some('.') => self.out.push_str(if mode.multi { r"[^\n]" } else { "(?s:.)" }),
            Some('^') => self.out.push_str(if mode.multi { "(?m:^)" } else { "(?:^)" }),
            Some('$') => self.out.push_str(if mode.multi { "(?m:$)" } else { "(?:$)" }),
            Some('\\') => self.escape(mode)?,
            Some(c) => self.literal(c, mode),
        }
        Ok(())
    }

    fn literal(&mut self, c: char, mode: Mode) {
        let c = regex::escape(c.encode_utf8(&mut [0; 4]));
        if mode.fold {
            self.out.push_str(&format!("(?i:{c})"));
        } else {
            self.out.push_str(&c);
        }
    }

    fn group(&mut self, mode: Mode) -> Result<(), String> {
        let mut inner = mode;
        if !self.eat("?") {
            self.out.push('(');
        } else if self.eat("=") || self.eat("!") || self.eat("<=") || self.eat("<!") || self.eat(">") {
            let kind: String = match self.chars[self.at - 1] {
                c if self.chars[self.at - 2] == '<' => format!("<{c}"),
                c => c.to_string(),
            };
            self.out.push_str(&format!("(?{kind}"));
            self.tries_again = true;
        } else if self.peek() == Some('(') {
            return Err("conditions such as `(?(1)a|b)` are not possible here; write two patterns".into());
        } else {
            let mut on = true;
            loop {
                match self.next() {
                    Some(':') => break,
                    Some('-') => on = false,
                    Some(c @ ('i' | 's' | 'm')) => {
                        match c {
                            'i' => inner.fold = on,
                            'm' => inner.multi = on,
                            _ => inner.multi = !on,
                        }
                        on = true;
                    }
                    _ => return Err("expected `:` or another mode after `(?` and a mode sequence; a mode is `i`, `-i`, `s`, `-s`, `m`, or `-m`".into()),
                }
            }
            self.out.push_str("(?:");
        }
        self.alternatives(inner)?;
        if self.next() != Some(')') {
            return Err("missing closing parenthesis in pattern".into());
        }
        self.out.push(')');
        Ok(())
    }

    fn escape(&mut self, mode: Mode) -> Result<(), String> {
        let Some(c) = self.next() else {
            self.out.push_str(r"\\");
            return Ok(());
        };
        if !self.px || !c.is_ascii_alphanumeric() {
            self.literal(c, mode);
            return Ok(());
        }
        match c {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str(&format!("[{WORD}]")),
            'W' => self.out.push_str(&format!("[^{WORD}]")),
            's' => self.out.push_str(&format!("[{SPACE}]")),
            'S' => self.out.push_str(&format!("[^{SPACE}]")),
            'b' => self.out.push_str(&format!("(?:{})", boundary(true))),
            'B' => self.out.push_str(&format!("(?:{})", boundary(false))),
            'p' | 'P' => {
                let property = self.property(c == 'P')?;
                self.out.push_str(&property);
            }
            '0'..='9' => {
                let mut number = c.to_string();
                while let Some(c) = self.peek().filter(char::is_ascii_digit) {
                    number.push(c);
                    self.at += 1;
                }
                self.tries_again = true;
                self.out.push_str(&format!("(?:\\{number})"));
            }
            _ => return Err("illegal alphabetic escape".into()),
        }
        Ok(())
    }

    /// What stands behind `\p`: a class of its own.
    fn property(&mut self, mut negated: bool) -> Result<String, String> {
        if !self.eat("{") {
            return Err("expected `{` after `\\p`".into());
        }
        negated ^= self.eat("^");
        let mut name = String::new();
        while let Some(c) = self.next().filter(|c| *c != '}') {
            name.push(c);
        }
        if self.chars[self.at - 1] != '}' {
            return Err("missing `}` to close `\\p{`".into());
        }
        const NAMES: &str = " Ll Lu Lt Lm Lo L L& Nd Nl No N Ps Pe Pi Pf Pc Pd Po P Mn Mc Me M Sc Sk Sm So S Zl Zp Zs Z Cc Cf Cn Co C . ";
        if !NAMES.contains(&format!(" {name} ")) {
            return Err(format!("unrecognized property name in `\\p{{}}`: `{name}`"));
        }
        let class = match &*name {
            "L&" => r"\p{Ll}\p{Lu}\p{Lt}\p{Lm}".to_owned(),
            "." => r"\s\S".to_owned(),
            name => format!(r"\p{{{name}}}"),
        };
        Ok(format!("[{}{class}]", if negated { "^" } else { "" }))
    }

    fn class(&mut self, mode: Mode) -> Result<(), String> {
        let missing = || "missing closing square bracket in pattern".to_owned();
        let negated = self.eat("^");
        let mut class = String::from(if negated { "[^" } else { "[" });
        if negated && mode.multi {
            class.push_str(r"\n");
        }
        let mut first = true;
        loop {
            let c = self.next().ok_or_else(missing)?;
            if c == ']' && !first {
                break;
            }
            first = false;
            if c == '['
                && self.px
                && self.peek() == Some(':')
                && let Some(name) = self.posix()
            {
                class.push_str(&name);
                continue;
            }
            let low = if c == '\\' && self.px {
                match self.next().ok_or_else(missing)? {
                    'd' => {
                        class.push_str("0-9");
                        continue;
                    }
                    'w' => {
                        class.push_str(WORD);
                        continue;
                    }
                    's' => {
                        class.push_str(SPACE);
                        continue;
                    }
                    'D' => {
                        class.push_str("[^0-9]");
                        continue;
                    }
                    'W' => {
                        class.push_str(&format!("[^{WORD}]"));
                        continue;
                    }
                    'S' => {
                        class.push_str(&format!("[^{SPACE}]"));
                        continue;
                    }
                    c @ ('p' | 'P') => {
                        class.push_str(&self.property(c == 'P')?);
                        continue;
                    }
                    c if c.is_ascii_alphabetic() => return Err("illegal alphabetic escape".into()),
                    c => c,
                }
            } else {
                c
            };
            // A `-` between two makes a range; at the end it is itself.
            if self.peek() == Some('-') && !matches!(self.chars.get(self.at + 1), Some(']') | None) {
                self.at += 1;
                let mut high = self.next().ok_or_else(missing)?;
                if high == '\\' && self.px {
                    high = self.next().ok_or_else(missing)?;
                }
                if high < low {
                    return Err("invalid range within square brackets in pattern".into());
                }
                class.push_str(&format!("{}-{}", in_class(low), in_class(high)));
            } else {
                class.push_str(&in_class(low));
            }
        }
        class.push(']');
        if mode.fold {
            self.out.push_str(&format!("(?i:{class})"));
        } else {
            self.out.push_str(&class);
        }
        Ok(())
    }

    /// `[:alpha:]` within a class; none when it is not one.
    fn posix(&mut self) -> Option<String> {
        let rest = &self.chars[self.at + 1..];
        let end = rest.windows(2).position(|pair| pair == [':', ']'])?;
        let name: String = rest[..end].iter().collect();
        let class = match &*name {
            "alpha" => "a-zA-Z",
            "upper" => "A-Z",
            "lower" => "a-z",
            "digit" => "0-9",
            "xdigit" => "0-9a-fA-F",
            "alnum" => "a-zA-Z0-9",
            "word" => WORD,
            "blank" => r" \t",
            "space" => SPACE,
            "graph" => "!-~",
            "print" => r" -~\t",
            "cntrl" => r"\x00-\x1F",
            "ascii" => r"\x00-\x7F",
            _ => return None,
        };
        self.at += 1 + end + 2;
        Some(class.to_owned())
    }

    /// What says how often; `start`: where what is repeated begins.
    fn repetition(&mut self, start: usize) -> Result<(), String> {
        let again = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                c.to_string()
            }
            Some('{') if self.px => {
                self.at += 1;
                self.counts()?
            }
            _ => return Ok(()),
        };
        // The engines repeat what stands last; with what `(?i:a)` and kin make, that is the whole.
        debug_assert!(self.out.is_char_boundary(start));
        self.out.push_str(&again);
        if self.eat("?") {
            self.out.push('?');
        }
        Ok(())
    }

    fn counts(&mut self) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('}') => break,
                Some(c) if c.is_ascii_digit() || (c == ',' && !text.contains(',')) => text.push(c),
                _ => return Err("expected digit, `,`, or `}' for repetition specification started with `{`".into()),
            }
        }
        Ok(match text.split_once(',') {
            None if text.is_empty() => "{0}".into(),
            Some(("", "")) => "*".into(),
            Some(("", most)) => format!("{{0,{most}}}"),
            _ => format!("{{{text}}}"),
        })
    }
}

/// Where a word of ASCII begins or ends, and where none does.
fn boundary(is: bool) -> &'static str {
    if is { r"(?-u:\b)" } else { r"(?-u:\B)" }
}

fn in_class(c: char) -> String {
    match c {
        '\\' | '[' | ']' | '^' | '-' | '&' | '~' => format!("\\{c}"),
        '\n' => r"\n".into(),
        c => c.to_string(),
    }
}
