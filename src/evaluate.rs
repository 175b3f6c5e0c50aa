//! A network's scores on labelled rows, from their cached features.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("features.safetensors");
//! use burn::tensor::Device;
//! use countenance::Labels;
//! use countenance::data::cache::{CacheWriter, Fingerprint};
//! use countenance::evaluate::{evaluate, evaluate_in_detail};
//! use countenance::metric::bootstrap::Bootstrap;
//! use countenance::metric::group::Groups;
//! use countenance::network::NetworkConfig;
//!
//! let names = ["a.jpg".to_string(), "b.jpg".to_string()];
//! let fingerprint = Fingerprint::builder().rows(&names).build();
//! let mut writer = CacheWriter::open(&path, &names, 4, &fingerprint)?;
//! writer.push(&[0.1, -0.2, 0.3, 0.0])?;
//! writer.push(&[0.5, 0.1, -0.3, 0.2])?;
//! let cache = writer.finish()?;
//! let labels = [Some(0), Some(4)].map(|expression| Labels { expression, ..Labels::default() });
//!
//! let config = NetworkConfig::new(4);
//! let device = Device::default();
//! let network = config.init(&device);
//! let evaluation = evaluate(&network, &cache, &labels, &device)?;
//! // Nothing but expressions is labelled: nothing else has a score.
//! assert!(evaluation.report.p_ex.is_some() && evaluation.report.p_au.is_none());
//! assert_eq!(evaluation.confusion.rows(), 2);
//!
//! // What other papers report of expressions, and how far it would move with other rows.
//! let rows = (&Groups::rows(2), &Bootstrap::default());
//! let detailed = evaluate_in_detail(&network, &cache, &labels, Some(rows), &device)?;
//! assert_eq!(detailed.report, evaluation.report);
//! assert!(detailed.detail.unwrap().ex_accuracy.is_some());
//! assert!(detailed.intervals.unwrap().get("ex_accuracy", None).is_some());
//! # Ok::<(), countenance::Error>(())
//! ```

mod decided;
mod evaluation;
mod judge;
mod model;

use burn::tensor::Device;

use crate::data::cache::FeatureCache;
use crate::extract::{Origin, is_readable};
use crate::metric::bootstrap::Bootstrap;
use crate::metric::group::Groups;
use crate::model::ModelConfig;
use crate::network::Network;
use crate::predict::{Filling, Frames};
use crate::smoothing::Sequences;
use crate::{Labels, Result};

pub use self::decided::Decided;
pub use self::evaluation::Evaluation;
pub(crate) use self::evaluation::table;
pub use self::judge::{Judge, judge};
pub use self::model::evaluate_model;

/// Scores `network` on the rows of `cache`, whose labels are `labels`, in the order of its own
/// vocabulary.
///
/// A task that the network was not trained for has no score. Rows of unreadable images are left
/// out.
///
/// A network with a temporal head reads each row alone here; see [`evaluate_in_time`].
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) if labels are of more action units or expressions than the
/// network has; [`Error::File`](crate::Error::File) if the features are of another width, or the cache
/// says that another backbone made them;
/// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore), which names the row, if a score is not
/// finite.
///
/// # Panics
/// If the cache and the labels differ in rows.
pub fn evaluate(
    network: &Network,
    cache: &FeatureCache,
    labels: &[Labels],
    device: &Device,
) -> Result<Evaluation> {
    judged(network, cache, labels, None, Judge::default(), device)
}

/// As [`evaluate`], of rows of which `sequences` say which are frames of which video: a network with a temporal
/// head reads each with those around it.
///
/// # Errors
/// As [`evaluate`]; [`Error::Argument`](crate::Error::Argument) if the sequences are of another number of rows.
///
/// # Panics
/// If the cache and the labels differ in rows.
pub fn evaluate_in_time(
    network: &Network,
    cache: &FeatureCache,
    labels: &[Labels],
    sequences: &Sequences,
    device: &Device,
) -> Result<Evaluation> {
    let settings = Judge::default();
    judged(network, cache, labels, Some(sequences), settings, device)
}

/// As [`evaluate`], of rows read alone, with the further scores of a [`Detail`](crate::metric::detail::Detail) and, where groups
/// are given, an interval of every score.
///
/// # Errors
/// As [`evaluate`]; [`Error::Argument`](crate::Error::Argument) if the settings of the intervals are impossible.
///
/// # Panics
/// If the cache and the labels, or the groups, differ in rows.
pub fn evaluate_in_detail(
    network: &Network,
    cache: &FeatureCache,
    labels: &[Labels],
    intervals: Option<(&Groups, &Bootstrap)>,
    device: &Device,
) -> Result<Evaluation> {
    let judge = Judge {
        in_detail: true,
        intervals,
        ..Judge::default()
    };
    judged(network, cache, labels, None, judge, device)
}

fn judged(
    network: &Network,
    cache: &FeatureCache,
    labels: &[Labels],
    sequences: Option<&Sequences>,
    settings: Judge,
    device: &Device,
) -> Result<Evaluation> {
    let config = &network.config;
    assert_eq!(
        cache.rows(),
        labels.len(),
        "the cache must have a row for each label"
    );
    let vocabulary = config.vocabulary();
    let settings = Judge {
        tasks: Some(config.tasks),
        ..settings
    };
    settings.check(&vocabulary, labels)?;
    cache.check_width(config.feature_width)?;
    if let (Some(backbone), Some(made)) = (&network.backbone, &config.backbone) {
        Origin::new(backbone, made, config.feature).check(cache)?;
    }
    let trained = ModelConfig::Network(config.clone()).vocabulary();
    let name = |row| cache.describe(row);
    let mut table = Filling::of_network(network, sequences.is_some(), trained, device);
    match sequences.filter(|_| network.temporal.is_some()) {
        Some(sequences) => {
            let mut copy = |row, out: &mut [f32]| out.copy_from_slice(cache.row(row));
            let frames = Frames::new(network, sequences, cache.rows(), device)?;
            frames.each(&mut copy, &name, &mut |feature| table.push(feature, &name))?;
        }
        None => {
            for row in 0..cache.rows() {
                let feature = cache.row(row);
                table.push(is_readable(feature).then_some(feature), &name)?;
            }
        }
    }
    judge(&table.finish(&name)?, &vocabulary, labels, &settings)
}
