//! Kannel, started for measurement: bearerbox and smsbox, set to what suits them best, on ports of their own.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::Who;

/// Where Kannel keeps messages until they are handled. None of these is ever synced to the disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Store {
    /// In memory only.
    None,
    /// In one file that is appended to and rewritten from time to time.
    File,
    /// In a file for each message.
    Spool,
}

/// How Kannel is set up.
#[derive(Clone, Debug)]
pub struct KannelOptions {
    /// The carrier's SMPP server.
    pub carrier: SocketAddr,
    /// Binds to it.
    pub binds: u32,
    /// Its max-pending-submits: unanswered messages of each bind.
    pub window: u32,
    /// What it keeps.
    pub store: Store,
    /// Where messages from handsets are reported; without it they are taken and dropped.
    pub mo: Option<SocketAddr>,
}

/// A running bearerbox and smsbox. They are ended when this is dropped.
#[derive(Debug)]
pub struct Kannel {
    // Before the folder, so that nothing writes into it any more when it goes.
    boxes: Boxes,
    admin: SocketAddr,
    sendsms: SocketAddr,
    /// Where bearerbox waits for smsbox.
    smsbox: SocketAddr,
    folder: tempfile::TempDir,
}

#[derive(Debug, Default)]
struct Boxes {
    bearerbox: Option<Child>,
    smsbox: Option<Child>,
}

/// Account and password of sendsms.
pub const USER: &str = "bench";

/// Folder of Debian's programs, which is not in everybody's path.
const PROGRAMS: &str = "/usr/sbin";
/// How long it may take until all of it works.
const START: Duration = Duration::from_secs(30);
/// How long the boxes may take to end before they are killed.
const END: Duration = Duration::from_secs(5);

/// Why Kannel cannot be measured here, in words for the report; `None` where it can.
pub fn missing() -> Option<String> {
    let absent: Vec<&str> = ["bearerbox", "smsbox"].into_iter().filter(|p| !Path::new(PROGRAMS).join(p).exists()).collect();
    (!absent.is_empty())
        .then(|| format!("Kannel is not installed ({} not in {PROGRAMS}): run scripts/install-test-peers.sh", absent.join(" and ")))
}

// === impl Kannel ===

impl Kannel {
    /// Starts both in a new folder in `tmp` and waits until the link to the carrier is up and smsbox takes requests.
    ///
    /// # Errors
    /// When they do not come up within half a minute; the last lines of bearerbox's log are in the words.
    pub fn start(tmp: &Path, options: &KannelOptions) -> io::Result<Kannel> {
        if let Some(why) = missing() {
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let folder = tempfile::Builder::new().prefix("kannel-").tempdir_in(tmp)?;
        let [admin, smsbox, sendsms] = free_ports()?;
        std::fs::write(
            folder.path().join("kannel.conf"),
            configuration(folder.path(), options, admin.port(), smsbox.port(), sendsms.port()),
        )?;
        let mut kannel = Kannel { boxes: Boxes::default(), admin, sendsms, smsbox, folder };
        kannel.spawn_both(START)?;
        let up = || kannel.status().is_ok_and(|s| s.contains("smsbox") && s.matches("(online").count() >= options.binds as usize);
        kannel.until(START, "the link to the carrier and smsbox", up)?;
        Ok(kannel)
    }

    /// Where sendsms is.
    pub fn sendsms(&self) -> SocketAddr {
        self.sendsms
    }

    /// Both processes, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Vec<(&'static str, Who)> {
        let process = |name, child: &Option<Child>| child.as_ref().map(|c| (name, Who::Process(c.id())));
        [process("bearerbox", &self.boxes.bearerbox), process("smsbox", &self.boxes.smsbox)].into_iter().flatten().collect()
    }

