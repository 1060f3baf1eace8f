//! On what the figures were taken.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The machine, the day and the state of the source.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Day of the measurement, as in 2026-11-22, in UTC.
    pub date: String,
    /// The commit, abbreviated, with "+" if files were changed since.
    pub commit: String,
    processor: String,
    cores: usize,
    memory: String,
    kernel: String,
    disk: String,
}

impl Machine {
    /// This machine, with the disk on which `folder` is.
    pub fn of(folder: &Path) -> Machine {
        let changed = output("git", &["status", "--porcelain", "--untracked-files=no"]);
        let sign = if changed.is_empty() { "" } else { "+" };
        Machine {
            date: output("date", &["-u", "+%Y-%m-%d"]),
            commit: format!("{}{sign}", output("git", &["rev-parse", "--short", "HEAD"])),
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory(),
            kernel: output("uname", &["-sr"]),
            disk: disk(folder),
        }
    }

    /// In words, as a list.
    pub fn describe(&self) -> String {
        format!(
            "Machine: {}, {} cores, {} of memory, {}, {}. All programs of a case share it.\n\
             Figures are medians over the runs with the least and the most in brackets; runs of different subjects alternate.\n",
            self.processor, self.cores, self.memory, self.kernel, self.disk,
        )
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default()
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_default();
    line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
}

fn memory() -> String {
    let kibibytes = field("/proc/meminfo", "MemTotal").split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    kibibytes.map_or("an unknown amount".to_owned(), |k| format!("{:.0} GiB", k / 1024.0 / 1024.0))
}

/// File system and device of the mount that holds the folder.
fn disk(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let parts = mounts.lines().map(|l| l.split_whitespace().collect::<Vec<_>>()).filter(|p| p.len() > 3 && folder.starts_with(p[1]));
    let deepest = parts.max_by_key(|p| p[1].len());
    deepest.map_or("unknown file system".to_owned(), |p| format!("{} on {}", p[2], p[0]))
}
