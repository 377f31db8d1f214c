//! Reads a template's text: first a flat list of texts and tags, then sections
//! as a tree.

use super::{MAX_DEPTH, Name, Segment, SyntaxError};

/// Parse a template.
pub(super) fn parse(text: &str) -> Result<Vec<Segment>, SyntaxError> {
    nest(Scanner::new(text).tokens()?)
}

enum Token {
    Text(String),
    Variable {
        name: String,
        escape: bool,
    },
    Open {
        name: String,
        inverted: bool,
        line: usize,
    },
    Close {
        name: String,
        line: usize,
    },
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    open: String,
    close: String,
    tokens: Vec<Token>,
    current: Line,
}

/// What stands on the line that is being read. If there are tags and blanks but
/// nothing that shows, the blanks and the line's end are dropped.
#[derive(Default)]
struct Line {
    blanks: Vec<usize>,
    has_tag: bool,
    shows: bool,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Scanner {
            text,
            at: 0,
            line: 1,
            open: "{{".into(),
            close: "}}".into(),
            tokens: Vec::new(),
            current: Line::default(),
        }
    }

    fn tokens(mut self) -> Result<Vec<Token>, SyntaxError> {
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let (before, tag) = match rest.find(&self.open) {
                Some(at) => (&rest[..at], true),
                None => (rest, false),
            };
            self.push_text(before);
            self.at += before.len();
            if tag {
                self.tag()?;
            }
        }
        self.end_line();
        Ok(self.tokens)
    }

    fn push_text(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            if piece.trim().is_empty() {
                self.current.blanks.push(self.tokens.len());
            } else {
                self.current.shows = true;
            }
            self.tokens.push(Token::Text(piece.to_owned()));
            if piece.ends_with('\n') {
                self.end_line();
                self.line += 1;
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.current);
        if line.has_tag && !line.shows {
            for blank in line.blanks {
                self.tokens[blank] = Token::Text(String::new());
            }
        }
    }

    fn tag(&mut self) -> Result<(), SyntaxError> {
        let line = self.line;
        let inside = &self.text[self.at + self.open.len()..];
        let kind = inside.trim_start().chars().next();
        let mark = kind.filter(|c| "#^/>{&=!".contains(*c));
        let skipped = match mark {
            Some(_) => inside.len() - inside.trim_start().len() + 1,
            None => 0,
        };
        let body = &inside[skipped..];
        let end = match mark {
            Some('{') => format!("}}{}", self.close),
            Some('=') => format!("={}", self.close),
            _ => self.close.clone(),
        };
        let length = body.find(&end).ok_or(SyntaxError::UnclosedTag { line })?;
        let content = &body[..length];
        self.line += content.matches('\n').count();
        self.at += self.open.len() + skipped + length + end.len();

        let name = content.trim().to_owned();
        let shows = matches!(mark, None | Some('{' | '&'));
        self.current.shows |= shows;
        self.current.has_tag |= !shows;
        match mark {
            Some('#') => self.push_open(name, false, line),
            Some('^') => self.push_open(name, true, line),
            Some('/') => self.tokens.push(Token::Close { name, line }),
            Some('{' | '&') => self.tokens.push(Token::Variable {
                name,
                escape: false,
            }),
            Some('=') => self.set_delimiters(&name, line)?,
            Some(_) => {}
            None => self.tokens.push(Token::Variable { name, escape: true }),
        }
        Ok(())
    }

    fn push_open(&mut self, name: String, inverted: bool, line: usize) {
        self.tokens.push(Token::Open {
            name,
            inverted,
            line,
        });
    }

    fn set_delimiters(&mut self, text: &str, line: usize) -> Result<(), SyntaxError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [open, close] = words.as_slice() else {
            return Err(SyntaxError::BadDelimiters { line });
        };
        (self.open, self.close) = ((*open).to_owned(), (*close).to_owned());
        Ok(())
    }
}

/// A section that is not closed yet.
struct OpenSection {
    name: String,
    inverted: bool,
    line: usize,
    body: Vec<Segment>,
}

fn nest(tokens: Vec<Token>) -> Result<Vec<Segment>, SyntaxError> {
    let mut root = Vec::new();
    let mut open: Vec<OpenSection> = Vec::new();
    for token in tokens {
        let segment = match token {
            Token::Text(text) if text.is_empty() => continue,
            Token::Text(text) => Segment::Text(text),
            Token::Variable { name, escape } => Segment::Variable {
                name: Name::of(&name),
                escape,
            },
            Token::Open {
                name,
                inverted,
                line,
            } => {
                if open.len() == MAX_DEPTH {
                    return Err(SyntaxError::TooDeep { line });
                }
                open.push(OpenSection {
                    name,
                    inverted,
                    line,
                    body: Vec::new(),
                });
                continue;
            }
            Token::Close { name, line } => match open.pop_if(|section| section.name == name) {
                Some(section) => Segment::Section {
                    name: Name::of(&section.name),
                    inverted: section.inverted,
                    body: section.body,
                },
                None => return Err(SyntaxError::UnexpectedClose { name, line }),
            },
        };
        let body = open
            .last_mut()
            .map_or(&mut root, |section| &mut section.body);
        match (body.last_mut(), segment) {
            (Some(Segment::Text(before)), Segment::Text(text)) => before.push_str(&text),
            (_, segment) => body.push(segment),
        }
    }
    match open.pop() {
        None => Ok(root),
        Some(OpenSection { name, line, .. }) => Err(SyntaxError::UnclosedSection { name, line }),
    }
}

impl Name {
    fn of(text: &str) -> Self {
        match text {
            "." => Name::Current,
            text => Name::Dotted(text.split('.').map(str::to_owned).collect()),
        }
    }
}
