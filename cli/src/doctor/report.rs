//! What a doctor found, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::finding::{Finding, Verdict};

/// All that was found, by subject.
#[derive(Debug, Default)]
pub(super) struct Report(pub(super) Vec<(&'static str, Vec<Finding>)>);

impl Report {
    /// The worst of all.
    pub(super) fn worst(&self) -> Verdict {
        let verdicts = self.findings().map(|(_, finding)| finding.verdict);
        verdicts.max().unwrap_or_default()
    }

    /// The exit code: 2 if something does not work, 1 if something is to be known, else 0. That
    /// something could not be looked at has a reason among the others, or is nobody's fault.
    pub(super) fn code(&self) -> u8 {
        match self.worst() {
            Verdict::Good | Verdict::NotChecked => 0,
            Verdict::Warning => 1,
            Verdict::Problem => 2,
        }
    }

    pub(super) fn json(&self) -> Value {
        let findings = self.findings().map(|(subject, finding)| {
            json!({
                "subject": subject,
                "verdict": finding.verdict.name(),
                "what": finding.what,
                "why": finding.why,
                "remedy": finding.remedy,
            })
        });
        json!({ "verdict": self.worst().name(), "findings": findings.collect::<Vec<_>>() })
    }

    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        for (subject, finding) in self.findings() {
            let verdict = finding.verdict.name();
            line(
                &mut text,
                &format!("{subject:<13}  {verdict:<11}"),
                &finding.what,
            );
            let more = [("why", &finding.why), ("do", &finding.remedy)];
            for (label, told) in more {
                if let Some(told) = told {
                    line(&mut text, &format!("{:<26} {label:>3}", ""), told);
                }
            }
        }
        let count = |verdict| {
            self.findings()
                .filter(|(_, f)| f.verdict == verdict)
                .count()
        };
        let counts = [
            Verdict::Problem,
            Verdict::Warning,
            Verdict::NotChecked,
            Verdict::Good,
        ]
        .map(|verdict| format!("{}: {}", verdict.name(), count(verdict)));
        // Writing to a `String` does not fail.
        let _written = writeln!(text, "\n{}", counts.join(", "));
        text
    }

    fn findings(&self) -> impl Iterator<Item = (&'static str, &Finding)> {
        let subjects = self.0.iter();
        subjects.flat_map(|(subject, findings)| findings.iter().map(|finding| (*subject, finding)))
    }
}

/// Adds `told` beside `label`, and its further lines below.
fn line(text: &mut String, label: &str, told: &str) {
    let mut label = label.to_owned();
    for told in told.lines() {
        // What a terminal takes for more than text came from somebody else.
        let plain: String = told.chars().filter(|char| !char.is_control()).collect();
        let _written = writeln!(text, "{label:<30}  {plain}");
        label.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[Verdict]) -> Report {
        let findings = verdicts.iter().map(|verdict| Finding {
            verdict: *verdict,
            ..Finding::good("it is").because("of\nthis").mend("do that")
        });
        Report(vec![("clock", findings.collect())])
    }

    #[test]
    fn the_worst_finding_decides_the_exit_code() {
        use Verdict::{Good, NotChecked, Problem, Warning};

        let rows: [(&[Verdict], u8); 5] = [
            (&[], 0),
            (&[Good, NotChecked], 0),
            (&[Good, Warning, NotChecked], 1),
            (&[Problem, Good], 2),
            (&[Warning, Problem], 2),
        ];

        for (verdicts, code) in rows {
            assert_eq!(report(verdicts).code(), code, "{verdicts:?}");
        }
    }

    #[test]
    fn people_get_a_line_for_each_of_what_why_and_remedy_and_a_count() {
        let table = report(&[Verdict::Warning]).table();

        assert_eq!(
            table,
            "clock          warning          it is\n\
             \u{20}                          why  of\n\
             \u{20}                               this\n\
             \u{20}                           do  do that\n\
             \n\
             problem: 0, warning: 1, not checked: 0, good: 0\n"
        );
    }

    #[test]
    fn programs_get_the_same_as_json() {
        let json = report(&[Verdict::NotChecked]).json();

        assert_eq!(json["verdict"], "not checked");
        assert_eq!(
            json["findings"][0],
            json!({ "subject": "clock", "verdict": "not checked", "what": "it \
                is", "why": "of\nthis", "remedy": "do that" })
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        let report = Report(vec![("gateway", vec![Finding::good("a\u{1b}[2Jb")])]);

        assert!(!report.table().contains('\u{1b}'));
    }
}
