//! Scores that must be finite.

use crate::Error;

/// A score that is not finite, before it is known of which image or row it is.
#[derive(Debug)]
pub(crate) struct NotFiniteScore {
    score: String,
    value: f32,
}

impl NotFiniteScore {
    /// Looks for the first of named `scores` that is not finite.
    pub(crate) fn among<N: ToString>(
        scores: impl IntoIterator<Item = (N, f32)>,
    ) -> Result<(), Self> {
        match scores.into_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some((name, value)) => Err(Self {
                score: name.to_string(),
                value,
            }),
        }
    }

    /// Looks for the first number of a feature that is not finite.
    pub(crate) fn in_feature(feature: &[f32]) -> Result<(), Self> {
        match feature.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(column) => Err(Self {
                score: format!("feature {column}"),
                value: feature[column],
            }),
        }
    }

    /// The error of `input`, an image or a row.
    pub(crate) fn of(self, input: impl Into<String>) -> Error {
        Error::NotFiniteScore {
            input: input.into(),
            score: self.score,
            value: self.value,
        }
    }
}
