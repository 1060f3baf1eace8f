//! The power of the disk is cut while phones send multimedia messages, and store others in their mailboxes. Whatever was acknowledged is
//! there afterwards, octet for octet. The control, the same without syncing, must lose some, or the test could not fail.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use waxwing_tests::disk::Disk;
use waxwing_tests::mm1::{Answer, Mm1, Pdu, path_of};
use waxwing_tests::mms::{to_send, told_locations};
use waxwing_tests::{Carrier, Config, Gateway, rounds, say, skip, until};

const BOUND: Duration = Duration::from_secs(30);
/// Threads that send, and threads that store.
const SENDING: usize = 5;
const STORING: usize = 3;
/// Phones of each thread in a round, which take turns.
const PHONES: usize = 8;
/// Requests of a phone until it is the next one's turn. A phone that comes for the first time is made a subscriber on the way.
const TURN: usize = 5;

const SUBJECT: u8 = 0x16;
const LOCATION: u8 = 0x03;
const RESPONSE_STATUS: u8 = 0x12;
const STORE_STATUS: u8 = 0x25;
const OK: u8 = 0x80;
const UPLOAD_REQ: u8 = 0x8f;
const VIEW_REQ: u8 = 0x8d;
const DELETE_REQ: u8 = 0x91;

/// A message that was acknowledged.
struct Message {
    round: usize,
    n: usize,
}

/// One that was acknowledged as stored: the phone's number, and where it is.
struct Stored {
    message: Message,
    phone: String,
    path: String,
}

/// What the phones were told, kept outside the gateway and its disk.
#[derive(Default)]
struct Record {
    sent: Vec<Message>,
    stored: Vec<Stored>,
    deleted: Vec<Stored>,
}

/// A round in progress.
struct Round<'a> {
    round: usize,
    address: SocketAddr,
    /// The number of the next message.
    next: &'a AtomicUsize,
    is_cut: AtomicBool,
    record: &'a Mutex<Record>,
}

/// The content of the n-th message, 1 to 20 kB; of every fourth it is that of the one before, which somebody else hands in meanwhile.
fn content(n: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed((n - usize::from(n % 4 == 3)) as u64);
    let length = random.usize(1_000..20_000);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

fn with_content(pdu: Pdu, n: usize) -> Pdu {
    pdu.multipart(&[("text/plain", "text", b"Look"), ("image/jpeg", "picture", &content(n))])
}

/// Who gets the n-th message; of every fifth there are two.
fn recipients(n: usize) -> Vec<String> {
    let first = format!("44770{n:07}");
    if n.is_multiple_of(5) { vec![first, format!("44771{n:07}")] } else { vec![first] }
}

impl Round<'_> {
    fn phones(&self, thread: usize) -> Vec<(String, Mm1)> {
        let number = |phone| format!("4915{:03}{thread:02}{phone:03}", self.round);
        (0..PHONES).map(number).map(|number| (number.clone(), Mm1::connect(self.address, &number))).collect()
    }

    /// What answers a request; `None` once the power is away. Before that, everything has to be answered.
    fn answer(&self, phone: &mut Mm1, pdu: &Pdu) -> Option<Answer> {
        match phone.try_post(pdu) {
            Ok((200, body)) => Some(Answer::read(&body)),
            other => {
                assert!(self.is_cut.load(Ordering::SeqCst), "{other:?}");
                None
            }
        }
    }

    /// Whether this is a yes that counts: one that came before the cut began. While the file system shuts down, the kernel sometimes takes
    /// syncs for done that it drops, as no power cut would; no may be said then as well.
    fn is_ok(&self, status: u8, answer: &Answer) -> bool {
        let is_cut = self.is_cut.load(Ordering::SeqCst);
        assert!(status == OK || is_cut, "{answer:02x?}");
        status == OK && !is_cut
    }

    fn send(&self, thread: usize) -> Option<()> {
        let mut phones = self.phones(thread);
        for turn in 0.. {
            let (_, phone) = &mut phones[turn / TURN % PHONES];
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let to: Vec<String> = recipients(n).iter().map(|number| format!("+{number}")).collect();
            let to: Vec<&str> = to.iter().map(String::as_str).collect();
            let conf = self.answer(phone, &with_content(to_send(&format!("T{n}"), &to, &n.to_string()), n))?;
            if self.is_ok(conf.octet(RESPONSE_STATUS), &conf) {
                self.record.lock().unwrap().sent.push(Message { round: self.round, n });
            }
        }
        None
    }

    /// Every third is deleted again: its content may be another's as well.
    fn store(&self, thread: usize) -> Option<()> {
        let mut phones = self.phones(thread);
        for turn in 0.. {
            let (number, phone) = &mut phones[turn / TURN % PHONES];
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let message = with_content(Pdu::description().text(SUBJECT, &n.to_string()).text(0x17, "+4477012345/TYPE=PLMN"), n);
            let conf = self.answer(phone, &Pdu::new(UPLOAD_REQ, &format!("T{n}")).octet(0x23, 0x80).holding(&message))?;
            if !self.is_ok(conf.octet(STORE_STATUS), &conf) {
                continue;
            }
            let location = conf.text(LOCATION);
            let path = path_of(&location).to_owned();
            let stored = Stored { message: Message { round: self.round, n }, phone: number.clone(), path };
            if turn % 3 < 2 {
                self.record.lock().unwrap().stored.push(stored);
                continue;
            }
            let gone = self.answer(phone, &Pdu::new(DELETE_REQ, "gone").text(LOCATION, &location))?;
            let status = gone.numbered(RESPONSE_STATUS).first().and_then(|(_, status)| status.first().copied());
            if self.is_ok(status.unwrap_or_default(), &gone) {
                self.record.lock().unwrap().deleted.push(stored);
            }
        }
        None
    }
}

