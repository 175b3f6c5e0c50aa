//! The logarithm of the softmax, of numbers of any size.

/// Logits on their way through a softmax: what it takes to make logarithms of probabilities of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSoftmax {
    scale: f64,
    top: f64,
    /// `ln sum exp(scale * logit - top)`.
    log_sum: f64,
}

impl LogSoftmax {
    /// Of `scale * logits`.
    pub fn new(logits: impl Iterator<Item = f32> + Clone, scale: f64) -> Self {
        let scaled = logits.map(|logit| scale * f64::from(logit));
        let top = scaled.clone().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scaled.map(|value| (value - top).exp()).sum();
        Self {
            scale,
            top,
            log_sum: sum.ln(),
        }
    }

    /// `ln softmax(scale * logits)` at one of them.
    pub fn at(&self, logit: f32) -> f64 {
        // The large ones first, so that nothing small is lost in their difference.
        (self.scale * f64::from(logit) - self.top) - self.log_sum
    }
}
