//! The weighted asymmetric loss of the action units (Eq. 8) and its weights (Eq. 9).

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};

use super::{Present, Reduction, assert_epsilon, assert_weights, filling, over_entries};

/// Configuration of [`AsymmetricLoss`].
#[derive(Config, Debug)]
pub struct AsymmetricLossConfig {
    /// One finite, positive weight per unit; [`occurrence_weights`] gives those of Eq. 9.
    pub weights: Vec<f32>,
    /// Whether the factor `p` in front of `log(1 - p)` is a constant for the gradient. The paper
    /// does not say; the authors' program detaches it. Default: true.
    #[config(default = true)]
    pub detach_focus: bool,
    /// Whether the factor `p` in front of `log(1 - p)` is there at all; without it the loss is the weighted
    /// binary cross entropy. Default: true.
    #[config(default = true)]
    pub focus: bool,
    /// The least value a logarithm is taken of; finite and positive. Default: 1e-8.
    #[config(default = 1e-8)]
    pub epsilon: f64,
}

/// Weighted asymmetric loss over independent binary labels.
///
/// Of a row's unit i, with the probability `p_i` and the label `y_i`:
///
/// `l_i = -w_i (y_i log p_i + (1 - y_i) p_i log(1 - p_i))`
///
/// Eq. 8 is the mean of the `l_i` of a row. The factor `p_i` plays down the many easy negatives.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::loss::{AsymmetricLossConfig, Reduction};
///
/// let device = Device::default();
/// let loss = AsymmetricLossConfig::new(vec![0.5, 1.5]).init(&device);
/// let probabilities = Tensor::<2>::from_data([[0.5, 0.5], [0.5, 0.5]], &device);
/// let targets = Tensor::<2>::from_data([[1.0, 0.0], [1.0, f32::NAN]], &device);
/// let present = targets.clone().is_nan().bool_not();
///
/// // 0.5 ln 2 twice, and 1.5 / 2 ln 2; the last label is missing.
/// let mean = loss.forward(probabilities, targets, present, Reduction::Auto);
/// let expected = (0.5 + 0.5 + 0.75) * 2f32.ln() / 3.0;
/// assert!((mean.into_scalar::<f32>() - expected).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct AsymmetricLoss {
    weights: Tensor<1>,
    detach_focus: bool,
    focus: bool,
    epsilon: f64,
}

impl AsymmetricLossConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If there is no weight, or a weight or `epsilon` is not finite and positive.
    pub fn init(&self, device: &Device) -> AsymmetricLoss {
        assert_weights(&self.weights);
        assert_epsilon(self.epsilon);
        AsymmetricLoss {
            weights: Tensor::<1>::from_floats(self.weights.as_slice(), device).without_autodiff(),
            detach_focus: self.detach_focus,
            focus: self.focus,
            epsilon: self.epsilon,
        }
    }
}

impl AsymmetricLoss {
    /// The loss, a single number, at least 0.
    ///
    /// | `reduction` | the sum over the present entries is divided by |
    /// |---|---|
    /// | `Auto`, `Mean` | their number. For rows that have all their labels that is Eq. 8, averaged over the labelled rows |
    /// | `BatchMean` | the number of rows that have a label |
    /// | `Sum` | nothing |
    ///
    /// # Shapes
    /// - `probabilities`: `[batch, units]`, each in [0, 1]
    /// - `targets`: `[batch, units]`, 0 or 1 where present, anything elsewhere
    /// - `present`: `[batch, units]`, or `None`: all are; its weights, if any, `[batch]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the shapes differ or `units` is not the number of weights.
    pub fn forward(
        &self,
        probabilities: Tensor<2>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
        reduction: Reduction,
    ) -> Tensor<1> {
        let present = present.into();
        let terms = self.forward_no_reduction(probabilities, targets, present.clone());
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
        probabilities: Tensor<2>,
        targets: Tensor<2>,
        present: impl Into<Present<2>>,
    ) -> Tensor<2> {
        let [_, units] = probabilities.dims();
        assert_eq!([units], self.weights.dims(), "one weight per unit");
        let present = present.into();
        let filled = filling(probabilities.dims(), &targets, &present);
        let p = filled(probabilities, 0.5);
        let y = filled(targets, 0.0);

        let absent = p.clone().neg().add_scalar(1.0);
        let positive = y.clone() * p.clone().clamp_min(self.epsilon).log();
        let negative = y.neg().add_scalar(1.0);
        let negative = match (self.focus, self.detach_focus) {
            (false, _) => negative,
            (true, true) => negative * p.detach(),
            (true, false) => negative * p,
        };
        let negative = negative * absent.clamp_min(self.epsilon).log();
        let terms = (positive + negative) * self.weights.clone().unsqueeze();
        present.weigh(filled(terms.neg(), 0.0))
    }
}

