//! Finding and counting the words of a text in one pass over it, with memory
//! only for its distinct words.

use crate::fold::{Fold, Folding};
use std::{borrow::Cow, cmp::Ordering};

/// How often each word of a text occurs.
#[derive(Default)]
pub(crate) struct Words {
    /// The distinct words one after the other.
    letters: Vec<u8>,
    words: Vec<Word>,
    /// A hash table with open addressing: 0, or a place in `words` plus 1. Its
    /// size is a power of two, at least twice the number of words.
    slots: Vec<u32>,
}

/// A distinct word: a range of `letters`. Positions are of 32 bits, since the
/// memory that this runs in is.
#[derive(Clone, Copy)]
struct Word {
    start: u32,
    end: u32,
    hash: u32,
    count: u32,
}

/// The word being read.
struct Reading<'t> {
    /// Its beginning, folded, as far as it is not plain ASCII.
    folded: Vec<u8>,
    /// Its end as it stands in the text: most words are only that.
    plain: &'t [u8],
    /// Of all of it, folded.
    hash: u32,
    /// The character read last.
    last: char,
}

impl Words {
    pub(crate) fn of(text: &str) -> Words {
        let mut words = Words {
            slots: vec![0; 1 << 10],
            ..Words::default()
        };
        let mut word = Reading::default();
        let mut folding = Folding::default();
        let mut rest = text;
        while !rest.is_empty() {
            rest = word.read_plain(rest);
            let separators = plain_separators(rest);
            if separators > 0 {
                words.count(&mut word);
                rest = &rest[separators..];
                continue;
            }
            let mut letters = rest.chars();
            let Some(letter) = letters.next() else {
                break;
            };
            match folding.fold(letter) {
                Fold::Letter(folded) => word.push(folded),
                Fold::Letters(folded) => folded.for_each(|folded| word.push(folded)),
                Fold::Apostrophe if word.takes_apostrophe() => word.push('\''),
                Fold::Apostrophe | Fold::Separator => words.count(&mut word),
            }
            word.last = letter;
            rest = letters.as_str();
        }
        words.count(&mut word);
        words
    }

