//! `[[route]]`: which connector carries what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::Masks;

/// Which connector carries what. Of all masks (of routes, and of connectors' `to`) that match a recipient the longest wins; a route beats a
/// connector with the same mask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Name, to ask for it in a message or an account. A route needs a name, or `to`, or both.
    pub name: Option<String>,
    /// Recipients (masks): `*` is any run of characters, `?` one character. Empty = only by name.
    pub to: Masks,
    /// Senders (masks) it is limited to; empty = any.
    pub from: Masks,
    /// Accounts it is limited to; empty = any.
    pub accounts: Vec<String>,
    /// Connectors (must be given), in order: the next one is used while one before it is down or failing.
    pub via: Vec<String>,
    /// Share the load between the connectors by their `weight` instead of trying them in order.
    pub share: bool,
}
