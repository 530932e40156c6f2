use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::StatusCode;
use oci_mcp::{Audit, AuditSink, Flush};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(String, bool)>>);

impl AuditSink for Kept {
    fn write(&self, line: &str) -> io::Result<()> {
        let mut kept = self.0.lock().unwrap();
        if kept.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        kept.0.push_str(line);
        Ok(())
    }

    fn flush(&self) -> Flush<'_> {
        Box::pin(async { Ok(()) })
    }
}

fn begin(kept: &Kept, instance: u8) -> Audit {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400);
    Audit::new([instance; 16], move || noon).to(kept.clone())
}

fn refuse(audit: &Audit) {
    audit.refused("test", StatusCode::REQUEST_TIMEOUT, "slow_body");
}

/// Two instances in one file, whose lines are mixed: one has six, the other four, each with its last.
async fn written() -> String {
    let kept = Kept::default();
    let (one, other) = (begin(&kept, 1), begin(&kept, 2));
    for audit in [&one, &one, &other, &one, &other, &other, &one, &one] {
        refuse(audit);
    }
    one.close().await;
    other.close().await;
    let text = kept.0.lock().unwrap().0.clone();
    assert_eq!(text.lines().count(), 10);
    text
}

fn verified(text: impl AsRef<[u8]>) -> Verifier {
    let mut verifier = Verifier::default();
    verify(text.as_ref(), "audit.jsonl", &mut verifier).unwrap();
    verifier
}

fn found(verifier: &Verifier) -> Vec<(u64, &'static str)> {
    let findings = verifier.findings().iter();
    findings
        .map(|finding| (finding.line, finding.kind.name()))
        .collect()
}

/// The lines of `text` as `edit` leaves them.
fn edited(text: &str, edit: impl FnOnce(&mut Vec<&str>)) -> String {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    edit(&mut lines);
    lines.concat()
}

fn without(lines: &mut Vec<&str>, index: usize) {
    lines.remove(index);
}

#[tokio::test]
async fn what_was_written_fits_together() {
    let verifier = verified(written().await);

    assert!(verifier.fits());
    assert_eq!(found(&verifier), []);
    let instances: Vec<_> = verifier
        .instances()
        .map(|(name, instance)| (name.len(), instance.lines, instance.is_closed))
        .collect();
    assert_eq!(instances, [(32, 6, true), (32, 4, true)]);
    assert!(in_words(&verifier).ends_with("10 lines: all fit together\n"));
}

#[tokio::test]
async fn a_line_that_is_removed_moved_repeated_or_changed_is_found_where_it_was() {
    let text = written().await;
    let removed = edited(&text, |lines| without(lines, 3));
    let first = edited(&text, |lines| without(lines, 0));
    let moved = edited(&text, |lines| lines.swap(0, 1));
    let repeated = edited(&text, |lines| lines.insert(4, lines[3]));
    let changed = text.replacen("slow_body", "slow_food", 1);
    let forged = edited(&text, |lines| lines.insert(2, "{\"seq\":2}\n"));
    let later = edited(&text, |lines| lines.swap(7, 8));

    for (text, expected) in [
        (removed, vec![(6, "missing")]),
        (first, vec![(1, "headless")]),
        (moved, vec![(1, "headless"), (2, "repeated")]),
        (repeated, vec![(5, "repeated")]),
        (forged, vec![(3, "foreign")]),
        (
            later,
            vec![(8, "missing"), (9, "after_close"), (9, "repeated")],
        ),
    ] {
        let verifier = verified(&text);

        assert!(!verifier.fits());
        assert_eq!(found(&verifier), expected, "{text}");
    }
    let verifier = verified(changed);
    assert_eq!(found(&verifier).first(), Some(&(1, "changed")));
    assert!(in_words(&verifier).contains("audit.jsonl:1: this line was changed"));
}

#[tokio::test]
async fn a_line_that_was_changed_with_its_hash_does_not_fit_the_next() {
    let (kept, forger) = (Kept::default(), Kept::default());
    let (audit, forgery) = (begin(&kept, 1), begin(&forger, 1));
    refuse(&audit);
    refuse(&audit);
    forgery.refused("test", StatusCode::OK, "nothing");
    let text = edited(&kept.0.lock().unwrap().0, |lines| without(lines, 0));

    let verifier = verified(forger.0.lock().unwrap().0.clone() + &text);

    assert_eq!(found(&verifier), [(2, "unchained")]);
}

#[tokio::test]
async fn a_last_line_that_is_not_finished_is_told_and_forgiven() {
    let kept = Kept::default();
    let audit = begin(&kept, 1);
    refuse(&audit);
    refuse(&audit);
    let text = kept.0.lock().unwrap().0.clone();

    let torn = verified(&text[..text.len() - 40]);
    let open = verified(&text);

    assert_eq!(found(&torn), [(2, "unfinished")]);
    assert!(torn.fits());
    assert!(in_words(&open).contains(" open\n"));
}

#[tokio::test]
async fn what_an_instance_could_not_write_is_told() {
    let kept = Kept::default();
    let audit = begin(&kept, 1);
    for is_full in [false, true, true, false] {
        kept.0.lock().unwrap().1 = is_full;
        refuse(&audit);
    }

    let verifier = verified(kept.0.lock().unwrap().0.clone());

    assert!(verifier.fits());
    let report: serde_json::Value = serde_json::from_str(&in_json(&verifier)).unwrap();
    assert_eq!(report["instances"][0]["lost"], 2);
    assert_eq!(report["instances"][0]["closed"], false);
    assert_eq!(report["findings"], json!([]));
}

#[test]
fn a_line_without_end_is_not_kept() {
    let long = io::repeat(b'x').take(3 * MAX_LINE);
    let mut verifier = Verifier::default();

    verify(BufReader::new(long), "long", &mut verifier).unwrap();

    assert_eq!(found(&verifier), [(1, "foreign")]);
}

#[test]
fn findings_are_bounded() {
    let verifier = verified("x\n".repeat(5000));

    assert_eq!((verifier.findings().len(), verifier.more()), (1000, 4000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_byte_that_is_changed_is_found(at in any::<prop::sample::Index>(), byte: u8) {
        let text = block_on(written());
        let mut changed = text.clone().into_bytes();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != byte);

        changed[at] = byte;
        let verifier = verified(changed);

        prop_assert!(!found(&verifier).is_empty());
        // But for the very last line feed, without which a line is not finished.
        prop_assert!(!verifier.fits() || at == text.len() - 1);
    }

    #[test]
    fn every_line_that_is_removed_is_found(at in 0_usize..10) {
        let text = block_on(written());
        let removed = edited(&text, |lines| without(lines, at));

        let verifier = verified(removed);

        // Of a last line that it is not there.
        let open = verifier.instances().any(|(_, instance)| !instance.is_closed);
        prop_assert!(open || !verifier.fits());
        prop_assert!(open == (at >= 8), "{:?}", found(&verifier));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        verified(bytes);
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}
