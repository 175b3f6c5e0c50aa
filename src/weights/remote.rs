//! A published file: where it is, and how it is told from another one.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// A file that can be fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteFile {
    /// The name of the file in the cache.
    pub file: String,
    /// Its address.
    pub url: String,
    /// Its length in bytes, where it is known.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal, where it is known.
    pub sha256: Option<String>,
}

impl RemoteFile {
    /// What is wrong with the file at `path`, if it is not this one; as far as length and digest are
    /// known.
    pub(super) fn differs(&self, path: &Path) -> Result<Option<String>> {
        if self.size.is_none() && self.sha256.is_none() {
            return Ok(None);
        }
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let mut hash = Sha256::new();
        let size = io::copy(&mut file, &mut hash).map_err(Error::io("read", path))?;
        if let Some(expected) = self.size.filter(|&expected| expected != size) {
            return Ok(Some(format!("it has {size} bytes, not {expected}")));
        }
        let digest = hash.finalize();
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(match &self.sha256 {
            Some(expected) if !expected.eq_ignore_ascii_case(&digest) => {
                Some(format!("its SHA-256 is {digest}, not {expected}"))
            }
            _ => None,
        })
    }
}
