//! What callers see of the list of tools who may not call all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use super::lists::{Pages, list};
use crate::access::Permit;
use crate::mcp::Revision;
use crate::tool::Toolbox;

/// Lists by revision and by which tools they show: callers who may call the same see the same one,
/// serialised once.
#[derive(Default)]
pub(super) struct Views {
    made: Mutex<BTreeMap<View, Arc<Pages>>>,
}

/// Which tools are shown, in the order of the toolbox. The arguments that are hidden go by the policy
/// alone.
type View = (Revision, Vec<bool>);

impl Views {
    /// The list of the tools that `permit` shows, made by `paginate` when first asked for.
    pub(super) fn find(
        &self,
        tools: &Toolbox,
        permit: &Permit,
        revision: Revision,
        paginate: impl FnOnce(&[Box<RawValue>]) -> Pages,
    ) -> Arc<Pages> {
        let shown: Vec<_> = tools.iter().map(|tool| permit.shows(tool)).collect();
        let view = (revision, shown);
        let lock = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pages) = lock().get(&view) {
            return Arc::clone(pages);
        }
        let shown = tools.iter().zip(&view.1).filter(|(_, is_shown)| **is_shown);
        let listed = shown.filter_map(|(tool, _)| list(tool, revision, &permit.hidden(tool)).ok());
        let pages = Arc::new(paginate(&listed.collect::<Vec<_>>()));
        let mut made = lock();
        if made.len() >= MAX_VIEWS {
            // They are made again for whoever still asks.
            made.clear();
        }
        made.insert(view, Arc::clone(&pages));
        pages
    }
}

/// As many as a server has sets of scopes that differ, and more.
const MAX_VIEWS: usize = 64;
