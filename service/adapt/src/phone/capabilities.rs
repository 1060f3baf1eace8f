//! What a phone can do, all sources taken together.

use super::{AgentRule, MmsVersion, Profile, Size, agents};
use crate::{ContentClass, MediaTypes};

/// What a phone can do. The default is what is assumed of a phone that nothing is known of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Octets of the largest message; 300 kB by default.
    pub max_message_size: u64,
    /// The largest image in pixels, lying or standing; 640x480 by default.
    pub max_image: Size,
    /// Media types; by default those of the content class *video rich* and a few that every colour phone shows.
    pub accept: MediaTypes,
    /// Charsets by their IANA names, the preferred one first; UTF-8, US-ASCII, ISO-8859-1 and UTF-16 by default. `*` is all of them.
    pub charsets: Vec<String>,
    /// The screen in pixels; unknown by default.
    pub screen: Option<Size>,
    /// Whether it shows colours.
    pub color: bool,
    /// Bits of a pixel of the screen; 16 by default.
    pub bits_per_pixel: u8,
    /// The newest version of MMS; 1.2 by default.
    pub mms_version: MmsVersion,
    /// Whether it shows SMIL.
    pub smil: bool,
    /// The largest content class, where it is known.
    pub content_class: Option<ContentClass>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            max_message_size: 300 * 1024,
            max_image: Size::new(640, 480),
            accept: MediaTypes::new(USUAL_TYPES),
            charsets: ["utf-8", "us-ascii", "iso-8859-1", "utf-16"].map(str::to_owned).to_vec(),
            screen: None,
            color: true,
            bits_per_pixel: 16,
            mms_version: MmsVersion { major: 1, minor: 2 },
            smil: true,
            content_class: None,
        }
    }
}

/// What is known of a phone, by whom. `Default` is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// The operator's rules; the first that matches counts, before everything else.
    pub rules: &'a [AgentRule],
    /// `User-Agent`, as last seen.
    pub user_agent: Option<&'a str>,
    /// The phone's UAProf document.
    pub uaprof: Option<&'a Profile>,
    /// `Accept`, as last seen; several headers joined with commas.
    pub accept: Option<&'a str>,
    /// `Accept-Charset`, as last seen.
    pub accept_charset: Option<&'a str>,
}

impl Capabilities {
    /// What the sources say, each where those before it leave something open: rules, UAProf, `Accept` and `Accept-Charset`, the built-in
    /// table of user agents, the content class, and `defaults` at last.
    ///
    /// A bare `*/*` in `Accept` is what most programs send without meaning it; it counts only where nothing else says what is accepted.
    pub fn resolve(sources: &Sources<'_>, defaults: &Self) -> Self {
        let agent = sources.user_agent.unwrap_or_default();
        let rule = sources.rules.iter().find(|rule| rule.matches(agent)).map(|rule| &rule.profile);
        let accept = Profile::from_accept(sources.accept.unwrap_or_default(), sources.accept_charset.unwrap_or_default());
        let specific = Profile { accept: accept.accept.clone().map(MediaTypes::without_any).filter(|t| !t.is_empty()), ..accept.clone() };
        let mut profile = rule.cloned().unwrap_or_default();
        let built_in = agents::built_in(agent);
        for below in [sources.uaprof, Some(&specific), built_in.as_ref(), Some(&accept)].into_iter().flatten() {
            profile = profile.over(below);
        }
        if let Some(class) = profile.content_class {
            profile = profile.over(&class.profile());
        }
        Self::of(profile, defaults)
    }

    /// What a profile says, and `defaults` where it leaves something open.
    pub fn of(profile: Profile, defaults: &Self) -> Self {
        let monochrome = profile.bits_per_pixel == Some(1);
        Self {
            max_message_size: profile.max_message_size.unwrap_or(defaults.max_message_size),
            max_image: profile.max_image.unwrap_or(defaults.max_image),
            accept: profile.accept.unwrap_or_else(|| defaults.accept.clone()),
            charsets: profile.charsets.unwrap_or_else(|| defaults.charsets.clone()),
            screen: profile.screen.or(defaults.screen),
            color: profile.color.unwrap_or(defaults.color && !monochrome),
            bits_per_pixel: profile.bits_per_pixel.unwrap_or(defaults.bits_per_pixel),
            mms_version: profile.mms_version.unwrap_or(defaults.mms_version),
            smil: profile.smil.unwrap_or(defaults.smil),
            content_class: profile.content_class.or(defaults.content_class),
        }
    }

    /// Whether an image of that size is within [`max_image`](Self::max_image), lying or standing.
    pub(crate) fn shows(&self, (width, height): (u32, u32)) -> bool {
        let Size { width: w, height: h } = self.max_image;
        (width <= w && height <= h) || (width <= h && height <= w)
    }
}

const USUAL_TYPES: [&str; 21] = [
    "application/smil",
    "application/vnd.oma.drm.content",
    "application/vnd.oma.drm.message",
    "application/vnd.oma.drm.rights+wbxml",
    "application/vnd.oma.drm.rights+xml",
    "audio/aac",
    "audio/amr",
    "audio/midi",
    "audio/mp4",
    "audio/mpeg",
    "audio/sp-midi",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/vnd.wap.wbmp",
    "text/html",
    "text/x-vcalendar",
    "text/x-vcard",
    "text/xml",
    "video/3gpp",
    "video/mp4",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn from(sources: Sources<'_>) -> Capabilities {
        Capabilities::resolve(&sources, &Capabilities::default())
    }

    #[test]
    fn nothing_known_is_the_default() {
        assert_eq!(from(Sources::default()), Capabilities::default());
    }

    #[test]
    fn the_nearest_source_counts() {
        let rules = [AgentRule::new("Lab*", Profile { max_message_size: Some(1), ..Profile::default() })];
        let uaprof = Profile { max_message_size: Some(2), max_image: Some(Size::new(9, 9)), ..Profile::default() };
        let all = Sources {
            rules: &rules,
            user_agent: Some("lab/1.0"),
            uaprof: Some(&uaprof),
            accept: Some("image/gif, */*"),
            ..Sources::default()
        };
        let phone = from(all);
        assert_eq!((phone.max_message_size, phone.max_image), (1, Size::new(9, 9)));
        assert!(phone.accept.accepts("image/gif") && !phone.accept.accepts("image/png"));
        assert_eq!(from(Sources { user_agent: Some("other"), ..all }).max_message_size, 2);
    }

    #[test]
    fn anything_is_accepted_only_of_somebody_unknown() {
        let any = Sources { accept: Some("*/*"), ..Sources::default() };
        assert!(from(any).accept.accepts("application/pdf"));
        let known = Sources { user_agent: Some("Nokia7650/1.0 SymbianOS/6.1"), ..any };
        assert!(!from(known).accept.accepts("application/pdf"));
    }

    #[test]
    fn a_content_class_fills_what_is_open() {
        let uaprof = Profile { content_class: Some(ContentClass::ImageBasic), ..Profile::default() };
        let phone = from(Sources { uaprof: Some(&uaprof), ..Sources::default() });
        assert_eq!((phone.max_message_size, phone.max_image), (30 * 1024, Size::new(160, 120)));
    }

    #[test]
    fn images_stand_or_lie() {
        let phone = Capabilities::default();
        assert!(phone.shows((480, 640)) && phone.shows((640, 480)) && !phone.shows((641, 480)) && !phone.shows((600, 600)));
    }
}
