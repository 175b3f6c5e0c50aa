//! Where in a feature file something stands, for errors that say so.

use std::path::Path;

use crate::Error;

/// A file, or a member of the archive that it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub path: &'a Path,
    /// The member's name, in an archive.
    pub member: Option<&'a str>,
}

impl<'a> Place<'a> {
    pub fn of(path: &'a Path) -> Self {
        Self { path, member: None }
    }

    /// An [`Error::File`].
    pub fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        let mut expected = expected.into();
        if let Some(member) = self.member {
            expected = format!("{expected} in {member:?}");
        }
        Error::file(self.path, expected, found)
    }
}
