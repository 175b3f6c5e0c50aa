//! What a cache was made from.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::shard::Shard;
use super::{FINGERPRINT_KEY, ORIGIN_KEY, SHARD_KEY};

/// A digest of the weights, the preprocessing and the list that features are made from.
///
/// The list is covered by its names, and by the lengths of the image files where
/// [`images`](super::FingerprintBuilder::images) adds them. An image that changes under the same name to
/// another one of exactly the same length goes unnoticed: noticing would mean reading every image,
/// which is what a cache avoids.
///
/// # Example
/// ```
/// use countenance::data::cache::Fingerprint;
/// use countenance::data::image::Preprocessing;
///
/// let names = ["1/00001.jpg", "1/00002.jpg"];
/// let make = |size| {
///     Fingerprint::builder()
///         .weights(b"the checkpoint's bytes")
///         .preprocessing(&Preprocessing::imagenet(size))
///         .rows(names)
///         .build()
/// };
/// assert_eq!(make(224), make(224));
/// assert_ne!(make(224).to_hex(), make(260).to_hex());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    pub(super) weights: String,
    pub(super) preprocessing: String,
    pub(super) list: String,
    /// Of the rows' names alone, for [`merge`](super::merge) to check them by.
    pub(super) names: String,
    /// The part of the list that is there; nothing if it is all of it.
    pub(super) shard: Option<Shard>,
    /// What made the features, in words; the digest of the weights covers it.
    pub(super) origin: Option<String>,
}

impl Fingerprint {
    /// The same for one part of the list only: [`merge`](super::merge) makes one cache of all parts.
    pub fn of_shard(self, shard: Shard) -> Self {
        Self {
            shard: Some(shard),
            ..self
        }
    }

    /// The whole as 64 hexadecimal digits: SHA-256 over the three parts' digests, and the shard if it
    /// is one.
    pub fn to_hex(&self) -> String {
        let mut whole = Sha256::new();
        for part in self.parts() {
            whole.update(part.digest);
        }
        if let Some(shard) = self.shard {
            whole.update(shard.to_string());
            whole.update(&self.names);
        }
        hex(whole)
    }

    /// The fingerprint of the whole that a cache with `metadata` is a shard of; nothing if the
    /// metadata are not those of a shard, or contradict themselves.
    pub(super) fn of_whole(metadata: &BTreeMap<String, String>) -> Option<Self> {
        let part = |key: &str| metadata.get(key).cloned();
        let shard = Self {
            weights: part(WEIGHTS_KEY)?,
            preprocessing: part(PREPROCESSING_KEY)?,
            list: part(LIST_KEY)?,
            names: part(NAMES_KEY)?,
            shard: Some(part(SHARD_KEY)?.parse().ok()?),
            origin: part(ORIGIN_KEY),
        };
        let fits = part(FINGERPRINT_KEY)? == shard.to_hex();
        fits.then_some(Self {
            shard: None,
            ..shard
        })
    }

    /// Whether the rows are named exactly `names`.
    pub(super) fn is_of_rows(&self, names: &[String]) -> bool {
        Self::builder().rows(names).build().names == self.names
    }

    /// The metadata that a cache carries.
    pub(super) fn metadata(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let parts = self
            .parts()
            .map(|part| (part.key.to_string(), part.digest.to_string()));
        let shard = self.shard.map(|shard| {
            [
                (SHARD_KEY.to_string(), shard.to_string()),
                (NAMES_KEY.to_string(), self.names.clone()),
            ]
        });
        let origin = self.origin.iter();
        let origin = origin.map(|origin| (ORIGIN_KEY.to_string(), origin.clone()));
        parts
            .into_iter()
            .chain([(FINGERPRINT_KEY.to_string(), self.to_hex())])
            .chain(shard.into_iter().flatten())
            .chain(origin)
    }

    /// Whether a cache with `metadata` was made with the same weights.
    pub(super) fn has_weights_of(&self, metadata: &BTreeMap<String, String>) -> bool {
        metadata.get(WEIGHTS_KEY) == Some(&self.weights)
    }

    /// How a cache with `metadata` was made otherwise than this; `None` if it was made like this.
    pub(super) fn difference(&self, metadata: &BTreeMap<String, String>) -> Option<String> {
        match metadata.get(FINGERPRINT_KEY) {
            None => return Some("a cache without a fingerprint".into()),
            Some(found) if *found == self.to_hex() => return None,
            Some(_) => {}
        }
        let shard = self.shard.map(|shard| shard.to_string());
        if metadata.get(SHARD_KEY) != shard.as_ref() {
            return Some(match metadata.get(SHARD_KEY) {
                Some(found) => format!("a cache of part {found}"),
                None => "a cache of all parts".into(),
            });
        }
        let other: Vec<_> = self
            .parts()
            .into_iter()
            .filter(|part| {
                metadata
                    .get(part.key)
                    .is_some_and(|found| found != part.digest)
            })
            .map(|part| format!("another {}", part.what))
            .collect();
        Some(match other.as_slice() {
            [] => "a cache with another fingerprint".into(),
            other => format!("a cache made with {}", other.join(" and ")),
        })
    }

