//! The resources of a server, by URI, with their types erased.

use std::collections::BTreeMap;
use std::pin::Pin;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::template::{has_expression, matched};
use super::{Contents, Resource, ResourceError, ResourceTemplate};
use crate::completion::{CompleteFuture, Completion, CompletionRequest};
use crate::content::AnnotationsFor;
use crate::context::Context;
use crate::icon::{Icon, icons_for};
use crate::mcp::Revision;

type ReadFuture<'a> = Pin<Box<dyn Future<Output = Result<Contents, ResourceError>> + Send + 'a>>;

/// Resources and templates in the order of their URIs, which is the order of every list.
#[derive(Default)]
pub(crate) struct Library {
    fixed: BTreeMap<&'static str, Box<dyn Erased>>,
    templates: BTreeMap<&'static str, Box<dyn Erased>>,
    duplicates: Vec<String>,
    accepts_subscriptions: bool,
}

/// A template.
pub(crate) struct Template<'a> {
    text: &'static str,
    resource: &'a dyn Erased,
}

/// What is under a URI.
pub(crate) struct Found<'a> {
    resource: &'a dyn Erased,
    parameters: Map<String, Value>,
}

/// A resource or a template as a list shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_template: Option<&'static str>,
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "<[Icon]>::is_empty")]
    icons: &'static [Icon],
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<AnnotationsFor>,
}

trait Erased: Send + Sync {
    fn listed(&self, revision: Revision) -> Listed;
    fn mime_type(&self) -> Option<&'static str>;
    fn read<'a>(&'a self, cx: &'a Context, parameters: Map<String, Value>) -> ReadFuture<'a>;
    fn completes(&self) -> bool;
    fn complete<'a>(
        &'a self,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> CompleteFuture<'a>;
}

impl Library {
    pub(crate) fn add<R: Resource>(&mut self, resource: R) {
        if self
            .fixed
            .insert(R::URI, Box::new(Fixed(resource)))
            .is_some()
        {
            self.duplicates.push(R::URI.to_owned());
        }
    }

    pub(crate) fn add_template<T: ResourceTemplate>(&mut self, template: T) {
        let earlier = self
            .templates
            .insert(T::URI_TEMPLATE, Box::new(Templated(template)));
        if earlier.is_some() {
            self.duplicates.push(T::URI_TEMPLATE.to_owned());
        }
    }

    pub(crate) fn accept_subscriptions(&mut self) {
        self.accepts_subscriptions = true;
    }

    /// Whether a client may subscribe to what is there.
    pub(crate) fn accepts_subscriptions(&self) -> bool {
        self.accepts_subscriptions && !self.is_empty()
    }

    /// URIs that more than one resource was added under.
    pub(crate) fn duplicates(&self) -> &[String] {
        &self.duplicates
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.templates.is_empty()
    }

    /// What is under `uri`: a resource, else the first template that it is of the form of.
    pub(crate) fn find(&self, uri: &str) -> Option<Found<'_>> {
        if let Some(resource) = self.fixed.get(uri) {
            return Some(Found {
                resource: &**resource,
                parameters: Map::new(),
            });
        }
        self.templates.iter().find_map(|(template, resource)| {
            Some(Found {
                resource: &**resource,
                parameters: matched(template, uri)?,
            })
        })
    }

    /// The first template with this parameter.
    #[cfg(feature = "access")]
    pub(crate) fn template_with(&self, parameter: &str) -> Option<&'static str> {
        let mut templates = self.templates.keys().copied();
        templates.find(|template| has_expression(template, parameter))
    }

    /// The template `text`.
    pub(crate) fn find_template(&self, text: &str) -> Option<Template<'_>> {
        let (text, resource) = self.templates.get_key_value(text)?;
        Some(Template {
            text,
            resource: &**resource,
        })
    }

    /// Whether any template completes its parameters.
    pub(crate) fn completes(&self) -> bool {
        self.templates.values().any(|template| template.completes())
    }

    /// The resources as a list of `revision` shows them.
    pub(crate) fn list(&self, revision: Revision) -> Vec<Box<RawValue>> {
        listed(self.fixed.values(), revision)
    }

    /// The templates as a list of `revision` shows them.
    pub(crate) fn list_templates(&self, revision: Revision) -> Vec<Box<RawValue>> {
        listed(self.templates.values(), revision)
    }
}

