//! The results of all cases of a run as shares of the floors under them.

use super::super::ALL;
use super::super::flow::{RELAY, WAXWING};
use super::super::j;
use super::{ACCEPT, CASE, DISK, ROW};
use crate::report::{Report, figure};

/// What was reached, and the floor.
#[derive(Debug, PartialEq)]
pub(super) struct Share {
    case: String,
    variant: String,
    subject: String,
    percent: f64,
    floor: String,
}

/// A floor that a case has in its own tables: a server that answers HTTP and does nothing.
const BARE: &str = "bare";

impl Share {
    /// Adds it to the report.
    pub(super) fn put(self, report: &mut Report) {
        let variant = format!("share of its floor: {}, {}", self.case, self.variant);
        report.add(CASE, &variant, &self.subject, &[("% of the floor", self.percent)]);
        report.limit(CASE, &variant, &self.subject, self.floor);
    }
}

/// Every rate of ours that has a floor: first that of the same variant, then those of this case.
pub(super) fn of(report: &Report) -> Vec<Share> {
    let mut shares = Vec::new();
    // Of latency (case g) the rates are set.
    for case in ALL.iter().map(|c| c.letter).filter(|c| *c != "g") {
        for variant in report.variants(case) {
            let ours = report.subjects(case, variant).into_iter().filter(|s| s.starts_with(WAXWING));
            for subject in ours {
                if let Some((percent, floor)) = share(report, case, variant, subject) {
                    shares.push(Share { case: case.into(), variant: variant.into(), subject: subject.into(), percent, floor });
                }
            }
        }
    }
    shares
}

fn share(report: &Report, case: &str, variant: &str, subject: &str) -> Option<(f64, String)> {
    for floor in [RELAY, BARE, j::BARE] {
        for name in ["receipts/s", "delivered/s", "accepted/s"] {
            if let (Some(ours), Some(most)) = (report.median(case, variant, subject, name), report.median(case, variant, floor, name)) {
                return percent(ours, most, &format!("the {floor}'s {} {name}", figure(most)));
            }
        }
    }
    let relay = report.variants(CASE).into_iter().find_map(|v| report.median(CASE, v, RELAY, "receipts/s"))?;
    for name in ["receipts/s", "drained/s"] {
        if let Some(ours) = report.median(case, variant, subject, name) {
            return percent(ours, relay, &format!("the bare relay's {} receipts/s with 4 binds and window 256", figure(relay)));
        }
    }
    // What is accepted has to be written: as many octets a message as where nothing else is done.
    let ours = report.median(case, variant, subject, "accepted/s")?;
    let (accepted, written) = (report.median(CASE, ACCEPT, WAXWING, "accepted/s")?, report.median(CASE, ACCEPT, WAXWING, "MB/s")?);
    let row = report.median(CASE, ROW, DISK, "MB/s")?;
    let each = written / accepted.max(1.0);
    percent(ours * each, row, &format!("the disk's {} MB/s, at {} octets a message", figure(row), figure(each * 1e6)))
}

fn percent(ours: f64, most: f64, of: &str) -> Option<(f64, String)> {
    (most > 0.0).then(|| (100.0 * ours / most, format!("of {of}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_is_held_against_the_nearest_floor() {
        let mut report = Report::default();
        report.add("a", "1 bind", WAXWING, &[("receipts/s", 30.0)]);
        report.add("a", "1 bind", RELAY, &[("receipts/s", 60.0)]);
        report.add("b", "1 connection", "waxwing sendsms", &[("accepted/s", 10.0)]);
        report.add("b", "1 connection", BARE, &[("accepted/s", 100.0)]);
        report.add("d", "drain", WAXWING, &[("drained/s", 20.0)]);
        report.add("d", "queue", WAXWING, &[("accepted/s", 50.0)]);
        report.add("d", "queue", "Kannel", &[("accepted/s", 50.0)]);
        report.add(CASE, "4 binds", RELAY, &[("receipts/s", 80.0)]);
        report.add(CASE, ROW, DISK, &[("MB/s", 1000.0)]);
        report.add(CASE, ACCEPT, WAXWING, &[("accepted/s", 100.0), ("MB/s", 200.0)]);
        let seen: Vec<(String, f64)> = of(&report).into_iter().map(|s| (s.variant, s.percent)).collect();
        let expected =
            [("1 bind", 50.0), ("1 connection", 10.0), ("drain", 25.0), ("queue", 10.0), (ACCEPT, 20.0)].map(|(v, p)| (v.to_owned(), p));
        assert_eq!(seen, expected);
    }
}
