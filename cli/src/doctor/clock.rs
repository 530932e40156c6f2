//! Whether the clock of this machine is right, by the dates of those who answered.

use std::time::{Duration, SystemTime};

use super::finding::Finding;

/// The time by the clock of somebody who answered, and by our own when the answer was there.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) host: String,
    pub(super) theirs: SystemTime,
    pub(super) ours: SystemTime,
}

pub(super) fn examine(readings: &[Reading]) -> Vec<Finding> {
    let mut skews: Vec<_> = readings
        .iter()
        .map(|reading| (skew(reading), reading))
        .collect();
    skews.sort_unstable_by_key(|((difference, _), _)| *difference);
    // The one in the middle: one server may itself be wrong.
    let Some(((difference, direction), reading)) = skews.get(skews.len().saturating_sub(1) / 2)
    else {
        let because = "nobody answered with a date; see endpoints";
        return vec![Finding::not_checked("the clock", because)];
    };
    let (seconds, host) = (difference.as_secs(), &reading.host);
    let told = format!("the clock of this machine is {seconds} s {direction} that of {host}");
    vec![if *difference > OCI {
        Finding::problem(told)
            .because("OCI refuses signatures that are more than 5 minutes off, with a bare 401")
            .mend(REMEDY)
    } else if *difference > TOKENS {
        Finding::warning(told)
            .because("tokens of callers may be taken for expired, or for not valid yet")
            .mend(REMEDY)
    } else {
        Finding::good(format!("the clock is right, by that of {host}"))
    }]
}

fn skew(reading: &Reading) -> (Duration, &'static str) {
    match reading.ours.duration_since(reading.theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    }
}

/// What OCI tolerates.
const OCI: Duration = Duration::from_secs(5 * 60);
/// What the verification of tokens tolerates, here and at most issuers.
const TOKENS: Duration = Duration::from_secs(60);
const REMEDY: &str = "sudo timedatectl set-ntp true, on the machine: a container has its clock";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn reading(seconds: i64) -> Reading {
        let ours = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let off = Duration::from_secs(seconds.unsigned_abs());
        Reading {
            host: "iaas.example".to_owned(),
            theirs: if seconds < 0 { ours - off } else { ours + off },
            ours,
        }
    }

    #[test]
    fn a_clock_is_judged_by_what_oci_and_tokens_tolerate() {
        let rows = [
            (1, Verdict::Good, "right"),
            (-59, Verdict::Good, "right"),
            (-61, Verdict::Warning, "61 s ahead of"),
            (301, Verdict::Problem, "301 s behind"),
            (
                -301,
                Verdict::Problem,
                "301 s ahead of that of iaas.example",
            ),
        ];

        for (seconds, verdict, text) in rows {
            let findings = examine(&[reading(seconds)]);

            assert_eq!(findings[0].verdict, verdict, "{seconds}");
            assert!(findings[0].what.contains(text), "{findings:?}");
        }
    }

    #[test]
    fn one_server_that_is_wrong_itself_does_not_count() {
        let findings = examine(&[reading(1), reading(4000), reading(2)]);

        assert_eq!(findings[0].verdict, Verdict::Good);
    }

    #[test]
    fn without_an_answer_it_is_not_known() {
        assert_eq!(examine(&[])[0].verdict, Verdict::NotChecked);
    }
}
