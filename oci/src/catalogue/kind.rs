//! What a value is, as the texts of the catalogue write it.

/// The type of a value. What is in a list or a map is a type again, still as text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind<'a> {
    Text,
    /// RFC 3339, section 5.6.
    Time,
    Integer,
    Number,
    Boolean,
    Any,
    Bytes,
    List(&'a str),
    /// A list that a query has in one value, with commas.
    Commas(&'a str),
    Map(&'a str),
    Model(&'a str),
}

impl<'a> Kind<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut rest = text.chars();
        match (rest.next(), rest.as_str()) {
            (Some('['), items) => Self::List(items),
            (Some(','), items) => Self::Commas(items),
            (Some('{'), members) => Self::Map(members),
            (Some('s'), "") => Self::Text,
            (Some('t'), "") => Self::Time,
            (Some('i'), "") => Self::Integer,
            (Some('n'), "") => Self::Number,
            (Some('b'), "") => Self::Boolean,
            (Some('a'), "") => Self::Any,
            (Some('y'), "") => Self::Bytes,
            _ => Self::Model(text),
        }
    }
}

/// A field of a model, or what a parameter has beside its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) required: bool,
    pub(super) kind: Kind<'a>,
    allowed: &'a str,
}

impl<'a> Field<'a> {
    /// From `name! type value|value`.
    pub(super) fn of(text: &'a str) -> Self {
        let mut parts = text.splitn(3, ' ');
        let (name, kind) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        Self {
            name: name.trim_end_matches('!'),
            required: name.ends_with('!'),
            kind: Kind::of(kind),
            allowed: parts.next().unwrap_or(""),
        }
    }

    /// The values that it may have; none if it may have any of its type.
    pub(super) fn allowed(&self) -> Allowed<'a> {
        Allowed(self.allowed)
    }
}

/// The values that something may have. If there are none, it may have any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed<'a>(&'a str);

impl<'a> Allowed<'a> {
    pub(super) const ANY: Self = Self("");

    pub(super) fn values(self) -> impl Iterator<Item = &'a str> + Clone {
        self.0.split('|').filter(|value| !value.is_empty())
    }

    pub(super) fn permits(self, value: &str) -> bool {
        self.0.is_empty() || self.values().any(|allowed| allowed == value)
    }
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    /// A header for each member: `opc-meta-*`.
    Headers,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter<'a> {
    pub(super) place: Place,
    pub(super) field: Field<'a>,
}

impl<'a> Parameter<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (place, field) = text.split_once(' ')?;
        let place = match place {
            "p" => Place::Path,
            "q" => Place::Query,
            "h" => Place::Header,
            "m" => Place::Headers,
            _ => return None,
        };
        let field = Field::of(field);
        Some(Self { place, field })
    }
}

/// Whether two names are the same but for their case and for what separates their words:
/// `displayName`, `display_name` and `display-name` are.
pub(super) fn alike(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        let kept = name.bytes().filter(u8::is_ascii_alphanumeric);
        kept.map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

#[cfg(test)]
mod tests {
    use super::{Field, Kind, Parameter, Place, alike};

    #[test]
    fn a_field_is_read_from_its_text() {
        let field = Field::of("lifecycleState! s RUNNING|NOT STARTED");

        assert_eq!(field.name, "lifecycleState");
        assert!(field.required);
        assert_eq!(field.kind, Kind::Text);
        assert!(field.allowed().values().eq(["RUNNING", "NOT STARTED"]));
        assert!(field.allowed().permits("NOT STARTED"));
        assert!(!field.allowed().permits(""));
    }

    #[test]
    fn types_are_in_each_other() {
        let Kind::Map(members) = Kind::of("{[LaunchOptions") else {
            panic!("a map");
        };
        let Kind::List(items) = Kind::of(members) else {
            panic!("a list");
        };

        assert_eq!(Kind::of(items), Kind::Model("LaunchOptions"));
    }

    #[test]
    fn a_parameter_has_a_place() {
        let parameter = Parameter::of("m opc-meta s").unwrap();

        assert_eq!(parameter.place, Place::Headers);
        assert!(!parameter.field.required);
        assert!(parameter.field.allowed().permits("anything"));
    }

    #[test]
    fn names_are_alike_whatever_separates_their_words() {
        assert!(alike("displayName", "display_name"));
        assert!(alike("if-match", "ifMatch"));
        assert!(!alike("name", "names"));
        assert!(!alike("name", "näme"));
    }
}
