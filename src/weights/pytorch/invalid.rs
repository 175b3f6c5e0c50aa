//! The error that a damaged file gives.

use std::io;

/// An error on what a file holds.
pub(super) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}
