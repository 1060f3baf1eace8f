//! How a message that is sent by hand is delivered: when, how long, how urgently, and which way replies take. Both forms have it.

use jiff::Timestamp;
use waxwing_core::{Millis, Submission};

use crate::form::Posted;

/// esm_class: reply path (SMPP 3.4, 5.2.12).
const REPLY_PATH: u32 = 0x80;
/// Milliseconds of an hour.
const HOUR: Millis = 3_600_000;
/// What the priorities are called, from 0 on.
const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
/// The fields, to tell whether one of them is filled in.
const FIELDS: [&str; 4] = ["validity", "send_at", "priority", "reply_path"];

/// The fields, folded away while none of them is used.
pub(crate) fn fields(posted: &Posted) -> String {
    let open = if FIELDS.iter().any(|f| !posted.get(f).is_empty()) { " open" } else { "" };
    let value = |name| waxwing_api::escape(posted.get(name));
    let priorities = PRIORITIES.iter().fold(String::new(), |out, p| {
        let selected = if *p == posted.get("priority") { " selected" } else { "" };
        out + &format!("<option{selected}>{p}</option>")
    });
    let reply = if posted.has("reply_path") { " checked" } else { "" };
    format!(
        "<details{open}><summary>Delivery</summary><div class=\"row\">\
         <label>Not before (UTC)<input type=\"datetime-local\" name=\"send_at\" value=\"{}\"></label>\
         <label>Worth delivering, hours<input name=\"validity\" value=\"{}\" inputmode=\"decimal\" placeholder=\"as usual\"></label>\
         <label>Priority<select name=\"priority\"><option value=\"\">as usual</option>{priorities}</select></label></div>\
         <label class=\"check\"><input type=\"checkbox\" name=\"reply_path\" value=\"1\"{reply}> Reply path: the answer takes the same way back</label></details>",
        value("send_at"),
        value("validity"),
    )
}

/// Puts them into a submission.
///
/// # Errors
/// A field makes no sense.
pub(crate) fn put(posted: &Posted, submission: &mut Submission, now: Millis) -> Result<(), String> {
    let given = |name: &str| Some(posted.get(name).trim()).filter(|v| !v.is_empty());
    if let Some(at) = given("send_at") {
        submission.due = Some(time(at).ok_or_else(|| format!("Not before: {at:?} is no time"))?);
    }
    if let Some(hours) = given("validity") {
        let millis = hours.replace(',', ".").parse::<f64>().ok().map(|h| h * HOUR as f64).filter(|m| (1000.0..1e12).contains(m));
        let millis = millis.ok_or_else(|| format!("Worth delivering: {hours:?} is no number of hours"))?;
        // Within the bounds above.
        submission.expires = Some(submission.due.unwrap_or(now).max(now) + millis as Millis);
    }
    if let Some(word) = given("priority") {
        submission.priority = PRIORITIES.iter().zip(0..).find(|(p, _)| **p == word).map(|(_, number)| number);
    }
    if posted.has("reply_path") {
        submission.message.esm_class |= REPLY_PATH;
    }
    Ok(())
}

/// As browsers give it, without a zone and often without seconds; it is UTC.
fn time(text: &str) -> Option<Millis> {
    let at = [format!("{text}Z"), format!("{text}:00Z"), text.to_owned()].iter().find_map(|t| t.parse::<Timestamp>().ok())?;
    Millis::try_from(at.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn put_all(fields: &[(&str, &str)]) -> Result<Submission, String> {
        let posted = fields.iter().fold(Posted::default(), |posted, (name, value)| posted.or(name, value));
        let mut submission = Submission::default();
        put(&posted, &mut submission, 1_000).map(|()| submission)
    }

    #[test]
    fn fields_become_what_they_say() {
        let s = put_all(&[("send_at", "2030-01-02T03:04"), ("validity", "1.5"), ("priority", "high"), ("reply_path", "1")]).unwrap();
        let due = 1_893_553_440_000;
        assert_eq!((s.due, s.expires, s.priority, s.message.esm_class), (Some(due), Some(due + 5_400_000), Some(2), 0x80));
        let s = put_all(&[("send_at", ""), ("validity", ""), ("priority", "")]).unwrap();
        assert_eq!((s.due, s.expires, s.priority, s.message.esm_class), (None, None, None, 0));
        for (name, value) in [("validity", "long"), ("validity", "0"), ("validity", "-1"), ("validity", "inf"), ("send_at", "soon")] {
            assert!(put_all(&[(name, value)]).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn they_are_shown_where_they_are_used() {
        assert!(!fields(&Posted::default()).contains("<details open"));
        assert!(fields(&Posted::default().or("validity", "2")).contains("<details open"));
    }
}
