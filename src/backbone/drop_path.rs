//! Drop path, also called stochastic depth: whole residual branches left out at random.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Flag, Module, ModuleDisplay, Param};
use burn::tensor::{Device, Distribution, Tensor};

/// Configuration of [`DropPath`].
#[derive(Config, Debug)]
pub struct DropPathConfig {
    /// The probability, in `[0, 1)`, of leaving the branch out for an image.
    pub prob: f64,
}

/// Zeroes a residual branch for whole images at random, in training only, and scales what it keeps
/// by `1 / (1 - prob)`, so that the expectation is the input.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct DropPath {
    /// The probability of leaving the branch out.
    pub prob: f64,
    /// Whether the layer takes part in training; `freeze` clears it, as it does dropout's.
    pub training: Param<Flag>,
}

impl DropPathConfig {
    /// Initialises the layer.
    ///
    /// # Panics
    /// Unless `prob` is in `[0, 1)`.
    pub fn init(&self) -> DropPath {
        assert!(
            (0.0..1.0).contains(&self.prob),
            "the probability of dropping a path must be in [0, 1), but is {}",
            self.prob
        );
        DropPath {
            prob: self.prob,
            training: Param::from_bool(true),
        }
    }
}

impl ModuleDisplay for DropPath {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        // As burn's dropout: that it takes part in training goes without saying.
        let content = content.add("prob", &self.prob);
        match self.training.is_enabled() {
            true => content.optional(),
            false => content.add("training", &self.training).optional(),
        }
    }
}

impl DropPath {
    /// Drops the branch of some images; the identity outside training.
    ///
    /// # Shapes
    /// - input and output: `[batch, channels, height, width]`
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self.factors(input.dims()[0], &input.device()) {
            Some(factors) => input * factors,
            None => input,
        }
    }

    /// The factor of each image's branch, 0 or `1 / (1 - prob)`, as `[batch, 1, 1, 1]`; `None` where
    /// every branch is kept as it is.
    pub(in crate::backbone) fn factors(&self, batch: usize, device: &Device) -> Option<Tensor<4>> {
        if self.prob == 0.0 || !self.training.is_enabled() || !device.is_autodiff() {
            return None;
        }
        let keep = 1.0 - self.prob;
        let kept = Tensor::<4>::random([batch, 1, 1, 1], Distribution::Bernoulli(keep), device);
        Some(kept / keep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(output: Tensor<4>) -> Vec<f32> {
        output.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn whole_images_are_dropped_and_the_expectation_is_kept() {
        let device = Device::default().autodiff();
        device.seed(3);
        let output = DropPathConfig::new(0.25)
            .init()
            .forward(Tensor::ones([4000, 2, 1, 2], &device));
        let values = rows(output);
        for image in values.chunks(4) {
            assert!(image.iter().all(|&value| value == image[0]));
            assert!(image[0] == 0.0 || (image[0] - 4.0 / 3.0).abs() < 1e-6);
        }
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        // Four standard errors of the mean of 4000 images.
        assert!(
            (mean - 1.0).abs() < 4.0 * (1.0f32 / 3.0 / 4000.0).sqrt(),
            "{mean}"
        );
    }

    #[test]
    fn nothing_is_dropped_outside_training() {
        let layer = DropPathConfig::new(0.9).init();
        let ones = vec![1.0; 64];
        assert_eq!(
            rows(layer.forward(Tensor::ones([64, 1, 1, 1], &Device::default()))),
            ones
        );
        let device = Device::default().autodiff();
        let frozen = layer.freeze();
        assert_eq!(
            rows(frozen.forward(Tensor::ones([64, 1, 1, 1], &device))),
            ones
        );
    }

    #[test]
    #[should_panic(expected = "[0, 1)")]
    fn dropping_always_is_refused() {
        DropPathConfig::new(1.0).init();
    }
}
