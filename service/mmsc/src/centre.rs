//! What all parts of the message centre share.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use waxwing_api::{AddressGuard, WebFetch};
use waxwing_core::{Account, Gateway, LogLimit, Message, Millis, MsgId, State};
use waxwing_media::{MediaStore, Owner};
use waxwing_spool::{QueueId, RemoteLookup, RemoteMatch};

use crate::adaptation::Adapter;
use crate::counters::Counters;
use crate::log::Journal;
use crate::mailbox::Mailboxes;
use crate::recent::Recent;
use waxwing_ledger::{AccountStore, Directory};

use crate::{Facts, MmscOptions};

/// The account that the centre's own SMS, and the messages of phones, belong to. Nobody can sign in as it.
pub const ACCOUNT: &str = "mmsc";
/// Where messages wait that phones fetch, and those with a page.
pub const PHONES: &str = "mms:phones";
/// Where messages wait that leave by e-mail.
pub const MAIL: &str = "mms:mail";
/// Where notifications wait of messages that lie at an operator's centre.
const RECEIVED: &str = "mms:received";

/// The message centre; cheap to clone.
#[derive(Clone)]
pub struct Centre(Arc<Shared>);

/// A message centre that may be gone.
pub(crate) struct WeakCentre(Weak<Shared>);

impl WeakCentre {
    /// The message centre, unless it is gone.
    pub(crate) fn upgrade(&self) -> Option<Centre> {
        self.0.upgrade().map(Centre)
    }
}

/// What is behind a [`Centre`].
pub struct Shared {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) media: Arc<MediaStore>,
    pub(crate) mailboxes: Arc<Mailboxes>,
    pub(crate) subscribers: Arc<Directory>,
    /// Where new subscribers are kept.
    pub(crate) store: Arc<AccountStore>,
    pub(crate) options: MmscOptions,
    pub(crate) phones: QueueId,
    pub(crate) mail: QueueId,
    pub(crate) received: QueueId,
    /// Which addresses may be called because somebody from outside said so.
    pub(crate) guard: AddressGuard,
    pub(crate) counters: Counters,
    pub(crate) recent: Recent,
    pub(crate) adapter: Adapter,
    pub(crate) log: LogLimit,
    pub(crate) journal: Journal,
}

impl std::ops::Deref for Centre {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// A message that waits to be fetched, as its token found it.
pub(crate) struct Waiting {
    /// Its place in the spool.
    pub(crate) at: RemoteMatch,
    pub(crate) message: Message,
    pub(crate) facts: Facts,
}

impl Centre {
    /// Over a gateway, whose settings must have an account named [`ACCOUNT`].
    pub fn new(
        gateway: Arc<Gateway>,
        (media, mailboxes): (Arc<MediaStore>, Arc<Mailboxes>),
        (subscribers, store): (Arc<Directory>, Arc<AccountStore>),
        fetch: WebFetch,
        options: MmscOptions,
    ) -> Centre {
        let (phones, mail) = (gateway.spool.queue(PHONES), gateway.spool.queue(MAIL));
        let received = gateway.spool.queue(RECEIVED);
        let centre = Centre(Arc::new(Shared {
            guard: fetch.guard().clone(),
            counters: Counters::new(&gateway.metrics),
            recent: Recent::default(),
            adapter: Adapter::new(fetch, &options),
            log: LogLimit::new(gateway.clock.clone()),
            journal: Journal::new(options.nowsms_log.as_deref()),
            gateway,
            media,
            mailboxes,
            subscribers,
            store,
            options,
            phones,
            mail,
            received,
        }));
        centre.take_notifications();
        centre
    }

    /// A handle that does not keep it alive.
    pub(crate) fn downgrade(&self) -> WeakCentre {
        WeakCentre(Arc::downgrade(&self.0))
    }

    /// How it works.
    pub fn options(&self) -> &MmscOptions {
        &self.0.options
    }

    /// The gateway that it belongs to.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.0.gateway
    }
}

impl Shared {
    /// The centre's own account. `None` only while a configuration without it is in force.
    pub(crate) fn account(&self) -> Option<Arc<Account>> {
        self.gateway.setup().accounts.get(ACCOUNT).cloned()
    }

    pub(crate) fn now(&self) -> Millis {
        self.gateway.clock.now()
    }

    /// The message that waits to be fetched, or opened, by this token.
    pub(crate) fn waiting(&self, token: &str) -> Option<Waiting> {
        self.waiting_in(self.phones, token)
    }

    /// The message of a queue that this token leads to.
    pub(crate) fn waiting_in(&self, queue: QueueId, token: &str) -> Option<Waiting> {
        let RemoteLookup::Found(at) = self.gateway.spool.find_remote(queue, token.as_bytes()) else { return None };
        let message = Message::from_bytes(at.body.clone()).ok()?;
        let facts = Facts::of(&message)?;
        Some(Waiting { at, message, facts })
    }

    /// The X-Mms-Message-ID of a message, as its sender was told it.
    pub(crate) fn message_id(&self, facts: &Facts) -> String {
        format!("{}@{}", facts.message_id, self.options.domain)
    }

    /// The X-Mms-Message-ID under which a recipient's phone gets it: from it the centre finds this very copy again, and nobody else can make
    /// one up.
    pub(crate) fn copy_id(&self, id: MsgId) -> String {
        format!("{id}-{}@{}", self.seal(id), self.options.domain)
    }

    /// What proves that we made an id: the beginning of an HMAC-SHA-256 (RFC 2104).
    fn seal(&self, id: MsgId) -> String {
        use hmac::{Hmac, Mac as _};
        let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(&self.options.secret) else { return String::new() };
        mac.update(&id.0.to_be_bytes());
        mac.finalize().into_bytes().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
    }

    /// The copy that a recipient's phone names.
    pub(crate) fn of_copy_id(&self, text: &str) -> Option<MsgId> {
        let (id, domain) = text.trim().trim_start_matches('<').trim_end_matches('>').split_once('@')?;
        let (id, seal) = id.split_once('-')?;
        let id: MsgId = id.parse().ok()?;
        let is_ours = seal.len() == 16 && constant_time_eq(seal.to_ascii_lowercase().as_bytes(), self.seal(id).as_bytes());
        (is_ours && domain.eq_ignore_ascii_case(&self.options.domain)).then_some(id)
    }

    /// Counts bad input and, unless there is a flood of it, logs it.
    pub(crate) fn bad_input(&self, place: &str, reason: &str, peer: Option<SocketAddr>, detail: &str) {
        self.gateway.metrics.bad(place, reason);
        if let Some(left_out) = self.log.allow() {
            let peer = peer.map(|p| p.to_string()).unwrap_or_default();
            tracing::warn!(place, reason, peer, left_out, "Refused a request: {detail}");
        }
    }
}

impl Waiting {
    /// Its state as far as the recipient told it.
    pub(crate) fn state(&self) -> Option<State> {
        self.at.parts.first().copied().and_then(State::from_code)
    }
}

fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    a.ct_eq(b).into()
}

/// Who needs a blob: a message.
pub(crate) fn owner(id: MsgId) -> Owner {
    Owner(id.0)
}
