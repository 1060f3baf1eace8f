//! The gateway as a whole: the spool, the settings in force, and what every door and line shares.

use std::sync::Arc;
use std::sync::OnceLock;

use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::Mutex;
use prost::Message as _;
use waxwing_spool::{GroupId, NewEntry, QueueId, Spool};

use crate::binds::Binds;
use crate::inbound::PartsDesk;
use crate::parts::SubmittedParts;
use crate::route::Path;
use crate::stored::ReceiptFacts;
use crate::{
    Account, Accounts, Clock, Door, Guidance, Guide, History, Message, Metrics, Millis, NoRoute, Normaliser, RouteQuery, RouteTable, State,
};

/// Settings that a reload replaces as a whole.
#[derive(Debug, Default)]
pub struct Setup {
    /// Who may submit.
    pub accounts: Accounts,
    /// What goes where.
    pub routes: RouteTable,
    /// How recipients are normalised.
    pub normaliser: Normaliser,
    /// Validity where neither the message nor its account gives one, milliseconds.
    pub validity: Millis,
    /// Longest validity that is granted, milliseconds.
    pub validity_max: Millis,
    /// How long receipts and received messages wait for their account, milliseconds.
    pub delivery_wait: Millis,
    /// How long the parts of a long message wait for each other, whether it was received or submitted in parts, milliseconds.
    pub parts_wait: Millis,
}

impl Setup {
    /// Nothing in it, with the usual times: validity 48 h (at most 30 days), 72 h for deliveries, 30 minutes for parts.
    pub fn empty() -> Setup {
        Setup {
            validity: 48 * 3_600_000,
            validity_max: 30 * 86_400_000,
            delivery_wait: 72 * 3_600_000,
            parts_wait: 30 * 60_000,
            ..Setup::default()
        }
    }
}

/// Why new messages are refused although the spool is well: set by whoever watches (the ledger's lag).
pub type Pressure = Option<&'static str>;

/// Takes received messages before they go to their owners: whoever knows what to do with one names the queue in which he awaits it.
pub type Taker = Box<dyn Fn(&Message) -> Option<QueueId> + Send + Sync>;

/// The machine in the middle.
pub struct Gateway {
    /// The durable queue.
    pub spool: Arc<dyn Spool>,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    setup: ArcSwap<Setup>,
    history: OnceLock<Arc<dyn History>>,
    pressure: ArcSwap<Pressure>,
    guide: ArcSwap<Option<Arc<dyn Guide>>>,
    pub(crate) taker: OnceLock<Taker>,
    pub(crate) binds: Binds,
    pub(crate) parts: Mutex<PartsDesk>,
    pub(crate) submitted_parts: Mutex<SubmittedParts>,
    pub(crate) parts_queue: QueueId,
    pub(crate) inbox_queue: QueueId,
    pub(crate) nobody: GroupId,
}

impl Gateway {
    /// Over a spool. Install a [`Setup`] before anything is submitted.
    pub fn new(spool: Arc<dyn Spool>, clock: Clock, metrics: Arc<Metrics>) -> Arc<Gateway> {
        let (parts_queue, inbox_queue, nobody) = (spool.queue("parts:"), spool.queue("inbox:"), spool.group(""));
        let gateway = Arc::new(Gateway {
            spool,
            clock,
            metrics,
            setup: ArcSwap::from_pointee(Setup::empty()),
            history: OnceLock::new(),
            pressure: ArcSwap::from_pointee(None),
            guide: ArcSwap::from_pointee(None),
            taker: OnceLock::new(),
            binds: Binds::default(),
            parts: Mutex::new(PartsDesk::new()),
            submitted_parts: Mutex::default(),
            parts_queue,
            inbox_queue,
            nobody,
        });
        gateway.restore_parts();
        gateway
    }

    /// The settings in force.
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// Puts new settings in force.
    pub fn install(&self, setup: Setup) {
        self.setup.store(Arc::new(setup));
    }

    /// Where finished messages can be looked up; set once, at start.
    pub fn set_history(&self, history: Arc<dyn History>) {
        let _ = self.history.set(history);
    }

    /// Where finished messages can be looked up.
    pub fn history(&self) -> Option<&Arc<dyn History>> {
        self.history.get()
    }

    /// Refuses new messages for a reason, or takes them again.
    pub fn set_pressure(&self, pressure: Pressure) {
        self.pressure.store(Arc::new(pressure));
    }

    /// Why new messages are refused at the moment.
    pub fn pressure(&self) -> Pressure {
        **self.pressure.load()
    }

