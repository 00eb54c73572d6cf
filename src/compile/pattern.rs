//! Patterns of `like`, matched in linear time.

use cedar_policy::pst::PatternElem;
use memchr::memmem::Finder;

use crate::value::{same_bytes, same_text};

/// A pattern: the literal pieces between its wildcards.
///
/// Pieces are found from left to right, each at its first place after the one before. Taking the first place never
/// loses a match, so nothing is ever tried twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// What the text must begin with; the whole pattern when there is no wildcard.
    head: Box<str>,
    /// Pieces between two wildcards, none of them empty.
    middle: Box<[Piece]>,
    /// What the text must end with; nothing when there is no wildcard.
    tail: Option<Box<str>>,
}

/// A piece between two wildcards, prepared for being found.
#[derive(Clone, Debug)]
struct Piece {
    text: Box<str>,
    finder: Finder<'static>,
}

impl Piece {
    fn new(text: Box<str>) -> Self {
        let finder = Finder::new(text.as_bytes()).into_owned();
        Self { text, finder }
    }
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Piece {}

impl Pattern {
    pub(crate) fn new(elements: &[PatternElem]) -> Self {
        let mut pieces = vec![String::new()];
        for element in elements {
            match (element, pieces.last_mut()) {
                (PatternElem::Char(c), Some(piece)) => piece.push(*c),
                _ => pieces.push(String::new()),
            }
        }
        Self::from_pieces(pieces)
    }

    /// From the pieces around the wildcards: one more than there are wildcards.
    pub(crate) fn from_pieces(pieces: Vec<String>) -> Self {
        let mut pieces = pieces.into_iter().map(String::into_boxed_str);
        let head = pieces.next().unwrap_or_default();
        let tail = pieces.next_back();
        let middle = pieces.filter(|piece| !piece.is_empty()).map(Piece::new).collect();
        Self { head, middle, tail }
    }

    /// The pieces around the wildcards.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        let middle = self.middle.iter().map(|piece| &*piece.text);
        std::iter::once(&*self.head)
            .chain(middle)
            .chain(self.tail.as_deref())
            .collect()
    }

    /// Whether the whole text matches.
    #[inline]
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(tail) = &self.tail else {
            return same_text(text, &self.head);
        };
        // Equal bytes are equal texts: no character begins within another.
        let text = text.as_bytes();
        let Some((head, rest)) = text.split_at_checked(self.head.len()) else {
            return false;
        };
        let Some((mut rest, end)) = rest
            .len()
            .checked_sub(tail.len())
            .and_then(|at| rest.split_at_checked(at))
        else {
            return false;
        };
        if !same_bytes(head, self.head.as_bytes()) || !same_bytes(end, tail.as_bytes()) {
            return false;
        }
        for piece in &self.middle {
            let found = piece.finder.find(rest);
            match found.and_then(|at| rest.get(at + piece.text.len()..)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let elements: Vec<PatternElem> = text
            .chars()
            .map(|c| match c {
                '*' => PatternElem::Wildcard,
                c => PatternElem::Char(c),
            })
            .collect();
        Pattern::new(&elements)
    }

    /// The definition, tried in every way.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], text) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
            ([p, pattern @ ..], [t, text @ ..]) => p == t && slow(pattern, text),
            _ => false,
        }
    }

    #[test]
    fn every_short_pattern_matches_what_its_definition_says() {
        let words = |alphabet: &[char], most: u32| -> Vec<Vec<char>> {
            let base = alphabet.len();
            (0..=most)
                .flat_map(|len| (0..base.pow(len)).map(move |n| (len, n)))
                .map(|(len, n)| (0..len).map(|i| alphabet[n / base.pow(i) % base]).collect())
                .collect()
        };
        let texts = words(&['a', 'ß'], 6);
        for pattern_chars in words(&['a', 'ß', '*'], 5) {
            let compiled = pattern(&pattern_chars.iter().collect::<String>());
            for text in &texts {
                let string: String = text.iter().collect();
                assert_eq!(
                    compiled.matches(&string),
                    slow(&pattern_chars, text),
                    "{pattern_chars:?} {string}"
                );
            }
        }
    }

    /// A matcher that tries places again would not come to an end here.
    #[test]
    fn ten_thousand_wildcards_against_twenty_thousand_characters_come_to_an_end() {
        let pattern = pattern(&"*a".repeat(10_000));
        assert!(pattern.matches(&"a".repeat(20_000)));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(20_000))));
    }
}
