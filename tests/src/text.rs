//! Texts of any size whose word counts are known because the text was made from
//! them, not because somebody counted.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const WORDS: [&str; 24] = [
    "the", "loom", "and", "shuttle", "weaves", "a", "thread", "of", "wool", "through", "warp",
    "until", "cloth", "grows", "don't", "stop", "straße", "übung", "ёлка", "café", "42", "night",
    "morning", "pattern",
];
const GAPS: [&str; 6] = [" ", " ", " ", ", ", ".\n", " - "];

/// A text and what it consists of.
pub struct Text {
    /// The text.
    pub text: String,
    counts: BTreeMap<&'static str, u64>,
}

impl Text {
    /// A text of about so many bytes; the same for the same size.
    pub fn of(bytes: usize) -> Self {
        let mut random = Random(0x5eed);
        let mut text = String::with_capacity(bytes + 32);
        let mut counts = BTreeMap::new();
        while text.len() < bytes {
            // The lesser of two choices: words differ in frequency.
            let word = WORDS[random.below(WORDS.len()).min(random.below(WORDS.len()))];
            *counts.entry(word).or_insert(0) += 1;
            match random.below(4) {
                0 => text += &word.to_uppercase().replace("SS", "ß"),
                _ => text += word,
            }
            text += GAPS[random.below(GAPS.len())];
        }
        Text { text, counts }
    }

    /// What `word-count` must answer.
    pub fn counted(&self, top: usize) -> Json {
        let mut words: Vec<_> = self.counts.iter().collect();
        words.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let top = words
            .iter()
            .take(top)
            .map(|(word, count)| json!({ "word": word, "count": count }));
        json!({
            "total": self.counts.values().sum::<u64>(),
            "distinct": self.counts.len(),
            "top": top.collect::<Vec<_>>(),
        })
    }
}

/// Numbers that look random and are always the same (xorshift64).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number, below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next_number() % bound as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_each_time_and_consists_of_what_it_says() {
        let text = Text::of(10_000);
        assert_eq!(text.text, Text::of(10_000).text);
        let is_gap = |c: char| " ,.\n-".contains(c);
        let lower = text.text.to_lowercase();
        let words: Vec<_> = lower
            .split(is_gap)
            .filter(|word| !word.is_empty())
            .collect();
        let counted = text.counted(1);
        assert_eq!(counted["total"], words.len());
        let first = &counted["top"][0];
        let of_it = words.iter().filter(|word| first["word"] == **word).count();
        assert_eq!(first["count"], of_it);
    }
}
