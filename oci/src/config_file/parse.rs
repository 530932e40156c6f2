//! The format of the file: Python's `configparser` without interpolation, as the SDK and the CLI
//! read it.

use zeroize::Zeroizing;

/// A section, and its values by key in lower case.
#[derive(Default)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) values: Vec<(String, Zeroizing<String>)>,
}

impl Section {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.values.iter().find(|(known, _)| known == key)?;
        Some(value)
    }
}

/// A line that cannot be, counted from 1, and what is wrong with it. Its text may be a secret.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) problem: String,
}

/// Reads all sections, in order.
pub(super) fn parse(text: &str) -> Result<Vec<Section>, Problem> {
    let mut parser = Parser::default();
    for (index, line) in text.lines().enumerate() {
        parser.line(line).map_err(|problem| Problem {
            line: index + 1,
            problem,
        })?;
    }
    let mut sections = parser.sections;
    for (_, value) in sections.iter_mut().flat_map(|section| &mut section.values) {
        // Blank lines may have been taken for the continuation of a value.
        let length = value.trim_end().len();
        value.truncate(length);
    }
    Ok(sections)
}

#[derive(Default)]
struct Parser {
    sections: Vec<Section>,
    /// The section that lines belong to.
    current: Option<usize>,
    /// How far the last key was indented: whatever is indented further continues its value.
    indent: Option<usize>,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(value) = self.continued(indent, text.is_empty()) {
            value.push('\n');
            value.push_str(text);
            return Ok(());
        }
        if text.is_empty() {
            return Ok(());
        }
        if let Some((name, _)) = text
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'))
            && !name.is_empty()
        {
            return self.section(name);
        }
        self.key(indent, text)
    }

    /// The value that a line goes on with, if it does.
    fn continued(&mut self, indent: usize, blank: bool) -> Option<&mut Zeroizing<String>> {
        let further = self.indent.is_some_and(|key| indent > key);
        let section = self.sections.get_mut(self.current?)?;
        let (_, value) = section.values.last_mut()?;
        (self.indent.is_some() && (further || blank)).then_some(value)
    }

    fn section(&mut self, name: &str) -> Result<(), String> {
        let known = self.sections.iter().position(|known| known.name == name);
        self.current = match known {
            Some(index) if name == super::DEFAULT => Some(index),
            Some(_) => return Err(format!("a second section `[{}]`", name.escape_debug())),
            None => {
                self.sections.push(Section {
                    name: name.to_owned(),
                    values: Vec::new(),
                });
                Some(self.sections.len() - 1)
            }
        };
        self.indent = None;
        Ok(())
    }

    fn key(&mut self, indent: usize, text: &str) -> Result<(), String> {
        let section = self
            .current
            .and_then(|index| self.sections.get_mut(index))
            .ok_or("before the first section, such as `[DEFAULT]`")?;
        let (key, value) = text
            .split_once(['=', ':'])
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or("neither a section, `[NAME]`, nor a value, `KEY=VALUE`")?;
        let key = key.trim_end().to_lowercase();
        if section.get(&key).is_some() {
            return Err(format!("a second `{}` in its section", key.escape_debug()));
        }
        let value = Zeroizing::new(value.trim().to_owned());
        section.values.push((key, value));
        self.indent = Some(indent);
        Ok(())
    }
}
