//! A phone that the message centre serves: what is known of it, and what can be.

use thiserror::Error;
use waxwing_core::{Address, Millis, Normaliser, Secret, TON_INTERNATIONAL, Verified};

use crate::LedgerError;

/// Digits of the shortest and the longest number (E.164: at most 15).
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
/// Longest alias, characters.
const MAX_ALIAS: usize = 64;
/// Longest name, characters.
const MAX_NAME: usize = 128;
/// Largest `max_size`, octets.
const MAX_SIZE: u64 = 1 << 30;
/// A phone that the message centre serves.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// Its number: international digits without `+`.
    pub number: Box<str>,
    /// A name that it may sign in by and be written to instead of the number.
    pub alias: Option<Box<str>>,
    /// Its owner's name, for people; may be empty.
    pub name: Box<str>,
    /// It may send multimedia messages.
    pub may_send: bool,
    /// It may receive multimedia messages.
    pub may_receive: bool,
    /// Largest message that it takes, octets; `None` = as large as the message centre allows.
    pub max_size: Option<u64>,
    /// It gets an SMS with a link to a web page instead of notifications.
    pub web_link: bool,
    /// When it was made.
    pub created: Millis,
    /// When it was last changed.
    pub changed: Millis,
    pub(super) password: Secret,
    pub(super) verified: Verified,
}

/// What is to become of a subscriber; what is `None` stays as it is, or gets its default in a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberChange {
    /// Another alias, or none: letters, digits, `.`, `_` and `-`, at most 64, not digits alone.
    pub alias: Option<Option<String>>,
    /// Another password, in clear or as an argon2 hash (`$argon2id$...`); empty = it cannot sign in by one.
    pub password: Option<String>,
    /// Its owner's name, at most 128 characters.
    pub name: Option<String>,
    /// Whether it may send; true in a new one.
    pub may_send: Option<bool>,
    /// Whether it may receive; true in a new one.
    pub may_receive: Option<bool>,
    /// Largest message that it takes, octets, or no limit of its own.
    pub max_size: Option<Option<u64>>,
    /// Whether it gets links instead of notifications; false in a new one.
    pub web_link: Option<bool>,
}

/// Why a subscriber could not be stored, or was not found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubscriberError {
    /// There is one with that number.
    #[error("number: there is a subscriber +{0} already; change that one")]
    Exists(String),
    /// There is none with that number.
    #[error("number: there is no subscriber +{0}")]
    Unknown(String),
    /// No number of a subscriber.
    #[error("number: {given:?} {why}")]
    Number {
        /// As it was given.
        given: String,
        /// Why, and how to mend it.
        why: &'static str,
    },
    /// Another subscriber has that alias.
    #[error("alias: {alias:?} is the alias of +{number} already; choose another")]
    AliasTaken {
        /// The alias.
        alias: String,
        /// Whose it is.
        number: String,
    },
    /// No alias.
    #[error("alias: {0:?} cannot be one: 1 to {MAX_ALIAS} letters (A to Z), digits, dots, underscores and dashes, and not digits alone")]
    Alias(String),
    /// No name.
    #[error("name: it has {0}; at most {MAX_NAME} characters, none of them a control character, can be kept")]
    Name(String),
    /// No size.
    #[error("max_size: {0} octets cannot be a limit; 1 to {MAX_SIZE} can")]
    Size(u64),
    /// The password cannot be hashed.
    #[error("password: it cannot be hashed: {0}")]
    Password(String),
    /// The file.
    #[error(transparent)]
    File(#[from] LedgerError),
}

/// A number as people write it (`+44 7700 900123`, `00447700900123`, or as the normaliser's country writes its own), as subscribers have it:
/// international digits without `+`. Digits that say nothing of their kind are taken for international ones.
///
/// # Errors
/// [`SubscriberError::Number`].
pub fn subscriber_number(normaliser: &Normaliser, given: &str) -> Result<String, SubscriberError> {
    let wrong = |why| SubscriberError::Number { given: given.to_owned(), why };
    let number = "is not a phone number; write it with + and digits";
    let normal = normaliser.recipient(&Address::parse(given)).map_err(|_| wrong(number))?;
    if !normal.is_digits() {
        return Err(wrong(number));
    }
    let digits = normal.as_text().into_owned();
    check_number(&digits).map_err(wrong)?;
    if normal.ton != TON_INTERNATIONAL && digits.starts_with('0') {
        return Err(wrong(NATIONAL));
    }
    Ok(digits)
}

const NATIONAL: &str = "is not international; write it with + and the country's code, or set [sms] country";

pub(super) fn check_number(digits: &str) -> Result<(), &'static str> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is not made of international digits");
    }
    if !DIGITS.contains(&digits.len()) {
        return Err("is too short or too long: international numbers have 3 to 15 digits, country code and all");
    }
    if digits.starts_with('0') { Err(NATIONAL) } else { Ok(()) }
}

// === impl Subscriber ===

impl Subscriber {
    /// Whether it can sign in by a password.
    pub fn has_password(&self) -> bool {
        self.password != Secret::None
    }

    pub(super) fn new(number: &str, now: Millis) -> Subscriber {
        Subscriber {
            number: number.into(),
            alias: None,
            name: Box::default(),
            may_send: true,
            may_receive: true,
            max_size: None,
            web_link: false,
            created: now,
            changed: now,
            password: Secret::None,
            verified: Verified::default(),
        }
    }

    /// All but the password.
    pub(super) fn apply(&mut self, change: &SubscriberChange, now: Millis) {
        if let Some(alias) = &change.alias {
            self.alias = alias.as_deref().filter(|a| !a.is_empty()).map(Box::from);
        }
        if let Some(name) = &change.name {
            self.name = name.trim().into();
        }
        self.may_send = change.may_send.unwrap_or(self.may_send);
        self.may_receive = change.may_receive.unwrap_or(self.may_receive);
        self.max_size = change.max_size.unwrap_or(self.max_size);
        self.web_link = change.web_link.unwrap_or(self.web_link);
        self.changed = now;
    }
}

pub(super) fn check(change: &SubscriberChange) -> Result<(), SubscriberError> {
    if let Some(alias) = change.alias.as_ref().and_then(Option::as_ref).filter(|a| !a.is_empty()) {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if alias.len() > MAX_ALIAS || !alias.bytes().all(known) || alias.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SubscriberError::Alias(alias.clone()));
        }
    }
    if let Some(name) = change.name.as_deref().map(str::trim) {
        let length = name.chars().count();
        if length > MAX_NAME {
            return Err(SubscriberError::Name(format!("{length} characters")));
        }
        if name.chars().any(char::is_control) {
            return Err(SubscriberError::Name("a control character".into()));
        }
    }
    match change.max_size.flatten() {
        Some(size) if !(1..=MAX_SIZE).contains(&size) => Err(SubscriberError::Size(size)),
        _ => Ok(()),
    }
}

// === impl SubscriberError ===

impl SubscriberError {
    /// The member of [`Subscriber`] or [`SubscriberChange`] that is wrong, if one is.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            SubscriberError::Exists(_) | SubscriberError::Unknown(_) | SubscriberError::Number { .. } => Some("number"),
            SubscriberError::AliasTaken { .. } | SubscriberError::Alias(_) => Some("alias"),
            SubscriberError::Name(_) => Some("name"),
            SubscriberError::Size(_) => Some("max_size"),
            SubscriberError::Password(_) => Some("password"),
            SubscriberError::File(_) => None,
        }
    }
}
