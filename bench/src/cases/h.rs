//! Case h: codec, text and session engine by themselves, without sockets. `cargo bench` measures, this reads its tables.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Ctx;
use crate::report::Report;

/// Packages with benches, and what one of theirs counts as one.
const PACKAGES: [&str; 4] = ["waxwing-smpp", "waxwing-cmpp", "waxwing-gsm", "waxwing-session"];

/// Tables that the benches print, by the name of their file, and what the report calls them.
const TABLES: [(&str, &str); 4] =
    [("codec", "SMPP codec, PDUs"), ("cmpp", "CMPP codec, PDUs"), ("text", "GSM text, texts"), ("engine", "session engine, PDUs")];

/// Runs `cargo bench` as often as the other cases run, and takes its figures over.
///
/// # Errors
/// When a bench does not compile or fails. Without cargo the case is left out, and the report says so.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    for _ in 0..ctx.runs.max(1) {
        let output = match bench(ctx) {
            Ok(output) => output,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                report.note("h", "Not measured: cargo was not found, and the benches are built with it.");
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        let lines = read(&output);
        if lines.is_empty() {
            return Err(io::Error::other("cargo bench printed no table that can be read"));
        }
        for line in lines {
            let table = TABLES.iter().find(|(file, _)| *file == line.table).map_or(line.table.as_str(), |(_, title)| title);
            let values = [
                ("ns each", line.nanoseconds / line.items),
                ("each/s", 1e9 * line.items / line.nanoseconds),
                ("allocations each", line.allocations / line.items),
                ("octets allocated each", line.octets / line.items),
            ];
            report.add("h", table, &line.name, &values);
        }
    }
    report.note(
        "h",
        "One core, nothing else; medians of divan's samples. Each is a PDU of codec and session engine, and a whole text of the GSM codec.",
    );
    report.note("h", "Allocations below one each are those of a buffer that many share.");
    Ok(())
}

fn bench(ctx: &Ctx) -> io::Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).args(["bench", "--quiet", "--benches"]);
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    command.args(["--", "--color", "never", "--sample-count", ctx.pick("500", "50")]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("cargo bench ended with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What one line of a table says of one iteration, all medians.
#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    /// File of the bench.
    table: String,
    /// Names of group and bench.
    name: String,
    nanoseconds: f64,
    /// Items of the iteration; 1 where the bench counts none.
    items: f64,
    allocations: f64,
    octets: f64,
}

/// Which figure the next rows without a name belong to.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Rows {
    Allocations,
    Octets,
    Others,
}

/// Cells of a row: fastest, slowest, median, mean, samples, iterations.
const CELLS: usize = 6;

/// Reads divan's tables. They are trees: a row with a branch in front begins a group or a bench, and rows without one go on with it.
fn read(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut table = String::new();
    let mut path: Vec<String> = Vec::new();
    let mut rows = Rows::Others;
    for row in text.lines() {
        let branch = row.find("├─ ").or_else(|| row.find("╰─ "));
        let (indent, content) = branch.map_or((None, row), |at| (Some(row[..at].chars().count() / 3), &row[at + "├─ ".len()..]));
        let cells: Vec<&str> = content.split('│').collect();
        let Some(cells) = cells.len().checked_sub(CELLS).and_then(|from| cells.get(from..)) else { continue };
        let (first, median) = (cells[0].trim_end(), cells[2].trim());
        if median == "median" {
            table = first.split("  ").next().unwrap_or_default().to_owned();
        } else if let Some(depth) = indent {
            let name = if median.is_empty() { first } else { first.rsplit_once("  ").map_or(first, |(name, _)| name) };
            path.truncate(depth);
            path.push(name.trim().to_owned());
            rows = Rows::Others;
            if let Some(nanoseconds) = time(median) {
                lines.push(Line { table: table.clone(), name: path.join(": "), nanoseconds, items: 1.0, ..Line::default() });
            }
        } else if let Some(line) = lines.last_mut() {
            match (first.trim(), rows) {
                ("alloc:", _) => rows = Rows::Allocations,
                (label, _) if label.ends_with(':') => rows = Rows::Others,
                (_, Rows::Allocations) => {
                    line.allocations = number(median).unwrap_or(0.0);
                    rows = Rows::Octets;
                }
                (_, Rows::Octets) => {
                    line.octets = number(median).unwrap_or(0.0);
                    rows = Rows::Others;
                }
                (_, Rows::Others) if median.ends_with("item/s") => {
                    let items = number(median).map_or(1.0, |each_second| each_second * line.nanoseconds / 1e9);
                    // The rate is rounded, the count is not.
                    line.items = items.round().max(1.0);
                }
                _ => {}
            }
        }
    }
    lines
}

/// Nanoseconds of "1.234 µs".
fn time(text: &str) -> Option<f64> {
    let (value, unit) = text.split_once(' ')?;
    let factor = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(value.parse::<f64>().ok()? * factor)
}

/// 65570 of "65.57 KB", 28400000 of "28.4 Mitem/s", 0.5 of "0.5".
fn number(text: &str) -> Option<f64> {
    let (value, unit) = text.split_once(' ').unwrap_or((text, ""));
    let factor = match unit.chars().next() {
        Some('K') => 1e3,
        Some('M') => 1e6,
        Some('G') => 1e9,
        _ => 1.0,
    };
    Some(value.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
Timer precision: 20 ns
engine                       fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ 64 KiB: frames cut off    7.39 µs       │ 41.92 µs      │ 8 µs          │ 7.911 µs      │ 100     │ 100
│                            69.28 Mitem/s │ 12.21 Mitem/s │ 64 Mitem/s    │ 64.71 Mitem/s │         │
│                            max alloc:    │               │               │               │         │
│                              1           │ 1             │ 1             │ 1             │         │
│                              65.57 KB    │ 65.57 KB      │ 65.57 KB      │ 65.57 KB      │         │
│                            alloc:        │               │               │               │         │
│                              2           │ 2             │ 2             │ 2             │         │
│                              1.024 KB    │ 1.024 KB      │ 1.024 KB      │ 1.024 KB      │         │
│                            dealloc:      │               │               │               │         │
│                              3           │ 3             │ 3             │ 3             │         │
│                              65.57 KB    │ 65.57 KB      │ 65.57 KB      │ 65.57 KB      │         │
╰─ decode                                  │               │               │               │         │
   ├─ submit_sm, 76 octets   53.75 ns      │ 57.64 ns      │ 55 ns         │ 55.34 ns      │ 100     │ 6400
   │                         18.6 Mitem/s  │ 17.34 Mitem/s │ 18.18 Mitem/s │ 18.06 Mitem/s │         │
   ╰─ submit_sm_resp         24.71 ns      │ 50.92 ns      │ 24.95 ns      │ 27.43 ns      │ 100     │ 12800
";

    #[test]
    fn a_table_of_divan_is_read() {
        let line = |name: &str, nanoseconds, items, allocations, octets| Line {
            table: "engine".into(),
            name: name.into(),
            nanoseconds,
            items,
            allocations,
            octets,
        };
        let expected = [
            line("64 KiB: frames cut off", 8000.0, 512.0, 2.0, 1024.0),
            line("decode: submit_sm, 76 octets", 55.0, 1.0, 0.0, 0.0),
            line("decode: submit_sm_resp", 24.95, 1.0, 0.0, 0.0),
        ];
        assert_eq!(read(TABLE), expected);
    }

    #[test]
    fn what_is_no_table_gives_nothing() {
        assert_eq!(read("running 0 tests\n\ntest result: ok. 0 passed; 0 failed │ 1 │ 2\n"), []);
    }
}
