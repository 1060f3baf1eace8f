//! Phones by what they call themselves, for those that name no profile (or whose maker's server is long gone).

use super::{MmsVersion, Profile, Size};
use crate::MediaTypes;

/// What is said of phones whose `User-Agent` looks like a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRule {
    pattern: String,
    /// What is said of them; it is laid over all other sources.
    pub profile: Profile,
}

impl AgentRule {
    /// A rule. `*` in the pattern stands for anything; upper and lower case are the same: `Nokia6600*`.
    pub fn new(pattern: &str, profile: Profile) -> Self {
        Self { pattern: pattern.to_ascii_lowercase(), profile }
    }

    /// The pattern, in lower case.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether a `User-Agent` looks like the pattern.
    pub fn matches(&self, user_agent: &str) -> bool {
        glob(&self.pattern, user_agent)
    }
}

impl Profile {
    /// What the built-in table says of a `User-Agent`; empty where it knows none like it.
    pub fn from_user_agent(user_agent: &str) -> Self {
        built_in(user_agent).unwrap_or_default()
    }
}

pub(super) fn built_in(user_agent: &str) -> Option<Profile> {
    let (_, family) = TABLE.iter().find(|(pattern, _)| glob(pattern, user_agent))?;
    Some(family.profile())
}

/// Phones that take about the same.
#[derive(Clone, Copy)]
enum Family {
    /// The first phones with MMS: 30 kB, small pictures.
    Early,
    /// Colour phones with a camera, from 2003 on: 100 kB.
    Camera,
    /// Feature phones and the smart ones of the time, from 2005 on: 300 kB, 3GP.
    Feature,
    /// Phones with a large screen that show about everything: 1 MB.
    Smart,
}

impl Family {
    fn profile(self) -> Profile {
        let early = ["application/smil", "audio/amr", "image/gif", "image/jpeg", "image/vnd.wap.wbmp", "text/x-vcalendar", "text/x-vcard"];
        let camera = ["audio/midi", "audio/sp-midi", "image/png"];
        let feature = ["audio/3gpp", "audio/aac", "audio/mp4", "audio/mpeg", "video/3gpp", "video/mp4"];
        let smart = ["audio/*", "image/bmp", "image/webp", "text/*", "video/*", "application/vnd.oma.drm.message", "application/pdf"];
        let groups: [&[&str]; 4] = [&early, &camera, &feature, &smart];
        let (taken, octets, image, minor) = match self {
            Self::Early => (1, 30 * 1024, Size::new(160, 120), 0),
            Self::Camera => (2, 100 * 1024, Size::new(640, 480), 0),
            Self::Feature => (3, 300 * 1024, Size::new(1600, 1200), 2),
            Self::Smart => (4, 1024 * 1024, Size::new(2048, 1536), 3),
        };
        Profile {
            max_message_size: Some(octets),
            max_image: Some(image),
            accept: Some(MediaTypes::new(groups[..taken].iter().copied().flatten())),
            mms_version: Some(MmsVersion { major: 1, minor }),
            smil: Some(true),
            ..Profile::default()
        }
    }
}

/// The first that matches counts.
const TABLE: &[(&str, Family)] = &[
    ("*android*", Family::Smart),
    ("iphone*", Family::Smart),
    ("*iphone os*", Family::Smart),
    ("*cfnetwork*", Family::Smart),
    ("mmsd*", Family::Smart),
    ("*windows phone*", Family::Smart),
    ("*iemobile*", Family::Feature),
    ("samsung-sm-*", Family::Smart),
    ("sm-*", Family::Smart),
    ("*lineageos*", Family::Smart),
    // 2002 and 2003
    ("nokia7650*", Family::Early),
    ("nokia3510i*", Family::Early),
    ("nokia7210*", Family::Early),
    ("nokia6610*", Family::Early),
    ("nokia5100*", Family::Early),
    ("sonyericssont68*", Family::Early),
    ("sonyericssont300*", Family::Early),
    ("sonyericssont310*", Family::Early),
    ("sie-s55*", Family::Early),
    ("sie-m55*", Family::Early),
    ("sec-sghs300*", Family::Early),
    ("nokia6600*", Family::Camera),
    ("nokia3650*", Family::Camera),
    ("nokia6230*", Family::Camera),
    ("sonyericssont610*", Family::Camera),
    ("sonyericssonk700*", Family::Camera),
    ("sie-*", Family::Camera),
    ("panasonic*", Family::Camera),
    ("sec-*", Family::Camera),
    ("philips*", Family::Camera),
    ("sharp-tq-*", Family::Camera),
    // later
    ("nokia*", Family::Feature),
    ("*symbianos*", Family::Feature),
    ("*series60*", Family::Feature),
    ("sonyericsson*", Family::Feature),
    ("samsung*", Family::Feature),
    ("blackberry*", Family::Feature),
    ("mot-*", Family::Feature),
    ("lg*", Family::Feature),
    ("htc*", Family::Feature),
    ("huawei*", Family::Feature),
    ("zte*", Family::Feature),
    ("alcatel*", Family::Feature),
    ("*kaios*", Family::Feature),
];

/// Whether text looks like a pattern in lower case. No more steps than both are long, times each other; headers are short.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and what it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t].to_ascii_lowercase()) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, is) in [
            ("nokia*", "Nokia6600/1.0", true),
            ("*android*", "Android-Mms/2.0", true),
            ("*a*b*c", "xxaxxbxxbc", true),
            ("*a*b*c", "xxaxxcxxbd", false),
            ("", "", true),
            ("*", "", true),
            ("a", "", false),
            ("a", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn known_phones() {
        let octets = |agent| Profile::from_user_agent(agent).max_message_size;
        assert_eq!(octets("Android MmsLib/1.0"), Some(1024 * 1024));
        assert_eq!(octets("iPhoneOS/16.1 (20B82)"), Some(1024 * 1024));
        assert_eq!(octets("Nokia7650/1.0 SymbianOS/6.1 Series60/0.9 Profile/MIDP-1.0"), Some(30 * 1024));
        assert_eq!(octets("NokiaN95/10.0.018; SymbianOS/9.2"), Some(300 * 1024));
        assert_eq!(octets("curl/8.5.0"), None);
        assert!(TABLE.iter().all(|(pattern, _)| pattern.to_ascii_lowercase() == *pattern));
    }
}
