//! From text to expressions, by the binding powers of JMESPath's grammar.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::functions::Function;
use super::token::{Token, at, tokens};
use super::{Expression, Unanswerable};

/// The whole of `text`.
///
/// # Errors
///
/// Says what is wrong, and where.
pub(super) fn expression(text: &str) -> Result<Expression, Unanswerable> {
    let mut parser = Parser {
        end: text.chars().count() + 1,
        left: tokens(text)?.into_iter().peekable(),
        parts: 0,
    };
    let expression = parser.expression(0)?;
    match parser.left.next() {
        None => Ok(expression),
        Some((place, _)) => Err(at(place, "the expression should end here")),
    }
}

struct Parser {
    left: Peekable<IntoIter<(usize, Token)>>,
    /// The place after the last character.
    end: usize,
    /// How many there are already.
    parts: usize,
}

type Parsed = Result<Expression, Unanswerable>;

impl Parser {
    /// What holds together more tightly than `power`.
    fn expression(&mut self, power: u8) -> Parsed {
        let mut left = self.first()?;
        while let Some((place, token)) = self.left.next_if(|(_, token)| power < self::power(token))
        {
            left = self.more(left, place, &token)?;
        }
        Ok(left)
    }

    fn first(&mut self) -> Parsed {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Unanswerable::new(format_args!(
                "it has more than {MAX_PARTS} parts"
            )));
        }
        let Some((place, token)) = self.left.next() else {
            return Err(at(self.end, "something is missing"));
        };
        match token {
            Token::Name(name) if self.takes("(") => self.call(place, &name),
            Token::Name(name) | Token::Quoted(name) => Ok(Expression::Field(name)),
            Token::Literal(value) => Ok(Expression::Literal(value)),
            Token::Sign("@") => Ok(Expression::Current),
            Token::Sign("!") => Ok(Expression::Not(self.expression(NOT)?.into())),
            Token::Sign("(") => {
                let inside = self.expression(0)?;
                self.wants(")").map(|()| inside)
            }
            Token::Sign("{") => self.object(),
            Token::Sign("[") if !self.is_list() => self.bracket(Expression::Current),
            Token::Sign("[") => Ok(Expression::List(self.several("]", Self::part)?)),
            Token::Sign("*") => {
                let each = self.rest(STAR)?;
                Ok(Expression::EachMember([Expression::Current, each].into()))
            }
            token @ Token::Sign("[]" | "[?") => self.more(Expression::Current, place, &token),
            _ => Err(at(place, "an expression cannot begin so")),
        }
    }

    fn more(&mut self, left: Expression, place: usize, token: &Token) -> Parsed {
        self.parts += 1;
        Ok(match token {
            Token::Sign(".") if self.takes("*") => {
                Expression::EachMember([left, self.rest(STAR)?].into())
            }
            Token::Sign(".") => Expression::Then([left, self.member(DOT)?].into()),
            Token::Sign("[") => self.bracket(left)?,
            Token::Sign("[]") => {
                let flat = Expression::Flatten(left.into());
                Expression::Each([flat, self.rest(FLATTEN)?].into(), None)
            }
            Token::Sign("[?") => {
                let condition = self.expression(0)?;
                self.wants("]")?;
                Expression::Each([left, self.rest(FILTER)?].into(), Some(condition.into()))
            }
            Token::Sign("|") => Expression::Then([left, self.expression(PIPE)?].into()),
            Token::Sign("||") => Expression::Or([left, self.expression(OR)?].into()),
            Token::Sign("&&") => Expression::And([left, self.expression(AND)?].into()),
            Token::Compare(comparison) => {
                Expression::Compare(*comparison, [left, self.expression(COMPARE)?].into())
            }
            _ => return Err(at(place, "the expression should end here")),
        })
    }

    /// What is done with each of several.
    fn rest(&mut self, power: u8) -> Parsed {
        match self.left.peek() {
            Some((_, token)) if self::power(token) >= STOP => match token {
                Token::Sign(".") => {
                    self.left.next();
                    self.member(power)
                }
                Token::Sign("[" | "[?") => self.expression(power),
                _ => Err(self.unexpected("`.` or `[`")),
            },
            _ => Ok(Expression::Current),
        }
    }

    /// What may stand after a dot.
    fn member(&mut self, power: u8) -> Parsed {
        match self.left.peek() {
            Some((_, Token::Name(_) | Token::Quoted(_) | Token::Sign("*" | "{"))) => {
                self.expression(power)
            }
            Some((_, Token::Sign("["))) => {
                self.left.next();
                Ok(Expression::List(self.several("]", Self::part)?))
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Whether an opened bracket has expressions, rather than an index, a slice or a star.
    fn is_list(&mut self) -> bool {
        match self.left.peek() {
            Some((_, Token::Number(_) | Token::Sign(":"))) => false,
            // `[*]` is each item, `[*.a]` a list.
            Some((_, Token::Sign("*"))) => {
                let mut ahead = self.left.clone();
                ahead.next();
                !matches!(ahead.peek(), Some((_, Token::Sign("]"))))
            }
            _ => true,
        }
    }

    fn bracket(&mut self, left: Expression) -> Parsed {
        if self.takes("*") {
            self.wants("]")?;
            return Ok(Expression::Each([left, self.rest(STAR)?].into(), None));
        }
        let first = self.number();
        if !matches!(self.left.peek(), Some((_, Token::Sign(":")))) {
            let index = first.ok_or_else(|| self.unexpected("a number, `*` or `:`"))?;
            self.wants("]")?;
            return Ok(Expression::Then([left, Expression::Index(index)].into()));
        }
        let mut slice = [first, None, None];
        for part in slice.iter_mut().skip(1) {
            if self.takes(":") {
                *part = self.number();
            }
        }
        if slice == [slice[0], slice[1], Some(0)] {
            return Err(self.unexpected("a step other than 0"));
        }
        self.wants("]")?;
        let slice = Expression::Then([left, Expression::Slice(slice)].into());
        Ok(Expression::Each([slice, self.rest(STAR)?].into(), None))
    }

    fn object(&mut self) -> Parsed {
        let member = |parser: &mut Self| {
            let name = match parser.left.next() {
                Some((_, Token::Name(name) | Token::Quoted(name))) => name,
                Some((place, _)) => return Err(at(place, "a name should be here")),
                None => return Err(at(parser.end, "a name should be here")),
            };
            parser.wants(":")?;
            Ok((name, parser.expression(0)?))
        };
        Ok(Expression::Object(self.several("}", member)?))
    }

    fn call(&mut self, place: usize, name: &str) -> Parsed {
        let function = Function::named(name).ok_or_else(|| {
            let name: String = name.chars().take(50).collect();
            at(place, format_args!("there is no function `{name}`"))
        })?;
        let argument = |parser: &mut Self| {
            if parser.takes("&") {
                return Ok(Expression::Reference(parser.expression(0)?.into()));
            }
            parser.expression(0)
        };
        let arguments = if self.takes(")") {
            Vec::new()
        } else {
            self.several(")", argument)?
        };
        let are_references = arguments
            .iter()
            .map(|one| matches!(one, Expression::Reference(_)));
        function
            .check(are_references)
            .map_err(|problem| at(place, problem))?;
        Ok(Expression::Call(function, arguments))
    }

    fn part(&mut self) -> Parsed {
        self.expression(0)
    }

    fn several<T>(
        &mut self,
        end: &str,
        one: impl Fn(&mut Self) -> Result<T, Unanswerable>,
    ) -> Result<Vec<T>, Unanswerable> {
        let mut several = vec![one(self)?];
        while self.takes(",") {
            several.push(one(self)?);
        }
        self.wants(end).map(|()| several)
    }

    fn number(&mut self) -> Option<i64> {
        let is_number = |(_, token): &(usize, Token)| matches!(token, Token::Number(_));
        match self.left.next_if(is_number) {
            Some((_, Token::Number(number))) => Some(number),
            _ => None,
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = |(_, token): &(usize, Token)| matches!(token, Token::Sign(own) if *own == sign);
        self.left.next_if(is).is_some()
    }

    fn wants(&mut self, sign: &str) -> Result<(), Unanswerable> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{sign}`")))
    }

    fn unexpected(&mut self, wanted: &str) -> Unanswerable {
        let place = self.left.peek().map_or(self.end, |(place, _)| *place);
        at(place, format_args!("{wanted} should be here"))
    }
}

/// How tightly it holds together what is on both sides of it; 0 ends an expression.
fn power(token: &Token) -> u8 {
    match token {
        Token::Sign("|") => PIPE,
        Token::Sign("||") => OR,
        Token::Sign("&&") => AND,
        Token::Compare(_) => COMPARE,
        Token::Sign("[]") => FLATTEN,
        Token::Sign("*") => STAR,
        Token::Sign("[?") => FILTER,
        Token::Sign(".") => DOT,
        Token::Sign("!") => NOT,
        Token::Sign("{") => 50,
        Token::Sign("[") => 55,
        Token::Sign("(") => 60,
        _ => 0,
    }
}

const PIPE: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const COMPARE: u8 = 5;
const FLATTEN: u8 = 9;
/// What is weaker ends what is done with each of several.
const STOP: u8 = 10;
const STAR: u8 = 20;
const FILTER: u8 = 21;
const DOT: u8 = 40;
const NOT: u8 = 45;
/// So that neither reading nor asking goes deep.
const MAX_PARTS: usize = 200;
