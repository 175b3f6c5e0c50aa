//! What of a frame is remembered for those around it.

/// What was seen of a person in one frame.
#[derive(Clone, Copy)]
pub(crate) struct Glimpse<'a> {
    /// In seconds.
    pub(crate) time: f64,
    /// The feature of each member.
    pub(crate) features: &'a [Vec<f32>],
}
