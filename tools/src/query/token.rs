//! What an expression is written in.

use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::Value;

use super::Unanswerable;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Quoted(String),
    Number(i64),
    Literal(Value),
    Compare(Comparison),
    /// All that is one or two characters: `.`, `[?`, `||`.
    Sign(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// The tokens of `text`, each with the place of the character that it begins with, counted from 1.
///
/// # Errors
///
/// Says what is none.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Unanswerable> {
    let mut tokens = Vec::new();
    let mut left = Characters {
        text,
        rest: text.char_indices().peekable(),
        place: 0,
    };
    while let Some((start, first)) = left.next() {
        let place = left.place;
        if !matches!(first, ' ' | '\t' | '\r' | '\n') {
            let token = left.token(start, first);
            tokens.push((place, token.map_err(|problem| at(place, problem))?));
        }
    }
    Ok(tokens)
}

pub(super) fn at(place: usize, problem: impl std::fmt::Display) -> Unanswerable {
    Unanswerable::new(format_args!("character {place}: {problem}"))
}

struct Characters<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    place: usize,
}

impl<'t> Characters<'t> {
    fn next(&mut self) -> Option<(usize, char)> {
        self.place += 1;
        self.rest.next()
    }

    fn is_next(&mut self, wanted: char) -> bool {
        let is = self.rest.next_if(|(_, char)| *char == wanted).is_some();
        self.place += usize::from(is);
        is
    }

    /// From `start` on, as long as characters are what `is` says.
    fn run(&mut self, start: usize, is: impl Fn(char) -> bool) -> &'t str {
        while self.rest.next_if(|(_, char)| is(*char)).is_some() {
            self.place += 1;
        }
        let end = self.rest.peek().map_or(self.text.len(), |(end, _)| *end);
        self.text.get(start..end).unwrap_or_default()
    }

    fn token(&mut self, start: usize, first: char) -> Result<Token, String> {
        Ok(match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let name = self.run(start, |char| char.is_ascii_alphanumeric() || char == '_');
                Token::Name(name.to_owned())
            }
            '0'..='9' | '-' => {
                let number = self.run(start, |char| char.is_ascii_digit());
                Token::Number(
                    number
                        .parse()
                        .map_err(|_too_large| format!("`{number}` is no number"))?,
                )
            }
            '"' => {
                let inside = self.quoted('"')?;
                let text = serde_json::from_str(&format!("\"{inside}\""));
                Token::Quoted(text.map_err(|error| format!("no JSON string: {error}"))?)
            }
            '\'' => Token::Literal(self.quoted('\'')?.replace("\\'", "'").into()),
            '`' => {
                let inside = self.quoted('`')?.replace("\\`", "`");
                let value = serde_json::from_str(&inside);
                Token::Literal(
                    value.map_err(|error| format!("between backticks is no JSON: {error}"))?,
                )
            }
            '=' if self.is_next('=') => Token::Compare(Comparison::Equal),
            '!' if self.is_next('=') => Token::Compare(Comparison::Unequal),
            '<' if self.is_next('=') => Token::Compare(Comparison::AtMost),
            '<' => Token::Compare(Comparison::Less),
            '>' if self.is_next('=') => Token::Compare(Comparison::AtLeast),
            '>' => Token::Compare(Comparison::More),
            '[' if self.is_next(']') => Token::Sign("[]"),
            '[' if self.is_next('?') => Token::Sign("[?"),
            '|' if self.is_next('|') => Token::Sign("||"),
            '&' if self.is_next('&') => Token::Sign("&&"),
            other => {
                let sign = SIGNS.iter().find(|sign| sign.starts_with(other));
                Token::Sign(
                    sign.ok_or_else(|| format!("`{}` means nothing here", other.escape_debug()))?,
                )
            }
        })
    }

    /// What is before the next `end`; a backslash keeps what it is before.
    fn quoted(&mut self, end: char) -> Result<String, String> {
        let mut inside = String::new();
        while let Some((_, char)) = self.next() {
            if char == end {
                return Ok(inside);
            }
            inside.push(char);
            if char == '\\' {
                inside.extend(self.next().map(|(_, char)| char));
            }
        }
        Err(format!("the `{end}` has no end"))
    }
}

const SIGNS: [&str; 14] = [
    "@", "*", ".", ",", ":", "[", "]", "{", "}", "(", ")", "|", "!", "&",
];
