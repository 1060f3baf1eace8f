//! A whole message: what has to be done to which item, and how many octets each may have.

mod plan;
mod replace;
mod work;

use crate::{Adapted, Capabilities, Item, Options, Outcome};

use plan::{Need, Plan};
use work::Work;

/// Why a message cannot be adapted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdaptError {
    /// It does not fit even if there is nothing but words left of it.
    #[error("the message takes {size} octets whatever is done, and the phone takes {most}")]
    TooLarge {
        /// Octets that it takes at least.
        size: u64,
        /// Octets that the phone takes.
        most: u64,
    },
    /// It has more items than are taken.
    #[error("the message has {items} items, and at most {most} are taken")]
    TooManyItems {
        /// Items that it has.
        items: usize,
        /// Items that are taken.
        most: usize,
    },
}

/// Whether a phone takes a message as it is. Cheap: no more than headers are read.
pub fn fits(items: &[Item], phone: &Capabilities, options: &Options) -> bool {
    items.len() <= options.limits.items
        && size(items, options) <= phone.max_message_size
        && items.iter().all(|item| matches!(Plan::of(item, phone, options).need, Need::Nothing))
}

/// Makes a message fit a phone. What fits already is passed through, without copying.
pub fn adapt(items: Vec<Item>, phone: &Capabilities, options: &Options) -> Result<Adapted, AdaptError> {
    if items.len() > options.limits.items {
        return Err(AdaptError::TooManyItems { items: items.len(), most: options.limits.items });
    }
    let plans: Vec<Plan> = items.iter().map(|item| Plan::of(item, phone, options)).collect();
    let whole = size(&items, options);
    if whole <= phone.max_message_size && plans.iter().all(|plan| matches!(plan.need, Need::Nothing)) {
        let kept =
            |(item, plan): (Item, Plan)| Outcome { name: item.name.clone(), pixels: plan.pixels(), item: Some(item), changes: Vec::new() };
        return Ok(Adapted { outcomes: items.into_iter().zip(plans).map(kept).collect(), size: whole });
    }
    Work::new(items, plans, phone, options).done()
}

fn size<'a>(items: impl IntoIterator<Item = &'a Item>, options: &Options) -> u64 {
    let limits = &options.limits;
    items.into_iter().map(|item| item.data.len() as u64 + limits.item_overhead).sum::<u64>() + limits.message_overhead
}
