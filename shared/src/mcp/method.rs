//! Which methods exist, and since or until when. A new method is a row here and an arm in
//! `dispatch`.

use super::Revision;

/// A request's method that a server of ours may answer. Methods of features that no server has
/// (tasks) are absent, and so answered with -32601, as are those of features that
/// this one lacks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    CallTool,
    Complete,
    Discover,
    GetPrompt,
    Initialize,
    ListPrompts,
    ListResources,
    ListTemplates,
    ListTools,
    Ping,
    ReadResource,
    SetLogLevel,
    Subscribe,
    Unsubscribe,
}

impl Method {
    /// The method called `name` in `revision`.
    pub(crate) fn find(name: &str, revision: Revision) -> Option<Self> {
        match (name, revision.is_modern()) {
            ("tools/call", _) => Some(Self::CallTool),
            ("tools/list", _) => Some(Self::ListTools),
            ("completion/complete", _) => Some(Self::Complete),
            ("prompts/get", _) => Some(Self::GetPrompt),
            ("prompts/list", _) => Some(Self::ListPrompts),
            ("resources/list", _) => Some(Self::ListResources),
            ("resources/templates/list", _) => Some(Self::ListTemplates),
            ("resources/read", _) => Some(Self::ReadResource),
            ("server/discover", true) => Some(Self::Discover),
            ("initialize", false) => Some(Self::Initialize),
            ("ping", false) => Some(Self::Ping),
            ("logging/setLevel", false) => Some(Self::SetLogLevel),
            ("resources/subscribe", false) => Some(Self::Subscribe),
            ("resources/unsubscribe", false) => Some(Self::Unsubscribe),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CallTool => "tools/call",
            Self::Complete => "completion/complete",
            Self::Discover => "server/discover",
            Self::GetPrompt => "prompts/get",
            Self::Initialize => "initialize",
            Self::ListPrompts => "prompts/list",
            Self::ListResources => "resources/list",
            Self::ListTemplates => "resources/templates/list",
            Self::ListTools => "tools/list",
            Self::Ping => "ping",
            Self::ReadResource => "resources/read",
            Self::SetLogLevel => "logging/setLevel",
            Self::Subscribe => "resources/subscribe",
            Self::Unsubscribe => "resources/unsubscribe",
        }
    }

    /// Whether it reads a resource or a prompt, which changes nothing.
    #[cfg(feature = "access")]
    pub(crate) const fn only_reads(self) -> bool {
        matches!(self, Self::Complete | Self::GetPrompt | Self::ReadResource)
    }

    /// Whether resources or prompts are asked for, or what could stand for an argument of theirs.
    pub(crate) const fn is_of_features(self) -> bool {
        matches!(
            self,
            Self::Complete
                | Self::GetPrompt
                | Self::ListPrompts
                | Self::ListResources
                | Self::ListTemplates
                | Self::ReadResource
        )
    }

    /// Whether an author's code runs for it, which may have something to say meanwhile.
    pub(crate) const fn is_work(self) -> bool {
        matches!(self, Self::CallTool | Self::GetPrompt | Self::ReadResource)
    }
}
