//! The figures of a case as Markdown tables.

use std::fmt::Write as _;

use super::{Comparison, Report, Row, median, number::figure};

/// A table: the names of its figures, and a line for every subject of every variant.
#[derive(Debug, Default)]
struct Table<'a> {
    names: Vec<&'a str>,
    rows: Vec<&'a Row>,
}

const LIMIT: &str = "what it ran into";

impl Report {
    /// All variants in the order in which they came; those that have no figure in common with the ones before begin a table of their own.
    pub(super) fn tables(&self, case: &str, text: &mut String) {
        let mut tables: Vec<Table<'_>> = Vec::new();
        for variant in self.variants(case) {
            let rows: Vec<&Row> = self.rows.iter().filter(|r| r.case == case && r.variant == variant).collect();
            let names = || rows.iter().flat_map(|r| r.values.iter().map(|(name, _)| name.as_str()));
            let table = match tables.iter_mut().position(|t| names().any(|n| t.names.contains(&n))) {
                Some(at) => &mut tables[at],
                None => {
                    tables.push(Table::default());
                    let last = tables.len() - 1;
                    &mut tables[last]
                }
            };
            for name in names() {
                if !table.names.contains(&name) {
                    table.names.push(name);
                }
            }
            table.rows.extend(rows);
        }
        for table in &tables {
            self.table(case, table, text);
        }
    }

    fn table(&self, case: &str, table: &Table<'_>, text: &mut String) {
        let ratios = |row: &Row, c: &Comparison| {
            let other = self.find(case, &row.variant, &c.against).filter(|_| c.subject == row.subject)?;
            row.ratios(other, &c.name)
        };
        let ours = |c: &&Comparison| c.case == case && table.rows.iter().any(|row| ratios(row, c).is_some());
        // One column serves all subjects that are compared with the same one.
        let mut columns: Vec<Vec<&Comparison>> = Vec::new();
        for c in self.comparisons.iter().filter(ours) {
            match columns.iter_mut().find(|column| column[0].name == c.name && column[0].against == c.against) {
                Some(column) => column.push(c),
                None => columns.push(vec![c]),
            }
        }
        let limits = table.rows.iter().any(|r| r.limit.is_some());

        let mut heads: Vec<String> = ["variant", "subject", "runs"].map(str::to_owned).into();
        heads.extend(table.names.iter().map(|n| (*n).to_owned()));
        heads.extend(columns.iter().map(|column| format!("{}: × {}", column[0].name, column[0].against)));
        heads.extend(limits.then(|| LIMIT.to_owned()));
        line(text, &heads);
        line(text, &vec!["---".to_owned(); heads.len()]);
        for row in &table.rows {
            let runs = row.values.iter().map(|(_, all)| all.len()).max().unwrap_or(0);
            let mut cells = vec![row.variant.clone(), row.subject.clone(), runs.to_string()];
            cells.extend(table.names.iter().map(|name| spread(row.values(name))));
            cells.extend(columns.iter().map(|column| spread(&column.iter().find_map(|c| ratios(row, c)).unwrap_or_default())));
            cells.extend(limits.then(|| row.limit.clone().unwrap_or_default()));
            line(text, &cells);
        }
        text.push('\n');
    }
}

/// "median [least–most]", or just the value of a single run.
fn spread(values: &[f64]) -> String {
    let Some(middle) = median(values) else { return String::new() };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (low, high, middle) = (figure(least), figure(most), figure(middle));
    if low == high { middle } else { format!("{middle} [{low}–{high}]") }
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
