//! A tool as a row of a table.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::argument::{Argument, at_most, flag, text, texts};
use super::{COMPARTMENT, DEFAULT_LIMIT, MAX_LIMIT};
use crate::error::Failure;
use crate::session::Session;

/// One tool.
pub(crate) struct Row {
    /// `oci_<toolset>_<what it does>`.
    pub(crate) name: &'static str,
    /// What guides call it, too.
    pub(crate) alias: Option<&'static str>,
    /// What the model chooses it by.
    pub(crate) about: &'static str,
    /// Its own arguments, beside those that come with `common`.
    takes: &'static [Argument],
    common: &'static [Argument],
    /// What an answer keeps of each item, as [`Fields::of`](crate::answer::Fields::of) reads it; all if
    /// it is empty.
    pub(crate) shows: &'static str,
    /// What IAM must let the server do for its operation.
    needs: Needs,
    /// What it asks beside its operation, or what it is composed of.
    asks: &'static [Asked],
    /// Whether it has an answer as long as one of what it asks has.
    pub(crate) is_of_parts: bool,
    pub(crate) way: Way,
    /// Arguments that OCI does not know, each with where the items have what it must be a part of: a JSON pointer.
    pub(crate) keeps: &'static [(&'static str, &'static str)],
    /// How many items there are of a list whose caller does not say.
    pub(crate) limit: u32,
    /// What adds to the answer of its operation what a caller asks for with `include_…`.
    pub(crate) adds: Option<Add>,
    /// What tells where its request goes, if that is not the service's own address: an operation that takes
    /// the same path, and the member that is the URL.
    pub(crate) address: Option<[&'static str; 2]>,
    /// What it tells of its arguments beside an answer that says little.
    pub(crate) tells: Option<Tell>,
    /// What it changes, if it does.
    pub(crate) change: Option<Change>,
    /// What it shows of an answer.
    pub(crate) content: Content,
    /// Whether it is of the tenancy, in no compartment.
    pub(crate) is_of_tenancy: bool,
    /// Whether it is there unless toolsets are chosen.
    pub(crate) is_default: bool,
}

/// What IAM must let the server do: verbs and resource types, as policies have them, and `in tenancy` if it is of
/// the whole tenancy.
pub(crate) type Needs = &'static [&'static str];
/// An operation, and what is needed for it.
pub(crate) type Asked = (&'static str, Needs);

/// How a tool comes to its answer.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// By one operation of the catalogue, and what makes the tool's arguments its parameters.
    Operation(&'static str, Prepare),
    /// By several.
    Composed(Compose),
    /// By what makes the answer that ChatGPT's connectors expect.
    Connector(Compose),
}

pub(crate) type Prepare = fn(&mut Map<String, Value>, Timestamp) -> Result<(), Failure>;
pub(crate) type Compose =
    for<'a> fn(&'a Session<'a>, Map<String, Value>) -> BoxFuture<'a, Result<Value, Failure>>;
pub(crate) type Tell = fn(&Map<String, Value>) -> Map<String, Value>;
/// Takes what is asked for, each by a member that is true, and what the operation answered.
pub(crate) type Add =
    for<'a> fn(&'a Session<'a>, Map<String, Value>, Value) -> BoxFuture<'a, Result<Value, Failure>>;

/// What a tool shows of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// Texts and values, with secrets masked.
    Masked,
    /// Bytes, too, in base64.
    Bytes,
    /// The secret that it was made for.
    Secret,
}

/// What a tool that changes something does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// It deletes, overwrites or interrupts.
    pub(crate) is_destructive: bool,
    /// A second call changes nothing more.
    pub(crate) is_idempotent: bool,
    /// What tells the name that must be given again: an operation that takes the same path.
    pub(crate) confirmed_by: Option<&'static str>,
}

impl Change {
    /// It adds or starts something.
    pub(crate) const ADDS: Self = Self {
        is_destructive: false,
        is_idempotent: false,
        confirmed_by: None,
    };
    /// It brings something into a state, in which a second call finds it.
    pub(crate) const SETS: Self = Self {
        is_idempotent: true,
        ..Self::ADDS
    };
    /// The same, which interrupts or overwrites.
    pub(crate) const INTERRUPTS: Self = Self {
        is_destructive: true,
        ..Self::SETS
    };

