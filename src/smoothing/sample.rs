//! What is smoothed.

/// Values at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// In seconds.
    pub time: f64,
    /// The values; one that is not finite is missing.
    pub values: Vec<f32>,
}
