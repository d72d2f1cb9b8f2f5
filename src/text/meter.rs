//! How large a piece of a text is, measured from a place that moves along it.
//!
//! Characters are simple. Tokens are not: how many a slice has depends on where it begins and ends. A vocabulary first
//! splits a text into pieces (mostly words) from left to right, and a piece depends on nothing before it. So pieces are
//! remembered with their counts, and a measure from another start only splits afresh until it meets a remembered piece.
//! An end can change the last two pieces before it and no others: those are counted again for each end that is asked for.

use super::tokens::Vocabulary;

/// Measures pieces of a text that begin at one place, the base.
pub(super) trait Meter {
    /// Measures from here on.
    fn rebase(&mut self, base: usize);
    /// No end beyond this one fits.
    fn reach(&self) -> usize;
    /// Whether the text from the base to `end` is no larger than a chunk may be.
    fn fits(&self, end: usize) -> bool;
    /// How large it is.
    fn size(&self, end: usize) -> usize;
    /// The furthest end that fits; the base itself when not one character does.
    fn furthest(&self) -> usize;
    /// Remembers where pieces of up to `most` begin that end at `end`. The base lies before them.
    fn look_back(&mut self, end: usize, most: usize);
    /// The earliest beginning of a piece of up to `most` that ends there.
    fn back(&self, most: usize) -> usize;
    /// How large any piece is.
    fn measure(&self, from: usize, to: usize) -> usize;
}

/// By characters.
pub(super) struct Chars<'a> {
    text: &'a str,
    size: usize,
    base: usize,
    reach: usize,
    end: usize,
}

impl<'a> Chars<'a> {
    pub(super) fn new(text: &'a str, size: usize) -> Self {
        Self { text, size, base: 0, reach: 0, end: 0 }
    }
}

impl Meter for Chars<'_> {
    fn rebase(&mut self, base: usize) {
        self.base = base;
        let mut rest = self.text[base..].chars();
        rest.nth(self.size - 1);
        self.reach = self.text.len() - rest.as_str().len();
    }

    fn reach(&self) -> usize {
        self.reach
    }

    fn fits(&self, end: usize) -> bool {
        end <= self.reach
    }

    fn size(&self, end: usize) -> usize {
        self.measure(self.base, end)
    }

    fn furthest(&self) -> usize {
        self.reach
    }

    fn look_back(&mut self, end: usize, _: usize) {
        self.end = end;
    }

    fn back(&self, most: usize) -> usize {
        match most.checked_sub(1) {
            Some(n) => self.text[..self.end].char_indices().nth_back(n).map_or(0, |(at, _)| at),
            None => self.end,
        }
    }

    fn measure(&self, from: usize, to: usize) -> usize {
        self.text[from..to].chars().count()
    }
}

/// No token is longer, in bytes.
const LONGEST: usize = 128;
/// How far beyond a chunk's size pieces are looked at: a text can have a few tokens fewer than its beginning has.
const SLACK: usize = 16;
/// A piece of more bytes is remembered with the places of its tokens.
const LONG: usize = 256;

/// A piece that the vocabulary splits off, and how many tokens it is.
struct Piece {
    at: usize,
    end: usize,
    tokens: usize,
    /// Where its tokens end, of a long one.
    inner: Vec<usize>,
}

/// A place, and how many tokens lie between the base and it.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    sum: usize,
    /// Between two tokens of one piece.
    inner: bool,
}

/// By tokens.
pub(super) struct Tokens<'a> {
    text: &'a str,
    size: usize,
    vocabulary: Vocabulary,
    pieces: Vec<Piece>,
    /// From the base on, until more tokens have come than a chunk may have.
    places: Vec<Place>,
    /// Beginnings, and how many tokens lie between each and the end that was looked back from.
    behind: Vec<(usize, usize)>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, size: usize, vocabulary: Vocabulary) -> Self {
        Self { text, size, vocabulary, pieces: Vec::new(), places: Vec::new(), behind: Vec::new() }
    }

    fn most(&self) -> usize {
        self.size.saturating_add(SLACK)
    }

    fn piece(&self, at: usize, piece: &str) -> Piece {
        let bpe = &self.vocabulary.tokenizer().bpe;
        let end = at + piece.len();
        if piece.len() <= LONG {
            return Piece { at, end, tokens: bpe.count(piece.as_bytes()), inner: Vec::new() };
        }
        let tokens = bpe.encode_via_backtracking(piece.as_bytes());
        let ends = tokens.iter().scan(at, |end, token| {
            *end += bpe.token_len(*token);
            Some(*end)
        });
        Piece { at, end, tokens: tokens.len(), inner: ends.collect() }
    }

    /// How much of the text a split looks at, from `at` on.
    fn window(&self, at: usize) -> &'a str {
        let most = self.most().saturating_add(1).saturating_mul(LONGEST);
        let end = at.saturating_add(most).min(self.text.len());
        let end = (end..=self.text.len()).find(|end| self.text.is_char_boundary(*end)).unwrap_or(self.text.len());
        &self.text[at..end]
    }

    /// The last place that is not beyond `at`.
    fn before(&self, at: usize) -> usize {
        self.places.partition_point(|place| place.at <= at).saturating_sub(1)
    }
}

