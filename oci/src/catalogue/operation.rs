//! One operation.

use std::fmt;

use super::chunk::{Chunk, OperationLine};
use super::entry::Entry;
use super::kind::{Kind, Parameter};
use crate::client::{Endpoint, EndpointError, Endpoints, Paging};
use crate::region::{Region, Template};

/// An operation of OCI: what it is given, and the request that is made of it.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) chunk: &'a Chunk,
    pub(super) line: OperationLine<'a>,
}

/// What an operation takes as its body.
#[derive(Clone, Copy)]
pub(super) struct BodyOf<'a> {
    pub(super) required: bool,
    pub(super) kind: Kind<'a>,
}

impl<'a> Operation<'a> {
    pub(super) fn new(package: &'a str, chunk: &'a Chunk, line: OperationLine<'a>) -> Self {
        let entry = Entry {
            package,
            client: line.client.name,
            operation: line.name,
            method: line.method,
        };
        Self { entry, chunk, line }
    }

    /// Its names, and what they tell.
    #[must_use]
    pub fn entry(&self) -> Entry<'a> {
        self.entry
    }

    /// The template of its path, with the version of the API: `/20160918/instances/{instanceId}`.
    #[must_use]
    pub fn path(&self) -> String {
        [self.line.client.base, self.line.path].concat()
    }

    /// How its answers come in pages, if they do.
    #[must_use]
    pub fn paging(&self) -> Option<Paging> {
        let queries = |name: &str| {
            self.parameters()
                .any(|parameter| parameter.field.name == name)
        };
        if queries("page") {
            Some(Paging::Token)
        } else if queries("startIndex") {
            Some(Paging::Scim)
        } else {
            queries("start").then_some(Paging::Start)
        }
    }

    /// Whether the official SDKs try it again unless they are told otherwise.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        self.line.flags.contains('r')
    }

    /// Where its requests go in `region`.
    ///
    /// `namespace` is that of Object Storage, which is part of the host if the operator has chosen the
    /// realm's own addresses ([`Regions::from_environment`](crate::Regions::from_environment)).
    ///
    /// # Errors
    ///
    /// As [`Endpoints::service`]. A few services have an address for each vault, stream pool or identity
    /// domain, which another operation tells: then it is for [`Endpoints::announced`].
    pub fn endpoint(
        &self,
        endpoints: &Endpoints,
        region: &Region,
        namespace: Option<&str>,
    ) -> Result<Endpoint, EndpointError> {
        let client = &self.line.client;
        let own = client.per_realm.split('\t');
        let own: Vec<(&str, &str)> = own.filter_map(|own| own.split_once('=')).collect();
        let template = Template::new(client.template).per_realm(&own);
        let endpoint = endpoints.service(region, &template, namespace);
        endpoint.map_err(|error| {
            if client.template.is_empty() {
                EndpointError::new(format!(
                    "{} has no address of its own: that of the vault, stream or identity domain is \
                     in the answer of the operation that gets it",
                    client.name
                ))
            } else {
                error
            }
        })
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        self.line.parameters()
    }

    pub(super) fn body(&self) -> Option<BodyOf<'a>> {
        let text = self.line.body;
        let kind = text.trim_start_matches('!');
        (!text.is_empty()).then(|| BodyOf {
            required: text.starts_with('!'),
            kind: Kind::of(kind),
        })
    }

    pub(super) fn signs_body(&self) -> bool {
        !self.line.flags.contains('u')
    }
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("entry", &self.entry)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

/// What the body is called among the parameters. No parameter of OCI has this name.
pub(super) const BODY: &str = "body";