    /// Its own status page, as text.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn status(&self) -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.admin, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /status.txt?password=bench HTTP/1.1\r\nHost: kannel\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Messages that wait for the carrier, as its status page has it.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn queued(&self) -> io::Result<u64> {
        let status = self.status()?;
        // "SMS: received 0 (0 queued), sent 0 (500000 queued), store size 500000", below a line of the same form about WDP.
        let sent = status.split("SMS: received").nth(1).and_then(|s| s.split("sent ").nth(1)?.split_once('(')).map_or("", |(_, s)| s);
        let digits = sent.split(' ').next().unwrap_or_default();
        digits.parse().map_err(|_| io::Error::other(format!("Kannel's status does not say what is queued: {status}")))
    }

    /// kill -9 of both, then a new start; the time until so many messages are queued again and sendsms takes requests.
    ///
    /// # Errors
    /// When that does not come about within the limit.
    pub fn kill_and_restart(&mut self, queued: u64, limit: Duration) -> io::Result<Duration> {
        for child in [&mut self.boxes.smsbox, &mut self.boxes.bearerbox].into_iter().flatten() {
            child.kill()?;
            child.wait()?;
        }
        let begin = Instant::now();
        self.spawn_both(limit)?;
        let up = || self.status().is_ok_and(|s| s.contains("smsbox")) && self.queued().is_ok_and(|n| n >= queued);
        self.until(limit, "all messages to be queued again", up)?;
        Ok(begin.elapsed())
    }

    fn spawn_both(&mut self, limit: Duration) -> io::Result<()> {
        let (admin, smsbox, sendsms) = (self.admin, self.smsbox, self.sendsms);
        self.boxes.bearerbox = Some(self.spawn("bearerbox")?);
        // smsbox does not try again if bearerbox does not listen yet.
        self.until(limit, "bearerbox to listen", || TcpStream::connect(admin).is_ok() && TcpStream::connect(smsbox).is_ok())?;
        self.boxes.smsbox = Some(self.spawn("smsbox")?);
        self.until(limit, "smsbox to listen", || TcpStream::connect(sendsms).is_ok())
    }

    fn spawn(&self, program: &str) -> io::Result<Child> {
        Command::new(Path::new(PROGRAMS).join(program))
            .args(["--verbosity", "4", "kannel.conf"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    fn until(&self, limit: Duration, what: &str, done: impl Fn() -> bool) -> io::Result<()> {
        let begin = Instant::now();
        while !done() {
            if begin.elapsed() > limit {
                let log = std::fs::read_to_string(self.folder.path().join("bearerbox.log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let end = lines[lines.len().saturating_sub(5)..].join("; ");
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("Kannel: waited {limit:?} for {what}; its log ends: {end}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Boxes {
    /// smsbox first: it would try to reach bearerbox again.
    fn drop(&mut self) {
        for child in [&mut self.smsbox, &mut self.bearerbox].into_iter().flatten() {
            end(child);
        }
    }
}

/// Asks a process to end, and kills it if it does not.
fn end(child: &mut Child) {
    let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let begin = Instant::now();
    while begin.elapsed() < END {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Logs say only what is wrong: Kannel's usual debug log would cost it most of its speed.
fn configuration(folder: &Path, o: &KannelOptions, admin: u16, smsbox: u16, sendsms: u16) -> String {
    let store = match o.store {
        Store::None => String::new(),
        Store::File => format!("store-type = file\nstore-location = \"{}/store\"\n", folder.display()),
        Store::Spool => {
            let spool = folder.join("spool");
            // Where this fails, bearerbox says so and ends.
            let _ = std::fs::create_dir_all(&spool);
            format!("store-type = spool\nstore-location = \"{}\"\n", spool.display())
        }
    };
    let mut text = format!(
        "group = core\nadmin-port = {admin}\nadmin-password = bench\nsmsbox-port = {smsbox}\nbox-deny-ip = \"*.*.*.*\"\n\
         box-allow-ip = \"127.0.0.1\"\ndlr-storage = internal\nlog-file = \"{folder}/bearerbox.log\"\nlog-level = 3\n{store}\n\
         group = smsc\nsmsc = smpp\nsmsc-id = carrier\nhost = {host}\nport = {port}\ntransceiver-mode = true\ninstances = {binds}\n\
         smsc-username = gw\nsmsc-password = x\nsystem-type = \"\"\nmax-pending-submits = {window}\nreconnect-delay = 1\n\
         source-addr-ton = 0\nsource-addr-npi = 1\ndest-addr-ton = 1\ndest-addr-npi = 1\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {sendsms}\nlog-file = \"{folder}/smsbox.log\"\nlog-level = 3\n\n\
         group = sendsms-user\nusername = {USER}\npassword = {USER}\nconcatenation = true\nmax-messages = 10\n\n\
         group = sms-service\nkeyword = default\ncatch-all = true\nmax-messages = 0\nomit-empty = true\n",
        folder = folder.display(),
        host = o.carrier.ip(),
        port = o.carrier.port(),
        binds = o.binds.max(1),
        window = o.window,
    );
    // Writing to a String cannot fail.
    let _ = match o.mo {
        Some(mo) => writeln!(text, "get-url = \"http://{mo}/mo?from=%p&to=%P&text=%a\""),
        None => writeln!(text, "text = \"\""),
    };
    text
}

/// Ports that were free a moment ago: Kannel cannot be told to choose its own.
fn free_ports<const N: usize>() -> io::Result<[SocketAddr; N]> {
    let sockets: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    let addresses: Vec<SocketAddr> = sockets.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
    addresses.try_into().map_err(|_| io::Error::other("not so many ports"))
}