impl Meter for Tokens<'_> {
    fn rebase(&mut self, base: usize) {
        let tokenizer = self.vocabulary.tokenizer();
        let known = std::mem::take(&mut self.pieces);
        let first = known.partition_point(|piece| piece.at < base);
        let mut known = known.into_iter().skip(first).peekable();
        self.places.clear();
        self.places.push(Place { at: base, sum: 0, inner: false });
        let (mut at, mut sum) = (base, 0);
        let mut split = None;
        // Where what the split looks at ends, and whether the last piece ends there although the text goes on.
        let mut edge = usize::MAX;
        let mut cut = false;
        while at < self.text.len() && sum <= self.most() {
            while known.next_if(|piece| piece.at < at).is_some() {}
            let piece = match known.next_if(|piece| piece.at == at) {
                Some(piece) => {
                    (split, edge) = (None, usize::MAX);
                    piece
                }
                None => {
                    let mut fresh = split.take().unwrap_or_else(|| {
                        let window = self.window(at);
                        edge = at + window.len();
                        tokenizer.split(window)
                    });
                    let piece = fresh.next().map(|text| self.piece(at, text));
                    // The vocabulary takes every character; if it ever did not, that one is a piece.
                    let length = self.text[at..].chars().next().map_or(1, char::len_utf8);
                    split = piece.is_some().then_some(fresh);
                    piece.unwrap_or_else(|| self.piece(at, &self.text[at..at + length]))
                }
            };
            for (n, end) in piece.inner.iter().enumerate().filter(|(_, end)| self.text.is_char_boundary(**end)) {
                if *end < piece.end {
                    self.places.push(Place { at: *end, sum: sum + n + 1, inner: true });
                }
            }
            (at, sum) = (piece.end, sum + piece.tokens);
            self.places.push(Place { at, sum, inner: false });
            cut = at == edge && at < self.text.len();
            self.pieces.push(piece);
        }
        if cut {
            self.pieces.pop();
        }
        self.pieces.extend(known.skip_while(|piece| piece.at < at));
    }

    fn reach(&self) -> usize {
        let beyond = self.places.iter().find(|place| place.sum > self.most());
        beyond.or(self.places.last()).map_or(0, |place| place.at)
    }

    fn fits(&self, end: usize) -> bool {
        let near = self.places[self.before(end)];
        near.sum <= self.most() && self.size(end) <= self.size
    }

    fn size(&self, end: usize) -> usize {
        let mut index = self.before(end);
        if end == self.text.len() && self.places[index].at == end {
            return self.places[index].sum;
        }
        // Two whole pieces back: what comes before is the same whether the text ends here or not.
        for _ in 0..2 {
            index = self.places[..index].iter().rposition(|place| !place.inner).unwrap_or(0);
        }
        let from = self.places[index];
        from.sum + self.measure(from.at, end)
    }

    fn furthest(&self) -> usize {
        let base = self.places.first().map_or(0, |place| place.at);
        let within = self.places.partition_point(|place| place.sum <= self.size);
        let fitting = self.places[..within].iter().rev().find(|place| place.at > base && self.fits(place.at));
        if let Some(place) = fitting {
            return place.at;
        }
        // Not even the first token's end is the end of a character, or its first piece is all there is.
        let ends = self.text[base..].char_indices().map(|(at, c)| base + at + c.len_utf8());
        ends.take_while(|end| self.fits(*end)).take(self.size.min(LONGEST)).last().unwrap_or(base)
    }

    fn look_back(&mut self, end: usize, most: usize) {
        let last = self.places[self.before(end)].sum;
        let near = self.places.iter().filter(|place| place.at < end && last.saturating_sub(place.sum) <= most);
        self.behind = near.map(|place| (place.at, last - place.sum)).collect();
        self.behind.push((end, 0));
    }

    fn back(&self, most: usize) -> usize {
        let fitting = self.behind.iter().find(|(_, tokens)| *tokens <= most);
        fitting.or(self.behind.last()).map_or(0, |(at, _)| *at)
    }

    fn measure(&self, from: usize, to: usize) -> usize {
        let tokenizer = self.vocabulary.tokenizer();
        tokenizer.split(&self.text[from..to]).map(|piece| tokenizer.bpe.count(piece.as_bytes())).sum()
    }
}
