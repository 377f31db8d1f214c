//! Reads a path's text.

use super::{InvalidPath, Key, Part, Parts, PropertyPath};

/// Deepest nesting of paths in paths.
const MAX_NESTING: usize = 8;

/// Reads a path, character by character.
pub(super) struct Parser<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
    nesting: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Parser {
            text,
            chars: text.chars().collect(),
            at: 0,
            nesting: 0,
        }
    }

    pub(super) fn path(mut self) -> Result<PropertyPath, InvalidPath> {
        let mut path = self.parts(None)?;
        path.text = path
            .text
            .strip_prefix("msg.")
            .unwrap_or(&path.text)
            .to_owned();
        Ok(path)
    }

    /// Read parts up to the end, or up to the `]` that ends a nested path.
    fn parts(&mut self, end: Option<char>) -> Result<PropertyPath, InvalidPath> {
        let begin = self.at;
        let mut parts = vec![match self.peek() {
            Some('"' | '\'') => Part::Key(Key::Name(self.quoted()?)),
            _ => Part::Key(self.word()?),
        }];
        loop {
            match self.peek() {
                found if found == end => break,
                Some('.') => {
                    self.at += 1;
                    parts.push(Part::Key(self.word()?));
                }
                Some('[') => {
                    self.at += 1;
                    parts.push(self.bracket()?);
                }
                _ => return Err(self.error("unexpected character")),
            }
        }
        let msg = Part::Key(Key::Name("msg".to_owned()));
        let bracketed = self.chars.get(begin + 3) == Some(&'[');
        if parts.len() > 1 && parts[0] == msg && !bracketed {
            parts.remove(0);
        }
        let text: String = self.chars[begin..self.at].iter().collect();
        Ok(PropertyPath {
            text,
            parts: Parts::of(parts),
        })
    }

    fn bracket(&mut self) -> Result<Part, InvalidPath> {
        let rest: String = self.chars[self.at..].iter().take(4).collect();
        let part = match self.peek() {
            Some('"' | '\'') => Part::Key(Key::Name(self.quoted()?)),
            Some(c) if c.is_ascii_digit() => match self.word()? {
                index @ Key::Index(_) => Part::Key(index),
                Key::Name(_) => return Err(self.error("an index is a whole number")),
            },
            _ if rest == "msg." && self.nesting < MAX_NESTING => {
                self.nesting += 1;
                let path = self.parts(Some(']'))?;
                self.nesting -= 1;
                Part::Lookup(path)
            }
            _ => return Err(self.error("brackets hold an index, a quoted name, or msg.…")),
        };
        if self.peek() != Some(']') {
            return Err(self.error("] is missing"));
        }
        self.at += 1;
        Ok(part)
    }

    fn word(&mut self) -> Result<Key, InvalidPath> {
        let begin = self.at;
        while let Some(c) = self.peek() {
            match c {
                '.' | '[' | ']' => break,
                '"' | '\'' => return Err(self.error("a quote belongs in brackets")),
                c if c.is_whitespace() => return Err(self.error("a blank must be quoted")),
                _ => self.at += 1,
            }
        }
        if self.at == begin {
            return Err(self.error("a part is empty"));
        }
        let word: String = self.chars[begin..self.at].iter().collect();
        Ok(Key::of(&word))
    }

    fn quoted(&mut self) -> Result<String, InvalidPath> {
        let quote = self.peek();
        let begin = self.at + 1;
        self.at = begin;
        while self.peek() != quote {
            if self.peek().is_none() {
                return Err(self.error("a quote is not closed"));
            }
            self.at += 1;
        }
        if self.at == begin {
            return Err(self.error("a part is empty"));
        }
        let name = self.chars[begin..self.at].iter().collect();
        self.at += 1;
        Ok(name)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn error(&self, reason: &'static str) -> InvalidPath {
        InvalidPath {
            input: self.text.chars().take(200).collect(),
            reason,
            at: self.at + 1,
        }
    }
}