    fn parts(&self) -> [Part<'_>; 3] {
        [
            Part {
                key: WEIGHTS_KEY,
                what: "set of weights or kind of feature",
                digest: &self.weights,
            },
            Part {
                key: PREPROCESSING_KEY,
                what: "preprocessing",
                digest: &self.preprocessing,
            },
            Part {
                key: LIST_KEY,
                what: "list of images",
                digest: &self.list,
            },
        ]
    }
}

const WEIGHTS_KEY: &str = "fingerprint_weights";
const PREPROCESSING_KEY: &str = "fingerprint_preprocessing";
const LIST_KEY: &str = "fingerprint_rows";
/// Only in a shard.
const NAMES_KEY: &str = "fingerprint_names";

/// One of the things that a fingerprint covers.
struct Part<'a> {
    /// Its metadata key.
    key: &'static str,
    /// Its name in errors.
    what: &'static str,
    digest: &'a str,
}

/// A digest as hexadecimal digits.
pub(super) fn hex(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::FingerprintBuilder;
    use super::*;
    use crate::data::image::{AugmentationConfig, Preprocessing};

    fn base() -> FingerprintBuilder {
        Fingerprint::builder()
            .weights(b"weights")
            .preprocessing(&Preprocessing::imagenet(224))
            .rows(["ab", "c"])
    }

    #[test]
    fn every_input_and_every_border_between_inputs_counts() {
        let changed = [
            base().weights(b"").build(),
            base().preprocessing(&AugmentationConfig::new()).build(),
            base().rows(["d"]).build(),
            Fingerprint::builder()
                .weights(b"weights")
                .preprocessing(&Preprocessing::imagenet(224))
                .rows(["a", "bc"])
                .build(),
            Fingerprint::builder().build(),
        ];
        for (place, one) in changed.iter().enumerate() {
            assert_ne!(one.to_hex(), base().build().to_hex());
            assert!(
                changed[place + 1..]
                    .iter()
                    .all(|other| other.to_hex() != one.to_hex())
            );
        }
    }

    #[test]
    fn a_file_counts_as_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pt");
        let bytes: Vec<u8> = (0..200_000u32).map(|value| value as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let from_file = Fingerprint::builder().weights_file(&path).unwrap().build();
        assert_eq!(from_file, Fingerprint::builder().weights(&bytes).build());
        let missing = Fingerprint::builder()
            .weights_file(Path::new("no.pt"))
            .unwrap_err();
        assert!(missing.to_string().contains("no.pt"));
    }

    #[test]
    fn images_count_as_their_lengths() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.jpg", "b.jpg"].map(|name| folder.path().join(name));
        let print = || base().images(&paths).build();
        let none = print();
        std::fs::write(&paths[0], b"face").unwrap();
        let one = print();
        std::fs::write(&paths[1], b"face").unwrap();
        let both = print();
        std::fs::write(&paths[1], b"another face").unwrap();
        let changed = print();
        let different = [&none, &one, &both, &changed, &base().build()];
        for (place, one) in different.iter().enumerate() {
            assert!(different[place + 1..].iter().all(|other| one != other));
        }
        std::fs::write(&paths[1], b"FACE").unwrap();
        assert_eq!(print(), both);
    }

    #[test]
    fn the_digest_does_not_change_between_versions() {
        // Computed with Python's hashlib.
        let expected = "7e3415d2745aebeef1cc1c747235c8c812c682d52ae040be3cf9a06984d63cdd";
        assert_eq!(base().build().to_hex(), expected);
    }

    #[test]
    fn an_origin_stands_in_the_metadata_and_not_in_the_digest() {
        let said = base().origin("a backbone").build();
        assert_eq!(said.to_hex(), base().build().to_hex());
        let metadata: BTreeMap<_, _> = said.metadata().collect();
        assert_eq!(metadata["origin"], "a backbone");
        assert_eq!(base().build().difference(&metadata), None);
        assert!(base().rows(["d"]).build().has_weights_of(&metadata));
        assert!(!base().weights(b"more").build().has_weights_of(&metadata));

        let shard = said.clone().of_shard("2/3".parse().unwrap());
        let metadata: BTreeMap<_, _> = shard.metadata().collect();
        assert_eq!(Fingerprint::of_whole(&metadata), Some(said));
    }

    #[test]
    fn the_parts_that_differ_are_named() {
        let metadata: BTreeMap<_, _> = base().build().metadata().collect();
        assert_eq!(base().build().difference(&metadata), None);
        let other = base().weights(b"more").rows(["d"]).build();
        assert_eq!(
            other.difference(&metadata).unwrap(),
            "a cache made with another set of weights or kind of feature and another list of images"
        );
        assert!(
            other
                .difference(&BTreeMap::new())
                .unwrap()
                .contains("without a fingerprint")
        );
        let foreign = BTreeMap::from([("fingerprint".to_string(), "other".to_string())]);
        assert!(
            other
                .difference(&foreign)
                .unwrap()
                .contains("another fingerprint")
        );
    }
}
