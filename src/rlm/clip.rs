//! Texts cut to a size: the beginning and the end are kept, and how much lay between them is said.

/// How much of the size the end has.
const TAIL: usize = 4;

/// A text that is being written, of which no more is kept than will be shown.
#[derive(Clone, Debug)]
pub(super) struct Clip {
    head: String,
    tail: String,
    /// How many characters, in all and of the head.
    chars: usize,
    head_chars: usize,
    most: usize,
}

impl Clip {
    /// One of so many characters at most.
    pub(super) fn new(most: usize) -> Self {
        Self { head: String::new(), tail: String::new(), chars: 0, head_chars: 0, most }
    }

    pub(super) fn push(&mut self, text: &str) {
        let room = self.most - self.most / TAIL - self.head_chars;
        let split = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
        // Once there is a tail, what comes belongs behind it.
        let (head, tail) = if self.tail.is_empty() { text.split_at(split) } else { ("", text) };
        self.head += head;
        let head_chars = head.chars().count();
        self.head_chars += head_chars;
        self.chars += head_chars + tail.chars().count();
        self.tail += tail;
        let most = self.most / TAIL;
        if self.tail.len() > 16 * most.max(64) {
            self.tail = last(&self.tail, most).into();
        }
    }

    /// The text; where some of it was cut, that is said.
    pub(super) fn text(&self) -> String {
        let tail = last(&self.tail, self.most / TAIL);
        let cut = self.chars - self.head_chars - tail.chars().count();
        match cut {
            0 => format!("{}{tail}", self.head),
            _ => format!("{}\n[… {cut} characters were cut here …]\n{tail}", self.head),
        }
    }
}

/// A text of so many characters at most.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let mut clip = Clip::new(most);
    clip.push(text);
    clip.text()
}

fn last(text: &str, most: usize) -> &str {
    match most {
        0 => "",
        _ => text.char_indices().nth_back(most - 1).map_or(text, |(at, _)| &text[at..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole_and_of_what_does_not_both_ends_are_kept() {
        assert_eq!(clipped("äbcdefgh", 8), "äbcdefgh");
        assert_eq!(clipped("äbcdefghi", 8), "äbcdef\n[… 1 characters were cut here …]\nhi");
        let mut clip = Clip::new(8);
        "0123456789".repeat(1000).chars().for_each(|c| clip.push(c.encode_utf8(&mut [0; 4])));
        assert_eq!(clip.text(), "012345\n[… 9992 characters were cut here …]\n89");
        assert!(clip.tail.len() < 2000);
    }
}
