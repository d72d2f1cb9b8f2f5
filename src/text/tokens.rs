//! The vocabularies: which one a model counts in, and how many tokens a text is.

use super::Stopped;
use bpe_openai::Tokenizer;

/// How often a long count looks whether it is to stop, in pieces of text (most are words).
const LOOK: usize = 1 << 14;

/// A set of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vocabulary {
    /// `o200k_base`: OpenAI's models since GPT-4o. For models whose own vocabulary is not public, such as Claude and
    /// Gemini, it is an estimate.
    #[default]
    O200k,
    /// `cl100k_base`: GPT-4, GPT-3.5 and OpenAI's embeddings.
    Cl100k,
}

impl Vocabulary {
    /// The one that a model counts in.
    pub fn of_model(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
        let older = ["gpt-3.5", "gpt-35", "text-embedding-"].iter().any(|prefix| name.starts_with(prefix));
        // `gpt-4o`, `gpt-4.1` and `gpt-4.5` are newer than their names suggest.
        let gpt4 = name.strip_prefix("gpt-4").is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        if older || gpt4 { Self::Cl100k } else { Self::O200k }
    }

    /// How many tokens a text is. `stop` is asked every now and then whether to give up.
    pub fn count(self, text: &str, stop: &dyn Fn() -> bool) -> Result<usize, Stopped> {
        let tokenizer = self.tokenizer();
        let mut sum = 0;
        for (n, piece) in tokenizer.split(text).enumerate() {
            if n % LOOK == 0 && stop() {
                return Err(Stopped);
            }
            sum += tokenizer.bpe.count(piece.as_bytes());
        }
        Ok(sum)
    }

    /// How many of the texts, from the first on, are `limit` tokens together or fewer.
    pub fn fitting<'a>(
        self,
        texts: impl IntoIterator<Item = &'a str>,
        limit: usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<usize, Stopped> {
        let mut left = limit;
        let mut fitting = 0;
        for text in texts {
            match left.checked_sub(self.count(text, stop)?) {
                Some(rest) => left = rest,
                None => break,
            }
            fitting += 1;
        }
        Ok(fitting)
    }

    /// Its tables; unpacked by whoever asks first, in a tenth of a second.
    pub(super) fn tokenizer(self) -> &'static Tokenizer {
        match self {
            Self::O200k => bpe_openai::o200k_base(),
            Self::Cl100k => bpe_openai::cl100k_base(),
        }
    }
}
