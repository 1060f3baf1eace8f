//! Gathers the figures of all runs and writes them down: medians and spread, ratios, and what was the limit.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

mod machine;
mod merge;
mod number;
mod table;

pub use machine::Machine;
pub use merge::merge;
pub use number::figure;

/// Figures, notes and comparisons of the cases that were run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<(String, String)>,
    comparisons: Vec<Comparison>,
}

/// What one subject showed in one variant of a case, over all runs.
#[derive(Clone, Debug)]
struct Row {
    case: String,
    variant: String,
    subject: String,
    values: Vec<(String, Vec<f64>)>,
    limit: Option<String>,
}

#[derive(Clone, Debug)]
struct Comparison {
    case: String,
    name: String,
    subject: String,
    against: String,
}

impl Report {
    /// Adds what one run showed; call it once a run. A name carries its unit: "delivered/s", "gateway CPU µs/message",
    /// "p99 ms".
    pub fn add(&mut self, case: &str, variant: &str, subject: &str, values: &[(&str, f64)]) {
        let mut line = format!("[{case}] {variant}, {subject}:");
        let row = self.row(case, variant, subject);
        for (name, value) in values {
            let _ = write!(line, " {name} {};", figure(*value));
            match row.values.iter_mut().find(|(n, _)| n == name) {
                Some((_, all)) => all.push(*value),
                None => row.values.push(((*name).to_owned(), vec![*value])),
            }
        }
        progress(line.trim_end_matches(';'));
    }

    /// Says what limited a subject, as in [`Used::bottleneck`](crate::process::Used::bottleneck). The last run's words stand.
    pub fn limit(&mut self, case: &str, variant: &str, subject: &str, words: String) {
        progress(&format!("[{case}] {variant}, {subject}: {words}"));
        self.row(case, variant, subject).limit = Some(words);
    }

    /// Adds a note below the table of a case; the same note counts once.
    pub fn note(&mut self, case: &str, text: impl Into<String>) {
        let note = (case.to_owned(), text.into());
        if !self.notes.contains(&note) {
            progress(&format!("[{case}] note: {}", note.1));
            self.notes.push(note);
        }
    }

    /// Adds a column with the ratio of one subject to another in the value of that name, wherever a variant has both. Runs
    /// are compared pairwise: the first with the first, and so on.
    pub fn compare(&mut self, case: &str, name: &str, subject: &str, against: &str) {
        let comparison = Comparison { case: case.into(), name: name.into(), subject: subject.into(), against: against.into() };
        let known = |c: &Comparison| c.case == case && c.name == name && c.subject == subject && c.against == against;
        if !self.comparisons.iter().any(known) {
            self.comparisons.push(comparison);
        }
    }

    /// The median of what has been added so far under these names.
    pub fn median(&self, case: &str, variant: &str, subject: &str, name: &str) -> Option<f64> {
        let row = self.find(case, variant, subject)?;
        row.values.iter().find(|(n, _)| n == name).and_then(|(_, all)| median(all))
    }

    /// The variants of a case that were run, each once.
    pub fn variants(&self, case: &str) -> Vec<&str> {
        let mut variants: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|r| r.case == case) {
            if !variants.contains(&row.variant.as_str()) {
                variants.push(&row.variant);
            }
        }
        variants
    }

    /// The subjects of a variant that were run.
    pub fn subjects(&self, case: &str, variant: &str) -> Vec<&str> {
        self.rows.iter().filter(|r| r.case == case && r.variant == variant).map(|r| r.subject.as_str()).collect()
    }

    /// The case's part of the report: a table, and the notes.
    pub fn section(&self, case: &str, title: &str, heading: &str) -> String {
        let mut text = format!("## {case}. {title}\n\n{heading}\n\n");
        self.tables(case, &mut text);
        for (_, note) in self.notes.iter().filter(|(c, _)| c == case) {
            let _ = writeln!(text, "* {note}");
        }
        text
    }

    /// Rewrites the parts of these cases (letter and title) in the file and leaves the others as they are.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn write(&self, path: &Path, machine: &Machine, cases: &[(&str, &str)], how: &str) -> io::Result<()> {
        let mut text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(e),
        };
        text = merge(&text, "machine", &machine.describe());
        for (case, title) in cases {
            let heading = format!("{}, commit {}; {how}.", machine.date, machine.commit);
            text = merge(&text, &format!("case {case}"), &self.section(case, title, &heading));
        }
        std::fs::write(path, text)
    }

    fn row(&mut self, case: &str, variant: &str, subject: &str) -> &mut Row {
        let at = self.rows.iter().position(|r| r.is(case, variant, subject)).unwrap_or_else(|| {
            let (case, variant, subject) = (case.to_owned(), variant.to_owned(), subject.to_owned());
            self.rows.push(Row { case, variant, subject, values: Vec::new(), limit: None });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    fn find(&self, case: &str, variant: &str, subject: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.is(case, variant, subject))
    }
}

impl Row {
    fn is(&self, case: &str, variant: &str, subject: &str) -> bool {
        self.case == case && self.variant == variant && self.subject == subject
    }

    fn values(&self, name: &str) -> &[f64] {
        self.values.iter().find(|(n, _)| n == name).map_or(&[], |(_, all)| all)
    }

    /// Run by run; `None` where there is nothing to compare.
    fn ratios(&self, other: &Row, name: &str) -> Option<Vec<f64>> {
        let pairs = self.values(name).iter().zip(other.values(name));
        let ratios: Vec<f64> = pairs.filter(|(_, b)| **b > 0.0).map(|(a, b)| a / b).collect();
        (!ratios.is_empty()).then_some(ratios)
    }
}

/// The middle one; of an even number the mean of the middle two; `None` of none.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((sorted[sorted.len() / 2 - 1] + upper) / 2.0)
}

