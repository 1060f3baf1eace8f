//! Signatures as Standard Webhooks has them: HMAC-SHA-256 over `id.timestamp.body`, in base 64, after `v1,`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The `webhook-signature` header: one signature for each key, so that keys can be exchanged without a gap. Keys are separated by
/// spaces, each `whsec_` and base 64; a key in another form is taken as its octets. `None` where there is no key.
pub(crate) fn signature(keys: &str, id: &str, timestamp: u64, body: &[u8]) -> Option<String> {
    let signatures: Vec<String> = keys.split_whitespace().filter_map(|key| one(key, id, timestamp, body)).collect();
    (!signatures.is_empty()).then(|| signatures.join(" "))
}

fn one(key: &str, id: &str, timestamp: u64, body: &[u8]) -> Option<String> {
    let key = match key.strip_prefix("whsec_").map(|k| STANDARD.decode(k)) {
        Some(Ok(octets)) => octets,
        _ => key.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_specifications_example() {
        let s = signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(s.as_deref(), Some(SIGNED));
    }

    #[test]
    fn several_keys_give_several_signatures() {
        let keys = format!("plain {KEY}");
        let s = signature(&keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap_or_default();
        assert_eq!(s.split(' ').count(), 2);
        assert!(s.ends_with(SIGNED));
        assert_eq!(signature("", "a", 1, b""), None);
    }
}
