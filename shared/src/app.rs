//! What an author declares, and the stack of layers it becomes.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
#[cfg(feature = "access")]
use oci_mcp_access::ToolFacts;
use tower::{Service, ServiceBuilder};

#[cfg(feature = "access")]
use crate::access::{Access, AccessLayer, Authenticate, facts};
use crate::audit::{Audit, AuditLayer, Audited};
use crate::body::Body;
use crate::config::Config;
use crate::cors::{Cors, CorsLayer};
use crate::dispatch::Dispatcher;
use crate::endpoint::Endpoint;
use crate::icon::{self, Icon};
use crate::identity::Identity;
use crate::input::StateKeys;
use crate::log::{Log, LogLayer};
use crate::mount::{Mount, Mounted};
use crate::prepare::{Preparation, PrepareLayer, Prepared, Preparing};
use crate::prompt::{Catalog, Prompt};
use crate::resource::{Library, Resource, ResourceTemplate, is_uri, is_uri_template};
use crate::tool::{DynamicTool, Output, Tool, Toolbox, is_valid_name};

/// An MCP server: its name, its tools, and what else it offers.
///
/// ```
/// use oci_mcp::{App, Context, NoArgs, Tool, ToolError};
///
/// struct Greet;
///
/// impl Tool for Greet {
///     type Args = NoArgs;
///     type Output = &'static str;
///     const NAME: &'static str = "greet";
///     const DESCRIPTION: &'static str = "Says hello.";
///
///     async fn call(&self, _: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
///         Ok("hello")
///     }
/// }
///
/// let app = App::new("greeter", "1.0.0").tool(Greet);
/// ```
#[derive(Default)]
#[must_use = "an app does nothing until it is served"]
pub struct App {
    identity: Identity,
    tools: Toolbox,
    resources: Library,
    prompts: Catalog,
    mounted: Option<Mounted>,
    state_keys: Option<Arc<StateKeys>>,
    audit: Option<Arc<Audit>>,
    preparation: Option<Preparation>,
    #[cfg(feature = "access")]
    access: Option<Access>,
}

/// The whole app as a service: what a host sends every request through.
///
/// The host may add a [`Delivery`](crate::Delivery) to the request's extensions.
#[derive(Clone)]
pub struct AppService(Stack);

#[cfg(feature = "access")]
type Stack = Audited<Log<Cors<Prepared<Authenticate<Endpoint>>>>>;
#[cfg(not(feature = "access"))]
type Stack = Audited<Log<Cors<Prepared<Endpoint>>>>;

impl Service<Request<Bytes>> for AppService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = AppFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> AppFuture {
        AppFuture(self.0.call(request))
    }
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppService").finish_non_exhaustive()
    }
}

/// The answer of an [`AppService`]; dropping it cancels the work.
#[must_use = "futures do nothing unless they are polled"]
pub struct AppFuture(<Stack as Service<Request<Bytes>>>::Future);

impl Future for AppFuture {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl fmt::Debug for AppFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppFuture").finish_non_exhaustive()
    }
}

