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

use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;

use crate::data::cache::FeatureCache;
use crate::extract::{Origin, is_readable};
use crate::label::Vocabulary;
use crate::matrix::Matrix;
use crate::metric::bootstrap::Bootstrap;
use crate::metric::chance::chance;
use crate::metric::confusion::Confusion;
use crate::metric::detail::Detail;
use crate::metric::group::Groups;
use crate::metric::interval::Intervals;
use crate::metric::sample::Sample;
use crate::metric::{Report, RowScores, ScoreAccumulator};
use crate::network::{Network, Tasks};
use crate::{Error, Labels, Result};

/// Rows in a batch; only speed and memory depend on it.
const BATCH: usize = 1024;

/// A network's scores, and what they are to be held against.
///
/// Written as JSON it is the report, with `chance`, a report of its own, and `tasks` beside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The scores.
    #[serde(flatten)]
    pub report: Report,
    /// What a predictor that knows only how common each label is would score on the same rows.
    pub chance: Report,
    /// What the network was trained to read. The rows of the report are those with labels, whether
    /// it reads them or not.
    pub tasks: Tasks,
    /// Which expressions were taken for which.
    #[serde(skip)]
    pub confusion: Confusion,
    /// Further scores, where they were asked for; their keys stand beside the report's.
    #[serde(flatten)]
    pub detail: Option<Detail>,
    /// An interval of every score, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Intervals>,
}

impl Evaluation {
    /// The scores as text, with chance below each, and what the network does not read; then the further
    /// scores and the intervals, where they were asked for.
    pub fn table(&self) -> String {
        let mut text = table(&self.report, &self.chance, &self.tasks);
        match (&self.detail, &self.intervals) {
            (_, Some(intervals)) => text.push_str(&format!("\n{}", intervals.table())),
            (Some(detail), None) => text.push_str(&format!("\n{}", detail.table())),
            (None, None) => {}
        }
        text
    }
}

/// `report` beside `chance` as text, and what a network of `tasks` does not read.
pub(crate) fn table(report: &Report, chance: &Report, tasks: &Tasks) -> String {
    let mut text = report.table(Some(chance));
    for (read, what) in [
        (tasks.action_unit, "action units"),
        (tasks.expression, "expressions"),
        (tasks.valence_arousal, "valence and arousal"),
    ] {
        if !read {
            text.push_str(&format!("the model reads no {what}: they have no score\n"));
        }
    }
    text
}

/// Scores `network` on the rows of `cache`, whose labels are `labels`, in the order of its own
/// vocabulary.
///
/// A task that the network was not trained for has no score. Rows of unreadable images are left
/// out.
///
/// # Errors
/// [`Error::Argument`] if labels are of more action units or expressions than the
/// network has; [`Error::File`] if the features are of another width, or the cache
/// says that another backbone made them;
/// [`Error::NotFiniteScore`], which names the row, if a score is not
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
    evaluate_each(network, cache, labels, device, |_, _, _| ())
}

/// As [`evaluate`], with the further scores of a [`Detail`] and, where groups are given, an interval of
/// every score.
///
/// # Errors
/// As [`evaluate`]; [`Error::Argument`] if the settings of the intervals are impossible.
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
    if let Some((groups, bootstrap)) = intervals {
        bootstrap.check()?;
        let rows = groups.of_rows().len();
        assert_eq!(rows, labels.len(), "a group for each row");
    }
    let mut sample = Sample::new(&network.config.vocabulary());
    let mut kept = Vec::new();
    let found = evaluate_each(network, cache, labels, device, |row, labels, scores| {
        sample.push(labels, scores);
        kept.push(row);
    })?;
    Ok(Evaluation {
        detail: Some(sample.detail()),
        intervals: intervals
            .map(|(groups, bootstrap)| sample.intervals(&groups.select(kept), bootstrap)),
        ..found
    })
}

/// As [`evaluate`]; `each` is given every row that counts, its labels and its scores.
fn evaluate_each(
    network: &Network,
    cache: &FeatureCache,
    labels: &[Labels],
    device: &Device,
    mut each: impl FnMut(usize, &Labels, &RowScores),
) -> Result<Evaluation> {
    let config = &network.config;
    assert_eq!(
        cache.rows(),
        labels.len(),
        "the cache must have a row for each label"
    );
    let vocabulary = config.vocabulary();
    check(labels, &vocabulary)?;
    cache.check_width(config.feature_width)?;
    if let (Some(backbone), Some(made)) = (&network.backbone, &config.backbone) {
        Origin::new(backbone, made, config.feature).check(cache)?;
    }
    let width = cache.width();
    let readable: Vec<usize> = (0..cache.rows())
        .filter(|&row| is_readable(cache.row(row)))
        .collect();
    // Every score that the network was trained for, labelled or not.
    let all = Labels {
        valence_arousal: [Some(0.0); 2],
        expression: (!vocabulary.expressions.is_empty()).then_some(0),
        action_units: vec![Some(0.0); vocabulary.action_units.len()],
        ..Labels::default()
    };
    let asked = config.tasks.labels(&all);
    let mut accumulator = ScoreAccumulator::new(&vocabulary);
    for rows in readable.chunks(BATCH) {
        let features: Vec<f32> = rows
            .iter()
            .flat_map(|&row| cache.row(row))
            .copied()
            .collect();
        let features = TensorData::new(features, [rows.len(), width]);
        let output = network.forward(Tensor::from_data(features, device));
        let matrix = |scores| Matrix::of(scores, rows.len());
        let action_units = matrix(output.action_units);
        let logits = matrix(output.expression_logits);
        let affect = matrix(Some(output.valence_arousal));
        for (position, &row) in rows.iter().enumerate() {
            let scores = RowScores {
                action_units: action_units.row(position),
                expression_logits: logits.row(position),
                valence_arousal: affect.pair(position).unwrap_or_default(),
            };
            scores
                .check(&vocabulary, &asked)
                .map_err(|found| found.of(cache.describe(row)))?;
            let labels = config.tasks.labels(&labels[row]);
            accumulator.push(&labels, &scores)?;
            each(row, &labels, &scores);
        }
    }
    let chance = chance(&vocabulary, readable.iter().map(|&row| &labels[row]));
    let confusion = accumulator.confusion().clone();
    Ok(Evaluation {
        report: Report {
            rows: chance.rows,
            ..accumulator.report()
        },
        chance,
        tasks: config.tasks,
        confusion,
        detail: None,
        intervals: None,
    })
}

/// Looks for labels that cannot be in the order of `vocabulary`.
fn check(labels: &[Labels], vocabulary: &Vocabulary) -> Result<()> {
    let (units, classes) = (vocabulary.action_units.len(), vocabulary.expressions.len());
    for (row, labels) in labels.iter().enumerate() {
        let what = || format!("labels of row {row}");
        if labels.action_units.len() > units {
            let expected = format!("{units} action units at most, the network's");
            return Err(Error::argument(what(), expected, labels.action_units.len()));
        }
        if let Some(class) = labels.expression.filter(|&class| class >= classes) {
            let expected = format!("one of the network's {classes} expressions, counted from 0");
            return Err(Error::argument(what(), expected, class));
        }
    }
    Ok(())
}
