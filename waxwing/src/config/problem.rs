//! Mistakes in a configuration file: where, what, and the mend.

use std::fmt;
use std::path::Path;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as it was named, for people.
    pub file: String,
    /// Line, from 1; 0 where the mistake is about the file as a whole.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Section, key, what is wrong and how to mend it.
    pub message: String,
}

/// All mistakes of a file, in the order of their places. Never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// A file's text with its lines counted.
#[derive(Debug)]
pub(super) struct Source<'a> {
    file: String,
    text: &'a str,
}

// === impl Problem ===

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
        }
    }
}

// === impl Problems ===

impl Problems {
    /// A single mistake about the file as a whole.
    pub fn whole(file: &Path, message: impl Into<String>) -> Problems {
        Problems(vec![Problem { file: file.display().to_string(), line: 0, column: 0, message: message.into() }])
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|p| (p.line, p.column));
        self.0.dedup();
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, p) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{p}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

// === impl Source ===

impl<'a> Source<'a> {
    pub(super) fn new(file: &Path, text: &'a str) -> Source<'a> {
        Source { file: file.display().to_string(), text }
    }

    /// A mistake at an octet of the text.
    pub(super) fn problem(&self, offset: usize, message: String) -> Problem {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Problem {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        }
    }
}
