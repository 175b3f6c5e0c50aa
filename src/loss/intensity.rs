//! The weighted squared error of action unit intensities.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};

use super::{Present, Reduction, assert_weights, filling, over_entries};
use crate::label::Scale;

/// Configuration of [`IntensityLoss`].
#[derive(Config, Debug)]
pub struct IntensityLossConfig {
    /// One finite, positive weight per unit; ones leave every unit as it is, and
    /// [`occurrence_weights`](super::occurrence_weights) of the rows above 0 give the rare ones more.
    pub weights: Vec<f32>,
}

/// Weighted squared error of intensities, in degrees from 0 to 5.
///
/// Of a row's unit i, with the head's output `p_i` in [0, 1], which stands for the intensity `5 p_i`,
/// and the label `y_i` in [0, 5]:
///
/// `l_i = w_i (5 p_i - y_i)^2`
///
/// With weights of one the mean over the labelled entries is the mean squared error that papers on
/// intensities minimise and report, in squared degrees and without the factor of one half. A program
/// that divides the labels by 5 instead, and compares them with `p`, has a 25th of it: at the same
/// learning rate its gradients are as much smaller.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::{IntensityLossConfig, Reduction};
///
/// let device = Device::default();
/// let loss = IntensityLossConfig::new(vec![1.0, 0.5]).init(&device);
/// let outputs = Tensor::<2>::from_data([[0.5, 0.5], [0.2, 0.0]], &device);
/// let targets = Tensor::<2>::from_data([[2.0, 4.5], [1.0, f32::NAN]], &device);
/// let present = targets.clone().is_nan().bool_not();
///
/// // Half a degree off, two degrees off at half the weight, right; the last label is missing.
/// let mean = loss.forward(outputs, targets, present, Reduction::Auto);
/// assert!((mean.into_scalar::<f32>() - (0.25 + 2.0 + 0.0) / 3.0).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct IntensityLoss {
    weights: Tensor<1>,
}

impl IntensityLossConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If there is no weight, or one is not finite and positive.
    pub fn init(&self, device: &Device) -> IntensityLoss {
        assert_weights(&self.weights);
        IntensityLoss {
            weights: Tensor::<1>::from_floats(self.weights.as_slice(), device).without_autodiff(),
        }
    }
}

impl IntensityLoss {
    /// The loss, a single number, at least 0.
    ///
    /// | `reduction` | the sum over the present entries is divided by |
    /// |---|---|
    /// | `Auto`, `Mean` | their number: the mean squared error, each entry times its unit's weight |
    /// | `BatchMean` | the number of rows that have a label |
    /// | `Sum` | nothing |
    ///
    /// # Shapes
    /// - `outputs`: `[batch, units]`, each in [0, 1]; 1 stands for the intensity 5
    /// - `targets`: `[batch, units]`, in [0, 5] where present, anything elsewhere
    /// - `present`: `[batch, units]`, or `None`: all are; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes differ or `units` is not the number of weights.
    pub fn forward(
        &self,
        outputs: Tensor<2>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
        reduction: Reduction,
    ) -> Tensor<1> {
        let present = present.into();
        let terms = self.forward_no_reduction(outputs, targets, present.clone());
        over_entries(terms, &present, reduction)
    }

    /// The loss of every entry, at least 0; 0 where the label is missing.
    ///
    /// # Shapes
    /// - as [`forward`](Self::forward)
    /// - output: `[batch, units]`
    ///
    /// # Panics
    /// If the shapes differ or `units` is not the number of weights.
    pub fn forward_no_reduction(
        &self,
        outputs: Tensor<2>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
    ) -> Tensor<2> {
        let [_, units] = outputs.dims();
        assert_eq!([units], self.weights.dims(), "one weight per unit");
        let present = present.into();
        let filled = filling(outputs.dims(), &targets, &present);
        // Both sides zero where a label is missing: no error, and no gradient.
        let degrees = filled(outputs, 0.0).mul_scalar(Scale::Intensity.most());
        let error = degrees - filled(targets, 0.0);
        present.weigh(error.square() * self.weights.clone().unsqueeze())
    }
}

