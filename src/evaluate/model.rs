//! The scores of any model on labelled rows.

use burn::tensor::Device;

use super::evaluation::Evaluation;
use super::judge::{Judge, judge};
use crate::data::cache::FeatureCache;
use crate::extract::{Origin, is_readable};
use crate::model::Model;
use crate::network::Tasks;
use crate::predict::Filling;
use crate::{Labels, Result};

/// As [`evaluate`](super::evaluate()), of any model.
///
/// # Errors
/// As [`evaluate`](super::evaluate()).
///
/// # Panics
/// If the cache and the labels differ in rows.
pub fn evaluate_model(
    model: &Model,
    cache: &FeatureCache,
    labels: &[Labels],
    device: &Device,
) -> Result<Evaluation> {
    assert_eq!(
        cache.rows(),
        labels.len(),
        "the cache must have a row for each label"
    );
    let config = model.config();
    let trained = config.vocabulary();
    let settings = Judge {
        tasks: Some(Tasks {
            action_unit: !trained.action_units.is_empty(),
            expression: !trained.expressions.is_empty(),
            valence_arousal: trained.valence_arousal.is_some(),
        }),
        ..Judge::default()
    };
    let vocabulary = config.label_vocabulary();
    settings.check(&vocabulary, labels)?;
    cache.check_width(config.feature_width())?;
    if let (Some(backbone), Some(made)) = (model.backbone(), config.backbone()) {
        Origin::new(backbone, made, config.feature()).check(cache)?;
    }
    let heads = |features| model.forward(features);
    let mut table = Filling::new(heads, trained, cache.width(), device);
    let name = |row| cache.describe(row);
    for row in 0..cache.rows() {
        let feature = cache.row(row);
        table.push(is_readable(feature).then_some(feature), &name)?;
    }
    judge(&table.finish(&name)?, &vocabulary, labels, &settings)
}
