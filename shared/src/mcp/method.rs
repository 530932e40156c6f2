//! Which methods exist, and since or until when. A new method is a row here and an arm in
//! `dispatch`.

use super::Revision;

/// A request's method that this server answers. Methods of features it does not have (resources,
/// prompts, completion, subscriptions) are absent, and so answered with -32601.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    CallTool,
    Discover,
    Initialize,
    ListTools,
    Ping,
    SetLogLevel,
}

impl Method {
    /// The method called `name` in `revision`.
    pub(crate) fn find(name: &str, revision: Revision) -> Option<Self> {
        match (name, revision.is_modern()) {
            ("tools/call", _) => Some(Self::CallTool),
            ("tools/list", _) => Some(Self::ListTools),
            ("server/discover", true) => Some(Self::Discover),
            ("initialize", false) => Some(Self::Initialize),
            ("ping", false) => Some(Self::Ping),
            ("logging/setLevel", false) => Some(Self::SetLogLevel),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CallTool => "tools/call",
            Self::Discover => "server/discover",
            Self::Initialize => "initialize",
            Self::ListTools => "tools/list",
            Self::Ping => "ping",
            Self::SetLogLevel => "logging/setLevel",
        }
    }
}