impl App {
    /// A server without tools, called `name`.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let identity = Identity {
            name: name.into(),
            version: version.into(),
            ..Identity::default()
        };
        Self {
            identity,
            ..Self::default()
        }
    }

    /// A server that was written with another library. Its tools, resources and prompts are all that
    /// there is: the app takes none besides.
    ///
    /// The tools are asked for once in the life of the process, the other lists whenever a client asks.
    pub fn mount(server: impl Mount) -> Self {
        let (mounted, identity) = Mounted::new(server);
        Self {
            identity,
            mounted: Some(mounted),
            ..Self::default()
        }
    }

    /// Adds a name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.identity.title = Some(title.into());
        self
    }

    /// Adds what the server is for, for people (2025-11-25 and later).
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.identity.description = Some(description.into());
        self
    }

    /// Adds where people find more about it, an absolute URL (2025-11-25 and later).
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.identity.website_url = Some(url.into());
        self
    }

    /// Adds pictures for people (2025-11-25 and later).
    pub fn icons(mut self, icons: &'static [Icon]) -> Self {
        self.identity.icons = icons;
        self
    }

    /// Adds a text that tells the model how to use the server as a whole.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.identity.instructions = Some(instructions.into());
        self
    }

    /// Adds a tool.
    pub fn tool<T: Tool>(mut self, tool: T) -> Self {
        // Here, so that the compiler's message shows the line that adds the tool.
        const {
            assert!(
                is_valid_name(T::NAME),
                "`Tool::NAME` must be 1 to 64 of `A-Z a-z 0-9 _ - .`"
            );
            assert!(
                !T::DESCRIPTION.is_empty(),
                "`Tool::DESCRIPTION` must not be empty"
            );
            assert!(
                icon::are_valid(T::ICONS),
                "an icon is at an `https://` or `data:` URL"
            );
            assert!(
                !T::OUTPUT_SCHEMA || T::Output::SCHEMA.is_some(),
                "`Tool::OUTPUT_SCHEMA` needs an `Output` that has a schema, such as `Json`"
            );
        }
        self.tools.add(tool);
        self
    }

    /// Adds a tool that is known only at run time.
    pub fn dynamic_tool(mut self, tool: DynamicTool) -> Self {
        self.tools.add_dynamic(tool);
        self
    }

    /// Adds a resource.
    pub fn resource<R: Resource>(mut self, resource: R) -> Self {
        const {
            assert!(is_uri(R::URI), "`Resource::URI` must be an absolute URI");
            assert!(
                !R::NAME.is_empty() && !R::DESCRIPTION.is_empty(),
                "`Resource::NAME` and `Resource::DESCRIPTION` must not be empty"
            );
            assert!(
                icon::are_valid(R::ICONS),
                "an icon is at an `https://` or `data:` URL"
            );
        }
        self.resources.add(resource);
        self
    }

    /// Adds resources whose URIs have one form.
    pub fn resource_template<T: ResourceTemplate>(mut self, template: T) -> Self {
        const {
            assert!(
                is_uri_template(T::URI_TEMPLATE),
                "`ResourceTemplate::URI_TEMPLATE` must be an absolute URI with `{{name}}` in it, each \
                 followed by the end or by a reserved character such as `/`"
            );
            assert!(
                !T::NAME.is_empty() && !T::DESCRIPTION.is_empty(),
                "`ResourceTemplate::NAME` and `ResourceTemplate::DESCRIPTION` must not be empty"
            );
            assert!(
                icon::are_valid(T::ICONS),
                "an icon is at an `https://` or `data:` URL"
            );
        }
        self.resources.add_template(template);
        self
    }

    /// Answers `resources/subscribe` and `resources/unsubscribe` (until 2025-11-25), though nothing is
    /// ever told of: for resources that do not change, and clients that insist.
    pub fn accept_subscriptions(mut self) -> Self {
        self.resources.accept_subscriptions();
        self
    }

    /// Adds a prompt.
    pub fn prompt<P: Prompt>(mut self, prompt: P) -> Self {
        const {
            assert!(
                is_valid_name(P::NAME),
                "`Prompt::NAME` must be 1 to 64 of `A-Z a-z 0-9 _ - .`"
            );
            assert!(
                !P::DESCRIPTION.is_empty(),
                "`Prompt::DESCRIPTION` must not be empty"
            );
            assert!(
                icon::are_valid(P::ICONS),
                "an icon is at an `https://` or `data:` URL"
            );
        }
        self.prompts.add(prompt);
        self
    }

    /// Lets tools, prompts and resources ask the client ([`Context::elicit`](crate::Context::elicit)):
    /// `keys` seal what passes through it.
    pub fn state_keys(mut self, keys: impl Into<Arc<StateKeys>>) -> Self {
        self.state_keys = Some(keys.into());
        self
    }

    /// Has the first request, and others meanwhile, wait for what `prepare` gives: for a secret that is not
    /// looked for before somebody calls. If it fails they are answered with 503, and the next one tries again. Health
    /// is told without it.
    pub fn prepare(mut self, prepare: impl Fn() -> Preparing + Send + Sync + 'static) -> Self {
        self.preparation = Some(Preparation::new(prepare));
        self
    }

    /// Puts every request on record. Whoever serves the app says when `audit` ends: [`Audit::close`].
    pub fn audit(mut self, audit: Arc<Audit>) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Lets in only callers that are known.
    #[cfg(feature = "access")]
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// The tools as a policy sees them, for whoever wants to know what it would decide.
    #[cfg(feature = "access")]
    pub fn tool_facts(&self) -> impl Iterator<Item = ToolFacts<'_>> {
        self.tools.iter().map(|tool| facts(&tool.describe()))
    }

    /// What would have clients choose that for which the policy has the token decide.
    #[cfg(feature = "access")]
    fn unbound(&self) -> impl Iterator<Item = String> {
        let arguments = self.access.iter().flat_map(Access::bound);
        arguments.flat_map(|argument| {
            let prompt = self.prompts.prompt_with(argument);
            let template = self.resources.template_with(argument);
            let takes = [("prompt", prompt), ("resource template", template)];
            let takes = takes.into_iter().filter_map(|(kind, name)| Some((kind, name?)));
            takes.map(move |(kind, name)| {
                format!(
                    "the policy has the token decide `{argument}`, of tools alone, and {kind} `{name}` takes it \
                     from the client: have that ask `Context::identity` instead"
                )
            })
        })
    }

    /// The app as a service.
    ///
    /// # Errors
    ///
    /// [`InvalidApp`] if two tools or two prompts have the same name, or two resources the same URI,
    /// if there are any beside a mounted server, if the website or an icon of the server is at no
    /// URL that a client follows, or if a prompt or a resource template takes an argument that the policy
    /// binds to a claim: it does so for tools alone.
    pub fn into_service(self, config: Config) -> Result<AppService, InvalidApp> {
        let features = [
            ("tool", self.tools.duplicates()),
            ("resource", self.resources.duplicates()),
            ("prompt", self.prompts.duplicates()),
        ];
        let duplicates = features
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| {
                format!("more than one {kind} is called `{}`", names.join("`, `"))
            });
        let mut problems: Vec<_> = duplicates.collect();
        if !problems.is_empty() {
            problems.push("a name is unique in a server".to_owned());
        }
        let has_own =
            !(self.tools.is_empty() && self.resources.is_empty() && self.prompts.is_empty());
        if self.mounted.is_some() && has_own {
            let why = "a mounted server brings all tools, resources and prompts; serve others from \
                       another app";
            problems.push(why.to_owned());
        }
        problems.extend(self.identity.problems());
        #[cfg(feature = "access")]
        problems.extend(self.unbound());
        if !problems.is_empty() {
            return Err(InvalidApp { problems });
        }
        #[cfg(feature = "access")]
        if let Some(access) = &self.access {
            access.warn_of_idle_rules(&self.tool_facts().collect::<Vec<_>>());
        }
        let service = self.identity.name.clone();
        let dispatcher = Dispatcher::new(
            &config,
            self.identity,
            self.tools,
            self.resources,
            self.prompts,
        )
        .mounting(self.mounted)
        .sealed_with(self.state_keys);
        #[cfg(feature = "access")]
        let dispatcher = match &self.access {
            Some(_) => dispatcher.private(),
            None => dispatcher,
        };
        let config = Arc::new(config);
        let layers = ServiceBuilder::new()
            // Outermost, so that refusals are on record too, and an answer only leaves when it is.
            .layer(AuditLayer::new(self.audit))
            .layer(LogLayer)
            // Preflights come without a token, a page has to read where to get one, and no token lets in a
            // page that is not allowed.
            .layer(CorsLayer::new(Arc::clone(&config)))
            // Who calls may be told by a secret that is not there yet.
            .layer(PrepareLayer::new(self.preparation));
        // Before a message is parsed: a stranger's JSON is not worth reading.
        #[cfg(feature = "access")]
        let layers = layers.layer(AccessLayer::new(self.access, config.path()));
        let endpoint = Endpoint::new(dispatcher, config, &service);
        Ok(AppService(layers.service(endpoint)))
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// An app that cannot be served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidApp {
    problems: Vec<String>,
}

impl fmt::Display for InvalidApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("; "))
    }
}

impl std::error::Error for InvalidApp {}
