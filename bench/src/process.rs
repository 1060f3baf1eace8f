//! Who used the processor, and what a run waited for: read from /proc.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Of whom processor time is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Who {
    /// A process, with all threads that it has or had.
    Process(u32),
    /// A thread of this process.
    Thread(u32),
}

/// A measurement that has begun.
#[derive(Debug)]
pub struct Usage {
    begin: Instant,
    machine: Machine,
    parts: Vec<Part>,
}

/// What was used between begin and end.
#[derive(Clone, Debug)]
pub struct Used {
    /// Seconds by the clock.
    pub wall: f64,
    /// Processor seconds of each part, in the order given.
    pub cpu: Vec<(String, f64)>,
    /// Part, name of its busiest thread, and how many seconds that thread used.
    pub busiest: Vec<(String, String, f64)>,
    /// Share of the whole machine that was idle, 0 to 1, waiting for the disk included.
    pub idle: f64,
    /// Share of the whole machine that was idle while something waited for the disk, 0 to 1.
    pub disk: f64,
    /// Cores of the machine.
    pub cores: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Machine {
    all: f64,
    idle: f64,
    disk: f64,
}

#[derive(Debug)]
struct Part {
    name: String,
    who: Who,
    cpu: f64,
    threads: Vec<(PathBuf, f64)>,
}

/// Below this share of idle time the machine counts as full: the scheduler never uses every last bit.
const FULL: f64 = 0.08;

/// A thread that runs for more than this share of the time is what the others wait for.
const THREAD_FULL: f64 = 0.9;

impl Usage {
    /// Begins to measure these.
    pub fn begin(parts: &[(&str, Who)]) -> Usage {
        let parts =
            parts.iter().map(|&(name, who)| Part { name: name.to_owned(), who, cpu: cpu_seconds(who), threads: threads(who) }).collect();
        Usage { begin: Instant::now(), machine: machine(), parts }
    }

    /// Ends; the parts must still be alive.
    pub fn end(self) -> Used {
        let wall = self.begin.elapsed().as_secs_f64();
        let now = machine();
        let all = (now.all - self.machine.all).max(f64::MIN_POSITIVE);
        let mut busiest = Vec::new();
        for part in &self.parts {
            let grown = |path: &PathBuf, after: f64| {
                let before = part.threads.iter().find(|(p, _)| p == path).map_or(0.0, |(_, s)| *s);
                after - before
            };
            let most = threads(part.who).into_iter().map(|(p, s)| (grown(&p, s), p)).max_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((seconds, path)) = most {
                let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
                busiest.push((part.name.clone(), name.trim().to_owned(), seconds));
            }
        }
        Used {
            wall,
            cpu: self.parts.iter().map(|p| (p.name.clone(), cpu_seconds(p.who) - p.cpu)).collect(),
            busiest,
            idle: ((now.idle - self.machine.idle) / all).clamp(0.0, 1.0),
            disk: ((now.disk - self.machine.disk) / all).clamp(0.0, 1.0),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl Used {
    /// Processor seconds of a part; 0 if there is none of that name.
    pub fn cpu(&self, name: &str) -> f64 {
        self.cpu.iter().find(|(n, _)| n == name).map_or(0.0, |(_, s)| *s)
    }

    /// Microseconds of processor time of a part for each of so many messages.
    pub fn micros_each(&self, name: &str, messages: u64) -> f64 {
        self.cpu(name) * 1e6 / messages.max(1) as f64
    }

    /// In words, what limited the run.
    pub fn bottleneck(&self) -> String {
        let capacity = self.wall.max(1e-9) * self.cores as f64;
        let percent = |seconds: f64| (100.0 * seconds / capacity).round();
        let mut parts: Vec<String> = self.cpu.iter().map(|(n, s)| format!("{n} {} %", percent(*s))).collect();
        let rest = (1.0 - self.idle) * capacity - self.cpu.iter().map(|(_, s)| s).sum::<f64>();
        if percent(rest) >= 2.0 {
            parts.push(format!("others {} %", percent(rest)));
        }
        let parts = parts.join(", ");
        if self.idle < FULL {
            return format!("all {} cores busy: {parts}", self.cores);
        }
        let busy = ((1.0 - self.idle) * 100.0).round();
        let thread = self.busiest.iter().filter(|(_, _, s)| *s >= THREAD_FULL * self.wall).max_by(|a, b| a.2.total_cmp(&b.2));
        if let Some((part, thread, seconds)) = thread {
            let share = (100.0 * seconds / self.wall).round();
            return format!("one thread of {part} ({thread}) {share} % busy; cores {busy} % busy: {parts}");
        }
        let waits = if self.disk > 0.1 { "waits for the disk" } else { "waits for the window, the line or a sync" };
        format!("cores {busy} % busy, {waits}: {parts}")
    }
}

/// Processor time used so far, seconds; 0 if there is none such.
pub fn cpu_seconds(who: Who) -> f64 {
    spent(&folder(who)).unwrap_or(0.0)
}

/// Resident memory of a process, octets; 0 if there is none such.
pub fn resident(pid: u32) -> u64 {
    status(pid, "VmRSS:")
}

/// The most resident memory that a process has had, octets.
pub fn resident_peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

fn status(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|k| k.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn folder(who: Who) -> PathBuf {
    match who {
        Who::Process(pid) => PathBuf::from(format!("/proc/{pid}")),
        Who::Thread(tid) => PathBuf::from(format!("/proc/self/task/{tid}")),
    }
}

fn threads(who: Who) -> Vec<(PathBuf, f64)> {
    let folder = match who {
        Who::Process(pid) => PathBuf::from(format!("/proc/{pid}/task")),
        Who::Thread(_) => return vec![(folder(who), cpu_seconds(who))],
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    entries.filter_map(|path| spent(&path).map(|t| (path, t))).collect()
}

/// Processor time of a process or a thread, seconds. That of a process counts its former threads as well, in hundredths of a second for
/// every architecture that we know; that of a thread is exact where the kernel keeps it.
fn spent(folder: &Path) -> Option<f64> {
    if folder.parent().is_some_and(|p| p.ends_with("task"))
        && let Ok(exact) = fs::read_to_string(folder.join("schedstat"))
        && let Some(nanos) = exact.split_whitespace().next().and_then(|n| n.parse::<f64>().ok())
    {
        return Some(nanos / 1e9);
    }
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let after = stat.rsplit(')').next()?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let field = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok());
    // User and system time.
    Some((field(11)? + field(12)?) / 100.0)
}

fn machine() -> Machine {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().skip(1).filter_map(|f| f.parse().ok()).collect();
    let field = |i: usize| fields.get(i).copied().unwrap_or(0.0);
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    Machine { all: fields.iter().take(8).sum(), idle: field(3) + field(4), disk: field(4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_this_process_is_seen() {
        let usage = Usage::begin(&[("test", Who::Process(std::process::id()))]);
        let begin = Instant::now();
        let mut sum = 0u64;
        while begin.elapsed().as_millis() < 200 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let used = usage.end();
        assert!(used.cpu("test") > 0.02, "{used:?}");
        assert!(used.bottleneck().contains("test"), "{}", used.bottleneck());
        assert!(resident(std::process::id()) > 100_000);
    }
}