    /// It takes away what `operation` tells the name of.
    pub(crate) const fn removes(operation: &'static str) -> Self {
        Self {
            confirmed_by: Some(operation),
            ..Self::INTERRUPTS
        }
    }
}

impl Row {
    /// A list of a compartment, which comes in pages.
    pub(crate) const fn list(name: &'static str, operation: &'static str) -> Self {
        Self::new(name, Way::Operation(operation, as_given), LIST)
    }

    /// A list of something else than a compartment, which comes in pages.
    pub(crate) const fn list_of(name: &'static str, operation: &'static str) -> Self {
        Self::new(name, Way::Operation(operation, as_given), LIST_OF)
    }

    /// One thing, or a list that comes whole.
    pub(crate) const fn get(name: &'static str, operation: &'static str) -> Self {
        Self::new(name, Way::Operation(operation, as_given), GET)
    }

    /// The same of a compartment.
    pub(crate) const fn get_in(name: &'static str, operation: &'static str) -> Self {
        Self::new(name, Way::Operation(operation, as_given), GET_IN)
    }

    /// What a function makes of several answers.
    pub(crate) const fn composed(name: &'static str, compose: Compose) -> Self {
        Self::new(name, Way::Composed(compose), REGION)
    }

    /// The same of a compartment.
    pub(crate) const fn composed_in(name: &'static str, compose: Compose) -> Self {
        Self::new(name, Way::Composed(compose), REGION_IN)
    }

    /// One thing that is put together, of which a caller may choose members.
    pub(crate) const fn composed_one(name: &'static str, compose: Compose) -> Self {
        Self::new(name, Way::Composed(compose), GET)
    }

    /// What ChatGPT's connectors look for.
    pub(crate) const fn connector(name: &'static str, compose: Compose) -> Self {
        Self::new(name, Way::Connector(compose), &[])
    }

    /// What changes something by one operation.
    pub(crate) const fn change(
        name: &'static str,
        operation: &'static str,
        change: Change,
    ) -> Self {
        let common = if change.confirmed_by.is_some() {
            CONFIRMED
        } else {
            CHANGE
        };
        let mut row = Self::new(name, Way::Operation(operation, as_given), common);
        row.change = Some(change);
        row
    }