impl ModuleDisplay for AsymmetricLoss {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("weights", &self.weights)
            .add("focus", &self.focus)
            .add("detach_focus", &self.detach_focus)
            .add_debug_attribute("epsilon", &self.epsilon)
            .optional()
    }
}

/// The weights of Eq. 9: inverse occurrence rates, scaled to sum to the number of units.
///
/// `w_i = N (1 / r_i) / sum_j (1 / r_j)`, with `r_i = positives[i] / labelled[i]`.
///
/// A unit that is never positive, or never labelled, has no finite inverse rate. It counts as rare
/// as the rarest unit that was seen: any fixed small rate would let the one unit that cannot be
/// learnt take nearly the whole sum. Without a single positive anywhere all weights are one. Of rows with
/// [weights](Present::weighted) the two numbers of a unit are the sums of theirs.
///
/// # Panics
/// If the slices differ in length.
///
/// ```
/// use countenance::loss::occurrence_weights;
///
/// // Rates 0.5 and 0.1: the rarer unit weighs five times as much.
/// let weights = occurrence_weights(&[50.0, 10.0], &[100.0, 100.0]);
/// assert!((weights[0] - 1.0 / 3.0).abs() < 1e-6);
/// assert!((weights[1] - 5.0 / 3.0).abs() < 1e-6);
/// ```
pub fn occurrence_weights(positives: &[f64], labelled: &[f64]) -> Vec<f32> {
    assert_eq!(
        positives.len(),
        labelled.len(),
        "one number of positives and one of labels per unit"
    );
    let inverse_rates: Vec<Option<f64>> = positives
        .iter()
        .zip(labelled)
        .map(|(&positives, &labelled)| (positives > 0.0).then(|| labelled / positives))
        .collect();
    let rarest = inverse_rates.iter().flatten().copied().reduce(f64::max);
    let filled: Vec<f64> = inverse_rates
        .into_iter()
        .map(|inverse| inverse.or(rarest).unwrap_or(1.0))
        .collect();
    let sum: f64 = filled.iter().sum();
    filled
        .iter()
        .map(|inverse| (filled.len() as f64 * inverse / sum) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Bool;

    use super::*;

    type Figures = (f32, Vec<f32>);

    fn loss_and_gradient(p: [[f32; 2]; 3], y: [[f32; 2]; 3], present: [[bool; 2]; 3]) -> Figures {
        let device = Device::default().autodiff();
        let p = Tensor::<2>::from_data(p, &device).require_grad();
        let loss = AsymmetricLossConfig::new(vec![0.5, 1.5])
            .init(&device)
            .forward(
                p.clone(),
                Tensor::from_data(y, &device),
                Tensor::from_data(present, &device),
                Reduction::Auto,
            );
        let gradients = loss.backward();
        let gradient = p
            .grad(&gradients)
            .unwrap()
            .into_data()
            .try_to_vec()
            .unwrap();
        (loss.into_scalar(), gradient)
    }

    const P: [[f32; 2]; 3] = [[0.3, 0.8], [0.6, 0.1], [0.9, 0.4]];
    const Y: [[f32; 2]; 3] = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];

    #[test]
    fn a_missing_label_changes_nothing_whatever_stands_in_its_place() {
        let present = [[true, false], [false, false], [true, true]];
        let expected = loss_and_gradient(P, Y, present);
        for nonsense in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 1e38] {
            let mut y = Y;
            y[0][1] = nonsense;
            y[1] = [nonsense; 2];
            assert_eq!(loss_and_gradient(P, y, present), expected);
            let mut p = P;
            p[1] = [1e30, -7.0];
            assert_eq!(loss_and_gradient(p, y, present), expected);
        }
        assert_eq!(expected.1[1..4], [0.0; 3]);
    }

    #[test]
    fn without_the_focus_it_is_the_binary_cross_entropy() {
        let device = Device::default();
        let loss = AsymmetricLossConfig::new(vec![1.0; 2])
            .with_focus(false)
            .init(&device);
        let (p, y) = (Tensor::from_data(P, &device), Tensor::from_data(Y, &device));
        let found = loss.forward(p, y, None, Reduction::Auto);
        let entries = P.iter().flatten().zip(Y.iter().flatten());
        let entropy = entries.map(|(p, y)| -(y * p.ln() + (1.0 - y) * (1.0 - p).ln()));
        let expected = entropy.sum::<f32>() / 6.0;
        assert!((found.into_scalar::<f32>() - expected).abs() < 1e-6);
    }

    #[test]
    fn a_batch_without_labels_has_no_loss_and_no_gradient() {
        let (loss, gradient) = loss_and_gradient(P, [[f32::NAN; 2]; 3], [[false; 2]; 3]);
        assert_eq!(loss, 0.0);
        assert_eq!(gradient, [0.0; 6]);
    }

    #[test]
    fn probabilities_of_exactly_zero_and_one_stay_finite() {
        let p = [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
        let (loss, gradient) = loss_and_gradient(p, Y, [[true; 2]; 3]);
        assert!(loss.is_finite());
        assert!(gradient.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn every_reduction_is_the_sum_of_the_entries_over_what_it_says() {
        let device = Device::default();
        let loss = AsymmetricLossConfig::new(vec![0.5, 1.5]).init(&device);
        let (p, y) = (
            Tensor::<2>::from_data(P, &device),
            Tensor::<2>::from_data(Y, &device),
        );
        let present = [[true, true], [false, false], [false, false]];
        let mask = Tensor::<2, Bool>::from_data(present, &device);
        for (mask, [entries, rows]) in [(Some(mask), [2.0, 1.0]), (None, [6.0, 3.0])] {
            let all = loss.forward_no_reduction(p.clone(), y.clone(), mask.clone());
            let all: Vec<f32> = all.into_data().try_to_vec().unwrap();
            assert!(all.iter().all(|&entry| entry >= 0.0));
            if mask.is_some() {
                assert_eq!(all[2..], [0.0; 4]);
            }
            let sum: f32 = all.iter().sum();
            for (reduction, divisor) in [
                (Reduction::Sum, 1.0),
                (Reduction::Mean, entries),
                (Reduction::Auto, entries),
                (Reduction::BatchMean, rows),
            ] {
                let found = loss.forward(p.clone(), y.clone(), mask.clone(), reduction);
                let found = found.into_scalar::<f32>();
                assert!((found - sum / divisor).abs() < 1e-6, "{found}");
            }
        }
    }

    #[test]
    fn a_batch_without_rows_has_no_loss() {
        let device = Device::default();
        let none = Tensor::<2>::zeros([0, 2], &device);
        let loss = AsymmetricLossConfig::new(vec![0.5, 1.5]).init(&device);
        for reduction in [Reduction::Sum, Reduction::Auto, Reduction::BatchMean] {
            let found = loss.forward(none.clone(), none.clone(), None, reduction);
            assert_eq!(found.into_scalar::<f32>(), 0.0);
        }
    }

    #[test]
    fn unseen_units_weigh_as_much_as_the_rarest_seen_one() {
        let weights = occurrence_weights(&[50.0, 10.0, 0.0, 0.0], &[100.0, 100.0, 100.0, 0.0]);
        assert!((weights.iter().sum::<f32>() - 4.0).abs() < 1e-5);
        assert_eq!(weights[2], weights[1]);
        assert_eq!(weights[3], weights[1]);
        assert_eq!(occurrence_weights(&[0.0, 0.0], &[9.0, 0.0]), [1.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "finite and positive")]
    fn a_weight_of_zero_is_refused() {
        AsymmetricLossConfig::new(vec![1.0, 0.0]).init(&Device::default());
    }
}
