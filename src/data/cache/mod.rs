//! Features on disk, so that a frozen backbone runs once.
//!
//! A cache is a safetensors file with one float32 tensor `features` of shape `[rows, width]`, rows
//! in file order. Its metadata hold `rows`, a JSON array of the rows' names, and `fingerprint`, a
//! SHA-256 over the weights, the preprocessing and the list that the features were made from (and
//! the three parts on their own, to tell which one differs). A cache whose fingerprint does not
//! match is refused or reported as stale, never silently used. Several machines each make a
//! [`Shard`] of the rows, named by `shard` in its metadata, and [`merge`] puts them together.
//!
//! A row is finite, or NaN throughout: the mark of an image that has no feature, because it could not
//! be read or a file of features that was [given](super::feature) lacks it. Nothing else is written,
//! and nothing else is read. What made the features stands under `origin`, for a model to
//! [tell](crate::extract::Origin) whether they are its own.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("features.safetensors");
//! use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
//!
//! let names = ["a.jpg".to_string(), "b.jpg".to_string()];
//! let made_from = |weights: &[u8]| Fingerprint::builder().weights(weights).rows(&names).build();
//! let mut writer = CacheWriter::open(&path, &names, 3, &made_from(b"first"))?;
//! writer.push(&[0.1, 0.2, 0.3])?;
//! writer.push(&[0.4, 0.5, 0.6])?;
//! writer.finish()?;
//!
//! let cache = FeatureCache::open_matching(&path, &made_from(b"first"))?;
//! assert_eq!(cache.row(1), [0.4, 0.5, 0.6]);
//! // The same images through other weights are other features.
//! assert!(FeatureCache::open_matching(&path, &made_from(b"second")).is_err());
//! # Ok::<(), countenance::Error>(())
//! ```

mod builder;
mod fingerprint;
pub(in crate::data) mod header;
pub(in crate::data) mod map;
mod merge;
mod partial;
pub(in crate::data) mod reader;
pub(in crate::data) mod row;
mod shard;
mod writer;

pub use self::builder::FingerprintBuilder;
pub use self::fingerprint::Fingerprint;
pub use self::merge::merge;
pub use self::reader::{FeatureCache, Lookup};
pub use self::row::is_absent;
pub use self::shard::Shard;
pub use self::writer::CacheWriter;

/// The name of the tensor.
pub const TENSOR: &str = "features";
/// The metadata key of the rows' names.
pub const ROWS_KEY: &str = "rows";
/// The metadata key of the fingerprint.
pub const FINGERPRINT_KEY: &str = "fingerprint";
/// The metadata key of what made the features.
pub const ORIGIN_KEY: &str = "origin";
/// The metadata key of the part of the rows that a file holds, where it is not all of them.
pub const SHARD_KEY: &str = "shard";