/// What was acknowledged in all rounds, and what of it is not there.
struct Outcome {
    record: Record,
    lost: Vec<String>,
}

/// `cuts` rounds of load and power cut; in every second one the carrier is away, so that nobody was told of anything yet.
fn cut(cuts: usize, is_synced: bool, patience: Duration) -> Result<Outcome, String> {
    let disk = Disk::new()?;
    let folder = disk.mount_point().join("gateway");
    let mut carrier = Carrier::start(json!({}));
    let centre = "unknown = \"phone\"\nadapt = false\nnotify_again = [\"1h\"]";
    let config = Config::without_doors()
        .with(&format!("[spool]\nsync = {is_synced}"))
        .root()
        .mmsc(centre)
        .smpp_connector(carrier.address(), "")
        .route_to_carrier();
    let (record, next) = (Mutex::new(Record::default()), AtomicUsize::new(0));
    for round in 0..cuts {
        // Without a sync, the power cut takes folder and configuration as well.
        std::fs::create_dir_all(&folder).unwrap();
        let mut gateway = Gateway::start_at(&folder, &config);
        if round % 2 == 0 {
            carrier.go_away();
        } else {
            carrier.come_back();
        }
        let (address, is_cut) = (gateway.mmsc(), AtomicBool::new(false));
        let load = Round { round, address, next: &next, is_cut, record: &record };
        let counts = || {
            let record = record.lock().unwrap();
            (record.sent.len(), record.stored.len(), record.deleted.len())
        };
        let before = counts();
        std::thread::scope(|threads| {
            let load = &load;
            (0..SENDING).for_each(|thread| drop(threads.spawn(move || load.send(thread))));
            (SENDING..SENDING + STORING).for_each(|thread| drop(threads.spawn(move || load.store(thread))));
            until("some are sent, some stored, and some deleted", BOUND, || {
                let now = counts();
                now.0 >= before.0 + 10 && now.1 >= before.1 + 5 && now.2 > before.2
            });
            std::thread::sleep(Duration::from_millis(fastrand::u64(..1_500)));
            load.is_cut.store(true, Ordering::SeqCst);
            disk.power_off();
            gateway.kill();
        });
        drop(gateway);
        disk.power_on();
        if !is_synced {
            move_away_empty_packs(&folder);
        }
    }
    std::fs::create_dir_all(&folder).unwrap();
    let gateway = Gateway::start_at(&folder, &config);
    carrier.come_back();
    let record = record.into_inner().unwrap();
    let mut lost = lost_of_sent(&record, &gateway, &mut carrier, patience);
    lost.extend(lost_of_stored(&record, &gateway));
    Ok(Outcome { record, lost })
}

/// Does what the gateway asks for where a pack of contents is there by its name alone; where everything is synced, none is.
fn move_away_empty_packs(folder: &Path) {
    for pack in std::fs::read_dir(folder.join("data/media/packs")).into_iter().flatten().flatten() {
        if pack.metadata().unwrap().len() == 0 {
            std::fs::rename(pack.path(), pack.path().with_extension("empty")).unwrap();
        }
    }
}

