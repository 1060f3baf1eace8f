//! The machine's part of a report: groups of fields, looking like headers, with empty lines between (RFC 3464 2.1).

/// Most fields of one report that are looked at.
const MAX_FIELDS: usize = 20_000;

/// One group.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    fields: Vec<(&'a str, String)>,
}

impl Fields<'_> {
    /// A field's first value, with its lines joined.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a field that begins with a type, without it: `rfc822; user@example.com`.
    pub(super) fn typed(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let value = value.split_once(';').map_or(value, |(_, value)| value).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// All groups of a text.
pub(super) fn groups(text: &str) -> Vec<Fields<'_>> {
    let mut groups: Vec<Fields<'_>> = Vec::new();
    let mut open = false;
    let mut count = 0;
    for line in text.lines() {
        if line.trim().is_empty() {
            open = false;
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = groups.last_mut().filter(|_| open).and_then(|group| group.fields.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        count += 1;
        if count > MAX_FIELDS {
            break;
        }
        if !open {
            groups.push(Fields::default());
            open = true;
        }
        if let Some(group) = groups.last_mut() {
            group.fields.push((name.trim(), value.trim().to_owned()));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_groups() {
        let found =
            groups(" lost\n\nReporting-MTA: dns; a.example\n\n\nFinal-Recipient: rfc822;\n b@example.com\nno field\n Action: lost\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].typed("reporting-mta").as_deref(), Some("a.example"));
        assert_eq!(found[1].typed("Final-Recipient").as_deref(), Some("b@example.com Action: lost"));
        assert_eq!(found[1].get("Action"), None);
    }
}
