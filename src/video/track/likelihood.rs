//! Which is likelier: that a face is somebody's who is known, or somebody's who is new?

use super::config::TrackerConfig;
use super::look::Look;
use super::motion::Fit;

/// The logarithm of the density of people who were not seen before, in sides of a face squared and in
/// logarithms of its side.
const NEW: f64 = -11.0;
/// What two looks are alike that are as often one person's as two people's.
const ALIKE: f64 = 0.5;

/// By how much (as a logarithm) a face is likelier to be somebody's than somebody new's, whose place and
/// look fit so.
pub(super) fn gain(
    density: f64,
    known: Option<&Look>,
    look: Option<&Look>,
    config: &TrackerConfig,
) -> f64 {
    let likeness = known
        .zip(look)
        .map_or(0.0, |(known, look)| f64::from(known.likeness(look)) - ALIKE);
    density - NEW + config.likeness * likeness
}

/// The density there, unless it is too far away.
pub(super) fn within(fit: &Fit, reach: f64) -> Option<f64> {
    (fit.squared <= reach.powi(2)).then_some(fit.density)
}
