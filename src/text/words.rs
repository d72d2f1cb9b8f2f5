//! What counts as a word where texts are compared.

use unicode_segmentation::UnicodeSegmentation;

/// Words that tell nothing.
const STOP_WORDS: &str = " a about all also an and any are as at be been but by can could did do does each every few \
    for from had has have his how i if in into is it its \
    many may me more most much my no none not of on only or other our per \
    shall should so some such than that the their them then there these they this those to too was we were what when \
    where which who whom whose why will with would you your ";

/// Lower-cased words without their commonest endings; stop words are left out.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words().map(str::to_lowercase).filter(|w| !among(w, STOP_WORDS)).map(stem)
}

/// Crude, but alike for instruction and data: `recalls` and `recalled` become `recall`.
pub(crate) fn stem(mut word: String) -> String {
    let long = word.len() > 5;
    let ending = match () {
        () if word.ends_with("ies") && long => {
            word.truncate(word.len() - 3);
            word.push('y');
            0
        }
        () if word.ends_with("ing") && long => 3,
        () if word.ends_with("ed") && long => 2,
        () if word.ends_with("ss") || word.len() < 4 => 0,
        () if word.ends_with('s') => 1,
        () => 0,
    };
    word.truncate(word.len() - ending);
    word
}

/// Whether a word stands in a list with a space on either side of each.
pub(crate) fn among(word: &str, list: &str) -> bool {
    list.match_indices(word).any(|(at, _)| list[..at].ends_with(' ') && list[at + word.len()..].starts_with(' '))
}
