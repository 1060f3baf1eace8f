//! Signatures as Standard Webhooks has them: HMAC-SHA-256 over `id.timestamp.body`, in base 64, after `v1,`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// An account's keys, ready to sign.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Vec<Hmac<Sha256>>);

impl Keys {
    /// Keys are separated by spaces, each `whsec_` and base 64; a key in another form is taken as its octets.
    pub(crate) fn parse(keys: &str) -> Keys {
        Keys(keys.split_whitespace().filter_map(key).collect())
    }

    /// The `webhook-signature` header: one signature for each key, so that keys can be exchanged without a gap. `None` where there is no
    /// key.
    pub(crate) fn signature(&self, id: &str, timestamp: u64, body: &[u8]) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let head = format!("{id}.{timestamp}.");
        let signatures: Vec<String> = self.0.iter().map(|key| one(key.clone(), &head, body)).collect();
        Some(signatures.join(" "))
    }
}

fn key(text: &str) -> Option<Hmac<Sha256>> {
    let octets = match text.strip_prefix("whsec_").map(|k| STANDARD.decode(k)) {
        Some(Ok(octets)) => octets,
        _ => text.as_bytes().to_vec(),
    };
    Hmac::new_from_slice(&octets).ok()
}

fn one(mut mac: Hmac<Sha256>, head: &str, body: &[u8]) -> String {
    mac.update(head.as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_specifications_example() {
        let s = Keys::parse(KEY).signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(s.as_deref(), Some(SIGNED));
    }

    #[test]
    fn several_keys_give_several_signatures() {
        let keys = format!("plain {KEY}");
        let s = Keys::parse(&keys).signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap_or_default();
        assert_eq!(s.split(' ').count(), 2);
        assert!(s.ends_with(SIGNED));
        assert_eq!(Keys::parse("").signature("a", 1, b""), None);
    }
}