    const fn new(name: &'static str, way: Way, common: &'static [Argument]) -> Self {
        Self {
            name,
            alias: None,
            about: "",
            takes: &[],
            common,
            shows: "",
            needs: &[],
            asks: &[],
            is_of_parts: false,
            way,
            keeps: &[],
            limit: DEFAULT_LIMIT,
            adds: None,
            address: None,
            tells: None,
            change: None,
            content: Content::Masked,
            is_of_tenancy: false,
            is_default: true,
        }
    }

    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    pub(crate) const fn also(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    pub(crate) const fn taking(mut self, takes: &'static [Argument]) -> Self {
        self.takes = takes;
        self
    }

    /// The same, of a compartment.
    pub(crate) const fn in_compartment(mut self) -> Self {
        self.common = CHANGE_IN;
        self
    }

    pub(crate) const fn shows(mut self, shows: &'static str) -> Self {
        self.shows = shows;
        self
    }

    pub(crate) const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// Asks these operations, too; what is composed asks nothing else, and has no answer without the first.
    pub(crate) const fn asks(mut self, asks: &'static [Asked]) -> Self {
        self.asks = asks;
        self
    }

    /// Composed of parts of which any may fail.
    pub(crate) const fn of_parts(mut self) -> Self {
        self.is_of_parts = true;
        self
    }

    /// With arguments that become parameters by more than their names.
    pub(crate) const fn by(mut self, prepare: Prepare) -> Self {
        if let Way::Operation(operation, _) = self.way {
            self.way = Way::Operation(operation, prepare);
        }
        self
    }

    /// With only those items in the answer that have the text of an argument in a member, in any case.
    pub(crate) const fn keeping(mut self, keeps: &'static [(&'static str, &'static str)]) -> Self {
        self.keeps = keeps;
        self
    }

    /// A list of so many, unless its caller says otherwise.
    pub(crate) const fn limited(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// With more in the answer than its operation tells, if a caller asks for it.
    pub(crate) const fn adding(mut self, add: Add) -> Self {
        self.adds = Some(add);
        self
    }

    /// With a request that goes to the URL which the member `url` of what `operation` answers is.
    pub(crate) const fn at(mut self, operation: &'static str, url: &'static str) -> Self {
        self.address = Some([operation, url]);
        self
    }

    /// With what `tells` makes of its arguments, where its operation answers with nothing.
    pub(crate) const fn telling(mut self, tells: Tell) -> Self {
        self.tells = Some(tells);
        self
    }

    /// Shows what is no text, too, in base64.
    pub(crate) const fn of_bytes(mut self) -> Self {
        self.content = Content::Bytes;
        self
    }

    /// Answers with a secret, which it was made for.
    pub(crate) const fn unmasked(mut self) -> Self {
        self.content = Content::Secret;
        self
    }

    /// A list of a compartment whose pages are as large as OCI makes them.
    pub(crate) const fn unlimited(mut self) -> Self {
        self.common = UNLIMITED;
        self
    }

    /// A list that is the whole tenancy's, unless its arguments say otherwise.
    pub(crate) const fn of_tenancy(mut self) -> Self {
        self.is_of_tenancy = true;
        self
    }

    /// Only for who chooses its toolset.
    pub(crate) const fn chosen(mut self) -> Self {
        self.is_default = false;
        self
    }

    /// All its arguments.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.takes.iter().chain(self.common)
    }

    /// All that it asks of OCI, what it is for first.
    pub(crate) fn asked(&self) -> impl Iterator<Item = Asked> {
        let own = match self.way {
            Way::Operation(name, _) => Some((name, self.needs)),
            Way::Composed(_) | Way::Connector(_) => None,
        };
        own.into_iter().chain(self.asks.iter().copied())
    }

    /// The operations without which it has no answer.
    pub(crate) fn essential(&self) -> impl Iterator<Item = &'static str> {
        let first = self.asked().next().filter(|_| !self.is_of_parts);
        let teller = self.address.map(|[teller, _]| teller);
        let confirms = self.change.and_then(|change| change.confirmed_by);
        let first = first.map(|(name, _)| name);
        [first, teller, confirms].into_iter().flatten()
    }

    /// Whether `name` is one that not all such tools have.
    pub(crate) fn has_own(&self, name: &str) -> bool {
        self.takes.iter().any(|argument| argument.name == name)
    }

    pub(crate) fn takes(&self, name: &str) -> bool {
        self.arguments().any(|argument| argument.name == name)
    }

    /// The part of the name after `oci_`; Kubernetes' tools have a name of their own, as those have whose names
    /// ChatGPT chose.
    pub(crate) fn toolset(&self) -> &'static str {
        if matches!(self.way, Way::Connector(_)) {
            return "chatgpt";
        }
        let name = self.name.strip_prefix("oci_").unwrap_or(self.name);
        name.split('_').next().unwrap_or(name)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "others refuse")]
fn as_given(_: &mut Map<String, Value>, _: Timestamp) -> Result<(), Failure> {
    Ok(())
}

const IN: Argument = text(COMPARTMENT).about("OCID or name");
const PLACE: Argument = text("region");
const LIMIT: Argument = at_most("limit", MAX_LIMIT);
const PAGE: Argument = text("page");
const FIELDS: Argument = texts("fields");
const QUERY: Argument = text("query");
const TABLE: Argument = flag("table");
const DRY_RUN: Argument = flag("dry_run");
const LIST: &[Argument] = &[IN, PLACE, LIMIT, PAGE, FIELDS, QUERY, TABLE];
const LIST_OF: &[Argument] = &[PLACE, LIMIT, PAGE, FIELDS, QUERY, TABLE];
const UNLIMITED: &[Argument] = &[IN, PLACE, PAGE, FIELDS, QUERY, TABLE];
const GET: &[Argument] = &[PLACE, FIELDS];
const GET_IN: &[Argument] = &[IN, PLACE, FIELDS];
const REGION: &[Argument] = &[PLACE];
const REGION_IN: &[Argument] = &[IN, PLACE];
const CHANGE: &[Argument] = &[PLACE, DRY_RUN];
const CHANGE_IN: &[Argument] = &[IN, PLACE, DRY_RUN];
const CONFIRMED: &[Argument] = &[
    text("confirm").about("again the name of what is to go"),
    PLACE,
    DRY_RUN,
];
