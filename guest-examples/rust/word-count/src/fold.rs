//! What a character is to a word: a letter or digit in lower case, or its end.

/// The size of the memory of [`Folding`]: the characters whose code fits 16 bits.
const REMEMBERED: usize = 1 << 16;
const UNKNOWN: u16 = 0;
const SEPARATOR: u16 = 1;

/// What a character does to the word before it.
pub(crate) enum Fold {
    /// Ends it.
    Separator,
    /// Goes on with it, if another letter follows.
    Apostrophe,
    /// Goes on with it, as this letter.
    Letter(char),
    /// Goes on with it, as these letters.
    Letters(std::char::ToLowercase),
}

/// Folds characters, and remembers how: the tables of Unicode are slow to search,
/// and a text has few distinct letters.
#[derive(Default)]
pub(crate) struct Folding {
    known: Vec<u16>,
}

impl Folding {
    pub(crate) fn fold(&mut self, letter: char) -> Fold {
        match letter {
            'a'..='z' | '0'..='9' => Fold::Letter(letter),
            'A'..='Z' => Fold::Letter(letter.to_ascii_lowercase()),
            '\'' | '’' => Fold::Apostrophe,
            '\0'..='\x7f' => Fold::Separator,
            _ => self.fold_beyond_ascii(letter),
        }
    }

    fn fold_beyond_ascii(&mut self, letter: char) -> Fold {
        if self.known.is_empty() {
            self.known = vec![UNKNOWN; REMEMBERED];
        }
        match self.known.get(letter as usize) {
            Some(&SEPARATOR) => return Fold::Separator,
            Some(&known) if known != UNKNOWN => {
                return char::from_u32(known.into()).map_or(Fold::Separator, Fold::Letter);
            }
            _ => {}
        }
        let mut lower = letter.to_lowercase();
        let (fold, code) = match lower.len() {
            _ if !letter.is_alphanumeric() => (Fold::Separator, SEPARATOR),
            1 => {
                let lower = lower.next().unwrap_or(letter);
                let code = u16::try_from(u32::from(lower)).unwrap_or(UNKNOWN);
                (Fold::Letter(lower), code)
            }
            _ => (Fold::Letters(lower), UNKNOWN),
        };
        if let Some(known) = self.known.get_mut(letter as usize) {
            *known = code;
        }
        fold
    }
}
