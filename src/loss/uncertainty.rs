//! Losses of several tasks added up by weights that are learnt (Kendall et al. 2018).

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::nn::Initializer;
use burn::tensor::{Bool, Device, Tensor};

/// Configuration of [`UncertaintyWeights`].
#[derive(Config, Debug)]
pub struct UncertaintyWeightsConfig {
    /// Number of tasks; positive.
    pub tasks: usize,
}

/// The weighted sum of several tasks' losses: `sum_t exp(-s_t) L_t + s_t`, with a learnt `s_t` per task
/// (Kendall, Gal and Cipolla, "Multi-task learning using uncertainty to weigh losses", CVPR 2018).
///
/// It begins as the plain sum, with all `s_t` 0. For a given loss the best `s_t` is `log L_t`: a task
/// weighs the less the larger its loss stays. `exp(s_t)` is the scale of the task's noise, its variance
/// where the loss is a squared error.
///
/// # Deviation
/// The paper derives `exp(-s) L / 2 + s / 2` from a Gaussian for a squared error, and `exp(-s) L + s / 2`
/// for a cross entropy. Neither the asymmetric loss nor that of the concordance is the logarithm of a
/// likelihood, so that no factor follows for them, and none is needed: with `c exp(-s) L + s / 2` the best
/// `s` is `log 2 c L`, and the weight there, `1 / (2 L)`, is the same whatever `c` is. The factor of one half
/// is left out for all tasks alike, and differs from leaving it in by the learning rate and by where the
/// training begins.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::UncertaintyWeightsConfig;
///
/// let device = Device::default();
/// let weights = UncertaintyWeightsConfig::new(3).init(&device);
/// // As long as nothing is learnt, the sum; the last task has no label in this batch.
/// let losses = Tensor::<1>::from_data([0.5, 2.0, 7.0], &device);
/// let present = Tensor::from_data([true, true, false], &device);
/// assert_eq!(weights.forward(losses, present).into_scalar::<f32>(), 2.5);
/// assert_eq!(weights.weights(), [1.0; 3]);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct UncertaintyWeights {
    /// `s_t`, `[tasks]`.
    pub log_scales: Param<Tensor<1>>,
}

impl UncertaintyWeightsConfig {
    /// Builds the weights, all 1.
    ///
    /// # Panics
    /// If there is no task.
    pub fn init(&self, device: &Device) -> UncertaintyWeights {
        assert!(self.tasks > 0, "at least one task");
        UncertaintyWeights {
            log_scales: Initializer::Zeros.init([self.tasks], device),
        }
    }
}

impl UncertaintyWeights {
    /// The weighted sum. A task that is not `present`, as no row of the batch has its label, adds nothing:
    /// its weight would otherwise grow with every such batch.
    ///
    /// # Shapes
    /// - `losses`: `[tasks]`, each at least 0
    /// - `present`: `[tasks]`, or `None`: all are
    /// - output: `[1]`
    ///
    /// # Panics
    /// If there are not as many losses as weights.
    pub fn forward(
        &self,
        losses: Tensor<1>,
        present: impl Into<Option<Tensor<1, Bool>>>,
    ) -> Tensor<1> {
        let scales = self.log_scales.val();
        assert_eq!(losses.dims(), scales.dims(), "one loss per task");
        let terms = losses * scales.clone().neg().exp() + scales;
        match present.into() {
            None => terms.sum(),
            Some(present) => terms.mask_fill(present.bool_not(), 0.0).sum(),
        }
    }

    /// `exp(-s_t)`, by what each loss is multiplied. Reads them back from the device.
    pub fn weights(&self) -> Vec<f32> {
        let weights = self.log_scales.val().neg().exp();
        weights.into_data().iter().collect()
    }
}

impl ModuleDisplay for UncertaintyWeights {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let [tasks] = self.log_scales.shape().dims();
        content.add("tasks", &tasks).optional()
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::{GradientsParams, SgdConfig};

    use super::*;

    #[test]
    fn weights_settle_at_one_over_their_losses_and_stay_without_a_label() {
        let device = Device::default().autodiff();
        let mut weights = UncertaintyWeightsConfig::new(3).init(&device);
        let losses = || Tensor::<1>::from_data([0.25, 2.0, 5.0], &device);
        let present = || Tensor::from_data([true, true, false], &device);
        let mut optimizer = SgdConfig::new().init();
        for _ in 0..400 {
            let loss = weights.forward(losses(), present());
            let gradients = GradientsParams::from_grads(loss.backward(), &weights);
            weights = optimizer.step(0.1, weights, gradients);
        }
        let found = weights.weights();
        for (found, expected) in found.iter().zip([4.0, 0.5, 1.0]) {
            assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
        }
    }

    #[test]
    #[should_panic(expected = "one loss per task")]
    fn a_loss_too_many_is_refused() {
        let device = Device::default();
        let weights = UncertaintyWeightsConfig::new(2).init(&device);
        weights.forward(Tensor::zeros([3], &device), None);
    }
}
