//! Special messages at the HTTP doors: composing them without holding anybody up, fetching what is to be notified of, stored settings.

mod fetch;
mod stored;

use tokio::sync::Semaphore;
use waxwing_core::Account;
use waxwing_push::{ComposeError, Composed, Limits, MmsNotification, Special};

use self::fetch::Fetcher;
pub(crate) use self::stored::stored;
use crate::state::ApiOptions;
use crate::{ApiState, Problem};

/// How many images are decoded at the same time: each may take a lot of memory.
const DECODERS: usize = 2;

/// What composing needs.
pub(crate) struct Pusher {
    fetcher: Fetcher,
    decoders: Semaphore,
    limits: Limits,
}

impl Pusher {
    pub(crate) fn new(options: &ApiOptions) -> Pusher {
        Pusher { fetcher: Fetcher::new(&options.guard), decoders: Semaphore::new(DECODERS), limits: options.push }
    }
}

/// Makes messages of what somebody wants to send, for any door that is HTTP's. What a notification is of is fetched first, where its size
/// is not given.
///
/// # Errors
/// 403 where the account may not push; 400 with the field that makes no sense and, of a document, `line` and `column`.
pub async fn compose(state: &ApiState, account: &Account, mut special: Special) -> Result<Vec<Composed>, Problem> {
    if !account.config.push {
        return Err(Problem::forbidden("the account may not send push; add it to its allow setting"));
    }
    if let Special::MmsNotification(mms) = &mut special
        && mms.size.is_none()
    {
        fetch_first(state, mms).await?;
    }
    plain(state, special).await
}

/// The same without looking at the account's rights, and without fetching.
pub(crate) async fn plain(state: &ApiState, special: Special) -> Result<Vec<Composed>, Problem> {
    let pusher = &state.shared().pusher;
    let limits = pusher.limits;
    if !has_image(&special) {
        return waxwing_push::compose(&special, &limits).map_err(|e| problem(&e));
    }
    let busy = |_| Problem::from(waxwing_core::SubmitError::Busy("the gateway is stopping".to_owned()));
    let permit = pusher.decoders.acquire().await.map_err(busy)?;
    let composed = tokio::task::spawn_blocking(move || waxwing_push::compose(&special, &limits)).await;
    drop(permit);
    match composed {
        Ok(result) => result.map_err(|e| problem(&e)),
        Err(e) => Err(Problem::invalid(format!("image: it cannot be decoded: {e}")).with("field", "image")),
    }
}

fn has_image(special: &Special) -> bool {
    matches!(special, Special::OperatorLogo(_) | Special::CliIcon(_) | Special::Picture(_) | Special::Ems(_))
}

/// Fills what is not given from the message itself.
async fn fetch_first(state: &ApiState, mms: &mut MmsNotification) -> Result<(), Problem> {
    let wrong = |why: String| Problem::invalid(format!("url: {why}")).with("field", "url");
    let (content, size) = state.shared().pusher.fetcher.mms(&mms.url).await.map_err(wrong)?;
    mms.size = Some(size);
    mms.sender = mms.sender.take().or(content.from);
    mms.subject = mms.subject.take().or(content.subject);
    mms.class = mms.class.take().or(content.class);
    Ok(())
}

fn problem(e: &ComposeError) -> Problem {
    let problem = Problem::invalid(e.to_string()).with("field", e.field_name());
    match e.position() {
        Some(at) => problem.with("line", at.line).with("column", at.column),
        None => problem,
    }
}