impl ModuleDisplay for IntensityLoss {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content.add("weights", &self.weights).optional()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Bool;

    use super::*;

    const P: [[f32; 2]; 3] = [[0.3, 0.8], [0.6, 0.1], [0.9, 0.4]];
    const Y: [[f32; 2]; 3] = [[0.0, 5.0], [2.0, 0.0], [4.0, 3.0]];

    fn loss_and_gradient(
        p: [[f32; 2]; 3],
        y: [[f32; 2]; 3],
        present: [[bool; 2]; 3],
    ) -> (f32, Vec<f32>) {
        let device = Device::default().autodiff();
        let p = Tensor::<2>::from_data(p, &device).require_grad();
        let loss = IntensityLossConfig::new(vec![0.5, 1.5])
            .init(&device)
            .forward(
                p.clone(),
                Tensor::from_data(y, &device),
                Tensor::from_data(present, &device),
                Reduction::Auto,
            );
        let gradients = loss.backward();
        let gradient = p.grad(&gradients).unwrap().into_data();
        (loss.into_scalar(), gradient.try_to_vec().unwrap())
    }

    #[test]
    fn a_missing_label_changes_nothing_whatever_stands_in_its_place() {
        let present = [[true, false], [false, false], [true, true]];
        let expected = loss_and_gradient(P, Y, present);
        assert!(expected.0 > 0.0);
        for nonsense in [f32::NAN, f32::INFINITY, -1.0, 1e38] {
            let (mut p, mut y) = (P, Y);
            y[0][1] = nonsense;
            y[1] = [nonsense; 2];
            p[1] = [nonsense, -7.0];
            assert_eq!(loss_and_gradient(p, y, present), expected);
        }
        assert_eq!(expected.1[1..4], [0.0; 3]);
    }

    #[test]
    fn a_batch_without_labels_or_rows_has_no_loss_and_no_gradient() {
        let (loss, gradient) = loss_and_gradient(P, [[f32::NAN; 2]; 3], [[false; 2]; 3]);
        assert_eq!(loss, 0.0);
        assert_eq!(gradient, [0.0; 6]);
        let device = Device::default();
        let none = Tensor::<2>::zeros([0, 2], &device);
        let loss = IntensityLossConfig::new(vec![0.5, 1.5]).init(&device);
        for reduction in [Reduction::Sum, Reduction::Auto, Reduction::BatchMean] {
            let found = loss.forward(none.clone(), none.clone(), None, reduction);
            assert_eq!(found.into_scalar::<f32>(), 0.0);
        }
    }

    #[test]
    fn every_reduction_is_the_sum_of_the_entries_over_what_it_says() {
        let device = Device::default();
        let loss = IntensityLossConfig::new(vec![0.5, 1.5]).init(&device);
        let (p, y) = (
            Tensor::<2>::from_data(P, &device),
            Tensor::<2>::from_data(Y, &device),
        );
        let present = [[true, true], [false, false], [false, true]];
        let mask = Tensor::<2, Bool>::from_data(present, &device);
        for (mask, [entries, rows]) in [(Some(mask), [3.0, 2.0]), (None, [6.0, 3.0])] {
            let all = loss.forward_no_reduction(p.clone(), y.clone(), mask.clone());
            let all: Vec<f32> = all.into_data().try_to_vec().unwrap();
            let sum: f32 = all.iter().sum();
            for (reduction, divisor) in [
                (Reduction::Sum, 1.0),
                (Reduction::Mean, entries),
                (Reduction::Auto, entries),
                (Reduction::BatchMean, rows),
            ] {
                let found = loss.forward(p.clone(), y.clone(), mask.clone(), reduction);
                let found = found.into_scalar::<f32>();
                assert!((found - sum / divisor).abs() < 1e-5, "{found}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "finite and positive")]
    fn a_weight_of_zero_is_refused() {
        IntensityLossConfig::new(vec![1.0, 0.0]).init(&Device::default());
    }
}
