//! What is put in the place of a regular expression's match.

use super::regexps::Groups;

/// What stands in the place of a match: text and groups.
pub(super) struct Insert(Vec<Piece>);

enum Piece {
    Text(String),
    Group(usize),
}

impl Insert {
    /// `&` and `\0` are the match, `\n` a group, `\&` and `\\` themselves, `\$` nothing.
    pub(super) fn read(insert: &str) -> Self {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = insert.chars().peekable();
        while let Some(c) = chars.next() {
            let group = match c {
                '&' => 0,
                '\\' => match chars.peek().copied() {
                    Some(c) if c.is_ascii_digit() => {
                        let mut number = 0usize;
                        while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                            number = number.saturating_mul(10).saturating_add(digit as usize);
                            chars.next();
                        }
                        number
                    }
                    Some('$') => {
                        chars.next();
                        continue;
                    }
                    Some(c @ ('&' | '\\')) => {
                        chars.next();
                        text.push(c);
                        continue;
                    }
                    // A group without a number is the match.
                    Some(_) => 0,
                    None => {
                        text.push('\\');
                        continue;
                    }
                },
                c => {
                    text.push(c);
                    continue;
                }
            };
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Group(group));
        }
        pieces.push(Piece::Text(text));
        Self(pieces)
    }

    pub(super) fn put(&self, text: &str, groups: &Groups, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(n) => {
                    if let Some(Some(range)) = groups.get(*n) {
                        out.push_str(&text[range.clone()]);
                    }
                }
            }
        }
    }
}