    pub(crate) fn total(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count)).sum()
    }

    pub(crate) fn distinct(&self) -> usize {
        self.words.len()
    }

    /// The `count` most frequent words, equally frequent ones by their order.
    pub(crate) fn most_frequent(&self, count: usize) -> Vec<(Cow<'_, str>, u32)> {
        let order = |a: &Word, b: &Word| -> Ordering {
            let by_word = || self.bytes(*a).cmp(self.bytes(*b));
            b.count.cmp(&a.count).then_with(by_word)
        };
        let mut words = self.words.clone();
        if count < words.len() {
            words.select_nth_unstable_by(count, order);
            words.truncate(count);
        }
        words.sort_unstable_by(order);
        words
            .into_iter()
            .map(|word| (String::from_utf8_lossy(self.bytes(word)), word.count))
            .collect()
    }

    /// Counts the word that was being read, if any, and begins another.
    fn count(&mut self, reading: &mut Reading<'_>) {
        if reading.is_empty() {
            return;
        }
        reading.finish();
        match self.find(reading) {
            Ok(place) => self.words[place].count += 1,
            Err(slot) => self.add(slot, reading),
        }
        reading.clear();
    }

    /// The place of a word, or the slot where it belongs.
    fn find(&self, reading: &Reading<'_>) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = spread(reading.hash) & mask;
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                place => {
                    let place = place as usize - 1;
                    let word = self.words[place];
                    if word.hash == reading.hash && reading.is(self.bytes(word)) {
                        return Ok(place);
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn add(&mut self, slot: usize, reading: &Reading<'_>) {
        let start = self.letters.len() as u32;
        self.letters.extend_from_slice(&reading.folded);
        self.letters.extend(lower(reading.plain));
        self.words.push(Word {
            start,
            end: self.letters.len() as u32,
            hash: reading.hash,
            count: 1,
        });
        self.slots[slot] = self.words.len() as u32;
        if self.words.len() * 2 > self.slots.len() {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        // The old table goes first, so that both never take memory at once.
        self.slots = Vec::new();
        self.slots = vec![0; size];
        for (place, word) in self.words.iter().enumerate() {
            let mut slot = spread(word.hash) & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = place as u32 + 1;
        }
    }

    fn bytes(&self, word: Word) -> &[u8] {
        &self.letters[word.start as usize..word.end as usize]
    }
}

impl Default for Reading<'_> {
    fn default() -> Self {
        Reading {
            folded: Vec::new(),
            plain: &[],
            hash: 0,
            last: ' ',
        }
    }
}

impl<'t> Reading<'t> {
    /// Reads the letters and digits of ASCII that `text` begins with; what
    /// follows them is the answer.
    fn read_plain(&mut self, text: &'t str) -> &'t str {
        let (mut hash, mut length) = (self.hash, 0);
        for &byte in text.as_bytes() {
            let letter = LOWER[byte as usize];
            if letter == 0 {
                break;
            }
            hash = mix(hash, letter);
            length += 1;
        }
        if length > 0 {
            let (letters, rest) = text.split_at(length);
            self.hash = hash;
            self.plain = letters.as_bytes();
            self.last = letters.as_bytes()[length - 1].into();
            return rest;
        }
        text
    }

    fn push(&mut self, letter: char) {
        self.folded.extend(lower(self.plain));
        self.plain = &[];
        let mut bytes = [0; 4];
        for &byte in letter.encode_utf8(&mut bytes).as_bytes() {
            self.folded.push(byte);
            self.hash = mix(self.hash, byte);
        }
    }

    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.folded.is_empty()
    }

    fn takes_apostrophe(&self) -> bool {
        !self.is_empty() && !matches!(self.last, '\'' | '’')
    }

    /// Whether this word, folded, is `word`.
    fn is(&self, word: &[u8]) -> bool {
        match word.strip_prefix(&self.folded[..]) {
            Some(rest) => rest.len() == self.plain.len() && is_lower_of(rest, self.plain),
            None => false,
        }
    }

    /// Mends what only the end of a word shows.
    fn finish(&mut self) {
        if !self.plain.is_empty() {
            return;
        }
        if self.folded.ends_with(b"'") {
            self.folded.pop();
        } else if self.last == 'Σ' && self.folded.len() > 'σ'.len_utf8() {
            // The one letter whose lower case depends on where it stands.
            self.folded.truncate(self.folded.len() - 'σ'.len_utf8());
            self.folded.extend_from_slice("ς".as_bytes());
        } else {
            return;
        }
        self.hash = self.folded.iter().fold(0, |hash, &byte| mix(hash, byte));
    }

    fn clear(&mut self) {
        self.folded.clear();
        self.plain = &[];
        self.hash = 0;
    }
}

/// How many bytes of `text`, from its beginning, are ASCII that ends any word.
fn plain_separators(text: &str) -> usize {
    let separators = text
        .bytes()
        .take_while(|&byte| byte.is_ascii() && byte != b'\'' && LOWER[byte as usize] == 0);
    separators.count()
}

fn lower(plain: &[u8]) -> impl Iterator<Item = u8> {
    plain.iter().map(|byte| byte | LOWER_BIT)
}

/// Whether `lower` is `plain` in lower case, where both are as long.
fn is_lower_of(lower: &[u8], plain: &[u8]) -> bool {
    const LOWER_BITS: u32 = u32::from_ne_bytes([LOWER_BIT; 4]);
    let (lower_chunks, lower_rest) = lower.as_chunks::<4>();
    let (plain_chunks, plain_rest) = plain.as_chunks::<4>();
    let chunks = lower_chunks.iter().zip(plain_chunks);
    let rest = lower_rest.iter().zip(plain_rest);
    chunks
        .map(|(lower, plain)| {
            u32::from_ne_bytes(*lower) ^ (u32::from_ne_bytes(*plain) | LOWER_BITS)
        })
        .chain(rest.map(|(lower, plain)| u32::from(lower ^ (plain | LOWER_BIT))))
        .all(|difference| difference == 0)
}

/// Letters of ASCII in lower case have this bit, those in upper case lack it,
/// digits have it anyway.
const LOWER_BIT: u8 = 0x20;

/// The letters and digits of ASCII in lower case, and 0 for all other bytes.
const LOWER: [u8; 256] = {
    let mut lower = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            lower[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    lower
};

/// Fast for short words. Somebody who makes words collide only uses up their own
/// budget.
fn mix(hash: u32, byte: u8) -> u32 {
    (hash.rotate_left(5) ^ u32::from(byte)).wrapping_mul(0x9e37_79b1)
}

/// Brings the better mixed upper bits down to where a slot is chosen.
fn spread(hash: u32) -> usize {
    (hash ^ (hash >> 15)) as usize
}
