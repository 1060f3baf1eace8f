//! DRM Rights: what a phone may do with content, and the key to it (OMA-Download-DRMREL 1.0).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{DocumentError, DocumentProblem, check_names, check_text};
use crate::wbxml::Element;

/// The rights to an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rights {
    /// The version of the language: `1.0`.
    pub version: String,
    /// The object: its content id, such as `cid:4567829547@foo.com`.
    pub uid: String,
    /// The key of content that is encrypted, in base64 (separate delivery); none where rights and content come together.
    pub key: Option<String>,
    /// What is allowed; what does not stand here is not.
    pub permissions: Vec<Permission>,
}

/// Something that is allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Permission {
    /// What.
    pub kind: PermissionKind,
    /// How often or when; without one, ever.
    pub constraint: Option<Constraint>,
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PermissionKind {
    /// To play sound or video.
    Play,
    /// To show an image.
    Display,
    /// To run a program.
    Execute,
    /// To print.
    Print,
}

/// How often or when something is allowed. All that stands here holds together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Constraint {
    /// So many times.
    pub count: Option<u32>,
    /// From this time on, ISO 8601.
    pub start: Option<String>,
    /// Up to this time, ISO 8601.
    pub end: Option<String>,
    /// So long from the first use, as a duration of ISO 8601 such as `P7D`.
    pub interval: Option<String>,
}

const KINDS: [(&str, PermissionKind); 4] = [
    ("o-dd:play", PermissionKind::Play),
    ("o-dd:display", PermissionKind::Display),
    ("o-dd:execute", PermissionKind::Execute),
    ("o-dd:print", PermissionKind::Print),
];

const NAMESPACES: [(&str, &str); 3] = [
    ("xmlns:o-ex", "http://odrl.net/1.1/ODRL-EX"),
    ("xmlns:o-dd", "http://odrl.net/1.1/ODRL-DD"),
    ("xmlns:ds", "http://www.w3.org/2000/09/xmldsig#/"),
];

impl Rights {
    /// Rights of version 1.0 to an object.
    pub fn new(uid: impl Into<String>, permissions: Vec<Permission>) -> Self {
        Self { version: "1.0".to_owned(), uid: uid.into(), key: None, permissions }
    }