fn listed<'a>(
    resources: impl Iterator<Item = &'a Box<dyn Erased>>,
    revision: Revision,
) -> Vec<Box<RawValue>> {
    let texts = resources.filter_map(|resource| {
        // A struct of strings always serialises.
        to_raw_value(&resource.listed(revision)).ok()
    });
    texts.collect()
}

impl<'a> Found<'a> {
    /// The media type of what a read gives, unless that says otherwise.
    pub(crate) fn mime_type(&self) -> Option<&'static str> {
        self.resource.mime_type()
    }

    /// Reads it. Panics if the resource does.
    pub(crate) fn read(self, cx: &'a Context) -> ReadFuture<'a> {
        self.resource.read(cx, self.parameters)
    }
}

impl<'a> Template<'a> {
    /// What could stand for a parameter, if there is such a parameter. Panics if the template does.
    pub(crate) fn complete(
        &self,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> Option<CompleteFuture<'a>> {
        let is_known = has_expression(self.text, request.argument());
        is_known.then(|| self.resource.complete(cx, request))
    }
}

struct Fixed<R>(R);

impl<R: Resource> Erased for Fixed<R> {
    fn listed(&self, revision: Revision) -> Listed {
        Listed {
            uri: Some(R::URI),
            uri_template: None,
            name: R::NAME,
            title: R::TITLE.filter(|_| revision >= Revision::V2025_06_18),
            description: R::DESCRIPTION,
            mime_type: R::MIME_TYPE,
            icons: icons_for(R::ICONS, revision),
            annotations: R::ANNOTATIONS.for_revision(revision),
        }
    }

    fn mime_type(&self) -> Option<&'static str> {
        R::MIME_TYPE
    }

    fn read<'a>(&'a self, cx: &'a Context, _: Map<String, Value>) -> ReadFuture<'a> {
        Box::pin(self.0.read(cx))
    }

    fn completes(&self) -> bool {
        false
    }

    fn complete<'a>(&'a self, _: &'a Context, _: CompletionRequest<'a>) -> CompleteFuture<'a> {
        Box::pin(std::future::ready(Completion::default()))
    }
}

struct Templated<T>(T);

impl<T: ResourceTemplate> Erased for Templated<T> {
    fn listed(&self, revision: Revision) -> Listed {
        Listed {
            uri: None,
            uri_template: Some(T::URI_TEMPLATE),
            name: T::NAME,
            title: T::TITLE.filter(|_| revision >= Revision::V2025_06_18),
            description: T::DESCRIPTION,
            mime_type: T::MIME_TYPE,
            icons: icons_for(T::ICONS, revision),
            annotations: T::ANNOTATIONS.for_revision(revision),
        }
    }

    fn mime_type(&self) -> Option<&'static str> {
        T::MIME_TYPE
    }

    fn read<'a>(&'a self, cx: &'a Context, parameters: Map<String, Value>) -> ReadFuture<'a> {
        Box::pin(async move {
            // What does not fit the parameters' types is no URI of this template: nothing is there.
            let parameters = serde_json::from_value(parameters.into())
                .map_err(|_unfit| ResourceError::not_found())?;
            self.0.read(cx, parameters).await
        })
    }

    fn completes(&self) -> bool {
        T::COMPLETES
    }

    fn complete<'a>(
        &'a self,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> CompleteFuture<'a> {
        Box::pin(self.0.complete(cx, request))
    }
}
