//! Whether the feature files of a run are of its data, before it creates anything.

use super::config::GivenFeatures;
use crate::Result;
use crate::data::split::Split;
use crate::network::NetworkConfig;

/// Checks that the features of `given` are those of both splits, and creates nothing.
///
/// # Errors
/// As [`FeatureFiles::join_to`](crate::data::feature::FeatureFiles::join_to).
pub(in crate::train) fn check_features(
    given: &GivenFeatures,
    training: &Split,
    validation: &Split,
) -> Result<()> {
    let files = given.open()?;
    NetworkConfig::paper(files.width()).validate()?;
    for (name, split) in [("training", training), ("validation", validation)] {
        files.join_to(&names(split), &set(name))?;
    }
    Ok(())
}

/// The names of the rows of a split.
pub(super) fn names(split: &Split) -> Vec<String> {
    split.rows.iter().map(|row| row.image.clone()).collect()
}

/// What errors call those rows.
pub(super) fn set(name: &str) -> String {
    format!("the {name} set")
}
