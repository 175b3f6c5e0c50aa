//! The batch's statistics on their way from a fused operation to its norms' running ones.

use std::sync::{Arc, OnceLock};

use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};

/// The mean and the population variance of each channel.
pub(super) type MeanAndVariance = [Vec<f32>; 2];

/// Where an operation leaves what its norms have seen, in their order; nothing for a norm that does
/// not take part in training.
#[derive(Clone, Debug, Default)]
pub(super) struct Statistics(Arc<OnceLock<Vec<Option<MeanAndVariance>>>>);

impl Statistics {
    /// Leaves them; the first ones stay.
    pub fn set(&self, all: Vec<Option<MeanAndVariance>>) {
        // An operation runs forward once.
        let _ = self.0.set(all);
    }

    /// Moves the running statistics of `norms` towards these, as burn's `BatchNorm` does.
    ///
    /// # Panics
    /// If the operation has not left any.
    pub fn move_running(&self, norms: &[&BatchNorm], device: &Device) {
        let all = self.0.get().expect("the operation has run");
        for (found, norm) in all.iter().zip(norms) {
            let Some(found) = found else { continue };
            let running = [&norm.running_mean, &norm.running_var];
            for (running, batch) in running.into_iter().zip(found) {
                let batch = Tensor::<1>::from_floats(batch.as_slice(), device);
                let before = running.value_sync().to_device(device);
                let moved = before * (1.0 - norm.momentum) + batch * norm.momentum;
                running.update(moved.detach());
            }
        }
    }
}
