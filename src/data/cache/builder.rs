//! A fingerprint, put together from what it covers.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use burn::config::Config;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::fingerprint::{Fingerprint, hex};
use crate::{Error, Result};

impl Fingerprint {
    /// Starts a fingerprint of nothing.
    pub fn builder() -> FingerprintBuilder {
        FingerprintBuilder::default()
    }
}

/// Builds a [`Fingerprint`]; every method adds to what was given before.
#[derive(Clone, Debug, Default)]
pub struct FingerprintBuilder {
    weights: Sha256,
    preprocessing: Sha256,
    list: Sha256,
    names: Sha256,
    origin: Option<String>,
}

impl FingerprintBuilder {
    /// Adds weights that are in memory.
    pub fn weights(mut self, bytes: &[u8]) -> Self {
        add(&mut self.weights, bytes);
        self
    }

    /// Adds a file of weights, byte by byte.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read.
    pub fn weights_file(mut self, path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(Error::io("read", path))? {
                0 => break,
                read => digest.update(&buffer[..read]),
            }
        }
        self.weights.update(digest.finalize());
        Ok(self)
    }

    /// Says in words what made the features, for the cache to carry as
    /// [`ORIGIN_KEY`](super::ORIGIN_KEY). It is no part of the digest: whatever it says must
    /// follow from the weights that are added.
    pub fn origin(self, text: impl Into<String>) -> Self {
        Self {
            origin: Some(text.into()),
            ..self
        }
    }

    /// Adds a config of what happens to an image before the network: preprocessing, augmentation.
    pub fn preprocessing(mut self, config: &impl Config) -> Self {
        let json =
            serde_json::to_vec(config).expect("a config is written as JSON by its own trait");
        add(&mut self.preprocessing, &json);
        self
    }

    /// Adds the rows' names, in order.
    pub fn rows<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        for name in names {
            add(&mut self.list, name.as_ref().as_bytes());
            add(&mut self.names, name.as_ref().as_bytes());
        }
        self
    }

    /// Adds the lengths of the images' files, in order, so that a cache of images that were
    /// exchanged, cut out anew or have vanished since is not taken for a cache of these. Times do
    /// not count: a copy of the images has the same fingerprint.
    pub fn images<P: AsRef<Path> + Sync>(mut self, paths: &[P]) -> Self {
        let length = |path: &P| std::fs::metadata(path).map_or(u64::MAX, |data| data.len());
        let lengths: Vec<u64> = paths.par_iter().map(length).collect();
        for length in lengths {
            add(&mut self.list, &length.to_le_bytes());
        }
        self
    }

    /// The fingerprint of all that was added.
    pub fn build(self) -> Fingerprint {
        Fingerprint {
            weights: hex(self.weights),
            preprocessing: hex(self.preprocessing),
            list: hex(self.list),
            names: hex(self.names),
            shard: None,
            origin: self.origin,
        }
    }
}

/// Adds the digest of `item` rather than `item`, so that items cannot run into one another.
fn add(part: &mut Sha256, item: &[u8]) {
    part.update(Sha256::digest(item));
}
