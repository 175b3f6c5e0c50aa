//! The loss of the edges between action units.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::{Bool, Device, Int, Tensor};

use super::{Present, Reduction, WeightedCrossEntropy, WeightedCrossEntropyConfig};

/// The classes of an edge: neither unit, the second alone, the first alone, both.
const CLASSES: usize = 4;

/// Configuration of [`EdgeLoss`].
#[derive(Config, Debug)]
pub struct EdgeLossConfig {
    /// What the loss is multiplied by, lambda; not negative. ME-GraphAU trains with 0.001 to 0.05.
    /// Default: 0.01.
    #[config(default = 0.01)]
    pub lambda: f64,
}

/// Cross entropy of what edges say of the two units that they are between.
///
/// Of the pair (i, j), whose units have the labels `y_i` and `y_j`, the class is `2 y_i + y_j`:
///
/// `l = lambda * mean over the pairs of -log softmax(logits_ij)[2 y_i + y_j]`
///
/// A pair is left out where one of its labels is missing.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::EdgeLossConfig;
///
/// let device = Device::default();
/// let loss = EdgeLossConfig::new().with_lambda(1.0).init(&device);
/// let logits = Tensor::<4>::zeros([3, 2, 2, 4], &device);
/// let labels = Tensor::<2>::from_data([[0.0, 1.0], [1.0, 1.0], [1.0, f32::NAN]], &device);
/// let present = labels.clone().is_nan().bool_not();
/// let value = loss.forward(logits, labels, present).into_scalar::<f32>();
/// assert!((value - 4f32.ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct EdgeLoss {
    entropy: WeightedCrossEntropy,
    lambda: f64,
}

impl EdgeLossConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If `lambda` is negative or not finite.
    pub fn init(&self, device: &Device) -> EdgeLoss {
        assert!(
            self.lambda.is_finite() && self.lambda >= 0.0,
            "lambda is finite and not negative, got {}",
            self.lambda
        );
        EdgeLoss {
            entropy: WeightedCrossEntropyConfig::new(vec![1.0; CLASSES]).init(device),
            lambda: self.lambda,
        }
    }
}

impl EdgeLoss {
    /// The loss, a single number, at least 0; 0 where no pair has both labels.
    ///
    /// # Shapes
    /// - `logits`: `[batch, units, units, 4]`
    /// - `targets`: `[batch, units]`, 0 or 1 where present, anything elsewhere
    /// - `present`: `[batch, units]`, or `None`: all are; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes do not fit each other.
    pub fn forward(
        &self,
        logits: Tensor<4>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
    ) -> Tensor<1> {
        let [batch, units, _, classes] = logits.dims();
        let pairs = batch * units * units;
        assert_eq!([batch, units], targets.dims(), "shape of the targets");
        let logits = logits.reshape([pairs, classes]);
        let present = present.into();
        present.assert_fits([batch, units]);
        // Nonsense in the place of a missing label becomes a number first: no class comes from NaN.
        let targets = match present.missing() {
            Some(missing) => targets.mask_fill(missing, 0.0),
            None => targets,
        };
        let positive = targets.greater_scalar(0.5).int();
        let classes = ends(positive.clone()).mul_scalar(2) + starts(positive);
        let mask = present.mask.as_ref().map(|mask| {
            let mask = mask.clone().int();
            (ends(mask.clone()) * starts(mask)).equal_scalar(1)
        });
        let weights = present.row_weights().map(|weights| {
            let all = weights.unsqueeze_dim::<2>(1).expand([batch, units * units]);
            all.reshape([pairs])
        });
        let mask: Option<Tensor<1, Bool>> = mask.map(|mask| mask.reshape([pairs]));
        let present = Present::from(mask).weighted(weights);
        self.entropy
            .forward(logits, classes.reshape([pairs]), present, Reduction::Auto)
            .mul_scalar(self.lambda)
    }
}

/// Of each pair the number of the first unit, where the edge ends.
fn ends(units: Tensor<2, Int>) -> Tensor<3, Int> {
    let [batch, count] = units.dims();
    units.unsqueeze_dim::<3>(2).expand([batch, count, count])
}

/// Of each pair the number of the second unit, where the edge starts.
fn starts(units: Tensor<2, Int>) -> Tensor<3, Int> {
    let [batch, count] = units.dims();
    units.unsqueeze_dim::<3>(1).expand([batch, count, count])
}

impl ModuleDisplay for EdgeLoss {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add_debug_attribute("lambda", &self.lambda)
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::drawn;

    fn value(labels: [[f32; 3]; 2], weights: Option<[f32; 2]>) -> (f32, Vec<f32>) {
        let device = Device::default().autodiff();
        let logits = drawn([2, 3, 3, 4], 3, &device).require_grad();
        let labels = Tensor::<2>::from_data(labels, &device);
        let present = Present::from(labels.clone().greater_equal_scalar(0.0));
        let present = present.weighted(weights.map(|weights| Tensor::from_data(weights, &device)));
        let loss = EdgeLossConfig::new().with_lambda(0.5).init(&device);
        let loss = loss.forward(logits.clone(), labels, present);
        let gradient = logits.grad(&loss.backward()).unwrap().into_data();
        (loss.into_scalar(), gradient.try_to_vec().unwrap())
    }

    #[test]
    fn a_pair_with_a_missing_label_moves_nothing_whatever_stands_there() {
        let (expected, gradient) = value([[0., 1., -1.], [1., 1., 0.]], None);
        for nonsense in [-5.0, f32::NEG_INFINITY, f32::NAN] {
            let found = value([[0., 1., nonsense], [1., 1., 0.]], None);
            assert_eq!(found, (expected, gradient.clone()));
        }
        for pair in [2, 5, 6, 7, 8] {
            assert_eq!(gradient[4 * pair..4 * pair + 4], [0.0; 4], "pair {pair}");
        }
        let (none, gradient) = value([[-1.; 3]; 2], None);
        assert_eq!(none, 0.0);
        assert!(gradient.iter().all(|&number| number == 0.0));
    }

    #[test]
    fn the_first_unit_of_a_pair_counts_two() {
        let device = Device::default();
        let loss = EdgeLossConfig::new().with_lambda(1.0).init(&device);
        // Both pairs of different units; the logits say what the labels are.
        let mut logits = [[[[0f32; 4]; 2]; 2]];
        for (end, start) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            logits[0][end][start][2 * end + start] = 50.0;
        }
        let right = loss.forward(
            Tensor::from_data(logits, &device),
            Tensor::from_data([[0f32, 1.]], &device),
            None,
        );
        assert!(right.into_scalar::<f32>() < 1e-6);
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows() {
        let first = value([[0., 1., 1.], [-1.; 3]], None).0;
        let second = value([[-1.; 3], [1., 0., 1.]], None).0;
        let both = value([[0., 1., 1.], [1., 0., 1.]], Some([2.0, 1.0])).0;
        assert!((both - (2.0 * first + second) / 3.0).abs() < 1e-6);
    }
}