    /// Installs whoever knows ways that the settings do not have, or removes it.
    pub fn set_guide(&self, guide: Option<Arc<dyn Guide>>) {
        self.guide.store(Arc::new(guide));
    }

    /// Lets somebody take received messages before their owners; set once, before connectors are at work.
    pub fn set_taker(&self, taker: Taker) {
        if self.taker.set(taker).is_err() {
            tracing::error!("Somebody takes received messages already.");
        }
    }

    /// Whose a received message is that was sent to this number: whose numbers claim it, or whom the [`Guide`] names.
    ///
    /// # Errors
    /// [`NoRoute::Asked`] where the guide is finding out, [`NoRoute::Nothing`] where nobody knows.
    pub fn owner_of(&self, number: &str) -> Result<Arc<Account>, NoRoute> {
        let setup = self.setup();
        if let Some(owner) = setup.accounts.owner_of(number) {
            return Ok(owner.clone());
        }
        match self.guidance(|g| g.account_for(&setup, number)) {
            Guidance::Known(name) => setup.accounts.get(&name).cloned().ok_or_else(|| NoRoute::Nothing(number.to_owned())),
            Guidance::Unknown => Err(NoRoute::Nothing(number.to_owned())),
            Guidance::Asked => Err(NoRoute::Asked(number.to_owned())),
        }
    }

    pub(crate) fn owner<'a>(&self, setup: &'a Setup, number: &str) -> Option<&'a Arc<Account>> {
        let guided = || match self.guidance(|g| g.account_for(setup, number)) {
            Guidance::Known(name) => setup.accounts.get(&name),
            Guidance::Unknown | Guidance::Asked => None,
        };
        setup.accounts.owner_of(number).or_else(guided)
    }

    fn guidance(&self, ask: impl Fn(&dyn Guide) -> Guidance) -> Guidance {
        (**self.guide.load()).as_deref().map_or(Guidance::Unknown, ask)
    }

    /// Where a message of an account goes. What another gateway forwards to us does not go back to it.
    pub(crate) fn path<'a>(
        &self,
        setup: &'a Setup,
        account: Option<&Account>,
        q: &RouteQuery<'_>,
        now: Millis,
    ) -> Result<Path<'a>, NoRoute> {
        let way_back = account.and_then(|a| a.config.cmpp.as_deref()?.connector.as_deref());
        setup.routes.choose_with(q, |to| self.guidance(|g| g.line_for(setup, to)), way_back, now)
    }

    /// The account that a group stands for, if it still exists.
    pub fn account_of(&self, group: GroupId) -> Option<Arc<Account>> {
        self.setup.load().accounts.of_group(group).cloned()
    }

    /// The entry that carries a receipt to the submitter of a message, if it asked for this event and there is a way to tell it.
    pub(crate) fn receipt_entry(
        setup: &Setup,
        group: GroupId,
        msg: &Message,
        receipt: &ReceiptFacts<'_>,
        connector: &str,
        now: Millis,
    ) -> Option<NewEntry> {
        if msg.want & receipt.event == 0 {
            return None;
        }
        let account = setup.accounts.of_group(group)?;
        let queue = match msg.door() {
            Door::Smpp | Door::Cmpp | Door::Mm1 | Door::Mmsc => account.queue,
            // Written by whoever keeps that door, whosever message it is.
            Door::Mail => setup.accounts.get(&msg.tell).unwrap_or(account).queue,
            Door::Kannel if msg.callback.is_empty() => return None,
            Door::Internal | Door::Connector => return None,
            _ if msg.callback.is_empty() && account.config.webhook.is_none() => return None,
            _ => account.hook_queue,
        };
        let body = receipt.about(msg, connector);
        Some(NewEntry { queue, group, priority: 1, due: 0, expires: now + setup.delivery_wait, dedup: None, body })
    }
}

/// The words of an outcome in the feed: [`waxwing_spool::Op::Settle`]'s note.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OutcomeNote {
    /// The connector, or where else it happened (`webhook`, `account`).
    #[prost(string, tag = "1")]
    pub place: String,
    /// The other side's code, for people (`ESME_RINVDSTADR`, `HTTP 500`).
    #[prost(string, tag = "2")]
    pub code: String,
    /// What it means, in words.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// State that the message got by it.
    #[prost(enumeration = "State", tag = "4")]
    pub state: i32,
}

impl OutcomeNote {
    pub(crate) fn bytes(place: &str, code: &str, reason: &str, state: State) -> Bytes {
        Bytes::from(OutcomeNote { place: place.into(), code: code.into(), reason: reason.into(), state: state as i32 }.encode_to_vec())
    }
}
