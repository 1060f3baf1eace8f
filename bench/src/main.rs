//! The command line of the bench: all cases with their peers, or one tool at a time.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use waxwing_bench::cases::b::Http;
use waxwing_bench::cases::c::Mo;
use waxwing_bench::cases::{ALL, Case, Ctx};
use waxwing_bench::disk::Disk;
use waxwing_bench::ismg::IsmgArgs;
use waxwing_bench::relay::RelayArgs;
use waxwing_bench::report::{Machine, Report, progress};
use waxwing_bench::smpp::Smpp;

/// Measures the gateway beside its peers.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run cases, all subjects alternating, and write the report.
    Run(Run),
    /// Measure what the disk can do.
    Disk(Disk),
    /// Load over HTTP by itself, with the gateway or Kannel and a carrier that takes everything.
    Http(Http),
    /// Be the bare ISMG; where it listens is said on standard output. `waxwing bench cmpp` puts load on it.
    Ismg(IsmgArgs),
    /// Messages from handsets by themselves, with the gateway or Kannel.
    Mo(Mo),
    /// Be the bare relay from SMPP to SMPP; where it listens is said on standard output.
    Relay(RelayArgs),
    /// Load over SMPP by itself, with the gateway and a carrier that takes everything.
    Smpp(Smpp),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Cases to run, by their letters: a,b,f. All of them if not given.
    #[arg(long = "case", value_delimiter = ',')]
    cases: Vec<String>,
    /// Runs of every subject.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// A few seconds for each variant and a single run: shows that it works, the figures say little.
    #[arg(long)]
    quick: bool,
    /// The gateway.
    #[arg(long, default_value = "target/release/waxwing")]
    binary: PathBuf,
    /// The report; only the parts of the cases that are run are rewritten. A quick run writes none unless this is given.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Folder for data, on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    tmp: PathBuf,
    /// Of cases a to f, only variants whose name holds this text.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(run) => run_cases(&run),
        Command::Disk(disk) => disk.run().map(|()| ExitCode::SUCCESS),
        Command::Http(http) => http.run().map(|()| ExitCode::SUCCESS),
        Command::Ismg(ismg) => ismg.run().map(|()| ExitCode::SUCCESS),
        Command::Mo(mo) => mo.run().map(|()| ExitCode::SUCCESS),
        Command::Relay(relay) => relay.run().map(|()| ExitCode::SUCCESS),
        Command::Smpp(smpp) => smpp.run().map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            progress(&format!("waxwing-bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run_cases(run: &Run) -> io::Result<ExitCode> {
    let chosen = choose(&run.cases)?;
    std::fs::create_dir_all(&run.tmp)?;
    let binary = run.binary.canonicalize().map_err(|e| {
        let place = run.binary.display();
        io::Error::other(format!("{place}: {e}; build the gateway first: cargo build --release -p waxwing"))
    })?;
    let runs = if run.quick { 1 } else { run.runs.max(1) };
    let ctx = Ctx { binary, runs, quick: run.quick, tmp: run.tmp.canonicalize()?, only: run.only.clone() };
    let machine = Machine::of(&ctx.tmp);
    let out = run.out.clone().or_else(|| (!run.quick).then(|| PathBuf::from("bench/RESULTS.md")));
    let how = if run.quick { "a quick run, to see that it works".to_owned() } else { format!("{runs} runs of each subject") };
    let mut report = Report::default();
    let mut failed = 0;
    for case in &chosen {
        progress(&format!("== {}. {}", case.letter, case.title));
        if let Err(error) = (case.run)(&ctx, &mut report) {
            failed += 1;
            report.note(case.letter, format!("Broken off: {error}"));
        }
        // After every case, so that a later one that fails costs nothing.
        if let Some(out) = &out {
            write(&report, out, &machine, case, &how)?;
        }
    }
    if out.is_none() {
        for case in &chosen {
            progress(&report.section(case.letter, case.title, &how));
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(report: &Report, out: &Path, machine: &Machine, case: &Case, how: &str) -> io::Result<()> {
    report.write(out, machine, &[(case.letter, case.title)], how)
}

fn choose(letters: &[String]) -> io::Result<Vec<Case>> {
    for letter in letters {
        if !ALL.iter().any(|c| c.letter == letter) {
            let known: Vec<&str> = ALL.iter().map(|c| c.letter).collect();
            return Err(io::Error::other(format!("there is no case {letter:?}; cases are {}", known.join(", "))));
        }
    }
    Ok(ALL.into_iter().filter(|c| letters.is_empty() || letters.iter().any(|l| l == c.letter)).collect())
}
