//! What a doctor says of one thing.

use std::error::Error;
use std::fmt::Display;

/// What was found of one thing, why it is so, and what mends it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    /// What was found: a sentence without a full stop.
    pub(super) what: String,
    pub(super) why: Option<String>,
    /// The command, the setting or the statement that mends it.
    pub(super) remedy: Option<String>,
}

/// How good something is, the best first.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Verdict {
    #[default]
    Good,
    /// It could not be looked at, of which the finding says why.
    NotChecked,
    /// It works, with a risk or a limit that somebody should know.
    Warning,
    /// Something does not work.
    Problem,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NotChecked => "not checked",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    pub(super) fn good(what: impl Display) -> Self {
        Self::new(Verdict::Good, what)
    }

    pub(super) fn warning(what: impl Display) -> Self {
        Self::new(Verdict::Warning, what)
    }

    pub(super) fn problem(what: impl Display) -> Self {
        Self::new(Verdict::Problem, what)
    }

    /// `what` could not be looked at, because.
    pub(super) fn not_checked(what: impl Display, because: impl Display) -> Self {
        Self::new(Verdict::NotChecked, what).because(because)
    }

    /// The same, with the reason.
    pub(super) fn because(mut self, why: impl Display) -> Self {
        self.why = Some(why.to_string());
        self
    }

    /// The same, with what mends it.
    pub(super) fn mend(mut self, remedy: impl Display) -> Self {
        self.remedy = Some(remedy.to_string());
        self
    }

    fn new(verdict: Verdict, what: impl Display) -> Self {
        Self {
            verdict,
            what: what.to_string(),
            why: None,
            remedy: None,
        }
    }
}

/// An error with everything behind it, in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// What others wrote, cut, and without what a terminal would obey.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.escape_debug().take(MAX_QUOTED).collect();
    if text.chars().count() > MAX_QUOTED {
        shown.push('…');
    }
    shown
}

const MAX_QUOTED: usize = 200;