    /// Checks the rules.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), DocumentError> {
        check_text("o-dd:version", &self.version)?;
        check_text("o-dd:uid", &self.uid)?;
        if self.uid.is_empty() {
            return Err(DocumentError::new("o-dd:uid", DocumentProblem::Missing));
        }
        if let Some(key) = &self.key
            && STANDARD.decode(key).is_err()
        {
            return Err(DocumentError::value("ds:KeyValue", key, "base64"));
        }
        for constraint in self.permissions.iter().filter_map(|permission| permission.constraint.as_ref()) {
            for (place, time) in [("o-dd:start", &constraint.start), ("o-dd:end", &constraint.end)] {
                if let Some(time) = time
                    && time.trim_end_matches('Z').parse::<jiff::civil::DateTime>().is_err()
                {
                    return Err(DocumentError::value(place, time, "a time such as 2026-12-31T23:59:59"));
                }
            }
            if let Some(interval) = &constraint.interval
                && (!interval.starts_with('P') || interval.parse::<jiff::Span>().is_err())
            {
                return Err(DocumentError::value("o-dd:interval", interval, "a duration such as P7D"));
            }
        }
        Ok(())
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &[], &["o-ex:context", "o-ex:agreement"], "o-ex:context and o-ex:agreement in o-ex:rights")?;
        let version = root.element("o-ex:context").and_then(|context| context.element("o-dd:version"));
        let missing = |name: &str, parent: &Element| DocumentError::new(name, DocumentProblem::Missing).at(parent.position);
        let agreement = root.element("o-ex:agreement").ok_or_else(|| missing("o-ex:agreement", root))?;
        check_names(agreement, &[], &["o-ex:asset", "o-ex:permission"], "o-ex:asset and o-ex:permission in o-ex:agreement")?;
        let asset = agreement.element("o-ex:asset").ok_or_else(|| missing("o-ex:asset", agreement))?;
        check_names(asset, &[], &["o-ex:context", "ds:KeyInfo"], "o-ex:context and ds:KeyInfo in o-ex:asset")?;
        let uid =
            asset.element("o-ex:context").and_then(|context| context.element("o-dd:uid")).ok_or_else(|| missing("o-dd:uid", asset))?;
        let key = asset.element("ds:KeyInfo").and_then(|info| info.element("ds:KeyValue"));
        let mut permissions = Vec::new();
        if let Some(permission) = agreement.element("o-ex:permission") {
            check_names(permission, &[], &KINDS.map(|(name, _)| name), "o-dd:play, display, execute and print in o-ex:permission")?;
            for element in permission.elements() {
                if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == element.name) {
                    check_names(element, &[], &["o-ex:constraint"], "o-ex:constraint")?;
                    let constraint = element.element("o-ex:constraint").map(Constraint::from_tree).transpose()?;
                    permissions.push(Permission { kind: *kind, constraint });
                }
            }
        }
        Ok(Self {
            version: version.map_or_else(|| "1.0".to_owned(), Element::text),
            uid: uid.text(),
            key: key.map(Element::text),
            permissions,
        })
    }

    pub(super) fn to_tree(&self) -> Element {
        let spaces = if self.key.is_some() { 3 } else { 2 };
        let root = NAMESPACES.iter().take(spaces).fold(Element::new("o-ex:rights"), |root, (name, uri)| root.with(*name, *uri));
        let uid = Element::new("o-ex:context").holding(Element::new("o-dd:uid").containing(self.uid.as_str()));
        let mut asset = Element::new("o-ex:asset").holding(uid);
        if let Some(key) = &self.key {
            asset = asset.holding(Element::new("ds:KeyInfo").holding(Element::new("ds:KeyValue").containing(key.as_str())));
        }
        let mut agreement = Element::new("o-ex:agreement").holding(asset);
        if !self.permissions.is_empty() {
            let permissions = self.permissions.iter().map(Permission::to_tree);
            agreement = agreement.holding(permissions.fold(Element::new("o-ex:permission"), Element::holding));
        }
        let version = Element::new("o-ex:context").holding(Element::new("o-dd:version").containing(self.version.as_str()));
        root.holding(version).holding(agreement)
    }
}

impl Permission {
    fn to_tree(&self) -> Element {
        let name = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("o-dd:play", |(name, _)| name);
        let element = Element::new(name);
        match &self.constraint {
            Some(constraint) => element.holding(constraint.to_tree()),
            None => element,
        }
    }
}

impl Constraint {
    fn from_tree(element: &Element) -> Result<Self, DocumentError> {
        let expected = "o-dd:count, o-dd:datetime and o-dd:interval in o-ex:constraint";
        check_names(element, &[], &["o-dd:count", "o-dd:datetime", "o-dd:interval"], expected)?;
        let count = match element.element("o-dd:count") {
            Some(count) => {
                let wrong = |_| DocumentError::value("o-dd:count", count.text(), "a whole number").at(count.position);
                Some(count.text().parse().map_err(wrong)?)
            }
            None => None,
        };
        let datetime = |name| Some(element.element("o-dd:datetime")?.element(name)?.text());
        let interval = element.element("o-dd:interval").map(Element::text);
        Ok(Self { count, start: datetime("o-dd:start"), end: datetime("o-dd:end"), interval })
    }

    fn to_tree(&self) -> Element {
        let mut element = Element::new("o-ex:constraint");
        if let Some(count) = self.count {
            element = element.holding(Element::new("o-dd:count").containing(count.to_string()));
        }
        if self.start.is_some() || self.end.is_some() {
            let mut datetime = Element::new("o-dd:datetime");
            for (name, time) in [("o-dd:start", &self.start), ("o-dd:end", &self.end)] {
                if let Some(time) = time {
                    datetime = datetime.holding(Element::new(name).containing(time.as_str()));
                }
            }
            element = element.holding(datetime);
        }
        match &self.interval {
            Some(interval) => element.holding(Element::new("o-dd:interval").containing(interval.as_str())),
            None => element,
        }
    }
}
