//! A server as it is written with `rmcp` alone: books, and what one may want to do with them.

use rmcp::handler::server::router::prompt::PromptRouter;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::{InputResponses, RequestState};
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{
    CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult, CompletionInfo,
    ContentBlock, ElicitRequest, ElicitRequestParams, ElicitationSchema, Implementation,
    InitializeResult, InputRequest, InputRequests, InputRequiredResult,
    ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams,
    ProgressNotificationParam, PromptMessage, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Resource, ResourceContents, ResourceTemplate, Role, ServerCapabilities,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{
    ErrorData, ServerHandler, prompt, prompt_handler, prompt_router, tool, tool_handler,
    tool_router,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The server. What requests share would be behind an `Arc` in it.
#[derive(Clone, Debug)]
pub struct Library {
    tool_router: ToolRouter<Self>,
    prompt_router: PromptRouter<Self>,
}

/// Two page numbers.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Pages {
    /// The first page.
    pub first: u32,
    /// The last page.
    pub last: u32,
}

/// How much there is to read.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Length {
    /// In pages.
    pub pages: u32,
}

/// What to lend.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Loan {
    /// The title of the book.
    pub title: String,
}

/// Whose name is on the card.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Card {
    /// The name of the reader.
    pub name: String,
}

/// What a review is about.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Reviewed {
    /// The title of the book.
    pub title: String,
}

const TITLES: [&str; 3] = ["Emma", "Evelina", "Middlemarch"];

#[tool_router]
impl Library {
    /// A library.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tool_router: Self::tool_router(),
            prompt_router: Self::prompt_router(),
        }
    }

    /// Counts the pages from one to another.
    #[tool(annotations(title = "Length", read_only_hint = true))]
    async fn length(
        &self,
        Parameters(Pages { first, last }): Parameters<Pages>,
    ) -> Result<Json<Length>, ErrorData> {
        let pages = last.checked_sub(first).map(|pages| pages + 1);
        let why = || ErrorData::invalid_params("`last` comes before `first`", None);
        Ok(Json(Length {
            pages: pages.ok_or_else(why)?,
        }))
    }

    /// Lends a book, if there is such.
    #[tool]
    async fn lend(&self, Parameters(Loan { title }): Parameters<Loan>) -> CallToolResult {
        if TITLES.contains(&&*title) {
            CallToolResult::success(vec![ContentBlock::text(format!("Enjoy {title}!"))])
        } else {
            CallToolResult::error(vec![ContentBlock::text(format!("We have no {title}."))])
        }
    }

    /// Counts the books, and tells how far it is.
    #[tool]
    async fn count(&self, context: RequestContext<RoleServer>) -> String {
        if let Some(token) = context.meta.get_progress_token() {
            for (done, title) in (1_u32..).zip(TITLES) {
                let progress = ProgressNotificationParam::new(token.clone(), done.into())
                    .with_total(3.0)
                    .with_message(title);
                // Who does not listen misses nothing.
                let _told = context.peer.notify_progress(progress).await;
            }
        }
        format!("{} books", TITLES.len())
    }

    /// Makes out a card for the reader, who is asked for a name.
    #[tool]
    async fn make_card(
        &self,
        RequestState(state): RequestState,
        InputResponses(answers): InputResponses,
    ) -> Result<CallToolResponse, ErrorData> {
        if state.as_deref() != Some("asked") {
            return Ok(ask()
                .map_err(|why| ErrorData::internal_error(why, None))?
                .into());
        }
        let name = answers
            .as_ref()
            .and_then(|answers| answers.get("name")?.get("content")?.get("name")?.as_str())
            .ok_or_else(|| ErrorData::invalid_params("there is no name", None))?;
        let card = ContentBlock::text(format!("A card for {name}."));
        Ok(CallToolResult::success(vec![card]).into())
    }
}

fn ask() -> Result<InputRequiredResult, String> {
    let requested_schema =
        ElicitationSchema::from_type::<Card>().map_err(|error| error.to_string())?;
    let form = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: "What is your name?".to_owned(),
        requested_schema,
    };
    let mut requests = InputRequests::new();
    requests.insert(
        "name".to_owned(),
        InputRequest::Elicitation(ElicitRequest::new(form)),
    );
    Ok(InputRequiredResult::new(
        Some(requests),
        Some("asked".to_owned()),
    ))
}

#[expect(
    missing_docs,
    reason = "`prompt` makes a function of its own, public and without a word"
)]
#[prompt_router]
impl Library {
    /// Asks for a review of a book.
    #[prompt]
    async fn review(
        &self,
        Parameters(Reviewed { title }): Parameters<Reviewed>,
    ) -> Vec<PromptMessage> {
        let text = format!("Review {title}, and say who should read it.");
        vec![PromptMessage::new_text(Role::User, text)]
    }
}

#[tool_handler(router = self.tool_router)]
#[prompt_handler(router = self.prompt_router)]
impl ServerHandler for Library {
    fn get_info(&self) -> InitializeResult {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .build();
        InitializeResult::new(capabilities)
            .with_server_info(Implementation::new("library", "1.0.0"))
            .with_instructions("Books are lent by title.")
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let catalog = Resource::new("library://catalog", "catalog").with_mime_type("text/plain");
        Ok(ListResourcesResult::with_all_items(vec![catalog]))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let book = ResourceTemplate::new("library://books/{title}", "book");
        Ok(ListResourceTemplatesResult::with_all_items(vec![book]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let title = request.uri.strip_prefix("library://books/");
        let text = match title.filter(|title| TITLES.contains(title)) {
            Some(title) => format!("{title}: once upon a time."),
            None if request.uri == "library://catalog" => TITLES.join("\n"),
            None => return Err(ErrorData::resource_not_found("there is no such book", None)),
        };
        let contents = ResourceContents::text(text, request.uri);
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let typed = &*request.argument.value;
        let titles = TITLES.iter().filter(|title| title.starts_with(typed));
        let values = titles.map(|&title| title.to_owned()).collect();
        let completion = CompletionInfo::with_all_values(values)
            .map_err(|why| ErrorData::internal_error(why, None))?;
        Ok(CompleteResult::new(completion))
    }
}

impl Default for Library {
    fn default() -> Self {
        Self::new()
    }
}