/// What is wrong with a message that was fetched from where it is to be.
fn fault(phone: &mut Mm1, path: &str, n: usize) -> Option<String> {
    let reply = phone.fetch(path);
    if reply.status != 200 {
        return Some(format!("{path} is answered with {}", reply.status));
    }
    let (got, sent) = (Answer::read(&reply.body), Answer::read(&with_content(Pdu::description(), n).0));
    if got.text(SUBJECT) != n.to_string() {
        return Some(format!("{path} is message {:?}", got.text(SUBJECT)));
    }
    let differs = got.body.iter().zip(&sent.body).position(|(one, other)| one != other);
    let is_same = got.body == sent.body;
    (!is_same).then(|| format!("{path} has {} octets instead of {}, the first other one at {differs:?}", got.body.len(), sent.body.len()))
}

fn lost_of_sent(record: &Record, gateway: &Gateway, carrier: &mut Carrier, patience: Duration) -> Vec<String> {
    let deadline = Instant::now() + patience;
    let mut locations = told_locations(carrier.submits());
    let all: Vec<String> = record.sent.iter().flat_map(|message| recipients(message.n)).collect();
    while !all.iter().all(|to| locations.contains_key(to)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
        locations = told_locations(carrier.submits());
    }
    let mut phone = Mm1::connect(gateway.mmsc(), "447700900123");
    let mut lost = Vec::new();
    for Message { round, n } in &record.sent {
        for to in recipients(*n) {
            let fault = locations.get(&to).map_or(Some("nobody was told".into()), |at| fault(&mut phone, path_of(at), *n));
            lost.extend(fault.map(|fault| format!("message {n} of round {round} to {to}: {fault}")));
        }
    }
    lost
}

fn lost_of_stored(record: &Record, gateway: &Gateway) -> Vec<String> {
    let mut lost = Vec::new();
    let mut listed: HashMap<&str, HashSet<String>> = HashMap::new();
    for Stored { message: Message { round, n }, phone: number, path } in &record.stored {
        let mut phone = Mm1::connect(gateway.mmsc(), number);
        let listed = listed.entry(number).or_insert_with(|| {
            let all = phone.post(&Pdu::new(VIEW_REQ, "view")).descriptions();
            all.iter().map(|one| path_of(&one.text(LOCATION)).to_owned()).collect()
        });
        let unlisted = (!listed.contains(path)).then(|| format!("{path} is not listed"));
        let fault = unlisted.or_else(|| fault(&mut phone, path, *n));
        lost.extend(fault.map(|fault| format!("message {n} of round {round} in the mailbox of {number}: {fault}")));
    }
    for Stored { message: Message { round, n }, phone, path } in &record.deleted {
        let status = Mm1::connect(gateway.mmsc(), phone).fetch(path).status;
        if status != 404 {
            lost.push(format!("message {n} of round {round} was deleted by {phone}, and {path} is answered with {status}"));
        }
    }
    lost
}

#[test]
fn power_cut_while_phones_send_and_store() {
    let cuts = rounds("WAXWING_POWER_CUTS", 5);
    let Outcome { record, lost } = match cut(cuts, true, Duration::from_secs(60)) {
        Ok(outcome) => outcome,
        Err(why) => return skip("power_cut_while_phones_send_and_store", &why),
    };
    let (sent, stored, deleted) = (record.sent.len(), record.stored.len(), record.deleted.len());
    say(&format!(
        "{cuts} power cuts: {sent} multimedia messages acknowledged as sent, {stored} as stored, {deleted} as deleted; {} lost",
        lost.len()
    ));
    assert!(
        lost.is_empty(),
        "acknowledged and lost: {} of {sent} and {stored} and {deleted}, e.g. {:#?}",
        lost.len(),
        &lost[..lost.len().min(10)]
    );
}

#[test]
fn without_syncing_a_power_cut_loses_what_phones_sent() {
    match cut(1, false, Duration::from_secs(3)) {
        Ok(Outcome { record, lost }) => {
            let (sent, stored) = (record.sent.len(), record.stored.len());
            say(&format!(
                "control without sync: 1 power cut, {sent} messages acknowledged as sent, {stored} as stored, {} lost",
                lost.len()
            ));
            assert!(!lost.is_empty(), "nothing was lost without syncing: the power cut of this test cuts nothing");
        }
        Err(why) => skip("without_syncing_a_power_cut_loses_what_phones_sent", &why),
    }
}
