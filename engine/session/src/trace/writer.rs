//! The thread that writes trace files.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::TraceOptions;
use super::packet::{ACK, FIN, MAX_SEGMENT, PSH, SYN, Segment, file_header};
use crate::engine::{Direction, Role};

/// Whose frames they are.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) id: u64,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) role: Role,
}

/// What the links send to the thread.
#[derive(Debug)]
pub(super) enum Record {
    End { at: SystemTime, flow: Arc<Flow> },
    Frame { at: SystemTime, direction: Direction, flow: Arc<Flow>, octets: Vec<u8> },
}

/// The sequence numbers that each side's next octet has.
#[derive(Clone, Copy)]
struct Sequences {
    local: u32,
    peer: u32,
}

pub(super) struct Writer {
    file: BufWriter<File>,
    file_octets: u64,
    files: VecDeque<PathBuf>,
    /// Connections begun in the present file.
    flows: HashMap<u64, Sequences>,
    next_file: u32,
    options: TraceOptions,
    packets: Vec<u8>,
    queued_octets: Arc<AtomicUsize>,
    started: u64,
}

impl Writer {
    pub(super) fn create(options: &TraceOptions, queued_octets: Arc<AtomicUsize>) -> io::Result<Self> {
        std::fs::create_dir_all(&options.directory)?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (path, file, next_file) = create_file(options, started, 1)?;
        let mut writer = Self {
            file,
            file_octets: 0,
            files: VecDeque::from([path]),
            flows: HashMap::new(),
            next_file,
            options: options.clone(),
            packets: file_header(),
            queued_octets,
            started,
        };
        writer.write_packets()?;
        Ok(writer)
    }

    /// Writes until the links' side of the queue is gone, or the disk fails.
    pub(super) fn run(mut self, records: &Receiver<Record>) {
        let mut failed = false;
        while let Some(record) = self.next(records, &mut failed) {
            let octets = match &record {
                Record::Frame { octets, .. } => octets.len(),
                Record::End { .. } => 0,
            };
            self.queued_octets.fetch_sub(octets, Ordering::Relaxed);
            // After a failure the queue is still emptied, so that the counts stay right.
            if !failed {
                failed = self.write(&record).inspect_err(|error| self.report(error)).is_err();
            }
        }
    }

    /// The next record; when there is none for now, what was written goes to the file before waiting.
    fn next(&mut self, records: &Receiver<Record>, failed: &mut bool) -> Option<Record> {
        match records.try_recv() {
            Ok(record) => return Some(record),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) if !*failed => {
                *failed = self.file.flush().inspect_err(|error| self.report(error)).is_err();
            }
            Err(_) => {}
        }
        records.recv().ok()
    }

    fn report(&self, error: &io::Error) {
        let directory = self.options.directory.display();
        tracing::error!(%directory, %error, "The trace cannot be written and ends here; check the space.");
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Frame { at, direction, flow, octets } => {
                if self.file_octets >= self.options.max_file_octets {
                    self.begin_next_file()?;
                }
                let mut sequences = match self.flows.get(&flow.id) {
                    Some(sequences) => *sequences,
                    None => self.handshake(flow, *at),
                };
                for payload in octets.chunks(MAX_SEGMENT) {
                    self.segment(flow, *at, *direction, PSH | ACK, payload, &mut sequences);
                }
                self.flows.insert(flow.id, sequences);
            }
            Record::End { at, flow } => {
                if let Some(mut sequences) = self.flows.remove(&flow.id) {
                    self.segment(flow, *at, Direction::Sent, FIN | ACK, &[], &mut sequences);
                    self.segment(flow, *at, Direction::Received, FIN | ACK, &[], &mut sequences);
                }
            }
        }
        self.write_packets()
    }

    /// Every connection begins with a handshake in every file: it tells the dissector who is the client.
    fn handshake(&mut self, flow: &Flow, at: SystemTime) -> Sequences {
        let mut sequences = Sequences { local: 0, peer: 0 };
        let (client, server) = match flow.role {
            Role::Client => (Direction::Sent, Direction::Received),
            Role::Server => (Direction::Received, Direction::Sent),
        };
        self.segment(flow, at, client, SYN, &[], &mut sequences);
        self.segment(flow, at, server, SYN | ACK, &[], &mut sequences);
        self.segment(flow, at, client, ACK, &[], &mut sequences);
        sequences
    }

    fn segment(&mut self, flow: &Flow, at: SystemTime, direction: Direction, flags: u8, payload: &[u8], sequences: &mut Sequences) {
        let Sequences { local, peer } = sequences;
        let (source, destination, sequence, acknowledged) = match direction {
            Direction::Sent => (flow.local, flow.peer, local, *peer),
            Direction::Received => (flow.peer, flow.local, peer, *local),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { acknowledged };
        Segment { acknowledged, destination, flags, payload, sequence: *sequence, source }.append(at, &mut self.packets);
        // SYN and FIN count as one octet.
        *sequence = sequence.wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
    }

    fn write_packets(&mut self) -> io::Result<()> {
        self.file_octets += self.packets.len() as u64;
        self.file.write_all(&self.packets)?;
        self.packets.clear();
        Ok(())
    }

    fn begin_next_file(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let (path, file, next_file) = create_file(&self.options, self.started, self.next_file)?;
        self.file = file;
        self.file_octets = 0;
        self.files.push_back(path);
        self.flows.clear();
        self.next_file = next_file;
        while self.files.len() > self.options.max_files.max(1) {
            if let Some(oldest) = self.files.pop_front() {
                std::fs::remove_file(oldest)?;
            }
        }
        self.packets = file_header();
        Ok(())
    }
}

/// Makes the file with this number, or the next one that no other trace has; gives the number after it as well.
fn create_file(options: &TraceOptions, started: u64, number: u32) -> io::Result<(PathBuf, BufWriter<File>, u32)> {
    let mut create = OpenOptions::new();
    create.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    let mut number = number;
    loop {
        let path = options.directory.join(format!("trace-{started}-{number:04}.pcap"));
        match create.open(&path) {
            Ok(file) => return Ok((path, BufWriter::new(file), number + 1)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX - 1 => number += 1,
            Err(error) => return Err(error),
        }
    }
}
