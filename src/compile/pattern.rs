//! Patterns of `like`, matched in linear time.

use cedar_policy::pst::PatternElem;

/// A pattern: the literal pieces between its wildcards.
///
/// Pieces are found from left to right, each at its first place after the one before. Taking the first place never
/// loses a match, so nothing is ever tried twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// What the text must begin with; the whole pattern when there is no wildcard.
    head: Box<str>,
    /// Pieces between two wildcards, none of them empty.
    middle: Box<[Box<str>]>,
    /// What the text must end with; nothing when there is no wildcard.
    tail: Option<Box<str>>,
}

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
        let middle = pieces.filter(|piece| !piece.is_empty()).collect();
        Self { head, middle, tail }
    }

    /// The pieces around the wildcards.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        let middle = self.middle.iter().map(|piece| &**piece);
        std::iter::once(&*self.head)
            .chain(middle)
            .chain(self.tail.as_deref())
            .collect()
    }

    /// Whether the whole text matches.
    #[inline]
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(tail) = &self.tail else {
            return text == &*self.head;
        };
        let Some(mut rest) = text
            .strip_prefix(&*self.head)
            .and_then(|rest| rest.strip_suffix(&**tail))
        else {
            return false;
        };
        for piece in &self.middle {
            match rest.find(&**piece).and_then(|at| rest.get(at + piece.len()..)) {
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

    #[test]
    fn ten_thousand_wildcards_against_twenty_thousand_characters_take_no_time() {
        let pattern = pattern(&"*a".repeat(10_000));
        let start = std::time::Instant::now();
        assert!(pattern.matches(&"a".repeat(20_000)));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(20_000))));
        assert!(start.elapsed().as_millis() < 200, "{:?}", start.elapsed());
    }
}
