//! The budgets: what may not be exceeded, and why.

use std::error::Error;
use std::fmt;

/// A limit.
pub(crate) struct Budget {
    pub(crate) what: &'static str,
    pub(crate) limit: f64,
    pub(crate) unit: Unit,
    pub(crate) reason: &'static str,
}

/// What is counted, and so how far a measurement of it can be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    /// Times what raw hyper takes: the median of many turns.
    TimesRaw,
    /// Times what the same server takes with one tool: the same.
    TimesOneTool,
    /// Of time: the shortest of many runs, which whatever else a machine does can only lengthen.
    Milliseconds,
    /// A million bytes, exact.
    Megabytes,
}

pub(crate) const LIST_CPU: Budget = Budget {
    what: "CPU of tools/list, 1 tool",
    limit: 1.6,
    unit: Unit::TimesRaw,
    reason: "a request is the kernel's work and hyper's; MCP may add little to it",
};
pub(crate) const LONG_LIST_CPU: Budget = Budget {
    what: "CPU of tools/list, nearly 8 KB",
    ..LIST_CPU
};
pub(crate) const MANY_TOOLS_CPU: Budget = Budget {
    what: "CPU of tools/list, 100 tools",
    limit: 1.3,
    unit: Unit::TimesOneTool,
    reason: "a list is made once and sent again from then on",
};
pub(crate) const CALL_CPU: Budget = Budget {
    what: "CPU of tools/call",
    ..LIST_CPU
};
pub(crate) const GUARDED_CPU: Budget = Budget {
    what: "CPU of tools/call with a cached JWT",
    limit: 2.0,
    unit: Unit::TimesRaw,
    reason: "a token is verified once, and found again by its hash",
};
pub(crate) const FIRST_LIST_RATIO: Budget = Budget {
    what: "start to first tools/list",
    limit: 2.0,
    unit: Unit::TimesRaw,
    reason: "a cold start does nothing that the first answer does not need",
};
pub(crate) const FIRST_LIST: Budget = Budget {
    what: "start to first tools/list",
    limit: 2.0,
    unit: Unit::Milliseconds,
    reason: "so that a cold start is the platform's alone",
};
pub(crate) const FIRST_CALL: Budget = Budget {
    what: "start to first tools/call",
    limit: 4.0,
    unit: Unit::Milliseconds,
    reason: "compiles the tool's schema, once",
};
pub(crate) const MEMORY_LISTS: Budget = Budget {
    what: "memory after lists",
    limit: 3.5,
    unit: Unit::Megabytes,
    reason: "the smallest function has 128 MB, and the tools are to have them",
};
pub(crate) const MEMORY_CALLS: Budget = Budget {
    what: "memory after calls",
    limit: 7.0,
    unit: Unit::Megabytes,
    reason: "with what checks the arguments",
};
pub(crate) const MEMORY_GROWTH: Budget = Budget {
    what: "more after 100,000 requests without sessions",
    limit: 0.2,
    unit: Unit::Megabytes,
    reason: "no client leaves anything behind",
};
pub(crate) const FULL_SIZE: Budget = Budget {
    what: "static binary, everything",
    limit: 9.5,
    unit: Unit::Megabytes,
    reason: "an image is pulled before it starts",
};
pub(crate) const FUNCTION_SIZE: Budget = Budget {
    what: "static binary, functions only",
    limit: 7.5,
    ..FULL_SIZE
};

/// What was measured against a budget.
pub(crate) struct Verdict {
    pub(crate) budget: &'static Budget,
    pub(crate) measured: Measured,
    /// How often it was measured.
    pub(crate) attempts: u32,
}

/// A measurement, with the tenth and the ninetieth percentile if it varies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    pub(crate) spread: Option<(f64, f64)>,
}

impl Verdict {
    pub(crate) fn is_kept(&self) -> bool {
        self.measured.value <= self.budget.limit
    }
}

/// Holds what `measure` finds against `budget`. What varies is measured up to three times, and the
/// best counts: a busy machine can make it worse, and nothing can make it better.
///
/// # Errors
///
/// What `measure` returns.
pub(crate) fn judge(
    budget: &'static Budget,
    mut measure: impl FnMut() -> Result<Measured, Box<dyn Error>>,
) -> Result<Verdict, Box<dyn Error>> {
    let mut verdict = Verdict {
        budget,
        measured: measure()?,
        attempts: 1,
    };
    while !verdict.is_kept() && budget.unit != Unit::Megabytes && verdict.attempts < ATTEMPTS {
        let again = measure()?;
        if again.value < verdict.measured.value {
            verdict.measured = again;
        }
        verdict.attempts += 1;
    }
    Ok(verdict)
}

const ATTEMPTS: u32 = 3;

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimesRaw => "× raw",
            Self::TimesOneTool => "× one tool",
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(budget: &'static Budget, values: &[f64]) -> Verdict {
        let mut values = values.iter();
        judge(budget, || {
            let value = *values.next().ok_or("measured too often")?;
            Ok(Measured {
                value,
                spread: None,
            })
        })
        .unwrap()
    }

    #[test]
    fn a_ratio_over_its_budget_is_measured_again_and_the_best_counts() {
        for (values, is_kept, attempts) in [
            (&[1.6][..], true, 1),
            (&[1.7, 1.5], true, 2),
            (&[1.7, 1.8, 1.5], true, 3),
            (&[1.9, 1.7, 1.8], false, 3),
        ] {
            let verdict = judged(&CALL_CPU, values);

            assert_eq!(verdict.is_kept(), is_kept, "{values:?}");
            assert_eq!(verdict.attempts, attempts, "{values:?}");
        }
        assert!((judged(&CALL_CPU, &[1.9, 1.7, 1.8]).measured.value - 1.7).abs() < 1e-9);
    }

    #[test]
    fn what_is_exact_is_measured_once() {
        let verdict = judged(&FUNCTION_SIZE, &[7.6]);

        assert!(!verdict.is_kept());
        assert_eq!(verdict.attempts, 1);
    }
}
