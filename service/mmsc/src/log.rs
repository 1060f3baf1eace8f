//! NowSMS's log of the message centre, as an option: `MMSC-yyyymmdd.LOG`, comma-separated, for tools that read those.
//!
//! Columns: time (`yyyy-mm-dd hh:mm:ss`, local), type, source address, account or sender, recipient, message, status or notification, size.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use waxwing_core::Millis;

/// Lines that may wait to be written. Beyond that they are left out, and that is said.
const WAITING: usize = 10_000;
/// How often lines reach the file at the latest.
const FLUSH: Duration = Duration::from_millis(500);

/// Types of lines.
pub(crate) mod kind {
    /// A message was taken in, a line for each recipient.
    pub(crate) const IN: &str = "MMSIN";
    /// A message was fetched.
    pub(crate) const RETRIEVE: &str = "MMSRetrieve";
    /// A delivery report was sent.
    pub(crate) const DELIVERY_REPORT: &str = "MMSIN-DeliveryReport";
    /// A read report was sent.
    pub(crate) const READ_REPORT: &str = "MMSIN-ReadReport";
    /// E-mail was taken in.
    pub(crate) const SMTP_IN: &str = "SMTPIN";
    /// A message left.
    pub(crate) const OUT: &str = "MMSOUT";
}

/// Writes lines, off the way of whoever has something to say.
#[derive(Debug)]
pub(crate) struct Journal(Option<SyncSender<(Millis, String)>>);

impl Journal {
    /// Into files in this folder; into none where there is no folder.
    pub(crate) fn new(folder: Option<&Path>) -> Journal {
        let Some(folder) = folder.map(Path::to_owned) else { return Journal(None) };
        let (lines, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("mmsc-log".into()).spawn(move || write(&folder, &waiting));
        match thread {
            Ok(_) => Journal(Some(lines)),
            Err(e) => {
                tracing::error!("The log of the message centre cannot be written: {e}");
                Journal(None)
            }
        }
    }

    /// Whether anything is written, for those who would take pains with a line.
    pub(crate) fn is_written(&self) -> bool {
        self.0.is_some()
    }

    /// A line.
    pub(crate) fn line(&self, at: Millis, kind: &str, fields: &[&str]) {
        let Some(lines) = &self.0 else { return };
        let mut line = String::from(kind);
        for field in fields {
            line.push(',');
            line.push_str(&plain(field));
        }
        if let Err(TrySendError::Full(_)) = lines.try_send((at, line)) {
            tracing::warn!("The log of the message centre is behind; a line is left out.");
        }
    }
}

/// A field without what would break the line: NowSMS quotes nothing.
fn plain(field: &str) -> String {
    field.chars().map(|c| if c == ',' || c.is_control() { ' ' } else { c }).collect()
}

fn write(folder: &Path, lines: &Receiver<(Millis, String)>) {
    let zone = TimeZone::system();
    let mut open: Option<(civil::Date, std::io::BufWriter<File>)> = None;
    let mut flushed = Instant::now();
    // A disk that is full is said to be once, not for every line.
    let mut is_failing = false;
    let failed = |is_failing: &mut bool, day, e: &dyn std::fmt::Display| {
        if !std::mem::replace(is_failing, true) {
            tracing::error!("{} cannot be written: {e}", path(folder, day).display());
        }
    };
    loop {
        match lines.recv_timeout(FLUSH.saturating_sub(flushed.elapsed())) {
            Ok((at, line)) => {
                let Ok(at) = Timestamp::from_millisecond(i64::try_from(at).unwrap_or(0)) else { continue };
                let at = at.to_zoned(zone.clone()).datetime();
                let day = at.date();
                if open.as_ref().is_none_or(|(of, _)| *of != day) {
                    open = match open_day(folder, day) {
                        Ok(file) => Some((day, std::io::BufWriter::new(file))),
                        Err(e) => {
                            failed(&mut is_failing, day, &e);
                            continue;
                        }
                    };
                }
                if let Some((_, file)) = &mut open
                    && let Err(e) = writeln!(file, "{},{line}", at.strftime("%Y-%m-%d %H:%M:%S"))
                {
                    failed(&mut is_failing, day, &e);
                    open = None;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if flushed.elapsed() >= FLUSH {
            flushed = Instant::now();
            if let Some((day, file)) = &mut open {
                match file.flush() {
                    Ok(()) => is_failing = false,
                    Err(e) => failed(&mut is_failing, *day, &e),
                }
            }
        }
    }
}

fn path(folder: &Path, day: civil::Date) -> PathBuf {
    folder.join(format!("MMSC-{}.LOG", day.strftime("%Y%m%d")))
}

fn open_day(folder: &Path, day: civil::Date) -> std::io::Result<File> {
    std::fs::create_dir_all(folder)?;
    OpenOptions::new().create(true).append(true).open(path(folder, day))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_that_never_pause_reach_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, waiting) = sync_channel(4);
        let place = folder.path().to_owned();
        let writer = std::thread::spawn(move || write(&place, &waiting));
        let begun = Instant::now();
        let written = || std::fs::read_dir(folder.path()).unwrap().any(|f| f.unwrap().metadata().unwrap().len() > 0);
        while !written() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it reached the file");
            lines.send((1_780_000_000_000, "MMSIN".to_owned())).unwrap();
            std::thread::sleep(FLUSH / 20);
        }
        drop(lines);
        writer.join().unwrap();
    }

    #[test]
    fn lines_have_nowsms_columns() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, waiting) = sync_channel(4);
        lines.send((1_780_000_000_000, "MMSIN,127.0.0.1,+44,a b".to_owned())).unwrap();
        drop(lines);
        write(folder.path(), &waiting);
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        assert!(file.file_name().unwrap().to_str().unwrap().starts_with("MMSC-2026"));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.ends_with(",MMSIN,127.0.0.1,+44,a b\n") && text.len() == "2026-05-28 20:26:40".len() + 25, "{text}");
        assert_eq!(plain("a,b\r\nc"), "a b  c");
    }
}
