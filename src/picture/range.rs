//! Values that are drawn whatever they are.

/// A value in its range; zero if it is no number.
pub(super) fn within(value: f32, low: f32, high: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(low, high)
    }
}