/// Says on standard error how far it is.
#[allow(clippy::print_stderr)]
pub fn progress(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_what_was_seen() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 10.0]), Some(3.0));
    }

    #[test]
    fn a_section_has_medians_spread_and_ratios_of_the_same_run() {
        let mut report = Report::default();
        report.compare("a", "delivered/s", "waxwing", "Kannel");
        for (ours, theirs) in [(40_000.0, 2000.0), (60_000.0, 3000.0), (50_000.0, 1000.0)] {
            report.add("a", "4 binds", "waxwing", &[("delivered/s", ours)]);
            report.add("a", "4 binds", "Kannel", &[("delivered/s", theirs), ("memory MB", 7.25)]);
        }
        report.add("a", "1 bind", "waxwing", &[("delivered/s", 7.0)]);
        report.add("a", "1 bind", "waxwing with all", &[("delivered/s", 8.0)]);
        report.add("a", "disk", "ext4", &[("syncs/s", 500.0)]);
        report.limit("a", "1 bind", "waxwing", "all 2 cores busy".into());
        report.note("a", "Heard twice.");
        report.note("a", "Heard twice.");
        report.note("b", "Of another case.");
        assert_eq!(report.median("a", "4 binds", "waxwing", "delivered/s"), Some(50_000.0));
        let expected = "## a. Path\n\nToday.\n\n\
            | variant | subject | runs | delivered/s | memory MB | delivered/s: × Kannel | what it ran into |\n\
            | --- | --- | --- | --- | --- | --- | --- |\n\
            | 4 binds | waxwing | 3 | 50,000 [40,000–60,000] |  | 20.0 [20.0–50.0] |  |\n\
            | 4 binds | Kannel | 3 | 2,000 [1,000–3,000] | 7.25 |  |  |\n\
            | 1 bind | waxwing | 1 | 7.00 |  |  | all 2 cores busy |\n\
            | 1 bind | waxwing with all | 1 | 8.00 |  |  |  |\n\n\
            | variant | subject | runs | syncs/s |\n\
            | --- | --- | --- | --- |\n\
            | disk | ext4 | 1 | 500 |\n\n\
            * Heard twice.\n";
        assert_eq!(report.section("a", "Path", "Today."), expected);
    }

    #[test]
    fn writing_leaves_the_other_cases_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("RESULTS.md");
        let machine = Machine::of(folder.path());
        let mut first = Report::default();
        first.add("a", "v", "s", &[("n/s", 1.0)]);
        first.add("b", "v", "s", &[("n/s", 2.0)]);
        first.write(&path, &machine, &[("a", "A"), ("b", "B")], "3 runs").unwrap();
        let mut second = Report::default();
        second.add("a", "v", "s", &[("n/s", 3.0)]);
        second.write(&path, &machine, &[("a", "A")], "3 runs").unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("| v | s | 1 | 3.00 |") && text.contains("| v | s | 1 | 2.00 |"), "{text}");
        assert!(!text.contains("| 1.00 |"), "{text}");
    }
}
