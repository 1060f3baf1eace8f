//! `waxwing spool`: the queue from outside. A running gateway is asked over HTTP; of one that is not running, the folder is read.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::Value;
use waxwing_core::{Clock, Message};
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::{MsgId, Op, Spool as _, SpoolError, Stage, Tx};

use super::client::{Target, runtime, spool_folder};
use super::{Failure, out};

/// Arguments of `waxwing spool`.
#[derive(Debug, Args)]
pub struct Spool {
    /// What to do
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// How much is in each queue
    Depths,
    /// The messages of a queue, read from the folder
    List {
        /// Such as connector:carrier-a; without it, all
        queue: Option<String>,
        /// Only dead letters
        #[arg(long)]
        dead: bool,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        max: usize,
    },
    /// Queue dead letters again
    Replay {
        /// Their ids
        #[arg(required_unless_present = "all")]
        ids: Vec<MsgId>,
        /// All of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Into this queue, such as connector:carrier-b (of a gateway that is not running); without it, their own, or of a running
        /// gateway the way that their route has now
        #[arg(long)]
        queue: Option<String>,
        /// How long they are tried, hours (of a gateway that is not running)
        #[arg(long, default_value_t = 48)]
        hours: u64,
    },
}

/// Does it.
pub(super) fn run(args: &Spool) -> Result<(), Failure> {
    match &args.action {
        Action::Depths => depths(args),
        Action::List { queue, dead, max } => list(&*open(args, true)?, queue.as_deref(), *dead, *max),
        Action::Replay { ids, all, queue: None, .. } if runs(args)? => {
            let ids = if *all { dead_letters(&*open(args, true)?) } else { ids.clone() };
            replay_running(args, &ids)
        }
        Action::Replay { ids, all, queue, hours } => {
            let spool = open(args, false)?;
            let result = replay(&spool, ids, *all, queue.as_deref(), *hours);
            spool.close();
            result
        }
    }
}

/// The spool of a gateway that is not running.
fn open(args: &Spool, read_only: bool) -> Result<Arc<EmbeddedSpool>, Failure> {
    let config = args.target.config()?.ok_or_else(|| Failure::Usage("which spool? give --config FILE of its gateway".into()))?;
    let folder = spool_folder(&config);
    if !folder.is_dir() {
        return Err(Failure::Failed(format!("{} is not there: this gateway has never run", folder.display())));
    }
    let settings = SpoolConfig { segment_size: crate::node::segment_size(&config), ..SpoolConfig::new(folder) };
    let opened = if read_only { EmbeddedSpool::open_read_only(settings) } else { EmbeddedSpool::open(settings) };
    opened.map_err(|e| match e {
        SpoolError::Locked { .. } => Failure::Failed(format!("{e}; a gateway that runs shows its messages in the console")),
        e => Failure::of(e),
    })
}

/// Whether the gateway that is meant runs: it says so in its data folder, and one elsewhere is taken to.
fn runs(args: &Spool) -> Result<bool, Failure> {
    Ok(args.target.config()?.is_none_or(|c| crate::node::Listening::read(&c.data()).is_some()))
}

fn depths(args: &Spool) -> Result<(), Failure> {
    const HEADER: [&str; 6] = ["queue", "ready", "deferred", "leased", "awaiting", "dead"];
    let rows: Vec<Vec<String>> = if runs(args)? {
        let client = args.target.connect(true)?;
        let answer = runtime()?.block_on(client.get("/api/v1/queues"))?;
        let cell = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let row = |q: &Value| HEADER.iter().map(|k| cell(&q[if *k == "queue" { "name" } else { k }])).collect();
        answer.as_array().into_iter().flatten().map(row).collect()
    } else {
        let row = |d: waxwing_spool::QueueDepth| {
            let counts = [d.ready, d.deferred, d.leased, d.awaiting, d.dead];
            std::iter::once(d.name.to_string()).chain(counts.iter().map(u64::to_string)).collect()
        };
        open(args, true)?.depths().into_iter().map(row).collect()
    };
    out::table(&HEADER, &rows);
    Ok(())
}

fn list(spool: &EmbeddedSpool, queue: Option<&str>, dead: bool, max: usize) -> Result<(), Failure> {
    let queue = match queue {
        Some(name) => Some(
            spool
                .depths()
                .into_iter()
                .find(|d| &*d.name == name)
                .map(|d| d.queue)
                .ok_or_else(|| Failure::Failed(format!("the queue {name:?} holds nothing; `waxwing spool depths` lists the queues")))?,
        ),
        None => None,
    };
    let (mut rows, mut after) = (Vec::new(), None);
    while rows.len() < max {
        let page = spool.list(queue, after, 1000);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for m in page.into_iter().filter(|m| !dead || m.stage == Stage::Dead) {
            if rows.len() == max {
                break;
            }
            let body = spool.read_body(m.id).map_err(Failure::of)?;
            let message = body.and_then(|b| Message::from_bytes(b).ok()).unwrap_or_default();
            let stage = match m.stage {
                Stage::Queued => "queued",
                Stage::Leased => "leased",
                Stage::Awaiting => "awaiting",
                Stage::Dead => "dead",
            };
            let name = |n: Option<Arc<str>>| n.map(|n| n.to_string()).unwrap_or_default();
            rows.push(vec![
                m.id.to_string(),
                stage.to_owned(),
                name(spool.queue_name(m.queue)),
                name(spool.group_name(m.group)),
                message.source.to_string(),
                message.destination.to_string(),
                m.attempts.to_string(),
            ]);
        }
    }
    out::table(&["id", "stage", "queue", "account", "from", "to", "attempts"], &rows);
    Ok(())
}

fn replay(spool: &EmbeddedSpool, ids: &[MsgId], all: bool, queue: Option<&str>, hours: u64) -> Result<(), Failure> {
    let ids = if all { dead_letters(spool) } else { ids.to_vec() };
    let queue = queue.map(|name| spool.queue(name));
    let expires = Clock::system().now() + hours.clamp(1, 24 * 365) * 3_600_000;
    let mut failed = 0;
    for chunk in ids.chunks(1000) {
        let txs = chunk.iter().map(|&id| Tx::one(Op::Replay { id, queue, expires })).collect();
        let results = runtime()?.block_on(spool.commit(txs)).map_err(Failure::of)?;
        for (id, e) in chunk.iter().zip(results).filter_map(|(id, r)| r.err().map(|e| (id, e))) {
            failed += 1;
            out::error(&format!("{id}: {e}"));
        }
    }
    out::line(format_args!("{} queued again", ids.len() - failed));
    if failed == 0 { Ok(()) } else { Err(Failure::Said) }
}

fn replay_running(args: &Spool, ids: &[MsgId]) -> Result<(), Failure> {
    let client = args.target.connect(true)?;
    let mut failed = 0;
    let runtime = runtime()?;
    for id in ids {
        match runtime.block_on(client.post(&format!("/api/v1/messages/{id}/replay"), &Value::Null)) {
            Ok(_) => {}
            Err(Failure::Failed(e)) => {
                failed += 1;
                out::error(&e);
            }
            Err(e) => return Err(e),
        }
    }
    out::line(format_args!("{} queued again", ids.len() - failed));
    if failed == 0 { Ok(()) } else { Err(Failure::Said) }
}

fn dead_letters(spool: &EmbeddedSpool) -> Vec<MsgId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = spool.list(None, after, 1000);
        let Some(last) = page.last() else { return ids };
        after = Some(last.id);
        ids.extend(page.iter().filter(|m| m.stage == Stage::Dead).map(|m| m.id));
    }
}
