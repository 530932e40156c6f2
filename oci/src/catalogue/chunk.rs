//! The text of one package, inflated when first asked for. `catalogue/generate.py` says what is in it.

use std::ops::Range;

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::kind::{Field, Parameter, alike};

/// The lines of one package.
pub(super) struct Chunk {
    text: String,
    /// Where the models are, by name.
    models: Vec<Range<usize>>,
}

/// A client of the SDK: what is common to its operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientLine<'a> {
    pub(super) name: &'a str,
    pub(super) template: &'a str,
    pub(super) base: &'a str,
    /// `realm=template`, with tabs between.
    pub(super) per_realm: &'a str,
}

/// An operation, as its line has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperationLine<'a> {
    pub(super) name: &'a str,
    pub(super) client: ClientLine<'a>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) flags: &'a str,
    pub(super) accept: &'a str,
    pub(super) body: &'a str,
    parameters: &'a str,
}

/// A model, as its line has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model<'a> {
    pub(super) name: &'a str,
    /// The field that tells which of the subtypes a value is; empty if there are none.
    pub(super) discriminator: &'a str,
    subtypes: &'a str,
    fields: &'a str,
}

impl Chunk {
    pub(super) fn inflate(compressed: &[u8]) -> Self {
        let text = inflate(compressed);
        let mut models = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if line.starts_with("M\t") {
                models.push(start..start + line.len());
            }
            start += line.len();
        }
        Self { text, models }
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = OperationLine<'_>> {
        self.lines("O\t").filter_map(|line| self.read(line))
    }

    /// The operation whose name is alike.
    pub(super) fn operation(&self, name: &str) -> Option<OperationLine<'_>> {
        let named = |line: &&str| line.split('\t').next().is_some_and(|own| alike(own, name));
        self.read(self.lines("O\t").find(named)?)
    }

    pub(super) fn model(&self, name: &str) -> Option<Model<'_>> {
        let line = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or("").trim_end();
        let found = self.models.binary_search_by(|range| {
            let own = line(range).split('\t').nth(1).unwrap_or("");
            own.cmp(name)
        });
        let mut parts = line(self.models.get(found.ok()?)?).splitn(5, '\t').skip(1);
        Some(Model {
            name: parts.next()?,
            discriminator: parts.next()?,
            subtypes: parts.next()?,
            fields: parts.next().unwrap_or(""),
        })
    }

    fn read<'a>(&'a self, line: &'a str) -> Option<OperationLine<'a>> {
        let mut parts = line.splitn(8, '\t');
        let name = parts.next()?;
        let number = parts.next()?.parse().ok()?;
        Some(OperationLine {
            name,
            client: self.client(number)?,
            method: parts.next()?,
            path: parts.next()?,
            flags: parts.next()?,
            accept: parts.next()?,
            body: parts.next()?,
            parameters: parts.next().unwrap_or(""),
        })
    }

    fn client(&self, number: usize) -> Option<ClientLine<'_>> {
        let mut parts = self.lines("C\t").nth(number)?.splitn(4, '\t');
        Some(ClientLine {
            name: parts.next()?,
            template: parts.next()?,
            base: parts.next()?,
            per_realm: parts.next().unwrap_or(""),
        })
    }

    fn lines<'a>(&'a self, start: &'static str) -> impl Iterator<Item = &'a str> {
        self.text
            .lines()
            .filter_map(move |line| line.strip_prefix(start))
    }
}

impl<'a> OperationLine<'a> {
    pub(super) fn parameters(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        self.parameters.split('\t').filter_map(Parameter::of)
    }
}

impl<'a> Model<'a> {
    pub(super) fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let fields = self.fields.split('\t').filter(|field| !field.is_empty());
        fields.map(Field::of)
    }

    /// The values of the discriminator, and the models that they stand for.
    pub(super) fn subtypes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        self.subtypes
            .split('|')
            .filter_map(|subtype| subtype.split_once('='))
    }
}

/// What is compressed is a part of this crate, and a test inflates all of it: it cannot be damaged.
pub(super) fn inflate(compressed: &[u8]) -> String {
    let text = decompress_to_vec_with_limit(compressed, LIMIT).unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}

/// Ten times the largest.
const LIMIT: usize = 4 << 20;
