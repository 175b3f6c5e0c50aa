//! The batch's statistics on their way from a fused pass to a batch norm's running ones.

use std::sync::{Arc, OnceLock};

use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};

/// Where a pass leaves its mean and its population variance, one of each per channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statistics(Arc<OnceLock<[Vec<f32>; 2]>>);

impl Statistics {
    /// Leaves them; the first ones stay.
    pub fn set(&self, mean: Vec<f32>, variance: Vec<f32>) {
        // A pass runs once.
        let _ = self.0.set([mean, variance]);
    }

    /// Moves the running statistics of `norm` towards these, as burn's `BatchNorm` does.
    ///
    /// # Panics
    /// If the pass has not left any.
    pub fn move_running(&self, norm: &BatchNorm, device: &Device) {
        let statistics = self.0.get().expect("the pass has run");
        let running = [&norm.running_mean, &norm.running_var];
        for (running, batch) in running.into_iter().zip(statistics) {
            let batch = Tensor::<1>::from_floats(batch.as_slice(), device);
            let before = running.value_sync().to_device(device);
            let moved = before * (1.0 - norm.momentum) + batch * norm.momentum;
            running.update(moved.detach());
        }
    }
}
