//! One message of a prompt.

use crate::content::{Content, Role};
use crate::mcp::Revision;

/// One message: who says it, and what.
#[derive(Clone, Debug)]
pub struct PromptMessage {
    role: Role,
    content: Content,
}

impl PromptMessage {
    /// Something the person says: text, or other content.
    #[must_use]
    pub fn user(content: impl Into<Content>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// Something the model has said: text, or other content.
    #[must_use]
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }
}

/// Appends `messages` as the members of a JSON array that `revision` has.
pub(crate) fn append_messages(out: &mut Vec<u8>, messages: &[PromptMessage], revision: Revision) {
    for (i, message) in messages.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(match message.role {
            Role::User => br#"{"role":"user","content":"#,
            Role::Assistant => br#"{"role":"assistant","content":"#,
        });
        message.content.append(out, revision);
        out.push(b'}');
    }
}
