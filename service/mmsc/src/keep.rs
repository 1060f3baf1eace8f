//! Which contents are still needed: told to the media store after a start, and looked after from then on.

use std::time::Duration;

use waxwing_api::multimedia_queue;
use waxwing_core::{Message, MsgId};
use waxwing_media::{MediaId, Owner};

use crate::centre::owner;
use crate::mailbox::{Whose, is_owner};
use crate::{Centre, Facts};

/// Messages looked at between two breaths.
const SLICE: usize = 2000;
/// How often contents are looked for that nobody needs any more.
const SWEEP: Duration = Duration::from_secs(20);
/// Sweeps between two looks for mailboxes of those who are no subscribers any more.
const MAILBOXES: u32 = 90;

/// Runs until dropped.
pub(crate) async fn run(centre: Centre) {
    let recovering = centre.clone();
    // Reads every waiting message once.
    let told = tokio::task::spawn_blocking(move || recovering.tell_owners()).await;
    let kept = centre.mailboxes.tell_owners().await;
    if let Err(e) = &kept {
        tracing::error!("What is in mailboxes could not be read; no content is removed until the next start: {e}");
    }
    match told {
        Ok(true) if kept.is_ok() => centre.media.recovered(),
        Ok(true) => {}
        Ok(false) => tracing::error!("Waiting messages could not be read; no content is removed until the next start."),
        Err(e) => tracing::error!("The media store's owners could not be told: {e}"),
    }
    let mut every = tokio::time::interval(SWEEP);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in (0..MAILBOXES).cycle() {
        every.tick().await;
        let now = centre.now();
        drop(centre.recent.expire(now));
        centre.tidy_mailboxes(round == 0).await;
        let sweeping = centre.clone();
        let swept = tokio::task::spawn_blocking(move || sweeping.media.sweep(&|o| sweeping.needs(o))).await;
        if let Err(e) = swept {
            tracing::error!("Contents that nobody needs could not be looked for: {e}");
        }
    }
}

impl Centre {
    /// Tells the media store who needs what, of all messages that wait. False where one could not be read.
    fn tell_owners(&self) -> bool {
        let setup = self.gateway.setup();
        let webhooks = setup.accounts.iter().map(|account| multimedia_queue(&self.gateway, &account.name));
        for queue in [self.phones, self.mail].into_iter().chain(webhooks) {
            let mut after = None;
            loop {
                let states = self.gateway.spool.list(Some(queue), after, SLICE);
                let Some(last) = states.last() else { break };
                after = Some(last.id);
                for state in states {
                    let body = match self.gateway.spool.read_body(state.id) {
                        Ok(body) => body,
                        Err(e) => {
                            tracing::error!(message = %state.id, "cannot be read: {e}");
                            return false;
                        }
                    };
                    // Receipts have what their message knew, and need nothing.
                    let message = body.and_then(|b| Message::from_bytes(b).ok()).filter(|m| m.receipt.is_none());
                    let facts = message.and_then(|m| Facts::of(&m));
                    if let Some(id) = facts.as_ref().and_then(media_id) {
                        self.media.hold(&id, owner(state.id));
                    }
                }
            }
        }
        true
    }

    /// Messages of mailboxes whose time is over go, and, where that is asked for, mailboxes of those who are no subscribers any more.
    async fn tidy_mailboxes(&self, is_whole: bool) {
        let is_subscriber = |whose: &Whose| self.subscribers.by_number(&whose.number).is_some_and(|s| s.created == whose.since);
        let tidied = async {
            self.mailboxes.expire(self.now()).await?;
            if is_whole { self.mailboxes.forget(is_subscriber).await } else { Ok(0) }
        };
        match tidied.await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "Mailboxes were deleted, since their owners are no subscribers any more."),
            Err(e) => tracing::error!("Mailboxes could not be tidied: {e}"),
        }
    }

    /// Whether somebody that a content was kept for still needs it.
    fn needs(&self, owner: Owner) -> bool {
        // Those let go themselves.
        if is_owner(owner) {
            return true;
        }
        let id = MsgId(owner.0);
        self.gateway.spool.get(id).is_some() || self.recent.has(id)
    }
}

/// The content's number in the media store.
pub(crate) fn media_id(facts: &Facts) -> Option<MediaId> {
    <[u8; 32]>::try_from(&facts.media[..]).ok().map(MediaId::from_bytes)
}
