//! Names of queues and groups, and the numbers they have in the log.

use std::sync::Arc;

use hashbrown::HashMap;

/// Longest name, octets.
const MAX_NAME: usize = 255;

/// One kind of names, numbered from 0 in the order they came.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    list: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl NameTable {
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(cut(name)).copied()
    }

    /// Number of a name, a new one if it has none yet.
    pub(crate) fn define(&mut self, name: &str) -> u32 {
        if let Some(number) = self.number(name) {
            return number;
        }
        let name: Arc<str> = cut(name).into();
        let number = self.list.len() as u32;
        self.list.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// A definition met in recovery; false if it contradicts an earlier one.
    pub(crate) fn restore(&mut self, number: u32, name: &str) -> bool {
        match self.list.get(number as usize) {
            Some(known) => **known == *name,
            None => self.list.len() == number as usize && self.define(name) == number,
        }
    }

    pub(crate) fn name(&self, number: u32) -> Option<Arc<str>> {
        self.list.get(number as usize).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Names with a number of at least `from`.
    pub(crate) fn from(&self, from: usize) -> impl Iterator<Item = (u32, &Arc<str>)> {
        (0u32..).zip(&self.list).skip(from)
    }
}

fn cut(name: &str) -> &str {
    let mut end = name.len().min(MAX_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// Queues and groups.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) queues: NameTable,
    pub(crate) groups: NameTable,
}
